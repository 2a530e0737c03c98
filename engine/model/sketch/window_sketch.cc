#include "model/sketch/window_sketch.h"

#include <algorithm>

#include "ground/json.h"

namespace millgate {

namespace {

/// The counts of a column, by their names in JSON.
constexpr std::pair<const char*, uint64_t ColumnSketch::*> kCounts[] = {
    {"rows", &ColumnSketch::rows},         {"missing", &ColumnSketch::missing},
    {"nan", &ColumnSketch::nan},           {"infinite", &ColumnSketch::infinite},
    {"below", &ColumnSketch::below},       {"above", &ColumnSketch::above},
    {"unlisted", &ColumnSketch::unlisted},
};

Json column_json(const ColumnSketch& column) {
  Json json = {{"name", column.name}, {"what", column.what}, {"is_whole", column.is_whole}};
  for (const auto& [name, member] : kCounts) {
    if (column.*member > 0) json[name] = column.*member;
  }
  if (column.numbers) json["numbers"] = column.numbers->to_json();
  if (column.categories) json["categories"] = column.categories->to_json(kShownCategoryRows);
  return json;
}

Result<ColumnSketch> column_from_json(const Json& json, std::string_view object) {
  ColumnSketch column;
  MILLGATE_ASSIGN(column.name, json_member<std::string>(json, "name", object));
  MILLGATE_ASSIGN(column.what, json_member<std::string>(json, "what", object));
  MILLGATE_ASSIGN(column.is_whole, json_member<bool>(json, "is_whole", object));
  for (const auto& [name, member] : kCounts) {
    if (!json.contains(name)) continue;
    MILLGATE_ASSIGN(column.*member, json_member<uint64_t>(json, name, object));
  }
  if (json.contains("numbers")) {
    MILLGATE_ASSIGN(column.numbers, NumberSketch::from_json(json["numbers"], object));
  }
  if (json.contains("categories")) {
    MILLGATE_ASSIGN(column.categories, CategorySketch::from_json(json["categories"], object));
  }
  return column;
}

bool is_same_column(const ColumnSketch& a, const ColumnSketch& b) {
  return a.name == b.name && a.what == b.what && a.numbers.has_value() == b.numbers.has_value() &&
         a.categories.has_value() == b.categories.has_value();
}

}  // namespace

void ColumnSketch::merge(const ColumnSketch& other) {
  for (const auto& count : kCounts) this->*count.second += other.*count.second;
  if (numbers && other.numbers) numbers->merge(*other.numbers);
  if (categories && other.categories) categories->merge(*other.categories);
}

Status WindowSketch::merge(const WindowSketch& other) {
  if (other.columns.empty()) return {};
  if (columns.empty()) {
    *this = other;
    return {};
  }
  if (!std::equal(columns.begin(), columns.end(), other.columns.begin(), other.columns.end(),
                  is_same_column)) {
    return damaged("sketches of one model have different columns");
  }
  rows += other.rows;
  for (size_t i = 0; i < columns.size(); ++i) columns[i].merge(other.columns[i]);
  return {};
}

const ColumnSketch* WindowSketch::find(std::string_view what, std::string_view name) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const ColumnSketch& column) {
    return column.what == what && column.name == name;
  });
  return found == columns.end() ? nullptr : &*found;
}

Json to_json(const WindowSketch& window) {
  Json columns = Json::array();
  for (const ColumnSketch& column : window.columns) columns.push_back(column_json(column));
  return {{"rows", window.rows}, {"columns", std::move(columns)}};
}

Result<WindowSketch> window_sketch_from_json(const Json& json, std::string_view object) {
  WindowSketch window;
  MILLGATE_ASSIGN(window.rows, json_member<uint64_t>(json, "rows", object));
  MILLGATE_ASSIGN(const Json columns, json_member<Json>(json, "columns", object));
  for (const Json& column : columns) {
    MILLGATE_ASSIGN(window.columns.emplace_back(), column_from_json(column, object));
  }
  return window;
}

}  // namespace millgate
