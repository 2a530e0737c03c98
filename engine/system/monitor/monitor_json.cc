#include <cmath>

#include "ground/json.h"
#include "system/monitor/monitor.h"

namespace millgate {
namespace {

Json optional_number(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json optional_time(const std::optional<Time>& time) {
  return time ? Json(to_string(*time)) : Json(nullptr);
}

Json expected_json(const ExpectedQuality& expected) {
  Json metrics = Json::array();
  for (const ExpectedMetric& one : expected.metrics) {
    metrics.push_back(
        {{"metric", one.metric}, {"value", one.value}, {"lower", one.lower}, {"upper", one.upper}});
  }
  return {{"state", to_string(expected.state)},
          {"reason", expected.reason},
          {"metrics", metrics},
          {"known_count", expected.known_count},
          {"known_windows", expected.known_windows},
          {"is_weighted", expected.is_weighted},
          {"effective_share", expected.effective_share},
          {"told_apart_auc", expected.told_apart_auc}};
}

Json window_json(const MonitorWindow& window) {
  Json evidence = Json::array();
  for (const Evidence& one : window.evidence) evidence.push_back(to_json(one));
  return {{"from", to_string(window.from)},
          {"to", to_string(window.to)},
          {"row_count", window.row_count},
          {"labelled_count", window.labelled_count},
          {"maturity", window.maturity},
          {"mean_prediction", optional_number(window.mean_prediction)},
          {"mean_prediction_labelled", optional_number(window.mean_prediction_labelled)},
          {"share_positive", optional_number(window.share_positive)},
          {"evidence", evidence},
          {"expected", window.expected ? expected_json(*window.expected) : Json(nullptr)},
          {"note", window.note}};
}

Json limits_json(const std::vector<ServedLimit>& limits) {
  Json list = Json::array();
  for (const ServedLimit& one : limits) {
    list.push_back({{"name", one.name},
                    {"metric", one.metric},
                    {"slice", one.slice},
                    {one.at_least ? "at_least" : "at_most", one.limit},
                    {"because", one.because}});
  }
  return list;
}

Json drift_json(const ColumnDrift& column) {
  Json by_window = Json::array();
  for (const double psi : column.psi_by_window) {
    by_window.push_back(std::isnan(psi) ? Json(nullptr) : Json(psi));
  }
  return {{"name", column.name},
          {"what", column.what},
          {"verdict", column.verdict},
          {"reason", column.reason},
          {"psi", column.drift.psi},
          {"jensen_shannon", column.drift.jensen_shannon},
          {"ks", column.drift.ks},
          {"p_value", column.drift.p_value},
          {"null_rate_change", column.drift.null_rate_change},
          {"new_categories", column.drift.new_categories},
          {"new_category_share", column.new_category_share},
          {"unit_suspicion", column.drift.unit_suspicion},
          {"importance", column.importance},
          {"rank", column.rank},
          {"row_count", column.row_count},
          {"since", optional_time(column.since)},
          {"lasting_since", optional_time(column.lasting_since)},
          {"harm", column.since ? to_json(column.harm) : Json(nullptr)},
          {"psi_by_window", by_window}};
}

Json table_json(const TableSkew& table) {
  Json columns = Json::array();
  for (const TableSkewColumn& column : table.columns) {
    columns.push_back({{"name", column.name},
                       {"compared_count", column.compared_count},
                       {"differing_count", column.differing_count},
                       {"differing_share", column.differing_share},
                       {"median_ratio", optional_number(column.median_ratio)},
                       {"ratio_share", column.ratio_share},
                       {"suspicion", column.suspicion},
                       {"since", optional_time(column.since)},
                       {"examples", column.examples}});
  }
  return {{"commit", table.commit},
          {"logged_count", table.logged_count},
          {"matched_count", table.matched_count},
          {"columns", columns},
          {"note", table.note}};
}

Json model_json(const ModelWatch& watch) {
  Json windows = Json::array();
  for (const MonitorWindow& window : watch.windows) windows.push_back(window_json(window));
  Json drift = Json::array();
  for (const ColumnDrift& column : watch.drift) drift.push_back(drift_json(column));
  return {{"model", watch.model},
          {"name", watch.name},
          {"row_count", watch.row_count},
          {"first", to_string(watch.first)},
          {"last", to_string(watch.last)},
          {"all", window_json(watch.all)},
          {"windows", windows},
          {"drift", drift},
          {"prediction_drift",
           watch.prediction_drift ? drift_json(*watch.prediction_drift) : Json(nullptr)},
          {"replay",
           {{"replayed_count", watch.replay.replayed_count},
            {"differing_count", watch.replay.differing_count},
            {"difference_max", watch.replay.difference_max},
            {"examples", watch.replay.examples},
            {"note", watch.replay.note}}},
          {"table", table_json(watch.table)},
          {"age", watch.age ? Json{{"micros", watch.age->micros},
                                   {"limit_micros", watch.age->limit_micros},
                                   {"backtest_event", watch.age->backtest_event}}
                            : Json(nullptr)},
          {"note", watch.note}};
}

Json sketched_json(const std::vector<SketchedRows>& sketched) {
  Json all = Json::array();
  for (const SketchedRows& one : sketched) {
    all.push_back({{"model", one.model},
                   {"from", to_string(one.from)},
                   {"to", to_string(one.to)},
                   {"row_count", one.row_count},
                   {"logged_count", one.logged_count}});
  }
  return all;
}

}  // namespace

nlohmann::ordered_json to_json(const MonitorReport& report) {
  Json models = Json::array();
  for (const ModelWatch& watch : report.models) models.push_back(model_json(watch));
  Json found = Json::array();
  for (const Alarm& alarm : report.alarms) found.push_back(to_json(alarm));
  return {{"answer", report.answer},
          {"made", to_string(report.made)},
          {"from", optional_time(report.from)},
          {"to", optional_time(report.to)},
          {"window_micros", report.window_micros},
          {"rows_min", report.rows_min},
          {"thresholds",
           {{"psi_small", kPsiSmall},
            {"psi_large", kPsiLarge},
            {"ks_small", kKsSmall},
            {"ks_large", kKsLarge}}},
          {"files", report.files},
          {"limits", limits_json(report.limits)},
          {"log",
           {{"prediction_count", report.log.prediction_count},
            {"duplicate_count", report.log.duplicate_count},
            {"feedback_count", report.log.feedback_count},
            {"unknown_label_count", report.log.unknown_label_count},
            {"relabelled_count", report.log.relabelled_count},
            {"contradicted_count", report.log.contradicted_count},
            {"label_delay_micros",
             report.log.label_delay_micros ? Json(*report.log.label_delay_micros) : Json(nullptr)},
            {"bad_label_count", report.log.bad_label_count}}},
          {"sketched", sketched_json(report.sketched)},
          {"business", report.business ? to_json(*report.business) : Json(nullptr)},
          {"notes", report.notes},
          {"alarms", found},
          {"models", models}};
}

}  // namespace millgate
