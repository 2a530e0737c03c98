/// The git commit of the code beside the data.
#pragma once

#include <string>

namespace millgate {

/// The commit checked out in the repository that holds `folder`, 40 digits, with "+" at the end
/// when tracked files differ from it. Empty outside a repository, without git, or when git
/// refuses: data must be committable without it.
[[nodiscard]] std::string git_commit_of(const std::string& folder);

}  // namespace millgate
