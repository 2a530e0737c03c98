#include "data/store/delta_file.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <memory>

#include "data/table/arrow_result.h"
#include "data/table/cell_cast.h"

namespace millgate {

namespace {

using Array = std::shared_ptr<arrow::Array>;

constexpr const char* kChange = "change";
constexpr const char* kKey = "key.";
constexpr const char* kBefore = "before.";
constexpr const char* kAfter = "after.";
/// Without `before`, null may be a new value: then this says which cells changed.
constexpr const char* kSet = "set.";

bool is_key_column(const TableVersion& version, int column) {
  const std::string& name = version.schema->field(column)->name();
  return std::find(version.key.begin(), version.key.end(), name) != version.key.end();
}

Result<Array> kinds_column(const Changes& changes) {
  arrow::Int32Builder builder;
  for (const ChangeKind kind : changes.kinds) {
    MILLGATE_ARROW_TRY(builder.Append(static_cast<int32_t>(kind)), "a delta");
  }
  MILLGATE_ARROW(auto column, builder.Finish(), "a delta");
  return column;
}

Result<Array> set_column(const Changes& changes, int column) {
  arrow::BooleanBuilder builder;
  for (int64_t row = 0; row < changes.row_count(); ++row) {
    MILLGATE_ARROW_TRY(builder.Append(changes.cell_changed(row, column)), "a delta");
  }
  MILLGATE_ARROW(auto cells, builder.Finish(), "a delta");
  return cells;
}

/// The columns of a delta file.
class DeltaColumns {
 public:
  void add(const std::string& name, Array column) {
    fields_.push_back(arrow::field(name, column->type()));
    columns_.push_back(std::move(column));
  }
  /// A column of nulls is left out: a reader takes it for one.
  void add_unless_null(const std::string& name, Array column) {
    if (column->null_count() < column->length()) add(name, std::move(column));
  }
  [[nodiscard]] std::shared_ptr<arrow::RecordBatch> rows(int64_t row_count) const {
    return arrow::RecordBatch::Make(arrow::schema(fields_), row_count, columns_);
  }

 private:
  arrow::FieldVector fields_;
  std::vector<Array> columns_;
};

/// One file of a delta and what a version wants of it.
class DeltaFile {
 public:
  DeltaFile(std::shared_ptr<arrow::RecordBatch> rows, const Id& object)
      : rows_(std::move(rows)), object_(object) {}

  [[nodiscard]] Array find(const std::string& name) const { return rows_->GetColumnByName(name); }
  /// The column with type `type`; nulls when the file has none.
  Result<Array> column(const std::string& name,
                       const std::shared_ptr<arrow::DataType>& type) const {
    const Array found = find(name);
    if (found == nullptr) {
      MILLGATE_ARROW(auto nulls, arrow::MakeArrayOfNull(type, rows_->num_rows()), "a delta");
      return nulls;
    }
    auto widened = cast_cells(found, type);
    if (!widened.ok()) return not_as_written(widened.status().message());
    return *std::move(widened);
  }
  [[nodiscard]] Error not_as_written(const std::string& why) const {
    Error error = damaged("delta `" + object_.brief() + "` does not hold what its table says",
                          "restore it from a backup, or import the data again");
    error.because = {why};
    error.where = ObjectStore::name_of(object_);
    return error;
  }
  Result<std::vector<ChangeKind>> kinds() const {
    const Array column = find(kChange);
    if (column == nullptr || column->type_id() != arrow::Type::INT32) {
      return not_as_written("it has no column `change`");
    }
    const auto& values = static_cast<const arrow::Int32Array&>(*column);
    std::vector<ChangeKind> kinds;
    for (int64_t row = 0; row < values.length(); ++row) {
      const int32_t value = values.IsNull(row) ? -1 : values.Value(row);
      if (value < 0 || value > 2) return not_as_written("its column `change` holds another value");
      kinds.push_back(static_cast<ChangeKind>(value));
    }
    return kinds;
  }

 private:
  std::shared_ptr<arrow::RecordBatch> rows_;
  Id object_;
};

/// Which updated rows have another cell in a column.
std::vector<bool> changed_cells(const DeltaFile& file, const std::string& stored_name,
                                const Changes& changes, int column) {
  std::vector<bool> changed(changes.kinds.size());
  const Array set = changes.has_before ? nullptr : file.find(kSet + stored_name);
  const bool in_file = file.find(kAfter + stored_name) != nullptr;
  const auto& before = *changes.before->column(column);
  const auto& after = *changes.after->column(column);
  for (size_t row = 0; row < changed.size(); ++row) {
    if (changes.kinds[row] != ChangeKind::updated) continue;
    const auto at = static_cast<int64_t>(row);
    if (changes.has_before) {
      changed[row] = before.IsValid(at) || after.IsValid(at);
    } else if (set != nullptr && set->type_id() == arrow::Type::BOOL) {
      changed[row] = static_cast<const arrow::BooleanArray&>(*set).Value(at);
    } else {
      changed[row] = in_file;
    }
  }
  return changed;
}

/// Without the updated rows in which no column of the version changed, but one that is gone.
Result<Changes> without_empty_updates(const TableVersion& version, Changes changes) {
  const auto is_empty = [&](int64_t row) {
    return changes.kinds[static_cast<size_t>(row)] == ChangeKind::updated &&
           std::none_of(changes.changed.begin(), changes.changed.end(),
                        [&](const auto& cells) { return cells[static_cast<size_t>(row)]; });
  };
  int64_t end = 0;
  while (end < changes.row_count() && !is_empty(end)) ++end;
  if (end == changes.row_count()) return changes;
  MILLGATE_ASSIGN(ChangesBuilder out,
                  ChangesBuilder::make(version.schema, version.key, changes.has_before));
  for (int64_t begin = 0; begin < changes.row_count(); begin = ++end) {
    for (end = begin; end < changes.row_count() && !is_empty(end);) ++end;
    MILLGATE_TRY(out.add_rows(changes, begin, end));
  }
  return out.finish();
}

Status check_counts(const DeltaFile& file, const Changes& changes, const Delta& delta) {
  const bool as_told = changes.count(ChangeKind::inserted) == delta.inserted_count &&
                       changes.count(ChangeKind::updated) == delta.updated_count &&
                       changes.count(ChangeKind::removed) == delta.removed_count;
  if (!as_told) return file.not_as_written("its rows are others than the manifest counts");
  for (size_t row = 1; row < changes.keys.size(); ++row) {
    if (changes.keys[row] <= changes.keys[row - 1]) {
      return file.not_as_written("its rows are not in the order of keys");
    }
  }
  return {};
}

}  // namespace

Result<Delta> write_delta(ObjectStore& objects, const TableVersion& version,
                          const Changes& changes) {
  DeltaColumns columns;
  MILLGATE_ASSIGN(auto kinds, kinds_column(changes));
  columns.add(kChange, std::move(kinds));
  for (int i = 0; i < version.schema->num_fields(); ++i) {
    const std::string& name = version.stored_names[static_cast<size_t>(i)];
    if (is_key_column(version, i)) {
      columns.add(kKey + name, changes.after->column(i));
      continue;
    }
    if (changes.has_before) {
      columns.add_unless_null(kBefore + name, changes.before->column(i));
      columns.add_unless_null(kAfter + name, changes.after->column(i));
      continue;
    }
    columns.add(kAfter + name, changes.after->column(i));
    MILLGATE_ASSIGN(auto set, set_column(changes, i));
    columns.add(kSet + name, std::move(set));
  }
  MILLGATE_ASSIGN(const ParquetObject written,
                  write_parquet_object(objects, *columns.rows(changes.row_count())));
  return Delta{.object = written.object,
               .size_bytes = written.size_bytes,
               .inserted_count = changes.count(ChangeKind::inserted),
               .updated_count = changes.count(ChangeKind::updated),
               .removed_count = changes.count(ChangeKind::removed),
               .has_before = changes.has_before};
}

Result<Changes> read_delta(const ObjectStore& objects, const TableVersion& version,
                           const Delta& delta) {
  MILLGATE_ASSIGN(const auto rows,
                  read_whole_parquet_object(objects, delta.object, delta.row_count()));
  const DeltaFile file(rows, delta.object);
  Changes changes;
  changes.has_before = delta.has_before;
  MILLGATE_ASSIGN(changes.kinds, file.kinds());
  std::vector<Array> before;
  std::vector<Array> after;
  for (int i = 0; i < version.schema->num_fields(); ++i) {
    const std::string& name = version.stored_names[static_cast<size_t>(i)];
    const auto& type = version.schema->field(i)->type();
    const bool is_key = is_key_column(version, i);
    if (is_key && file.find(kKey + name) == nullptr) {
      return file.not_as_written("it has no column `" + (kKey + name) + "`");
    }
    MILLGATE_ASSIGN(auto old_cells, file.column((is_key ? kKey : kBefore) + name, type));
    MILLGATE_ASSIGN(auto new_cells, file.column((is_key ? kKey : kAfter) + name, type));
    before.push_back(std::move(old_cells));
    after.push_back(std::move(new_cells));
  }
  changes.before = arrow::RecordBatch::Make(version.schema, rows->num_rows(), std::move(before));
  changes.after = arrow::RecordBatch::Make(version.schema, rows->num_rows(), std::move(after));
  for (int i = 0; i < version.schema->num_fields(); ++i) {
    const std::string& name = version.stored_names[static_cast<size_t>(i)];
    changes.changed.push_back(is_key_column(version, i) ? std::vector<bool>(changes.kinds.size())
                                                        : changed_cells(file, name, changes, i));
  }
  MILLGATE_ASSIGN(const RowKeyEncoder encoder, RowKeyEncoder::make(*version.schema, version.key));
  encoder.encode(*changes.after, changes.keys);
  MILLGATE_TRY(check_counts(file, changes, delta));
  return without_empty_updates(version, std::move(changes));
}

Result<std::vector<std::string>> keys_in_deltas(const ObjectStore& objects,
                                                const TableVersion& version) {
  std::vector<std::string> keys;
  for (const Delta& delta : version.deltas) {
    MILLGATE_ASSIGN(const Changes changes, read_delta(objects, version, delta));
    for (size_t row = 0; row < changes.keys.size(); ++row) keys.emplace_back(changes.keys[row]);
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

}  // namespace millgate
