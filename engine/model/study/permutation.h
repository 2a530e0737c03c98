/// Predictions for rows whose values in some columns were dealt out anew: what a model is without
/// what they say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/artifact/ensemble.h"
#include "model/learn/learner.h"

namespace millgate {

/// Numbers of rows in one of all orders: that of repeat `repeat`, the same for all columns, so
/// that features are compared by the same chance.
[[nodiscard]] std::vector<size_t> permuted_rows(size_t rows, uint64_t seed, uint64_t repeat);

/// For each of `repeats`, the predictions for `examples` with row i holding in `columns` what row
/// permuted_rows(...)[i] holds; columns stay together (Breiman 2001; Fisher, Rudin and Dominici
/// 2019). On the threads of the machine; the same numbers on any number of them.
[[nodiscard]] std::vector<std::vector<double>> permuted_predictions(const Scorer& scorer,
                                                                    const Examples& examples,
                                                                    std::span<const size_t> columns,
                                                                    int repeats, uint64_t seed);

}  // namespace millgate
