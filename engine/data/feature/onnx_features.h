/// The row layer as ONNX: what FeatureProgram::evaluate does, as nodes of a graph.
#pragma once

#include <string>
#include <vector>

#include "data/feature/onnx_graph.h"
#include "data/feature/program.h"
#include "ground/error.h"

namespace millgate {

/// Adds an input for each column, and gives the features, each of shape [rows, 1], in their order.
///
/// ONNX has no missing values. Texts are tensors of text, "" where one is missing; everything else
/// is a double, NaN where it is missing: whole numbers and truths as numbers, times and durations
/// in microseconds (since 1970). So what differs from `evaluate` is: an empty text and a NaN in
/// the data count as missing, and whole numbers are exact up to 2^53 only.
///
/// Errors: `invalid_input` whose `where` is the feature and whose words name the function that
/// ONNX Runtime has not, for doubles: regular expressions, most functions of texts and calendars.
[[nodiscard]] Result<std::vector<OnnxGraph::Value>> write_onnx_features(
    const FeatureProgram& features, OnnxGraph& graph);

}  // namespace millgate
