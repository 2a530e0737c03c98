#include "system/monitor/log_file.h"

#include <arrow/api.h>

#include <algorithm>

#include "data/query/sql_token.h"
#include "data/table/arrow_result.h"
#include "data/table/reader.h"
#include "ground/file_store.h"
#include "ground/nearest_name.h"
#include "system/monitor/event_lines.h"

namespace millgate {

std::vector<std::string> names_of(const LogColumns& columns) {
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const auto& [name, type] : columns) names.push_back(name);
  return names;
}

std::string type_of(const LogColumns& columns, const std::string& name) {
  for (const auto& [one, type] : columns) {
    if (one == name) return type;
  }
  return {};
}

Result<std::string> find_log_column(const LogColumns& columns, const std::string& asked,
                                    std::span<const char* const> usual, const std::string& role,
                                    const std::string& file) {
  const std::vector<std::string> names = names_of(columns);
  if (!asked.empty()) {
    if (std::find(names.begin(), names.end(), asked) != names.end()) return asked;
    return invalid_input("`" + file + "` has no column `" + asked + "` (asked for as " + role + ")",
                         name_hint(asked, names));
  }
  for (const char* candidate : usual) {
    for (const std::string& name : names) {
      if (sql_lower(name) == candidate) return name;
    }
  }
  return std::string();
}

bool is_number_type(const std::string& type) {
  static constexpr std::array kTypes = {"TINYINT",  "SMALLINT",  "INTEGER",  "BIGINT", "HUGEINT",
                                        "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"};
  return type == "DOUBLE" || type == "FLOAT" || type.starts_with("DECIMAL") ||
         std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

std::string time_sql_of(const std::string& column, const std::string& type) {
  const std::string name = quote_name(column);
  if (is_number_type(type)) {
    return "make_timestamp(case when abs(" + name + ") < 1e11 then " + name +
           " * 1000000 when abs(" + name + ") < 1e14 then " + name + " * 1000 when abs(" + name +
           ") < 1e17 then " + name + " else " + name + " / 1000 end::bigint)::timestamptz";
  }
  return "try_cast(" + name + " as timestamptz)";
}

Status load_log_files(Database& database, const std::vector<std::string>& patterns,
                      const std::string& scratch, const std::string& name,
                      std::vector<std::string>& notes) {
  std::vector<std::string> paths;
  for (const std::string& pattern : patterns) {
    const auto files = expand_glob(pattern);
    if (files.empty()) return not_found("no file matches `" + pattern + "`");
    paths.insert(paths.end(), files.begin(), files.end());
  }
  MILLGATE_ASSIGN(const UnfoldedEvents unfolded, unfold_events(paths, scratch));
  notes.insert(notes.end(), unfolded.notes.begin(), unfolded.notes.end());
  MILLGATE_ASSIGN(const auto stream, read_table_files(unfolded.paths, {}));
  MILLGATE_ARROW(const std::shared_ptr<arrow::Table> rows, stream->ToTable(), patterns.front());
  return database.add_arrow(name, rows);
}

}  // namespace millgate
