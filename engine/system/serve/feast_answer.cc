#include "system/serve/feast_answer.h"

#include <simdjson.h>

#include <functional>
#include <optional>

#include "system/serve/feature_question.h"
#include "system/serve/json_text.h"
#include "system/serve/json_value.h"
#include "system/serve/row_batch.h"

namespace millgate {
namespace {

using simdjson::dom::element;
using Object = simdjson::dom::object;
using List = simdjson::dom::array;

constexpr std::string_view kFeastExample =
    R"({"features": ["view:field"], "entities": {"column": [value]}})";

std::string_view feast_status(OnlineState state, bool has_value) {
  if (state == OnlineState::expired) return has_value ? "PRESENT" : "OUTSIDE_MAX_AGE";
  if (state != OnlineState::present) return has_value ? "PRESENT" : "NOT_FOUND";
  return has_value ? "PRESENT" : "NULL_VALUE";
}

/// One entry of `results`: `row` is called for what stands at each row.
template <typename Value, typename Text>
void append_result(std::string& out, size_t rows, const Value& value, const Text& status,
                   const Text& time) {
  if (out.back() != '[') out += ',';
  out += "{\"values\":[";
  for (size_t row = 0; row < rows; ++row) {
    if (row > 0) out += ',';
    value(row);
  }
  out += "],\"statuses\":[";
  for (size_t row = 0; row < rows; ++row) {
    if (row > 0) out += ',';
    append_json_text(out, status(row));
  }
  out += "],\"event_timestamps\":[";
  for (size_t row = 0; row < rows; ++row) {
    if (row > 0) out += ',';
    append_json_text(out, time(row));
  }
  out += "]}";
}

/// The lists of `entities` have one length, which is the number of rows.
Result<size_t> feast_row_count(const Object& entities) {
  std::optional<size_t> rows;
  for (const auto& [name, value] : entities) {
    List list;
    if (value.get(list) != simdjson::SUCCESS) {
      return invalid_input(
          "entity `" + std::string(name) + "` is " + describe_value(value) + ", not a list",
          std::string(kFeastExample));
    }
    if (rows && *rows != list.size()) {
      return invalid_input("the lists of `entities` differ in length");
    }
    rows = list.size();
  }
  if (!rows) return invalid_input("`entities` is empty", std::string(kFeastExample));
  return *rows;
}

Status set_feast_entities(const Object& entities, FeatureAnswer& answer) {
  for (size_t plan = 0; plan < answer.plans.size(); ++plan) {
    const OnlineView& view = answer.plans[plan].view;
    for (size_t i = 0; i < view.entity.size(); ++i) {
      const std::string& name = view.entity[i].name;
      List list;
      if (entities.at_key(name).get(list) != simdjson::SUCCESS) {
        return invalid_input("entity `" + name + "` is missing, by which view `" + view.name +
                             "` is read");
      }
      size_t row = 0;
      for (const element value : list) {
        MILLGATE_TRY(set_value(value, name, answer.entities[plan].columns[i], row++));
      }
    }
  }
  return {};
}

std::string feast_json(const Object& entities, const FeatureAnswer& answer, bool full_names) {
  std::string out = "{\"metadata\":{\"feature_names\":[";
  for (const auto& [name, list] : entities) {
    if (out.back() != '[') out += ',';
    append_json_text(out, name);
  }
  for (const Field& column : answer.columns) {
    const size_t dot = column.name.find('.');
    out += ',';
    append_json_text(out, full_names
                              ? column.name.substr(0, dot) + "__" + column.name.substr(dot + 1)
                              : column.name.substr(dot + 1));
  }
  out += "]},\"results\":[";
  const auto always = [](const char* text) {
    return std::function<std::string(size_t)>([text](size_t) { return std::string(text); });
  };
  const size_t rows = answer.values.rows;
  const std::string epoch = to_string(Time{0});
  for (const auto& [name, value] : entities) {
    const List list = value.get_array().value_unsafe();  // `feast_row_count` saw that it is one.
    append_result(
        out, rows,
        [&, &given = list](size_t row) { out += simdjson::minify(given.at(row).value_unsafe()); },
        always("PRESENT"), always(epoch.c_str()));
  }
  for (size_t i = 0; i < answer.columns.size(); ++i) {
    const auto read = [&, i](size_t row) -> const OnlineRead& {
      return answer.reads[row * answer.plans.size() + answer.plan_of[i]];
    };
    append_result(
        out, rows, [&](size_t row) { append_json_value(out, answer.values.columns[i], row); },
        std::function<std::string(size_t)>([&](size_t row) {
          return std::string(
              feast_status(read(row).state, answer.values.columns[i].valid[row] != 0));
        }),
        std::function<std::string(size_t)>(
            [&](size_t row) { return to_string(Time{read(row).happened.value_or(0)}); }));
  }
  return out + "]}";
}

}  // namespace

Result<std::string> feast_features_json(const OnlineStore& store, std::string_view body, Time now,
                                        size_t rows_max) {
  MILLGATE_ASSIGN(const Object object, body_object(body));
  MILLGATE_ASSIGN(const auto views, store.views());
  FeatureAnswer answer;
  FeatureQuestion question(views, answer);
  if (object.at_key("feature_service").error() == simdjson::SUCCESS) {
    return invalid_input("there are no feature services here", std::string(kFeastExample));
  }
  MILLGATE_TRY(question.add_features(object, kFeastExample, ':'));
  Object entities;
  if (object.at_key("entities").get(entities) != simdjson::SUCCESS) {
    return invalid_input("`entities` is missing or no object", std::string(kFeastExample));
  }
  MILLGATE_ASSIGN(const size_t rows, feast_row_count(entities));
  if (rows > rows_max) return too_many_rows(rows, rows_max);
  question.make_room(rows);
  MILLGATE_TRY(set_feast_entities(entities, answer));
  MILLGATE_TRY(read_answer(store, now.micros, answer));
  bool full_names = false;
  element full;
  if (object.at_key("full_feature_names").get(full) == simdjson::SUCCESS && !full.is_null() &&
      full.get(full_names) != simdjson::SUCCESS) {
    return invalid_input("`full_feature_names` is " + describe_value(full));
  }
  return feast_json(entities, answer, full_names);
}

}  // namespace millgate
