#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string_view>

#include "app/commands.h"
#include "app/text_table.h"
#include "data/check/check.h"
#include "model/release/practice.h"
#include "system/monitor/monitor.h"
#include "system/pipeline/feature_work.h"
#include "system/pipeline/smoke_run.h"
#include "system/report/ml_test_score.h"

namespace millgate {

namespace {

/// The common sign of continuous integration, set by GitHub, GitLab and others.
bool is_automated() {
  const char* mark = std::getenv("CI");
  return mark != nullptr && *mark != '\0' && std::string_view(mark) != "false";
}

Status record(const Workplace& place, const std::string& name, const std::string& subject,
              bool passed, std::string detail) {
  return record_practice(place.repository->ledger(),
                         {.name = name,
                          .subject = subject,
                          .passed = passed,
                          .detail = std::move(detail),
                          .automated = is_automated()},
                         author_name());
}

Status measure_data(const Workplace& place) {
  MILLGATE_ASSIGN(const Commit commit, place.repository->resolve(kCurrentBranch));
  if (!place.project.rules.empty()) {
    MILLGATE_ASSIGN(const CheckReport report,
                    check_commit(*place.repository, commit, place.project.rules));
    int64_t judged = 0;
    for (const Finding& one : report.findings) judged += one.judged_count;
    MILLGATE_TRY(record(
        place, "check", commit.id.hex(), report.passed(),
        std::to_string(report.findings.size()) + " rules judged " + grouped(judged) + " times"));
  }
  if (place.project.features.empty()) return {};
  MILLGATE_ASSIGN(const FeatureTestReport report,
                  test_features(*place.repository, place.project, kCurrentBranch));
  // Properties alone would hold of code that computes the wrong thing.
  const bool is_tried = !report.examples.empty() && report.without_example.empty();
  return record(place, "test", commit.id.hex(), report.passed() && is_tried,
                std::to_string(report.examples.size()) + " examples and " +
                    std::to_string(report.properties.size()) + " properties, " +
                    std::to_string(report.without_example.size()) + " features without an example");
}

/// The whole way to a model on a few rows, and what must hold of any model.
Status measure_smoke(const Workplace& place) {
  if (!place.project.task || place.project.features.empty()) return {};
  MILLGATE_ASSIGN(const SmokeReport report, smoke_run(*place.repository, place.project, {}));
  const auto passed = std::count_if(report.checks.begin(), report.checks.end(),
                                    [](const SpecificationCheck& check) {
                                      return check.outcome == SpecificationCheck::Outcome::passed;
                                    });
  MILLGATE_TRY(record(place, "integration", report.data_commit, true,
                      "from " + grouped(report.row_count) + " of " +
                          grouped(report.whole_row_count) + " rows to a model that predicts"));
  return record(
      place, "specification", report.data_commit, report.has_passed(),
      std::to_string(passed) + " of " + std::to_string(report.checks.size()) + " checks passed");
}

/// What can be told of the model that was watched: nothing is recorded of what nobody asked.
Status record_watch(const Workplace& place, const ModelWatch& watch,
                    const std::vector<Alarm>& alarms) {
  if (watch.row_count == 0) return {};
  const auto count_of = [&](std::initializer_list<const char*> kinds) {
    return std::count_if(alarms.begin(), alarms.end(), [&](const Alarm& alarm) {
      return alarm.model == watch.model &&
             std::any_of(kinds.begin(), kinds.end(),
                         [&](const char* kind) { return alarm.kind == kind; });
    });
  };
  const auto broken = count_of({"unit", "missing", "category", "drift"});
  MILLGATE_TRY(record(place, "served_invariants", watch.model, broken == 0,
                      std::to_string(broken) + " alarms on inputs of " + grouped(watch.row_count) +
                          " predictions"));
  if (watch.replay.replayed_count > 0) {
    MILLGATE_TRY(record(place, "replay", watch.model, watch.replay.differing_count == 0,
                        grouped(watch.replay.differing_count) + " of " +
                            grouped(watch.replay.replayed_count) + " predictions differ"));
  }
  if (watch.age) {
    constexpr int64_t kDay = 24LL * 3600 * 1'000'000;
    MILLGATE_TRY(record(place, "model_age", watch.model, count_of({"age"}) == 0,
                        grouped(watch.age->micros / kDay) + " days old, at most " +
                            grouped(watch.age->limit_micros / kDay) + " by the back-test"));
  }
  if (watch.all.evidence.empty()) return {};
  const auto worse = count_of({"quality"});
  return record(place, "served_quality", watch.model, worse == 0,
                std::to_string(worse) + " alarms on quality, " + grouped(watch.all.labelled_count) +
                    " predictions with labels");
}

Status measure_served(const Workplace& place) {
  MonitorOptions how;
  how.author = author_name();
  MILLGATE_ASSIGN(const MonitorReport report, monitor_served(*place.repository, how));
  for (const ModelWatch& watch : report.models) {
    MILLGATE_TRY(record_watch(place, watch, report.alarms));
  }
  return {};
}

std::string points_text(double points) { return rounded(points, 2); }

void print_score(const MlTestScore& score) {
  TextTable table({"test", "points", "evidence, or what would earn it"});
  const ScoredTest* before = nullptr;
  for (const ScoredTest& one : score.tests) {
    if (before == nullptr || before->section != one.section) {
      table.add({std::string(to_string(one.section)) + ":",
                 points_text(score.points(one.section)) + " of 7", ""});
    }
    before = &one;
    table.add({"  " + std::to_string(one.number) + " " + one.name, points_text(one.points),
               one.evidence.empty() ? "- " + one.next : one.evidence});
  }
  table.print(std::cout);
  std::cout << "ML Test Score " << points_text(score.score()) << " of 7: " << score.meaning()
            << '\n';
}

Result<int> show_score(const Session& session, bool measure) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  if (measure) {
    MILLGATE_TRY(measure_data(place));
    MILLGATE_TRY(measure_smoke(place));
    MILLGATE_TRY(measure_served(place));
  }
  MILLGATE_ASSIGN(const MlTestScore score, ml_test_score(*place.repository, place.project));
  if (session.json) {
    print_json(to_json(score));
  } else {
    print_score(score);
  }
  return kDone;
}

}  // namespace

void add_score(const Command& program, Session& session) {
  auto measure = std::make_shared<bool>(false);
  const Command command = program.add_command(
      "score", "the ML Test Score: 28 tests, each with its evidence", "millgate score --measure");
  command.add_flag(
      "--measure", *measure,
      "do what can be done now (check, test, smoke run, replay, served quality), and record "
      "it");
  command.does([&session, measure] { return show_score(session, *measure); });
}

}  // namespace millgate
