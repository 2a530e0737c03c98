/// What a step reads, named part by part, so that a repeated run can say what changed.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// Named parts and their values or hashes, in the order in which people read about them.
class StepKey {
 public:
  /// `name` completes the sentence "... changed": "rows of `flights`".
  void add(std::string name, std::string value);

  /// Hash over all parts: equal parts, equal id.
  [[nodiscard]] Id id() const;
  /// What differs from `before`, in words: "rows of `flights`, feature `wind` changed".
  /// "nothing changed" when nothing does.
  [[nodiscard]] std::string difference_from(const StepKey& before) const;

  /// Names and values, in their order.
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& parts() const {
    return parts_;
  }
  [[nodiscard]] nlohmann::ordered_json save() const;
  [[nodiscard]] static Result<StepKey> load(const nlohmann::ordered_json& json);

 private:
  std::vector<std::pair<std::string, std::string>> parts_;
};

}  // namespace millgate
