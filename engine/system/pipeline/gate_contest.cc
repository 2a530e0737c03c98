#include "system/pipeline/gate_contest.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "model/measure/group_measures.h"
#include "model/measure/metric.h"
#include "model/measure/model_contest.h"
#include "model/measure/rounded_text.h"
#include "model/release/gate.h"

namespace millgate {
namespace {

std::string share_text(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g %%", 100 * share);
  return text.data();
}

/// Both predictions for the rows that count.
struct ContestRows {
  std::vector<double> label, challenger, champion;
  std::vector<uint32_t> query;   ///< Of rankings.
  std::vector<RowSlice> slices;  ///< One a requirement.
};

/// The numbers of a row, of which there are `width`.
void copy_row(const std::vector<double>& from, size_t row, size_t width, std::vector<double>& to) {
  const auto begin = from.begin() + static_cast<std::ptrdiff_t>(row * width);
  to.insert(to.end(), begin, begin + static_cast<std::ptrdiff_t>(width));
}

Result<ContestRows> contest_rows(const GateContest& contest, GateRows& rows, size_t width) {
  ContestRows both;
  std::vector<uint32_t> place(rows.count());
  // A query that lost a row would be another one.
  const std::span<const uint32_t> query = rows.outcome().query;
  std::set<uint32_t> cut;
  for (size_t row = 0; row < contest.left_out.size() && !query.empty(); ++row) {
    if (contest.left_out[row] != 0) cut.insert(query[row]);
  }
  const auto is_left_out = [&](size_t row) {
    if (!query.empty()) return cut.contains(query[row]);
    return !contest.left_out.empty() && contest.left_out[row] != 0;
  };
  for (size_t row = 0; row < rows.count(); ++row) {
    place[row] = static_cast<uint32_t>(both.label.size());
    if (is_left_out(row)) continue;
    both.label.push_back(rows.outcome().label[row]);
    if (!query.empty()) both.query.push_back(query[row]);
    copy_row(contest.challenger.predictions, row, width, both.challenger);
    copy_row(contest.champion.predictions, row, width, both.champion);
  }
  for (const Requirement* one : contest.asked) {
    MILLGATE_ASSIGN(RowSlice slice, rows.rows_of(*one));
    std::erase_if(slice.rows, is_left_out);
    for (uint32_t& row : slice.rows) row = place[row];
    both.slices.push_back(std::move(slice));
  }
  return both;
}

/// In words: both values, the ends, what could have been seen.
std::string note_of(const Advantage& advantage, const Requirement& requirement,
                    const GateContest& contest, double tail) {
  std::string note = rounded_text(advantage.challenger) + " against " +
                     rounded_text(advantage.champion) + " of " + contest.champion_name + " on " +
                     std::to_string(advantage.row_count) + " " + counted_in(requirement.metric) +
                     "; differences from " + rounded_text(advantage.detectable(tail)) +
                     " would be seen in 4 of 5 tests";
  if (requirement.bound == Bound::not_worse_by) {
    note += "; a model as good as it passes in " +
            share_text(advantage.power(0, -requirement.limit, tail));
  }
  const auto left_out = std::count(contest.left_out.begin(), contest.left_out.end(), 1);
  if (left_out > 0) {
    note += "; left out: " + std::to_string(left_out) + " rows that trained what serves";
  }
  return note;
}

}  // namespace

Status hold_contest(const GateContest& contest, GateRows& rows, MeasureOptions options, double tail,
                    GateEvidence& into) {
  const size_t width = std::max<size_t>(options.class_count, 1);
  MILLGATE_ASSIGN(const ContestRows both, contest_rows(contest, rows, width));
  options.resamples = kContestResamples;
  std::optional<ModelContest> held;
  if (std::ssize(both.label) >= kGroupRowsMin) {
    MILLGATE_ASSIGN(
        held, ModelContest::hold(
                  both.label,
                  {both.challenger, contest.challenger.threshold, contest.challenger.decide_by},
                  {both.champion, contest.champion.threshold, contest.champion.decide_by},
                  both.slices, options, both.query));
  }
  const auto none = [&](const Requirement& one, std::string why) {
    into.unmeasured.push_back({.metric = one.metric, .slice = one.slice, .why = std::move(why)});
  };
  for (size_t i = 0; i < contest.asked.size(); ++i) {
    const Requirement& one = *contest.asked[i];
    const int64_t row_count =
        judged_of({both.label, both.challenger, both.query}, both.slices[i].rows, options).count;
    const std::string unit = std::string(" ") + counted_in(one.metric);
    if (row_count < kGroupRowsMin) {
      std::string why = std::to_string(row_count) + unit + " could be compared, and " +
                        std::to_string(kGroupRowsMin) + " are needed";
      if (!contest.left_out.empty()) {
        why += "; " + std::to_string(both.label.size()) +
               " test rows are left that did not train what serves (" + contest.champion_name + ")";
      }
      none(one, std::move(why));
      continue;
    }
    const auto advantage = held->advantage(i, one.metric, tail);
    if (!advantage) {
      none(one, "it is not defined for these " + std::to_string(row_count) + unit);
      continue;
    }
    into.evidence.push_back({.metric = advantage_metric(one.metric),
                             .value = advantage->value,
                             .lower = advantage->lower,
                             .upper = advantage->upper,
                             .slice = one.slice,
                             .row_count = row_count,
                             .data = "test",
                             .inputs = contest.inputs,
                             .note = note_of(*advantage, one, contest, tail)});
  }
  return {};
}

}  // namespace millgate
