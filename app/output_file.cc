#include "app/output_file.h"

#include <filesystem>

namespace millgate {

Status check_free(const std::string& path, bool force) {
  std::error_code unknown;
  if (force || !std::filesystem::exists(path, unknown)) return {};
  Error error = invalid_input("`" + path + "` exists already", "`--force` writes over it");
  error.code = ErrorCode::conflict;
  return error;
}

}  // namespace millgate
