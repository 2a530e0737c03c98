#include "data/feature/asking_rows.h"

#include <arrow/api.h>

#include <memory>
#include <utility>
#include <vector>

#include "data/table/arrow_result.h"

namespace millgate {
namespace {

constexpr const char* kGiven = "millgate given rows";
constexpr const char* kPosition = "millgate position";  // Those of the header, without quotes.
constexpr const char* kTime = "millgate time";

/// Entity columns, times and positions.
Result<std::shared_ptr<arrow::Table>> given_rows(const View& view, const arrow::Table& rows,
                                                 const std::string& row_time) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::ChunkedArray>> columns;
  for (const std::string& name : view.entity) {
    fields.push_back(rows.schema()->GetFieldByName(name));
    columns.push_back(rows.GetColumnByName(name));
  }
  fields.push_back(arrow::field(kTime, arrow::int64()));
  columns.push_back(rows.GetColumnByName(row_time));
  arrow::Int64Builder positions;
  MILLGATE_ARROW_TRY(positions.Reserve(rows.num_rows()), "rows");
  for (int64_t row = 0; row < rows.num_rows(); ++row) positions.UnsafeAppend(row);
  MILLGATE_ARROW(const auto position, positions.Finish(), "rows");
  fields.push_back(arrow::field(kPosition, arrow::int64()));
  columns.push_back(std::make_shared<arrow::ChunkedArray>(position));
  return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(columns), rows.num_rows());
}

}  // namespace

AskingRows::~AskingRows() {
  for (const std::string_view name : {kAskedRows, kAskedEntities}) {
    (void)database_.execute("drop table if exists " + std::string(name));
  }
  (void)database_.execute("drop table if exists " + quote_name(kGiven));
}

Status AskingRows::ask_of(const View& view) {
  if (view.entity == entity_) return {};
  entity_.clear();
  MILLGATE_ASSIGN(auto given, given_rows(view, rows_, row_time_));
  MILLGATE_TRY(database_.add_arrow(kGiven, std::move(given)));
  std::string entity;
  std::string present = std::string(kAskedTime) + " is not null";
  for (const std::string& name : view.entity) {
    entity += (entity.empty() ? "" : ", ") + quote_name(name);
    present += " and " + quote_name(name) + " is not null";
  }
  const std::string position(kAskedPosition);
  const std::string number(kAskedEntity);
  const std::string time(kAskedTime);
  // Not temporary: a stream of the database has a connection of its own.
  MILLGATE_TRY(database_.execute(
      "create or replace table " + std::string(kAskedEntities) + " as select " + entity + ", min(" +
      position + ") as " + number + " from " + quote_name(kGiven) + " where " + present +
      " group by " + entity + "; create or replace table " + std::string(kAskedRows) +
      " as select e." + number + ", g." + time + ", g." + position + " from " + quote_name(kGiven) +
      " g join " + std::string(kAskedEntities) + " e on " + same_entity_sql(view, "g", "e") +
      " where g." + time + " is not null"));
  entity_ = view.entity;
  return {};
}

int64_t AskingRows::row_count() const { return rows_.num_rows(); }

std::string same_entity_sql(const View& view, const std::string& a, const std::string& b) {
  std::string condition;
  for (const std::string& column : view.entity) {
    condition += (condition.empty() ? "" : " and ") + a + "." + quote_name(column) + " = " + b +
                 "." + quote_name(column);
  }
  return condition;
}

}  // namespace millgate
