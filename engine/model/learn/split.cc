#include "model/learn/split.h"

#include <arrow/table.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include "data/feature/join.h"
#include "data/feature/vector.h"
#include "ground/clock.h"
#include "ground/random.h"
#include "model/learn/attempt.h"

namespace millgate {

namespace {

/// The columns of a joined table that a split depends on.
struct Timeline {
  size_t rows = 0;
  std::vector<uint8_t> labelled;
  std::vector<uint8_t> has_time;
  std::vector<int64_t> time;
  std::vector<int64_t> label_known;  ///< The row's time where it is not told.
  std::vector<uint32_t> query;       ///< ranking: rows with one number stay together.
};

/// Rows of a query that stand in one part only because all of them have the same times.
void keep_queries_whole(Timeline& line) {
  std::map<uint32_t, std::pair<int64_t, int64_t>> newest;
  constexpr int64_t kOldest = std::numeric_limits<int64_t>::min();
  for (size_t i = 0; i < line.query.size(); ++i) {
    if (!line.labelled[i] || !line.has_time[i]) continue;
    auto& [time, known] = newest.emplace(line.query[i], std::pair(kOldest, kOldest)).first->second;
    time = std::max(time, line.time[i]);
    known = std::max(known, line.label_known[i]);
  }
  for (size_t i = 0; i < line.query.size(); ++i) {
    if (!line.labelled[i] || !line.has_time[i]) continue;
    std::tie(line.time[i], line.label_known[i]) = newest.at(line.query[i]);
  }
}

Result<Timeline> read_timeline(const arrow::Table& joined) {
  MILLGATE_ASSIGN(Block block, block_from(joined, {{kLabelColumn, ValueType::number},
                                                   {kRowTimeColumn, ValueType::time},
                                                   {kLabelKnownColumn, ValueType::time}}));
  Timeline line;
  line.rows = block.rows;
  line.labelled = std::move(block.columns[0].valid);
  for (size_t i = 0; i < line.rows; ++i) {
    if (!std::isfinite(block.columns[0].numbers[i])) line.labelled[i] = 0;
  }
  line.has_time = std::move(block.columns[1].valid);
  line.time = std::move(block.columns[1].integers);
  line.label_known = std::move(block.columns[2].integers);
  for (size_t i = 0; i < line.rows; ++i) {
    if (!block.columns[2].valid[i]) line.label_known[i] = line.time[i];
  }
  MILLGATE_ASSIGN(line.query, read_query(joined));
  keep_queries_whole(line);
  return line;
}

std::string days_text(int64_t micros) {
  const double days = static_cast<double>(micros) / 86'400e6;
  std::string text = std::to_string(std::round(days * 100) / 100);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text + (text == "1" ? " day" : " days");
}

Status check_not_empty(const Split& split, bool needs_calibration, const std::string& figures) {
  for (const auto& [name, rows] :
       {std::pair{"training", &split.train}, std::pair{"validation", &split.valid},
        std::pair{"calibration", &split.calibration}, std::pair{"test", &split.test}}) {
    if (rows->empty() && (needs_calibration || rows != &split.calibration)) {
      return invalid_input(std::string("the split leaves no ") + name + " rows: " + figures,
                           "commit more data, or change [train] split");
    }
  }
  return {};
}

std::string part_sizes(const Split& split) {
  const std::string calibration =
      split.calibration.empty() ? "" : std::to_string(split.calibration.size()) + " calibration, ";
  return std::to_string(split.train.size()) + " train, " + std::to_string(split.valid.size()) +
         " valid, " + calibration + std::to_string(split.test.size()) + " test, " +
         std::to_string(split.left_out_unlabelled) + " without label, " +
         std::to_string(split.left_out_label_late) + " with a label known too late";
}

/// Begins of the windows: where they are counted from the newest labelled row, or so that each
/// of the two holds about its share of the rows.
struct Windows {
  int64_t train_end = 0;
  int64_t test_begin = 0;
  int64_t calibration_begin = 0;  ///< test_begin where nothing is calibrated.
};

/// Where the newest `share` of the times between train and test begin.
int64_t calibration_begin(const std::vector<int64_t>& times, const Windows& windows, double share) {
  std::vector<int64_t> inside;
  for (const int64_t time : times) {
    if (time > windows.train_end && time <= windows.test_begin) inside.push_back(time);
  }
  const double rank = std::floor((1 - share) * static_cast<double>(inside.size()));
  if (rank < 1) return windows.train_end;
  const auto middle = inside.begin() + static_cast<std::ptrdiff_t>(rank) - 1;
  std::nth_element(inside.begin(), middle, inside.end());
  return *middle;
}

/// `fold` counts from 0, that of `split_rows`; each begins one valid window earlier.
Windows windows_of(std::vector<int64_t> times, const TrainSettings& settings, int fold) {
  if (settings.test_micros > 0) {
    const int64_t newest = *std::max_element(times.begin(), times.end());
    const int64_t test_begin = newest - settings.test_micros - fold * settings.valid_micros;
    return {.train_end = test_begin - settings.valid_micros, .test_begin = test_begin};
  }
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) {
    const double rank = std::floor(share * static_cast<double>(times.size()));
    return rank < 1 ? times.front() : times[static_cast<size_t>(rank) - 1];
  };
  const double end = 1 - settings.share * (fold + 1);
  return {.train_end = at(end - settings.share), .test_begin = at(end)};
}

/// The times of labelled rows. Errors: `invalid_input` when one has none, or there are none.
Result<std::vector<int64_t>> labelled_times(const Timeline& line) {
  std::vector<int64_t> times;
  int64_t timeless = 0;
  for (size_t i = 0; i < line.rows; ++i) {
    if (!line.labelled[i]) continue;
    if (line.has_time[i]) {
      times.push_back(line.time[i]);
    } else {
      ++timeless;
    }
  }
  if (timeless > 0) {
    return invalid_input("cannot split by time: " + std::to_string(timeless) + " of " +
                             std::to_string(timeless + std::ssize(times)) +
                             " labelled rows have no time",
                         "give the task's [[source]] `happened`, or use split = { by = "
                         "\"random\", share = 0.2 }");
  }
  if (times.empty()) {
    Split split;
    split.left_out_unlabelled = static_cast<int64_t>(line.rows);
    return invalid_input("the training set has no labelled row: " + part_sizes(split),
                         "check [task] label and that the task's table has rows");
  }
  return times;
}

/// Every labelled row to its part. Errors: `invalid_input` when a part is empty.
Result<Split> deal_by_time(const Timeline& line, const Windows& windows, bool calibrates,
                           const std::string& figures) {
  Split split;
  split.train_end_micros = windows.train_end;
  split.test_begin_micros = windows.test_begin;
  for (size_t i = 0; i < line.rows; ++i) {
    const auto row = static_cast<int64_t>(i);
    if (!line.labelled[i]) {
      ++split.left_out_unlabelled;
    } else if (line.time[i] > windows.test_begin) {
      split.test.push_back(row);
    } else {
      // The part of the row, and when the part after it begins.
      const auto [part, needed_by] = line.time[i] > windows.calibration_begin
                                         ? std::pair{&split.calibration, windows.test_begin}
                                     : line.time[i] > windows.train_end
                                         ? std::pair{&split.valid, windows.calibration_begin}
                                         : std::pair{&split.train, windows.train_end};
      if (line.label_known[i] > needed_by) {
        ++split.left_out_label_late;
      } else {
        part->push_back(row);
      }
    }
  }
  MILLGATE_TRY(check_not_empty(split, calibrates, figures + ": " + part_sizes(split)));
  return split;
}

std::string rows_text(const std::vector<int64_t>& times) {
  const auto [oldest, newest] = std::minmax_element(times.begin(), times.end());
  return "rows from " + to_string(Time{*oldest}) + " to " + to_string(Time{*newest}) + " (" +
         days_text(*newest - *oldest) + ")";
}

Result<Split> split_by_time(const Timeline& line, const TrainSettings& settings, int fold = 0) {
  MILLGATE_ASSIGN(const std::vector<int64_t> times, labelled_times(line));
  Windows windows = windows_of(times, settings, fold);
  // Older folds choose among parameters and calibrate nothing.
  const bool calibrates = settings.needs_calibration_rows() && fold == 0;
  windows.calibration_begin =
      calibrates ? calibration_begin(times, windows, settings.calibrate_share) : windows.test_begin;
  std::string figures = rows_text(times);
  if (settings.test_micros > 0) {
    figures +=
        ", valid " + days_text(settings.valid_micros) + ", test " + days_text(settings.test_micros);
  }
  return deal_by_time(line, windows, calibrates, figures);
}

/// Where the valid window begins of a training at `origin`.
int64_t train_end_at(std::vector<int64_t> times, const TrainSettings& settings, int64_t origin) {
  if (settings.test_micros > 0) return origin - settings.valid_micros;
  std::erase_if(times, [&](int64_t time) { return time > origin; });
  if (times.empty()) return origin;
  // As large beside the training rows as in split_rows, where the test rows are of these too.
  const double share = settings.share / (1 - settings.share);
  const auto rank = static_cast<size_t>((1 - share) * static_cast<double>(times.size()));
  if (rank < 1) return origin;
  const auto end = times.begin() + static_cast<std::ptrdiff_t>(rank) - 1;
  std::nth_element(times.begin(), end, times.end());
  return *end;
}

/// How many rows each part gets; the rest trains.
struct PartSizes {
  size_t test = 0, valid = 0, calibration = 0;
};

/// Deals `rows` in their order: first the test rows, then valid, calibration, train.
void deal(const std::vector<int64_t>& rows, const PartSizes& sizes, Split& split) {
  auto next = rows.begin();
  const auto take = [&](size_t count) {
    const auto begin = next;
    next += static_cast<std::ptrdiff_t>(count);
    std::vector<int64_t> part(begin, next);
    std::sort(part.begin(), part.end());
    return part;
  };
  split.test = take(sizes.test);
  split.valid = take(sizes.valid);
  split.calibration = take(sizes.calibration);
  split.train = take(static_cast<size_t>(rows.end() - next));
}

/// The numbers of the queries that `rows` are of, each once, ascending.
std::vector<int64_t> queries_of(const std::vector<int64_t>& rows, std::span<const uint32_t> query) {
  std::vector<int64_t> queries;
  queries.reserve(rows.size());
  for (const int64_t row : rows) queries.push_back(query[static_cast<size_t>(row)]);
  std::sort(queries.begin(), queries.end());
  queries.erase(std::unique(queries.begin(), queries.end()), queries.end());
  return queries;
}

/// The same with whole queries: `sizes` counts them, and they are dealt in the order of `queries`.
void deal_queries(const std::vector<int64_t>& rows, std::span<const uint32_t> query,
                  const std::vector<int64_t>& queries, const PartSizes& sizes, Split& split) {
  Split dealt;
  deal(queries, sizes, dealt);
  std::map<int64_t, std::vector<int64_t>*> part_of;
  for (const auto& [from, to] :
       {std::pair{&dealt.test, &split.test}, std::pair{&dealt.valid, &split.valid},
        std::pair{&dealt.calibration, &split.calibration}, std::pair{&dealt.train, &split.train}}) {
    for (const int64_t one : *from) part_of[one] = to;
  }
  for (const int64_t row : rows) part_of.at(query[static_cast<size_t>(row)])->push_back(row);
}

Result<Split> split_by_random(const Timeline& line, const TrainSettings& settings) {
  Split split;
  std::vector<int64_t> rows;
  for (size_t i = 0; i < line.rows; ++i) {
    if (line.labelled[i]) {
      rows.push_back(static_cast<int64_t>(i));
    } else {
      ++split.left_out_unlabelled;
    }
  }
  const bool is_ranking = !line.query.empty();
  std::vector<int64_t> dealt = is_ranking ? queries_of(rows, line.query) : rows;
  shuffle(dealt, Random::stream(settings.seed, "split"));
  const auto size =
      static_cast<size_t>(std::floor(settings.share * static_cast<double>(dealt.size())));
  const size_t calibration =
      settings.needs_calibration_rows()
          ? static_cast<size_t>(std::ceil(settings.calibrate_share * static_cast<double>(size)))
          : 0;
  const PartSizes sizes{.test = size, .valid = size - calibration, .calibration = calibration};
  if (is_ranking) {
    deal_queries(rows, line.query, dealt, sizes, split);
  } else {
    deal(dealt, sizes, split);
  }
  MILLGATE_TRY(check_not_empty(split, settings.needs_calibration_rows(), part_sizes(split)));
  return split;
}

}  // namespace

Result<Split> split_rows(const arrow::Table& joined, const TrainSettings& settings) {
  if (joined.num_rows() == 0) {
    return invalid_input("the training set has no rows",
                         "check the task's table; `millgate profile` shows its row count");
  }
  MILLGATE_ASSIGN(const Timeline line, read_timeline(joined));
  return settings.split_by == "random" ? split_by_random(line, settings)
                                       : split_by_time(line, settings);
}

Result<Split> split_at(const arrow::Table& joined, const TrainSettings& settings, Time origin) {
  if (settings.split_by == "random") {
    return invalid_input("rows that are split at random have no order in time",
                         "use split = { by = \"time\", ... } in [train]");
  }
  MILLGATE_ASSIGN(const Timeline line, read_timeline(joined));
  MILLGATE_ASSIGN(const std::vector<int64_t> times, labelled_times(line));
  Windows windows{.train_end = train_end_at(times, settings, origin.micros),
                  .test_begin = origin.micros,
                  .calibration_begin = origin.micros};
  const bool calibrates = settings.needs_calibration_rows();
  if (calibrates) {
    windows.calibration_begin = calibration_begin(times, windows, settings.calibrate_share);
  }
  return deal_by_time(line, windows, calibrates,
                      rows_text(times) + ", trained at " + to_string(origin));
}

Result<std::vector<Split>> rolling_splits(const arrow::Table& joined, const TrainSettings& settings,
                                          int folds) {
  MILLGATE_ASSIGN(const Split whole, split_rows(joined, settings));
  MILLGATE_ASSIGN(const Timeline line, read_timeline(joined));
  std::vector<Split> splits;
  for (int fold = 0; fold < folds; ++fold) {
    Split split = whole;
    if (settings.split_by == "random") {
      split.test.clear();
      split.calibration.clear();
      if (fold > 0)
        split = shuffle_split(split, settings.seed + static_cast<uint64_t>(fold), line.query);
    } else if (fold > 0) {
      auto older = split_by_time(line, settings, fold);
      if (!older.ok()) {
        return invalid_input("fold " + std::to_string(fold + 1) + " of " + std::to_string(folds) +
                                 ": " + older.error().what,
                             "lower `folds`, shorten the windows of [train] split, or commit more "
                             "data");
      }
      split = std::move(*older);
    }
    split.test.clear();
    split.calibration.clear();
    splits.push_back(std::move(split));
  }
  return splits;
}

Split shuffle_split(const Split& split, uint64_t seed, std::span<const uint32_t> query) {
  std::vector<int64_t> rows;
  for (const auto* part : {&split.train, &split.valid, &split.calibration, &split.test}) {
    rows.insert(rows.end(), part->begin(), part->end());
  }
  std::sort(rows.begin(), rows.end());
  const auto size_of = [&](const std::vector<int64_t>& part) {
    return query.empty() ? part.size() : queries_of(part, query).size();
  };
  const PartSizes sizes{.test = size_of(split.test),
                        .valid = size_of(split.valid),
                        .calibration = size_of(split.calibration)};
  std::vector<int64_t> dealt = query.empty() ? rows : queries_of(rows, query);
  shuffle(dealt, Random::stream(seed, "shuffle split"));
  Split shuffled;
  if (query.empty()) {
    deal(dealt, sizes, shuffled);
  } else {
    deal_queries(rows, query, dealt, sizes, shuffled);
  }
  return shuffled;
}

}  // namespace millgate
