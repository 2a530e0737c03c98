/// `checkout` of a table: its file becomes what a version of the table holds.
#pragma once

#include <cstdint>
#include <string>

#include "data/store/repository.h"
#include "ground/error.h"
#include "system/pipeline/project.h"

namespace millgate {

struct TableCheckout {
  std::string path;       ///< Of the file that was written, as the project file names it.
  int64_t row_count = 0;  ///< That it holds now.
};

struct TableCheckoutRequest {
  std::string table;
  std::string revision = kCurrentBranch;
  bool force = false;  ///< Write over edits that are in no commit.
};

/// Writes the rows of the revision to the one file of the table's source, whole or not at all, and
/// notes where they came from: rows of the current branch are no change there then, and those of
/// another revision are.
///
/// Errors: `not_found` for the table; `invalid_input` for a source of several files or of none, and
/// for rows that the file's format or the source's `null_texts` would not give back as they are;
/// `conflict` for files that were edited since they last agreed with a commit; `outside`.
[[nodiscard]] Result<TableCheckout> checkout_table(Repository& repository, const Project& project,
                                                   const TableCheckoutRequest& request);

}  // namespace millgate
