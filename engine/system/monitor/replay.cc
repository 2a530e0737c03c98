#include "system/monitor/replay.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdio>

namespace millgate {
namespace {

constexpr size_t kExamplesMax = 5;

bool same_bits(double left, double right) {
  return std::bit_cast<uint64_t>(left) == std::bit_cast<uint64_t>(right) ||
         (std::isnan(left) && std::isnan(right));
}

std::string exact(double value) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.17g", value);
  return text.data();
}

}  // namespace

Result<ReplaySkew> replay_rows(const Model& model, const ServedRows& rows, const Block& inputs) {
  ReplaySkew skew;
  Model::Scratch scratch;
  std::vector<Prediction> predictions(inputs.rows);
  MILLGATE_TRY(model.predict(inputs, predictions, scratch));
  skew.replayed_count = static_cast<int64_t>(inputs.rows);
  for (size_t row = 0; row < inputs.rows; ++row) {
    const double logged = rows.prediction[row];
    const double recomputed = predictions[row].value;
    if (same_bits(logged, recomputed)) continue;
    ++skew.differing_count;
    const double difference = std::abs(logged - recomputed);
    if (!std::isnan(difference)) skew.difference_max = std::max(skew.difference_max, difference);
    if (skew.examples.size() < kExamplesMax) {
      skew.examples.push_back(rows.prediction_id[row] + ": logged " + exact(logged) +
                              ", recomputed " + exact(recomputed));
    }
  }
  return skew;
}

}  // namespace millgate
