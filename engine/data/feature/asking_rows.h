/// Entities and times of the rows of a join, as tables that queries about a view can read.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/feature/task.h"
#include "data/query/database.h"
#include "ground/error.h"

namespace millgate {

/// The rows that can match: with a time, and no null in their entity. Columns, all 64-bit integers:
/// kAskedEntity, kAskedTime (microseconds) and kAskedPosition (of the row, from 0).
inline constexpr std::string_view kAskedRows = "\"millgate asked rows\"";
/// Their entities, each once: the view's entity columns, and a number, kAskedEntity, from 0 to less
/// than the number of rows.
inline constexpr std::string_view kAskedEntities = "\"millgate asked entities\"";
inline constexpr std::string_view kAskedPosition = "\"millgate position\"";
inline constexpr std::string_view kAskedTime = "\"millgate time\"";
inline constexpr std::string_view kAskedEntity = "\"millgate entity\"";

/// Holds the two tables in `database`, and removes them at its end, also after an error. One at a
/// time.
class AskingRows {
 public:
  /// `rows` hold the entity columns of the views, and `row_time` in microseconds.
  AskingRows(Database& database, const arrow::Table& rows, std::string row_time)
      : database_(database), rows_(rows), row_time_(std::move(row_time)) {}
  ~AskingRows();
  AskingRows(const AskingRows&) = delete;
  AskingRows& operator=(const AskingRows&) = delete;

  /// Makes the tables for `view`; nothing where they are those of the view before.
  [[nodiscard]] Status ask_of(const View& view);
  [[nodiscard]] int64_t row_count() const;

 private:
  Database& database_;
  const arrow::Table& rows_;
  const std::string row_time_;
  std::vector<std::string> entity_;  ///< Of the tables that are there; empty: none.
};

/// "a.x = b.x and a.y = b.y" for the entity columns of `view`.
[[nodiscard]] std::string same_entity_sql(const View& view, const std::string& a,
                                          const std::string& b);

}  // namespace millgate
