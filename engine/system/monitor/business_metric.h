/// What predictions earned, beside how good they were.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "system/monitor/money_change.h"

namespace millgate {

class ServedLog;
struct MonitorReport;

/// Files of outcomes. An empty name is found by usual names.
struct OutcomeTable {
  std::vector<std::string> paths = {};  ///< Empty: what came by /feedback.
  std::string money = {};               ///< A number: what was earned, below 0 what it cost.
  std::string id = {};                  ///< Names the prediction; several outcomes of one add up.
  /// What names it where predictions were read from files; taken where the outcomes have it, too.
  std::string served_id = {};
  std::string time = {};  ///< Without an id: the day (UTC) on which so much was earned.
};

/// Earnings beside quality in one window of the report.
struct MoneyWindow {
  Time from, to;
  int64_t prediction_count = 0;  ///< With an outcome, or of days with one.
  double money = 0;
  std::optional<double> quality;  ///< Of the model that answered most.
};

/// All sums are over all models: a till does not know who answered.
struct BusinessMetric {
  std::string money;  ///< The column.
  bool is_by_prediction = false;
  int64_t outcome_count = 0;
  int64_t unknown_count = 0;  ///< Outcomes of predictions that nobody logged, or of other days.
  std::vector<MoneyWindow> windows;
  std::string quality_metric;  ///< "auc" or "rmse"; empty: no window has labels.
  /// Spearman's, of quality and money per prediction over the windows; nothing with fewer than 5.
  std::optional<double> rank_correlation;
  int64_t correlated_count = 0;  ///< Windows with both.
  std::optional<MoneyFall> fall;
  Time since;  ///< Of the fall.
  /// Then, too: the 95 % interval of the difference, from both intervals (Newcombe 1998), is all on
  /// the worse side.
  bool quality_fell = false;
  std::optional<double> quality_before, quality_after;
  std::vector<MoneyCause> causes;        ///< Of the fall, what explains most first.
  std::optional<MoneyCells> cells;       ///< Binary tasks with labels and outcomes by prediction.
  std::optional<double> threshold;       ///< That the model decides by.
  std::optional<double> threshold_best;  ///< By what decisions earn now.
  std::string note;                      ///< What cannot be known, and why; or empty.
};

/// Joins the outcomes with what was served and looks for a fall. `report` has the windows with
/// their quality; `thresholds` are those of the models as logged, `slices` logged columns by which
/// a mix is looked for. Errors: `not_found`; `invalid_input` for a file without the columns, or
/// where no outcome belongs to what was served.
[[nodiscard]] Result<BusinessMetric> business_metric(
    const ServedLog& log, const OutcomeTable& outcomes, const std::string& scratch,
    const std::map<std::string, double>& thresholds, const std::vector<std::string>& slices,
    MonitorReport& report);

[[nodiscard]] nlohmann::ordered_json to_json(const BusinessMetric& metric);

}  // namespace millgate
