#include "data/feature/class_label.h"

#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "ground/nearest_name.h"

namespace millgate {
namespace {

/// Nothing for what is no class: a fraction, a time.
std::optional<std::string> class_text(const Vector& labels, size_t row) {
  switch (labels.type) {
    case ValueType::text:
      return labels.texts[row];
    case ValueType::boolean:
      return std::string(labels.integers[row] != 0 ? "true" : "false");
    case ValueType::integer:
      return std::to_string(labels.integers[row]);
    case ValueType::number: {
      constexpr double kWholeMax = 9007199254740992;  // 2^53
      const double value = labels.numbers[row];
      if (value != std::floor(value) || std::abs(value) > kWholeMax) return std::nullopt;
      return std::to_string(static_cast<int64_t>(value));
    }
    default:
      return std::nullopt;
  }
}

Error unknown_classes(const Task& task, const std::map<std::string, int64_t>& unknown) {
  constexpr size_t kShown = 10;
  std::string list;
  size_t shown = 0;
  for (const auto& [name, rows] : unknown) {
    if (shown == kShown) {
      list += " and " + std::to_string(unknown.size() - kShown) + " more";
      break;
    }
    list += (shown++ == 0 ? "`" : ", `") + name + "` (" + std::to_string(rows) +
            (rows == 1 ? " row)" : " rows)");
  }
  const std::string hint = name_hint(unknown.begin()->first, task.classes);
  return task.section.error_at(
      "classes",
      "the label `" + task.label + "` has " +
          (unknown.size() == 1 ? "a value that is" : "values that are") + " no class: " + list,
      hint + (hint.empty() ? "" : " Or ") +
          "add it to `classes`, or make it null or one of them in the label: "
          "case when ... then ... end");
}

}  // namespace

Result<std::vector<double>> class_numbers(const Task& task, const Vector& labels) {
  std::map<std::string, size_t, std::less<>> number_of;
  for (size_t i = 0; i < task.classes.size(); ++i) number_of[task.classes[i]] = i;
  std::map<std::string, int64_t> unknown;
  std::vector<double> numbers(labels.size(), std::numeric_limits<double>::quiet_NaN());
  for (size_t row = 0; row < labels.size(); ++row) {
    if (labels.valid[row] == 0) continue;
    if (labels.type == ValueType::number && std::isnan(labels.numbers[row])) continue;
    const auto text = class_text(labels, row);
    if (!text) {
      return task.section.error_at(
          "label",
          "the label `" + task.label + "` is no class in a row: it is " +
              (labels.type == ValueType::number ? std::to_string(labels.numbers[row])
                                                : "a " + std::string(to_string(labels.type))),
          "a class is a text, a whole number or a boolean; a number to predict needs "
          "kind = \"regression\"");
    }
    const auto found = number_of.find(*text);
    if (found == number_of.end()) {
      ++unknown[*text];
    } else {
      numbers[row] = static_cast<double>(found->second);
    }
  }
  if (!unknown.empty()) return unknown_classes(task, unknown);
  return numbers;
}

}  // namespace millgate
