#include "data/tree/folder_source.h"

#include <algorithm>
#include <filesystem>

namespace millgate {

namespace {

/// The name becomes that of a file in the cache, and stands before `/` in `checkout images/cats`.
bool is_plain_name(const std::string& name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), plain);
}

}  // namespace

Result<FolderSource> read_folder_source(Section section) {
  FolderSource source;
  MILLGATE_ASSIGN(source.name, section.text("name"));
  if (!is_plain_name(source.name)) {
    return section.error_at("name", "`" + source.name + "` cannot be the name of a folder",
                            "use letters, digits and `_`, beginning with a letter");
  }
  MILLGATE_ASSIGN(source.path, section.text("path"));
  if (source.path.empty()) {
    return section.error_at("path", "source `" + source.name + "` has an empty path",
                            "name a folder such as \"data/raw/images\"");
  }
  MILLGATE_ASSIGN(source.ignore, section.texts("ignore"));
  MILLGATE_ASSIGN(Section about, section.section("about"));
  MILLGATE_ASSIGN(source.about, about.all_texts());
  MILLGATE_TRY(about.finish());
  MILLGATE_TRY(section.finish());
  source.section = std::move(section);
  return source;
}

FolderPlace place_of(const std::string& project_folder, const FolderSource& source) {
  return {.path = (std::filesystem::path(project_folder) / source.path).lexically_normal().string(),
          .ignore = source.ignore};
}

}  // namespace millgate
