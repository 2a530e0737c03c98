#include "system/report/ml_test_score.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "ground/json.h"
#include "model/artifact/model.h"
#include "model/measure/metric.h"
#include "model/measure/rounded_text.h"
#include "model/release/drill.h"
#include "model/release/model_name.h"
#include "model/release/practice.h"
#include "model/release/registry.h"
#include "model/release/sign_off.h"
#include "system/pipeline/run.h"

namespace millgate {

namespace {

constexpr double kHalf = 0.5;

/// What a test has earned, and how to earn more.
struct Earned {
  double points = 0;
  std::string evidence = {};
  std::string next = {};
};

/// What all tests are judged by, read once.
struct Known {
  const Repository& repository;
  const Project& project;
  std::string head;  ///< Hex id of the newest commit of the current branch; may be empty.
  std::optional<Serving> serves;   ///< What serves.
  std::optional<Id> model;         ///< That, or the newest.
  std::optional<Verdict> verdict;  ///< The newest about `model`.
  std::vector<RunReport> runs;
  const RunReport* run = nullptr;  ///< The newest of `model`.
};

std::string event_text(int64_t number) { return "event " + std::to_string(number); }

Earned nothing(std::string next) { return {.points = 0, .evidence = {}, .next = std::move(next)}; }

/// By hand half a point; by a machine, again and again, a whole one.
Earned by_hand_or_machine(std::string evidence, bool is_by_machine, std::string next) {
  if (is_by_machine) return {.points = 1, .evidence = std::move(evidence), .next = {}};
  return {.points = kHalf, .evidence = std::move(evidence), .next = std::move(next)};
}

/// Points for what `millgate score --measure` does and records: half for once, a whole point when
/// continuous integration did it at two times or more.
Result<Earned> earned_by_practice(const Known& known, const std::string& name,
                                  const std::string& subject) {
  constexpr const char* kMeasure = "`millgate score --measure`";
  MILLGATE_ASSIGN(const std::vector<Practice> done, practices(known.repository.ledger(), name));
  if (done.empty()) return nothing(kMeasure);
  const Practice& newest = done.back();
  if (newest.subject != subject) {
    return nothing(std::string(kMeasure) + "; " + event_text(newest.event) +
                   " was about what is not of today");
  }
  if (!newest.passed) {
    return nothing("it failed (" + newest.detail + ", " + event_text(newest.event) +
                   "); mend it, then " + kMeasure);
  }
  std::set<int64_t> times;
  for (const Practice& one : done) {
    if (one.automated) times.insert(one.time.micros);
  }
  return by_hand_or_machine(newest.detail + " (" + event_text(newest.event) + ")",
                            newest.automated && times.size() >= 2,
                            std::string(kMeasure) + " in continuous integration, again and again");
}

// --- Features and data ---

Result<Earned> schema(const Known& known) {
  if (known.project.rules.empty()) {
    return nothing("state [[check]] rules; `millgate check --infer` proposes some");
  }
  return earned_by_practice(known, "check", known.head);
}

/// A decision about personal data of that kind, as a text; empty when there is none.
std::string personal_decision(const Known& known, bool (*fits)(const ColumnPolicy&)) {
  for (const TablePolicy& table : known.project.personal) {
    for (const ColumnPolicy& one : table.columns) {
      if (fits(one)) return "`" + table.table + "." + one.column + "`: " + one.text();
    }
  }
  return {};
}

/// Forbidden columns are read by no feature: every run refuses.
Result<Earned> meta_level(const Known& known) {
  const std::string found =
      personal_decision(known, [](const ColumnPolicy& one) { return one.is_forbidden; });
  if (found.empty() || known.run == nullptr) {
    return nothing("forbid columns that no feature may read: [source.personal]");
  }
  return by_hand_or_machine(
      found + "; every run holds to it (" + event_text(known.run->event_number) + ")", true, {});
}

Result<Earned> privacy(const Known& known) {
  const std::string found = personal_decision(
      known, [](const ColumnPolicy& one) { return one.exit != PersonalExit::as_they_are; });
  if (found.empty()) {
    return nothing(
        "say what may be done with personal data: `millgate personal`, [source.personal]");
  }
  return by_hand_or_machine(found + "; whatever leaves the project holds to it", true, {});
}

Result<std::set<std::string>> feature_names(const Known& known, const Id& model) {
  std::set<std::string> names;
  if (!known.repository.objects().has(model)) return names;
  MILLGATE_ASSIGN(const auto loaded, Model::load(known.repository.objects(), model));
  for (const FeatureDefinition& one : loaded->features().definitions()) names.insert(one.name);
  return names;
}

/// How long it took from the first training with a new feature to its release.
Result<Earned> added_quickly(const Known& known) {
  MILLGATE_ASSIGN(const std::vector<Serving> history, serving_history(known.repository.ledger()));
  std::set<std::string> released;
  std::string evidence;
  int count = 0;
  for (const Serving& change : history) {
    if (change.how != "release") continue;
    MILLGATE_ASSIGN(const std::set<std::string> names, feature_names(known, change.model));
    const auto fresh = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
      return !released.contains(name);
    });
    if (!released.empty() && fresh != names.end()) {
      ++count;
      evidence = "feature `" + *fresh + "` was released (" + event_text(change.since_event) + ")";
    }
    released.insert(names.begin(), names.end());
  }
  if (count == 0) return nothing("release a model with a new feature");
  return by_hand_or_machine(evidence, false, {});
}

// --- Model development ---

Result<Earned> reviewed(const Known& known) {
  constexpr const char* kNext =
      "commit millgate.toml to git before a run, and let somebody sign: [[sign_off]], `millgate "
      "sign`";
  if (known.run == nullptr || known.run->git_commit.empty()) return nothing(kNext);
  const std::string code =
      "code and millgate.toml at git commit " + known.run->git_commit.substr(0, 12);
  if (!known.verdict) return by_hand_or_machine(code, false, kNext);
  Section root = known.project.root;
  MILLGATE_ASSIGN(const SignOffRules rules,
                  read_sign_offs(root, known.project.environments, known.project.folder));
  const bool is_signed = !rules.of(known.verdict->environment()).empty() &&
                         check_signed(known.repository.ledger(), rules, *known.verdict).ok();
  return by_hand_or_machine(is_signed ? code + "; signed, and no release without" : code, is_signed,
                            kNext);
}

Result<Earned> tuned(const Known& known) {
  if (known.run == nullptr || known.run->study.empty()) {
    return nothing("state `tune` in [train]; `millgate run` then searches");
  }
  std::set<std::string> studies;
  for (const RunReport& run : known.runs) {
    if (!run.study.empty()) studies.insert(run.study);
  }
  return by_hand_or_machine("parameters by study " + known.run->study.substr(0, 12) + " (" +
                                event_text(known.run->event_number) + ")",
                            studies.size() >= 2, "have the next version tuned too");
}

/// The requirement of the verdict in a circumstance that begins so, and that was met; null: none.
const Judgement* met_in(const Known& known, const std::string& circumstance) {
  if (!known.verdict) return nullptr;
  for (const Judgement& one : known.verdict->judgements()) {
    const bool fits = one.requirement.circumstance.starts_with(circumstance);
    if (fits && one.passed && one.evidence) return &one;
  }
  return nullptr;
}

std::string met_text(const Known& known, const Judgement& judgement) {
  return "`" + name_of(judgement.requirement) + "` holds in every verdict (" +
         event_text(known.verdict->event().number) + ")";
}

/// A decay curve in the ledger, or a requirement on the model when it is older.
Result<Earned> staleness(const Known& known) {
  constexpr const char* kNext =
      "`millgate backtest`; a [[requirement]] with `after = \"30d\"` then holds every model to it";
  if (const Judgement* met = met_in(known, "after ")) {
    return by_hand_or_machine(met_text(known, *met), true, {});
  }
  MILLGATE_ASSIGN(const auto done, known.repository.ledger().newest("backtest"));
  if (!done) return nothing(kNext);
  return by_hand_or_machine("back-test (" + event_text(done->number) + ")", false, kNext);
}

/// A requirement on inputs of single precision, or with noise.
Result<Earned> stable(const Known& known) {
  for (const char* circumstance : {"under rounding", "under noise"}) {
    const Judgement* met = met_in(known, circumstance);
    if (met != nullptr) return by_hand_or_machine(met_text(known, *met), true, {});
  }
  return nothing(
      "require it: metric = \"prediction_change_max\", under = \"rounding\", at_most = 0.01");
}

/// Linear or constant, on the same data, and measured no better.
Result<Earned> simpler(const Known& known) {
  const TaskKind kind = known.project.task ? known.project.task->kind : TaskKind::binary;
  const std::string metric = kind == TaskKind::regression ? "mae"
                             : kind == TaskKind::ranking  ? "ndcg"
                                                          : "log_loss";
  const std::string next =
      "require it: metric = \"" + metric + "\", than = \"linear\", better_by = 0";
  if (known.run == nullptr) return nothing(next);
  if (const Judgement* met = met_in(known, "than ")) {
    return by_hand_or_machine(met_text(known, *met), true, {});
  }
  const auto value = [&](const RunReport& run) -> std::optional<double> {
    for (const Evidence& one : run.evidence) {
      if (one.metric == metric && one.slice.empty()) return one.value;
    }
    return std::nullopt;
  };
  const auto own = value(*known.run);
  for (const RunReport& run : known.runs) {
    const bool is_simpler =
        run.learner == "constant" || (run.learner == "linear" && known.run->learner != "linear");
    const auto other = value(run);
    if (!is_simpler || run.data_commit != known.run->data_commit || !own || !other) continue;
    const bool is_better = find_metric(metric)->higher_is_better ? *own > *other : *own < *other;
    if (run.test_rows != known.run->test_rows || !is_better) continue;
    return by_hand_or_machine(metric + " " + rounded_text(*own) + " against " +
                                  rounded_text(*other) + " of the " + run.learner + " model (" +
                                  event_text(run.event_number) + ")",
                              false, next);
  }
  return nothing(next);
}

/// Whether the verdict by which the model lives judged something of that kind, and it held.
const Judgement* judged(const Known& known, bool (*fits)(const Requirement&)) {
  if (!known.verdict) return nullptr;
  for (const Judgement& one : known.verdict->judgements()) {
    if (one.passed && one.evidence && fits(one.requirement)) return &one;
  }
  return nullptr;
}

Earned by_gate(const Known& known, const Judgement* judgement, std::string next) {
  if (judgement == nullptr) return nothing(std::move(next));
  return by_hand_or_machine("`" + name_of(judgement->requirement) + "` is " +
                                rounded_text(judgement->evidence->value) + " (verdict " +
                                known.verdict->name() + "); every release waits for it",
                            true, {});
}

Result<Earned> slices(const Known& known) {
  return by_gate(known,
                 judged(known,
                        [](const Requirement& one) {
                          return !one.slice.empty() && one.by.empty() &&
                                 !one.slice.starts_with("by ");
                        }),
                 "a [[requirement]] with `slice = \"found\"` or a slice that matters");
}

Result<Earned> inclusion(const Known& known) {
  return by_gate(known,
                 judged(known, [](const Requirement& one) { return one.slice.starts_with("by "); }),
                 "a [[requirement]] on a gap or ratio `by` a group, such as recall_gap");
}

// --- Infrastructure ---

/// The newest reproduction of the model; nothing without one.
struct Reproduced {
  bool same = false;
  int64_t event = 0;
};
Result<std::optional<Reproduced>> reproduced(const Known& known, const Id& model) {
  MILLGATE_ASSIGN(const auto event, known.repository.ledger().newest("reproduction", model.hex()));
  if (!event) return std::optional<Reproduced>();
  const std::string object = event_text(event->number);
  MILLGATE_ASSIGN(const Json body, parse_json(event->body, object));
  MILLGATE_ASSIGN(const bool same, json_member<bool>(body, "same", object));
  return std::optional(Reproduced{.same = same, .event = event->number});
}

/// Trainings that were made anew from the same inputs: the same model, or not.
Result<Earned> reproducible(const Known& known) {
  constexpr const char* kNext = "`millgate reproduce` makes the model again";
  if (known.run == nullptr) return nothing(kNext);
  MILLGATE_ASSIGN(const auto again, reproduced(known, known.run->model));
  if (again && !again->same) {
    return nothing("the model could not be made again (" + event_text(again->event) +
                   "); `millgate reproduce` tells what differs");
  }
  if (again) {
    return by_hand_or_machine("made again, the same bytes (" + event_text(again->event) + ")",
                              false, {});
  }
  std::string train_key;
  std::map<std::string, std::set<Id>> models;
  std::map<std::string, int> trainings;
  for (const RunReport& run : known.runs) {
    const auto step = std::find_if(run.steps.begin(), run.steps.end(),
                                   [](const StepReport& one) { return one.name == "train"; });
    if (step == run.steps.end() || step->reused) continue;
    models[step->key].insert(run.model);
    ++trainings[step->key];
    if (run.model == known.run->model) train_key = step->key;
  }
  if (models[train_key].size() > 1) {
    return nothing("trainings from the same inputs gave " +
                   std::to_string(models[train_key].size()) + " different models");
  }
  const int count = trainings[train_key];
  if (count < 2) return nothing(kNext);
  return by_hand_or_machine("trained " + std::to_string(count) +
                                " times from the same inputs, the same bytes (" +
                                event_text(known.run->event_number) + ")",
                            false, {});
}

Result<Earned> validated(const Known& known) {
  if (!known.serves) return nothing("`millgate gate`, then `millgate release`");
  if (known.serves->how == "override") {
    return nothing("what serves does so by an override of " + known.serves->by +
                   "; release a model that passes");
  }
  return by_hand_or_machine("verdict " + known.serves->verdict + " (" +
                                event_text(known.serves->since_event) +
                                "); nothing is released without",
                            true, {});
}

Result<Earned> rolled_back(const Known& known) {
  constexpr const char* kNext = "`millgate rollback --drill`";
  MILLGATE_ASSIGN(const std::optional<Drill> drill, newest_drill(known.repository.ledger()));
  if (!drill) return nothing(kNext);
  if (!drill->passed()) return nothing("the last drill failed; " + std::string(kNext));
  MILLGATE_ASSIGN(const std::vector<Event> all, known.repository.ledger().events(0, "drill"));
  return by_hand_or_machine("a drill took " + rounded_text(drill->seconds) + " s, " +
                                std::to_string(drill->failed_count) + " of " +
                                std::to_string(drill->request_count) + " requests failed (" +
                                event_text(all.back().number) + ")",
                            all.size() >= 3, "rehearse it again and again");
}

// --- Monitoring ---

Result<Earned> performance(const Known& known) {
  return by_gate(known,
                 judged(known,
                        [](const Requirement& one) {
                          const Metric* metric = find_metric(one.metric);
                          return metric != nullptr && is_of_program(*metric);
                        }),
                 "a [[requirement]] on latency_ms_p99");
}

template <const char* name>
Result<Earned> watched(const Known& known) {
  return earned_by_practice(known, name, known.model ? known.model->hex() : std::string());
}
constexpr char kTest[] = "test";
constexpr char kInvariants[] = "served_invariants";
constexpr char kReplay[] = "replay";
constexpr char kQuality[] = "served_quality";
constexpr char kAge[] = "model_age";

/// The monitor holds the age to what a back-test advises.
Result<Earned> not_too_stale(const Known& known) {
  MILLGATE_ASSIGN(const auto backtest, known.repository.ledger().newest("backtest"));
  if (backtest) return watched<kAge>(known);
  return nothing("`millgate backtest --tolerance 0.01`, then `millgate score --measure`");
}

constexpr char kSpecification[] = "specification";
constexpr char kIntegration[] = "integration";

/// Of what is done to the newest commit.
template <const char* name>
Result<Earned> tried(const Known& known) {
  return earned_by_practice(known, name, known.head);
}

/// Of tests about which the ledger can tell nothing yet.
template <const char* text>
Result<Earned> untold(const Known&) {
  return nothing(text);
}
constexpr char kUseful[] =
    "`millgate features --useful` tells; the ledger does not record it yet, so it earns nothing";
constexpr char kCorrelate[] =
    "compare `millgate monitor` with the test rows over releases; the ledger does not record it "
    "yet";
constexpr char kDebug[] =
    "`millgate explain` and `feature why` do it; the ledger does not record it yet";
constexpr char kCanary[] = "models cannot be canaried yet";
constexpr char kDependencies[] = "nothing of Millgate tells of changed dependencies yet";

struct Test {
  ScoreSection section;
  const char* name;
  Result<Earned> (*judge)(const Known&);
};

constexpr Test kTests[] = {
    {ScoreSection::data, "Feature expectations are captured in a schema", schema},
    {ScoreSection::data, "All features are beneficial", untold<kUseful>},
    {ScoreSection::data, "No feature's cost is too much", untold<kUseful>},
    {ScoreSection::data, "Features adhere to meta-level requirements", meta_level},
    {ScoreSection::data, "The data pipeline has appropriate privacy controls", privacy},
    {ScoreSection::data, "New features can be added quickly", added_quickly},
    {ScoreSection::data, "All input feature code is tested", tried<kTest>},
    {ScoreSection::model, "Model specs are reviewed and submitted", reviewed},
    {ScoreSection::model, "Offline and online metrics correlate", untold<kCorrelate>},
    {ScoreSection::model, "All hyperparameters have been tuned", tuned},
    {ScoreSection::model, "The impact of model staleness is known", staleness},
    {ScoreSection::model, "A simpler model is not better", simpler},
    {ScoreSection::model, "Model quality is sufficient on important data slices", slices},
    {ScoreSection::model, "The model is tested for considerations of inclusion", inclusion},
    {ScoreSection::infrastructure, "Training is reproducible", reproducible},
    {ScoreSection::infrastructure, "Model specs are unit tested", tried<kSpecification>},
    {ScoreSection::infrastructure, "The ML pipeline is integration tested", tried<kIntegration>},
    {ScoreSection::infrastructure, "Model quality is validated before serving", validated},
    {ScoreSection::infrastructure, "The model is debuggable", untold<kDebug>},
    {ScoreSection::infrastructure, "Models are canaried before serving", untold<kCanary>},
    {ScoreSection::infrastructure, "Serving models can be rolled back", rolled_back},
    {ScoreSection::monitoring, "Dependency changes result in notification", untold<kDependencies>},
    {ScoreSection::monitoring, "Data invariants hold for inputs", watched<kInvariants>},
    {ScoreSection::monitoring, "Training and serving are not skewed", watched<kReplay>},
    {ScoreSection::monitoring, "Models are not too stale", not_too_stale},
    {ScoreSection::monitoring, "Models are numerically stable", stable},
    {ScoreSection::monitoring, "Computing performance has not regressed", performance},
    {ScoreSection::monitoring, "Prediction quality has not regressed", watched<kQuality>},
};

Result<Known> read_known(const Repository& repository, const Project& project) {
  Known known{.repository = repository,
              .project = project,
              .head = {},
              .serves = std::nullopt,
              .model = std::nullopt,
              .verdict = std::nullopt,
              .runs = {}};
  const Ledger& ledger = repository.ledger();
  if (const auto head = repository.resolve(kCurrentBranch); head.ok()) known.head = head->id.hex();
  MILLGATE_ASSIGN(known.serves, serving(ledger));
  MILLGATE_ASSIGN(known.runs, read_runs(repository));
  if (known.serves) {
    known.model = known.serves->model;
  } else if (!known.runs.empty()) {
    known.model = known.runs.back().model;
  }
  if (!known.model) return known;
  MILLGATE_ASSIGN(known.verdict, find_verdict(ledger, *known.model));
  for (const RunReport& run : known.runs) {
    if (run.model == *known.model) known.run = &run;
  }
  return known;
}

}  // namespace

const char* to_string(ScoreSection section) {
  switch (section) {
    case ScoreSection::data:
      return "features and data";
    case ScoreSection::model:
      return "model development";
    case ScoreSection::infrastructure:
      return "infrastructure";
    case ScoreSection::monitoring:
      return "monitoring";
  }
  return "";
}

double MlTestScore::points(ScoreSection section) const {
  double sum = 0;
  for (const ScoredTest& one : tests) sum += one.section == section ? one.points : 0;
  return sum;
}

double MlTestScore::score() const {
  return std::min({points(ScoreSection::data), points(ScoreSection::model),
                   points(ScoreSection::infrastructure), points(ScoreSection::monitoring)});
}

std::string MlTestScore::meaning() const {
  const double value = score();
  if (value <= 0) return "more of a research project than a productionized system";
  if (value <= 1)
    return "not totally untested, but serious holes in reliability are to be expected";
  if (value <= 2) return "a first pass at basic productionization, but more may be needed";
  if (value <= 3) return "reasonably tested, but more of it could be automated";
  if (value <= 5) return "strong levels of automated testing and monitoring";
  return "exceptional levels of automated testing and monitoring";
}

Result<MlTestScore> ml_test_score(const Repository& repository, const Project& project) {
  MILLGATE_ASSIGN(Known known, read_known(repository, project));
  MlTestScore score;
  score.model = known.model;
  int number = 0;
  for (const Test& test : kTests) {
    const bool goes_on = !score.tests.empty() && score.tests.back().section == test.section;
    number = goes_on ? number + 1 : 1;
    MILLGATE_ASSIGN(Earned earned, test.judge(known));
    score.tests.push_back({.section = test.section,
                           .number = number,
                           .name = test.name,
                           .points = earned.points,
                           .evidence = std::move(earned.evidence),
                           .next = std::move(earned.next)});
  }
  return score;
}

nlohmann::ordered_json to_json(const MlTestScore& score) {
  Json json;
  json["score"] = score.score();
  json["meaning"] = score.meaning();
  json["model"] = score.model ? Json(score.model->hex()) : Json();
  for (const ScoreSection section : {ScoreSection::data, ScoreSection::model,
                                     ScoreSection::infrastructure, ScoreSection::monitoring}) {
    json["sections"][to_string(section)] = score.points(section);
  }
  json["tests"] = Json::array();
  for (const ScoredTest& one : score.tests) {
    json["tests"].push_back({{"section", to_string(one.section)},
                             {"number", one.number},
                             {"name", one.name},
                             {"points", one.points},
                             {"evidence", one.evidence},
                             {"next", one.next}});
  }
  return json;
}

}  // namespace millgate
