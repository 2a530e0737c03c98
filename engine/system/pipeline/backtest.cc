#include "system/pipeline/backtest.h"

#include <arrow/table.h>

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "ground/json.h"
#include "ground/nearest_name.h"
#include "model/learn/rival.h"
#include "model/measure/metric.h"
#include "model/measure/model_contest.h"
#include "model/measure/row_slice.h"
#include "system/pipeline/training_set.h"
#include "system/pipeline/tune.h"

namespace millgate {
namespace {

constexpr int kOriginsMax = 12;
constexpr int kResamples = 500;

/// A model trained at one origin, and what it says of every later row.
struct Origin {
  Time time;
  std::vector<int64_t> rows;  ///< Labelled rows after it, ascending.
  Rival rival;
};

/// The labelled rows of one window.
struct TestWindow {
  Time from, to;
  std::vector<int64_t> rows;
};

/// The rows of `window` by what `origin` says of them.
std::vector<double> said_of(const Origin& origin, const TestWindow& window) {
  std::vector<double> said;
  said.reserve(window.rows.size());
  for (const int64_t row : window.rows) {
    const auto place = std::lower_bound(origin.rows.begin(), origin.rows.end(), row);
    said.push_back(origin.rival.predictions[static_cast<size_t>(place - origin.rows.begin())]);
  }
  return said;
}

/// Times of the oldest and the newest labelled row.
std::pair<int64_t, int64_t> labelled_span(const TrainingRows& rows) {
  int64_t oldest = std::numeric_limits<int64_t>::max();
  int64_t newest = std::numeric_limits<int64_t>::min();
  for (size_t row = 0; row < rows.labels.size(); ++row) {
    if (std::isnan(rows.labels[row])) continue;
    oldest = std::min(oldest, rows.times[row]);
    newest = std::max(newest, rows.times[row]);
  }
  return {oldest, newest};
}

std::vector<TestWindow> windows_of(const TrainingRows& rows, int64_t length, int count) {
  const int64_t newest = labelled_span(rows).second;
  std::vector<TestWindow> windows;
  for (int w = 0; w < count; ++w) {
    TestWindow window{.from = {newest - (w + 1) * length}, .to = {newest - w * length}, .rows = {}};
    for (size_t row = 0; row < rows.labels.size(); ++row) {
      const int64_t time = rows.times[row];
      if (std::isnan(rows.labels[row]) || time <= window.from.micros || time > window.to.micros) {
        continue;
      }
      window.rows.push_back(static_cast<int64_t>(row));
    }
    windows.push_back(std::move(window));
  }
  return windows;
}

/// A tenth of the time between the oldest and the newest labelled row, in whole days or hours.
int64_t tenth_of_all(const TrainingRows& rows) {
  constexpr int64_t kHour = 3'600'000'000;
  const auto [oldest, newest] = labelled_span(rows);
  const int64_t tenth = (newest - oldest) / 10;
  const int64_t unit = tenth >= 24 * kHour ? 24 * kHour : kHour;
  return std::max(unit, tenth / unit * unit);
}

/// Aged against fresh on one window.
struct Paired {
  double fresh = 0, aged = 0, loss = 0, standard_error = 0;
};

Result<std::optional<Paired>> compare(const TestWindow& window, const TrainingRows& rows,
                                      const Origin& fresh, const Origin& aged,
                                      const MeasureOptions& options, const std::string& metric) {
  std::vector<double> labels;
  labels.reserve(window.rows.size());
  for (const int64_t row : window.rows) labels.push_back(rows.labels[static_cast<size_t>(row)]);
  const std::vector<double> ours = said_of(aged, window);
  const std::vector<double> theirs = said_of(fresh, window);
  RowSlice all{.name = "", .rows = std::vector<uint32_t>(labels.size())};
  std::iota(all.rows.begin(), all.rows.end(), 0U);
  MILLGATE_ASSIGN(const ModelContest contest,
                  ModelContest::hold(labels, {ours, aged.rival.threshold},
                                     {theirs, fresh.rival.threshold}, {all}, options));
  const auto advantage = contest.advantage(0, metric, 0.025);
  if (!advantage) return std::optional<Paired>();
  return std::optional(Paired{.fresh = advantage->champion,
                              .aged = advantage->challenger,
                              .loss = -advantage->value,
                              .standard_error = advantage->standard_error});
}

/// How far the losses of one age differ from window to window, over all ages that have three or
/// more: what is too little to be told from one or two windows themselves.
struct Spread {
  double variance = 0;
  double freedom = 0;  ///< Degrees of freedom; 0: nothing is known.
};

double mean_loss(const std::vector<Paired>& pairs) {
  double sum = 0;
  for (const Paired& one : pairs) sum += one.loss;
  return sum / static_cast<double>(pairs.size());
}

Spread spread_of(const std::vector<Paired>& pairs) {
  Spread spread{.variance = 0, .freedom = static_cast<double>(pairs.size()) - 1};
  const double mean = mean_loss(pairs);
  for (const Paired& one : pairs) {
    spread.variance += (one.loss - mean) * (one.loss - mean) / spread.freedom;
  }
  return spread;
}

Spread pooled_spread(const std::map<int, std::vector<Paired>>& by_age) {
  Spread pooled;
  for (const auto& [age, pairs] : by_age) {
    if (age == 0 || pairs.size() < 3) continue;
    const Spread own = spread_of(pairs);
    pooled.variance += own.variance * own.freedom;
    pooled.freedom += own.freedom;
  }
  if (pooled.freedom > 0) pooled.variance /= pooled.freedom;
  return pooled;
}

AgeLoss loss_of(int age, const std::vector<Paired>& pairs, const Spread& pooled) {
  const auto count = static_cast<double>(pairs.size());
  AgeLoss loss{.age = age, .windows = static_cast<int>(pairs.size()), .loss = mean_loss(pairs)};
  double within = 0;
  for (const Paired& one : pairs) {
    loss.fresh += one.fresh / count;
    loss.aged += one.aged / count;
    within += one.standard_error * one.standard_error;
  }
  double reach = boost::math::quantile(boost::math::normal_distribution<double>(), 0.975) *
                 std::sqrt(within) / count;
  const Spread spread = pairs.size() >= 3 ? spread_of(pairs) : pooled;
  if (age > 0 && spread.freedom > 0) {
    const boost::math::students_t_distribution<double> student(spread.freedom);
    reach =
        std::max(reach, boost::math::quantile(student, 0.975) * std::sqrt(spread.variance / count));
  }
  loss.lower = loss.loss - reach;
  loss.upper = loss.loss + reach;
  return loss;
}

Status check_metric(const std::string& name) {
  std::vector<std::string> names;
  for (const Metric& metric : all_metrics()) {
    const bool fits = !metric.is_gap && !metric.is_best_at_zero && !metric.needs_uncertainty &&
                      metric.need == MetricNeed::nothing && !is_of_program(metric) &&
                      !metric.is_of_ranking;
    if (fits) names.emplace_back(metric.name);
  }
  if (std::find(names.begin(), names.end(), name) != names.end()) return {};
  return invalid_input("`" + name + "` cannot be compared between ages", name_hint(name, names));
}

/// What a requirement of the last environment asks of the metric on all rows, if one does.
const Requirement* limit_of(const Project& project, const std::string& metric) {
  if (project.environments.empty()) return nullptr;
  for (const Requirement& one : project.environments.back().requirements) {
    if (one.metric == metric && one.slice.empty() && !is_comparison(one.bound)) return &one;
  }
  return nullptr;
}

/// How many ages from 0 on are good without a break: a model of the last of them is good until the
/// end of its window.
int good_windows(const std::vector<AgeLoss>& ages,
                 const std::function<bool(const AgeLoss&)>& is_good) {
  int count = 0;
  for (const AgeLoss& one : ages) {
    if (one.age != count || !is_good(one)) break;
    ++count;
  }
  return count;
}

void advise(const Project& project, const BacktestOptions& options, Backtest& backtest) {
  if (options.tolerance) {
    backtest.tolerance = options.tolerance;
    backtest.tolerance_from = "--tolerance";
    backtest.advised_windows = good_windows(
        backtest.ages, [&](const AgeLoss& one) { return one.loss <= *options.tolerance; });
    return;
  }
  const Requirement* asked = limit_of(project, backtest.metric);
  if (asked == nullptr) return;
  const bool is_floor = asked->bound == Bound::at_least;
  backtest.tolerance = asked->limit;
  backtest.tolerance_from = "requirement";
  backtest.advised_windows = good_windows(backtest.ages, [&](const AgeLoss& one) {
    return is_floor ? one.aged >= asked->limit : one.aged <= asked->limit;
  });
}

Status record(Repository& repository, const BacktestOptions& options, const Backtest& backtest) {
  const auto event = repository.ledger().append({.kind = "backtest",
                                                 .subject = backtest.configuration_hash,
                                                 .author = options.author,
                                                 .body = dump_json(to_json(backtest))});
  return event.ok() ? Status() : Status(event.error());
}

/// The settings of a finished search, or those of the project.
Result<TrainSettings> settings_of(Repository& repository, const Project& project,
                                  const TrainingSet& set) {
  if (!project.train.tune) return project.train;
  StepReport step;
  MILLGATE_ASSIGN(const auto search, finished_search(repository, project, set, step));
  if (!search) {
    return invalid_input("the search that [train] `tune` asks for is not finished: " + step.why,
                         "`millgate tune` finishes it; or use --set train.tune=false");
  }
  return tuned_settings(project.train, *search);
}

/// Trains at the beginning of each window, the newest first, until rows are missing.
Result<std::vector<Origin>> train_origins(const TrainRequest& request, const TrainingRows& rows,
                                          const std::vector<TestWindow>& windows,
                                          const BacktestOptions& options) {
  std::vector<Origin> origins;
  for (const TestWindow& window : windows) {
    if (options.progress) {
      options.progress("train as of " + to_string(window.from).substr(0, 10),
                       static_cast<double>(origins.size()) / static_cast<double>(windows.size()));
    }
    const auto split = split_at(*request.joined, request.settings, window.from);
    if (!split.ok()) break;
    auto rival = train_rival(request, rows, *split);
    if (!rival.ok()) {
      if (origins.empty()) return rival.error();
      break;
    }
    origins.push_back({.time = window.from, .rows = split->test, .rival = *std::move(rival)});
  }
  return origins;
}

}  // namespace

Result<Backtest> run_backtest(Repository& repository, const Project& project,
                              const BacktestOptions& options) {
  if (project.train.split_by == "random") {
    return invalid_input("[train] splits rows at random, so none is older than another",
                         "use split = { by = \"time\", valid = \"30d\", test = \"30d\" }");
  }
  MILLGATE_ASSIGN(TrainingSet set, open_training_set(repository, project, options.revision));
  if (set.plan.task.kind == TaskKind::multiclass) {
    return project.task->section.error_at(
        "kind", "models of several classes are not held against older ones by a back-test yet",
        "a requirement with after = \"60d\" measures one age");
  }
  if (set.plan.task.kind == TaskKind::ranking) {
    return project.task->section.error_at(
        "kind", "models that rank are not held against older ones by a back-test yet",
        "a requirement with after = \"60d\" measures one age");
  }
  Backtest backtest;
  const bool is_regression = set.plan.task.kind == TaskKind::regression;
  backtest.metric = !options.metric.empty() ? options.metric : is_regression ? "rmse" : "auc";
  MILLGATE_TRY(check_metric(backtest.metric));
  MILLGATE_ASSIGN(TrainSettings settings, settings_of(repository, project, set));
  backtest.data_commit = set.commit.id.hex();
  backtest.configuration_hash = project.configuration_hash.hex();
  StepReport join;
  MILLGATE_ASSIGN(auto joined,
                  join_training_set(repository, set, {.progress = options.progress}, join));
  TrainRequest request = train_request(project, set, std::move(joined));
  request.settings = std::move(settings);
  MILLGATE_ASSIGN(const TrainingRows rows, read_training_rows(*request.joined));
  // Refuses rows that cannot be split before anything is trained.
  MILLGATE_TRY(split_rows(*request.joined, request.settings));
  backtest.window_micros = options.window_micros > 0          ? options.window_micros
                           : request.settings.test_micros > 0 ? request.settings.test_micros
                                                              : tenth_of_all(rows);
  const int count = options.origins > 0 ? options.origins : kOriginsMax;
  const std::vector<TestWindow> windows = windows_of(rows, backtest.window_micros, count);
  MILLGATE_ASSIGN(const std::vector<Origin> origins,
                  train_origins(request, rows, windows, options));

  MeasureOptions measure;
  measure.resamples = kResamples;
  measure.seed = request.settings.seed;
  measure.regression = is_regression;
  measure.utility = request.utility;
  std::map<int, std::vector<Paired>> pairs;
  for (size_t w = 0; w < origins.size(); ++w) {
    if (std::ssize(windows[w].rows) < kGroupRowsMin) continue;
    for (size_t o = w; o < origins.size(); ++o) {
      MILLGATE_ASSIGN(const auto paired,
                      compare(windows[w], rows, origins[w], origins[o], measure, backtest.metric));
      if (!paired) continue;
      const int age = static_cast<int>(o - w);
      pairs[age].push_back(*paired);
      backtest.cells.push_back({.trained_at = origins[o].time,
                                .from = windows[w].from,
                                .to = windows[w].to,
                                .age = age,
                                .value = paired->aged,
                                .row_count = std::ssize(windows[w].rows)});
    }
  }
  if (pairs.size() < 2) {
    return invalid_input("two trainings with enough older rows are needed to compare ages, and " +
                             std::to_string(origins.size()) + " could be made",
                         "shorten the windows with --every, or commit more data");
  }
  const Spread pooled = pooled_spread(pairs);
  for (const auto& [age, list] : pairs) backtest.ages.push_back(loss_of(age, list, pooled));
  advise(project, options, backtest);
  MILLGATE_TRY(record(repository, options, backtest));
  return backtest;
}

Json to_json(const Backtest& backtest) {
  Json ages = Json::array();
  for (const AgeLoss& one : backtest.ages) {
    ages.push_back({{"age", one.age},
                    {"windows", one.windows},
                    {"fresh", one.fresh},
                    {"aged", one.aged},
                    {"loss", one.loss},
                    {"lower", one.lower},
                    {"upper", one.upper}});
  }
  Json cells = Json::array();
  for (const BacktestCell& one : backtest.cells) {
    cells.push_back({{"trained_at", to_string(one.trained_at)},
                     {"from", to_string(one.from)},
                     {"to", to_string(one.to)},
                     {"age", one.age},
                     {"value", one.value},
                     {"row_count", one.row_count}});
  }
  Json json = {{"metric", backtest.metric},
               {"window_seconds", static_cast<double>(backtest.window_micros) / 1e6},
               {"data_commit", backtest.data_commit},
               {"configuration_hash", backtest.configuration_hash},
               {"ages", ages},
               {"cells", cells},
               {"tolerance", nullptr},
               {"advised_windows", nullptr}};
  if (backtest.tolerance) {
    json["tolerance"] = {{"value", *backtest.tolerance}, {"from", backtest.tolerance_from}};
  }
  if (backtest.advised_windows) json["advised_windows"] = *backtest.advised_windows;
  return json;
}

}  // namespace millgate
