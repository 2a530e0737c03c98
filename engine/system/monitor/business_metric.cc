#include "system/monitor/business_metric.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "data/feature/vector.h"
#include "ground/json.h"
#include "ground/nearest_name.h"
#include "model/measure/quality.h"
#include "system/monitor/log_file.h"
#include "system/monitor/monitor.h"
#include "system/monitor/served_log.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

constexpr std::array kMoneyNames = {"money", "revenue", "amount", "profit", "earned", "value"};
constexpr std::array kDayNames = {"day", "date", "time", "timestamp"};
constexpr const char* kAskedOutcomes = "asked_outcomes";
constexpr int64_t kDayMicros = 24LL * 3600 * 1'000'000;
constexpr int64_t kCorrelatedMin = 5;
constexpr double kCauseShareMin = 0.1;
constexpr std::array kCellNames = {"true alarms", "false alarms", "missed", "rightly let be"};

/// Fills the table `earned`: one row a prediction that has an outcome, or a day's money spread
/// evenly over its predictions.
Status join_outcomes(Database& database, const OutcomeTable& outcomes, BusinessMetric& metric) {
  const std::string file = outcomes.paths.empty() ? "outcomes" : outcomes.paths.front();
  MILLGATE_ASSIGN(const LogColumns columns,
                  database.describe(std::string("from ") + kAskedOutcomes));
  MILLGATE_ASSIGN(metric.money,
                  find_log_column(columns, outcomes.money, kMoneyNames, "--money", file));
  if (!metric.money.empty() && !is_number_type(type_of(columns, metric.money))) {
    return invalid_input("column `" + metric.money + "` of `" + file + "` holds no numbers",
                         "what was earned is a number; another column: --money COLUMN");
  }
  if (metric.money.empty()) {
    return invalid_input("`" + file + "` has no column of numbers that looks like money",
                         "name it: --money COLUMN; " + name_hint(metric.money, names_of(columns)));
  }
  const bool is_named_alike = outcomes.id.empty() && !type_of(columns, outcomes.served_id).empty();
  MILLGATE_ASSIGN(const std::string id,
                  find_log_column(columns, is_named_alike ? outcomes.served_id : outcomes.id,
                                  kIdNames, "--outcome-id", file));
  const std::string money = "sum(" + quote_name(metric.money) + "::double)";
  MILLGATE_ASSIGN(metric.outcome_count,
                  database.count(std::string("select count(*) from ") + kAskedOutcomes));
  metric.is_by_prediction = !id.empty();
  if (metric.is_by_prediction) {
    MILLGATE_TRY(database.execute("create table outcome as select " + quote_name(id) +
                                  "::varchar as outcome_of, " + money + " as money from " +
                                  kAskedOutcomes + " where " + quote_name(metric.money) +
                                  " is not null group by 1"));
    MILLGATE_TRY(database.execute(
        "create table earned as select s.*, o.money as outcome_money from served s join outcome o "
        "on s.prediction_id::varchar = o.outcome_of"));
    MILLGATE_ASSIGN(metric.unknown_count,
                    database.count("select count(*) from outcome where outcome_of not in (select "
                                   "prediction_id::varchar from every_served)"));
    return {};
  }
  MILLGATE_ASSIGN(const std::string day,
                  find_log_column(columns, outcomes.time, kDayNames, "--outcome-day", file));
  if (day.empty()) {
    return invalid_input("`" + file + "` names neither predictions nor days",
                         "name the column: --outcome-id COLUMN or --outcome-day COLUMN; " +
                             name_hint("", names_of(columns)));
  }
  const std::string length = std::to_string(kDayMicros);
  MILLGATE_TRY(database.execute("create table outcome as select epoch_us(" +
                                time_sql_of(day, type_of(columns, day)) + ") // " + length +
                                " as outcome_of, " + money + " as money from " + kAskedOutcomes +
                                " where " + quote_name(metric.money) + " is not null group by 1"));
  MILLGATE_TRY(database.execute(
      "create table earned as select s.*, o.money / count(*) over (partition by o.outcome_of) as "
      "outcome_money from served s join outcome o on s.event_micros // " +
      length + " = o.outcome_of"));
  MILLGATE_ASSIGN(metric.unknown_count,
                  database.count("select count(*) from outcome where outcome_of not in (select "
                                 "event_micros // " +
                                 length + " from every_served)"));
  return {};
}

/// Money and number of the predictions that fulfil `where`, by whole numbers of `length` micros
/// from `begin`.
Result<std::map<int64_t, MoneyDay>> money_by(Database& database, int64_t begin, int64_t length,
                                             const std::string& where) {
  MILLGATE_ASSIGN(
      const auto table,
      database.query("select (event_micros - " + std::to_string(begin) + ") // " +
                     std::to_string(length) +
                     " as part, sum(outcome_money)::double as money, count(*) as rows from earned "
                     "where " +
                     where + " group by 1 order by 1"));
  MILLGATE_ASSIGN(const Block block, block_from(*table, {{"part", ValueType::integer},
                                                         {"money", ValueType::number},
                                                         {"rows", ValueType::integer}}));
  std::map<int64_t, MoneyDay> found;
  for (size_t row = 0; row < block.rows; ++row) {
    const int64_t part = block.columns[0].integers[row];
    found[part] = {.begin_micros = begin + part * length,
                   .money = block.columns[1].numbers[row],
                   .prediction_count = block.columns[2].integers[row]};
  }
  return found;
}

const Evidence* quality_of(const std::vector<Evidence>& evidence) {
  for (const char* metric : {"auc", "rmse"}) {
    for (const Evidence& one : evidence) {
      if (one.metric == metric && one.slice.empty()) return &one;
    }
  }
  return nullptr;
}

std::vector<double> ranks_of(const std::vector<double>& values) {
  std::vector<double> ranks;
  for (const double value : values) {
    double below = 0;
    double same = 0;
    for (const double other : values) {
      below += other < value ? 1 : 0;
      same += other == value ? 1 : 0;
    }
    ranks.push_back(below + (same + 1) / 2);
  }
  return ranks;
}

std::optional<double> correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const double count = static_cast<double>(a.size());
  const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / count;
  const double mean_b = std::accumulate(b.begin(), b.end(), 0.0) / count;
  double together = 0;
  double square_a = 0;
  double square_b = 0;
  for (size_t at = 0; at < a.size(); ++at) {
    together += (a[at] - mean_a) * (b[at] - mean_b);
    square_a += (a[at] - mean_a) * (a[at] - mean_a);
    square_b += (b[at] - mean_b) * (b[at] - mean_b);
  }
  if (square_a == 0 || square_b == 0) return std::nullopt;
  return together / std::sqrt(square_a * square_b);
}

Status fill_windows(Database& database, const MonitorReport& report, BusinessMetric& metric) {
  const std::vector<MonitorWindow>& windows = report.models.front().windows;
  const int64_t begin = windows.front().from.micros;
  MILLGATE_ASSIGN(const auto by_window, money_by(database, begin, report.window_micros, "true"));
  std::vector<double> quality;
  std::vector<double> money;
  for (size_t at = 0; at < windows.size(); ++at) {
    MoneyWindow window{.from = windows[at].from, .to = windows[at].to, .quality = {}};
    if (const auto found = by_window.find(static_cast<int64_t>(at)); found != by_window.end()) {
      window.money = found->second.money;
      window.prediction_count = found->second.prediction_count;
    }
    if (const Evidence* one = quality_of(windows[at].evidence); one != nullptr) {
      window.quality = one->value;
      metric.quality_metric = one->metric;
      if (window.prediction_count > 0) {
        quality.push_back(one->value);
        money.push_back(window.money / static_cast<double>(window.prediction_count));
      }
    }
    metric.windows.push_back(window);
  }
  metric.correlated_count = static_cast<int64_t>(quality.size());
  if (metric.correlated_count >= kCorrelatedMin) {
    metric.rank_correlation = correlation(ranks_of(quality), ranks_of(money));
  }
  return {};
}

/// Groups of the earned rows by an SQL text, before and after the fall.
Result<std::vector<MoneyGroup>> groups_by(Database& database, const std::string& key, Time since) {
  const std::string before = "event_micros < " + std::to_string(since.micros);
  MILLGATE_ASSIGN(
      const auto table,
      database.query(
          "select coalesce((" + key + ")::varchar, '(missing)') as name, count(*) filter (" +
          before + ") as count_before, count(*) filter (not " + before +
          ") as count_after, coalesce(sum(outcome_money) filter (" + before +
          "), 0)::double as money_before, coalesce(sum(outcome_money) filter (not " + before +
          "), 0)::double as money_after from earned group by 1 order by count(*) desc, name"));
  MILLGATE_ASSIGN(const Block block, block_from(*table, {{"name", ValueType::text},
                                                         {"count_before", ValueType::integer},
                                                         {"count_after", ValueType::integer},
                                                         {"money_before", ValueType::number},
                                                         {"money_after", ValueType::number}}));
  std::vector<MoneyGroup> groups;
  groups.reserve(block.rows);
  for (size_t row = 0; row < block.rows; ++row) {
    groups.push_back({.name = block.columns[0].texts[row],
                      .count_before = block.columns[1].integers[row],
                      .count_after = block.columns[2].integers[row],
                      .money_before = block.columns[3].numbers[row],
                      .money_after = block.columns[4].numbers[row]});
  }
  return groups;
}

struct Totals {
  int64_t count_before = 0, count_after = 0;
};

Totals totals_of(std::span<const MoneyGroup> groups) {
  Totals all;
  for (const MoneyGroup& group : groups) {
    all.count_before += group.count_before;
    all.count_after += group.count_after;
  }
  return all;
}

double share_of(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// "EWR from 31 % to 12 % of predictions".
std::string moved_text(const MoneyGroup& group, const Totals& all) {
  return group.name + " from " + percent_text(share_of(group.count_before, all.count_before)) +
         " to " + percent_text(share_of(group.count_after, all.count_after)) + " of predictions";
}

const MoneyGroup& most_moved(std::span<const MoneyGroup> groups, const Totals& all) {
  return *std::max_element(groups.begin(), groups.end(), [&](const auto& a, const auto& b) {
    const auto move = [&](const MoneyGroup& one) {
      return std::abs(share_of(one.count_after, all.count_after) -
                      share_of(one.count_before, all.count_before));
    };
    return move(a) < move(b);
  });
}

std::string each_text(double money, int64_t count) {
  return count == 0 ? "nothing known" : figure_text(money / static_cast<double>(count)) + " each";
}

/// What decides as the models do: `threshold` of each by its logged name.
std::string cell_key(const std::map<std::string, double>& thresholds) {
  std::string limit = "case model::varchar";
  for (const auto& [model, threshold] : thresholds) {
    limit += " when " + quote_text(model) + " then " + dump_json(Json(threshold));
  }
  limit += " else 0.5 end";
  return "case when label_value is null then null when probability >= " + limit +
         " then if(label_value = 1, 0, 1) else if(label_value = 1, 2, 3) end";
}

Status find_cells(Database& database, const std::map<std::string, double>& thresholds,
                  BusinessMetric& metric) {
  MILLGATE_ASSIGN(const auto groups, groups_by(database, cell_key(thresholds), metric.since));
  MoneyCells cells;
  for (size_t at = 0; at < cells.size(); ++at) {
    for (const MoneyGroup& group : groups) {
      if (group.name == std::to_string(at)) cells[at] = group;
    }
    cells[at].name = kCellNames[at];
  }
  const Totals all = totals_of(cells);
  if (all.count_before == 0 || all.count_after == 0) return {};
  metric.cells = cells;
  metric.threshold_best = threshold_by_prices(cells);
  const double fall = (metric.fall->after - metric.fall->before) / 1000;
  const MoneyParts parts = part_money_change(cells);
  for (size_t at = 0; at < cells.size(); ++at) {
    const MoneyGroup& cell = cells[at];
    metric.causes.push_back(
        {.kind = "price",
         .subject = cell.name,
         .share = parts.price[at] / fall,
         .words = cell.name + " earn " + each_text(cell.money_after, cell.count_after) +
                  ", before it was " + each_text(cell.money_before, cell.count_before) + " (" +
                  percent_text(share_of(cell.count_after, all.count_after)) + " of predictions)"});
  }
  metric.causes.push_back({.kind = "mix",
                           .subject = "decisions",
                           .share = parts.mix / fall,
                           .words = moved_text(most_moved(cells, all), all)});
  return {};
}

Status find_mixes(Database& database, const ServedLog& log, const std::vector<std::string>& slices,
                  BusinessMetric& metric) {
  const double fall = (metric.fall->after - metric.fall->before) / 1000;
  for (const std::string& slice : slices) {
    const std::string column = log.column_of(slice);
    if (column.empty()) continue;
    MILLGATE_ASSIGN(const auto groups, groups_by(database, quote_name(column), metric.since));
    const Totals all = totals_of(groups);
    if (groups.size() < 2 || all.count_before == 0 || all.count_after == 0) continue;
    metric.causes.push_back({.kind = "mix",
                             .subject = slice,
                             .share = part_money_change(groups).mix / fall,
                             .words = slice + " " + moved_text(most_moved(groups, all), all)});
  }
  return {};
}

/// Quality on both sides of the fall, all models together.
Status compare_quality(Database& database, BusinessMetric& metric) {
  if (metric.quality_metric.empty()) return {};
  std::array<std::optional<Evidence>, 2> sides;
  for (size_t side = 0; side < sides.size(); ++side) {
    MILLGATE_ASSIGN(
        const auto table,
        database.query("select probability::double as p, label_value as y from served where "
                       "label_value is not null and event_micros " +
                       std::string(side == 0 ? "< " : ">= ") + std::to_string(metric.since.micros) +
                       " order by event_micros, prediction_id"));
    MILLGATE_ASSIGN(const Block block,
                    block_from(*table, {{"p", ValueType::number}, {"y", ValueType::number}}));
    if (block.rows < static_cast<size_t>(kGroupRowsMin)) return {};
    MeasureOptions how;
    how.regression = metric.quality_metric == "rmse";
    MILLGATE_ASSIGN(const auto evidence,
                    measure_quality({block.columns[1].numbers, block.columns[0].numbers}, {}, how));
    for (const Evidence& one : evidence) {
      if (one.metric == metric.quality_metric && one.slice.empty()) sides[side] = one;
    }
  }
  if (!sides[0] || !sides[1] || std::isnan(sides[0]->value) || std::isnan(sides[1]->value))
    return {};
  metric.quality_before = sides[0]->value;
  metric.quality_after = sides[1]->value;
  if (!sides[0]->lower || !sides[0]->upper || !sides[1]->lower || !sides[1]->upper) return {};
  const bool higher_is_better = metric.quality_metric == "auc";
  const double worse =
      higher_is_better ? sides[0]->value - sides[1]->value : sides[1]->value - sides[0]->value;
  metric.quality_fell =
      worse >
      (higher_is_better
           ? std::hypot(sides[0]->value - *sides[0]->lower, *sides[1]->upper - sides[1]->value)
           : std::hypot(*sides[0]->upper - sides[0]->value, sides[1]->value - *sides[1]->lower));
  return {};
}

/// `days` are kept that hold more than a few predictions: the first and the last may be cut.
std::vector<MoneyDay> whole_days(const std::map<int64_t, MoneyDay>& days) {
  std::vector<int64_t> counts;
  counts.reserve(days.size());
  for (const auto& [part, day] : days) counts.push_back(day.prediction_count);
  const auto middle = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
  std::nth_element(counts.begin(), middle, counts.end());
  std::vector<MoneyDay> whole;
  for (const auto& [part, day] : days) {
    if (10 * day.prediction_count >= *middle) whole.push_back(day);
  }
  return whole;
}

/// What the fall comes from, what explains most first.
Status explain_fall(Database& database, const ServedLog& log,
                    const std::map<std::string, double>& thresholds,
                    const std::vector<std::string>& slices, BusinessMetric& metric) {
  metric.causes.clear();
  MILLGATE_TRY(compare_quality(database, metric));
  if (metric.is_by_prediction && metric.quality_metric != "rmse") {
    MILLGATE_TRY(find_cells(database, thresholds, metric));
  }
  MILLGATE_TRY(find_mixes(database, log, slices, metric));
  std::erase_if(metric.causes,
                [](const MoneyCause& one) { return !(one.share >= kCauseShareMin); });
  std::stable_sort(metric.causes.begin(), metric.causes.end(),
                   [](const MoneyCause& a, const MoneyCause& b) { return a.share > b.share; });
  return {};
}

/// The day from which the fall counts, where the price of a kind of decision explains most of it:
/// that price tells its day better than all earnings, which go up and down with the world.
Result<std::optional<size_t>> day_of_price(Database& database,
                                           const std::map<std::string, double>& thresholds,
                                           std::span<const MoneyDay> days,
                                           const BusinessMetric& metric) {
  if (metric.causes.empty() || metric.causes.front().kind != "price")
    return std::optional<size_t>();
  const auto cell = std::find(kCellNames.begin(), kCellNames.end(), metric.causes.front().subject);
  MILLGATE_ASSIGN(const auto by_day, money_by(database, 0, kDayMicros,
                                              cell_key(thresholds) + " = " +
                                                  std::to_string(cell - kCellNames.begin())));
  std::vector<MoneyDay> kind;
  kind.reserve(days.size());
  for (const MoneyDay& day : days) {
    const auto found = by_day.find(day.begin_micros / kDayMicros);
    kind.push_back(found != by_day.end() ? found->second : MoneyDay{});
  }
  return find_price_change(kind);
}

Json cells_json(const MoneyCells& cells) {
  Json list = Json::array();
  for (const MoneyGroup& cell : cells) {
    list.push_back({{"decision", cell.name},
                    {"count_before", cell.count_before},
                    {"count_after", cell.count_after},
                    {"money_before", cell.money_before},
                    {"money_after", cell.money_after}});
  }
  return list;
}

Json optional_json(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace

Result<BusinessMetric> business_metric(const ServedLog& log, const OutcomeTable& outcomes,
                                       const std::string& scratch,
                                       const std::map<std::string, double>& thresholds,
                                       const std::vector<std::string>& slices,
                                       MonitorReport& report) {
  BusinessMetric metric;
  Database& database = log.database();
  if (outcomes.paths.empty()) {
    MILLGATE_TRY(database.execute(std::string("create temp table ") + kAskedOutcomes + " as from " +
                                  kToldOutcomes));
  } else {
    MILLGATE_TRY(load_log_files(database, outcomes.paths, scratch, kAskedOutcomes, report.notes));
  }
  MILLGATE_TRY(join_outcomes(database, outcomes, metric));
  MILLGATE_ASSIGN(const int64_t joined, database.count("select count(*) from earned"));
  if (joined == 0) {
    return invalid_input(
        "no outcome in `" + outcomes.paths.front() + "` belongs to what was served",
        metric.is_by_prediction ? "outcomes are joined by prediction_id, as answers and "
                                  "`millgate sql 'select prediction_id from predictions'` give it"
                                : "outcomes are joined by day (UTC) of the rows' time");
  }
  MILLGATE_TRY(fill_windows(database, report, metric));
  MILLGATE_ASSIGN(const auto by_day, money_by(database, 0, kDayMicros, "true"));
  const std::vector<MoneyDay> days = whole_days(by_day);
  if (days.size() < kMoneyDaysBefore + kMoneyDaysAfter) {
    metric.note =
        "whether it fell cannot be known: " + count_of(static_cast<int64_t>(days.size()), "day") +
        " with outcomes, " + count_text(kMoneyDaysBefore + kMoneyDaysAfter) + " are needed";
    return metric;
  }
  metric.fall = find_money_fall(days);
  if (!metric.fall) return metric;
  metric.since = Time{days[metric.fall->first_day].begin_micros};
  MILLGATE_TRY(explain_fall(database, log, thresholds, slices, metric));
  MILLGATE_ASSIGN(const auto first_day, day_of_price(database, thresholds, days, metric));
  if (first_day && *first_day != metric.fall->first_day) {
    if (const auto moved = move_money_fall(*metric.fall, days, *first_day)) {
      metric.fall = moved;
      metric.since = Time{days[*first_day].begin_micros};
      MILLGATE_TRY(explain_fall(database, log, thresholds, slices, metric));
    }
  }
  if (const auto found = thresholds.find(report.models.front().model.substr(0, 12));
      found != thresholds.end() && metric.quality_metric != "rmse") {
    metric.threshold = found->second;
  }
  if (!metric.is_by_prediction) {
    metric.note =
        "outcomes by day tell of segments only; by prediction they would tell of decisions";
  }
  return metric;
}

nlohmann::ordered_json to_json(const BusinessMetric& metric) {
  Json windows = Json::array();
  for (const MoneyWindow& one : metric.windows) {
    windows.push_back({{"from", to_string(one.from)},
                       {"to", to_string(one.to)},
                       {"prediction_count", one.prediction_count},
                       {"money", one.money},
                       {"quality", optional_json(one.quality)}});
  }
  Json causes = Json::array();
  for (const MoneyCause& one : metric.causes) {
    causes.push_back(
        {{"kind", one.kind}, {"subject", one.subject}, {"share", one.share}, {"words", one.words}});
  }
  Json fall = nullptr;
  if (metric.fall) {
    fall = {{"since", to_string(metric.since)},
            {"before_per_1000", metric.fall->before},
            {"after_per_1000", metric.fall->after},
            {"p_value", metric.fall->p_value},
            {"quality_fell", metric.quality_fell},
            {"quality_before", optional_json(metric.quality_before)},
            {"quality_after", optional_json(metric.quality_after)},
            {"causes", causes},
            {"cells", metric.cells ? cells_json(*metric.cells) : Json(nullptr)},
            {"threshold", optional_json(metric.threshold)},
            {"threshold_best", optional_json(metric.threshold_best)}};
  }
  return {{"money", metric.money},
          {"by", metric.is_by_prediction ? "prediction" : "day"},
          {"outcome_count", metric.outcome_count},
          {"unknown_count", metric.unknown_count},
          {"quality_metric", metric.quality_metric},
          {"rank_correlation", optional_json(metric.rank_correlation)},
          {"correlated_count", metric.correlated_count},
          {"windows", windows},
          {"fall", fall},
          {"note", metric.note}};
}

}  // namespace millgate
