#include "system/pipeline/tune.h"

#include <arrow/table.h>

#include <algorithm>
#include <cmath>
#include <thread>
#include <utility>

#include "ground/json.h"
#include "model/learn/dependencies.h"
#include "model/learn/smaller_model.h"
#include "model/learn/tuning.h"
#include "model/tune/importance.h"

namespace millgate {

namespace {

constexpr const char* kStudyEvent = "study";

/// A study and what names it.
struct NamedStudy {
  Study study;
  StepKey key;
};

/// The first points of a study that the ledger has.
Result<std::vector<SearchPoint>> recorded_first(const Event& event, const SearchSpace& space) {
  MILLGATE_ASSIGN(const Json body, parse_json(event.body, "event " + std::to_string(event.number)));
  std::vector<SearchPoint> first;
  try {
    for (const Json& one : body.at("definition").at("first")) {
      MILLGATE_ASSIGN(SearchPoint point,
                      point_of(space, one.get<std::map<std::string, std::string>>()));
      first.push_back(std::move(point));
    }
  } catch (const nlohmann::json::exception& failure) {
    return damaged("event " + std::to_string(event.number) + ": " + failure.what());
  }
  return first;
}

/// Whether exactly those parameters have a value that count.
bool is_whole(const SearchSpace& space, const SearchPoint& point) {
  for (size_t i = 0; i < point.size(); ++i) {
    if (counts(space, point, i) == std::isnan(point[i])) return false;
  }
  return true;
}

/// The best points of an earlier study that are points of `study`, the best first.
Result<std::vector<SearchPoint>> points_of_earlier(const Ledger& ledger, const Event& event,
                                                   const Study& study) {
  MILLGATE_ASSIGN(const Json body, parse_json(event.body, "event " + std::to_string(event.number)));
  const Json metrics = body.value("/definition/metrics"_json_pointer, Json::array());
  std::vector<SearchPoint> points;
  if (metrics.empty() || metrics.front() != study.objectives.front().metric) return points;
  MILLGATE_ASSIGN(const Id id, Id::parse(event.subject));
  int64_t after = 0;
  MILLGATE_ASSIGN(std::vector<Trial> trials, read_trials(ledger, id, after));
  std::erase_if(trials, [](const Trial& trial) { return trial.state != TrialState::complete; });
  std::stable_sort(trials.begin(), trials.end(), [&](const Trial& a, const Trial& b) {
    return losses_of(study, a).front() < losses_of(study, b).front();
  });
  for (const Trial& trial : trials) {
    const auto point = point_of(study.space, trial.parameters);
    if (point.ok() && is_whole(study.space, *point)) points.push_back(*point);
  }
  return points;
}

/// The best points of the newest studies by the same metric.
Result<std::vector<SearchPoint>> warm_points(const Ledger& ledger, const Study& study, int count) {
  std::vector<SearchPoint> chosen;
  if (count == 0) return chosen;
  MILLGATE_ASSIGN(const auto events, ledger.events(0, kStudyEvent));
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    MILLGATE_ASSIGN(const auto points, points_of_earlier(ledger, *event, study));
    for (const SearchPoint& point : points) {
      if (chosen.size() == static_cast<size_t>(count)) return chosen;
      const bool is_new = std::none_of(chosen.begin(), chosen.end(), [&](const SearchPoint& one) {
        return parameters_at(study.space, one) == parameters_at(study.space, point);
      });
      if (is_new) chosen.push_back(point);
    }
  }
  return chosen;
}

/// Names the study by all that its trials depend on, and takes its first points from the ledger, or
/// chooses them.
Result<NamedStudy> name_study(const Ledger& ledger, const Project& project,
                              const TrainingSet& set) {
  const TrainSettings& settings = project.train;
  if (!settings.tune) {
    return invalid_input("the project file does not say what to tune",
                         "add `tune = { trials = 40 }` to [train], or try --set "
                         "'train.tune={trials=40}'");
  }
  const TuneSettings& tune = *settings.tune;
  NamedStudy named;
  Study& study = named.study;
  study.space = tune.space;
  MILLGATE_ASSIGN(study.objectives, objectives_of(settings, set.plan.task.kind));
  study.sampler = tune.sampler;
  study.seed = settings.seed;
  study.side_by_side = tune.side_by_side;
  study.rungs = rungs_of(settings);
  add_feature_parts(project, set, named.key);
  TrainSettings whole = settings;
  whole.parameters = without_shrinking(std::move(whole.parameters));
  MILLGATE_TRY(add_learner_parts(whole, named.key));
  named.key.add("definition of the search", dump_json(to_json(study)));
  named.key.add("folds", std::to_string(tune.folds));
  named.key.add("warm start", std::to_string(tune.warm_start));
  named.key.add("version of millgate", std::string(kEngineVersion));
  study.id = named.key.id();
  MILLGATE_ASSIGN(const auto event, ledger.newest(kStudyEvent, study.id.hex()));
  if (event) {
    MILLGATE_ASSIGN(study.first, recorded_first(*event, study.space));
  } else {
    MILLGATE_ASSIGN(study.first, warm_points(ledger, study, tune.warm_start));
  }
  return named;
}

TunerOptions tuner_options(const Repository& repository, const Project& project,
                           const NamedStudy& named, const TuneOptions& options) {
  const TuneSettings& tune = *project.train.tune;
  TunerOptions how;
  how.trials = tune.trials;
  how.seconds = static_cast<double>(tune.budget_micros) / 1e6;
  const int cores = static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U));
  how.workers = options.workers > 0 ? options.workers : std::min(cores, tune.side_by_side);
  how.claims_folder = repository.folder("scratch") + "/tune-" + named.study.id.hex();
  how.author = options.author;
  how.progress = [progress = options.progress](int done, int of) {
    if (progress) progress("tune", static_cast<double>(done) / of);
  };
  return how;
}

/// What changed since the newest study, for people.
Result<std::string> why_new(const Ledger& ledger, const StepKey& key) {
  MILLGATE_ASSIGN(const auto event, ledger.newest(kStudyEvent));
  if (!event) return std::string("first search");
  MILLGATE_ASSIGN(const Json body,
                  parse_json(event->body, "event " + std::to_string(event->number)));
  MILLGATE_ASSIGN(const Json saved, json_member<Json>(body, "key", "study"));
  MILLGATE_ASSIGN(const StepKey before, StepKey::load(saved));
  const std::string why = key.difference_from(before);
  return why == "nothing changed" ? "trials were missing" : why;
}

/// What can be told once all trials are known.
Status conclude(TuneReport& report) {
  const Study& study = report.study;
  report.best = best_trial(study, report.trials);
  if (!report.best) {
    const auto failed =
        std::find_if(report.trials.begin(), report.trials.end(),
                     [](const Trial& trial) { return trial.state == TrialState::failed; });
    return invalid_input("no trial of study " + study.id.brief() + " gave a value" +
                             (failed == report.trials.end() ? "" : "; " + failed->error),
                         "check [train.search] and [train.parameters]");
  }
  if (study.objectives.size() > 1) report.front = pareto_front(study, report.trials);
  report.optimism =
      optimism_of(report.trials, *report.best, study.objectives.front().higher_is_better);
  std::vector<const Trial*> complete;
  for (const Trial& trial : report.trials) {
    if (trial.state == TrialState::complete && trial.number > 0) complete.push_back(&trial);
  }
  std::stable_sort(complete.begin(), complete.end(), [&](const Trial* a, const Trial* b) {
    return losses_of(study, *a).front() < losses_of(study, *b).front();
  });
  std::vector<SearchPoint> points;
  for (const Trial* trial : complete) {
    MILLGATE_ASSIGN(SearchPoint point, point_of(study.space, trial->parameters));
    points.push_back(std::move(point));
  }
  report.importance = importance_of(study.space, points);
  return {};
}

/// Runs the missing trials.
Result<std::vector<Trial>> search(Repository& repository, const Project& project,
                                  const TrainingSet& set, NamedStudy& named,
                                  const TunerOptions& how, std::shared_ptr<arrow::Table> joined) {
  MILLGATE_ASSIGN(const TuningRows rows,
                  TuningRows::prepare(train_request(project, set, std::move(joined))));
  Ledger& ledger = repository.ledger();
  MILLGATE_TRY(record_study(ledger, named.study,
                            {{"data_commit", set.commit.id.hex()},
                             {"configuration_hash", project.configuration_hash.hex()},
                             {"key", named.key.save()}},
                            how.author));
  // Another process may have begun the study meanwhile; then its first points hold.
  MILLGATE_ASSIGN(const auto begun, ledger.newest(kStudyEvent, named.study.id.hex()));
  if (begun) {
    MILLGATE_ASSIGN(named.study.first, recorded_first(*begun, named.study.space));
  }
  const int cores = static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U));
  const int threads = std::max(cores / how.workers, 1);
  const Evaluate evaluate = [&](const Assignment& assignment) {
    return rows.evaluate(assignment, threads);
  };
  return run_study(ledger, named.study, evaluate, how);
}

/// A step about `named`, as it is before anything is known of its trials.
StepReport search_step(const NamedStudy& named) {
  return {.name = "tune",
          .key = named.study.id.brief(),
          .reused = true,
          .why = "nothing changed",
          .seconds = 0};
}

/// The trials of `named` if all are in the ledger; else nothing, and `step` tells why.
Result<std::optional<std::vector<Trial>>> known_trials(const Repository& repository,
                                                       const NamedStudy& named,
                                                       const TunerOptions& how, StepReport& step) {
  int64_t after = 0;
  MILLGATE_ASSIGN(const auto recorded, read_trials(repository.ledger(), named.study.id, after));
  auto finished = finished_trials(named.study, recorded, how);
  if (!finished) {
    MILLGATE_ASSIGN(step.why, why_new(repository.ledger(), named.key));
    step.reused = false;
  }
  return finished;
}

}  // namespace

Result<std::optional<TuneReport>> finished_search(const Repository& repository,
                                                  const Project& project, const TrainingSet& set,
                                                  StepReport& step) {
  MILLGATE_ASSIGN(NamedStudy named, name_study(repository.ledger(), project, set));
  const TunerOptions how = tuner_options(repository, project, named, {});
  step = search_step(named);
  MILLGATE_ASSIGN(auto trials, known_trials(repository, named, how, step));
  if (!trials) return std::optional<TuneReport>();
  TuneReport report;
  report.data_commit = set.commit.id.hex();
  report.trials = *std::move(trials);
  report.study = std::move(named.study);
  MILLGATE_TRY(conclude(report));
  return std::optional(std::move(report));
}

Result<TuneReport> tune_training_set(Repository& repository, const Project& project,
                                     TrainingSet& set, const TuneOptions& options,
                                     std::shared_ptr<arrow::Table>& joined) {
  const Stopwatch watch;
  MILLGATE_ASSIGN(NamedStudy named, name_study(repository.ledger(), project, set));
  const TunerOptions how = tuner_options(repository, project, named, options);
  StepReport step = search_step(named);
  TuneReport report;
  report.data_commit = set.commit.id.hex();
  MILLGATE_ASSIGN(auto finished, known_trials(repository, named, how, step));
  if (finished) {
    report.trials = std::move(*finished);
  } else {
    StepReport join{.name = "join",
                    .key = set.key.id().brief(),
                    .reused = false,
                    .why = step.why == "trials were missing" ? "nothing changed" : step.why,
                    .seconds = 0};
    MILLGATE_ASSIGN(
        joined,
        join_training_set(repository, set, {.force = false, .progress = options.progress}, join));
    const Stopwatch search_watch;
    MILLGATE_ASSIGN(report.trials, search(repository, project, set, named, how, joined));
    step.seconds = search_watch.seconds();
    report.steps.push_back(std::move(join));
  }
  if (step.reused) step.seconds = watch.seconds();
  report.steps.push_back(std::move(step));
  report.study = std::move(named.study);
  MILLGATE_TRY(conclude(report));
  return report;
}

Result<TuneReport> tune_pipeline(Repository& repository, const Project& project,
                                 const TuneOptions& options) {
  MILLGATE_ASSIGN(TrainingSet set, open_training_set(repository, project, options.revision));
  std::shared_ptr<arrow::Table> joined;
  return tune_training_set(repository, project, set, options, joined);
}

TrainSettings tuned_settings(const TrainSettings& settings, const TuneReport& report) {
  TrainSettings tuned = settings;
  for (const auto& [name, value] : report.trials[*report.best].parameters) {
    tuned.parameters[name] = value;
  }
  return tuned;
}

}  // namespace millgate
