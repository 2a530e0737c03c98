/// What a model was asked and answered in one stretch of time, as sketches of its columns.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ground/error.h"
#include "model/measure/category_sketch.h"
#include "model/measure/number_sketch.h"

namespace millgate {

/// One column. Only rows that are no `missing`, `nan` or `infinite` are in `numbers` or
/// `categories`; times, lists and features have neither.
struct ColumnSketch {
  std::string name;
  std::string what;       ///< "input", "feature", "prediction", "decision".
  bool is_whole = false;  ///< Its numbers are integers.
  uint64_t rows = 0;      ///< All of them.
  uint64_t missing = 0;   ///< Null; of a feature also what could not be computed.
  uint64_t nan = 0;
  uint64_t infinite = 0;
  uint64_t below = 0;     ///< Numbers below the least that training saw.
  uint64_t above = 0;     ///< Numbers above the largest that training saw.
  uint64_t unlisted = 0;  ///< Categories that training did not see, or seldom.
  std::optional<NumberSketch> numbers = {};
  std::optional<CategorySketch> categories = {};

  /// `other` is of the same column.
  void merge(const ColumnSketch& other);
};

struct WindowSketch {
  uint64_t rows = 0;
  std::vector<ColumnSketch> columns;  ///< As the model's layout; empty: no rows yet.

  /// Errors: `damaged` where the columns are others: it is then as it was.
  [[nodiscard]] Status merge(const WindowSketch& other);
  /// Null when there is none.
  [[nodiscard]] const ColumnSketch* find(std::string_view what, std::string_view name) const;
};

/// Names of categories that occurred less often are not written.
inline constexpr uint64_t kShownCategoryRows = 5;

[[nodiscard]] nlohmann::ordered_json to_json(const WindowSketch& window);
/// Errors: `damaged` naming `object`.
[[nodiscard]] Result<WindowSketch> window_sketch_from_json(const nlohmann::ordered_json& json,
                                                           std::string_view object);

}  // namespace millgate
