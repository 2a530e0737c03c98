#include "system/monitor/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "system/monitor/affected.h"
#include "system/monitor/test_monitor.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A project whose model answered ten rows that the table holds.
class Traces : public testing::Test {
 protected:
  Traces() : rows_(made_served_rows(5, 10, kTestBegin, 3600)) {
    watched_.answer(rows_);
    watched_.commit_table(rows_);
    rows_[3].label = 1;
    watched_.log(rows_);
    rows_[3].label = 0;
    watched_.log_labels({rows_[3]}, "late", kTestBegin + 50 * kTestDay);
  }

  PredictionTrace trace(const std::string& prediction, const SqlGuard& guard = {}) {
    return good(trace_prediction(watched_.repository(), prediction, kCurrentBranch, guard));
  }

  static std::string value(const std::vector<LoggedValue>& values, const std::string& name) {
    for (const LoggedValue& one : values) {
      if (one.name == name) return one.value;
    }
    return "not there";
  }

  WatchedProject watched_;
  std::vector<ServedRow> rows_;
};

TEST_F(Traces, WalksBackToRowAndModel) {
  const ServedRow& row = rows_[3];
  const PredictionTrace found = trace(WatchedProject::id_of(row));
  EXPECT_EQ(found.event.micros, row.event_micros);
  EXPECT_EQ(found.answered.micros, row.event_micros + 1);
  EXPECT_EQ(found.prediction, row.probability);
  EXPECT_EQ(found.replayed, row.probability) << "bit by bit";
  EXPECT_EQ(value(found.logged, "distance"), dump_json(Json(row.distance)));
  EXPECT_EQ(value(found.logged, "carrier"), "\"" + row.carrier + "\"");
  EXPECT_EQ(value(found.features, "carrier"), "\"" + row.carrier + "\"") << "by its name";
  EXPECT_EQ(value(found.features, "far"), dump_json(Json(row.distance / 1000)));
  EXPECT_EQ(found.model, watched_.model().id().hex());
  ASSERT_EQ(found.labels.size(), 2U) << "a correction does not hide what was said first";
  EXPECT_EQ(found.labels[0].value, 1);
  EXPECT_EQ(found.labels[1].value, 0);
  EXPECT_THAT(found.row.key, ElementsAre("3"));
  EXPECT_EQ(found.row.commit.size(), 64U) << found.row.note;
}

TEST_F(Traces, APrefixIsEnoughWhereItIsUnique) {
  auto one = rows_[0];
  one.trip = 777'777'777'777;
  watched_.log({one}, "b");
  // Ids are padded from the left, so this one begins like all others.
  EXPECT_THAT(trace_prediction(watched_.repository(), "000000", kCurrentBranch, {}).error().what,
              HasSubstr("several predictions begin with"));
  EXPECT_THAT(trace_prediction(watched_.repository(), "000", kCurrentBranch, {}).error().what,
              HasSubstr("no prediction `000`"))
      << "a few letters are no id";
  EXPECT_EQ(trace("00000000000000000000777777").prediction_id, WatchedProject::id_of(one));
}

TEST_F(Traces, WhatMayNotBeSeenIsNotShown) {
  SqlGuard guard;
  guard.left_out = {"distance", "trip"};
  const PredictionTrace found = trace(WatchedProject::id_of(rows_[3]), guard);
  EXPECT_EQ(value(found.logged, "distance"), "not there");
  EXPECT_EQ(value(found.features, "far"), "not there") << "it is made from the distance";
  EXPECT_EQ(value(found.features, "warmth"), dump_json(Json(rows_[3].warmth)));
  EXPECT_THAT(found.row.key, IsEmpty());
  EXPECT_EQ(found.replayed, rows_[3].probability);
}

TEST_F(Traces, AModelOfAnotherStoreIsSaid) {
  auto other = rows_;
  for (ServedRow& row : other) row.trip += 100;
  watched_.log(other, "b", "0123456789ab");
  const PredictionTrace found = trace(WatchedProject::id_of(other[0]));
  EXPECT_EQ(found.model, "0123456789ab");
  EXPECT_THAT(found.model_note, HasSubstr("not in this project's store"));
  EXPECT_FALSE(found.replayed.has_value());
  EXPECT_FALSE(found.training.has_value());
}

TEST_F(Traces, ARowThatLeftTheTableIsSaid) {
  auto rest = rows_;
  rest.erase(rest.begin() + 3);
  watched_.commit_table(rest);
  const PredictionTrace found = trace(WatchedProject::id_of(rows_[3]));
  EXPECT_TRUE(found.row.commit.empty());
  EXPECT_THAT(found.row.note, HasSubstr("not in the table"));
}

TEST_F(Traces, PredictionsAboutARowAreFound) {
  auto again = rows_[3];
  again.event_micros += kTestDay;
  watched_.log({again}, "b");  // The same id: a copy.
  AffectedQuestion question;
  question.table = "trips";
  question.key = {"3"};
  const Affected found = good(find_affected(watched_.repository(), question));
  EXPECT_EQ(found.row_prediction_count, 1);
  EXPECT_THAT(found.row_predictions, ElementsAre(WatchedProject::id_of(rows_[3])));
  question.to = Time{kTestBegin};
  EXPECT_EQ(good(find_affected(watched_.repository(), question)).row_prediction_count, 0);
}

TEST_F(Traces, AQuestionAboutNothingIsRefused) {
  EXPECT_THAT(find_affected(watched_.repository(), {}).error().what, HasSubstr("one thing"));
  AffectedQuestion wrong;
  wrong.table = "trip";
  const Error error = find_affected(watched_.repository(), wrong).error();
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_THAT(error.hint, HasSubstr("trips"));
}

}  // namespace
}  // namespace millgate
