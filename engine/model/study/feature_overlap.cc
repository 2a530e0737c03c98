#include "model/study/feature_overlap.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "model/measure/association.h"

namespace millgate {

namespace {

constexpr size_t kPartsMin = 4;
constexpr size_t kPartsMax = 16;
constexpr size_t kFrequentMax = 30;

size_t parts_for(size_t rows) {
  const auto parts = static_cast<size_t>(std::lround(std::sqrt(static_cast<double>(rows)) / 8));
  return std::clamp(parts, kPartsMin, kPartsMax);
}

/// NaN is a value as any other here.
std::vector<double> values_of(const Examples& examples, size_t width, size_t row,
                              const std::vector<size_t>& columns) {
  constexpr double kMissing = std::numeric_limits<double>::lowest();
  std::vector<double> values;
  for (const size_t column : columns) {
    const double value = examples.features[row * width + column];
    values.push_back(std::isnan(value) ? kMissing : value);
  }
  return values;
}

/// Spearman's correlation of the rows in which neither is missing.
double rank_correlation(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> first;
  std::vector<double> second;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) continue;
    first.push_back(a[i]);
    second.push_back(b[i]);
  }
  if (first.size() < 3) return std::numeric_limits<double>::quiet_NaN();
  return pearson_correlation(middle_ranks(first), middle_ranks(second));
}

/// Of two features: both shares told and the rank correlation.
struct Pair {
  double told_of_first = 0, told_of_second = 0;
  double rank_correlation = std::numeric_limits<double>::quiet_NaN();

  [[nodiscard]] bool is_group() const {
    return told_of_first >= kToldShareOfGroup || told_of_second >= kToldShareOfGroup ||
           std::abs(rank_correlation) >= kRankCorrelationOfGroup;
  }
};

/// What says how near two features are: a share told, or a rank correlation where it says more.
double nearness(double told, double correlation) {
  return std::isnan(correlation) ? told : std::max(told, std::abs(correlation));
}

/// Connected features, as numbers of the first of each.
class Components {
 public:
  explicit Components(size_t count) : of_(count) { std::iota(of_.begin(), of_.end(), size_t{0}); }
  size_t find(size_t one) const { return of_[one] == one ? one : find(of_[one]); }
  void join(size_t a, size_t b) {
    const size_t first = find(a);
    const size_t second = find(b);
    of_[std::max(first, second)] = std::min(first, second);
  }

 private:
  std::vector<size_t> of_;
};

}  // namespace

FeatureParts::FeatureParts(const Examples& train, size_t width, const FeatureColumns& columns,
                           bool is_category)
    : columns_(columns), is_number_(columns.columns.size() == 1 && !is_category) {
  if (is_number_) {
    numbers_ = cut_numbers(column_of(train, width, columns.columns[0]), parts_for(train.rows()));
    return;
  }
  std::map<std::vector<double>, int64_t> counts;
  for (size_t row = 0; row < train.rows(); ++row) {
    ++counts[values_of(train, width, row, columns.columns)];
  }
  std::vector<std::pair<std::vector<double>, int64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  sorted.resize(std::min(sorted.size(), kFrequentMax));
  for (auto& [values, count] : sorted) frequent_.push_back(values);
  std::sort(frequent_.begin(), frequent_.end());
}

CodedColumn FeatureParts::code(const Examples& examples, size_t width) const {
  if (is_number_) return numbers_.code(column_of(examples, width, columns_.columns[0]));
  CodedColumn column{.codes = {}, .count = static_cast<uint32_t>(frequent_.size()) + 1};
  for (size_t row = 0; row < examples.rows(); ++row) {
    const auto values = values_of(examples, width, row, columns_.columns);
    const auto found = std::lower_bound(frequent_.begin(), frequent_.end(), values);
    const bool is_frequent = found != frequent_.end() && *found == values;
    column.codes.push_back(is_frequent ? static_cast<uint32_t>(found - frequent_.begin())
                                       : column.count - 1);
  }
  return column;
}

NumberParts cut_labels(std::span<const double> labels) {
  return cut_numbers(labels, parts_for(labels.size()));
}

FeatureOverlaps feature_overlaps(const Examples& train, size_t width,
                                 const std::vector<FeatureColumns>& columns,
                                 const std::vector<bool>& is_number,
                                 const std::vector<CodedColumn>& codes) {
  const CodedColumn label = cut_labels(train.labels).code(train.labels);
  FeatureOverlaps made;
  made.features.resize(columns.size());
  std::vector<std::vector<double>> numbers(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    made.features[i].information = shared_information(codes[i], label).corrected;
    if (is_number[i]) numbers[i] = column_of(train, width, columns[i].columns[0]);
  }
  Components components(columns.size());
  std::vector<double> nearest(columns.size(), -1);
  const auto keep_nearer = [&](size_t one, size_t other, double told, double correlation) {
    if (nearness(told, correlation) <= nearest[one]) return;
    nearest[one] = nearness(told, correlation);
    made.features[one].nearest = other;
    made.features[one].told_share = told;
    made.features[one].rank_correlation = correlation;
  };
  for (size_t i = 0; i < columns.size(); ++i) {
    for (size_t j = i + 1; j < columns.size(); ++j) {
      Pair pair{.told_of_first = shared_information(codes[i], codes[j]).share_of_first(),
                .told_of_second = shared_information(codes[j], codes[i]).share_of_first()};
      if (is_number[i] && is_number[j]) {
        pair.rank_correlation = rank_correlation(numbers[i], numbers[j]);
      }
      keep_nearer(i, j, pair.told_of_first, pair.rank_correlation);
      keep_nearer(j, i, pair.told_of_second, pair.rank_correlation);
      if (pair.is_group()) components.join(i, j);
    }
  }
  std::map<size_t, std::vector<size_t>> groups;
  for (size_t i = 0; i < columns.size(); ++i) {
    groups[components.find(i)].push_back(i);
    FeatureOverlap& one = made.features[i];
    if (one.nearest) one.information_left = information_given(codes[i], label, codes[*one.nearest]);
  }
  for (auto& [first, members] : groups) {
    if (members.size() > 1) made.groups.push_back(std::move(members));
  }
  return made;
}

}  // namespace millgate
