#include "data/check/infer_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "data/check/check.h"
#include "data/check/finding_formats.h"
#include "data/query/test_project.h"
#include "ground/json.h"
#include "ground/random.h"

namespace millgate {
namespace {

using testing::HasSubstr;

class InferRules : public testing::Test {
 protected:
  /// Orders of towns, with a key, a reference, an order of times, a dependency and gaps.
  Commit make_commit(uint64_t seed) {
    Random random(seed);
    std::string orders = "id,town,land,size,price,paid,begun,ended,code\n";
    const std::vector<std::string> towns = {"Bonn", "Graz", "Linz", "Wien", "Ulm"};
    for (int i = 0; i < 500; ++i) {
      const size_t town = random.below(5);
      const int begun = static_cast<int>(random.below(300));
      const bool paid = random.uniform() < 0.8;
      orders += std::to_string(i) + ',' + towns[town] + ',' +
                (town == 1 || town == 2 || town == 3 ? "AT"
                 : town == 0                         ? "DE"
                                                     : "BW") +
                ',' + std::to_string(random.below(90) + 10) + ',' + (paid ? "12.5" : "") + ',' +
                (paid ? "1" : "") + ',' + std::to_string(begun) + ',' +
                std::to_string(begun + static_cast<int>(random.below(9))) + ",A-" +
                std::to_string(1000 + random.below(9000)) + '\n';
    }
    return project_.commit(
        {{"orders", orders, {"id"}},
         {"towns", "name,height\nBonn,60\nGraz,353\nLinz,266\nWien,171\n", {"name"}}});
  }

  std::vector<ProposedRule> proposed(const Commit& commit, const HappenedColumns& happened = {}) {
    auto rules = infer_rules(project_.repository(), commit, happened);
    EXPECT_TRUE(rules.ok()) << (rules.ok() ? "" : rules.error().what + rules.error().excerpt);
    return rules.ok() ? std::move(rules).value() : std::vector<ProposedRule>();
  }

  CheckReport checked(const Commit& commit, const std::string& toml) {
    auto root = parse_settings(toml, "millgate.toml");
    EXPECT_TRUE(root.ok()) << (root.ok() ? "" : root.error().what + root.error().excerpt);
    std::vector<Rule> rules;
    for (const Section& section : *root->sections("check")) {
      auto rule = read_rule(section);
      EXPECT_TRUE(rule.ok()) << (rule.ok() ? "" : rule.error().what + rule.error().excerpt);
      rules.push_back(std::move(rule).value());
    }
    auto report = check_commit(project_.repository(), commit, rules);
    EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().what + report.error().excerpt);
    return report.ok() ? std::move(report).value() : CheckReport{};
  }

  static bool has(const std::vector<ProposedRule>& rules, const std::string& text) {
    return std::any_of(rules.begin(), rules.end(),
                       [&](const ProposedRule& rule) { return rule.rule == text; });
  }

  TestProject project_;
};

TEST_F(InferRules, FindsWhatIsThere) {
  const auto rules = proposed(make_commit(1));
  for (const std::string rule :
       {"id is unique", "id is not null", "rows between 400 and 600",
        "town in ('Bonn', 'Graz', 'Linz', 'Ulm', 'Wien')", "land in ('AT', 'BW', 'DE')",
        "town determines land", "begun <= ended", "(price is null) = (paid is null)"}) {
    EXPECT_TRUE(has(rules, rule)) << rule << '\n' << to_toml(rules);
  }
  EXPECT_FALSE(has(rules, "land determines town"));
  EXPECT_FALSE(has(rules, "ended <= begun"));
  EXPECT_FALSE(has(rules, "price is not null") &&
               std::any_of(rules.begin(), rules.end(), [](const ProposedRule& rule) {
                 return rule.rule == "price is not null" && rule.at_least == 1;
               }));
}

/// On random tables: what is proposed is TOML that the project file takes, and holds.
TEST_F(InferRules, WhatIsProposedHolds) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const Commit commit = make_commit(seed);
    const auto rules = proposed(commit);
    EXPECT_GT(rules.size(), 15U);
    const CheckReport report = checked(commit, to_toml(rules));
    ASSERT_EQ(report.findings.size(), rules.size());
    for (const Finding& finding : report.findings) {
      EXPECT_TRUE(finding.passed) << "seed " << seed << ": " << finding.rule;
    }
  }
}

TEST_F(InferRules, WhatIsProposedHoldsBesideNanAndInfinity) {
  Random random(4);
  std::string csv = "id,low,high\n";
  for (int i = 0; i < 400; ++i) {
    const double low = random.normal();
    const double high = low + random.uniform();
    csv += std::to_string(i) + ',' +
           (i % 40 == 0   ? "inf"
            : i % 50 == 1 ? "nan"
                          : std::to_string(low)) +
           ',' + (i % 60 == 2 ? "-inf" : std::to_string(high)) + '\n';
  }
  const Commit commit = project_.commit({{"t", csv, {"id"}}});
  const auto rules = proposed(commit);
  EXPECT_TRUE(std::any_of(rules.begin(), rules.end(), [](const ProposedRule& one) {
    return one.rule == "isfinite(low)" && one.is_warning && one.at_least < 0.96;
  }));
  for (const Finding& finding : checked(commit, to_toml(rules)).findings) {
    EXPECT_TRUE(finding.passed) << finding.rule;
  }
}

TEST_F(InferRules, ReferencesNeedMostValues) {
  const auto rules = proposed(make_commit(2));
  const auto reference = std::find_if(rules.begin(), rules.end(), [](const ProposedRule& rule) {
    return rule.rule == "town references towns.name";
  });
  // Four towns of five are known: about 80 %, on one side of the bound or the other.
  EXPECT_TRUE(reference == rules.end() || reference->at_least < 0.9);
  const Commit whole = project_.commit(
      {{"towns", "name,height\nBonn,60\nGraz,353\nLinz,266\nWien,171\nUlm,478\n", {"name"}}});
  EXPECT_TRUE(has(proposed(whole), "town references towns.name"));
}

TEST_F(InferRules, OddTextsAndNamesSurvive) {
  std::string csv = "\"a \"\"b\",c\n";
  for (int i = 0; i < 40; ++i)
    csv += (i % 2 == 0 ? "\"it's \\ \"\"x\"\"\"," : "\"tab\there\",") + std::to_string(i) + '\n';
  const Commit commit = project_.commit({{"odd table", csv, {"c"}}});
  const auto rules = proposed(commit);
  for (const Finding& finding : checked(commit, to_toml(rules)).findings) {
    EXPECT_TRUE(finding.passed) << finding.rule;
  }
}

TEST_F(InferRules, FewRowsAndEmptyColumnsSayLittle) {
  EXPECT_TRUE(proposed(project_.commit({{"few", "id,x\n1,2\n2,3\n", {"id"}}})).empty());
  std::string csv = "id,nothing,same\n";
  for (int i = 0; i < 30; ++i) csv += std::to_string(i) + ",,7\n";
  const auto rules = proposed(project_.commit({{"few", csv, {"id"}}}));
  for (const ProposedRule& rule : rules) {
    EXPECT_THAT(rule.rule, testing::Not(HasSubstr("nothing")));
  }
}

TEST_F(InferRules, TableRulesAreJudgedAndMeasured) {
  std::string csv = "id,at,kind,group\n";
  for (int i = 0; i < 30; ++i) {
    csv += std::to_string(i) + ",2013-05-" + std::to_string(10 + i % 19) + ",k" +
           std::to_string(i % 6) + ",g" + std::to_string(i % 3) + '\n';
  }
  const Commit commit = project_.commit({{"t", csv, {"id"}}});  // At 2013-06-01.
  const auto rule = [](const std::string& text) {
    return "[[check]]\ntable = 't'\nrule = \"" + text + "\"\n";
  };
  const CheckReport report =
      checked(commit, rule("rows between 1 and 29") + rule("rows between 30 and 30") +
                          rule("at is fresh within '5 days'") + rule("at is fresh within '1 day'") +
                          rule("kind determines group") + rule("group determines kind") +
                          "[[check]]\ntable = 't'\nrule = 'rows between 10 and 10'\nwhere = "
                          "\"\"\"\"group\" = 'g1'\"\"\"\n");
  const std::vector<bool> passed = {false, true, true, false, true, false, true};
  ASSERT_EQ(report.findings.size(), passed.size());
  for (size_t i = 0; i < passed.size(); ++i) {
    EXPECT_EQ(report.findings[i].passed, passed[i]) << report.findings[i].rule;
  }
  EXPECT_EQ(report.findings[0].measured, "30");
  EXPECT_THAT(report.findings[2].measured, HasSubstr("2013-05-28"));
  EXPECT_EQ(report.findings[5].broken_count, 30);
  EXPECT_EQ(report.findings[5].since_commit, commit.id.brief());
  EXPECT_EQ(report.findings[0].place, "millgate.toml:3:8");
}

TEST_F(InferRules, FindingsAsJunitAndSarif) {
  const Commit commit = project_.commit({{"t", "id,x\n1,\"a<b&\"\"c\"\"\"\n2,\n", {"id"}}});
  const CheckReport report =
      checked(commit,
              "[[check]]\ntable = 't'\nrule = \"x <> 'a<b&\\\"c\\\"'\"\n"
              "[[check]]\ntable = 't'\nrule = 'x is not null'\nseverity = 'warning'\n"
              "[[check]]\ntable = 't'\nrule = 'id > 0'\n");
  const std::string junit = to_junit(report);
  EXPECT_THAT(junit, HasSubstr("tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\""));
  EXPECT_THAT(junit, HasSubstr("x &lt;&gt; 'a&lt;b&amp;&quot;c&quot;'"));
  const auto sarif = to_sarif(report);
  EXPECT_EQ(sarif["runs"][0]["tool"]["driver"]["rules"].size(), 3U);
  ASSERT_EQ(sarif["runs"][0]["results"].size(), 2U);
  const auto& first = sarif["runs"][0]["results"][0];
  EXPECT_EQ(first["level"], "error");
  const auto& place = first["locations"][0]["physicalLocation"];
  EXPECT_EQ(place["artifactLocation"]["uri"], "millgate.toml");
  EXPECT_EQ(place["region"]["startLine"], 3);
}

}  // namespace
}  // namespace millgate
