/// The datasheet of a table: what is known of one version of it, and what nobody has said.
///
/// Its questions are those of "Datasheets for Datasets" (Gebru and others, 2021), by section.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/check/check.h"
#include "data/check/table_profile.h"
#include "data/personal/personal_policy.h"
#include "data/store/repository.h"
#include "data/table/about.h"
#include "ground/error.h"
#include "system/pipeline/project.h"
#include "system/report/table_history.h"

namespace millgate {

/// A question that people alone can answer: by a member of `about`.
struct SheetQuestion {
  const char* member;   ///< "licence"
  const char* section;  ///< Anchor of its section: "distribution".
  const char* title;    ///< "Licence"
  const char* asks;     ///< "under which terms they may be used; ..."
};
/// In the order in which a datasheet has them.
[[nodiscard]] std::span<const SheetQuestion> sheet_questions();

/// A file that rows came from.
struct SheetFile {
  std::string path;
  std::string sha256;  ///< In hex.
  int64_t size_bytes = 0;
};

/// One time that rows of the table were forgotten.
struct SheetForgetting {
  int64_t event_number = 0;
  Time time;
  std::string author;
  std::string reason;  ///< May be empty.
  int64_t row_count = 0;
};

/// A model that learned from the table.
struct SheetModel {
  Id model;
  Id data_commit;
  bool same_version = false;  ///< From this very version of it.
};

struct Datasheet {
  std::string project;
  std::string table;
  Commit commit;
  TableVersion version;                ///< With its statistics.
  std::string number;                  ///< semantic_version.
  About about;                         ///< As the commit has it.
  std::vector<ColumnPolicy> personal;  ///< [source.personal] of the project file, as of today.
  bool declared = false;               ///< The project file has a [[source]] of this name.
  std::string happened;                ///< Of that source; may be empty.
  std::string known;                   ///< The same.
  std::optional<std::string> label;    ///< The label's expression, of the table of the task.
  std::string label_known;
  std::string came_by;  ///< What the rows were made from, in words; empty: `files`.
  std::vector<SheetFile> files;
  TableProfile profile = TableProfile(std::vector<AskedColumn>());
  std::vector<Association> associations;
  CheckReport checks;  ///< Of the rules about this table.
  std::vector<TableStep> history;
  std::vector<SheetForgetting> forgettings;
  std::vector<SheetModel> models;  ///< Newest first.

  /// The answer to a question; empty when nobody has given one. What is decided of columns with
  /// personal data is part of the answer about these.
  [[nodiscard]] std::string answer(const std::string& member) const;
  [[nodiscard]] std::vector<SheetQuestion> unanswered() const;
  /// What is said of a column by `member` ("unit"); empty when nothing.
  [[nodiscard]] std::string of_column(const std::string& column, const std::string& member) const;
};

/// Reads rows, history, rules and ledger. Values of columns with a policy for personal data are
/// pseudonyms in it. Rules, task and times are those that the project file
/// states today; everything else is that of `commit`.
/// Errors: `not_found` when `commit` has no such table; those of the rules; `damaged`.
[[nodiscard]] Result<Datasheet> read_datasheet(const Repository& repository, const Project& project,
                                               const Commit& commit, const std::string& table);

[[nodiscard]] nlohmann::ordered_json to_json(const Datasheet& sheet);

}  // namespace millgate
