/// Functions whose parameters are learned from training rows: scaling, imputation, encodings.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/feature/kernel.h"
#include "data/feature/vector.h"
#include "ground/error.h"

namespace millgate {

/// Labels of the training rows, for encodings by the target. Spans of equal length, or empty.
struct FitLabels {
  std::span<const double> labels;        ///< NaN: unknown.
  std::span<const int64_t> row_times;    ///< Microseconds: when the question was asked.
  std::span<const int64_t> label_known;  ///< Microseconds: when the answer could be known.
  bool has_times = false;                ///< False: the two spans above mean nothing.
  bool are_classes = false;              ///< Numbers of classes, which have no mean.
};

/// What one call learned. Saved with the model, and shown.
class LearnedParameters : public Prepared {
 public:
  [[nodiscard]] virtual nlohmann::ordered_json save() const = 0;
};

/// What a call learned, and, where a training row must not see its own label, the values that
/// training rows get instead of the kernel's.
struct FitResult {
  std::shared_ptr<const LearnedParameters> fitted;
  std::optional<Vector> training_values = {};
};

/// One kind of fitted function.
struct FittedKind {
  bool needs_labels = false;
  /// `arguments`: all training rows, in the order of the call; literals have one value.
  /// Errors: `invalid_input` without a place, for example when no row has a value.
  Result<FitResult> (*learn)(std::span<const Vector> arguments, const FitLabels& labels) = nullptr;
  /// Of what `save` gave. Errors: `damaged`.
  Result<std::shared_ptr<const LearnedParameters>> (*load)(const nlohmann::ordered_json& json) =
      nullptr;
};

}  // namespace millgate
