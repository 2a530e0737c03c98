#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "ground/json.h"
#include "model/artifact/tree_ensemble.h"
#include "model/artifact/ubjson.h"

namespace millgate {
namespace {

constexpr const char* kObject = "XGBoost model";
constexpr int64_t kFeaturesMax = 1 << 24;  // What TreeNode::feature holds.
constexpr int64_t kCategoryMax = (1 << 24) - 1;

Error fault_at(const std::string& where, const std::string& fault) {
  Error error = damaged(std::string(kObject) + ": " + fault,
                        "the file was cut or changed; save the model again");
  error.where = where;
  return error;
}

Error unsupported(const std::string& fault) {
  return invalid_input(std::string(kObject) + ": " + fault,
                       "trees (gbtree, dart) work, with objectives such as binary:logistic, "
                       "multi:softprob, reg:squarederror and count:poisson");
}

/// The member `key`, not copied: models are large.
Result<const Json*> member_of(const Json& json, const char* key) {
  if (json.is_object()) {
    if (const auto found = json.find(key); found != json.end()) return &*found;
  }
  return fault_at(key, "`" + std::string(key) + "` is missing");
}

/// XGBoost writes its parameters as texts. Of a list in brackets the only element.
template <typename Number>
Result<Number> text_number(const Json& from, const char* key, const std::string& where) {
  MILLGATE_ASSIGN(const std::string whole, json_member<std::string>(from, key, kObject));
  std::string_view text = whole;
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    if (text.find(',') != std::string_view::npos) {
      return unsupported("it has several targets (`" + std::string(key) + "` is " + whole + ")");
    }
    return fault_at(where, "`" + std::string(key) + "` is not a number: " + whole.substr(0, 30));
  }
  return number;
}

/// What becomes of the sum, and how the base score is turned into what the sum begins with.
struct Objective {
  std::string_view name;
  ScoreOutput output;
};
constexpr auto kObjectives = std::to_array<Objective>({
    {"binary:logistic", ScoreOutput::sigmoid},
    {"reg:logistic", ScoreOutput::sigmoid},
    {"reg:squarederror", ScoreOutput::identity},
    {"reg:linear", ScoreOutput::identity},
    {"reg:squaredlogerror", ScoreOutput::identity},
    {"reg:absoluteerror", ScoreOutput::identity},
    {"reg:pseudohubererror", ScoreOutput::identity},
    {"reg:quantileerror", ScoreOutput::identity},
    {"count:poisson", ScoreOutput::exponential},
    {"reg:gamma", ScoreOutput::exponential},
    {"reg:tweedie", ScoreOutput::exponential},
    {"rank:ndcg", ScoreOutput::identity},
    {"rank:map", ScoreOutput::identity},
    {"rank:pairwise", ScoreOutput::identity},
    {"multi:softprob", ScoreOutput::identity},
    {"multi:softmax", ScoreOutput::identity},
});

constexpr int64_t kTreeClassesMax = 1000;

Status read_objective(const Json& learner, Trees& trees) {
  MILLGATE_ASSIGN(const Json* objective, member_of(learner, "objective"));
  MILLGATE_ASSIGN(const std::string name, json_member<std::string>(*objective, "name", kObject));
  const auto found = std::find_if(kObjectives.begin(), kObjectives.end(),
                                  [&](const Objective& one) { return one.name == name; });
  if (found == kObjectives.end()) {
    return unsupported("objective `" + name + "` is not supported");
  }
  trees.output = found->output;
  return {};
}

/// One base score, or "[a,b,c]": one a class.
Result<std::vector<float>> base_scores(const Json& model, size_t classes) {
  MILLGATE_ASSIGN(const auto text, json_member<std::string>(model, "base_score", kObject));
  if (classes == 1 || text.find(',') == std::string::npos) {
    MILLGATE_ASSIGN(const auto score, text_number<float>(model, "base_score", "base_score"));
    return std::vector<float>(classes, score);
  }
  std::vector<float> scores;
  std::string_view rest = text;
  if (rest.starts_with('[')) rest.remove_prefix(1);
  if (rest.ends_with(']')) rest.remove_suffix(1);
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    const Json one = {{"base_score", std::string(rest.substr(0, comma))}};
    MILLGATE_ASSIGN(scores.emplace_back(), text_number<float>(one, "base_score", "base_score"));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  if (scores.size() != classes) {
    return fault_at("base_score", "there are " + std::to_string(scores.size()) +
                                      " base scores for " + std::to_string(classes) + " classes");
  }
  return scores;
}

/// `all` has one; it gets one a class.
Status read_parameters(const Json& learner, std::vector<Trees>& all) {
  Trees& trees = all.front();
  MILLGATE_ASSIGN(const Json* parameters, member_of(learner, "learner_model_param"));
  const Json& model = *parameters;
  MILLGATE_ASSIGN(const auto classes, text_number<int64_t>(model, "num_class", "num_class"));
  MILLGATE_ASSIGN(const Json* objective, member_of(learner, "objective"));
  const bool is_softmax = objective->at("name").get<std::string>().starts_with("multi:");
  if (is_softmax != (classes > 1) || classes == 2 || classes > kTreeClassesMax) {
    return unsupported("it has " + std::to_string(classes) + " classes");
  }
  if (model.contains("num_target")) {
    MILLGATE_ASSIGN(const auto targets, text_number<int64_t>(model, "num_target", "num_target"));
    if (targets > 1) return unsupported("it has " + std::to_string(targets) + " targets");
  }
  MILLGATE_ASSIGN(const auto features, text_number<int64_t>(model, "num_feature", "num_feature"));
  if (features < 1 || features > kFeaturesMax) {
    return fault_at("num_feature", "`num_feature` is not between 1 and 16777216");
  }
  trees.feature_count = static_cast<size_t>(features);
  trees.gain.assign(trees.feature_count, 0);

  const size_t count = is_softmax ? static_cast<size_t>(classes) : 1;
  MILLGATE_ASSIGN(const std::vector<float> scores, base_scores(model, count));
  all.assign(count, Trees(trees));
  for (size_t k = 0; k < count; ++k) {
    Trees& one = all[k];
    const float score = scores[k];
    float base = score;  // In single precision throughout, as XGBoost computes it.
    if (one.output == ScoreOutput::sigmoid) base = -std::log(1.0F / score - 1.0F);
    if (one.output == ScoreOutput::exponential) base = std::log(score);
    if (!std::isfinite(base)) return fault_at("base_score", "the objective has no such base score");
    one.base = base;
  }
  return {};
}

/// The largest double that XGBoost sends left at a split on `threshold`: as a float it is less.
double left_limit(float threshold) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float below = std::nextafter(threshold, -kInfinity);
  // What rounds to a float ends half way to the next one, which belongs to the even one of both.
  const double half =
      std::isinf(below)
          ? -0x1.ffffffp127
          : (double{below} + (threshold == kInfinity ? 0x1p128 : double{threshold})) / 2;
  return static_cast<float>(half) < threshold
             ? half
             : std::nextafter(half, -std::numeric_limits<double>::infinity());
}

/// The lists of one tree; all have one element a node but those of categories.
struct TreeLists {
  std::vector<int64_t> left, right, feature, default_left, split_type;
  std::vector<double> condition, rows, gain;
  std::vector<int64_t> categories, category_nodes, category_segments, category_sizes;

  [[nodiscard]] size_t node_count() const { return left.size(); }
  [[nodiscard]] bool is_leaf(size_t node) const { return left[node] < 0; }
};

/// Adds one tree of the model.
class TreeReader {
 public:
  TreeReader(const Json& tree, size_t number, double weight, Trees& trees)
      : tree_(tree), where_("tree " + std::to_string(number)), weight_(weight), trees_(trees) {}

  Status add() {
    MILLGATE_TRY(read_lists());
    MILLGATE_TRY(find_category_sets());
    MILLGATE_TRY(number_nodes());
    for (const size_t node : order_) {
      if (lists_.is_leaf(node)) {
        MILLGATE_TRY(add_leaf(node));
      } else {
        MILLGATE_TRY(add_split(node));
      }
    }
    trees_.roots.push_back(place_[0]);
    trees_.leaf_count_max = std::max(trees_.leaf_count_max, leaf_count_);
    return {};
  }

 private:
  /// The list `key`, with an element a node where `size` says so. XGBoost writes truths as numbers
  /// in UBJ, and so in some versions in JSON.
  template <typename Number>
  Status read_list(const char* key, std::vector<Number>& list, std::optional<size_t> size) {
    const auto found = tree_.find(key);
    if (found == tree_.end() || !found->is_array()) {
      return fault_at(where_, "the list `" + std::string(key) + "` is missing");
    }
    if (size && found->size() != *size) {
      return fault_at(where_, "`" + std::string(key) + "` has " + std::to_string(found->size()) +
                                  " elements, " + std::to_string(*size) + " are needed");
    }
    list.reserve(found->size());
    for (const Json& one : *found) {
      const bool fits = std::is_integral_v<Number> ? one.is_number_integer() || one.is_boolean()
                                                   : one.is_number();
      if (!fits) return fault_at(where_, "`" + std::string(key) + "` holds " + one.type_name());
      list.push_back(one.is_boolean() ? static_cast<Number>(one.get<bool>()) : one.get<Number>());
    }
    return {};
  }

  Status read_lists() {
    MILLGATE_TRY(read_list("left_children", lists_.left, std::nullopt));
    const size_t count = lists_.node_count();
    if (count == 0 || count > size_t{INT32_MAX}) return fault_at(where_, "it has no nodes");
    MILLGATE_TRY(read_list("right_children", lists_.right, count));
    MILLGATE_TRY(read_list("split_indices", lists_.feature, count));
    MILLGATE_TRY(read_list("split_conditions", lists_.condition, count));
    MILLGATE_TRY(read_list("sum_hessian", lists_.rows, count));
    MILLGATE_TRY(read_list("loss_changes", lists_.gain, count));
    MILLGATE_TRY(read_list("default_left", lists_.default_left, count));
    if (!tree_.contains("split_type")) {  // Before XGBoost 1.3.
      lists_.split_type.assign(count, 0);
      return {};
    }
    MILLGATE_TRY(read_list("split_type", lists_.split_type, count));
    MILLGATE_TRY(read_list("categories", lists_.categories, std::nullopt));
    MILLGATE_TRY(read_list("categories_nodes", lists_.category_nodes, std::nullopt));
    const size_t sets = lists_.category_nodes.size();
    MILLGATE_TRY(read_list("categories_segments", lists_.category_segments, sets));
    return read_list("categories_sizes", lists_.category_sizes, sets);
  }

  /// Which of the sets belongs to each node; -1: none.
  Status find_category_sets() {
    set_of_.assign(lists_.node_count(), -1);
    const auto total = static_cast<int64_t>(lists_.categories.size());
    for (size_t set = 0; set < lists_.category_nodes.size(); ++set) {
      const int64_t node = lists_.category_nodes[set];
      const int64_t begin = lists_.category_segments[set];
      const int64_t size = lists_.category_sizes[set];
      if (node < 0 || static_cast<size_t>(node) >= set_of_.size() || begin < 0 || size < 0 ||
          begin > total || size > total - begin) {
        return fault_at(where_, "a set of categories lies outside of its lists");
      }
      set_of_[static_cast<size_t>(node)] = static_cast<int64_t>(set);
    }
    return {};
  }

  /// Gives the nodes that the root leads to their numbers, and proves that they make a tree. What
  /// was pruned stays in the lists, and nothing leads to it.
  Status number_nodes() {
    const size_t count = lists_.node_count();
    place_.assign(count, 0);
    std::vector<uint8_t> seen(count, 0);
    std::vector<size_t> open{0};
    auto next_node = static_cast<int64_t>(trees_.nodes.size());
    auto next_leaf = static_cast<int64_t>(trees_.leaves.size());
    seen[0] = 1;
    while (!open.empty()) {
      const size_t node = open.back();
      open.pop_back();
      order_.push_back(node);
      if (next_node > INT32_MAX || next_leaf > INT32_MAX) {
        return fault_at(where_, "there are too many leaves");
      }
      if (lists_.is_leaf(node)) {
        place_[node] = ~static_cast<int32_t>(next_leaf++);
        continue;
      }
      place_[node] = static_cast<int32_t>(next_node++);
      for (const int64_t child : {lists_.left[node], lists_.right[node]}) {
        if (child < 0 || static_cast<size_t>(child) >= count ||
            std::exchange(seen[static_cast<size_t>(child)], 1) != 0) {
          return fault_at(where_, "its nodes do not make a tree");
        }
        open.push_back(static_cast<size_t>(child));
      }
    }
    return {};
  }

  [[nodiscard]] std::string node_name(size_t node) const {
    return where_ + ", node " + std::to_string(node);
  }

  Result<double> rows_of(size_t node) const {
    const double rows = lists_.rows[node];
    if (!std::isfinite(rows) || rows < 0) {
      return fault_at(node_name(node), "`sum_hessian` is not a weight of rows");
    }
    return rows;
  }

  Status add_leaf(size_t node) {
    const float value = static_cast<float>(lists_.condition[node]) * static_cast<float>(weight_);
    if (!std::isfinite(value)) return fault_at(node_name(node), "a leaf's value is not finite");
    MILLGATE_ASSIGN(const double rows, rows_of(node));
    trees_.leaves.push_back(value);
    trees_.leaf_rows.push_back(rows);
    ++leaf_count_;
    return {};
  }

  Status add_split(size_t node) {
    const int64_t feature = lists_.feature[node];
    if (feature < 0 || static_cast<size_t>(feature) >= trees_.feature_count) {
      return fault_at(node_name(node),
                      "it splits feature " + std::to_string(feature) + ", which does not exist");
    }
    const double gain = lists_.gain[node];
    if (!std::isfinite(gain)) return fault_at(node_name(node), "`loss_changes` is not finite");
    MILLGATE_ASSIGN(const double rows, rows_of(node));
    TreeNode made;
    made.feature = static_cast<uint32_t>(feature) & 0xFFFFFFU;
    made.default_left = lists_.default_left[node] != 0 ? 1U : 0U;
    made.left = place_[static_cast<size_t>(lists_.left[node])];
    made.right = place_[static_cast<size_t>(lists_.right[node])];
    if (lists_.split_type[node] == 0) {
      const auto threshold = static_cast<float>(lists_.condition[node]);
      if (!std::isfinite(threshold)) return fault_at(node_name(node), "a threshold is not finite");
      made.split = static_cast<uint32_t>(SplitRule::nan_missing) & 0x7FU;
      made.threshold = left_limit(threshold);
    } else {
      MILLGATE_TRY(add_categories(node, made));
    }
    trees_.gain[made.feature] += std::max(gain, 0.0);
    trees_.nodes.push_back(made);
    trees_.node_rows.push_back(rows);
    return {};
  }

  /// XGBoost sends its set right, ours goes left: the children change places.
  Status add_categories(size_t node, TreeNode& made) {
    if (set_of_[node] < 0) return fault_at(node_name(node), "it splits by categories it lacks");
    const auto set = static_cast<size_t>(set_of_[node]);
    const auto begin = lists_.categories.begin() + lists_.category_segments[set];
    const auto end = begin + lists_.category_sizes[set];
    std::vector<uint32_t> words;
    const auto put = [&](size_t bit) {
      if (bit / 32 >= words.size()) words.resize(bit / 32 + 1, 0);
      words[bit / 32] |= uint32_t{1} << (bit % 32);
    };
    if (made.default_left == 0) put(0);
    for (auto one = begin; one != end; ++one) {
      if (*one < 0 || *one > kCategoryMax) {
        return fault_at(node_name(node), "a category is not between 0 and 16777215");
      }
      put(static_cast<size_t>(*one) + 1);
    }
    if (trees_.category_words.size() + words.size() > size_t{UINT32_MAX}) {
      return fault_at(node_name(node), "there are too many categories");
    }
    std::swap(made.left, made.right);
    made.split = static_cast<uint32_t>(SplitRule::missing_or_category) & 0x7FU;
    made.categories = static_cast<uint32_t>(trees_.sets.size());
    const auto from = static_cast<uint32_t>(trees_.category_words.size());
    trees_.category_words.insert(trees_.category_words.end(), words.begin(), words.end());
    trees_.sets.push_back({from, static_cast<uint32_t>(trees_.category_words.size())});
    return {};
  }

  const Json& tree_;
  std::string where_;
  double weight_;
  Trees& trees_;
  TreeLists lists_;
  std::vector<int64_t> set_of_;
  std::vector<int32_t> place_;  ///< Node -> its number among those of all trees, or ~leaf.
  std::vector<size_t> order_;   ///< In which the nodes get their numbers.
  int leaf_count_ = 0;
};

/// XGBoost from version 3.1 on numbers the categories of data frames itself.
bool numbers_categories(const Json& model) {
  const auto cats = model.find("cats");
  if (cats == model.end() || !cats->is_object() || !cats->contains("enc")) return false;
  const Json& encodings = cats->at("enc");
  return std::any_of(encodings.begin(), encodings.end(), [](const Json& one) {
    return one.is_object() && one.contains("values") && !one.at("values").empty();
  });
}

/// How many of the trees count: those up to the best round after early stopping.
Result<size_t> counted_trees(const Json& learner, const Json& model, size_t count) {
  const auto attributes = learner.find("attributes");
  if (attributes == learner.end() || !attributes->contains("best_iteration")) return count;
  MILLGATE_ASSIGN(const auto best,
                  text_number<int64_t>(*attributes, "best_iteration", "attributes"));
  if (!model.contains("iteration_indptr")) {
    return unsupported("it was stopped early, and does not tell which trees are of which round");
  }
  MILLGATE_ASSIGN(const auto ends,
                  json_member<std::vector<int64_t>>(model, "iteration_indptr", kObject));
  if (best < 0 || static_cast<size_t>(best) + 1 >= ends.size()) return count;
  const int64_t end = ends[static_cast<size_t>(best) + 1];
  if (end < 1 || static_cast<size_t>(end) > count) {
    return fault_at("iteration_indptr", "a round ends outside of the trees");
  }
  return static_cast<size_t>(end);
}

/// The class of each tree.
Result<std::vector<size_t>> classes_of(const Json& model, size_t trees, size_t classes) {
  if (classes == 1) return std::vector<size_t>(trees, 0);
  MILLGATE_ASSIGN(const auto told, json_member<std::vector<int64_t>>(model, "tree_info", kObject));
  std::vector<size_t> of_trees;
  of_trees.reserve(told.size());
  for (const int64_t one : told) {
    if (one < 0 || one >= static_cast<int64_t>(classes)) {
      return fault_at("tree_info", "a tree is of a class that does not exist");
    }
    of_trees.push_back(static_cast<size_t>(one));
  }
  if (of_trees.size() != trees)
    return fault_at("tree_info", "`tree_info` has not one class a tree");
  return of_trees;
}

Status read_trees(const Json& learner, std::vector<Trees>& classes) {
  MILLGATE_ASSIGN(const Json* booster, member_of(learner, "gradient_booster"));
  MILLGATE_ASSIGN(const std::string name, json_member<std::string>(*booster, "name", kObject));
  std::vector<double> weights;
  if (name == "dart") {
    MILLGATE_ASSIGN(weights, json_member<std::vector<double>>(*booster, "weight_drop", kObject));
    MILLGATE_ASSIGN(booster, member_of(*booster, "gbtree"));
  } else if (name != "gbtree") {
    return unsupported("the booster `" + name + "` is not one of trees");
  }
  MILLGATE_ASSIGN(const Json* model, member_of(*booster, "model"));
  if (numbers_categories(*model)) {
    return unsupported(
        "it was trained on columns of the type `category`, whose values it numbers again: train on "
        "the codes as they are, with `feature_types` 'c' over numbers");
  }
  MILLGATE_ASSIGN(const Json* list, member_of(*model, "trees"));
  if (!list->is_array() || list->empty()) return fault_at("trees", "it has no trees");
  if (name == "dart" && weights.size() != list->size()) {
    return fault_at("weight_drop", "`weight_drop` has not one weight a tree");
  }
  MILLGATE_ASSIGN(const size_t count, counted_trees(learner, *model, list->size()));
  MILLGATE_ASSIGN(const auto of_trees, classes_of(*model, list->size(), classes.size()));
  for (size_t i = 0; i < count; ++i) {
    const double weight = weights.empty() ? 1 : weights[i];
    MILLGATE_TRY(TreeReader((*list)[i], i, weight, classes[of_trees[i]]).add());
  }
  return {};
}

/// The model as JSON, be it JSON or UBJ.
Result<Json> read_either(std::string_view bytes) {
  // UBJ begins with an object whose first key has a length, JSON never has these letters there.
  const bool is_binary =
      bytes.size() > 1 && std::string_view("iUIlL#$N").find(bytes[1]) != std::string_view::npos;
  MILLGATE_ASSIGN(Json whole,
                  is_binary ? parse_ubjson(bytes, kObject) : parse_json(bytes, kObject));
  if (!whole.is_object() || !whole.contains("learner")) {
    return invalid_input("the file is JSON, and no model of XGBoost: it has no `learner`",
                         "save the model with XGBoost's `save_model`");
  }
  return whole;
}

/// The trees of each class, one where there are no classes.
Result<std::vector<Trees>> read_xgboost_classes(std::string_view bytes) {
  MILLGATE_ASSIGN(const Json whole, read_either(bytes));
  const Json& learner = whole.at("learner");
  std::vector<Trees> classes(1);
  classes.front().is_single = true;
  MILLGATE_TRY(read_objective(learner, classes.front()));
  MILLGATE_TRY(read_parameters(learner, classes));
  MILLGATE_TRY(read_trees(learner, classes));
  return classes;
}

}  // namespace

Result<Trees> read_xgboost_trees(std::string_view bytes) {
  MILLGATE_ASSIGN(std::vector<Trees> classes, read_xgboost_classes(bytes));
  if (classes.size() == 1) return std::move(classes.front());
  return unsupported("it has " + std::to_string(classes.size()) + " classes");
}

Result<std::shared_ptr<const Scorer>> load_xgboost(std::string_view bytes) {
  MILLGATE_ASSIGN(const std::vector<Trees> classes, read_xgboost_classes(bytes));
  return classes.size() == 1 ? make_tree_scorer(classes.front())
                             : make_class_tree_scorer(classes, ClassOutput::single_softmax);
}

Result<std::vector<std::string>> read_xgboost_names(std::string_view bytes) {
  MILLGATE_ASSIGN(const Json whole, read_either(bytes));
  if (!whole.at("learner").contains("feature_names")) return std::vector<std::string>{};
  return json_member<std::vector<std::string>>(whole.at("learner"), "feature_names", kObject);
}

}  // namespace millgate
