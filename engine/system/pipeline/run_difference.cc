#include "system/pipeline/run_difference.h"

#include <arrow/type.h>

#include <map>
#include <optional>
#include <set>

#include "data/store/table_diff.h"
#include "data/store/table_version.h"
#include "ground/json.h"
#include "ground/shortest_text.h"
#include "model/artifact/model.h"
#include "system/pipeline/run.h"

namespace millgate {
namespace {

using Parts = std::map<std::string, std::string>;

/// A run with everything that it read, by name.
struct ReadRun {
  RunReport report;
  Parts parts;                     ///< Of both steps.
  std::vector<std::string> order;  ///< Names of the parts as they were written.
};

Result<ReadRun> read(const Repository& repository, const Id& model) {
  ReadRun run;
  MILLGATE_ASSIGN(run.report, read_run(repository, model));
  for (const StepKey* key : {&run.report.keys.join, &run.report.keys.train}) {
    for (const auto& [name, value] : key->parts()) {
      if (run.parts.emplace(name, value).second) run.order.push_back(name);
    }
  }
  return run;
}

/// The name of a table from "rows of `flights`".
std::optional<std::string> table_of(const std::string& part) {
  constexpr std::string_view kHead = "rows of `";
  if (!part.starts_with(kHead) || !part.ends_with('`')) return std::nullopt;
  return part.substr(kHead.size(), part.size() - kHead.size() - 1);
}

std::string days(const Json& micros) {
  return shortest_text(micros.get<double>() / 86'400e6) + "d";
}

/// A part's value for people. Those that are lists were written by training_set.cc.
std::string words_of(const std::string& part, const std::string& value) {
  const Json json = Json::parse(value, nullptr, false);
  if (part == "split" && json.is_array() && json.size() == 4) {
    const std::string by = "by " + json[0].get<std::string>();
    return json[2].get<int64_t>() > 0 ? by + ", valid " + days(json[1]) + ", test " + days(json[2])
                                      : by + ", share " + shortest_text(json[3].get<double>());
  }
  if (part == "rounds" && json.is_array() && json.size() == 2) {
    return json[0].dump() + " at most, patience " + json[1].dump();
  }
  return value;
}

Result<RunTableChange> table_change(const Repository& repository, const std::string& table,
                                    const std::string* before, const std::string* after) {
  RunTableChange change{.table = table, .added = before == nullptr, .dropped = after == nullptr};
  if (change.added || change.dropped) return change;
  MILLGATE_ASSIGN(const Id before_id, Id::parse(*before));
  MILLGATE_ASSIGN(const Id after_id, Id::parse(*after));
  const ObjectStore& objects = repository.objects();
  MILLGATE_ASSIGN(const TableVersion old_version, read_table_version(objects, before_id));
  MILLGATE_ASSIGN(const TableVersion new_version, read_table_version(objects, after_id));
  MILLGATE_ASSIGN(const TableDiff diff,
                  diff_versions(objects, old_version, new_version, {.rows_max = 0}));
  change.inserted_count = diff.inserted_count;
  change.updated_count = diff.updated_count;
  change.removed_count = diff.removed_count;
  for (size_t i = 0; i < diff.changed_cells.size(); ++i) {
    if (diff.changed_cells[i] == 0) continue;
    change.changed_cells.emplace_back(diff.schema->field(static_cast<int>(i))->name(),
                                      diff.changed_cells[i]);
  }
  for (const ColumnChange& column : diff.columns) {
    if (!column.type_after.empty()) change.columns_added.push_back(column.name);
    if (!column.type_before.empty()) change.columns_removed.push_back(column.name);
  }
  return change;
}

const std::string* find(const Parts& parts, const std::string& name) {
  const auto found = parts.find(name);
  return found == parts.end() ? nullptr : &found->second;
}

void add_if_other(RunComparison& comparison, const std::string& what, const std::string& before,
                  const std::string& after) {
  if (before != after) comparison.differences.push_back({what, before, after});
}

Status add_part(const Repository& repository, const std::string& name, const ReadRun& base,
                const ReadRun& other, RunComparison& comparison) {
  const std::string* before = find(base.parts, name);
  const std::string* after = find(other.parts, name);
  if (before != nullptr && after != nullptr && *before == *after) return {};
  // The join's key: its parts are told one by one.
  if (name == "training set") return {};
  if (const auto table = table_of(name)) {
    MILLGATE_ASSIGN(RunTableChange change, table_change(repository, *table, before, after));
    comparison.tables.push_back(std::move(change));
    return {};
  }
  comparison.differences.push_back({.what = name,
                                    .before = before == nullptr ? "" : words_of(name, *before),
                                    .after = after == nullptr ? "" : words_of(name, *after)});
  return {};
}

/// Libraries that trained, of the stored models; nothing where one is gone.
void add_libraries(const Repository& repository, const Id& base, const Id& other,
                   RunComparison& comparison) {
  const auto before = Model::load(repository.objects(), base);
  const auto after = Model::load(repository.objects(), other);
  if (!before.ok() || !after.ok()) return;
  const auto& old_versions = (*before)->manifest().dependencies;
  const auto& new_versions = (*after)->manifest().dependencies;
  std::set<std::string> names;
  for (const auto* versions : {&old_versions, &new_versions}) {
    for (const auto& [name, version] : *versions) names.insert(name);
  }
  for (const std::string& name : names) {
    const auto old_version = old_versions.find(name);
    const auto new_version = new_versions.find(name);
    add_if_other(comparison, "library " + name,
                 old_version == old_versions.end() ? "" : old_version->second,
                 new_version == new_versions.end() ? "" : new_version->second);
  }
}

}  // namespace

Result<RunComparison> compare_runs(const Repository& repository, const Id& base, const Id& other) {
  MILLGATE_ASSIGN(const ReadRun before, read(repository, base));
  MILLGATE_ASSIGN(const ReadRun after, read(repository, other));
  RunComparison comparison;
  add_if_other(comparison, "data commit", before.report.data_commit.substr(0, 12),
               after.report.data_commit.substr(0, 12));
  add_if_other(comparison, "code commit", before.report.git_commit, after.report.git_commit);
  for (const std::string& name : before.order) {
    MILLGATE_TRY(add_part(repository, name, before, after, comparison));
  }
  for (const std::string& name : after.order) {
    if (before.parts.contains(name)) continue;
    MILLGATE_TRY(add_part(repository, name, before, after, comparison));
  }
  add_libraries(repository, base, other, comparison);
  return comparison;
}

}  // namespace millgate
