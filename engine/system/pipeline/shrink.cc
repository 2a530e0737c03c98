#include "system/pipeline/shrink.h"

#include <arrow/table.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <sstream>
#include <utility>

#include "ground/json.h"
#include "ground/nearest_name.h"
#include "model/artifact/manifest.h"
#include "model/artifact/model.h"
#include "model/learn/row_values.h"
#include "model/learn/smaller_model.h"
#include "system/pipeline/configuration.h"
#include "system/pipeline/gate_rows.h"
#include "system/pipeline/run_project.h"
#include "system/pipeline/training_set.h"

namespace millgate {
namespace {

constexpr const char* kShrinkEvent = "shrink";
/// Each end of the interval may be wrong so often.
constexpr double kTail = 0.025;
constexpr int kAllBits = 53;
constexpr int kHalfBits = 11;    ///< Of a float16.
constexpr int kSingleBits = 24;  ///< Of a float32.

const std::vector<std::string> kNames = {"keep_trees", "keep_leaves", "keep_bits",
                                         "student_leaves"};

const Shrinking kInt8 = {{"keep_bits", 8}};  ///< All that is done with ONNX.

/// How many trees and leaves "gbdt, 120 trees, 31 leaves" has; of several classes all their trees.
struct TreeCounts {
  int trees = 0;
  int leaves = 0;
};

TreeCounts counts_of(const RunReport& run, const std::string& scorer) {
  TreeCounts counts{.trees = run.best_round, .leaves = 0};
  const size_t at = scorer.rfind(", ");
  if (at != std::string::npos) {
    std::from_chars(scorer.data() + at + 2, scorer.data() + scorer.size(), counts.leaves);
  }
  return counts;
}

/// From what costs nothing to what costs most.
std::vector<Shrinking> usual_shrinkings(const TreeCounts& counts, bool can_be_taught) {
  std::vector<Shrinking> all = {
      {{"keep_bits", kAllBits}}, {{"keep_bits", kSingleBits}}, {{"keep_bits", kHalfBits}}};
  for (const int part : {2, 4}) {
    if (counts.trees >= 2 * part) {
      all.push_back({{"keep_trees", counts.trees / part}, {"keep_bits", kHalfBits}});
    }
  }
  for (const int part : {2, 4}) {
    if (counts.leaves >= 2 * part) {
      all.push_back({{"keep_leaves", counts.leaves / part}, {"keep_bits", kHalfBits}});
    }
  }
  if (can_be_taught && counts.leaves > 4) {
    // No more trees than the teacher has: a student is to be smaller.
    all.push_back({{"student_leaves", std::max(counts.leaves / 4, 4)},
                   {"keep_trees", counts.trees},
                   {"keep_bits", kHalfBits}});
  }
  return all;
}

/// The project that made the model, with the shrinking laid over it as by `--set`.
Result<Project> project_with(const Repository& repository, const RunReport& run,
                             const Shrinking& shrinking) {
  MILLGATE_ASSIGN(const Project whole, project_of_run(repository, run));
  Configuration configuration = whole.configuration;
  for (const auto& [name, value] : shrinking) {
    configuration.overrides.push_back("train.parameters." + name + "=" + std::to_string(value));
  }
  return project_of(repository.project_folder(), std::move(configuration),
                    "millgate.toml of event " + std::to_string(run.event_number));
}

/// The rows by which models are held against each other.
struct ValidRows {
  std::shared_ptr<arrow::Table> joined;
  std::vector<int64_t> numbers;
  std::vector<double> labels;
  std::vector<uint32_t> query;
};

Result<ValidRows> valid_rows(Repository& repository, const Project& project, const RunReport& run) {
  ValidRows rows;
  MILLGATE_ASSIGN(TrainingSet set, open_training_set(repository, project, run.data_commit));
  StepReport step;
  MILLGATE_ASSIGN(rows.joined, join_training_set(repository, set, {}, step));
  MILLGATE_ASSIGN(const Split split, split_rows(*rows.joined, project.train));
  rows.numbers = split.valid;
  rows.numbers.insert(rows.numbers.end(), split.calibration.begin(), split.calibration.end());
  MILLGATE_ASSIGN(const TrainingRows all, read_training_rows(*rows.joined));
  rows.labels.reserve(rows.numbers.size());
  for (const int64_t row : rows.numbers) {
    rows.labels.push_back(all.labels[static_cast<size_t>(row)]);
  }
  rows.query = all.query_of(rows.numbers);
  return rows;
}

Result<std::vector<double>> said_by(const Model& model, const ValidRows& rows) {
  MILLGATE_ASSIGN(const Block all, block_from(*rows.joined, model.features().inputs()));
  Block chosen = select_rows(all, rows.numbers);
  chosen.rows = rows.numbers.size();  // Also of a model without inputs.
  return predictions_of_rows(model, chosen);
}

/// A model beside others on the same rows.
struct Side {
  std::shared_ptr<const Model> model;
  std::vector<double> predictions;
};

Result<Side> side_of(const Repository& repository, const Id& id, const ValidRows& rows) {
  Side side;
  MILLGATE_ASSIGN(side.model, Model::load(repository.objects(), id));
  MILLGATE_ASSIGN(side.predictions, said_by(*side.model, rows));
  return side;
}

Contender contender(const Side& side) {
  const Manifest& manifest = side.model->manifest();
  return {.prediction = side.predictions,
          .threshold = manifest.threshold,
          .decide_by = manifest.decide_by};
}

std::string loss_metric(const std::string& task_kind) {
  if (task_kind == "regression") return "rmse";
  return task_kind == "ranking" ? "ndcg" : "log_loss";
}

Result<Advantage> advantage_of(const Side& smaller, const Side& whole, const ValidRows& rows,
                               const std::string& metric, const ShrinkOptions& options) {
  const Manifest& manifest = whole.model->manifest();
  MeasureOptions how;
  how.resamples = options.resamples;
  how.regression = manifest.task_kind == "regression";
  how.ranking = manifest.task_kind == "ranking";
  how.class_count = manifest.classes.size();
  RowSlice all;
  all.rows.resize(rows.labels.size());
  for (size_t i = 0; i < all.rows.size(); ++i) all.rows[i] = static_cast<uint32_t>(i);
  MILLGATE_ASSIGN(const ModelContest contest,
                  ModelContest::hold(rows.labels, contender(smaller), contender(whole), {all}, how,
                                     rows.query));
  const auto advantage = contest.advantage(0, metric, kTail);
  if (!advantage) {
    return invalid_input("`" + metric + "` is not defined on the " +
                             std::to_string(rows.labels.size()) + " validation rows",
                         "rows of both classes are needed");
  }
  return *advantage;
}

/// `format` is that of the model's bytes.
Status check_can_shrink(const RunReport& run, const std::string& format) {
  if (run.learner != "gbdt" && format != "onnx") {
    return invalid_input("model " + run.model.brief() + " is of the learner `" + run.learner +
                             "`, and boosted trees of `gbdt` and ONNX can be made smaller",
                         run.learner == "command"
                             ? "let the program write a smaller model; or take `learner = \"gbdt\"`"
                         : run.learner == "ensemble"
                             ? "write `keep_trees` or `keep_bits` into the `parameters` of a member"
                             : "a model of this learner is small already");
  }
  for (const std::string& name : kNames) {
    if (!run.parameters.contains(name)) continue;
    return invalid_input("model " + run.model.brief() + " was made smaller already: `" + name +
                             "` = " + run.parameters.at(name),
                         "name the whole model, and with `--try` how it shall be made smaller");
  }
  return {};
}

/// The weights of an ONNX model have one way to become smaller.
Status check_wanted(const std::vector<Shrinking>& wanted, const std::string& format) {
  for (const Shrinking& one : wanted) {
    if (format != "onnx" || one == kInt8) continue;
    return invalid_input("`" + to_text(one) + "` makes no ONNX model smaller",
                         "--try keep_bits=8 keeps its weights in 8 bits");
  }
  return {};
}

Status record_shrinking(Repository& repository, const ShrinkOptions& options,
                        ShrinkReport& report) {
  Json models = Json::array();
  for (const SmallerModel& one : report.models) {
    models.push_back({{"model", one.run.model.hex()},
                      {"parameters", one.shrinking},
                      {"size_bytes", one.size_bytes},
                      {"advantage", one.advantage.value},
                      {"lower", one.advantage.lower},
                      {"upper", one.advantage.upper}});
  }
  const Json body = {{"size_bytes", report.size_bytes},
                     {"metric", report.metric},
                     {"row_count", report.row_count},
                     {"models", std::move(models)}};
  MILLGATE_ASSIGN(const Event event,
                  repository.ledger().append({.kind = kShrinkEvent,
                                              .subject = report.whole.model.hex(),
                                              .author = options.author,
                                              .body = dump_json(body)}));
  report.event_number = event.number;
  return {};
}

}  // namespace

Result<Shrinking> parse_shrinking(const std::string& text) {
  Shrinking shrinking;
  std::istringstream parts(text);
  for (std::string one; std::getline(parts, one, ',');) {
    const size_t equals = one.find('=');
    const std::string name = one.substr(0, equals);
    if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
      return invalid_input("`" + name + "` makes no model smaller", name_hint(name, kNames));
    }
    const std::string number = equals == std::string::npos ? "" : one.substr(equals + 1);
    int value = 0;
    const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (fault != std::errc() || end != number.data() + number.size()) {
      return invalid_input("`" + one + "` gives no whole number",
                           "for example keep_trees=20,keep_bits=11");
    }
    shrinking[name] = value;
  }
  return shrinking;
}

std::string to_text(const Shrinking& shrinking) {
  std::string text;
  for (const auto& [name, value] : shrinking) {
    text += (text.empty() ? "" : ", ") + name + " = " + std::to_string(value);
  }
  return text;
}

Result<ShrinkReport> shrink_model(Repository& repository, const Id& model,
                                  const ShrinkOptions& options) {
  ShrinkReport report;
  MILLGATE_ASSIGN(report.whole, read_run(repository, model));
  MILLGATE_ASSIGN(const std::string manifest, repository.objects().get(model));
  MILLGATE_ASSIGN(const StoredManifest stored, read_manifest(manifest));
  const std::string& format = stored.model_format;
  MILLGATE_TRY(check_can_shrink(report.whole, format));
  MILLGATE_TRY(check_wanted(options.wanted, format));
  MILLGATE_ASSIGN(const Project project, project_of_run(repository, report.whole));
  MILLGATE_ASSIGN(const ValidRows rows, valid_rows(repository, project, report.whole));
  MILLGATE_ASSIGN(const Side whole, side_of(repository, model, rows));
  const std::string kind = whole.model->manifest().task_kind;
  report.scorer = whole.model->scorer().describe();
  report.size_bytes = whole.model->size_bytes();
  report.metric = loss_metric(kind);
  report.row_count = static_cast<int64_t>(rows.labels.size());
  std::vector<Shrinking> wanted = options.wanted;
  if (wanted.empty() && format == "onnx") {
    wanted = {kInt8};
  } else if (wanted.empty()) {
    wanted = usual_shrinkings(counts_of(report.whole, report.scorer),
                              kind == "binary" || kind == "regression");
  }
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (options.progress) {
      options.progress("shrink", static_cast<double>(i) / static_cast<double>(wanted.size()));
    }
    MILLGATE_ASSIGN(const Project smaller, project_with(repository, report.whole, wanted[i]));
    SmallerModel made;
    made.shrinking = wanted[i];
    RunOptions how;
    how.revision = report.whole.data_commit;
    how.author = options.author;
    how.compare_random_split = false;
    MILLGATE_ASSIGN(made.run, run_pipeline(repository, smaller, how));
    MILLGATE_ASSIGN(const Side side, side_of(repository, made.run.model, rows));
    made.scorer = side.model->scorer().describe();
    made.size_bytes = side.model->size_bytes();
    made.is_same = side.predictions == whole.predictions;
    MILLGATE_ASSIGN(made.advantage, advantage_of(side, whole, rows, report.metric, options));
    report.models.push_back(std::move(made));
  }
  MILLGATE_TRY(record_shrinking(repository, options, report));
  return report;
}

}  // namespace millgate
