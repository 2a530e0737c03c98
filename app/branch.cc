#include <iostream>

#include "app/commands.h"
#include "app/text_table.h"

namespace millgate {

namespace {

struct Options {
  std::string name;
  std::string at = kCurrentBranch;
};

/// `current` is marked; empty: none is.
int print_names(const Session& session, const char* what, const std::map<std::string, Id>& names,
                const std::string& current) {
  if (session.json) {
    Json json = Json::object();
    for (const auto& [name, id] : names) json[name] = id.hex();
    print_json(json);
    return kDone;
  }
  TextTable table({current.empty() ? what : std::string("  ") + what, "commit"});
  for (const auto& [name, id] : names) {
    const char* mark = current.empty() ? "" : name == current ? "* " : "  ";
    table.add({mark + name, id.brief()});
  }
  table.print(std::cout);
  return kDone;
}

Result<int> branch(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  if (!options.name.empty()) {
    MILLGATE_TRY(repository->make_branch(options.name, options.at, author_name()));
  }
  MILLGATE_ASSIGN(const auto names, repository->branches());
  MILLGATE_ASSIGN(const Workspace workspace, read_workspace(repository->project_folder()));
  return print_names(session, "branch", names, workspace.branch);
}

Result<int> tag(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  if (!options.name.empty()) {
    MILLGATE_TRY(repository->make_tag(options.name, options.at, author_name()));
  }
  MILLGATE_ASSIGN(const auto names, repository->tags());
  return print_names(session, "tag", names, "");
}

template <typename Action>
void add_naming(const Command& program, Session& session, const char* name, const char* summary,
                const char* example, Action action) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(name, summary, example);
  command.add_option("name", options->name, "the new name; without it, all are listed");
  command.add_option("at", options->at, "revision that it names").shows_default();
  command.does([&session, options, action] { return action(session, *options); });
}

}  // namespace

void add_branch(const Command& program, Session& session) {
  add_naming(program, session, "branch", "list branches of the data, or make one",
             "millgate branch relabelled main", branch);
}

void add_tag(const Command& program, Session& session) {
  add_naming(program, session, "tag", "list tags, or give a version a name that stays",
             "millgate tag audited main~1", tag);
}

}  // namespace millgate
