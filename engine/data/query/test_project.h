/// For tests of this room and those above it: a project in a folder of its own.
/// Include in .cc files only.
#pragma once

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "data/store/table_version.h"
#include "data/table/reader.h"
#include "data/table/sort.h"
#include "ground/clock.h"
#include "ground/file_store.h"
#include "ground/test_folder.h"

namespace millgate {

/// A table of a test: its rows as CSV, and its key.
struct CsvTable {
  std::string name;
  std::string csv;
  std::vector<std::string> key;
};

/// A repository that is removed with everything in it. Failures end the test.
class TestProject {
 public:
  TestProject() : clock_(*parse_time("2013-06-01T00:00:00Z")) {
    auto made = Repository::init(folder_.path("project"), clock_);
    if (!made.ok()) std::abort();
    repository_ = std::move(made).value();
  }

  [[nodiscard]] Repository& repository() { return *repository_; }
  [[nodiscard]] const TestFolder& folder() const { return folder_; }
  [[nodiscard]] ManualClock& clock() { return clock_; }

  /// Sets the tables and makes a commit on `branch`, an hour after the one before.
  Commit commit(const std::vector<CsvTable>& tables, const std::string& branch = "main") {
    NewCommit change;
    for (const CsvTable& table : tables) {
      const std::string path = folder_.path("input.csv");
      if (!write_file(path, table.csv).ok()) std::abort();
      change.tables[table.name] = write(path, table.key);
    }
    return commit_change(std::move(change), branch);
  }

  /// Commits `change`; its author and message are filled in.
  Commit commit_change(NewCommit change, const std::string& branch = "main") {
    change.author = "tester";
    change.message = "commit " + std::to_string(++commit_count_);
    auto made = repository_->commit(branch, change);
    if (!made.ok()) {
      ADD_FAILURE() << made.error().what;
      std::abort();
    }
    clock_.set({clock_.now().micros + 3'600'000'000});
    return std::move(made).value();
  }

  /// The rows of a file as a table version.
  Id write(const std::string& path, const std::vector<std::string>& key) {
    auto rows = read_table_files({path}, {});
    if (rows.ok() && !key.empty()) {
      SortOptions options;
      options.spill_folder = repository_->folder("scratch");
      rows = sort_by_key(*rows, key, options);
    }
    if (!rows.ok()) {
      ADD_FAILURE() << rows.error().what;
      std::abort();
    }
    auto version = write_table_version(repository_->objects(), **rows, key);
    if (!version.ok()) {
      ADD_FAILURE() << version.error().what;
      std::abort();
    }
    return version->id;
  }

 private:
  TestFolder folder_;
  ManualClock clock_;
  std::shared_ptr<Repository> repository_;
  int commit_count_ = 0;
};

}  // namespace millgate
