#include "system/monitor/prediction_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "system/monitor/test_monitor.h"

namespace millgate {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Reads tables of predictions that the test writes as another program would.
class PredictionTables : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const std::string path = watched_.project().folder().path(name);
    std::ofstream(path) << text;
    return path;
  }

  MonitorReport watch(PredictionTable table) {
    MonitorOptions options;
    options.log = std::move(table);
    options.record = false;
    return watched_.watch(options);
  }

  Error fault(PredictionTable table) {
    MonitorOptions options;
    options.log = std::move(table);
    const auto report = monitor_served(watched_.repository(), options);
    if (!report.ok()) return report.error();
    ADD_FAILURE() << report->answer;
    return {};
  }

  /// `rows` under names of another program; times in milliseconds.
  static std::string csv(const std::vector<ServedRow>& rows, bool with_labels = true) {
    std::string text = "ref,ts,p,distance,warmth,carrier,late\n";
    for (const ServedRow& row : rows) {
      text += WatchedProject::id_of(row) + "," + std::to_string(row.event_micros / 1000) + "," +
              dump_json(Json(row.probability)) + "," + dump_json(Json(row.distance)) + "," +
              dump_json(Json(row.warmth)) + "," + row.carrier + "," +
              (with_labels && row.label ? std::to_string(static_cast<int>(*row.label)) : "") + "\n";
    }
    return text;
  }

  static PredictionTable named(const std::string& path) {
    PredictionTable table;
    table.paths = {path};
    table.id = "ref";
    table.score = "p";
    table.label = "late";
    return table;
  }

  WatchedProject watched_;
};

/// The same rows, once in the server's log and once in a file, must say the same.
TEST_F(PredictionTables, AFileSaysWhatTheLogSays) {
  auto rows = watched_.four_weeks();
  WatchedProject::label(rows);
  watched_.log(rows);
  const MonitorReport log = watched_.watch();
  PredictionTable table = named(write("answers.csv", csv(rows)));
  table.model = watched_.model().id().brief();
  const MonitorReport file = watch(table);
  ASSERT_EQ(file.models.size(), 1U);
  const ModelWatch& left = log.models[0];
  const ModelWatch& right = file.models[0];
  EXPECT_EQ(right.model, left.model);
  EXPECT_EQ(right.replay.replayed_count, 2000);
  EXPECT_EQ(right.replay.differing_count, 0);
  ASSERT_EQ(right.windows.size(), left.windows.size());
  for (size_t at = 0; at < left.windows.size(); ++at) {
    EXPECT_EQ(right.windows[at].row_count, left.windows[at].row_count);
    EXPECT_EQ(right.windows[at].labelled_count, left.windows[at].labelled_count);
    ASSERT_EQ(right.windows[at].evidence.size(), left.windows[at].evidence.size());
    for (size_t one = 0; one < left.windows[at].evidence.size(); ++one) {
      EXPECT_DOUBLE_EQ(right.windows[at].evidence[one].value, left.windows[at].evidence[one].value);
    }
  }
  ASSERT_EQ(right.drift.size(), left.drift.size());
  for (size_t at = 0; at < left.drift.size(); ++at) {
    EXPECT_EQ(right.drift[at].name, left.drift[at].name);
    EXPECT_DOUBLE_EQ(right.drift[at].drift.psi, left.drift[at].drift.psi);
  }
  EXPECT_THAT(file.notes, Contains(HasSubstr("score `p`, time `ts`, id `ref`, label `late`")));
}

TEST_F(PredictionTables, LabelsMayComeInAnotherFile) {
  auto rows = watched_.four_weeks();
  WatchedProject::label(rows);
  std::string late = "ref,outcome,received_at\n";
  for (const ServedRow& row : rows) {
    late += WatchedProject::id_of(row) + "," + (*row.label > 0 ? "true" : "false") +
            ",2026-05-01T00:00:00Z\n";
  }
  late += WatchedProject::id_of(rows[0]) + ",maybe,2026-05-02T00:00:00Z\n";
  late += "nobody,true,2026-05-02T00:00:00Z\n";
  PredictionTable table = named(write("answers.csv", csv(rows, false)));
  table.label_paths = {write("late.csv", late)};
  table.model = watched_.model().id().brief();
  const MonitorReport report = watch(table);
  EXPECT_EQ(report.models.at(0).all.labelled_count, 2000);
  EXPECT_EQ(report.log.unknown_label_count, 1);
  EXPECT_THAT(report.notes, Contains(HasSubstr("1 label of `outcome` left out")));
}

TEST_F(PredictionTables, AnotherModelIsComparedWithAReference) {
  auto rows = watched_.four_weeks();
  WatchedProject::label(rows);
  auto before = watched_.training();
  WatchedProject::label(before, 9);
  for (ServedRow& row : rows) row.distance *= 1.609344;
  PredictionTable table = named(write("answers.csv", csv(rows)));
  table.reference_paths = {write("reference.csv", csv(before))};
  const MonitorReport report = watch(table);
  const ModelWatch& watch = report.models.at(0);
  EXPECT_EQ(watch.model, kUnnamedModel);
  ASSERT_EQ(watch.drift.size(), 3U);
  EXPECT_EQ(watch.drift[0].name, "distance");
  EXPECT_THAT(watch.drift[0].drift.unit_suspicion, HasSubstr("kilometres"));
  EXPECT_EQ(watch.drift[1].verdict, "none");
  ASSERT_TRUE(watch.prediction_drift.has_value());
  ASSERT_FALSE(report.alarms.empty());
  EXPECT_EQ(report.alarms[0].kind, "unit");
  EXPECT_FALSE(report.alarms[0].is_new) << "a file is looked at, not recorded";
}

TEST_F(PredictionTables, WithoutTimeEverythingIsOneMoment) {
  const std::string path = write("plain.csv", "score,y\n0.2,0\n0.7,1\n0.1,0\nNA,1\n0.9,1\n");
  const MonitorReport report = watch({.paths = {path}});
  ASSERT_EQ(report.models.size(), 1U);
  EXPECT_EQ(report.models[0].row_count, 4);
  EXPECT_EQ(report.models[0].all.labelled_count, 4);
  EXPECT_EQ(report.models[0].windows.size(), 1U);
  EXPECT_THAT(report.notes, Contains(HasSubstr("1 row left out: no finite number in `score`")));
  EXPECT_THAT(report.notes, Contains(HasSubstr("time none")));
  EXPECT_THAT(report.models[0].note, HasSubstr("only against a reference table"));
}

TEST_F(PredictionTables, EventsOfKServeAreUnfolded) {
  const auto event = [](const std::string& id, const std::string& what, const std::string& data) {
    return R"({"specversion":"1.0","id":")" + id + R"(","source":"http://m","type":)" +
           R"("org.kubeflow.serving.inference.)" + what +
           R"(","time":"2026-03-02T10:00:00Z","data":)" + data + "}\n";
  };
  const std::string text =
      event("a", "request", R"({"instances":[{"distance":500,"carrier":"AA"},{"distance":90}]})") +
      event("b", "request",
            R"({"inputs":[{"name":"distance","shape":[1],"datatype":"FP64","data":[700]}]})") +
      event("a", "response", R"({"predictions":[[0.9,0.1],[0.6,0.4]]})") +
      event("b", "response",
            R"({"outputs":[{"name":"probability","shape":[1],"datatype":"FP64","data":[0.3]}]})") +
      event("c", "request", R"({"instances":[[1]]})") + event("d", "feedback", "{}");
  const MonitorReport report = watch({.paths = {write("events.jsonl", text)}});
  EXPECT_EQ(report.log.prediction_count, 3);
  EXPECT_NEAR(report.models.at(0).all.mean_prediction.value(), (0.1 + 0.4 + 0.3) / 3, 1e-15);
  EXPECT_THAT(report.notes, Contains(HasSubstr("1 request left out: no response has its id")));
  EXPECT_THAT(report.notes, Contains(HasSubstr("1 event left out: neither request nor response")));
  EXPECT_EQ(report.from, Time{1'772'445'600'000'000});
  EXPECT_TRUE(std::filesystem::is_empty(watched_.repository().folder("scratch")));
}

TEST_F(PredictionTables, FaultsNameFileColumnAndNextStep) {
  EXPECT_THAT(fault({.paths = {"nothing.csv"}}).what, HasSubstr("no file matches `nothing.csv`"));
  const Error scoreless = fault({.paths = {write("a.csv", "id,amount\n1,2\n")}});
  EXPECT_THAT(scoreless.what, HasSubstr("no column that looks like a prediction"));
  EXPECT_THAT(scoreless.hint, AllOf(HasSubstr("--score"), HasSubstr("amount")));
  const Error text = fault({.paths = {write("b.csv", "id,score\n1,high\n")}});
  EXPECT_THAT(text.what, HasSubstr("is no number but varchar"));
  PredictionTable wrong{.paths = {write("c.csv", "id,score\n1,0.5\n")}};
  wrong.time = "tme";
  EXPECT_THAT(fault(wrong).what, HasSubstr("no column `tme` (asked for as --time)"));
  const Error line =
      fault({.paths = {write(
                 "d.jsonl",
                 "{\"specversion\":\"1.0\",\"id\":\"a\",\"type\":\"x.request\"}\nnonsense\n")}});
  EXPECT_THAT(line.where, HasSubstr("d.jsonl:2"));
  const Error empty =
      fault({.paths = {write(
                 "e.jsonl",
                 "{\"specversion\":\"1.0\",\"id\":\"a\",\"type\":\"x.request\",\"data\":{}}\n")}});
  EXPECT_THAT(empty.what, HasSubstr("no request with its response"));
}

}  // namespace
}  // namespace millgate
