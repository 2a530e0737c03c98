/// What deployment files fetch by a name that may mean something else tomorrow.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millgate {

/// An image or an action that is named by a tag or a branch and not by its hash.
struct Unpinned {
  std::string reference;  ///< "python:3.12-slim", "actions/checkout@v4"
  int64_t line = 0;       ///< From 1.
  bool is_action = false;
};

/// Whether doctor knows what `path` fetches: Dockerfiles, workflows of GitHub, GitLab CI, compose
/// files; of other YAML files those with `apiVersion` and `kind`, as Kubernetes has them.
[[nodiscard]] bool is_deployment_file(std::string_view path, std::string_view text);

/// In the order of `text`. What is built on the spot, stages of the same Dockerfile, actions of the
/// same repository, and what a variable alone names are not told. Reads YAML by its lines: blocks
/// of text (`run: |`) are passed over. Thread-safe.
[[nodiscard]] std::vector<Unpinned> find_unpinned(std::string_view path, std::string_view text);

}  // namespace millgate
