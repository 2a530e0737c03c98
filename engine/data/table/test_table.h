/// For tests: small tables written and read as text. Include in .cc files only.
#pragma once

#include <arrow/compare.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "data/table/arrow_result.h"
#include "data/table/reader.h"
#include "data/table/writer.h"
#include "ground/file_store.h"

namespace millgate {

/// The value of `result`; a failure of the test, with the message, when there is none.
template <typename T>
T must(Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.error().what << " [" << result.error().where << "] "
                  << result.error().hint;
    throw std::runtime_error(result.error().what);
  }
  return std::move(result).value();
}

inline void must(const Status& status) {
  if (!status.ok()) ADD_FAILURE() << status.error().what;
}

/// All rows; the error that came on the way otherwise.
inline Result<std::shared_ptr<arrow::Table>> all_rows(arrow::RecordBatchReader& reader) {
  MILLGATE_ARROW(auto table, reader.ToTable(), "rows");
  return table;
}

/// The rows of files, with `options`.
inline Result<std::shared_ptr<arrow::Table>> read_files(const std::vector<std::string>& paths,
                                                        const ReadOptions& options = {}) {
  MILLGATE_ASSIGN(auto reader, read_table_files(paths, options));
  return all_rows(*reader);
}

/// "a,b\n1,x\n" of a table.
inline std::string csv_of(const arrow::Table& table) {
  arrow::TableBatchReader reader(table);
  std::string text;
  must(write_csv_text(reader, text));
  return text;
}

/// The rows of a reader as CSV.
inline std::string csv_of(arrow::RecordBatchReader& reader) {
  std::string text;
  must(write_csv_text(reader, text));
  return text;
}

/// Fails when the tables differ in a cell or a type; NaN equals NaN, and batches do not matter.
inline void expect_equal_rows(const arrow::Table& found, const arrow::Table& expected) {
  const auto options = arrow::EqualOptions::Defaults().nans_equal(true);
  if (found.Equals(expected, options)) return;
  // As text, which costs more, a person sees where.
  EXPECT_EQ(csv_of(found), csv_of(expected));
  ADD_FAILURE() << "the tables differ:\n" << found.ToString() << "\n" << expected.ToString();
}

/// "a: int64, b: string" of a schema.
inline std::string types_of(const arrow::Schema& schema) {
  std::string text;
  for (const auto& field : schema.fields()) {
    text += (text.empty() ? "" : ", ") + field->name() + ": " + field->type()->ToString();
  }
  return text;
}

/// A reader over a table that a test built.
inline std::shared_ptr<arrow::RecordBatchReader> reader_of(
    const std::shared_ptr<arrow::Table>& table, int64_t batch_rows = 1000) {
  auto reader = std::make_shared<arrow::TableBatchReader>(table);
  reader->set_chunksize(batch_rows);
  return reader;
}

}  // namespace millgate
