/// Which columns of tables the columns of a query are made from: views, `*`, joins by `using`,
/// subqueries and whole rows are seen through, because DuckDB's own bound plan is read and not the
/// text.
#pragma once

#include <arrow/type_fwd.h>

#include <compare>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "data/query/database.h"
#include "ground/error.h"

namespace millgate {

/// Table name -> its columns.
using TableSchemas = std::map<std::string, std::shared_ptr<arrow::Schema>>;

/// A column of a table.
struct TableColumn {
  std::string table;
  std::string column;
  auto operator<=>(const TableColumn&) const = default;
};

/// Where the answer of a query comes from.
struct ColumnLineage {
  struct Output {
    std::string name;
    std::set<TableColumn> from;  ///< All whose values can change this one.
    bool is_copy = false;        ///< It holds the values of `from` as they are.
  };
  std::vector<Output> columns;
  /// Columns whose values decide which rows there are, and how many: by `where`, `limit`, groups of
  /// computed values. That a column groups rows, or that two columns are equal in a join, is not
  /// counted: then its values could be replaced by others, one for one, and nothing would change.
  std::set<TableColumn> rows;
};

/// Tables without rows that queries are bound against. One thread at a time.
class LineageReader {
 public:
  /// Errors: `invalid_input` for tables whose names SQL cannot tell apart.
  [[nodiscard]] static Result<LineageReader> open(const TableSchemas& tables);

  /// Never too little: what is not understood (a recursive query) counts as made from
  /// every column of every table that is read.
  /// Errors: `invalid_input` for wrong SQL, and for what is no SELECT.
  [[nodiscard]] Result<ColumnLineage> read(const std::string& sql);

 private:
  LineageReader(std::unique_ptr<Database> database, TableSchemas tables);
  std::unique_ptr<Database> database_;
  TableSchemas tables_;
};

}  // namespace millgate
