#include "data/store/table_diff.h"

#include <gmock/gmock.h>

#include "data/store/added_columns.h"
#include "data/store/test_versions.h"
#include "data/store/version_update.h"
#include "ground/test_rounds.h"

namespace millgate {
namespace {

/// "row -> column: before > after" of every change, found by looking at all cells of both models.
using Described = std::map<std::string, std::string>;

Described slow_diff(const ModelTable& before, const ModelTable& after) {
  Described found;
  const auto name = [](const ModelKey& key) { return std::to_string(key.first) + key.second; };
  for (const auto& [key, row] : before.rows) {
    if (!after.rows.contains(key)) found[name(key)] = "removed";
  }
  std::vector<ModelTable::Column> columns;  // That both have.
  for (const auto& column : after.columns) {
    const auto same = [&](const ModelTable::Column& other) {
      return other.name == column.name && other.type->Equals(*column.type);
    };
    if (std::any_of(before.columns.begin(), before.columns.end(), same)) columns.push_back(column);
  }
  for (const auto& [key, row] : after.rows) {
    const auto old_row = before.rows.find(key);
    if (old_row == before.rows.end()) {
      found[name(key)] = "inserted";
      continue;
    }
    std::string changed;
    for (const auto& column : columns) {
      if (old_row->second.at(column.name) == row.at(column.name)) continue;
      changed += column.name + ";";
    }
    if (!changed.empty()) found[name(key)] = changed;
  }
  return found;
}

Described described(const TableDiff& diff) {
  Described found;
  const Changes& changes = diff.changes;
  for (int64_t row = 0; row < changes.row_count(); ++row) {
    const std::string name = value_text(*changes.after->GetColumnByName("id"), row) +
                             value_text(*changes.after->GetColumnByName("part"), row);
    const ChangeKind kind = changes.kinds[static_cast<size_t>(row)];
    if (kind != ChangeKind::updated) {
      found[name] = kind == ChangeKind::inserted ? "inserted" : "removed";
      continue;
    }
    for (int i = 0; i < changes.after->num_columns(); ++i) {
      if (changes.cell_changed(row, i)) found[name] += diff.schema->field(i)->name() + ";";
    }
  }
  return found;
}

class TableDiffTest : public VersionsTest {
 protected:
  void expect_diff(const TableVersion& before, const ModelTable& old_model,
                   const TableVersion& after, const ModelTable& new_model) {
    const TableDiff diff = must(diff_versions(objects_, before, after));
    const Described expected = slow_diff(old_model, new_model);
    ASSERT_EQ(described(diff), expected);
    EXPECT_TRUE(diff.complete);
    EXPECT_EQ(diff.row_count(), static_cast<int64_t>(expected.size()));
    if (!diff.columns.empty()) return;
    // Laid on the old version, the changes give the new one.
    const Changes changes =
        must(changes_with_schema(diff.changes, before.schema, {}, ModelTable::key()));
    const TableVersion again = must(apply_changes(objects_, before, changes));
    EXPECT_EQ(must(counted_version(objects_, again)).logical_hash,
              must(counted_version(objects_, after)).logical_hash);
    // Fewer rows are the first of them, and the counts stay.
    const TableDiff some = must(diff_versions(objects_, before, after, {.rows_max = 3}));
    EXPECT_EQ(some.row_count(), diff.row_count());
    EXPECT_EQ(some.changed_cells, diff.changed_cells);
    EXPECT_EQ(some.changes.row_count(), std::min<int64_t>(3, diff.row_count()));
  }
};

TEST_F(TableDiffTest, AgreesWithALookAtAllCells) {
  constexpr uint64_t kSeed = 7;
  for (uint64_t run = 0; run < test_rounds(2); ++run) {
    SCOPED_TRACE("seed " + std::to_string(kSeed + run));
    Random random(kSeed + run);
    std::vector<ModelTable> models = {random_model(random, 20'000)};
    std::vector<TableVersion> versions = {fresh(models[0])};
    // Two branches from the third version on.
    for (int step = 1; step < 7; ++step) {
      const size_t parent = step == 5 ? 2 : models.size() - 1;
      ModelTable model = models[parent];
      edit_model(model, random, step == 4 ? 4'000 : 60);
      versions.push_back(next(versions[parent], model));
      models.push_back(std::move(model));
    }
    for (size_t i = 0; i < models.size(); ++i) {
      for (size_t j = i % 2; j < models.size(); j += 2) {
        SCOPED_TRACE(std::to_string(i) + " to " + std::to_string(j));
        expect_diff(versions[i], models[i], versions[j], models[j]);
        if (HasFatalFailure()) return;
      }
      // Imported apart, so that only equal segments are shared.
      expect_diff(fresh(models[i]), models[i], versions.back(), models.back());
      if (HasFatalFailure()) return;
    }
  }
}

TEST_F(TableDiffTest, AgreesWhereColumnsComeAndGo) {
  constexpr uint64_t kSeed = 20;
  for (uint64_t run = 0; run < test_rounds(3); ++run) {
    SCOPED_TRACE("seed " + std::to_string(kSeed + run));
    Random random(kSeed + run);
    std::vector<ModelTable> models = {random_model(random, 2'500)};
    std::vector<TableVersion> versions = {fresh(models[0])};
    const ComingAndGoing rows(models[0]);
    for (int step = 1; step < 12; ++step) {
      ModelTable model = models.back();
      edit_model(model, random, static_cast<int64_t>(random.below(10)));
      rows.move(model, random);
      if (random.below(3) == 0) change_columns(model, random);
      versions.push_back(next(versions.back(), model));
      models.push_back(std::move(model));
    }
    for (size_t i = 0; i < models.size(); ++i) {
      for (size_t j = 0; j < models.size(); ++j) {
        if (random.below(6) != 0) continue;
        SCOPED_TRACE(std::to_string(i) + " to " + std::to_string(j));
        expect_diff(versions[i], models[i], versions[j], models[j]);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_F(TableDiffTest, TellsColumnsApart) {
  Random random(3);
  ModelTable model = random_model(random, 40'000);
  const TableVersion first = fresh(model);
  model.columns.push_back({"extra", arrow::int64()});
  for (auto& [key, row] : model.rows) row["extra"] = "1";
  model.columns.erase(model.columns.begin());
  const TableVersion second = next(first, model);
  const TableDiff diff = must(diff_versions(objects_, first, second));
  ASSERT_EQ(diff.columns.size(), 2U);
  EXPECT_EQ(diff.columns[0].name, "flag");
  EXPECT_EQ(diff.columns[0].type_after, "");
  EXPECT_EQ(diff.columns[1].name, "extra");
  EXPECT_EQ(diff.columns[1].type_before, "");
  EXPECT_EQ(diff.row_count(), 0);
  EXPECT_TRUE(diff.any());
  EXPECT_FALSE(must(diff_versions(objects_, second, second)).any());
}

TEST_F(TableDiffTest, RowsWithoutAKeyAreMatchedByContent) {
  const auto write = [&](const std::string& csv) {
    must(write_file(folder_.path("t.csv"), csv));
    auto rows = reader_of(must(read_files({folder_.path("t.csv")})));
    return must(write_table_version(objects_, *rows, {}));
  };
  const TableVersion before = write("a,b\n1,x\n2,y\n2,y\n3,\n");
  const TableVersion after = write("a,b\n3,\n2,y\n1,z\n1,z\n");
  const TableDiff diff = must(diff_versions(objects_, before, after));
  EXPECT_EQ(diff.inserted_count, 2);
  EXPECT_EQ(diff.removed_count, 2);
  ASSERT_EQ(diff.changes.row_count(), 4);
  EXPECT_EQ(value_text(*diff.changes.before->column(1), 0), "x");
  EXPECT_EQ(value_text(*diff.changes.after->column(1), 3), "z");
  EXPECT_FALSE(must(diff_versions(objects_, before, write("a,b\n2,y\n3,\n1,x\n2,y\n"))).any());
}

TEST_F(TableDiffTest, AnotherKeyIsToldAndRowsAreNot) {
  Random random(3);
  const ModelTable model = random_model(random, 100);
  auto rows = reader_of(model.table());
  const TableVersion keyless = must(write_table_version(objects_, *rows, {}));
  const TableDiff diff = must(diff_versions(objects_, fresh(model), keyless));
  EXPECT_TRUE(diff.key_changed);
  EXPECT_TRUE(diff.any());
  EXPECT_EQ(diff.row_count(), 0);
}

}  // namespace
}  // namespace millgate
