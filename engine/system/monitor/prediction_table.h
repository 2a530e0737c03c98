/// Predictions of any program: a table of them read as if it were the prediction log.
#pragma once

#include <string>
#include <vector>

#include "data/query/database.h"
#include "ground/clock.h"
#include "ground/error.h"

namespace millgate {

/// Which files to read, and which of their columns mean what. An empty name is found: the first
/// column of a usual name (`prediction_columns`), upper and lower case alike.
struct PredictionTable {
  std::vector<std::string> paths = {};  ///< As read_table_files; or events of KServe's logger.
  std::vector<std::string> label_paths = {};  ///< Labels that came later, by id; may be empty.
  std::string id = {};                        ///< Names a prediction. None found: the row's number.
  std::string time =
      {};  ///< When it happened: a time, or seconds to nanoseconds since 1970.
           ///< None found: all rows are of one moment, and nothing is said by window.
  std::string score = {};  ///< Probability or value; must be there.
  std::string label = {};  ///< What really happened; may be missing.
  std::string model = {};  ///< Which model answered, brief id. Empty: the column `model` says so.
  std::vector<std::string> reference_paths = {};  ///< Rows to compare with instead of a model's;
                                                  ///< empty: the model's training.
  double threshold = 0.5;  ///< Of decisions, where no model of the project says.
};

/// What the columns of a table were taken for; empty: there is none.
struct PredictionRoles {
  std::string id, time, score, label, model;
};

/// Where a table without a model of the project is said to come from.
inline constexpr const char* kUnnamedModel = "table";

/// Reads the files into `database` as `logged_predictions` and `logged_feedback`, in the columns of
/// docs/formats/prediction-log.md and with the user's others beside them, and the reference as
/// `reference_rows`. Tells in `notes` what was taken for what, and what had to be left out. Files
/// of events are unfolded in `scratch`.
/// Errors: `not_found`; `invalid_input` for a file without a score, a column that is missing, a
/// score that is no number, a bad line; those of reading.
[[nodiscard]] Result<PredictionRoles> load_prediction_table(Database& database,
                                                            const PredictionTable& table,
                                                            const std::string& scratch, Time now,
                                                            std::vector<std::string>& notes);

/// A table in `database` that holds the rows of the reference.
inline constexpr const char* kReferenceRows = "reference_rows";

}  // namespace millgate
