#include "system/monitor/served_eraser.h"

#include <arrow/io/file.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "system/monitor/served_log.h"
#include "system/monitor/test_monitor.h"

namespace millgate {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::SizeIs;

class ServedEraser : public testing::Test {
 protected:
  static ServedRowsToErase request_for(const std::set<int64_t>& trips, bool dry_run = false) {
    ServedRowsToErase request;
    request.keys = {{.task_table = "trips", .columns = {"trip"}}};
    request.types = {arrow::int64()};
    request.names_row = [trips](const std::vector<std::string>& texts) {
      return std::any_of(trips.begin(), trips.end(),
                         [&](int64_t trip) { return texts[0] == std::to_string(trip); });
    };
    request.dry_run = dry_run;
    return request;
  }
  ErasedServed erase(const std::set<int64_t>& trips, bool dry_run = false) {
    return good(erase_served(watched_.repository(), request_for(trips, dry_run)));
  }
  /// Every file of both logs, as rows of text.
  std::map<std::string, std::vector<std::string>> contents() {
    std::map<std::string, std::vector<std::string>> found;
    for (const char* log : {"predictions", "feedback", "outcomes"}) {
      if (!fs::exists(watched_.log_path(log))) continue;
      for (const auto& entry : fs::recursive_directory_iterator(watched_.log_path(log))) {
        if (!entry.is_regular_file()) continue;
        const auto file = arrow::io::ReadableFile::Open(entry.path().string()).ValueOrDie();
        const auto reader =
            parquet::arrow::OpenFile(file, arrow::default_memory_pool()).ValueOrDie();
        const auto table = reader->ReadTable().ValueOrDie();
        const auto rows = table->CombineChunksToBatch().ValueOrDie();
        auto& lines = found[std::string(log) + "/" + entry.path().filename().string()];
        for (int64_t row = 0; row < rows->num_rows(); ++row) {
          std::string line = rows->schema()->ToString();
          for (const auto& column : rows->columns()) {
            line += "|" + column->GetScalar(row).ValueOrDie()->ToString();
          }
          lines.push_back(line);
        }
      }
    }
    return found;
  }
  std::vector<ServedRow> rows(int64_t count) {
    auto made = made_served_rows(5, count, kTestBegin, 3600);
    watched_.answer(made);
    return made;
  }

  WatchedProject watched_;
};

/// Random logs: what stays is what was there, bit by bit and type by type, without the rows.
TEST_F(ServedEraser, EveryOtherRowStaysAsItWas) {
  const auto seed = static_cast<uint64_t>(::getpid());
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  auto all = rows(60);
  for (ServedRow& row : all) {
    row.trip = static_cast<int64_t>(random.below(12));
    row.event_micros += static_cast<int64_t>(random.below(1000));
    if (random.below(2) == 0) row.label = static_cast<double>(random.below(2));
    if (random.below(6) == 0) row.carrier.clear();
  }
  for (int file = 0; file < 5; ++file) {
    watched_.log({all.begin() + file * 12, all.begin() + (file + 1) * 12},
                 std::string(1, static_cast<char>('a' + file)));
  }
  const auto earned = [](const ServedRow& row) { return static_cast<double>(row.trip); };
  watched_.log_outcomes({all.begin(), all.begin() + 30}, "o", kTestBegin, earned);
  const std::set<int64_t> trips = {3, 7};
  const auto before = contents();
  const ErasedServed told = erase(trips, true);
  EXPECT_EQ(contents(), before);
  const auto is_of = [&](const std::string& line) {
    return std::any_of(trips.begin(), trips.end(), [&](int64_t trip) {
      return line.find("|" + std::string(31, '0') + std::to_string(trip) + "|") !=
             std::string::npos;
    });
  };
  std::map<std::string, std::vector<std::string>> expected;
  int64_t predictions = 0;
  int64_t labels = 0;
  int64_t outcomes = 0;
  for (const auto& [file, lines] : before) {
    std::vector<std::string> kept;
    for (const std::string& line : lines) {
      if (!is_of(line)) {
        kept.push_back(line);
      } else {
        int64_t& count = file.starts_with("predictions") ? predictions
                         : file.starts_with("feedback")  ? labels
                                                         : outcomes;
        ++count;
      }
    }
    if (!kept.empty()) expected[file] = kept;
  }
  const ErasedServed done = erase(trips);
  EXPECT_EQ(contents(), expected);
  EXPECT_EQ(done.prediction_count, predictions);
  EXPECT_EQ(done.feedback_count, labels);
  EXPECT_EQ(done.outcome_count, outcomes);
  EXPECT_EQ(done.files, told.files);
  EXPECT_FALSE(erase(trips).any());
  EXPECT_TRUE(ServedLog::read(watched_.repository(), {}).ok());
}

TEST_F(ServedEraser, WhatAChallengerAnsweredUnseenIsForgottenToo) {
  const auto sent = rows(6);
  watched_.log(sent);
  fs::copy(watched_.log_path("predictions"), watched_.log_path("shadow"),
           fs::copy_options::recursive);
  const int64_t trip = sent[2].trip;
  const auto is_of = [&](const ServedRow& row) { return row.trip == trip; };
  const ErasedServed done = erase({trip});
  EXPECT_EQ(done.prediction_count, 2 * std::count_if(sent.begin(), sent.end(), is_of));
  EXPECT_THAT(done.files, SizeIs(2));
  EXPECT_FALSE(erase({trip}).any());
}

TEST_F(ServedEraser, AKeyIsComparedAsItsTableHasIt) {
  auto sent = rows(3);
  watched_.log(sent);
  // As people send them: the text of an integer is not always its shortest.
  const auto time = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  const auto text = [&](const std::vector<std::string>& values) {
    arrow::StringBuilder builder;
    EXPECT_TRUE(builder.AppendValues(values).ok());
    return builder.Finish().ValueOrDie();
  };
  const std::string model = watched_.model().id().brief();
  watched_.write_columns("predictions/2026-03-03/b.parquet",
                         {{arrow::field("prediction_id", arrow::utf8()), text({"x", "y", "z"})},
                          {arrow::field("model", arrow::utf8()), text({model, model, model})},
                          {arrow::field("trip", arrow::utf8()), text({"002", " 2", "22"})}});
  EXPECT_EQ(erase({2}).prediction_count, 3);
  EXPECT_THAT(contents().at("predictions/b.parquet"), SizeIs(1));
}

TEST_F(ServedEraser, RowsOfModelsForOtherTablesAndWithoutTheKeyStay) {
  watched_.log(rows(3));
  ServedRowsToErase request = request_for({0, 1, 2});
  request.keys = {{.task_table = "others", .columns = {"trip"}}};
  EXPECT_FALSE(good(erase_served(watched_.repository(), request)).any());
  request.keys = {{.task_table = "trips", .columns = {"plane"}}};
  const ErasedServed unnamed = good(erase_served(watched_.repository(), request));
  EXPECT_FALSE(unnamed.any());
  EXPECT_EQ(unnamed.unnamed_count, 3);
  // A model that is lost may have been of any table.
  watched_.log(rows(2), "b", "0123456789ab");
  request.keys = {{.task_table = "others", .columns = {"trip"}}};
  EXPECT_EQ(good(erase_served(watched_.repository(), request)).prediction_count, 2);
}

TEST_F(ServedEraser, ADamagedFileIsToldAndAHalfWrittenOneRemoved) {
  watched_.log(rows(3));
  const std::string damaged = watched_.log_path("predictions/2026-03-02/damaged.parquet");
  std::ofstream(damaged) << "PAR1 and nothing else";
  const std::string old = watched_.log_path("predictions/2026-03-02/c.parquet.tmp");
  const std::string young = watched_.log_path("predictions/2026-03-02/d.parquet.tmp");
  std::ofstream(old) << "half";
  std::ofstream(young) << "half";
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(2));
  const ErasedServed done = erase({1});
  EXPECT_EQ(done.prediction_count, 1);
  EXPECT_THAT(done.unreadable, ElementsAre("predictions/2026-03-02/damaged.parquet"));
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(young));
}

/// Two who forget at once, beside a server that goes on: neither brings back what the other took.
TEST_F(ServedEraser, TwoAtOnceAndAServerBesideThem) {
  const auto all = rows(40);
  for (int file = 0; file < 4; ++file) {
    watched_.log({all.begin() + file * 10, all.begin() + (file + 1) * 10},
                 std::string(1, static_cast<char>('a' + file)));
  }
  std::vector<std::thread> threads;
  threads.reserve(2);
  for (int64_t part = 0; part < 2; ++part) {
    threads.emplace_back([this, part] {
      for (int64_t trip = part; trip < 40; trip += 4) {
        EXPECT_TRUE(erase_served(watched_.repository(), request_for({trip})).ok());
      }
    });
  }
  for (int file = 0; file < 4; ++file) {
    auto more = made_served_rows(6, 3, kTestBegin + 9 * kTestDay, 60);
    for (ServedRow& row : more) row.trip = 1000 + file;
    watched_.log(more, "new" + std::to_string(file));
  }
  for (std::thread& thread : threads) thread.join();
  const ServedLog log = good(ServedLog::read(watched_.repository(), {}));
  EXPECT_EQ(log.counts().prediction_count, 40 - 20 + 12);
}

}  // namespace
}  // namespace millgate
