/// The functions of PostgreSQL's client library, loaded when the first server is asked.
/// Include in .cc files only; nothing else calls libpq.
#pragma once

#include <libpq-fe.h>

#include "ground/error.h"

/// Each function that Millgate calls, without "PQ".
#define MILLGATE_LIBPQ_FUNCTIONS(F) \
  F(clear)                          \
  F(conninfoFree)                   \
  F(conninfoParse)                  \
  F(connectdbParams)                \
  F(connectionNeedsPassword)        \
  F(connectionUsedPassword)         \
  F(db)                             \
  F(describePrepared)               \
  F(errorMessage)                   \
  F(exec)                           \
  F(execParams)                     \
  F(finish)                         \
  F(fmod)                           \
  F(fname)                          \
  F(freemem)                        \
  F(ftype)                          \
  F(getCopyData)                    \
  F(getResult)                      \
  F(getisnull)                      \
  F(getvalue)                       \
  F(host)                           \
  F(nfields)                        \
  F(ntuples)                        \
  F(port)                           \
  F(prepare)                        \
  F(resultErrorField)               \
  F(resultStatus)                   \
  F(setNoticeProcessor)             \
  F(status)                         \
  F(user)

namespace millgate {

/// Types as libpq-fe.h declares them.
struct LibpqFunctions {
#define MILLGATE_LIBPQ_MEMBER(name) decltype(&::PQ##name) name = nullptr;
  MILLGATE_LIBPQ_FUNCTIONS(MILLGATE_LIBPQ_MEMBER)
#undef MILLGATE_LIBPQ_MEMBER
};

/// Loads the library at the first call; later ones give the same answer. Thread-safe.
///
/// Errors: `outside` when it is missing or broken.
[[nodiscard]] Status load_libpq();

/// After load_libpq() succeeded: `libpq().exec(...)` calls `PQexec`. Thread-safe.
[[nodiscard]] const LibpqFunctions& libpq();

}  // namespace millgate
