#include "data/feature/entity_rows.h"

#include <arrow/api.h>

#include <algorithm>
#include <utility>

#include "data/feature/view_join.h"
#include "data/feature/view_times.h"
#include "data/feature/window_join.h"
#include "data/feature/window_sweep.h"
#include "data/table/arrow_result.h"
#include "ground/id.h"
#include "ground/json.h"

namespace millgate {
namespace {

constexpr const char* kEntities = "millgate entities";
constexpr const char* kViewRows = "millgate view rows";
constexpr const char* kWindow = "window";

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + quote_name(name);
  return text;
}

/// Removes the tables of one call, also after an error.
class ViewTables {
 public:
  explicit ViewTables(Database& database) : database_(database) {}
  ~ViewTables() {
    for (const char* name : {kEntities, kViewRows}) {
      (void)database_.execute("drop table if exists " + quote_name(name));
    }
  }
  ViewTables(const ViewTables&) = delete;
  ViewTables& operator=(const ViewTables&) = delete;

  /// The view's SQL is run once; the join then reads what it gave.
  Status make(ResolvedView& view, Time at, std::optional<Time> since) {
    MILLGATE_TRY(database_.execute("create or replace table " + quote_name(kViewRows) +
                                   " as select * from (" + view.sql + "\n)"));
    view.sql = "select * from " + quote_name(kViewRows);
    std::string present;
    for (const std::string& name : view.view->entity) {
      present += (present.empty() ? "" : " and ") + quote_name(name) + " is not null";
    }
    if (since && view.has_time) {
      present += " and " + view.known_micros + " > " + std::to_string(since->micros) + " and " +
                 view.known_micros + " <= " + std::to_string(at.micros);
    }
    return database_.execute("create or replace table " + quote_name(kEntities) +
                             " as select distinct " + list(view.view->entity) + " from " +
                             quote_name(kViewRows) + " where " + present);
  }

 private:
  Database& database_;
};

std::vector<const Window*> windows_of(const View& view) {
  std::vector<const Window*> windows;
  windows.reserve(view.windows.size());
  for (const Window& window : view.windows) windows.push_back(&window);
  return windows;
}

std::vector<Field> entity_fields(const ResolvedView& view) {
  std::vector<Field> fields;
  for (const std::string& name : view.view->entity) {
    const auto found = std::find_if(view.fields.begin(), view.fields.end(),
                                    [&](const Field& field) { return field.name == name; });
    if (found != view.fields.end()) fields.push_back(*found);
  }
  return fields;
}

/// The columns of the view that features can read, without its windows.
std::vector<std::string> columns_of(const ResolvedView& view) {
  std::vector<std::string> names;
  for (size_t i = 0; i + view.view->windows.size() < view.fields.size(); ++i) {
    names.push_back(view.fields[i].name);
  }
  return names;
}

Result<std::vector<int64_t>> micros_of(const arrow::Table& table, const std::string& column) {
  MILLGATE_ASSIGN(Block block, block_from(table, {{column, ValueType::integer}}));
  return std::move(block.columns[0].integers);
}

/// The rows of `answer` in which the view joined one.
Result<std::shared_ptr<arrow::Table>> matched(std::shared_ptr<arrow::Table> answer,
                                              const JoinedView& view) {
  if (!view.resolved.has_time) return answer;
  const auto known = answer->GetColumnByName(view.known_name());
  std::vector<std::shared_ptr<arrow::Table>> runs;
  int64_t row = 0;
  int64_t begin = 0;
  const auto close = [&](int64_t end) {
    if (end > begin) runs.push_back(answer->Slice(begin, end - begin));
    begin = end + 1;
  };
  for (const auto& chunk : known->chunks()) {
    for (int64_t i = 0; i < chunk->length(); ++i, ++row) {
      if (chunk->IsNull(i)) close(row);
    }
  }
  close(row);
  if (runs.empty()) return answer->Slice(0, 0);
  MILLGATE_ARROW(auto table, arrow::ConcatenateTables(runs), view.resolved.view->name);
  return table;
}

Block unseen_row(const ResolvedView& view, Time at) {
  Block row;
  row.rows = 1;
  const size_t column_count = view.fields.size() - view.view->windows.size();
  for (size_t i = 0; i < view.fields.size(); ++i) {
    Vector& column = row.columns.emplace_back();
    column.reset(view.fields[i].type, 1);
    if (i < column_count) continue;
    const int64_t asked = at.micros;
    const auto value =
        sweep_window(view.view->windows[i - column_count], {}, std::span(&asked, 1)).front();
    if (!value) continue;
    column.valid[0] = 1;
    if (column.type == ValueType::integer) {
      column.integers[0] = static_cast<int64_t>(*value);
    } else {
      column.numbers[0] = *value;
    }
  }
  return row;
}

std::string definition_text(const ResolvedView& view) {
  const View& said = *view.view;
  Json fields = Json::array();
  for (const Field& field : view.fields) {
    fields.push_back(Json::array({field.name, std::string(to_string(field.type))}));
  }
  Json windows = Json::object();
  for (const Window& window : said.windows) windows[window.name] = window.definition;
  return dump_json({{"name", said.name},
                    {"entity", said.entity},
                    {"sql", view.sql},
                    {"happened", view.has_time ? view.happened_micros : ""},
                    {"known", view.has_time ? view.known_micros : ""},
                    {"max_age_us", said.max_age_micros ? Json(*said.max_age_micros) : Json()},
                    {"key", said.key},
                    {"windows", windows},
                    {"fields", fields}});
}

}  // namespace

Result<ViewDefinition> view_definition(Database& database, const JoinPlan& plan, const View& view) {
  MILLGATE_ASSIGN(const ResolvedTask task, resolve_task(database, plan));
  MILLGATE_ASSIGN(const ResolvedView resolved, resolve_view(database, plan, task, view));
  return ViewDefinition{.version = hash_of(definition_text(resolved)).hex(),
                        .entity = entity_fields(resolved),
                        .fields = resolved.fields,
                        .has_time = resolved.has_time};
}

Result<EntityRows> entity_rows(Database& database, const JoinPlan& plan, const View& view, Time at,
                               std::optional<Time> since) {
  View ageless = view;
  ageless.max_age_micros.reset();
  MILLGATE_ASSIGN(const ResolvedTask task, resolve_task(database, plan));
  MILLGATE_ASSIGN(ResolvedView resolved, resolve_view(database, plan, task, ageless));
  MILLGATE_TRY(check_one_row_each(database, resolved));
  ViewTables tables(database);
  MILLGATE_TRY(tables.make(resolved, at, since));
  Source entities;
  entities.name = kEntities;
  entities.key = view.entity;
  const ResolvedTask asking{.source = &entities,
                            .fields = {},
                            .columns = view.entity,
                            .row_time_micros = std::to_string(at.micros) + "::bigint",
                            .label_known_micros = "null::bigint"};
  const JoinedView joined{.resolved = resolved,
                          .columns = columns_of(resolved),
                          .windows = {},
                          .with_times = resolved.has_time};
  MILLGATE_ASSIGN(auto answer, joined_rows(database, asking, {joined}, {}));
  MILLGATE_ASSIGN(answer, matched(std::move(answer), joined));

  EntityRows rows;
  MILLGATE_ASSIGN(rows.entity, block_from(*answer, entity_fields(resolved)));
  std::vector<Field> wanted;
  for (const std::string& column : columns_of(resolved)) {
    const Field& field = resolved.fields[wanted.size()];
    wanted.push_back({joined.joined_name(column), field.type});
  }
  MILLGATE_ASSIGN(rows.values, block_from(*answer, wanted));
  if (!view.windows.empty()) {
    MILLGATE_ASSIGN(const auto values,
                    window_columns(database, resolved, windows_of(ageless), *answer,
                                   answer->schema()->field(answer->num_columns() - 2)->name()));
    for (size_t i = 0; i < values.size(); ++i) {
      const auto schema = arrow::schema({arrow::field(kWindow, values[i]->type())});
      MILLGATE_ASSIGN(Block column, block_from(*arrow::Table::Make(schema, {values[i]}),
                                               {{kWindow, view.windows[i].type()}}));
      rows.values.columns.push_back(std::move(column.columns[0]));
    }
  }
  rows.unseen = unseen_row(resolved, at);
  if (!resolved.has_time) return rows;
  MILLGATE_ASSIGN(rows.happened, micros_of(*answer, joined.happened_name()));
  MILLGATE_ASSIGN(rows.known, micros_of(*answer, joined.known_name()));
  return rows;
}

}  // namespace millgate
