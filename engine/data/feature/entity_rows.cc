#include "data/feature/entity_rows.h"

#include <arrow/api.h>

#include <algorithm>
#include <utility>

#include "data/feature/view_join.h"
#include "data/feature/view_times.h"
#include "data/table/arrow_result.h"
#include "ground/id.h"
#include "ground/json.h"

namespace millgate {
namespace {

constexpr const char* kEntities = "millgate entities";
constexpr const char* kViewRows = "millgate view rows";
constexpr const char* kNumber = "millgate number";

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + quote_name(name);
  return text;
}

/// Whether the plan of `part`, an operator, does nothing but read, choose and compute.
bool is_scan(const Json& part) {
  const auto name = part.at("name").get<std::string>();
  const bool is_cheap = name.find("PROJECTION") != std::string::npos ||
                        name.find("FILTER") != std::string::npos ||
                        name.find("READ_PARQUET") != std::string::npos;
  return is_cheap && std::all_of(part.at("children").begin(), part.at("children").end(),
                                 [](const Json& child) { return is_scan(child); });
}

/// Whether `sql` reads one file after another and keeps nothing in between, by DuckDB's plan.
Result<bool> is_scan(Database& database, const std::string& sql) {
  MILLGATE_ASSIGN(const auto plan,
                  database.query("explain (format json) select * from (" + sql + "\n)"));
  MILLGATE_ASSIGN(const Block text, block_from(*plan, {{"explain_value", ValueType::text}}));
  const auto operators = text.rows > 0 ? parse_json(text.columns[0].texts[0], "DuckDB's plan")
                                       : Result<Json>(not_found("no plan"));
  if (!operators.ok()) return false;
  try {
    return std::all_of(operators->begin(), operators->end(),
                       [](const Json& part) { return is_scan(part); });
  } catch (const Json::exception&) {
    return false;  // Another way of saying it than the one that is known here.
  }
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

  /// The view's SQL is run once, and the join then reads what it gave; one that only reads a file
  /// costs less to run again, for the entities' columns alone, than to keep all that it gives.
  Status make(ResolvedView& view, Time at, std::optional<Time> since) {
    MILLGATE_ASSIGN(const bool is_a_scan, is_scan(database_, view.sql));
    if (!is_a_scan) {
      MILLGATE_TRY(database_.execute("create or replace table " + quote_name(kViewRows) +
                                     " as select * from (" + view.sql + "\n)"));
      view.sql = "select * from " + quote_name(kViewRows);
    }
    std::string present;
    for (const std::string& name : view.view->entity) {
      present += (present.empty() ? "" : " and ") + quote_name(name) + " is not null";
    }
    if (since && view.has_time) {
      present += " and " + view.known_micros + " > " + std::to_string(since->micros) + " and " +
                 view.known_micros + " <= " + std::to_string(at.micros);
    }
    return database_.execute("create or replace table " + quote_name(kEntities) +
                             " as select *, row_number() over () as " + quote_name(kNumber) +
                             " from (select distinct " + list(view.view->entity) + " from (" +
                             view.sql + "\n) where " + present + ")");
  }

 private:
  Database& database_;
};

const Field* find_field(const ResolvedView& view, const std::string& name) {
  const auto found = std::find_if(view.fields.begin(), view.fields.end(),
                                  [&](const Field& field) { return field.name == name; });
  return found == view.fields.end() ? nullptr : &*found;
}

std::vector<Field> entity_fields(const ResolvedView& view) {
  std::vector<Field> fields;
  for (const std::string& name : view.view->entity) {
    if (const Field* const field = find_field(view, name)) fields.push_back(*field);
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

/// SQL of one argument, and the type that it has then.
std::pair<std::string, ValueType> fact_value_sql(const ResolvedView& view,
                                                 const FactColumn& column) {
  const std::string argument = "(" + column.argument + "\n)";
  if (column.form == FactForm::number) return {argument + "::double", ValueType::number};
  if (column.form == FactForm::presence) {
    return {"case when " + argument + " is not null then true end", ValueType::boolean};
  }
  if (const Field* const field = find_field(view, column.argument)) {
    return {quote_name(field->name), field->type};
  }
  // Which of its values it is: no single row is pushed to such a window.
  return {"case when " + argument + " is not null then (hash" + argument + " >> 1)::bigint end",
          ValueType::integer};
}

/// The facts of each of `numbers`, in the order of time; of equal times in that of the columns, as
/// a training set takes them.
Result<EntityFacts> facts_of(Database& database, const ResolvedView& view,
                             const std::vector<int64_t>& numbers, Time at, int64_t kept_from) {
  std::vector<Field> key;
  std::vector<Field> values;
  const std::string number = quote_name(kNumber);
  std::string sql = "select e." + number + " as number, v." + std::string(kHappenedMicros) +
                    " as happened, v." + kKnownMicros + " as known";
  std::string inside = "select *";
  const auto add = [&](std::vector<Field>& fields, const std::string& expression, ValueType type) {
    const std::string name = "millgate value " + std::to_string(key.size() + values.size());
    fields.push_back({name, type});
    inside += ", " + expression + " as " + quote_name(name);
    sql += ", v." + quote_name(name);
  };
  for (const std::string& name : view.view->key) {
    const Field* const field = find_field(view, name);
    add(key, field != nullptr ? quote_name(name) : quote_name(name) + "::varchar",
        field != nullptr ? field->type : ValueType::text);
  }
  for (const FactColumn& column : fact_columns(view.view->windows)) {
    const auto [expression, type] = fact_value_sql(view, column);
    add(values, expression, type);
  }
  std::string same;
  for (const std::string& name : view.view->entity) {
    same += (same.empty() ? "v." : " and v.") + quote_name(name) + " = e." + quote_name(name);
  }
  std::string order;
  for (const std::string& name : view.columns) order += ", v." + quote_name(name);
  MILLGATE_ASSIGN(
      const auto table,
      database.query(sql + " from (" + inside + " from (" + timed_rows_sql(view) + ")) v join " +
                     quote_name(kEntities) + " e on " + same + " where v." + kHappenedMicros +
                     " > " + std::to_string(kept_from) + " and v." + kKnownMicros +
                     " <= " + std::to_string(at.micros) + " order by 1, 2, 3" + order));
  MILLGATE_ASSIGN(const auto found, micros_of(*table, "number"));
  EntityFacts facts;
  MILLGATE_ASSIGN(facts.happened, micros_of(*table, "happened"));
  MILLGATE_ASSIGN(facts.known, micros_of(*table, "known"));
  MILLGATE_ASSIGN(facts.key, block_from(*table, key));
  MILLGATE_ASSIGN(facts.values, block_from(*table, values));
  facts.places.reserve(numbers.size());
  for (const int64_t one : numbers) {
    const auto range = std::equal_range(found.begin(), found.end(), one);
    facts.places.push_back({.begin = static_cast<size_t>(range.first - found.begin()),
                            .end = static_cast<size_t>(range.second - found.begin())});
  }
  return facts;
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
                        .key = view.key,
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
  std::vector<std::string> columns = view.entity;
  columns.emplace_back(kNumber);
  const ResolvedTask asking{.source = &entities,
                            .fields = {},
                            .columns = columns,
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
  if (!resolved.has_time) return rows;
  MILLGATE_ASSIGN(rows.happened, micros_of(*answer, joined.happened_name()));
  MILLGATE_ASSIGN(rows.known, micros_of(*answer, joined.known_name()));
  if (view.windows.empty()) return rows;
  if (const auto longest = span_max(view.windows)) {
    rows.kept_from = earlier(earlier(at.micros, *longest), *longest);
  }
  MILLGATE_ASSIGN(const auto numbers, micros_of(*answer, kNumber));
  MILLGATE_ASSIGN(rows.facts, facts_of(database, resolved, numbers, at, rows.kept_from));
  return rows;
}

}  // namespace millgate
