/// Rows that somebody names in order to look at them: a table, a version of it, or a select.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>
#include <vector>

#include "data/query/database.h"
#include "data/store/repository.h"
#include "ground/error.h"

namespace millgate {

/// What can be said about the values of a column.
enum class ColumnKind {
  number,
  category,  ///< Texts, booleans, enumerations, times of day.
  time,      ///< Dates and points in time.
  other,     ///< Lists, structures, bytes: counted, not compared.
};
[[nodiscard]] std::string to_string(ColumnKind kind);

struct AskedColumn {
  std::string name;
  std::string type;  ///< DuckDB's.
  ColumnKind kind = ColumnKind::other;
  bool is_integer = false;
};

/// Rows in a database, ready to be read as often as needed.
struct AskedRows {
  std::string text;  ///< As it was asked for.
  std::string name;  ///< Quoted name of the view or table that holds them.
  std::vector<AskedColumn> columns;
  int64_t row_count = 0;

  /// Null when there is none of that name.
  [[nodiscard]] const AskedColumn* find(const std::string& column) const;
};

/// `expression` with the columns of `rows` in double quotes where SQL would read a keyword: a label
/// of the project, which is no SQL, may say `left = 1`.
[[nodiscard]] std::string with_quoted_columns(const std::string& expression, const AskedRows& rows);

/// SQL that gives what `expression` gives as a text.
[[nodiscard]] std::string expression_text_sql(const std::string& expression);
/// The text in a column that `expression_text_sql` gave; "null" for none.
[[nodiscard]] std::string text_at(const arrow::RecordBatch& batch, int column, int64_t row);

/// Opens `texts` in `database`, which must be new: each a table name, a table with a revision
/// ("flights@main~1"), or a select over such tables. Tables without a revision are read at
/// `revision`. The rows of a select are computed once and kept until the database closes.
/// Errors: those of prepare_revision_sql and of the select.
[[nodiscard]] Result<std::vector<AskedRows>> open_rows(Database& database,
                                                       const Repository& repository,
                                                       const std::vector<std::string>& texts,
                                                       const std::string& revision);

}  // namespace millgate
