#include "data/table/read_ahead.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "data/table/row_key.h"
#include "data/table/test_table.h"

namespace millgate {
namespace {

/// Batches with one row, its number from 0 on; an error instead of batch `error_at`.
class Numbers final : public arrow::RecordBatchReader {
 public:
  Numbers(int64_t count, int64_t error_at) : count_(count), error_at_(error_at) {}
  std::shared_ptr<arrow::Schema> schema() const override {
    return arrow::schema({arrow::field("number", arrow::int64())});
  }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    EXPECT_FALSE(reading_.exchange(true)) << "two threads read at once";
    const int64_t number = read_count++;
    std::this_thread::yield();
    reading_ = false;
    if (number == error_at_) return arrow::Status::Invalid("no batch ", number);
    if (number >= count_) return arrow::Status::OK();
    arrow::Int64Builder builder;
    ARROW_RETURN_NOT_OK(builder.Append(number));
    ARROW_ASSIGN_OR_RAISE(auto column, builder.Finish());
    *batch = arrow::RecordBatch::Make(schema(), 1, {std::move(column)});
    return arrow::Status::OK();
  }
  std::atomic<int64_t> read_count{0};

 private:
  int64_t count_;
  int64_t error_at_;
  std::atomic<bool> reading_{false};
};

TEST(ReadAheadTest, BatchesComeInOrderAndEndOnce) {
  const auto numbers = std::make_shared<Numbers>(200, -1);
  const auto reader = read_ahead(numbers);
  EXPECT_EQ(numbers->read_count, 0);
  for (int64_t number = 0; number < 200; ++number) {
    const auto batch = reader->Next().ValueOrDie();
    ASSERT_NE(batch, nullptr);
    ASSERT_EQ(value_text(*batch->column(0), 0), std::to_string(number));
  }
  for (int again = 0; again < 3; ++again) EXPECT_EQ(reader->Next().ValueOrDie(), nullptr);
  EXPECT_EQ(numbers->read_count, 201);
}

TEST(ReadAheadTest, AnErrorComesWithItsBatch) {
  const auto reader = read_ahead(std::make_shared<Numbers>(9, 3));
  for (int64_t number = 0; number < 3; ++number) EXPECT_TRUE(reader->Next().ok());
  EXPECT_EQ(reader->Next().status().message(), "no batch 3");
  EXPECT_EQ(reader->Next().ValueOrDie(), nullptr);
}

TEST(ReadAheadTest, AReaderMayGoAtAnyTime) {
  for (int taken = 0; taken < 4; ++taken) {
    const auto reader = read_ahead(std::make_shared<Numbers>(9, -1));
    for (int i = 0; i < taken; ++i) EXPECT_TRUE(reader->Next().ok());
  }
}

}  // namespace
}  // namespace millgate
