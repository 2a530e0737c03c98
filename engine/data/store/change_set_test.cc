#include "data/store/change_set.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "data/store/row_history.h"
#include "data/store/table_diff.h"
#include "data/store/test_model_table.h"
#include "data/store/version_update.h"
#include "data/table/sort.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

using testing::HasSubstr;

class ChangeSetTest : public testing::Test {
 protected:
  TableVersion fresh(const ModelTable& model) {
    auto rows = reader_of(model.table(), 7'000);
    return must(write_table_version(objects_, *rows, ModelTable::key()));
  }
  /// Rows from CSV text, with `types` for columns that the text alone does not tell.
  std::shared_ptr<arrow::RecordBatch> rows_of(const std::string& csv, const TableVersion& version) {
    must(write_file(folder_.path("t.csv"), csv));
    const auto guessed = must(read_files({folder_.path("t.csv")}));
    ReadOptions options;
    arrow::FieldVector fields;
    for (const auto& field : guessed->schema()->fields()) {
      const auto known = version.schema->GetFieldByName(field->name());
      fields.push_back(known == nullptr ? field : known);
    }
    options.kept_schema = arrow::schema(fields);
    auto reader = must(read_table_files({folder_.path("t.csv")}, options));
    reader = must(sort_by_key(reader, ModelTable::key(), {}));
    return must(all_rows(*reader))->CombineChunksToBatch().ValueOrDie();
  }
  Result<TableVersion> commit(const TableVersion& version, const std::string& csv) {
    MILLGATE_ASSIGN(const Changes changes,
                    changes_from_rows(objects_, version, *rows_of(csv, version)));
    return apply_changes(objects_, version, changes);
  }
  std::string error_of(const TableVersion& version, const std::string& csv) {
    const auto made = commit(version, csv);
    return made.ok() ? "no error" : made.error().what;
  }

  TestFolder folder_;
  ObjectStore objects_{*open_local_file_store(folder_.path())};
};

TEST_F(ChangeSetTest, AFewRowsAreKnownBeforeAndManyAreNot) {
  Random random(4);
  ModelTable model = random_model(random, 200'000);
  TableVersion version = fresh(model);
  ASSERT_GT(version.segments.size(), 4U);
  for (const size_t count : {3U, 3'000U}) {
    std::string csv = "_change,id,part,count,note\n";
    const size_t number = model.rows.size();
    std::vector<ModelKey> keys;
    size_t at = random.below(number / count);
    for (const auto& [key, row] : model.rows) {
      if (at++ % (number / count) == 0) keys.push_back(key);
    }
    for (size_t i = 0; i < keys.size(); ++i) {
      const std::string name = std::to_string(keys[i].first) + "," + keys[i].second;
      if (i % 3 == 0) {
        csv += "delete," + name + ",,\n";
        model.rows.erase(keys[i]);
        continue;
      }
      ModelKey key = keys[i];
      if (i % 3 == 1) {
        key.second += "new";
        for (const auto& column : model.columns) model.rows[key][column.name] = std::nullopt;
      }
      model.rows[key]["count"] = "123";
      model.rows[key]["note"] = std::nullopt;
      csv += "upsert," + std::to_string(key.first) + "," + key.second + ",123,\n";
    }
    const TableVersion before = version;
    version = must(commit(version, csv));
    EXPECT_EQ(version.digests.empty(), count > 100) << count;
    expect_equal_rows(*must(all_rows(*must(read_rows(objects_, version)))), *model.table());
    EXPECT_EQ(version.row_count, static_cast<int64_t>(model.rows.size()));
    const TableVersion whole = fresh(model);
    EXPECT_EQ(must(counted_version(objects_, version)).logical_hash, whole.logical_hash);
    if (count < 100) continue;
    // What was before is found in the rows, from both sides.
    const auto nan_is_nan = arrow::EqualOptions::Defaults().nans_equal(true);
    const TableDiff found = must(diff_versions(objects_, before, version));
    const TableDiff by_rows = must(diff_versions(objects_, before, whole));
    EXPECT_EQ(found.updated_count, by_rows.updated_count);
    EXPECT_EQ(found.inserted_count, by_rows.inserted_count);
    EXPECT_EQ(found.removed_count, by_rows.removed_count);
    EXPECT_EQ(found.changed_cells, by_rows.changed_cells);
    EXPECT_TRUE(found.changes.before->Equals(*by_rows.changes.before, false, nan_is_nan));
    EXPECT_TRUE(found.changes.after->Equals(*by_rows.changes.after, false, nan_is_nan));
    const TableDiff back = must(diff_versions(objects_, version, before));
    EXPECT_EQ(back.inserted_count, found.removed_count);
    EXPECT_EQ(back.changed_cells, found.changed_cells);
    EXPECT_TRUE(back.changes.before->Equals(*found.changes.after, false, nan_is_nan));
    EXPECT_TRUE(back.changes.after->Equals(*found.changes.before, false, nan_is_nan));
  }
}

TEST_F(ChangeSetTest, WithoutAChangeColumnAllAreUpserts) {
  Random random(5);
  ModelTable model = random_model(random, 100);
  const TableVersion version = fresh(model);
  const TableVersion next = must(commit(version, "id,part,count\n100000,z,5\n"));
  EXPECT_EQ(next.row_count, 101);
  // What is there already is no change.
  EXPECT_EQ(must(commit(next, "id,part,count\n100000,z,5\n")).id, next.id);
}

TEST_F(ChangeSetTest, WrongRowsAreTold) {
  Random random(6);
  const TableVersion version = fresh(random_model(random, 100));
  EXPECT_THAT(error_of(version, "_change,id,part\ndelete,100000,z\n"),
              HasSubstr("not there: id = 100000, part = z"));
  EXPECT_THAT(error_of(version, "_change,id,part\nremove,1,z\n"), HasSubstr("`remove`"));
  EXPECT_THAT(error_of(version, "_change,id,part\n,1,z\n"), HasSubstr("`null`"));
  EXPECT_THAT(error_of(version, "id,part,cuont\n1,z,3\n"), HasSubstr("`cuont`"));
}

TEST_F(ChangeSetTest, OneRowIsFoundByItsKey) {
  Random random(7);
  ModelTable model = random_model(random, 50'000);
  const TableVersion version = fresh(model);
  for (int i = 0; i < 20; ++i) {
    auto row = model.rows.lower_bound({static_cast<int64_t>(random.below(100'000)), ""});
    if (row == model.rows.end()) row = model.rows.begin();
    const std::string key =
        must(key_from_texts(version, {std::to_string(row->first.first), row->first.second}));
    const auto found = must(read_row(objects_, version, key));
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(value_text(*found->GetColumnByName("note"), 0), row->second["note"].value_or("null"));
  }
  EXPECT_EQ(must(read_row(objects_, version, must(key_from_texts(version, {"-5", "a"})))), nullptr);
  EXPECT_THAT(key_from_texts(version, {"five", "a"}).error().what, HasSubstr("`five`"));
  EXPECT_THAT(key_from_texts(version, {"5"}).error().what, HasSubstr("id, part"));
}

}  // namespace
}  // namespace millgate
