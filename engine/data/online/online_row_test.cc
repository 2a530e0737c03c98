#include "data/online/online_row.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "data/online/test_store.h"
#include "ground/random.h"

namespace millgate {
namespace {

const std::vector<Field> kFields = {{"b", ValueType::boolean}, {"i", ValueType::integer},
                                    {"n", ValueType::number},  {"t", ValueType::text},
                                    {"m", ValueType::time},    {"d", ValueType::duration},
                                    {"l", ValueType::list}};

Block random_values(Random& random) {
  Block block{.rows = 1, .columns = std::vector<Vector>(kFields.size())};
  for (size_t i = 0; i < kFields.size(); ++i) {
    Vector& column = block.columns[i];
    column.reset(kFields[i].type, 1);
    if (random.below(4) == 0) continue;
    column.valid[0] = 1;
    const uint64_t bits = random.next();
    if (column.type == ValueType::number) {
      std::memcpy(column.numbers.data(), &bits, sizeof(bits));
    } else if (column.type == ValueType::list) {
      for (uint64_t left = random.below(6); left > 0; --left) {
        if (random.below(5) == 0) {
          column.lists[0].add_null();
        } else {
          column.lists[0].add(random.normal());
        }
      }
    } else if (column.type == ValueType::text) {
      column.texts[0] = std::string(random.below(40), static_cast<char>(bits));
    } else {
      column.integers[0] = static_cast<int64_t>(bits);
    }
  }
  return block;
}

/// Bit by bit, so that a NaN equals itself.
bool same(const Vector& a, const Vector& b) {
  return a.valid == b.valid && a.integers == b.integers && a.texts == b.texts &&
         a.lists == b.lists && a.numbers.size() == b.numbers.size() &&
         (a.numbers.empty() ||
          std::memcmp(a.numbers.data(), b.numbers.data(), a.numbers.size() * sizeof(double)) == 0);
}

TEST(OnlineRow, GivesBackEveryValueBitByBit) {
  Random random(7);
  for (int trial = 0; trial < 2000; ++trial) {
    const Block values = random_values(random);
    const RowStamp stamp{.has_time = true,
                         .is_pushed = trial % 2 == 0,
                         .happened = static_cast<int64_t>(random.next()),
                         .known = static_cast<int64_t>(random.next())};
    const std::string bytes = write_row(stamp, values, 0);
    const auto read = read_stamp(bytes);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->happened, stamp.happened);
    EXPECT_EQ(read->known, stamp.known);
    EXPECT_EQ(read->is_pushed, stamp.is_pushed);
    Block out = values;
    std::vector<Vector*> targets;
    for (Vector& column : out.columns) {
      column.reset(column.type, 1);
      targets.push_back(&column);
    }
    ASSERT_TRUE(read_row(bytes, kFields, targets, 0).ok());
    for (size_t i = 0; i < kFields.size(); ++i) {
      EXPECT_TRUE(same(out.columns[i], values.columns[i])) << kFields[i].name;
    }
    // No shorter text is a row, and none says anything but that it is damaged.
    for (size_t size = 0; size < bytes.size(); ++size) {
      const Status cut = read_row(std::string_view(bytes).substr(0, size), kFields, targets, 0);
      ASSERT_FALSE(cut.ok()) << size;
      EXPECT_EQ(cut.error().code, ErrorCode::damaged);
    }
    EXPECT_FALSE(read_row(bytes + "x", kFields, targets, 0).ok());
  }
}

TEST(OnlineRow, RefusesAnotherVersion) {
  std::string bytes = write_row({}, Block{.rows = 1, .columns = {}}, 0);
  bytes[0] = 9;
  const auto stamp = read_stamp(bytes);
  ASSERT_FALSE(stamp.ok());
  EXPECT_NE(stamp.error().what.find("version 9"), std::string::npos);
  EXPECT_FALSE(read_row(bytes, {}, {}, 0).ok());
}

std::string key_of(const OnlineView& view, const std::vector<Vector>& columns) {
  return entity_key(view, Block{.rows = 1, .columns = columns}, 0);
}

Vector text(std::string value) {
  Vector column;
  column.reset(ValueType::text, 1);
  column.valid[0] = 1;
  column.texts[0] = std::move(value);
  return column;
}

Vector number(double value) {
  Vector column;
  column.reset(ValueType::number, 1);
  column.valid[0] = 1;
  column.numbers[0] = value;
  return column;
}

TEST(OnlineRow, KeysAreEqualWhereEntitiesAre) {
  const OnlineView view = test_view();
  EXPECT_NE(key_of(view, {text("a"), text("bc")}), key_of(view, {text("ab"), text("c")}));
  EXPECT_EQ(key_of(view, {number(0.0)}), key_of(view, {number(-0.0)}));
  EXPECT_EQ(key_of(view, {number(std::nan("1"))}), key_of(view, {number(-std::nan("2"))}));
  EXPECT_NE(key_of(view, {number(1)}), key_of(view, {number(std::nextafter(1, 2))}));
  EXPECT_NE(key_of(view, {text("a")}), key_of(test_view("other"), {text("a")}));
  const std::string large(5000, 'x');
  EXPECT_LT(key_of(view, {text(large)}).size(), 300U);
  EXPECT_NE(key_of(view, {text(large)}), key_of(view, {text(large + "x")}));
  EXPECT_TRUE(key_of(view, {text(large)}).starts_with(key_prefix(view)));
  EXPECT_NE(key_of(view, {text("")}), unseen_key(view));
}

TEST(OnlineView, GivesBackWhatWasWritten) {
  OnlineView view = test_view();
  view.max_age_micros = 5;
  view.tables = {{"weather", "0123"}};
  view.as_of = Time{42};
  view.entity_count = 3;
  const auto read = read_online_view(write_online_view(view));
  ASSERT_TRUE(read.ok()) << read.error().what;
  EXPECT_EQ(*read, view);
  view.written = Time{43};
  EXPECT_EQ(*read_online_view(write_online_view(view)), view);
  std::string text = write_online_view(view);
  const auto cut = read_online_view(text.substr(0, 30));
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().code, ErrorCode::damaged);
  text.replace(text.find("\"name\""), 6, "\"nome\"");
  const auto wrong = read_online_view(text);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::damaged);
}

}  // namespace
}  // namespace millgate
