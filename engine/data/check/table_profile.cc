#include "data/check/table_profile.h"

#include <arrow/api.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <thread>

#include "data/table/arrow_result.h"

namespace millgate {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

uint64_t hash_of(const arrow::Array& values, int64_t row) {
  if (values.IsNull(row)) return 0x5EED;
  switch (values.type_id()) {
    case arrow::Type::DOUBLE:
      return sketch_hash(
          std::bit_cast<uint64_t>(static_cast<const arrow::DoubleArray&>(values).Value(row) + 0.0));
    case arrow::Type::INT64:
      return sketch_hash(
          static_cast<uint64_t>(static_cast<const arrow::Int64Array&>(values).Value(row)));
    default:
      return std::hash<std::string_view>()(
          static_cast<const arrow::StringArray&>(values).GetView(row));
  }
}

double cell_of(const arrow::Array& values, int64_t row) {
  if (values.IsNull(row)) return kMissing;
  switch (values.type_id()) {
    case arrow::Type::DOUBLE: {
      const double value = static_cast<const arrow::DoubleArray&>(values).Value(row);
      return std::isfinite(value) ? value : kMissing;
    }
    case arrow::Type::INT64:
      return static_cast<double>(static_cast<const arrow::Int64Array&>(values).Value(row));
    default:
      // 52 bits of its hash: a whole number, and almost never that of another text.
      return static_cast<double>(
          sketch_hash(static_cast<const arrow::StringArray&>(values).GetView(row)) >> 12U);
  }
}

}  // namespace

TableProfile::TableProfile(const std::vector<AskedColumn>& columns) {
  for (const AskedColumn& column : columns) columns_.emplace_back(column);
}

void TableProfile::add(const arrow::RecordBatch& batch, int threads) {
  const auto work = [&](size_t first, size_t step) {
    for (size_t i = first; i < columns_.size(); i += step) {
      columns_[i].add(*batch.column(static_cast<int>(i)));
    }
  };
  if (threads > 1) {
    std::thread other(work, 1, 2);
    work(0, 2);
    other.join();
  } else {
    work(0, 1);
  }
  add_rows(batch);
}

void TableProfile::add_rows(const arrow::RecordBatch& batch) {
  std::vector<uint64_t> hashes(static_cast<size_t>(batch.num_rows()), 0);
  for (int c = 0; c < batch.num_columns(); ++c) {
    const arrow::Array& values = *batch.column(c);
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      uint64_t& hash = hashes[static_cast<size_t>(row)];
      hash = hash * 0x9E3779B97F4A7C15ULL + hash_of(values, row);
    }
  }
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    add_hash(sketch_hash(hashes[static_cast<size_t>(row)]));
    if (!sample_.wants(row_count_ + row)) continue;
    std::vector<double> cells;
    cells.reserve(static_cast<size_t>(batch.num_columns()));
    for (int c = 0; c < batch.num_columns(); ++c) cells.push_back(cell_of(*batch.column(c), row));
    sample_.add(row_count_ + row, std::move(cells));
  }
  row_count_ += batch.num_rows();
}

void TableProfile::add_hash(uint64_t hash) {
  if (hashes_exact_) {
    hashes_.push_back(hash);
    if (hashes_.size() <= kExactRows) return;
    hashes_exact_ = false;
    for (const uint64_t one : hashes_) distinct_rows_.add(one);
    hashes_ = {};
  } else {
    distinct_rows_.add(hash);
  }
}

void TableProfile::merge(const TableProfile& other) {
  for (size_t i = 0; i < columns_.size(); ++i) columns_[i].merge(other.columns_[i]);
  row_count_ += other.row_count_;
  if (other.hashes_exact_) {
    for (const uint64_t hash : other.hashes_) add_hash(hash);
  } else {
    for (const uint64_t hash : hashes_) distinct_rows_.add(hash);
    hashes_ = {};
    hashes_exact_ = false;
    distinct_rows_.merge(other.distinct_rows_);
  }
  sample_.merge(other.sample_);
}

double TableProfile::duplicate_count() const {
  if (!hashes_exact_) {
    return std::max(0.0, static_cast<double>(row_count_) - distinct_rows_.count());
  }
  std::vector<uint64_t> sorted = hashes_;
  std::sort(sorted.begin(), sorted.end());
  const auto distinct = std::unique(sorted.begin(), sorted.end()) - sorted.begin();
  return static_cast<double>(row_count_ - distinct);
}

Result<TableProfile> profile_rows(Database& database, const AskedRows& rows, int threads) {
  std::string list;
  for (const AskedColumn& column : rows.columns) {
    list += (list.empty() ? "" : ", ") + ColumnProfile::expression(column);
  }
  MILLGATE_ASSIGN(const auto reader, database.stream("select " + list + " from " + rows.name));
  TableProfile profile(rows.columns);
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    MILLGATE_ARROW_TRY(reader->ReadNext(&batch), "the rows of `" + rows.text + "`");
    if (batch == nullptr) return profile;
    profile.add(*batch, threads);
  }
}

}  // namespace millgate
