#include "model/poison/trigger_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "data/check/predictors.h"
#include "ground/json.h"
#include "model/poison/leaf_space.h"
#include "model/poison/left_out_model.h"
#include "model/poison/suspect_rows.h"

namespace millgate {

namespace {

constexpr double kSameRowsShare = 0.8;
/// A condition describes a group if it is right about so many of the rows that either has.
constexpr double kDescribingShare = 0.5;
/// Tran, Li and Madry remove so many times the rows that may be poisoned.
constexpr double kSpectralTimes = 1.5;
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
    if (options_.leaf_space) MILLGATE_TRY(look_at_leaves());
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
    std::string condition;
    for (const size_t item : candidate.items) {
      for (size_t i = 0; i < rows.size(); ++i) rows[i] &= rows_.items[item].rows[i];
      condition += (condition.empty() ? "" : " and ") + rows_.item_texts[item];
    }
    MILLGATE_TRY(ask_rows(rows, candidate.label, {.condition = std::move(condition)}));
    return {};
  }

  /// Whether `rows` would have the label without themselves; `about` says what they are.
  Status ask_rows(const RowSet& rows, size_t label, Trigger about) {
    const RowSet fresh = without(rows, taken_);
    const int64_t count = count_of(fresh);
    if (count < screen_options_.rows_min || 2 * count < count_of(rows)) return {};
    for (const Refused& other : refused_) {
      const auto new_rows = static_cast<double>(count_of(without(fresh, other.rows)));
      const bool is_same = new_rows < (1 - kSameRowsShare) * static_cast<double>(count);
      if (is_same && other.label == label) return {};
    }
    ++found_.asked;
    std::vector<size_t> members;
    for (size_t row = 0; row < rows_.row_count(); ++row) {
      if (contains(fresh, row)) members.push_back(row);
    }
    MILLGATE_ASSIGN(const auto expected, left_out_predictions(rows_, label, together(rows, taken_),
                                                              members, {.seed = options_.seed}));
    Trigger trigger = measure(std::move(about), label, members, expected);
    if (is_trigger(trigger)) {
      taken_ = together(taken_, rows);
      found_.triggers.push_back(std::move(trigger));
      members_.push_back(std::move(members));
      labels_.push_back(label);
    } else {
      refused_.push_back({.rows = fresh, .label = label});
    }
    return {};
  }

  /// The largest classes, by number.
  [[nodiscard]] std::vector<size_t> largest_classes() const {
    std::vector<std::pair<int64_t, size_t>> sizes;
    sizes.reserve(rows_.classes.size());
    for (size_t label = 0; label < rows_.classes.size(); ++label) {
      sizes.emplace_back(-std::count(rows_.labels.begin(), rows_.labels.end(), label), label);
    }
    std::sort(sizes.begin(), sizes.end());
    sizes.resize(std::min(sizes.size(), kLeafClassesMax));
    std::vector<size_t> classes;
    classes.reserve(sizes.size());
    for (const auto& [size, label] : sizes) classes.push_back(label);
    return classes;
  }

  Status look_at_leaves() {
    std::map<size_t, LeafClass> spaces;
    for (const size_t label : largest_classes()) {
      if (options_.progress) {
        options_.progress("leaves", static_cast<double>(spaces.size()) /
                                        static_cast<double>(rows_.classes.size()));
      }
      MILLGATE_ASSIGN(LeafClass space,
                      leaf_class(rows_, label,
                                 {.share_max = screen_options_.share_max,
                                  .rows_min = screen_options_.rows_min,
                                  .label_share_min = screen_options_.label_share_min,
                                  .seed = options_.seed}));
      found_.groups += static_cast<int>(space.groups.size());
      found_.tried += 2 * static_cast<int64_t>(LeafSpaceOptions{}.components + 1);
      for (const LeafGroup& group : space.groups) {
        MILLGATE_TRY(ask_rows(group.rows, label, described(group)));
      }
      spaces.emplace(label, std::move(space));
    }
    for (size_t i = 0; i < found_.triggers.size(); ++i) {
      const auto space = spaces.find(labels_[i]);
      tell_apart(space == spaces.end() ? LeafClass{} : space->second, i);
    }
    return {};
  }

  /// The item that is right about most of the rows that it or the group has.
  [[nodiscard]] Trigger described(const LeafGroup& group) const {
    Trigger about{
        .condition = {}, .found_by = std::string(to_string(group.method)), .condition_share = 0};
    for (size_t item = 0; item < rows_.items.size(); ++item) {
      const RowSet& rows = rows_.items[item].rows;
      const auto either = static_cast<double>(count_of(together(rows, group.rows)));
      const auto only_group = static_cast<double>(count_of(without(group.rows, rows)));
      const double both = static_cast<double>(count_of(group.rows)) - only_group;
      if (both / either <= about.condition_share) continue;
      about.condition_share = both / either;
      about.condition = rows_.item_texts[item];
    }
    if (about.condition_share < kDescribingShare) about.condition.clear();
    return about;
  }

  /// Evidence of the leaf space for trigger `number`.
  void tell_apart(const LeafClass& space, size_t number) {
    Trigger& trigger = found_.triggers[number];
    const size_t label = labels_[number];
    trigger.spectral_share = trigger.group_share = std::numeric_limits<double>::quiet_NaN();
    if (space.scores.empty()) return;
    std::vector<std::pair<double, size_t>> scored;  // Largest first.
    for (size_t row = 0; row < rows_.row_count(); ++row) {
      if (rows_.labels[row] == label) scored.emplace_back(-space.scores[row], row);
    }
    std::sort(scored.begin(), scored.end());
    const auto removed =
        static_cast<size_t>(kSpectralTimes * static_cast<double>(trigger.label_count));
    RowSet top((rows_.row_count() + 63) / 64);
    for (size_t i = 0; i < std::min(removed, scored.size()); ++i) insert(top, scored[i].second);
    const auto share_in = [&](const RowSet& rows) {
      int64_t in = 0;
      for (const size_t row : members_[number]) {
        in += rows_.labels[row] == label && contains(rows, row) ? 1 : 0;
      }
      return static_cast<double>(in) /
             static_cast<double>(std::max<int64_t>(trigger.label_count, 1));
    };
    trigger.spectral_share = share_in(top);
    trigger.group_share = 0;
    for (const LeafGroup& group : space.groups) {
      trigger.group_share = std::max(trigger.group_share, share_in(group.rows));
    }
  }

  Trigger measure(Trigger trigger, size_t label, const std::vector<size_t>& members,
                  const std::vector<double>& expected) const {
    trigger.label = rows_.classes[label];
    trigger.row_count = static_cast<int64_t>(members.size());
    for (size_t i = 0; i < members.size(); ++i) {
      const size_t row = members[i];
      const bool has_label = rows_.labels[row] == label;
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
  std::vector<std::vector<size_t>> members_;  ///< Rows of each trigger.
  std::vector<size_t> labels_;                ///< Class of each trigger.
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
               {"groups", search.groups},       {"columns", search.columns},
               {"unused", Json::array()},       {"triggers", Json::array()}};
  for (const auto& [name, why] : search.unused) {
    json["unused"].push_back({{"name", name}, {"why", why}});
  }
  for (const Trigger& trigger : search.triggers) {
    Json rows = Json::array();
    for (const TriggerRow& row : trigger.rows) {
      rows.push_back({{"row", row.number}, {"expected", row.expected}, {"shown", row.shown}});
    }
    json["triggers"].push_back({{"condition", trigger.condition},
                                {"found_by", trigger.found_by},
                                {"condition_share", trigger.condition_share},
                                {"label", trigger.label},
                                {"row_count", trigger.row_count},
                                {"label_count", trigger.label_count},
                                {"label_share", trigger.label_share()},
                                {"expected_share", trigger.expected_share},
                                {"contradicted_count", trigger.contradicted_count},
                                {"contradicted_label_count", trigger.contradicted_label_count},
                                {"p_value", trigger.p_value},
                                {"spectral_share", trigger.spectral_share},
                                {"group_share", trigger.group_share},
                                {"rows", std::move(rows)}});
  }
  return json;
}

}  // namespace millgate
