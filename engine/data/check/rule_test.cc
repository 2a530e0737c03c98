#include "data/check/rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/check/rule_form.h"

namespace millgate {
namespace {

using testing::HasSubstr;

Result<Rule> read(const std::string& toml) {
  MILLGATE_ASSIGN(Section root, parse_settings("[[check]]\n" + toml, "millgate.toml"));
  MILLGATE_ASSIGN(const auto sections, root.sections("check"));
  return read_rule(sections.front());
}

Result<RuleForm> form(const std::string& rule) {
  MILLGATE_ASSIGN(const Rule one, read("table = \"t\"\nrule = '" + rule + "'\n"));
  return parse_rule(one);
}

std::vector<std::string> names(const std::vector<NameInRule>& list) {
  std::vector<std::string> out;
  for (const NameInRule& name : list) out.push_back(name.name);
  return out;
}

using Names = std::vector<std::string>;

Error error_of(const std::string& toml) {
  const auto rule = read(toml);
  EXPECT_FALSE(rule.ok()) << toml;
  return rule.ok() ? Error{} : rule.error();
}

TEST(Rule, ReadsAllItsKeys) {
  const auto rule = read(
      "table = \"flights\"\nrule = \"distance > 0\"\nwhere = \"origin = 'EWR'\"\n"
      "at_least = 0.84\nseverity = \"warning\"\n");
  ASSERT_TRUE(rule.ok()) << rule.error().what;
  EXPECT_EQ(rule->table, "flights");
  EXPECT_EQ(rule->rule, "distance > 0");
  EXPECT_EQ(rule->where, "origin = 'EWR'");
  EXPECT_EQ(rule->at_least, 0.84);
  EXPECT_EQ(rule->severity, Severity::warning);
  const auto plain = read("table = \"t\"\nrule = \"x > 0\"\n");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->at_least, 1.0);
  EXPECT_EQ(plain->severity, Severity::error);
}

TEST(Rule, WrongKeysHaveTheirPlace) {
  EXPECT_EQ(error_of("table = \"t\"\nrule = \"x\"\nat_leest = 1\n").where, "millgate.toml:4:1");
  EXPECT_EQ(error_of("table = \"t\"\nrule = \"x\"\nat_least = 84\n").where, "millgate.toml:4:12");
  EXPECT_EQ(error_of("table = \"t\"\nrule = \"x\"\nat_least = -0.1\n").code,
            ErrorCode::invalid_input);
  EXPECT_THAT(error_of("table = \"t\"\nrule = \"x\"\nseverity = \"eror\"\n").hint,
              HasSubstr("error"));
  EXPECT_THAT(error_of("table = \"t\"\n").what, HasSubstr("rule"));
}

TEST(Rule, TakesItsFormsApart) {
  const auto unique = form("a, \"b \"\"c\"\"\" Is Unique");
  ASSERT_TRUE(unique.ok()) << unique.error().what;
  EXPECT_EQ(unique->kind, RuleKind::unique);
  EXPECT_EQ(names(unique->columns), (Names{"a", "b \"c\""}));

  const auto reference = form("a, b REFERENCES other.x, other.\"y z\"");
  ASSERT_TRUE(reference.ok()) << reference.error().what;
  EXPECT_EQ(reference->kind, RuleKind::reference);
  EXPECT_EQ(names(reference->columns), (Names{"a", "b"}));
  EXPECT_EQ(reference->other_table.name, "other");
  EXPECT_EQ(names(reference->other_columns), (Names{"x", "y z"}));

  const auto determined = form("a, b determines c");
  ASSERT_TRUE(determined.ok());
  EXPECT_EQ(determined->kind, RuleKind::determined);
  EXPECT_EQ(names(determined->columns), (Names{"a", "b"}));
  EXPECT_EQ(names(determined->other_columns), (Names{"c"}));
  const auto rows = form("rows between 10 and 200");
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->kind, RuleKind::row_count);
  EXPECT_EQ(rows->row_count_max, 200);
  const auto fresh = read("table = \"t\"\nrule = \"at is fresh within '2 days'\"\n");
  ASSERT_TRUE(fresh.ok());
  EXPECT_EQ(parse_rule(*fresh)->within, "2 days");

  for (const std::string condition :
       {"x is not null", "(select true)", "unique > 1", "\"references\" = 1",
        "x in (select y from references_of_z)", "x[1] = {a: 2}.a"}) {
    const auto plain = form(condition);
    ASSERT_TRUE(plain.ok()) << condition << ": " << plain.error().what;
    EXPECT_EQ(plain->kind, RuleKind::condition) << condition;
  }
}

TEST(Rule, AggregatesJudgeTheTable) {
  const auto mean =
      form("avg(a + 1) between 1 and 2 and AVG(a + 1) < count(*) filter (where b > (0))");
  ASSERT_TRUE(mean.ok()) << mean.error().what;
  EXPECT_EQ(mean->kind, RuleKind::aggregate);
  EXPECT_EQ(mean->aggregates,
            (Names{"avg(a + 1)", "AVG(a + 1)", "count(*) filter (where b > (0))"}));
  EXPECT_EQ(form("max(abs(min)) - 1 > max(abs(min))")->aggregates, Names{"max(abs(min))"});
  EXPECT_EQ(form("round(sum(x), 2) = 1")->aggregates, Names{"sum(x)"});
  for (const std::string row : {"x > (select avg(y) from t)", "x > (from t select avg(y)) + 1",
                                "sum(x) over () > 1", "count > 3", "count + (1) > 3", "t.max > 2",
                                "\"avg\"(x)", "list_max(x) = 1", "x = 'avg(y)'"}) {
    const auto rule = read("table = \"t\"\nrule = '''" + row + "'''\n");
    ASSERT_TRUE(rule.ok()) << row;
    EXPECT_EQ(parse_rule(*rule)->kind, RuleKind::condition) << row;
  }
  const std::string shares = "table = \"t\"\nat_least = 0.9\nrule = \"";
  EXPECT_EQ(error_of(shares + "avg(a) > 1\"\n").where, "millgate.toml:3:12");
  EXPECT_EQ(error_of(shares + "rows between 1 and 2\"\n").code, ErrorCode::invalid_input);
}

TEST(Rule, FaultsPointIntoTheRule) {
  const std::string begin = "table = \"t\"\nrule = \"";  // The rule's text starts in column 9.
  const std::vector<std::pair<std::string, int>> faults = {{"x > (1", 5},
                                                           {"x > 1)", 6},
                                                           {"x[1)", 4},
                                                           {"x = 'abc", 5},
                                                           {"x /* y", 2},
                                                           {"x; drop table t", 2},
                                                           {"true) from t; --", 5},
                                                           {"1 = 1) or (1 = 1", 6},
                                                           {"a b is unique", 3},
                                                           {"a, is unique", 2},
                                                           {"a + 1 is unique", 3},
                                                           {"a references other", 14},
                                                           {"a references", 3},
                                                           {"a references other.x, third.y", 23},
                                                           {"a, b references other.x", 6},
                                                           {"a references other.x,", 14 + 8 - 1},
                                                           {"a references other.x.y", 14},
                                                           {"rows between 1", 1},
                                                           {"rows between 5 and 1", 1},
                                                           {"rows between a and 7", 1},
                                                           {"at is fresh within 2", 1},
                                                           {"at is fresh", 1},
                                                           {"a + b determines c", 3},
                                                           {"a determines b c", 16}};
  for (const auto& [rule, column] : faults) {
    const Error error = error_of(begin + rule + "\"\n");
    EXPECT_EQ(error.code, ErrorCode::invalid_input) << rule;
    if (rule == "a references other.x,") continue;  // The place may be any of the list.
    EXPECT_EQ(error.where, "millgate.toml:3:" + std::to_string(8 + column))
        << rule << ": " << error.what;
  }
  EXPECT_FALSE(read("table = \"t\"\nrule = \"  -- nothing\"\n").ok());
  EXPECT_FALSE(read("table = \"t\"\nrule = \"is unique\"\n").ok());
  EXPECT_EQ(error_of("table = \"t\"\nrule = \"x > 0\"\nwhere = \"(y\"\n").where,
            "millgate.toml:4:10");
}

}  // namespace
}  // namespace millgate
