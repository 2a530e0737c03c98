#include "system/report/card_limits.h"

#include <algorithm>
#include <cmath>

#include "system/monitor/wording.h"

namespace millgate {
namespace {

/// Groups with fewer test rows have intervals too wide to say much.
constexpr int64_t kSmallGroup = 500;
constexpr double kMissingShown = 0.05;

void add_period(const CardFacts& facts, std::vector<CardLimit>& limits) {
  const Manifest& manifest = facts.model->manifest();
  limits.push_back({"period",
                    "It learned from rows of " + time_text(manifest.train_from) + " to " +
                        time_text(manifest.train_to) +
                        ". For other times of the year, or after the world changed, nothing was "
                        "measured beyond the test rows (" +
                        time_text(facts.run.test_from) + " to " + time_text(facts.run.test_to) +
                        ").",
                    CardSource::run});
  limits.push_back({"question",
                    "It answers one question, `" + manifest.label + "`, for rows of `" +
                        manifest.task_table + "`. Its " + facts.model->number_name() +
                        " is no measure of anything else, and it says nothing about causes.",
                    CardSource::model});
}

void add_left_out(const CardFacts& facts, std::vector<CardLimit>& limits) {
  const RunReport& run = facts.run;
  if (run.left_out_unlabelled > 0) {
    limits.push_back({"unlabelled",
                      count_of(run.left_out_unlabelled, "row") +
                          " without a label were left out of training and test. If they differ "
                          "from the rest, the model does not know them.",
                      CardSource::run});
  }
  if (run.left_out_label_late > 0) {
    limits.push_back({"label_late",
                      count_of(run.left_out_label_late, "row") +
                          " were left out because their label was not known yet when the next "
                          "part of the data began.",
                      CardSource::run});
  }
}

void add_random_split(const CardFacts& facts, std::vector<CardLimit>& limits) {
  const Evidence* auc = facts.find("auc");
  if (!facts.run.random_split_auc || auc == nullptr) return;
  const double flatter = *facts.run.random_split_auc - auc->value;
  const std::string rows = "With rows split at random instead of by time the auc would read " +
                           figure_text(*facts.run.random_split_auc);
  limits.push_back(
      {"random_split",
       flatter > 0 ? rows + ", " + figure_text(flatter) +
                         " more than in the honest test. Do not compare this card with numbers "
                         "from random splits."
                   : rows + ", no more than in the test by time.",
       CardSource::run});
}

void add_small_groups(const CardFacts& facts, std::vector<CardLimit>& limits) {
  std::string names;
  size_t count = 0;
  for (const SliceQuality& slice : facts.slices) {
    if (slice.evidence.row_count >= kSmallGroup) continue;
    if (++count > 8) continue;
    names += (names.empty() ? "" : ", ") + slice.column + " = " + slice.value + " (" +
             count_text(slice.evidence.row_count) + ")";
  }
  if (count == 0) return;
  if (count > 8) names += " and " + count_text(static_cast<int64_t>(count) - 8) + " more";
  limits.push_back({"small_groups",
                    "Groups with few test rows, whose quality is uncertain: " + names + ".",
                    CardSource::run});
}

void add_missing(const CardFacts& facts, std::vector<CardLimit>& limits) {
  std::string names;
  for (const Profile& profile : facts.model->feature_profiles()) {
    if (profile.row_count == 0) continue;
    const double share =
        static_cast<double>(profile.null_count) / static_cast<double>(profile.row_count);
    if (share < kMissingShown) continue;
    names += (names.empty() ? "" : ", ") + profile.name + " (" + percent_text(share) + ")";
  }
  if (names.empty()) return;
  limits.push_back({"missing",
                    "Features that were missing for many training rows: " + names +
                        ". Where they are missing, the model works with less.",
                    CardSource::model});
}

void add_calibration(const CardFacts& facts, std::vector<CardLimit>& limits) {
  const CalibrationBin* worst = nullptr;
  double most = 0.05;
  for (const CalibrationBin& bin : facts.run.calibration) {
    const double off = std::abs(bin.mean_prediction - bin.share_positive);
    if (off <= most) continue;
    most = off;
    worst = &bin;
  }
  if (worst == nullptr) return;
  limits.push_back({"calibration",
                    "Around a probability of " + percent_text(worst->mean_prediction) +
                        " it happened in " + percent_text(worst->share_positive) + " of " +
                        count_of(worst->row_count, "test row") +
                        ": do not read the probability as a frequency there.",
                    CardSource::run});
}

void add_groups_worse(const CardFacts& facts, std::vector<CardLimit>& limits) {
  std::string names;
  size_t count = 0;
  for (const SliceQuality& slice : facts.slices) {
    if (!slice.is_worse) continue;
    if (++count > 6) continue;
    names += (names.empty() ? "" : ", ") + slice.column + " = " + slice.value;
  }
  if (count == 0) return;
  if (count > 6) names += " and " + count_text(static_cast<int64_t>(count) - 6) + " more";
  limits.push_back({"worse_groups",
                    "It ranks worse than on average, beyond chance, for " + names + ".",
                    CardSource::run});
}

void add_gate(const CardFacts& facts, std::vector<CardLimit>& limits) {
  if (!facts.verdict) {
    limits.push_back({"no_verdict", "No gate has judged it: it must not serve.", CardSource::run});
    return;
  }
  if (facts.verdict->passed()) return;
  limits.push_back({"refused", "The gate refused it: it must not serve without an override.",
                    CardSource::verdict});
}

}  // namespace

std::vector<CardLimit> find_limits(const CardFacts& facts) {
  std::vector<CardLimit> limits;
  add_gate(facts, limits);
  add_period(facts, limits);
  add_groups_worse(facts, limits);
  add_calibration(facts, limits);
  add_random_split(facts, limits);
  add_small_groups(facts, limits);
  add_missing(facts, limits);
  add_left_out(facts, limits);
  return limits;
}

}  // namespace millgate
