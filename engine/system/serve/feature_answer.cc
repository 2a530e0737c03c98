#include "system/serve/feature_answer.h"

#include <simdjson.h>

#include <algorithm>
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

/// The columns of the view's entity out of one object.
Status set_entity(const OnlineView& view, const Object& object, Block& entity, size_t row) {
  for (size_t i = 0; i < view.entity.size(); ++i) {
    const std::string& name = view.entity[i].name;
    element value;
    if (object.at_key(name).get(value) != simdjson::SUCCESS) {
      return invalid_input("`" + name + "` is missing, by which view `" + view.name + "` is read");
    }
    MILLGATE_TRY(set_value(value, name, entity.columns[i], row));
  }
  return {};
}

Result<int64_t> time_of(const Object& object, Time now) {
  element value;
  if (object.at_key("at").get(value) != simdjson::SUCCESS) return now.micros;
  Vector time;
  time.reset(ValueType::time, 1);
  MILLGATE_TRY(set_value(value, "at", time, 0));
  return time.valid[0] != 0 ? time.integers[0] : now.micros;
}

void append_read(std::string& out, const OnlineView& view, const OnlineRead& read) {
  append_json_text(out, view.name);
  out += ":{\"version\":";
  append_json_text(out, view.version.substr(0, 12));
  out += ",\"state\":";
  append_json_text(out, to_string(read.state));
  for (const auto& [key, micros] :
       {std::pair("happened", read.happened), std::pair("known", read.known),
        std::pair("as_of", std::optional(view.as_of.micros))}) {
    if (!micros) continue;
    out += std::string(",\"") + key + "\":";
    append_json_text(out, to_string(Time{*micros}));
  }
  out += '}';
}

constexpr std::string_view kExample =
    R"({"features": ["view.field"], "entities": [{"column": value}]})";

}  // namespace

Result<FeatureAnswer> answer_features(const OnlineStore& store, std::string_view body, Time now,
                                      size_t rows_max) {
  MILLGATE_ASSIGN(const Object object, body_object(body));
  MILLGATE_ASSIGN(const auto views, store.views());
  FeatureAnswer answer;
  FeatureQuestion question(views, answer);
  MILLGATE_TRY(question.add_features(object, kExample, '.'));
  MILLGATE_ASSIGN(const List entities, list_at(object, "entities", kExample));
  if (entities.size() > rows_max) return too_many_rows(entities.size(), rows_max);
  MILLGATE_ASSIGN(const int64_t at, time_of(object, now));
  question.make_room(entities.size());
  size_t row = 0;
  for (const element one : entities) {
    Object entity;
    if (one.get(entity) != simdjson::SUCCESS) {
      return in_row(invalid_input("expected an object, got " + describe_value(one)), row);
    }
    for (size_t plan = 0; plan < answer.plans.size(); ++plan) {
      Status status = set_entity(answer.plans[plan].view, entity, answer.entities[plan], row);
      if (!status.ok()) return in_row(std::move(status).error(), row);
    }
    ++row;
  }
  MILLGATE_TRY(read_answer(store, at, answer));
  return answer;
}

std::string features_json(const FeatureAnswer& answer) {
  std::string out = "{\"rows\":[";
  for (size_t row = 0; row < answer.values.rows; ++row) {
    out += row == 0 ? "{\"values\":{" : ",{\"values\":{";
    for (size_t i = 0; i < answer.columns.size(); ++i) {
      if (i > 0) out += ',';
      append_json_text(out, answer.columns[i].name);
      out += ':';
      append_json_value(out, answer.values.columns[i], row);
    }
    out += "},\"views\":{";
    for (size_t plan = 0; plan < answer.plans.size(); ++plan) {
      if (plan > 0) out += ',';
      append_read(out, answer.plans[plan].view, answer.reads[row * answer.plans.size() + plan]);
    }
    out += "}}";
  }
  return out + "]}";
}

std::string features_question(const OnlineView& view,
                              const std::vector<std::pair<std::string, std::string>>& entity,
                              std::string_view at) {
  std::string out = "{\"features\":[";
  append_json_text(out, view.name + "@" + view.version);
  out += "],\"entities\":[{";
  for (const auto& [name, value] : entity) {
    if (out.back() != '{') out += ',';
    append_json_text(out, name);
    out += ':';
    const auto field = std::find_if(view.entity.begin(), view.entity.end(),
                                    [&](const Field& one) { return one.name == name; });
    const bool is_plain = field != view.entity.end() && field->type != ValueType::text &&
                          field->type != ValueType::time && field->type != ValueType::duration &&
                          !value.empty() &&
                          value.find_first_of("\",{}[]: \t\n") == std::string_view::npos;
    if (is_plain) {
      out += value;
    } else {
      append_json_text(out, value);
    }
  }
  out += "}]";
  if (!at.empty()) {
    out += ",\"at\":";
    append_json_text(out, at);
  }
  return out + "}";
}

}  // namespace millgate
