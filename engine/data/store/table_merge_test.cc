#include "data/store/table_merge.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "data/store/column_rename.h"
#include "data/store/table_diff.h"
#include "data/store/test_versions.h"
#include "data/store/version_update.h"
#include "ground/test_rounds.h"

namespace millgate {
namespace {

/// "key column" of each conflict; the column is empty for rows.
using Places = std::set<std::pair<std::string, std::string>>;

struct SlowMerge {
  ModelTable merged;
  Places conflicts;
};

/// The merge of `base`, `ours` and `theirs`, found by looking at every cell. Ours stays where
/// there is a conflict.
SlowMerge slow_merge(const ModelTable& base, const ModelTable& ours, const ModelTable& theirs) {
  SlowMerge merge{ours, {}};
  const auto find = [](const ModelTable& table, const ModelKey& key) -> const ModelRow* {
    const auto found = table.rows.find(key);
    return found == table.rows.end() ? nullptr : &found->second;
  };
  std::set<ModelKey> keys;
  for (const ModelTable* table : {&base, &ours, &theirs}) {
    for (const auto& [key, row] : table->rows) keys.insert(key);
  }
  for (const ModelKey& key : keys) {
    const std::string text = "id = " + std::to_string(key.first) + ", part = " + key.second;
    const ModelRow* was = find(base, key);
    const ModelRow* our_row = find(ours, key);
    const ModelRow* their_row = find(theirs, key);
    const auto same = [](const ModelRow* a, const ModelRow* b) {
      return a == b || (a != nullptr && b != nullptr && *a == *b);
    };
    if (same(was, their_row) || same(our_row, their_row)) continue;
    if (same(was, our_row)) {
      if (their_row == nullptr) {
        merge.merged.rows.erase(key);
      } else {
        merge.merged.rows[key] = *their_row;
      }
      continue;
    }
    if (our_row == nullptr || their_row == nullptr) {
      merge.conflicts.insert({text, ""});
      continue;
    }
    for (const auto& column : base.columns) {
      const ModelCell& our_cell = our_row->at(column.name);
      const ModelCell& their_cell = their_row->at(column.name);
      const bool we = was == nullptr || was->at(column.name) != our_cell;
      const bool they = was == nullptr || was->at(column.name) != their_cell;
      if (!they || our_cell == their_cell) continue;
      if (we) {
        merge.conflicts.insert({text, column.name});
      } else {
        merge.merged.rows[key][column.name] = their_cell;
      }
    }
  }
  return merge;
}

class TableMergeTest : public VersionsTest {
 protected:
  Result<TableMerge> merge_two(const TableVersion& base, const TableVersion& ours,
                               const TableVersion& theirs, const MergeOptions& options) {
    return merge_versions(objects_, ours, {{.base = base, .theirs = theirs}}, options);
  }
  /// A merge in which both sides set `column` of the first row.
  Result<TableMerge> one_cell(const std::string& column, const ModelCell& base,
                              const ModelCell& ours, const ModelCell& theirs,
                              const MergeOptions& options) {
    Random random(1);
    ModelTable model = random_model(random, 50);
    model.rows.begin()->second[column] = base;
    const TableVersion base_version = fresh(model);
    model.rows.begin()->second[column] = ours;
    const TableVersion our_version = next(base_version, model);
    model.rows.begin()->second[column] = theirs;
    const TableVersion their_version = next(base_version, model);
    return merge_two(base_version, our_version, their_version, options);
  }
  std::string merged_cell(const std::string& column, const ModelCell& base, const ModelCell& ours,
                          const ModelCell& theirs, const std::string& policy,
                          bool theirs_is_newer = false) {
    MergeOptions options;
    options.by_column[column] = must(parse_merge_policy(policy));
    options.times = {Time{1}, Time{theirs_is_newer ? 2 : 0}};
    const auto merge = one_cell(column, base, ours, theirs, options);
    if (!merge.ok()) return merge.error().what;
    EXPECT_TRUE(merge->conflicts.empty());
    EXPECT_EQ(merge->settled_count, 1);
    const auto rows = must(all_rows(*must(read_rows(objects_, merge->version))));
    return value_text(*rows->GetColumnByName(column)->chunk(0), 0);
  }
};

TEST_F(TableMergeTest, AgreesWithAMergeOfEveryCell) {
  constexpr uint64_t kSeed = 99;
  for (uint64_t run = 0; run < test_rounds(12); ++run) {
    SCOPED_TRACE("seed " + std::to_string(kSeed + run));
    Random random(kSeed + run);
    // Few rows and many edits meet often; many rows go through several segments.
    const ModelTable base = random_model(random, run % 6 == 0 ? 20'000 : 400);
    ModelTable ours = base;
    ModelTable theirs = base;
    edit_model(ours, random, 80);
    edit_model(theirs, random, 80);
    // The same edit on both sides.
    ours.rows.rbegin()->second["note"] = "same";
    theirs.rows.rbegin()->second["note"] = "same";
    const TableVersion base_version = fresh(base);
    const SlowMerge expected = slow_merge(base, ours, theirs);
    const TableMerge merge =
        must(merge_two(base_version, next(base_version, ours), next(base_version, theirs), {}));
    Places places;
    for (const Conflict& conflict : merge.conflicts) {
      places.insert({conflict.key_text, conflict.column});
    }
    EXPECT_EQ(places, expected.conflicts);
    EXPECT_EQ(places.size(), merge.conflicts.size());
    EXPECT_EQ(csv_of_version(merge.version), csv_of(*expected.merged.table()));
    EXPECT_EQ(must(counted_version(objects_, merge.version)).logical_hash,
              fresh(expected.merged).logical_hash);
    // All conflicts for theirs: then both directions agree.
    MergeOptions theirs_wins;
    theirs_wins.policy = MergePolicy::theirs;
    MergeOptions ours_wins;
    ours_wins.policy = MergePolicy::ours;
    const TableMerge one = must(
        merge_two(base_version, next(base_version, ours), next(base_version, theirs), theirs_wins));
    const TableMerge other = must(
        merge_two(base_version, next(base_version, theirs), next(base_version, ours), ours_wins));
    EXPECT_TRUE(one.conflicts.empty());
    EXPECT_EQ(csv_of_version(one.version), csv_of_version(other.version));
    // Settled one by one, the same comes out.
    MergeOptions decided;
    for (const Conflict& conflict : merge.conflicts) {
      decided.resolutions[{conflict.key, conflict.column}].take = Resolution::Take::theirs;
    }
    const TableMerge settled = must(
        merge_two(base_version, next(base_version, ours), next(base_version, theirs), decided));
    EXPECT_TRUE(settled.conflicts.empty());
    EXPECT_EQ(csv_of_version(settled.version), csv_of_version(one.version));
  }
}

TEST_F(TableMergeTest, AgreesAfterHistoriesOfManySteps) {
  constexpr uint64_t kSeed = 300;
  for (uint64_t run = 0; run < test_rounds(5); ++run) {
    SCOPED_TRACE("seed " + std::to_string(kSeed + run));
    Random random(kSeed + run);
    ModelTable base = random_model(random, 2'500);
    const ComingAndGoing rows(base);
    const auto steps = [&](ModelTable& model, TableVersion version, bool columns) {
      for (int step = 0; step < 4; ++step) {
        edit_model(model, random, static_cast<int64_t>(random.below(10)));
        rows.move(model, random);
        if (columns) change_columns(model, random);
        version = next(version, model);
      }
      return version;
    };
    const TableVersion base_version = steps(base, fresh(base), true);
    ModelTable ours = base;
    ModelTable theirs = base;
    const TableVersion our_version = steps(ours, base_version, false);
    const TableVersion their_version = steps(theirs, base_version, false);
    const SlowMerge expected = slow_merge(base, ours, theirs);
    const TableMerge merge = must(merge_two(base_version, our_version, their_version, {}));
    Places places;
    for (const Conflict& conflict : merge.conflicts) {
      places.insert({conflict.key_text, conflict.column});
    }
    EXPECT_EQ(places, expected.conflicts);
    EXPECT_EQ(csv_of_version(merge.version), csv_of(*expected.merged.table()));
    EXPECT_EQ(must(counted_version(objects_, merge.version)).logical_hash,
              fresh(expected.merged).logical_hash);
  }
}

TEST_F(TableMergeTest, PoliciesSettleOneCell) {
  EXPECT_EQ(merged_cell("count", "10", "13", "15", "sum"), "18");
  EXPECT_EQ(merged_cell("count", std::nullopt, "13", "15", "sum"), "28");
  EXPECT_EQ(merged_cell("share", "1.5", "2.0", "0.5", "sum"), "1.0");
  EXPECT_EQ(merged_cell("count", "10", "13", "15", "max"), "15");
  EXPECT_EQ(merged_cell("count", "10", "13", "-5", "max"), "13");
  EXPECT_EQ(merged_cell("count", "10", "13", "-5", "min"), "-5");
  EXPECT_EQ(merged_cell("count", "10", "13", std::nullopt, "max"), "13");
  EXPECT_EQ(merged_cell("note", "a", "b", "c", "max"), "c");
  EXPECT_EQ(merged_cell("note", "a", "b", "c", "ours"), "b");
  EXPECT_EQ(merged_cell("note", "a", "b", "c", "theirs"), "c");
  EXPECT_EQ(merged_cell("note", "a", "b", "c", "newest", true), "c");
  EXPECT_EQ(merged_cell("note", "a", "b", "c", "newest", false), "b");
  EXPECT_THAT(merged_cell("note", "a", "b", "c", "sum"), testing::HasSubstr("no sum"));
  EXPECT_THAT(merged_cell("count", "-9000000000000000000", "1", "9000000000000000000", "sum"),
              testing::HasSubstr("64 bits"));
  EXPECT_THAT(parse_merge_policy("their").error().hint, testing::HasSubstr("theirs"));
}

TEST_F(TableMergeTest, AValueSettlesWhenItFits) {
  const TableMerge merge = must(one_cell("count", "1", "2", "3", {}));
  ASSERT_EQ(merge.conflicts.size(), 1U);
  EXPECT_EQ(merge.conflicts[0].base, "1");
  EXPECT_EQ(merge.conflicts[0].ours, "2");
  EXPECT_EQ(merge.conflicts[0].theirs, "3");
  MergeOptions options;
  Resolution& resolution = options.resolutions[{merge.conflicts[0].key, "count"}];
  resolution = {.take = Resolution::Take::value, .value = "7"};
  const TableMerge settled = must(one_cell("count", "1", "2", "3", options));
  EXPECT_TRUE(settled.conflicts.empty());
  EXPECT_EQ(value_text(*must(all_rows(*must(read_rows(objects_, settled.version))))
                            ->GetColumnByName("count")
                            ->chunk(0),
                       0),
            "7");
  resolution.value = "seven";
  EXPECT_EQ(one_cell("count", "1", "2", "3", options).error().code, ErrorCode::invalid_input);
}

/// Cells of a column that the base has not, merged as if they were null there; rows as they came
/// out of a merge without the column. In a row that is new on both sides every difference counts.
void merge_added_column(const ModelTable& base, const ModelTable& ours, const ModelTable& theirs,
                        const std::string& column, SlowMerge& merge) {
  for (auto& [key, row] : merge.merged.rows) {
    const auto our_row = ours.rows.find(key);
    const auto their_row = theirs.rows.find(key);
    const bool both = our_row != ours.rows.end() && their_row != theirs.rows.end();
    const bool new_in_both = both && !base.rows.contains(key);
    const ModelCell our_cell =
        our_row == ours.rows.end() ? ModelCell() : our_row->second.at(column);
    const ModelCell their_cell =
        their_row == theirs.rows.end() ? ModelCell() : their_row->second.at(column);
    row[column] = our_cell || new_in_both ? our_cell : their_cell;
    if (!both || our_cell == their_cell) continue;
    if (!new_in_both && (!our_cell || !their_cell)) continue;
    merge.conflicts.insert(
        {"id = " + std::to_string(key.first) + ", part = " + key.second, column});
  }
}

/// Values of few kinds, so that both sides often have the same one; some are null.
void fill_column(ModelTable& table, const std::string& column, Random& random) {
  for (auto& [key, row] : table.rows) {
    ModelCell cell = std::to_string(key.first % 5 + (random.below(3) == 0 ? 1 : 0));
    row[column] = random.below(3) == 0 ? ModelCell() : cell;
  }
}

void widen_to_double(ModelTable& table, const std::string& column) {
  for (auto& one : table.columns) {
    if (one.name == column) one.type = arrow::float64();
  }
  for (auto& [key, row] : table.rows) {
    if (row[column]) *row[column] += ".0";
  }
}

TEST_F(TableMergeTest, AColumnThatBothSidesAddedIsMergedByCell) {
  for (uint64_t run = 0; run < test_rounds(8); ++run) {
    SCOPED_TRACE("seed " + std::to_string(run));
    Random random(run);
    // With many rows there are deltas below: rows have gone, and some come back with the column.
    const bool is_large = run % 4 == 0;
    ModelTable base = random_model(random, is_large ? 2'500 : 300);
    const ComingAndGoing rows_of_base(base);
    TableVersion base_version = fresh(base);
    if (is_large) {
      rows_of_base.move(base, random);
      base_version = next(base_version, base);
    }
    ModelTable ours = base;
    ModelTable theirs = base;
    TableVersion our_version = base_version;
    TableVersion their_version = base_version;
    for (auto [model, version] :
         {std::pair(&ours, &our_version), std::pair(&theirs, &their_version)}) {
      edit_model(*model, random, is_large ? 20 : 60);
      if (!is_large) continue;
      rows_of_base.move(*model, random);
      *version = next(*version, *model);
      rows_of_base.move(*model, random);
    }
    SlowMerge expected = slow_merge(base, ours, theirs);
    fill_column(ours, "extra", random);
    fill_column(theirs, "extra", random);
    merge_added_column(base, ours, theirs, "extra", expected);
    ours.columns.push_back({"extra", arrow::int64()});
    theirs.columns.insert(theirs.columns.begin(), {"extra", arrow::int64()});
    expected.merged.columns.push_back({"extra", arrow::int64()});
    const bool widens = run % 2 == 1;
    if (widens) {
      widen_to_double(run % 4 == 1 ? ours : theirs, "extra");
      widen_to_double(expected.merged, "extra");
    }
    const bool theirs_has_more = run == 4;
    if (theirs_has_more) {
      theirs.columns.push_back({"more", arrow::int64()});
      for (auto& [key, row] : theirs.rows) row["more"] = std::to_string(key.first);
    }
    our_version = next(our_version, ours);
    their_version = next(their_version, theirs);
    const TableMerge merge = must(merge_two(base_version, our_version, their_version, {}));
    Places places;
    for (const Conflict& conflict : merge.conflicts) {
      places.insert({conflict.key_text, conflict.column});
      EXPECT_TRUE(conflict.column != "extra" || conflict.base == "null") << conflict.base;
    }
    EXPECT_EQ(places, expected.conflicts);
    EXPECT_EQ(places.size(), merge.conflicts.size());
    if (!theirs_has_more) {
      EXPECT_EQ(csv_of_version(merge.version), csv_of(*expected.merged.table()));
      EXPECT_EQ(must(counted_version(objects_, merge.version)).logical_hash,
                fresh(expected.merged).logical_hash);
    }
    // Settled for one side, both directions agree in what they hold and in what they count.
    MergeOptions theirs_wins;
    theirs_wins.policy = MergePolicy::theirs;
    MergeOptions ours_wins;
    ours_wins.policy = MergePolicy::ours;
    const TableMerge one = must(merge_two(base_version, our_version, their_version, theirs_wins));
    const TableMerge other = must(merge_two(base_version, their_version, our_version, ours_wins));
    EXPECT_TRUE(one.conflicts.empty());
    EXPECT_EQ(one.version.logical_hash, other.version.logical_hash);
    auto rows = must(read_rows(objects_, one.version));
    EXPECT_EQ(one.version.logical_hash,
              must(write_table_version(objects_, *rows, ModelTable::key())).logical_hash);
  }
}

/// How many segments have beside them what lies beside those of `other`.
size_t shared_beside(const TableVersion& version, const TableVersion& other) {
  size_t count = 0;
  for (const Segment& segment : version.segments) {
    for (const Segment& one : other.segments) {
      if (segment.object != one.object || segment.added.empty() || one.added.empty()) continue;
      count += segment.added.back().object == one.added.back().object ? 1 : 0;
    }
  }
  return count;
}

TEST_F(TableMergeTest, AColumnThatOneSideAloneAddedIsTakenAsItLies) {
  constexpr uint64_t kSeed = 4100;
  size_t taken = 0;
  for (uint64_t run = 0; run < 6; ++run) {
    SCOPED_TRACE("seed " + std::to_string(kSeed + run));
    Random random(kSeed + run);
    ModelTable base = random_model(random, 2'500);
    const ComingAndGoing rows(base);
    TableVersion base_version = fresh(base);
    // Deltas below, of rows that have gone and may come back with the columns.
    rows.move(base, random);
    base_version = next(base_version, base);
    ModelTable ours = base;
    ModelTable theirs = base;
    const auto change = [&](ModelTable& model, TableVersion version, const std::string& column) {
      for (int step = 0; step < 3; ++step) {
        edit_model(model, random, static_cast<int64_t>(random.below(8)));
        rows.move(model, random);
        if (step == static_cast<int>(run % 3)) model.columns.push_back({column, arrow::int64()});
        if (step >= static_cast<int>(run % 3)) fill_column(model, column, random);
        version = next(version, model);
      }
      return version;
    };
    const TableVersion our_version = change(ours, base_version, "in_ours");
    const TableVersion their_version = change(theirs, base_version, "in_theirs");
    // The rows by themselves, without the columns.
    ModelTable base_rows = base;
    ModelTable our_rows = ours;
    our_rows.columns = base.columns;
    ModelTable their_rows = theirs;
    their_rows.columns = base.columns;
    for (ModelTable* one : {&base_rows, &our_rows, &their_rows}) {
      for (auto& [key, row] : one->rows) row["in_ours"] = row["in_theirs"] = std::nullopt;
    }
    SlowMerge expected = slow_merge(base_rows, our_rows, their_rows);
    expected.merged.columns.push_back({"in_ours", arrow::int64()});
    expected.merged.columns.push_back({"in_theirs", arrow::int64()});
    for (auto& [key, row] : expected.merged.rows) {
      const auto our_row = ours.rows.find(key);
      const auto their_row = theirs.rows.find(key);
      if (our_row != ours.rows.end()) row["in_ours"] = our_row->second.at("in_ours");
      if (their_row != theirs.rows.end()) row["in_theirs"] = their_row->second.at("in_theirs");
    }
    const TableMerge merge = must(merge_two(base_version, our_version, their_version, {}));
    EXPECT_EQ(csv_of_version(merge.version), csv_of(*expected.merged.table()));
    taken += shared_beside(merge.version, their_version);
    const TableVersion slow = fresh(expected.merged);
    EXPECT_EQ(merge.version.logical_hash, slow.logical_hash);
    EXPECT_EQ(must(read_table_version(objects_, merge.version.id)).logical_hash, slow.logical_hash);
    for (size_t i = 0; i < slow.columns.size(); ++i) {
      EXPECT_EQ(merge.version.columns[i].name, slow.columns[i].name);
      EXPECT_EQ(merge.version.columns[i].null_count, slow.columns[i].null_count) << i;
    }
    const auto nan_is_nan = arrow::EqualOptions::Defaults().nans_equal(true);
    // What it says of its changes is the truth: beside what the rows say.
    for (const TableVersion& before : {our_version, their_version, base_version}) {
      const TableDiff by_deltas = must(diff_versions(objects_, before, merge.version));
      const TableDiff by_rows = must(diff_versions(objects_, before, slow));
      EXPECT_EQ(by_deltas.inserted_count, by_rows.inserted_count);
      EXPECT_EQ(by_deltas.removed_count, by_rows.removed_count);
      EXPECT_EQ(by_deltas.changed_cells, by_rows.changed_cells);
      EXPECT_TRUE(by_deltas.changes.before->Equals(*by_rows.changes.before, false, nan_is_nan));
      EXPECT_TRUE(by_deltas.changes.after->Equals(*by_rows.changes.after, false, nan_is_nan));
    }
  }
  EXPECT_GT(taken, 0U);
}

TEST_F(TableMergeTest, AColumnIsTakenBesideRowsThatOneSideAppended) {
  constexpr int64_t kRows = 160'000;
  // The n of a row, or nothing where a side removed it. Numbers that do not pack, so that segments
  // are too large (32 KB) to be written anew for a change.
  const auto base_n = [](int64_t id) {
    return std::optional<int64_t>(
        static_cast<int64_t>(Random(static_cast<uint64_t>(id)).next() >> 24));
  };
  const auto our_n = [&](int64_t id) {
    if (id % 20'011 == 5) return std::optional<int64_t>();
    return id % 10'007 == 3 ? std::optional<int64_t>(-id) : base_n(id);
  };
  const auto their_n = [&](int64_t id) {
    if (id % 30'011 == 7) return std::optional<int64_t>();
    return id % 9'001 == 4 ? std::optional<int64_t>(-2 * id) : base_n(id);
  };
  const auto merged_n = [&](int64_t id) {
    if (id >= kRows) return our_n(id);
    if (!our_n(id) || !their_n(id)) return std::optional<int64_t>();
    return our_n(id) == base_n(id) ? their_n(id) : our_n(id);
  };
  const auto make = [&](int64_t rows, const auto& n_of, bool with_ours, bool with_theirs) {
    std::vector<std::string> names = {"id", "part", "n"};
    if (with_ours) names.emplace_back("in_ours");
    if (with_theirs) names.emplace_back("in_theirs");
    std::vector<ColumnBuilder> builders;
    arrow::FieldVector fields;
    for (const std::string& name : names) {
      fields.push_back(arrow::field(name, name == "part" ? arrow::utf8() : arrow::int64()));
      builders.push_back(must(ColumnBuilder::make(fields.back()->type())));
    }
    for (int64_t id = 0; id < rows; ++id) {
      const auto n = n_of(id);
      if (!n) continue;
      EXPECT_TRUE(builders[0].add_integer(id) && builders[1].add_text("a") &&
                  builders[2].add_integer(*n));
      size_t place = 3;
      const bool fits = (!with_ours || builders[place++].add_integer(id % 13)) &&
                        (!with_theirs || id >= kRows || builders[place].add_integer(id % 17));
      EXPECT_TRUE(fits);
      if (with_theirs && id >= kRows) builders[place].add_null();
    }
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    for (ColumnBuilder& builder : builders) arrays.push_back(must(builder.finish()));
    return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(arrays));
  };
  const auto child = [&](const TableVersion& parent, const std::shared_ptr<arrow::Table>& table) {
    auto rows = reader_of(table, 20'000);
    return must(write_next_version(objects_, parent, *rows, ModelTable::key()));
  };
  const TableVersion base = fresh(make(kRows, base_n, false, false));
  ASSERT_GE(base.segments.size(), 4U);
  const TableVersion theirs = child(base, make(kRows, their_n, false, true));
  const TableVersion ours = child(base, make(kRows + 5'000, our_n, true, false));
  const TableMerge merge = must(merge_two(base, ours, theirs, {}));
  EXPECT_TRUE(merge.conflicts.empty());
  const TableVersion expected = fresh(make(kRows + 5'000, merged_n, true, true));
  EXPECT_EQ(merge.version.row_count, expected.row_count);
  EXPECT_EQ(merge.version.logical_hash, expected.logical_hash);
  const TableVersion counted =
      must(counted_version(objects_, version_with_columns(merge.version, merge.version.schema)));
  EXPECT_EQ(counted.logical_hash, expected.logical_hash);
  EXPECT_FALSE(must(diff_versions(objects_, merge.version, expected)).any());
  // What lies beside a segment of theirs lies beside that of the merge, but where rows came.
  EXPECT_EQ(shared_beside(merge.version, theirs), base.segments.size() - 1);
  // The other way round, where theirs has the rows that ours has not.
  const TableMerge turned = must(merge_two(base, theirs, ours, {}));
  EXPECT_EQ(turned.version.logical_hash, expected.logical_hash);
}

/// Texts of rows without a key, in any order, and how often each is there.
using Bag = std::map<std::string, int64_t>;

class ContentMergeTest : public TableMergeTest {
 protected:
  /// `text` as CSV.
  std::shared_ptr<arrow::Table> table_of(const std::string& text) {
    const std::string path = folder_.path() + "/rows.csv";
    must(write_file(path, text));
    return must(read_files({path}));
  }
  /// Rows (a, b) of a table without a key.
  TableVersion bag_version(const Bag& bag, const TableVersion* parent) {
    std::string text = "a,b\n";
    for (const auto& [row, count] : bag) {
      for (int64_t i = 0; i < count; ++i) text += row + "\n";
    }
    const auto table = table_of(text);
    auto rows = reader_of(table, 100);
    return must(parent == nullptr ? write_table_version(objects_, *rows, {})
                                  : write_next_version(objects_, *parent, *rows, {}));
  }
  Bag bag_of(const TableVersion& version) {
    std::istringstream lines(csv_of_version(version));
    std::string line;
    std::getline(lines, line);
    Bag bag;
    while (std::getline(lines, line)) ++bag[line];
    return bag;
  }
};

TEST_F(ContentMergeTest, AgreesWithCountsOfRows) {
  constexpr uint64_t kSeed = 71;
  int conflicts = 0;
  for (uint64_t run = 0; run < 15; ++run) {
    SCOPED_TRACE("seed " + std::to_string(kSeed + run));
    Random random(kSeed + run);
    const auto some_row = [&] {
      return std::to_string(random.below(40)) + "," + std::string(1, "xyz"[random.below(3)]);
    };
    Bag base;
    for (int i = 0; i < 60; ++i) ++base[some_row()];
    const auto edited = [&](Bag bag) {
      for (int i = 0; i < 6; ++i) {
        auto gone = bag.lower_bound(some_row());
        if (gone != bag.end() && --gone->second == 0) bag.erase(gone);
        for (uint64_t count = random.below(3); count > 0; --count) ++bag[some_row()];
      }
      return bag;
    };
    const Bag ours = edited(base);
    const std::vector<Bag> theirs = {edited(base), edited(base)};
    // What comes out, one side after the other; nothing when both took one row away.
    std::optional<Bag> expected = ours;
    for (const Bag& side : theirs) {
      const auto in = [](const Bag& bag, const std::string& row) {
        const auto found = bag.find(row);
        return found == bag.end() ? 0 : found->second;
      };
      Bag rows = base;
      for (const Bag* bag : {&side, &ours}) rows.insert(bag->begin(), bag->end());
      if (expected) rows.insert(expected->begin(), expected->end());
      Bag next;
      for (const auto& [row, count] : rows) {
        if (!expected) break;
        const int64_t we = in(*expected, row) - in(base, row);
        const int64_t they = in(side, row) - in(base, row);
        if (we < 0 && they < 0) expected.reset();
        const int64_t both = we > 0 && they > 0 ? std::max(we, they) : we + they;
        if (in(base, row) + both > 0) next[row] = in(base, row) + both;
      }
      if (expected) expected = next;
    }
    const TableVersion base_version = bag_version(base, nullptr);
    std::vector<MergeSide> sides;
    for (const Bag& side : theirs) {
      sides.push_back({.base = base_version, .theirs = bag_version(side, &base_version)});
    }
    const auto merge = merge_versions(objects_, bag_version(ours, &base_version), sides, {});
    EXPECT_EQ(merge.ok(), expected.has_value());
    if (!merge.ok()) {
      ++conflicts;
      EXPECT_EQ(merge.error().code, ErrorCode::conflict);
      EXPECT_THAT(merge.error().what, testing::HasSubstr("the same row: a = "));
      continue;
    }
    EXPECT_EQ(bag_of(merge->version), *expected);
    EXPECT_EQ(merge->version.logical_hash, bag_version(*expected, nullptr).logical_hash);
  }
  EXPECT_GT(conflicts, 0);
  EXPECT_LT(conflicts, 15);
}

/// Many segments, equal rows in several of them; what lies in segments of all sides is not read.
TEST_F(ContentMergeTest, ReadsOnlyWhatASideHasAlone) {
  constexpr uint64_t kSeed = 2500;
  using Numbers = std::vector<int64_t>;
  const auto version_of = [&](const Numbers& numbers) {
    ColumnBuilder builder = must(ColumnBuilder::make(arrow::int64()));
    for (const int64_t number : numbers) EXPECT_TRUE(builder.add_integer(number));
    const auto table = arrow::Table::Make(arrow::schema({arrow::field("n", arrow::int64())}),
                                          {must(builder.finish())});
    auto rows = reader_of(table, 20'000);
    return must(write_table_version(objects_, *rows, {}));
  };
  size_t unread = 0;
  for (uint64_t run = 0; run < 2; ++run) {
    SCOPED_TRACE("seed " + std::to_string(kSeed + run));
    Random random(kSeed + run);
    Numbers base(150'000);
    for (int64_t& number : base) {
      const uint64_t kinds = run % 2 == 0 ? 60'000 : uint64_t{1} << 40;
      number = static_cast<int64_t>(random.below(kinds));
    }
    // A side removes numbers of one parity within a stretch, and adds some anywhere or at the end.
    const auto edited = [&](uint64_t parity) {
      Numbers numbers;
      const size_t from = random.below(base.size());
      for (size_t i = 0; i < base.size(); ++i) {
        const bool in_reach = i >= from && i < from + 3'000;
        const bool takes = in_reach && random.below(10) == 0;
        if (!takes || static_cast<uint64_t>(base[i]) % 2 != parity) numbers.push_back(base[i]);
        if (in_reach && random.below(300) == 0) numbers.push_back(-int64_t(random.below(5)));
      }
      for (int i = 0; i < 5; ++i) numbers.push_back(-int64_t(random.below(9)));
      return numbers;
    };
    const Numbers ours = edited(0);
    const Numbers theirs = edited(1);
    std::map<int64_t, std::array<int64_t, 3>> counts;
    const std::array<const Numbers*, 3> all = {&base, &ours, &theirs};
    for (size_t i = 0; i < all.size(); ++i) {
      for (const int64_t number : *all[i]) ++counts[number][i];
    }
    Numbers expected;
    for (const auto& [number, count] : counts) {
      const int64_t we = count[1] - count[0];
      const int64_t they = count[2] - count[0];
      const int64_t both = we > 0 && they > 0 ? std::max(we, they) : we + they;
      expected.insert(expected.end(), static_cast<size_t>(count[0] + both), number);
    }
    const TableVersion expected_version = version_of(expected);
    const TableVersion base_version = version_of(base);
    const TableVersion our_version = version_of(ours);
    const TableVersion their_version = version_of(theirs);
    const auto holds = [](const TableVersion& version, const Id& object) {
      return std::any_of(version.segments.begin(), version.segments.end(),
                         [&](const Segment& one) { return one.object == object; });
    };
    std::map<Id, std::string> hidden;
    for (size_t i = 0; i + 1 < our_version.segments.size(); ++i) {
      const Id& object = our_version.segments[i].object;
      if (!holds(base_version, object) || !holds(their_version, object)) continue;
      const std::string path = must(objects_.local_path(object));
      hidden[object] = path;
      std::filesystem::rename(path, path + ".hidden");
    }
    unread += hidden.size();
    const auto merge = merge_two(base_version, our_version, their_version, {});
    for (const auto& [object, path] : hidden) std::filesystem::rename(path + ".hidden", path);
    const TableVersion& merged = must(merge).version;
    EXPECT_EQ(merged.row_count, expected_version.row_count);
    EXPECT_EQ(merged.logical_hash, expected_version.logical_hash);
    EXPECT_EQ(merged.columns[0].null_count, 0);
    auto rows = must(read_rows(objects_, merged));
    EXPECT_EQ(must(write_table_version(objects_, *rows, {})).logical_hash, merged.logical_hash);
  }
  EXPECT_GE(unread, 2U);
}

TEST_F(ContentMergeTest, KeepsTheOrderOfOursAndRefusesOtherColumns) {
  const auto version = [&](const std::string& text) {
    const auto table = table_of(text);
    auto rows = reader_of(table, 100);
    return must(write_table_version(objects_, *rows, {}));
  };
  const TableVersion base = version("a,b\n3,z\n1,x\n2,y\n");
  const TableVersion ours = version("a,b\n9,n\n3,z\n1,x\n2,y\n");
  const TableMerge merge = must(merge_two(base, ours, version("a,b\n3,z\n2,y\n0,m\n"), {}));
  EXPECT_EQ(csv_of_version(merge.version), "a,b\n9,n\n3,z\n2,y\n0,m\n");
  EXPECT_EQ(merge.merged_row_count, 2);
  const auto wider = merge_two(base, ours, version("a,b,c\n3,z,1\n"), {});
  ASSERT_FALSE(wider.ok());
  EXPECT_THAT(wider.error().what, testing::HasSubstr("a side changed its columns"));
}

TEST_F(TableMergeTest, AddedColumnsOfOtherTypesAreAConflict) {
  Random random(6);
  const ModelTable base = random_model(random, 100);
  const TableVersion base_version = fresh(base);
  const auto with_extra = [&](const std::shared_ptr<arrow::DataType>& type) {
    ModelTable wider = base;
    wider.columns.push_back({"extra", type});
    for (auto& [key, row] : wider.rows) row["extra"] = std::to_string(key.first % 9);
    return next(base_version, wider);
  };
  const auto merge =
      merge_two(base_version, with_extra(arrow::int64()), with_extra(arrow::utf8()), {});
  ASSERT_FALSE(merge.ok());
  EXPECT_EQ(merge.error().code, ErrorCode::conflict);
  EXPECT_EQ(merge.error().what, "both sides added the column `extra`, as int64 and as string");
}

TEST_F(TableMergeTest, ARowIsRemovedWithTheColumnThatItsRemoverHasNot) {
  Random random(9);
  const ModelTable base = random_model(random, 40'000);
  const TableVersion base_version = fresh(base);
  ModelTable wider = base;
  wider.columns.push_back({"extra", arrow::int64()});
  for (auto& [key, row] : wider.rows) row["extra"] = std::to_string(key.first % 9);
  ModelTable fewer = base;
  const TableVersion wider_version = next(base_version, wider);
  for (int i = 0; i < 3; ++i) {
    const auto at = std::next(fewer.rows.begin(), 1'000 + i * 12'000);
    wider.rows.erase(at->first);
    fewer.rows.erase(at);
  }
  const TableMerge merge =
      must(merge_two(base_version, wider_version, next(base_version, fewer), {}));
  EXPECT_EQ(csv_of_version(merge.version), csv_of(*wider.table()));
  EXPECT_EQ(merge.version.logical_hash, fresh(wider).logical_hash);
}

TEST_F(TableMergeTest, ARenameMeetsEditsOfItsColumn) {
  Random random(7);
  const ModelTable base = random_model(random, 400);
  const TableVersion base_version = fresh(base);
  ModelTable ours = base;
  ModelTable theirs = base;
  edit_model(ours, random, 60);
  edit_model(theirs, random, 60);
  const TableVersion our_version = next(base_version, ours);
  const TableVersion their_version = next(base_version, theirs);
  SlowMerge expected = slow_merge(base, ours, theirs);
  rename_in_model(expected.merged, "note", "remark");
  const auto renamed = [&](const TableVersion& version) {
    return must(rename_columns(objects_, version, {{"note", "remark"}}));
  };
  const std::vector<std::pair<TableVersion, TableVersion>> pairs = {
      {renamed(our_version), their_version},
      {our_version, renamed(their_version)},
      {renamed(our_version), renamed(their_version)}};
  for (const auto& [one, other] : pairs) {
    const TableMerge merge = must(merge_two(base_version, one, other, {}));
    EXPECT_EQ(csv_of_version(must(read_table_version(objects_, merge.version.id))),
              csv_of(*expected.merged.table()));
    Places places;
    for (const Conflict& conflict : merge.conflicts) {
      places.insert({conflict.key_text, conflict.column == "remark" ? "note" : conflict.column});
    }
    EXPECT_EQ(places, expected.conflicts);
  }
  // Nothing but the name.
  const TableMerge only_name =
      must(merge_two(base_version, our_version, renamed(base_version), {}));
  EXPECT_EQ(only_name.version.id, renamed(our_version).id);
  // Several branches, one of which renames.
  MergeOptions by_votes;
  by_votes.policy = MergePolicy::majority;
  const TableMerge voted = must(merge_versions(objects_, base_version,
                                               {{base_version, our_version},
                                                {base_version, renamed(their_version)},
                                                {base_version, our_version}},
                                               by_votes));
  EXPECT_GE(voted.version.schema->GetFieldIndex("remark"), 0);
  EXPECT_TRUE(std::all_of(voted.conflicts.begin(), voted.conflicts.end(),
                          [](const Conflict& one) { return one.column != "note"; }));
}

TEST_F(TableMergeTest, TwoNamesOfOneColumnAreAConflict) {
  Random random(8);
  const ModelTable base = random_model(random, 50);
  const TableVersion base_version = fresh(base);
  const auto renamed = [&](const TableVersion& version, const std::string& name) {
    return must(rename_columns(objects_, version, {{"note", name}}));
  };
  const auto fault = [&](const TableVersion& one, const TableVersion& other) {
    const auto merge = merge_two(base_version, one, other, {});
    EXPECT_FALSE(merge.ok());
    if (merge.ok()) return std::string();
    EXPECT_EQ(merge.error().code, ErrorCode::conflict);
    return merge.error().what;
  };
  const TableVersion remark = renamed(base_version, "remark");
  EXPECT_EQ(fault(remark, renamed(base_version, "comment")),
            "column `note` is `remark` on one side and `comment` on the other");
  ModelTable without = base;
  without.columns.pop_back();
  const TableVersion dropped = next(base_version, without);
  for (const bool turned : {false, true}) {
    EXPECT_EQ(turned ? fault(dropped, remark) : fault(remark, dropped),
              "one side renamed column `note` to `remark`, the other removed it");
  }
  ModelTable with = base;
  with.columns.push_back({"remark", arrow::int64()});
  for (auto& [key, row] : with.rows) row["remark"] = std::to_string(key.first);
  EXPECT_EQ(fault(next(base_version, with), remark),
            "one side renamed column `note` to `remark`, the other has another column of that "
            "name");
  // The old name goes on to another column: cells of two columns must not be merged.
  ModelTable moved = base;
  rename_in_model(moved, "note", "remark");
  moved.columns.push_back({"note", arrow::utf8()});
  for (auto& [key, row] : moved.rows) row["note"] = "n" + std::to_string(key.first);
  ModelTable edited = base;
  edited.rows.begin()->second["note"] = "edited";
  EXPECT_EQ(fault(next(remark, moved), next(base_version, edited)),
            "column `note` was renamed to `remark`, and another column is called `note` since");
}

TEST_F(TableMergeTest, OneSideMayChangeTheColumns) {
  Random random(5);
  const ModelTable base = random_model(random, 40'000);
  const TableVersion base_version = fresh(base);
  ModelTable wider = base;
  wider.columns.push_back({"extra", arrow::int64()});
  for (auto& [key, row] : wider.rows) row["extra"] = std::to_string(key.first % 9);
  ModelTable edited = base;
  edited.rows.begin()->second["note"] = "edited";
  const TableVersion wider_version = next(base_version, wider);
  const TableVersion edited_version = next(base_version, edited);
  wider.rows.begin()->second["note"] = "edited";
  for (const bool turned : {false, true}) {
    const TableMerge merge =
        must(turned ? merge_two(base_version, edited_version, wider_version, {})
                    : merge_two(base_version, wider_version, edited_version, {}));
    EXPECT_TRUE(merge.conflicts.empty());
    EXPECT_EQ(csv_of_version(merge.version), csv_of(*wider.table()));
  }
  // Both sides: what one added and the other removed.
  ModelTable other = edited;
  other.columns.erase(other.columns.begin());
  wider.columns.erase(wider.columns.begin());
  const TableMerge merge =
      must(merge_two(base_version, wider_version, next(base_version, other), {}));
  EXPECT_EQ(csv_of_version(merge.version), csv_of(*wider.table()));
}

}  // namespace
}  // namespace millgate
