/// One version of a table: sorted Parquet segments cut by content, and deltas of rows that
/// changed since they were written. Format: docs/formats/table-version.md.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/store/object_store.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// Columns that were added to a segment after it was written: an object with as many rows.
struct AddedColumns {
  Id object;
  int64_t size_bytes = 0;
  std::vector<std::string> names;  ///< As in the file; they hide those of the segment itself.

  bool operator==(const AddedColumns&) const = default;
};

/// A run of rows in one Parquet object.
struct Segment {
  Id object;
  int64_t row_count = 0;
  int64_t size_bytes = 0;
  std::string first_key = {};  ///< Bytes of the first row's key (table/row_key.h).
  /// So many deltas of the version, from the first, are already part of the rows here.
  int64_t folded = 0;
  std::vector<AddedColumns> added = {};
  /// Hash of the Parquet footer of `object`; zero when it was not noted.
  Id footer = {};

  bool operator==(const Segment&) const = default;
};

/// Changed rows in one Parquet object, sorted by key (store/delta_file.h).
struct Delta {
  Id object;
  int64_t size_bytes = 0;
  int64_t inserted_count = 0;
  int64_t updated_count = 0;
  int64_t removed_count = 0;
  /// It also says what the changed cells held before. Without, an updated row is whole.
  bool has_before = true;

  [[nodiscard]] int64_t row_count() const { return inserted_count + updated_count + removed_count; }
  bool operator==(const Delta&) const = default;
};

/// What a column holds.
struct ColumnStatistics {
  std::string name;
  std::string type;  ///< Arrow's name of the type.
  int64_t null_count = 0;
  std::string minimum;  ///< As text; empty when all are null.
  std::string maximum;
  /// False after changes that took away an extreme: no value lies beyond them, but they may be
  /// gone themselves.
  bool exact = true;
};

struct TableVersion {
  Id id;  ///< Hash of the manifest.
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::string> key;
  std::vector<Segment> segments;
  std::vector<Delta> deltas;  ///< Later ones on top of earlier ones.
  int64_t row_count = 0;
  /// Of each column of `schema` (store/logical_hash.h). Empty when unknown: rows were changed
  /// without reading what was there before.
  std::vector<Id> digests;
  /// One hash over `digests`: equal rows give equal hashes, whatever their history. Nothing when
  /// they are unknown.
  std::optional<Id> logical_hash;
  /// Counted while rows were written. Empty when `digests` is.
  std::vector<ColumnStatistics> columns;
  /// The name of each column of `schema` inside segments and deltas.
  std::vector<std::string> stored_names;
  /// Names that files may hold and no column means any more.
  std::vector<std::string> retired_names;
  /// Names of columns that files may hold in a narrower type than `schema` says.
  std::vector<std::string> widened_names;
  Id base;  ///< The object that lists `segments`.
};

/// Writes `rows` (sorted by `key`, see table/sort.h) as segments of 16 to 64 thousand rows cut
/// where the hash of a key says so, so that equal ranges of keys are equal objects. Returns the
/// version; nothing refers to it until it is committed.
/// Errors: those of RisingKeys (table/sort.h) when keys do not rise.
[[nodiscard]] Result<TableVersion> write_table_version(ObjectStore& objects,
                                                       arrow::RecordBatchReader& rows,
                                                       const std::vector<std::string>& key);

/// Errors: `not_found`, `damaged`.
[[nodiscard]] Result<TableVersion> read_table_version(const ObjectStore& objects, const Id& id);

/// All rows in key order, with what the deltas changed. Each object's hash is checked on the way.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatchReader>> read_rows(
    const ObjectStore& objects, const TableVersion& version);

/// Every object that `version` needs: its manifest, its list of segments, segments, deltas.
[[nodiscard]] std::vector<Id> objects_of(const TableVersion& version);

}  // namespace millgate
