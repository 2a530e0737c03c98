/// A CSV or JSON lines file as the texts of its rows and cells, exactly as they were written: what
/// a merge does not touch must not change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/git/file_versions.h"
#include "ground/error.h"

namespace millgate {

/// The text of a cell in its file, quotes included; nothing where a JSON object lacks the member.
using CellText = std::optional<std::string>;

/// Immutable; thread-safe.
class RowText {
 public:
  virtual ~RowText() = default;

  /// Rows are those of table/reader.h, in the same order: empty lines are none.
  [[nodiscard]] virtual size_t row_count() const = 0;
  [[nodiscard]] virtual CellText cell(size_t row, const std::string& column) const = 0;
  /// What stands before the rows, with its line end, for the columns `columns`; empty for JSON.
  [[nodiscard]] virtual std::string header(const std::vector<std::string>& columns) const = 0;
  /// The row `row` with other texts for `cells`, with its line end. The columns are `columns`, of
  /// which a CSV file lacks those that `cells` must have.
  [[nodiscard]] virtual std::string line(size_t row, const std::vector<std::string>& columns,
                                         const std::map<std::string, CellText>& cells) const = 0;
  /// How most lines end: "\n" or "\r\n".
  [[nodiscard]] const std::string& line_end() const { return line_end_; }
  /// Whether the last line of the file ends too.
  [[nodiscard]] bool ends_with_line_end() const { return ends_with_line_end_; }

 protected:
  std::string line_end_ = "\n";
  bool ends_with_line_end_ = true;
};

/// Of a file that exists. Errors: as `read_table_files`.
[[nodiscard]] Result<std::unique_ptr<RowText>> read_row_text(FileFormat format,
                                                             const std::string& path);

}  // namespace millgate
