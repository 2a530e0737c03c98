#include "system/serve/sketch_keeper.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <thread>

#include "ground/file_store.h"
#include "ground/json.h"
#include "system/serve/predictor.h"
#include "system/serve/routes.h"
#include "system/serve/sketch_answer.h"
#include "system/serve/test_model.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

/// A moment of 2013-01-05, 10:30.
constexpr Time kAsked{1'357'381'800'000'000};

class SketchKeeperTest : public ::testing::Test {
 protected:
  std::unique_ptr<SketchKeeper> open() {
    auto keeper = SketchKeeper::open({.folder = folder_, .collect_every = std::chrono::hours(1)});
    EXPECT_TRUE(keeper.ok());
    // Each server has the model for itself.
    served_[keeper->get()] = std::make_shared<const ServedModel>(model_);
    return *std::move(keeper);
  }
  /// `rows` test rows, one a request.
  void ask(SketchKeeper& keeper, size_t rows, Time now = kAsked) {
    const std::shared_ptr<const ServedModel>& served = served_[&keeper];
    clock_.set(now);
    const Block all = test_rows(rows);
    for (size_t row = 0; row < rows; ++row) {
      RowBatch batch = make_batch(*served, 1);
      for (size_t i = 0; i < all.columns.size(); ++i) {
        batch.inputs.columns[i].assign_rows(all.columns[i], row, 1);
      }
      ASSERT_TRUE(answer_rows(served, std::move(batch), "r",
                              {.clock = clock_, .ids = ids_, .sketches = &keeper})
                      .ok());
    }
  }
  uint64_t day_rows(const SketchBook& book) {
    const SketchWindows& days = book.windows(model_->id().brief(), SketchSpan::day);
    return days.empty() ? 0 : days.begin()->second.rows;
  }

  ServedProject project_;
  std::string folder_ = project_.repository->folder("sketches");
  std::shared_ptr<const Model> model_ = project_.model();
  std::map<const SketchKeeper*, std::shared_ptr<const ServedModel>> served_;
  ManualClock clock_{kAsked};
  PredictionIds ids_;
};

TEST_F(SketchKeeperTest, CountsWhatIsAnsweredByColumnAndWindow) {
  const auto keeper = open();
  ask(*keeper, 300);
  ask(*keeper, 100, Time{kAsked.micros + 3'600'000'000});
  const SavedSketches saved = keeper->all();
  const SketchBook& book = saved.book;
  EXPECT_EQ(saved.file_count, 1U);
  EXPECT_EQ(day_rows(book), 400U);
  EXPECT_THAT(book.windows(model_->id().brief(), SketchSpan::hour), SizeIs(2));
  const WindowSketch& hour = book.windows(model_->id().brief(), SketchSpan::hour).begin()->second;
  const ColumnSketch& distance = *hour.find("input", "distance");
  EXPECT_EQ(distance.numbers->count(), 300U);
  EXPECT_EQ(distance.numbers->lowest(), 100);
  const Block asked = test_rows(300);
  std::vector<double> distances = asked.columns[1].numbers;
  std::sort(distances.begin(), distances.end());
  EXPECT_NEAR(distance.numbers->quantile(0.5), distances[149], distances[149] / 128);
  EXPECT_EQ(hour.find("input", "carrier")->categories->listed.at("AA"), 100U);
  // The model learned from the first 97 rows.
  const std::vector<int64_t>& flights = asked.columns[2].integers;
  const int64_t highest = *std::max_element(flights.begin(), flights.begin() + 97);
  EXPECT_EQ(hour.find("input", "flight")->above,
            static_cast<uint64_t>(std::count_if(flights.begin(), flights.end(),
                                                [&](int64_t one) { return one > highest; })));
  EXPECT_EQ(hour.find("prediction", "probability")->numbers->count(), 300U);
  EXPECT_EQ(hour.find("decision", "decision")->categories->count(), 300U);
  EXPECT_EQ(keeper->since_start().at(model_->id().brief()).rows, 400U);
}

TEST_F(SketchKeeperTest, GoesOnAfterARestartAndIsPutTogetherOverServers) {
  {
    const auto first = open();
    const auto second = open();
    ask(*first, 50);
    ask(*second, 7);
    EXPECT_EQ(day_rows(first->all().book), 50U);  // The other has not written yet.
  }
  const auto again = open();
  EXPECT_EQ(again->all().file_count, 2U);
  ask(*again, 3);
  EXPECT_EQ(day_rows(again->all().book), 60U);
  EXPECT_EQ(again->since_start().at(model_->id().brief()).rows, 3U);
  const auto third = open();
  EXPECT_EQ(day_rows(third->all().book), 57U);
  const auto fourth = open();  // Nobody left a file for it.
  EXPECT_EQ(day_rows(fourth->all().book), 57U);
}

TEST_F(SketchKeeperTest, LeavesFilesAloneThatItCannotRead) {
  ASSERT_TRUE(write_file(folder_ + "/a.json", "half a fi").ok());
  {
    const auto keeper = open();
    ask(*keeper, 5);
    const SavedSketches saved = keeper->all();
    EXPECT_EQ(day_rows(saved.book), 5U);
    ASSERT_THAT(saved.notes, SizeIs(1));
    EXPECT_THAT(saved.notes[0], HasSubstr("a.json"));
  }
  EXPECT_EQ(*read_file(folder_ + "/a.json"), "half a fi");
  EXPECT_EQ(day_rows(open()->all().book), 5U);
}

TEST_F(SketchKeeperTest, SaysThatItCannotWriteAndCountsOn) {
  const auto keeper = SketchKeeper::open({.folder = folder_,
                                          .collect_every = std::chrono::milliseconds(1),
                                          .write_every = std::chrono::milliseconds(1)});
  ASSERT_TRUE(keeper.ok());
  served_[keeper->get()] = std::make_shared<const ServedModel>(model_);
  std::filesystem::remove_all(folder_);
  ask(**keeper, 5);
  for (int i = 0; i < 2'000 && (*keeper)->trouble().empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_THAT((*keeper)->trouble(), HasSubstr("sketches-"));
  EXPECT_EQ(day_rows((*keeper)->all().book), 5U);
  std::filesystem::create_directories(folder_);
  for (int i = 0; i < 2'000 && !(*keeper)->trouble().empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ((*keeper)->trouble(), "");
}

TEST_F(SketchKeeperTest, TellsWhatIsAsked) {
  const auto keeper = open();
  ask(*keeper, 60);
  const auto tell = [&](std::string_view target) -> Result<Json> {
    MILLGATE_ASSIGN(const SketchQuestion question, sketch_question(target));
    MILLGATE_ASSIGN(const std::string text, sketches_json(keeper->all(), question));
    return parse_json(text, "answer");
  };
  const Result<Json> told = tell("/sketches?window=day&last=1");
  ASSERT_TRUE(told.ok());
  const Json& window = (*told)["models"][0]["windows"][0];
  EXPECT_EQ(window["from"], "2013-01-05T00:00:00Z");
  EXPECT_EQ(window["rows"], 60);
  EXPECT_EQ(window["columns"][0]["categories"]["listed"]["AA"], 20);
  EXPECT_EQ(window["columns"][1]["numbers"]["lowest"], 100);
  const Result<Json> buckets = tell("/sketches?window=minute&buckets=true");
  ASSERT_TRUE(buckets.ok());
  EXPECT_TRUE((*buckets)["models"][0]["windows"][0]["columns"][1]["numbers"]["buckets"].is_array());
  EXPECT_EQ(tell("/sketches?window=week").error().code, ErrorCode::invalid_input);
  EXPECT_EQ(tell("/sketches?last=0").error().code, ErrorCode::invalid_input);
  EXPECT_EQ(tell("/sketches?lats=1").error().code, ErrorCode::invalid_input);
  EXPECT_THAT(tell("/sketches?model=abc").error().hint, HasSubstr(model_->id().brief()));
  const std::string text = sketches_prometheus_text(keeper->since_start());
  EXPECT_THAT(text, HasSubstr("what=\"input\",column=\"carrier\",state=\"any\"} 60\n"));
  EXPECT_THAT(text, HasSubstr("what=\"input\",column=\"distance\",state=\"missing\"} 0\n"));
  EXPECT_EQ(sketches_prometheus_text({}), "");
}

}  // namespace
}  // namespace millgate
