#include "system/pipeline/run.h"

#include <algorithm>
#include <functional>
#include <iostream>

#include "app/commands.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "system/pipeline/program_run.h"
#include "system/pipeline/run_index.h"

namespace millgate {

namespace {

struct Options {
  std::string revision = kCurrentBranch;
  bool force = false;
};

struct ListOptions {
  std::string where;
  bool failed = false;
  std::string output;  ///< A model or the event of a failed run.
  int64_t newest = 50;
  std::function<bool()> has_newest;  ///< Whether the call has `-n`.
};

Json to_json(const RunReport& report) {
  Json steps = Json::array();
  for (const StepReport& step : report.steps) {
    steps.push_back({{"step", step.name},
                     {"key", step.key},
                     {"reused", step.reused},
                     {"why", step.why},
                     {"seconds", step.seconds}});
  }
  Json evidence = Json::array();
  for (const Evidence& one : report.evidence) evidence.push_back(millgate::to_json(one));
  Json json = {{"model", report.model.hex()},
               {"event", report.event_number},
               {"data_commit", report.data_commit},
               {"steps", steps},
               {"threshold", report.threshold},
               {"train_rows", report.train_rows},
               {"valid_rows", report.valid_rows},
               {"calibration_rows", report.calibration_rows},
               {"test_rows", report.test_rows},
               {"left_out_unlabelled", report.left_out_unlabelled},
               {"left_out_label_late", report.left_out_label_late},
               {"evidence", evidence}};
  if (!report.calibrated_by.empty()) {
    json["calibrated"] = {{"method", report.calibrated_by}, {"before", report.before_calibration}};
  }
  if (report.uncertainty) json["uncertainty"] = millgate::to_json(*report.uncertainty);
  if (report.random_split_auc) json["random_split_auc"] = *report.random_split_auc;
  return json;
}

std::string interval(const Evidence& one) {
  return one.lower && one.upper ? rounded(*one.lower, 3) + " to " + rounded(*one.upper, 3) : "";
}

/// Over all rows, then the slices.
void print_evidence(const std::vector<Evidence>& evidence) {
  TextTable overall({"metric", "value", "95 % interval", "rows", "of"});
  TextTable sliced({"metric", "slice", "value", "95 % interval", "rows"});
  for (const Evidence& one : evidence) {
    if (one.slice.empty()) {
      overall.add(
          {one.metric, rounded(one.value), interval(one), grouped(one.row_count), one.data});
    } else if (one.metric == "auc" || one.metric == "recall" || one.slice.starts_with("by ")) {
      sliced.add(
          {one.metric, one.slice, rounded(one.value), interval(one), grouped(one.row_count)});
    }
  }
  std::cout << '\n';
  overall.print(std::cout);
  if (!sliced.empty()) {
    std::cout << '\n';
    sliced.print(std::cout);
  }
}

const Evidence* find_overall(const RunReport& report, std::string_view metric) {
  for (const Evidence& one : report.evidence) {
    if (one.metric == metric && one.slice.empty()) return &one;
  }
  return nullptr;
}

/// What calibration did, and how often the truth was held.
void print_around(const RunReport& report) {
  if (!report.calibrated_by.empty()) {
    std::cout << "calibrated by " << report.calibrated_by << ":";
    const char* comma = " ";
    for (const auto& [metric, before] : report.before_calibration) {
      const Evidence* after = find_overall(report, metric);
      if (after == nullptr) continue;
      std::cout << comma << metric << ' ' << rounded(before) << " before, " << rounded(after->value)
                << " after";
      comma = "; ";
    }
    std::cout << '\n';
    const auto before = report.before_calibration.find("brier");
    const Evidence* after = find_overall(report, "brier");
    if (before != report.before_calibration.end() && after != nullptr &&
        after->value > before->second) {
      std::cout << "warning: calibration made the probabilities worse: "
                << grouped(report.calibration_rows)
                << " calibration rows are too few for it, or there was nothing to mend\n";
    }
  }
  const Evidence* coverage = find_overall(report, "coverage");
  if (!report.uncertainty || coverage == nullptr) return;
  const bool intervals = makes_intervals(report.uncertainty->method);
  const Evidence* size = find_overall(report, intervals ? "interval_width" : "set_size");
  std::cout << (intervals ? "intervals" : "sets") << " by " << to_text(report.uncertainty->method)
            << " for " << rounded(100 * report.uncertainty->coverage, 3) << " %: they held "
            << rounded(100 * coverage->value, 3) << " % of the test rows";
  if (size != nullptr) {
    std::cout << (intervals ? ", mean width " : ", with ") << rounded(size->value, 3)
              << (intervals ? "" : " answers in the mean");
  }
  std::cout << '\n';
  if (coverage->upper && *coverage->upper < report.uncertainty->coverage) {
    std::cout << "warning: that is less than promised, beyond chance: the test rows are not like "
                 "the calibration rows before them\n";
  }
}

void print_report(const RunReport& report) {
  TextTable steps({"step", "", "seconds", "why"});
  for (const StepReport& step : report.steps) {
    steps.add({step.name, step.reused ? "reused" : "ran", rounded(step.seconds, 2), step.why});
  }
  steps.print(std::cout);
  std::cout << "\nrows: " << grouped(report.train_rows) << " train, " << grouped(report.valid_rows)
            << " validate, "
            << (report.calibration_rows > 0 ? grouped(report.calibration_rows) + " calibrate, "
                                            : "")
            << grouped(report.test_rows) << " test; left out "
            << grouped(report.left_out_unlabelled) << " without label, "
            << grouped(report.left_out_label_late) << " whose label came too late\n";
  print_evidence(report.evidence);
  std::cout << '\n';
  const Confusion& counts = report.confusion;
  if (find_overall(report, "recall") != nullptr) {
    std::cout << "at threshold " << rounded(report.threshold, 3) << ": "
              << grouped(counts.true_positive) << " true and " << grouped(counts.false_positive)
              << " false alarms, " << grouped(counts.false_negative) << " missed, "
              << grouped(counts.true_negative) << " rightly let be\n";
  }
  print_around(report);
  const Evidence* auc = find_overall(report, "auc");
  if (report.random_split_auc && auc != nullptr) {
    std::cout << "warning: a random split would claim AUC " << rounded(*report.random_split_auc, 3)
              << ", which flatters the model by "
              << with_sign(*report.random_split_auc - auc->value, 2)
              << ": rows of the same days would stand on both sides\n";
  }
  std::cout << "model " << report.model.brief() << " from commit "
            << report.data_commit.substr(0, 12) << '\n';
}

Result<int> run(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(Workplace place, open_workplace(session));
  RunOptions how;
  how.revision = options.revision;
  how.author = author_name();
  how.force = options.force;
  how.progress = progress_line();
  MILLGATE_ASSIGN(const RunReport report, run_pipeline(*place.repository, place.project, how));
  end_progress();
  if (session.json) {
    print_json(to_json(report));
  } else {
    print_report(report);
  }
  return kDone;
}

/// Of `kShown`, what any of the runs has; the first two when none has any.
std::vector<size_t> shown_metrics(const RunSelection& selection, size_t count) {
  std::vector<size_t> shown;
  for (size_t k = 0; k < count; ++k) {
    const bool any = std::any_of(selection.rows.begin(), selection.rows.end(),
                                 [&](const RunRow& row) { return row.values[k].has_value(); });
    if (any) shown.push_back(k);
  }
  if (shown.empty()) shown = {0, 1};
  return shown;
}

void print_runs(const RunSelection& selection, const std::vector<std::string>& metrics) {
  const std::vector<size_t> shown = shown_metrics(selection, metrics.size());
  std::vector<std::string> header{"model", "time", "author", "data", "learner"};
  for (const size_t k : shown) header.push_back(metrics[k]);
  TextTable table(header);
  for (const RunRow& row : selection.rows) {
    std::vector<std::string> cells{row.model.brief(), to_string(row.time), row.author,
                                   row.data_commit.substr(0, 12), row.learner};
    for (const size_t k : shown) cells.push_back(row.values[k] ? rounded(*row.values[k]) : "");
    table.add(std::move(cells));
  }
  table.print(std::cout);
  const auto count = static_cast<int64_t>(selection.rows.size());
  if (count < selection.found) {
    std::cout << grouped(selection.found - count) << " older runs more; `-n 0` lists all\n";
  }
}

Json to_json(const FailedRun& run) {
  return {{"event", run.event},
          {"time", to_string(run.time)},
          {"author", run.author},
          {"data_commit", run.data_commit},
          {"error", run.error}};
}

Result<int> list_failed(const Session& session, const Repository& repository) {
  MILLGATE_ASSIGN(const std::vector<FailedRun> runs, read_failed_runs(repository));
  if (session.json) {
    Json list = Json::array();
    for (const FailedRun& run : runs) list.push_back(to_json(run));
    print_json(list);
    return kDone;
  }
  if (runs.empty()) std::cerr << "no run of a program failed\n";
  TextTable table({"event", "time", "author", "data", "error"});
  for (const FailedRun& run : runs) {
    table.add({std::to_string(run.event), to_string(run.time), run.author,
               run.data_commit.substr(0, 12), run.error});
  }
  if (!runs.empty()) table.print(std::cout);
  return kDone;
}

/// A metric's way in a line.
void print_logged(const ProgramRecord& record) {
  TextTable table({"metric", "values", "first", "last", "least", "at step", "greatest", "at step"});
  for (const auto& [name, logged] : record.metrics) {
    const auto at = [&](auto found) { return static_cast<size_t>(found - logged.values.begin()); };
    const size_t least = at(std::min_element(logged.values.begin(), logged.values.end()));
    const size_t greatest = at(std::max_element(logged.values.begin(), logged.values.end()));
    table.add({name, grouped(static_cast<int64_t>(logged.values.size())),
               rounded(logged.values.front()), rounded(logged.values.back()),
               rounded(logged.values[least]), std::to_string(logged.steps[least]),
               rounded(logged.values[greatest]), std::to_string(logged.steps[greatest])});
  }
  if (!table.empty()) table.print(std::cout);
}

Result<int> show_program(const Session& session, const Repository& repository,
                         const std::string& name) {
  MILLGATE_ASSIGN(const ProgramRecord record, find_program_record(repository, name));
  if (session.json) {
    print_json(millgate::to_json(record));
    return kDone;
  }
  std::cout << "program:";
  for (const std::string& word : record.command) std::cout << ' ' << word;
  std::cout << "\nit " << record.ended << "; " << rounded(record.seconds, 2) << " s, "
            << rounded(record.cpu_seconds, 2) << " s of processor, "
            << rounded(static_cast<double>(record.memory_bytes_peak) / 1e6, 3) << " MB at most\n";
  print_logged(record);
  if (!record.output.empty()) std::cout << "\noutput:\n" << record.output;
  if (!record.errors.empty()) std::cout << "\nerrors:\n" << record.errors;
  return kDone;
}

Result<int> list_runs(const Session& session, const ListOptions& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  if (options.failed) return list_failed(session, *repository);
  if (!options.output.empty()) return show_program(session, *repository, options.output);
  RunQuestion question{.where = options.where, .newest = options.newest, .metrics = {}};
  question.metrics = {"auc", "log_loss", "rmse", "mae"};
  if (session.json && !options.has_newest()) question.newest = 0;
  MILLGATE_ASSIGN(const RunSelection selection, select_runs(*repository, question));
  if (session.json) {
    Json list = Json::array();
    for (const RunRow& row : selection.rows) {
      MILLGATE_ASSIGN(const RunReport report, read_run(*repository, row.model));
      list.push_back(to_json(report));
    }
    print_json(list);
  } else if (selection.found > 0) {
    print_runs(selection, question.metrics);
  } else {
    std::cerr << (options.where.empty() ? "no runs yet; `millgate run` makes the first\n"
                                        : "no run meets the condition\n");
  }
  return kDone;
}

}  // namespace

void add_run(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("run", "join, train and measure; what did not change is not repeated",
                          "millgate run --rev main");
  command.add_option("--rev", options->revision, "version of the data").shows_default();
  command.add_flag("--force", options->force, "repeat every step");
  command.does([&session, options] { return run(session, *options); });
}

void add_runs(const Command& program, Session& session) {
  auto options = std::make_shared<ListOptions>();
  const Command command =
      program.add_command("runs", "list the runs, the newest last",
                          "millgate runs --where \"auc > 0.7 and learner = 'gbdt'\"");
  command.add_option("--where", options->where,
                     "an SQL condition over learner, data_commit, author, metrics, parameters ...");
  const Parameter newest =
      command.add_option("-n,--newest", options->newest, "so many at most; 0: all")
          .not_negative()
          .shows_default();
  command.add_flag("--failed", options->failed, "runs of other programs that gave no model");
  command.add_option("--output", options->output,
                     "what the program said that made this model, or that failed (its event)");
  options->has_newest = [newest] { return newest.given(); };
  command.does([&session, options] { return list_runs(session, *options); });
}

}  // namespace millgate
