/// One file of the user that holds rows, whatever its format.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/table/column_type.h"
#include "data/table/reader.h"
#include "ground/error.h"

namespace millgate {

/// Immutable; each stream that `open` gives belongs to one thread.
class TableFile {
 public:
  virtual ~TableFile() = default;

  /// The columns that the file says it has; nothing for JSON lines, where each row has its own
  /// fields and a missing one is null. Cheap. Errors: as `read_table_files`.
  [[nodiscard]] virtual Result<std::optional<std::vector<std::string>>> column_names() const = 0;

  /// The types of the columns, over all rows unless the options say otherwise. Errors: as
  /// `read_table_files`.
  [[nodiscard]] virtual Result<std::vector<ColumnGuess>> guess_columns() const = 0;

  /// The rows with the columns of `schema`, which has exactly the file's columns in any order
  /// (for JSON lines: at least the fields of every row).
  [[nodiscard]] virtual Result<std::shared_ptr<arrow::RecordBatchReader>> open(
      const std::shared_ptr<arrow::Schema>& schema) const = 0;
};

/// `delimiter` is "," or a tab.
[[nodiscard]] std::unique_ptr<TableFile> make_csv_file(std::string path, char delimiter,
                                                       const ReadOptions& options);
[[nodiscard]] std::unique_ptr<TableFile> make_json_lines_file(std::string path,
                                                              const ReadOptions& options);
[[nodiscard]] std::unique_ptr<TableFile> make_parquet_file(std::string path,
                                                           const ReadOptions& options);
/// Arrow IPC: a stream, or a file with a footer.
[[nodiscard]] std::unique_ptr<TableFile> make_arrow_file(std::string path, bool stream);

}  // namespace millgate
