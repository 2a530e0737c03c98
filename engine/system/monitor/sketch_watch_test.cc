#include "system/monitor/sketch_watch.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "ground/file_store.h"
#include "model/sketch/model_tallies.h"
#include "system/monitor/test_monitor.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SketchWatch : public ::testing::Test {
 protected:
  /// What a server writes that answered `rows` when they happened.
  void sketch(WatchedProject& watched, const std::vector<ServedRow>& rows,
              const std::string& file = "a") {
    const Model& model = watched.model();
    ModelTallies tallies(TallyLayout::of(
        model, std::vector<std::optional<SeenRange>>(model.features().inputs().size())));
    SketchBook book;
    Model::Scratch scratch;
    std::vector<Prediction> predictions;
    for (const ServedRow& row : rows) {
      const Block inputs = inputs_of({row});
      EvaluationNotes notes;
      notes.unknown_category.assign(3, 0);
      notes.not_finite.assign(3, 0);
      ASSERT_TRUE(model.predict(inputs, predictions, scratch, &notes).ok());
      tallies.add(Time{row.event_micros}, {.inputs = inputs,
                                           .features = scratch.features,
                                           .notes = notes,
                                           .predictions = predictions});
    }
    for (const auto& [minute, window] : tallies.take()) {
      ASSERT_TRUE(book.add(model.id().brief(), minute, window).ok());
    }
    ASSERT_TRUE(
        write_file(watched.log_path("sketches/" + file + ".json"), dump_json(book.to_json())).ok());
  }
  /// From the third week on miles are sent as kilometres.
  std::vector<ServedRow> in_kilometres() {
    std::vector<ServedRow> rows = watched_.four_weeks();
    for (size_t i = rows.size() / 2; i < rows.size(); ++i) rows[i].distance *= 1.609344;
    return rows;
  }

  WatchedProject watched_;
};

TEST_F(SketchWatch, FindsWithoutALogWhatTheLogTells) {
  std::vector<ServedRow> rows = in_kilometres();
  sketch(watched_, rows);
  const MonitorReport by_sketch = watched_.watch();
  WatchedProject other;
  other.answer(rows);
  other.log(rows);
  const MonitorReport by_log = other.watch();
  ASSERT_THAT(by_sketch.models, SizeIs(1));
  const ModelWatch& sketched = by_sketch.models[0];
  const ModelWatch& logged = by_log.models.at(0);
  EXPECT_EQ(sketched.model, watched_.model().id().hex());
  EXPECT_EQ(sketched.row_count, 2'000);
  ASSERT_EQ(sketched.windows.size(), logged.windows.size());
  for (size_t i = 0; i < logged.windows.size(); ++i) {
    EXPECT_EQ(sketched.windows[i].from, logged.windows[i].from);
    EXPECT_EQ(sketched.windows[i].row_count, logged.windows[i].row_count);
    EXPECT_NEAR(*sketched.windows[i].mean_prediction, *logged.windows[i].mean_prediction, 1e-9);
  }
  ASSERT_THAT(sketched.drift, SizeIs(3));
  for (const ColumnDrift& column : sketched.drift) {
    const auto same = std::find_if(
        logged.drift.begin(), logged.drift.end(),
        [&](const ColumnDrift& one) { return one.name == column.name && one.what == column.what; });
    ASSERT_NE(same, logged.drift.end()) << column.name;
    EXPECT_EQ(column.verdict, same->verdict) << column.name;
    EXPECT_EQ(column.since, same->since) << column.name;
    EXPECT_NEAR(column.drift.psi, same->drift.psi, 0.1 * same->drift.psi + 0.01) << column.name;
    EXPECT_NEAR(column.drift.ks, same->drift.ks, 0.015) << column.name;
    EXPECT_EQ(column.drift.unit_suspicion, same->drift.unit_suspicion);
  }
  // Its verdict is near a limit: two roundings may fall on its two sides.
  const Drift& exact = logged.prediction_drift->drift;
  EXPECT_NEAR(sketched.prediction_drift->drift.psi, exact.psi, 0.1 * exact.psi + 0.01);
  EXPECT_NEAR(sketched.prediction_drift->drift.ks, exact.ks, 0.015);
  ASSERT_FALSE(by_sketch.alarms.empty());
  EXPECT_EQ(by_sketch.alarms[0].kind, by_log.alarms[0].kind);
  EXPECT_EQ(by_sketch.alarms[0].subject, "distance");
  EXPECT_THAT(sketched.replay.note, HasSubstr("only the servers' sketches"));
}

TEST_F(SketchWatch, AQuietStreamRaisesNothing) {
  for (uint64_t seed = 11; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    WatchedProject quiet;
    sketch(quiet, quiet.four_weeks(seed));
    const MonitorReport report = quiet.watch();
    EXPECT_THAT(report.alarms, IsEmpty());
    EXPECT_THAT(report.answer, HasSubstr("2,000 predictions"));
  }
}

TEST_F(SketchWatch, WholeCountsStandBesideASampledLog) {
  const std::vector<ServedRow> rows = watched_.four_weeks();
  sketch(watched_, rows);
  std::vector<ServedRow> sample, others;
  for (size_t i = 0; i < rows.size(); ++i) {
    ServedRow row = rows[i];
    row.label = 1;
    (i % 10 == 0 ? sample : others).push_back(row);
  }
  watched_.log(sample);
  watched_.log_labels(others, "b", kTestBegin + 40 * kTestDay);
  const MonitorReport report = watched_.watch();
  ASSERT_THAT(report.sketched, SizeIs(1));
  EXPECT_EQ(report.sketched[0].row_count, 2'000);
  EXPECT_EQ(report.sketched[0].logged_count, 200);
  EXPECT_EQ(report.models.at(0).row_count, 200);  // Its quality is that of the logged rows.
  ASSERT_FALSE(report.notes.empty());
  EXPECT_THAT(report.notes.back(), HasSubstr("200 of them are in the log"));
  for (const Alarm& alarm : report.alarms) EXPECT_NE(alarm.subject, "unknown");
}

TEST_F(SketchWatch, KeepsToTheAskedTimeAndToldDamage) {
  const std::vector<ServedRow> rows = watched_.four_weeks();
  sketch(watched_, rows);
  MonitorOptions first_week;
  first_week.to = Time{kTestBegin + 7 * kTestDay};
  EXPECT_EQ(watched_.watch(first_week).models.at(0).row_count,
            std::count_if(rows.begin(), rows.end(), [&](const ServedRow& row) {
              return row.event_micros < first_week.to->micros;
            }));
  ASSERT_TRUE(write_file(watched_.log_path("sketches/b.json"), "{").ok());
  const MonitorReport report = watched_.watch();
  EXPECT_EQ(report.models.at(0).row_count, 2'000);
  ASSERT_FALSE(report.notes.empty());
  EXPECT_THAT(report.notes[0], HasSubstr("b.json"));
}

}  // namespace
}  // namespace millgate
