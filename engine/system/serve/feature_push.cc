#include "system/serve/feature_push.h"

#include <simdjson.h>

#include <optional>

#include "data/online/online_row.h"
#include "data/online/pushed_row.h"
#include "ground/nearest_name.h"
#include "system/serve/feature_question.h"
#include "system/serve/json_value.h"
#include "system/serve/row_batch.h"

namespace millgate {
namespace {

using simdjson::dom::element;
using Object = simdjson::dom::object;
using List = simdjson::dom::array;

/// A block of one row of nulls with the types of `fields`.
Block one_row(const std::vector<Field>& fields) {
  Block block{.rows = 1, .columns = {}};
  for (const Field& field : fields) block.columns.emplace_back().reset(field.type, 1);
  return block;
}

std::optional<size_t> position(const std::vector<Field>& fields, std::string_view name) {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name) return i;
  }
  return std::nullopt;
}

/// Reads one pushed object into the parts of a row.
class PushReader {
 public:
  explicit PushReader(const OnlineView& view)
      : view_(view), entity_(one_row(view.entity)), values_(one_row(pushed_fields(view))) {
    for (Vector* time : {&happened_, &known_}) time->reset(ValueType::time, 1);
  }

  Result<KeyedRow> read(const Object& object, Time now) {
    for (const auto& [name, value] : object) MILLGATE_TRY(set(name, value));
    for (size_t i = 0; i < view_.entity.size(); ++i) {
      if (entity_.columns[i].valid[0] != 0) continue;
      return invalid_input("`" + view_.entity[i].name + "` is missing or null",
                           "a row belongs to an entity of view `" + view_.name + "`");
    }
    RowStamp stamp{.has_time = view_.has_time, .is_pushed = true};
    if (view_.has_time) {
      stamp.known = known_.valid[0] != 0 ? known_.integers[0] : now.micros;
      stamp.happened = happened_.valid[0] != 0 ? happened_.integers[0] : stamp.known;
    }
    return KeyedRow{entity_key(view_, entity_, 0), write_pushed_row(view_, stamp, values_, 0, now)};
  }

 private:
  Status set(std::string_view name, const element& value) {
    bool is_used = false;
    if (const auto at = position(view_.entity, name)) {
      MILLGATE_TRY(set_value(value, name, entity_.columns[*at], 0));
      is_used = true;
    }
    const auto at = position(view_.fields, name);
    if (at && *at < values_.columns.size()) {
      MILLGATE_TRY(set_value(value, name, values_.columns[*at], 0));
      is_used = true;
    }
    if (name == "happened" || name == "known") {
      MILLGATE_TRY(set_value(value, name, name == "known" ? known_ : happened_, 0));
      is_used = true;
    }
    if (is_used) return {};
    if (at) {
      return invalid_input(
          "`" + view_.fields[*at].name + "` is a window of view `" + view_.name + "`",
          "push the facts: the window is computed of them when it is read");
    }
    std::vector<std::string> names = {"happened", "known"};
    for (const Field& field : pushed_fields(view_)) names.push_back(field.name);
    return invalid_input(
        "view `" + view_.name + "` has no column `" + std::string(name.substr(0, 64)) + "`",
        name_hint(name.substr(0, 64), names));
  }

  const OnlineView& view_;
  Block entity_;
  Block values_;
  Vector happened_;
  Vector known_;
};

Status add_row(const std::vector<OnlineView>& versions, const Object& object, Time now,
               std::vector<KeyedRow>& rows) {
  for (const OnlineView& view : versions) {
    MILLGATE_ASSIGN(KeyedRow row, PushReader(view).read(object, now));
    rows.push_back(std::move(row));
  }
  return {};
}

}  // namespace

Result<std::vector<OnlineView>> pushable_versions(const OnlineStore& store, std::string_view name) {
  MILLGATE_ASSIGN(const auto views, store.views());
  MILLGATE_ASSIGN(const OnlineView* const asked, find_view(views, name));
  std::vector<OnlineView> versions;
  for (const OnlineView& view : views) {
    const bool is_asked =
        name.find('@') == std::string_view::npos ? view.name == asked->name : &view == asked;
    if (!is_asked) continue;
    MILLGATE_TRY(check_pushable(view));
    versions.push_back(view);
  }
  return versions;
}

Result<std::vector<KeyedRow>> pushed_rows(const std::vector<OnlineView>& versions,
                                          std::string_view json, Time now) {
  MILLGATE_ASSIGN(const Object object, body_object(json));
  std::vector<KeyedRow> rows;
  MILLGATE_TRY(add_row(versions, object, now, rows));
  return rows;
}

Result<PushReport> push_features(OnlineStore& store, std::string_view body, Time now,
                                 size_t rows_max) {
  constexpr std::string_view kPushExample = R"({"view": "name", "rows": [{"column": value}]})";
  MILLGATE_ASSIGN(const Object object, body_object(body));
  std::string_view name;
  if (object.at_key("view").get(name) != simdjson::SUCCESS) {
    return invalid_input("`view` is missing or no text", std::string(kPushExample));
  }
  MILLGATE_ASSIGN(const auto versions, pushable_versions(store, name));
  MILLGATE_ASSIGN(const List list, list_at(object, "rows", kPushExample));
  if (list.size() > rows_max) return too_many_rows(list.size(), rows_max);
  PushReport report;
  std::vector<KeyedRow> rows;
  for (const element one : list) {
    const auto number = static_cast<size_t>(report.row_count++);
    Object fields;
    if (one.get(fields) != simdjson::SUCCESS) {
      return in_row(invalid_input("expected an object, got " + describe_value(one)), number);
    }
    Status status = add_row(versions, fields, now, rows);
    if (!status.ok()) return in_row(std::move(status).error(), number);
  }
  MILLGATE_ASSIGN(report.counts, store.push(std::move(rows)));
  return report;
}

}  // namespace millgate
