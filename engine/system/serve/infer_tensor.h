/// Input tensors of the Open Inference Protocol as columns of a request. Include in .cc files only.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ground/error.h"
#include "system/serve/row_columns.h"
#include "system/serve/tensor_datatype.h"

namespace millgate {

/// A tensor as sent, before its data is read. The views live as long as the request.
struct InferTensor {
  std::string_view name;
  TensorDatatype datatype = TensorDatatype::bytes;
  int64_t rows = 0;
  int64_t width = 1;               ///< Values of a row; of lists another number than 1.
  simdjson::dom::array data = {};  ///< Unless `binary`.
  std::optional<std::string_view> binary = {};
};

[[nodiscard]] Error in_tensor(std::string_view name, std::string what, std::string hint = {});
/// The error of a value, told to be of this tensor.
[[nodiscard]] Error in_tensor(std::string_view name, Error error);

/// By its name, as "FP64". Errors: `invalid_input` with the nearest name.
[[nodiscard]] Status set_datatype(InferTensor& tensor, std::string_view name);
/// Takes rows and width from `shape`, [n] or [n, width]. Errors: `invalid_input`.
[[nodiscard]] Status set_shape(InferTensor& tensor, const std::vector<int64_t>& shape);
/// Errors: `invalid_input` where they have not equally many rows.
[[nodiscard]] Status check_equal_rows(const std::vector<InferTensor>& tensors);

/// Tensors as columns.
class TensorColumns final : public ColumnSource {
 public:
  explicit TensorColumns(std::vector<InferTensor> tensors);
  [[nodiscard]] size_t rows() const override;
  [[nodiscard]] const std::vector<std::string>& names() const override { return names_; }
  [[nodiscard]] std::string_view noun() const override { return "input tensor"; }
  [[nodiscard]] Status read(size_t index, Vector& column) const override;
  [[nodiscard]] Status read_text(size_t index, Vector& column) const override;

 private:
  std::vector<InferTensor> tensors_;
  std::vector<std::string> names_;
};

}  // namespace millgate
