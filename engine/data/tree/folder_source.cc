#include "data/tree/folder_source.h"

#include <filesystem>

#include "ground/plain_name.h"

namespace millgate {

Result<FolderSource> read_folder_source(Section section) {
  FolderSource source;
  MILLGATE_ASSIGN(source.name, read_plain_name(section, "a folder"));
  MILLGATE_ASSIGN(source.path, section.text("path"));
  if (source.path.empty()) {
    return section.error_at("path", "source `" + source.name + "` has an empty path",
                            "name a folder such as \"data/raw/images\"");
  }
  MILLGATE_ASSIGN(source.ignore, section.texts("ignore"));
  MILLGATE_ASSIGN(source.about, read_about(section));
  MILLGATE_TRY(section.finish());
  source.section = std::move(section);
  return source;
}

FolderPlace place_of(const std::string& project_folder, const FolderSource& source) {
  return {.path = (std::filesystem::path(project_folder) / source.path).lexically_normal().string(),
          .ignore = source.ignore};
}

}  // namespace millgate
