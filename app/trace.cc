#include "system/monitor/trace.h"

#include <iostream>

#include "app/commands.h"
#include "app/personal_exit.h"
#include "app/text_table.h"

namespace millgate {

namespace {

struct Options {
  std::string prediction;
  std::string revision = kCurrentBranch;
};

void print_values(const char* title, const std::vector<LoggedValue>& values) {
  if (values.empty()) return;
  std::cout << title << ':';
  for (const LoggedValue& one : values) std::cout << ' ' << one.name << '=' << one.value;
  std::cout << '\n';
}

void print_answer(const PredictionTrace& trace) {
  std::cout << "prediction " << trace.prediction_id << ": " << rounded(trace.prediction, 4)
            << (trace.decision ? ", decided yes" : "") << '\n';
  std::cout << "about " << to_string(trace.event) << ", answered " << to_string(trace.answered)
            << ", request " << trace.request_id << '\n';
  print_values("asked with", trace.logged);
  print_values("features", trace.features);
  if (trace.replayed) {
    std::cout << "replayed: " << rounded(*trace.replayed, 4)
              << (*trace.replayed == trace.prediction ? ", the same bit by bit\n"
                                                      : ", NOT what was answered\n");
  } else {
    std::cout << "replayed: cannot know: " << trace.replay_note << '\n';
  }
  if (trace.labels.empty()) std::cout << "label: none came yet\n";
  for (const TracedLabel& one : trace.labels) {
    std::cout << "label: " << rounded(one.value, 4) << ", came " << to_string(one.received) << '\n';
  }
}

void print_row(const TracedRow& row) {
  if (row.commit.empty()) {
    std::cout << "row: " << row.note << '\n';
    return;
  }
  std::cout << "row of " << row.table << ": last changed by commit " << row.commit.substr(0, 12)
            << " (" << row.message << "), " << row.author << ", " << to_string(row.changed) << '\n';
}

void print_model(const PredictionTrace& trace) {
  if (!trace.model_note.empty()) {
    std::cout << trace.model_note << '\n';
    return;
  }
  std::cout << "model " << trace.model.substr(0, 12);
  if (trace.serving && trace.serving->model.hex() != trace.model) {
    std::cout << ", while " << trace.serving->model.brief() << " served";
  }
  std::cout << '\n';
  for (const ModelStep& step : trace.steps) {
    std::cout << "  #" << step.event << "  " << to_string(step.time) << "  " << step.what << ", "
              << step.by << (step.why.empty() ? "" : ": " + step.why)
              << (step.evidence.empty() ? "" : " (" + step.evidence + ")") << '\n';
  }
  if (!trace.training) return;
  const TracedTraining& from = *trace.training;
  std::cout << "trained by " << from.learner << " on " << grouped(from.row_count) << " rows from "
            << to_string(from.rows_from) << " to " << to_string(from.rows_to) << '\n';
  std::cout << "data: commit " << from.data_commit.substr(0, 12) << " (" << from.commit_message
            << "), " << from.commit_author << ", " << to_string(from.committed) << '\n';
  std::cout << "code: "
            << (from.git_commit.empty() ? "not in git" : "git commit " + from.git_commit) << '\n';
}

Result<int> trace(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  SqlGuard guard;
  MILLGATE_ASSIGN(guard.left_out, hidden_log_columns(*repository, "select * from predictions"));
  MILLGATE_ASSIGN(const PredictionTrace found,
                  trace_prediction(*repository, options.prediction, options.revision, guard));
  if (session.json) {
    print_json(to_json(found));
    return kDone;
  }
  print_answer(found);
  print_row(found.row);
  print_model(found);
  return kDone;
}

}  // namespace

void add_trace(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "trace", "walk from a prediction back to its row, model, verdict, data and code",
      "millgate trace 0652f4c9a1d3");
  command.add_option("prediction", options->prediction, "its id, or the beginning of it")
      .required();
  command.add_option("--rev", options->revision, "where the row is looked for").shows_default();
  command.does([&session, options] { return trace(session, *options); });
}

}  // namespace millgate
