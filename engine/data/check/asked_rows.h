/// Rows that somebody names in order to look at them: a table, a version of it, or a select.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/query/database.h"
#include "data/query/revision_sql.h"
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
  /// Never null. Errors: `invalid_input` when there is none of that name, with the nearest.
  [[nodiscard]] Result<const AskedColumn*> require(const std::string& column) const;
};

/// `expression` with the columns of `rows` in double quotes where SQL would read a keyword: a label
/// of the project, which is no SQL, may say `left = 1`.
[[nodiscard]] std::string with_quoted_columns(const std::string& expression, const AskedRows& rows);

/// `expression` as SQL over `rows`, with_quoted_columns. `name` is what a person calls it, such as
/// "--label". Errors: `invalid_input` that points into the expression.
[[nodiscard]] Result<std::string> expression_over(Database& database, const AskedRows& rows,
                                                  const std::string& expression,
                                                  const std::string& name);

/// SQL that gives what `expression` gives as a text.
[[nodiscard]] std::string expression_text_sql(const std::string& expression);
/// The text in a column that `expression_text_sql` gave; "null" for none.
[[nodiscard]] std::string text_at(const arrow::RecordBatch& batch, int column, int64_t row);

/// The select behind rows as people name them: a table, a table with a revision, or a select.
[[nodiscard]] std::string select_of(const std::string& text);

/// Opens `texts` in `database`, which must be new: each a table name, a table with a revision
/// ("flights@main~1"), or a select over such tables. Tables without a revision are read at
/// `revision`. The rows of a select are computed once and kept until the database closes. What they
/// hold is changed by `guard` before they are read.
/// Errors: those of prepare_revision_sql and of the select.
[[nodiscard]] Result<std::vector<AskedRows>> open_rows(Database& database,
                                                       const Repository& repository,
                                                       const std::vector<std::string>& texts,
                                                       const std::string& revision,
                                                       const SqlGuard& guard = {});

/// The rows of `table` as "`text`", in `database`, which need not be new.
[[nodiscard]] Result<AskedRows> rows_of_table(Database& database,
                                              std::shared_ptr<arrow::Table> table,
                                              const std::string& text);

/// The rows of `sql`, kept in `database` as a table `name`, as "`text`". Errors: those of the
/// query.
[[nodiscard]] Result<AskedRows> rows_of_query(Database& database, const std::string& name,
                                              const std::string& sql, const std::string& text);

/// Column of notes: which row they are for.
inline constexpr const char* kNumberColumn = "number";  ///< int64, from 1.

/// The rows that `notes` tells of, in its order: columns `shown` of `rows` with their types, then
/// the columns of `notes` but kNumberColumn. Those that begin with `_note_` are for people;
/// `_change` and these make the file a change set. Once a database.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatchReader>> noted_rows(
    Database& database, const AskedRows& rows, const std::vector<std::string>& shown,
    const arrow::Table& notes);

}  // namespace millgate
