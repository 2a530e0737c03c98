#include "system/serve/row_example.h"

#include <algorithm>
#include <cmath>

#include "system/serve/json_value.h"

namespace millgate {

namespace {

const Profile* profile_of(const ServedModel& model, size_t index) {
  for (const Profile& profile : model.model().input_profiles()) {
    if (profile.name == model.inputs()[index].name) return &profile;
  }
  return nullptr;
}

/// A value that training saw near the middle: not the median itself, which may lie between two.
double middle_of(const Profile& profile) {
  const double median = profile.quantiles[profile.quantiles.size() / 2];
  const auto next = std::lower_bound(profile.steps.begin(), profile.steps.end(), median);
  return next == profile.steps.end() ? median : *next;
}

void set_number(const ServedModel& model, size_t index, const Profile& profile, Vector& column) {
  if (profile.quantiles.empty()) return;
  const ValueType type = model.inputs()[index].type;
  const double middle =
      type == ValueType::time ? profile.quantiles.back() : std::round(middle_of(profile));
  if (type == ValueType::number) {
    column.numbers[0] = middle_of(profile);
  } else {
    // What is beyond the integers was never one.
    if (std::abs(middle) >= 9.2e18) return;
    column.integers[0] = static_cast<int64_t>(middle);
  }
  column.valid[0] = 1;
}

}  // namespace

std::vector<std::string> frequent_values(const ServedModel& model, size_t index, size_t count_max) {
  const Profile* const profile = profile_of(model, index);
  if (profile == nullptr || model.inputs()[index].type != ValueType::text) return {};
  std::vector<std::pair<int64_t, std::string>> counted;
  counted.reserve(profile->counts.size());
  for (const auto& [text, count] : profile->counts) counted.emplace_back(-count, text);
  std::sort(counted.begin(), counted.end());
  std::vector<std::string> values;
  for (const auto& [count, text] : counted) {
    if (values.size() == count_max) break;
    values.push_back(text);
  }
  return values;
}

RowBatch example_row(const ServedModel& model) {
  RowBatch batch = make_batch(model, 1);
  for (size_t i = 0; i < model.inputs().size(); ++i) {
    Vector& column = batch.inputs.columns[i];
    if (model.inputs()[i].type == ValueType::text) {
      const std::vector<std::string> most = frequent_values(model, i, 1);
      if (most.empty()) continue;
      column.texts[0] = most.front();
      column.valid[0] = 1;
    } else if (model.inputs()[i].type == ValueType::list) {
      continue;  // How many elements it has is not known.
    } else if (const Profile* const profile = profile_of(model, i)) {
      set_number(model, i, *profile, column);
    }
  }
  return batch;
}

std::string example_json(const RowBatch& example, size_t index) {
  std::string text;
  append_json_value(text, example.inputs.columns[index], 0);
  return text;
}

}  // namespace millgate
