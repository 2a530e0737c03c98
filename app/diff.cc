#include <arrow/api.h>

#include <cmath>
#include <iostream>
#include <set>

#include "app/commands.h"
#include "app/text_table.h"
#include "data/store/table_diff.h"
#include "data/store/version_update.h"
#include "data/table/arrow_result.h"
#include "data/table/row_key.h"
#include "data/table/writer.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

struct Options {
  std::string before;
  std::string after = "main";
  std::string table;
  std::string out;
  int64_t rows_max = 10;
  bool exit_code = false;
};

/// One table as both revisions have it.
struct DiffedTable {
  std::string name;
  bool added = false;
  bool dropped = false;
  TableVersion before;
  TableVersion after;
  TableDiff diff;
};

Json cell_json(const arrow::Array& column, int64_t row) {
  if (column.IsNull(row)) return nullptr;
  switch (column.type_id()) {
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(column).Value(row);
    case arrow::Type::INT64:
      return static_cast<const arrow::Int64Array&>(column).Value(row);
    case arrow::Type::DOUBLE: {
      // JSON knows no NaN; as null it could not be told from a missing value.
      const double value = static_cast<const arrow::DoubleArray&>(column).Value(row);
      return std::isfinite(value) ? Json(value) : Json(value_text(column, row));
    }
    default:
      return value_text(column, row);
  }
}

const char* name_of(ChangeKind kind) {
  if (kind == ChangeKind::inserted) return "inserted";
  return kind == ChangeKind::updated ? "updated" : "removed";
}

bool is_key(const DiffedTable& table, int column) {
  const auto& key = table.after.key;
  return std::find(key.begin(), key.end(), table.diff.schema->field(column)->name()) != key.end();
}

/// "a = 1, b = 2", cut when it is long.
std::string row_text(const DiffedTable& table, int64_t row, bool key_columns) {
  constexpr size_t kBytesMax = 60;
  const Changes& changes = table.diff.changes;
  const bool removed = changes.kinds[static_cast<size_t>(row)] == ChangeKind::removed;
  const arrow::RecordBatch& rows = removed ? *changes.before : *changes.after;
  std::string text;
  for (int i = 0; i < rows.num_columns(); ++i) {
    if (is_key(table, i) != key_columns) continue;
    if (!text.empty()) text += ", ";
    text += rows.schema()->field(i)->name() + " = " + value_text(*rows.column(i), row);
    if (text.size() > kBytesMax && !key_columns) return text.substr(0, kBytesMax) + " ...";
  }
  return text;
}

void print_rows(const DiffedTable& table) {
  const Changes& changes = table.diff.changes;
  if (changes.row_count() == 0) return;
  TextTable lines({"change", "row", "column", "before", "after"});
  for (int64_t row = 0; row < changes.row_count(); ++row) {
    const ChangeKind kind = changes.kinds[static_cast<size_t>(row)];
    const std::string key = row_text(table, row, true);
    if (kind != ChangeKind::updated) {
      const std::string cells = row_text(table, row, false);
      const bool removed = kind == ChangeKind::removed;
      lines.add({name_of(kind), key, "", removed ? cells : "", removed ? "" : cells});
      continue;
    }
    for (int i = 0; i < changes.after->num_columns(); ++i) {
      if (!changes.cell_changed(row, i)) continue;
      lines.add({name_of(kind), key, table.diff.schema->field(i)->name(),
                 value_text(*changes.before->column(i), row),
                 value_text(*changes.after->column(i), row)});
    }
  }
  lines.print(std::cout);
  const int64_t more = table.diff.row_count() - changes.row_count();
  if (more > 0) std::cout << grouped(more) << " more changed rows; --rows N shows them\n";
}

const ColumnStatistics* statistics_of(const TableVersion& version, const std::string& name) {
  if (version.digests.empty()) return nullptr;
  for (const ColumnStatistics& column : version.columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

std::string from_to(const std::string& before, const std::string& after) {
  return before == after ? after : before + " -> " + after;
}

void print_columns(const DiffedTable& table) {
  TextTable lines({"column", "changed cells", "missing", "minimum", "maximum"});
  for (size_t i = 0; i < table.diff.changed_cells.size(); ++i) {
    const std::string& name = table.diff.schema->field(static_cast<int>(i))->name();
    const ColumnStatistics* before = statistics_of(table.before, name);
    const ColumnStatistics* after = statistics_of(table.after, name);
    const bool known = before != nullptr && after != nullptr;
    const bool moved =
        known && (before->null_count != after->null_count || before->minimum != after->minimum ||
                  before->maximum != after->maximum);
    if (table.diff.changed_cells[i] == 0 && !moved) continue;
    lines.add({name, grouped(table.diff.changed_cells[i]),
               known ? from_to(grouped(before->null_count), grouped(after->null_count)) : "?",
               known ? from_to(before->minimum, after->minimum) : "?",
               known ? from_to(before->maximum, after->maximum) : "?"});
  }
  if (!lines.empty()) lines.print(std::cout);
}

void print_table(const DiffedTable& table) {
  std::cout << "table " << table.name << ": ";
  if (table.added || table.dropped) {
    std::cout << (table.added ? "new, " : "gone, with ")
              << grouped((table.added ? table.after : table.before).row_count) << " rows\n";
    return;
  }
  const TableDiff& diff = table.diff;
  std::cout << grouped(table.before.row_count) << " -> " << grouped(table.after.row_count)
            << " rows: " << grouped(diff.inserted_count) << " inserted, "
            << grouped(diff.updated_count) << " updated, " << grouped(diff.removed_count)
            << " removed\n";
  if (diff.key_changed) std::cout << "  the key changed, so rows were not compared\n";
  for (const ColumnChange& column : diff.columns) {
    std::cout << "  column `" << column.name << "` ";
    if (column.type_before.empty()) {
      std::cout << "is new: " << column.type_after << '\n';
    } else if (column.type_after.empty()) {
      std::cout << "is gone: " << column.type_before << '\n';
    } else {
      std::cout << "was " << column.type_before << ", is " << column.type_after << '\n';
    }
  }
  print_columns(table);
  print_rows(table);
}

Json rows_json(const DiffedTable& table) {
  const Changes& changes = table.diff.changes;
  Json rows = Json::array();
  for (int64_t row = 0; row < changes.row_count(); ++row) {
    const ChangeKind kind = changes.kinds[static_cast<size_t>(row)];
    const arrow::RecordBatch& side = kind == ChangeKind::removed ? *changes.before : *changes.after;
    Json key = Json::object();
    Json cells = Json::object();
    for (int i = 0; i < side.num_columns(); ++i) {
      const std::string& name = table.diff.schema->field(i)->name();
      if (is_key(table, i)) {
        key[name] = cell_json(*side.column(i), row);
      } else if (kind != ChangeKind::updated) {
        cells[name] = cell_json(*side.column(i), row);
      } else if (changes.cell_changed(row, i)) {
        cells[name] = {{"before", cell_json(*changes.before->column(i), row)},
                       {"after", cell_json(*changes.after->column(i), row)}};
      }
    }
    rows.push_back({{"change", name_of(kind)}, {"key", key}, {"cells", cells}});
  }
  return rows;
}

Json to_json(const DiffedTable& table) {
  const TableDiff& diff = table.diff;
  Json columns = Json::array();
  for (const ColumnChange& column : diff.columns) {
    columns.push_back({{"column", column.name},
                       {"type_before", column.type_before},
                       {"type_after", column.type_after}});
  }
  Json cells = Json::object();
  for (size_t i = 0; i < diff.changed_cells.size(); ++i) {
    if (diff.changed_cells[i] == 0) continue;
    cells[diff.schema->field(static_cast<int>(i))->name()] = diff.changed_cells[i];
  }
  return {{"table", table.name},
          {"change", table.added     ? "added"
                     : table.dropped ? "dropped"
                                     : "changed"},
          {"row_count_before", table.before.row_count},
          {"row_count", table.after.row_count},
          {"inserted_count", diff.inserted_count},
          {"updated_count", diff.updated_count},
          {"removed_count", diff.removed_count},
          {"key_changed", diff.key_changed},
          {"schema", columns},
          {"changed_cells", cells},
          {"rows", rows_json(table)},
          {"complete", diff.complete}};
}

Result<DiffedTable> diff_table(const Repository& repository, const std::string& name,
                               const Commit& before, const Commit& after, int64_t rows_max) {
  DiffedTable table;
  table.name = name;
  const auto old_id = before.tables.find(name);
  const auto new_id = after.tables.find(name);
  table.added = old_id == before.tables.end();
  table.dropped = new_id == after.tables.end();
  if (!table.added) {
    MILLGATE_ASSIGN(table.before, read_table_version(repository.objects(), old_id->second));
  }
  if (!table.dropped) {
    MILLGATE_ASSIGN(table.after, read_table_version(repository.objects(), new_id->second));
  }
  if (table.added || table.dropped) {
    const TableVersion& there = table.added ? table.after : table.before;
    table.diff.schema = arrow::schema({});
    MILLGATE_ASSIGN(table.diff.changes, no_changes(there.schema, there.key));
    return table;
  }
  MILLGATE_ASSIGN(table.diff, diff_versions(repository.objects(), table.before, table.after,
                                            {.rows_max = rows_max}));
  return table;
}

/// The changed rows as a file: `_change`, then the columns, before and after.
Status write_rows(const DiffedTable& table, const std::string& path) {
  const Changes& changes = table.diff.changes;
  arrow::StringBuilder kinds;
  for (const ChangeKind kind : changes.kinds) {
    MILLGATE_ARROW_TRY(kinds.Append(name_of(kind)), path);
  }
  MILLGATE_ARROW(auto kind_column, kinds.Finish(), path);
  arrow::FieldVector fields = {arrow::field("change", arrow::utf8())};
  std::vector<std::shared_ptr<arrow::Array>> columns = {kind_column};
  for (int i = 0; i < changes.after->num_columns(); ++i) {
    const auto& field = table.diff.schema->field(i);
    if (is_key(table, i)) {
      fields.push_back(field);
      columns.push_back(changes.after->column(i));
      continue;
    }
    fields.push_back(field->WithName(field->name() + "_before"));
    columns.push_back(changes.before->column(i));
    fields.push_back(field->WithName(field->name() + "_after"));
    columns.push_back(changes.after->column(i));
  }
  const auto rows = arrow::Table::Make(arrow::schema(fields), columns);
  arrow::TableBatchReader reader(*rows);
  MILLGATE_ASSIGN(const int64_t count, write_table_file(reader, path));
  std::cerr << grouped(count) << " changed rows written to " << path << '\n';
  return {};
}

Result<int> diff(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const Commit before, repository->resolve(options.before));
  MILLGATE_ASSIGN(const Commit after, repository->resolve(options.after));
  std::set<std::string> names;
  for (const auto* commit : {&before, &after}) {
    for (const auto& [name, version] : commit->tables) names.insert(name);
  }
  if (!options.table.empty() && !names.contains(options.table)) {
    return not_found(
        "table `" + options.table + "` is in neither revision",
        name_hint(options.table, std::vector<std::string>(names.begin(), names.end())));
  }
  if (!options.out.empty() && options.table.empty()) {
    return invalid_input("one file holds the rows of one table", "name it with --table");
  }
  const int64_t rows_max = options.out.empty() ? options.rows_max : INT64_MAX;
  std::vector<DiffedTable> tables;
  for (const std::string& name : names) {
    if (!options.table.empty() && name != options.table) continue;
    const auto old_id = before.tables.find(name);
    const auto new_id = after.tables.find(name);
    if (old_id != before.tables.end() && new_id != after.tables.end() &&
        old_id->second == new_id->second) {
      continue;
    }
    MILLGATE_ASSIGN(DiffedTable table, diff_table(*repository, name, before, after, rows_max));
    if (table.added || table.dropped || table.diff.any()) tables.push_back(std::move(table));
  }
  if (!options.out.empty() && !tables.empty()) MILLGATE_TRY(write_rows(tables[0], options.out));
  if (session.json) {
    Json json = Json::array();
    for (const DiffedTable& table : tables) json.push_back(to_json(table));
    print_json({{"before", before.id.hex()}, {"after", after.id.hex()}, {"tables", json}});
  } else if (options.out.empty()) {
    for (const DiffedTable& table : tables) print_table(table);
    if (tables.empty()) std::cout << "no difference\n";
  }
  return options.exit_code && !tables.empty() ? kAnswerIsNo : kDone;
}

}  // namespace

void add_diff(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("diff", "show what differs between two versions, by row and by cell",
                          "millgate diff main~1 main --table flights --rows 50");
  command.add_option("before", options->before, "the revision to start from").required();
  command.add_option("after", options->after, "the revision to end at").shows_default();
  command.add_option("--table", options->table, "this table only");
  command.add_option("--rows", options->rows_max, "show at most so many changed rows a table")
      .not_negative()
      .shows_default();
  command.add_option("-o,--out", options->out,
                     "write all changed rows of the table to .parquet, .csv, .jsonl or .arrow");
  command.add_flag("--exit-code", options->exit_code, "exit with 1 when there is a difference");
  command.does([&session, options] { return diff(session, *options); });
}

}  // namespace millgate
