#include "data/feature/c_features.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <set>

#include "data/feature/function_table.h"
#include "ground/file_store.h"
#include "ground/json.h"
#include "ground/random.h"

namespace millgate {
namespace {

const std::vector<Field> kColumns = {
    {"a", ValueType::integer}, {"b", ValueType::integer},  {"p", ValueType::boolean},
    {"q", ValueType::boolean}, {"x", ValueType::number},   {"y", ValueType::number},
    {"s", ValueType::text},    {"u", ValueType::text},     {"m", ValueType::time},
    {"n", ValueType::time},    {"v.x", ValueType::number}, {"l", ValueType::list}};

/// Every function with a counterpart in C, in each of its types, and some of them together.
const std::vector<const char*> kExpressions = {"a + b",
                                               "x + y",
                                               "a - b",
                                               "x - y",
                                               "a * b",
                                               "x * y",
                                               "x / y",
                                               "a / b",
                                               "a // b",
                                               "a % b",
                                               "x % y",
                                               "-a",
                                               "-x",
                                               "epoch(m - n)",
                                               "epoch(-(m - n))",
                                               "epoch((m - n) * a)",
                                               "m + interval '5 hours' > n",
                                               "abs(a)",
                                               "abs(x)",
                                               "floor(x)",
                                               "ceil(x)",
                                               "round(a)",
                                               "round(x)",
                                               "round(x, 2)",
                                               "round(x, -2)",
                                               "round(x, a)",
                                               "sqrt(x)",
                                               "ln(x)",
                                               "log10(x)",
                                               "log2(x)",
                                               "exp(x)",
                                               "pow(x, y)",
                                               "sin(x)",
                                               "cos(x)",
                                               "tan(x)",
                                               "asin(x)",
                                               "acos(x)",
                                               "atan(x)",
                                               "atan2(x, y)",
                                               "cbrt(x)",
                                               "trunc(x)",
                                               "sign(a)",
                                               "sign(x)",
                                               "isnan(x)",
                                               "isinf(x)",
                                               "isfinite(x)",
                                               "cyclic_sin(x, 24)",
                                               "cyclic_cos(a, y)",
                                               "bucket(x, -1, 0, 2.5)",
                                               "bucket(x, y, v.x)",
                                               "width_bucket(x, 0, 10, 5)",
                                               "width_bucket(x, y, 3, a)",
                                               "clip(a, -1, b)",
                                               "clip(x, y, 2.5)",
                                               "a = b",
                                               "x = y",
                                               "s = u",
                                               "p = q",
                                               "m = n",
                                               "a <> b",
                                               "x <> y",
                                               "s <> u",
                                               "a < b",
                                               "x < y",
                                               "s < u",
                                               "a <= b",
                                               "x <= y",
                                               "s <= u",
                                               "a > b",
                                               "x > y",
                                               "s > u",
                                               "a >= b",
                                               "x >= y",
                                               "s >= u",
                                               "a between b and 7",
                                               "x between y and v.x",
                                               "s between 'a' and u",
                                               "x not between y and 1",
                                               "a in (1, b, 7)",
                                               "x in (0, y, 1e10, null)",
                                               "s in ('a', u, 'JFK')",
                                               "s not in ('a', null)",
                                               "a is null",
                                               "x is null",
                                               "s is not null",
                                               "p and q",
                                               "p or q",
                                               "not p",
                                               "case when p then a when q then b else 7 end",
                                               "case when a > 1 then x when q then y end",
                                               "length(case when p then s else u end)",
                                               "if(p, x, y)",
                                               "coalesce(a, b)",
                                               "coalesce(x, y, 0.5)",
                                               "length(coalesce(s, u, 'none'))",
                                               "ifnull(x, -1)",
                                               "nullif(a, b)",
                                               "nullif(x, y)",
                                               "length(nullif(s, u))",
                                               "least(a, b, 3)",
                                               "least(x, y)",
                                               "least(s, u, 'k') = s",
                                               "greatest(a, b)",
                                               "greatest(x, y, v.x)",
                                               "greatest(s, u) = s",
                                               "cast(a as double)",
                                               "cast(p as double)",
                                               "cast(x as double)",
                                               "cast(a as bigint)",
                                               "cast(x as bigint)",
                                               "cast(p as bigint)",
                                               "cast(a as integer)",
                                               "cast(x as integer)",
                                               "cast(a as boolean)",
                                               "cast(x as boolean)",
                                               "length(cast(a as varchar))",
                                               "cast(p as varchar) = 'true'",
                                               "cast(s as varchar) = s",
                                               "epoch(cast(m as date))",
                                               "epoch(cast(m as timestamp))",
                                               "year(m)",
                                               "month(m)",
                                               "day(m)",
                                               "day_of_year(m)",
                                               "weekday(m)",
                                               "isodow(m)",
                                               "week(m)",
                                               "quarter(m)",
                                               "days_in_month(m)",
                                               "hour(m)",
                                               "minute(m)",
                                               "second(m)",
                                               "epoch(m)",
                                               "epoch(date_trunc('second', m))",
                                               "epoch(date_trunc('minute', m))",
                                               "epoch(date_trunc('hour', m))",
                                               "epoch(date_trunc('day', m))",
                                               "epoch(date_trunc('week', m))",
                                               "epoch(date_trunc('month', m))",
                                               "epoch(date_trunc('quarter', m))",
                                               "epoch(date_trunc('year', m))",
                                               "date_diff('second', m, n)",
                                               "date_diff('minute', m, n)",
                                               "date_diff('hour', m, n)",
                                               "date_diff('day', m, n)",
                                               "date_diff('month', m, n)",
                                               "date_diff('quarter', m, n)",
                                               "date_diff('year', m, n)",
                                               "convert(x, 'fahrenheit', 'celsius')",
                                               "convert(x, 'mile', 'kilometre')",
                                               "in_calendar('holidays', m)",
                                               "days_to_next('holidays', m)",
                                               "days_since_last('holidays', m)",
                                               "length(s)",
                                               "contains(s, u)",
                                               "contains(s, 'b')",
                                               "starts_with(s, u)",
                                               "ends_with(s, u)",
                                               "strpos(s, u)",
                                               "strpos(s, 'b')",
                                               "length(trim(s))",
                                               "trim(s) = u",
                                               "length(ltrim(s))",
                                               "length(rtrim(s))",
                                               "left(s, 2) = 'ab'",
                                               "length(left(s, a))",
                                               "length(right(s, a))",
                                               "right(s, 1) = left(u, 1)",
                                               "length(substring(s, a))",
                                               "length(substring(s, a, b))",
                                               "substring(s, 2, 1) = 'b'",
                                               "length(split_part(s, ',', a))",
                                               "split_part(s, ',', -1) = u",
                                               "length(split_part(s, '', 2))",
                                               "hash_bucket(s, 100)",
                                               "hash_bucket(s, a)",
                                               "hash_bucket(a, 16)",
                                               "length(s || u)",
                                               "hash_bucket(s || '-' || u, 1000)",
                                               "hash_bucket(concat(s, u, a, 'z'), 1000)",
                                               "hash_bucket(replace(s, 'a', u), 1000)",
                                               "length(replace(s, u, 'xyz'))",
                                               "standardize(x)",
                                               "min_max_scale(x)",
                                               "min_max_scale(0 * a)",
                                               "robust_scale(y)",
                                               "quantile_bucket(x, 7)",
                                               "impute_mean(x)",
                                               "impute_median(v.x)",
                                               "impute_most(s) = 'ab'",
                                               "frequency(s)",
                                               "frequency(a)",
                                               "target_mean(s)",
                                               "target_mean(u, 3)",
                                               "category(s)",
                                               "category(a)",
                                               "category(p)",
                                               "category(coalesce(s, u))",
                                               "one_hot(u)",
                                               "one_hot(s || u)",
                                               "a",
                                               "p",
                                               "x",
                                               "x / 0",
                                               "a > 1 and (x < 2 or not q) and s <> 'ab'"};

/// Functions that have none, with an expression that is refused.
const std::map<std::string, const char*> kRefused = {
    {"lower", "length(lower(s))"},
    {"upper", "length(upper(s))"},
    {"timezone", "hour(timezone('Asia/Tokyo', m))"},
    {"like", "s like 'a%'"},
    {"ilike", "s ilike 'a%'"},
    {"regexp_matches", "regexp_matches(s, 'a')"},
    {"regexp_full_match", "regexp_full_match(s, 'a')"},
    {"regexp_extract", "length(regexp_extract(s, 'a'))"},
    {"regexp_replace", "length(regexp_replace(s, 'a', 'b'))"},
    {"hashed_words", "hashed_words(s, 8)"},
    {"hashed_characters", "hashed_characters(s, 8, 2, 3)"},
    {"elements", "elements(l, 3)"},
    {"list_value", "len([x, y])"},
    {"list_extract", "l[1]"},
    {"len", "len(l)"},
    {"list_contains", "list_contains(l, x)"},
    {"list_sum", "list_sum(l)"},
    {"list_avg", "list_avg(l)"},
    {"list_min", "list_min(l)"},
    {"list_max", "list_max(l)"},
    {"list_norm", "list_norm(l)"},
    {"list_dot_product", "list_dot_product(l, l)"},
    {"list_cosine_similarity", "list_cosine_similarity(l, l)"},
    {"list_cosine_distance", "list_cosine_distance(l, l)"},
    {"list_distance", "list_distance(l, l)"}};

/// Rows of values that are rare elsewhere: the ends of their types, what is missing, NaN.
Block make_rows(uint64_t seed, size_t rows) {
  Random random(seed);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<double> numbers = {0.0,    -0.0,      1.0,        -1.0,         0.5,    2.5,
                                       -2.5,   100.25,    1e10,       1e-3,         1e308,  -1e308,
                                       5e-324, kInfinity, -kInfinity, std::nan(""), 9.3e18, -9.3e18,
                                       3.7,    24.0,      0x1p53,     1e-35};
  const std::vector<int64_t> integers = {
      0,         1,    2,         3,         -1,        -2,        7,
      24,        1000, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, INT64_MIN + 1,
      4000000000};
  const std::vector<const char*> texts = {"",
                                          "a",
                                          "ab",
                                          "ab,b,cab",
                                          "  ab ",
                                          "\xC3\xA9t\xC3\xA9",
                                          "JFK",
                                          "k,,k",
                                          "\xE2\x80\x83 x\xE3\x80\x80",
                                          "\xFF\x80z",
                                          "?"
                                          "?/ \"q\\",
                                          "none",
                                          ",",
                                          "b,ab"};
  const std::vector<int64_t> times = {0,         -1,        1362898800000000,   1709209815000000,
                                      INT64_MAX, INT64_MIN, -62135596800000000, 951782400000000};
  Block block;
  block.rows = rows;
  for (const Field& field : kColumns) {
    Vector column;
    column.reset(field.type, rows);
    for (size_t row = 0; row < rows; ++row) {
      if (random.below(8) == 0) continue;
      column.valid[row] = 1;
      const bool usual = random.below(2) == 0;
      if (field.type == ValueType::number) {
        column.numbers[row] = usual ? (static_cast<double>(random.below(2001)) - 1000) / 64
                                    : numbers[random.below(numbers.size())];
      } else if (field.type == ValueType::text) {
        column.texts[row] = texts[random.below(texts.size())];
      } else if (field.type == ValueType::list) {
        column.lists[row].values = {1.0, 2.5};
      } else if (field.type == ValueType::boolean) {
        column.integers[row] = static_cast<int64_t>(random.below(2));
      } else if (field.type == ValueType::time) {
        column.integers[row] = usual ? static_cast<int64_t>(random.below(4'000'000'000)) * 1'000'000
                                     : times[random.below(times.size())];
      } else {
        column.integers[row] = usual ? static_cast<int64_t>(random.below(20)) - 5
                                     : integers[random.below(integers.size())];
      }
    }
    block.columns.push_back(std::move(column));
  }
  return block;
}

std::vector<FeatureDefinition> definitions_of(const std::vector<const char*>& expressions) {
  std::vector<FeatureDefinition> definitions;
  for (size_t i = 0; i < expressions.size(); ++i) {
    definitions.push_back({"f" + std::to_string(i), expressions[i]});
  }
  return definitions;
}

ExpressionContext holidays() {
  ExpressionContext context;
  context.calendars["holidays"].days = {-719000, 0, 15774, 19782, 40000};
  return context;
}

/// The block with the columns that `program` reads, in its order.
Block columns_for(const FeatureProgram& program, const Block& all) {
  Block block;
  block.rows = all.rows;
  for (const Field& input : program.inputs()) {
    const auto found = std::find(kColumns.begin(), kColumns.end(), input);
    block.columns.push_back(all.columns[static_cast<size_t>(found - kColumns.begin())]);
  }
  return block;
}

FeatureProgram fitted_program(const std::vector<const char*>& expressions, const Block& all) {
  auto program = FeatureProgram::compile(definitions_of(expressions), kColumns, holidays());
  EXPECT_TRUE(program.ok()) << program.error().where << ": " << program.error().what;
  const Block training = columns_for(*program, all);
  std::vector<double> labels;
  for (size_t i = 0; i < training.rows; ++i) labels.push_back(i % 3 == 0 ? 1 : 0);
  FitLabels known;
  known.labels = labels;
  const Status fitted = program->fit(training, known);
  EXPECT_TRUE(fitted.ok()) << fitted.error().what;
  return *std::move(program);
}

/// A folder that is gone when the test is over.
class TempFolder {
 public:
  TempFolder() {
    char name[] = "/tmp/millgate_c_XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

template <typename T>
void append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// For the program below: for each value a byte `known`, then the value; texts by their length.
std::string bytes_of(const Block& block) {
  std::string bytes;
  for (size_t row = 0; row < block.rows; ++row) {
    for (const Vector& column : block.columns) {
      bytes.push_back(static_cast<char>(column.valid[row]));
      if (column.type == ValueType::number) {
        append(bytes, column.numbers[row]);
      } else if (column.type == ValueType::text) {
        append(bytes, static_cast<uint64_t>(column.texts[row].size()));
        bytes += column.texts[row];
      } else {
        append(bytes, column.integers[row]);
      }
    }
  }
  return bytes;
}

/// A program that reads rows from standard input and writes their features to standard output.
std::string program_around(const FeatureProgram& program, const CFeatures& features,
                           const CTables& tables) {
  std::string text =
      "#include <math.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <stdio.h>\n"
      "#include <string.h>\n"
      "typedef struct { int64_t value; unsigned char known; } t_integer;\n"
      "typedef struct { double value; unsigned char known; } t_number;\n"
      "typedef struct { const char *bytes; size_t size; unsigned char known; } t_text;\n"
      "typedef struct {\n" +
      features.row_members + "} t_row;\n" + features.types + tables.source() + features.functions;
  text +=
      "static char texts[64][64];\n"
      "int main(void) {\n  t_row row;\n  double out[" +
      std::to_string(program.features().size()) +
      "];\n"
      "  unsigned char known;\n  uint64_t size;\n"
      "  while (fread(&known, 1, 1, stdin) == 1) {\n";
  size_t at = 0;
  for (size_t i = 0; i < program.inputs().size(); ++i) {
    // The members stand in the order of the inputs.
    const size_t space = features.row_members.find(' ', features.row_members.find("t_", at));
    const std::string member =
        features.row_members.substr(space + 1, features.row_members.find(';', at) - space - 1);
    at = features.row_members.find('\n', at) + 1;
    if (i > 0) text += "    if (fread(&known, 1, 1, stdin) != 1) return 1;\n";
    text += "    row." + member + ".known = known;\n";
    if (program.inputs()[i].type == ValueType::text) {
      const std::string room = "texts[" + std::to_string(i) + "]";
      text += "    if (fread(&size, 8, 1, stdin) != 1 || fread(" + room +
              ", 1, size, stdin) != size) return 1;\n    row." + member + ".bytes = " + room +
              ";\n    row." + member + ".size = size;\n";
    } else {
      text += "    if (fread(&row." + member + ".value, 8, 1, stdin) != 1) return 1;\n";
    }
  }
  return text +
         "    if (read_features(&row, out) != 0) return 1;\n"
         "    fwrite(out, sizeof out, 1, stdout);\n  }\n  return 0;\n}\n";
}

/// What the C program of `program` makes of `block`; empty where it does not compile or run.
std::string run_c(const FeatureProgram& program, const Block& block) {
  CTables tables;
  const auto features = write_c_features(program, "t", tables);
  EXPECT_TRUE(features.ok()) << features.error().what;
  if (!features.ok()) return {};
  const TempFolder folder;
  EXPECT_TRUE(write_file(folder.file("t.c"), program_around(program, *features, tables)).ok());
  EXPECT_TRUE(write_file(folder.file("rows"), bytes_of(block)).ok());
  const std::string command = "cc -std=c99 -Wall -Wextra -Wpedantic -Werror -O1 " +
                              folder.file("t.c") + " -o " + folder.file("t") + " -lm && " +
                              folder.file("t") + " < " + folder.file("rows") + " > " +
                              folder.file("out");
  EXPECT_EQ(std::system(command.c_str()), 0);
  const auto out = read_file(folder.file("out"));
  return out.ok() ? *out : std::string();
}

TEST(CFeatures, EveryFunctionGivesTheBitsOfTheProgram) {
  const Block all = make_rows(11, 4000);
  const FeatureProgram program = fitted_program(kExpressions, all);
  const Block block = columns_for(program, all);
  const size_t width = program.features().size();
  std::vector<double> expected(block.rows * width);
  EvaluationScratch scratch;
  ASSERT_TRUE(program.evaluate(block, expected, scratch).ok());

  const std::string out = run_c(program, block);
  ASSERT_EQ(out.size(), expected.size() * sizeof(double));
  std::set<std::string> wrong;
  for (size_t i = 0; i < expected.size(); ++i) {
    double value = 0;
    std::memcpy(&value, out.data() + i * sizeof value, sizeof value);
    const bool same = std::isnan(expected[i])
                          ? std::isnan(value)
                          : std::bit_cast<uint64_t>(value) == std::bit_cast<uint64_t>(expected[i]);
    const Feature& feature = program.features()[i % width];
    if (same || !wrong.insert(feature.name).second) continue;
    ADD_FAILURE() << feature.expression << " in row " << i / width << ": " << value << ", not "
                  << expected[i];
  }
}

TEST(CFeatures, EveryFunctionIsExportedOrRefusedByName) {
  const Block all = make_rows(12, 200);
  std::string exported;
  for (const char* expression : kExpressions) exported += std::string(expression) + "\n";
  for (const ExpressionFunction& function : expression_functions()) {
    const bool is_word = function.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") ==
                         std::string::npos;
    const auto refused = kRefused.find(function.name);
    if (refused == kRefused.end()) {
      const std::string sign = function.is_operator || !is_word ? "" : "(";
      if (function.name == "negate") continue;
      EXPECT_NE(
          exported.find(function.name.substr(0, 4) == "cast" ? "cast(" : function.name + sign),
          std::string::npos)
          << function.name << " is neither";
      continue;
    }
    const FeatureProgram program = fitted_program({"a + 1", refused->second}, all);
    CTables tables;
    const auto features = write_c_features(program, "t", tables);
    ASSERT_FALSE(features.ok()) << function.name;
    EXPECT_EQ(features.error().code, ErrorCode::invalid_input);
    EXPECT_EQ(features.error().where, "f1");
    EXPECT_NE(features.error().what.find("`" + function.name + "`"), std::string::npos)
        << features.error().what;
  }
}

TEST(CFeatures, ATextThatIsTooLongIsAFaultAndNoOtherPrediction) {
  const FeatureProgram program = fitted_program({"length(s || u)"}, make_rows(13, 50));
  CTables tables;
  const auto features = write_c_features(program, "t", tables);
  ASSERT_TRUE(features.ok());
  EXPECT_TRUE(features->makes_text);
  const TempFolder folder;
  std::string text = program_around(program, *features, tables);
  text = "#define TEXT_MAX 20\n" + text;
  ASSERT_TRUE(write_file(folder.file("t.c"), text).ok());
  const std::string command =
      "cc -std=c99 " + folder.file("t.c") + " -o " + folder.file("t") + " -lm";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const auto exit_code = [&](size_t first, size_t second) {
    std::string row;
    for (const size_t size : {first, second}) {
      row.push_back(1);
      append(row, static_cast<uint64_t>(size));
      row += std::string(size, 'x');
    }
    EXPECT_TRUE(write_file(folder.file("rows"), row).ok());
    const std::string run = folder.file("t") + " < " + folder.file("rows") + " > /dev/null";
    return std::system(run.c_str());
  };
  EXPECT_EQ(exit_code(12, 8), 0);
  EXPECT_NE(exit_code(12, 9), 0);
  EXPECT_NE(exit_code(21, 0), 0);
}

}  // namespace
}  // namespace millgate
