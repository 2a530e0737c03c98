#include "system/pipeline/label_review.h"

#include <arrow/api.h>
#include <gmock/gmock.h>

#include <set>

#include "data/table/reader.h"
#include "data/table/writer.h"
#include "ground/random.h"
#include "system/pipeline/commit_changes.h"
#include "system/pipeline/test_pipeline.h"

namespace millgate {
namespace {

using testing::HasSubstr;

constexpr const char* kSettings = R"([project]
name = "shop"

[[source]]
name = "visits"
path = "visits.csv"
key = ["visit"]

[task]
table = "visits"
label = "bought = 1"

[features]
minutes = "minutes"
pages = "pages"

[train]
split = { by = "random" }
[train.parameters]
num_leaves = 4
)";

/// 1,500 visits that buy when they are long or see many pages; every 15th has the wrong label.
class LabelReviewTest : public testing::Test {
 protected:
  LabelReviewTest() {
    project_.write("millgate.toml", kSettings);
    Random random(3);
    std::string csv = "visit,minutes,pages,shop,bought\n";
    for (int i = 0; i < 1500; ++i) {
      const double minutes = random.uniform() * 10;
      const double pages = random.uniform() * 10;
      const bool buys = minutes + pages > 10;
      const bool is_wrong = i % 15 == 4;
      if (is_wrong) wrong_.insert("v" + std::to_string(i));
      csv += "v" + std::to_string(i) + "," + std::to_string(minutes) + "," + std::to_string(pages) +
             "," + (i % 30 < 10 ? "a" : "b") + "," +
             (i == 77            ? ""
              : buys != is_wrong ? "1"
                                 : "0") +
             "\n";
    }
    project_.write("visits.csv", csv);
    good(project_.commit());
  }

  PipelineProject project_;
  std::set<std::string> wrong_;
};

TEST_F(LabelReviewTest, FindsPlantedErrorsAndTakesTheirCorrectionBack) {
  const Project settings = project_.read();
  const LabelReview review = good(review_labels(project_.repository(), settings, {.by = {"shop"}}));
  EXPECT_EQ(review.issues.labelled, 1499);
  EXPECT_EQ(review.issues.unlabelled, 1);
  EXPECT_FALSE(review.issues.is_weak());
  EXPECT_EQ(review.label_column, "bought");
  double right = 0;
  for (const auto& shown : review.issues.shown) right += wrong_.contains(shown.at(0)) ? 1 : 0;
  const auto found = static_cast<double>(review.issues.shown.size());
  // Measured 1.00 and 0.75: rows near the border reach no threshold.
  EXPECT_GT(right / found, 0.95);
  EXPECT_GT(right / static_cast<double>(wrong_.size()), 0.7);
  ASSERT_EQ(review.issues.groups.size(), 1U);
  const auto& groups = review.issues.groups[0].second;
  EXPECT_EQ(groups[0].row_count + groups[1].row_count, 1499);
  EXPECT_EQ(groups[0].issue_count + groups[1].issue_count, static_cast<int64_t>(found));

  // The review file, with the planted errors corrected, is a change set.
  const auto rows =
      good(review_rows(*review.database, review.rows, review.issues, review.key, "bought"));
  auto table = rows->ToTable().ValueOrDie();
  ASSERT_EQ(table->schema()->field_names(),
            (std::vector<std::string>{"visit", "bought", "_note_given", "_note_suggested",
                                      "_note_self_confidence", "_note_why"}));
  table = table->CombineChunks().ValueOrDie();
  const auto& keys = static_cast<const arrow::StringArray&>(*table->column(0)->chunk(0));
  const auto& labels = static_cast<const arrow::Int64Array&>(*table->column(1)->chunk(0));
  arrow::Int64Builder corrected;
  for (int64_t i = 0; i < table->num_rows(); ++i) {
    const bool is_wrong = wrong_.contains(keys.GetString(i));
    ASSERT_TRUE(corrected.Append(is_wrong ? 1 - labels.Value(i) : labels.Value(i)).ok());
  }
  table = table
              ->SetColumn(1, table->field(1),
                          std::make_shared<arrow::ChunkedArray>(corrected.Finish().ValueOrDie()))
              .ValueOrDie();
  arrow::TableBatchReader reviewed(*table);
  good(write_table_file(reviewed, project_.path("review.csv")));
  ASSERT_TRUE(project_.repository().make_branch("relabel", "main", "tester").ok());
  good(commit_changes(project_.repository(), settings,
                      {.path = project_.path("review.csv"), .table = "visits"},
                      {.branch = "relabel", .author = "tester"}));
  const RelabellingEffect effect =
      good(relabelling_effect(project_.repository(), settings, "main", "relabel", {}));
  EXPECT_EQ(effect.changed, static_cast<int64_t>(right));
  EXPECT_EQ(effect.row_count, 1499 - effect.changed);
  EXPECT_LT(effect.difference_high, 0);
  EXPECT_NEAR(effect.after.log_loss - effect.before.log_loss, effect.difference, 1e-9);
}

TEST_F(LabelReviewTest, WhatCannotBeComparedIsSaid) {
  const Project settings = project_.read();
  EXPECT_THAT(
      error_of(relabelling_effect(project_.repository(), settings, "main", "main", {})).what,
      HasSubstr("no label differs"));
  std::string csv = good(read_file(project_.path("visits.csv")));
  project_.write("visits.csv", csv + "v9999,1,1,a,0\n");
  good(project_.commit());
  EXPECT_THAT(
      error_of(relabelling_effect(project_.repository(), settings, "main~1", "main", {})).what,
      HasSubstr("other rows"));
  project_.write("millgate.toml", replaced(kSettings, "label = \"bought = 1\"",
                                           "kind = \"regression\"\nlabel = \"bought\""));
  EXPECT_THAT(error_of(review_labels(project_.repository(), project_.read(), {})).what,
              HasSubstr("binary tasks"));
}

}  // namespace
}  // namespace millgate
