#include "data/postgres/postgres_copy.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <string>
#include <utility>

namespace millgate {

namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
/// Of the flags: those that a reader must understand.
constexpr uint32_t kCriticalFlags = 0xffff0000;

/// The unsigned number of `size` bytes at the start of `rest`, which has them; moves on.
uint32_t take(std::string_view& rest, size_t size) {
  uint32_t number = 0;
  for (size_t i = 0; i < size; ++i) number = number << 8 | static_cast<unsigned char>(rest[i]);
  rest.remove_prefix(size);
  return number;
}

Error cut_off() { return damaged("the rows from PostgreSQL are cut off inside a row"); }

}  // namespace

Status PostgresCopy::add(std::string_view piece) {
  if (!began_) MILLGATE_TRY(add_header(piece));
  while (!piece.empty()) {
    if (ended_) return damaged("the rows from PostgreSQL go on behind their end");
    MILLGATE_TRY(add_row(piece));
  }
  return {};
}

Status PostgresCopy::add_header(std::string_view& rest) {
  if (!rest.starts_with(kSignature)) return damaged("what PostgreSQL sent are no binary rows");
  rest.remove_prefix(kSignature.size());
  if (rest.size() < 8) return cut_off();
  const uint32_t flags = take(rest, 4);
  if ((flags & kCriticalFlags) != 0) {
    return damaged("PostgreSQL sent rows of a form that is not known here");
  }
  const uint32_t extension = take(rest, 4);
  if (rest.size() < extension) return cut_off();
  rest.remove_prefix(extension);
  began_ = true;
  return {};
}

Status PostgresCopy::add_row(std::string_view& rest) {
  if (rest.size() < 2) return cut_off();
  const auto count = static_cast<int16_t>(take(rest, 2));
  if (count == -1) {
    ended_ = true;
    return {};
  }
  if (count != static_cast<int64_t>(columns_.size())) {
    return damaged("a row from PostgreSQL has " + std::to_string(count) + " columns instead of " +
                   std::to_string(columns_.size()));
  }
  const size_t before = rest.size();
  for (PostgresColumn& column : columns_) {
    if (rest.size() < 4) return cut_off();
    const auto size = static_cast<int32_t>(take(rest, 4));
    if (size == -1) {
      column.add_null();
      continue;
    }
    if (size < 0 || rest.size() < static_cast<size_t>(size)) return cut_off();
    if (Status added = column.add(rest.substr(0, static_cast<size_t>(size))); !added.ok()) {
      Error error = std::move(added).error();
      if (error.code == ErrorCode::invalid_input) {
        error.what += " in row " + std::to_string(row_count_ + 1) + " as the server gives them";
      }
      return error;
    }
    rest.remove_prefix(static_cast<size_t>(size));
  }
  batch_bytes_ += static_cast<int64_t>(before - rest.size());
  ++batch_rows_;
  ++row_count_;
  return {};
}

Result<std::shared_ptr<arrow::RecordBatch>> PostgresCopy::finish_batch() {
  arrow::ArrayVector arrays;
  arrays.reserve(columns_.size());
  for (PostgresColumn& column : columns_) {
    MILLGATE_ASSIGN(auto array, column.finish());
    arrays.push_back(std::move(array));
  }
  const int64_t rows = std::exchange(batch_rows_, 0);
  batch_bytes_ = 0;
  return arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
}

}  // namespace millgate
