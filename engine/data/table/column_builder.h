/// Values from text files gathered into Arrow columns.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "data/table/json_value.h"
#include "ground/error.h"

namespace millgate {

/// One column of a table type being filled. The `add_` functions say whether the value fits the
/// type exactly; if not, nothing is added (of a list or an object perhaps a part: then the builder
/// is of no more use). One thread at a time.
class ColumnBuilder {
 public:
  /// Errors: `invalid_input` for types that text files cannot hold (binary, also within others).
  [[nodiscard]] static Result<ColumnBuilder> make(const std::shared_ptr<arrow::DataType>& type);

  /// The same, binary included, for rows that are no text.
  [[nodiscard]] static Result<ColumnBuilder> make_with_bytes(
      const std::shared_ptr<arrow::DataType>& type);

  ColumnBuilder(ColumnBuilder&&) noexcept;
  ColumnBuilder& operator=(ColumnBuilder&&) noexcept;
  ~ColumnBuilder();

  void add_null();
  /// A value of JSON: a list for a list, an object for a struct, which may lack members but have
  /// no others, or for a map, whose keys are texts in JSON.
  [[nodiscard]] bool add_json(const JsonValue& value);
  /// Lists, structs and maps are read as JSON.
  [[nodiscard]] bool add_text(std::string_view text);
  /// A JSON string: it never is a number or a boolean.
  [[nodiscard]] bool add_json_text(std::string_view text);
  [[nodiscard]] bool add_bytes(std::string_view bytes);
  [[nodiscard]] bool add_boolean(bool value);
  [[nodiscard]] bool add_integer(int64_t value);
  /// `text` is how the number was written.
  [[nodiscard]] bool add_number(double value, std::string_view text);

  [[nodiscard]] const std::shared_ptr<arrow::DataType>& type() const { return type_; }
  [[nodiscard]] bool is_text() const;
  /// The column, and an empty builder again. Errors: `outside` when memory ran out;
  /// `invalid_input` for a map that has a key twice, such as "1" and "01" of integers.
  [[nodiscard]] Result<std::shared_ptr<arrow::Array>> finish();

 private:
  struct State;
  ColumnBuilder(std::shared_ptr<arrow::DataType> type, std::unique_ptr<State> state);
  [[nodiscard]] bool add_parts(const JsonValue& value);
  [[nodiscard]] Result<std::shared_ptr<arrow::Array>> finish_parts();
  [[nodiscard]] bool add_float(double value);
  [[nodiscard]] bool add_decimal(std::string_view text);
  [[nodiscard]] bool add_converted_text(std::string_view text);

  std::shared_ptr<arrow::DataType> type_;
  std::unique_ptr<State> state_;
};

}  // namespace millgate
