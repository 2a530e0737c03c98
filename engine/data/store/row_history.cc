#include "data/store/row_history.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <map>
#include <set>
#include <utility>

#include "data/store/version_scan.h"
#include "data/table/cell_compare.h"
#include "data/table/column_builder.h"
#include "data/table/row_key.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

using Row = std::shared_ptr<arrow::RecordBatch>;

/// The row in the commits that were looked at so far.
class RowOfCommits {
 public:
  RowOfCommits(const Repository& repository, std::string table, std::string key)
      : repository_(repository), table_(std::move(table)), key_(std::move(key)) {}

  /// Null when the commit has no such table or row.
  Result<Row> at(const Commit& commit) {
    const auto table = commit.tables.find(table_);
    if (table == commit.tables.end()) return Row();
    const auto known = rows_.find(table->second);
    if (known != rows_.end()) return known->second;
    MILLGATE_ASSIGN(const TableVersion version,
                    read_table_version(repository_.objects(), table->second));
    MILLGATE_ASSIGN(Row row, read_row(repository_.objects(), version, key_));
    rows_.emplace(table->second, row);
    return row;
  }

 private:
  const Repository& repository_;
  std::string table_;
  std::string key_;
  std::map<Id, Row> rows_;  ///< By table version.
};

bool has_same_cell(const Row& row, const Row& other, const std::string& column) {
  if (other == nullptr) return false;
  const auto cell = row->GetColumnByName(column);
  const auto before = other->GetColumnByName(column);
  return before != nullptr && before->type()->Equals(*cell->type()) &&
         cells_equal(*cell, 0, *before, 0);
}

}  // namespace

Result<std::string> key_from_texts(const TableVersion& version,
                                   const std::vector<std::string>& texts) {
  std::string names;
  for (const std::string& name : version.key) names += (names.empty() ? "" : ", ") + name;
  if (version.key.empty()) return invalid_input("the table has no key, so no row can be named");
  if (texts.size() != version.key.size()) {
    return invalid_input("a row is named by " + std::to_string(version.key.size()) +
                             " values, not by " + std::to_string(texts.size()),
                         "give those of " + names);
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
  const auto row = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), 1, columns);
  MILLGATE_ASSIGN(const RowKeyEncoder encoder, RowKeyEncoder::make(*row->schema(), version.key));
  std::string key;
  encoder.encode_row(*row, 0, key);
  return key;
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
  MILLGATE_ASSIGN(const Row now, rows.at(revision));
  if (now == nullptr) {
    return not_found("table `" + table + "` has no such row in commit " + revision.id.brief());
  }
  std::map<std::string, Commit> made_by;
  /// Commits that have these cells as they are now, still to be asked for their parents.
  std::vector<std::pair<Commit, std::set<std::string>>> open;
  const auto names = now->schema()->field_names();
  open.emplace_back(revision, std::set<std::string>(names.begin(), names.end()));
  while (!open.empty()) {
    auto [commit, columns] = std::move(open.back());
    open.pop_back();
    for (const Id& id : commit.parents) {
      MILLGATE_ASSIGN(const Commit parent, repository.read_commit(id));
      MILLGATE_ASSIGN(const Row before, rows.at(parent));
      std::set<std::string> taken;
      for (const std::string& column : columns) {
        if (has_same_cell(now, before, column)) taken.insert(column);
      }
      for (const std::string& column : taken) columns.erase(column);
      if (!taken.empty()) open.emplace_back(parent, std::move(taken));
    }
    for (const std::string& column : columns) made_by[column] = commit;
  }
  std::vector<BlamedCell> cells;
  for (int i = 0; i < now->num_columns(); ++i) {
    const std::string& name = now->schema()->field(i)->name();
    cells.push_back({name, value_text(*now->column(i), 0), made_by[name]});
  }
  return cells;
}

}  // namespace millgate
