#include "system/serve/tensor_bytes.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace millgate {
namespace {

using ::testing::HasSubstr;

template <typename T>
std::string bytes_of(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

Vector empty(ValueType type, size_t rows) {
  Vector column;
  column.reset(type, rows);
  return column;
}

TEST(TensorBytesTest, ReadsEveryDatatypeAsNumbers) {
  const auto read = [](TensorDatatype datatype, const std::string& bytes) {
    Vector column = empty(ValueType::number, bytes.size() / element_bytes(datatype));
    EXPECT_TRUE(read_tensor_bytes(datatype, bytes, column).ok());
    return column.numbers;
  };
  using Numbers = std::vector<double>;
  EXPECT_EQ(read(TensorDatatype::uint8, bytes_of<uint8_t>({0, 255})), (Numbers{0, 255}));
  EXPECT_EQ(read(TensorDatatype::uint16, bytes_of<uint16_t>({7, 65535})), (Numbers{7, 65535}));
  EXPECT_EQ(read(TensorDatatype::uint32, bytes_of<uint32_t>({4294967295U})), Numbers{4294967295.0});
  EXPECT_EQ(read(TensorDatatype::uint64, bytes_of<uint64_t>({1ULL << 63})),
            Numbers{9223372036854775808.0});
  EXPECT_EQ(read(TensorDatatype::int8, bytes_of<int8_t>({-128, 127})), (Numbers{-128, 127}));
  EXPECT_EQ(read(TensorDatatype::int16, bytes_of<int16_t>({-32768})), Numbers{-32768});
  EXPECT_EQ(read(TensorDatatype::int32, bytes_of<int32_t>({-2147483647})), Numbers{-2147483647});
  EXPECT_EQ(read(TensorDatatype::int64, bytes_of<int64_t>({-5, 1LL << 53})),
            (Numbers{-5, 9007199254740992.0}));
  EXPECT_EQ(read(TensorDatatype::fp32, bytes_of<float>({0.1F})), Numbers{0.1F});
  EXPECT_EQ(read(TensorDatatype::fp64, bytes_of<double>({0.1, -0.0})), (Numbers{0.1, -0.0}));
  // 1, -2, the smallest number, the largest one, and 1/3, as IEEE 754 has them.
  EXPECT_EQ(
      read(TensorDatatype::fp16, bytes_of<uint16_t>({0x3C00, 0xC000, 0x0001, 0x7BFF, 0x3555})),
      (Numbers{1, -2, 5.9604644775390625e-8, 65504, 0.333251953125}));
  EXPECT_EQ(read(TensorDatatype::bf16, bytes_of<uint16_t>({0x3F80, 0xC000})), (Numbers{1, -2}));
}

TEST(TensorBytesTest, NaNIsNullAndFloatsMayBeIntegers) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Vector column = empty(ValueType::integer, 3);
  ASSERT_TRUE(read_tensor_bytes(TensorDatatype::fp64, bytes_of<double>({3, nan, -4}), column).ok());
  EXPECT_EQ(column.valid, (std::vector<uint8_t>{1, 0, 1}));
  EXPECT_EQ(column.integers, (std::vector<int64_t>{3, 0, -4}));
  column = empty(ValueType::number, 1);
  ASSERT_TRUE(read_tensor_bytes(TensorDatatype::fp16, bytes_of<uint16_t>({0x7E00}), column).ok());
  EXPECT_EQ(column.valid[0], 0);
}

std::string texts(const std::vector<std::string>& values) {
  std::string bytes;
  for (const std::string& value : values) append_tensor_text(bytes, value);
  return bytes;
}

TEST(TensorBytesTest, ReadsTexts) {
  Vector column = empty(ValueType::text, 3);
  ASSERT_TRUE(read_tensor_bytes(TensorDatatype::bytes, texts({"", "a", "\xC3\xA9"}), column).ok());
  EXPECT_EQ(column.texts, (std::vector<std::string>{"", "a", "\xC3\xA9"}));
  EXPECT_EQ(column.valid, (std::vector<uint8_t>{1, 1, 1}));
  column = empty(ValueType::time, 1);
  ASSERT_TRUE(
      read_tensor_bytes(TensorDatatype::bytes, texts({"1970-01-01T00:00:01Z"}), column).ok());
  EXPECT_EQ(column.integers[0], 1'000'000);
  column = empty(ValueType::duration, 1);
  ASSERT_TRUE(read_tensor_bytes(TensorDatatype::bytes, texts({"2s"}), column).ok());
  EXPECT_EQ(column.integers[0], 2'000'000);
  column = empty(ValueType::text, 2);
  ASSERT_TRUE(
      read_tensor_bytes_as_text(TensorDatatype::int32, bytes_of<int32_t>({7, -8}), column).ok());
  EXPECT_EQ(column.texts, (std::vector<std::string>{"7", "-8"}));
}

struct BadBytes {
  TensorDatatype datatype;
  ValueType type;
  std::string bytes;
  std::string message;
};

TEST(TensorBytesTest, NamesTheRowThatIsWrong) {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<BadBytes> all = {
      {TensorDatatype::fp64, ValueType::number, std::string(15, '\0'), "has 15 bytes"},
      {TensorDatatype::fp64, ValueType::number, std::string(24, '\0'), "2 values of 8 bytes"},
      {TensorDatatype::fp64, ValueType::number, bytes_of<double>({1, infinity}),
       "row 1 is infinite"},
      {TensorDatatype::fp64, ValueType::integer, bytes_of<double>({1.5, 1}), "row 0 is 1.5"},
      {TensorDatatype::fp64, ValueType::integer, bytes_of<double>({1, 1e300}), "row 1 is 1e"},
      {TensorDatatype::uint64, ValueType::integer, bytes_of<uint64_t>({1, ~0ULL}),
       "row 1 is beyond"},
      {TensorDatatype::boolean, ValueType::boolean, std::string("\1\2"), "row 1 is the byte 2"},
      {TensorDatatype::bytes, ValueType::text, texts({"a"}), "row 1 of the binary data is missing"},
      {TensorDatatype::bytes, ValueType::text, texts({"a", "b", ""}), "4 bytes more"},
      {TensorDatatype::bytes, ValueType::text, texts({"a"}) + std::string("\xff\0\0\0z", 5),
       "row 1 says that it has 255 bytes, but only 1 follow"},
      {TensorDatatype::bytes, ValueType::text, texts({"a", "\xff"}), "row 1 is not UTF-8"},
      {TensorDatatype::bytes, ValueType::time, texts({"soon", "x"}), "row 0 is no time"},
      {TensorDatatype::bytes, ValueType::duration, texts({"2s", "x"}), "row 1 is no duration"},
  };
  for (const BadBytes& bad : all) {
    Vector column = empty(bad.type, 2);
    const Status status = read_tensor_bytes(bad.datatype, bad.bytes, column);
    ASSERT_FALSE(status.ok()) << bad.message;
    EXPECT_THAT(status.error().what, HasSubstr(bad.message));
  }
}

TEST(TensorBytesTest, AnyBytesAreReadOrRefused) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const auto datatype = static_cast<TensorDatatype>(random() % 14);
    std::string bytes(random() % 40, '\0');
    // Small lengths of texts, so that some of them are right.
    for (char& byte : bytes) byte = static_cast<char>(random() % 3 == 0 ? random() : random() % 3);
    for (const ValueType type : {ValueType::boolean, ValueType::integer, ValueType::number,
                                 ValueType::text, ValueType::time, ValueType::duration}) {
      if (!fits(datatype, type)) continue;
      Vector column = empty(type, random() % 4);
      static_cast<void>(read_tensor_bytes(datatype, bytes, column));
      EXPECT_EQ(column.valid.size(), column.size());
    }
    Vector column = empty(ValueType::text, random() % 4);
    static_cast<void>(read_tensor_bytes_as_text(datatype, bytes, column));
  }
}

}  // namespace
}  // namespace millgate
