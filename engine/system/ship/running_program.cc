#include "system/ship/running_program.h"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>

#include "ground/file_store.h"

namespace millgate {
namespace {

/// Paths of what is loaded, by name; the program itself has no name.
int collect(dl_phdr_info* info, size_t /*size*/, void* to) {
  const std::string path = info->dlpi_name == nullptr ? "" : info->dlpi_name;
  // The kernel's own page has no file.
  if (path.find('/') == std::string::npos) return 0;
  auto& paths = *static_cast<std::map<std::string, std::string>*>(to);
  paths[std::filesystem::path(path).filename().string()] = path;
  return 0;
}

}  // namespace

Result<RunningProgram> read_running_program() {
  RunningProgram program;
  MILLGATE_ASSIGN(std::string bytes, read_file("/proc/self/exe"));
  std::error_code failure;
  std::filesystem::path lies = std::filesystem::read_symlink("/proc/self/exe", failure);
  std::map<std::string, std::string> paths;
  dl_iterate_phdr(collect, &paths);
  for (const auto& [name, path] : paths) {
    // Started by its loader, as in a package, the program is a library of that.
    if (name == "millgate") {
      MILLGATE_ASSIGN(bytes, read_file(path));
      lies = std::filesystem::absolute(path, failure).lexically_normal();
      continue;
    }
    MILLGATE_ASSIGN(std::string library, read_file(path));
    if (name.starts_with("ld-") || name.starts_with("ld.")) program.loader = name;
    program.libraries.push_back({.name = name, .bytes = without_debug_data(std::move(library))});
  }
  program.folder = lies.parent_path().string();
  program.bytes = without_debug_data(std::move(bytes));
  if (program.loader.empty()) {
    return outside_failure("this program has no loader of its own that a package could carry",
                           "package with a millgate that was linked in the ordinary way");
  }
  return program;
}

std::string without_debug_data(std::string bytes) {
  Elf64_Ehdr header;
  if (bytes.size() < sizeof header || std::memcmp(bytes.data(), ELFMAG, SELFMAG) != 0) return bytes;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr)) {
    return bytes;
  }
  const size_t table_end = header.e_phoff + size_t{header.e_phnum} * sizeof(Elf64_Phdr);
  if (table_end > bytes.size()) return bytes;
  size_t end = std::max(sizeof header, table_end);
  for (size_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, bytes.data() + header.e_phoff + i * sizeof segment, sizeof segment);
    if (segment.p_offset + segment.p_filesz > bytes.size()) return bytes;
    end = std::max<size_t>(end, segment.p_offset + segment.p_filesz);
  }
  header.e_shoff = 0;
  header.e_shnum = 0;
  header.e_shstrndx = SHN_UNDEF;
  bytes.resize(end);
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

}  // namespace millgate
