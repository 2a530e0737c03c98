/// What several annotators together say of items, and how good each of them is.
#pragma once

#include <cstddef>
#include <vector>

#include "model/measure/agreement.h"

namespace millgate {

struct ConsensusOptions {
  int rounds_max = 1000;
  /// Ends when no probability of an item moves by more.
  double tolerance = 1e-10;
};

/// Matrices are row-major.
struct Consensus {
  std::vector<double> probabilities;  ///< Items x classes. Without a label: `shares`.
  std::vector<double> shares;         ///< Of the classes.
  /// Annotators x classes x classes: the probability that the annotator says the column for an item
  /// of the row. A class of which he saw no item: all labels alike.
  std::vector<double> confusion;
  int rounds = 0;
  bool converged = false;

  [[nodiscard]] double probability(size_t item, size_t label) const {
    return probabilities[item * shares.size() + label];
  }
  /// The most probable class; of equal ones the first.
  [[nodiscard]] size_t label(size_t item) const;
};

/// Expectation and maximisation from the shares of votes (Dawid and Skene 1979, "Maximum likelihood
/// estimation of observer error-rates using the EM algorithm"). It takes annotators to err
/// independently of each other; with few labels of an annotator his matrix says little.
[[nodiscard]] Consensus dawid_skene(const Ratings& ratings, const ConsensusOptions& options = {});

/// One annotator beside the others.
struct AnnotatorQuality {
  size_t label_count = 0;
  size_t shared_count = 0;  ///< Of them, those of items that others labelled too.
  /// Mean share of the others on an item who say the same; NaN without a shared item.
  double agreement = 0;
  double accuracy = 0;  ///< Mean consensus probability of his labels; NaN without one.
  /// How much his label tells of the class (Raykar and Yu 2012, "Eliminating spammers and ranking
  /// annotators"): 1 when it tells it, also by always naming another one; 0 when it is chance.
  double skill = 0;
};

/// One an annotator.
[[nodiscard]] std::vector<AnnotatorQuality> annotator_qualities(const Ratings& ratings,
                                                                const Consensus& consensus);

}  // namespace millgate
