/// The functions of the expression language as C source for the browser's evaluator: the part of
/// it that is written by a program (cmake/evaluator.cmake), so that there is one source of each.
#pragma once

#include <string>

namespace millgate {

/// Included by model/artifact/evaluator.c after its type `slot`: every function that `export --c`
/// knows, and `static slot run_strict(uint32_t number, const slot *const *arguments)` over
/// c_strict_functions().
[[nodiscard]] std::string evaluator_source();

}  // namespace millgate
