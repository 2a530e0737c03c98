#include "system/monitor/sketch_watch.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "model/measure/sketch_profile.h"
#include "system/monitor/column_drift.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

constexpr const char* kNoRows =
    "cannot know: the log has no rows of it, only the servers' sketches have";

/// Sketches of one model, put together by window of the report.
struct SketchedWindows {
  WindowSketch whole;
  std::vector<WindowSketch> windows;
};

Result<SketchedWindows> put_together(const SketchWindows& sketches, const WindowGrid& grid) {
  SketchedWindows all;
  all.windows.resize(grid.count);
  for (const auto& [begin, sketch] : sketches) {
    const auto at = static_cast<size_t>((begin - grid.begin_micros) / grid.length_micros);
    MILLGATE_TRY(all.windows[std::min(at, grid.count - 1)].merge(sketch));
    MILLGATE_TRY(all.whole.merge(sketch));
  }
  return all;
}

MonitorWindow window_of(const WindowSketch& sketch, const std::string& prediction, Time from,
                        Time to) {
  MonitorWindow window;
  window.from = from;
  window.to = to;
  window.row_count = static_cast<int64_t>(sketch.rows);
  const ColumnSketch* const column = sketch.find("prediction", prediction);
  if (column != nullptr && column->numbers && column->numbers->count() > 0) {
    window.mean_prediction = column->numbers->mean();
  }
  return window;
}

/// Nothing where the sketch does not hold the values of the column.
std::optional<Profile> profile_of(const WindowSketch& sketch, const std::string& what,
                                  const std::string& name, const Profile& reference) {
  const ColumnSketch* const column = sketch.find(what, name);
  if (column == nullptr) return std::nullopt;
  const auto nulls = static_cast<int64_t>(column->missing + column->nan + column->infinite);
  if (reference.is_category && column->categories) {
    return sketched_profile(*column->categories, nulls, reference);
  }
  if (!reference.is_category && column->numbers) {
    return sketched_profile(*column->numbers, nulls, reference);
  }
  return std::nullopt;
}

/// Columns of one model that are compared.
struct SketchComparison {
  const SketchedWindows& sketched;
  const WindowGrid& grid;
  int64_t rows_min;
  size_t tests;
};

Result<ColumnDrift> drift_of_sketch(const SketchComparison& by, const std::string& what,
                                    const std::string& sketch_name, const Profile& reference,
                                    double importance) {
  const std::string name = what == "prediction" ? what : sketch_name;
  const auto rows = static_cast<size_t>(by.sketched.whole.rows);
  if (reference.counts.size() > kListedCategories) {
    return unknowable_drift(name, what, importance, rows,
                            "sketches count " + std::to_string(kListedCategories) +
                                " categories by name, and it has more");
  }
  std::optional<Profile> whole = profile_of(by.sketched.whole, what, sketch_name, reference);
  if (!whole) {
    return unknowable_drift(name, what, importance, rows, "sketches do not hold its values");
  }
  ColumnDrift drift = drift_of_none(name, what, importance);
  const auto of_window = [&](size_t window) -> std::optional<Profile> {
    const WindowSketch& sketch = by.sketched.windows[window];
    if (static_cast<int64_t>(sketch.rows) < by.rows_min) return std::nullopt;
    return profile_of(sketch, what, sketch_name, reference);
  };
  MILLGATE_TRY(drift_of_profiles({.whole = *std::move(whole), .of_window = of_window}, reference,
                                 by.grid, by.rows_min, by.tests, drift));
  return drift;
}

Status compare_sketches(const Model& model, const SketchComparison& by, ModelWatch& watch) {
  const auto importance = importance_of_inputs(model, model.scorer().importance());
  const std::vector<Field>& inputs = model.features().inputs();
  for (const Profile& reference : model.input_profiles()) {
    const auto field = std::find_if(inputs.begin(), inputs.end(), [&](const Field& input) {
      return input.name == reference.name;
    });
    if (field == inputs.end() || field->type == ValueType::time) continue;
    const auto weight = importance.find(reference.name);
    MILLGATE_ASSIGN(ColumnDrift drift,
                    drift_of_sketch(by, "input", reference.name, reference,
                                    weight == importance.end() ? 0 : weight->second));
    watch.drift.push_back(std::move(drift));
  }
  rank_columns(watch.drift);
  const std::optional<Profile>& predictions = model.prediction_profile();
  if (!predictions || predictions->is_category) return {};
  MILLGATE_ASSIGN(watch.prediction_drift,
                  drift_of_sketch(by, "prediction", model.number_name(), *predictions, 1));
  watch.prediction_drift->rank = watch.prediction_drift->drift.jensen_shannon;
  return {};
}

}  // namespace

SketchSpan sketch_span(int64_t window_micros) {
  if (window_micros % micros_of(SketchSpan::day) == 0) return SketchSpan::day;
  return window_micros % micros_of(SketchSpan::hour) == 0 ? SketchSpan::hour : SketchSpan::minute;
}

SketchWindows asked_sketches(const SketchBook& book, const std::string& model,
                             const MonitorOptions& options) {
  SketchWindows found;
  for (const auto& [begin, window] : book.windows(model, sketch_span(options.window_micros))) {
    const bool is_asked = (!options.from || begin >= options.from->micros) &&
                          (!options.to || begin < options.to->micros) &&
                          (!options.known || begin < options.known->micros);
    if (is_asked) found.emplace(begin, window);
  }
  return found;
}

Result<ModelWatch> watch_sketches(const SketchWindows& sketches, const std::string& logged,
                                  const Model* model, const WindowGrid& grid,
                                  const MonitorOptions& options) {
  ModelWatch watch;
  watch.model = logged;
  watch.note =
      "only sketches tell of it: what was asked and answered, by when it was answered; "
      "labels cannot be joined with them";
  watch.replay.note = watch.table.note = kNoRows;
  MILLGATE_ASSIGN(const SketchedWindows sketched, put_together(sketches, grid));
  watch.row_count = static_cast<int64_t>(sketched.whole.rows);
  watch.first = Time{sketches.begin()->first};
  watch.last = Time{sketches.rbegin()->first};
  const std::string prediction = model == nullptr ? std::string() : model->number_name();
  for (size_t at = 0; at < grid.count; ++at) {
    watch.windows.push_back(
        window_of(sketched.windows[at], prediction, grid.from(at), grid.to(at)));
  }
  watch.all = window_of(sketched.whole, prediction, watch.first, watch.last);
  if (model == nullptr) return watch;
  watch.model = model->id().hex();
  watch.name = model->manifest().project;
  const SketchComparison by{.sketched = sketched,
                            .grid = grid,
                            .rows_min = options.rows_min,
                            .tests = model->features().inputs().size()};
  MILLGATE_TRY(compare_sketches(*model, by, watch));
  return watch;
}

}  // namespace millgate
