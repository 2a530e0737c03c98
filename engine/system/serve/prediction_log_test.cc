#include "system/serve/prediction_log.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gmock/gmock.h>
#include <parquet/arrow/reader.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "system/serve/feedback_store.h"
#include "system/serve/parquet_bytes.h"
#include "system/serve/test_model.h"

namespace millgate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::shared_ptr<arrow::Table> read_parquet(const std::string& path) {
  const auto file = arrow::io::ReadableFile::Open(path).ValueOrDie();
  const auto reader = parquet::arrow::OpenFile(file, arrow::default_memory_pool()).ValueOrDie();
  const std::shared_ptr<arrow::Table> table = reader->ReadTable().ValueOrDie();
  return table->CombineChunks().ValueOrDie();
}

template <typename Array>
const Array& column(const arrow::Table& table, const std::string& name) {
  return dynamic_cast<const Array&>(*table.GetColumnByName(name)->chunk(0));
}

/// Owns what a record refers to.
struct Recorded {
  std::shared_ptr<const Model> model;
  std::string request_id;
  Time answered_at;
  std::vector<std::string> prediction_ids;
  std::vector<std::optional<Time>> row_times;
  std::vector<Prediction> predictions;
  Block keys;
  Block inputs;
  std::vector<std::string> online = {};
  std::vector<double> probabilities = {};

  operator PredictionRecord() const {  // NOLINT(google-explicit-constructor): reads as one
    return {model,       request_id, answered_at, prediction_ids, row_times,
            predictions, keys,       inputs,      online,         probabilities};
  }
};

class PredictionLogTest : public ::testing::Test {
 protected:
  Recorded record(size_t rows, const std::string& prefix) const {
    Recorded made;
    made.model = model_;
    made.request_id = "request-" + prefix;
    made.answered_at = Time{1'357'034'400'123'456};
    made.row_times.resize(rows);
    made.inputs = test_rows(rows);
    made.keys.rows = rows;
    made.keys.columns.resize(1);
    made.keys.columns[0].reset(ValueType::text, rows);
    for (size_t row = 0; row < rows; ++row) {
      made.prediction_ids.push_back(prefix + std::to_string(row));
      made.predictions.push_back({1.0 / (3 + static_cast<double>(row)), row % 2 == 0});
    }
    return made;
  }
  PredictionLogOptions options() const { return {.folder = project_.folder.path("log")}; }

  ServedProject project_;
  std::shared_ptr<const Model> model_ = project_.model();
};

TEST_F(PredictionLogTest, ClassesHaveColumnsOfTheirOwn) {
  auto log = *PredictionLog::open(options());
  Recorded classes = record(2, "a");
  classes.model = project_.model({.task_kind = "multiclass"});
  classes.predictions = {{.value = 0.5, .class_number = 2}, {.value = 0.75, .class_number = 0}};
  classes.probabilities = {0.25, 0.25, 0.5, 0.75, 0.125, 0.125};
  ASSERT_TRUE(log->add(classes));
  ASSERT_TRUE(log->add(record(1, "b")));  // Of another model: another file.
  ASSERT_TRUE(log->add(classes));
  log->flush();
  const auto files = files_in(options().folder);
  ASSERT_EQ(files.size(), 2U);
  int64_t with_classes = 0;
  for (const std::string& file : files) {
    const auto table = read_parquet(file);
    if (table->GetColumnByName("class") == nullptr) continue;
    with_classes += table->num_rows();
    EXPECT_EQ(column<arrow::StringArray>(*table, "class").GetString(0), "early");
    EXPECT_EQ(column<arrow::StringArray>(*table, "class").GetString(1), "late");
    EXPECT_EQ(column<arrow::DoubleArray>(*table, "probability").Value(1), 0.75);
    EXPECT_EQ(column<arrow::DoubleArray>(*table, "probability.punctual").Value(1), 0.125);
    EXPECT_EQ(column<arrow::DoubleArray>(*table, "probability.early").Value(0), 0.5);
    EXPECT_FALSE(column<arrow::BooleanArray>(*table, "decision").Value(0));
  }
  EXPECT_EQ(with_classes, 4);
}

TEST_F(PredictionLogTest, WritesTypedColumnsUnderTheDate) {
  auto log = *PredictionLog::open(options());
  Recorded first = record(2, "a");
  first.row_times[1] = Time{7};
  first.keys.columns[0].valid[0] = 1;
  first.keys.columns[0].texts[0] = "N123";
  first.inputs.columns[1].valid[1] = 0;
  ASSERT_TRUE(log->add(first));
  log->flush();
  const auto files = files_in(options().folder);
  ASSERT_EQ(files.size(), 1U);
  EXPECT_THAT(files[0],
              HasSubstr("/2013-01-01/" + model_->id().brief() + "-20130101T100000123456Z-"));
  const auto table = read_parquet(files[0]);
  EXPECT_THAT(
      table->ColumnNames(),
      ElementsAre("prediction_id", "answered_at", "model", "request_id", "row_time", "probability",
                  "decision", "tail", "carrier", "distance", "flight", "rainy", "time_hour"));
  EXPECT_EQ(column<arrow::StringArray>(*table, "prediction_id").GetString(1), "a1");
  EXPECT_EQ(column<arrow::TimestampArray>(*table, "answered_at").Value(0), 1'357'034'400'123'456);
  EXPECT_TRUE(table->GetColumnByName("answered_at")
                  ->type()
                  ->Equals(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")));
  EXPECT_EQ(column<arrow::StringArray>(*table, "model").GetString(0), model_->id().brief());
  EXPECT_TRUE(column<arrow::TimestampArray>(*table, "row_time").IsNull(0));
  EXPECT_EQ(column<arrow::TimestampArray>(*table, "row_time").Value(1), 7);
  EXPECT_EQ(column<arrow::DoubleArray>(*table, "probability").Value(1), 0.25);
  EXPECT_TRUE(column<arrow::BooleanArray>(*table, "decision").Value(0));
  EXPECT_EQ(column<arrow::StringArray>(*table, "tail").GetString(0), "N123");
  EXPECT_TRUE(column<arrow::StringArray>(*table, "tail").IsNull(1));
  EXPECT_TRUE(column<arrow::DoubleArray>(*table, "distance").IsNull(1));
  EXPECT_EQ(column<arrow::Int64Array>(*table, "flight").Value(1), 7);
  EXPECT_TRUE(column<arrow::BooleanArray>(*table, "rainy").Value(1));
}

TEST_F(PredictionLogTest, FlushesByItselfAfterAWhile) {
  PredictionLogOptions quick = options();
  quick.flush_every = std::chrono::milliseconds(20);
  auto log = *PredictionLog::open(quick);
  ASSERT_TRUE(log->add(record(3, "a")));
  for (int i = 0; i < 500 && log->counts().written == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(log->counts().written, 3);
  EXPECT_EQ(log->counts().waiting, 0);
}

TEST_F(PredictionLogTest, CountsWhatDoesNotFit) {
  PredictionLogOptions small = options();
  small.rows_max = 5;
  small.flush_every = std::chrono::hours(1);
  auto log = *PredictionLog::open(small);
  EXPECT_TRUE(log->add(record(3, "a")));
  EXPECT_FALSE(log->add(record(3, "b")));
  EXPECT_TRUE(log->add(record(2, "c")));
  EXPECT_EQ(log->counts().waiting, 5);
  EXPECT_EQ(log->counts().lost, 3);
  log->flush();
  EXPECT_EQ(log->counts().written, 5);
  EXPECT_EQ(log->counts().lost, 3);
}

TEST_F(PredictionLogTest, CountsWhatTheDiskRefuses) {
  auto log = *PredictionLog::open(options());
  // A file where the folder of the day would be.
  std::ofstream(options().folder + "/2013-01-01") << "in the way";
  ASSERT_TRUE(log->add(record(4, "a")));
  log->flush();
  EXPECT_EQ(log->counts().lost, 4);
  EXPECT_EQ(log->counts().written, 0);
  EXPECT_FALSE(log->last_failure().empty());
  std::filesystem::remove(options().folder + "/2013-01-01");
  ASSERT_TRUE(log->add(record(4, "b")));
  log->flush();
  EXPECT_EQ(log->counts().written, 4);
}

TEST_F(PredictionLogTest, LosesNothingFromManyThreads) {
  PredictionLogOptions many = options();
  many.rows_per_file = 64;
  many.flush_every = std::chrono::milliseconds(2);
  std::set<std::string> wanted;
  {
    auto log = *PredictionLog::open(many);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < 100; ++i) {
          log->add(record(2, std::to_string(thread) + "-" + std::to_string(i) + "-"));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  for (int thread = 0; thread < 4; ++thread) {
    for (int i = 0; i < 200; ++i) {
      wanted.insert(std::to_string(thread) + "-" + std::to_string(i / 2) + "-" +
                    std::to_string(i % 2));
    }
  }
  std::set<std::string> found;
  for (const std::string& file : files_in(many.folder)) {
    ASSERT_TRUE(file.ends_with(".parquet")) << file;
    const auto table = read_parquet(file);
    const auto& ids = column<arrow::StringArray>(*table, "prediction_id");
    for (int64_t i = 0; i < ids.length(); ++i) found.insert(ids.GetString(i));
  }
  EXPECT_EQ(found, wanted);
}

/// Memory that rows were written from is filled again: nothing of them must be left.
TEST_F(PredictionLogTest, WritesEachRowOnceWhenMemoryIsUsedAgain) {
  PredictionLogOptions few = options();
  few.rows_per_file = 4;
  auto log = *PredictionLog::open(few);
  std::map<std::string, std::string> wanted;  // Of each prediction id, its key.
  for (int round = 0; round < 6; ++round) {
    const std::string prefix = std::to_string(round) + "-";
    Recorded one = record(static_cast<size_t>(1 + round % 3), prefix);
    one.online.resize(one.prediction_ids.size());
    if (round % 2 == 0) one.online[0] = "{\"round\":" + prefix + "}";
    for (size_t row = 0; row < one.prediction_ids.size(); ++row) {
      if (round % 3 == 1) continue;
      one.keys.columns[0].valid[row] = 1;
      one.keys.columns[0].texts[row] = std::string(static_cast<size_t>(40 * round), 'k') + prefix;
    }
    for (size_t row = 0; row < one.prediction_ids.size(); ++row) {
      wanted[one.prediction_ids[row]] = one.keys.columns[0].texts[row];
    }
    ASSERT_TRUE(log->add(one));
    if (round % 2 == 1) log->flush();
  }
  log->flush();
  std::map<std::string, std::string> found;
  size_t read_rows = 0;
  for (const std::string& file : files_in(few.folder)) {
    const auto table = read_parquet(file);
    const auto& ids = column<arrow::StringArray>(*table, "prediction_id");
    const auto& keys = column<arrow::StringArray>(*table, "tail");
    const auto& reads = column<arrow::StringArray>(*table, "online.reads");
    for (int64_t i = 0; i < ids.length(); ++i) {
      found[ids.GetString(i)] = keys.IsNull(i) ? "" : keys.GetString(i);
      const bool was_read =
          ids.GetString(i).ends_with("-0") && (ids.GetString(i)[0] - '0') % 2 == 0;
      EXPECT_EQ(!reads.IsNull(i), was_read) << ids.GetString(i);
      ++read_rows;
    }
  }
  EXPECT_EQ(found, wanted);
  EXPECT_EQ(read_rows, wanted.size());
}

TEST_F(PredictionLogTest, FilesAreOfOneModel) {
  auto log = *PredictionLog::open(options());
  Recorded other = record(1, "b");
  other.model = project_.model({.intercept = 9});
  ASSERT_TRUE(log->add(record(1, "a")));
  ASSERT_TRUE(log->add(other));
  ASSERT_TRUE(log->add(record(1, "c")));
  log->flush();
  // One each, however often they take turns: in a roll-out they do so with every request.
  EXPECT_EQ(files_in(options().folder).size(), 2U);
}

TEST(FeedbackStoreTest, KeepsLabels) {
  TestFolder folder;
  const Time at{1'357'034'400'000'000};
  ASSERT_TRUE(write_feedback(folder.path("f"), {{"p1", 1}, {"p2", 0}}, at).ok());
  ASSERT_TRUE(write_feedback(folder.path("f"), {{"p1", 0}}, at).ok());
  const auto files = files_in(folder.path("f"));
  ASSERT_EQ(files.size(), 2U);
  EXPECT_THAT(files[0], HasSubstr("/2013-01-01/20130101T100000000000Z-"));
  const auto table = read_parquet(files[0]);
  EXPECT_THAT(table->ColumnNames(), ElementsAre("prediction_id", "label", "received_at"));
  EXPECT_EQ(column<arrow::DoubleArray>(*table, "label").Value(0), 1.0);
  EXPECT_FALSE(write_feedback(folder.path("f"), {}, at).ok());
  ASSERT_TRUE(write_feedback(folder.path("g"), {{"p1", 0, "late"}}, at).ok());
  const auto classes = read_parquet(files_in(folder.path("g"))[0]);
  EXPECT_EQ(column<arrow::StringArray>(*classes, "class").GetString(0), "late");
  EXPECT_TRUE(column<arrow::DoubleArray>(*classes, "label").IsNull(0));
  EXPECT_FALSE(write_feedback(folder.path("f"), {{"", 1}}, at).ok());
}

TEST(FileNameTest, TimesAreCivil) {
  // Against: date -u -d @<seconds> '+%Y%m%dT%H%M%SZ'
  EXPECT_EQ(compact_time_text(Time{951'782'399'000'001}), "20000228T235959000001Z");
  EXPECT_EQ(compact_time_text(Time{951'868'800'000'000}), "20000301T000000000000Z");
  EXPECT_EQ(compact_time_text(Time{1'709'164'800'000'000}), "20240229T000000000000Z");
  EXPECT_EQ(date_text(Time{0}), "1970-01-01");
  EXPECT_EQ(date_text(Time{-1}), "1969-12-31");
  EXPECT_EQ(date_text(Time{4'102'444'799'999'999}), "2099-12-31");
}

}  // namespace
}  // namespace millgate
