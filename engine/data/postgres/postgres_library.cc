#include "data/postgres/postgres_library.h"

#include <cassert>

#include "ground/shared_library.h"

namespace millgate {

namespace {

LibpqFunctions functions;

Status find_all() {
  auto library = SharedLibrary::open("PostgreSQL's client library", "libpq.so.5");
  if (!library.ok()) {
    Error error = std::move(library).error();
    // It is part of the system, not of this program's installation.
    error.hint = "install it, on Debian and Ubuntu: apt-get install libpq5";
    return error;
  }
#define MILLGATE_LIBPQ_FIND(name) MILLGATE_TRY(library->find("PQ" #name, functions.name));
  MILLGATE_LIBPQ_FUNCTIONS(MILLGATE_LIBPQ_FIND)
#undef MILLGATE_LIBPQ_FIND
  return {};
}

}  // namespace

Status load_libpq() {
  static const Status loaded = find_all();
  return loaded;
}

const LibpqFunctions& libpq() {
  assert(functions.exec != nullptr);
  return functions;
}

}  // namespace millgate
