#include "data/store/row_history.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <utility>

#include "data/store/column_rename.h"
#include "data/store/version_scan.h"
#include "data/table/cell_compare.h"
#include "data/table/column_builder.h"
#include "data/table/row_key.h"
#include "data/table/type_name.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

using Row = std::shared_ptr<arrow::RecordBatch>;

/// What a commit has of the row. Both are null when it has no such table; `row` alone, no such row.
struct RowAt {
  std::shared_ptr<const TableVersion> version;
  Row row;
};

/// The row in the commits that were looked at so far.
class RowOfCommits {
 public:
  RowOfCommits(const Repository& repository, std::string table, std::string key)
      : repository_(repository), table_(std::move(table)), key_(std::move(key)) {}

  Result<RowAt> at(const Commit& commit) {
    const auto table = commit.tables.find(table_);
    if (table == commit.tables.end()) return RowAt();
    const auto known = rows_.find(table->second);
    if (known != rows_.end()) return known->second;
    MILLGATE_ASSIGN(TableVersion version, read_table_version(repository_.objects(), table->second));
    RowAt at;
    MILLGATE_ASSIGN(at.row, read_row(repository_.objects(), version, key_));
    at.version = std::make_shared<const TableVersion>(std::move(version));
    rows_.emplace(table->second, at);
    return at;
  }

 private:
  const Repository& repository_;
  std::string table_;
  std::string key_;
  std::map<Id, RowAt> rows_;  ///< By table version.
};

bool has_same_cell(const arrow::RecordBatch& row, const std::string& column,
                   const arrow::RecordBatch& other, const std::string& other_column) {
  const auto cell = row.GetColumnByName(column);
  const auto before = other.GetColumnByName(other_column);
  return before != nullptr && before->type()->Equals(*cell->type()) &&
         cells_equal(*cell, 0, *before, 0);
}

/// Columns as they are called at the revision, each with its name in some commit.
using ColumnNames = std::map<std::string, std::string>;

/// The columns of `names` whose cells a parent of the commit has as they are `now`, with the names
/// they have there.
ColumnNames columns_taken(const RowAt& now, const ColumnNames& names, const RowAt& commit,
                          const RowAt& parent) {
  ColumnNames taken;
  if (parent.row == nullptr) return taken;
  const auto renames = column_renames(*parent.version, *commit.version);
  for (const auto& [column, name] : names) {
    const auto renamed = std::find_if(renames.begin(), renames.end(),
                                      [&](const auto& one) { return one.after == name; });
    const std::string& before = renamed == renames.end() ? name : renamed->before;
    if (has_same_cell(*now.row, column, *parent.row, before)) taken[column] = before;
  }
  return taken;
}

/// The columns of the key with the values `texts`.
Result<Row> key_row(const TableVersion& version, const std::vector<std::string>& texts) {
  std::string names;
  for (const std::string& name : version.key) names += (names.empty() ? "" : ", ") + name;
  if (version.key.empty()) return invalid_input("the table has no key, so no row can be named");
  if (texts.size() != version.key.size()) {
    return invalid_input(
        "a row is named by the values of " + names + "; given were " + std::to_string(texts.size()),
        "give " + std::to_string(version.key.size()) + ", in this order");
  }
  arrow::FieldVector fields;
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto field = version.schema->GetFieldByName(version.key[i]);
    MILLGATE_ASSIGN(ColumnBuilder builder, ColumnBuilder::make(field->type()));
    if (texts[i] == "null") {
      builder.add_null();
    } else if (!builder.add_text(texts[i])) {
      return invalid_input("`" + texts[i] + "` is no value of column `" + field->name() +
                           "`, which is of type " + field->type()->ToString());
    }
    MILLGATE_ASSIGN(auto column, builder.finish());
    fields.push_back(field);
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), 1, columns);
}

}  // namespace

Result<std::string> key_from_texts(const TableVersion& version,
                                   const std::vector<std::string>& texts) {
  MILLGATE_ASSIGN(const Row row, key_row(version, texts));
  MILLGATE_ASSIGN(const RowKeyEncoder encoder, RowKeyEncoder::make(*row->schema(), version.key));
  std::string key;
  encoder.encode_row(*row, 0, key);
  return key;
}

Result<std::vector<std::string>> key_as_written(const TableVersion& version,
                                                const std::vector<std::string>& texts) {
  MILLGATE_ASSIGN(const Row row, key_row(version, texts));
  std::vector<std::string> written;
  for (const auto& column : row->columns()) written.push_back(value_text(*column, 0));
  return written;
}

Result<Row> read_row(const ObjectStore& objects, const TableVersion& version,
                     const std::string& key) {
  MILLGATE_ASSIGN(const auto scan, VersionScan::make(objects, version));
  MILLGATE_ASSIGN(const Row rows, scan->read(scan->part_of(key)));
  MILLGATE_ASSIGN(const RowKeyEncoder encoder, RowKeyEncoder::make(*rows->schema(), version.key));
  RowKeys keys;
  encoder.encode(*rows, keys);
  const size_t found = keys.lower_bound(key);
  if (found == keys.size() || keys[found] != key) return Row();
  return rows->Slice(static_cast<int64_t>(found), 1);
}

Result<std::vector<BlamedCell>> blame_row(const Repository& repository, const Commit& revision,
                                          const std::string& table, const std::string& key) {
  if (!revision.tables.contains(table)) {
    std::vector<std::string> names;
    names.reserve(revision.tables.size());
    for (const auto& [name, version] : revision.tables) names.push_back(name);
    return not_found("table `" + table + "` is not in commit " + revision.id.brief(),
                     name_hint(table, names));
  }
  RowOfCommits rows(repository, table, key);
  MILLGATE_ASSIGN(const RowAt now, rows.at(revision));
  if (now.row == nullptr) {
    return not_found("table `" + table + "` has no such row in commit " + revision.id.brief());
  }
  std::map<std::string, Commit> made_by;
  /// Commits that have these cells as they are now, still to be asked for their parents.
  std::vector<std::pair<Commit, ColumnNames>> open = {{revision, {}}};
  for (const std::string& name : now.row->schema()->field_names()) open[0].second[name] = name;
  while (!open.empty()) {
    auto [commit, columns] = std::move(open.back());
    open.pop_back();
    for (const Id& id : commit.parents) {
      MILLGATE_ASSIGN(const Commit parent, repository.read_commit(id));
      MILLGATE_ASSIGN(const RowAt here, rows.at(commit));
      MILLGATE_ASSIGN(const RowAt before, rows.at(parent));
      ColumnNames taken = columns_taken(now, columns, here, before);
      for (const auto& [column, name] : taken) columns.erase(column);
      if (!taken.empty()) open.emplace_back(parent, std::move(taken));
    }
    for (const auto& [column, name] : columns) made_by[column] = commit;
  }
  std::vector<BlamedCell> cells;
  for (int i = 0; i < now.row->num_columns(); ++i) {
    const std::string& name = now.row->schema()->field(i)->name();
    cells.push_back({.column = name,
                     .value = value_text(*now.row->column(i), 0),
                     .is_nested = is_nested_type(*now.row->column(i)->type()),
                     .commit = made_by[name]});
  }
  return cells;
}

}  // namespace millgate
