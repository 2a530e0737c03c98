/// Whether the labels of a split can be learned from.
#pragma once

#include <string>
#include <vector>

#include "data/feature/task.h"
#include "ground/error.h"
#include "model/learn/split.h"

namespace millgate {

/// `labels` of all rows. Parts of the split without rows are passed over. `where` follows the name
/// of a part in messages, such as " of fold 2". Errors: `invalid_input` when the training rows have
/// one label, or a part of a binary task has one class or labels other than 0 and 1.
[[nodiscard]] Status check_labels(const Task& task, const std::vector<double>& labels,
                                  const Split& split, const std::string& where = {});

}  // namespace millgate
