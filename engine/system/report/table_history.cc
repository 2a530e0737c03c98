#include "system/report/table_history.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <utility>

#include "ground/json.h"

namespace millgate {
namespace {

/// `step` filled with how the table differs from that of `parent`; false when it does not.
Result<bool> compare(const Repository& repository, const std::string& table, const Commit& parent,
                     TableStep& step) {
  MILLGATE_ASSIGN(const Json said_before, about_in(parent, table));
  MILLGATE_ASSIGN(const Json said_after, about_in(step.commit, table));
  step.about = about_changes(said_before, said_after);
  const Id before_id = parent.tables.at(table);
  const Id after_id = step.commit.tables.at(table);
  MILLGATE_ASSIGN(const TableVersion after, read_table_version(repository.objects(), after_id));
  step.row_count = after.row_count;
  if (before_id == after_id) return !step.about.empty();
  MILLGATE_ASSIGN(const TableVersion before, read_table_version(repository.objects(), before_id));
  MILLGATE_ASSIGN(TableDiff diff,
                  diff_versions(repository.objects(), before, after, {.rows_max = 0}));
  step.inserted_count = diff.inserted_count;
  step.updated_count = diff.updated_count;
  step.removed_count = diff.removed_count;
  step.key_changed = diff.key_changed;
  step.columns = std::move(diff.columns);
  step.renames = std::move(diff.renames);
  return true;
}

Result<TableStep> first_step(const Repository& repository, const std::string& table,
                             const Commit& commit) {
  TableStep step;
  step.commit = commit;
  step.made = true;
  MILLGATE_ASSIGN(const Json said, about_in(commit, table));
  step.about = about_changes(Json::object(), said);
  MILLGATE_ASSIGN(const TableVersion version,
                  read_table_version(repository.objects(), commit.tables.at(table)));
  step.row_count = version.row_count;
  step.inserted_count = version.row_count;
  return step;
}

}  // namespace

bool TableStep::breaks() const {
  const bool column_lost =
      std::any_of(columns.begin(), columns.end(),
                  [](const ColumnChange& change) { return !change.type_before.empty(); });
  return !made &&
         (updated_count > 0 || removed_count > 0 || key_changed || column_lost || !renames.empty());
}

bool TableStep::adds() const { return made || inserted_count > 0 || !columns.empty(); }

Result<std::vector<TableStep>> table_history(const Repository& repository, const Commit& commit,
                                             const std::string& table) {
  if (!commit.tables.contains(table)) {
    return not_found("table `" + table + "` is not in commit " + commit.id.brief());
  }
  MILLGATE_ASSIGN(const std::vector<Commit> commits,
                  repository.log(commit.id.hex(), std::numeric_limits<int>::max()));
  std::vector<TableStep> steps;
  for (size_t i = 0; i < commits.size(); ++i) {
    if (i + 1 == commits.size() || !commits[i + 1].tables.contains(table)) {
      MILLGATE_ASSIGN(TableStep step, first_step(repository, table, commits[i]));
      step.age = static_cast<int64_t>(i);
      steps.push_back(std::move(step));
      break;
    }
    TableStep step;
    step.commit = commits[i];
    step.age = static_cast<int64_t>(i);
    MILLGATE_ASSIGN(const bool touched, compare(repository, table, commits[i + 1], step));
    if (touched) steps.push_back(std::move(step));
  }
  std::reverse(steps.begin(), steps.end());
  return steps;
}

std::string semantic_version(const std::vector<std::vector<TableStep>>& histories) {
  // A commit may touch several tables: the greatest change of them counts, once.
  struct VersionLevel {
    bool breaks = false, adds = false;
  };
  std::map<int64_t, VersionLevel, std::greater<>> levels;  // By age: the oldest first.
  for (const auto& steps : histories) {
    for (const TableStep& step : steps) {
      VersionLevel& level = levels[step.age];
      level.breaks |= step.breaks();
      level.adds |= step.adds();
    }
  }
  int64_t major = 0, minor = 0, patch = 0;
  for (const auto& [age, level] : levels) {
    if (level.breaks || major == 0) {
      ++major;
      minor = patch = 0;
    } else if (level.adds) {
      ++minor;
      patch = 0;
    } else {
      ++patch;
    }
  }
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

}  // namespace millgate
