#include "data/feature/window_join.h"

#include <arrow/api.h>

#include <algorithm>
#include <map>
#include <utility>

#include "data/feature/asking_rows.h"
#include "data/feature/window_sweep.h"
#include "data/table/arrow_result.h"

namespace millgate {
namespace {

std::string list(const std::vector<std::string>& names, const std::string& prefix = {}) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : ", ") + prefix + quote_name(name);
  }
  return text;
}

/// What the sweep takes of an argument: numbers as they are; for `distinct`, any type.
std::string value_sql(const Window& window) {
  if (window.argument.empty()) return "1::double";
  const std::string argument = "(" + window.argument + "\n)";
  if (window.kind == WindowKind::distinct) {
    return "case when " + argument + " is null then null else dense_rank() over (order by " +
           argument + ")::double end";
  }
  if (window.kind == WindowKind::count) {
    return "case when " + argument + " is null then null else 1::double end";
  }
  return argument + "::double";
}

/// The facts of entities that are asked for, by entity, older ones first. Ties are broken by the
/// columns, so that the result is always the same.
std::string facts_sql(const ResolvedView& view, const std::vector<const Window*>& windows) {
  const std::string& key_list = list(view.view->key);
  const std::string key = view.view->key.empty() ? "row_number() over ()"
                                                 : "dense_rank() over (order by " + key_list + ")";
  std::string values;
  std::string names;
  for (size_t i = 0; i < windows.size(); ++i) {
    const std::string name = "\"millgate value " + std::to_string(i) + "\"";
    values += ", " + value_sql(*windows[i]) + " as " + name;
    names += ", v." + name;
  }
  return "select e.\"millgate entity\", v.\"millgate happened\", v.\"millgate known\", "
         "v.\"millgate key\"" +
         names + " from (select *, " + view.happened_micros + " as \"millgate happened\", " +
         view.known_micros + " as \"millgate known\", " + key + " as \"millgate key\"" + values +
         " from (" + view.sql + "\n)) v join " + std::string(kAskedEntities) + " e on " +
         same_entity_sql(*view.view, "v", "e") +
         " where v.\"millgate happened\" is not null and v.\"millgate known\" is not null"
         " order by e.\"millgate entity\", v.\"millgate happened\", v.\"millgate known\", " +
         list(view.columns, "v.") + "";
}

/// Columns of a query as vectors.
Result<Block> ask(Database& database, const std::string& sql, size_t integers, size_t numbers) {
  MILLGATE_ASSIGN(const auto table, database.query(sql));
  std::vector<Field> fields;
  for (int i = 0; i < table->num_columns(); ++i) {
    const bool is_integer = static_cast<size_t>(i) < integers;
    fields.push_back(
        {table->schema()->field(i)->name(), is_integer ? ValueType::integer : ValueType::number});
  }
  if (fields.size() != integers + numbers) return bug("a query gave other columns than asked for");
  return block_from(*table, fields);
}

/// [begin, end) of the rows from `begin` on that have the same value in `column`.
size_t group_end(const Vector& column, size_t begin) {
  size_t end = begin;
  while (end < column.size() && column.integers[end] == column.integers[begin]) ++end;
  return end;
}

/// One value a row of the join; null until it is set.
class WindowColumn {
 public:
  WindowColumn(const Window& window, size_t rows)
      : window_(window), values_(rows), has_value_(rows, false) {}

  void set(size_t row, std::optional<double> value) {
    has_value_[row] = value.has_value();
    values_[row] = value.value_or(0.0);
  }
  [[nodiscard]] Result<std::shared_ptr<arrow::ChunkedArray>> finish() const {
    if (window_.type() == ValueType::integer) return built<arrow::Int64Builder, int64_t>();
    return built<arrow::DoubleBuilder, double>();
  }

 private:
  template <typename Builder, typename Value>
  [[nodiscard]] Result<std::shared_ptr<arrow::ChunkedArray>> built() const {
    Builder builder;
    MILLGATE_ARROW_TRY(builder.Reserve(static_cast<int64_t>(values_.size())), window_.name);
    for (size_t row = 0; row < values_.size(); ++row) {
      if (has_value_[row]) {
        builder.UnsafeAppend(static_cast<Value>(values_[row]));
      } else {
        builder.UnsafeAppendNull();
      }
    }
    MILLGATE_ARROW(const auto array, builder.Finish(), window_.name);
    return std::make_shared<arrow::ChunkedArray>(array);
  }

  const Window& window_;
  std::vector<double> values_;
  std::vector<bool> has_value_;
};

std::vector<WindowFact> facts_of(const Block& facts, size_t begin, size_t end, size_t window) {
  std::vector<WindowFact> list;
  for (size_t row = begin; row < end; ++row) {
    const Vector& value = facts.columns[4 + window];
    list.push_back({.happened = facts.columns[1].integers[row],
                    .known = facts.columns[2].integers[row],
                    .key = facts.columns[3].integers[row],
                    .value = value.numbers[row],
                    .has_value = value.valid[row] != 0});
  }
  return list;
}

}  // namespace

Result<std::vector<std::shared_ptr<arrow::ChunkedArray>>> window_columns(
    Database& database, const ResolvedView& view, const std::vector<const Window*>& windows,
    const arrow::Table& rows, const std::string& row_time) {
  AskingRows asked_rows(database, rows, row_time);
  MILLGATE_TRY(asked_rows.ask_of(*view.view));
  const std::string order = std::string(kAskedEntity) + ", " + std::string(kAskedTime);
  MILLGATE_ASSIGN(const Block asked,
                  ask(database,
                      "select " + order + ", " + std::string(kAskedPosition) + " from " +
                          std::string(kAskedRows) + " order by " + order,
                      3, 0));
  MILLGATE_ASSIGN(const Block facts, ask(database, facts_sql(view, windows), 4, windows.size()));
  std::vector<WindowColumn> columns;
  columns.reserve(windows.size());
  for (const Window* window : windows) {
    columns.emplace_back(*window, static_cast<size_t>(rows.num_rows()));
  }
  const Vector& entity = asked.columns[0];
  size_t fact = 0;
  for (size_t begin = 0; begin < asked.rows;) {
    const size_t end = group_end(entity, begin);
    while (fact < facts.rows && facts.columns[0].integers[fact] < entity.integers[begin]) ++fact;
    size_t fact_end = fact;
    while (fact_end < facts.rows && facts.columns[0].integers[fact_end] == entity.integers[begin]) {
      ++fact_end;
    }
    const std::span<const int64_t> times(asked.columns[1].integers.data() + begin, end - begin);
    for (size_t i = 0; i < windows.size(); ++i) {
      const auto values = sweep_window(*windows[i], facts_of(facts, fact, fact_end, i), times);
      for (size_t k = 0; k < values.size(); ++k) {
        columns[i].set(static_cast<size_t>(asked.columns[2].integers[begin + k]), values[k]);
      }
    }
    fact = fact_end;
    begin = end;
  }
  std::vector<std::shared_ptr<arrow::ChunkedArray>> finished;
  for (const WindowColumn& column : columns) {
    MILLGATE_ASSIGN(auto array, column.finish());
    finished.push_back(std::move(array));
  }
  return finished;
}

}  // namespace millgate
