#include "system/pipeline/reproduce.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "ground/json.h"
#include "ground/random.h"
#include "system/pipeline/run.h"
#include "system/pipeline/test_pipeline.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kSettings = R"toml([project]
name = "shop"

[[source]]
name = "visits"
path = "visits.csv"
key = ["visit"]
happened = "asked"

[task]
table = "visits"
label = "bought = 1"

[features]
minutes = "minutes"
pages = "ln(pages + 1)"

[train]
learner = "gbdt"
rounds_max = 12
calibrate = "isotonic"
split = { by = "time", valid = "5d", test = "5d" }
)toml";

std::string visits(int count) {
  Random random(20260401);
  std::string text = "visit,asked,minutes,pages,bought\n";
  for (int i = 0; i < count; ++i) {
    const Time at{1'767'225'600'000'000 + i * 3'600'000'000LL};
    const double minutes = random.uniform() * 30;
    const bool bought = random.uniform() * 30 < minutes;
    text += std::to_string(i) + "," + to_string(at) + "," + std::to_string(minutes) + "," +
            std::to_string(random.below(9)) + "," + (bought ? "1" : "0") + "\n";
  }
  return text;
}

class Reproduce : public testing::Test {
 protected:
  Reproduce() {
    project_.write("millgate.toml", kSettings);
    project_.write("visits.csv", visits(24 * 30));
    (void)good(project_.commit());
  }

  Repository& repository() { return project_.repository(); }

  RunReport run(const std::vector<std::string>& overrides = {}) {
    RunOptions options;
    options.author = "tester";
    return good(run_pipeline(repository(), project_.read(overrides), options));
  }

  Reproduction reproduce(const Id& model, int threads = 0) {
    return good(reproduce_model(repository(), model,
                                {.author = "tester", .threads = threads, .progress = {}}));
  }

  /// Records a run like `report` whose model has `text` instead of `before` in its manifest.
  Id record_altered(RunReport report, const std::string& before, const std::string& text) {
    const std::string manifest = good(repository().objects().get(report.model));
    report.model = good(repository().objects().put(replaced(manifest, before, text)));
    (void)good(repository().ledger().append({.kind = "run",
                                             .subject = report.model.hex(),
                                             .author = "tester",
                                             .body = dump_json(run_report_to_json(report))}));
    return report.model;
  }

  PipelineProject project_;
};

std::vector<std::string> differing(const Reproduction& reproduction) {
  std::vector<std::string> names;
  for (const ReproducedStep& step : reproduction.steps) {
    if (!step.same) names.push_back(step.name + ": " + step.how);
  }
  return names;
}

TEST_F(Reproduce, GivesTheSameBytesWithAnyNumberOfThreads) {
  const RunReport first = run();
  for (const int threads : {1, 2, 3}) {
    const Reproduction again = reproduce(first.model, threads);
    EXPECT_TRUE(again.is_same()) << threads;
    EXPECT_THAT(differing(again), ElementsAre());
    EXPECT_EQ(again.threads, threads);
  }
  EXPECT_EQ(good(read_runs(repository())).size(), 1U);
}

TEST_F(Reproduce, UsesTheProjectFileAndTheRowsOfThen) {
  const RunReport first = run({"train.seed=7"});
  project_.write("millgate.toml", replaced(kSettings, "pages = \"ln(pages + 1)\"\n", ""));
  project_.write("visits.csv", visits(24 * 20));
  (void)good(project_.commit());
  std::filesystem::remove_all(project_.path(".millgate/cache"));
  const RunReport second = run();
  ASSERT_NE(second.model, first.model);
  EXPECT_THAT(differing(reproduce(first.model)), ElementsAre());
  EXPECT_TRUE(reproduce(second.model).is_same());
}

TEST_F(Reproduce, DoesNotBelieveTheCache) {
  const RunReport first = run();
  const auto files = expand_glob(project_.path(".millgate/cache/join-*.parquet"));
  ASSERT_EQ(files.size(), 1U);
  // The rows of another table under the name of this one's.
  project_.write("visits.csv", visits(24 * 25));
  (void)good(project_.commit());
  (void)run();
  for (const std::string& other : expand_glob(project_.path(".millgate/cache/join-*.parquet"))) {
    if (other != files.front()) {
      std::filesystem::copy_file(other, files.front(),
                                 std::filesystem::copy_options::overwrite_existing);
    }
  }
  EXPECT_TRUE(reproduce(first.model).is_same());
}

TEST_F(Reproduce, FindsTheSearchOfThen) {
  const RunReport first = run({"train.tune={ trials = 3, metric = \"log_loss\" }"});
  ASSERT_FALSE(first.study.empty());
  const Reproduction again = reproduce(first.model);
  EXPECT_TRUE(again.is_same());
  EXPECT_THAT(differing(again), ElementsAre());
}

TEST_F(Reproduce, NamesAnotherLibrary) {
  const RunReport first = run();
  const Id old = record_altered(first, "\"lightgbm\":\"4.7.0\"", "\"lightgbm\":\"4.6.0\"");
  const Reproduction again = reproduce(old);
  EXPECT_EQ(again.made, first.model);
  EXPECT_THAT(differing(again), ElementsAre("dependencies: lightgbm 4.6.0, then 4.7.0"));
}

TEST_F(Reproduce, NamesTheFirstStepOfSeveralThatDiffer) {
  const RunReport first = run();
  RunReport other = first;
  other.joined_rows = hash_of("other rows").hex();
  other.evidence.front().value += 0.25;
  const Id model = record_altered(other, "\"threshold\":0.5", "\"threshold\":0.25");
  const Reproduction again = reproduce(model);
  ASSERT_EQ(differing(again).size(), 3U);
  EXPECT_THAT(differing(again)[0], HasSubstr("joined rows: "));
  EXPECT_EQ(differing(again)[1], "manifest: /threshold: 0.25, then 0.5");
  EXPECT_THAT(differing(again)[2], HasSubstr("evidence: "));
  EXPECT_EQ(again.first_difference()->name, "joined rows");
}

TEST_F(Reproduce, IsRecordedAndIsNoRun) {
  const RunReport first = run();
  const Reproduction again = reproduce(first.model, 1);
  const auto event = good(repository().ledger().newest("reproduction", first.model.hex()));
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->number, again.event_number);
  EXPECT_EQ(good(parse_json(event->body, "event")), to_json(again));
}

TEST_F(Reproduce, NeedsTheProjectFileOfThen) {
  const RunReport first = run();
  (void)repository().objects().remove(good(Id::parse(first.configuration_hash)));
  const Error error = error_of(reproduce_model(repository(), first.model, {.author = "tester"}));
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_THAT(error.what, HasSubstr("the project file that made the model"));
  EXPECT_EQ(error_of(reproduce_model(repository(), hash_of("no model"), {})).code,
            ErrorCode::not_found);
}

}  // namespace
}  // namespace millgate
