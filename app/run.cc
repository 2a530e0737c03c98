#include "system/pipeline/run.h"

#include <iostream>

#include "app/commands.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "model/release/registry.h"

namespace millgate {

namespace {

struct Options {
  std::string revision = kCurrentBranch;
  bool force = false;
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
               {"test_rows", report.test_rows},
               {"left_out_unlabelled", report.left_out_unlabelled},
               {"left_out_label_late", report.left_out_label_late},
               {"evidence", evidence}};
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

void print_report(const RunReport& report) {
  TextTable steps({"step", "", "seconds", "why"});
  for (const StepReport& step : report.steps) {
    steps.add({step.name, step.reused ? "reused" : "ran", rounded(step.seconds, 2), step.why});
  }
  steps.print(std::cout);
  std::cout << "\nrows: " << grouped(report.train_rows) << " train, " << grouped(report.valid_rows)
            << " validate, " << grouped(report.test_rows) << " test; left out "
            << grouped(report.left_out_unlabelled) << " without label, "
            << grouped(report.left_out_label_late) << " whose label came too late\n";
  print_evidence(report.evidence);
  const Confusion& counts = report.confusion;
  std::cout << "\nat threshold " << rounded(report.threshold, 3) << ": "
            << grouped(counts.true_positive) << " true and " << grouped(counts.false_positive)
            << " false alarms, " << grouped(counts.false_negative) << " missed, "
            << grouped(counts.true_negative) << " rightly let be\n";
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

Result<int> list_runs(const Session& session) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const std::vector<RunRecord> records, runs(repository->ledger()));
  Json list = Json::array();
  TextTable table({"model", "time", "author", "data", "auc", "log_loss"});
  for (const RunRecord& record : records) {
    MILLGATE_ASSIGN(const RunReport report, read_run(*repository, record.model));
    list.push_back(to_json(report));
    const Evidence* auc = find_overall(report, "auc");
    const Evidence* loss = find_overall(report, "log_loss");
    table.add({record.model.brief(), to_string(record.event.time), record.event.author,
               report.data_commit.substr(0, 12), auc ? rounded(auc->value) : "",
               loss ? rounded(loss->value) : ""});
  }
  if (session.json) {
    print_json(list);
  } else if (table.empty()) {
    std::cerr << "no runs yet; `millgate run` makes the first\n";
  } else {
    table.print(std::cout);
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
  const Command command =
      program.add_command("runs", "list the models that were trained", "millgate runs --json");
  command.does([&session] { return list_runs(session); });
}

}  // namespace millgate
