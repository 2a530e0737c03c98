#include "data/git/staged_files.h"

#include <algorithm>
#include <sstream>
#include <string_view>
#include <utility>

#include "data/git/git_program.h"
#include "data/table/value_text.h"

namespace millgate {

namespace {

/// Of a line of `git diff --raw -z`: ":100644 100644 OLD NEW M", then the path.
struct StagedBlob {
  std::string id;
  std::string path;
};

std::vector<StagedBlob> parse_raw(std::string_view text) {
  const auto next = [&text] {
    const size_t end = std::min(text.find('\0'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
  };
  std::vector<StagedBlob> blobs;
  while (!text.empty()) {
    std::istringstream words{std::string(next())};
    std::string old_mode;
    std::string new_mode;
    std::string old_id;
    StagedBlob blob;
    words >> old_mode >> new_mode >> old_id >> blob.id;
    blob.path = next();
    // 160000 is a submodule: its commit is not in this repository.
    if (new_mode != "160000") blobs.push_back(std::move(blob));
  }
  return blobs;
}

}  // namespace

Result<LargeFileRule> large_file_rule(const std::string& folder) {
  LargeFileRule rule;
  MILLGATE_ASSIGN(const GitAnswer size,
                  run_git(folder, {"config", "--type=int", "millgate.sizeMax"}));
  if (size.exit_code == 0) {
    const auto bytes = integer_from(without_line_end(size.output));
    if (bytes) rule.size_bytes_max = *bytes;
  } else if (size.exit_code != 1) {  // 1: it is not set.
    return invalid_input("git's setting `millgate.sizeMax` is no size",
                         "for example: git config millgate.sizeMax 10m");
  }
  MILLGATE_ASSIGN(const GitAnswer action, run_git(folder, {"config", "millgate.large"}));
  if (action.exit_code != 0) return rule;
  const std::string word = without_line_end(action.output);
  if (word != "refuse" && word != "warn") {
    return invalid_input("git's setting `millgate.large` is `" + word + "`",
                         "it may be `refuse` or `warn`");
  }
  rule.refuses = word == "refuse";
  return rule;
}

Result<std::vector<StagedFile>> large_staged_files(const std::string& folder,
                                                   int64_t size_bytes_max) {
  MILLGATE_ASSIGN(const std::string raw,
                  ask_git(folder, {"diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames",
                                   "--no-ext-diff", "--diff-filter=AMT"}));
  const std::vector<StagedBlob> blobs = parse_raw(raw);
  std::string ids;
  for (const StagedBlob& blob : blobs) ids += blob.id + "\n";
  MILLGATE_ASSIGN(const std::string sizes,
                  ask_git(folder, {"cat-file", "--batch-check=%(objectsize)"}, ids));
  std::istringstream lines(sizes);
  std::vector<StagedFile> large;
  std::string line;
  for (const StagedBlob& blob : blobs) {
    if (!std::getline(lines, line))
      return outside_failure("git did not tell the size of each file");
    const auto bytes = integer_from(line);
    if (bytes && *bytes > size_bytes_max) large.push_back({blob.path, *bytes});
  }
  std::sort(large.begin(), large.end(), [](const StagedFile& one, const StagedFile& other) {
    return std::pair(-one.size_bytes, one.path) < std::pair(-other.size_bytes, other.path);
  });
  return large;
}

}  // namespace millgate
