/// For tests of this room: versions of model tables in a store of their own. Include in .cc files
/// only.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "data/store/object_store.h"
#include "data/store/table_version.h"
#include "data/store/test_model_table.h"
#include "data/store/version_update.h"
#include "ground/test_folder.h"

namespace millgate {

/// Versions of model tables in a store of their own.
class VersionsTest : public testing::Test {
 protected:
  TableVersion fresh(const ModelTable& model) { return fresh(model.table()); }
  TableVersion fresh(const std::shared_ptr<arrow::Table>& table) {
    auto rows = reader_of(table, 7'000);
    return must(write_table_version(objects_, *rows, ModelTable::key()));
  }
  TableVersion next(const TableVersion& parent, const ModelTable& model) {
    auto rows = reader_of(model.table(), 5'000);
    return must(write_next_version(objects_, parent, *rows, ModelTable::key()));
  }
  std::string csv_of_version(const TableVersion& version) {
    return csv_of(*must(read_rows(objects_, version)));
  }

  TestFolder folder_;
  ObjectStore objects_{*open_local_file_store(folder_.path())};
};

}  // namespace millgate
