#include "model/poison/trigger_search.h"

#include <algorithm>
#include <cmath>

#include "data/check/predictors.h"
#include "ground/json.h"
#include "model/poison/left_out_model.h"
#include "model/poison/suspect_rows.h"

namespace millgate {

namespace {

constexpr double kSameRowsShare = 0.8;
/// Of the rows that speak against the label: those that had the values before, by nature, keep
/// theirs.
constexpr double kContradictedShare = 0.8;
constexpr int64_t kRowsMin = 20;
constexpr int64_t kRowsShare = 500;

RowSet without(const RowSet& rows, const RowSet& others) {
  RowSet left(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) left[i] = rows[i] & ~others[i];
  return left;
}

RowSet together(const RowSet& a, const RowSet& b) {
  RowSet all(a.size());
  for (size_t i = 0; i < a.size(); ++i) all[i] = a[i] | b[i];
  return all;
}

class Search {
 public:
  Search(Database& database, const AskedRows& asked, const TriggerSearchOptions& options)
      : database_(database), asked_(asked), options_(options), screen_options_(options.screen) {}

  Result<TriggerSearch> run() {
    MILLGATE_TRY(prepare());
    MILLGATE_ASSIGN(const TriggerScreen screen,
                    screen_triggers(rows_.labels, rows_.classes.size(), rows_.parts, rows_.items,
                                    screen_options_));
    found_.tried = screen.tried + rows_.ranges_tried;
    taken_.assign((rows_.row_count() + 63) / 64, 0);
    for (const TriggerCandidate& candidate : screen.candidates) {
      if (found_.asked == options_.asked_max) break;
      MILLGATE_TRY(ask(candidate));
      if (options_.progress) {
        options_.progress("candidates", static_cast<double>(found_.asked) / options_.asked_max);
      }
    }
    return std::move(found_);
  }

 private:
  /// A candidate that was judged.
  struct Refused {
    RowSet rows;
    size_t label = 0;
  };

  Status prepare() {
    MILLGATE_ASSIGN(Predictors predictors,
                    choose_predictors(database_, asked_,
                                      {.label = options_.label, .columns = options_.columns}));
    if (predictors.columns.empty()) {
      return invalid_input("`" + asked_.text + "` has no column in which a trigger could be",
                           "name some by `--columns`");
    }
    MILLGATE_ASSIGN(read_, read_predictor_rows(database_, asked_,
                                               {.label = options_.label,
                                                .predictors = predictors,
                                                .shown = options_.shown,
                                                .rows_max = options_.rows_max}));
    found_.labelled = read_.labelled;
    found_.unlabelled = read_.unlabelled;
    found_.looked_at = static_cast<int64_t>(read_.labels.size());
    if (screen_options_.rows_min == 0) {
      screen_options_.rows_min = std::max(kRowsMin, found_.looked_at / kRowsShare);
    }
    found_.rows_min = screen_options_.rows_min;
    MILLGATE_ASSIGN(rows_, suspect_rows(read_, predictors, options_.label, screen_options_));
    found_.columns = std::move(predictors.columns);
    found_.unused = std::move(predictors.unused);
    return {};
  }

  Status ask(const TriggerCandidate& candidate) {
    RowSet rows = rows_.items[candidate.items[0]].rows;
    for (const size_t item : candidate.items) {
      for (size_t i = 0; i < rows.size(); ++i) rows[i] &= rows_.items[item].rows[i];
    }
    const RowSet fresh = without(rows, taken_);
    const int64_t count = count_of(fresh);
    if (count < screen_options_.rows_min || 2 * count < count_of(rows)) return {};
    for (const Refused& other : refused_) {
      const auto new_rows = static_cast<double>(count_of(without(fresh, other.rows)));
      const bool is_same = new_rows < (1 - kSameRowsShare) * static_cast<double>(count);
      if (is_same && other.label == candidate.label) return {};
    }
    ++found_.asked;
    std::vector<size_t> members;
    for (size_t row = 0; row < rows_.row_count(); ++row) {
      if (contains(fresh, row)) members.push_back(row);
    }
    MILLGATE_ASSIGN(const auto expected,
                    left_out_predictions(rows_, candidate.label, together(rows, taken_), members,
                                         {.seed = options_.seed}));
    Trigger trigger = measure(candidate, members, expected);
    if (is_trigger(trigger)) {
      taken_ = together(taken_, rows);
      found_.triggers.push_back(std::move(trigger));
    } else {
      refused_.push_back({.rows = fresh, .label = candidate.label});
    }
    return {};
  }

  Trigger measure(const TriggerCandidate& candidate, const std::vector<size_t>& members,
                  const std::vector<double>& expected) const {
    Trigger trigger;
    for (const size_t item : candidate.items) {
      trigger.condition += (trigger.condition.empty() ? "" : " and ") + rows_.item_texts[item];
    }
    trigger.label = rows_.classes[candidate.label];
    trigger.row_count = static_cast<int64_t>(members.size());
    for (size_t i = 0; i < members.size(); ++i) {
      const size_t row = members[i];
      const bool has_label = rows_.labels[row] == candidate.label;
      trigger.expected_share += expected[i] / static_cast<double>(members.size());
      trigger.label_count += has_label ? 1 : 0;
      trigger.contradicted_count += expected[i] < 0.5 ? 1 : 0;
      trigger.contradicted_label_count += expected[i] < 0.5 && has_label ? 1 : 0;
      if (has_label) {
        trigger.rows.push_back(
            {.number = read_.row_numbers[row], .expected = expected[i], .shown = read_.shown[row]});
      }
    }
    std::stable_sort(
        trigger.rows.begin(), trigger.rows.end(),
        [](const TriggerRow& a, const TriggerRow& b) { return a.expected < b.expected; });
    const double log_p =
        log_tail_bound(trigger.label_count, trigger.row_count, trigger.expected_share);
    trigger.p_value = std::min(1.0, std::exp(log_p + std::log(static_cast<double>(found_.tried))));
    return trigger;
  }

  [[nodiscard]] bool is_trigger(const Trigger& trigger) const {
    if (trigger.p_value > options_.p_value_max) return false;
    if (trigger.label_share() < screen_options_.label_share_min) return false;
    if (trigger.label_share() - trigger.expected_share < screen_options_.excess_min) return false;
    if (2 * trigger.contradicted_count < screen_options_.rows_min) return true;
    return static_cast<double>(trigger.contradicted_label_count) >=
           kContradictedShare * static_cast<double>(trigger.contradicted_count);
  }

  Database& database_;
  const AskedRows& asked_;
  const TriggerSearchOptions& options_;
  TriggerScreenOptions screen_options_;
  PredictorRows read_;
  SuspectRows rows_;
  RowSet taken_;  ///< Rows of triggers that were found.
  std::vector<Refused> refused_;
  TriggerSearch found_;
};

}  // namespace

Result<TriggerSearch> search_triggers(Database& database, const AskedRows& rows,
                                      const TriggerSearchOptions& options) {
  return Search(database, rows, options).run();
}

Json to_json(const TriggerSearch& search) {
  Json json = {{"labelled", search.labelled},   {"unlabelled", search.unlabelled},
               {"looked_at", search.looked_at}, {"rows_min", search.rows_min},
               {"tried", search.tried},         {"asked", search.asked},
               {"columns", search.columns},     {"unused", Json::array()},
               {"triggers", Json::array()}};
  for (const auto& [name, why] : search.unused) {
    json["unused"].push_back({{"name", name}, {"why", why}});
  }
  for (const Trigger& trigger : search.triggers) {
    Json rows = Json::array();
    for (const TriggerRow& row : trigger.rows) {
      rows.push_back({{"row", row.number}, {"expected", row.expected}, {"shown", row.shown}});
    }
    json["triggers"].push_back({{"condition", trigger.condition},
                                {"label", trigger.label},
                                {"row_count", trigger.row_count},
                                {"label_count", trigger.label_count},
                                {"label_share", trigger.label_share()},
                                {"expected_share", trigger.expected_share},
                                {"contradicted_count", trigger.contradicted_count},
                                {"contradicted_label_count", trigger.contradicted_label_count},
                                {"p_value", trigger.p_value},
                                {"rows", std::move(rows)}});
  }
  return json;
}

}  // namespace millgate
