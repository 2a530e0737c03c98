#include "model/measure/ranking_measures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "model/measure/resample_lanes.h"

namespace millgate {
namespace {

constexpr size_t kFirstMeasure = static_cast<size_t>(Measure::ndcg);
constexpr size_t kRankingMeasures = kMeasureCount - kFirstMeasure;
constexpr size_t kAllRows = std::numeric_limits<size_t>::max();

/// The metrics of one query, in the order of `Measure`.
using QueryValues = std::array<double, kRankingMeasures>;

bool is_relevant(double label) { return label >= 1; }

struct RankedLabel {
  double label = 0;
  double prediction = 0;
};

double discount(size_t rank) { return 1 / std::log2(static_cast<double>(rank) + 2); }

/// Gain of the first `k` ranks; rows of equal predictions share what their ranks give. Descending.
double gain_of_predicted(std::span<const RankedLabel> rows, size_t k) {
  double gain = 0;
  for (size_t begin = 0; begin < std::min(k, rows.size());) {
    size_t end = begin;
    double labels = 0, discounts = 0;
    for (; end < rows.size() && rows[end].prediction == rows[begin].prediction; ++end) {
      labels += rows[end].label;
      if (end < k) discounts += discount(end);
    }
    gain += labels / static_cast<double>(end - begin) * discounts;
    begin = end;
  }
  return gain;
}

double gain_of_best(std::span<const double> descending, size_t k) {
  double gain = 0;
  for (size_t i = 0; i < std::min(k, descending.size()); ++i) gain += descending[i] * discount(i);
  return gain;
}

/// What the first ranks hold of the relevant rows.
struct Hits {
  std::vector<double> until;       ///< Relevant rows among the first i + 1.
  std::vector<double> precisions;  ///< Sum of the precisions at the relevant ones of them.
  size_t first = kAllRows;

  explicit Hits(std::span<const RankedLabel> rows) {
    double hits = 0, precision = 0;
    until.reserve(rows.size());
    precisions.reserve(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      if (is_relevant(rows[i].label)) {
        if (first == kAllRows) first = i;
        precision += ++hits / static_cast<double>(i + 1);
      }
      until.push_back(hits);
      precisions.push_back(precision);
    }
  }
  [[nodiscard]] double all() const { return until.back(); }
  [[nodiscard]] double at(size_t k) const { return until[std::min(k, until.size()) - 1]; }
  [[nodiscard]] double precisions_at(size_t k) const {
    return precisions[std::min(k, precisions.size()) - 1];
  }
};

QueryValues values_of(std::vector<RankedLabel> rows) {
  std::sort(rows.begin(), rows.end(), [](const RankedLabel& a, const RankedLabel& b) {
    return a.prediction != b.prediction ? a.prediction > b.prediction : a.label < b.label;
  });
  std::vector<double> best;
  best.reserve(rows.size());
  for (const RankedLabel& one : rows) best.push_back(one.label);
  std::sort(best.begin(), best.end(), std::greater<>());
  QueryValues values{};
  const auto set = [&](Measure measure, double value) {
    values[static_cast<size_t>(measure) - kFirstMeasure] = value;
  };
  const auto normalised = [&](size_t k) {
    const double ideal = gain_of_best(best, k);
    return ideal > 0 ? gain_of_predicted(rows, k) / ideal : 0.0;
  };
  set(Measure::ndcg, normalised(kAllRows));
  set(Measure::ndcg_5, normalised(5));
  set(Measure::ndcg_10, normalised(10));
  const Hits hits(rows);
  if (hits.all() == 0) return values;
  set(Measure::map, hits.precisions_at(kAllRows) / hits.all());
  set(Measure::map_10, hits.precisions_at(10) / hits.all());
  set(Measure::mrr, 1 / static_cast<double>(hits.first + 1));
  set(Measure::precision_5, hits.at(5) / 5);
  set(Measure::precision_10, hits.at(10) / 10);
  set(Measure::recall_5, hits.at(5) / hits.all());
  set(Measure::recall_10, hits.at(10) / hits.all());
  set(Measure::hit_rate_1, hits.at(1) > 0 ? 1 : 0);
  set(Measure::hit_rate_5, hits.at(5) > 0 ? 1 : 0);
  set(Measure::hit_rate_10, hits.at(10) > 0 ? 1 : 0);
  return values;
}

/// The rows of each query, in the order of their numbers.
struct Queries {
  std::vector<std::vector<uint32_t>> rows;
  std::vector<uint32_t> of_row;

  explicit Queries(std::span<const uint32_t> query) : of_row(query.size()) {
    std::vector<uint32_t> order(query.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return query[a] < query[b]; });
    for (size_t i = 0; i < order.size(); ++i) {
      if (i == 0 || query[order[i]] != query[order[i - 1]]) rows.emplace_back();
      rows.back().push_back(order[i]);
      of_row[order[i]] = static_cast<uint32_t>(rows.size() - 1);
    }
  }

  /// Those of which `group` holds all rows, ascending.
  [[nodiscard]] std::vector<uint32_t> whole(const std::vector<uint32_t>& group) const {
    std::vector<size_t> held(rows.size(), 0);
    for (const uint32_t row : group) ++held[of_row[row]];
    std::vector<uint32_t> found;
    for (size_t q = 0; q < rows.size(); ++q) {
      if (held[q] == rows[q].size()) found.push_back(static_cast<uint32_t>(q));
    }
    return found;
  }
};

std::vector<QueryValues> values_of_queries(const Outcome& rows, const Queries& queries) {
  std::vector<QueryValues> values;
  values.reserve(queries.rows.size());
  for (const std::vector<uint32_t>& query : queries.rows) {
    std::vector<RankedLabel> ranked;
    ranked.reserve(query.size());
    for (const uint32_t row : query) ranked.push_back({rows.label[row], rows.prediction[row]});
    values.push_back(values_of(std::move(ranked)));
  }
  return values;
}

/// The means over `chosen` queries, each as often as `weight_of` says; NaN where none is left.
template <typename Weight>
Measures means_of(const std::vector<QueryValues>& values, const std::vector<uint32_t>& chosen,
                  const Weight& weight_of) {
  QueryValues sums{};
  double count = 0;
  for (const uint32_t query : chosen) {
    const double weight = weight_of(query);
    if (weight == 0) continue;
    count += weight;
    for (size_t m = 0; m < kRankingMeasures; ++m) sums[m] += weight * values[query][m];
  }
  Measures means;
  means.fill(std::numeric_limits<double>::quiet_NaN());
  if (count == 0) return means;
  for (size_t m = 0; m < kRankingMeasures; ++m) means[kFirstMeasure + m] = sums[m] / count;
  return means;
}

}  // namespace

GroupMeasures measure_ranking_groups(const Outcome& rows,
                                     std::span<const std::vector<uint32_t>> groups,
                                     const MeasureOptions& options) {
  const Queries queries(rows.query);
  const std::vector<QueryValues> values = values_of_queries(rows, queries);
  std::vector<std::vector<uint32_t>> judged;
  judged.reserve(groups.size());
  for (const std::vector<uint32_t>& group : groups) judged.push_back(queries.whole(group));
  GroupMeasures measured;
  for (const std::vector<uint32_t>& chosen : judged) {
    measured.point.push_back(means_of(values, chosen, [](uint32_t) { return 1.0; }));
  }
  measured.resampled.resize(static_cast<size_t>(options.resamples) * groups.size());
  visit_resamples(
      queries.rows.size(), options, [&](const DrawnRows& drawn, size_t first, size_t lanes) {
        for (size_t lane = 0; lane < lanes; ++lane) {
          for (size_t g = 0; g < groups.size(); ++g) {
            measured.resampled[(first + lane) * groups.size() + g] = means_of(
                values, judged[g],
                [&](uint32_t query) { return static_cast<double>(drawn.of(query)[lane]); });
          }
        }
      });
  return measured;
}

WholeQueries whole_queries(const Outcome& rows, const std::vector<uint32_t>& group) {
  const Queries queries(rows.query);
  const std::vector<uint32_t> whole = queries.whole(group);
  const auto irrelevant = std::count_if(whole.begin(), whole.end(), [&](uint32_t query) {
    const auto& of_query = queries.rows[query];
    return std::none_of(of_query.begin(), of_query.end(),
                        [&](uint32_t row) { return is_relevant(rows.label[row]); });
  });
  return {.count = std::ssize(whole), .irrelevant_count = irrelevant};
}

std::optional<double> ndcg(const Outcome& rows) {
  if (rows.label.empty()) return std::nullopt;
  const std::vector<double> values = query_values(rows, Measure::ndcg);
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::vector<double> query_values(const Outcome& rows, Measure measure) {
  const std::vector<QueryValues> all = values_of_queries(rows, Queries(rows.query));
  std::vector<double> values;
  values.reserve(all.size());
  for (const QueryValues& one : all) {
    values.push_back(one[static_cast<size_t>(measure) - kFirstMeasure]);
  }
  return values;
}

}  // namespace millgate
