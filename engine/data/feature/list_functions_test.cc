#include <arrow/api.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "data/feature/feature_properties.h"
#include "data/feature/program.h"
#include "data/feature/vector.h"
#include "ground/random.h"

namespace millgate {
namespace {

const std::vector<Field> kFields = {
    {"l", ValueType::list}, {"k", ValueType::list}, {"x", ValueType::number}};

NumberList list_of(std::vector<double> values) {
  return {.values = std::move(values), .nulls = {}};
}

Block row_of(const NumberList& l, const NumberList& k) {
  Block block{.rows = 1, .columns = std::vector<Vector>(2)};
  for (Vector& column : block.columns) {
    column.reset(ValueType::list, 1);
    column.valid[0] = 1;
  }
  block.columns[0].lists[0] = k;  // Inputs are in the order of their names.
  block.columns[1].lists[0] = l;
  return block;
}

std::vector<double> values_of(const std::string& expression, const Block& block) {
  auto program = FeatureProgram::compile({{"f", expression}}, kFields);
  EXPECT_TRUE(program.ok()) << program.error().what;
  if (!program.ok()) return {};
  std::vector<double> out(block.rows * program->features().size());
  EvaluationScratch scratch;
  const Status status = program->evaluate(block, out, scratch);
  EXPECT_TRUE(status.ok()) << status.error().what;
  return out;
}

double value_of(const std::string& expression, const NumberList& l, const NumberList& k) {
  // Both are read, so that the block fits.
  return values_of("case when l is null or k is null then 0.5 else " + expression + " end",
                   row_of(l, k))
      .front();
}

TEST(ListFunctions, HaveNoResultWhereLengthsDisagreeOrAnElementIsMissing) {
  NumberList gap = list_of({1});
  gap.add_null();
  for (const char* function :
       {"list_dot_product", "list_cosine_similarity", "list_cosine_distance", "list_distance"}) {
    const std::string call = std::string(function) + "(l, k)";
    EXPECT_TRUE(std::isnan(value_of(call, list_of({1, 2}), list_of({1, 2, 3})))) << function;
    EXPECT_TRUE(std::isnan(value_of(call, gap, list_of({1, 2})))) << function;
    EXPECT_EQ(value_of("coalesce(" + call + ", 77)", list_of({1, 2}), list_of({1})), 77)
        << function;
    EXPECT_FALSE(std::isnan(value_of(call, list_of({1, 2}), list_of({3, 4})))) << function;
  }
  EXPECT_TRUE(std::isnan(value_of("list_norm(l) + len(k)", gap, gap)));
  EXPECT_EQ(value_of("len(l) + len(k)", gap, list_of({})), 2);
  EXPECT_EQ(value_of("list_sum(l)", gap, gap), 1);
  EXPECT_TRUE(std::isnan(value_of("list_sum(l)", list_of({}), gap)));
  EXPECT_EQ(value_of("list_dot_product(l, k)", list_of({}), list_of({})), 0);
  EXPECT_TRUE(std::isnan(
      value_of("coalesce(list_cosine_similarity(l, k), 7)", list_of({0, 0}), list_of({1, 2}))))
      << "a list of zeros has no direction: NaN, which is not null";
}

TEST(ListFunctions, GiveElementsFromBothEnds) {
  const NumberList l = list_of({10, 20, 30});
  const NumberList k = list_of({-1, 0, 9});
  EXPECT_EQ(value_of("l[1] + k[-1]", l, k), 19);
  EXPECT_EQ(value_of("-l[2]::double", l, k), -20);
  EXPECT_EQ(value_of("[l[3], k[1], 5][2]", l, k), -1);
  for (const char* index : {"0", "4", "-4", "9223372036854775807", "-9223372036854775807 - 1"}) {
    EXPECT_EQ(value_of("coalesce(l[" + std::string(index) + "], 77)", l, k), 77) << index;
  }
}

TEST(ListFunctions, ElementsMakeAColumnEach) {
  NumberList gap = list_of({1});
  gap.add_null();
  gap.add(std::numeric_limits<double>::quiet_NaN());
  Block block{.rows = 3, .columns = std::vector<Vector>(1)};
  block.columns[0].reset(ValueType::list, 3);
  block.columns[0].valid = {1, 1, 0};
  block.columns[0].lists[0] = gap;
  block.columns[0].lists[1] = list_of({1, 2});
  const auto values = values_of("elements(l, 3)", block);
  ASSERT_EQ(values.size(), 9U);
  EXPECT_EQ(values[0], 1);
  for (size_t i = 1; i < 9; ++i) EXPECT_TRUE(std::isnan(values[i])) << i;
}

TEST(ListFunctions, OneRowEqualsABatchAndWhatIsSavedWhatWasTrained) {
  Random random(3);
  Block rows{.rows = 300, .columns = std::vector<Vector>(3)};
  const std::vector<ValueType> types = {ValueType::list, ValueType::list, ValueType::number};
  for (size_t i = 0; i < types.size(); ++i) rows.columns[i].reset(types[i], rows.rows);
  for (size_t row = 0; row < rows.rows; ++row) {
    const uint64_t size = random.below(40);
    for (Vector& column : rows.columns) {
      column.valid[row] = random.below(9) == 0 ? 0 : 1;
      if (column.type == ValueType::number) column.numbers[row] = random.normal();
      if (column.type != ValueType::list || column.valid[row] == 0) continue;
      for (uint64_t k = 0; k < size; ++k) column.lists[row].add(random.normal());
      if (random.below(9) == 0) column.lists[row].add_null();
    }
  }
  auto program = FeatureProgram::compile({{"dot", "list_dot_product(k, l)"},
                                          {"cosine", "list_cosine_similarity(k, l)"},
                                          {"scaled", "standardize(list_distance(k, l))"},
                                          {"first", "list_extract(k, 1) + x"},
                                          {"made", "list_max([x, k[2], l[-1]])"},
                                          {"part", "elements(k, 3)"},
                                          {"in", "list_contains(k, x)"}},
                                         kFields);
  ASSERT_TRUE(program.ok()) << program.error().what;
  ASSERT_TRUE(program->fit(rows, {}).ok());
  const auto outcomes = check_feature_properties(*program, rows, 1);
  ASSERT_TRUE(outcomes.ok()) << outcomes.error().what;
  EXPECT_GE(outcomes->size(), 9U * 4);
  for (const PropertyOutcome& outcome : *outcomes) {
    EXPECT_TRUE(outcome.passed) << outcome.subject << ", " << outcome.property << ": "
                                << outcome.detail;
  }
}

TEST(ListFunctions, ErrorsSayWhatToDo) {
  const auto error_of = [](const std::string& expression) {
    const auto program = FeatureProgram::compile({{"f", expression}}, kFields);
    return program.ok() ? std::string("compiled")
                        : program.error().what + "; " + program.error().hint;
  };
  EXPECT_EQ(
      error_of("l"),
      "a feature must be a number or a boolean; this is list; take a number of it, such as "
      "l[1], len(l) or list_dot_product(l, m), or a column for each element: elements(l, 16)");
  EXPECT_NE(error_of("l + 1").find("`+` cannot take list"), std::string::npos) << error_of("l + 1");
  EXPECT_NE(error_of("l = k").find("cannot take list"), std::string::npos);
  EXPECT_NE(error_of("list_dot_product(l, x)").find("cannot take number here"), std::string::npos);
  EXPECT_NE(error_of("[x, 2").find("`,` or `]`"), std::string::npos) << error_of("[x, 2");
  EXPECT_NE(error_of("[]").find("a value"), std::string::npos);
  EXPECT_NE(error_of("l[1").find("`]`"), std::string::npos);
  EXPECT_NE(error_of("['a']").find("cannot take text"), std::string::npos);
  EXPECT_NE(error_of("elements(l, 1)").find("from 2 to 4096"), std::string::npos);
  EXPECT_NE(error_of("elements(x, 3)").find("`elements` cannot take number"), std::string::npos);
  EXPECT_NE(error_of("1 + elements(l, 3)").find("must be the whole expression"), std::string::npos);
}

// -- from Arrow

std::shared_ptr<arrow::Array> items_of(const std::shared_ptr<arrow::DataType>& type) {
  // [1, 2], null, [], [null, 4], [5, 6]
  const auto pool = arrow::default_memory_pool();
  std::unique_ptr<arrow::ArrayBuilder> builder;
  EXPECT_TRUE(arrow::MakeBuilder(pool, type, &builder).ok());
  const auto scalar = [&](const std::vector<std::optional<double>>& values) {
    const auto item = static_cast<const arrow::BaseListType&>(*type).value_type();
    std::unique_ptr<arrow::ArrayBuilder> inner;
    EXPECT_TRUE(arrow::MakeBuilder(pool, item, &inner).ok());
    for (const auto& value : values) {
      EXPECT_TRUE(value ? inner->AppendScalar(**arrow::DoubleScalar(*value).CastTo(item)).ok()
                        : inner->AppendNull().ok());
    }
    EXPECT_TRUE(builder->AppendScalar(**arrow::MakeScalar(type, *inner->Finish())).ok());
  };
  const bool is_fixed = type->id() == arrow::Type::FIXED_SIZE_LIST;
  scalar({1, 2});
  EXPECT_TRUE(builder->AppendNull().ok());
  if (!is_fixed) scalar({});
  scalar({std::nullopt, 4});
  scalar({5, 6});
  return *builder->Finish();
}

TEST(ListColumns, AreReadFromEveryKindOfList) {
  for (const auto& type :
       {arrow::list(arrow::float64()), arrow::list(arrow::float32()),
        arrow::large_list(arrow::int32()), arrow::list_view(arrow::float64()),
        arrow::fixed_size_list(arrow::float32(), 2), arrow::list(arrow::int8())}) {
    EXPECT_EQ(value_type_of(*type), ValueType::list);
    const auto whole = items_of(type);
    // What was cut from a longer one, too.
    for (const int64_t skipped : {0, 1, 3}) {
      const auto array = whole->Slice(skipped);
      const auto table = arrow::Table::Make(
          arrow::schema({arrow::field("l", type)}),
          {std::make_shared<arrow::ChunkedArray>(arrow::ArrayVector{array, whole->Slice(0, 1)})});
      const auto block = block_from(*table, {{"l", ValueType::list}});
      ASSERT_TRUE(block.ok()) << block.error().what;
      const Vector& column = block->columns[0];
      ASSERT_EQ(column.size(), static_cast<size_t>(array->length() + 1));
      EXPECT_EQ(column.lists.back(), list_of({1, 2})) << type->ToString();
      EXPECT_EQ(column.lists[column.size() - 2], list_of({5, 6})) << type->ToString();
      if (skipped > 1) continue;
      const NumberList& gap = column.lists[column.size() - 3];
      EXPECT_TRUE(gap.is_null(0) && !gap.is_null(1)) << type->ToString();
      EXPECT_EQ(gap.values[1], 4);
      EXPECT_EQ(column.valid[static_cast<size_t>(1 - skipped)], 0);
    }
  }
  EXPECT_FALSE(value_type_of(*arrow::list(arrow::utf8())));
  EXPECT_FALSE(value_type_of(*arrow::list(arrow::list(arrow::float64()))));
}

}  // namespace
}  // namespace millgate
