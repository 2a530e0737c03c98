/// Rows of the task's table with everything that the features read, as of each row's time.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

#include "app/session.h"
#include "ground/error.h"
#include "model/artifact/model.h"

namespace millgate {

/// The rows at `revision` that meet `where` (SQL; empty: all), joined as for training.
/// Errors: `not_found`, `invalid_input` when the project has no `[task]`.
[[nodiscard]] Result<std::shared_ptr<arrow::Table>> joined_rows(const Workplace& place,
                                                                const std::string& revision,
                                                                const Model& model,
                                                                const std::string& where);

/// The same with `rows` as those of the task's table, labelled or not.
[[nodiscard]] Result<std::shared_ptr<arrow::Table>> joined_given_rows(
    const Workplace& place, const std::string& revision, const Model& model,
    std::shared_ptr<arrow::Table> rows);

/// The same with the rows of a file of the user.
[[nodiscard]] Result<std::shared_ptr<arrow::Table>> joined_file_rows(const Workplace& place,
                                                                     const std::string& revision,
                                                                     const Model& model,
                                                                     const std::string& path);

}  // namespace millgate
