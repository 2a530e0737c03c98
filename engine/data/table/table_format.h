/// The formats of the user's files, known by the ends of their names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millgate {

/// What a file or a stream of rows is written in.
enum class TableFormat : uint8_t {
  csv,           ///< .csv
  tsv,           ///< .tsv
  json_lines,    ///< .jsonl, .ndjson
  parquet,       ///< .parquet
  arrow_file,    ///< .arrow: Arrow IPC with a footer.
  arrow_stream,  ///< .arrows: Arrow IPC from beginning to end.
};

/// The format of the file `name`, which may end in .gz where the format is text; nothing when its
/// end tells none.
[[nodiscard]] std::optional<TableFormat> format_of_name(std::string_view name);

/// Whether lines of text, as opposed to columns.
[[nodiscard]] bool is_text_format(TableFormat format);

}  // namespace millgate
