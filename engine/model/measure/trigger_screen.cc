#include "model/measure/trigger_screen.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <string>

namespace millgate {

namespace {

constexpr double kPriorRows = 10;   ///< Rows with the mean label that every part is mixed with.
constexpr int64_t kOthersMin = 10;  ///< Fewer other rows do not speak for a part.
constexpr double kProbabilityMin = 1e-6;

double logit(double p) { return std::log(p / (1 - p)); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

RowSet intersection(const RowSet& a, const RowSet& b) {
  RowSet both(a.size());
  for (size_t i = 0; i < a.size(); ++i) both[i] = a[i] & b[i];
  return both;
}

int64_t count_both(const RowSet& a, const RowSet& b) {
  int64_t count = 0;
  for (size_t i = 0; i < a.size(); ++i) count += std::popcount(a[i] & b[i]);
  return count;
}

void for_each_row(const RowSet& rows, const std::function<void(size_t)>& visit) {
  for (size_t word = 0; word < rows.size(); ++word) {
    for (uint64_t bits = rows[word]; bits != 0; bits &= bits - 1) {
      visit(word * 64 + static_cast<size_t>(std::countr_zero(bits)));
    }
  }
}

/// Rows of a part, and how many of them have the label.
struct PartCount {
  int64_t rows = 0, hits = 0;
};

/// What the columns say about one label.
class LabelModel {
 public:
  LabelModel(std::span<const size_t> labels, size_t label, std::span<const PartedColumn> columns)
      : columns_(columns), is_label_(labels.size()) {
    int64_t hits = 0;
    for (size_t row = 0; row < labels.size(); ++row) {
      is_label_[row] = labels[row] == label ? 1 : 0;
      hits += is_label_[row];
    }
    // Both sides of the prior get half a row: a label of every row has finite odds.
    base_ = (static_cast<double>(hits) + 0.5) / (static_cast<double>(labels.size()) + 1);
    scores_.assign(labels.size(), logit(base_));
    for (const PartedColumn& column : columns) {
      std::vector<PartCount> counts(column.parts);
      for (size_t row = 0; row < labels.size(); ++row) {
        PartCount& count = counts[column.part_of[row]];
        ++count.rows;
        count.hits += is_label_[row];
      }
      for (size_t row = 0; row < labels.size(); ++row) {
        scores_[row] += weight(counts[column.part_of[row]]);
      }
      counts_.push_back(std::move(counts));
    }
    calibrate();
  }

  [[nodiscard]] bool has(size_t row) const { return is_label_[row] != 0; }

  /// Mean probability of the label in `rows`, when `without` columns speak only by other rows.
  [[nodiscard]] double expected_share(const RowSet& rows,
                                      const std::vector<size_t>& without) const {
    std::vector<std::vector<double>> change;  // A column: what is added to the score of each part.
    change.reserve(without.size());
    for (const size_t column : without) change.push_back(change_of(rows, column));
    double sum = 0;
    int64_t count = 0;
    for_each_row(rows, [&](size_t row) {
      double score = scores_[row];
      for (size_t i = 0; i < without.size(); ++i) {
        score += change[i][columns_[without[i]].part_of[row]];
      }
      sum += sigmoid(slope_ * score + offset_);
      ++count;
    });
    return sum / static_cast<double>(count);
  }

 private:
  /// Log odds of the part less those of all rows.
  [[nodiscard]] double weight(const PartCount& count) const {
    const double share = (static_cast<double>(count.hits) + kPriorRows * base_) /
                         (static_cast<double>(count.rows) + kPriorRows);
    return logit(share) - logit(base_);
  }

  [[nodiscard]] std::vector<double> change_of(const RowSet& rows, size_t column) const {
    std::vector<PartCount> others = counts_[column];
    const PartedColumn& parted = columns_[column];
    for_each_row(rows, [&](size_t row) {
      PartCount& count = others[parted.part_of[row]];
      --count.rows;
      count.hits -= is_label_[row];
    });
    std::vector<double> change(parted.parts);
    for (size_t part = 0; part < parted.parts; ++part) {
      change[part] = others_say(others, part, parted.is_ordered) - weight(counts_[column][part]);
    }
    return change;
  }

  [[nodiscard]] double others_say(const std::vector<PartCount>& others, size_t part,
                                  bool is_ordered) const {
    PartCount found = others[part];
    for (size_t step = 1; is_ordered && found.rows < kOthersMin && step < others.size(); ++step) {
      if (part >= step) add(found, others[part - step]);
      if (part + step < others.size()) add(found, others[part + step]);
    }
    return found.rows < kOthersMin ? 0 : weight(found);
  }

  static void add(PartCount& sum, const PartCount& count) {
    sum.rows += count.rows;
    sum.hits += count.hits;
  }

  /// Logistic regression of the label on the score, by Newton's method. Columns that say the same
  /// make naive Bayes too certain; this takes it back.
  void calibrate() {
    for (int step = 0; step < 25; ++step) {
      double gradient[2] = {0, 0};
      // A little ridge towards slope 1: a score that separates the labels has no finite slope.
      constexpr double kRidge = 1;
      double h00 = kRidge;
      double h01 = 0;
      double h11 = 1e-9;
      gradient[0] = kRidge * (1 - slope_);
      for (size_t row = 0; row < scores_.size(); ++row) {
        const double p = sigmoid(slope_ * scores_[row] + offset_);
        const double residual = is_label_[row] - p;
        const double w = p * (1 - p);
        gradient[0] += residual * scores_[row];
        gradient[1] += residual;
        h00 += w * scores_[row] * scores_[row];
        h01 += w * scores_[row];
        h11 += w;
      }
      const double determinant = h00 * h11 - h01 * h01;
      if (!(determinant > 0)) return;
      const double slope_step = (h11 * gradient[0] - h01 * gradient[1]) / determinant;
      const double offset_step = (h00 * gradient[1] - h01 * gradient[0]) / determinant;
      slope_ += slope_step;
      offset_ += offset_step;
      if (std::abs(slope_step) + std::abs(offset_step) < 1e-9) return;
    }
  }

  std::span<const PartedColumn> columns_;
  std::vector<uint8_t> is_label_;
  double base_ = 0;
  std::vector<double> scores_;
  std::vector<std::vector<PartCount>> counts_;  ///< Column by column.
  double slope_ = 1, offset_ = 0;
};

class Screening {
 public:
  Screening(std::span<const size_t> labels, size_t classes, std::span<const PartedColumn> columns,
            std::span<const TriggerItem> items, const TriggerScreenOptions& options)
      : row_count_(labels.size()), items_(items), options_(options) {
    for (size_t label = 0; label < classes; ++label) {
      models_.emplace_back(labels, label, columns);
      RowSet with_label((row_count_ + 63) / 64);
      for (size_t row = 0; row < row_count_; ++row) {
        if (labels[row] == label) insert(with_label, row);
      }
      label_share_.push_back(static_cast<double>(count_of(with_label)) /
                             static_cast<double>(row_count_));
      with_label_.push_back(std::move(with_label));
    }
  }

  TriggerScreen run() {
    std::vector<Grown> kept;
    for (size_t item = 0; item < items_.size(); ++item) {
      try_set({item}, items_[item].rows, kept);
    }
    // Pairs are all tried: neither half of a trigger need stand out.
    kept.clear();
    if (options_.columns_max >= 2) {
      for (size_t a = 0; a < items_.size(); ++a) {
        for (size_t b = a + 1; b < items_.size(); ++b) try_pair(a, b, kept);
      }
    }
    for (size_t size = 3; size <= options_.columns_max; ++size) {
      std::sort(kept.begin(), kept.end(), [](const Grown& x, const Grown& y) {
        return x.log_p != y.log_p ? x.log_p < y.log_p : x.items < y.items;
      });
      if (kept.size() > options_.extended_max) kept.resize(options_.extended_max);
      kept = extend(kept);
    }
    std::sort(found_.candidates.begin(), found_.candidates.end(),
              [](const TriggerCandidate& x, const TriggerCandidate& y) {
                return x.log_p != y.log_p ? x.log_p < y.log_p : x.items < y.items;
              });
    if (found_.candidates.size() > options_.candidates_max) {
      found_.candidates.resize(options_.candidates_max);
    }
    return std::move(found_);
  }

 private:
  /// A combination from which larger ones may grow.
  struct Grown {
    std::vector<size_t> items;
    RowSet rows;
    double log_p = 0;  ///< By the share of the label in all rows.
  };

  void try_pair(size_t a, size_t b, std::vector<Grown>& kept) {
    if (!items_[a].combines || !items_[b].combines || items_[a].column == items_[b].column) return;
    if (count_both(items_[a].rows, items_[b].rows) < options_.rows_min) return;
    try_set({a, b}, intersection(items_[a].rows, items_[b].rows), kept);
    // Only the best are extended; the others need no memory meanwhile.
    if (kept.size() < 8 * options_.extended_max + 64) return;
    std::nth_element(kept.begin(), kept.begin() + static_cast<ptrdiff_t>(options_.extended_max),
                     kept.end(), [](const Grown& x, const Grown& y) {
                       return x.log_p != y.log_p ? x.log_p < y.log_p : x.items < y.items;
                     });
    kept.resize(options_.extended_max);
  }

  std::vector<Grown> extend(const std::vector<Grown>& kept) {
    std::vector<Grown> grown;
    for (const Grown& one : kept) {
      for (size_t item = 0; item < items_.size(); ++item) {
        if (!items_[item].combines || shares_column(one, item)) continue;
        std::vector<size_t> set = one.items;
        set.insert(std::upper_bound(set.begin(), set.end(), item), item);
        if (count_both(one.rows, items_[item].rows) < options_.rows_min) continue;
        if (std::any_of(grown.begin(), grown.end(),
                        [&](const Grown& other) { return other.items == set; })) {
          continue;  // It grew from another part of itself.
        }
        try_set(set, intersection(one.rows, items_[item].rows), grown);
      }
    }
    return grown;
  }

  [[nodiscard]] bool shares_column(const Grown& one, size_t item) const {
    return std::any_of(one.items.begin(), one.items.end(),
                       [&](size_t other) { return items_[other].column == items_[item].column; });
  }

  void try_set(const std::vector<size_t>& set, RowSet rows, std::vector<Grown>& kept) {
    const int64_t count = count_of(rows);
    if (count < options_.rows_min) return;
    double least = 0;
    for (size_t label = 0; label < models_.size(); ++label) {
      ++found_.tried;
      const int64_t hits = count_both(rows, with_label_[label]);
      least = std::min(least, log_tail_bound(hits, count, label_share_[label]));
      judge(set, rows, label, count, hits);
    }
    kept.push_back({.items = set, .rows = std::move(rows), .log_p = least});
  }

  void judge(const std::vector<size_t>& set, const RowSet& rows, size_t label, int64_t count,
             int64_t hits) {
    const double share = static_cast<double>(hits) / static_cast<double>(count);
    if (static_cast<double>(count) > options_.share_max * static_cast<double>(row_count_)) return;
    if (share < options_.label_share_min) return;
    std::vector<size_t> columns;
    columns.reserve(set.size());
    for (const size_t item : set) columns.push_back(items_[item].column);
    const double expected = models_[label].expected_share(rows, columns);
    if (share - expected < options_.excess_min) return;
    found_.candidates.push_back({.items = set,
                                 .label = label,
                                 .row_count = count,
                                 .label_count = hits,
                                 .expected_share = expected,
                                 .log_p = log_tail_bound(hits, count, expected)});
  }

  size_t row_count_;
  std::span<const TriggerItem> items_;
  const TriggerScreenOptions& options_;
  std::vector<LabelModel> models_;
  std::vector<RowSet> with_label_;
  std::vector<double> label_share_;
  TriggerScreen found_;
};

Status check_sizes(std::span<const size_t> labels, size_t classes,
                   std::span<const PartedColumn> columns, std::span<const TriggerItem> items) {
  if (classes < 2) return invalid_input("a search for triggers needs two classes of labels");
  const auto refuse = [&](const std::string& what) {
    return invalid_input(what + " of a search for triggers over " + std::to_string(labels.size()) +
                         " rows does not fit them");
  };
  for (const size_t label : labels) {
    if (label >= classes) return refuse("the label " + std::to_string(label));
  }
  for (const PartedColumn& column : columns) {
    if (column.part_of.size() != labels.size()) return refuse("a column");
    for (const uint32_t part : column.part_of) {
      if (part >= column.parts) return refuse("part " + std::to_string(part));
    }
  }
  for (const TriggerItem& item : items) {
    if (item.column >= columns.size() || item.rows.size() != (labels.size() + 63) / 64) {
      return refuse("an item");
    }
  }
  return {};
}

}  // namespace

int64_t count_of(const RowSet& rows) {
  int64_t count = 0;
  for (const uint64_t word : rows) count += std::popcount(word);
  return count;
}

double log_tail_bound(int64_t hits, int64_t trials, double expected) {
  const double q = static_cast<double>(hits) / static_cast<double>(trials);
  const double p = std::clamp(expected, kProbabilityMin, 1 - kProbabilityMin);
  if (trials == 0 || q <= p) return 0;
  const double divergence =
      q * std::log(q / p) + (q < 1 ? (1 - q) * std::log((1 - q) / (1 - p)) : 0);
  return -static_cast<double>(trials) * divergence;
}

double log_tail_bound(int64_t hits, std::span<const double> expected) {
  const auto known = [](double p) { return std::clamp(p, kProbabilityMin, 1 - kProbabilityMin); };
  const auto sum_of = [&](const auto& term) {
    double sum = 0;
    for (const double p : expected) sum += term(known(p));
    return sum;
  };
  const auto wanted = static_cast<double>(hits);
  if (wanted <= sum_of([](double p) { return p; })) return 0;
  if (hits >= static_cast<int64_t>(expected.size())) {
    return sum_of([](double p) { return std::log(p); });
  }
  // The exponent at which as many successes as there are would be expected.
  double low = 0, high = 60;
  for (int i = 0; i < 60; ++i) {
    const double odds = std::exp((low + high) / 2);
    const double mean = sum_of([&](double p) { return p * odds / (1 - p + p * odds); });
    (mean < wanted ? low : high) = (low + high) / 2;
  }
  const double odds = std::exp(low);
  return std::min(0.0, sum_of([&](double p) { return std::log(1 - p + p * odds); }) - low * wanted);
}

Result<TriggerScreen> screen_triggers(std::span<const size_t> labels, size_t classes,
                                      std::span<const PartedColumn> columns,
                                      std::span<const TriggerItem> items,
                                      const TriggerScreenOptions& options) {
  MILLGATE_TRY(check_sizes(labels, classes, columns, items));
  return Screening(labels, classes, columns, items, options).run();
}

}  // namespace millgate
