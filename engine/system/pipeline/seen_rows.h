/// Which rows a model has seen: those that trained it, and those that chose among its like.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <span>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/id.h"
#include "model/learn/split.h"
#include "system/pipeline/project.h"

namespace millgate {

/// Rows joined at a commit.
struct JoinedRows {
  std::string commit;  ///< Hex id.
  const arrow::Table* table = nullptr;
};

/// The split of the training of `model`, read from its run in the ledger and repeated on `joined`,
/// the rows joined at the commit of that run. Errors: `not_found` when no run made the model; those
/// of split_rows.
[[nodiscard]] Result<Split> split_of_run(const Repository& repository, const Id& model,
                                         const arrow::Table& joined);

/// One flag for each of `rows`, row numbers of `judged`: 1 where the model has seen it. The split
/// of its training is read from its run in the ledger and repeated on `trained`, the rows joined at
/// the commit of that run; rows of two commits are the same when their keys are, or all their cells
/// where the table has no key.
///
/// Errors: `not_found` when no run made the model; those of split_rows.
[[nodiscard]] Result<std::vector<uint8_t>> seen_rows(const Repository& repository,
                                                     const Project& project, const Id& model,
                                                     const JoinedRows& trained,
                                                     const JoinedRows& judged,
                                                     std::span<const int64_t> rows);

}  // namespace millgate
