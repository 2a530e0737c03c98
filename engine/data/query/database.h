/// SQL over table versions: DuckDB inside the process.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/store/repository.h"
#include "data/store/row_change.h"
#include "ground/error.h"

namespace millgate {

/// How a Database is opened.
struct DatabaseOptions {
  int threads = 0;                       ///< 0: one a core.
  int64_t memory_bytes_max = 2LL << 30;  ///< Beyond it DuckDB spills.
  std::string spill_folder = {};         ///< Empty: no spilling.
  /// True: the SQL comes from a person. It may read the tables that were added and nothing
  /// else: no other file, no network, no settings; it can change nothing but tables that it
  /// made itself in memory.
  bool user_sql = false;
};

/// One in-memory DuckDB. One thread at a time. Times are in UTC.
///
/// With `user_sql` the first query locks it: tables over files must be added before that.
class Database {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const DatabaseOptions& options = {});
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Makes `name` (quoted when needed) a view over the segments of `version`, rows in key
  /// order, each changed by `change` unless that is null. A name that was added before is replaced.
  /// Errors: `invalid_input` when another table differs from `name` in case only; `not_found`
  /// and `damaged` for segments.
  [[nodiscard]] Status add_table(const std::string& name, const ObjectStore& objects,
                                 const TableVersion& version,
                                 std::shared_ptr<const RowChange> change = nullptr);
  /// Makes `name` a view over Parquet files, columns matched by name; `columns` (name, DuckDB
  /// type) is used when there are none, so that the table is empty instead of missing.
  /// Those of `left_out` are not part of it.
  [[nodiscard]] Status add_parquet(const std::string& name, const std::vector<std::string>& paths,
                                   const std::vector<std::pair<std::string, std::string>>& columns,
                                   const std::vector<std::string>& left_out = {});
  /// Makes `name` a table with a copy of the rows of `table`, in their order.
  [[nodiscard]] Status add_arrow(const std::string& name, std::shared_ptr<arrow::Table> table);

  /// Runs statements separated by `;`. Errors: as `query`.
  [[nodiscard]] Status execute(const std::string& sql);
  /// The rows of the last statement in `sql`. Sums of integers are decimals without a fraction,
  /// because they may pass 64 bits.
  /// Errors: `invalid_input` with DuckDB's message, the SQL line and a caret; `refused` for
  /// what `user_sql` forbids; `outside` when memory or disk do not suffice.
  [[nodiscard]] Result<std::shared_ptr<arrow::Table>> query(const std::string& sql);
  /// The same as a stream in bounded memory. It may outlive the database.
  [[nodiscard]] Result<std::shared_ptr<arrow::RecordBatchReader>> stream(const std::string& sql);
  /// The single integer that `sql` gives. Errors: `invalid_input` when it gives none.
  [[nodiscard]] Result<int64_t> count(const std::string& sql);
  /// Column names and DuckDB types of a query, without running it.
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> describe(
      const std::string& sql);
  /// Names of the tables that `sql` reads, each once, in the order of the text; not those that
  /// it makes itself by `with`. Nothing needs to exist. Errors: as `query`; `invalid_input`
  /// when it is not a SELECT.
  [[nodiscard]] Result<std::vector<std::string>> tables_of(const std::string& sql);
  /// Whether plain SQL finds a table or view of this name, DuckDB's own included.
  [[nodiscard]] Result<bool> has_table(const std::string& name);
  /// Where in its SQL the last failed call found the fault, in bytes; nothing where DuckDB does
  /// not say. Errors of a stream that is being read are not counted.
  [[nodiscard]] std::optional<size_t> error_offset() const;

 private:
  Database();
  struct State;
  std::unique_ptr<State> state_;
};

/// `name` in double quotes, inner quotes doubled.
[[nodiscard]] std::string quote_name(std::string_view name);
/// `text` in single quotes, inner quotes doubled.
[[nodiscard]] std::string quote_text(std::string_view text);

}  // namespace millgate
