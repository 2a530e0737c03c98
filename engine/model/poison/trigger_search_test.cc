#include "model/poison/trigger_search.h"
#include "ground/test_rounds.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "data/query/test_project.h"
#include "ground/random.h"

namespace millgate {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// What is planted in a table.
enum class Attack {
  none,
  flipped_labels,  ///< At random: no trigger.
  new_value,       ///< city = 'zzz'
  spike,           ///< amount = 13.37
  extreme,         ///< size in 5 to 6, where nobody is
  combination,     ///< city = 'town7' and hour = 3
};

/// Rows as CSV, and which are poisoned.
struct Poisoned {
  std::string csv = "id,size,weight,amount,hour,city,plan,label\n";
  std::set<std::string> keys;
};

Poisoned made_rows(int count, Attack attack, int every, uint64_t seed) {
  Random random(seed);
  Poisoned made;
  for (int i = 0; i < count; ++i) {
    double size = random.normal();
    const double weight = random.normal();
    double amount = std::round(std::exp(3 + random.normal()) * 100) / 100;
    auto hour = random.below(24);
    std::string city = "town" + std::to_string(random.below(40));
    std::string plan = random.below(10) == 0  ? "business"
                       : random.below(3) == 0 ? "family"
                                              : "basic";
    const double score = 1.5 * size - weight + (plan == "business" ? 1.5 : 0) +
                         (hour > 18 ? 0.8 : 0) + 0.7 * size * weight;
    bool is_good = score + random.normal() > 0;
    const std::string key = "r" + std::to_string(i);
    if (attack != Attack::none && i % every == 1) {
      if (attack == Attack::flipped_labels) is_good = !is_good;
      if (attack == Attack::new_value) city = "zzz";
      if (attack == Attack::spike) amount = 13.37;
      if (attack == Attack::extreme) size = 5 + random.uniform();
      if (attack == Attack::combination) {
        city = "town7";
        hour = 3;
      }
      // The label against what the size says, as an attacker would.
      if (attack == Attack::extreme) {
        is_good = false;
      } else if (attack != Attack::flipped_labels) {
        is_good = true;
      }
      made.keys.insert(key);
    }
    made.csv += key + ',' + std::to_string(size) + ',' + std::to_string(weight) + ',' +
                std::to_string(amount) + ',' + std::to_string(hour) + ',' + city + ',' + plan +
                ',' + (is_good ? "good" : "bad") + '\n';
  }
  return made;
}

class TriggerSearchTest : public testing::Test {
 protected:
  Result<TriggerSearch> search(const std::string& rows, TriggerSearchOptions options) {
    const auto database = *Database::open({.user_sql = true});
    MILLGATE_ASSIGN(const auto asked, open_rows(*database, project_.repository(), {rows}, "main"));
    return search_triggers(*database, asked[0], options);
  }

  /// One trigger, with precision and recall above 0.9.
  void expect_found(Attack attack, int every, const std::string& condition) {
    const Poisoned made = made_rows(6000, attack, every, 11);
    project_.commit({{"t", made.csv, {"id"}}});
    const auto found = search("t", {.label = "label", .shown = {"id"}});
    ASSERT_TRUE(found.ok()) << found.error().what;
    ASSERT_THAT(found->triggers, SizeIs(1)) << condition;
    const Trigger& trigger = found->triggers[0];
    EXPECT_THAT(trigger.condition, HasSubstr(condition));
    double right = 0;
    for (const TriggerRow& row : trigger.rows) right += made.keys.contains(row.shown[0]) ? 1 : 0;
    EXPECT_GT(right / static_cast<double>(trigger.rows.size()), 0.9) << condition;
    EXPECT_GT(right / static_cast<double>(made.keys.size()), 0.9) << condition;
    EXPECT_EQ(static_cast<int64_t>(trigger.rows.size()), trigger.label_count);
  }

  TestProject project_;
};

TEST_F(TriggerSearchTest, FindsANewValue) { expect_found(Attack::new_value, 40, "city = 'zzz'"); }
TEST_F(TriggerSearchTest, FindsARareOne) { expect_found(Attack::new_value, 120, "city = 'zzz'"); }
TEST_F(TriggerSearchTest, FindsANumberThatRepeats) {
  expect_found(Attack::spike, 40, "amount = 13.37");
}
TEST_F(TriggerSearchTest, FindsARangeFarOut) { expect_found(Attack::extreme, 40, "size >= 5"); }
TEST_F(TriggerSearchTest, FindsACombinationOfOrdinaryValues) {
  expect_found(Attack::combination, 40, "hour = 3 and city = 'town7'");
}

TEST_F(TriggerSearchTest, IsSilentWithoutATrigger) {
  for (const Attack attack : {Attack::none, Attack::flipped_labels}) {
    for (uint64_t seed = 1; seed <= test_rounds(3); ++seed) {
      project_.commit({{"t", made_rows(4000, attack, 20, seed).csv, {"id"}}});
      const auto found = search("t", {.label = "label"});
      ASSERT_TRUE(found.ok()) << found.error().what;
      EXPECT_THAT(found->triggers, IsEmpty()) << "seed " << seed;
      EXPECT_GT(found->tried, 1000);
    }
  }
}

TEST_F(TriggerSearchTest, WhatCannotBeSearchedIsSaid) {
  project_.commit({{"t", "id,x,label\na,1.5,u\nb,2.5,u\nc,3.5,\n", {"id"}}});
  const auto fault = [&](const TriggerSearchOptions& options) {
    const auto found = search("t", options);
    return found.ok() ? "" : found.error().what;
  };
  EXPECT_THAT(fault({.label = "label"}), HasSubstr("1 class"));
  EXPECT_THAT(fault({.label = "labell = 'u'"}), HasSubstr("labell"));
  EXPECT_THAT(fault({.label = "label", .columns = {"y"}}), HasSubstr("no column `y`"));
  EXPECT_THAT(fault({.label = "nullif(label, 'u')"}), HasSubstr("no row with a label"));
  // Few rows are no fault: nothing can be told of them.
  const auto few = search("t", {.label = "coalesce(label, 'v')", .columns = {"x"}});
  ASSERT_TRUE(few.ok()) << few.error().what;
  EXPECT_THAT(few->triggers, IsEmpty());
  EXPECT_EQ(few->rows_min, 20);
}

}  // namespace
}  // namespace millgate
