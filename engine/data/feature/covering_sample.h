/// A small part of the task's rows that still has every kind of row in it.
#pragma once

#include <cstdint>
#include <string>

#include "data/feature/join.h"
#include "data/query/database.h"
#include "ground/error.h"

namespace millgate {

struct SampleOptions {
  int64_t row_count = 2000;       ///< Drawn from all rows alike.
  int64_t label_row_count = 300;  ///< At least so many of each value of a binary label.
  int64_t value_row_count = 10;   ///< At least so many of each value of a column, and nulls.
  int64_t values_max = 100;       ///< Columns with more values are not looked at value by value.
  uint64_t seed = 1;
};

/// A condition for `join_as_of`, over a table that it makes in `database`: rows drawn by a hash of
/// their key, and on top of them rare labels, values of columns with few of them, nulls, and the
/// row with the smallest and the largest value of each column. Of a ranking whole queries are
/// drawn, those that such rows are of. The same rows of the same table, always. Where the label is
/// not SQL that DuckDB understands, labels are drawn as they come. Errors: as Database::query.
[[nodiscard]] Result<std::string> sample_condition(Database& database, const JoinPlan& plan,
                                                   const SampleOptions& options);

}  // namespace millgate
