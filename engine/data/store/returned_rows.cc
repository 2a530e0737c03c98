#include "data/store/returned_rows.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <memory>

#include "data/store/segment_file.h"
#include "data/store/version_scan.h"
#include "data/table/row_key.h"

namespace millgate {

namespace {

using Entry = Forgotten::Entry;

class Search {
 public:
  Search(const ObjectStore& objects, const TableVersion& version,
         const std::unordered_set<Id>& known)
      : objects_(objects), version_(version), known_(known) {}

  Status look_for(const Entry& entry) {
    const std::vector<std::string>& columns = entry.record.columns;
    const bool searchable = std::all_of(columns.begin(), columns.end(), [&](const auto& name) {
      return version_.schema->GetFieldIndex(name) >= 0;
    });
    if (!searchable || entry.record.rows.empty()) return {};
    const bool by_key = version_.key == columns;
    std::vector<std::string> stored;
    for (const std::string& name : columns) {
      const auto index = static_cast<size_t>(version_.schema->GetFieldIndex(name));
      stored.push_back(version_.stored_names[index]);
    }
    for (const Segment& segment : version_.segments) {
      if (known_.contains(segment.object)) continue;
      MILLGATE_ASSIGN(const auto rows,
                      read_segment(objects_, segment, stored, {.check_hash = false, .footer = {}}));
      if (look_at(*rows, entry)) {
        add(segment.object);
        add(version_.base);
        for (const AddedColumns& added : segment.added) add(added.object);
      }
    }
    if (!by_key) return version_.deltas.empty() ? Status() : look_at_rows(entry);
    std::vector<std::string> keys;
    keys.reserve(stored.size());
    for (const std::string& name : stored) keys.push_back("key." + name);
    for (const Delta& delta : version_.deltas) {
      if (known_.contains(delta.object)) continue;
      MILLGATE_ASSIGN(const auto rows,
                      read_parquet_object(objects_, delta.object, keys, delta.row_count(), {}));
      if (look_at(*rows, entry)) add(delta.object);
    }
    return {};
  }

  [[nodiscard]] std::optional<ReturnedRows> found() {
    if (found_) found_->objects.push_back(version_.id);
    return std::move(found_);
  }

 private:
  /// Rows that only deltas made what they are; the columns that name them are not those of the key.
  Status look_at_rows(const Entry& entry) {
    MILLGATE_ASSIGN(const auto scan, VersionScan::make(objects_, version_));
    std::vector<int> columns;
    columns.reserve(entry.record.columns.size());
    for (const std::string& name : entry.record.columns) {
      columns.push_back(version_.schema->GetFieldIndex(name));
    }
    for (size_t part = 0; part < scan->part_count(); ++part) {
      MILLGATE_ASSIGN(const auto rows, scan->read(part, columns, {}));
      if (!look_at(*rows, entry)) continue;
      for (const Delta& delta : version_.deltas) {
        if (!known_.contains(delta.object)) add(delta.object);
      }
    }
    return {};
  }

  /// `rows` has the columns that name a row, in their order.
  bool look_at(const arrow::RecordBatch& rows, const Entry& entry) {
    std::vector<std::string> texts(static_cast<size_t>(rows.num_columns()));
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      for (int i = 0; i < rows.num_columns(); ++i) {
        texts[static_cast<size_t>(i)] = value_text(*rows.column(i), row);
      }
      if (!entry.record.rows.contains(forgotten_row_hash(entry.record.salt, texts))) continue;
      if (!found_) {
        found_ = ReturnedRows{.event_number = entry.event_number, .name = {}, .objects = {}};
        for (size_t i = 0; i < texts.size(); ++i) {
          found_->name += (i == 0 ? "" : ", ") + entry.record.columns[i] + " = " + texts[i];
        }
      }
      return true;
    }
    return false;
  }

  void add(const Id& object) { found_->objects.push_back(object); }

  const ObjectStore& objects_;
  const TableVersion& version_;
  const std::unordered_set<Id>& known_;
  std::optional<ReturnedRows> found_;
};

}  // namespace

Result<std::optional<ReturnedRows>> find_returned_rows(const ObjectStore& objects,
                                                       const Forgotten& forgotten,
                                                       const std::string& table,
                                                       const TableVersion& version,
                                                       const std::unordered_set<Id>& known) {
  Search search(objects, version, known);
  for (const Entry& entry : forgotten.entries()) {
    if (entry.record.table == table) MILLGATE_TRY(search.look_for(entry));
  }
  return search.found();
}

}  // namespace millgate
