/// How far served inputs, features and predictions are from the rows of the training.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/feature/vector.h"
#include "ground/error.h"
#include "model/artifact/model.h"
#include "model/measure/distribution.h"
#include "system/monitor/monitor.h"
#include "system/monitor/served_column.h"
#include "system/monitor/windows.h"

namespace millgate {

/// How served rows are cut into windows.
struct DriftFrame {
  const WindowGrid& grid;
  std::span<const LogRows> windows;  ///< One a window of the grid.
  size_t row_count = 0;
  int64_t rows_min = 200;
};

/// Served rows of one model, ready to be compared.
struct DriftRows {
  const Model& model;
  const Block& inputs;  ///< Columns as model.features().inputs().
  std::span<const double> predictions;
  DriftFrame frame;
};

/// A column as its profiles tell it, whatever they were made from.
struct ProfiledColumn {
  Profile whole;
  /// Of a window of the grid; nothing where it has too few rows.
  std::function<std::optional<Profile>(size_t window)> of_window;
};

/// How far `column` is from `reference`, as a whole and by window of `grid`; completes `drift`,
/// whose name and importance are there. `tests`: columns that are judged together. Errors: those of
/// compare.
[[nodiscard]] Status drift_of_profiles(const ProfiledColumn& column, const Profile& reference,
                                       const WindowGrid& grid, int64_t rows_min, size_t tests,
                                       ColumnDrift& drift);

/// How far `values` are from `reference`, as a whole and by window; completes `column`, whose name
/// and importance are there. `tests`: columns that are judged together.
/// Errors: those of compare.
[[nodiscard]] Status drift_of_column(const ServedColumn& values, const Profile& reference,
                                     const DriftFrame& frame, size_t tests, ColumnDrift& column);

/// A column that has no drift yet, or of which none can be known.
[[nodiscard]] ColumnDrift drift_of_none(std::string name, std::string what, double importance);
[[nodiscard]] ColumnDrift unknowable_drift(std::string name, std::string what, double importance,
                                           size_t rows, std::string reason);

/// Share of the model's gain by the features that read an input, by its name.
[[nodiscard]] std::map<std::string, double> importance_of_inputs(
    const Model& model, const std::vector<double>& importance);

/// Ranks by importance times effect and sorts, the largest first.
void rank_columns(std::vector<ColumnDrift>& columns);

/// Inputs and features against the model's profiles, largest weighted effect first.
/// A column without a profile, a moment in time, or one of too many values is "cannot know".
/// Errors: those of FeatureProgram::evaluate and compare.
[[nodiscard]] Result<std::vector<ColumnDrift>> drift_of_columns(const DriftRows& rows);

/// The predictions against those on the rows held out in training; nothing without a profile.
[[nodiscard]] Result<std::optional<ColumnDrift>> drift_of_predictions(const DriftRows& rows);

/// Verdict and reason from the effect sizes. A PSI is reduced by what it would be on average
/// without any drift, (bins - 1)(1/n + 1/m); an effect counts only when its p-value is below
/// 0.01 after correction for `tests` columns.
void judge_drift(const Profile& reference, const Profile& current, int64_t rows_min, size_t tests,
                 ColumnDrift& column);

}  // namespace millgate
