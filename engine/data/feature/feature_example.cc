#include "data/feature/feature_example.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "data/feature/operand_text.h"
#include "ground/clock.h"
#include "ground/json.h"
#include "ground/nearest_name.h"
#include "ground/shortest_text.h"

namespace millgate {
namespace {

/// A list is written as a text of JSON, because TOML has no null.
Result<NumberList> read_list_cell(Section& given, const std::string& key) {
  const std::string hint = "write a list as a text: " + key + " = \"[0.5, null, 2]\"";
  const auto text = given.text(key);
  if (!text.ok()) return given.error_at(key, "`" + key + "` is a list of numbers", hint);
  const Result<Json> json = parse_json(*text, key);
  if (!json.ok() || !json->is_array()) {
    return given.error_at(key, "`" + *text + "` is no list of numbers", hint);
  }
  NumberList list;
  for (const Json& item : *json) {
    if (item.is_null()) {
      list.add_null();
    } else if (item.is_number()) {
      list.add(item.get<double>());
    } else {
      return given.error_at(key, "`" + item.dump() + "` in `" + key + "` is no number", hint);
    }
  }
  return list;
}

/// The value of `key` as a column of `type` and one row.
Result<Vector> read_cell(Section& given, const std::string& key, ValueType type) {
  Vector cell;
  cell.reset(type, 1);
  cell.valid[0] = 1;
  switch (type) {
    case ValueType::boolean: {
      MILLGATE_ASSIGN(const bool value, given.boolean_or(key, false));
      cell.integers[0] = value ? 1 : 0;
      return cell;
    }
    case ValueType::integer: {
      MILLGATE_ASSIGN(const auto value, given.integer(key));
      cell.integers[0] = value.value_or(0);
      return cell;
    }
    case ValueType::number: {
      MILLGATE_ASSIGN(const auto value, given.number(key));
      cell.numbers[0] = value.value_or(0);
      return cell;
    }
    case ValueType::text: {
      MILLGATE_ASSIGN(cell.texts[0], given.text(key));
      return cell;
    }
    case ValueType::time: {
      MILLGATE_ASSIGN(const std::string text, given.text(key));
      const Result<Time> time = parse_time(text);
      if (!time.ok()) return given.error_at(key, time.error().what, time.error().hint);
      cell.integers[0] = time->micros;
      return cell;
    }
    case ValueType::duration: {
      MILLGATE_ASSIGN(const auto value, given.duration_micros(key));
      cell.integers[0] = value.value_or(0);
      return cell;
    }
    case ValueType::list: {
      MILLGATE_ASSIGN(cell.lists[0], read_list_cell(given, key));
      return cell;
    }
  }
  return bug("a column of no type");
}

std::string given_text(const FeatureExample& example, const FeatureProgram& program,
                       const Block& row) {
  const std::vector<std::string> keys = example.given.keys();
  std::string text;
  for (size_t i = 0; i < program.inputs().size(); ++i) {
    const std::string& name = program.inputs()[i].name;
    if (std::find(keys.begin(), keys.end(), name) == keys.end()) continue;
    const Operand value{.vector = &row.columns[i], .first = 0, .step = 0};
    text += (text.empty() ? "" : ", ") + name + " = " + operand_text(value, 0);
  }
  return text;
}

/// What `expect` says: a number (a boolean is 0 or 1), a text, or nothing for null.
struct Expectation {
  std::optional<double> number;
  std::optional<std::string> text;
};

Result<Expectation> read_expectation(const FeatureExample& example, const Feature& feature) {
  Section section = example.section;
  Expectation expected;
  const auto text = section.text("expect");
  if (text.ok()) {
    if (*text == "null") return expected;
    if (!feature.is_category) {
      return section.error_at("expect", "`expect` of feature `" + feature.name + "` is a text",
                              "write a number, true, false, or \"null\"");
    }
    expected.text = *text;
    return expected;
  }
  if (const auto truth = section.boolean_or("expect", false); truth.ok()) {
    expected.number = *truth ? 1.0 : 0.0;
    return expected;
  }
  MILLGATE_ASSIGN(expected.number, section.number("expect"));
  if (!feature.is_category) return expected;
  return section.error_at("expect", "`expect` of a category is its text",
                          "for example expect = \"UA\"");
}

std::string found_text(const Feature& feature, double value) {
  if (std::isnan(value)) return "null";
  if (!feature.is_category) return shortest_text(value);
  return "'" + feature.categories[static_cast<size_t>(value)] + "'";
}

std::string expected_text(const Expectation& expected) {
  if (expected.text) return "'" + *expected.text + "'";
  return expected.number ? shortest_text(*expected.number) : "null";
}

bool agrees(const Expectation& expected, const Feature& feature, double value) {
  if (expected.text) {
    return !std::isnan(value) && feature.categories[static_cast<size_t>(value)] == *expected.text;
  }
  if (!expected.number) return std::isnan(value);
  if (*expected.number == value) return true;
  return std::abs(*expected.number - value) <= 1e-9 * std::max(1.0, std::abs(*expected.number));
}

}  // namespace

Result<FeatureExample> read_example(Section section) {
  FeatureExample example;
  MILLGATE_ASSIGN(example.feature, section.text("feature"));
  MILLGATE_ASSIGN(example.given, section.section("given"));
  if (!section.has("expect")) {
    return section.error_at("expect", "the example of `" + example.feature + "` has no `expect`",
                            "write what the feature must give, for example expect = 1110");
  }
  MILLGATE_TRY(section.finish());
  example.section = std::move(section);
  return example;
}

Result<Block> read_given_row(Section given, const std::vector<Field>& inputs) {
  std::set<std::string> left;
  for (const std::string& key : given.keys()) left.insert(key);
  Block row;
  row.rows = 1;
  std::vector<std::string> names;
  for (const Field& input : inputs) {
    names.push_back(input.name);
    if (left.erase(input.name) > 0) {
      MILLGATE_ASSIGN(Vector cell, read_cell(given, input.name, input.type));
      row.columns.push_back(std::move(cell));
    } else {
      row.columns.emplace_back().reset(input.type, 1);
    }
  }
  if (left.empty()) return row;
  return given.error_at(*left.begin(), "no feature reads a column `" + *left.begin() + "`",
                        name_hint(*left.begin(), names));
}

Result<ExampleOutcome> run_example(const FeatureExample& example, const FeatureProgram& program) {
  std::vector<std::string> names;
  for (const Feature& feature : program.features()) names.push_back(feature.name);
  const auto found = std::find(names.begin(), names.end(), example.feature);
  if (found == names.end()) {
    return example.section.error_at("feature", "there is no feature `" + example.feature + "`",
                                    name_hint(example.feature, names));
  }
  const auto at = static_cast<size_t>(found - names.begin());
  const Feature& feature = program.features()[at];
  MILLGATE_ASSIGN(const Block row, read_given_row(example.given, program.inputs()));
  MILLGATE_ASSIGN(const Expectation expected, read_expectation(example, feature));
  std::vector<double> out(names.size());
  EvaluationScratch scratch;
  MILLGATE_TRY(program.evaluate(row, out, scratch));
  const uint32_t line = example.section.place_of("feature").line;
  return ExampleOutcome{.feature = example.feature,
                        .given = given_text(example, program, row),
                        .expected = expected_text(expected),
                        .found = found_text(feature, out[at]),
                        .passed = agrees(expected, feature, out[at]),
                        .line = line};
}

}  // namespace millgate
