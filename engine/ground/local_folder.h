/// The files of a folder that belongs to somebody else.
#pragma once

#include <memory>
#include <string>

#include "ground/file_store.h"

namespace millgate {

/// The folder `root` to read from: nothing is made or changed in it.
[[nodiscard]] std::shared_ptr<const FileStore> read_local_folder(const std::string& root);

}  // namespace millgate
