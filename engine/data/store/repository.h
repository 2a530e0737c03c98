/// The project's data: commits of several tables at once, branches and tags over the ledger.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "data/store/forgotten.h"
#include "data/store/object_store.h"
#include "data/store/table_version.h"
#include "data/store/workspace.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "ground/ledger.h"

namespace millgate {

/// The state of all tables and folders at one moment.
struct Commit {
  Id id;
  std::vector<Id> parents;
  /// Table name -> table version: the one to read, where the one of the object was rewritten since
  /// (store/forgotten.h).
  std::map<std::string, Id> tables;
  std::map<std::string, Id> trees;  ///< Folder name -> tree (data/tree).
  Time time;
  std::string author;
  std::string message;
  std::string git_commit;   ///< Of the code beside it; empty outside git. "+" at the end: unclean.
  std::string origin_json;  ///< JSON object by table: files, their hashes and sizes, `about`.
};

/// What a caller gives for a new commit.
struct NewCommit {
  std::map<std::string, Id> tables;  ///< Tables to set; the others stay as in the parent.
  std::map<std::string, Id> trees;   ///< Folders to set; the others stay as in the parent.
  /// The commit that the tables were made from: what changed since then is not overwritten.
  /// The zero id: the branch was empty. Nothing: the tip at the moment of the call.
  std::optional<Id> based_on;
  /// More parents, whose histories the commit takes in; it is made even if no table changes.
  std::vector<Id> merged_parents;
  std::string author;
  std::string message;
  std::string git_commit;
  std::string origin_json = "{}";  ///< A JSON object by table; laid over that of the parent.
  /// Table or folder -> what it says of it from now on (store/about.h), a JSON object. A change of
  /// this alone makes a commit; the rest of the origin stays as the parent has it.
  std::map<std::string, std::string> abouts = {};
  /// What the event of the ledger says of how the commit came about; a JSON object, or nothing.
  std::string event_note_json = {};
};

/// How a new project keeps `.millgate/format`; a program refuses a greater number.
inline constexpr int kRepositoryFormatVersion = 1;

/// One project's store, in the folder `.millgate` of the project:
///   ledger.sqlite, workspace.json, objects/, scratch/, cache/, predictions/, feedback/,
///   outcomes/
/// Thread-safe; any number of processes may use it at once.
class Repository {
 public:
  /// Errors: `not_found` with the hint to run `millgate init` when there is none.
  [[nodiscard]] static Result<std::shared_ptr<Repository>> open(const std::string& project_folder,
                                                                const Clock& clock);
  /// Makes `.millgate` with an empty branch `main`, whole or not at all.
  /// Errors: `conflict` when it exists.
  [[nodiscard]] static Result<std::shared_ptr<Repository>> init(const std::string& project_folder,
                                                                const Clock& clock);

  /// Adds a commit on top of `branch` in one atomic step. A race that is lost is retried when
  /// the other commit touched other tables; otherwise the error is `conflict` and says who won.
  /// A commit that would change nothing is `conflict`-free: it returns the tip itself.
  /// `refused` when a table would bring back rows that were forgotten; what holds them is removed.
  [[nodiscard]] Result<Commit> commit(const std::string& branch, const NewCommit& change);

  /// Moves `branch` from `from` to `to`, which descends from it, without a new commit.
  /// `event_note_json`: as NewCommit has it.
  /// Errors: `conflict` when the branch is not at `from` any more.
  [[nodiscard]] Status fast_forward(const std::string& branch, const Id& from, const Id& to,
                                    const std::string& author,
                                    const std::string& event_note_json = {});
  /// The youngest commit that both descend from, or are; nothing when there is none.
  [[nodiscard]] Result<std::optional<Commit>> merge_base(const Id& one, const Id& other) const;

  /// The name of a branch that is there: `branch`, or with `@` the current one. Every place where
  /// nobody named a branch says `@`. Errors: `not_found` with the nearest name.
  [[nodiscard]] Result<std::string> branch_name(const std::string& branch) const;

  /// "main", "a1b2c3", "tag", "main~2", "main@{2013-04-01}"; without a name, as in "@", "~2" and
  /// "@{...}", the current branch. Errors:
  /// `not_found` with the nearest name; `invalid_input` for an ambiguous prefix (candidates).
  [[nodiscard]] Result<Commit> resolve(std::string_view revision) const;
  [[nodiscard]] Result<Commit> read_commit(const Id& id) const;
  /// What was forgotten so far. Errors: as Forgotten::load.
  [[nodiscard]] Result<std::shared_ptr<const Forgotten>> forgotten() const;
  /// The commit and its first-parent ancestors, newest first, at most `count_max`.
  [[nodiscard]] Result<std::vector<Commit>> log(std::string_view revision, int count_max) const;

  /// Branch or tag name -> commit, as folds over the ledger.
  [[nodiscard]] Result<std::map<std::string, Id>> branches() const;
  [[nodiscard]] Result<std::map<std::string, Id>> tags() const;
  [[nodiscard]] Status make_branch(const std::string& name, std::string_view at,
                                   const std::string& author);
  [[nodiscard]] Status make_tag(const std::string& name, std::string_view at,
                                const std::string& author);

  [[nodiscard]] ObjectStore& objects() { return *objects_; }
  [[nodiscard]] const ObjectStore& objects() const { return *objects_; }
  [[nodiscard]] Ledger& ledger() { return *ledger_; }
  [[nodiscard]] const Ledger& ledger() const { return *ledger_; }
  [[nodiscard]] const Clock& clock() const { return *clock_; }
  [[nodiscard]] const std::string& project_folder() const { return project_folder_; }
  /// A folder inside `.millgate`, made when missing, for example folder("scratch").
  [[nodiscard]] std::string folder(const std::string& name) const;

 private:
  Repository() = default;
  [[nodiscard]] Result<Commit> resolve_name(const std::string& name, std::optional<Time> at) const;
  [[nodiscard]] Result<Commit> resolve_prefix(const std::string& prefix) const;
  [[nodiscard]] Result<std::set<Id>> find_in_history(const std::string& prefix) const;
  [[nodiscard]] Status check_overtaken(const std::string& branch, const NewCommit& change,
                                       std::optional<Id> base, const Id& tip) const;
  [[nodiscard]] Status merge_trees(const Commit& ours, const Id& merged_parent,
                                   const std::map<std::string, Id>& settled,
                                   std::map<std::string, Id>& trees) const;
  [[nodiscard]] Result<Commit> build_commit(const NewCommit& change,
                                            std::optional<Id> parent) const;
  [[nodiscard]] Status check_forgotten(const Forgotten& forgotten, const NewCommit& change,
                                       const std::optional<Id>& tip);

  std::string project_folder_;
  mutable std::mutex forgotten_mutex_;
  mutable std::shared_ptr<const Forgotten> forgotten_;
  const Clock* clock_ = nullptr;
  std::shared_ptr<Ledger> ledger_;
  std::shared_ptr<ObjectStore> objects_;
};

}  // namespace millgate
