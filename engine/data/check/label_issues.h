/// Rows whose label is probably wrong, by the probabilities that stand beside it or by the rule
/// from which it should follow.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "data/check/asked_rows.h"
#include "data/query/database.h"
#include "ground/error.h"
#include "model/measure/confident_learning.h"

namespace millgate {

struct LabelIssueOptions {
  std::string label = {};  ///< SQL over a row: its class. Rows where it is null are left out.
  /// Classes, and SQL over a row: the probability of each, out of fold.
  std::vector<std::pair<std::string, std::string>> probabilities = {};
  /// SQL over a row: the class that its label should have; null: the rule does not say. Empty:
  /// there is no rule. A boolean goes with labels 0 and 1, too.
  std::string rule = {};
  std::vector<std::string> by = {};     ///< SQL over a row: issues are counted by each.
  std::vector<std::string> shown = {};  ///< Columns that name a row.
};

/// What speaks against a label.
enum class LabelIssueCause { rule, rule_and_model, model };
[[nodiscard]] std::string to_string(LabelIssueCause cause);

/// The rows of one group.
struct LabelIssueGroup {
  std::string group;
  int64_t row_count = 0;
  int64_t issue_count = 0;
  [[nodiscard]] double share() const {
    return static_cast<double>(issue_count) / static_cast<double>(row_count);
  }
};

struct LabelIssues {
  /// Its issues are all: first labels that contradict the rule, whose suggestion is the rule's,
  /// then those that only the probabilities speak against; least self-confidence first in both.
  /// Without probabilities the matrices count labels by what the rule says, and confidences are
  /// NaN.
  ConfidentLearning found;
  std::vector<LabelIssueCause> causes;  ///< Of each issue.
  bool by_model = true;                 ///< Probabilities were given.
  bool by_rule = false;
  int64_t ruled = 0;         ///< Labelled rows of which the rule says something.
  int64_t contradicted = 0;  ///< Those of them that have another label.
  std::vector<std::string> classes;
  std::vector<int64_t> row_numbers;             ///< Of each issue among the rows, from 1.
  std::vector<std::vector<std::string>> shown;  ///< Of each issue.
  std::vector<std::pair<std::string, std::vector<LabelIssueGroup>>>
      groups;  ///< Largest share first.
  int64_t labelled = 0, unlabelled = 0;
  /// How well the probabilities tell the classes apart: Tjur's coefficient of discrimination (2009,
  /// "Coefficients of determination in logistic regression models"), mean over the classes that
  /// have rows: mean probability of the class in its rows less that in all others. 1: always
  /// certain; 0: no better than the shares of the classes.
  double discrimination = 0;
  /// Where classes overlap, a label that disagrees is as often chance as a mistake.
  [[nodiscard]] bool is_weak() const { return by_model && discrimination < 0.3; }
};

/// Confident learning over `rows`, opened in `database`, and every label that contradicts the rule.
/// Without probabilities the rule alone judges, and the classes are all that it or a label says.
/// Errors: `invalid_input` for SQL that is none, a label or an answer of the rule that is none of
/// the classes (with the nearest), no labelled row, neither probabilities nor rule, and those of
/// confident_learning.
[[nodiscard]] Result<LabelIssues> label_issues(Database& database, const AskedRows& rows,
                                               const LabelIssueOptions& options);

/// The issues for a person to review, in their order: the shown columns with their types, then
/// `label_column` (when not empty) as it is now, to be corrected, then `_note_given`,
/// `_note_suggested`, `_note_self_confidence` and `_note_why`. With a label column it is a change
/// set.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatchReader>> review_rows(
    Database& database, const AskedRows& rows, const LabelIssues& issues,
    const std::vector<std::string>& shown, const std::string& label_column);

[[nodiscard]] nlohmann::ordered_json to_json(const LabelIssues& issues);

}  // namespace millgate
