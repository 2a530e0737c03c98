#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "data/check/table_profile.h"
#include "model/measure/association.h"

namespace millgate {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// A column of the sample, made ready for being paired.
struct SampledColumn {
  bool is_category = false;
  bool usable = false;         ///< More than one value, and not a name for each row.
  std::vector<double> values;  ///< NaN: missing.
  std::vector<double> ranks;
  std::vector<int32_t> codes;  ///< Categories, or bins of numbers; -1: missing.
};

std::vector<double> ranks_of(const std::vector<double>& values) {
  std::vector<double> present;
  for (const double value : values) {
    if (!std::isnan(value)) present.push_back(value);
  }
  const std::vector<double> ranks = middle_ranks(present);
  std::vector<double> all;
  all.reserve(values.size());
  size_t next = 0;
  for (const double value : values) all.push_back(std::isnan(value) ? kNone : ranks[next++]);
  return all;
}

SampledColumn sampled(const ColumnProfile& column, std::vector<double> values) {
  SampledColumn out;
  out.is_category = column.is_text();
  out.values = std::move(values);
  std::map<double, int32_t> codes;
  double present = 0;
  for (const double value : out.values) {
    if (std::isnan(value)) continue;
    codes.emplace(value, static_cast<int32_t>(codes.size()));
    present += 1;
  }
  constexpr double kCategoriesMax = 200;
  const double distinct = static_cast<double>(codes.size());
  out.usable =
      distinct > 1 && (!out.is_category || (distinct <= kCategoriesMax && distinct <= present / 2));
  if (!out.usable) return out;
  if (!out.is_category) {
    out.ranks = ranks_of(out.values);
    for (const double rank : out.ranks) {
      out.codes.push_back(std::isnan(rank) ? -1
                                           : static_cast<int32_t>(10 * (rank - 0.5) / present));
    }
  } else {
    for (const double value : out.values) {
      out.codes.push_back(std::isnan(value) ? -1 : codes.at(value));
    }
  }
  return out;
}

double paired_correlation(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> x;
  std::vector<double> y;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) continue;
    x.push_back(a[i]);
    y.push_back(b[i]);
  }
  return pearson_correlation(x, y);
}

/// sqrt(squares between the groups / all squares), Pearson's eta.
double correlation_ratio(const std::vector<int32_t>& groups, const std::vector<double>& values) {
  struct Group {
    double count = 0;
    double sum = 0;
  };
  std::map<int32_t, Group> sums;
  Group all;
  for (size_t i = 0; i < values.size(); ++i) {
    if (groups[i] < 0 || std::isnan(values[i])) continue;
    for (Group* group : {&sums[groups[i]], &all}) {
      group->count += 1;
      group->sum += values[i];
    }
  }
  if (all.count < 2) return kNone;
  const double mean = all.sum / all.count;
  double between = 0;
  for (const auto& [code, group] : sums) {
    between += group.count * std::pow(group.sum / group.count - mean, 2);
  }
  double total = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (groups[i] >= 0 && !std::isnan(values[i])) total += std::pow(values[i] - mean, 2);
  }
  return total > 0 ? std::sqrt(std::min(between / total, 1.0)) : kNone;
}

Association associate_columns(const SampledColumn& a, const SampledColumn& b) {
  Association found{{}, {}, kNone, kNone, kNone, kNone, 0};
  PairCounts pairs;
  for (size_t i = 0; i < a.codes.size(); ++i) {
    if (a.codes[i] >= 0 && b.codes[i] >= 0) ++pairs[{a.codes[i], b.codes[i]}];
  }
  const CategoryAssociation by_counts = associate(pairs);
  found.mutual_information = by_counts.mutual_information;
  if (a.is_category && b.is_category) {
    found.cramers_v = by_counts.cramers_v_corrected;
  } else if (!a.is_category && !b.is_category) {
    found.pearson = paired_correlation(a.values, b.values);
    found.spearman = paired_correlation(a.ranks, b.ranks);
  } else if (a.is_category) {
    found.correlation_ratio = correlation_ratio(a.codes, b.values);
  } else {
    found.correlation_ratio = correlation_ratio(b.codes, a.values);
  }
  return found;
}

}  // namespace

double Association::strength() const {
  double largest = 0;
  for (const double one : {pearson, spearman, cramers_v, correlation_ratio}) {
    if (!std::isnan(one)) largest = std::max(largest, std::abs(one));
  }
  return largest;
}

std::vector<Association> TableProfile::associations() const {
  std::vector<std::optional<SampledColumn>> ready(columns_.size());
  std::vector<Association> found;
  for (size_t i = 0; i < std::min(columns_.size(), kAssociatedColumnsMax); ++i) {
    SampledColumn column = sampled(columns_[i], sample_.column(i));
    if (column.usable) ready[i] = std::move(column);
  }
  for (size_t a = 0; a < ready.size(); ++a) {
    for (size_t b = a + 1; ready[a] && b < ready.size(); ++b) {
      if (!ready[b]) continue;
      Association one = associate_columns(*ready[a], *ready[b]);
      one.first = columns_[a].column().name;
      one.second = columns_[b].column().name;
      found.push_back(std::move(one));
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const Association& a, const Association& b) {
    return a.strength() > b.strength();
  });
  return found;
}

}  // namespace millgate
