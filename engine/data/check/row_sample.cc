#include "data/check/row_sample.h"

#include <algorithm>
#include <utility>

#include "model/measure/distinct_sketch.h"

namespace millgate {

namespace {

uint64_t priority_of(int64_t number) {
  return sketch_hash(static_cast<uint64_t>(number) + 0x9E3779B97F4A7C15ULL);
}

}  // namespace

bool RowSample::wants(int64_t number) const {
  return rows_.size() < kRowsMax || priority_of(number) < rows_.front().priority;
}

void RowSample::add(int64_t number, std::vector<double> cells) {
  add_row({priority_of(number), std::move(cells)});
}

void RowSample::add_row(Row row) {
  if (rows_.size() == kRowsMax) {
    if (!(row < rows_.front())) return;
    std::pop_heap(rows_.begin(), rows_.end());
    rows_.pop_back();
  }
  rows_.push_back(std::move(row));
  std::push_heap(rows_.begin(), rows_.end());
}

void RowSample::merge(const RowSample& other) {
  for (const Row& row : other.rows_) add_row(row);
}

std::vector<double> RowSample::column(size_t index) const {
  std::vector<double> values;
  values.reserve(rows_.size());
  for (const Row& row : rows_) values.push_back(row.cells[index]);
  return values;
}

}  // namespace millgate
