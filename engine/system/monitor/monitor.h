/// Watches what was served: the prediction log and the labels that came later.
///
/// Reads `predictions` and `feedback` of the project (docs/formats/prediction-log.md), loads the
/// models that answered, and says per model and window how good they were, what drifted, whether
/// training and serving disagree, and what somebody should do about it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/feature/vector.h"
#include "data/store/repository.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "model/measure/distribution.h"
#include "model/measure/evidence.h"
#include "model/measure/quality.h"
#include "system/monitor/alarm.h"
#include "system/monitor/business_metric.h"
#include "system/monitor/expected_quality.h"
#include "system/monitor/harm.h"
#include "system/monitor/model_age.h"
#include "system/monitor/prediction_table.h"
#include "system/monitor/served_limit.h"

namespace millgate {

class Model;

/// Rows with labels that a model has not learned from.
struct HeldOutRows {
  Block inputs;                    ///< Of the model; no rows where predictions are given.
  std::vector<double> prediction;  ///< In place of inputs.
  std::vector<double> label;
  std::vector<int64_t> event_micros;
};

/// Finds them for a model of the project; no rows where there are none.
using FindTestedRows = std::function<Result<HeldOutRows>(const Model&)>;

struct MonitorOptions {
  int64_t window_micros = 7LL * 24 * 3600 * 1'000'000;  ///< Length of a window of event time.
  std::optional<Time> from;                             ///< First event time; nothing: all.
  std::optional<Time> to;                               ///< Event times before this; nothing: all.
  /// Only what was logged until then, whenever it happened: the report is as of that time.
  std::optional<Time> known = {};
  int64_t rows_min = 200;           ///< Windows with fewer rows are not judged ("too few rows").
  std::vector<std::string> slices;  ///< Logged columns by which quality is also measured.
  int resamples = 200;              ///< Bootstrap resamples of the quality intervals.
  uint64_t seed = 1;
  std::optional<PredictionTable> log;   ///< Watch this instead of the project's own log.
  std::string branch = kCurrentBranch;  ///< Its tip is compared with logged rows of the same key.
  bool record = true;                   ///< Put new alarms into the ledger.
  std::string author;                   ///< Of those events.
  /// Empty: quality is expected from served labels alone, and harm of drift cannot be known.
  FindTestedRows tested_rows = {};
  std::map<std::string, std::string> views = {};  ///< SQL of the project's views, by name.
  std::optional<OutcomeTable> outcomes = {};      ///< What predictions earned.
  std::vector<ServedLimit> limits = {};  ///< Of the gate; one that served rows miss is an alarm.
  std::optional<Utility> utility = {};   ///< With it, `utility` is measured on served rows, too.
};

/// Effect sizes at which drift is called small and large, the same for every column. PSI 0.1 and
/// 0.25 are the usual ones of credit scoring (Siddiqi 2006); KS 0.1 and 0.2 go along with them.
/// A column drifted when either says so.
inline constexpr double kPsiSmall = 0.10, kPsiLarge = 0.25;
inline constexpr double kKsSmall = 0.10, kKsLarge = 0.20;

/// How one column of one model differs from the rows it was trained on.
struct ColumnDrift {
  std::string name;
  std::string what;     ///< "input", "feature" or "prediction".
  std::string verdict;  ///< "none", "small", "large", "too few rows", "cannot know".
  std::string reason;   ///< In words, with the numbers.
  Drift drift;
  double importance = 0;  ///< Share of the model's gain, 0 to 1; the sum over its features.
  double rank = 0;        ///< Effect weighted by importance; columns are sorted by it.
  int64_t row_count = 0;
  double new_category_share = 0;  ///< Rows whose category the training never saw.
  std::optional<Time> since;      ///< First window in which it was large.
  /// Begin of the windows up to the newest in which it was large without a break, where they are
  /// more than ever passed by themselves (a weekend does), and 3 at least, or 2 of a week or more.
  std::optional<Time> lasting_since = {};
  AlarmHarm harm = {};                ///< Of a column that drifted, since it did.
  double lasting_effect = 0;          ///< Largest Jensen-Shannon distance in these windows.
  std::vector<double> psi_by_window;  ///< One a window; NaN where there were too few rows.
};

/// One window of event time of one model.
struct MonitorWindow {
  Time from, to;
  int64_t row_count = 0;
  int64_t labelled_count = 0;
  double maturity = 0;                             ///< Labelled share.
  std::optional<double> mean_prediction;           ///< Over all rows.
  std::optional<double> mean_prediction_labelled;  ///< Over labelled rows, beside the next one.
  std::optional<double> share_positive;  ///< Of the labelled rows (mean label for regression).
  /// auc, log_loss, brier ... of all rows, then of slices: in `all` those that were asked for, in
  /// one window the ones that a limit names.
  std::vector<Evidence> evidence;
  std::optional<ExpectedQuality> expected;  ///< Without its labels. Binary tasks only.
  std::string note;                         ///< What cannot be known of this window, and why.
};

/// Logged inputs replayed through the model: an exact proof, not a statistic.
struct ReplaySkew {
  int64_t replayed_count = 0;
  int64_t differing_count = 0;  ///< Probability not equal bit by bit.
  double difference_max = 0;
  std::vector<std::string> examples;  ///< At most 5: "id: logged 0.31, recomputed 0.29".
  std::string note;                   ///< Why nothing could be replayed; empty otherwise.
};

/// One column of logged rows against the row of the same key in the committed table.
struct TableSkewColumn {
  std::string name;
  int64_t compared_count = 0;
  int64_t differing_count = 0;
  double differing_share = 0;
  std::optional<double> median_ratio;  ///< logged / table where both are numbers and table != 0.
  double ratio_share = 0;              ///< Differing rows whose ratio is the median (to 0.1 %).
  std::string suspicion;               ///< "miles sent as kilometres (x 1.609)"; may be empty.
  std::optional<Time> since;           ///< First window with a difference.
  std::vector<std::string> examples;   ///< At most 3: "key: logged 1014.0, table 630".
};

struct TableSkew {
  std::string commit;                    ///< Brief id of the commit compared with.
  int64_t logged_count = 0;              ///< Rows that carried a whole key.
  int64_t matched_count = 0;             ///< Of those, found in the table.
  std::vector<TableSkewColumn> columns;  ///< Most differing first.
  std::string note;                      ///< Why nothing could be compared; empty otherwise.
};

/// One model that answered.
struct ModelWatch {
  std::string model;  ///< Hex id; as logged when it is not in the store.
  std::string name;   ///< Of the project that trained it.
  int64_t row_count = 0;
  Time first, last;                    ///< Event times.
  std::vector<MonitorWindow> windows;  ///< In order, without gaps: an empty one has 0 rows.
  MonitorWindow all;                   ///< All windows together.
  std::vector<ColumnDrift> drift;      ///< Inputs and features, by `rank`, largest first.
  std::optional<ColumnDrift> prediction_drift;
  ReplaySkew replay;
  TableSkew table;
  std::optional<ModelAge> age;  ///< When it was last asked, beside what the back-test advises.
  std::string note;  ///< "model not in the store", rows that could not be read; or empty.
};

/// What the servers' sketches counted of a model, beside what is in the log.
struct SketchedRows {
  std::string model;         ///< Brief id.
  Time from, to;             ///< When it was answered: whole windows of sketches.
  int64_t row_count = 0;     ///< Answered.
  int64_t logged_count = 0;  ///< Of the same time in the log: fewer where that is a sample.
};

/// What is odd about the logs themselves.
struct LogCounts {
  int64_t prediction_count = 0;  ///< Rows read.
  int64_t duplicate_count = 0;   ///< Rows whose prediction_id was there already; left out.
  int64_t feedback_count = 0;
  int64_t unknown_label_count = 0;  ///< Labels for predictions that nobody logged.
  int64_t relabelled_count = 0;     ///< Predictions with several labels; the latest wins.
  int64_t contradicted_count = 0;   ///< Of those, with different values.
  /// Labels of 95 of 100 labelled predictions came within this time after the event; nothing
  /// where it is not known when labels came.
  std::optional<int64_t> label_delay_micros = {};
  int64_t bad_label_count = 0;  ///< Null, or not 0 or 1 for a binary task; left out.
};

struct MonitorReport {
  Time made;
  std::optional<Time> from, to;  ///< Event times covered; nothing when there were no rows.
  int64_t window_micros = 0;
  int64_t rows_min = 0;
  std::vector<std::string> files;  ///< That were watched; empty: the project's own log.
  LogCounts log;
  std::vector<SketchedRows> sketched;      ///< Models that there are sketches of; by name.
  std::vector<ServedLimit> limits;         ///< That served rows were held against.
  std::vector<ModelWatch> models;          ///< Most rows first.
  std::optional<BusinessMetric> business;  ///< Where outcomes were given.
  std::vector<Alarm> alarms;               ///< As group_alarms (alarm_groups.h) leaves them.
  std::string answer;                      ///< One sentence: the state of things.
  std::vector<std::string>
      notes;  ///< What was asked for and could not be done; how files were read.
};

/// Watches everything that was served in the asked time. An empty log is no error: the report
/// says so. Reads the logs of all processes; memory grows with the rows in the asked time.
/// A slice column that was never logged is passed over and told in `notes`.
/// Errors: `invalid_input` for a window of no length or so short that there would be thousands;
/// `damaged` for a log that lacks a column.
[[nodiscard]] Result<MonitorReport> monitor_served(Repository& repository,
                                                   const MonitorOptions& options);

[[nodiscard]] nlohmann::ordered_json to_json(const MonitorReport& report);

}  // namespace millgate
