#include <algorithm>
#include <filesystem>
#include <utility>

#include "data/git/git_program.h"
#include "ground/file_store.h"
#include "system/doctor/patient.h"
#include "system/doctor/pin.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

/// Deployment files are written by people: a larger file is none.
constexpr uintmax_t kFileBytesMax = uintmax_t{1} << 20;

/// Paths of the project's files: those that git knows or would add; without git, all but those of
/// the store and the data.
Result<std::vector<std::string>> project_files(const Patient& patient) {
  std::vector<std::string> paths;
  if (patient.in_git) {
    MILLGATE_ASSIGN(std::string listed,
                    ask_git(patient.folder, {"ls-files", "-z", "--cached", "--others",
                                             "--exclude-standard", "--deduplicate", "--", "."}));
    for (size_t begin = 0; begin < listed.size();) {
      const size_t end = std::min(listed.find('\0', begin), listed.size());
      paths.push_back(listed.substr(begin, end - begin));
      begin = end + 1;
    }
    return paths;
  }
  std::error_code failure;
  fs::recursive_directory_iterator walk(patient.folder, failure);
  for (; !failure && walk != fs::recursive_directory_iterator(); walk.increment(failure)) {
    const std::string path = fs::relative(walk->path(), patient.folder, failure).generic_string();
    if (path == ".millgate" || path == "data" || path == "node_modules" || path == ".venv") {
      walk.disable_recursion_pending();
    } else if (walk->is_regular_file(failure)) {
      paths.push_back(path);
    }
  }
  if (failure)
    return outside_failure("folder " + patient.folder + " cannot be read: " + failure.message());
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string mend_of(const Unpinned& one) {
  const std::string name = one.reference.substr(0, one.reference.find('@'));
  if (one.is_action) {
    const size_t slash = name.find('/', name.find('/') + 1);
    return "name its commit: git ls-remote https://github.com/" + name.substr(0, slash) + " " +
           (one.reference.size() > name.size() ? one.reference.substr(name.size() + 1) : "HEAD");
  }
  return "name its digest: skopeo inspect --format '{{.Name}}@{{.Digest}}' docker://" + name;
}

}  // namespace

Status examine_deployment(const Patient& patient, Chart& chart) {
  if (!patient.is_asked("unpinned")) return {};
  MILLGATE_ASSIGN(const std::vector<std::string> paths, project_files(patient));
  for (const std::string& path : paths) {
    const fs::path file = fs::path(patient.folder) / path;
    const bool can_be =
        path.ends_with(".yml") || path.ends_with(".yaml") || is_deployment_file(path, "");
    std::error_code failure;
    if (!can_be || !fs::is_regular_file(file, failure) ||
        fs::file_size(file, failure) > kFileBytesMax) {
      continue;
    }
    MILLGATE_ASSIGN(const std::string text, read_file(file.string()));
    for (const Unpinned& one : find_unpinned(path, text)) {
      chart.symptoms.push_back({.id = "unpinned",
                                .what = "`" + one.reference + "` may be another one tomorrow",
                                .file = path,
                                .line = one.line,
                                .mend = mend_of(one),
                                .is_safe = false});
    }
  }
  return {};
}

}  // namespace millgate
