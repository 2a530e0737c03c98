#include "data/store/version_update.h"

#include <gmock/gmock.h>

#include <set>

#include "data/store/column_rename.h"
#include "data/store/row_match.h"
#include "data/store/table_diff.h"
#include "data/store/test_versions.h"
#include "data/store/version_scan.h"
#include "ground/test_rounds.h"

namespace millgate {
namespace {

/// The changes from one table to another with the same columns, found row by row.
Changes changes_between(const ModelTable& before, const ModelTable& after, bool has_before = true) {
  const auto old_rows = before.table()->CombineChunksToBatch().ValueOrDie();
  const auto new_rows = after.table()->CombineChunksToBatch().ValueOrDie();
  const RowKeyEncoder encoder = must(RowKeyEncoder::make(*new_rows->schema(), ModelTable::key()));
  RowKeys old_keys;
  RowKeys new_keys;
  encoder.encode(*old_rows, old_keys);
  encoder.encode(*new_rows, new_keys);
  std::vector<int> columns;
  for (int i = 0; i < new_rows->num_columns(); ++i) columns.push_back(i);
  const RowMatch match(*old_rows, old_keys, *new_rows, new_keys, columns);
  auto out = must(ChangesBuilder::make(new_rows->schema(), ModelTable::key(), has_before));
  if (has_before) {
    must(match.put(out));
    return must(out.finish());
  }
  must(match.for_each([&](ChangeKind kind, int64_t old_row, int64_t new_row) -> Status {
    if (kind == ChangeKind::removed) {
      return out.remove(old_keys[static_cast<size_t>(old_row)], {*old_rows, old_row});
    }
    const std::string_view key = new_keys[static_cast<size_t>(new_row)];
    if (kind == ChangeKind::inserted) return out.insert(key, {*new_rows, new_row});
    return out.replace(key, {*new_rows, new_row}, std::vector<bool>(columns.size(), true));
  }));
  return must(out.finish());
}

class VersionUpdateTest : public VersionsTest {
 protected:
  /// Everything that a version says must be what a fresh import of the same rows says.
  void expect_equal(const TableVersion& made, const ModelTable& model) {
    const TableVersion version = must(read_table_version(objects_, made.id));
    const auto table = model.table();
    const TableVersion expected = fresh(table);
    ASSERT_EQ(version.row_count, expected.row_count);
    ASSERT_EQ(types_of(*version.schema), types_of(*expected.schema));
    expect_equal_rows(*must(all_rows(*must(read_rows(objects_, version)))), *table);
    const TableVersion counted = must(counted_version(objects_, version));
    ASSERT_EQ(counted.logical_hash, expected.logical_hash);
    ASSERT_EQ(counted.digests, expected.digests);
    for (size_t i = 0; i < expected.columns.size(); ++i) {
      const ColumnStatistics& column = counted.columns[i];
      ASSERT_EQ(column.null_count, expected.columns[i].null_count) << column.name;
      if (!column.exact) continue;
      ASSERT_EQ(column.minimum, expected.columns[i].minimum) << column.name;
      ASSERT_EQ(column.maximum, expected.columns[i].maximum) << column.name;
    }
  }
  int64_t bytes_added(const TableVersion& version, const TableVersion& before) const {
    std::set<Id> known;
    for (const Id& id : objects_of(before)) known.insert(id);
    int64_t bytes = 0;
    for (const Id& id : objects_of(version)) {
      if (known.insert(id).second) bytes += static_cast<int64_t>(must(objects_.get(id)).size());
    }
    return bytes;
  }
};

TEST_F(VersionUpdateTest, AFewChangedRowsAreOneSmallDelta) {
  Random random(1);
  ModelTable model = random_model(random, 100'000);
  const TableVersion first = fresh(model);
  ASSERT_GT(first.segments.size(), 2U);
  model.rows.begin()->second["note"] = "changed";
  model.rows.erase(std::prev(model.rows.end()));
  model.rows[{1'000'000, "z"}] = model.random_row(random);
  const TableVersion second = next(first, model);
  EXPECT_EQ(second.segments, first.segments);
  ASSERT_EQ(second.deltas.size(), 1U);
  EXPECT_EQ(second.deltas[0].inserted_count, 1);
  EXPECT_EQ(second.deltas[0].updated_count, 1);
  EXPECT_EQ(second.deltas[0].removed_count, 1);
  EXPECT_LT(bytes_added(second, first), 20'000);
  expect_equal(second, model);
  // The same again is no new version; the same rows from new are equal by hash only.
  EXPECT_EQ(next(second, model).id, second.id);
  EXPECT_EQ(fresh(model).logical_hash, second.logical_hash);
}

TEST_F(VersionUpdateTest, SegmentsWithManyChangesAreWrittenAnew) {
  Random random(2);
  ModelTable model = random_model(random, 100'000);
  const TableVersion first = fresh(model);
  int64_t count = 0;
  for (auto& [key, row] : model.rows) {
    if (++count > 20'000) break;
    row["count"] = "77";
  }
  const TableVersion second = next(first, model);
  EXPECT_NE(second.segments.front().object, first.segments.front().object);
  EXPECT_EQ(second.segments.back().object, first.segments.back().object);
  expect_equal(second, model);
}

TEST_F(VersionUpdateTest, ATableGrowsAtItsEnd) {
  Random random(3);
  ModelTable model = random_model(random, 50'000);
  TableVersion version = fresh(model);
  for (int64_t round = 1; round <= 3; ++round) {
    const std::set<Id> before = [&] {
      const auto ids = objects_of(version);
      return std::set<Id>(ids.begin(), ids.end());
    }();
    for (int64_t i = 0; i < 30'000; ++i) {
      model.rows[{round * 10'000'000 + i, "a"}] = model.random_row(random);
    }
    version = next(version, model);
    // All but the last segment stay.
    EXPECT_TRUE(before.contains(version.segments.front().object));
    EXPECT_TRUE(version.deltas.empty());
    expect_equal(version, model);
  }
}

TEST_F(VersionUpdateTest, ANewColumnIsAnObjectBesideItsSegment) {
  Random random(4);
  ModelTable model = random_model(random, 60'000);
  const TableVersion first = fresh(model);
  edit_model(model, random, 50);
  const TableVersion second = next(first, model);
  ASSERT_FALSE(second.deltas.empty());
  model.columns.push_back({"extra", arrow::int64()});
  for (auto& [key, row] : model.rows) row["extra"] = std::to_string(key.first % 7);
  const TableVersion third = next(second, model);
  for (size_t i = 0; i < third.segments.size(); ++i) {
    EXPECT_EQ(third.segments[i].object, second.segments[i].object);
    ASSERT_EQ(third.segments[i].added.size(), 1U);
  }
  EXPECT_LT(bytes_added(third, second), 100'000);
  expect_equal(third, model);
  // Gone, and another of the same name comes.
  model.columns.pop_back();
  const TableVersion fourth = next(third, model);
  EXPECT_EQ(fourth.retired_names, std::vector<std::string>{"extra"});
  expect_equal(fourth, model);
  model.columns.insert(model.columns.begin(), {"extra", arrow::utf8()});
  for (auto& [key, row] : model.rows) row["extra"] = "x" + std::to_string(key.first % 5);
  const TableVersion fifth = next(fourth, model);
  EXPECT_EQ(fifth.stored_names[2], "extra~2");
  expect_equal(fifth, model);
}

TEST_F(VersionUpdateTest, AWiderTypeLeavesTheFiles) {
  Random random(5);
  ModelTable model = random_model(random, 60'000);
  const TableVersion first = fresh(model);
  edit_model(model, random, 20);
  const TableVersion second = next(first, model);
  const auto retype = [&](const std::string& name, std::shared_ptr<arrow::DataType> type,
                          const std::string& suffix) {
    for (auto& column : model.columns) {
      if (column.name == name) column.type = type;
    }
    for (auto& [key, row] : model.rows) {
      if (row[name]) *row[name] += suffix;
    }
  };
  retype("count", arrow::float64(), ".0");
  retype("day", arrow::timestamp(arrow::TimeUnit::MICRO), "T00:00:00");
  const TableVersion third = next(second, model);
  EXPECT_EQ(third.segments, second.segments);
  EXPECT_EQ(third.widened_names, (std::vector<std::string>{"count", "day"}));
  EXPECT_LT(bytes_added(third, second), 20'000);
  expect_equal(third, model);
  edit_model(model, random, 20);
  expect_equal(next(third, model), model);
}

TEST_F(VersionUpdateTest, ARenamedColumnIsAManifest) {
  Random random(11);
  ModelTable model = random_model(random, 60'000);
  const TableVersion first = fresh(model);
  edit_model(model, random, 20);
  const TableVersion second = next(first, model);
  ASSERT_FALSE(second.deltas.empty());
  const TableVersion third = must(rename_columns(
      objects_, second, {{"note", "remark"}, {"count", "tally"}, {"remark", "comment"}}));
  EXPECT_EQ(third.base, second.base);
  EXPECT_EQ(third.deltas, second.deltas);
  EXPECT_LT(bytes_added(third, second), 5'000);
  rename_in_model(model, "note", "comment");
  rename_in_model(model, "count", "tally");
  expect_equal(third, model);
  // A new column may have the old name, and deltas go on.
  model.columns.push_back({"note", arrow::utf8()});
  for (auto& [key, row] : model.rows) row["note"] = "n" + std::to_string(key.first % 3);
  edit_model(model, random, 20);
  const TableVersion fourth = next(third, model);
  EXPECT_EQ(fourth.stored_names.back(), "note~2");
  expect_equal(fourth, model);
  const TableDiff diff = must(diff_versions(objects_, second, third));
  EXPECT_EQ(diff.renames, (std::vector<ColumnRename>{{"count", "tally"}, {"note", "comment"}}));
  EXPECT_TRUE(diff.columns.empty());
  EXPECT_EQ(diff.row_count(), 0);
}

TEST_F(VersionUpdateTest, ARenamedKeyIsTheSameKey) {
  Random random(12);
  ModelTable model = random_model(random, 40'000);
  const TableVersion first = fresh(model);
  const TableVersion renamed = must(rename_columns(objects_, first, {{"id", "number"}}));
  EXPECT_EQ(renamed.key, (std::vector<std::string>{"number", "part"}));
  const auto as_renamed = [](const ModelTable& table) {
    const std::vector<std::string> key = {"number", "part"};
    auto names = table.table()->ColumnNames();
    names[0] = "number";
    return table.table()->RenameColumns(names).ValueOrDie();
  };
  const ModelTable before = model;
  edit_model(model, random, 20);
  auto rows = reader_of(as_renamed(model), 5'000);
  const TableVersion second =
      must(write_next_version(objects_, renamed, *rows, {"number", "part"}));
  EXPECT_EQ(second.segments, first.segments);
  EXPECT_EQ(second.deltas.size(), 1U);
  const TableVersion read = must(read_table_version(objects_, second.id));
  expect_equal_rows(*must(all_rows(*must(read_rows(objects_, read)))), *as_renamed(model));
  const TableDiff diff = must(diff_versions(objects_, first, second));
  EXPECT_FALSE(diff.key_changed);
  const Changes expected = changes_between(before, model);
  EXPECT_EQ(diff.inserted_count, expected.count(ChangeKind::inserted));
  EXPECT_EQ(diff.updated_count, expected.count(ChangeKind::updated));
  EXPECT_EQ(diff.removed_count, expected.count(ChangeKind::removed));
  // Read whole, with the new name in the file, the key is proven to be the same as well.
  auto again = reader_of(as_renamed(before), 5'000);
  const TableVersion proven = must(write_next_version(objects_, first, *again, {"number", "part"}));
  EXPECT_EQ(proven.id, renamed.id);
}

TEST_F(VersionUpdateTest, EqualCellsProveARename) {
  Random random(13);
  ModelTable model = random_model(random, 40'000);
  model.columns.push_back({"same", arrow::int64()});
  for (auto& [key, row] : model.rows) row["same"] = "1";
  const TableVersion first = fresh(model);
  rename_in_model(model, "share", "part_of");
  EXPECT_EQ(next(first, model).id,
            must(rename_columns(objects_, first, {{"share", "part_of"}})).id);
  // Other cells may change at once.
  model.rows.begin()->second["note"] = "changed";
  const TableVersion second = next(first, model);
  EXPECT_EQ(second.segments, first.segments);
  EXPECT_EQ(second.stored_names[4], "share");
  EXPECT_EQ(second.deltas.size(), 1U);
  expect_equal(second, model);
  // One other cell, and nothing is proven; nor by a constant.
  model.rows.begin()->second["note"] = "again";
  rename_in_model(model, "note", "remark");
  rename_in_model(model, "same", "constant");
  const TableVersion third = next(second, model);
  EXPECT_THAT(third.retired_names, testing::UnorderedElementsAre("note", "same"));
  expect_equal(third, model);
  EXPECT_TRUE(must(diff_versions(objects_, second, third)).renames.empty());
}

TEST_F(VersionUpdateTest, ARenameWithoutAKeyCountsAnew) {
  Random random(14);
  ModelTable model = random_model(random, 20'000);
  auto rows = reader_of(model.table(), 7'000);
  const TableVersion first = must(write_table_version(objects_, *rows, {}));
  const TableVersion renamed = must(rename_columns(objects_, first, {{"note", "remark"}}));
  rename_in_model(model, "note", "remark");
  rows = reader_of(model.table(), 7'000);
  const TableVersion fresh_one = must(write_table_version(objects_, *rows, {}));
  EXPECT_EQ(renamed.logical_hash, fresh_one.logical_hash);
  EXPECT_EQ(renamed.segments, first.segments);
  EXPECT_EQ(must(read_table_version(objects_, renamed.id)).digests, fresh_one.digests);
  const TableDiff diff = must(diff_versions(objects_, first, renamed));
  EXPECT_EQ(diff.renames, (std::vector<ColumnRename>{{"note", "remark"}}));
  EXPECT_EQ(diff.row_count(), 0);
}

TEST_F(VersionUpdateTest, ARenameSaysWhatIsWrong) {
  Random random(15);
  const TableVersion first = fresh(random_model(random, 50));
  const auto fault = [&](const TableVersion& version, const ColumnRename& rename) {
    const Error error = rename_columns(objects_, version, {rename}).error();
    return error.what + "; " + error.hint;
  };
  EXPECT_THAT(fault(first, {"nots", "x"}), testing::HasSubstr("`note`"));
  EXPECT_THAT(fault(first, {"note", "count"}), testing::HasSubstr("a column `count` already"));
  EXPECT_THAT(fault(first, {"note", ""}), testing::HasSubstr("empty"));
  EXPECT_THAT(fault(first, {"note", "note"}), testing::HasSubstr("already"));
  const TableVersion renamed = must(rename_columns(objects_, first, {{"note", "remark"}}));
  EXPECT_THAT(fault(renamed, {"note", "x"}), testing::HasSubstr("called `remark` now"));
}

TEST_F(VersionUpdateTest, ADeltaWithoutBeforeIsCountedWhenAsked) {
  Random random(6);
  ModelTable model = random_model(random, 60'000);
  const TableVersion first = fresh(model);
  const ModelTable before = model;
  edit_model(model, random, 30);
  const TableVersion second =
      must(apply_changes(objects_, first, changes_between(before, model, false)));
  EXPECT_FALSE(second.logical_hash.has_value());
  EXPECT_TRUE(second.digests.empty());
  expect_equal(second, model);
  // The next whole import knows everything again.
  edit_model(model, random, 5);
  const TableVersion third = next(second, model);
  EXPECT_TRUE(third.logical_hash.has_value());
  expect_equal(third, model);
}

TEST_F(VersionUpdateTest, ChangesThatDoNotFitAreDamage) {
  Random random(7);
  ModelTable model = random_model(random, 60'000);
  const TableVersion first = fresh(model);
  ModelTable fewer = model;
  fewer.rows.erase(std::next(fewer.rows.begin(), 30'000));
  const Changes removal = changes_between(model, fewer);
  const TableVersion second = must(apply_changes(objects_, first, removal));
  const TableVersion twice = must(apply_changes(objects_, first, inverse_changes(removal)));
  const auto rows = all_rows(*must(read_rows(objects_, twice)));
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().code, ErrorCode::damaged);
  const TableVersion gone_twice = must(apply_changes(objects_, second, removal));
  EXPECT_EQ(read_rows(objects_, gone_twice).error().code, ErrorCode::damaged);
}

TEST_F(VersionUpdateTest, EveryFlippedByteOfEveryObjectIsFound) {
  Random random(8);
  ModelTable model = random_model(random, 6'000);
  const TableVersion first = fresh(model);
  ModelTable edited = model;
  edit_model(edited, random, 5);
  const TableVersion version = must(apply_changes(objects_, first, changes_between(model, edited)));
  ASSERT_EQ(version.deltas.size(), 1U);
  for (const Id& id : objects_of(version)) {
    const std::string path = must(objects_.local_path(id));
    const std::string bytes = must(read_file(path));
    for (size_t at = 0; at < bytes.size(); at += 1 + random.below(bytes.size() / 25)) {
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << random.below(8)));
      must(write_file(path, flipped));
      const auto read = read_table_version(objects_, version.id);
      const bool found = !read.ok() || !read_rows(objects_, *read).ok() ||
                         !all_rows(*must(read_rows(objects_, *read))).ok();
      ASSERT_TRUE(found) << id.brief() << " byte " << at;
    }
    must(write_file(path, bytes));
  }
}

TEST_F(VersionUpdateTest, ARowThatComesBackWithANewColumn) {
  Random random(5);
  ModelTable model = random_model(random, 2'500);
  const ModelKey key = {-1, "a"};
  const ModelRow row = model.random_row(random);
  model.rows[key] = row;
  const TableVersion first = fresh(model);
  model.rows.erase(key);
  const TableVersion second = next(first, model);
  ASSERT_FALSE(second.deltas.empty());
  model.rows[key] = row;
  model.columns.push_back({"extra", arrow::utf8()});
  for (auto& [other, cells] : model.rows) cells["extra"] = "here";
  const TableVersion third = next(second, model);
  ASSERT_FALSE(third.segments.front().added.empty());
  expect_equal(third, model);
  model.rows[key]["extra"] = std::nullopt;
  expect_equal(next(third, model), model);
}

TEST_F(VersionUpdateTest, NanIsAnExtremeOnlyWhereNothingElseIs) {
  Random random(6);
  ModelTable model = random_model(random, 2'500);
  model.columns = {{"share", arrow::float64()}};
  for (auto& [key, row] : model.rows) row["share"] = "NaN";
  const TableVersion alone = fresh(model);
  EXPECT_EQ(alone.columns[2].maximum, "NaN");
  const auto with = [&](const TableVersion& parent, const char* value) {
    const ModelTable before = model;
    model.rows.begin()->second["share"] = value;
    return must(apply_changes(objects_, parent, changes_between(before, model)));
  };
  const TableVersion one = with(alone, "2.5");
  EXPECT_EQ(one.columns[2].minimum, "2.5");
  EXPECT_EQ(one.columns[2].maximum, "2.5");
  model.rows.rbegin()->second["share"] = "1.5";
  const TableVersion two = next(one, model);
  EXPECT_EQ(two.columns[2].maximum, "2.5");
  // A change set that holds NaN alone.
  const TableVersion three = with(two, "NaN");
  EXPECT_EQ(three.columns[2].minimum, "1.5");
  EXPECT_NE(three.columns[2].maximum, "NaN");
  expect_equal(three, model);
}

TEST_F(VersionUpdateTest, RandomHistoriesHoldWhatTheModelHolds) {
  constexpr uint64_t kSeed = 20'130'601;
  constexpr uint64_t kRuns = test_rounds(8);
  for (uint64_t run = 0; run < kRuns; ++run) {
    SCOPED_TRACE("seed " + std::to_string(kSeed + run));
    Random random(kSeed + run);
    const bool is_large = run < 2;
    ModelTable model = random_model(random, is_large ? 25'000 : 2'500);
    const ComingAndGoing rows(model);
    TableVersion version = fresh(model);
    for (int step = 0; step < 24; ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      const ModelTable before = model;
      const bool is_wide = step % 5 == 4;
      edit_model(model, random,
                 static_cast<int64_t>(random.below(is_large ? (is_wide ? 6'000 : 120) : 10)));
      rows.move(model, random);
      bool changes_columns = random.below(5) == 0;
      switch (random.below(5)) {
        case 0:
          version = next(version, model);
          break;
        case 1:
          version = must(apply_changes(objects_, version, changes_between(before, model, false)));
          break;
        case 2:  // Rows and columns at once.
          change_columns(model, random);
          changes_columns = false;
          version = next(version, model);
          break;
        default:
          version = must(apply_changes(objects_, version, changes_between(before, model)));
      }
      if (changes_columns) {
        change_columns(model, random);
        version = next(version, model);
      }
      if (random.below(4) == 0) {
        const std::string old_name = model.columns[random.below(model.columns.size())].name;
        const std::string new_name = "r" + std::to_string(random.below(4));
        if (std::none_of(model.columns.begin(), model.columns.end(),
                         [&](const auto& column) { return column.name == new_name; })) {
          rename_in_model(model, old_name, new_name);
          // Said, or found in a whole import.
          version = random.below(2) == 0
                        ? must(rename_columns(objects_, version, {{old_name, new_name}}))
                        : next(version, model);
        }
      }
      if (!is_large || step % 4 == 3) expect_equal(version, model);
      if (HasFatalFailure()) return;
    }
    EXPECT_LE(version.deltas.size(), 17U);
  }
}

TEST_F(VersionUpdateTest, AFullDiskLeavesTheParentAsItWas) {
  Random random(9);
  ModelTable model = random_model(random, 40'000);
  auto files = *open_local_file_store(folder_.path("full"));
  int64_t allowed = 1'000'000;
  ObjectStore full(make_faulty_file_store(files, [&](std::string_view operation, auto&) {
    if (operation != "write" || allowed-- > 0) return Status();
    return Status(outside_failure("the disk is full"));
  }));
  auto rows = reader_of(model.table());
  const TableVersion first = must(write_table_version(full, *rows, ModelTable::key()));
  const auto before = model.table();
  edit_model(model, random, 6'000);
  const auto after = model.table();
  for (int64_t writes = 0; writes < 6; ++writes) {
    allowed = writes;
    auto more = reader_of(after);
    const auto second = write_next_version(full, first, *more, ModelTable::key());
    allowed = 1'000'000;
    const auto expect_rows = [&](const Id& version, const arrow::Table& expected) {
      const auto found = must(read_rows(full, must(read_table_version(full, version))));
      expect_equal_rows(*must(all_rows(*found)), expected);
    };
    expect_rows(first.id, *before);
    if (second.ok()) {
      expect_rows(second->id, *after);
      continue;
    }
    EXPECT_EQ(second.error().code, ErrorCode::outside) << second.error().what;
  }
}

}  // namespace
}  // namespace millgate
