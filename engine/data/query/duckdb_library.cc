#include "data/query/duckdb_library.h"

#include <cassert>
#include <string>
#include <string_view>

#include "ground/shared_library.h"

namespace millgate {

namespace {

DuckdbFunctions functions;

/// "1.5." of "1.5.6": within it DuckDB keeps what its C interface means.
std::string_view minor_version(std::string_view version) {
  if (version.starts_with('v')) version.remove_prefix(1);
  return version.substr(0, version.find('.', version.find('.') + 1) + 1);
}

Status find_all() {
  MILLGATE_ASSIGN(const SharedLibrary library, SharedLibrary::open("DuckDB", "libduckdb.so"));
  MILLGATE_TRY(library.find("duckdb_library_version", functions.library_version));
  const std::string version = functions.library_version();
  if (minor_version(version) != minor_version(MILLGATE_DUCKDB_VERSION)) {
    return library.unfit("it is " + version + ", not v" MILLGATE_DUCKDB_VERSION);
  }
#define MILLGATE_DUCKDB_FIND(name) MILLGATE_TRY(library.find("duckdb_" #name, functions.name));
  MILLGATE_DUCKDB_FUNCTIONS(MILLGATE_DUCKDB_FIND)
#undef MILLGATE_DUCKDB_FIND
  return {};
}

}  // namespace

Status load_duckdb() {
  static const Status loaded = find_all();
  return loaded;
}

const DuckdbFunctions& duckdb() {
  assert(functions.library_version != nullptr);
  return functions;
}

}  // namespace millgate
