#include "model/learn/label_check.h"

#include <algorithm>
#include <utility>

namespace millgate {
namespace {

/// Every class must have been seen by whoever is asked about it.
Status check_classes(const Task& task, const std::vector<double>& labels, const Split& split,
                     const std::string& where) {
  const auto count = [&](const std::vector<int64_t>& part) {
    std::vector<int64_t> rows(task.classes.size(), 0);
    for (const int64_t row : part) ++rows[static_cast<size_t>(labels[static_cast<size_t>(row)])];
    return rows;
  };
  const std::vector<int64_t> trained = count(split.train);
  for (size_t k = 0; k < trained.size(); ++k) {
    if (trained[k] > 0) continue;
    std::string others;
    for (const auto& [name, part] :
         {std::pair{"validation", &split.valid}, std::pair{"calibration", &split.calibration},
          std::pair{"test", &split.test}}) {
      const int64_t rows = count(*part)[k];
      if (rows > 0) others += (others.empty() ? "" : ", ") + std::to_string(rows) + " " + name;
    }
    return invalid_input("the class `" + task.classes[k] + "` has no training row" + where +
                             (others.empty() ? ", nor any other" : ", but " + others + " rows"),
                         others.empty()
                             ? "remove it from [task] classes"
                             : "change [train] split so that it is trained on, or put rare classes "
                               "together in the label: case when ... then 'other' ... end");
  }
  return {};
}

}  // namespace

Status check_labels(const Task& task, const std::vector<double>& labels, const Split& split,
                    const std::string& where) {
  if (task.kind == TaskKind::multiclass) return check_classes(task, labels, split, where);
  if (!has_classes(task.kind)) {
    const double first = labels[static_cast<size_t>(split.train.front())];
    const bool constant = std::all_of(split.train.begin(), split.train.end(), [&](int64_t row) {
      return labels[static_cast<size_t>(row)] == first;
    });
    if (!constant) return {};
    return invalid_input("the label `" + task.label + "` is constant: all " +
                             std::to_string(split.train.size()) + " training rows" + where +
                             " have " + std::to_string(first),
                         "check [task] label");
  }
  for (const auto& [part, chosen] :
       {std::pair{"training", &split.train}, std::pair{"validation", &split.valid},
        std::pair{"calibration", &split.calibration}, std::pair{"test", &split.test}}) {
    size_t positive = 0;
    for (const int64_t row : *chosen) {
      const double label = labels[static_cast<size_t>(row)];
      if (label != 0 && label != 1) {
        return invalid_input("the label `" + task.label +
                                 "` is not 0 or 1 (or true or false) in every row: found " +
                                 std::to_string(label),
                             "write a condition such as `amount > 15`, or kind = \"regression\"");
      }
      positive += label == 1;
    }
    if (chosen->empty() || (positive != 0 && positive != chosen->size())) continue;
    return invalid_input("the label `" + task.label + "` is constant: all " +
                             std::to_string(chosen->size()) + " " + part + " rows" + where +
                             " are " + (positive == 0 ? "0" : "1"),
                         "check [task] label, or change [train] split so that every part holds "
                         "both classes");
  }
  return {};
}

}  // namespace millgate
