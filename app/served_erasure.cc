#include "app/served_erasure.h"

#include <arrow/type.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "app/text_table.h"
#include "data/check/rule_form.h"
#include "data/keep/forget.h"
#include "data/store/table_version.h"
#include "system/monitor/wording.h"

namespace millgate {

namespace {

/// The columns of another table's rows that stand for `columns`, by a rule; empty: it says nothing
/// of them.
std::vector<std::string> referring_columns(const Rule& rule, const std::string& table,
                                           const std::vector<std::string>& columns) {
  const auto form = parse_rule(rule);
  if (!form.ok() || form->kind != RuleKind::reference || form->other_table.name != table ||
      form->other_columns.size() != columns.size()) {
    return {};
  }
  std::vector<std::string> referring;
  for (const std::string& column : columns) {
    const auto found = std::find_if(form->other_columns.begin(), form->other_columns.end(),
                                    [&](const NameInRule& other) { return other.name == column; });
    if (found == form->other_columns.end()) return {};
    referring.push_back(
        form->columns[static_cast<size_t>(found - form->other_columns.begin())].name);
  }
  return referring;
}

std::vector<ServedKey> keys_of(const Session& session, const std::string& table,
                               const std::vector<std::string>& columns) {
  std::vector<ServedKey> keys = {{.task_table = table, .columns = columns}};
  const auto place = open_workplace(session);
  if (!place.ok()) return keys;
  for (const Rule& rule : place->project.rules) {
    std::vector<std::string> referring = referring_columns(rule, table, columns);
    if (!referring.empty()) keys.push_back({.task_table = rule.table, .columns = referring});
  }
  if (!place->project.task || place->project.task->table == table) return keys;
  const std::set<std::string> wanted(columns.begin(), columns.end());
  for (const View& view : place->project.views) {
    if (std::set<std::string>(view.entity.begin(), view.entity.end()) != wanted) continue;
    keys.push_back({.task_table = place->project.task->table, .columns = columns});
  }
  return keys;
}

/// Types of the columns in the newest version that has them all.
Result<std::vector<std::shared_ptr<arrow::DataType>>> types_of(
    const Repository& repository, const std::string& table,
    const std::vector<std::string>& columns) {
  MILLGATE_ASSIGN(const std::vector<Id> ids, versions_of_table(repository, table));
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
    MILLGATE_ASSIGN(const TableVersion version, read_table_version(repository.objects(), *id));
    std::vector<std::shared_ptr<arrow::DataType>> types;
    for (const std::string& column : columns) {
      const auto field = version.schema->GetFieldByName(column);
      if (field != nullptr) types.push_back(field->type());
    }
    if (types.size() == columns.size()) return types;
  }
  return std::vector<std::shared_ptr<arrow::DataType>>(columns.size(), arrow::utf8());
}

void add(const ErasedServed& from, ErasedServed& to) {
  to.prediction_count += from.prediction_count;
  to.feedback_count += from.feedback_count;
  to.outcome_count += from.outcome_count;
  to.unnamed_count = std::max(to.unnamed_count, from.unnamed_count);
  for (const std::string& file : from.files) {
    if (std::find(to.files.begin(), to.files.end(), file) == to.files.end()) {
      to.files.push_back(file);
    }
  }
  to.unreadable = from.unreadable;
}

}  // namespace

Result<ErasedServed> erase_served_rows(const Session& session, const Repository& repository,
                                       const std::string& table,
                                       const std::vector<std::string>& columns,
                                       const std::set<std::vector<std::string>>& rows,
                                       bool dry_run) {
  ServedRowsToErase request;
  request.keys = keys_of(session, table, columns);
  MILLGATE_ASSIGN(request.types, types_of(repository, table, columns));
  request.names_row = [&](const std::vector<std::string>& texts) { return rows.contains(texts); };
  request.dry_run = dry_run;
  return erase_served(repository, request);
}

Result<ErasedServed> erase_served_rows_of_forgets(const Session& session,
                                                  const Repository& repository) {
  MILLGATE_ASSIGN(const auto forgotten, repository.forgotten());
  // Records of one table whose rows are named alike are looked for together.
  std::map<std::pair<std::string, std::vector<std::string>>, std::vector<const ForgetRecord*>> all;
  for (const Forgotten::Entry& entry : forgotten->entries()) {
    all[{entry.record.table, entry.record.columns}].push_back(&entry.record);
  }
  ErasedServed erased;
  for (const auto& [named, records] : all) {
    ServedRowsToErase request;
    request.keys = keys_of(session, named.first, named.second);
    const auto types = types_of(repository, named.first, named.second);
    if (!types.ok() && types.error().code == ErrorCode::not_found) continue;
    MILLGATE_TRY(types.ok() ? Status() : Status(types.error()));
    request.types = *types;
    request.names_row = [&records = records](const std::vector<std::string>& texts) {
      return std::any_of(records.begin(), records.end(), [&](const ForgetRecord* record) {
        return record->rows.contains(forgotten_row_hash(record->salt, texts));
      });
    };
    MILLGATE_ASSIGN(const ErasedServed one, erase_served(repository, request));
    add(one, erased);
  }
  return erased;
}

Json to_json(const ErasedServed& served) {
  return {{"prediction_count", served.prediction_count}, {"feedback_count", served.feedback_count},
          {"outcome_count", served.outcome_count},       {"files", served.files},
          {"unnamed_count", served.unnamed_count},       {"unreadable", served.unreadable}};
}

std::string text_of(const ErasedServed& served) {
  const std::string earnings =
      served.outcome_count > 0 ? count_of(served.outcome_count, "outcome") + " and " : "";
  return count_of(served.prediction_count, "prediction") + (earnings.empty() ? " and " : ", ") +
         earnings + count_of(served.feedback_count, "label") + " in " +
         count_of(static_cast<int64_t>(served.files.size()), "file");
}

}  // namespace millgate
