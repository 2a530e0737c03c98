/// How far annotators agree, beyond what chance would give.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace millgate {

/// One label that one annotator gave to one item; each a number below its count in `Ratings`.
struct Rating {
  size_t item = 0;
  size_t annotator = 0;
  size_t label = 0;
};

/// No annotator labels an item twice.
struct Ratings {
  size_t item_count = 0;
  size_t annotator_count = 0;
  size_t class_count = 0;
  std::vector<Rating> given;
};

/// What the distance of two labels is. `ordinal` takes the order of the classes, `interval` their
/// values.
enum class LabelScale { nominal, ordinal, interval };

/// Cohen 1960, "A coefficient of agreement for nominal scales".
struct PairAgreement {
  size_t first = 0, second = 0;  ///< Annotators, the lower first.
  int64_t item_count = 0;        ///< That both labelled.
  double observed = 0;           ///< Share of them with one label.
  /// Nothing where both gave one and the same class always: chance explains all.
  std::optional<double> kappa = std::nullopt;
};

/// Of every pair that labelled at least one item together, by annotators.
[[nodiscard]] std::vector<PairAgreement> pair_agreements(const Ratings& ratings);

/// Fleiss 1971, "Measuring nominal scale agreement among many raters", over the items with two or
/// more labels. Nothing where these have different numbers of labels, for which it is not defined,
/// and where all labels are of one class.
[[nodiscard]] std::optional<double> fleiss_kappa(const Ratings& ratings);

/// Krippendorff 2011, "Computing Krippendorff's alpha-reliability": any number of labels an item;
/// those of items with one label do not count. `values` of the classes, for `interval` alone.
/// Nothing where all labels are of one class, or no item has two.
[[nodiscard]] std::optional<double> krippendorff_alpha(const Ratings& ratings, LabelScale scale,
                                                       std::span<const double> values = {});

}  // namespace millgate
