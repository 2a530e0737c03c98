#include "system/monitor/served_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "system/monitor/test_monitor.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Logs : public testing::Test {
 protected:
  ServedLog read(const MonitorOptions& options = {}) {
    return good(ServedLog::read(watched_.repository(), options));
  }
  Error read_error() {
    const auto log = ServedLog::read(watched_.repository(), {});
    EXPECT_FALSE(log.ok());
    return log.ok() ? Error{} : log.error();
  }
  std::vector<ServedRow> rows(int64_t count, int64_t begin_day = 0) {
    auto made = made_served_rows(5, count, kTestBegin + begin_day * kTestDay, 3600);
    watched_.answer(made);
    return made;
  }
  std::string model() { return watched_.model().id().brief(); }

  WatchedProject watched_;
};

TEST_F(Logs, AnEmptyOneIsNoError) {
  const ServedLog log = read();
  EXPECT_EQ(log.counts().prediction_count, 0);
  EXPECT_THAT(log.models(), IsEmpty());
  EXPECT_FALSE(log.log_first().has_value());
}

TEST_F(Logs, RowsComeByEventTimeWithTheirLabels) {
  auto sent = rows(3);
  sent[0].label = 1;
  sent[2].label = 0;
  watched_.log({sent[2], sent[0], sent[1]});
  const ServedLog log = read();
  const ServedRows served = good(log.rows(model()));
  ASSERT_EQ(served.event_micros.size(), 3U);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(served.event_micros[i], sent[i].event_micros);
    EXPECT_EQ(served.prediction_id[i], WatchedProject::id_of(sent[i]));
    EXPECT_EQ(served.prediction[i], sent[i].probability) << "bit by bit";
  }
  EXPECT_EQ(served.label[0], 1);
  EXPECT_TRUE(std::isnan(served.label[1]));
  EXPECT_EQ(served.label[2], 0);
  EXPECT_EQ(log.log_first()->micros, sent[0].event_micros);
  EXPECT_EQ(log.log_last()->micros, sent[2].event_micros);
}

TEST_F(Logs, CopiesOfARowCountOnce) {
  const auto sent = rows(20);
  watched_.log(sent, "a");
  watched_.log({sent.begin(), sent.begin() + 7}, "b");
  const ServedLog log = read();
  EXPECT_EQ(log.counts().prediction_count, 27);
  EXPECT_EQ(log.counts().duplicate_count, 7);
  EXPECT_EQ(good(log.rows(model())).label.size(), 20U);
}

TEST_F(Logs, TheNewestLabelOfAPredictionWins) {
  auto sent = rows(3);
  watched_.log(sent);
  for (ServedRow& row : sent) row.label = 0;
  watched_.log_labels(sent, "first", kTestBegin + kTestDay);
  sent[0].label = 1;
  watched_.log_labels({sent[0], sent[1]}, "corrected", kTestBegin + 2 * kTestDay);
  auto strange = rows(1);
  strange[0].trip = 999;
  strange[0].label = 1;
  watched_.log_labels(strange, "strange", kTestBegin);
  const ServedLog log = read();
  EXPECT_THAT(good(log.rows(model())).label, ElementsAre(1, 0, 0));
  EXPECT_EQ(log.counts().feedback_count, 6);
  EXPECT_EQ(log.counts().relabelled_count, 2);
  EXPECT_EQ(log.counts().contradicted_count, 1);
  EXPECT_EQ(log.counts().unknown_label_count, 1);
}

TEST_F(Logs, OnlyTheAskedTimeIsRead) {
  watched_.log(rows(72));
  MonitorOptions options;
  options.from = Time{kTestBegin + kTestDay};
  options.to = Time{kTestBegin + 2 * kTestDay};
  const ServedLog log = read(options);
  const ServedRows served = good(log.rows(model()));
  ASSERT_EQ(served.event_micros.size(), 24U);
  EXPECT_EQ(served.event_micros.front(), kTestBegin + kTestDay);
  EXPECT_EQ(log.log_first()->micros, kTestBegin) << "of the whole log";
}

TEST_F(Logs, RowsOfOtherModelsStayApart) {
  watched_.log(rows(5), "a");
  auto other = rows(9, 3);
  for (ServedRow& row : other) row.trip += 100;
  watched_.log(other, "b", "feedfeedfeed");
  const ServedLog log = read();
  EXPECT_THAT(log.models(), ElementsAre("feedfeedfeed", model()));
  EXPECT_EQ(good(log.rows(model())).label.size(), 5U);
  EXPECT_EQ(good(log.rows("feedfeedfeed")).label.size(), 9U);
  EXPECT_EQ(good(log.rows("it's none")).label.size(), 0U);
}

TEST_F(Logs, UnfinishedFilesAreNotRead) {
  watched_.log(rows(5));
  std::ofstream(watched_.log_path("predictions/2026-03-02/b.parquet.tmp")) << "half";
  EXPECT_EQ(read().counts().prediction_count, 5);
}

TEST_F(Logs, ADamagedFileIsNamed) {
  watched_.log(rows(5), "a");
  watched_.log(rows(5), "b");
  const std::string path = watched_.log_path("predictions/2026-03-02/b.parquet");
  const std::string whole = good(read_file(path));
  for (const size_t kept : {size_t{0}, size_t{4}, whole.size() / 2, whole.size() - 1}) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, kept);
    const Error error = read_error();
    std::string said = error.what + error.where;
    for (const std::string& cause : error.because) said += cause;
    EXPECT_THAT(said, HasSubstr("b.parquet")) << kept;
  }
}

TEST_F(Logs, AColumnThatMustBeThereIsMissed) {
  watched_.write_columns("predictions/2026-03-02/a.parquet",
                         {{arrow::field("prediction_ids", arrow::utf8()),
                           served_column(arrow::StringBuilder(), rows(3), [](const ServedRow&) {
                             return std::optional<std::string>("x");
                           })}});
  // The missing column is answered from the format's own list where DuckDB unites files by name,
  // else by a fault that names it; in no case is it taken for an empty log.
  const auto log = ServedLog::read(watched_.repository(), {});
  if (log.ok()) {
    EXPECT_EQ(log->counts().prediction_count, 3);
  } else {
    EXPECT_EQ(log.error().code, ErrorCode::damaged);
    EXPECT_THAT(log.error().what, HasSubstr("`prediction_id`"));
  }
}

TEST_F(Logs, AUsersColumnCalledLikeOneOfTheLogsIsFoundUnderItsOtherName) {
  const auto sent = rows(3);
  const auto text = [](std::string value) {
    return [value](const ServedRow&) { return std::optional<std::string>(value); };
  };
  const auto time = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  watched_.write_columns(
      "predictions/2026-03-02/a.parquet",
      {{arrow::field("prediction_id", arrow::utf8()),
        served_column(arrow::StringBuilder(), sent,
                      [](const ServedRow& row) {
                        return std::optional<std::string>(WatchedProject::id_of(row));
                      })},
       {arrow::field("answered_at", time),
        served_column(
            arrow::TimestampBuilder(time, arrow::default_memory_pool()), sent,
            [](const ServedRow& row) { return std::optional<int64_t>(row.event_micros); })},
       {arrow::field("model", arrow::utf8()),
        served_column(arrow::StringBuilder(), sent, text("abcabcabcabc"))},
       {arrow::field("probability", arrow::float64()),
        served_column(arrow::DoubleBuilder(), sent,
                      [](const ServedRow&) { return std::optional<double>(0.5); })},
       {arrow::field("input.model", arrow::utf8()),
        served_column(arrow::StringBuilder(), sent, text("Golf"))},
       {arrow::field("input.Decision", arrow::utf8()),
        served_column(arrow::StringBuilder(), sent, text("yes"))}});
  const ServedLog log = read();
  EXPECT_EQ(log.column_of("model"), "input.model");
  EXPECT_EQ(log.column_of("Decision"), "input.Decision");
  EXPECT_EQ(log.column_of("probability"), "");
  const Block block =
      good(log.block("abcabcabcabc", {{"model", ValueType::text}, {"Decision", ValueType::text}}));
  EXPECT_THAT(block.columns[0].texts, ElementsAre("Golf", "Golf", "Golf"));
  EXPECT_THAT(block.columns[1].texts, ElementsAre("yes", "yes", "yes"));
}

}  // namespace
}  // namespace millgate
