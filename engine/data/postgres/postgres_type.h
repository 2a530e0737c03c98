/// Types of PostgreSQL, and how their values become those of tables.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ground/error.h"

namespace millgate {

/// How the bytes of a value are read (the type's binary form).
enum class PostgresForm {
  boolean,
  int2,
  int4,
  int8,
  oid,
  float4,
  float8,
  numeric,
  text,
  jsonb,
  uuid,
  bytes,
  date,
  timestamp,
  timestamptz,
  time,
  as_text,  ///< Asked for as a text (`::text`): the text is all that the value is.
  array,    ///< Of items of another form.
  refused,
};

/// A type as pg_type has it.
struct PostgresType {
  uint32_t number = 0;
  std::string name;     ///< As format_type says it: "numeric(10,2)".
  char kind = 'b';      ///< pg_type.typtype: e an enumeration, c a row, r a range ...
  char category = 'X';  ///< pg_type.typcategory: A an array ...
  uint32_t item = 0;    ///< Of an array: the number of the type of its items.
};

[[nodiscard]] PostgresForm form_of(const PostgresType& type);

/// What to write into a query instead of a column of a refused type.
[[nodiscard]] std::string instead_of(const PostgresType& type, const std::string& column);

/// The column type of `form`; of a numeric by `modifier`: numeric(p, s) is decimal128(p, s). Null
/// for a refused form, for a numeric without precision or with more than 38 digits.
[[nodiscard]] std::shared_ptr<arrow::DataType> column_type_of(PostgresForm form, int32_t modifier);
/// The type of a column of arrays of such items; null where `column_type_of` is.
[[nodiscard]] std::shared_ptr<arrow::DataType> list_type_of(PostgresForm item, int32_t modifier);

/// One column being filled from binary values. One thread at a time.
class PostgresColumn {
 public:
  /// `type` as `column_type_of` gives it for `form`, for an array as `list_type_of` for `item`; a
  /// decimal of any precision for numeric.
  PostgresColumn(std::string name, PostgresForm form, std::shared_ptr<arrow::DataType> type,
                 PostgresForm item = PostgresForm::refused);
  PostgresColumn(PostgresColumn&&) noexcept;
  PostgresColumn& operator=(PostgresColumn&&) noexcept;
  ~PostgresColumn();

  void add_null();
  /// Errors: `invalid_input` with what the value is and what to do about it, for a value that the
  /// column cannot hold (infinite dates, NaN in a decimal ...); `damaged` when `bytes` are no value
  /// of the form.
  [[nodiscard]] Status add(std::string_view bytes);
  /// The column, and an empty one again. Errors: `outside` when memory ran out.
  [[nodiscard]] Result<std::shared_ptr<arrow::Array>> finish();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::shared_ptr<arrow::DataType>& type() const { return type_; }

 private:
  [[nodiscard]] Status add_numeric(std::string_view bytes);
  [[nodiscard]] Status add_text(std::string_view bytes);
  [[nodiscard]] Status add_array(std::string_view bytes);
  [[nodiscard]] Error does_not_fit(const std::string& value, const std::string& instead) const;
  std::string name_;
  PostgresForm form_;
  std::shared_ptr<arrow::DataType> type_;
  std::unique_ptr<arrow::ArrayBuilder> builder_;  ///< Of arrays: where each begins in `items_`.
  std::unique_ptr<PostgresColumn> items_;
};

}  // namespace millgate
