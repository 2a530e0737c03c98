#include "system/pipeline/source_status.h"

#include <algorithm>
#include <iostream>

#include "app/about_text.h"
#include "app/commands.h"
#include "app/text_table.h"

namespace millgate {

namespace {

struct Options {
  std::string branch = kCurrentBranch;
  bool exit_code = false;
};

constexpr size_t kPathsShown = 20;

/// Files that are an older state, or another branch's, are no change, but not the branch's either.
const char* name_of(const SourceStatus& source) {
  if (source.state == SourceState::fresh) return "new";
  if (source.state == SourceState::changed) return "changed";
  if (!source.about.empty()) return "about changed";
  if (source.carried) return "carried";
  if (source.behind) return "behind";
  return source.about_behind.empty() ? "unchanged" : "about behind";
}

/// A table whose rows come by commands has nothing to commit but what is said of it.
bool is_shown(const SourceStatus& source) {
  return source.has_path || !source.about.empty() || !source.about_behind.empty();
}

/// How what is behind the branch catches up with it.
void print_next_steps(const ProjectStatus& status) {
  for (const SourceStatus& one : status.sources) {
    for (const AboutChange& change : one.about_behind) {
      std::cout << "  < about " << one.name << ": " << text_of(change) << '\n';
    }
    if (one.behind) {
      std::cout << "  < " << one.name << ": an older state; `millgate checkout " << one.name
                << "` writes that of the branch\n";
    }
  }
  if (std::any_of(status.sources.begin(), status.sources.end(),
                  [](const SourceStatus& one) { return !one.about_behind.empty(); })) {
    std::cout
        << "`<`: not edited here, and the commit says more; write that into the project file\n";
  }
}

void print_paths(const char* mark, const std::string& folder,
                 const std::vector<std::string>& paths) {
  for (size_t i = 0; i < paths.size() && i < kPathsShown; ++i) {
    std::cout << "  " << mark << ' ' << folder << '/' << paths[i] << '\n';
  }
  if (paths.size() > kPathsShown) {
    std::cout << "  " << mark << " and "
              << grouped(static_cast<int64_t>(paths.size() - kPathsShown)) << " more\n";
  }
}

void print_status(const ProjectStatus& status) {
  if (status.branch != kFirstBranch) std::cout << "branch " << status.branch << '\n';
  TextTable table({"source", "files", "state"});
  for (const SourceStatus& one : status.sources) {
    if (!is_shown(one)) continue;
    table.add({one.name, one.has_path ? grouped(one.file_count) : "", name_of(one)});
  }
  table.print(std::cout);
  for (const SourceStatus& one : status.sources) {
    for (const AboutChange& change : one.about) {
      std::cout << "  ~ about " << one.name << ": " << text_of(change) << '\n';
    }
  }
  print_next_steps(status);
  for (const SourceStatus& one : status.sources) {
    if (one.state != SourceState::changed) continue;
    print_paths("+", one.name, one.changes.added);
    print_paths("~", one.name, one.changes.modified);
    print_paths("-", one.name, one.changes.removed);
  }
}

Json to_json(const ProjectStatus& status) {
  Json sources = Json::array();
  for (const SourceStatus& one : status.sources) {
    if (!is_shown(one)) continue;
    Json source = {{"source", one.name},
                   {"state", name_of(one)},
                   {"file_count", one.file_count},
                   {"about", about_json(one.about)},
                   {"about_behind", about_json(one.about_behind)}};
    if (one.folder) {
      source["added"] = one.changes.added;
      source["modified"] = one.changes.modified;
      source["removed"] = one.changes.removed;
    }
    sources.push_back(std::move(source));
  }
  return {{"branch", status.branch},
          {"commit", status.commit ? Json(status.commit->hex()) : Json(nullptr)},
          {"changed", status.any_change()},
          {"sources", sources}};
}

Result<int> status(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(const ProjectStatus found,
                  project_status(*place.repository, place.project, options.branch));
  if (session.json) {
    print_json(to_json(found));
  } else {
    print_status(found);
  }
  return options.exit_code && found.any_change() ? kAnswerIsNo : kDone;
}

}  // namespace

void add_status(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("status", "tell what `commit` would record",
                          "millgate status --exit-code || millgate commit -m \"new files\"");
  command.add_option("-b,--branch", options->branch, "branch to compare with").shows_default();
  command.add_flag("--exit-code", options->exit_code, "end with 1 when something changed");
  command.does([&session, options] { return status(session, *options); });
}

}  // namespace millgate
