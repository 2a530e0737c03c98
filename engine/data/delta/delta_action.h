/// What one version of a Delta table says: the lines of a log file, or the rows of a checkpoint.
/// Format: the Delta transaction log protocol,
/// https://github.com/delta-io/delta/blob/master/PROTOCOL.md
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// What a reader and a writer must know.
struct DeltaProtocol {
  int64_t reader_version = 1;
  int64_t writer_version = 2;
  /// Names; only from reader version 3 and writer version 7 on.
  std::vector<std::string> reader_features = {};
  std::vector<std::string> writer_features = {};

  bool operator==(const DeltaProtocol&) const = default;
};

/// What the table is.
struct DeltaMetadata {
  std::string id;  ///< A UUID.
  std::string name;
  std::string description;
  std::string format = "parquet";
  std::string schema_text;  ///< JSON (delta_schema.h).
  std::vector<std::string> partition_columns;
  std::map<std::string, std::string> configuration;
  int64_t created_ms = 0;  ///< Since 1970.

  bool operator==(const DeltaMetadata&) const = default;
};

/// Where it is written which rows of a file are not in the table (deletion_vector.h).
struct DeltaDeletionVector {
  std::string file;          ///< Whose rows.
  std::string storage = {};  ///< "i": in the log; "u": in a file of the table; "p": anywhere.
  std::string place = {};    ///< Of `storage`: the bytes, or the file, in Z85; or a path.
  int64_t offset = 0;        ///< In the file.
  int64_t size_bytes = 0;
  int64_t row_count = 0;  ///< That it deletes.

  bool operator==(const DeltaDeletionVector&) const = default;
};

/// A file with rows of the table (`add`).
struct DeltaFile {
  std::string path;  ///< As in the log: percent-encoded, relative to the table or a URI.
  std::map<std::string, std::optional<std::string>> partition_values;
  int64_t size_bytes = 0;
  int64_t modified_ms = 0;
  std::string statistics;  ///< JSON as text; may be empty.
  std::map<std::string, std::string> tags;
  std::optional<DeltaDeletionVector> deletions;
};

/// A file whose rows are no longer in the table (`remove`): as it was, with these deletions.
struct DeltaRemoval {
  std::string path;
  std::optional<DeltaDeletionVector> deletions = {};
  int64_t deleted_ms = 0;
  int64_t size_bytes = 0;
};

/// The actions of a version or of a checkpoint.
struct DeltaActions {
  std::optional<DeltaProtocol> protocol;
  std::optional<DeltaMetadata> metadata;
  std::vector<DeltaFile> files;
  std::vector<DeltaRemoval> removals;
  std::map<std::string, int64_t> transactions;  ///< `txn`: application -> its version.
  std::vector<std::string> sidecars;            ///< Of a checkpoint: names of files with more.
  std::string commit_info;                      ///< JSON as text; empty where there is none.
};

/// Adds one line of a log file to `actions`; those that say nothing about rows are passed over.
/// Errors: `damaged` naming `object` when it does not follow the protocol.
[[nodiscard]] Status add_delta_action(const nlohmann::ordered_json& line, std::string_view object,
                                      DeltaActions& actions);

/// The actions as JSON, one a line; each is read back by `add_delta_action`.
[[nodiscard]] std::vector<nlohmann::ordered_json> delta_lines(const DeltaActions& actions);

/// Errors: as `add_delta_action`.
[[nodiscard]] Result<DeltaActions> parse_delta_log_file(std::string_view text,
                                                        std::string_view object);

}  // namespace millgate
