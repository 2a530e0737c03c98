#include "data/tree/path_history.h"

#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "data/store/about.h"
#include "data/tree/tree.h"
#include "ground/json.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

std::optional<Id> find(const std::map<std::string, Id>& ids, const std::string& name) {
  const auto found = ids.find(name);
  if (found == ids.end()) return std::nullopt;
  return found->second;
}

/// What may be compared of the files below a part: where a file's pieces lie is no change of it.
using Files = std::vector<std::tuple<std::string, FileKind, Id>>;

Result<Files> files_below(const Repository& repository, std::optional<Id> tree,
                          const std::string& part) {
  Files files;
  if (!tree) return files;
  MILLGATE_ASSIGN(const Tree root, read_tree(repository.objects(), *tree));
  MILLGATE_ASSIGN(const auto entries, read_entries(repository.objects(), root, part));
  files.reserve(entries.size());
  for (const TreeEntry& entry : entries) files.emplace_back(entry.path, entry.kind, entry.content);
  return files;
}

/// Whether `commit` has something else at `path` than `parent`, its first parent.
Result<bool> differs(const Repository& repository, const Commit& commit, const Commit& parent,
                     const DataPath& path) {
  const auto tree = find(commit.trees, path.name);
  const auto tree_before = find(parent.trees, path.name);
  if (!path.part.empty()) {
    if (tree == tree_before) return false;
    MILLGATE_ASSIGN(const Files now, files_below(repository, tree, path.part));
    MILLGATE_ASSIGN(const Files before, files_below(repository, tree_before, path.part));
    return now != before;
  }
  if (tree != tree_before) return true;
  if (find(commit.tables, path.name) != find(parent.tables, path.name)) return true;
  MILLGATE_ASSIGN(const Json about, about_in(commit, path.name));
  MILLGATE_ASSIGN(const Json about_before, about_in(parent, path.name));
  return about != about_before;
}

/// Which paths were met on the way, and what else there is.
class KnownPaths {
 public:
  explicit KnownPaths(const std::vector<DataPath>& paths) : paths_(paths), met_(paths.size()) {}

  Status look(const Repository& repository, const Commit& commit) {
    for (const auto& [name, id] : commit.tables) names_.insert(name);
    for (const auto& [name, id] : commit.trees) names_.insert(name);
    for (const auto& [name, id] : commit.trees) folders_.insert(name);
    for (size_t i = 0; i < paths_.size(); ++i) {
      if (met_[i]) continue;
      const DataPath& path = paths_[i];
      if (path.part.empty()) {
        met_[i] = commit.tables.contains(path.name) || commit.trees.contains(path.name);
      } else if (const auto tree = find(commit.trees, path.name)) {
        MILLGATE_ASSIGN(const Files files, files_below(repository, tree, path.part));
        met_[i] = !files.empty();
      }
    }
    return {};
  }

  /// Errors: `not_found` for one that was never met; `invalid_input` for a part of a table.
  [[nodiscard]] Status check(const Commit& newest) const {
    for (size_t i = 0; i < paths_.size(); ++i) {
      if (met_[i]) continue;
      const DataPath& path = paths_[i];
      const std::string where = " in commit " + newest.id.brief() + " or before it";
      if (!path.part.empty() && names_.contains(path.name) && !folders_.contains(path.name)) {
        return invalid_input("`" + path.name + "` is a table, and has no files below it",
                             "name the table alone");
      }
      if (!path.part.empty() && folders_.contains(path.name)) {
        return not_found(
            "there was never a file `" + path.part + "` in folder `" + path.name + "`" + where,
            "`millgate files " + path.name + "` lists what there is");
      }
      return not_found(
          "there was never a table or folder `" + path.name + "`" + where,
          name_hint(path.name, std::vector<std::string>(names_.begin(), names_.end())));
    }
    return {};
  }

 private:
  const std::vector<DataPath>& paths_;
  std::vector<bool> met_;
  std::set<std::string> names_;
  std::set<std::string> folders_;
};

}  // namespace

Result<std::vector<Commit>> commits_that_changed(const Repository& repository, const Commit& newest,
                                                 const std::vector<DataPath>& paths,
                                                 int count_max) {
  std::vector<Commit> commits;
  if (count_max <= 0) return commits;
  KnownPaths known(paths);
  Commit commit = newest;
  while (true) {
    MILLGATE_TRY(known.look(repository, commit));
    Commit parent;  // Before the first there is nothing.
    parent.origin_json = "{}";
    if (!commit.parents.empty()) {
      MILLGATE_ASSIGN(parent, repository.read_commit(commit.parents[0]));
    }
    bool changed = false;
    for (size_t i = 0; !changed && i < paths.size(); ++i) {
      MILLGATE_ASSIGN(changed, differs(repository, commit, parent, paths[i]));
    }
    const bool is_first = commit.parents.empty();
    if (changed) commits.push_back(std::move(commit));
    if (commits.size() == static_cast<size_t>(count_max)) return commits;
    if (is_first) break;
    commit = std::move(parent);
  }
  MILLGATE_TRY(known.check(newest));
  return commits;
}

}  // namespace millgate
