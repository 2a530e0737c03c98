#include "model/artifact/sampled_shapley.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "ground/random.h"

namespace millgate {
namespace {

/// A value as the profile's rows had it: one of the 101 quantiles or between two of them.
double number_from(const Profile& profile, Random& random) {
  if (profile.quantiles.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double place = random.uniform() * static_cast<double>(profile.quantiles.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, profile.quantiles.size() - 1);
  const double low = profile.quantiles[below];
  const double high = profile.quantiles[above];
  // What has few distinct values, such as a flag, keeps to them.
  if (profile.all_steps) return place - static_cast<double>(below) < 0.5 ? low : high;
  return low + (place - static_cast<double>(below)) * (high - low);
}

double category_from(const Feature& feature, const Profile& profile, Random& random) {
  int64_t total = 0;
  for (const auto& [name, count] : profile.counts) total += count;
  if (total <= 0) return std::numeric_limits<double>::quiet_NaN();
  auto left = static_cast<int64_t>(random.below(static_cast<uint64_t>(total)));
  for (const auto& [name, count] : profile.counts) {
    left -= count;
    if (left >= 0) continue;
    const auto found = std::lower_bound(feature.categories.begin(), feature.categories.end(), name);
    if (found == feature.categories.end() || *found != name) break;
    return static_cast<double>(found - feature.categories.begin());
  }
  return std::numeric_limits<double>::quiet_NaN();
}

class SampledExplainer final : public Explainer {
 public:
  SampledExplainer(std::shared_ptr<const Scorer> scorer, std::vector<double> background,
                   const ShapleySampling& sampling)
      : scorer_(std::move(scorer)), background_(std::move(background)) {
    const size_t width = scorer_->feature_count();
    rows_ = background_.size() / width;
    assert(rows_ > 0);
    told_.resize(rows_);
    scorer_->score(background_, told_);
    // Every background row is met equally often, so that the base value is that of all rows.
    const size_t walks =
        (static_cast<size_t>(std::max(sampling.walks, 1)) + rows_ - 1) / rows_ * rows_;
    for (size_t walk = 0; walk < walks; ++walk) {
      std::vector<size_t>& order = orders_.emplace_back(width);
      std::iota(order.begin(), order.end(), size_t{0});
      shuffle(order, Random::stream(sampling.seed, "orders of features", walk));
    }
    base_ = std::accumulate(told_.begin(), told_.end(), 0.0) / static_cast<double>(rows_);
  }

  [[nodiscard]] size_t feature_count() const override { return scorer_->feature_count(); }
  [[nodiscard]] ScoreScale scale() const override { return ScoreScale::value; }
  [[nodiscard]] double base_value() const override { return base_; }

  void explain(std::span<const double> features, std::span<double> out) const override {
    assert(features.size() == out.size());
    const size_t width = feature_count();
    for (size_t begin = 0; begin < out.size(); begin += width) {
      explain_row(features.subspan(begin, width), out.subspan(begin, width));
    }
  }

 private:
  void explain_row(std::span<const double> row, std::span<double> out) const {
    std::fill(out.begin(), out.end(), 0.0);
    double of_row = 0;
    scorer_->score(row, {&of_row, 1});
    for (size_t walk = 0; walk < orders_.size(); ++walk) {
      const size_t other = walk % rows_;
      const std::vector<size_t>& order = orders_[walk];
      add_walk(row, of_row, other, order, out);
      add_walk(row, of_row, other, {order.rbegin(), order.rend()}, out);
    }
    for (double& one : out) one /= 2 * static_cast<double>(orders_.size());
  }

  /// From background row `other` to `row`, feature by feature.
  void add_walk(std::span<const double> row, double of_row, size_t other,
                const std::vector<size_t>& order, std::span<double> out) const {
    const size_t width = row.size();
    // All steps at once: the scorer may be faster for it.
    std::vector<double> steps((width - 1) * width);
    std::vector<double> mixed(
        background_.begin() + static_cast<std::ptrdiff_t>(other * width),
        background_.begin() + static_cast<std::ptrdiff_t>((other + 1) * width));
    for (size_t at = 0; at + 1 < width; ++at) {
      mixed[order[at]] = row[order[at]];
      std::copy(mixed.begin(), mixed.end(),
                steps.begin() + static_cast<std::ptrdiff_t>(at * width));
    }
    std::vector<double> told(width - 1);
    scorer_->score(steps, told);
    double before = told_[other];
    for (size_t at = 0; at < width; ++at) {
      const double after = at + 1 < width ? told[at] : of_row;
      out[order[at]] += after - before;
      before = after;
    }
  }

  std::shared_ptr<const Scorer> scorer_;
  std::vector<double> background_;
  size_t rows_ = 0;
  std::vector<double> told_;  ///< Predictions of the background rows.
  std::vector<std::vector<size_t>> orders_;
  double base_ = 0;
};

}  // namespace

std::vector<double> background_rows(const FeatureProgram& features,
                                    const std::vector<Profile>& profiles, size_t count,
                                    uint64_t seed) {
  const size_t width = profiles.size();
  std::vector<double> rows(count * width);
  for (size_t j = 0; j < width; ++j) {
    const Profile& profile = profiles[j];
    Random random = Random::stream(seed, "background rows", j);
    for (size_t row = 0; row < count; ++row) {
      const bool is_null =
          profile.row_count <= 0 ||
          static_cast<int64_t>(random.below(static_cast<uint64_t>(profile.row_count))) <
              profile.null_count;
      double value = std::numeric_limits<double>::quiet_NaN();
      if (!is_null) {
        value = profile.is_category ? category_from(features.features()[j], profile, random)
                                    : number_from(profile, random);
      }
      rows[row * width + j] = value;
    }
  }
  return rows;
}

std::shared_ptr<const Explainer> make_sampled_explainer(std::shared_ptr<const Scorer> scorer,
                                                        std::vector<double> background,
                                                        const ShapleySampling& sampling) {
  return std::make_shared<SampledExplainer>(std::move(scorer), std::move(background), sampling);
}

}  // namespace millgate
