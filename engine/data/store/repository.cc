#include "data/store/repository.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <set>

#include "data/store/about.h"
#include "data/store/branch_tips.h"
#include "data/store/commit_object.h"
#include "data/store/returned_rows.h"
#include "data/store/revision.h"
#include "ground/durable_file.h"
#include "ground/json.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = ".millgate";
constexpr const char* kFormatFile = "/format";
constexpr const char* kLedgerFile = "/ledger.sqlite";
/// A scratch file this old belongs to no running command.
constexpr std::chrono::hours kAbandonedAfter{24};

Status check_format(const std::string& folder) {
  MILLGATE_ASSIGN(const std::string text, read_file(folder + kFormatFile));
  int number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || number < 1) {
    return damaged("`" + folder + kFormatFile + "` holds no format number");
  }
  if (number > kRepositoryFormatVersion) {
    return invalid_input("the repository in `" + folder + "` has format " + std::to_string(number) +
                             "; this program reads up to " +
                             std::to_string(kRepositoryFormatVersion),
                         "use a newer millgate");
  }
  return {};
}

/// Fills `folder`, which nobody else sees yet.
Status fill_new_folder(const std::string& folder, const Clock& clock) {
  MILLGATE_TRY(make_folders(folder + "/objects"));
  MILLGATE_TRY(write_file(folder + kFormatFile, std::to_string(kRepositoryFormatVersion) + "\n"));
  MILLGATE_ASSIGN(const auto ledger, open_ledger(folder + kLedgerFile, clock));
  MILLGATE_TRY(ledger->append(branch_event(kFirstBranch, "millgate", std::nullopt)));
  return {};
}

void remove_abandoned(const std::string& folder) {
  std::error_code ignored;  // Tidying up may fail without harm.
  const auto now = fs::file_time_type::clock::now();
  fs::directory_iterator entries(folder, ignored);
  for (; !ignored && entries != fs::directory_iterator(); entries.increment(ignored)) {
    std::error_code failed;
    const auto written = entries->last_write_time(failed);
    if (!failed && now - written > kAbandonedAfter) fs::remove_all(entries->path(), failed);
  }
}

Error already_there(const std::string& kind, const std::string& name) {
  return Error{.code = ErrorCode::conflict,
               .what = kind + " `" + name + "` exists already",
               .hint = "choose another name"};
}

Status check_name_is_free(const Ledger& ledger, const std::string& name) {
  MILLGATE_ASSIGN(const auto tip, branch_tip(ledger, name));
  if (tip) return already_there("branch", name);
  MILLGATE_ASSIGN(const auto tag, tag_target(ledger, name));
  if (tag) return already_there("tag", name);
  return {};
}

Error empty_branch(const std::string& branch) {
  return not_found("branch `" + branch + "` has no commit yet", "run `millgate commit`");
}

Error no_such_branch(const Ledger& ledger, const std::string& branch) {
  const auto names = branch_names(ledger);
  return not_found("there is no branch `" + branch + "`",
                   names.ok() ? name_hint(branch, *names) : "");
}

}  // namespace

Result<std::shared_ptr<Repository>> Repository::open(const std::string& project_folder,
                                                     const Clock& clock) {
  const std::string folder = project_folder + "/" + kFolder;
  std::error_code unknown;
  if (!fs::is_directory(folder, unknown)) {
    return not_found("there is no Millgate project in `" + project_folder + "`",
                     "run `millgate init " + project_folder + "`");
  }
  MILLGATE_TRY(check_format(folder));
  const std::shared_ptr<Repository> repository(new Repository());
  repository->project_folder_ = project_folder;
  repository->clock_ = &clock;
  MILLGATE_ASSIGN(auto files, open_local_file_store(folder));
  repository->objects_ = std::make_shared<ObjectStore>(std::move(files));
  MILLGATE_ASSIGN(repository->ledger_, open_ledger(folder + kLedgerFile, clock));
  remove_abandoned(folder + "/scratch");
  return repository;
}

Result<std::shared_ptr<Repository>> Repository::init(const std::string& project_folder,
                                                     const Clock& clock) {
  const std::string folder = project_folder + "/" + kFolder;
  const Error exists{.code = ErrorCode::conflict,
                     .what = "`" + project_folder + "` is a Millgate project already",
                     .hint = "go on with `millgate commit`, or choose another folder"};
  std::error_code failed;
  if (fs::exists(folder, failed)) return exists;
  MILLGATE_TRY(make_folders(project_folder));
  const std::string temporary = project_folder + "/" + unique_name(".millgate-init-");
  const Status filled = fill_new_folder(temporary, clock);
  std::error_code renamed;
  // Renaming onto a folder that holds something fails: of two inits at once, one wins.
  if (filled.ok()) fs::rename(temporary, folder, renamed);
  if (!filled.ok() || renamed) {
    fs::remove_all(temporary, failed);
    if (!filled.ok()) return filled.error();
    if (fs::exists(folder, failed)) return exists;
    return system_failure("make", folder, renamed.value());
  }
  MILLGATE_TRY(sync_path(project_folder));
  return open(project_folder, clock);
}

Result<Commit> Repository::commit(const std::string& branch, const NewCommit& change) {
  const bool from_tip = !change.based_on.has_value();
  std::optional<Id> base = change.based_on;
  if (base == Id{}) base.reset();
  bool first_try = true;
  while (true) {
    MILLGATE_ASSIGN(const auto tip, branch_tip(*ledger_, branch));
    if (!tip) return no_such_branch(*ledger_, branch);
    if (first_try && from_tip) base = tip->commit;
    first_try = false;
    if (tip->commit && base != tip->commit) {
      MILLGATE_TRY(check_overtaken(branch, change, base, *tip->commit));
    }
    MILLGATE_ASSIGN(const auto known, forgotten());
    MILLGATE_TRY(check_forgotten(*known, change, tip->commit));
    MILLGATE_ASSIGN(Commit commit, build_commit(change, tip->commit));
    if (commit.id == tip->commit) return commit;
    MILLGATE_ASSIGN(const std::string text, commit_text(commit));
    MILLGATE_ASSIGN(commit.id, objects_->put(text));
    bool lost_race = false;
    const auto appended = ledger_->append(
        commit_event(branch, change.author, commit.id, tip->commit, change.event_note_json),
        [&](const Ledger& ledger) -> Status {
          MILLGATE_ASSIGN(const auto now, branch_tip(ledger, branch));
          MILLGATE_ASSIGN(const auto newest, ledger.newest(kForgetEvent));
          lost_race = !now || now->commit != tip->commit ||
                      (newest ? newest->number : 0) != known->event_number();
          if (lost_race) return bug("a lost race is tried again");
          return {};
        });
    if (appended.ok()) return commit;
    if (!lost_race) return appended.error();
  }
}

namespace {

/// Whether a commit on top of `before` would say something else of a table or folder.
Result<bool> changes_about(const Commit& before, const NewCommit& change) {
  for (const auto& [source, text] : change.abouts) {
    MILLGATE_ASSIGN(const Json known, about_in(before, source));
    MILLGATE_ASSIGN(const Json about, parse_json(text, "`about` of `" + source + "`"));
    if (!about_changes(known, about).empty()) return true;
  }
  return false;
}

}  // namespace

/// `change` on top of `parent`, without an id yet; the parent itself when nothing changes.
Result<Commit> Repository::build_commit(const NewCommit& change, std::optional<Id> parent) const {
  Commit commit;
  commit.origin_json = "{}";
  if (parent) {
    MILLGATE_ASSIGN(Commit before, read_commit(*parent));
    commit.parents = {before.id};
    commit.tables = before.tables;
    commit.trees = before.trees;
    commit.origin_json = before.origin_json;
    for (const auto& [table, version] : change.tables) commit.tables[table] = version;
    // A revision that was read before it was rewritten means what it is now.
    MILLGATE_ASSIGN(const auto known, forgotten());
    for (auto& [table, version] : commit.tables) version = known->current(version);
    for (const auto& [folder, tree] : change.trees) commit.trees[folder] = tree;
    for (const Id& merged : change.merged_parents) {
      commit.parents.push_back(merged);
      MILLGATE_TRY(merge_trees(before, merged, change.trees, commit.trees));
    }
    MILLGATE_ASSIGN(const bool says_more, changes_about(before, change));
    if (change.merged_parents.empty() && commit.tables == before.tables &&
        commit.trees == before.trees && !says_more) {
      return before;
    }
  } else {
    commit.tables = change.tables;
    commit.trees = change.trees;
    if (commit.tables.empty() && commit.trees.empty()) {
      return invalid_input("a first commit needs at least one table or folder");
    }
  }
  MILLGATE_ASSIGN(commit.origin_json, merge_origins(commit.origin_json, change.origin_json));
  MILLGATE_ASSIGN(commit.origin_json, origins_with_abouts(commit.origin_json, change.abouts));
  commit.time = clock_->now();
  commit.author = change.author;
  commit.message = change.message;
  commit.git_commit = change.git_commit;
  return commit;
}

Status Repository::fast_forward(const std::string& branch, const Id& from, const Id& to,
                                const std::string& author, const std::string& event_note_json) {
  MILLGATE_TRY(ledger_->append(
      commit_event(branch, author, to, from, event_note_json), [&](const Ledger& ledger) -> Status {
        MILLGATE_ASSIGN(const auto tip, branch_tip(ledger, branch));
        if (tip && tip->commit == from) return {};
        return Error{.code = ErrorCode::conflict,
                     .what = "branch `" + branch + "` moved meanwhile",
                     .hint = "look at it with `millgate log " + branch + "`, then try again"};
      }));
  return {};
}

namespace {

/// The search for the commit that two commits share. Whatever the clocks said, what it finds is no
/// ancestor of another one that both share; times only make it short.
class CommonAncestor {
 public:
  explicit CommonAncestor(const Repository& repository) : repository_(repository) {}

  Result<std::optional<Commit>> find(const Id& one, const Id& other) {
    MILLGATE_TRY(reach(one, {.from_one = true}));
    MILLGATE_TRY(reach(other, {.from_other = true}));
    while (true) {
      Reached* next = youngest_open();
      const std::vector<const Commit*> best = shared();
      const bool settled = next == nullptr || (next->marks.behind && best.size() == 1);
      if (!settled) {
        MILLGATE_TRY(visit(*next));
        continue;
      }
      const Commit* found = nullptr;
      for (const Commit* commit : best) {
        if (found == nullptr || found->time < commit->time) found = commit;
      }
      return found == nullptr ? std::optional<Commit>() : std::make_optional(*found);
    }
  }

 private:
  struct Marks {
    bool from_one = false;
    bool from_other = false;
    bool behind = false;  ///< An ancestor of one that both share.
    [[nodiscard]] bool both() const { return from_one && from_other; }
    bool operator==(const Marks&) const = default;
  };
  struct Reached {
    Commit commit;
    Marks marks;
    bool open = false;  ///< Its parents do not know its marks yet.
  };

  Status reach(const Id& id, const Marks& marks) {
    auto [found, added] = all_.try_emplace(id);
    Reached& reached = found->second;
    if (added) {
      MILLGATE_ASSIGN(reached.commit, repository_.read_commit(id));
    }
    const Marks now{.from_one = reached.marks.from_one || marks.from_one,
                    .from_other = reached.marks.from_other || marks.from_other,
                    .behind = reached.marks.behind || marks.behind};
    reached.open |= now != reached.marks;
    reached.marks = now;
    return {};
  }

  Status visit(Reached& reached) {
    reached.open = false;
    Marks marks = reached.marks;
    marks.behind |= marks.both();
    for (const Id& parent : std::vector<Id>(reached.commit.parents)) {
      MILLGATE_TRY(reach(parent, marks));
    }
    return {};
  }

  /// Those behind a shared one come last: they only tell apart several that are shared.
  Reached* youngest_open() {
    Reached* youngest = nullptr;
    for (auto& [id, reached] : all_) {
      if (!reached.open) continue;
      const bool better = youngest == nullptr ||
                          (youngest->marks.behind && !reached.marks.behind) ||
                          (youngest->marks.behind == reached.marks.behind &&
                           youngest->commit.time < reached.commit.time);
      if (better) youngest = &reached;
    }
    return youngest;
  }

  [[nodiscard]] std::vector<const Commit*> shared() const {
    std::vector<const Commit*> commits;
    for (const auto& [id, reached] : all_) {
      if (reached.marks.both() && !reached.marks.behind) commits.push_back(&reached.commit);
    }
    return commits;
  }

  const Repository& repository_;
  std::map<Id, Reached> all_;
};

}  // namespace

Result<std::optional<Commit>> Repository::merge_base(const Id& one, const Id& other) const {
  return CommonAncestor(*this).find(one, other);
}

/// Folders are merged whole: the side that changed one since the common commit gives it.
Status Repository::merge_trees(const Commit& ours, const Id& merged_parent,
                               const std::map<std::string, Id>& settled,
                               std::map<std::string, Id>& trees) const {
  MILLGATE_ASSIGN(const Commit theirs, read_commit(merged_parent));
  MILLGATE_ASSIGN(const auto base, merge_base(ours.id, theirs.id));
  const auto tree_in = [](const Commit& commit, const std::string& name) {
    const auto found = commit.trees.find(name);
    return found == commit.trees.end() ? Id{} : found->second;
  };
  for (const auto& [name, tree] : theirs.trees) {
    const Id mine = tree_in(ours, name);
    const Id before = base ? tree_in(*base, name) : Id{};
    if (settled.contains(name) || tree == mine || tree == before) continue;
    const auto taken = trees.find(name);  // By another branch of the same merge.
    const Id so_far = taken == trees.end() ? Id{} : taken->second;
    if (so_far == tree) continue;
    if (mine != before || so_far != mine) {
      return Error{.code = ErrorCode::conflict,
                   .what = "folder `" + name + "` was changed on both sides, since commit " +
                           (base ? base->id.brief() : "none"),
                   .hint = "bring the files of one side by `millgate checkout " + name +
                           " --rev REVISION` to what they should be, commit, and merge again"};
    }
    trees[name] = tree;
  }
  return {};
}

/// Refuses when a table or folder of `change` is not at `tip` what it was at `base`.
Status Repository::check_overtaken(const std::string& branch, const NewCommit& change,
                                   std::optional<Id> base, const Id& tip) const {
  Commit from;  // Without tables, when the change began on an empty branch.
  if (base) {
    MILLGATE_ASSIGN(from, read_commit(*base));
  }
  MILLGATE_ASSIGN(const Commit to, read_commit(tip));
  using Members = std::map<std::string, Id> Commit::*;
  const auto version_in = [](const Commit& commit, Members members, const std::string& name) {
    const auto found = (commit.*members).find(name);
    return found == (commit.*members).end() ? Id{} : found->second;
  };
  const auto check = [&](Members members, const std::string& name, const Id& version,
                         const std::string& what) -> Status {
    const Id theirs = version_in(to, members, name);
    if (theirs == version_in(from, members, name) || theirs == version) return {};
    // The newest commit that set it to what it is now.
    Commit culprit = to;
    while (!culprit.parents.empty() && culprit.id != base) {
      MILLGATE_ASSIGN(Commit parent, read_commit(culprit.parents[0]));
      if (version_in(parent, members, name) != theirs) break;
      culprit = std::move(parent);
    }
    return Error{.code = ErrorCode::conflict,
                 .what = what + " `" + name + "` on branch `" + branch +
                         "` was changed meanwhile by " + culprit.author + " at " +
                         to_string(culprit.time) + " in commit " + culprit.id.brief(),
                 .hint = "look at that commit, then commit again"};
  };
  for (const auto& [table, version] : change.tables) {
    MILLGATE_TRY(check(&Commit::tables, table, version, "table"));
  }
  for (const auto& [folder, tree] : change.trees) {
    MILLGATE_TRY(check(&Commit::trees, folder, tree, "folder"));
  }
  for (const auto& [source, text] : change.abouts) {
    MILLGATE_ASSIGN(const Json theirs, about_in(to, source));
    MILLGATE_ASSIGN(const Json before, about_in(from, source));
    MILLGATE_ASSIGN(const Json ours, parse_json(text, "`about` of `" + source + "`"));
    if (about_changes(before, theirs).empty() || about_changes(theirs, ours).empty()) continue;
    return Error{.code = ErrorCode::conflict,
                 .what = "`about` of `" + source + "` on branch `" + branch +
                         "` was changed meanwhile, up to commit " + to.id.brief(),
                 .hint = "compare: `millgate diff " + (base ? from.id.brief() + " " : "") +
                         to.id.brief() + "`, then commit again"};
  }
  return {};
}

Result<std::string> Repository::branch_name(const std::string& branch) const {
  std::string name = branch;
  if (branch == kCurrentBranch) {
    MILLGATE_ASSIGN(const Workspace workspace, read_workspace(project_folder_));
    name = workspace.branch;
  }
  MILLGATE_ASSIGN(const auto tip, branch_tip(*ledger_, name));
  if (tip) return name;
  Error error = no_such_branch(*ledger_, name);
  if (branch != kCurrentBranch) return error;
  error.what = "the current branch `" + name + "` is not in the ledger any more";
  error.hint = "choose another with `millgate switch BRANCH`; " + error.hint;
  return error;
}

Result<Commit> Repository::resolve(std::string_view text) const {
  MILLGATE_ASSIGN(Revision revision, parse_revision(text));
  if (revision.name.empty()) {
    MILLGATE_ASSIGN(revision.name, branch_name(kCurrentBranch));
  }
  MILLGATE_ASSIGN(Commit commit, resolve_name(revision.name, revision.at));
  for (int64_t step = 0; step < revision.back; ++step) {
    if (commit.parents.empty()) {
      return not_found("revision `" + std::string(text) + "` goes back beyond the first commit",
                       "`~" + std::to_string(step) + "` is the first");
    }
    MILLGATE_ASSIGN(commit, read_commit(commit.parents[0]));
  }
  return commit;
}

Result<Commit> Repository::resolve_name(const std::string& name, std::optional<Time> at) const {
  MILLGATE_ASSIGN(const auto tip, branch_tip(*ledger_, name, at));
  if (tip && tip->commit) return read_commit(*tip->commit);
  if (at) {
    MILLGATE_ASSIGN(const auto commits, ledger_->events(0, "commit", name));
    if (commits.empty() && !tip) {
      MILLGATE_ASSIGN(const auto now, branch_tip(*ledger_, name));
      if (!now) return no_such_branch(*ledger_, name);
    }
    return not_found("branch `" + name + "` had no commit at " + to_string(*at),
                     commits.empty() ? "run `millgate commit`"
                                     : "its first is of " + to_string(commits[0].time));
  }
  if (tip) return empty_branch(name);
  MILLGATE_ASSIGN(const auto tag, tag_target(*ledger_, name));
  if (tag) return read_commit(*tag);
  return resolve_prefix(name);
}

/// Commits before any branch or tag whose ids begin with `prefix`.
Result<std::set<Id>> Repository::find_in_history(const std::string& prefix) const {
  std::vector<Id> waiting;
  MILLGATE_ASSIGN(const auto tips, branches());
  waiting.reserve(tips.size());
  for (const auto& [name, id] : tips) waiting.push_back(id);
  MILLGATE_ASSIGN(const auto tag_ids, tags());
  for (const auto& [name, id] : tag_ids) waiting.push_back(id);
  std::set<Id> seen;
  std::set<Id> found;
  while (!waiting.empty()) {
    const Id id = waiting.back();
    waiting.pop_back();
    if (!seen.insert(id).second) continue;
    if (id.hex().starts_with(prefix)) found.insert(id);
    MILLGATE_ASSIGN(const Commit commit, read_commit(id));
    waiting.insert(waiting.end(), commit.parents.begin(), commit.parents.end());
  }
  return found;
}

Result<Commit> Repository::resolve_prefix(const std::string& prefix) const {
  constexpr size_t kDigitsMin = 4;
  const bool hexadecimal = prefix.find_first_not_of("0123456789abcdef") == std::string::npos;
  std::set<Id> found;
  if (hexadecimal && prefix.size() >= kDigitsMin) {
    MILLGATE_ASSIGN(const auto commits, all_commits(*ledger_));
    for (const Id& id : commits) {
      if (id.hex().starts_with(prefix)) found.insert(id);
    }
    // Commits that came from a remote have no event each; they stand before the tips.
    if (found.empty()) {
      MILLGATE_ASSIGN(found, find_in_history(prefix));
    }
  }
  if (found.size() == 1) return read_commit(*found.begin());
  if (found.empty()) {
    MILLGATE_ASSIGN(std::vector<std::string> names, branch_names(*ledger_));
    MILLGATE_ASSIGN(const auto tag_ids, tags());
    for (const auto& [name, id] : tag_ids) names.push_back(name);
    return not_found("there is no revision `" + prefix + "`",
                     hexadecimal && prefix.size() < kDigitsMin
                         ? "an id needs at least 4 digits; " + name_hint(prefix, names)
                         : name_hint(prefix, names));
  }
  std::string candidates;
  for (const Id& id : found) candidates += (candidates.empty() ? "" : ", ") + id.brief();
  return invalid_input("revision `" + prefix + "` is ambiguous",
                       "write more digits: " + candidates);
}

Result<Commit> Repository::read_commit(const Id& id) const {
  MILLGATE_ASSIGN(const std::string text, objects_->get(id));
  MILLGATE_ASSIGN(Commit commit, parse_commit(text, id));
  MILLGATE_ASSIGN(const auto known, forgotten());
  for (auto& [table, version] : commit.tables) version = known->current(version);
  return commit;
}

Result<std::shared_ptr<const Forgotten>> Repository::forgotten() const {
  MILLGATE_ASSIGN(const auto newest, ledger_->newest(kForgetEvent));
  const int64_t number = newest ? newest->number : 0;
  const std::scoped_lock lock(forgotten_mutex_);
  if (forgotten_ == nullptr || forgotten_->event_number() < number) {
    MILLGATE_ASSIGN(Forgotten loaded, Forgotten::load(*ledger_, *objects_));
    forgotten_ = std::make_shared<const Forgotten>(std::move(loaded));
  }
  return forgotten_;
}

/// Objects that hold forgotten rows are no part of any version that a commit has, so they go.
Status Repository::check_forgotten(const Forgotten& forgotten, const NewCommit& change,
                                   const std::optional<Id>& tip) {
  std::vector<Id> parents = change.merged_parents;
  if (tip) parents.push_back(*tip);
  for (const auto& [table, version_id] : change.tables) {
    const bool concerned =
        std::any_of(forgotten.entries().begin(), forgotten.entries().end(),
                    [&](const Forgotten::Entry& entry) { return entry.record.table == table; });
    if (!concerned) continue;
    std::unordered_set<Id> known;
    for (const Id& parent : parents) {
      MILLGATE_ASSIGN(const Commit before, read_commit(parent));
      const auto found = before.tables.find(table);
      if (found == before.tables.end()) continue;
      MILLGATE_ASSIGN(const TableVersion version, read_table_version(*objects_, found->second));
      for (const Id& object : objects_of(version)) known.insert(object);
    }
    if (known.contains(version_id)) continue;
    auto version = read_table_version(*objects_, version_id);
    auto returned = version.ok() ? find_returned_rows(*objects_, forgotten, table, *version, known)
                                 : Result<std::optional<ReturnedRows>>(version.error());
    if (!returned.ok()) {
      if (returned.error().code != ErrorCode::not_found) return returned.error();
      // One that was read from a commit means what it is now.
      if (!version.ok() && forgotten.current(version_id) != version_id) continue;
      return Error{.code = ErrorCode::conflict,
                   .what = "table `" + table + "` was made from rows that were forgotten meanwhile",
                   .because = {returned.error().what},
                   .hint = "run the command again"};
    }
    if (!*returned) continue;
    for (const Id& object : (*returned)->objects) {
      if (!known.contains(object)) MILLGATE_TRY(objects_->remove(object));
    }
    return Error{.code = ErrorCode::refused,
                 .what = "table `" + table +
                         "` would bring back a row that was forgotten: " + (*returned)->name,
                 .where = "event " + std::to_string((*returned)->event_number) + " of the ledger",
                 .hint = "take it out of what the table is read from, then try again"};
  }
  return {};
}

Result<std::vector<Commit>> Repository::log(std::string_view revision, int count_max) const {
  std::vector<Commit> commits;
  if (count_max <= 0) return commits;
  MILLGATE_ASSIGN(Commit commit, resolve(revision));
  while (true) {
    commits.push_back(std::move(commit));
    const Commit& last = commits.back();
    if (last.parents.empty() || commits.size() == static_cast<size_t>(count_max)) return commits;
    MILLGATE_ASSIGN(commit, read_commit(last.parents[0]));
  }
}

Result<std::map<std::string, Id>> Repository::branches() const {
  MILLGATE_ASSIGN(const auto names, branch_names(*ledger_));
  std::map<std::string, Id> branches;
  for (const std::string& name : names) {
    MILLGATE_ASSIGN(const auto tip, branch_tip(*ledger_, name));
    if (tip && tip->commit) branches[name] = *tip->commit;
  }
  return branches;
}

Result<std::map<std::string, Id>> Repository::tags() const { return all_tags(*ledger_); }

Status Repository::make_branch(const std::string& name, std::string_view at,
                               const std::string& author) {
  MILLGATE_TRY(check_branch_name(name));
  MILLGATE_ASSIGN(const Commit start, resolve(at));
  MILLGATE_TRY(ledger_->append(branch_event(name, author, start.id), [&](const Ledger& ledger) {
    return check_name_is_free(ledger, name);
  }));
  return {};
}

Status Repository::make_tag(const std::string& name, std::string_view at,
                            const std::string& author) {
  MILLGATE_TRY(check_branch_name(name));
  MILLGATE_ASSIGN(const Commit target, resolve(at));
  MILLGATE_TRY(ledger_->append(tag_event(name, author, target.id), [&](const Ledger& ledger) {
    return check_name_is_free(ledger, name);
  }));
  return {};
}

std::string Repository::folder(const std::string& name) const {
  std::string path = project_folder_ + "/" + kFolder + "/" + name;
  std::error_code ignored;  // Whoever writes into it learns why it is not there.
  fs::create_directories(path, ignored);
  return path;
}

}  // namespace millgate
