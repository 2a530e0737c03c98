/// Skew against the data: logged rows beside the rows of the same key in the committed table.
#pragma once

#include <string>

#include "data/store/repository.h"
#include "ground/error.h"
#include "model/artifact/model.h"
#include "system/monitor/monitor.h"
#include "system/monitor/served_log.h"
#include "system/monitor/windows.h"

namespace millgate {

/// Compares the raw input columns of `model`'s logged rows with the table of its task at the
/// tip of `branch`, cell by cell, where the logged key is found there. What cannot be compared
/// is said in `note`. A number equals one of another type with the same value.
[[nodiscard]] Result<TableSkew> compare_with_table(const Repository& repository,
                                                   const ServedLog& log, const std::string& logged,
                                                   const Model& model, const WindowGrid& grid,
                                                   const std::string& branch);

}  // namespace millgate
