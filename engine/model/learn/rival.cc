#include "model/learn/rival.h"

#include <algorithm>
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
  LastValueTable(const Task& task, const TrainingRows& rows, const std::vector<int64_t>& train,
                 const std::vector<double>& last)
      : kind_(task.kind), width_(std::max<size_t>(task.classes.size(), 1)) {
    // No last value, then one for each class: of two no and yes.
    cells_.resize(task.kind == TaskKind::multiclass ? 1 + width_ : 3);
    for (Cell& cell : cells_) cell.sums.resize(width_, 0);
    for (const int64_t row : train) {
      const double label = rows.labels[static_cast<size_t>(row)];
      Cell& cell = cells_[cell_of(last[static_cast<size_t>(row)])];
      if (kind_ == TaskKind::multiclass) {
        cell.sums[static_cast<size_t>(label)] += 1;
      } else {
        cell.sums[0] += label;
      }
      cell.count += 1;
    }
  }

  /// Adds what it tells of a row to `to`: a number, or the probability of each class.
  void tell(double last, std::vector<double>& to) const {
    const Cell& cell = cells_[cell_of(last)];
    if (kind_ == TaskKind::regression || kind_ == TaskKind::ranking) {
      to.push_back(std::isnan(last) ? mean() : last);
    } else if (kind_ == TaskKind::binary) {
      to.push_back((cell.sums[0] + 1) / (cell.count + 2));
    } else {
      // Laplace's rule, as of two classes.
      const auto classes = static_cast<double>(width_);
      for (const double sum : cell.sums) to.push_back((sum + 1) / (cell.count + classes));
    }
  }

 private:
  struct Cell {
    std::vector<double> sums;
    double count = 0;
  };

  [[nodiscard]] size_t cell_of(double last) const {
    if (std::isnan(last)) return 0;
    if (kind_ == TaskKind::multiclass) return 1 + static_cast<size_t>(last);
    return last > 0.5 ? 2 : 1;
  }

  [[nodiscard]] double mean() const {
    double sum = 0;
    double count = 0;
    for (const Cell& cell : cells_) {
      sum += cell.sums[0];
      count += cell.count;
    }
    return sum / count;
  }

  TaskKind kind_;
  size_t width_;  ///< Numbers of a row.
  std::vector<Cell> cells_;
};

}  // namespace

Result<Rival> train_rival(const TrainRequest& request, const TrainingRows& rows,
                          const Split& split) {
  MILLGATE_ASSIGN(const Attempt made, attempt(request, rows, split, {}));
  MILLGATE_ASSIGN(const LearnedAround learned, learn_around(request, made));
  Rival rival{.predictions = predictions_of(made.fitted, made.test),
              .threshold = choose_threshold(request, made, learned.calibration),
              .decide_by = decides_by(request)};
  calibrate(learned.calibration, request.task.classes.size(), rival.predictions);
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
  const LastValueTable table(request.task, rows, split.train, last);
  const auto told = [&](const std::vector<int64_t>& part) {
    std::vector<double> predictions;
    predictions.reserve(part.size());
    for (const int64_t row : part) table.tell(last[static_cast<size_t>(row)], predictions);
    return predictions;
  };
  Rival rival{.predictions = told(split.test),
              .threshold = request.threshold.value_or(0.5),
              .decide_by = decides_by(request)};
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
