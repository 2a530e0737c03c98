#include "model/learn/rival.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

#include "model/learn/learned_around.h"
#include "model/measure/quality.h"

namespace millgate {
namespace {

/// The label of the newest row of its group that was known before each row's time; NaN: none was.
std::vector<double> known_before(const TrainingRows& rows, std::span<const std::string> groups) {
  const size_t count = rows.labels.size();
  std::vector<size_t> by_time;
  std::vector<size_t> by_known;
  for (size_t row = 0; row < count; ++row) {
    by_time.push_back(row);
    if (!std::isnan(rows.labels[row])) by_known.push_back(row);
  }
  std::stable_sort(by_time.begin(), by_time.end(),
                   [&](size_t a, size_t b) { return rows.times[a] < rows.times[b]; });
  std::stable_sort(by_known.begin(), by_known.end(),
                   [&](size_t a, size_t b) { return rows.label_known[a] < rows.label_known[b]; });
  const auto group_of = [&](size_t row) {
    return groups.empty() ? std::string_view() : std::string_view(groups[row]);
  };
  std::map<std::string_view, size_t> newest;  // Row of each group.
  std::vector<double> last(count, std::numeric_limits<double>::quiet_NaN());
  auto next = by_known.begin();
  for (const size_t row : by_time) {
    for (; next != by_known.end() && rows.label_known[*next] < rows.times[row]; ++next) {
      const auto [place, is_new] = newest.emplace(group_of(*next), *next);
      if (!is_new && rows.times[*next] >= rows.times[place->second]) place->second = *next;
    }
    const auto found = newest.find(group_of(row));
    if (found != newest.end()) last[row] = rows.labels[found->second];
  }
  return last;
}

/// What the training rows say of each last value.
class LastValueTable {
 public:
  LastValueTable(TaskKind kind, const TrainingRows& rows, const std::vector<int64_t>& train,
                 const std::vector<double>& last)
      : is_binary_(kind == TaskKind::binary) {
    for (const int64_t row : train) {
      Cell& cell = cells_[cell_of(last[static_cast<size_t>(row)])];
      cell.sum += rows.labels[static_cast<size_t>(row)];
      cell.count += 1;
    }
  }

  [[nodiscard]] double told(double last) const {
    if (is_binary_) {
      const Cell& cell = cells_[cell_of(last)];
      return (cell.sum + 1) / (cell.count + 2);
    }
    if (!std::isnan(last)) return last;
    double sum = 0;
    double count = 0;
    for (const Cell& cell : cells_) {
      sum += cell.sum;
      count += cell.count;
    }
    return sum / count;
  }

 private:
  struct Cell {
    double sum = 0, count = 0;
  };
  /// No last value, a negative one, a positive one.
  static size_t cell_of(double last) { return std::isnan(last) ? 0 : last > 0.5 ? 2 : 1; }

  bool is_binary_;
  std::array<Cell, 3> cells_;
};

}  // namespace

Result<Rival> train_rival(const TrainRequest& request, const TrainingRows& rows,
                          const Split& split) {
  MILLGATE_ASSIGN(const Attempt made, attempt(request, rows, split, {}));
  MILLGATE_ASSIGN(const LearnedAround learned, learn_around(request, made));
  Rival rival{.predictions = predictions_of(made.fitted, made.test),
              .threshold = choose_threshold(request, made, learned.calibration)};
  calibrate(learned.calibration, rival.predictions);
  return rival;
}

Result<Rival> train_simple(SimpleModelKind simple, TrainRequest request, const TrainingRows& rows,
                           const Split& split) {
  TrainSettings& settings = request.settings;
  settings.parameters.clear();
  settings.tune.reset();
  settings.calibrate.reset();
  settings.uncertainty.reset();
  settings.learner = to_text(simple);
  if (simple == SimpleModelKind::tree) {
    settings.learner = "gbdt";
    settings.rounds_max = 1;
    settings.parameters = {{"num_leaves", "8"}, {"learning_rate", "1"}};
  }
  return train_rival(request, rows, split);
}

Result<Rival> last_values(const TrainRequest& request, const TrainingRows& rows,
                          std::span<const std::string> groups, const Split& split) {
  const auto timeless = std::count(rows.has_time.begin(), rows.has_time.end(), 0);
  if (timeless > 0) {
    return invalid_input(std::to_string(timeless) + " of " + std::to_string(rows.has_time.size()) +
                             " rows have no time, so none is the last before another",
                         "give the task's [[source]] `happened`, or compare with `constant`");
  }
  const std::vector<double> last = known_before(rows, groups);
  const LastValueTable table(request.task.kind, rows, split.train, last);
  const auto told = [&](const std::vector<int64_t>& part) {
    std::vector<double> predictions;
    predictions.reserve(part.size());
    for (const int64_t row : part) {
      predictions.push_back(table.told(last[static_cast<size_t>(row)]));
    }
    return predictions;
  };
  Rival rival{.predictions = told(split.test), .threshold = request.threshold.value_or(0.5)};
  if (request.task.kind == TaskKind::binary && !request.threshold && request.utility) {
    std::vector<double> labels;
    labels.reserve(split.valid.size());
    for (const int64_t row : split.valid) labels.push_back(rows.labels[static_cast<size_t>(row)]);
    rival.threshold =
        best_threshold({.label = labels, .prediction = told(split.valid)}, *request.utility);
  }
  return rival;
}

}  // namespace millgate
