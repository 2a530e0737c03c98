#include "data/check/column_profile.h"

#include <arrow/api.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "ground/clock.h"
#include "ground/shortest_text.h"

namespace millgate {

namespace {

constexpr int64_t kDayMicros = 86'400'000'000;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Characters, not bytes, of UTF-8.
int64_t character_count(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<uint8_t>(c) & 0xC0U) != 0x80U; });
}

int64_t day_of(double micros) {
  return static_cast<int64_t>(std::floor(micros / static_cast<double>(kDayMicros)));
}

/// Value at the fractional place `place` of values with counts.
double value_at(const std::vector<std::pair<double, int64_t>>& sorted, double place) {
  const auto below = static_cast<int64_t>(std::floor(place));
  int64_t passed = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    passed += sorted[i].second;
    if (below >= passed) continue;
    const bool next_is_same = below + 1 < passed || i + 1 == sorted.size();
    const double above = next_is_same ? sorted[i].first : sorted[i + 1].first;
    return std::lerp(sorted[i].first, above, place - std::floor(place));
  }
  return sorted.back().first;
}

}  // namespace

std::string text_pattern(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    const bool is_high = static_cast<uint8_t>(c) >= 0x80U;
    const char shape = c >= '0' && c <= '9'                ? '9'
                       : c >= 'A' && c <= 'Z'              ? 'A'
                       : (c >= 'a' && c <= 'z') || is_high ? 'a'
                                                           : c;
    const bool joins = shape == '9' || shape == 'A' || shape == 'a' || shape == ' ';
    if (joins && !pattern.empty() && pattern.back() == shape) continue;
    pattern += shape;
  }
  return pattern;
}

std::string ColumnProfile::expression(const AskedColumn& column) {
  const std::string name = quote_name(column.name);
  if (column.kind == ColumnKind::number) return "cast(" + name + " as double)";
  if (column.kind == ColumnKind::time) {
    return "case when isfinite(cast(" + name + " as timestamp)) then epoch_us(cast(" + name +
           " as timestamp)) end";
  }
  return "cast(" + name + " as varchar)";
}

void ColumnProfile::add_moments(double count, double mean, double square) {
  if (count == 0) return;
  const double all = moment_count_ + count;
  const double off = mean - mean_;
  square_ += square + off * off * moment_count_ * count / all;
  mean_ += off * count / all;
  moment_count_ = all;
}

void ColumnProfile::add_number(double value, int64_t count) {
  const bool was_exact = numbers_.exact();
  numbers_.add(std::bit_cast<uint64_t>(value == 0 ? 0.0 : value), count, [&](const auto& counts) {
    std::vector<std::pair<double, int64_t>> all;
    all.reserve(counts.size());
    for (const auto& [bits, times] : counts) all.emplace_back(std::bit_cast<double>(bits), times);
    std::sort(all.begin(), all.end());
    for (const auto& [number, times] : all) quantiles_.add(number, static_cast<uint64_t>(times));
  });
  if (!was_exact) quantiles_.add(value, static_cast<uint64_t>(count));
}

void ColumnProfile::add(const arrow::Array& values) {
  row_count_ += values.length();
  null_count_ += values.null_count();
  if (is_text()) {
    const auto& texts = static_cast<const arrow::StringArray&>(values);
    for (int64_t row = 0; row < texts.length(); ++row) {
      if (texts.IsNull(row)) continue;
      const std::string_view text = texts.GetView(row);
      const int64_t length = character_count(text);
      const bool first = length_sum_ == 0 && length_max_ == 0 && empty_count_ == 0;
      length_min_ = first ? length : std::min(length_min_, length);
      length_max_ = std::max(length_max_, length);
      length_sum_ += length;
      empty_count_ += text.empty() ? 1 : 0;
      padded_count_ += !text.empty() && (is_blank(text.front()) || is_blank(text.back())) ? 1 : 0;
      texts_.add(text);
    }
    return;
  }
  const bool is_time = column_.kind == ColumnKind::time;
  std::vector<double> present;
  present.reserve(static_cast<size_t>(values.length()));
  for (int64_t row = 0; row < values.length(); ++row) {
    if (values.IsNull(row)) continue;
    const double value =
        is_time ? static_cast<double>(static_cast<const arrow::Int64Array&>(values).Value(row))
                : static_cast<const arrow::DoubleArray&>(values).Value(row);
    if (std::isfinite(value)) {
      present.push_back(value);
    } else {
      ++not_finite_count_;
    }
  }
  if (present.empty()) return;
  const double count = static_cast<double>(present.size());
  double mean = 0;
  for (const double value : present) mean += value / count;
  double square = 0;
  const auto [least, largest] = std::minmax_element(present.begin(), present.end());
  // The sum of equal shares may be off by a rounding error.
  if (*least == *largest) mean = *least;
  const bool first = moment_count_ == 0;
  minimum_ = first ? *least : std::min(minimum_, *least);
  maximum_ = first ? *largest : std::max(maximum_, *largest);
  for (const double value : present) {
    square += (value - mean) * (value - mean);
    zero_count_ += value == 0 ? 1 : 0;
    negative_count_ += value < 0 ? 1 : 0;
    if (is_time) ++days_[day_of(value)];
    add_number(value, 1);
  }
  add_moments(count, mean, square);
}

void ColumnProfile::merge(const ColumnProfile& other) {
  const bool other_has_numbers = other.moment_count_ > 0;
  if (other_has_numbers) {
    minimum_ = moment_count_ == 0 ? other.minimum_ : std::min(minimum_, other.minimum_);
    maximum_ = moment_count_ == 0 ? other.maximum_ : std::max(maximum_, other.maximum_);
  }
  add_moments(other.moment_count_, other.mean_, other.square_);
  const bool has_texts = is_text() && value_count() > 0;
  if (is_text() && other.value_count() > 0) {
    length_min_ = has_texts ? std::min(length_min_, other.length_min_) : other.length_min_;
    length_max_ = std::max(length_max_, other.length_max_);
  }
  row_count_ += other.row_count_;
  null_count_ += other.null_count_;
  not_finite_count_ += other.not_finite_count_;
  zero_count_ += other.zero_count_;
  negative_count_ += other.negative_count_;
  length_sum_ += other.length_sum_;
  empty_count_ += other.empty_count_;
  padded_count_ += other.padded_count_;
  for (const auto& [day, count] : other.days_) days_[day] += count;
  texts_.merge(other.texts_);
  if (other.numbers_.exact()) {
    std::vector<std::pair<double, int64_t>> sorted = other.sorted_numbers();
    for (const auto& [value, count] : sorted) add_number(value, count);
    return;
  }
  if (numbers_.exact()) {
    for (const auto& [value, count] : sorted_numbers()) {
      quantiles_.add(value, static_cast<uint64_t>(count));
    }
  }
  quantiles_.merge(other.quantiles_);
  numbers_.merge(other.numbers_);
}

double ColumnProfile::distinct_count() const {
  const double count = is_text() ? texts_.distinct_count() : numbers_.distinct_count();
  return std::min(count, static_cast<double>(value_count()));
}

bool ColumnProfile::exact() const { return is_text() ? texts_.exact() : numbers_.exact(); }

int64_t ColumnProfile::frequency_error() const {
  return is_text() ? texts_.count_error() : numbers_.count_error();
}

std::vector<std::pair<std::string, int64_t>> ColumnProfile::most_frequent(size_t count_max) const {
  if (is_text()) return texts_.most_frequent(count_max);
  std::vector<std::pair<std::string, int64_t>> list;
  for (const auto& [bits, count] : numbers_.most_frequent(count_max)) {
    const double value = std::bit_cast<double>(bits);
    list.emplace_back(column_.kind == ColumnKind::time
                          ? to_string(Time{static_cast<int64_t>(value)})
                          : shortest_text(value),
                      count);
  }
  return list;
}

double ColumnProfile::standard_deviation() const {
  return moment_count_ < 2 ? 0 : std::sqrt(square_ / (moment_count_ - 1));
}

std::vector<std::pair<double, int64_t>> ColumnProfile::sorted_numbers() const {
  std::vector<std::pair<double, int64_t>> sorted;
  for (const auto& [bits, count] : numbers_.counts()) {
    sorted.emplace_back(std::bit_cast<double>(bits), count);
  }
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

std::vector<double> ColumnProfile::quantiles(const std::vector<double>& shares) const {
  if (moment_count_ == 0) return {};
  if (!exact()) return quantiles_.quantiles(shares);
  const auto sorted = sorted_numbers();
  std::vector<double> answers;
  answers.reserve(shares.size());
  for (const double share : shares) {
    answers.push_back(value_at(sorted, share * (moment_count_ - 1)));
  }
  return answers;
}

std::vector<double> ColumnProfile::histogram_edges() const {
  if (moment_count_ == 0 || !(maximum_ > minimum_)) return {};
  double low = minimum_;
  double high = maximum_;
  size_t bins = kHistogramBins;
  constexpr double kWholeMax = 1e15;  // Beyond it a half is lost.
  if (column_.is_integer && high < kWholeMax && low > -kWholeMax) {
    const double width = std::ceil((high - low + 1) / static_cast<double>(kHistogramBins));
    bins = static_cast<size_t>(std::ceil((high - low + 1) / width));
    low -= 0.5;
    high = low + width * static_cast<double>(bins);
  }
  std::vector<double> edges;
  for (size_t i = 0; i <= bins; ++i) {
    // Not high - low, which may overflow.
    edges.push_back(std::lerp(low, high, static_cast<double>(i) / static_cast<double>(bins)));
  }
  return edges;
}

std::vector<double> ColumnProfile::histogram() const {
  const std::vector<double> edges = histogram_edges();
  if (edges.empty()) return {};
  const std::vector<double> bounds(edges.begin() + 1, edges.end());
  if (exact()) {
    std::vector<double> counts(bounds.size(), 0);
    for (const auto& [value, count] : sorted_numbers()) {
      const auto bin = std::lower_bound(bounds.begin(), bounds.end() - 1, value) - bounds.begin();
      counts[static_cast<size_t>(bin)] += static_cast<double>(count);
    }
    return counts;
  }
  std::vector<double> counts = quantiles_.counts_at_most(bounds);
  counts.back() = moment_count_;
  for (size_t i = counts.size() - 1; i > 0; --i) counts[i] -= counts[i - 1];
  return counts;
}

std::vector<TimeGap> ColumnProfile::gaps() const {
  std::vector<TimeGap> found;
  if (column_.kind != ColumnKind::time || moment_count_ == 0) return found;
  if (exact()) {
    const auto sorted = sorted_numbers();
    std::vector<double> steps;
    for (size_t i = 1; i < sorted.size(); ++i) {
      steps.push_back(sorted[i].first - sorted[i - 1].first);
    }
    constexpr size_t kStepsMin = 10;
    if (steps.size() < kStepsMin) return found;
    std::vector<double> ordered = steps;
    const auto middle = ordered.begin() + static_cast<std::ptrdiff_t>(ordered.size() / 2);
    std::nth_element(ordered.begin(), middle, ordered.end());
    for (size_t i = 0; i < steps.size(); ++i) {
      if (steps[i] <= 5 * *middle) continue;
      found.push_back(
          {static_cast<int64_t>(sorted[i].first), static_cast<int64_t>(sorted[i + 1].first)});
    }
  } else {
    for (auto day = days_.begin(); day != days_.end() && std::next(day) != days_.end(); ++day) {
      const int64_t next = std::next(day)->first;
      if (next > day->first + 1) {
        found.push_back({(day->first + 1) * kDayMicros, next * kDayMicros});
      }
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const TimeGap& a, const TimeGap& b) {
    return a.to_micros - a.from_micros > b.to_micros - b.from_micros;
  });
  constexpr size_t kShown = 5;
  if (found.size() > kShown) found.resize(kShown);
  return found;
}

double ColumnProfile::length_mean() const {
  return value_count() == 0 ? 0
                            : static_cast<double>(length_sum_) / static_cast<double>(value_count());
}

std::vector<std::pair<std::string, int64_t>> ColumnProfile::patterns(size_t count_max) const {
  std::map<std::string, int64_t> counts;
  for (const auto& [text, count] : texts_.counts()) counts[text_pattern(text)] += count;
  std::vector<std::pair<std::string, int64_t>> list(counts.begin(), counts.end());
  std::stable_sort(list.begin(), list.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (list.size() > count_max) list.resize(count_max);
  return list;
}

}  // namespace millgate
