/// The test rows that a gate measures a model on. Inside the room.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/feature/vector.h"
#include "ground/error.h"
#include "model/artifact/model.h"
#include "model/learn/attempt.h"
#include "model/learn/split.h"
#include "model/measure/quality.h"
#include "model/measure/row_slice.h"
#include "model/measure/slice_search.h"
#include "model/release/requirement.h"
#include "system/pipeline/project.h"

namespace millgate {

/// What `model` says of each row of `inputs`; of several classes a probability a class, row-major.
/// Errors: as Model::predict.
[[nodiscard]] Result<std::vector<double>> predictions_of_rows(const Model& model,
                                                              const Block& inputs);

/// Labels and predictions of the test rows, and their columns as texts when asked for.
class GateRows {
 public:
  /// The test rows of `joined`, which must outlive this, by the split of `project`.
  /// Errors: as split_rows and Model::predict.
  [[nodiscard]] static Result<GateRows> open(const Project& project, const Model& model,
                                             const arrow::Table& joined);

  [[nodiscard]] Outcome outcome() const {
    return {.label = labels_, .prediction = predictions_, .query = query_};
  }
  [[nodiscard]] size_t count() const { return labels_.size(); }
  /// Their numbers in the joined rows.
  [[nodiscard]] const std::vector<int64_t>& numbers() const { return split_.test; }
  [[nodiscard]] const Split& split() const { return split_; }
  /// Labels and times of all joined rows.
  [[nodiscard]] const TrainingRows& all() const { return all_; }
  /// What the model reads, at the test rows.
  [[nodiscard]] const Block& inputs() const { return inputs_; }
  [[nodiscard]] Block take_inputs() { return std::move(inputs_); }

  /// The column as conditions to search slices by; nothing for times, and where there is none.
  [[nodiscard]] Result<std::optional<SearchColumn>> conditions(const std::string& column) const;

  /// The column as texts at the test rows. Errors: `invalid_input` at `key` of the requirement.
  [[nodiscard]] Result<const std::vector<std::string>*> texts(const std::string& column,
                                                              const Section& section,
                                                              const std::string& key);
  /// The same at all joined rows.
  [[nodiscard]] Result<std::vector<std::string>> all_texts(const std::string& column,
                                                           const Section& section,
                                                           const std::string& key) const;

  /// The rows that meet all conditions of the requirement. Errors: as `texts`.
  [[nodiscard]] Result<RowSlice> rows_of(const Requirement& requirement);

 private:
  explicit GateRows(const arrow::Table& joined) : joined_(&joined) {}
  [[nodiscard]] Result<Block> column(const std::string& name, const Section& section,
                                     const std::string& key) const;

  const arrow::Table* joined_;
  Split split_;
  TrainingRows all_;
  std::vector<double> labels_, predictions_;
  std::vector<uint32_t> query_;  ///< Of rankings.
  Block inputs_;
  std::map<std::string, std::vector<std::string>> texts_;
};

}  // namespace millgate
