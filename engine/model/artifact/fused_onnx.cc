#include "model/artifact/fused_onnx.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "data/feature/onnx_features.h"
#include "model/artifact/linear_terms.h"
#include "model/artifact/manifest.h"
#include "model/artifact/model.h"
#include "model/artifact/tree_ensemble.h"

namespace millgate {
namespace {

using GraphValue = OnnxGraph::Value;

/// As TreeEnsemble numbers them.
enum class Branch : uint8_t { at_most = 0, member = 6 };

/// What a node looks at: a feature as it is, or without what is close to zero.
using ColumnKey = std::pair<uint32_t, bool>;

/// The attributes of one TreeEnsemble.
class EnsembleWriter {
 public:
  explicit EnsembleWriter(const Trees& trees) : trees_(trees), base_(trees.base) {
    for (const int32_t root : trees.roots) {
      if (root < 0) {
        base_ += trees.leaves[static_cast<uint32_t>(~root)];
        continue;
      }
      roots_.push_back(add_tree(root));
    }
  }

  /// The columns that it reads, in order.
  [[nodiscard]] const std::vector<ColumnKey>& columns() const { return columns_; }
  [[nodiscard]] double base() const { return base_; }
  [[nodiscard]] bool is_empty() const { return roots_.empty(); }

  [[nodiscard]] OnnxAttributes attributes() const {
    OnnxAttributes all;
    all.integer("n_targets", 1).integer("aggregate_function", 1).integer("post_transform", 0);
    all.integers("tree_roots", roots_).integers("nodes_featureids", features_);
    all.integers("nodes_truenodeids", true_nodes_).integers("nodes_falsenodeids", false_nodes_);
    all.integers("nodes_trueleafs", true_is_leaf_).integers("nodes_falseleafs", false_is_leaf_);
    all.integers("nodes_missing_value_tracks_true", missing_goes_true_);
    all.tensor("nodes_splits", onnx_numbers("", splits_));
    all.tensor("nodes_modes", onnx_bytes("", modes_));
    all.integers("leaf_targetids", std::vector<int64_t>(leaves_.size(), 0));
    all.tensor("leaf_weights", onnx_numbers("", leaves_));
    if (!members_.empty()) all.tensor("membership_values", onnx_numbers("", members_));
    return all;
  }

 private:
  int64_t add_tree(int32_t root) {
    const auto number = static_cast<int64_t>(modes_.size());
    add_node(root);
    return number;
  }

  /// Depth first; a tree is no deeper than it has leaves, and readers bound these.
  void add_node(int32_t from) {
    const TreeNode& node = trees_.nodes[static_cast<size_t>(from)];
    const size_t at = modes_.size();
    const auto rule = static_cast<SplitRule>(node.split);
    const bool is_member = rule == SplitRule::category || rule == SplitRule::missing_or_category;
    features_.push_back(column_of(node.feature, rule == SplitRule::zero_missing));
    splits_.push_back(is_member ? 0 : node.threshold);
    modes_.push_back(static_cast<uint8_t>(is_member ? Branch::member : Branch::at_most));
    missing_goes_true_.push_back(missing_goes_left(node, rule) ? 1 : 0);
    if (is_member) add_members(node, rule == SplitRule::missing_or_category);
    for (auto* part : {&true_nodes_, &false_nodes_, &true_is_leaf_, &false_is_leaf_}) {
      part->push_back(0);
    }
    add_child(node.left, true_nodes_, true_is_leaf_, at);
    add_child(node.right, false_nodes_, false_is_leaf_, at);
  }

  void add_child(int32_t child, std::vector<int64_t>& nodes, std::vector<int64_t>& is_leaf,
                 size_t at) {
    if (child < 0) {
      nodes[at] = std::ssize(leaves_);
      is_leaf[at] = 1;
      leaves_.push_back(trees_.leaves[static_cast<uint32_t>(~child)]);
      return;
    }
    nodes[at] = std::ssize(modes_);
    add_node(child);
  }

  [[nodiscard]] bool missing_goes_left(const TreeNode& node, SplitRule rule) const {
    switch (rule) {
      case SplitRule::plain:  // NaN counts as 0.
        return 0.0 <= node.threshold;
      case SplitRule::zero_missing:
      case SplitRule::nan_missing:
        return node.default_left != 0;
      case SplitRule::category:
        return false;
      case SplitRule::missing_or_category:
        return has_bit(node, 0);
    }
    return false;
  }

  [[nodiscard]] bool has_bit(const TreeNode& node, uint32_t bit) const {
    const CategorySet set = trees_.sets[node.categories];
    const uint32_t word = set.begin + bit / 32;
    return word < set.end && (trees_.category_words[word] >> bit % 32 & 1U) != 0;
  }

  /// The categories that go left; a NaN ends the list of a node.
  void add_members(const TreeNode& node, bool first_is_missing) {
    const CategorySet set = trees_.sets[node.categories];
    const uint32_t shift = first_is_missing ? 1 : 0;
    const size_t begin = members_.size();
    for (uint32_t bit = shift; bit < (set.end - set.begin) * 32; ++bit) {
      if (has_bit(node, bit)) members_.push_back(bit - shift);
    }
    // ONNX Runtime wants one; no code is this.
    if (members_.size() == begin) members_.push_back(-0.5);
    members_.push_back(std::numeric_limits<double>::quiet_NaN());
  }

  int64_t column_of(uint32_t feature, bool zero_is_missing) {
    const ColumnKey key = {feature, zero_is_missing};
    const auto [known, is_new] = numbers_.emplace(key, std::ssize(columns_));
    if (is_new) columns_.push_back(key);
    return known->second;
  }

  const Trees& trees_;
  double base_ = 0;
  std::vector<int64_t> roots_, features_, true_nodes_, false_nodes_, true_is_leaf_, false_is_leaf_,
      missing_goes_true_;
  std::vector<double> splits_, leaves_, members_;
  std::vector<uint8_t> modes_;
  std::map<ColumnKey, int64_t> numbers_;
  std::vector<ColumnKey> columns_;
};

/// Writes what stands behind the features.
class ScoreWriter {
 public:
  ScoreWriter(OnnxGraph& graph, const std::vector<GraphValue>& features)
      : graph_(graph), features_(features) {}

  GraphValue of_trees(const Trees& trees) {
    const EnsembleWriter ensemble(trees);
    GraphValue sum = number(ensemble.base());
    if (ensemble.is_empty()) {
      sum = apply("Add", {sum, none_of_rows()});
    } else {
      std::vector<GraphValue> columns;
      columns.reserve(ensemble.columns().size());
      for (const auto& [feature, zero_is_missing] : ensemble.columns()) {
        GraphValue column = features_[feature];
        if (zero_is_missing) {
          const GraphValue is_zero = apply("LessOrEqual", {apply("Abs", {column}), number(1e-35)});
          column = graph_.choose(is_zero, graph_.missing(), column);
        }
        columns.push_back(column);
      }
      const GraphValue table = graph_.node("Concat", columns, OnnxAttributes().integer("axis", 1));
      const GraphValue leaves =
          graph_.node("TreeEnsemble", {table}, ensemble.attributes(), "ai.onnx.ml");
      sum = ensemble.base() == 0 ? leaves : apply("Add", {leaves, sum});
    }
    if (trees.average) {
      sum = apply("Div", {sum, number(static_cast<double>(trees.roots.size()))});
    }
    switch (trees.output) {
      case ScoreOutput::identity:
        return sum;
      case ScoreOutput::sigmoid:
        return sigmoid(apply("Mul", {sum, number(-trees.sigmoid)}));
      case ScoreOutput::exponential:
        return apply("Exp", {sum});
      case ScoreOutput::signed_square:
        return apply("Mul", {apply("Abs", {sum}), sum});
    }
    return sum;
  }

  GraphValue of_linear(const LinearModel& model) {
    const LinearTerms terms(model);
    GraphValue sum = apply("Add", {number(model.intercept), none_of_rows()});
    size_t column = 0;
    for (size_t feature = 0; feature < terms.feature_count(); ++feature) {
      const GraphValue& x = features_[feature];
      const bool is_category = !model.columns.empty() && model.columns[column].is_category();
      if (is_category) {
        size_t count = 0;
        for (; column < model.columns.size() && model.columns[column].feature == feature;
             ++column) {
          count = static_cast<size_t>(model.columns[column].category) + 1;
        }
        sum = apply("Add", {sum, of_category(terms, feature, count)});
        continue;
      }
      const GraphValue standard = apply(
          "Div", {apply("Sub", {x, number(model.mean[column])}), number(model.scale[column])});
      const GraphValue kept =
          apply("Max", {apply("Min", {standard, number(kLinearReach)}), number(-kLinearReach)});
      const GraphValue unknown = apply("Or", {apply("IsNaN", {x}), apply("IsInf", {x})});
      sum = apply("Add",
                  {sum, graph_.choose(unknown, number(0),
                                      apply("Mul", {kept, number(model.coefficient[column])}))});
      ++column;
    }
    return model.logistic ? sigmoid(apply("Neg", {sum})) : sum;
  }

  GraphValue calibrated(const Calibration& calibration, const GraphValue& p) {
    if (calibration.method != CalibrationMethod::isotonic) {
      const GraphValue kept = apply("Min", {apply("Max", {p, number(1e-15)}), number(1 - 1e-15)});
      const GraphValue odds =
          apply("Sub", {apply("Log", {kept}), apply("Log", {apply("Sub", {number(1), kept})})});
      return sigmoid(apply("Neg", {apply("Add", {apply("Mul", {odds, number(calibration.slope)}),
                                                 number(calibration.offset)})}));
    }
    // Between the points before and behind p; outside of them all, the first or the last.
    const auto count = static_cast<double>(calibration.from.size());
    const GraphValue below = graph_.to_number(apply("Less", {graph_.numbers(calibration.from), p}));
    const std::array<int64_t, 1> columns = {1};
    const GraphValue behind = graph_.node("ReduceSum", {below, graph_.integers(columns)},
                                          OnnxAttributes().integer("keepdims", 1));
    const auto place = [&](const GraphValue& at) {
      const GraphValue kept = apply("Min", {apply("Max", {at, number(0)}), number(count - 1)});
      return graph_.node("Cast", {kept},
                         OnnxAttributes().integer("to", static_cast<int>(OnnxType::integer)));
    };
    const GraphValue upper = place(behind);
    const GraphValue lower = place(apply("Sub", {behind, number(1)}));
    const auto pick = [&](const std::vector<double>& values, const GraphValue& at) {
      return apply("Gather", {graph_.numbers(values), at});
    };
    const GraphValue from_a = pick(calibration.from, lower), from_b = pick(calibration.from, upper);
    const GraphValue to_a = pick(calibration.to, lower), to_b = pick(calibration.to, upper);
    const GraphValue share =
        apply("Div", {apply("Sub", {p, from_a}), apply("Sub", {from_b, from_a})});
    const GraphValue between =
        apply("Add", {to_a, apply("Mul", {share, apply("Sub", {to_b, to_a})})});
    return graph_.choose(apply("Equal", {upper, lower}), to_a, between);
  }

  GraphValue apply(const char* operation, const std::vector<GraphValue>& inputs) {
    return graph_.node(operation, inputs);
  }
  GraphValue number(double value) { return graph_.number(value); }

 private:
  /// 1 / (1 + exp(`negative`)).
  GraphValue sigmoid(const GraphValue& negative) {
    return apply("Div", {number(1), apply("Add", {number(1), apply("Exp", {negative})})});
  }
  /// 0 for each row.
  GraphValue none_of_rows() {
    const GraphValue& any = features_.front();
    return graph_.choose(apply("IsNaN", {any}), number(0), number(0));
  }
  /// What is missing or not known adds nothing: the last place.
  GraphValue of_category(const LinearTerms& terms, size_t feature, size_t count) {
    std::vector<double> adds;
    adds.reserve(count + 1);
    for (size_t code = 0; code < count; ++code) {
      adds.push_back(terms.contribution(feature, static_cast<double>(code)));
    }
    adds.push_back(0);
    const GraphValue& x = features_[feature];
    const GraphValue last = number(static_cast<double>(count));
    const GraphValue is_code =
        apply("And", {apply("GreaterOrEqual", {x, number(0)}), apply("Less", {x, last})});
    const GraphValue code =
        graph_.node("Cast", {graph_.choose(is_code, x, last)},
                    OnnxAttributes().integer("to", static_cast<int>(OnnxType::integer)));
    return apply("Gather", {graph_.numbers(adds), code});
  }

  OnnxGraph& graph_;
  const std::vector<GraphValue>& features_;
};

Result<GraphValue> write_score(const StoredManifest& stored, std::string_view bytes,
                               ScoreWriter& writer) {
  if (stored.model_format == "linear") {
    MILLGATE_ASSIGN(const LinearModel model, read_linear(bytes));
    return writer.of_linear(model);
  }
  if (stored.model_format == "lightgbm") {
    MILLGATE_ASSIGN(const Trees trees, read_lightgbm_trees(bytes));
    return writer.of_trees(trees);
  }
  if (stored.model_format == "xgboost") {
    MILLGATE_ASSIGN(const Trees trees, read_xgboost_trees(bytes));
    return writer.of_trees(trees);
  }
  return invalid_input(
      "a model of format `" + stored.model_format + "` cannot be fused with its features",
      "boosted trees and linear models can");
}

void write_outputs(const Model& model, const GraphValue& score, ScoreWriter& writer,
                   OnnxGraph& graph) {
  const bool is_binary = model.manifest().task_kind == "binary";
  const GraphValue value =
      model.calibration() ? writer.calibrated(*model.calibration(), score) : score;
  graph.output(is_binary ? "probability" : "value", OnnxType::number, value);
  const auto truth = [&](const char* name, const char* operation, const GraphValue& a, double b) {
    const GraphValue holds = writer.apply(operation, {a, writer.number(b)});
    graph.output(name, OnnxType::integer,
                 graph.node("Cast", {holds},
                            OnnxAttributes().integer("to", static_cast<int>(OnnxType::integer))));
  };
  if (is_binary) truth("decision", "GreaterOrEqual", value, model.manifest().threshold);
  if (!model.uncertainty()) return;
  const Uncertainty& around = *model.uncertainty();
  if (makes_intervals(around.method)) {
    graph.output("lower", OnnxType::number,
                 writer.apply("Sub", {value, writer.number(around.margin)}));
    graph.output("upper", OnnxType::number,
                 writer.apply("Add", {value, writer.number(around.margin)}));
  } else {
    truth("may_be_true", "LessOrEqual", writer.apply("Sub", {writer.number(1), score}),
          around.miss_true);
    truth("may_be_false", "LessOrEqual", score, around.miss_false);
  }
}

Status check_names(const Model& model) {
  constexpr std::array<std::string_view, 7> kTaken = {
      "probability", "value", "decision", "lower", "upper", "may_be_true", "may_be_false"};
  for (const Field& input : model.features().inputs()) {
    const bool is_taken = std::find(kTaken.begin(), kTaken.end(), input.name) != kTaken.end();
    if (!is_taken && !input.name.starts_with('|')) continue;
    return invalid_input("column `" + input.name + "` is called like a part of the graph",
                         "`as` in a view, or `millgate rename`, gives it another name");
  }
  return {};
}

}  // namespace

Result<FusedOnnx> write_fused_onnx(const ObjectStore& objects, const Id& id) {
  MILLGATE_ASSIGN(const auto model, Model::load_of_one_number(objects, id));
  MILLGATE_ASSIGN(const std::string bytes, objects.get(id));
  MILLGATE_ASSIGN(const StoredManifest stored, read_manifest(bytes));
  MILLGATE_ASSIGN(const std::string scorer_bytes, objects.get(stored.model));
  MILLGATE_TRY(check_names(*model));
  OnnxGraph graph;
  MILLGATE_ASSIGN(const std::vector<GraphValue> features,
                  write_onnx_features(model->features(), graph));
  ScoreWriter writer(graph, features);
  MILLGATE_ASSIGN(const GraphValue score, write_score(stored, scorer_bytes, writer));
  write_outputs(*model, score, writer, graph);
  const Manifest& manifest = model->manifest();
  return FusedOnnx{.bytes = graph.bytes(manifest.project, manifest.description,
                                        {{"millgate.model", id.hex()},
                                         {"millgate.label", manifest.label},
                                         {"millgate.task", manifest.task_kind}}),
                   .scorer = model->scorer().describe(),
                   .input_count = std::ssize(model->features().inputs()),
                   .feature_count = std::ssize(features),
                   .node_count = graph.node_count()};
}

}  // namespace millgate
