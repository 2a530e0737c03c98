#include <algorithm>
#include <functional>
#include <iostream>

#include "app/commands.h"
#include "app/run_text.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "system/pipeline/program_run.h"
#include "system/pipeline/run_index.h"

namespace millgate {

namespace {

struct ListOptions {
  std::string where;
  bool failed = false;
  std::string output;  ///< A model or the event of a failed run.
  int64_t newest = 50;
  std::function<bool()> has_newest;  ///< Whether the call has `-n`.
};

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
  question.metrics = {"auc", "log_loss", "rmse", "mae", "ndcg"};
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
