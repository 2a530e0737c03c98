/// One column of served values in the form that a profile of the training has.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/feature/program.h"
#include "data/feature/vector.h"
#include "model/measure/distribution.h"
#include "system/monitor/windows.h"

namespace millgate {

/// Values of one column of every served row, from which any range of rows can be profiled.
struct ServedColumn {
  std::string name;
  bool is_category = false;
  std::vector<double> numbers;  ///< NaN: missing. Only where it is no category.
  std::vector<std::string> texts;
  std::vector<uint8_t> valid;  ///< One a text.

  [[nodiscard]] Profile profile(LogRows range) const;
};

/// The values of an input: numbers as they are, or the texts of categories.
[[nodiscard]] ServedColumn served_input(const std::string& name, const Vector& column,
                                        bool is_category);

/// The values of feature `at` in `features`, rows of `width` numbers; codes of categories become
/// their names where `reference` counts names.
[[nodiscard]] ServedColumn served_feature(const Feature& feature, size_t at,
                                          std::span<const double> features, size_t width,
                                          const Profile& reference);

}  // namespace millgate
