#include "data/check/row_authors.h"

#include <arrow/type.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "data/query/database.h"
#include "data/query/sql_token.h"
#include "data/store/table_version.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

/// The commits behind `tip`, itself first, each with a version of `table` that none before it has;
/// the newest of those that are known comes next.
Result<std::vector<Commit>> versions_behind(const Repository& repository, Commit tip,
                                            const std::string& table, int count_max) {
  std::vector<Commit> waiting = {std::move(tip)};
  std::set<Id> known = {waiting.front().id};
  std::vector<Commit> versions;
  while (!waiting.empty()) {
    const auto newest = std::max_element(
        waiting.begin(), waiting.end(),
        [](const Commit& a, const Commit& b) { return a.time.micros < b.time.micros; });
    Commit commit = std::move(*newest);
    waiting.erase(newest);
    for (const Id& parent : commit.parents) {
      if (!known.insert(parent).second) continue;
      MILLGATE_ASSIGN(Commit read, repository.read_commit(parent));
      if (read.tables.contains(table)) waiting.push_back(std::move(read));
    }
    // Of commits with one version the oldest made it.
    const Id version = commit.tables.at(table);
    const auto same = std::find_if(versions.begin(), versions.end(), [&](const Commit& one) {
      return one.tables.at(table) == version;
    });
    if (same != versions.end()) {
      *same = std::move(commit);
    } else if (versions.size() < static_cast<size_t>(count_max)) {
      versions.push_back(std::move(commit));
    }
  }
  return versions;
}

}  // namespace

Result<std::string> rows_with_authors(const Repository& repository, const std::string& table,
                                      const std::string& revision, int commit_count_max) {
  MILLGATE_ASSIGN(const Commit tip, repository.resolve(revision));
  const auto found = tip.tables.find(table);
  if (found == tip.tables.end()) {
    std::vector<std::string> names;
    names.reserve(tip.tables.size());
    for (const auto& [name, version] : tip.tables) names.push_back(name);
    return not_found("table `" + table + "` is not in commit " + tip.id.brief(),
                     name_hint(table, names));
  }
  MILLGATE_ASSIGN(const TableVersion version,
                  read_table_version(repository.objects(), found->second));
  std::string columns;
  for (const auto& field : version.schema->fields()) {
    if (field->name() == kAuthorColumn) {
      return invalid_input(
          "table `" + table + "` has a column `" + kAuthorColumn + "` of its own",
          "name it as the source of the rows: `--by " + std::string(kAuthorColumn) + "`");
    }
    columns += (columns.empty() ? "" : ", ") + quote_name(field->name());
  }
  MILLGATE_ASSIGN(const auto versions, versions_behind(repository, tip, table, commit_count_max));
  std::string all;
  for (size_t i = 0; i < versions.size(); ++i) {
    all += (all.empty() ? "" : " union all by name ") + std::string("select *, ") +
           std::to_string(versions.size() - i) + " as \"millgate age\", " +
           quote_text(versions[i].author) + " as " + quote_name(kAuthorColumn) + " from " +
           quote_name(table + "@" + versions[i].id.hex());
  }
  // The newest version is the one with the largest number.
  return "select " + columns + ", first_value(" + quote_name(kAuthorColumn) +
         ") over (partition by " + columns + " order by \"millgate age\") as " +
         quote_name(kAuthorColumn) + " from (" + all +
         ") qualify \"millgate age\" = " + std::to_string(versions.size()) +
         // A window has no order of its own, and what models learn depends on it.
         " order by all";
}

}  // namespace millgate
