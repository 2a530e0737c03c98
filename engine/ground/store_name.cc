#include "ground/store_name.h"

namespace millgate {

namespace {

bool is_good(std::string_view name) {
  if (name.find('\0') != std::string_view::npos) return false;
  bool first = true;
  while (true) {
    const size_t slash = name.find('/');
    const std::string_view part = name.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (first && part == kTemporaryFolder) return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
    first = false;
  }
}

}  // namespace

Status check_store_name(const std::string& name) {
  if (is_good(name)) return {};
  return invalid_input("`" + name + "` is not a name in a file store",
                       "use a relative path such as `objects/ab/cd`, without `.` or `..` in it");
}

}  // namespace millgate
