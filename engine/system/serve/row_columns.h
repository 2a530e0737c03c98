/// Rows that come as columns: tensors, CSV, Arrow, Parquet.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/feature/vector.h"
#include "ground/error.h"
#include "system/serve/row_batch.h"
#include "system/serve/served_model.h"

namespace millgate {

/// Named columns of equal length, each read when it is asked for. Errors name the column.
class ColumnSource {
 public:
  virtual ~ColumnSource() = default;
  [[nodiscard]] virtual size_t rows() const = 0;
  [[nodiscard]] virtual const std::vector<std::string>& names() const = 0;
  /// What a column is called in messages: "input tensor", "column".
  [[nodiscard]] virtual std::string_view noun() const = 0;
  /// Fills `column`, which has `rows` nulls of the wanted type, from column `index`.
  [[nodiscard]] virtual Status read(size_t index, Vector& column) const = 0;
  /// The same for texts, of a column of any type, written as JSON writes its values.
  [[nodiscard]] virtual Status read_text(size_t index, Vector& column) const = 0;
};

/// Inputs of views that are not there are read from the online store by the columns of their
/// entities; null: nothing is read. Columns that the model does not know are ignored with a note.
/// Errors: `invalid_input` naming the columns that are missing or there twice; no rows; those of
/// `source`; `refused` for more than `rows_max` rows.
[[nodiscard]] Result<RowBatch> read_columns(const ServedModel& model, const OnlineFeatures* online,
                                            const ColumnSource& source, size_t rows_max);

}  // namespace millgate
