/// Rows of JSON into a batch, one after the other. Include in .cc files only.
#pragma once

#include <simdjson.h>

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "system/serve/row_batch.h"
#include "system/serve/served_model.h"

namespace millgate {

/// One field of a row as it was sent.
struct FieldValue {
  std::string_view name;
  const ColumnUse* use = nullptr;  ///< Null: the model does not know it.
  simdjson::dom::element value;
};

/// All outlive the reader. One thread.
class RowReader {
 public:
  RowReader(const ServedModel& model, const OnlineFeatures* online, RowBatch& batch);

  /// Errors: `invalid_input` naming the field: of another type, given twice, or missing.
  [[nodiscard]] Status read(const simdjson::dom::object& object, size_t row);
  /// The same of fields that were looked up before.
  [[nodiscard]] Status read(std::span<const FieldValue> fields, size_t row);

 private:
  [[nodiscard]] Status want(std::span<const FieldValue> fields, size_t row);
  [[nodiscard]] Status read_entity(std::span<const FieldValue> fields, size_t plan, size_t row);
  [[nodiscard]] Status read_field(const FieldValue& field, size_t row);
  [[nodiscard]] Status read_row_time(const FieldValue& field, size_t row);
  [[nodiscard]] const std::string& warning_for(std::string_view name);

  const ServedModel& model_;
  const OnlineFeatures* online_;
  RowBatch& batch_;
  std::vector<uint8_t> given_;
  std::vector<FieldValue> fields_;
  std::map<std::string, std::string, std::less<>> warnings_;
};

}  // namespace millgate
