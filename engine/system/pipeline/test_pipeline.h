/// For tests of this room and those above it: results that must be good, a project on the disk.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/store/repository.h"
#include "ground/clock.h"
#include "ground/file_store.h"
#include "ground/test_folder.h"
#include "system/pipeline/commit_sources.h"
#include "system/pipeline/project.h"

namespace millgate {

/// The value of `result`; an error ends the test program with what it says.
template <typename T>
T good(Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.error().where << ": " << result.error().what << "\n"
                  << result.error().excerpt << "\n"
                  << (result.error().because.empty() ? "" : result.error().because.front());
    std::abort();
  }
  return std::move(result).value();
}

/// The error of `result`, which must be one.
template <typename T>
Error error_of(const Result<T>& result) {
  EXPECT_FALSE(result.ok());
  return result.ok() ? Error{} : result.error();
}

/// `text` with `before`, which must be in it, written as `after`.
inline std::string replaced(std::string text, const std::string& before, const std::string& after) {
  const size_t at = text.find(before);
  if (at == std::string::npos) {
    ADD_FAILURE() << "`" << before << "` is not in the text";
    return text;
  }
  return text.replace(at, before.size(), after);
}

/// A project folder with its repository, that is removed with everything in it.
class PipelineProject {
 public:
  PipelineProject() : clock_(*parse_time("2026-03-01T00:00:00Z")) {
    repository_ = good(Repository::init(path(), clock_));
  }

  [[nodiscard]] Repository& repository() { return *repository_; }
  [[nodiscard]] ManualClock& clock() { return clock_; }
  [[nodiscard]] std::string path() const { return folder_.path("project"); }
  [[nodiscard]] std::string path(const std::string& name) const { return path() + "/" + name; }

  void write(const std::string& name, const std::string& text) {
    if (!write_file(path(name), text).ok()) std::abort();
  }

  [[nodiscard]] Project read(const std::vector<std::string>& overrides = {}) const {
    return good(read_project(path(), overrides));
  }

  /// Commits what the files hold now, an hour after the commit before.
  Result<CommitReport> commit(CommitOptions options = {}) {
    clock_.set({clock_.now().micros + 3'600'000'000});
    if (options.author.empty()) options.author = "tester";
    return commit_sources(*repository_, read(), options);
  }

 private:
  TestFolder folder_;
  ManualClock clock_;
  std::shared_ptr<Repository> repository_;
};

}  // namespace millgate
