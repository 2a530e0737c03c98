#include "system/serve/feature_question.h"

#include <simdjson.h>

#include <optional>
#include <set>

#include "ground/nearest_name.h"
#include "system/serve/json_value.h"

namespace millgate {
namespace {

using simdjson::dom::element;
using Object = simdjson::dom::object;
using List = simdjson::dom::array;

std::vector<std::string> names_of(const std::vector<OnlineView>& views) {
  std::set<std::string> names;
  for (const OnlineView& view : views) names.insert(view.name);
  return {names.begin(), names.end()};
}

}  // namespace

Result<const OnlineView*> find_view(const std::vector<OnlineView>& views, std::string_view name) {
  const size_t at = name.find('@');
  const std::string_view plain = name.substr(0, at);
  const OnlineView* found = latest_view(views, plain);
  if (found == nullptr) {
    return not_found(
        "view `" + std::string(plain) + "` is not in the online store",
        views.empty() ? "run `millgate materialise`" : name_hint(plain, names_of(views)));
  }
  if (at == std::string_view::npos) return found;
  const std::string_view version = name.substr(at + 1);
  for (const OnlineView& view : views) {
    if (view.name == plain && !version.empty() && view.version.starts_with(version)) return &view;
  }
  return not_found("the online store has no version `" + std::string(version) + "` of view `" +
                       std::string(plain) + "`",
                   "the latest is " + found->version.substr(0, 12));
}

Status FeatureQuestion::add(std::string_view name, char separator) {
  const size_t dot = name.find(separator);
  MILLGATE_ASSIGN(const OnlineView* const view, find_view(views_, name.substr(0, dot)));
  const size_t plan = plan_of(*view);
  if (dot == std::string_view::npos) {
    for (size_t i = 0; i < view->fields.size(); ++i) add_field(plan, i);
    return {};
  }
  const std::string_view field = name.substr(dot + 1);
  std::vector<std::string> fields;
  for (size_t i = 0; i < view->fields.size(); ++i) {
    if (view->fields[i].name == field) return add_field(plan, i), Status();
    fields.push_back(view->fields[i].name);
  }
  return not_found("view `" + view->name + "` has no field `" + std::string(field) + "`",
                   name_hint(field, fields));
}

void FeatureQuestion::make_room(size_t rows) {
  answer_.values.rows = rows;
  for (const Field& column : answer_.columns) {
    answer_.values.columns.emplace_back().reset(column.type, rows);
  }
  for (const OnlinePlan& plan : answer_.plans) {
    Block& entity = answer_.entities.emplace_back();
    entity.rows = rows;
    for (const Field& field : plan.view.entity) {
      entity.columns.emplace_back().reset(field.type, rows);
    }
  }
}

size_t FeatureQuestion::plan_of(const OnlineView& view) {
  for (size_t i = 0; i < answer_.plans.size(); ++i) {
    if (answer_.plans[i].view.version == view.version) return i;
  }
  answer_.plans.push_back(
      {.view = view, .columns = std::vector<std::optional<size_t>>(view.fields.size())});
  return answer_.plans.size() - 1;
}

void FeatureQuestion::add_field(size_t plan, size_t field) {
  std::optional<size_t>& column = answer_.plans[plan].columns[field];
  if (column) return;
  column = answer_.columns.size();
  const OnlineView& view = answer_.plans[plan].view;
  answer_.columns.push_back({view.name + "." + view.fields[field].name, view.fields[field].type});
  answer_.plan_of.push_back(plan);
}

Status FeatureQuestion::add_features(const Object& object, std::string_view example,
                                     char separator) {
  MILLGATE_ASSIGN(const List list, list_at(object, "features", example));
  for (const element one : list) {
    std::string_view name;
    if (one.get(name) != simdjson::SUCCESS) {
      return invalid_input("`features` holds " + describe_value(one), std::string(example));
    }
    MILLGATE_TRY(add(name, separator));
  }
  if (list.size() == 0) return invalid_input("`features` is empty", std::string(example));
  return {};
}

Result<Object> body_object(std::string_view body) {
  MILLGATE_ASSIGN(const element root, parse_body(body));
  Object object;
  if (root.get(object) == simdjson::SUCCESS) return object;
  return invalid_input("the body is " + describe_value(root) + ", not an object");
}

Result<List> list_at(const Object& object, std::string_view key, std::string_view example) {
  element value;
  List list;
  if (object.at_key(key).get(value) != simdjson::SUCCESS) {
    return invalid_input("`" + std::string(key) + "` is missing", std::string(example));
  }
  if (value.get(list) == simdjson::SUCCESS) return list;
  return invalid_input("`" + std::string(key) + "` is " + describe_value(value) + ", not a list",
                       std::string(example));
}

Status read_answer(const OnlineStore& store, int64_t at, FeatureAnswer& answer) {
  const std::vector<int64_t> times(answer.values.rows, at);
  return read_online(store, {.plans = answer.plans, .entities = answer.entities, .at = times},
                     answer.values, answer.reads);
}

}  // namespace millgate
