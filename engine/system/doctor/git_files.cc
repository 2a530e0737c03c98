#include "system/doctor/git_files.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "data/git/git_program.h"
#include "data/table/value_text.h"

namespace millgate {

namespace {

/// So much is asked of git at once.
constexpr int64_t kBatchBytes = int64_t{32} << 20;

/// Fills in the sizes; takes out what is no blob.
Status measure(const std::string& folder, std::vector<GitBlob>& blobs) {
  std::string ids;
  for (const GitBlob& blob : blobs) ids += blob.id + "\n";
  MILLGATE_ASSIGN(const std::string answer,
                  ask_git(folder, {"cat-file", "--batch-check=%(objecttype) %(objectsize)"}, ids));
  std::istringstream lines(answer);
  std::string type, size;
  for (GitBlob& blob : blobs) {
    if (!(lines >> type >> size)) return outside_failure("git did not tell the size of each file");
    blob.size_bytes = type == "blob" ? integer_from(size).value_or(-1) : -1;
  }
  std::erase_if(blobs, [](const GitBlob& blob) { return blob.size_bytes < 0; });
  return {};
}

}  // namespace

Result<std::vector<GitBlob>> indexed_files(const std::string& folder) {
  // "100644 ID 0\tPATH", ended by zero bytes; paths are relative to the folder.
  MILLGATE_ASSIGN(const std::string listed, ask_git(folder, {"ls-files", "-s", "-z", "--", "."}));
  std::vector<GitBlob> blobs;
  std::istringstream entries(listed);
  for (std::string entry; std::getline(entries, entry, '\0');) {
    const size_t tab = entry.find('\t');
    if (tab == std::string::npos || !entry.starts_with("100")) continue;
    std::istringstream words(entry.substr(0, tab));
    std::string mode, id;
    words >> mode >> id;
    blobs.push_back({id, entry.substr(tab + 1), 0});
  }
  MILLGATE_TRY(measure(folder, blobs));
  return blobs;
}

Result<std::vector<GitBlob>> files_of_history(const std::string& folder) {
  MILLGATE_ASSIGN(const std::string prefix, ask_git(folder, {"rev-parse", "--show-prefix"}));
  const std::string below = without_line_end(prefix);
  MILLGATE_ASSIGN(const std::string listed, ask_git(folder, {"rev-list", "--objects", "--all"}));
  std::vector<GitBlob> blobs;
  std::istringstream lines(listed);
  for (std::string line; std::getline(lines, line);) {
    const size_t space = line.find(' ');
    if (space == std::string::npos || !line.substr(space + 1).starts_with(below)) continue;
    const std::string path = line.substr(space + 1 + below.size());
    if (!path.empty()) blobs.push_back({line.substr(0, space), path, 0});
  }
  MILLGATE_TRY(measure(folder, blobs));
  return blobs;
}

Status read_blobs(const std::string& folder, const std::vector<GitBlob>& blobs,
                  const std::function<void(const GitBlob& blob, std::string_view bytes)>& take) {
  for (size_t begin = 0; begin < blobs.size();) {
    std::string ids;
    int64_t size = 0;
    size_t end = begin;
    while (end < blobs.size() && (end == begin || size + blobs[end].size_bytes <= kBatchBytes)) {
      ids += blobs[end].id + "\n";
      size += blobs[end++].size_bytes;
    }
    // Each comes as "SIZE\n", its bytes and a line end.
    MILLGATE_ASSIGN(const std::string answer,
                    ask_git(folder, {"cat-file", "--batch=%(objectsize)"}, ids));
    std::string_view rest = answer;
    for (; begin < end; ++begin) {
      const auto length = static_cast<size_t>(blobs[begin].size_bytes);
      const size_t line_end = rest.find('\n');
      if (line_end == std::string_view::npos || rest.size() < line_end + 1 + length) {
        return outside_failure("git did not give the bytes of `" + blobs[begin].path + "`");
      }
      take(blobs[begin], rest.substr(line_end + 1, length));
      rest.remove_prefix(std::min(rest.size(), line_end + length + 2));
    }
  }
  return {};
}

}  // namespace millgate
