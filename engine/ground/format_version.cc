#include "ground/format_version.h"

#include <string>

#include "ground/json.h"

namespace millgate {

Result<int64_t> read_format_version(const Json& json, std::string_view format,
                                    FormatVersions versions, std::string_view object) {
  const std::string name(object);
  MILLGATE_ASSIGN(const auto found, json_member<std::string>(json, "format", object));
  if (found != format) {
    return damaged(name + " is a `" + found + "`, not a `" + std::string(format) + "`");
  }
  MILLGATE_ASSIGN(const auto version, json_member<int64_t>(json, "version", object));
  if (version >= versions.oldest && version <= versions.newest) return version;
  const std::string what = name + " has format version " + std::to_string(version);
  if (version > versions.newest) {
    return invalid_input(what + "; this program reads up to " + std::to_string(versions.newest),
                         "use a newer millgate");
  }
  return invalid_input(what + "; this program reads from " + std::to_string(versions.oldest),
                       "import the data again into a new project");
}

}  // namespace millgate
