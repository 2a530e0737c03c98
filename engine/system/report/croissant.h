/// Tables of a version with a description that machine learning tools read: Croissant 1.0.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "data/store/row_change.h"
#include "ground/error.h"
#include "system/pipeline/project.h"

namespace millgate {

/// Name of the description in the folder.
inline constexpr const char* kCroissantFile = "croissant.json";

/// What to export.
struct CroissantTarget {
  Commit commit;
  /// With the tables that the rules of the project say it refers to; empty: all tables of `commit`.
  std::string table;
  std::string folder;            ///< Made when missing.
  bool overwrite = false;        ///< What an export left in `folder` before.
  RowChanges changes = nullptr;  ///< Of every table that is written.
};

/// A table as it lies in the folder.
struct CroissantTable {
  std::string table;
  std::string file;
  std::string sha256;  ///< Of its bytes, in hex.
  int64_t row_count = 0;
  int64_t size_bytes = 0;
  std::string changed;  ///< What was done to its rows, for people; empty: nothing.
};

/// Something that Croissant has a place for and nobody has said.
struct Unsaid {
  std::string property;  ///< As Croissant calls it: "license".
  std::string table;     ///< Empty: `member` stands in [project].
  std::string member;    ///< As `about` calls it: "licence".
};

struct CroissantReport {
  std::string version;                 ///< semantic_version (report/table_history.h).
  std::vector<CroissantTable> tables;  ///< In the order of their names.
  std::vector<Unsaid> unsaid;
};

/// Writes each table as TABLE.parquet and then croissant.json: JSON-LD in which each file stands
/// with its hash, each column with its type and what is said of it, each key, each reference of one
/// column to the key of another table, and what `about` says of origin, licence and labelling.
/// Nothing is made up: what nobody has said is left out and reported. The same version gives the
/// same bytes. What is broken off has no croissant.json.
///
/// Errors: `not_found` for the table; `invalid_input` for a column of a type that Croissant has
/// not, and for a version without any table; `conflict` when the folder has an export and may not
/// be overwritten; `outside`.
[[nodiscard]] Result<CroissantReport> export_croissant(const Repository& repository,
                                                       const Project& project,
                                                       const CroissantTarget& target);

}  // namespace millgate
