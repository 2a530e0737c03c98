#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>

#include "data/check/table_profile.h"
#include "ground/clock.h"
#include "ground/shortest_text.h"

namespace millgate {

namespace {

/// "15.6 %".
std::string percent_of(double part, double all) {
  char text[32];
  const double share = all == 0 ? 0 : 100 * part / all;
  std::snprintf(text, sizeof text, share > 0 && share < 0.1 ? "< %.1f %%" : "%.1f %%",
                share > 0 && share < 0.1 ? 0.1 : share);
  return text;
}

std::string lower(const std::string& text) {
  std::string out = text;
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

/// Gathers what is odd about one column.
class ColumnRemarks {
 public:
  ColumnRemarks(const ColumnProfile& column, std::vector<Remark>& remarks)
      : column_(column), remarks_(remarks) {}

  void find() {
    const auto rows = static_cast<double>(column_.row_count());
    const auto values = static_cast<double>(column_.value_count());
    if (values == 0 && column_.not_finite_count() == 0) {
      add("empty", "has no value in any row");
      return;
    }
    const auto missing = static_cast<double>(column_.null_count());
    if (missing >= 0.5 * rows) {
      add("missing", "is missing in " + percent_of(missing, rows) + " of the rows");
    }
    if (column_.not_finite_count() > 0) {
      add("not_finite", "holds NaN or infinity in " + std::to_string(column_.not_finite_count()) +
                            " rows; they are in no other figure");
    }
    if (values == 0) return;
    find_distinct(rows, values);
    if (column_.is_text()) {
      find_in_texts(values);
    } else if (column_.column().kind == ColumnKind::number) {
      find_in_numbers();
    } else if (!column_.gaps().empty()) {
      const TimeGap gap = column_.gaps().front();
      add("time_gap", "has no row between " + to_string(Time{gap.from_micros}) + " and " +
                          to_string(Time{gap.to_micros}));
    }
  }

 private:
  void add(const std::string& kind, const std::string& what) {
    remarks_.push_back({column_.column().name, kind, what});
  }

  void find_distinct(double rows, double values) {
    const double distinct = column_.distinct_count();
    if (distinct == 1 && values > 1) {
      add("constant", "is " + column_.most_frequent(1).front().first + " wherever it has a " +
                          (column_.not_finite_count() > 0 ? "finite value" : "value"));
      return;
    }
    constexpr double kRowsMin = 20;
    if (rows < kRowsMin) return;
    // A float that never repeats is a measurement, not a name.
    if (column_.is_text() || column_.column().is_integer) find_key(rows, values, distinct);
    const auto first = column_.most_frequent(1);
    if (!first.empty() && static_cast<double>(first.front().second) >= 0.95 * values) {
      add("dominated", "is `" + first.front().first + "` in " +
                           percent_of(static_cast<double>(first.front().second), values) +
                           " of its values");
    }
  }

  void find_key(double rows, double values, double distinct) {
    if (column_.exact() && distinct == rows) {
      add("key", "has another value in every row: it may be a key");
    } else if (values == rows && distinct >= 0.99 * values && !column_.exact()) {
      add("near_key", "has about as many values as rows");
    } else if (column_.exact() && distinct >= 0.99 * values && distinct < values) {
      add("near_key", "would be a key but for " +
                          std::to_string(static_cast<int64_t>(values - distinct)) + " rows");
    }
  }

  void find_in_numbers() {
    const auto q = column_.quantiles({0.25, 0.5, 0.75});
    const double spread = q[2] - q[0];
    // Ten quartile distances: for a bell curve one in 10^40, and rare in most heavy tails.
    if (spread > 0) {
      if (column_.maximum() > q[2] + 10 * spread) {
        add("extreme", "goes up to " + shortest_text(column_.maximum()) +
                           ", while half of it is between " + shortest_text(q[0]) + " and " +
                           shortest_text(q[2]));
      }
      if (column_.minimum() < q[0] - 10 * spread) {
        add("extreme", "goes down to " + shortest_text(column_.minimum()) +
                           ", while half of it is between " + shortest_text(q[0]) + " and " +
                           shortest_text(q[2]));
      }
    }
    // Numbers that people write where there is none.
    constexpr size_t kStandInsLookedAt = 10'000;
    for (const auto& [value, count] : column_.most_frequent(kStandInsLookedAt)) {
      constexpr std::array<std::string_view, 6> kStandIns = {"-1",   "-9",    "-99",
                                                             "-999", "-9999", "9999"};
      const bool known = std::find(kStandIns.begin(), kStandIns.end(), value) != kStandIns.end();
      const bool at_edge =
          value == shortest_text(column_.minimum()) || value == shortest_text(column_.maximum());
      const double number = std::strtod(value.c_str(), nullptr);
      const bool apart = spread >= 0 && (number < q[0] - 3 * spread || number > q[2] + 3 * spread);
      if (known && at_edge && apart && column_.distinct_count() > 2) {
        add("stand_in", "is " + value + " in " + std::to_string(count) +
                            " rows: it may stand for a missing value");
      }
    }
  }

  void find_in_texts(double values) {
    if (column_.empty_count() > 0) {
      add("empty_text", "is an empty text in " + std::to_string(column_.empty_count()) + " rows");
    }
    if (column_.padded_count() > 0) {
      add("blanks", "has blanks at an end in " + std::to_string(column_.padded_count()) + " rows");
    }
    find_words_for_nothing();
    find_cases();
    if (!column_.exact() || column_.column().type == "BOOLEAN") return;
    const auto patterns = column_.patterns(1000);
    const bool numbers = std::all_of(patterns.begin(), patterns.end(), [](const auto& one) {
      return one.first == "9" || one.first == "-9" || one.first == "9.9" || one.first == "-9.9";
    });
    if (numbers) add("numbers_as_text", "holds numbers only, as text");
    const auto frequent = static_cast<double>(patterns.front().second);
    if (!numbers && patterns.size() > 1 && frequent >= 0.95 * values) {
      add("pattern", "looks like `" + patterns.front().first + "` but for " +
                         std::to_string(static_cast<int64_t>(values - frequent)) +
                         " values, such as `" + example_of(patterns[1].first) + "`");
    }
  }

  /// The least text of a pattern, so that the answer is always the same.
  std::string example_of(const std::string& pattern) const {
    std::string found;
    for (const auto& [text, count] : column_.texts().counts()) {
      if (text_pattern(text) == pattern && (found.empty() || text < found)) found = text;
    }
    return found;
  }

  void find_words_for_nothing() {
    constexpr std::array<std::string_view, 9> kWords = {"na",  "n/a", "null", "none",   "nan",
                                                        "nil", "-",   "?",    "unknown"};
    int64_t count = 0;
    std::string word;
    for (const auto& [text, times] : column_.texts().counts()) {
      if (std::find(kWords.begin(), kWords.end(), lower(text)) == kWords.end()) continue;
      count += times;
      if (word.empty() || text < word) word = text;
    }
    if (count == 0) return;
    add("stand_in", "is a word like `" + word + "` in " + std::to_string(count) +
                        " rows: it may stand for a missing value");
  }

  void find_cases() {
    std::map<std::string, std::string> seen;
    if (column_.distinct_count() > 1000) return;
    std::vector<std::string> texts;
    for (const auto& one : column_.texts().counts()) texts.push_back(one.first);
    std::sort(texts.begin(), texts.end());
    for (const std::string& text : texts) {
      const auto [other, fresh] = seen.emplace(lower(text), text);
      if (fresh) continue;
      add("case", "holds `" + other->second + "` and `" + text + "`, which differ in case only");
      return;
    }
  }

  const ColumnProfile& column_;
  std::vector<Remark>& remarks_;
};

}  // namespace

std::vector<Remark> TableProfile::remarks(const std::vector<Association>& associations) const {
  std::vector<Remark> found;
  if (row_count_ == 0) {
    found.push_back({"", "empty", "there are no rows"});
    return found;
  }
  if (const double copies = duplicate_count(); copies >= 1) {
    // An estimate below three standard errors may be none.
    const double noise =
        hashes_exact_ ? 0 : 3 * DistinctSketch::kStandardError * static_cast<double>(row_count_);
    if (copies > noise) {
      found.push_back({"", "duplicates",
                       std::string(hashes_exact_ ? "" : "about ") +
                           std::to_string(static_cast<int64_t>(copies)) +
                           " rows are equal to another one in every column"});
    }
  }
  for (const ColumnProfile& column : columns_) ColumnRemarks(column, found).find();
  constexpr double kNearlyTheSame = 0.98;
  for (const Association& one : associations) {
    if (one.strength() < kNearlyTheSame) break;
    found.push_back({one.first, "related",
                     "says nearly the same as `" + one.second + "` (" +
                         (std::isnan(one.spearman)
                              ? std::isnan(one.cramers_v) ? "correlation ratio " : "Cramer's V "
                              : "correlation ") +
                         shortest_text(std::round(one.strength() * 1000) / 1000) + ")"});
  }
  return found;
}

}  // namespace millgate
