#include <iostream>
#include <map>
#include <set>

#include "app/about_text.h"
#include "app/commands.h"
#include "app/folder_path.h"
#include "app/personal_exit.h"
#include "app/text_table.h"
#include "data/store/version_update.h"
#include "data/tree/path_history.h"
#include "data/tree/tree.h"
#include "system/monitor/wording.h"

namespace millgate {

namespace {

struct Options {
  std::string revision = kCurrentBranch;
  int count_max = 50;
  std::vector<std::string> tables;
};

/// What the commit says of each of its tables and folders.
Result<Json> abouts_json(const Commit& commit) {
  Json abouts = Json::object();
  const auto add = [&](const auto& versions) -> Status {
    for (const auto& [name, version] : versions) {
      MILLGATE_ASSIGN(Json about, about_in(commit, name));
      if (!about.empty()) abouts[name] = std::move(about);
    }
    return {};
  };
  MILLGATE_TRY(add(commit.tables));
  MILLGATE_TRY(add(commit.trees));
  return abouts;
}

/// Table -> number of the event that rewrote the version which is read today.
std::map<std::string, int64_t> rewritten_by(const Forgotten& forgotten, const Commit& commit) {
  std::map<std::string, int64_t> events;
  for (const auto& [name, version] : commit.tables) {
    const Forgotten::Entry* entry = forgotten.rewriter_of(version);
    if (entry != nullptr) events[name] = entry->event_number;
  }
  return events;
}

/// "rewritten by forget 5"; what the message of a commit says was of the rows before.
std::string rewriting_text(const std::map<std::string, int64_t>& events) {
  std::set<int64_t> numbers;
  for (const auto& [name, number] : events) numbers.insert(number);
  std::string text;
  for (const int64_t number : numbers) {
    text += (text.empty() ? "rewritten by forget " : ", ") + std::to_string(number);
  }
  return text;
}

Json to_json(const Commit& commit, const Forgotten& forgotten) {
  Json tables = Json::object();
  for (const auto& [name, version] : commit.tables) tables[name] = version.hex();
  Json trees = Json::object();
  for (const auto& [name, tree] : commit.trees) trees[name] = tree.hex();
  Json parents = Json::array();
  for (const Id& parent : commit.parents) parents.push_back(parent.hex());
  Json rewritten = Json::object();
  for (const auto& [name, number] : rewritten_by(forgotten, commit)) rewritten[name] = number;
  return {{"commit", commit.id.hex()},
          {"time", to_string(commit.time)},
          {"author", commit.author},
          {"message", commit.message},
          {"parents", parents},
          {"tables", tables},
          {"trees", trees},
          {"git_commit", commit.git_commit},
          {"rewritten_by", rewritten}};
}

Result<std::vector<Commit>> asked_commits(const Repository& repository, const Options& options) {
  if (options.tables.empty()) return repository.log(options.revision, options.count_max);
  std::vector<DataPath> paths;
  paths.reserve(options.tables.size());
  for (const std::string& text : options.tables) {
    const FolderPath path = parse_folder_path(text);
    paths.push_back({.name = path.folder, .part = path.part});
  }
  MILLGATE_ASSIGN(const Commit newest, repository.resolve(options.revision));
  return commits_that_changed(repository, newest, paths, options.count_max);
}

Result<int> log(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const std::vector<Commit> commits, asked_commits(*repository, options));
  MILLGATE_ASSIGN(const auto forgotten, repository->forgotten());
  if (session.json) {
    Json list = Json::array();
    for (const Commit& commit : commits) list.push_back(to_json(commit, *forgotten));
    print_json(list);
    return kDone;
  }
  TextTable table({"commit", "time", "author", "message"});
  for (const Commit& commit : commits) {
    const std::string rewriting = rewriting_text(rewritten_by(*forgotten, commit));
    table.add({commit.id.brief(), to_string(commit.time), commit.author,
               commit.message + (rewriting.empty() ? "" : " (" + rewriting + ")")});
  }
  table.print(std::cout);
  return kDone;
}

Result<int> show(const Session& session, const std::string& revision) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const Commit commit, repository->resolve(revision));
  MILLGATE_ASSIGN(const auto forgotten, repository->forgotten());
  if (session.json) {
    Json json = to_json(commit, *forgotten);
    MILLGATE_ASSIGN(json["about"], abouts_json(commit));
    print_json(json);
    return kDone;
  }
  MILLGATE_ASSIGN(const Json abouts, abouts_json(commit));
  MILLGATE_ASSIGN(const RowChanges guard, open_guard(*repository));
  std::cout << "commit  " << commit.id.hex() << "\ntime    " << to_string(commit.time)
            << "\nauthor  " << commit.author << "\nmessage " << commit.message << '\n';
  if (!commit.git_commit.empty()) std::cout << "code    " << commit.git_commit << '\n';
  const auto rewritten = rewritten_by(*forgotten, commit);
  for (const auto& [name, id] : commit.tables) {
    MILLGATE_ASSIGN(TableVersion version, read_table_version(repository->objects(), id));
    MILLGATE_ASSIGN(version, counted_version(repository->objects(), version));
    std::cout << "\ntable " << name << ": " << count_of(version.row_count, "row") << " in "
              << count_of(static_cast<int64_t>(version.segments.size()), "segment");
    if (!version.deltas.empty()) {
      std::cout << " and " << count_of(static_cast<int64_t>(version.deltas.size()), "delta");
    }
    std::cout << ", version " << version.id.brief();
    if (const auto found = rewritten.find(name); found != rewritten.end()) {
      std::cout << ", rewritten by forget " << found->second;
    }
    std::cout << '\n';
    TextTable table({"column", "type", "missing", "minimum", "maximum"});
    std::shared_ptr<const RowChange> change;
    if (guard) {
      MILLGATE_ASSIGN(change, guard(name, version));
    }
    for (const ColumnStatistics& column : version.columns) {
      const bool is_hidden = change != nullptr && change->changes(column.name);
      table.add({column.name, column.type, grouped(column.null_count),
                 is_hidden ? "***" : column.minimum, is_hidden ? "***" : column.maximum});
    }
    table.print(std::cout);
    if (change != nullptr) print_change_note(name, change->text);
    print_about(abouts.value(name, Json::object()));
  }
  for (const auto& [name, id] : commit.trees) {
    MILLGATE_ASSIGN(const Tree tree, read_tree(repository->objects(), id));
    std::cout << "\nfolder " << name << ": " << grouped(tree.file_count) << " files, "
              << byte_size(tree.size_bytes) << ", tree " << id.brief() << '\n';
    print_about(abouts.value(name, Json::object()));
  }
  return kDone;
}

}  // namespace

void add_log(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command("log", "list the versions of the data, newest first",
                                              "millgate log main --table flights -n 5");
  command.add_option("revision", options->revision, "where to begin").shows_default();
  command.add_option("-n,--count", options->count_max, "at most so many")
      .shows_default()
      .not_negative();
  command
      .add_option("--table", options->tables,
                  "only versions that changed this table, folder or FOLDER/PART")
      .one_at_a_time();
  command.does([&session, options] { return log(session, *options); });
}

void add_show(const Command& program, Session& session) {
  auto revision = std::make_shared<std::string>(kCurrentBranch);
  const Command command = program.add_command(
      "show", "show one version: its tables, columns and folders", "millgate show main~1");
  command.add_option("revision", *revision, "commit, branch, tag, ~N, @{TIME}").shows_default();
  command.does([&session, revision] { return show(session, *revision); });
}

}  // namespace millgate
