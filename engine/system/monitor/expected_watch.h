/// The quality to be expected of each window, from labelled rows of the time before it.
#pragma once

#include <span>
#include <vector>

#include "data/feature/vector.h"
#include "ground/error.h"
#include "model/artifact/model.h"
#include "system/monitor/monitor.h"
#include "system/monitor/served_log.h"
#include "system/monitor/windows.h"

namespace millgate {

/// Served rows of one binary model, ready to be expected of.
struct ExpectedRows {
  const Model* model = nullptr;  ///< Null: none of the project's; rows are then not weighted.
  double threshold = 0.5;
  const Block* inputs = nullptr;  ///< Of the model; null: not logged, rows are then not weighted.
  const ServedRows& rows;
  const WindowGrid& grid;
  std::span<const LogRows> ranges;  ///< One a window.
};

/// Fills `expected` of each of `windows` that has rows, from `tested`, rows that the model has not
/// learned from, and from served windows before it of which 80 % of the rows or more have their
/// labels (labels that come first are others than those that come late). Its own labels are not
/// used: in a window that has labels, the expectation can be held against them.
///
/// Windows without labels: where their rows are told from the labelled ones by a classifier
/// (sample_classifier.h), these count by the ratio of their densities, unless hardly any of them
/// would be left (effective share below 0.2): then they count alike, and the state is doubtful.
/// Errors: those of predicting and of the classifier.
[[nodiscard]] Status expect_quality(const ExpectedRows& served, const HeldOutRows& tested,
                                    const MonitorOptions& options,
                                    std::vector<MonitorWindow>& windows);

}  // namespace millgate
