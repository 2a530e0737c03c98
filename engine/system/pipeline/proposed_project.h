/// `init --from`: a first project file for a table of the user, made from what is in it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ground/error.h"

namespace millgate {

struct ProposalOptions {
  std::string project;                  ///< Its name.
  std::string path;                     ///< Of the file as the project file will name it.
  std::string label;                    ///< A column, or an expression over columns.
  std::vector<std::string> group = {};  ///< Columns: rows alike in them are ranked together.
};

/// A column that no feature reads, and why.
struct LeftOutColumn {
  std::string column;
  std::string why;
};

struct ProposedProject {
  std::string toml;  ///< The project file.
  std::string table;
  int64_t row_count = 0;
  std::vector<std::string> key;      ///< Empty: no column tells all rows apart.
  std::string happened;              ///< Empty: nothing says when.
  std::string kind;                  ///< "binary", "multiclass", "regression" or "ranking".
  std::string label;                 ///< The expression.
  std::vector<std::string> classes;  ///< multiclass: the most frequent first.
  std::vector<std::string> group;    ///< ranking: the columns that say what is ranked together.
  std::string label_summary;         ///< "23.1 % of 800 rows", "from 1 to 9.5, mean 4.2".
  std::vector<std::string> features;
  std::vector<LeftOutColumn> left_out;
};

/// Reads `file` and proposes: a key (a column without repeats or gaps whose name or place says so),
/// the time of a row, the task that `options.label` asks for, a feature for every column that can
/// be one, a split by time where there is one, and requirements that any useful model meets. A
/// column that alone decides the label is left out, because it may be known only afterwards.
///
/// Errors: those of reading the file; `not_found` for a label or a group that is no column, with
/// the nearest; `invalid_input` for a label with one value, with too many to be classes, or that is
/// no degree of relevance where rows are ranked.
[[nodiscard]] Result<ProposedProject> propose_project(const std::string& file,
                                                      const ProposalOptions& options);

/// Everything but the text of the project file.
[[nodiscard]] nlohmann::ordered_json to_json(const ProposedProject& proposal);

}  // namespace millgate
