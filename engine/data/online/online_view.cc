#include "data/online/online_view.h"

#include "ground/format_version.h"
#include "ground/json.h"

namespace millgate {
namespace {

constexpr const char* kFormat = "millgate.online-view";

Json fields_json(const std::vector<Field>& fields) {
  Json list = Json::array();
  for (const Field& field : fields) {
    list.push_back({{"name", field.name}, {"type", std::string(to_string(field.type))}});
  }
  return list;
}

Result<std::vector<Field>> fields_from(const Json& list) {
  std::vector<Field> fields;
  for (const Json& one : list) {
    Field field;
    field.name = one.at("name").get<std::string>();
    MILLGATE_ASSIGN(field.type, parse_value_type(one.at("type").get<std::string>()));
    fields.push_back(std::move(field));
  }
  return fields;
}

Result<OnlineView> view_from(const Json& json) {
  OnlineView view;
  view.name = json.at("name").get<std::string>();
  view.version = json.at("view_version").get<std::string>();
  MILLGATE_ASSIGN(view.entity, fields_from(json.at("entity")));
  MILLGATE_ASSIGN(view.fields, fields_from(json.at("fields")));
  view.has_time = json.at("has_time").get<bool>();
  if (!json.at("max_age_us").is_null()) view.max_age_micros = json["max_age_us"].get<int64_t>();
  view.window_count = json.at("window_count").get<size_t>();
  if (view.window_count > view.fields.size()) return damaged("it has more windows than fields");
  for (const Json& one : json.value("windows", Json::array())) {
    MILLGATE_ASSIGN(Window window, parse_window(one.at("name").get<std::string>(),
                                                one.at("definition").get<std::string>()));
    view.windows.push_back(std::move(window));
  }
  if (!view.windows.empty() && view.windows.size() != view.window_count) {
    return damaged("`windows` are not `window_count`");
  }
  view.key = json.value("key", std::vector<std::string>());
  view.as_of.micros = json.at("as_of_us").get<int64_t>();
  view.written.micros = json.value("written_us", int64_t{0});
  view.commit = json.at("commit").get<std::string>();
  view.tables = json.at("tables").get<std::map<std::string, std::string>>();
  view.entity_count = json.at("entity_count").get<int64_t>();
  return view;
}

}  // namespace

std::string view_key(const OnlineView& view) { return view.name + '\0' + view.version; }

Error materialised_meanwhile(const OnlineView& view) {
  return {.code = ErrorCode::conflict,
          .what = "view `" + view.name + "` was materialised by somebody else meanwhile",
          .hint = "run `millgate materialise` again"};
}

std::string write_online_view(const OnlineView& view) {
  Json json = {{"format", kFormat},
               {"version", view.windows.empty() ? 1 : 2},
               {"name", view.name},
               {"view_version", view.version},
               {"entity", fields_json(view.entity)},
               {"fields", fields_json(view.fields)},
               {"has_time", view.has_time},
               {"max_age_us", view.max_age_micros ? Json(*view.max_age_micros) : Json()},
               {"window_count", view.window_count},
               {"as_of_us", view.as_of.micros},
               {"commit", view.commit},
               {"tables", view.tables},
               {"entity_count", view.entity_count}};
  if (!view.windows.empty()) {
    Json windows = Json::array();
    for (const Window& window : view.windows) {
      windows.push_back({{"name", window.name}, {"definition", window.definition}});
    }
    json["windows"] = windows;
    json["key"] = view.key;
  }
  // Left out where it was: an update compares the bytes with what is stored.
  if (view.written != Time()) json["written_us"] = view.written.micros;
  return dump_json(json);
}

Result<OnlineView> read_online_view(std::string_view bytes) {
  const std::string object = "a view of the online store";
  auto json = parse_json(bytes, object);
  if (!json.ok()) return damaged(object + ": " + json.error().what);
  MILLGATE_TRY(read_format_version(*json, kFormat, {.newest = 2}, object));
  try {
    auto view = view_from(*json);
    if (!view.ok()) return damaged(object + ": " + view.error().what);
    return view;
  } catch (const Json::exception& failure) {
    return damaged(object + ": " + failure.what());
  }
}

}  // namespace millgate
