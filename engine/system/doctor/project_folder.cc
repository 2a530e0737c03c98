#include "system/doctor/project_folder.h"

#include <array>
#include <filesystem>

#include "ground/file_store.h"

namespace millgate {

namespace {

constexpr std::array kFolders = {
    ProjectFolder{"data/raw", ""},
    ProjectFolder{"data/processed", ""},
    ProjectFolder{"pipeline", "Programs that prepare data: each is a `[[step]]` of millgate.toml."},
    ProjectFolder{"notebooks", "Looking at data and models; nothing here is part of a run."},
    ProjectFolder{"scripts", "Programs that people start by hand."},
    ProjectFolder{"tests", "Tests of the programs in `pipeline` and `scripts`."},
    ProjectFolder{"deploy",
                  "What carries a released model to where it serves: `millgate package`."},
};

}  // namespace

std::span<const ProjectFolder> project_folders() { return kFolders; }

Result<std::vector<std::string>> make_project_folders(const std::string& project_folder) {
  std::vector<std::string> made;
  for (const ProjectFolder& one : kFolders) {
    const std::filesystem::path folder = std::filesystem::path(project_folder) / one.path;
    std::error_code failure;
    if (std::filesystem::exists(folder, failure)) continue;
    std::filesystem::create_directories(folder, failure);
    if (failure) {
      return outside_failure("folder " + folder.string() + " cannot be made: " + failure.message());
    }
    // Without a file in it git would not keep the folder.
    if (!one.what.empty()) {
      MILLGATE_TRY(write_file((folder / "README.md").string(), std::string(one.what) + "\n"));
    }
    made.emplace_back(one.path);
  }
  return made;
}

}  // namespace millgate
