#include "system/monitor/alarm_rules.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "data/query/database.h"
#include "model/measure/metric.h"
#include "system/monitor/alarm_groups.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

/// Differences in fewer cells than this, or in a smaller share, raise no alarm: single rows are
/// corrected in every real table.
constexpr int64_t kSkewCellsMin = 10;
constexpr double kSkewShareMin = 0.01;
/// Matched rows that disprove a suspicion by being equal.
constexpr int64_t kDisprovingRows = 50;
/// Weighted effect under which drift cannot matter much: a feature of 2 % of the gain that is
/// half another distribution.
constexpr double kRankMin = 0.01;
constexpr double kNewCategoryShareMin = 0.01;
constexpr double kLogShareMin = 0.01;
constexpr int64_t kLogCountMin = 10;
/// Mean prediction minus share positive that is alarming when it is also beyond 4 standard
/// errors.
constexpr double kBiasMin = 0.05;
constexpr double kBiasDeviations = 4;

/// Collects the alarms about one model, and what they explain already.
class ModelAlarms {
 public:
  ModelAlarms(const ModelWatch& watch, const MonitorReport& report, const TestEvidence& tested,
              const FeatureInputs& inputs, std::vector<Alarm>& out)
      : watch_(watch), report_(report), out_(out) {
    if (const auto found = tested.find(watch.model); found != tested.end()) {
      tested_ = &found->second;
    }
    if (const auto found = inputs.find(watch.model); found != inputs.end()) {
      inputs_ = &found->second;
    }
  }

  void find() {
    find_replay();
    find_units_and_cells();
    find_missing();
    find_categories();
    find_drift();
    find_quality();
    find_age();
    count_rows();
  }

 private:
  void find_replay();
  void find_units_and_cells();
  void find_missing();
  void find_categories();
  void find_drift();
  void find_quality();
  bool find_limits();
  bool find_decay();
  void find_bias();
  void find_age();
  void count_rows();

  [[nodiscard]] AlarmHarm measured_harm(const Evidence& served, const Evidence& tested) const;
  [[nodiscard]] AlarmHarm drift_harm(const std::string& column) const {
    for (const ColumnDrift& one : watch_.drift) {
      if (one.name == column && one.what == "input" && one.since) return one.harm;
    }
    AlarmHarm unknown;
    unknown.note = "the values do not differ enough to tell what the labelled rows say of them";
    return unknown;
  }
  [[nodiscard]] const TableSkewColumn* skew_of(const std::string& column) const {
    for (const TableSkewColumn& one : watch_.table.columns) {
      if (one.name == column) return &one;
    }
    return nullptr;
  }
  [[nodiscard]] bool is_explained(const ColumnDrift& column) const {
    if (explained_.contains(column.name)) return true;
    if (column.what != "feature" || inputs_ == nullptr) return false;
    const auto reads = inputs_->find(column.name);
    return reads != inputs_->end() &&
           std::any_of(reads->second.begin(), reads->second.end(),
                       [&](const std::string& input) { return explained_.contains(input); });
  }
  [[nodiscard]] std::string look_at_column(const std::string& column) const {
    if (!report_.files.empty()) return "look at `" + column + "` in " + report_.files.front();
    return "millgate sql 'select prediction_id, answered_at, \"" + column +
           "\" from predictions order by answered_at desc limit 20'";
  }
  Alarm& add(std::string kind, std::string subject, double severity) {
    Alarm alarm;
    alarm.key = kind + "/" + watch_.model + "/" + subject;
    alarm.kind = std::move(kind);
    alarm.subject = std::move(subject);
    alarm.severity = severity;
    alarm.model = watch_.model;
    alarm.since = watch_.first;
    alarm.affected_rows = -1;  // All, if nothing else is said.
    alarm.harm.note = "there are no labels to weigh it by";
    return out_.emplace_back(std::move(alarm));
  }
  [[nodiscard]] int64_t rows_of(double share) const {
    return std::llround(share * static_cast<double>(watch_.row_count));
  }

  const ModelWatch& watch_;
  const MonitorReport& report_;
  const std::vector<Evidence>* tested_ = nullptr;
  const std::map<std::string, std::vector<std::string>>* inputs_ = nullptr;
  std::vector<Alarm>& out_;
  size_t before_ = out_.size();      ///< Alarms about others.
  std::set<std::string> explained_;  ///< Inputs whose cause has an alarm.
};

std::string of_rows(int64_t part, int64_t whole) {
  const double share = whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  return percent_text(share) + " of " + count_of(whole, "row");
}

void ModelAlarms::find_replay() {
  const ReplaySkew& replay = watch_.replay;
  if (replay.differing_count == 0) return;
  Alarm& alarm = add("skew", "probability", 0.95);
  alarm.what = "logged inputs give other probabilities when they are predicted again";
  alarm.how_much = of_rows(replay.differing_count, replay.replayed_count) + ", by at most " +
                   figure_text(replay.difference_max);
  alarm.affected_rows = replay.differing_count;
  alarm.harm.note = "what was answered is not what the model says";
  alarm.suspected_cause = "another program wrote the log, or it was altered; first: " +
                          (replay.examples.empty() ? "" : replay.examples.front());
  alarm.next_step = "millgate monitor --json";
}

void ModelAlarms::find_units_and_cells() {
  for (const TableSkewColumn& cells : watch_.table.columns) {
    if (cells.differing_count < kSkewCellsMin || cells.differing_share < kSkewShareMin) continue;
    const bool is_unit = !cells.suspicion.empty();
    Alarm& alarm = add(is_unit ? "unit" : "skew", cells.name, is_unit ? 1.0 : 0.8);
    explained_.insert(cells.name);
    if (cells.since) alarm.since = *cells.since;
    alarm.columns = {cells.name};
    alarm.affected_rows = rows_of(cells.differing_share);
    alarm.harm = drift_harm(cells.name);
    alarm.how_much = of_rows(cells.differing_count, cells.compared_count) +
                     " found in the table (commit " + watch_.table.commit + ")";
    alarm.what = is_unit ? cells.name + ": values are " + cells.suspicion
                         : cells.name + ": sent values are not those of the table";
    alarm.suspected_cause =
        (is_unit ? "the sender uses another unit than the training data; "
                 : "the sender computes or reads it in another way, or the table was corrected; ") +
        (cells.examples.empty() ? std::string() : "for example " + cells.examples.front());
    alarm.next_step = look_at_column(cells.name);
  }
  for (const ColumnDrift& column : watch_.drift) {
    if (column.what != "input" || column.drift.unit_suspicion.empty()) continue;
    if (explained_.contains(column.name) || !column.since) continue;
    const TableSkewColumn* cells = skew_of(column.name);
    if (cells != nullptr && cells->compared_count >= kDisprovingRows) continue;
    Alarm& alarm = add("unit", column.name, 0.85);
    explained_.insert(column.name);
    alarm.since = *column.since;
    alarm.columns = {column.name};
    alarm.harm = column.harm;
    alarm.what = column.name + ": " + column.drift.unit_suspicion;
    alarm.how_much = column.reason;
    alarm.suspected_cause =
        "the sender uses another unit than the training data (suspected from the distribution; "
        "rows of the same key in the table would prove it)";
    alarm.next_step = look_at_column(column.name);
  }
}

/// Inputs of one view go missing together: "weather_then.temp" belongs to "weather_then".
void ModelAlarms::find_missing() {
  std::map<std::string, std::vector<const ColumnDrift*>> groups;
  for (const ColumnDrift& column : watch_.drift) {
    if (column.what != "input" || is_explained(column) || !column.since) continue;
    if (column.drift.null_rate_change < 0.1) continue;
    const size_t dot = column.name.find('.');
    groups[dot == std::string::npos ? column.name : column.name.substr(0, dot)].push_back(&column);
  }
  for (const auto& [group, columns] : groups) {
    double importance = 0;
    double change = 0;
    std::string names;
    Alarm& alarm = add("missing", group, 0);
    alarm.since = *columns.front()->since;
    for (const ColumnDrift* column : columns) {
      importance = std::max(importance, column->importance);
      change = std::max(change, column->drift.null_rate_change);
      alarm.since = std::min(alarm.since, *column->since);
      names += (names.empty() ? "" : ", ") + column->name;
      explained_.insert(column->name);
      alarm.columns.push_back(column->name);
      alarm.rows_where +=
          (alarm.rows_where.empty() ? "" : " or ") + quote_name(column->name) + " is null";
      if (!alarm.harm.is_known() || column->harm.worse.change > alarm.harm.worse.change) {
        alarm.harm = column->harm;
      }
    }
    alarm.affected_rows = rows_of(change);
    alarm.severity = weighed_severity(std::min(0.9, 0.4 + change * (0.2 + importance)), alarm.harm);
    alarm.what = names + (columns.size() == 1 ? " is" : " are") + " missing more often";
    alarm.how_much = columns.front()->reason;
    alarm.suspected_cause = columns.front()->name == group
                                ? "the sender stopped sending the field, or renamed it"
                                : "the lookup of `" + group + "` finds no row, or it is late";
    alarm.next_step = look_at_column(columns.front()->name);
  }
}

void ModelAlarms::find_categories() {
  for (const ColumnDrift& column : watch_.drift) {
    if (column.what != "input" || column.drift.new_categories.empty()) continue;
    if (is_explained(column) || column.importance <= 0) continue;
    if (column.new_category_share < kNewCategoryShareMin) continue;
    const auto count = static_cast<int64_t>(column.drift.new_categories.size());
    Alarm& alarm = add("category", column.name, std::min(0.8, 0.35 + column.new_category_share));
    explained_.insert(column.name);
    if (column.since) {
      alarm.since = *column.since;
      alarm.harm = column.harm;
      alarm.severity = weighed_severity(alarm.severity, alarm.harm);
    }
    alarm.columns = {column.name};
    alarm.affected_rows = rows_of(column.new_category_share);
    for (const std::string& value : column.drift.new_categories) {
      alarm.rows_where +=
          (alarm.rows_where.empty() ? quote_name(column.name) + " in (" : ", ") + quote_text(value);
    }
    alarm.rows_where += ')';
    std::string names;
    for (int64_t at = 0; at < std::min<int64_t>(count, 5); ++at) {
      names += (names.empty() ? "" : ", ") + column.drift.new_categories[static_cast<size_t>(at)];
    }
    alarm.what = column.name + ": values that the training never saw (" + names +
                 (count > 5 ? " and " + count_text(count - 5) + " more" : "") + ")";
    alarm.how_much =
        percent_text(column.new_category_share) + " of " + count_of(column.row_count, "row");
    alarm.suspected_cause = "the world grew, or the sender writes the values in another way";
    alarm.next_step = report_.files.empty()
                          ? "millgate sql 'select \"" + column.name +
                                "\", count(*) from predictions group by all order by 2 desc'"
                          : look_at_column(column.name);
  }
}

/// By known harm; else columns stay as they are ranked.
bool does_more(const ColumnDrift& column, const ColumnDrift& than) {
  if (!column.harm.is_known() || !than.harm.is_known()) return false;
  return column.harm.worse.change > than.harm.worse.change;
}

/// What is left has no nearer cause: the world moved. One alarm, naming the columns by weight.
void ModelAlarms::find_drift() {
  std::string names;
  size_t count = 0;
  const ColumnDrift* worst = nullptr;
  std::optional<Time> since;
  std::vector<std::string> columns;
  bool has_harmless = false;
  for (const ColumnDrift& column : watch_.drift) {
    if (!column.since || is_explained(column)) continue;
    if (column.harm.is_none()) {
      // Shown in the table of drift, and wakes nobody.
      has_harmless = true;
      continue;
    }
    const bool is_large = column.verdict == "large";
    if ((!is_large && !column.lasting_since) || column.rank < kRankMin) continue;
    // A feature that only repeats its input is named once, by the input.
    if (column.what == "feature" && inputs_ != nullptr) {
      const auto reads = inputs_->find(column.name);
      if (reads != inputs_->end() && reads->second.size() == 1 &&
          names.find(reads->second[0]) != std::string::npos) {
        continue;
      }
    }
    if (worst == nullptr || does_more(column, *worst)) worst = &column;
    columns.push_back(column.name);
    if (++count <= 3) names += (names.empty() ? "" : ", ") + column.name;
    const Time begin = is_large ? *column.since : *column.lasting_since;
    since = since ? std::min(*since, begin) : begin;
  }
  if (worst != nullptr) {
    Alarm& alarm = add("drift", worst->name,
                       std::min(0.7, weighed_severity(0.2 + 2 * worst->rank, worst->harm)));
    alarm.since = *since;
    alarm.columns = std::move(columns);
    alarm.harm = worst->harm;
    alarm.what =
        names + (count > 3 ? " and " + count_text(static_cast<int64_t>(count) - 3) + " more" : "") +
        " differ" + (count == 1 ? "s" : "") + " from the training rows";
    alarm.how_much = worst->name + ": " + worst->reason;
    alarm.suspected_cause =
        "the world moved (season, customers), or the data behind it; no unit error, missing "
        "values or new category explains it";
    alarm.next_step = "millgate run && millgate gate latest";
    return;
  }
  const auto& prediction = watch_.prediction_drift;
  if (!prediction || prediction->verdict != "large" || !prediction->since) return;
  if (!explained_.empty() || has_harmless) return;
  Alarm& alarm = add("drift", "prediction", 0.4);
  alarm.since = *prediction->since;
  alarm.what = "predictions differ from those on held-out rows, though no input moved much";
  alarm.how_much = prediction->reason;
  alarm.suspected_cause = "inputs moved together, or the held-out rows were another season";
  alarm.next_step = "millgate run && millgate gate latest";
}

const Evidence* find_evidence(const std::vector<Evidence>& evidence, const std::string& metric) {
  for (const Evidence& one : evidence) {
    if (one.metric == metric && one.slice.empty() && one.data != "valid") return &one;
  }
  return nullptr;
}

/// The interval of the difference from both intervals (Newcombe 1998).
HarmRange difference(const Evidence& from, const Evidence& to) {
  HarmRange range;
  range.change = to.value - from.value;
  const auto side = [](double a, double b) { return std::sqrt(a * a + b * b); };
  range.lower = range.change - side(to.value - to.lower.value_or(to.value),
                                    from.upper.value_or(from.value) - from.value);
  range.upper = range.change + side(to.upper.value_or(to.value) - to.value,
                                    from.value - from.lower.value_or(from.value));
  return range;
}

AlarmHarm ModelAlarms::measured_harm(const Evidence& served, const Evidence& tested) const {
  AlarmHarm harm;
  const Metric* metric = find_metric(served.metric);
  harm.metric = served.metric;
  harm.is_measured = true;
  harm.was = tested.value;
  const bool is_better_high = metric != nullptr && metric->higher_is_better;
  harm.worse = is_better_high ? difference(served, tested) : difference(tested, served);
  if (tested_ == nullptr || !served.slice.empty()) return harm;
  const Evidence* earns = find_evidence(watch_.all.evidence, "utility");
  const Evidence* earned = find_evidence(*tested_, "utility");
  if (earns != nullptr && earned != nullptr) harm.earned = difference(*earned, *earns);
  return harm;
}

/// Worse than in the test beyond both intervals.
bool ModelAlarms::find_decay() {
  if (tested_ == nullptr) return false;
  for (const char* metric : {"auc", "log_loss", "rmse"}) {
    const bool higher_is_better = std::string_view(metric) == "auc";
    const Evidence* served = find_evidence(watch_.all.evidence, metric);
    const Evidence* tested = find_evidence(*tested_, metric);
    if (served == nullptr || tested == nullptr) continue;
    if (!served->lower || !served->upper || !tested->lower || !tested->upper) continue;
    const bool worse =
        higher_is_better ? *served->upper < *tested->lower : *served->lower > *tested->upper;
    if (!worse) continue;
    Alarm& alarm = add("quality", metric, explained_.empty() ? 0.9 : 0.6);
    alarm.harm = measured_harm(*served, *tested);
    alarm.what = std::string(metric) + " on served rows is worse than in the test";
    alarm.how_much = figure_text(served->value) + " [" + figure_text(*served->lower) + ", " +
                     figure_text(*served->upper) + "] over " +
                     count_of(served->row_count, "labelled row") + ", was " +
                     figure_text(tested->value) + " [" + figure_text(*tested->lower) + ", " +
                     figure_text(*tested->upper) + "]";
    alarm.suspected_cause = explained_.empty() ? "what the model learned holds less and less"
                                               : "the alarms above about " + *explained_.begin();
    alarm.next_step = "millgate rollback --reason \"" + std::string(metric) +
                      (higher_is_better ? " fell" : " rose") +
                      "\", or: millgate run && millgate gate latest";
    for (const MonitorWindow& window : watch_.windows) {
      const Evidence* one = find_evidence(window.evidence, metric);
      if (one == nullptr || !one->lower || !one->upper) continue;
      if (higher_is_better ? *one->upper < *tested->lower : *one->lower > *tested->upper) {
        alarm.since = window.from;
        break;
      }
    }
    return true;
  }
  return false;
}

/// Says "late" more or less often than it is.
void ModelAlarms::find_bias() {
  const MonitorWindow& all = watch_.all;
  if (!all.share_positive || !all.mean_prediction_labelled || all.evidence.empty()) return;
  const double share = *all.share_positive;
  if (share < 0 || share > 1 || find_evidence(all.evidence, "rmse") != nullptr) return;
  const double bias = *all.mean_prediction_labelled - share;
  const double deviation =
      std::sqrt(std::max(share * (1 - share), 0.01) / static_cast<double>(all.labelled_count));
  if (std::abs(bias) < kBiasMin || std::abs(bias) < kBiasDeviations * deviation) return;
  Alarm& alarm = add("quality", "calibration", 0.55);
  const Evidence* served = find_evidence(all.evidence, "log_loss");
  const Evidence* tested = tested_ == nullptr ? nullptr : find_evidence(*tested_, "log_loss");
  if (served != nullptr && tested != nullptr) {
    alarm.harm = measured_harm(*served, *tested);
  } else {
    alarm.harm.note = "the test did not measure the log loss";
  }
  alarm.what =
      std::string("probabilities are too ") + (bias > 0 ? "high" : "low") + " on served rows";
  alarm.how_much = "mean prediction " + figure_text(*all.mean_prediction_labelled) +
                   ", share positive " + figure_text(share) + " of " +
                   count_of(all.labelled_count, "labelled row");
  alarm.suspected_cause = "how often it happens has changed since the training";
  alarm.next_step = "millgate run && millgate gate latest";
}

/// Whether all rows together miss a limit: decay and bias then have their alarm.
bool ModelAlarms::find_limits() {
  bool is_told = false;
  for (const ServedLimit& limit : report_.limits) {
    const Evidence* missed = missed_by(limit, watch_.all.evidence);
    if (missed == nullptr) continue;
    is_told = is_told || limit.slice.empty();
    Alarm& alarm = add("requirement", limit.name, limit.is_must ? 0.92 : 0.5);
    for (const MonitorWindow& window : watch_.windows) {
      if (missed_by(limit, window.evidence) == nullptr) continue;
      alarm.since = window.from;
      break;
    }
    alarm.what = limit.name + " on served rows is not what the gate asks for";
    const std::string gap = gap_text(*missed, watch_.all.evidence);
    alarm.how_much = figure_text(missed->value) + " [" + figure_text(*missed->lower) + ", " +
                     figure_text(*missed->upper) + "] over " +
                     count_of(missed->row_count, "labelled row") + ", " + limit_text(limit) +
                     " is required" + (gap.empty() ? "" : "; " + gap) +
                     (limit.because.empty() ? "" : " (" + limit.because + ")");
    const Evidence* tested = nullptr;
    if (tested_ != nullptr) {
      for (const Evidence& one : *tested_) {
        if (one.metric == limit.metric && one.slice == limit.slice && one.data != "valid") {
          tested = &one;
        }
      }
    }
    if (tested != nullptr) {
      alarm.harm = measured_harm(*missed, *tested);
    } else {
      alarm.harm.note = "the test did not measure it";
    }
    alarm.suspected_cause = !explained_.empty() ? "the alarm about " + *explained_.begin()
                            : tested == nullptr
                                ? "what is served is not what it was tested on"
                                : "it was " + figure_text(tested->value) +
                                      " on the test rows: what is served now is not like them";
    alarm.next_step = "millgate rollback --reason \"" + limit.name +
                      "\", or: millgate run && millgate gate latest";
  }
  return is_told;
}

void ModelAlarms::find_quality() {
  if (watch_.all.labelled_count < report_.rows_min) return;
  if (find_limits()) return;
  if (!find_decay()) find_bias();
}

/// It lost too much at that age before, whatever can be seen of it today.
void ModelAlarms::find_age() {
  if (!watch_.age || watch_.age->micros <= watch_.age->limit_micros) return;
  constexpr int64_t kDay = 24LL * 3600 * 1'000'000;
  Alarm& alarm = add("age", "", 0.45);
  alarm.since = Time{watch_.last.micros - watch_.age->micros + watch_.age->limit_micros};
  alarm.what = "the model is older than the back-test advises";
  alarm.how_much = count_of(watch_.age->micros / kDay, "day") + ", at most " +
                   count_of(watch_.age->limit_micros / kDay, "day") + " by event " +
                   count_text(watch_.age->backtest_event);
  alarm.harm.note = "the back-test tells what models lost at this age";
  alarm.suspected_cause = "no newer model was released";
  alarm.next_step = "millgate run && millgate gate latest";
}

void ModelAlarms::count_rows() {
  for (size_t at = before_; at < out_.size(); ++at) {
    Alarm& alarm = out_[at];
    for (const MonitorWindow& window : watch_.windows) {
      if (window.to > alarm.since) alarm.served_rows += window.row_count;
    }
    alarm.affected_rows = alarm.affected_rows < 0
                              ? alarm.served_rows
                              : std::min(alarm.affected_rows, alarm.served_rows);
  }
}

/// Predictions earn less than before, whatever their quality says.
void find_fall_of_money(const MonitorReport& report, std::vector<Alarm>& out) {
  if (!report.business || !report.business->fall) return;
  const BusinessMetric& metric = *report.business;
  const MoneyFall& fall = *metric.fall;
  const bool is_quality_known = metric.quality_before && metric.quality_after;
  Alarm alarm;
  alarm.kind = "money";
  alarm.subject = metric.money;
  alarm.key = "money/" + metric.money;
  alarm.severity = 0.93;
  alarm.since = metric.since;
  alarm.what = metric.quality_fell ? "predictions earn less, and the model is worse"
               : is_quality_known  ? "the model is as good as ever, and predictions earn less"
                                   : "predictions earn less; how good they are cannot be known";
  alarm.how_much = metric.money + " " + figure_text(fall.after) + " per 1,000 predictions, was " +
                   figure_text(fall.before) + " (p " + figure_text(fall.p_value) + ")";
  if (is_quality_known) {
    alarm.how_much += "; " + metric.quality_metric + " " + figure_text(*metric.quality_after) +
                      ", was " + figure_text(*metric.quality_before);
  }
  alarm.harm.metric = metric.money;
  alarm.harm.is_measured = true;
  alarm.harm.was = fall.before;
  alarm.harm.worse = {fall.before - fall.after, fall.before - fall.after - fall.margin,
                      fall.before - fall.after + fall.margin};
  alarm.harm.note = "per 1,000 predictions";
  for (const MoneyWindow& window : metric.windows) {
    if (window.to > metric.since) alarm.served_rows += window.prediction_count;
  }
  alarm.affected_rows = alarm.served_rows;
  alarm.next_step = "millgate monitor --json, and look at `business`";
  if (metric.causes.empty()) {
    alarm.suspected_cause = metric.quality_fell
                                ? "the alarms about quality"
                                : "no mix of segments and no price of a decision explains it: "
                                  "prices, customers or competitors changed";
    out.push_back(std::move(alarm));
    return;
  }
  const MoneyCause& first = metric.causes.front();
  alarm.suspected_cause = (first.kind == "price" ? "price of " + first.subject + ": "
                                                 : "mix of " + first.subject + ": ") +
                          first.words + ", which explains " +
                          percent_text(std::min(first.share, 1.0)) + " of it";
  if (first.kind == "mix" && first.subject != "decisions") {
    alarm.columns = {first.subject};
    alarm.next_step = "millgate monitor --by " + first.subject;
  } else if (metric.cells && metric.threshold_best && metric.threshold) {
    const auto each = [&](size_t at) {
      const MoneyGroup& cell = (*metric.cells)[at];
      return figure_text(cell.money_after / static_cast<double>(cell.count_after));
    };
    alarm.suspected_cause += "; by what decisions earn now the threshold " +
                             figure_text(*metric.threshold_best) + " is best, it decides at " +
                             figure_text(*metric.threshold);
    alarm.next_step = "write [metric.utility] true_positive = " + each(0) +
                      ", false_positive = " + each(1) + ", false_negative = " + each(2) +
                      ", true_negative = " + each(3) +
                      " into millgate.toml, then: millgate run && millgate gate latest";
  }
  out.push_back(std::move(alarm));
}

/// Time in which nobody asked, between times in which somebody did.
void find_gaps(const MonitorReport& report, std::vector<Alarm>& out) {
  if (report.models.empty()) return;
  const size_t count = report.models.front().windows.size();
  std::vector<int64_t> rows(count, 0);
  for (const ModelWatch& watch : report.models) {
    for (size_t at = 0; at < count; ++at) rows[at] += watch.windows[at].row_count;
  }
  for (size_t at = 1; at < count; ++at) {
    if (rows[at] != 0 || rows[at - 1] < report.rows_min) continue;
    size_t end = at;
    while (end < count && rows[end] == 0) ++end;
    if (end == count) return;
    const MonitorWindow& first = report.models.front().windows[at];
    const MonitorWindow& last = report.models.front().windows[end - 1];
    Alarm alarm;
    alarm.kind = "log";
    alarm.subject = "gap";
    alarm.key = "log/gap/" + to_string(first.from);
    alarm.severity = 0.5;
    alarm.since = first.from;
    alarm.what = "no prediction was logged for a time";
    alarm.how_much = time_text(first.from) + " to " + time_text(last.to) + ", after a window of " +
                     count_of(rows[at - 1], "row");
    alarm.harm.note = "nobody knows what was not answered";
    alarm.suspected_cause = "the server was down, nobody asked, or log files were lost";
    alarm.next_step = "millgate ledger --at " + to_string(first.from);
    out.push_back(std::move(alarm));
    at = end;
  }
}

/// To the next whole minute, hour or day: as exactly as people say it.
int64_t rounded_up(int64_t micros) {
  constexpr int64_t kMinute = 60LL * 1'000'000;
  const int64_t unit = micros > 48 * 60 * kMinute ? 24 * 60 * kMinute
                       : micros > 120 * kMinute   ? 60 * kMinute
                                                  : kMinute;
  return (micros + unit - 1) / unit * unit;
}

/// Windows whose labels should be there by what earlier ones took, and are not.
void find_dead_feed(const MonitorReport& report, std::vector<Alarm>& out) {
  constexpr int64_t kMatureWindowsMin = 3;
  constexpr double kDeadShare = 0.2;
  if (!report.log.label_delay_micros || !report.to) return;
  const int64_t due_micros = 3 * *report.log.label_delay_micros / 2;
  for (const ModelWatch& watch : report.models) {
    int64_t mature = 0;
    const MonitorWindow* first = nullptr;
    int64_t rows = 0;
    int64_t labels = 0;
    for (const MonitorWindow& window : watch.windows) {
      if (window.row_count < report.rows_min) continue;
      if (window.maturity >= kMatureShare) {
        ++mature;
        first = nullptr;
        rows = labels = 0;
        continue;
      }
      if (mature < kMatureWindowsMin || window.maturity > kDeadShare) continue;
      if (window.to.micros + due_micros > report.to->micros) continue;
      if (first == nullptr) first = &window;
      rows += window.row_count;
      labels += window.labelled_count;
    }
    if (first == nullptr) continue;
    Alarm alarm;
    alarm.kind = "labels";
    alarm.subject = "feed";
    alarm.model = watch.model;
    alarm.key = "labels/" + watch.model + "/feed/" + to_string(first->from);
    alarm.severity = 0.6;
    alarm.since = first->from;
    alarm.what = "labels stopped coming";
    alarm.how_much = count_of(labels, "label") + " came for " + count_of(rows, "row") +
                     " that should have them: 95 of 100 came within " +
                     duration_text(rounded_up(*report.log.label_delay_micros)) + " before";
    alarm.served_rows = rows;
    alarm.affected_rows = rows - labels;
    alarm.harm.note = "nobody knows how good the answers are until the labels come";
    alarm.suspected_cause =
        "the feed of labels is dead or late; until it is back, quality is only "
        "what can be expected";
    alarm.next_step = "millgate sql 'select max(received_at), count(*) from feedback'";
    out.push_back(std::move(alarm));
  }
}

void find_log_faults(const MonitorReport& report, std::vector<Alarm>& out) {
  const LogCounts& log = report.log;
  const auto add = [&](int64_t part, int64_t whole, const std::string& subject, std::string what,
                       std::string cause, std::string next) {
    if (part < kLogCountMin) return;
    if (static_cast<double>(part) < kLogShareMin * static_cast<double>(whole)) return;
    Alarm alarm;
    alarm.kind = subject == "duplicates" ? "log" : "labels";
    alarm.subject = subject;
    alarm.key = alarm.kind + "/" + subject;
    alarm.severity = 0.3;
    alarm.since = report.from.value_or(report.made);
    alarm.what = std::move(what);
    alarm.how_much = of_rows(part, whole);
    alarm.served_rows = whole;
    alarm.affected_rows = part;
    alarm.harm.note = "it is about the log, and not about the answers";
    alarm.suspected_cause = std::move(cause);
    alarm.next_step = report.files.empty() ? std::move(next) : "look into " + report.files.front();
    out.push_back(std::move(alarm));
  };
  add(log.duplicate_count, log.prediction_count, "duplicates",
      "predictions are in the log more than once",
      "log files were copied, or a sender reuses prediction ids",
      "millgate sql 'select prediction_id, count(*) from predictions group by all having "
      "count(*) > 1'");
  const bool is_sample =
      std::any_of(report.sketched.begin(), report.sketched.end(),
                  [](const SketchedRows& one) { return one.logged_count < one.row_count; });
  // Of a sample, labels of what is not in it are as they should be.
  if (!is_sample) {
    add(log.unknown_label_count, log.feedback_count, "unknown", "labels name unknown predictions",
        "feedback of another project, or predictions that were lost from the log",
        "millgate sql 'select * from feedback where prediction_id not in (select prediction_id "
        "from predictions)'");
  }
  add(log.contradicted_count, log.feedback_count, "contradicted",
      "several labels of one prediction disagree; the latest counts",
      "labels are corrected later, or two sources give them",
      "millgate sql 'select prediction_id, count(distinct label) from feedback group by all "
      "having count(distinct label) > 1'");
  add(log.bad_label_count, log.feedback_count, "bad", "labels are neither 0 nor 1",
      "the sender gives the raw value instead of the label",
      "millgate sql 'select label, count(*) from feedback group by all order by 2 desc'");
}

}  // namespace

std::vector<Alarm> find_alarms(const MonitorReport& report, const TestEvidence& tested,
                               const FeatureInputs& inputs) {
  std::vector<Alarm> found;
  for (const ModelWatch& watch : report.models) {
    const size_t before = found.size();
    ModelAlarms(watch, report, tested, inputs, found).find();
    if (!watch.name.empty()) continue;
    // Nothing of this project can be run or rolled back for it.
    for (size_t at = before; at < found.size(); ++at) {
      if (found[at].next_step.starts_with("millgate ro") ||
          found[at].next_step.starts_with("millgate run")) {
        found[at].next_step = "train its model again on newer rows, or go back to the one before";
      }
    }
  }
  find_fall_of_money(report, found);
  find_gaps(report, found);
  find_dead_feed(report, found);
  find_log_faults(report, found);
  group_alarms(found, report);
  return found;
}

}  // namespace millgate
