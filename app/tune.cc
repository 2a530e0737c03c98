#include "system/pipeline/tune.h"

#include <algorithm>
#include <iostream>
#include <numeric>

#include "app/commands.h"
#include "app/talk.h"
#include "app/text_table.h"

namespace millgate {

namespace {

struct Options {
  std::string revision = kCurrentBranch;
  int workers = 0;
  size_t top = 10;
};

Json to_json(const Study& study, const Trial& trial) {
  Json metrics = Json::object();
  for (size_t k = 0; k < trial.outcome.values.size(); ++k) {
    metrics[study.objectives[k].metric] = trial.outcome.values[k];
  }
  Json json = {{"trial", trial.number},
               {"state", to_text(trial.state)},
               {"parameters", trial.parameters},
               {"metrics", metrics},
               {"best_round", trial.outcome.best_round},
               {"rung_losses", trial.outcome.rung_losses},
               {"seconds", trial.seconds}};
  if (!trial.error.empty()) json["error"] = trial.error;
  return json;
}

Json to_json(const TuneReport& report) {
  Json trials = Json::array();
  for (const Trial& trial : report.trials) trials.push_back(to_json(report.study, trial));
  Json importance = Json::object();
  for (size_t i = 0; i < report.importance.size(); ++i) {
    importance[report.study.space.parameters[i].name] = report.importance[i];
  }
  Json json = {{"study", report.study.id.hex()},
               {"data_commit", report.data_commit},
               {"reused", report.steps.back().reused},
               {"best", to_json(report.study, report.trials[*report.best])},
               {"optimism", nullptr},
               {"importance", importance},
               {"trials", trials}};
  if (report.optimism) {
    json["optimism"] = {{"expected", report.optimism->expected},
                        {"optimism", report.optimism->optimism},
                        {"resamples", report.optimism->resamples}};
  }
  if (report.study.objectives.size() > 1) {
    Json front = Json::array();
    for (const size_t i : report.front) front.push_back(report.trials[i].number);
    json["front"] = front;
  }
  return json;
}

/// Indices of complete trials from the best, then the others by number.
std::vector<size_t> order_of(const TuneReport& report) {
  std::vector<size_t> order(report.trials.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const Trial &one = report.trials[a], &other = report.trials[b];
    if (one.state != TrialState::complete || other.state != TrialState::complete) {
      return one.state < other.state;
    }
    return losses_of(report.study, one).front() < losses_of(report.study, other).front();
  });
  return order;
}

void print_trials(const TuneReport& report, const std::vector<size_t>& shown) {
  const Study& study = report.study;
  std::vector<std::string> header{"trial"};
  for (const Objective& one : study.objectives) header.push_back(one.metric);
  header.insert(header.end(), {"rounds", "state"});
  for (const SearchParameter& one : study.space.parameters) header.push_back(one.name);
  TextTable table(header);
  for (const size_t i : shown) {
    const Trial& trial = report.trials[i];
    std::vector<std::string> row{std::to_string(trial.number)};
    for (size_t k = 0; k < study.objectives.size(); ++k) {
      const bool has = k < trial.outcome.values.size();
      row.push_back(has ? rounded(trial.outcome.values[k]) : "");
    }
    row.push_back(trial.outcome.best_round > 0 ? std::to_string(trial.outcome.best_round) : "");
    row.emplace_back(to_text(trial.state));
    for (const SearchParameter& one : study.space.parameters) {
      const auto found = trial.parameters.find(one.name);
      if (found == trial.parameters.end()) {
        row.emplace_back("");
      } else {
        const bool is_number = one.kind == SearchKind::number;
        row.push_back(is_number ? rounded(std::stod(found->second), 3) : found->second);
      }
    }
    table.add(std::move(row));
  }
  table.print(std::cout);
}

void print_importance(const TuneReport& report) {
  std::vector<size_t> order(report.importance.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return report.importance[a] > report.importance[b]; });
  if (order.empty() || report.importance[order.front()] == 0) return;
  std::cout << "what good trials differ by:";
  for (size_t place = 0; place < std::min<size_t>(order.size(), 5); ++place) {
    std::cout << (place == 0 ? " " : ", ") << report.study.space.parameters[order[place]].name
              << ' ' << percent(report.importance[order[place]]);
  }
  std::cout << '\n';
}

void print_summary(const TuneReport& report) {
  const Study& study = report.study;
  const std::string& metric = study.objectives.front().metric;
  const Trial& best = report.trials[*report.best];
  const double value = best.outcome.values.front();
  std::cout << "\nbest: trial " << best.number << ", " << metric << ' ' << rounded(value);
  const Trial& before = report.trials.front();
  if (best.number == 0) {
    std::cout << ": no trial is better than the project's own parameters";
  } else if (before.state == TrialState::complete) {
    std::cout << "; with the project's own parameters " << rounded(before.outcome.values.front());
  }
  std::cout << '\n';
  if (report.optimism && report.trials.size() > 1) {
    std::cout << "the best of many flatters itself: on other rows expect " << metric << ' '
              << rounded(report.optimism->expected) << ", worse by "
              << rounded(report.optimism->optimism, 2) << '\n';
  }
  print_importance(report);
  const auto count = [&](TrialState state) {
    return std::count_if(report.trials.begin(), report.trials.end(),
                         [&](const Trial& trial) { return trial.state == state; });
  };
  std::cout << "study " << study.id.brief() << ": " << count(TrialState::complete)
            << " trials complete, " << count(TrialState::pruned) << " stopped early, "
            << count(TrialState::failed) << " failed"
            << (report.steps.back().reused ? "; all of them were there already" : "") << '\n';
}

void print_failures(const TuneReport& report) {
  for (const Trial& trial : report.trials) {
    if (trial.state != TrialState::failed) continue;
    std::cerr << "warning: trial " << trial.number << " failed: " << trial.error << '\n';
  }
}

Result<int> tune(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(Workplace place, open_workplace(session));
  TuneOptions how;
  how.revision = options.revision;
  how.author = author_name();
  how.workers = options.workers;
  how.progress = progress_line();
  auto report = tune_pipeline(*place.repository, place.project, how);
  end_progress();
  if (!report.ok()) return report.error();
  if (session.json) {
    print_json(to_json(*report));
    return kDone;
  }
  print_failures(*report);
  if (report->study.objectives.size() > 1) {
    std::cout << "no trial beats these in every metric:\n\n";
    print_trials(*report, report->front);
  } else {
    std::vector<size_t> order = order_of(*report);
    order.resize(std::min(order.size(), options.top));
    print_trials(*report, order);
    if (order.size() < report->trials.size()) {
      std::cout << report->trials.size() - order.size() << " trials more; `--top "
                << report->trials.size() << "` shows all\n";
    }
  }
  print_summary(*report);
  return kDone;
}

}  // namespace

void add_tune(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "tune", "search the parameters that [train] `tune` asks for", "millgate tune --workers 2");
  command.add_option("--rev", options->revision, "version of the data").shows_default();
  command
      .add_option("--workers", options->workers,
                  "trials at once; they are the same with any number (default: a core each)")
      .positive();
  command.add_option("--top", options->top, "trials that are shown, the best first")
      .shows_default();
  command.does([&session, options] { return tune(session, *options); });
}

}  // namespace millgate
