#include "model/artifact/packed_model.h"

#include <vector>

#include "data/feature/evaluator_code.h"
#include "data/feature/packed_features.h"
#include "model/artifact/linear_terms.h"
#include "model/artifact/manifest.h"
#include "model/artifact/model.h"
#include "model/artifact/tree_steps.h"

namespace millgate {
namespace {

/// As the struct `model` of evaluator.c: words, then numbers, then what it tells.
struct PackedHead {
  static constexpr uint32_t kBytes = 28 * 4 + 8 * 8 + 4 * 8 + 4 * 4;

  uint32_t slots = 0, instructions = 0, instruction_count = 0, outputs = 0, output_count = 0;
  uint32_t features = 0;
  uint32_t is_linear = 0, terms = 0, term_count = 0, is_logistic = 0;
  uint32_t steps = 0, leaves = 0, words = 0, roots = 0, root_count = 0;
  uint32_t columns = 0, column_count = 0, cells = 0, form = 0, is_average = 0, is_single = 0;
  uint32_t calibration = 0, from = 0, to = 0, point_count = 0, is_binary = 0, surround = 0;
  double base = 0, sigmoid = 1, slope = 1, offset = 0, threshold = 0;
  double margin = 0, miss_true = 0, miss_false = 0;
};

void write_head(const PackedHead& head, EvaluatorMemory& memory) {
  uint32_t at = kEvaluatorModelAt;
  for (const uint32_t word : {head.slots,
                              head.instructions,
                              head.instruction_count,
                              head.outputs,
                              head.output_count,
                              head.features,
                              head.is_linear,
                              head.terms,
                              head.term_count,
                              head.is_logistic,
                              head.steps,
                              head.leaves,
                              head.words,
                              head.roots,
                              head.root_count,
                              head.columns,
                              head.column_count,
                              head.cells,
                              head.form,
                              head.is_average,
                              head.is_single,
                              head.calibration,
                              head.from,
                              head.to,
                              head.point_count,
                              head.is_binary,
                              head.surround,
                              0U}) {
    memory.set_word(at, word);
    at += 4;
  }
  for (const double number : {head.base, head.sigmoid, head.slope, head.offset, head.threshold,
                              head.margin, head.miss_true, head.miss_false}) {
    memory.set_number(at, number);
    at += 8;
  }
}

void pack_trees(const Trees& trees, PackedHead& head, EvaluatorMemory& memory) {
  const TreeSteps steps(trees);
  static_assert(sizeof(TreeSteps::Step) == 24, "as the struct `step` of evaluator.c");
  const auto* const first = reinterpret_cast<const char*>(steps.steps().data());
  head.steps = memory.add_bytes({first, steps.steps().size() * sizeof(TreeSteps::Step)});
  head.leaves = memory.add_numbers(steps.leaves());
  head.words = memory.add_words(steps.words());
  head.roots = memory.add_words(steps.roots());
  head.root_count = static_cast<uint32_t>(steps.roots().size());
  std::vector<uint32_t> columns;
  columns.reserve(2 * steps.cell_count());
  for (const TreeSteps::Column& column : steps.columns()) {
    columns.push_back(column.feature);
    columns.push_back(static_cast<uint32_t>(column.reading));
  }
  head.columns = memory.add_words(columns);
  head.column_count = static_cast<uint32_t>(steps.cell_count());
  // One more: also the step of a leaf looks at a cell.
  head.cells = memory.add_zeros((steps.cell_count() + 1) * sizeof(TreeSteps::Cell));
  head.form = static_cast<uint32_t>(trees.output);
  head.is_average = trees.average ? 1 : 0;
  head.is_single = trees.is_single ? 1 : 0;
  head.base = trees.base;
  head.sigmoid = trees.sigmoid;
}

void pack_linear(const LinearModel& model, PackedHead& head, EvaluatorMemory& memory) {
  constexpr uint32_t kTermBytes = 40;
  const LinearTerms terms(model);
  head.is_linear = 1;
  head.is_logistic = model.logistic ? 1 : 0;
  head.base = model.intercept;
  head.term_count = static_cast<uint32_t>(terms.feature_count());
  head.terms = memory.add_zeros(terms.feature_count() * kTermBytes);
  size_t column = 0;
  for (uint32_t feature = 0; feature < terms.feature_count(); ++feature) {
    const uint32_t at = head.terms + feature * kTermBytes;
    memory.set_word(at, feature);
    const bool is_category = !model.columns.empty() && model.columns[column].is_category();
    if (!is_category) {
      memory.set_number(at + 16, model.mean[column]);
      memory.set_number(at + 24, model.scale[column]);
      memory.set_number(at + 32, model.coefficient[column]);
      ++column;
      continue;
    }
    int32_t last = 0;
    for (; column < model.columns.size() && model.columns[column].feature == feature; ++column) {
      last = model.columns[column].category;
    }
    std::vector<double> adds;
    for (int32_t code = 0; code <= last; ++code) {
      adds.push_back(terms.contribution(feature, code));
    }
    memory.set_word(at + 4, memory.add_numbers(adds));
    memory.set_word(at + 8, static_cast<uint32_t>(adds.size()));
  }
}

Status pack_scorer(const std::string& format, std::string_view bytes, PackedHead& head,
                   EvaluatorMemory& memory) {
  if (format == "linear") {
    MILLGATE_ASSIGN(const LinearModel model, read_linear(bytes));
    pack_linear(model, head, memory);
    return {};
  }
  if (format == "lightgbm") {
    MILLGATE_ASSIGN(const Trees trees, read_lightgbm_trees(bytes));
    pack_trees(trees, head, memory);
    return {};
  }
  if (format == "xgboost") {
    MILLGATE_ASSIGN(const Trees trees, read_xgboost_trees(bytes));
    pack_trees(trees, head, memory);
    return {};
  }
  return invalid_input(
      "a model of format `" + format + "` cannot be computed in a page",
      "boosted trees and linear models can: `learner = \"gbdt\"`, \"linear\", or a program that "
      "leaves a LightGBM or XGBoost model");
}

void pack_telling(const Model& model, PackedHead& head, EvaluatorMemory& memory) {
  head.is_binary = model.manifest().task_kind == "binary" ? 1 : 0;
  head.threshold = model.manifest().threshold;
  if (const std::optional<Calibration>& calibration = model.calibration()) {
    const bool is_isotonic = calibration->method == CalibrationMethod::isotonic;
    head.calibration = is_isotonic ? 1 : 2;
    head.slope = calibration->slope;
    head.offset = calibration->offset;
    head.from = memory.add_numbers(calibration->from);
    head.to = memory.add_numbers(calibration->to);
    head.point_count = static_cast<uint32_t>(calibration->from.size());
  }
  if (const std::optional<Uncertainty>& uncertainty = model.uncertainty()) {
    head.surround = makes_intervals(uncertainty->method) ? 1 : 2;
    head.margin = uncertainty->margin;
    head.miss_true = uncertainty->miss_true;
    head.miss_false = uncertainty->miss_false;
  }
}

}  // namespace

Result<PackedModel> pack_model(const ObjectStore& objects, const Id& id) {
  MILLGATE_ASSIGN(const auto model, Model::load_of_one_number(objects, id));
  MILLGATE_ASSIGN(const std::string bytes, objects.get(id));
  MILLGATE_ASSIGN(const StoredManifest stored, read_manifest(bytes));
  MILLGATE_ASSIGN(const std::string scorer_bytes, objects.get(stored.model));

  EvaluatorMemory memory;
  memory.add_zeros(PackedHead::kBytes);
  PackedHead head;
  MILLGATE_TRY(pack_scorer(stored.model_format, scorer_bytes, head, memory));
  MILLGATE_ASSIGN(const PackedFeatures features, pack_features(model->features(), memory));
  head.slots = features.slots;
  head.instructions = features.instructions;
  head.instruction_count = features.instruction_count;
  head.outputs = features.outputs;
  head.output_count = features.output_count;
  head.features = memory.add_zeros((features.column_count + 1) * sizeof(double));
  pack_telling(*model, head, memory);
  write_head(head, memory);
  PackedModel packed;
  packed.bytes = memory.finish();
  packed.end = memory.end();
  packed.slots = features.slots;
  packed.scorer = model->scorer().describe();
  return packed;
}

}  // namespace millgate
