# The evaluator that `export --wasm-page` puts into pages, compiled to WebAssembly and written down as
# a source file: who uses Millgate needs no compiler. Its functions of the expression language are those
# of `export --c`, written by a program that knows them; its mathematics is that of wasi-libc.
find_program(MILLGATE_CLANG NAMES clang-14 REQUIRED)
set(evaluator_dir "${CMAKE_BINARY_DIR}/evaluator")
set(evaluator_source "${PROJECT_SOURCE_DIR}/engine/model/artifact/evaluator.c")

add_executable(write_evaluator "${PROJECT_SOURCE_DIR}/cmake/write_evaluator.cc")
target_link_libraries(write_evaluator PRIVATE millgate_feature)
set_target_properties(write_evaluator PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")

# No name of a folder comes in, and nothing of the day: the same bytes every time.
add_custom_command(
  OUTPUT "${evaluator_dir}/evaluator.wasm"
  COMMAND "${CMAKE_COMMAND}" -E make_directory "${evaluator_dir}"
  COMMAND write_evaluator "${evaluator_dir}/evaluator_functions.inc"
  COMMAND "${MILLGATE_CLANG}" --target=wasm32-wasi -std=c11 -O2 -Wall -Wextra -Werror
          -Wno-unused-function -nostdlib "-I${PROJECT_SOURCE_DIR}/engine" "-I${evaluator_dir}"
          -Wl,--no-entry -Wl,--strip-all -Wl,-z,stack-size=65536
          "${evaluator_source}" -lm -lc -o "${evaluator_dir}/evaluator.wasm"
  DEPENDS write_evaluator "${evaluator_source}"
          "${PROJECT_SOURCE_DIR}/engine/data/feature/evaluator_code.h"
  VERBATIM)
add_custom_command(
  OUTPUT "${evaluator_dir}/evaluator_bytes.cc"
  COMMAND "${MILLGATE_PYTHON}" "${PROJECT_SOURCE_DIR}/scripts/embed.py" "${evaluator_dir}/evaluator.wasm"
          kEvaluatorBase64 "${evaluator_dir}/evaluator_bytes.cc"
  DEPENDS "${evaluator_dir}/evaluator.wasm" "${PROJECT_SOURCE_DIR}/scripts/embed.py"
  VERBATIM)
target_sources(millgate_ship PRIVATE "${evaluator_dir}/evaluator_bytes.cc")
