#include "data/postgres/postgres_copy.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace millgate {
namespace {

std::string big_endian(int64_t number, int size) {
  std::string bytes;
  for (int i = size - 1; i >= 0; --i) bytes += static_cast<char>(number >> (8 * i) & 0xff);
  return bytes;
}

std::string header() { return std::string("PGCOPY\n\377\r\n\0", 11) + big_endian(0, 8); }

std::string value(const std::string& bytes) {
  return big_endian(static_cast<int64_t>(bytes.size()), 4) + bytes;
}

/// A numeric as the server sends it: sign 0 or 0x4000, digits of base 10,000.
std::string numeric(int weight, int sign, const std::vector<int>& digits) {
  std::string bytes = big_endian(static_cast<int64_t>(digits.size()), 2) + big_endian(weight, 2) +
                      big_endian(sign, 2) + big_endian(4, 2);
  for (const int digit : digits) bytes += big_endian(digit, 2);
  return bytes;
}

/// An array of one dimension as the server sends it.
std::string array(const std::vector<std::string>& items) {
  std::string bytes = big_endian(1, 4) + big_endian(1, 4) + big_endian(25, 4) +
                      big_endian(static_cast<int64_t>(items.size()), 4) + big_endian(1, 4);
  for (const std::string& item : items) bytes += item;
  return bytes;
}

PostgresCopy copy_of(PostgresForm form, std::shared_ptr<arrow::DataType> type) {
  std::vector<PostgresColumn> columns;
  columns.emplace_back("x", form, type);
  return {std::move(columns), arrow::schema({arrow::field("x", std::move(type))})};
}

/// The only value of a stream of one row, as Arrow writes it, or the error.
std::string read_one(PostgresForm form, const std::shared_ptr<arrow::DataType>& type,
                     const std::string& bytes) {
  PostgresCopy copy = copy_of(form, type);
  const Status added = copy.add(header() + big_endian(1, 2) + value(bytes) + big_endian(-1, 2));
  if (!added.ok()) return added.error().what;
  EXPECT_TRUE(copy.ended());
  const auto batch = copy.finish_batch();
  EXPECT_TRUE(batch.ok() && (*batch)->ValidateFull().ok());
  return (*batch)->column(0)->GetScalar(0).ValueOrDie()->ToString();
}

std::string read_numeric(int precision, int scale, const std::string& bytes) {
  return read_one(PostgresForm::numeric, arrow::decimal128(precision, scale), bytes);
}

TEST(PostgresCopy, ReadsNumericsAtEveryScale) {
  EXPECT_EQ(read_numeric(12, 3, numeric(0, 0, {1, 1000})), "1.100");
  EXPECT_EQ(read_numeric(12, 3, numeric(0, 0x4000, {1, 1000})), "-1.100");
  EXPECT_EQ(read_numeric(12, 3, numeric(0, 0, {})), "0.000");
  EXPECT_EQ(read_numeric(12, 3, numeric(1, 0, {12, 3456, 7890})), "123456.789");
  EXPECT_EQ(read_numeric(38, 0, numeric(8, 0, {1})), "100000000000000000000000000000000");
  EXPECT_EQ(read_numeric(38, 12, numeric(-3, 0, {1})), "1E-12");
  EXPECT_EQ(
      read_numeric(38, 38,
                   numeric(-1, 0, {9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9900})),
      "0.99999999999999999999999999999999999999");
}

TEST(PostgresCopy, RefusesNumericsThatDoNotFit) {
  const std::string fault = "a number that does not fit exactly";
  EXPECT_NE(read_numeric(12, 3, numeric(0, 0, {1, 1001})).find(fault), std::string::npos);
  EXPECT_NE(read_numeric(3, 0, numeric(0, 0, {1000})).find(fault), std::string::npos);
  EXPECT_NE(read_numeric(38, 0, numeric(9, 0, {100})).find(fault), std::string::npos);
  EXPECT_NE(read_numeric(38, 0, numeric(32767, 0, {1})).find(fault), std::string::npos);
  EXPECT_NE(read_numeric(38, 38, numeric(-32768, 0, {1})).find(fault), std::string::npos);
  EXPECT_NE(read_numeric(12, 3, numeric(0, 0xC000, {})).find("is NaN"), std::string::npos);
  EXPECT_NE(read_numeric(12, 3, numeric(0, 0, {10000})).find("past 9999"), std::string::npos);
}

TEST(PostgresCopy, CountsTimesFrom1970) {
  const auto day = [](int32_t days) {
    return read_one(PostgresForm::date, arrow::date32(), big_endian(days, 4));
  };
  EXPECT_EQ(day(0), "2000-01-01");
  EXPECT_EQ(day(-10957), "1970-01-01");
  EXPECT_NE(day(0x7fffffff).find("is infinity"), std::string::npos);
  EXPECT_NE(day(-0x7fffffff - 1).find("is -infinity"), std::string::npos);
  EXPECT_EQ(read_one(PostgresForm::timestamp, arrow::timestamp(arrow::TimeUnit::MICRO),
                     big_endian(-1, 8)),
            "1999-12-31 23:59:59.999999");
  EXPECT_NE(read_one(PostgresForm::time, arrow::time64(arrow::TimeUnit::MICRO),
                     big_endian(86'400'000'000, 8))
                .find("24:00:00"),
            std::string::npos);
}

TEST(PostgresCopy, KnowsThePrecisionOfAModifier) {
  const auto type = [](int precision, int scale) {
    return column_type_of(PostgresForm::numeric, ((precision << 16) | (scale & 0x7ff)) + 4);
  };
  EXPECT_TRUE(type(10, 2)->Equals(arrow::decimal128(10, 2)));
  EXPECT_TRUE(type(5, -2)->Equals(arrow::decimal128(7, 0)));
  EXPECT_TRUE(type(3, 5)->Equals(arrow::decimal128(5, 5)));
  EXPECT_EQ(type(39, 2), nullptr);
  EXPECT_EQ(type(38, -1), nullptr);
  EXPECT_EQ(column_type_of(PostgresForm::numeric, -1), nullptr);
}

std::vector<PostgresColumn> all_columns(arrow::FieldVector& fields) {
  std::vector<PostgresColumn> columns;
  for (int form = 0; form < static_cast<int>(PostgresForm::refused); ++form) {
    const auto which = static_cast<PostgresForm>(form);
    const auto type = which == PostgresForm::numeric ? arrow::decimal128(38, 9)
                      : which == PostgresForm::array ? list_type_of(PostgresForm::text, -1)
                                                     : column_type_of(which, -1);
    fields.push_back(arrow::field("c" + std::to_string(form), type));
    columns.emplace_back(fields.back()->name(), which, type, PostgresForm::text);
  }
  return columns;
}

/// Two rows with a value of each form.
std::string good_stream() {
  std::string row = big_endian(static_cast<int>(PostgresForm::refused), 2) + value("\1") +
                    value(big_endian(7, 2)) + value(big_endian(7, 4)) + value(big_endian(7, 8)) +
                    value(big_endian(7, 4)) + value(big_endian(0, 4)) + value(big_endian(0, 8)) +
                    value(numeric(0, 0, {1, 5})) + value("text") + value("\1{}") +
                    value(std::string(16, 'u')) + value("bytes") + value(big_endian(1, 4)) +
                    value(big_endian(1, 8)) + value(big_endian(1, 8)) + value(big_endian(1, 8)) +
                    value("as text") + value(array({value("a"), big_endian(-1, 4), value("")}));
  return header() + row + row + big_endian(-1, 2);
}

TEST(PostgresCopy, TellsWhatIsCutOffOrGoesOn) {
  const std::string stream = good_stream();
  for (size_t size = 0; size < stream.size(); ++size) {
    arrow::FieldVector fields;
    std::vector<PostgresColumn> columns = all_columns(fields);
    PostgresCopy copy(std::move(columns), arrow::schema(fields));
    const Status added = copy.add(std::string_view(stream).substr(0, size));
    EXPECT_FALSE(added.ok() && copy.ended()) << size;
  }
  arrow::FieldVector fields;
  std::vector<PostgresColumn> columns = all_columns(fields);
  PostgresCopy copy(std::move(columns), arrow::schema(fields));
  ASSERT_TRUE(copy.add(stream).ok());
  EXPECT_EQ(copy.row_count(), 2);
  EXPECT_TRUE(copy.ended());
  EXPECT_FALSE(copy.add("x").ok());
}

TEST(PostgresCopy, SurvivesAnyBytes) {
  const std::string stream = good_stream();
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same bytes each time.
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = stream;
    const int changes = 1 + static_cast<int>(random() % 4);
    for (int i = 0; i < changes; ++i) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    arrow::FieldVector fields;
    std::vector<PostgresColumn> columns = all_columns(fields);
    PostgresCopy copy(std::move(columns), arrow::schema(fields));
    if (!copy.add(bytes).ok()) continue;
    const auto batch = copy.finish_batch();
    ASSERT_TRUE(batch.ok());
    ASSERT_TRUE((*batch)->ValidateFull().ok()) << round;
  }
}

}  // namespace
}  // namespace millgate
