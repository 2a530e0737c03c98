#include "data/table/table_format.h"

namespace millgate {

std::optional<TableFormat> format_of_name(std::string_view name) {
  const bool packed = name.ends_with(".gz");
  if (packed) name.remove_suffix(3);
  if (name.ends_with(".csv")) return TableFormat::csv;
  if (name.ends_with(".tsv")) return TableFormat::tsv;
  if (name.ends_with(".jsonl") || name.ends_with(".ndjson")) return TableFormat::json_lines;
  if (packed) return std::nullopt;
  if (name.ends_with(".parquet")) return TableFormat::parquet;
  if (name.ends_with(".arrow")) return TableFormat::arrow_file;
  if (name.ends_with(".arrows")) return TableFormat::arrow_stream;
  return std::nullopt;
}

bool is_text_format(TableFormat format) {
  return format == TableFormat::csv || format == TableFormat::tsv ||
         format == TableFormat::json_lines;
}

}  // namespace millgate
