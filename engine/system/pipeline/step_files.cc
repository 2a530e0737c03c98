#include "system/pipeline/step_files.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <utility>

#include "data/store/file_hash.h"
#include "ground/descriptor.h"
#include "ground/file_store.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

Error cannot(const std::string& action, const std::string& path, const std::error_code& failed) {
  return outside_failure("cannot " + action + " `" + path + "`: " + failed.message());
}

/// The regular files at `path`, relative to `folder`: itself, or all that a folder holds. Nothing
/// when there is none.
Result<std::vector<std::string>> files_at(const std::string& folder, const std::string& path) {
  std::vector<std::string> files;
  std::error_code failed;
  const fs::path full = fs::path(folder) / path;
  if (!fs::is_directory(full, failed)) {
    if (fs::is_regular_file(full, failed)) files.push_back(path);
    return files;
  }
  for (auto entry = fs::recursive_directory_iterator(full, failed);
       !failed && entry != fs::recursive_directory_iterator(); entry.increment(failed)) {
    std::error_code gone;
    if (entry->is_regular_file(gone)) {
      files.push_back(entry->path().lexically_relative(folder).generic_string());
    }
  }
  if (failed) return cannot("list", full.string(), failed);
  return files;
}

Status add_hashes(const std::string& folder, const std::vector<std::string>& paths,
                  HashCache& cache, FileHashes& hashes) {
  for (const std::string& path : paths) {
    MILLGATE_ASSIGN(const SourceFile file, cache.hash(full_path(folder, path)));
    hashes[path] = file.sha256;
  }
  return {};
}

/// Words of the command that name files of the project: of a line for the shell, those between
/// blanks.
std::set<std::string> files_in_command(const std::string& folder, const CommandStep& step) {
  std::set<std::string> files;
  const auto consider = [&](const std::string& word) {
    if (word.empty() || word.starts_with('/') || word.starts_with("..")) return;
    std::error_code none;
    if (fs::is_regular_file(fs::path(folder) / word, none)) {
      files.insert(fs::path(word).lexically_normal().generic_string());
    }
  };
  for (const std::string& argument : step.command) {
    bool is_target = false;  // Of `>` or `>>`: it is written.
    for (size_t begin = 0; begin < argument.size();) {
      const size_t end =
          std::min(argument.find_first_of(" \t\n;&|<>()\"'", begin), argument.size());
      if (end > begin) {
        if (!is_target) consider(argument.substr(begin, end - begin));
        is_target = false;
      }
      if (end < argument.size() && argument[end] == '>') is_target = true;
      begin = end + 1;
    }
  }
  // What it writes is no input, even where the command names it.
  for (const std::string& written : step.writes) {
    std::erase_if(files, [&](const std::string& file) {
      return file == written || file.starts_with(written + "/");
    });
  }
  return files;
}

/// Shares blocks where the file system can.
Status copy_file(const std::string& from, const std::string& to) {
  const Descriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  Descriptor target(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (source.is_open() && target.is_open() &&
      ::ioctl(target.number(), FICLONE, source.number()) == 0) {
    return {};
  }
  target.close();
  std::error_code failed;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, failed);
  return failed ? Status(cannot("copy to", to, failed)) : Status();
}

Status make_parent(const std::string& path) {
  std::error_code failed;
  fs::create_directories(fs::path(path).parent_path(), failed);
  return failed ? Status(cannot("make the folder of", path, failed)) : Status();
}

/// `to` appears whole or not at all.
Status copy_whole(const std::string& from, const std::string& to) {
  MILLGATE_TRY(make_parent(to));
  const std::string part = to + ".part";
  MILLGATE_TRY(copy_file(from, part));
  std::error_code failed;
  fs::rename(part, to, failed);
  return failed ? Status(cannot("write", to, failed)) : Status();
}

}  // namespace

FileHashes FilesRead::all_but_changed(const FilesRead& later) const {
  FileHashes all = listed;
  const std::set<std::string> changed = changed_names(later);
  for (const auto& [path, sha256] : named) {
    if (!changed.contains(path)) all.emplace(path, sha256);
  }
  return all;
}

std::set<std::string> FilesRead::changed_names(const FilesRead& later) const {
  std::set<std::string> changed;
  for (const auto& [one, other] : {std::pair{&named, &later.named}, {&later.named, &named}}) {
    for (const auto& [path, sha256] : *one) {
      const auto found = other->find(path);
      if (found == other->end() || found->second != sha256) changed.insert(path);
    }
  }
  return changed;
}

Result<FilesRead> files_read(const std::string& project_folder, const CommandStep& step,
                             const std::set<std::string>& not_read, HashCache& cache) {
  FilesRead files;
  for (const std::string& read : step.reads) {
    MILLGATE_ASSIGN(std::vector<std::string> paths, files_at(project_folder, read));
    if (paths.empty()) {
      for (const std::string& full : expand_glob(full_path(project_folder, read))) {
        paths.push_back(fs::path(full).lexically_relative(project_folder).generic_string());
      }
    }
    std::error_code none;
    if (paths.empty() && !fs::is_directory(fs::path(project_folder) / read, none)) {
      return step.section.error_at(
          "reads", "step `" + step.name + "` reads `" + read + "`, and there is no such file");
    }
    MILLGATE_TRY(add_hashes(project_folder, paths, cache, files.listed));
  }
  std::vector<std::string> named;
  for (const std::string& path : files_in_command(project_folder, step)) {
    if (!not_read.contains(path) && !files.listed.contains(path)) named.push_back(path);
  }
  MILLGATE_TRY(add_hashes(project_folder, named, cache, files.named));
  return files;
}

Result<FilesWritten> files_written(const std::string& project_folder, const CommandStep& step,
                                   HashCache& cache) {
  FilesWritten files;
  for (const std::string& written : step.writes) {
    MILLGATE_ASSIGN(const auto paths, files_at(project_folder, written));
    std::error_code none;
    if (paths.empty() && !fs::is_directory(fs::path(project_folder) / written, none)) {
      files.missing.push_back(written);
    }
    MILLGATE_TRY(add_hashes(project_folder, paths, cache, files.there));
  }
  return files;
}

StepKey key_of(const CommandStep& step, const FileHashes& read) {
  StepKey key;
  std::string command;
  for (const std::string& word : step.command) command += word + '\0';
  key.add("command", hash_of(command).hex());
  for (const auto& [name, value] : step.parameters) key.add("parameter `" + name + "`", value);
  for (const std::string& name : step.environment) {
    const char* value = std::getenv(name.c_str());
    // Only its hash: variables may hold what nobody should read in the ledger.
    key.add("variable `" + name + "`", value == nullptr ? "" : hash_of(value).hex());
  }
  for (const std::string& path : step.writes) key.add("output `" + path + "`", "");
  for (const auto& [path, hash] : read) key.add("file `" + path + "`", hash);
  return key;
}

std::string KeptFiles::path_of(const std::string& sha256) const {
  return folder_ + "/" + sha256.substr(0, 2) + "/" + sha256.substr(2);
}

Status KeptFiles::keep(const std::string& project_folder, const FileHashes& hashes) const {
  for (const auto& [path, sha256] : hashes) {
    std::error_code none;
    const std::string kept = path_of(sha256);
    if (fs::exists(kept, none)) continue;
    MILLGATE_TRY(copy_whole(full_path(project_folder, path), kept));
  }
  return {};
}

bool KeptFiles::has(const FileHashes& hashes) const {
  for (const auto& [path, sha256] : hashes) {
    std::error_code none;
    if (!fs::exists(path_of(sha256), none)) return false;
  }
  return true;
}

Status KeptFiles::bring_back(const std::string& project_folder, const FileHashes& hashes) const {
  for (const auto& [path, sha256] : hashes) {
    const std::string kept = path_of(sha256);
    MILLGATE_ASSIGN(const Id content, hash_of_file(kept));
    if (content.hex() != sha256) {
      std::error_code none;
      fs::remove(kept, none);
      return damaged("the kept copy of `" + path + "` was damaged and is removed");
    }
    MILLGATE_TRY(copy_whole(kept, full_path(project_folder, path)));
  }
  return {};
}

Status KeptFiles::forget_all_but(const std::vector<FileHashes>& wanted) const {
  std::set<std::string> paths;
  for (const FileHashes& hashes : wanted) {
    for (const auto& [path, sha256] : hashes) paths.insert(path_of(sha256));
  }
  std::error_code failed;
  if (!fs::is_directory(folder_, failed)) return {};
  std::vector<fs::path> unwanted;
  for (const auto& entry : fs::recursive_directory_iterator(folder_, failed)) {
    std::error_code none;
    if (entry.is_regular_file(none) && !paths.contains(entry.path().string())) {
      unwanted.push_back(entry.path());
    }
  }
  for (const fs::path& path : unwanted) {
    if (!failed) fs::remove(path, failed);
  }
  return failed ? Status(cannot("tidy", folder_, failed)) : Status();
}

}  // namespace millgate
