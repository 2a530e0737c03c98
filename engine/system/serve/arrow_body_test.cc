#include "system/serve/arrow_body.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <gtest/gtest.h>

#include <string>

namespace millgate {
namespace {

std::string stream_of(const arrow::Table& table) {
  const auto sink = *arrow::io::BufferOutputStream::Create();
  const auto writer = *arrow::ipc::MakeStreamWriter(sink, table.schema());
  EXPECT_TRUE(writer->WriteTable(table).ok());
  EXPECT_TRUE(writer->Close().ok());
  return (*sink->Finish())->ToString();
}

/// A column `l` of embeddings with two floats, one of them missing, and a column `x` of numbers.
std::string embeddings() {
  const auto items = std::make_shared<arrow::FloatBuilder>();
  arrow::FixedSizeListBuilder lists(arrow::default_memory_pool(), items, 2);
  EXPECT_TRUE(lists.Append().ok());
  EXPECT_TRUE(items->AppendValues({0.5F, -2.0F}).ok());
  EXPECT_TRUE(lists.AppendNull().ok());
  EXPECT_TRUE(lists.Append().ok());
  EXPECT_TRUE(items->Append(3.0F).ok() && items->AppendNull().ok());
  arrow::DoubleBuilder numbers;
  EXPECT_TRUE(numbers.AppendValues({1.0, 2.0, 3.0}).ok());
  const auto l = *lists.Finish();
  const auto x = *numbers.Finish();
  return stream_of(*arrow::Table::Make(
      arrow::schema({arrow::field("l", l->type()), arrow::field("x", x->type())}), {l, x}));
}

TEST(ArrowBody, GivesListsAsTheyAre) {
  const auto body = open_arrow_body(embeddings(), 10);
  ASSERT_TRUE(body.ok()) << body.error().what;
  Vector column;
  column.reset(ValueType::list, 3);
  ASSERT_TRUE((*body)->read(0, column).ok());
  EXPECT_EQ(column.valid, (std::vector<uint8_t>{1, 0, 1}));
  EXPECT_EQ(column.lists[0], (NumberList{.values = {0.5, -2.0}, .nulls = {}}));
  EXPECT_EQ(column.lists[2], (NumberList{.values = {3.0, 0.0}, .nulls = {0, 1}}));
  column.reset(ValueType::text, 3);
  ASSERT_TRUE((*body)->read_text(0, column).ok());
  EXPECT_EQ(column.texts[2], "[3,null]");
}

TEST(ArrowBody, TellsAListFromANumber) {
  const auto body = open_arrow_body(embeddings(), 10);
  ASSERT_TRUE(body.ok());
  Vector column;
  column.reset(ValueType::number, 3);
  const Status number = (*body)->read(0, column);
  ASSERT_FALSE(number.ok());
  EXPECT_EQ(number.error().what, "column `l` is list, not number");
  column.reset(ValueType::list, 3);
  const Status list = (*body)->read(1, column);
  ASSERT_FALSE(list.ok());
  EXPECT_EQ(list.error().what, "column `x` is number, not list");
}

}  // namespace
}  // namespace millgate
