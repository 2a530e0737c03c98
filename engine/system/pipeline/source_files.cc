#include "system/pipeline/source_files.h"

#include <sys/stat.h>

#include <cerrno>
#include <ctime>
#include <filesystem>
#include <utility>

#include "data/store/file_hash.h"
#include "ground/durable_file.h"
#include "ground/file_store.h"
#include "ground/id.h"
#include "ground/json.h"

namespace millgate {

namespace {

/// What tells that a file is as it was.
Json fingerprint_of(const struct stat& status) {
  return Json::array(
      {static_cast<int64_t>(status.st_ino), static_cast<int64_t>(status.st_size),
       static_cast<int64_t>(status.st_mtim.tv_sec), static_cast<int64_t>(status.st_mtim.tv_nsec),
       static_cast<int64_t>(status.st_ctim.tv_sec), static_cast<int64_t>(status.st_ctim.tv_nsec)});
}

/// Whether the file may have been changed so recently that a second change could have the same
/// time. This is about the disk's clock, not about the clock of the project.
bool is_fresh(const struct stat& status) { return status.st_ctim.tv_sec + 2 > ::time(nullptr); }

}  // namespace

HashCache::HashCache(std::string path)
    : path_(std::move(path)), known_(std::make_unique<Json>(Json::object())) {
  const auto text = read_file(path_);
  if (!text.ok()) return;
  auto json = parse_json(*text, path_);
  if (json.ok() && json->is_object()) *known_ = std::move(*json);
}

HashCache::~HashCache() = default;

Result<SourceFile> HashCache::hash(const std::string& full_path) {
  struct stat status {};
  if (::stat(full_path.c_str(), &status) != 0) return system_failure("read", full_path, errno);
  SourceFile file{.path = full_path, .sha256 = {}, .size_bytes = status.st_size};
  const Json fingerprint = fingerprint_of(status);
  if (const auto found = known_->find(full_path); found != known_->end()) {
    const auto sha256 = json_member<std::string>(*found, "sha256", path_);
    if (sha256.ok() && Id::parse(*sha256).ok() &&
        found->value("fingerprint", Json()) == fingerprint) {
      file.sha256 = *sha256;
      return file;
    }
  }
  MILLGATE_ASSIGN(const Id content, hash_of_file(full_path));
  file.sha256 = content.hex();
  if (is_fresh(status)) {
    known_->erase(full_path);
  } else {
    (*known_)[full_path] = {{"fingerprint", fingerprint}, {"sha256", file.sha256}};
  }
  changed_ = true;
  return file;
}

Status HashCache::save() const {
  if (!changed_) return {};
  return write_file(path_, dump_json_pretty(*known_) + "\n");
}

std::string full_path(const std::string& project_folder, const std::string& path) {
  return (std::filesystem::path(project_folder) / path).lexically_normal().string();
}

Result<std::vector<SourceFile>> find_source_files(const std::string& project_folder,
                                                  const Source& source, HashCache& cache) {
  const std::vector<std::string> paths = expand_glob(full_path(project_folder, source.path));
  if (paths.empty()) {
    std::error_code ignored;
    if (std::filesystem::is_directory(full_path(project_folder, source.path), ignored)) {
      return source.section.error_at(
          "path", "source `" + source.name + "`: `" + source.path + "` is a folder, not a file",
          "name its files, for example \"" + source.path + "/*.parquet\"");
    }
    Error error = source.section.error_at(
        "path", "source `" + source.name + "`: no file matches `" + source.path + "`",
        "the path is relative to the project's folder `" + project_folder + "`");
    error.code = ErrorCode::not_found;
    return error;
  }
  const bool is_relative = std::filesystem::path(source.path).is_relative();
  const std::string base = std::filesystem::path(project_folder + "/").lexically_normal().string();
  std::vector<SourceFile> files;
  for (const std::string& path : paths) {
    MILLGATE_ASSIGN(SourceFile file, cache.hash(path));
    if (is_relative && file.path.starts_with(base)) file.path = file.path.substr(base.size());
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace millgate
