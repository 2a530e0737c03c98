#include "data/feature/program.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "ground/json.h"
#include "ground/settings.h"

namespace millgate {
namespace {

const std::vector<Field> kFlight = {{"sched_dep_time", ValueType::integer},
                                    {"time_hour", ValueType::time},
                                    {"carrier", ValueType::text},
                                    {"distance", ValueType::number},
                                    {"weather.wind_speed", ValueType::number}};

Vector texts(const std::vector<const char*>& values) {
  Vector vector;
  vector.reset(ValueType::text, values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] == nullptr) continue;
    vector.valid[i] = 1;
    vector.texts[i] = values[i];
  }
  return vector;
}

Vector numbers(const std::vector<double>& values) {
  Vector vector;
  vector.reset(ValueType::number, values.size());
  vector.valid.assign(values.size(), 1);
  vector.numbers = values;
  return vector;
}

Block block_of(std::vector<Vector> columns) {
  Block block;
  block.rows = columns.front().size();
  block.columns = std::move(columns);
  return block;
}

std::vector<double> values_of(const FeatureProgram& program, const Block& block,
                              EvaluationNotes* notes = nullptr) {
  std::vector<double> out(block.rows * program.features().size());
  EvaluationScratch scratch;
  const Status status = program.evaluate(block, out, scratch, notes);
  EXPECT_TRUE(status.ok()) << status.error().what;
  return out;
}

Error compile_error(const std::vector<FeatureDefinition>& definitions) {
  const auto program = FeatureProgram::compile(definitions, kFlight);
  if (!program.ok()) return program.error();
  ADD_FAILURE() << "compiled";
  return {};
}

TEST(FeatureProgram, ReadsOnlyTheInputsItNeeds) {
  const auto program = FeatureProgram::compile({{"minute", "sched_dep_time % 100"},
                                                {"wind", "weather.wind_speed * 2"},
                                                {"carrier", "category(carrier)"}},
                                               kFlight);
  ASSERT_TRUE(program.ok()) << program.error().what;
  const std::vector<Field> expected = {{"carrier", ValueType::text},
                                       {"sched_dep_time", ValueType::integer},
                                       {"weather.wind_speed", ValueType::number}};
  EXPECT_EQ(program->inputs(), expected);
  EXPECT_EQ(program->features()[0].inputs, std::vector<std::string>{"sched_dep_time"});
  EXPECT_FALSE(program->features()[0].is_category);
  EXPECT_TRUE(program->features()[2].is_category);
}

TEST(FeatureProgram, LearnsCategoriesSortedByBytes) {
  auto program = FeatureProgram::compile({{"carrier", "category(carrier)"}}, kFlight);
  ASSERT_TRUE(program.ok());
  ASSERT_TRUE(program->fit(block_of({texts({"b", "É", nullptr, "B", "b", ""})})).ok());
  EXPECT_EQ(program->features()[0].categories, (std::vector<std::string>{"", "B", "b", "É"}));

  EvaluationNotes notes;
  const Block served = block_of({texts({"É", "z", nullptr, "", "B"})});
  const std::vector<double> codes = values_of(*program, served, &notes);
  EXPECT_EQ(codes[0], 3.0);
  EXPECT_TRUE(std::isnan(codes[1]));
  EXPECT_TRUE(std::isnan(codes[2]));
  EXPECT_EQ(codes[3], 0.0);
  EXPECT_EQ(codes[4], 1.0);
  EXPECT_EQ(notes.unknown_category, std::vector<int64_t>{1});  // A null is not unknown.
  values_of(*program, served, &notes);
  EXPECT_EQ(notes.unknown_category, std::vector<int64_t>{2});
}

TEST(FeatureProgram, RefusesToEvaluateBeforeCategoriesAreLearned) {
  const auto program = FeatureProgram::compile({{"carrier", "category(carrier)"}}, kFlight);
  ASSERT_TRUE(program.ok());
  std::vector<double> out(1);
  EvaluationScratch scratch;
  EXPECT_FALSE(program->evaluate(block_of({texts({"UA"})}), out, scratch).ok());
}

TEST(FeatureProgram, CountsWhatIsNotFiniteFromFiniteInputs) {
  const auto program = FeatureProgram::compile({{"grown", "exp(distance)"}}, kFlight);
  ASSERT_TRUE(program.ok());
  EvaluationNotes notes;
  const double infinity = std::numeric_limits<double>::infinity();
  const auto out = values_of(*program, block_of({numbers({0, 1e6, infinity, NAN, 1e9})}), &notes);
  EXPECT_EQ(out[0], 1.0);
  EXPECT_EQ(out[1], infinity);
  EXPECT_TRUE(std::isnan(out[3]));
  EXPECT_EQ(notes.not_finite, std::vector<int64_t>{2});  // Rows 1 and 4.
}

TEST(FeatureProgram, RefusesABlockOfOtherColumns) {
  const auto program = FeatureProgram::compile({{"d", "distance"}}, kFlight);
  ASSERT_TRUE(program.ok());
  std::vector<double> out(1);
  EvaluationScratch scratch;
  EXPECT_FALSE(program->evaluate(Block{.rows = 1, .columns = {}}, out, scratch).ok());
  const Status wrong = program->evaluate(block_of({texts({"x"})}), out, scratch);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().what, "input `distance` is text, not number");
  Block uneven = block_of({numbers({1, 2})});
  uneven.rows = 1;
  EXPECT_FALSE(program->evaluate(uneven, out, scratch).ok());
  std::vector<double> little(1);
  EXPECT_FALSE(program->evaluate(block_of({numbers({1, 2})}), little, scratch).ok());
}

TEST(FeatureProgram, SaysWhereAnExpressionIsWrong) {
  const Error unknown = compile_error({{"minute_of_day", "sched_dep_tim / 100"}});
  EXPECT_EQ(unknown.code, ErrorCode::invalid_input);
  EXPECT_EQ(unknown.what, "unknown column `sched_dep_tim`");
  EXPECT_EQ(unknown.where, "minute_of_day");
  EXPECT_EQ(unknown.hint, "did you mean `sched_dep_time`?");
  EXPECT_EQ(unknown.excerpt,
            "minute_of_day = sched_dep_tim / 100\n"
            "                ^^^^^^^^^^^^^");
}

// Another version of RE2 in the process, Arrow's, must not destroy what ours made.
TEST(FeatureProgram, SaysWhatIsWrongInAPattern) {
  for (int turn = 0; turn < 100; ++turn) {
    const Error wrong = compile_error({{"f", "regexp_matches(carrier, '(')"}});
    EXPECT_EQ(wrong.what, "the regular expression is wrong: missing ): (");
  }
  EXPECT_EQ(compile_error({{"f", "regexp_matches(carrier, carrier)"}}).what,
            "`regexp_matches` needs a literal here, the same for every row");
  EXPECT_EQ(compile_error({{"f", "length(regexp_extract(carrier, '(a)', 2))"}}).what,
            "the regular expression has no group 2");
}

TEST(FeatureProgram, RefusesTwoFeaturesOfOneName) {
  EXPECT_EQ(compile_error({{"d", "distance"}, {"d", "distance"}}).what,
            "two features are named `d`");
}

TEST(FeatureProgram, PointsIntoTheProjectFile) {
  const auto file = parse_settings("[features]\nok = \"distance\"\nbad = \"distance + carier\"\n",
                                   "millgate.toml");
  ASSERT_TRUE(file.ok());
  Section root = *file;
  const auto features = root.section("features");
  ASSERT_TRUE(features.ok());
  const auto program = FeatureProgram::compile(*features, kFlight);
  ASSERT_FALSE(program.ok());
  EXPECT_EQ(program.error().where, "millgate.toml:3:19");
  EXPECT_EQ(program.error().hint, "did you mean `carrier`?");
}

TEST(FeatureProgram, SavesAndLoads) {
  auto program = FeatureProgram::compile(
      {{"carrier", "category(lower(carrier))"}, {"far", "distance > 1000"}}, kFlight);
  ASSERT_TRUE(program.ok());
  EXPECT_FALSE(program->save()["features"][0].contains("categories"));
  const Block rows =
      block_of({texts({"UA", "aa", nullptr, "\"q\"é"}), numbers({1, 2000, NAN, 1000})});
  ASSERT_TRUE(program->fit(rows).ok());
  const Json saved = program->save();
  const auto again = parse_json(dump_json(saved), "test");
  ASSERT_TRUE(again.ok());
  const auto loaded = FeatureProgram::load(*again);
  ASSERT_TRUE(loaded.ok()) << loaded.error().what;
  EXPECT_EQ(loaded->inputs(), program->inputs());
  EXPECT_EQ(loaded->features()[0].categories, program->features()[0].categories);
  EXPECT_EQ(dump_json(loaded->save()), dump_json(saved));
  const std::vector<double> before = values_of(*program, rows);
  const std::vector<double> after = values_of(*loaded, rows);
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(std::bit_cast<uint64_t>(before[i]), std::bit_cast<uint64_t>(after[i]));
  }
}

TEST(FeatureProgram, RefusesADamagedFile) {
  auto program = FeatureProgram::compile({{"carrier", "category(carrier)"}}, kFlight);
  ASSERT_TRUE(program.ok());
  ASSERT_TRUE(program->fit(block_of({texts({"a", "b"})})).ok());
  const Json good = program->save();
  ASSERT_TRUE(FeatureProgram::load(good).ok());
  const auto refused = [&](auto change) {
    Json bad = good;
    change(bad);
    const auto loaded = FeatureProgram::load(bad);
    return !loaded.ok() && loaded.error().code == ErrorCode::damaged;
  };
  EXPECT_TRUE(refused([](Json& json) { json["format"] = 2; }));
  EXPECT_TRUE(refused([](Json& json) { json.erase("inputs"); }));
  EXPECT_TRUE(refused([](Json& json) { json["inputs"] = 3; }));
  EXPECT_TRUE(refused([](Json& json) { json["inputs"][0]["type"] = "word"; }));
  EXPECT_TRUE(refused([](Json& json) { json["inputs"][0]["name"] = "other"; }));
  EXPECT_TRUE(refused([](Json& json) { json["inputs"].push_back(json["inputs"][0]); }));
  EXPECT_TRUE(refused([](Json& json) { json["features"][0]["expression"] = "carrier +"; }));
  EXPECT_TRUE(refused([](Json& json) { json["features"][0]["expression"] = "length(carrier)"; }));
  EXPECT_TRUE(refused([](Json& json) { json["features"][0]["categories"] = {"b", "a"}; }));
  EXPECT_TRUE(refused([](Json& json) { json["features"][0]["categories"] = {"a", "a"}; }));
  EXPECT_FALSE(FeatureProgram::load(Json::array()).ok());
  EXPECT_FALSE(FeatureProgram::load(Json("text")).ok());
}

TEST(FeatureProgram, ALoadedProgramWithoutCategoriesMustBeFitted) {
  const auto program = FeatureProgram::compile({{"carrier", "category(carrier)"}}, kFlight);
  ASSERT_TRUE(program.ok());
  auto loaded = FeatureProgram::load(program->save());
  ASSERT_TRUE(loaded.ok());
  std::vector<double> out(1);
  EvaluationScratch scratch;
  EXPECT_FALSE(loaded->evaluate(block_of({texts({"a"})}), out, scratch).ok());
  ASSERT_TRUE(loaded->fit(block_of({texts({"a"})})).ok());
  EXPECT_TRUE(loaded->evaluate(block_of({texts({"a"})}), out, scratch).ok());
}

TEST(FeatureProgram, OneScratchServesSeveralPrograms) {
  const auto narrow = FeatureProgram::compile({{"a", "distance + 1"}}, kFlight);
  const auto wide = FeatureProgram::compile(
      {{"a", "distance * 3 - 1"}, {"b", "sqrt(distance) + ln(distance)"}}, kFlight);
  ASSERT_TRUE(narrow.ok() && wide.ok());
  const Block rows = block_of({numbers({1, 4})});
  EvaluationScratch scratch;
  std::vector<double> two(2);
  std::vector<double> four(4);
  for (int turn = 0; turn < 2; ++turn) {
    ASSERT_TRUE(narrow->evaluate(rows, two, scratch).ok());
    EXPECT_EQ(two, (std::vector<double>{2, 5}));
    ASSERT_TRUE(wide->evaluate(rows, four, scratch).ok());
    EXPECT_EQ(four, (std::vector<double>{2, 1, 11, 2 + std::log(4.0)}));
  }
}

TEST(FeatureProgram, TakesNoRowsAndManyRows) {
  const auto program = FeatureProgram::compile({{"d", "distance + 0.5"}}, kFlight);
  ASSERT_TRUE(program.ok());
  EvaluationScratch scratch;
  EXPECT_TRUE(program->evaluate(block_of({numbers({})}), {}, scratch).ok());
  for (const size_t rows : {1023u, 1024u, 1025u, 5000u}) {
    std::vector<double> input(rows);
    for (size_t i = 0; i < rows; ++i) input[i] = static_cast<double>(i);
    const std::vector<double> out = values_of(*program, block_of({numbers(input)}));
    for (size_t i = 0; i < rows; ++i) ASSERT_EQ(out[i], static_cast<double>(i) + 0.5);
  }
}

TEST(EvaluateExpression, GivesTheTypeOfTheExpression) {
  arrow::Int64Builder builder;
  ASSERT_TRUE(builder.AppendValues({10, 20}).ok());
  ASSERT_TRUE(builder.AppendNull().ok());
  const auto table = arrow::Table::Make(arrow::schema({arrow::field("delay", arrow::int64())}),
                                        {builder.Finish().ValueOrDie()});
  const auto late = evaluate_expression("delay > 15", *table);
  ASSERT_TRUE(late.ok()) << late.error().what;
  EXPECT_EQ(late->type, ValueType::boolean);
  EXPECT_EQ(late->valid, (std::vector<uint8_t>{1, 1, 0}));
  EXPECT_EQ(late->integers, (std::vector<int64_t>{0, 1, 0}));
  const auto half = evaluate_expression("delay / 4", *table);
  ASSERT_TRUE(half.ok());
  EXPECT_EQ(half->numbers, (std::vector<double>{2.5, 5.0, 0.0}));
  const auto wrong = evaluate_expression("delay > ", *table);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().excerpt, "delay > \n        ^");
  EXPECT_FALSE(evaluate_expression("category(delay)", *table).ok());
}

}  // namespace
}  // namespace millgate
