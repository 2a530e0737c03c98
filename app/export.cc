#include <arrow/record_batch.h>
#include <unistd.h>

#include <iostream>

#include "app/commands.h"
#include "app/export_c.h"
#include "app/export_onnx.h"
#include "app/export_page.h"
#include "app/personal_exit.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "data/delta/delta_export.h"
#include "data/keep/known_copies.h"
#include "data/store/table_version.h"
#include "data/table/writer.h"
#include "ground/nearest_name.h"
#include "system/monitor/wording.h"
#include "system/report/croissant.h"

namespace millgate {

namespace {

struct Options {
  std::string table;
  std::string file;
  std::string format;
  std::string delta;
  std::string croissant;
  std::string c_file;
  std::string onnx_file;
  std::string page_file;
  bool force = false;
  std::string reason;  ///< Of an export against the policy for personal data.
  std::string name;    ///< Who answers for that.
};

/// A table as people name it, "flights@main~1".
struct AskedTable {
  std::string name;
  std::string revision = kCurrentBranch;
};

AskedTable parse_table(const std::string& text) {
  AskedTable asked;
  const size_t at = text.find('@');
  asked.name = text.substr(0, at);
  // "flights@{2013-05-01}" means the branch main, as in SQL.
  if (at != std::string::npos) {
    asked.revision = text.substr(text.substr(at + 1).starts_with('{') ? at : at + 1);
  }
  return asked;
}

Result<Id> find_version(const Commit& commit, const std::string& table) {
  const auto found = commit.tables.find(table);
  if (found != commit.tables.end()) return found->second;
  if (commit.trees.contains(table)) {
    return invalid_input("`" + table + "` is a folder of files",
                         "`millgate checkout " + table + " --to DIR` writes its files");
  }
  std::vector<std::string> names;
  names.reserve(commit.tables.size());
  for (const auto& [name, version] : commit.tables) names.push_back(name);
  return not_found("table `" + table + "` is not in commit " + commit.id.brief(),
                   name_hint(table, names));
}

Result<TableFormat> format_for_output(const std::string& format) {
  const auto known = format_of_name("." + format);
  if (known) return *known;
  return invalid_input("standard output has no name that tells its format",
                       "add --format csv, jsonl, parquet, arrow or arrows");
}

/// How the rows leave: as the policy asks, or, recorded first, as they are.
Result<RowChanges> changes_for(Repository& repository, const Options& options,
                               const std::string& table, const Commit& commit,
                               const std::string& to) {
  if (options.reason.empty()) return open_guard(repository);
  MILLGATE_ASSIGN(const auto columns, record_disclosure(repository, {.table = table,
                                                                     .commit = commit.id,
                                                                     .to = to,
                                                                     .reason = options.reason,
                                                                     .name = options.name}));
  std::cerr << "note: " << count_of(static_cast<int64_t>(columns.size()), "column") << " of "
            << table << " left against the policy for personal data; the ledger has it\n";
  return RowChanges();
}

/// To standard output; a reader that has seen enough is no error.
Result<int> write_output(const Options& options, arrow::RecordBatchReader& rows) {
  MILLGATE_ASSIGN(const TableFormat format, format_for_output(options.format));
  const auto count = write_table_stream(rows, format, STDOUT_FILENO, "standard output");
  if (!count.ok() && !reader_left()) return count.error();
  return kDone;
}

Result<int> export_history(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  const AskedTable asked = parse_table(options.table);
  DeltaTarget target{.table = asked.name, .commit = {}, .folder = options.delta};
  MILLGATE_ASSIGN(target.commit, repository->resolve(asked.revision));
  MILLGATE_ASSIGN(target.changes,
                  changes_for(*repository, options, asked.name, target.commit, options.delta));
  MILLGATE_ASSIGN(const DeltaExportReport report, export_delta(*repository, target));
  // It is there all the same; `forget` cannot name it then.
  (void)note_export(*repository, asked.name, options.delta);
  if (session.json) {
    print_json({{"table", asked.name},
                {"commit", target.commit.id.hex()},
                {"folder", options.delta},
                {"version", report.version},
                {"new_versions", report.new_versions},
                {"new_files", report.new_files},
                {"new_bytes", report.new_bytes},
                {"file_count", report.file_count}});
  } else {
    std::cout << asked.name << " at commit " << target.commit.id.brief() << " is version "
              << report.version << " of the Delta table in " << options.delta << ": "
              << grouped(report.new_versions) << " new versions, " << grouped(report.new_files)
              << " new files (" << byte_size(report.new_bytes) << ")\n";
  }
  return kDone;
}

Result<int> export_table(const Session& session, const Options& options) {
  const bool to_output = options.file == "-";
  if (to_output && session.json) {
    return invalid_input("`--json` and the rows would both go to standard output",
                         "name a file, or leave `--json` out");
  }
  if (!to_output && !options.format.empty()) {
    return invalid_input("`--format` is for standard output; a file's name tells its format",
                         "let it end in ." + options.format);
  }
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  const AskedTable asked = parse_table(options.table);
  MILLGATE_ASSIGN(const Commit commit, repository->resolve(asked.revision));
  MILLGATE_ASSIGN(const Id id, find_version(commit, asked.name));
  MILLGATE_ASSIGN(const TableVersion version, read_table_version(repository->objects(), id));
  MILLGATE_ASSIGN(const RowChanges changes,
                  changes_for(*repository, options, asked.name, commit, options.file));
  std::shared_ptr<const RowChange> change;
  if (changes) {
    MILLGATE_ASSIGN(change, changes(asked.name, version));
  }
  MILLGATE_ASSIGN(auto stored, read_rows(repository->objects(), version));
  const auto rows = changed_rows(std::move(stored), change);
  if (change != nullptr) print_change_note(asked.name, change->text);
  if (to_output) return write_output(options, *rows);
  auto count = write_table_file(*rows, options.file, options.force);
  if (!count.ok()) {
    Error error = std::move(count).error();
    if (error.code == ErrorCode::conflict) error.hint = "`--force` writes over it";
    return error;
  }
  if (session.json) {
    print_json({{"table", asked.name},
                {"commit", commit.id.hex()},
                {"row_count", *count},
                {"file", options.file},
                {"personal", change == nullptr ? Json() : Json(change->text)}});
  } else {
    std::cout << count_of(*count, "row") << " of " << asked.name << " at commit "
              << commit.id.brief() << " in " << options.file << '\n';
  }
  return kDone;
}

Json to_json(const CroissantReport& report) {
  Json tables = Json::array();
  for (const CroissantTable& one : report.tables) {
    tables.push_back({{"table", one.table},
                      {"file", one.file},
                      {"row_count", one.row_count},
                      {"size_bytes", one.size_bytes},
                      {"sha256", one.sha256},
                      {"personal", one.changed.empty() ? Json() : Json(one.changed)}});
  }
  Json unsaid = Json::array();
  for (const Unsaid& one : report.unsaid) {
    unsaid.push_back({{"property", one.property},
                      {"table", one.table.empty() ? Json() : Json(one.table)},
                      {"member", one.member}});
  }
  return {{"version", report.version}, {"tables", tables}, {"unsaid", unsaid}};
}

/// One line for each property, with the tables that could say it.
void print_unsaid(const std::vector<Unsaid>& unsaid) {
  for (size_t i = 0; i < unsaid.size();) {
    const Unsaid& first = unsaid[i];
    std::string tables;
    for (; i < unsaid.size() && unsaid[i].property == first.property; ++i) {
      tables += (tables.empty() ? " of `" : ", `") + unsaid[i].table + "`";
    }
    std::cerr << "hint: no `" << first.property << "`: ";
    if (first.table.empty()) {
      std::cerr << "write `" << first.member << "` into [project] of millgate.toml\n";
    } else {
      std::cerr << "nobody has said `" << first.member << "`" << tables
                << "; it belongs into [source.about] of millgate.toml\n";
    }
  }
}

Result<int> export_described(const Session& session, const Options& options) {
  if (!options.file.empty() || !options.format.empty() || !options.delta.empty()) {
    return invalid_input(
        "`--croissant` writes a folder of its own: it takes no file, format or "
        "Delta table",
        "millgate export " + options.table + " --croissant " + options.croissant);
  }
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  const AskedTable asked = parse_table(options.table);
  CroissantTarget target{
      .commit = {}, .table = asked.name, .folder = options.croissant, .overwrite = options.force};
  MILLGATE_ASSIGN(target.commit, place.repository->resolve(asked.revision));
  if (!options.reason.empty() && asked.name.empty()) {
    return invalid_input("`--override` is for one table at a time",
                         "name the table whose rows leave against the policy");
  }
  MILLGATE_ASSIGN(target.changes, changes_for(*place.repository, options, asked.name, target.commit,
                                              options.croissant));
  MILLGATE_ASSIGN(const CroissantReport report,
                  export_croissant(*place.repository, place.project, target));
  if (session.json) {
    Json json = {{"commit", target.commit.id.hex()}, {"folder", options.croissant}};
    json.update(to_json(report));
    print_json(json);
    return kDone;
  }
  TextTable lines({"table", "rows", "file", "size"});
  for (const CroissantTable& one : report.tables) {
    lines.add({one.table, grouped(one.row_count), one.file, byte_size(one.size_bytes)});
  }
  lines.print(std::cout);
  std::cout << "version " << report.version << " of the data, commit " << target.commit.id.brief()
            << ": " << options.croissant << '/' << kCroissantFile << '\n';
  for (const CroissantTable& one : report.tables) print_change_note(one.table, one.changed);
  print_unsaid(report.unsaid);
  return kDone;
}

bool is_one_model_file(const Options& options) {
  return (options.c_file.empty() ? 0 : 1) + (options.onnx_file.empty() ? 0 : 1) +
             (options.page_file.empty() ? 0 : 1) ==
         1;
}

Result<int> export_model(const Session& session, const Options& options) {
  if (!options.c_file.empty()) {
    return export_c(session,
                    {.model = options.table, .file = options.c_file, .force = options.force});
  }
  if (!options.onnx_file.empty()) {
    return export_onnx(session,
                       {.model = options.table, .file = options.onnx_file, .force = options.force});
  }
  return export_page(session,
                     {.model = options.table, .file = options.page_file, .force = options.force});
}

Result<int> export_asked(const Session& session, const Options& options) {
  const bool is_of_tables = !options.file.empty() || !options.format.empty() ||
                            !options.delta.empty() || !options.croissant.empty() ||
                            !options.reason.empty();
  for (const auto& [option, file] : {std::pair{"--c", &options.c_file},
                                     {"--onnx", &options.onnx_file},
                                     {"--wasm-page", &options.page_file}}) {
    if (file->empty()) continue;
    if (is_of_tables) {
      return invalid_input(
          "`" + std::string(option) + "` writes a model: it takes nothing that is for tables",
          "millgate export MODEL " + std::string(option) + " " + *file);
    }
    if (is_one_model_file(options)) return export_model(session, options);
    return invalid_input("a model is written in one form at a time",
                         "millgate export MODEL " + std::string(option) + " " + *file);
  }
  if (!options.croissant.empty()) return export_described(session, options);
  if (parse_table(options.table).name.empty()) {
    return invalid_input("there is no table to export",
                         "millgate export TABLE FILE; only `--croissant` takes all tables");
  }
  if (options.delta.empty()) {
    if (!options.file.empty()) return export_table(session, options);
    return invalid_input(
        "there is no file to write to",
        "millgate export " + options.table + " FILE, or --delta FOLDER, or --croissant FOLDER");
  }
  if (options.file.empty() && options.format.empty() && !options.force) {
    return export_history(session, options);
  }
  return invalid_input("`--delta` goes on with a Delta table: it takes no file, format or force",
                       "millgate export " + options.table + " --delta " + options.delta);
}

}  // namespace

void add_export(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "export", "write a table, as it is in any version, or a model, for other programs",
      "millgate export flights@main~1 flights.parquet\n"
      "  millgate export --croissant published\n"
      "  millgate export serving --c flights.c\n"
      "  millgate export serving --onnx flights.onnx\n"
      "  millgate export serving --wasm-page flights.html");
  command.add_option(
      "table", options->table,
      "a table, perhaps at a revision: flights@main~1; with --croissant also all "
      "tables of a revision: @main~1; with --c, --onnx or --wasm-page a model (default: serving)");
  command.add_option(
      "file", options->file,
      "ends in .csv, .jsonl, .ndjson, .parquet, .arrow (Arrow file) or .arrows (Arrow "
      "stream); `-` is standard output");
  command.add_option(
      "--delta", options->delta,
      "instead of a file, bring the Delta Lake table in this folder up to date: each "
      "commit that changed the table is a version of it");
  command.add_option(
      "--croissant", options->croissant,
      "instead of a file, write into this folder the table, and those it refers to, as Parquet "
      "with croissant.json, which describes them (Croissant 1.0); without a table, all of them");
  command.add_option("--c", options->c_file,
                     "instead of a table, write a model with its features and calibration as one "
                     "C99 file, for devices; `-` is standard output");
  command.add_option("--onnx", options->onnx_file,
                     "instead of a table, write a model with its features and calibration as one "
                     "graph of ONNX, in doubles");
  command.add_option(
      "--wasm-page", options->page_file,
      "instead of a table, write a model as one HTML file that predicts in a browser, "
      "without network or server");
  command.add_option("--format", options->format, "of standard output")
      .one_of({"csv", "jsonl", "parquet", "arrow", "arrows"});
  command.add_flag("--force", options->force, "write over what is there");
  Parameter reason = command.add_option("--override", options->reason,
                                        "let columns out that the policy for personal data masks "
                                        "or hashes: why; the ledger keeps it");
  command.add_option("--by", options->name, "with --override: who answers for it").needs(reason);
  command.does([&session, options] { return export_asked(session, *options); });
}

}  // namespace millgate
