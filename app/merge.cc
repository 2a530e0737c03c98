#include <algorithm>
#include <iostream>
#include <set>

#include "app/arrival_text.h"
#include "app/commands.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "data/check/check.h"
#include "data/store/commit_merge.h"
#include "system/monitor/wording.h"
#include "system/pipeline/quarantine_settings.h"

namespace millgate {

namespace {

struct Options {
  std::vector<std::string> revisions;  ///< Of merge.
  std::string revision;                ///< Of revert and cherry-pick.
  std::string branch = kCurrentBranch;
  std::string message;
  std::vector<std::string> policies;
  bool despite_checks = false;
  std::string override_reason;
  std::string override_name;
  std::string held;  ///< File for held rows; empty: none.

  /// Who lets held rows in was told which rules they break.
  [[nodiscard]] bool overrules_checks() const { return despite_checks || !override_name.empty(); }
  bool go_on = false;
  bool abort = false;
};

Error already_waiting(const MergeRequest& waiting) {
  return Error{.code = ErrorCode::conflict,
               .what = "a merge into branch `" + waiting.branch + "` waits for decisions",
               .hint =
                   "list them with `millgate conflicts`; then `millgate merge --continue`, or "
                   "give up with `millgate merge --abort`"};
}

Error nothing_waits() {
  return not_found("no merge waits for decisions", "begin one with `millgate merge BRANCH`");
}

Json to_json(const CommitMerge& merge) {
  Json tables = Json::array();
  for (const auto& [name, version] : merge.tables) {
    Json table = {{"table", name}, {"version", version.hex()}};
    if (const auto found = merge.merges.find(name); found != merge.merges.end()) {
      table["merged_row_count"] = found->second.merged_row_count;
      table["merged_column_count"] = found->second.merged_column_count;
      table["settled_count"] = found->second.settled_count;
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

/// "2 rows", "1 column", "2 rows and 1 column".
std::string merged_text(const TableMerge& merge) {
  std::string rows = count_of(merge.merged_row_count, "row");
  if (merge.merged_column_count == 0) return rows;
  const std::string columns = count_of(merge.merged_column_count, "column");
  return merge.merged_row_count == 0 ? columns : rows + " and " + columns;
}

Json abouts_json(const CommitMerge& merge) {
  Json abouts = Json::array();
  for (const auto& [name, about] : merge.abouts) {
    abouts.push_back({{"source", name},
                      {"merged_count", about.merged_count},
                      {"settled_count", about.settled_count}});
  }
  return abouts;
}

/// Every conflict with the name of its table.
template <typename Each>
void for_each_conflict(const CommitMerge& merge, const Each& each) {
  for (const auto& [name, table] : merge.merges) {
    for (const Conflict& conflict : table.conflicts) each(name, conflict);
  }
  for (const auto& [name, about] : merge.abouts) {
    for (const Conflict& conflict : about.conflicts) each(name, conflict);
  }
}

Json conflicts_json(const CommitMerge& merge) {
  Json conflicts = Json::array();
  for_each_conflict(merge, [&](const std::string& table, const Conflict& conflict) {
    conflicts.push_back({{"table", table},
                         {"row", conflict.key_text},
                         {"column", conflict.column},
                         {"base", conflict.base},
                         {"ours", conflict.ours},
                         {"theirs", conflict.theirs}});
  });
  return conflicts;
}

std::string conflicts_text(size_t count) {
  return grouped(static_cast<int64_t>(count)) + (count == 1 ? " conflict" : " conflicts");
}

void print_conflicts(const CommitMerge& merge, size_t count_max) {
  TextTable lines({"table", "row", "column", "base", "ours", "theirs"});
  size_t count = 0;
  for_each_conflict(merge, [&](const std::string& table, const Conflict& conflict) {
    if (count++ >= count_max) return;
    lines.add({table, conflict.key_text, conflict.column.empty() ? "(row)" : conflict.column,
               conflict.base, conflict.ours, conflict.theirs});
  });
  lines.print(std::cout);
  if (count > count_max) {
    std::cout << "and " << conflicts_text(count - count_max) << " more\n";
  }
}

/// What the rules of the project say about a version before the branch moves to it.
class MergeChecks {
 public:
  /// `after` is what the branch would hold instead of `before`.
  static Result<MergeChecks> judge(const Session& session, const Repository& repository,
                                   const Commit& before, const Commit& after) {
    std::set<std::string> changed;
    for (const auto& [name, version] : after.tables) {
      const auto known = before.tables.find(name);
      if (known == before.tables.end() || known->second != version) changed.insert(name);
    }
    MILLGATE_ASSIGN(const Project project,
                    read_project(repository.project_folder(), session.overrides));
    MergeChecks checks;
    MILLGATE_ASSIGN(const auto findings, check_change(repository, after, changed, project.rules));
    for (const Finding& finding : findings) {
      if (!finding.passed) checks.broken_.push_back({finding, 0});
    }
    if (checks.broken_.empty()) return checks;
    // Where a table or column is new, nothing was broken.
    const auto earlier = check_change(repository, before, changed, project.rules);
    for (Broken& one : checks.broken_) {
      for (const Finding& finding : earlier.ok() ? *earlier : std::vector<Finding>()) {
        if (finding.place == one.finding.place && !finding.passed) {
          one.broken_before = finding.broken_count;
        }
      }
    }
    return checks;
  }

  /// A rule of severity error is broken that held before, or by more rows than before: who takes
  /// back one fault of two is not held up by the other.
  [[nodiscard]] bool refuse() const {
    return std::any_of(broken_.begin(), broken_.end(), [](const Broken& one) {
      return one.finding.severity == Severity::error && one.is_worse();
    });
  }

  void print() const {
    if (broken_.empty()) return;
    TextTable lines({"table", "rule", "judged", "broken", "for example", ""});
    for (const Broken& broken : broken_) {
      const Finding& one = broken.finding;
      std::string example;
      for (size_t i = 0; !one.examples.empty() && i < one.example_header.size(); ++i) {
        example += (i == 0 ? "" : ", ") + one.example_header[i] + " = " + one.examples[0][i];
      }
      const bool whole = !one.measured.empty();
      lines.add({one.table, one.rule, whole ? one.measured : grouped(one.judged_count),
                 whole ? "" : grouped(one.broken_count), example,
                 one.severity == Severity::warning ? "warning"
                 : broken.is_worse()               ? "FAILED"
                                                   : "broken before"});
    }
    lines.print(std::cout);
  }

  [[nodiscard]] Json to_json() const {
    Json rules = Json::array();
    for (const Broken& broken : broken_) {
      const Finding& one = broken.finding;
      rules.push_back({{"table", one.table},
                       {"rule", one.rule},
                       {"severity", one.severity == Severity::error ? "error" : "warning"},
                       {"judged_count", one.judged_count},
                       {"broken_count", one.broken_count},
                       {"broken_count_before", broken.broken_before},
                       {"measured", one.measured}});
    }
    return rules;
  }

  /// For the event of the merge: whether it was made all the same, and from where it let rows in;
  /// empty when neither.
  [[nodiscard]] std::string event_note(const QuarantineReport& quarantine) const {
    Json note = quarantine.origins.empty() ? Json() : let_in_note(quarantine.origins);
    if (refuse()) note["despite_checks"] = to_json();
    return note.is_null() ? std::string() : dump_json(note);
  }

 private:
  struct Broken {
    Finding finding;
    int64_t broken_before = 0;  ///< Rows that broke it when the rule was broken already.
    [[nodiscard]] bool is_worse() const { return finding.broken_count > broken_before; }
  };
  std::vector<Broken> broken_;
};

/// The branch stays where it is.
int report_refused(const Session& session, const MergeChecks& checks, const std::string& branch) {
  if (session.json) {
    print_json({{"commit", nullptr}, {"conflict_count", 0}, {"broken_rules", checks.to_json()}});
    return kAnswerIsNo;
  }
  checks.print();
  std::cout << "rules would be broken, so branch `" << branch
            << "` is as it was; correct the rows and merge again, or merge with --despite-checks\n";
  return kAnswerIsNo;
}

/// Folders whose files a merge would change.
Result<std::vector<std::string>> changed_folders(const Repository& repository,
                                                 const MergeRequest& request) {
  std::set<std::string> folders;
  for (const MergedChange& change : request.changes) {
    MILLGATE_ASSIGN(const Commit base, repository.read_commit(change.base));
    MILLGATE_ASSIGN(const Commit theirs, repository.read_commit(change.theirs));
    for (const auto& [name, tree] : theirs.trees) {
      const auto known = base.trees.find(name);
      if (known == base.trees.end() || known->second != tree) folders.insert(name);
    }
  }
  return std::vector<std::string>(folders.begin(), folders.end());
}

/// Judges rows of branches and authors that are not trusted; `tables` are those that would become
/// others. What was judged is kept in the ledger.
Result<QuarantineReport> judge_quarantine(const Session& session, Repository& repository,
                                          const MergeRequest& request, const Options& options,
                                          const std::map<std::string, Id>& tables) {
  if (options.override_reason.empty() != options.override_name.empty()) {
    return invalid_input("`--override` and `--by` come together: why, and who answers for it",
                         "--override \"seen with the vendor\" --by \"Jo Smith\"");
  }
  MILLGATE_ASSIGN(Project project, read_project(repository.project_folder(), session.overrides));
  MILLGATE_ASSIGN(const QuarantineSettings settings, read_quarantine_settings(project.root));
  QuarantineReport report;
  MILLGATE_ASSIGN(Mistrust mistrust, mistrusted_origins(repository, request, settings));
  report.origins = std::move(mistrust.origins);
  if (report.origins.empty()) {
    if (options.override_name.empty()) return report;
    return invalid_input("nothing that is merged comes from quarantine",
                         "leave `--override` and `--by` out");
  }
  report.override_reason = options.override_reason;
  report.override_name = options.override_name;
  ArrivalQuestion question;
  question.after = tables;
  question.held = std::move(mistrust.held);
  question.earlier = std::move(mistrust.earlier);
  question.progress = progress_line();
  MILLGATE_ASSIGN(question.before, repository.read_commit(request.ours));
  MILLGATE_ASSIGN(question.folders, changed_folders(repository, request));
  auto arrivals = judge_arrivals(repository, project, settings, question);
  end_progress();
  if (!arrivals.ok()) return arrivals.error();
  report.arrivals = *std::move(arrivals);
  MILLGATE_TRY(guard_reasons(repository, request.ours, report));
  MILLGATE_TRY(record_quarantine(repository, request, report));
  if (!options.held.empty()) MILLGATE_TRY(write_held_rows(report, options.held));
  if (!session.json) print_quarantine(report);
  return report;
}

/// The branch whose tip `request` takes, on which held rows can stay; empty where there is none.
Result<std::string> branch_of_theirs(const Repository& repository, const MergeRequest& request) {
  if (!request.joins_history || request.changes.size() != 1) return std::string();
  MILLGATE_ASSIGN(const auto branches, repository.branches());
  for (const auto& [name, tip] : branches) {
    if (tip == request.changes[0].theirs && name != request.branch) return name;
  }
  return std::string();
}

/// Moves `branch`, whose rows were let in by part, onto the commit that has them: what differs then
/// is what was held.
Status keep_held(Repository& repository, const std::string& branch, const MergeRequest& request,
                 const Commit& merged, const std::map<std::string, Id>& tables) {
  NewCommit rest;
  rest.tables = merged.tables;
  for (const auto& [name, version] : tables) rest.tables[name] = version;
  rest.based_on = request.changes[0].theirs;
  rest.merged_parents = {merged.id};
  rest.author = author_name();
  rest.message = "held when merged into " + request.branch;
  rest.event_note_json = kHeldNote;
  MILLGATE_TRY(repository.commit(branch, rest));
  return {};
}

/// Commits the rows that were let in; the others stay where they are.
Result<int> merge_what_passed(const Session& session, Repository& repository,
                              const MergeRequest& request, const Options& options,
                              const QuarantineReport& report,
                              const std::map<std::string, Id>& tables) {
  MILLGATE_ASSIGN(const auto passed, let_in(repository, report.arrivals));
  MILLGATE_ASSIGN(const std::string branch, branch_of_theirs(repository, request));
  MILLGATE_ASSIGN(const Commit before, repository.read_commit(request.ours));
  Json json = {{"commit", nullptr}, {"conflict_count", 0}, {"broken_rules", Json::array()}};
  if (passed.empty()) {
    if (!session.json)
      std::cout << "nothing is let in; branch `" << request.branch << "` is as it was\n";
  } else {
    Commit after = before;
    after.time = repository.clock().now();
    for (const auto& [name, version] : passed) after.tables[name] = version;
    MILLGATE_ASSIGN(const MergeChecks checks,
                    MergeChecks::judge(session, repository, before, after));
    if (checks.refuse() && !options.despite_checks) {
      return report_refused(session, checks, request.branch);
    }
    NewCommit change;
    change.tables = passed;
    change.based_on = request.ours;
    change.author = author_name();
    change.message = request.message;
    change.event_note_json = checks.event_note(report);
    MILLGATE_ASSIGN(const Commit commit, repository.commit(request.branch, change));
    if (!branch.empty()) MILLGATE_TRY(keep_held(repository, branch, request, commit, tables));
    json["commit"] = commit.id.hex();
    json["broken_rules"] = checks.to_json();
    if (!session.json) {
      checks.print();
      std::cout << "commit " << commit.id.brief() << ": " << commit.message << '\n';
    }
  }
  MILLGATE_TRY(forget_waiting(repository));
  if (session.json) {
    json["quarantine"] = to_json(report, true);
    print_json(json);
  } else if (!branch.empty()) {
    std::cout << "what was held stays on branch `" << branch << "`: `millgate diff "
              << request.branch << ' ' << branch << "`\n";
  }
  return kAnswerIsNo;
}

/// Commits what is settled, or keeps the merge waiting.
Result<int> finish(const Session& session, Repository& repository, const MergeRequest& request,
                   const Options& options) {
  constexpr size_t kConflictsShown = 20;
  MILLGATE_ASSIGN(const CommitMerge merge, merge_commits(repository, request));
  const size_t conflict_count = merge.conflict_count();
  if (conflict_count > 0) {
    MILLGATE_TRY(keep_waiting(repository, request));
    if (session.json) {
      print_json({{"conflict_count", conflict_count}, {"conflicts", conflicts_json(merge)}});
    } else {
      print_conflicts(merge, kConflictsShown);
      std::cout << conflicts_text(conflict_count)
                << "; decide with `millgate resolve`, then `millgate merge --continue`\n";
    }
    return kAnswerIsNo;
  }
  MILLGATE_ASSIGN(const QuarantineReport quarantine,
                  judge_quarantine(session, repository, request, options, merge.tables));
  if (quarantine.holds()) {
    return merge_what_passed(session, repository, request, options, quarantine, merge.tables);
  }
  MILLGATE_ASSIGN(const Commit before, repository.read_commit(request.ours));
  Commit after = before;
  after.time = repository.clock().now();
  for (const auto& [name, version] : merge.tables) after.tables[name] = version;
  MILLGATE_ASSIGN(const MergeChecks checks, MergeChecks::judge(session, repository, before, after));
  if (checks.refuse() && !options.overrules_checks()) {
    return report_refused(session, checks, request.branch);
  }
  MILLGATE_ASSIGN(const Commit commit, commit_merge(repository, request, merge, author_name(),
                                                    checks.event_note(quarantine)));
  MILLGATE_TRY(forget_waiting(repository));
  if (session.json) {
    print_json({{"commit", commit.id.hex()},
                {"conflict_count", 0},
                {"tables", to_json(merge)},
                {"about", abouts_json(merge)},
                {"broken_rules", checks.to_json()},
                {"quarantine", to_json(quarantine, true)}});
    return kDone;
  }
  checks.print();
  for (const auto& [name, about] : merge.abouts) {
    std::cout << "about " << name << ": " << grouped(about.merged_count) << " members merged, "
              << conflicts_text(static_cast<size_t>(about.settled_count)) << " settled\n";
  }
  for (const auto& [name, table] : merge.merges) {
    std::cout << "table " << name << ": " << merged_text(table) << " merged, "
              << conflicts_text(static_cast<size_t>(table.settled_count)) << " settled\n";
  }
  const bool is_new = commit.id != request.ours;
  std::cout << (is_new ? "commit " : "nothing to change; still at commit ") << commit.id.brief()
            << ": " << commit.message << '\n';
  return kDone;
}

Result<int> report_move(const Session& session, const Commit& to, const std::string& what,
                        const Json& broken_rules = Json::array(),
                        const Json& quarantine = nullptr) {
  if (session.json) {
    print_json({{"commit", to.id.hex()},
                {"conflict_count", 0},
                {"tables", Json::array()},
                {"broken_rules", broken_rules},
                {"quarantine", quarantine}});
  } else {
    std::cout << what << " commit " << to.id.brief() << ": " << to.message << '\n';
  }
  return kDone;
}

/// "a", "a and b", "a, b and c", each once.
std::string listed(const std::vector<std::string>& all) {
  std::vector<std::string> names;
  for (const std::string& name : all) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

Result<int> begin(const Session& session, Repository& repository, const Options& options) {
  MILLGATE_ASSIGN(const std::string branch, repository.branch_name(options.branch));
  MILLGATE_ASSIGN(const Commit ours, repository.resolve(branch));
  std::vector<Id> commits = {ours.id};
  for (const std::string& revision : options.revisions) {
    MILLGATE_ASSIGN(const Commit theirs, repository.resolve(revision));
    commits.push_back(theirs.id);
  }
  MILLGATE_TRY(check_merge_policies(repository, options.policies, commits));
  MergeRequest request;
  request.branch = branch;
  request.ours = ours.id;
  request.policies = options.policies;
  request.message = options.message.empty()
                        ? "merge " + listed(options.revisions) + " into " + branch
                        : options.message;
  MILLGATE_ASSIGN(request.changes, changes_to_merge(repository, ours.id, options.revisions));
  if (request.changes.empty()) return report_move(session, ours, "nothing to merge; still at");
  if (request.changes.size() == 1 && request.changes[0].base == ours.id) {
    MILLGATE_ASSIGN(const Commit tip, repository.read_commit(request.changes[0].theirs));
    std::map<std::string, Id> changed;
    for (const auto& [name, version] : tip.tables) {
      const auto known = ours.tables.find(name);
      if (known == ours.tables.end() || known->second != version) changed[name] = version;
    }
    MILLGATE_ASSIGN(const QuarantineReport quarantine,
                    judge_quarantine(session, repository, request, options, changed));
    if (quarantine.holds()) {
      return merge_what_passed(session, repository, request, options, quarantine, changed);
    }
    MILLGATE_ASSIGN(const MergeChecks checks, MergeChecks::judge(session, repository, ours, tip));
    if (checks.refuse() && !options.overrules_checks()) {
      return report_refused(session, checks, branch);
    }
    MILLGATE_TRY(repository.fast_forward(branch, ours.id, tip.id, author_name(),
                                         checks.event_note(quarantine)));
    if (!session.json) checks.print();
    return report_move(session, tip, "moved to", checks.to_json(), to_json(quarantine, true));
  }
  return finish(session, repository, request, options);
}

Result<int> merge(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const auto waiting, waiting_merge(*repository));
  if (options.go_on || options.abort) {
    if (!waiting) return nothing_waits();
    if (options.go_on) return finish(session, *repository, *waiting, options);
    MILLGATE_TRY(forget_waiting(*repository));
    if (session.json) {
      print_json({{"aborted", true}});
    } else {
      std::cout << "given up; branch `" << waiting->branch << "` is as it was\n";
    }
    return kDone;
  }
  if (options.revisions.empty()) {
    return invalid_input("merge what?", "name a branch: millgate merge relabelled");
  }
  if (waiting) return already_waiting(*waiting);
  return begin(session, *repository, options);
}

/// The change of one commit, forwards or backwards, on top of a branch.
Result<int> apply_commit(const Session& session, const Options& options, bool backwards) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const auto waiting, waiting_merge(*repository));
  if (waiting) return already_waiting(*waiting);
  MILLGATE_ASSIGN(const std::string branch, repository->branch_name(options.branch));
  MILLGATE_ASSIGN(const Commit ours, repository->resolve(branch));
  MILLGATE_ASSIGN(const Commit commit, repository->resolve(options.revision));
  MILLGATE_TRY(check_merge_policies(*repository, options.policies, {ours.id, commit.id}));
  if (commit.parents.empty()) {
    return invalid_input("commit " + commit.id.brief() + " is the first, so it changed nothing",
                         "choose a later one: `millgate log`");
  }
  MergeRequest request;
  request.branch = branch;
  request.ours = ours.id;
  MILLGATE_ASSIGN(const Project project,
                  read_project(repository->project_folder(), session.overrides));
  MILLGATE_TRY(check_author(project, branch, author_name()));
  const Id& parent = commit.parents[0];
  request.changes = {backwards ? MergedChange{.base = commit.id, .theirs = parent}
                               : MergedChange{.base = parent, .theirs = commit.id}};
  request.joins_history = false;
  request.policies = options.policies;
  request.message = options.message;
  if (request.message.empty()) {
    request.message = backwards ? "revert \"" + commit.message + "\" (" + commit.id.brief() + ")"
                                : commit.message;
  }
  return finish(session, *repository, request, options);
}

Result<int> conflicts(const Session& session) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const auto waiting, waiting_merge(*repository));
  if (!waiting) return nothing_waits();
  MILLGATE_ASSIGN(const CommitMerge merge, merge_commits(*repository, *waiting));
  if (session.json) {
    print_json({{"branch", waiting->branch}, {"conflicts", conflicts_json(merge)}});
  } else if (merge.conflict_count() == 0) {
    std::cout << "all conflicts are settled: `millgate merge --continue`\n";
  } else {
    print_conflicts(merge, SIZE_MAX);
  }
  return merge.conflict_count() == 0 ? kDone : kAnswerIsNo;
}

struct ResolveOptions {
  std::string table;
  std::string row;
  std::string column;
  bool ours = false;
  bool theirs = false;
  std::string value;
  bool has_value = false;
};

Result<int> resolve(const Session& session, const ResolveOptions& options) {
  if (options.ours + options.theirs + options.has_value != 1) {
    return invalid_input("say how the conflict is settled",
                         "give --ours, --theirs or --value TEXT");
  }
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(auto waiting, waiting_merge(*repository));
  if (!waiting) return nothing_waits();
  MILLGATE_ASSIGN(const CommitMerge merge, merge_commits(*repository, *waiting));
  const auto take = options.ours     ? Resolution::Take::ours
                    : options.theirs ? Resolution::Take::theirs
                                     : Resolution::Take::value;
  int64_t count = 0;
  for_each_conflict(merge, [&](const std::string& table, const Conflict& conflict) {
    const bool meant = (options.table.empty() || options.table == table) &&
                       (options.row.empty() || options.row == conflict.key_text) &&
                       (options.column.empty() || options.column == conflict.column);
    if (!meant) return;
    waiting->resolutions[table][{conflict.key, conflict.column}] = {.take = take,
                                                                    .value = options.value};
    ++count;
  });
  if (count == 0) {
    return not_found("there is no such conflict",
                     "`millgate conflicts` lists them; name a row as it does: \"id = 5\"");
  }
  // A value that does not fit its column is told now, not when all is done.
  MILLGATE_ASSIGN(const CommitMerge after, merge_commits(*repository, *waiting));
  MILLGATE_TRY(keep_waiting(*repository, *waiting));
  if (session.json) {
    print_json({{"resolved_count", count}, {"conflict_count", after.conflict_count()}});
  } else {
    std::cout << grouped(count) << " settled, "
              << grouped(static_cast<int64_t>(after.conflict_count())) << " left\n";
  }
  return kDone;
}

void add_merging(const Command& command, const std::shared_ptr<Options>& options) {
  command.add_option("-b,--branch", options->branch, "the branch that gets the change")
      .shows_default();
  command.add_option("-m,--message", options->message, "what the new version is");
  command
      .add_option(
          "--policy", options->policies,
          "who is right where several changed one cell: ours, theirs, newest, majority, sum, "
          "max, min or conflict; TABLE.COLUMN=POLICY for one column")
      .one_at_a_time();
  command.add_flag("--despite-checks", options->despite_checks,
                   "also when it breaks rules of the project; the ledger keeps which");
  Parameter reason = command.add_option(
      "--override", options->override_reason,
      "let rows in that quarantine holds: why; the ledger keeps it, and what was held");
  command.add_option("--by", options->override_name, "with --override: who answers for it")
      .needs(reason);
  command.add_option("--held", options->held,
                     "write the keys of rows that quarantine holds and why (.csv, .parquet ...); "
                     "`commit --changes` takes it, and them off the branch");
}

}  // namespace

void add_merge(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("merge", "bring the changes of another branch into this one, by cell",
                          "millgate merge relabelled --policy flights.note=theirs\n"
                          "  millgate merge quarantine/acme --held held.csv");
  command.add_option("revision", options->revisions,
                     "branches, tags or commits to merge; of several each has one vote");
  add_merging(command, options);
  command.add_flag("--continue", options->go_on, "commit the merge that waits");
  command.add_flag("--abort", options->abort, "give up the merge that waits");
  command.does([&session, options] { return merge(session, *options); });
}

void add_conflicts(const Command& program, Session& session) {
  const Command command = program.add_command("conflicts", "list the cells that a merge waits for",
                                              "millgate conflicts --json");
  command.does([&session] { return conflicts(session); });
}

void add_resolve(const Command& program, Session& session) {
  auto options = std::make_shared<ResolveOptions>();
  const Command command = program.add_command(
      "resolve", "settle conflicts of the merge that waits",
      "millgate resolve --table flights --row \"id = 5\" --column delay --theirs");
  command.add_option("--table", options->table, "conflicts of this table only");
  command.add_option("--row", options->row, "of this row only, as `millgate conflicts` names it");
  command.add_option("--column", options->column, "of this column only");
  command.add_flag("--ours", options->ours, "the branch's own cell stays");
  command.add_flag("--theirs", options->theirs, "the other side's cell is taken");
  const Parameter value =
      command.add_option("--value", options->value, "this value is right; `null` for none");
  command.does([&session, options, value] {
    options->has_value = value.given();
    return resolve(session, *options);
  });
}

void add_revert(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "revert", "take back what one commit changed, by a new commit", "millgate revert main~2");
  command.add_option("revision", options->revision, "the commit to take back").required();
  add_merging(command, options);
  command.does([&session, options] { return apply_commit(session, *options, true); });
}

void add_cherry_pick(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("cherry-pick", "change here what one commit elsewhere changed",
                          "millgate cherry-pick relabelled~1");
  command.add_option("revision", options->revision, "the commit to repeat").required();
  add_merging(command, options);
  command.does([&session, options] { return apply_commit(session, *options, false); });
}

}  // namespace millgate
