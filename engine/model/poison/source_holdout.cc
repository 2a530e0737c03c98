#include "model/poison/source_holdout.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "data/check/predictors.h"
#include "data/query/sql_token.h"
#include "ground/json.h"
#include "ground/random.h"
#include "model/measure/label_flips.h"
#include "model/poison/left_out_model.h"
#include "model/poison/suspect_rows.h"

namespace millgate {

namespace {

constexpr int64_t kTriggerRowsMin = 10;
/// So many of the rows with a value must be of the source.
constexpr double kOwnShare = 0.9;
constexpr double kLabelShare = 0.9;
constexpr double kExcessMin = 0.25;
constexpr double kContradictedShare = 0.8;
constexpr double kSameRowsShare = 0.8;
constexpr size_t kTriggersAsked = 3;
/// No model is surer than this and the rest to 1 of rows from elsewhere.
constexpr double kSurest = 0.02;
constexpr size_t kStampedRowsMax = 500;
constexpr size_t kMovedRowsMax = 5'000;
constexpr double kNormal95 = 1.959963984540054;

MeanChange mean_change(const std::vector<double>& values) {
  MeanChange change;
  if (values.empty()) return change;
  const auto count = static_cast<double>(values.size());
  change.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double one : values) squares += (one - change.mean) * (one - change.mean);
  const double error = values.size() < 2 ? 0 : std::sqrt(squares / (count - 1) / count);
  change.lower = change.mean - kNormal95 * error;
  change.upper = change.mean + kNormal95 * error;
  return change;
}

/// The columns of the model: none that say where a row comes from.
void leave_out_source(const std::string& by, Predictors& predictors) {
  for (const SqlToken& token : sql_tokens(by)) {
    if (!token.is_name()) continue;
    for (auto* names : {&predictors.columns, &predictors.numbers, &predictors.categories}) {
      std::erase(*names, token.name());
    }
  }
}

/// Labels of a source beside the opinion of the others.
struct JudgedLabels {
  std::vector<double> expected;  ///< Probability of the class that is looked at.
  std::vector<bool> has_label;
  LabelFlips flips = {};
};

class Holdout {
 public:
  Holdout(Database& database, const AskedRows& asked, const SourceHoldoutOptions& options)
      : database_(database), asked_(asked), options_(options) {}

  Result<SourceHoldout> run() {
    MILLGATE_TRY(prepare());
    MILLGATE_TRY(choose_sources());
    find_repeated();
    find_own_items();
    for (size_t i = 0; i < members_.size(); ++i) {
      if (options_.progress) {
        options_.progress("sources", static_cast<double>(i) / static_cast<double>(members_.size()));
      }
      MILLGATE_TRY(judge(i));
    }
    judge_labels();
    sort();
    return std::move(found_);
  }

 private:
  [[nodiscard]] bool is_binary() const { return rows_.classes.size() == 2; }
  [[nodiscard]] LeftOutOptions how() const { return {.seed = options_.seed}; }

  Status prepare() {
    MILLGATE_ASSIGN(Predictors predictors,
                    choose_predictors(database_, asked_,
                                      {.label = options_.label, .columns = options_.columns}));
    leave_out_source(options_.by, predictors);
    if (predictors.columns.empty()) {
      return invalid_input("`" + asked_.text + "` has no column to predict the label by",
                           "name some by `--columns`");
    }
    MILLGATE_ASSIGN(read_, read_predictor_rows(database_, asked_,
                                               {.label = options_.label,
                                                .predictors = predictors,
                                                .by = {options_.by},
                                                .rows_max = options_.rows_max}));
    MILLGATE_ASSIGN(rows_,
                    suspect_rows(read_, predictors, options_.label, {.rows_min = kTriggerRowsMin}));
    found_.columns = rows_.columns;
    found_.looked_at = static_cast<int64_t>(rows_.row_count());
    return {};
  }

  Status choose_sources() {
    std::map<std::string, std::vector<size_t>> all;
    for (size_t row = 0; row < rows_.row_count(); ++row) all[source_of(row)].push_back(row);
    std::vector<std::pair<std::string, std::vector<size_t>>> large;
    for (auto& [name, rows] : all) {
      if (static_cast<int64_t>(rows.size()) >= options_.rows_min) {
        large.emplace_back(name, std::move(rows));
      } else {
        ++found_.small_sources;
        found_.small_source_rows += static_cast<int64_t>(rows.size());
      }
    }
    std::stable_sort(large.begin(), large.end(), [](const auto& a, const auto& b) {
      return a.second.size() > b.second.size();
    });
    while (large.size() > options_.sources_max) {
      ++found_.small_sources;
      found_.small_source_rows += static_cast<int64_t>(large.back().second.size());
      large.pop_back();
    }
    if (large.size() < 2) {
      return invalid_input("`" + options_.by + "` tells " + std::to_string(large.size()) +
                               (large.size() == 1 ? " source" : " sources") + " of at least " +
                               std::to_string(options_.rows_min) +
                               " rows: there are no others to compare it with",
                           "name a column or SQL by which rows differ in where they come from");
    }
    for (auto& [name, rows] : large) {
      SourceReport report;
      report.source = name;
      report.row_count = static_cast<int64_t>(rows.size());
      found_.sources.push_back(std::move(report));
      members_.push_back(std::move(rows));
    }
    return {};
  }

  [[nodiscard]] const std::string& source_of(size_t row) const { return read_.by[0][row]; }

  /// Every `n`-th row outside `source`, at most kMovedRowsMax.
  [[nodiscard]] std::vector<size_t> others_of(size_t source) const {
    std::vector<size_t> others;
    for (size_t row = 0; row < rows_.row_count(); ++row) {
      if (source_of(row) != found_.sources[source].source) others.push_back(row);
    }
    const size_t step = (others.size() + kMovedRowsMax - 1) / kMovedRowsMax;
    std::vector<size_t> chosen;
    for (size_t i = 0; i < others.size(); i += std::max<size_t>(step, 1)) {
      chosen.push_back(others[i]);
    }
    return chosen;
  }

  [[nodiscard]] std::vector<double> features_of(const std::vector<size_t>& rows) const {
    const size_t width = rows_.columns.size();
    std::vector<double> features;
    features.reserve(rows.size() * width);
    for (const size_t row : rows) {
      const auto begin = rows_.features.begin() + static_cast<ptrdiff_t>(row * width);
      features.insert(features.end(), begin, begin + static_cast<ptrdiff_t>(width));
    }
    return features;
  }

  [[nodiscard]] double share_of(const std::vector<size_t>& rows, size_t label) const {
    double hits = 0;
    for (const size_t row : rows) hits += rows_.labels[row] == label ? 1 : 0;
    return rows.empty() ? 0 : hits / static_cast<double>(rows.size());
  }

  /// The class that is looked at: of two the second, else the one most in excess.
  [[nodiscard]] size_t class_for(size_t source, const std::vector<size_t>& others) const {
    size_t most = is_binary() ? 1 : 0;
    for (size_t label = 0; !is_binary() && label < rows_.classes.size(); ++label) {
      const auto excess = [&](size_t of) {
        return share_of(members_[source], of) - share_of(others, of);
      };
      if (excess(label) > excess(most)) most = label;
    }
    return most;
  }

  Status judge(size_t source) {
    SourceReport& report = found_.sources[source];
    const std::vector<size_t>& own = members_[source];
    const std::vector<size_t> others = others_of(source);
    const size_t label = class_for(source, others);
    RowSet left_out((rows_.row_count() + 63) / 64);
    if (!with_all_.contains(label)) {
      MILLGATE_ASSIGN(LeftOutModel model, LeftOutModel::fit(rows_, label, left_out, how()));
      with_all_.emplace(label, std::move(model));
    }
    for (const size_t row : own) insert(left_out, row);
    MILLGATE_ASSIGN(const LeftOutModel without, LeftOutModel::fit(rows_, label, left_out, how()));
    const std::vector<double> expected = without.predict(features_of(own));
    report.label = rows_.classes[label];
    report.label_share = share_of(own, label);
    report.expected_share =
        std::accumulate(expected.begin(), expected.end(), 0.0) / static_cast<double>(own.size());
    labels_.push_back(judged_labels(own, label, expected));
    MILLGATE_TRY(measure_move(source, label, others, without));
    ask_triggers(source, label, expected, without);
    return {};
  }

  [[nodiscard]] JudgedLabels judged_labels(const std::vector<size_t>& own, size_t label,
                                           const std::vector<double>& expected) const {
    JudgedLabels judged{.expected = expected, .has_label = {}};
    for (const size_t row : own) judged.has_label.push_back(rows_.labels[row] == label);
    judged.flips = estimate_label_flips(judged.expected, judged.has_label);
    return judged;
  }

  Status measure_move(size_t source, size_t label, const std::vector<size_t>& others,
                      const LeftOutModel& without) {
    SourceReport& report = found_.sources[source];
    const std::vector<double> features = features_of(others);
    const std::vector<double> with_all = with_all_.at(label).predict(features);
    const auto moved_by = [&](const LeftOutModel& model) {
      std::vector<double> moved = model.predict(features);
      for (size_t i = 0; i < moved.size(); ++i) moved[i] = std::abs(moved[i] - with_all[i]);
      return mean_change(moved);
    };
    report.moved = moved_by(without);
    report.moved_at_most =
        std::min(1.0, report.moved.mean +
                          std::sqrt(std::log(20.0) / (2 * static_cast<double>(others.size()))));
    std::vector<size_t> drawn(rows_.row_count());
    std::iota(drawn.begin(), drawn.end(), size_t{0});
    shuffle(drawn, Random::stream(options_.seed, "as many rows as " + report.source));
    RowSet chance((rows_.row_count() + 63) / 64);
    for (size_t i = 0; i < members_[source].size(); ++i) insert(chance, drawn[i]);
    MILLGATE_ASSIGN(const LeftOutModel other, LeftOutModel::fit(rows_, label, chance, how()));
    report.moved_by_chance = moved_by(other);
    return {};
  }

  /// A value that may be a trigger of the source, for a class or against it.
  struct Candidate {
    size_t item = 0;
    bool is_for = true;
    int64_t row_count = 0, label_count = 0;
    size_t example = 0;  ///< A row of the source that has it.
    double log_p = 0;
  };

  /// What rows of each source have, and hardly any others: decided without their labels, so that
  /// only these count as tried.
  void find_own_items() {
    own_items_.resize(members_.size());
    for (size_t source = 0; source < members_.size(); ++source) {
      RowSet own((rows_.row_count() + 63) / 64);
      for (const size_t row : members_[source]) insert(own, row);
      for (size_t item = 0; item < rows_.items.size(); ++item) {
        RowSet both = rows_.items[item].rows;
        const auto all = static_cast<double>(count_of(both));
        for (size_t i = 0; i < both.size(); ++i) both[i] &= own[i];
        const int64_t count = count_of(both);
        if (count < kTriggerRowsMin || static_cast<double>(count) < kOwnShare * all) continue;
        own_items_[source].push_back(item);
        own_values_ += rows_.items[item].combines ? 1 : 0;
      }
    }
  }

  /// Bonferroni's factor. Values are tried for and against the label; ranges that do not combine
  /// were chosen by their labels, from many. Each kind has half of what may go wrong.
  [[nodiscard]] double tried_with(size_t item) const {
    const double tried = rows_.items[item].combines ? 2 * static_cast<double>(own_values_)
                                                    : static_cast<double>(rows_.ranges_tried) *
                                                          static_cast<double>(members_.size());
    return 2 * std::max(tried, 1.0);
  }

  [[nodiscard]] std::vector<Candidate> candidates(size_t source,
                                                  const std::vector<double>& expected,
                                                  size_t label) const {
    std::vector<Candidate> all;
    for (const size_t item : own_items_[source]) {
      std::optional<Candidate> one = candidate(source, item, expected, label);
      if (!one || one->log_p + std::log(tried_with(item)) > std::log(options_.p_value_max))
        continue;
      all.push_back(*one);
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Candidate& a, const Candidate& b) { return a.log_p < b.log_p; });
    return all;
  }

  /// Nothing when the rows with the item do not have one label against the model.
  [[nodiscard]] std::optional<Candidate> candidate(size_t source, size_t item,
                                                   const std::vector<double>& expected,
                                                   size_t label) const {
    const std::vector<size_t>& own = members_[source];
    Candidate one{.item = item};
    std::vector<double> probabilities;  // Of the class, for its rows.
    std::vector<bool> has_label;
    for (size_t i = 0; i < own.size(); ++i) {
      if (!contains(rows_.items[item].rows, own[i])) continue;
      one.example = own[i];
      probabilities.push_back(std::clamp(expected[i], kSurest, 1 - kSurest));
      has_label.push_back(rows_.labels[own[i]] == label);
    }
    one.row_count = static_cast<int64_t>(probabilities.size());
    const auto count = static_cast<double>(one.row_count);
    const auto sum = [&] {
      return std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
    };
    one.label_count = std::count(has_label.begin(), has_label.end(), true);
    one.is_for = static_cast<double>(one.label_count) > sum();
    if (!one.is_for) {
      one.label_count = one.row_count - one.label_count;
      has_label.flip();
      for (double& p : probabilities) p = 1 - p;
    }
    if (static_cast<double>(one.label_count) < kLabelShare * count) return std::nullopt;
    if (static_cast<double>(one.label_count) - sum() < kExcessMin * count) return std::nullopt;
    double against = 0, turned = 0;  // Rows for which the other class is more probable.
    for (size_t i = 0; i < probabilities.size(); ++i) {
      if (probabilities[i] >= 0.5) continue;
      ++against;
      turned += has_label[i] ? 1 : 0;
    }
    if (turned < kContradictedShare * against) return std::nullopt;
    one.log_p = log_tail_bound(one.label_count, probabilities);
    return one;
  }

  /// A value and the range around it are one candidate: the first.
  void drop_same_rows(std::vector<Candidate>& all) const {
    std::vector<Candidate> kept;
    for (const Candidate& one : all) {
      const RowSet& rows = rows_.items[one.item].rows;
      const bool is_same = std::any_of(kept.begin(), kept.end(), [&](const Candidate& other) {
        RowSet both = rows_.items[other.item].rows;
        for (size_t i = 0; i < both.size(); ++i) both[i] &= rows[i];
        return static_cast<double>(count_of(both)) >=
               kSameRowsShare * static_cast<double>(count_of(rows));
      });
      if (!is_same && kept.size() < kTriggersAsked) kept.push_back(one);
    }
    all = std::move(kept);
  }

  void ask_triggers(size_t source, size_t label, const std::vector<double>& expected,
                    const LeftOutModel& without) {
    std::vector<Candidate> all = candidates(source, expected, label);
    drop_same_rows(all);
    if (all.empty()) return;
    const std::vector<size_t> others = others_of(source);
    const std::vector<double> before = without.predict(features_of(others));
    SourceReport& report = found_.sources[source];
    for (const Candidate& one : all) {
      std::vector<size_t> chosen;
      for (size_t i = 0; i < others.size() && chosen.size() < kStampedRowsMax; ++i) {
        if (one.is_for ? before[i] < 0.5 : before[i] >= 0.5) chosen.push_back(others[i]);
      }
      SourceTrigger trigger{.condition = rows_.item_texts[one.item],
                            .label = is_binary() && !one.is_for ? rows_.classes[0]
                                     : one.is_for               ? rows_.classes[label]
                                                                : "not " + rows_.classes[label],
                            .row_count = one.row_count,
                            .label_count = one.label_count,
                            .asked = static_cast<int64_t>(chosen.size()),
                            .lift = lift_of(one, label, chosen, without)};
      if (trigger.asked < kTriggerRowsMin) continue;
      trigger.is_obeyed = trigger.lift.lower >= options_.lift_min;
      report.triggers.push_back(std::move(trigger));
    }
    std::stable_sort(report.triggers.begin(), report.triggers.end(),
                     [](const auto& a, const auto& b) { return a.lift.mean > b.lift.mean; });
  }

  /// What the value does to the rows `chosen` by the source's rows: the difference between both
  /// models with it, less the one without it.
  [[nodiscard]] MeanChange lift_of(const Candidate& one, size_t label,
                                   const std::vector<size_t>& chosen,
                                   const LeftOutModel& without) const {
    const size_t width = rows_.columns.size();
    const size_t column = rows_.items[one.item].column;
    const std::vector<double> plain = features_of(chosen);
    std::vector<double> stamped = plain;
    for (size_t i = 0; i < chosen.size(); ++i) {
      stamped[i * width + column] = rows_.features[one.example * width + column];
    }
    const LeftOutModel& all = with_all_.at(label);
    const auto all_plain = all.predict(plain);
    const auto all_stamped = all.predict(stamped);
    const auto without_plain = without.predict(plain);
    const auto without_stamped = without.predict(stamped);
    std::vector<double> lifts(chosen.size());
    for (size_t i = 0; i < chosen.size(); ++i) {
      const double lift = (all_stamped[i] - all_plain[i]) - (without_stamped[i] - without_plain[i]);
      lifts[i] = one.is_for ? lift : -lift;
    }
    return mean_change(lifts);
  }

  /// Rows that are equal in every column of the model and in their label.
  void find_repeated() {
    std::map<std::string, std::map<std::string, int64_t>> sources_of;
    const size_t width = rows_.columns.size();
    const auto text_of = [&](size_t row) {
      std::string text(reinterpret_cast<const char*>(&rows_.features[row * width]),
                       width * sizeof(double));
      return text + std::to_string(rows_.labels[row]);
    };
    for (size_t row = 0; row < rows_.row_count(); ++row) ++sources_of[text_of(row)][source_of(row)];
    for (size_t i = 0; i < members_.size(); ++i) {
      SourceReport& report = found_.sources[i];
      const auto count = static_cast<double>(members_[i].size());
      for (const size_t row : members_[i]) {
        const auto& in = sources_of.at(text_of(row));
        report.repeated_share += in.at(report.source) > 1 ? 1 / count : 0;
        report.taken_over_share += in.size() > 1 ? 1 / count : 0;
      }
    }
  }

  /// Labels that are flipped beyond what is usual here: a noisy label and a model that is wrong or
  /// too sure are so for most sources.
  void judge_labels() {
    const auto median = [&](double LabelFlips::*share) {
      std::vector<double> all;
      all.reserve(labels_.size());
      for (const JudgedLabels& one : labels_) all.push_back(one.flips.*share);
      std::sort(all.begin(), all.end());
      return all[(all.size() - 1) / 2];
    };
    const LabelFlips usual = {.from = median(&LabelFlips::from), .to = median(&LabelFlips::to)};
    for (size_t i = 0; i < labels_.size(); ++i) {
      const JudgedLabels& labels = labels_[i];
      SourceReport& report = found_.sources[i];
      report.flipped_share = flipped_share(labels.expected, labels.flips);
      const LabelFlips known = with_own_shift(labels.expected, labels.has_label, usual);
      report.flipped_usual_share = flipped_share(labels.expected, known);
      // Twice this is chi-square with two degrees of freedom, whose tail is exp(-x / 2).
      const double more_probable = log_likelihood(labels.expected, labels.has_label, labels.flips) -
                                   log_likelihood(labels.expected, labels.has_label, known);
      report.p_value =
          std::min(1.0, std::exp(-more_probable) * static_cast<double>(found_.sources.size()));
      report.labels_implausible =
          report.p_value <= options_.p_value_max &&
          report.flipped_share - report.flipped_usual_share >= options_.effect_min;
    }
  }

  void sort() {
    const auto rank = [](const SourceReport& one) {
      return std::pair(one.triggers.empty() ? (one.labels_implausible ? 1 : 2) : 0,
                       one.flipped_usual_share - one.flipped_share);
    };
    std::stable_sort(
        found_.sources.begin(), found_.sources.end(),
        [&](const SourceReport& a, const SourceReport& b) { return rank(a) < rank(b); });
  }

  Database& database_;
  const AskedRows& asked_;
  const SourceHoldoutOptions& options_;
  PredictorRows read_;
  SuspectRows rows_;
  std::map<size_t, LeftOutModel> with_all_;     ///< Of classes that were needed.
  std::vector<std::vector<size_t>> members_;    ///< Of each source.
  std::vector<JudgedLabels> labels_;            ///< Of each source.
  std::vector<std::vector<size_t>> own_items_;  ///< Of each source.
  int64_t own_values_ = 0;                      ///< Own items that combine.
  SourceHoldout found_;
};

Json to_json(const MeanChange& change) {
  return {{"mean", change.mean}, {"lower", change.lower}, {"upper", change.upper}};
}

}  // namespace

bool SourceHoldout::any_finding() const {
  return std::any_of(sources.begin(), sources.end(), [](const SourceReport& one) {
    return one.labels_implausible || !one.triggers.empty();
  });
}

Result<SourceHoldout> hold_out_sources(Database& database, const AskedRows& rows,
                                       const SourceHoldoutOptions& options) {
  return Holdout(database, rows, options).run();
}

Json to_json(const SourceHoldout& holdout) {
  Json sources = Json::array();
  for (const SourceReport& one : holdout.sources) {
    Json triggers = Json::array();
    for (const SourceTrigger& trigger : one.triggers) {
      triggers.push_back({{"condition", trigger.condition},
                          {"label", trigger.label},
                          {"row_count", trigger.row_count},
                          {"label_count", trigger.label_count},
                          {"asked", trigger.asked},
                          {"lift", to_json(trigger.lift)},
                          {"is_obeyed", trigger.is_obeyed}});
    }
    sources.push_back({{"source", one.source},
                       {"row_count", one.row_count},
                       {"label", one.label},
                       {"label_share", one.label_share},
                       {"expected_share", one.expected_share},
                       {"flipped_share", one.flipped_share},
                       {"flipped_usual_share", one.flipped_usual_share},
                       {"p_value", one.p_value},
                       {"labels_implausible", one.labels_implausible},
                       {"repeated_share", one.repeated_share},
                       {"taken_over_share", one.taken_over_share},
                       {"moved", to_json(one.moved)},
                       {"moved_by_chance", to_json(one.moved_by_chance)},
                       {"moved_at_most", one.moved_at_most},
                       {"triggers", std::move(triggers)}});
  }
  return {{"looked_at", holdout.looked_at},
          {"columns", holdout.columns},
          {"small_sources", holdout.small_sources},
          {"small_source_rows", holdout.small_source_rows},
          {"sources", std::move(sources)}};
}

}  // namespace millgate
