/// From Arrow's errors to ours. Include in .cc files only.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <string>

#include "ground/error.h"

namespace millgate {

/// `object` names what was worked on. IOError and OutOfMemory become `outside`, the rest
/// `invalid_input`. A status made by `arrow_status` gives back the error it was made from.
[[nodiscard]] Error arrow_error(const arrow::Status& status, const std::string& object);

/// `error` as a status that carries it whole through Arrow's own code, for example through
/// RecordBatchReader::ReadNext.
[[nodiscard]] arrow::Status arrow_status(Error error);

}  // namespace millgate

/// Inside a function that returns arrow::Status: passes an Error on.
#define MILLGATE_ARROW_PASS(expression)                                    \
  do {                                                                     \
    if (auto millgate_status = (expression); !millgate_status.ok())        \
      return ::millgate::arrow_status(std::move(millgate_status).error()); \
  } while (false)

/// Binds the value of an arrow::Result, or returns its error from the enclosing function.
#define MILLGATE_ARROW(target, expression, object) \
  MILLGATE_ARROW_(MILLGATE_JOIN(millgate_arrow_, __COUNTER__), target, expression, object)
#define MILLGATE_ARROW_(temp, target, expression, object)                \
  auto temp = (expression);                                              \
  if (!temp.ok()) return ::millgate::arrow_error(temp.status(), object); \
  target = std::move(temp).ValueUnsafe()

/// Returns the error of an arrow::Status from the enclosing function.
#define MILLGATE_ARROW_TRY(expression, object)                                       \
  do {                                                                               \
    if (const ::arrow::Status millgate_status = (expression); !millgate_status.ok()) \
      return ::millgate::arrow_error(millgate_status, object);                       \
  } while (false)
