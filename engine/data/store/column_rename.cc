#include "data/store/column_rename.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "data/store/logical_hash.h"
#include "data/store/table_manifest.h"
#include "data/table/arrow_result.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

bool has_column(const TableVersion& version, const std::string& name) {
  return version.schema->GetFieldIndex(name) >= 0;
}

/// The columns, by index, whose names `other` has not.
std::vector<int> columns_without(const TableVersion& version, const TableVersion& other) {
  std::vector<int> columns;
  for (int i = 0; i < version.schema->num_fields(); ++i) {
    if (!has_column(other, version.schema->field(i)->name())) columns.push_back(i);
  }
  return columns;
}

const std::string& name_of(const TableVersion& version, int column) {
  return version.schema->field(column)->name();
}

/// Whether the cells of a column tell it from others: a constant could be any.
bool tells_apart(const TableVersion& version, int column) {
  const ColumnStatistics& statistics = version.columns[static_cast<size_t>(column)];
  if (statistics.null_count == version.row_count) return false;
  return statistics.null_count > 0 || statistics.minimum != statistics.maximum;
}

bool has_same_cells(const TableVersion& before, int old_column, const TableVersion& after,
                    int new_column) {
  return before.schema->field(old_column)
             ->type()
             ->Equals(*after.schema->field(new_column)->type()) &&
         before.digests[static_cast<size_t>(old_column)] ==
             after.digests[static_cast<size_t>(new_column)];
}

Status check_rename(const TableVersion& version, const ColumnRename& rename) {
  if (!has_column(version, rename.before)) {
    return not_found("the table has no column `" + rename.before + "`",
                     column_hint(version, rename.before));
  }
  if (rename.after.empty()) {
    return invalid_input("the new name of column `" + rename.before + "` is empty");
  }
  if (rename.after == rename.before) {
    return invalid_input("column `" + rename.before + "` has that name already");
  }
  if (has_column(version, rename.after)) {
    return invalid_input("the table has a column `" + rename.after + "` already",
                         "give column `" + rename.before + "` another name");
  }
  return {};
}

/// The digests of a table without a key, whose rows are known by all their cells.
Status count_digests(const ObjectStore& objects, TableVersion& version) {
  MILLGATE_ASSIGN(const auto rows, read_rows(objects, version));
  ColumnDigests digests(*version.schema);
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    MILLGATE_ARROW_TRY(rows->ReadNext(&batch), "rows of a table");
    if (batch == nullptr) break;
    digests.add(*batch, content_hashes(*batch));
  }
  version.digests = digests.values();
  return {};
}

}  // namespace

std::vector<ColumnRename> column_renames(const TableVersion& before, const TableVersion& after) {
  const std::vector<int> lost = columns_without(before, after);
  std::vector<ColumnRename> renames;
  for (const int column : columns_without(after, before)) {
    const std::string& stored = after.stored_names[static_cast<size_t>(column)];
    const auto same = std::find_if(lost.begin(), lost.end(), [&](int old_column) {
      return before.stored_names[static_cast<size_t>(old_column)] == stored;
    });
    if (same == lost.end()) continue;
    renames.push_back({.before = name_of(before, *same), .after = name_of(after, column)});
  }
  return renames;
}

std::vector<ColumnRename> proven_renames(const TableVersion& before, const TableVersion& after) {
  std::vector<ColumnRename> renames;
  if (before.key.empty() || before.key.size() != after.key.size()) return renames;
  if (before.digests.empty() || after.digests.empty()) return renames;
  const std::vector<int> lost = columns_without(before, after);
  const std::vector<int> gained = columns_without(after, before);
  for (const int column : gained) {
    const auto same = [&](int old_column) {
      return has_same_cells(before, old_column, after, column);
    };
    const auto found = std::find_if(lost.begin(), lost.end(), same);
    if (found == lost.end() || !tells_apart(after, column)) continue;
    const auto twin = [&](int other) { return has_same_cells(before, *found, after, other); };
    const bool only_one = std::count_if(lost.begin(), lost.end(), same) == 1 &&
                          std::count_if(gained.begin(), gained.end(), twin) == 1;
    if (!only_one) continue;
    renames.push_back({.before = name_of(before, *found), .after = name_of(after, column)});
  }
  return renames;
}

std::string renamed_to(const std::vector<ColumnRename>& renames, const std::string& name) {
  const auto found = std::find_if(renames.begin(), renames.end(),
                                  [&](const ColumnRename& one) { return one.before == name; });
  return found == renames.end() ? name : found->after;
}

TableVersion with_renamed_columns(const TableVersion& version,
                                  const std::vector<ColumnRename>& renames) {
  if (renames.empty()) return version;
  TableVersion renamed = version;
  arrow::FieldVector fields;
  for (const auto& field : version.schema->fields()) {
    fields.push_back(arrow::field(renamed_to(renames, field->name()), field->type()));
  }
  renamed.schema = arrow::schema(std::move(fields));
  for (ColumnStatistics& column : renamed.columns) column.name = renamed_to(renames, column.name);
  for (std::string& name : renamed.key) name = renamed_to(renames, name);
  if (version.key.empty()) renamed.digests.clear();
  renamed.logical_hash.reset();
  if (!renamed.digests.empty()) {
    renamed.logical_hash = logical_hash_of(*renamed.schema, renamed.key, renamed.digests);
  }
  return renamed;
}

Result<TableVersion> rename_columns(ObjectStore& objects, const TableVersion& version,
                                    const std::vector<ColumnRename>& renames) {
  TableVersion renamed = version;
  for (const ColumnRename& rename : renames) {
    MILLGATE_TRY(check_rename(renamed, rename));
    renamed = with_renamed_columns(renamed, {rename});
  }
  if (renamed.schema->Equals(*version.schema, false)) return version;
  if (renamed.key.empty()) MILLGATE_TRY(count_digests(objects, renamed));
  MILLGATE_TRY(write_manifest(objects, renamed));
  return renamed;
}

std::string column_hint(const TableVersion& version, const std::string& name) {
  for (size_t i = 0; i < version.stored_names.size(); ++i) {
    if (version.stored_names[i] != name || has_column(version, name)) continue;
    return "it was renamed; it is called `" + name_of(version, static_cast<int>(i)) + "` now";
  }
  return name_hint(name, version.schema->field_names());
}

}  // namespace millgate
