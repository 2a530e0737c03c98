#include "model/measure/consensus.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace millgate {

namespace {

/// The votes for each class of each item as shares; items without a vote are even.
std::vector<double> vote_shares(const Ratings& ratings) {
  const size_t classes = ratings.class_count;
  std::vector<double> shares(ratings.item_count * classes);
  for (const Rating& one : ratings.given) ++shares[one.item * classes + one.label];
  for (size_t item = 0; item < ratings.item_count; ++item) {
    double sum = 0;
    for (size_t i = 0; i < classes; ++i) sum += shares[item * classes + i];
    for (size_t i = 0; i < classes; ++i) {
      double& share = shares[item * classes + i];
      share = sum > 0 ? share / sum : 1.0 / static_cast<double>(classes);
    }
  }
  return shares;
}

/// One fit while it goes.
class Fit {
 public:
  explicit Fit(const Ratings& ratings) : ratings_(ratings), has_label_(ratings.item_count) {
    found_.probabilities = vote_shares(ratings);
    for (const Rating& one : ratings.given) has_label_[one.item] = true;
  }

  Consensus run(const ConsensusOptions& options) {
    maximise();
    while (found_.rounds < options.rounds_max && !found_.converged) {
      ++found_.rounds;
      const std::vector<double> before = found_.probabilities;
      expect();
      double moved = 0;
      for (size_t i = 0; i < before.size(); ++i) {
        moved = std::max(moved, std::abs(before[i] - found_.probabilities[i]));
      }
      maximise();
      found_.converged = moved <= options.tolerance;
    }
    return std::move(found_);
  }

 private:
  [[nodiscard]] size_t classes() const { return ratings_.class_count; }

  /// Shares of classes and confusion from the probabilities of the items.
  void maximise() {
    const size_t k = classes();
    found_.shares.assign(k, 0);
    double items = 0;
    for (size_t item = 0; item < ratings_.item_count; ++item) {
      if (!has_label_[item]) continue;
      ++items;
      for (size_t i = 0; i < k; ++i) found_.shares[i] += found_.probabilities[item * k + i];
    }
    for (double& share : found_.shares) share /= items > 0 ? items : 1;
    found_.confusion.assign(ratings_.annotator_count * k * k, 0);
    for (const Rating& one : ratings_.given) {
      for (size_t i = 0; i < k; ++i) {
        found_.confusion[(one.annotator * k + i) * k + one.label] +=
            found_.probabilities[one.item * k + i];
      }
    }
    for (size_t row = 0; row < ratings_.annotator_count * k; ++row) {
      double sum = 0;
      for (size_t i = 0; i < k; ++i) sum += found_.confusion[row * k + i];
      for (size_t i = 0; i < k; ++i) {
        double& cell = found_.confusion[row * k + i];
        cell = sum > 0 ? cell / sum : 1.0 / static_cast<double>(k);
      }
    }
  }

  /// Probabilities of the items from shares and confusion, by logarithms: many labels would
  /// underflow.
  void expect() {
    const size_t k = classes();
    std::vector<double> logs(ratings_.item_count * k);
    for (size_t item = 0; item < ratings_.item_count; ++item) {
      for (size_t i = 0; i < k; ++i) logs[item * k + i] = std::log(found_.shares[i]);
    }
    for (const Rating& one : ratings_.given) {
      for (size_t i = 0; i < k; ++i) {
        logs[one.item * k + i] +=
            std::log(found_.confusion[(one.annotator * k + i) * k + one.label]);
      }
    }
    for (size_t item = 0; item < ratings_.item_count; ++item) {
      const auto begin = logs.begin() + static_cast<ptrdiff_t>(item * k);
      const double most = *std::max_element(begin, begin + static_cast<ptrdiff_t>(k));
      double sum = 0;
      for (size_t i = 0; i < k; ++i) sum += std::exp(logs[item * k + i] - most);
      for (size_t i = 0; i < k; ++i) {
        found_.probabilities[item * k + i] =
            has_label_[item] ? std::exp(logs[item * k + i] - most) / sum : found_.shares[i];
      }
    }
  }

  const Ratings& ratings_;
  std::vector<bool> has_label_;
  Consensus found_;
};

double skill_of(const Consensus& consensus, size_t annotator) {
  const size_t k = consensus.shares.size();
  if (k < 2) return 0;
  double sum = 0;
  for (size_t a = 0; a < k; ++a) {
    for (size_t b = a + 1; b < k; ++b) {
      for (size_t label = 0; label < k; ++label) {
        const double difference = consensus.confusion[(annotator * k + a) * k + label] -
                                  consensus.confusion[(annotator * k + b) * k + label];
        sum += difference * difference;
      }
    }
  }
  return sum / static_cast<double>(k * (k - 1));
}

}  // namespace

size_t Consensus::label(size_t item) const {
  const size_t k = shares.size();
  const auto begin = probabilities.begin() + static_cast<ptrdiff_t>(item * k);
  return static_cast<size_t>(std::max_element(begin, begin + static_cast<ptrdiff_t>(k)) - begin);
}

Consensus dawid_skene(const Ratings& ratings, const ConsensusOptions& options) {
  return Fit(ratings).run(options);
}

std::vector<AnnotatorQuality> annotator_qualities(const Ratings& ratings,
                                                  const Consensus& consensus) {
  const size_t k = ratings.class_count;
  std::vector<size_t> votes(ratings.item_count * k);
  std::vector<size_t> labels(ratings.item_count);
  for (const Rating& one : ratings.given) {
    ++votes[one.item * k + one.label];
    ++labels[one.item];
  }
  std::vector<AnnotatorQuality> qualities(ratings.annotator_count);
  for (const Rating& one : ratings.given) {
    AnnotatorQuality& quality = qualities[one.annotator];
    ++quality.label_count;
    quality.accuracy += consensus.probability(one.item, one.label);
    if (labels[one.item] < 2) continue;
    ++quality.shared_count;
    quality.agreement += static_cast<double>(votes[one.item * k + one.label] - 1) /
                         static_cast<double>(labels[one.item] - 1);
  }
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  for (size_t i = 0; i < qualities.size(); ++i) {
    AnnotatorQuality& one = qualities[i];
    one.agreement =
        one.shared_count > 0 ? one.agreement / static_cast<double>(one.shared_count) : kUnknown;
    one.accuracy =
        one.label_count > 0 ? one.accuracy / static_cast<double>(one.label_count) : kUnknown;
    one.skill = skill_of(consensus, i);
  }
  return qualities;
}

}  // namespace millgate
