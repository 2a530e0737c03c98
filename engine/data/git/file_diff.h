/// What differs between two versions of a data file, by row and cell.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/git/file_versions.h"
#include "data/store/table_diff.h"
#include "ground/error.h"

namespace millgate {

/// The two versions as tables, and what differs.
struct FileDiff {
  TableVersion before;
  TableVersion after;
  TableDiff diff;
  KeyOrigin key_origin = KeyOrigin::found;
};

struct FileDiffOptions {
  FileVersionsOptions reading = {};
  int64_t rows_max = 10;  ///< As in DiffOptions.
};

/// A missing or empty file has no rows. Errors: as `FileVersions::read`.
[[nodiscard]] Result<FileDiff> diff_files(FileFormat format, const std::string& before,
                                          const std::string& after, const FileDiffOptions& options);

}  // namespace millgate
