#include "app/personal_exit.h"

#include <arrow/api.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <utility>

#include "app/session.h"
#include "data/personal/answer_policy.h"
#include "data/store/table_version.h"
#include "data/table/arrow_result.h"
#include "system/pipeline/project.h"
#include "system/pipeline/task_cells.h"

namespace millgate {

namespace {

constexpr const char* kDisclosureEvent = "disclosure";

}  // namespace

Result<RowChanges> open_guard(const Repository& repository) {
  MILLGATE_ASSIGN(PersonalPolicies policies, read_project_policies(repository.project_folder()));
  if (policies.empty()) return RowChanges();
  return guarding(repository, std::move(policies));
}

Result<RowChanges> open_counting_guard(const Repository& repository) {
  MILLGATE_ASSIGN(PersonalPolicies policies, read_project_policies(repository.project_folder()));
  if (policies.empty()) return RowChanges();
  return guarding(repository, with_pseudonyms(std::move(policies)));
}

RowChanges noting(RowChanges guard) {
  if (!guard) return guard;
  return [guard = std::move(guard)](
             const std::string& table,
             const TableVersion& version) -> Result<std::shared_ptr<const RowChange>> {
    MILLGATE_ASSIGN(auto change, guard(table, version));
    if (change != nullptr) print_change_note(table, change->text);
    return change;
  };
}

Result<std::vector<std::string>> hidden_log_columns(const Repository& repository,
                                                    const std::string& sql) {
  std::vector<std::string> hidden;
  if (!reads_predictions(sql)) return hidden;
  MILLGATE_ASSIGN(const auto policies, read_project_policies(repository.project_folder()));
  const auto commit = repository.resolve(kCurrentBranch);
  if (policies.empty() || !commit.ok()) return hidden;
  MILLGATE_ASSIGN(const Project project, read_project(repository.project_folder()));
  MILLGATE_ASSIGN(const GuardedCells cells, cells_of_task(repository, project, *commit));
  std::string names;
  for (const std::string& name : cells.names()) {
    hidden.push_back(name);
    hidden.push_back("input." + name);
    names += (names.empty() ? "" : ", ") + name;
  }
  if (!names.empty()) {
    std::cerr << "note: the log `predictions` is shown without " << names
              << ", as [source.personal] of millgate.toml asks\n";
  }
  return hidden;
}

Result<GuardedCells> open_cells(const Repository& repository, const std::string& rows,
                                const std::string& revision) {
  MILLGATE_ASSIGN(const auto policies, read_project_policies(repository.project_folder()));
  return cells_of_rows(repository, policies, rows, revision);
}

Result<std::shared_ptr<arrow::Table>> guarded_table(const Repository& repository,
                                                    const std::string& name,
                                                    const std::string& revision,
                                                    std::shared_ptr<arrow::Table> table) {
  MILLGATE_ASSIGN(const RowChanges guard, open_guard(repository));
  if (!guard) return table;
  MILLGATE_ASSIGN(const Commit commit, repository.resolve(revision));
  const auto found = commit.tables.find(name);
  if (found == commit.tables.end()) {
    return not_found("commit " + commit.id.brief() + " has no table `" + name + "`",
                     "`millgate show` lists its tables");
  }
  MILLGATE_ASSIGN(const TableVersion version,
                  read_table_version(repository.objects(), found->second));
  MILLGATE_ASSIGN(const auto change, guard(name, version));
  const auto fields = table->ColumnNames();
  const bool is_touched = change != nullptr &&
                          std::any_of(fields.begin(), fields.end(),
                                      [&](const std::string& one) { return change->changes(one); });
  if (!is_touched) return table;
  MILLGATE_ARROW(const auto rows, table->CombineChunksToBatch(), "rows under the policy");
  MILLGATE_ASSIGN(const auto changed, change->apply(*rows));
  MILLGATE_ARROW(auto guarded, arrow::Table::FromRecordBatches({changed}), "rows under the policy");
  print_change_note(name, change->text);
  return guarded;
}

void note_clear_key(const GuardedCells& cells, const std::vector<std::string>& columns,
                    const std::string& path) {
  std::string names;
  for (const std::string& column : columns) {
    if (cells.guards(column)) names += (names.empty() ? "" : ", ") + column;
  }
  if (names.empty()) return;
  std::cerr << "note: " << path << " holds " << names
            << " without a mask, because `commit --changes` needs it\n";
}

Result<std::vector<std::string>> record_disclosure(Repository& repository,
                                                   const Disclosure& disclosure) {
  if (disclosure.name.empty()) {
    return invalid_input("`--override` needs `--by`: who answers for it?",
                         "--override \"request 17 of the court\" --by \"Jo Smith\"");
  }
  MILLGATE_ASSIGN(const RowChanges guard, open_guard(repository));
  MILLGATE_ASSIGN(const Commit commit, repository.resolve(disclosure.commit.hex()));
  std::shared_ptr<const RowChange> change;
  if (const auto found = commit.tables.find(disclosure.table);
      guard && found != commit.tables.end()) {
    MILLGATE_ASSIGN(const TableVersion version,
                    read_table_version(repository.objects(), found->second));
    MILLGATE_ASSIGN(change, guard(disclosure.table, version));
  }
  if (change == nullptr) {
    return invalid_input("no policy is in the way of `" + disclosure.table + "`",
                         "leave `--override` out");
  }
  const Json body = {{"table", disclosure.table},   {"commit", commit.id.hex()},
                     {"columns", change->columns},  {"to", disclosure.to},
                     {"reason", disclosure.reason}, {"name", disclosure.name}};
  const auto event = repository.ledger().append({.kind = kDisclosureEvent,
                                                 .subject = disclosure.table,
                                                 .author = author_name(),
                                                 .body = dump_json(body)});
  if (!event.ok()) return event.error();
  return change->columns;
}

void print_change_note(const std::string& table, const std::string& text) {
  if (text.empty()) return;
  std::cerr << "note: personal data of " << table << ": " << text
            << ", as [source.personal] of millgate.toml asks\n";
}

}  // namespace millgate
