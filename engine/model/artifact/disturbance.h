/// Inputs as they may come one day: noisy, missing, swapped, in other units, chosen by an
/// adversary.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "data/feature/input_change.h"
#include "data/feature/vector.h"
#include "ground/error.h"

namespace millgate {

class Model;

enum class DisturbanceKind : uint8_t {
  noise,         ///< Numbers move by a normal error of a tenth of their standard deviation.
  missing,       ///< Values are null.
  swapped,       ///< Texts and booleans are those of other rows.
  new_category,  ///< Texts are ones that nobody has seen.
  extreme,       ///< Numbers are ten times the smallest or the largest.
  rounding,      ///< Numbers have the precision of single-precision floats (24 bits).
  adversary,     ///< Numbers move by up to a tenth of their standard deviation, as hurts most.
  change,        ///< One column is what an expression gives.
};

/// What is done to the inputs. Except for noise, rounding, adversary and change, a value is
/// disturbed with a probability of 0.1; where a column is named, all of its values are.
struct Disturbance {
  DisturbanceKind kind = DisturbanceKind::noise;
  std::string column;                 ///< Only this one; empty: all.
  std::optional<InputChange> change;  ///< Of the kind `change`.
};

/// "noise", "missing", "swapped", "new category", "extreme", "rounding", "adversary", all but the
/// last also "... of COLUMN"; or "column = expression". Errors: `invalid_input` with the names.
[[nodiscard]] Result<Disturbance> read_disturbance(std::string_view text);

/// The inputs of `model` in `inputs`, disturbed. Same seed, same values.
///
/// The adversary knows the model and the `labels`: it tries each number of a row at both ends of
/// what it may, keeps the one that raises the row's loss most (its score against the label), and
/// goes on with the others until three are moved or none hurts. A greedy search: a stronger
/// adversary may do worse harm. The others need no labels.
///
/// Errors: `invalid_input` for a column that the model does not read, or has no values of the
/// kind; as change_input and Model::predict.
[[nodiscard]] Result<Block> disturbed(const Model& model, const Block& inputs,
                                      std::span<const double> labels,
                                      const Disturbance& disturbance, uint64_t seed);

}  // namespace millgate
