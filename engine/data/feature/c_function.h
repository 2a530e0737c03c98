/// Functions of the expression language as C99: what `export --c` writes for each.
/// Inside the room: used by c_features.cc.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "data/feature/kernel.h"
#include "data/feature/vector.h"

namespace millgate {

/// The letter by which functions are told apart: b, i, n, s, t, d.
[[nodiscard]] char letter_of(ValueType type);
/// The type of a value in the file: `int_v` (boolean, integer, time, duration), `num_v`, `text_v`.
[[nodiscard]] std::string_view c_type_of(ValueType type);
/// The same as the end of a name: "ints", "nums", "texts".
[[nodiscard]] std::string_view c_kind_of(ValueType type);

/// What a kernel is called in the language, and the types that it takes: {"+", "ii"}.
struct KernelName {
  std::string function;
  std::string types;
};
/// Kernels that several functions share have the name of the first. Null when there is none.
[[nodiscard]] const KernelName* name_of(Kernel kernel);

/// The C function of a call whose arguments are all that it takes; empty when there is none.
[[nodiscard]] std::string_view c_function_of(const KernelName& name);

/// The functions that c_function_of gives, in a fixed order.
struct CStrictFunction {
  std::string_view c_name;
  std::string_view types;  ///< Letters of its arguments.
  ValueType result = ValueType::number;
};
[[nodiscard]] std::vector<CStrictFunction> c_strict_functions();

/// The sources of the functions `used`, and of what they need, each after what it needs. A name
/// that is not known is a bug.
[[nodiscard]] std::string c_functions(const std::set<std::string>& used);

}  // namespace millgate
