#include "model/measure/slice_search.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>

#include "ground/random.h"
#include "model/measure/class_measures.h"
#include "model/measure/false_discovery.h"
#include "model/measure/ranked_rows.h"

namespace millgate {
namespace {

constexpr size_t kLevelMax = 1000;
constexpr size_t kDistinctNumbersMax = 8;

/// A condition by column and number.
struct Condition {
  uint32_t column = 0;
  int32_t number = 0;
  auto operator<=>(const Condition&) const = default;
};

/// A conjunction with its rows of the searching half.
struct Conjunction {
  std::vector<Condition> conditions;  ///< Ascending by column.
  std::vector<uint32_t> rows;
  double loss_sum = 0;
  double loss_max = 0;
  double score = 0;
  double score_of_parts = 0;  ///< The highest of them.
};

struct Moments {
  double count = 0, sum = 0, squares = 0;
  void add(double value) {
    ++count;
    sum += value;
    squares += value * value;
  }
  [[nodiscard]] double mean() const { return count > 0 ? sum / count : 0; }
  [[nodiscard]] double variance() const {
    return count > 1 ? std::max(0.0, (squares - sum * sum / count) / (count - 1)) : 0;
  }
};

/// One-sided: how likely a mean as far above `rest` as that of `slice` is by chance (Welch 1947).
double welch_p(const Moments& slice, const Moments& rest) {
  const double a = slice.variance() / slice.count;
  const double b = rest.variance() / rest.count;
  const double t_square = a + b;
  if (!(t_square > 0)) return slice.mean() > rest.mean() ? 0 : 1;
  const double freedom =
      t_square * t_square / (a * a / (slice.count - 1) + b * b / (rest.count - 1));
  const boost::math::students_t_distribution<double> student(freedom);
  const double t = (slice.mean() - rest.mean()) / std::sqrt(t_square);
  return boost::math::cdf(boost::math::complement(student, t));
}

class Search {
 public:
  Search(std::span<const double> loss, std::span<const SearchColumn> columns,
         const SliceSearchOptions& options)
      : loss_(loss), columns_(columns), options_(options) {
    const auto all = static_cast<double>(loss.size());
    const double support =
        std::max(static_cast<double>(options.rows_min), std::ceil(options.share_min * all));
    result_.support_min = static_cast<int64_t>(support);
    // Half of a slice's rows are here, by the deal.
    support_ = support / 2;
    std::vector<uint32_t> order(loss.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<uint32_t>(i);
    shuffle(order, Random::stream(options.seed, "slice search"));
    const auto middle = order.begin() + static_cast<std::ptrdiff_t>(order.size() / 2);
    searching_.assign(order.begin(), middle);
    confirming_.assign(middle, order.end());
    std::sort(searching_.begin(), searching_.end());
    std::sort(confirming_.begin(), confirming_.end());
    for (const uint32_t row : searching_) loss_mean_ += loss[row];
    loss_mean_ /= std::max<double>(1, static_cast<double>(searching_.size()));
  }

  SliceSearch run() {
    if (loss_mean_ > 0 && static_cast<double>(searching_.size()) > support_) {
      std::vector<Conjunction> level = single_conditions();
      for (int depth = 2; depth <= options_.conditions_max && !level.empty(); ++depth) {
        level = joined(level);
      }
      confirm();
    }
    return std::move(result_);
  }

 private:
  /// SliceLine's: how much worse than the mean, less what smallness costs.
  [[nodiscard]] double score(double rows, double loss_sum) const {
    const double alpha = options_.weight_of_loss;
    const auto all = static_cast<double>(searching_.size());
    return alpha * (loss_sum / rows / loss_mean_ - 1) - (1 - alpha) * (all / rows - 1);
  }

  /// No conjunction of both can score higher, as it has rows and loss of neither more.
  [[nodiscard]] double score_bound(const Conjunction& a, const Conjunction& b) const {
    const auto rows = static_cast<double>(std::min(a.rows.size(), b.rows.size()));
    const double sum = std::min(a.loss_sum, b.loss_sum);
    const double most = std::min(a.loss_max, b.loss_max);
    double bound = -std::numeric_limits<double>::infinity();
    for (const double size : {support_, most > 0 ? sum / most : rows, rows}) {
      const double kept = std::clamp(size, support_, rows);
      bound = std::max(bound, score(kept, std::min(sum, kept * most)));
    }
    return bound;
  }

  [[nodiscard]] double score_to_beat() const {
    return best_.size() < options_.candidates_max ? 0 : std::max(0.0, best_.back().score);
  }

  void measure(Conjunction& one) const {
    for (const uint32_t row : one.rows) {
      one.loss_sum += loss_[row];
      one.loss_max = std::max(one.loss_max, loss_[row]);
    }
    one.score = score(static_cast<double>(one.rows.size()), one.loss_sum);
  }

  void propose(const Conjunction& one) {
    if (one.score <= score_to_beat() || one.score <= one.score_of_parts) return;
    const auto place = std::upper_bound(best_.begin(), best_.end(), one, better);
    best_.insert(place, one);
    if (best_.size() > options_.candidates_max) best_.pop_back();
  }

  static bool better(const Conjunction& a, const Conjunction& b) {
    return a.score != b.score ? a.score > b.score : a.conditions < b.conditions;
  }

  /// The best go on, in the order of their conditions, so that those with one beginning adjoin.
  static void limit(std::vector<Conjunction>& level) {
    if (level.size() > kLevelMax) {
      std::sort(level.begin(), level.end(), better);
      level.resize(kLevelMax);
    }
    std::sort(level.begin(), level.end(), [](const Conjunction& a, const Conjunction& b) {
      return a.conditions < b.conditions;
    });
  }

  std::vector<Conjunction> single_conditions() {
    std::vector<Conjunction> level;
    for (uint32_t c = 0; c < columns_.size(); ++c) {
      std::vector<std::vector<uint32_t>> rows(columns_[c].conditions.size());
      for (const uint32_t row : searching_) {
        const int32_t number = columns_[c].met[row];
        if (number >= 0) rows[static_cast<size_t>(number)].push_back(row);
      }
      for (size_t number = 0; number < rows.size(); ++number) {
        ++result_.searched_count;
        if (static_cast<double>(rows[number].size()) < support_) continue;
        Conjunction one;
        one.conditions = {{.column = c, .number = static_cast<int32_t>(number)}};
        one.rows = std::move(rows[number]);
        measure(one);
        propose(one);
        level.push_back(std::move(one));
      }
    }
    limit(level);
    return level;
  }

  /// Pairs that differ in their last condition only, as in frequent item sets.
  std::vector<Conjunction> joined(const std::vector<Conjunction>& level) {
    std::vector<Conjunction> next;
    for (size_t i = 0; i < level.size(); ++i) {
      for (size_t j = i + 1; j < level.size() && share_beginning(level[i], level[j]); ++j) {
        if (level[i].conditions.back().column == level[j].conditions.back().column) continue;
        ++result_.searched_count;
        if (score_bound(level[i], level[j]) <= score_to_beat()) continue;
        Conjunction both = conjunction_of(level[i], level[j]);
        if (static_cast<double>(both.rows.size()) < support_) continue;
        measure(both);
        propose(both);
        next.push_back(std::move(both));
      }
    }
    limit(next);
    return next;
  }

  static bool share_beginning(const Conjunction& a, const Conjunction& b) {
    return std::equal(a.conditions.begin(), a.conditions.end() - 1, b.conditions.begin());
  }

  static Conjunction conjunction_of(const Conjunction& a, const Conjunction& b) {
    Conjunction both;
    both.conditions = a.conditions;
    both.conditions.push_back(b.conditions.back());
    std::set_intersection(a.rows.begin(), a.rows.end(), b.rows.begin(), b.rows.end(),
                          std::back_inserter(both.rows));
    both.score_of_parts = std::max({a.score, b.score, a.score_of_parts, b.score_of_parts});
    return both;
  }

  [[nodiscard]] bool meets(uint32_t row, const Conjunction& one) const {
    return std::all_of(one.conditions.begin(), one.conditions.end(),
                       [&](const Condition& c) { return columns_[c.column].met[row] == c.number; });
  }

  /// The other half, which the search did not see, decides.
  void confirm() {
    std::vector<FoundSlice> tested;
    std::vector<double> p_values;
    for (const Conjunction& one : best_) {
      FoundSlice slice{.name = {}, .rows = {}};
      Moments inside, outside;
      for (const uint32_t row : confirming_) {
        const bool is_in = meets(row, one);
        (is_in ? inside : outside).add(loss_[row]);
        if (is_in) slice.rows.push_back(row);
      }
      // By an uneven deal too few rows may be here.
      if (inside.count < kGroupRowsMin || outside.count < kGroupRowsMin) continue;
      for (const Condition& c : one.conditions) {
        slice.name += (slice.name.empty() ? "" : ", ") +
                      columns_[c.column].conditions[static_cast<size_t>(c.number)];
      }
      slice.row_count = std::ssize(one.rows) + std::ssize(slice.rows);
      slice.loss = inside.mean();
      slice.loss_elsewhere = outside.mean();
      p_values.push_back(welch_p(inside, outside));
      tested.push_back(std::move(slice));
    }
    result_.candidate_count = tested.size();
    // Candidates share rows, so their tests depend on each other in any way.
    const auto adjusted = adjusted_p_values(p_values, FalseDiscovery::benjamini_yekutieli);
    for (size_t i = 0; i < tested.size(); ++i) {
      tested[i].p = adjusted[i];
      if (adjusted[i] <= options_.false_rate) result_.found.push_back(std::move(tested[i]));
    }
    std::sort(result_.found.begin(), result_.found.end(),
              [](const FoundSlice& a, const FoundSlice& b) {
                return a.loss != b.loss ? a.loss > b.loss : a.name < b.name;
              });
  }

  std::span<const double> loss_;
  std::span<const SearchColumn> columns_;
  const SliceSearchOptions& options_;
  std::vector<uint32_t> searching_, confirming_;
  double support_ = 0;
  double loss_mean_ = 0;
  std::vector<Conjunction> best_;  ///< Candidates, the best first.
  SliceSearch result_;
};

std::string number_text(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

}  // namespace

SearchColumn search_texts(const std::string& name, std::span<const std::string> texts) {
  std::map<std::string_view, int64_t> counts;
  for (const std::string& text : texts) ++counts[text];
  std::vector<std::pair<std::string_view, int64_t>> values(counts.begin(), counts.end());
  std::stable_sort(values.begin(), values.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (values.size() > kSearchedValuesMax) values.resize(kSearchedValuesMax);
  SearchColumn column{.name = name, .conditions = {}, .met = {}};
  std::map<std::string_view, int32_t> numbers;
  for (const auto& [value, count] : values) {
    numbers.emplace(value, static_cast<int32_t>(numbers.size()));
    column.conditions.push_back(name + "=" + std::string(value));
  }
  for (const std::string& text : texts) {
    const auto found = numbers.find(text);
    column.met.push_back(found == numbers.end() ? -1 : found->second);
  }
  return column;
}

SearchColumn search_numbers(const std::string& name, std::span<const double> numbers) {
  std::vector<double> sorted;
  for (const double one : numbers) {
    if (!std::isnan(one)) sorted.push_back(one);
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> edges = sorted;  // Upper ends, each of its condition.
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  const bool is_few = edges.size() <= kDistinctNumbersMax;
  if (!is_few) {
    edges.clear();
    for (const double share : {0.25, 0.5, 0.75, 1.0}) {
      edges.push_back(
          sorted[static_cast<size_t>(std::ceil(share * static_cast<double>(sorted.size())) - 1)]);
    }
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  }
  SearchColumn column{.name = name, .conditions = {}, .met = {}};
  for (size_t i = 0; i < edges.size(); ++i) {
    const std::string upper = number_text(edges[i]);
    column.conditions.push_back(is_few   ? name + "=" + upper
                                : i == 0 ? name + " <= " + upper
                                : i + 1 == edges.size()
                                    ? name + " > " + number_text(edges[i - 1])
                                    : number_text(edges[i - 1]) + " < " + name + " <= " + upper);
  }
  column.conditions.push_back(name + " is missing");
  for (const double one : numbers) {
    const auto place = std::lower_bound(edges.begin(), edges.end(), one) - edges.begin();
    column.met.push_back(static_cast<int32_t>(std::isnan(one) ? std::ssize(edges) : place));
  }
  return column;
}

Result<SliceSearch> find_slices(std::span<const double> loss, std::span<const SearchColumn> columns,
                                const SliceSearchOptions& options) {
  for (const SearchColumn& column : columns) {
    if (column.met.size() == loss.size()) continue;
    return invalid_input("searching slices: column `" + column.name + "` has " +
                         std::to_string(column.met.size()) + " values for " +
                         std::to_string(loss.size()) + " rows");
  }
  for (size_t row = 0; row < loss.size(); ++row) {
    if (std::isfinite(loss[row]) && loss[row] >= 0) continue;
    return invalid_input("searching slices: the loss of row " + std::to_string(row) +
                         " is negative or not finite");
  }
  return Search(loss, columns, options).run();
}

std::vector<double> row_losses(const Outcome& rows, const MeasureOptions& options) {
  if (options.class_count > 0) return class_losses(rows, options.class_count);
  std::vector<uint32_t> order(rows.label.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<uint32_t>(i);
  if (!options.regression) return arrange(rows, order, false).loss;
  std::vector<double> losses;
  losses.reserve(rows.label.size());
  for (size_t i = 0; i < rows.label.size(); ++i) {
    const double off = rows.prediction[i] - rows.label[i];
    losses.push_back(off * off);
  }
  return losses;
}

}  // namespace millgate
