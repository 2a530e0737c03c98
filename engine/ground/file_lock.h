/// A lock between processes: of those that ask for one file at a time, one has it.
#pragma once

#include <optional>
#include <string>

#include "ground/descriptor.h"
#include "ground/error.h"

namespace millgate {

/// Waits until nobody else has `path` locked; it is made when missing and stays. Held until the
/// descriptor is closed, also by the end of the process. A file that is replaced by renames cannot
/// hold its own lock: give it one beside it. Errors: `outside`.
[[nodiscard]] Result<Descriptor> lock_file(const std::string& path);

/// The same without waiting: nothing when somebody has it.
[[nodiscard]] Result<std::optional<Descriptor>> try_lock_file(const std::string& path);

}  // namespace millgate
