/// What a learner that is another program finds in its work folder. Inside the room; for people:
/// docs/guides/own-learner.md.
#pragma once

#include <string>

#include "ground/error.h"
#include "model/learn/learner.h"

namespace millgate {

inline constexpr const char* kJobFile = "job.json";
inline constexpr const char* kModelFolder = "model";
/// The one parameter that is not the program's: its model's weights are kept in so many bits.
inline constexpr const char* kKeepBits = "keep_bits";

/// Writes into `folder`, which is there: `train` and `valid`, each as .parquet and .arrow (one
/// column a feature by its name, then `label`; numbers are doubles, categories their codes as
/// int32, what is missing is null), the empty folder `model`, and job.json, which tells of all
/// these with the parameters (but `keep_bits`), the seed and the limits. Errors: `invalid_input`
/// for a feature called `label`; `outside`.
[[nodiscard]] Status write_job(const LearnerInput& input, const std::string& folder);

/// A parameter as JSON: a number or a truth where its text reads as one.
[[nodiscard]] nlohmann::ordered_json parameter_json(const std::string& text);

}  // namespace millgate
