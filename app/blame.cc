#include <iostream>

#include "app/commands.h"
#include "app/text_table.h"
#include "data/store/row_history.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

struct Options {
  std::string table;
  std::vector<std::string> key;
  std::string column;
  std::string revision = kCurrentBranch;
};

Result<std::vector<BlamedCell>> blamed_cells(const Repository& repository, const Options& options) {
  MILLGATE_ASSIGN(const Commit commit, repository.resolve(options.revision));
  const auto table = commit.tables.find(options.table);
  std::string key;
  if (table != commit.tables.end()) {
    MILLGATE_ASSIGN(const TableVersion version,
                    read_table_version(repository.objects(), table->second));
    MILLGATE_ASSIGN(key, key_from_texts(version, options.key));
  }
  MILLGATE_ASSIGN(std::vector<BlamedCell> cells, blame_row(repository, commit, options.table, key));
  if (options.column.empty()) return cells;
  std::vector<std::string> names;
  names.reserve(cells.size());
  for (const BlamedCell& cell : cells) names.push_back(cell.column);
  std::erase_if(cells, [&](const BlamedCell& cell) { return cell.column != options.column; });
  if (!cells.empty()) return cells;
  return not_found("table `" + options.table + "` has no column `" + options.column + "`",
                   name_hint(options.column, names));
}

Result<int> blame(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const std::vector<BlamedCell> cells, blamed_cells(*repository, options));
  if (session.json) {
    Json json = Json::array();
    for (const BlamedCell& cell : cells) {
      json.push_back({{"column", cell.column},
                      {"value", cell.value},
                      {"commit", cell.commit.id.hex()},
                      {"time", to_string(cell.commit.time)},
                      {"author", cell.commit.author},
                      {"message", cell.commit.message}});
    }
    print_json(json);
    return kDone;
  }
  TextTable lines({"column", "value", "commit", "time", "author", "message"});
  for (const BlamedCell& cell : cells) {
    lines.add({cell.column, cell.value, cell.commit.id.brief(), to_string(cell.commit.time),
               cell.commit.author, cell.commit.message});
  }
  lines.print(std::cout);
  return kDone;
}

}  // namespace

void add_blame(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("blame", "tell which commit, and who, gave each cell of a row its value",
                          "millgate blame weather EWR 2013-01-01T06:00:00Z --column temp");
  command.add_option("table", options->table, "the table").required();
  command.add_option("key", options->key, "the row: a value for each column of the table's key")
      .required();
  command.add_option("--column", options->column, "this column only");
  command.add_option("--rev", options->revision, "revision to look back from").shows_default();
  command.does([&session, options] { return blame(session, *options); });
}

}  // namespace millgate
