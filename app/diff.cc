#include <arrow/api.h>

#include <iostream>
#include <map>
#include <set>

#include "app/about_text.h"
#include "app/commands.h"
#include "app/personal_exit.h"
#include "app/table_changes.h"
#include "app/text_table.h"
#include "data/store/table_diff.h"
#include "data/table/arrow_result.h"
#include "data/table/writer.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

struct Options {
  std::string before;
  std::string after = kCurrentBranch;
  std::string table;
  std::string out;
  int64_t rows_max = 10;
  TableDriftOptions drift;
  bool exit_code = false;
};

Result<std::vector<AboutChange>> about_changes_between(const Commit& before, const Commit& after,
                                                       const std::string& name) {
  MILLGATE_ASSIGN(const Json said_before, about_in(before, name));
  MILLGATE_ASSIGN(const Json said_after, about_in(after, name));
  return about_changes(said_before, said_after);
}

/// Folders that both have and of which something else is said. Their files are told by `files`.
Result<std::map<std::string, std::vector<AboutChange>>> folder_changes(const Commit& before,
                                                                       const Commit& after) {
  std::map<std::string, std::vector<AboutChange>> folders;
  for (const auto& [name, tree] : after.trees) {
    MILLGATE_ASSIGN(auto about, about_changes_between(before, after, name));
    if (!about.empty()) folders[name] = std::move(about);
  }
  return folders;
}

Result<DiffedTable> diff_table(const Repository& repository, const std::string& name,
                               const Commit& before, const Commit& after, const Options& options) {
  DiffedTable table;
  table.name = name;
  const auto old_id = before.tables.find(name);
  const auto new_id = after.tables.find(name);
  table.added = old_id == before.tables.end();
  table.dropped = new_id == after.tables.end();
  MILLGATE_ASSIGN(table.about, about_changes_between(before, after, name));
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
                                            {.rows_max = options.rows_max}));
  table.before = with_renamed_columns(table.before, table.diff.renames);
  if (options.out.empty() && table.diff.any()) {
    MILLGATE_ASSIGN(table.moves, column_moves(repository,
                                              {.name = name,
                                               .before_commit = before,
                                               .after_commit = after,
                                               .before = table.before,
                                               .after = table.after,
                                               .diff = table.diff},
                                              options.drift));
  }
  return table;
}

void hide_extremes(TableVersion& version, const RowChange& change) {
  for (ColumnStatistics& one : version.columns) {
    if (change.changes(one.name)) one.minimum = one.maximum = "";
  }
}

/// Personal data as the policy asks; what changed is still told.
Status guard_cells(DiffedTable& table, const RowChanges& guard) {
  if (!guard) return {};
  MILLGATE_ASSIGN(const auto change, guard(table.name, table.dropped ? table.before : table.after));
  if (change == nullptr) return {};
  hide_extremes(table.before, *change);
  hide_extremes(table.after, *change);
  for (auto* rows : {&table.diff.changes.before, &table.diff.changes.after}) {
    if (*rows == nullptr) continue;
    MILLGATE_ASSIGN(*rows, change->apply(**rows));
    if (table.diff.schema->num_fields() > 0) table.diff.schema = (*rows)->schema();
  }
  print_change_note(table.name, change->text);
  return {};
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
  if (!options.out.empty() && options.table.empty() && names.size() > 1) {
    return invalid_input("one file holds the rows of one table", "name it with --table");
  }
  Options asked = options;
  if (!options.out.empty()) asked.rows_max = INT64_MAX;
  MILLGATE_ASSIGN(const RowChanges guard, open_guard(*repository));
  std::vector<DiffedTable> tables;
  for (const std::string& name : names) {
    if (!options.table.empty() && name != options.table) continue;
    const auto old_id = before.tables.find(name);
    const auto new_id = after.tables.find(name);
    if (old_id != before.tables.end() && new_id != after.tables.end() &&
        old_id->second == new_id->second) {
      MILLGATE_ASSIGN(const auto about, about_changes_between(before, after, name));
      if (about.empty()) continue;
    }
    MILLGATE_ASSIGN(DiffedTable table, diff_table(*repository, name, before, after, asked));
    const bool differs = table.added || table.dropped || table.diff.any() || !table.about.empty();
    if (!differs) continue;
    MILLGATE_TRY(guard_cells(table, guard));
    tables.push_back(std::move(table));
  }
  if (!options.out.empty() && !tables.empty()) MILLGATE_TRY(write_rows(tables[0], options.out));
  std::map<std::string, std::vector<AboutChange>> folders;
  if (options.table.empty()) {
    MILLGATE_ASSIGN(folders, folder_changes(before, after));
  }
  const bool any = !tables.empty() || !folders.empty();
  if (session.json) {
    Json folder_json = Json::array();
    for (const auto& [name, about] : folders) {
      folder_json.push_back({{"folder", name}, {"about", about_json(about)}});
    }
    Json json = Json::array();
    for (const DiffedTable& table : tables) json.push_back(changes_json(table));
    print_json({{"before", before.id.hex()},
                {"after", after.id.hex()},
                {"tables", std::move(json)},
                {"folders", std::move(folder_json)}});
  } else if (options.out.empty()) {
    for (const DiffedTable& table : tables) print_changes(table);
    for (const auto& [name, about] : folders) {
      std::cout << "folder " << name << '\n';
      print_about_changes(about);
    }
    if (!any) std::cout << "no difference\n";
  }
  return options.exit_code && any ? kAnswerIsNo : kDone;
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
  command
      .add_option("--effect", options->drift.effect_min,
                  "change of a distribution from which it is measured and called shifted, as in "
                  "`millgate drift`; below it is bounded by the number of changes")
      .between(0.0, 1.0)
      .shows_default();
  command.add_option("-o,--out", options->out,
                     "write all changed rows of the table to .parquet, .csv, .jsonl or .arrow");
  command.add_flag("--exit-code", options->exit_code, "exit with 1 when there is a difference");
  command.does([&session, options] { return diff(session, *options); });
}

}  // namespace millgate
