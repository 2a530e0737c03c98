/// What names a row for people.
#pragma once

#include <string>
#include <vector>

#include "data/check/asked_rows.h"
#include "system/pipeline/project.h"

namespace millgate {

/// The key of the table that `rows` were asked of, where they have all of its columns; else empty.
[[nodiscard]] std::vector<std::string> key_of(const Project& project, const AskedRows& rows);

}  // namespace millgate
