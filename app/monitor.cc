#include "system/monitor/monitor.h"

#include <algorithm>
#include <iostream>

#include "app/commands.h"
#include "app/incident_actions.h"
#include "app/text_table.h"
#include "model/release/model_name.h"
#include "system/monitor/wording.h"
#include "system/pipeline/tested_rows.h"
#include "system/report/monitor_page.h"

namespace millgate {

namespace {

struct Options {
  std::string window = "7d";
  std::string from, to;
  std::string html;
  std::vector<std::string> slices;
  PredictionTable log;
  OutcomeTable outcomes;
  bool record = false;  ///< Alarms about a table of predictions.
};

std::string metric_text(const MonitorWindow& window, std::string_view metric,
                        std::string_view slice = {}) {
  for (const Evidence& one : window.evidence) {
    if (one.metric != metric || one.slice != slice) continue;
    std::string text = rounded(one.value, 3);
    if (one.lower && one.upper) {
      text += " (" + rounded(*one.lower, 3) + " to " + rounded(*one.upper, 3) + ")";
    }
    return text;
  }
  return "";
}

void print_windows(const ModelWatch& model) {
  TextTable table({"from", "rows", "labelled", "mean prediction", "share positive",
                   "auc (95 % interval)", "brier", "note"});
  for (const MonitorWindow& window : model.windows) {
    table.add({to_string(window.from).substr(0, 10), grouped(window.row_count),
               percent(window.maturity),
               window.mean_prediction ? rounded(*window.mean_prediction, 3) : "",
               window.share_positive ? rounded(*window.share_positive, 3) : "",
               metric_text(window, "auc"), metric_text(window, "brier"), window.note});
  }
  table.print(std::cout);
}

/// Quality of groups, where labels came: a column's most frequent values, and how far they are
/// apart.
void print_slices(const ModelWatch& model) {
  const bool regression = std::any_of(model.all.evidence.begin(), model.all.evidence.end(),
                                      [](const Evidence& one) { return one.metric == "rmse"; });
  const std::vector<std::string> metrics =
      regression ? std::vector<std::string>{"rmse", "mae"}
                 : std::vector<std::string>{"auc", "recall", "false_positive_rate"};
  std::vector<std::string> names = {"by", "labelled"};
  for (const std::string& metric : metrics) names.push_back(metric + " (95 % interval)");
  TextTable table(std::move(names));
  std::vector<std::string> slices;
  for (const Evidence& one : model.all.evidence) {
    const bool is_group = !one.slice.empty() && !one.slice.starts_with("by ");
    if (is_group && (slices.empty() || slices.back() != one.slice)) slices.push_back(one.slice);
  }
  for (const std::string& slice : slices) {
    std::vector<std::string> cells = {slice, ""};
    for (const Evidence& one : model.all.evidence) {
      if (one.slice == slice) cells[1] = grouped(one.row_count);
    }
    for (const std::string& metric : metrics) {
      cells.push_back(metric_text(model.all, metric, slice));
    }
    table.add(std::move(cells));
  }
  if (table.empty()) return;
  std::cout << '\n';
  table.print(std::cout);
  for (const Evidence& one : model.all.evidence) {
    const std::string ends = gap_text(one, model.all.evidence);
    if (ends.empty()) continue;
    std::cout << one.metric << ' ' << one.slice << ": "
              << metric_text(model.all, one.metric, one.slice) << ", " << ends << '\n';
  }
}

std::string expected_text(const ExpectedQuality& expected, std::string_view metric) {
  for (const ExpectedMetric& one : expected.metrics) {
    if (one.metric != metric) continue;
    return rounded(one.value, 3) + " (" + rounded(one.lower, 3) + " to " + rounded(one.upper, 3) +
           ")";
  }
  return "";
}

/// Windows whose labels did not come, or not all of them.
void print_expected(const ModelWatch& model) {
  TextTable table(
      {"without labels", "auc expected", "accuracy expected", "log_loss expected", "state", "why"});
  for (const MonitorWindow& window : model.windows) {
    if (!window.expected || window.maturity >= kMatureShare) continue;
    table.add({to_string(window.from).substr(0, 10), expected_text(*window.expected, "auc"),
               expected_text(*window.expected, "accuracy"),
               expected_text(*window.expected, "log_loss"), to_string(window.expected->state),
               window.expected->reason});
  }
  if (table.empty()) return;
  std::cout << '\n';
  table.print(std::cout);
}

/// In how many percent of the loss, where that is known.
std::string harm_cell(const ColumnDrift& column) {
  if (!column.since) return "";
  if (!column.harm.is_known()) return "unknown";
  if (column.harm.is_none()) return "none";
  return (column.harm.share() > 0 ? "+" : "") + percent(column.harm.share()) +
         (column.harm.is_sure() ? "" : "?");
}

void print_drift(const ModelWatch& model) {
  if (model.name.empty() && model.drift.empty()) return;  // Nothing was compared.
  TextTable table({"column", "", "drift", "psi", "ks", "importance", "harm", "in words"});
  for (const ColumnDrift& one : model.drift) {
    if (one.verdict == "none") continue;
    table.add({one.name, one.what, one.verdict, rounded(one.drift.psi, 3), rounded(one.drift.ks, 3),
               percent(one.importance), harm_cell(one), one.reason});
  }
  if (table.empty()) {
    std::cout << "\nno input or feature drifted against training\n";
    return;
  }
  std::cout << '\n';
  table.print(std::cout);
}

void print_skew(const ModelWatch& model) {
  if (model.name.empty()) {
    std::cout << '\n' << model.note << '\n';
    return;
  }
  std::cout << "\nreplay: " << grouped(model.replay.replayed_count) << " predictions, "
            << grouped(model.replay.differing_count) << " differ bit by bit";
  if (!model.replay.note.empty()) std::cout << " (" << model.replay.note << ')';
  std::cout << "\nagainst the table: " << grouped(model.table.matched_count)
            << " rows of the same key";
  if (!model.table.note.empty()) std::cout << " (" << model.table.note << ')';
  std::cout << '\n';
  for (const TableSkewColumn& one : model.table.columns) {
    if (one.differing_count == 0) continue;
    std::cout << "  " << one.name << ": " << percent(one.differing_share) << " differ";
    if (!one.suspicion.empty()) std::cout << ", " << one.suspicion;
    if (!one.examples.empty()) std::cout << "; " << one.examples.front();
    std::cout << '\n';
  }
}

/// What was earned beside how good it was.
void print_business(const BusinessMetric& metric) {
  const std::string quality = metric.quality_metric.empty() ? "quality" : metric.quality_metric;
  TextTable table({"from", "predictions", metric.money, "per 1,000", quality});
  for (const MoneyWindow& window : metric.windows) {
    const double count = static_cast<double>(window.prediction_count);
    table.add({to_string(window.from).substr(0, 10), grouped(window.prediction_count),
               figure_text(window.money), count > 0 ? figure_text(1000 * window.money / count) : "",
               window.quality ? rounded(*window.quality, 3) : ""});
  }
  table.print(std::cout);
  if (metric.rank_correlation) {
    std::cout << metric.money << " and " << quality << " go together by "
              << rounded(*metric.rank_correlation, 2) << " (rank correlation of "
              << grouped(metric.correlated_count) << " windows, -1 to 1)\n";
  } else {
    std::cout << "whether " << metric.money
              << " and quality go together cannot be known: " << grouped(metric.correlated_count)
              << " windows have both, 5 are needed\n";
  }
  for (const MoneyCause& cause : metric.causes) {
    std::cout << "  " << percent(std::min(cause.share, 1.0)) << " of the fall: " << cause.kind
              << " of " << cause.subject << "; " << cause.words << '\n';
  }
  if (metric.unknown_count > 0) {
    std::cout << count_of(metric.unknown_count, "outcome")
              << (metric.unknown_count == 1 ? " belongs" : " belong")
              << " to nothing that was served\n";
  }
  if (!metric.note.empty()) std::cout << metric.note << '\n';
  std::cout << '\n';
}

void print_leader(const Alarm& alarm) {
  std::cout << (alarm.is_new ? "ALARM " : "alarm ") << alarm.what << '\n';
  std::cout << "  since " << to_string(alarm.since).substr(0, 10) << ", " << alarm.how_much << '\n';
  std::cout << "  harm: " << harm_text(alarm.harm) << '\n';
  if (!alarm.suspected_cause.empty()) std::cout << "  suspected: " << alarm.suspected_cause << '\n';
  for (const std::string& one : alarm.suspects) std::cout << "  before: " << one << '\n';
  if (!alarm.next_step.empty()) std::cout << "  next: " << alarm.next_step << '\n';
}

/// Alarms come incident by incident, each led by its most severe one.
void print_alarms(const std::vector<Alarm>& alarms) {
  for (const Alarm& alarm : alarms) {
    if (alarm.leads()) {
      print_leader(alarm);
    } else {
      std::cout << "  of the same cause: " << alarm.what << "; since "
                << to_string(alarm.since).substr(0, 10) << ", " << alarm.how_much << '\n';
    }
  }
}

/// A table of predictions with the model that answered by its id.
Result<PredictionTable> asked_table(const Workplace& place, const Options& options) {
  PredictionTable log = options.log;
  if (!log.model.empty() && !log.reference_paths.empty()) {
    return invalid_input("--model and --reference both say what to compare with",
                         "give one: a model of the project, or a table");
  }
  if (log.model.empty()) return log;
  MILLGATE_ASSIGN(const Id id, resolve_model(place.repository->ledger(), log.model));
  log.model = id.brief();
  return log;
}

Result<HeldOutRows> held_out_rows(const Workplace& place, const Model& model) {
  MILLGATE_ASSIGN(TestedRows rows, tested_rows(*place.repository, place.project, model));
  HeldOutRows found;
  found.inputs = std::move(rows.inputs);
  found.label = std::move(rows.labels);
  found.event_micros = std::move(rows.event_micros);
  return found;
}

Result<int> monitor(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MonitorOptions how;
  MILLGATE_ASSIGN(how.window_micros, parse_duration_micros(options.window));
  if (!options.from.empty()) {
    MILLGATE_ASSIGN(how.from, parse_time(options.from));
  }
  if (!options.to.empty()) {
    MILLGATE_ASSIGN(how.to, parse_time(options.to));
  }
  how.slices = options.slices;
  if (how.slices.empty() && place.project.task) how.slices = place.project.task->slices;
  how.limits = served_limits(place.project.environments.back().requirements);
  how.utility = place.project.utility;
  how.author = author_name();
  for (const View& view : place.project.views) how.views[view.name] = view.sql;
  how.tested_rows = [&place](const Model& model) { return held_out_rows(place, model); };
  if (!options.log.paths.empty()) {
    MILLGATE_ASSIGN(how.log, asked_table(place, options));
    how.record = options.record;
  }
  if (!options.outcomes.paths.empty()) {
    how.outcomes = options.outcomes;
    how.outcomes->served_id = options.log.id;
  }
  MILLGATE_ASSIGN(const MonitorReport report, monitor_served(*place.repository, how));
  if (!options.html.empty()) MILLGATE_TRY(write_file(options.html, monitor_html(report)));
  std::vector<IncidentAction> actions;
  if (how.record) {
    MILLGATE_ASSIGN(actions, act_by_triggers(place));
  }
  if (session.json) {
    Json json = to_json(report);
    json["actions"] = Json::array();
    for (const IncidentAction& one : actions) json["actions"].push_back(to_json(one));
    print_json(json);
    return kDone;
  }
  for (const ModelWatch& model : report.models) {
    std::cout << "model " << model.model.substr(0, 12) << ": " << grouped(model.row_count)
              << " predictions\n";
    print_windows(model);
    print_slices(model);
    print_expected(model);
    if (!model.name.empty() && !model.note.empty()) std::cout << '\n' << model.note << '\n';
    print_drift(model);
    print_skew(model);
    std::cout << '\n';
  }
  if (report.business) print_business(*report.business);
  print_alarms(report.alarms);
  for (const std::string& note : report.notes) std::cout << "note: " << note << '\n';
  std::cout << report.answer << '\n';
  print_actions(actions);
  return kDone;
}

}  // namespace

void add_monitor(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("monitor", "watch what was served: quality, drift, skew, alarms",
                          "millgate monitor --window 7d --html monitor.html");
  command.add_option("--window", options->window, "length of a window of event time")
      .shows_default();
  command.add_option("--from", options->from, "only event times from this on");
  command.add_option("--to", options->to, "only event times before this");
  command.add_option("--by", options->slices, "logged columns to measure by; default: the task's");
  command.add_option("--html", options->html, "write a page with plots");
  const Parameter outcomes =
      command.add_option("--outcomes", options->outcomes.paths,
                         "files that say what predictions earned, by prediction_id or by day");
  command.add_option("--money", options->outcomes.money, "with --outcomes: the column of it")
      .needs(outcomes);
  command
      .add_option("--outcome-id", options->outcomes.id,
                  "with --outcomes: the column that names the prediction")
      .needs(outcomes);
  command
      .add_option("--outcome-day", options->outcomes.time,
                  "with --outcomes: the column of the day, where they name no predictions")
      .needs(outcomes);
  PredictionTable& table = options->log;
  const Parameter log = command.add_option(
      "--log", table.paths,
      "watch predictions in these files (Parquet, CSV, JSON lines, events of KServe's logger) "
      "instead of the server's");
  command.add_option("--labels", table.label_paths, "files with labels that came later, by id")
      .needs(log);
  command.add_option("--model", table.model, "the model of the project that made them").needs(log);
  command.add_option("--reference", table.reference_paths, "files with rows to compare them with")
      .needs(log);
  command.add_option("--score", table.score, "column of the probability or value").needs(log);
  command.add_option("--time", table.time, "column that says when it happened").needs(log);
  command.add_option("--id", table.id, "column that names a prediction").needs(log);
  command.add_option("--label", table.label, "column of what really happened").needs(log);
  command.add_option("--threshold", table.threshold, "of decisions, without --model")
      .shows_default()
      .needs(log);
  command.add_flag("--record", options->record, "put new alarms about the files into the ledger")
      .needs(log);
  command.does([&session, options] { return monitor(session, *options); });
}

}  // namespace millgate
