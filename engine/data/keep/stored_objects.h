/// The objects that lie in a repository's folder, told by names and stat(2).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

struct StoredObject {
  Id id;
  std::string path;
  int64_t size_bytes = 0;
  int64_t written_micros = 0;  ///< By the disk's clock.
};

/// Sorted by id. Files whose names are no ids are left out. Errors: `outside`.
[[nodiscard]] Result<std::vector<StoredObject>> list_stored_objects(const Repository& repository);

}  // namespace millgate
