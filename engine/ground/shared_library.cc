#include "ground/shared_library.h"

#include <dlfcn.h>

#include <filesystem>
#include <utility>

namespace millgate {

namespace {

/// Lazily: half of the time to load the largest of them would go into functions never called. A
/// library finds its own symbols first: looking through all of ours for each of them takes a
/// seventh of the start of a command. The sanitizers must come before all others.
#ifdef __SANITIZE_ADDRESS__
constexpr int kHow = RTLD_LAZY | RTLD_LOCAL;
#else
constexpr int kHow = RTLD_LAZY | RTLD_LOCAL | RTLD_DEEPBIND;
#endif

namespace fs = std::filesystem;

/// Not left to the loader's own path: a sanitizer stands between it and the program.
std::vector<std::string> folders_beside_program() {
  std::error_code failure;
  const fs::path program = fs::read_symlink("/proc/self/exe", failure);
  if (failure) return {};
  const fs::path folder = program.parent_path();
  return {(folder / "lib").string(), (folder.parent_path() / "lib").string()};
}

std::string last_fault() {
  const char* text = dlerror();
  return text == nullptr ? "the loader does not say why" : text;
}

std::string hint_for(const std::string& file) {
  return "copy " + file + " of this millgate's own installation into lib/ beside the program";
}

}  // namespace

Result<SharedLibrary> SharedLibrary::open(std::string product, const std::string& file) {
  return open_in(folders_beside_program(), std::move(product), file);
}

Result<SharedLibrary> SharedLibrary::open_in(const std::vector<std::string>& folders,
                                             std::string product, const std::string& file) {
  std::string path = file;  // Without a folder: wherever the loader finds it.
  for (const std::string& folder : folders) {
    std::string beside = folder + "/" + file;
    if (std::error_code failure; !fs::exists(fs::symlink_status(beside, failure))) continue;
    path = std::move(beside);
    break;
  }
  void* const handle = dlopen(path.c_str(), kHow);
  if (handle != nullptr) return SharedLibrary(std::move(product), path, handle);
  Error error = outside_failure(product + " cannot be loaded", hint_for(file));
  error.where = path;
  error.because.push_back(last_fault());
  if (path == file) {
    for (const std::string& folder : folders) error.because.push_back("not in " + folder);
  }
  return error;
}

Result<void*> SharedLibrary::find_address(const char* name) const {
  void* const address = dlsym(handle_, name);
  if (address == nullptr) return unfit(std::string("it has no function ") + name);
  return address;
}

Error SharedLibrary::unfit(const std::string& fault) const {
  Error error = outside_failure(product_ + " is another version than this millgate needs: " + fault,
                                hint_for(fs::path(file_).filename().string()));
  error.where = file_;
  return error;
}

}  // namespace millgate
