#include "system/ship/licence_texts.h"

#include <filesystem>
#include <map>
#include <string>

#include "ground/file_store.h"
#include "system/ship/known_library.h"

namespace millgate {
namespace {

namespace fs = std::filesystem;

std::string licences_beside(const RunningProgram& program) {
  std::string folder = program.folder + "/share/millgate/licences";
  std::error_code failure;
  if (fs::is_directory(folder, failure)) return folder;
  return (fs::path(program.folder).parent_path() / "licences").string();
}

/// Folders by whom they are for.
std::map<std::string, std::string> wanted_folders(const RunningProgram& program) {
  std::map<std::string, std::string> wanted = {{"millgate", "Millgate"},
                                               {"common-licenses", "Debian's packages"}};
  for (const ProgramFile& file : program.libraries) {
    const KnownLibrary* const known = find_known_library(file.name);
    wanted[known == nullptr ? file.name : std::string(known->folder)] = file.name;
  }
  for (const KnownLibrary& one : compiled_in_libraries()) {
    wanted[std::string(one.folder)] = one.name;
  }
  return wanted;
}

}  // namespace

Status add_licence_texts(const RunningProgram& program, FileTree& files) {
  const std::string all = licences_beside(program);
  for (const auto& [name, owner] : wanted_folders(program)) {
    int64_t count = 0;
    std::error_code failure;
    const auto links = fs::directory_options::follow_directory_symlink;
    for (fs::recursive_directory_iterator at(all + "/" + name, links, failure), end;
         !failure && at != end; at.increment(failure)) {
      if (!at->is_regular_file()) continue;
      MILLGATE_ASSIGN(std::string text, read_file(at->path().string()));
      files.add_file("licences/" + at->path().lexically_relative(all).string(), std::move(text));
      ++count;
    }
    if (!failure && count > 0) continue;
    Error error = outside_failure("the licence of " + owner + " is not beside this program",
                                  "install Millgate again, or build it where its libraries are "
                                  "installed with their licences");
    error.where = all + "/" + name;
    return error;
  }
  return {};
}

}  // namespace millgate
