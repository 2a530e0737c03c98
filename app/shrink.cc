#include "system/pipeline/shrink.h"

#include <algorithm>
#include <iostream>
#include <optional>

#include "app/commands.h"
#include "app/loaded_model.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "model/measure/metric.h"
#include "model/release/model_name.h"
#include "model/release/requirement.h"

namespace millgate {

namespace {

constexpr const char* kSizeMetric = "model_size_bytes";

struct Options {
  std::string model = "serving";
  std::vector<std::string> tries;
  int64_t bytes = 0;
  int resamples = 200;
};

/// What a model may take at most, or must do at least.
struct Budget {
  std::string metric;
  bool is_at_most = true;
  double limit = 0;
  std::string from;  ///< "--bytes", "requirement".

  [[nodiscard]] bool allows(double value) const {
    return is_at_most ? value <= limit : value >= limit;
  }
};

/// A model beside the budgets.
struct Weighed {
  std::vector<std::optional<double>> values;  ///< One a budget; nothing: not measured.
  bool fits = true;
};

std::vector<Budget> budgets_of(const Project& project, const Options& options) {
  std::vector<Budget> budgets;
  if (options.bytes > 0) {
    budgets.push_back({.metric = kSizeMetric,
                       .is_at_most = true,
                       .limit = static_cast<double>(options.bytes),
                       .from = "--bytes"});
  }
  // The last environment is where models serve.
  for (const Requirement& one : project.environments.back().requirements) {
    const bool is_plain = one.slice.empty() && !is_comparison(one.bound);
    if (!is_plain || !is_of_program(*find_metric(one.metric))) continue;
    budgets.push_back({.metric = one.metric,
                       .is_at_most = one.bound == Bound::at_most,
                       .limit = one.limit,
                       .from = "requirement"});
  }
  return budgets;
}

Result<Weighed> weigh(const Workplace& place, const Id& model, int64_t size_bytes,
                      const std::vector<Budget>& budgets) {
  std::vector<Evidence> evidence;
  if (std::any_of(budgets.begin(), budgets.end(),
                  [](const Budget& one) { return one.metric != kSizeMetric; })) {
    MILLGATE_ASSIGN(const LoadedModel loaded, load_model(place, model, ""));
    MILLGATE_ASSIGN(evidence, evidence_of_program(place, loaded));
  }
  Weighed weighed;
  for (const Budget& budget : budgets) {
    std::optional<double> value;
    if (budget.metric == kSizeMetric) value = static_cast<double>(size_bytes);
    for (const Evidence& one : evidence) {
      if (one.metric == budget.metric) value = one.value;
    }
    weighed.fits = weighed.fits && value && budget.allows(*value);
    weighed.values.push_back(value);
  }
  return weighed;
}

Json to_json(const Weighed& weighed, const std::vector<Budget>& budgets) {
  Json measured = Json::object();
  for (size_t i = 0; i < budgets.size(); ++i) {
    measured[budgets[i].metric] = weighed.values[i] ? Json(*weighed.values[i]) : Json();
  }
  return measured;
}

std::string in_words(const std::optional<double>& value, const std::string& metric) {
  if (!value) return "not measured";
  return metric.find("bytes") == std::string::npos ? rounded(*value)
                                                   : byte_size(static_cast<int64_t>(*value));
}

std::string loss_text(const SmallerModel& one) {
  if (one.is_same) return "the same answers";
  return with_sign(one.advantage.challenger - one.advantage.champion);
}

std::string interval_text(const SmallerModel& one, bool is_higher_better) {
  if (one.is_same) return "";
  // An advantage is how much better; the change is in the metric's own direction.
  const double low = is_higher_better ? one.advantage.lower : -one.advantage.upper;
  const double high = is_higher_better ? one.advantage.upper : -one.advantage.lower;
  return with_sign(low, 2) + " to " + with_sign(high, 2);
}

/// Of those that fit, the one that loses least; of equal ones the smallest. Null: none fits.
const SmallerModel* best_of(const ShrinkReport& report, const std::vector<Weighed>& weighed) {
  const SmallerModel* best = nullptr;
  for (size_t i = 0; i < report.models.size(); ++i) {
    const SmallerModel& one = report.models[i];
    if (!weighed[i + 1].fits) continue;
    const auto worth = [](const SmallerModel& model) {
      return std::pair(model.advantage.value, -model.size_bytes);
    };
    if (best == nullptr || worth(one) > worth(*best)) best = &one;
  }
  return best;
}

void print_models(const ShrinkReport& report, const std::vector<Budget>& budgets,
                  const std::vector<Weighed>& weighed) {
  const bool is_higher_better = find_metric(report.metric)->higher_is_better;
  std::cout << "model " << report.whole.model.brief() << " (" << report.scorer
            << "): " << byte_size(report.size_bytes) << "; each beside it on the same "
            << grouped(report.row_count) << " validation rows, by " << report.metric << ":\n\n";
  std::vector<std::string> head = {"model", "how",    "trees",        "size",
                                   "share", "change", "95 % interval"};
  for (const Budget& one : budgets) {
    if (one.metric != kSizeMetric) head.push_back(one.metric);
  }
  if (!budgets.empty()) head.emplace_back("");
  TextTable table(head);
  for (size_t i = 0; i < report.models.size(); ++i) {
    const SmallerModel& one = report.models[i];
    const double share = 100.0 * static_cast<double>(one.size_bytes) /
                         static_cast<double>(std::max<int64_t>(report.size_bytes, 1));
    std::vector<std::string> row = {one.run.model.brief(),
                                    to_text(one.shrinking),
                                    one.scorer.substr(one.scorer.find(", ") + 2),
                                    byte_size(one.size_bytes),
                                    rounded(share, 2) + " %",
                                    loss_text(one),
                                    interval_text(one, is_higher_better)};
    for (size_t k = 0; k < budgets.size(); ++k) {
      if (budgets[k].metric == kSizeMetric) continue;
      row.push_back(in_words(weighed[i + 1].values[k], budgets[k].metric));
    }
    if (!budgets.empty()) row.emplace_back(weighed[i + 1].fits ? "fits" : "");
    table.add(row);
  }
  table.print(std::cout);
}

void print_advice(const ShrinkReport& report, const std::vector<Budget>& budgets,
                  const std::vector<Weighed>& weighed) {
  if (budgets.empty()) {
    std::cerr << "hint: `millgate gate MODEL` judges one of them; --bytes 20000 says what it may "
                 "take, and so does a [[requirement]] of `model_size_bytes`\n";
    return;
  }
  std::cout << '\n';
  for (size_t k = 0; k < budgets.size(); ++k) {
    const Budget& one = budgets[k];
    std::cout << one.metric << (one.is_at_most ? " at most " : " at least ")
              << in_words(one.limit, one.metric) << " (" << one.from
              << "); the whole model: " << in_words(weighed[0].values[k], one.metric) << '\n';
  }
  const SmallerModel* const best = best_of(report, weighed);
  if (weighed[0].fits) std::cout << "the whole model fits\n";
  if (best != nullptr) {
    std::cout << "of those that fit, " << best->run.model.brief() << " loses least: `millgate gate "
              << best->run.model.brief() << "` judges it\n";
  } else if (!weighed[0].fits) {
    std::cout << "none of them fits\n";
    std::cerr << "hint: ask for less, for example --try keep_trees=10,keep_leaves=4,keep_bits=8\n";
  }
}

Json to_json(const ShrinkReport& report, const std::vector<Budget>& budgets,
             const std::vector<Weighed>& weighed) {
  Json models = Json::array();
  for (size_t i = 0; i < report.models.size(); ++i) {
    const SmallerModel& one = report.models[i];
    models.push_back({{"model", one.run.model.hex()},
                      {"parameters", one.shrinking},
                      {"scorer", one.scorer},
                      {"size_bytes", one.size_bytes},
                      {"is_same", one.is_same},
                      {"value", one.advantage.challenger},
                      {"advantage", one.advantage.value + 0.0},  // No -0.
                      {"lower", one.advantage.lower},
                      {"upper", one.advantage.upper},
                      {"measured", to_json(weighed[i + 1], budgets)},
                      {"fits", budgets.empty() ? Json() : Json(weighed[i + 1].fits)}});
  }
  Json limits = Json::array();
  for (const Budget& one : budgets) {
    limits.push_back({{"metric", one.metric},
                      {one.is_at_most ? "at_most" : "at_least", one.limit},
                      {"from", one.from}});
  }
  const SmallerModel* const best = budgets.empty() ? nullptr : best_of(report, weighed);
  return {{"model", report.whole.model.hex()},
          {"scorer", report.scorer},
          {"size_bytes", report.size_bytes},
          {"metric", report.metric},
          {"row_count", report.row_count},
          {"budgets", std::move(limits)},
          {"fits", budgets.empty() ? Json() : Json(weighed[0].fits)},
          {"measured", to_json(weighed[0], budgets)},
          {"models", std::move(models)},
          {"best", best == nullptr ? Json() : Json(best->run.model.hex())}};
}

Result<int> shrink(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(const Id id, resolve_model(place.repository->ledger(), options.model));
  ShrinkOptions how;
  for (const std::string& one : options.tries) {
    MILLGATE_ASSIGN(Shrinking shrinking, parse_shrinking(one));
    how.wanted.push_back(std::move(shrinking));
  }
  how.author = author_name();
  how.resamples = options.resamples;
  how.progress = progress_line();
  auto made = shrink_model(*place.repository, id, how);
  end_progress();
  if (!made.ok()) return made.error();
  const ShrinkReport& report = *made;
  const std::vector<Budget> budgets = budgets_of(place.project, options);
  std::vector<Weighed> weighed;
  weighed.reserve(report.models.size() + 1);
  MILLGATE_ASSIGN(Weighed whole, weigh(place, id, report.size_bytes, budgets));
  weighed.push_back(std::move(whole));
  for (const SmallerModel& one : report.models) {
    MILLGATE_ASSIGN(Weighed smaller, weigh(place, one.run.model, one.size_bytes, budgets));
    weighed.push_back(std::move(smaller));
  }
  if (session.json) {
    print_json(to_json(report, budgets, weighed));
  } else {
    print_models(report, budgets, weighed);
    print_advice(report, budgets, weighed);
  }
  const bool any_fits =
      std::any_of(weighed.begin(), weighed.end(), [](const Weighed& one) { return one.fits; });
  return any_fits ? kDone : kAnswerIsNo;
}

}  // namespace

void add_shrink(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "shrink", "smaller models in the place of one, what each loses, and which fit the budgets",
      "millgate shrink latest --bytes 20000");
  command.add_option("model", options->model, "id, its prefix, `latest` or `serving`")
      .shows_default();
  command
      .add_option("--bytes", options->bytes,
                  "what the model may take, beside the requirements of the project file")
      .positive();
  command
      .add_option("--try", options->tries,
                  "instead of what usually pays: keep_trees, keep_leaves, keep_bits, "
                  "student_leaves, joined by commas; again for another")
      .one_at_a_time();
  command.add_option("--resamples", options->resamples, "of the rows, for the intervals")
      .positive()
      .shows_default();
  command.does([&session, options] { return shrink(session, *options); });
}

}  // namespace millgate
