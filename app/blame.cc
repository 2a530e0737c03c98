#include <iostream>

#include "app/commands.h"
#include "app/personal_exit.h"
#include "app/text_table.h"
#include "data/check/rule_blame.h"
#include "data/check/rule_form.h"
#include "data/query/sql_token.h"
#include "data/store/row_history.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

struct Options {
  std::string table;
  std::vector<std::string> key;
  std::string column;
  bool check = false;
  size_t rows_max = 5;
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

Result<int> blame_cells(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(std::vector<BlamedCell> cells, blamed_cells(*repository, options));
  MILLGATE_ASSIGN(const GuardedCells guarded,
                  open_cells(*repository, sql_name(options.table), options.revision));
  for (BlamedCell& cell : cells) cell.value = guarded.shown(cell.column, cell.value);
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
    lines.add({cell.column, cell.is_nested ? brief_text(cell.value) : cell.value,
               cell.commit.id.brief(), to_string(cell.commit.time), cell.commit.author,
               cell.commit.message});
  }
  lines.print(std::cout);
  return kDone;
}

/// A rule of the project, and who broke it; nothing when it holds.
struct BlamedRule {
  Rule rule;
  std::optional<RuleBlame> blame;
};

/// A rule that the project does not have, asked about for once.
Result<Rule> asked_rule(const Commit& commit, const Options& options) {
  if (!commit.tables.contains(options.table)) {
    std::vector<std::string> names;
    names.reserve(commit.tables.size());
    for (const auto& [name, version] : commit.tables) names.push_back(name);
    return not_found("there is no table `" + options.table + "` in commit " + commit.id.brief(),
                     name_hint(options.table, names));
  }
  Rule rule{.table = options.table, .rule = options.key.front(), .where = {}, .section = Section()};
  MILLGATE_TRY(parse_rule(rule));
  return rule;
}

/// The rules of the project about the table; or the one whose text is the word after it, of the
/// project or not.
Result<std::vector<Rule>> rules_to_blame(const Workplace& place, const Commit& commit,
                                         const Options& options) {
  std::vector<Rule> rules;
  std::vector<std::string> tables;
  for (const Rule& rule : place.project.rules) {
    tables.push_back(rule.table);
    if (rule.table != options.table) continue;
    if (options.key.empty() || options.key.front() == rule.rule) rules.push_back(rule);
  }
  if (!rules.empty()) return rules;
  if (!options.key.empty()) {
    MILLGATE_ASSIGN(Rule rule, asked_rule(commit, options));
    return std::vector<Rule>{std::move(rule)};
  }
  return not_found("the project has no [[check]] of table `" + options.table + "`",
                   tables.empty() ? "write one into millgate.toml (table, rule), or ask about one: "
                                    "millgate blame " +
                                        options.table + " --check \"RULE\""
                                  : name_hint(options.table, tables));
}

Json to_json(const BlamedRule& one) {
  Json json = {{"table", one.rule.table}, {"rule", one.rule.rule}, {"holds", !one.blame}};
  if (!one.blame) return json;
  const RuleBlame& blame = *one.blame;
  json["commit"] = blame.commit.id.hex();
  json["time"] = to_string(blame.commit.time);
  json["author"] = blame.commit.author;
  json["message"] = blame.commit.message;
  json["judged_count"] = blame.judged_count;
  json["broken_count"] = blame.broken_count;
  json["measured"] = blame.measured;
  json["new_row_count"] = blame.new_row_count;
  json["rows_are_new"] = blame.rows_are_new;
  json["columns"] = blame.row_header;
  json["rows"] = blame.rows;
  return json;
}

void print_blame(const BlamedRule& one) {
  std::cout << one.rule.table << ": " << one.rule.rule << '\n';
  if (!one.blame) {
    std::cout << "  holds\n";
    return;
  }
  const RuleBlame& blame = *one.blame;
  std::cout << "  broken since commit " << blame.commit.id.brief() << " of "
            << to_string(blame.commit.time) << " by " << blame.commit.author << ": "
            << blame.commit.message << '\n';
  if (!blame.measured.empty()) {
    std::cout << "  measured: " << blame.measured << '\n';
    return;
  }
  std::cout << "  broken rows: " << grouped(blame.broken_count) << " of "
            << grouped(blame.judged_count);
  if (blame.rows_are_new) std::cout << ", new by it: " << grouped(blame.new_row_count);
  std::cout << '\n';
  TextTable rows(blame.row_header);
  for (const auto& row : blame.rows) rows.add(row);
  rows.print(std::cout);
}

Result<int> blame_rules(const Session& session, const Options& options) {
  if (options.key.size() > 1 || !options.column.empty()) {
    return invalid_input("`--check` is about rules, not about a row",
                         "millgate blame TABLE --check [\"RULE\"]");
  }
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(const Commit commit, place.repository->resolve(options.revision));
  MILLGATE_ASSIGN(const std::vector<Rule> rules, rules_to_blame(place, commit, options));
  std::vector<BlamedRule> blamed;
  for (const Rule& rule : rules) {
    MILLGATE_ASSIGN(auto blame, blame_rule(*place.repository, commit, rule, options.rows_max));
    if (blame && !blame->rows.empty()) {
      MILLGATE_ASSIGN(const GuardedCells cells,
                      open_cells(*place.repository, sql_name(rule.table), blame->commit.id.hex()));
      for (auto& row : blame->rows) cells.show_row(blame->row_header, row);
    }
    blamed.push_back({.rule = rule, .blame = std::move(blame)});
  }
  Json json = Json::array();
  for (const BlamedRule& one : blamed) {
    if (session.json) {
      json.push_back(to_json(one));
    } else {
      print_blame(one);
    }
  }
  if (session.json) print_json(json);
  return kDone;
}

Result<int> blame(const Session& session, const Options& options) {
  if (options.check) return blame_rules(session, options);
  if (options.key.empty()) {
    return invalid_input("which row?", "give a value for each column of the key, or --check");
  }
  return blame_cells(session, options);
}

}  // namespace

void add_blame(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "blame",
      "tell which commit, and who, gave each cell of a row its value, or first broke a rule",
      "millgate blame weather EWR 2013-01-01T06:00:00Z --column temp\n"
      "  millgate blame weather --check \"temp > -40\"");
  command.add_option("table", options->table, "the table").required();
  command.add_option("key", options->key,
                     "the row: a value for each column of the table's key; with --check a rule");
  command.add_option("--column", options->column, "this column only");
  command.add_flag(
      "--check", options->check,
      "tell which commit first broke each rule of the table, or the rule given, which the "
      "project need not have");
  command.add_option("--rows", options->rows_max, "with --check: show at most so many broken rows")
      .shows_default();
  command.add_option("--rev", options->revision, "revision to look back from").shows_default();
  command.does([&session, options] { return blame(session, *options); });
}

}  // namespace millgate
