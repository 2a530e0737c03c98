#include "system/report/verdict_page.h"

#include <gmock/gmock.h>

#include "ground/test_folder.h"
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
  EXPECT_THAT(page, HasSubstr("None was found"));
}

TEST_F(VerdictPageTest, ShowsFailuresAndSlicesAsSuch) {
  SliceSearch slices;
  slices.found.push_back(
      {.name = "months <= 3", .row_count = 85, .rows = {}, .loss = 0.75, .loss_elsewhere = 0.5});
  const std::string page = verdict_html(judged(0.6), slices, {});
  EXPECT_THAT(page, HasSubstr("<strong>Refused</strong>"));
  EXPECT_THAT(page, HasSubstr("class=\"badline\""));
  EXPECT_THAT(page, HasSubstr("months &lt;= 3"));
  EXPECT_THAT(page, Not(HasSubstr("Who gains")));
}

TEST_F(VerdictPageTest, SaysWhoGainsAndWhoLoses) {
  const std::vector<FareLine> fares = {
      {"sales", "utility, more is better", "10", "12", "+2 (+1 to +3)", "gains"},
      {"<risk>", "log_loss, less is better", "0.5", "0.7", "", "UNACCEPTABLE"}};
  const std::string page = verdict_html(judged(0.8), {}, fares);
  EXPECT_THAT(page, HasSubstr("Who gains and who loses"));
  EXPECT_THAT(page, HasSubstr("<span class=\"good-text\">gains</span>"));
  EXPECT_THAT(page, HasSubstr("<span class=\"bad-text\">UNACCEPTABLE</span>"));
  EXPECT_THAT(page, HasSubstr("&lt;risk&gt;"));
  const std::string comment = verdict_markdown(judged(0.8), fares);
  EXPECT_THAT(comment, HasSubstr("| 10 | 12 | +2 (+1 to +3) | gains |"));
  EXPECT_THAT(comment, HasSubstr("| **UNACCEPTABLE** |"));
}

}  // namespace
}  // namespace millgate
