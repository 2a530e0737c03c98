#include "model/poison/suspect_rows.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "data/query/sql_token.h"
#include "ground/shortest_text.h"

namespace millgate {

namespace {

constexpr size_t kPartsOfNumbers = 16;
constexpr size_t kStepsOfNumbers = 200;
constexpr size_t kStepsOfRangeMax = 20;
constexpr size_t kStepsBeside = 4;     ///< On each side of a range.
constexpr size_t kRangesOfLabel = 20;  ///< Kept of each column.

class Preparation {
 public:
  Preparation(const PredictorRows& read, const Predictors& predictors,
              const TriggerScreenOptions& options)
      : read_(read),
        predictors_(predictors),
        options_(options),
        rows_min_(static_cast<size_t>(options.rows_min)) {}

  Result<SuspectRows> run(const std::string& label) {
    MILLGATE_TRY(take_labels(label));
    const size_t width = predictors_.numbers.size() + predictors_.categories.size();
    made_.features.resize(width * made_.row_count());
    for (size_t i = 0; i < predictors_.numbers.size(); ++i) {
      take_numbers(predictors_.numbers[i], read_.numbers[i], width);
    }
    for (size_t i = 0; i < predictors_.categories.size(); ++i) {
      take_categories(predictors_.categories[i], read_.categories[i], width);
    }
    return std::move(made_);
  }

 private:
  Status take_labels(const std::string& label) {
    std::map<std::string, size_t> codes;
    for (const std::string& text : read_.labels) codes.emplace(text, 0);
    MILLGATE_TRY(check_label_classes(label, codes.size()));
    for (auto& [text, code] : codes) {
      code = made_.classes.size();
      made_.classes.push_back(text);
    }
    made_.labels.reserve(read_.labels.size());
    for (const std::string& text : read_.labels) made_.labels.push_back(codes[text]);
    return {};
  }

  void take_numbers(const std::string& name, const std::vector<double>& values, size_t width) {
    const size_t column = begin_column(name, false);
    std::vector<size_t> order;
    std::vector<size_t> missing;
    for (size_t row = 0; row < values.size(); ++row) {
      made_.features[row * width + column] = values[row];
      (std::isnan(values[row]) ? missing : order).push_back(row);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return values[a] < values[b]; });
    const std::string quoted = sql_name(name);
    add_item(column, missing, quoted + " is null");
    const bool has_few = add_single_values(column, values, order, quoted);
    PartedColumn& parts = made_.parts.back();
    parts.is_ordered = true;
    parts.part_of.assign(values.size(), 0);
    const std::vector<size_t> cuts = cut(values, order, kPartsOfNumbers);
    parts.parts = static_cast<uint32_t>(cuts.size());
    for (size_t part = 0; part + 1 < cuts.size(); ++part) {
      for (size_t i = cuts[part]; i < cuts[part + 1]; ++i) {
        parts.part_of[order[i]] = static_cast<uint32_t>(part);
      }
      if (!has_few) add_range(column, values, order, {cuts[part], cuts[part + 1]}, quoted, true);
    }
    // Rows without a number are a part of their own, behind the others.
    for (const size_t row : missing) parts.part_of[row] = parts.parts - 1;
    if (has_few) return;
    add_ranges(column, values, order, quoted);
  }

  /// Every value that many rows have. Returns whether these are nearly all rows.
  bool add_single_values(size_t column, const std::vector<double>& values,
                         const std::vector<size_t>& order, const std::string& quoted) {
    size_t covered = 0;
    for (size_t begin = 0; begin < order.size();) {
      size_t end = begin;
      while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
      if (end - begin >= rows_min_) {
        covered += end - begin;
        add_item(column, {order.begin() + at(begin), order.begin() + at(end)},
                 quoted + " = " + shortest_text(values[order[begin]]));
      }
      begin = end;
    }
    return covered * 10 >= order.size() * 9;
  }

  /// Positions in `order` where each of about `count` equal parts begins, and the end: never
  /// between equal values.
  static std::vector<size_t> cut(const std::vector<double>& values,
                                 const std::vector<size_t>& order, size_t count) {
    std::vector<size_t> cuts = {0};
    for (size_t i = 1; i < count; ++i) {
      size_t position = order.size() * i / count;
      while (position < order.size() && position > 0 &&
             values[order[position]] == values[order[position - 1]]) {
        ++position;
      }
      if (position > cuts.back() && position < order.size()) cuts.push_back(position);
    }
    cuts.push_back(order.size());
    return cuts;
  }

  /// Positions in the order of a column.
  struct Range {
    size_t begin = 0, end = 0;
    double log_p = 0;
  };

  /// Ranges of one to kStepsOfRangeMax steps whose label is another than beside them.
  void add_ranges(size_t column, const std::vector<double>& values,
                  const std::vector<size_t>& order, const std::string& quoted) {
    const std::vector<size_t> cuts = cut(values, order, kStepsOfNumbers);
    for (size_t label = 0; label < made_.classes.size(); ++label) {
      std::vector<int64_t> hits = {0};  // Before each cut.
      for (size_t step = 0; step + 1 < cuts.size(); ++step) {
        int64_t count = hits.back();
        for (size_t i = cuts[step]; i < cuts[step + 1]; ++i) {
          count += made_.labels[order[i]] == label ? 1 : 0;
        }
        hits.push_back(count);
      }
      std::vector<Range> ranges = ranges_apart(cuts, hits);
      std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
        return a.log_p != b.log_p ? a.log_p < b.log_p : a.begin < b.begin;
      });
      ranges.resize(std::min(ranges.size(), kRangesOfLabel));
      for (const Range& range : ranges) add_range(column, values, order, range, quoted, false);
    }
  }

  std::vector<Range> ranges_apart(const std::vector<size_t>& cuts,
                                  const std::vector<int64_t>& hits) {
    std::vector<Range> found;
    const size_t steps = cuts.size() - 1;
    for (size_t begin = 0; begin < steps; ++begin) {
      for (size_t end = begin + 1; end <= std::min(steps, begin + kStepsOfRangeMax); ++end) {
        const auto count = static_cast<int64_t>(cuts[end] - cuts[begin]);
        if (count < options_.rows_min) continue;
        ++made_.ranges_tried;
        const int64_t of_label = hits[end] - hits[begin];
        const double share = static_cast<double>(of_label) / static_cast<double>(count);
        if (share < options_.label_share_min) continue;
        const size_t low = begin - std::min(begin, kStepsBeside);
        const size_t high = std::min(steps, end + kStepsBeside);
        const size_t beside = cuts[high] - cuts[low] - static_cast<size_t>(count);
        const double share_beside = static_cast<double>(hits[high] - hits[low] - of_label) /
                                    static_cast<double>(std::max<size_t>(beside, 1));
        if (beside == 0 || share - share_beside < options_.excess_min / 2) continue;
        found.push_back({.begin = cuts[begin],
                         .end = cuts[end],
                         .log_p = log_tail_bound(of_label, count, share_beside)});
      }
    }
    return found;
  }

  void add_range(size_t column, const std::vector<double>& values, const std::vector<size_t>& order,
                 const Range& range, const std::string& quoted, bool combines) {
    if (range.begin == range.end) return;
    const std::string low = shortest_text(values[order[range.begin]]);
    const std::string high = shortest_text(values[order[range.end - 1]]);
    add_item(column, {order.begin() + at(range.begin), order.begin() + at(range.end)},
             range.end == order.size() ? quoted + " >= " + low
             : range.begin == 0        ? quoted + " <= " + high
                                       : quoted + " between " + low + " and " + high,
             combines);
  }

  void take_categories(const std::string& name, const std::vector<std::string>& texts,
                       size_t width) {
    const size_t column = begin_column(name, true);
    std::map<std::string, std::vector<size_t>> rows_of;
    for (size_t row = 0; row < texts.size(); ++row) rows_of[texts[row]].push_back(row);
    PartedColumn& parts = made_.parts.back();
    parts.part_of.assign(texts.size(), 0);
    parts.parts = 1;  // Part 0 has all rare values.
    const std::string quoted = sql_name(name);
    double code = 0;
    for (const auto& [text, rows] : rows_of) {
      const bool is_common = rows.size() >= rows_min_;
      for (const size_t row : rows) {
        made_.features[row * width + column] = code;
        if (is_common) parts.part_of[row] = parts.parts;
      }
      ++code;
      if (!is_common) continue;
      ++parts.parts;
      add_item(column, rows,
               text.empty() ? quoted + " is null" : quoted + " = " + quote_text(text.substr(1)));
    }
  }

  size_t begin_column(const std::string& name, bool is_category) {
    made_.columns.push_back(name);
    made_.is_category.push_back(is_category);
    made_.parts.emplace_back();
    return made_.columns.size() - 1;
  }

  void add_item(size_t column, const std::vector<size_t>& rows, const std::string& text,
                bool combines = true) {
    if (rows.size() < rows_min_) return;
    RowSet set((made_.row_count() + 63) / 64);
    for (const size_t row : rows) insert(set, row);
    made_.items.push_back({.column = column, .rows = std::move(set), .combines = combines});
    made_.item_texts.push_back(text);
  }

  static ptrdiff_t at(size_t position) { return static_cast<ptrdiff_t>(position); }

  const PredictorRows& read_;
  const Predictors& predictors_;
  const TriggerScreenOptions& options_;
  size_t rows_min_;
  SuspectRows made_;
};

}  // namespace

Result<SuspectRows> suspect_rows(const PredictorRows& read, const Predictors& predictors,
                                 const std::string& label, const TriggerScreenOptions& options) {
  return Preparation(read, predictors, options).run(label);
}

}  // namespace millgate
