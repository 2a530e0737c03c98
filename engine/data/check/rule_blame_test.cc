#include "data/check/rule_blame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "data/check/check.h"
#include "data/query/test_project.h"
#include "ground/random.h"
#include "ground/test_rounds.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Rule rule_of(const std::string& table, const std::string& rule, const std::string& more = {}) {
  auto root = parse_settings(
      "[[check]]\ntable = '" + table + "'\nrule = '''" + rule + "'''\n" + more + "\n",
      "millgate.toml");
  EXPECT_TRUE(root.ok());
  auto sections = root->sections("check");
  auto read = read_rule(sections->front());
  EXPECT_TRUE(read.ok());
  return std::move(read).value();
}

/// Rows of a table `marks` (id, mark), and the ids of a table `known`.
struct Rows {
  std::map<int, int> marks;
  std::set<int> known;
};

class RuleBlameTest : public testing::Test {
 protected:
  Commit commit(const Rows& rows, const std::string& branch = "main",
                const std::vector<Id>& merged = {}) {
    NewCommit change;
    change.tables["marks"] = table("id,mark", rows.marks);
    std::map<int, int> known;
    for (const int id : rows.known) known[id] = 0;
    change.tables["known"] = table("id,unused", known);
    change.merged_parents = merged;
    return project_.commit_change(std::move(change), branch);
  }
  Id table(const std::string& header, const std::map<int, int>& rows) {
    std::string csv = header + "\n";
    for (const auto& [id, value] : rows) {
      csv += std::to_string(id) + "," + std::to_string(value) + "\n";
    }
    const std::string path = project_.folder().path("rows.csv");
    EXPECT_TRUE(write_file(path, csv).ok());
    return project_.write(path, {"id"});
  }
  std::optional<RuleBlame> blame(const Commit& at, const Rule& rule, size_t rows_max = 100) {
    auto found = blame_rule(project_.repository(), at, rule, rows_max);
    EXPECT_TRUE(found.ok()) << (found.ok() ? "" : found.error().what);
    return found.ok() ? std::move(found).value() : std::nullopt;
  }

  TestProject project_;
};

TEST_F(RuleBlameTest, NamesTheCommitAndTheRowsThatItBroke) {
  const Rule rule = rule_of("marks", "mark > 0", "at_least = 0.7");
  commit({.marks = {{1, 5}, {2, -1}, {3, 1}, {4, 1}}, .known = {1}});
  const Commit broken = commit({.marks = {{1, 5}, {2, -1}, {3, 0}, {4, 1}}, .known = {1}});
  commit({.marks = {{1, 5}, {2, -1}, {3, 0}, {4, 1}}, .known = {1, 2}});
  const Commit later = commit({.marks = {{1, -5}, {2, -1}, {3, 0}, {4, 1}}, .known = {1, 2}});
  const auto found = blame(later, rule);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->commit.id, broken.id);
  EXPECT_EQ(found->broken_count, 2);
  EXPECT_EQ(found->judged_count, 4);
  EXPECT_EQ(found->new_row_count, 1);
  EXPECT_THAT(found->row_header, ElementsAre("id", "mark"));
  EXPECT_THAT(found->rows, ElementsAre(ElementsAre("3", "0")));
  // The version of the commit that changed another table is not judged again.
  EXPECT_EQ(found->judgement_count, 2);
  EXPECT_FALSE(blame(later, rule_of("marks", "mark < 100")));
}

TEST_F(RuleBlameTest, FollowsTheSideThatBroughtTheFault) {
  const Rule rule = rule_of("marks", "mark > 0");
  commit({.marks = {{1, 5}, {2, 1}}, .known = {1}});
  ASSERT_TRUE(project_.repository().make_branch("side", "main", "tester").ok());
  const Commit side = commit({.marks = {{1, 5}, {2, -1}}, .known = {1}}, "side");
  commit({.marks = {{1, 6}, {2, 1}}, .known = {1}});
  const Commit merged = commit({.marks = {{1, 6}, {2, -1}}, .known = {1}}, "main", {side.id});
  EXPECT_EQ(blame(merged, rule)->commit.id, side.id);
  // What both sides did together is the merge's.
  const Rule sum = rule_of("marks", "mark + 100 * (select count(*) from known) <> 102");
  commit({.marks = {{1, 7}, {2, 3}}, .known = {1}});
  const Commit together = commit({.marks = {{1, 7}, {2, 2}}, .known = {1}}, "main", {side.id});
  EXPECT_EQ(blame(together, sum)->commit.id, together.id);
}

TEST_F(RuleBlameTest, AWrongRuleIsToldAtItsPlace) {
  const Commit only = commit({.marks = {{1, 5}}, .known = {1}});
  const auto found = blame_rule(project_.repository(), only, rule_of("marks", "mork > 0"), 5);
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.error().where, HasSubstr("millgate.toml:3"));
  // Before the table was there, nothing was broken.
  EXPECT_EQ(blame(only, rule_of("marks", "mark < 0"))->commit.id, only.id);
}

/// Every commit with its rows, judged by hand.
class RandomHistory {
 public:
  struct Entry {
    Commit commit;
    Rows rows;
  };
  std::map<Id, Entry> entries;

  static std::set<int> broken(const Rows& rows, bool by_reference) {
    std::set<int> ids;
    for (const auto& [id, mark] : rows.marks) {
      if (by_reference ? !rows.known.contains(id) : mark <= 0) ids.insert(id);
    }
    return ids;
  }
  static bool fails(const Rows& rows, bool by_reference, double at_least) {
    const auto total = static_cast<double>(rows.marks.size());
    const auto bad = static_cast<double>(broken(rows, by_reference).size());
    return total - bad < at_least * total - 1e-9;
  }
  [[nodiscard]] const Entry& culprit(const Entry& from, bool by_reference, double at_least) const {
    for (const Id& id : from.commit.parents) {
      const Entry& parent = entries.at(id);
      if (fails(parent.rows, by_reference, at_least)) {
        return culprit(parent, by_reference, at_least);
      }
    }
    return from;
  }
};

TEST_F(RuleBlameTest, AgreesWithEveryCommitJudgedByHand) {
  constexpr uint64_t kSeed = 20251;
  Random random(kSeed);
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  RandomHistory history;
  std::map<std::string, Id> tips;
  const auto keep = [&](const std::string& branch, const Commit& made, const Rows& rows) {
    history.entries[made.id] = {.commit = made, .rows = rows};
    tips[branch] = made.id;
  };
  Rows first{.marks = {}, .known = {}};
  for (int id = 0; id < 12; ++id) {
    first.marks[id] = 1;
    first.known.insert(id);
  }
  keep("main", commit(first), first);
  ASSERT_TRUE(project_.repository().make_branch("side", "main", "tester").ok());
  tips["side"] = tips["main"];
  constexpr uint64_t kSteps = test_rounds(60);
  for (uint64_t step = 0; step < kSteps; ++step) {
    const std::string branch = random.below(2) == 0 ? "main" : "side";
    const std::string other = branch == "main" ? "side" : "main";
    Rows rows = history.entries.at(tips[branch]).rows;
    const bool merge = random.below(6) == 0 && tips[branch] != tips[other];
    if (merge && random.below(2) == 0) rows = history.entries.at(tips[other]).rows;
    const uint64_t edits = merge ? random.below(2) : 1 + random.below(2);
    for (uint64_t edit = 0; edit < edits; ++edit) {
      const int id = static_cast<int>(random.below(12));
      // Faults are rare and heal, so that rules are broken for a while and then hold.
      if (random.below(3) == 0) {
        if (random.below(3) > 0) {
          rows.known.insert(id);
        } else {
          rows.known.erase(id);
        }
      } else {
        rows.marks[id] = static_cast<int>(random.below(5)) - 1;
      }
    }
    const Commit made =
        commit(rows, branch, merge ? std::vector<Id>{tips[other]} : std::vector<Id>());
    keep(branch, made, rows);
  }
  int broken_count = 0;
  for (const auto& [id, entry] : history.entries) {
    for (const bool by_reference : {false, true}) {
      const double at_least = by_reference ? 0.9 : 0.8;
      const Rule rule = by_reference ? rule_of("marks", "id references known.id", "at_least = 0.9")
                                     : rule_of("marks", "mark > 0", "at_least = 0.8");
      const auto found = blame(entry.commit, rule);
      ASSERT_EQ(found.has_value(), RandomHistory::fails(entry.rows, by_reference, at_least));
      if (!found) continue;
      ++broken_count;
      const auto& expected = history.culprit(entry, by_reference, at_least);
      EXPECT_EQ(found->commit.id, expected.commit.id);
      std::set<int> fresh = RandomHistory::broken(expected.rows, by_reference);
      EXPECT_EQ(found->broken_count, static_cast<int64_t>(fresh.size()));
      for (const Id& parent : expected.commit.parents) {
        for (const int known :
             RandomHistory::broken(history.entries.at(parent).rows, by_reference)) {
          fresh.erase(known);
        }
      }
      std::set<int> rows;
      for (const auto& row : found->rows) rows.insert(std::stoi(row.front()));
      EXPECT_EQ(rows, fresh);
      EXPECT_EQ(found->new_row_count, static_cast<int64_t>(fresh.size()));
    }
  }
  EXPECT_GT(broken_count, static_cast<int>(kSteps / 6));
}

TEST_F(RuleBlameTest, AChangeIsJudgedByTheRulesThatReadIt) {
  const Commit before = commit({.marks = {{1, 5}, {2, -1}}, .known = {1}});
  const std::vector<Rule> rules = {rule_of("marks", "mark > 0"),
                                   rule_of("marks", "id references known.id"),
                                   rule_of("known", "id < 9"), rule_of("nowhere", "id < 9")};
  const auto findings = [&](const std::set<std::string>& changed) {
    auto found = check_change(project_.repository(), before, changed, rules);
    EXPECT_TRUE(found.ok());
    std::vector<std::string> texts;
    for (const Finding& finding : *found) {
      EXPECT_EQ(finding.next_step, "");
      texts.push_back(finding.rule + (finding.passed ? " ok" : " broken"));
    }
    return texts;
  };
  EXPECT_THAT(findings({}), IsEmpty());
  EXPECT_THAT(findings({"known"}), ElementsAre("id references known.id broken", "id < 9 ok"));
  EXPECT_THAT(findings({"marks"}), ElementsAre("mark > 0 broken", "id references known.id broken"));
  EXPECT_FALSE(check_change(project_.repository(), before, {"nowhere"}, rules).ok());
}

}  // namespace
}  // namespace millgate
