#include "data/table/type_name.h"

#include <arrow/type.h>
#include <gtest/gtest.h>

#include "data/table/column_type.h"

namespace millgate {
namespace {

using Type = std::shared_ptr<arrow::DataType>;

Type list_of(const Type& item) { return arrow::list(arrow::field("item", item)); }

TEST(TypeName, IsReadAgain) {
  const Type odd =
      arrow::struct_({arrow::field("a, b>", arrow::int64()),
                      arrow::field("quo\"te\\", arrow::map(arrow::date32(), arrow::utf8())),
                      arrow::field("plain_1", list_of(arrow::float32()))});
  for (const Type& type :
       {list_of(odd), arrow::fixed_size_list(arrow::field("item", odd), 768),
        arrow::map(arrow::decimal128(5, 2),
                   list_of(list_of(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")))),
        arrow::struct_({arrow::field("", arrow::time64(arrow::TimeUnit::MICRO))})}) {
    const auto read = parse_table_type(type_name(*type));
    ASSERT_TRUE(read.ok()) << type_name(*type);
    EXPECT_TRUE((*read)->Equals(*type, true)) << type_name(*type);
  }
  EXPECT_EQ(type_name(*arrow::fixed_size_list(arrow::field("item", arrow::float32()), 2)),
            "fixed_size_list<item: float>[2]");
}

TEST(TypeName, RefusesWhatIsNoTableType) {
  for (const char* name :
       {"list<item: int32>", "list<item: int64", "list<item: int64>>", "list<element: int64>",
        "float", "fixed_size_list<item: int64>[0]", "fixed_size_list<item: int64>[-1]", "struct<>",
        "struct<a: int64,>", "struct<a: int64, a: int64>", "struct<\"a\": int64>",
        "struct<\"a: int64>", "map<list<item: int64>, int64>", "map<string>", "decimal128(5 2)", "",
        "timestamp[us, tz=UTC"}) {
    EXPECT_FALSE(parse_table_type(name).ok()) << name;
  }
  std::string deep = "int64";
  for (int i = 0; i < 40; ++i) deep = "list<item: " + deep + ">";
  EXPECT_FALSE(parse_table_type(deep).ok());
  std::string endless;
  for (int i = 0; i < 100'000; ++i) endless += "list<item: ";
  EXPECT_FALSE(parse_table_type(endless).ok());
}

TEST(TypeName, OrderedIsOneForStructsThatDifferInOrder) {
  const auto a = arrow::field("a", arrow::int64());
  const auto b = arrow::field("b", arrow::utf8());
  EXPECT_EQ(ordered_type_name(*list_of(arrow::struct_({b, a}))),
            ordered_type_name(*list_of(arrow::struct_({a, b}))));
  EXPECT_NE(type_name(*arrow::struct_({b, a})), type_name(*arrow::struct_({a, b})));
}

TEST(TableType, OfNestedTypesPartByPart) {
  const auto name_of = [](const Type& type) {
    const Type table = table_type_of(*type);
    return table == nullptr ? std::string("none") : type_name(*table);
  };
  EXPECT_EQ(name_of(arrow::large_list(arrow::field("x", arrow::int8(), false))),
            "list<item: int64>");
  EXPECT_EQ(name_of(arrow::list(arrow::float16())), "list<item: float>");
  // Outside of lists a float is a double, as in a column of its own.
  EXPECT_EQ(name_of(arrow::list(arrow::struct_({arrow::field("x", arrow::float32())}))),
            "list<item: struct<x: double>>");
  EXPECT_EQ(name_of(arrow::map(arrow::utf8(), arrow::dictionary(arrow::int8(), arrow::utf8()))),
            "map<string, string>");
  EXPECT_EQ(name_of(arrow::struct_({arrow::field("a", arrow::duration(arrow::TimeUnit::MICRO))})),
            "none");
  Type deep = arrow::int64();
  for (int i = 0; i < kTypeLevelsMax; ++i) deep = list_of(deep);
  EXPECT_NE(name_of(deep), "none");
  EXPECT_EQ(name_of(list_of(deep)), "none");
}

}  // namespace
}  // namespace millgate
