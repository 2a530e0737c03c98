/// What is told of sketches: the answer of GET /sketches, and figures for Prometheus.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "ground/error.h"
#include "model/sketch/sketch_book.h"

namespace millgate {

/// What GET /sketches asks for, from its query: `window`, `last`, `model`, `buckets`.
struct SketchQuestion {
  SketchSpan span = SketchSpan::hour;
  size_t last = 24;           ///< Newest windows with rows.
  std::string model = {};     ///< Brief id; empty: all.
  bool with_buckets = false;  ///< As docs/formats/sketches.md, to be put together elsewhere.
};

/// Errors: `invalid_input` naming what is not understood.
[[nodiscard]] Result<SketchQuestion> sketch_question(std::string_view target);

/// Errors: `not_found` for a model without sketches, naming those that have.
[[nodiscard]] Result<std::string> sketches_json(const SavedSketches& saved,
                                                const SketchQuestion& question);

/// Counters of each column: how many values were missing, out of range, unknown ...
[[nodiscard]] std::string sketches_prometheus_text(
    const std::map<std::string, WindowSketch>& since_start);

}  // namespace millgate
