/// Rows taken out of all versions of a table, and out of every object that holds them.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "data/store/object_store.h"
#include "data/store/table_version.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// What a version has of the rows.
struct ErasableRows {
  bool searched = true;   ///< False: it lacks a column that names the rows.
  int64_t row_count = 0;  ///< Rows of the table that go.
  /// Its objects hold something of them, be it rows that a later delta removed.
  bool stored = false;
};

/// Three rounds over the versions of one table, each over all of them: `learn`, `look`, `rewrite`.
/// Objects that versions share are read and written once. One thread at a time.
class RowEraser {
 public:
  /// A row goes when the cells of `columns` are, as texts (table/row_key.h, `value_text`; "null"
  /// is none), one of `rows`.
  RowEraser(ObjectStore& objects, std::vector<std::string> columns,
            std::set<std::vector<std::string>> rows);

  /// Where the key is another than `columns`, finds out which keys go. Errors: `not_found`,
  /// `damaged`.
  [[nodiscard]] Status learn(const TableVersion& version);
  /// Errors: as `learn`.
  [[nodiscard]] Result<ErasableRows> look(const TableVersion& version);
  /// The version without the rows: segments, deltas, bounds, counts, digests and statistics are
  /// those of what stays. `version` itself when nothing of it tells of them.
  /// Errors: as `learn`; `outside`.
  [[nodiscard]] Result<TableVersion> rewrite(const TableVersion& version);

  /// What `look` found in `version`: its manifest and the objects of it that hold the rows.
  [[nodiscard]] std::vector<Id> objects_with_rows(const TableVersion& version) const;
  /// Whether the Parquet object `object`, of which nothing else is known, is a segment or a delta
  /// that holds one of the rows. False for what cannot be read as one.
  [[nodiscard]] bool holds(const Id& object) const;
  /// Objects of versions that were rewritten and that hold the rows, or told of them.
  [[nodiscard]] const std::set<Id>& replaced() const { return replaced_; }

 private:
  using Batch = std::shared_ptr<arrow::RecordBatch>;
  using Keys = std::set<std::string, std::less<>>;
  /// Which rows of an object stay.
  struct Mask {
    std::shared_ptr<arrow::BooleanArray> stays;
    int64_t kept_count = 0;
    std::string first_kept_key;
    [[nodiscard]] bool all_stay() const;
  };

  [[nodiscard]] bool can_search(const TableVersion& version) const;
  [[nodiscard]] const Keys& named(const TableVersion& version);
  [[nodiscard]] const Keys& keys_of(const TableVersion& version);
  [[nodiscard]] std::set<size_t> parts_with(const TableVersion& version);
  [[nodiscard]] Result<Mask> mask_of(const Batch& stored, const TableVersion& version);
  [[nodiscard]] Result<const Mask*> segment_mask(const TableVersion& version, size_t part);
  [[nodiscard]] Result<const Mask*> delta_mask(const TableVersion& version, const Delta& delta);
  [[nodiscard]] Status collect_texts(const Id& object, int64_t row_count, const Mask& mask);
  [[nodiscard]] Result<Batch> rows_that_go(const TableVersion& version);
  [[nodiscard]] bool tells_of_values(const TableVersion& version, bool any_row_goes) const;
  [[nodiscard]] Result<Segment> without_rows(const Segment& segment, const Mask& mask);
  [[nodiscard]] Result<Delta> without_rows(const Delta& delta, const Mask& mask);
  [[nodiscard]] Result<std::vector<std::string>> kept_delta_keys(const TableVersion& version);
  [[nodiscard]] Result<bool> rewrite_segments(const TableVersion& version, TableVersion& next);
  [[nodiscard]] Status rewrite_deltas(const TableVersion& version, TableVersion& next);
  [[nodiscard]] Status recount(const TableVersion& version, TableVersion& next);
  [[nodiscard]] Result<TableVersion> write_anew(const TableVersion& version);
  [[nodiscard]] bool is_marked(const Id& object) const;
  void note_replaced(const TableVersion& version, const TableVersion& next);

  ObjectStore& objects_;
  std::vector<std::string> columns_;
  std::set<std::vector<std::string>> rows_;
  std::map<std::string, Keys> named_;    ///< By the types of `columns_`.
  std::map<std::string, Keys> learned_;  ///< By another key and its types.
  std::unordered_map<Id, Mask> masks_;   ///< Of segments and deltas.
  std::unordered_map<Id, Batch> going_;  ///< Of each version: its rows that go.
  /// Stored name of a column -> texts of the cells that go, as statistics write them.
  std::map<std::string, std::set<std::string>> texts_;
  std::set<Id> collected_;
  std::unordered_map<Id, Segment> new_segments_;
  std::map<std::pair<Id, Id>, AddedColumns> new_added_;  ///< By segment and object.
  std::unordered_map<Id, Delta> new_deltas_;
  std::set<Id> replaced_;
};

}  // namespace millgate
