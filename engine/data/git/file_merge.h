/// Three versions of a data file merged by row and cell, into a file like ours.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/git/file_versions.h"
#include "data/store/table_merge.h"
#include "ground/error.h"

namespace millgate {

struct FileMergeOptions {
  FileVersionsOptions reading = {};
  size_t marker_length = 7;  ///< Of "<<<<<<<", as git says.
  bool shows_base = false;   ///< The version before also stands between conflict markers (diff3).
};

struct FilePaths {
  std::string base;  ///< Missing or empty when both sides added the file.
  std::string ours;
  std::string theirs;
};

struct FileMerge {
  std::string bytes;  ///< Of the merged file.
  /// Text formats hold each row with a conflict twice, between markers; Parquet holds our cells.
  std::vector<Conflict> conflicts;
  KeyOrigin key_origin = KeyOrigin::found;
  std::vector<std::string> key;
};

/// Merges as merged_rows.h says. What is in ours and was not changed by theirs keeps its bytes in
/// CSV and JSON lines: quotes, line ends, the way numbers are written; what theirs changed stands
/// as it is written there. A Parquet file keeps our types, compression and key-value metadata.
/// Errors: as `FileVersions::read` and `merge_rows`.
[[nodiscard]] Result<FileMerge> merge_files(FileFormat format, const FilePaths& paths,
                                            const FileMergeOptions& options);

}  // namespace millgate
