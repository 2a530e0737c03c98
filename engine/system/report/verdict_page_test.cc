#include "system/report/verdict_page.h"

#include <gmock/gmock.h>

#include <cmath>

#include "ground/json.h"
#include "ground/test_folder.h"
#include "system/report/front_plot.h"
#include "system/report/verdict_text.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class VerdictPageTest : public ::testing::Test {
 protected:
  Verdict judged(double value) {
    const Requirement asked{.metric = "auc",
                            .bound = Bound::at_least,
                            .limit = 0.7,
                            .slice = "plan=<script>",
                            .because = "a & b",
                            .section = *parse_settings("", "test")};
    Evidence evidence;
    evidence.metric = "auc";
    evidence.slice = asked.slice;
    evidence.value = value;
    evidence.lower = value - 0.05;
    evidence.upper = value + 0.05;
    evidence.row_count = 158;
    Requirement unmeasured = asked;
    unmeasured.metric = "recall";
    unmeasured.level = Level::should;
    return *judge(*ledger_, hash_of("m"), {asked, unmeasured}, {evidence}, "ann");
  }

  TestFolder folder_;
  ManualClock clock_{Time{1'357'034'400'000'000}};
  std::shared_ptr<Ledger> ledger_ = *open_ledger(folder_.path("ledger.sqlite"), clock_);
};

TEST_F(VerdictPageTest, ShowsTheFiguresAndEscapesWhatComesFromOutside) {
  const std::string page = verdict_html(judged(0.8), {}, {});
  EXPECT_THAT(page, HasSubstr("<strong>Passed</strong>: 1 of 2 requirements met"));
  EXPECT_THAT(page, HasSubstr("0.75 to 0.85"));
  EXPECT_THAT(page, HasSubstr("plan=&lt;script&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("a &amp; b"));
  EXPECT_THAT(page, HasSubstr("not measured"));
  EXPECT_THAT(page, HasSubstr("class=\"whisker\""));
  EXPECT_THAT(page, HasSubstr("None was looked for"));
  SliceSearch in_vain;
  in_vain.searched_count = 7;
  EXPECT_THAT(verdict_html(judged(0.8), in_vain, {}), HasSubstr("None was found"));
}

TEST_F(VerdictPageTest, ShowsFailuresAndSlicesAsSuch) {
  SliceSearch slices;
  slices.searched_count = 7;
  slices.found.push_back(
      {.name = "months <= 3", .row_count = 85, .rows = {}, .loss = 0.75, .loss_elsewhere = 0.5});
  const std::string page = verdict_html(judged(0.6), slices, {});
  EXPECT_THAT(page, HasSubstr("<strong>Refused</strong>"));
  EXPECT_THAT(page, HasSubstr("class=\"badline\""));
  EXPECT_THAT(page, HasSubstr("months &lt;= 3"));
  EXPECT_THAT(page, Not(HasSubstr("Who gains")));
}

/// Sales and risk beside each other: the judged model, what serves, and one that both beat.
Weighing weighed() {
  Weighing weighing;
  Stakeholder sales;
  sales.name = "sales";
  sales.wants = "utility";
  Stakeholder risk;
  risk.name = "<risk>";
  risk.wants = "log_loss";
  risk.higher_is_better = false;
  risk.at_most = 0.6;
  weighing.stakeholders = {sales, risk};
  const auto choice = [](const char* name, double utility, double loss, bool acceptable) {
    Choice one;
    one.name = name;
    one.model = std::string(name) + " hex";
    one.values = {{.value = utility}, {.value = loss, .acceptable = acceptable}};
    one.acceptable = acceptable;
    one.compromise = acceptable ? utility / 12 : std::nan("");
    return one;
  };
  weighing.models.row_count = 158;
  weighing.models.choices = {choice("v3 ccc", 12, 0.7, false), choice("v2 bbb", 10, 0.5, true),
                             choice("v1 aaa", 8, 0.55, true)};
  StakeholderValue& gain = weighing.models.choices[0].values[0];
  gain.change = 2;
  gain.change_lower = 1;
  gain.change_upper = 3;
  gain.fare = Fare::gains;
  weighing.models.choices[1].on_front = true;
  weighing.models.choices[1].is_current = true;
  weighing.thresholds = weighing.models;
  weighing.thresholds.choices[1].threshold = 0.25;
  return weighing;
}

TEST_F(VerdictPageTest, SaysWhoGainsAndWhoLoses) {
  const std::string page = verdict_html(judged(0.8), {}, weighed());
  EXPECT_THAT(page, HasSubstr("Who gains and who loses"));
  EXPECT_THAT(page, HasSubstr("<span class=\"good-text\">gains</span>"));
  EXPECT_THAT(page, HasSubstr("<span class=\"bad-text\">UNACCEPTABLE</span>"));
  EXPECT_THAT(page, HasSubstr("&lt;risk&gt;"));
  const std::string comment = verdict_markdown(judged(0.8), weighed());
  EXPECT_THAT(comment, HasSubstr("| 10 | 12 | +2 (+1 to +3) | gains |"));
  EXPECT_THAT(comment, HasSubstr("| **UNACCEPTABLE** |"));
  EXPECT_THAT(comment, HasSubstr("| v2 bbb | 10 | 0.5 | 0.833 | serves, front |"));
  EXPECT_THAT(verdict_html(judged(0.8), {}, {}), Not(HasSubstr("to choose from")));
}

TEST_F(VerdictPageTest, DrawsTheFrontAndWhatItDominates) {
  const Weighing weighing = weighed();
  const std::string plot = front_plot(weighing.stakeholders, weighing.models.choices, 0, 1,
                                      {.what = "Models", .current = "serves"});
  // The one that serves is on the front, ringed and named; v1 is dominated, v3 not acceptable.
  EXPECT_THAT(plot, HasSubstr("class=\"mark\"><title>v2 bbb (serves, front): sales 10"));
  EXPECT_THAT(plot, HasSubstr("class=\"ring\""));
  EXPECT_THAT(plot, HasSubstr(">v2 serves</text>"));
  EXPECT_THAT(plot, HasSubstr("class=\"hollow\"><title>v1 aaa (dominated)"));
  EXPECT_THAT(plot, HasSubstr("class=\"bad\"><title>v3 ccc (unacceptable): sales 12 gains"));
  EXPECT_THAT(plot, HasSubstr("not acceptable to &lt;risk&gt;"));
  // More utility lies to the right, less loss above.
  const auto place = [&](const char* name, const char* axis) {
    const size_t title = plot.find("<title>" + std::string(name));
    const size_t mark = plot.rfind("<circle", title);
    const size_t at = plot.find(axis, mark) + std::string_view(axis).size();
    return std::stod(plot.substr(at));
  };
  EXPECT_LT(place("v1", "cx=\""), place("v2", "cx=\""));
  EXPECT_LT(place("v2", "cx=\""), place("v3", "cx=\""));
  EXPECT_LT(place("v2", "cy=\""), place("v1", "cy=\""));
  EXPECT_LT(place("v1", "cy=\""), place("v3", "cy=\""));
  const std::string page = verdict_html(judged(0.8), {}, weighing);
  EXPECT_THAT(page, HasSubstr("Models, on 158 test rows"));
  EXPECT_THAT(page, HasSubstr("Thresholds, on 158 validation rows"));
  // No values, no plot.
  Tradeoff none = weighing.models;
  for (Choice& one : none.choices) one.values[1].value = std::nan("");
  EXPECT_EQ(front_plot(weighing.stakeholders, none.choices, 0, 1, {}), "");
}

TEST_F(VerdictPageTest, OtherProgramsReadTheTradeoffAsProperties) {
  const std::string junit = verdict_junit(judged(0.8), weighed());
  EXPECT_THAT(junit, HasSubstr("<property name=\"stakeholder.sales\" value=\"utility, more is "
                               "better: 12, of what serves 10, change +2 (+1 to +3), gains\"/>"));
  EXPECT_THAT(junit, HasSubstr("<property name=\"front.models\" value=\"v2 bbb\"/>"));
  EXPECT_THAT(junit, HasSubstr("<property name=\"front.thresholds\" value=\"0.25\"/>"));
  EXPECT_THAT(verdict_junit(judged(0.8), {}), Not(HasSubstr("<properties>")));
  EXPECT_THAT(verdict_sarif(judged(0.8), weighed()), HasSubstr("\"tradeoff\""));
  EXPECT_THAT(verdict_sarif(judged(0.8), {}), Not(HasSubstr("\"tradeoff\"")));
}

TEST_F(VerdictPageTest, ALedgersVerdictTellsTheTradeoffAgain) {
  JudgeOptions options;
  options.tradeoff = dump_json(to_json(weighed()));
  const Requirement asked{.metric = "auc",
                          .bound = Bound::at_least,
                          .limit = 0.7,
                          .slice = {},
                          .because = {},
                          .section = *parse_settings("", "test")};
  ASSERT_TRUE(judge(*ledger_, hash_of("m"), {asked}, {}, "ann", options).ok());
  const Verdict kept = **find_verdict(*ledger_, hash_of("m"));
  const Weighing again = *weighing_from_text(kept.tradeoff(), "verdict");
  EXPECT_EQ(dump_json(to_json(again)), options.tradeoff);
  EXPECT_EQ(front_section(again), front_section(weighed()));

  const auto damaged = weighing_from_text("{\"stakeholders\":[]}", "verdict 1a");
  ASSERT_FALSE(damaged.ok());
  EXPECT_THAT(damaged.error().what, HasSubstr("verdict 1a: member `models` is missing"));
}

}  // namespace
}  // namespace millgate
