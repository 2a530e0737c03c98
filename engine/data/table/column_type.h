/// The types a column of a table may have, and how files of the user come to them.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// The type that values of `type` have inside tables, so that equal data is equal whatever file
/// it came in: bool, int64, double, string, binary, date32, timestamp[us], timestamp[us, UTC],
/// time64[us], decimal128 (of other widths too, up to 38 digits); list, fixed_size_list, struct and
/// map of these and of each other, every part of which may be null but a map's keys. The items of
/// a list are floats where they were (vectors are many), else doubles. Null when tables cannot
/// hold it (durations, unions, a struct without members or with two of one name, maps whose keys
/// are nested, more than kTypeLevelsMax levels ...).
[[nodiscard]] std::shared_ptr<arrow::DataType> table_type_of(const arrow::DataType& type);

struct ColumnGuess;

/// What is known about the type of a column after some of its values. A text fits several types
/// ("2013-01-01": date, timestamp); the narrowest that fits all of them is the answer, and what
/// fits nothing else is a string. Guesses about parts of a column merge into that of the whole.
///
/// Lists and objects of JSON are guessed part by part: a list by its items, an object as a struct
/// of all members that any of its values has. Beside plain values they fit nothing.
class TypeGuess {
 public:
  void add_text(std::string_view text);       ///< A CSV value that is not null.
  void add_json_text(std::string_view text);  ///< A JSON string: a time, a date or a text.
  void add_boolean();
  void add_integer(int64_t value);
  void add_number();
  void add_type(const std::shared_ptr<arrow::DataType>& type);  ///< A column that knows its type.
  void merge(const TypeGuess& other);
  TypeGuess& add_list();  ///< Gives the guess of its items.
  void add_object();      ///< Its members come with `member`.
  TypeGuess& member(const std::string& name);

  [[nodiscard]] bool has_values() const { return shapes_ != 0; }
  /// A column without any value is a string column.
  [[nodiscard]] std::shared_ptr<arrow::DataType> type() const;

 private:
  void narrow(uint8_t fitting);
  TypeGuess& part_of(const std::string& name);
  uint8_t fits_ = 0xff;
  uint8_t shapes_ = 0;  ///< Plain values, lists, objects: a bit each; none: no value yet.
  std::shared_ptr<arrow::DataType> declared_;  ///< A type that no text can have, such as binary.
  std::vector<ColumnGuess> parts_;             ///< Of an object; the items of a list: the first.
};

/// A column of a file, and what its values can be.
struct ColumnGuess {
  std::string name;
  TypeGuess guess;
};

/// The columns of a file that says what they are, in table types.
[[nodiscard]] std::vector<ColumnGuess> guesses_of(const arrow::Schema& schema);

/// Errors: `invalid_input` naming `path` unless `names` (of the file) and `expected` are the same
/// set; with the nearest right name. `told_by` says where `expected` comes from, for the message.
[[nodiscard]] Status check_column_names(const std::string& path,
                                        const std::vector<std::string>& names,
                                        const std::vector<std::string>& expected,
                                        const std::string& told_by);

}  // namespace millgate
