/// Merges of several branches at once, beside one that looks at every cell.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "data/store/table_merge.h"
#include "data/store/test_versions.h"
#include "data/store/version_update.h"
#include "ground/test_rounds.h"

namespace millgate {
namespace {

struct ModelSide {
  ModelTable base;
  ModelTable theirs;
};

using Places = std::set<std::pair<std::string, std::string>>;

const ModelRow* find(const ModelTable& table, const ModelKey& key) {
  const auto found = table.rows.find(key);
  return found == table.rows.end() ? nullptr : &found->second;
}

/// In the columns that were there when a side left.
bool same(const ModelSide& side, const ModelRow* one, const ModelRow* other) {
  if (one == nullptr || other == nullptr) return one == other;
  return std::all_of(side.base.columns.begin(), side.base.columns.end(), [&](const auto& column) {
    return one->at(column.name) == other->at(column.name);
  });
}

/// The value with the most votes; nothing for a tie, or with `agreed_only` when not all are equal.
template <typename Value>
std::optional<Value> most(const std::vector<Value>& votes, bool agreed_only) {
  std::map<Value, int> counts;
  for (const Value& vote : votes) ++counts[vote];
  if (agreed_only && counts.size() > 1) return std::nullopt;
  const auto less = [](const auto& one, const auto& other) { return one.second < other.second; };
  const auto best = std::max_element(counts.begin(), counts.end(), less);
  const auto ties = std::count_if(counts.begin(), counts.end(),
                                  [&](const auto& entry) { return entry.second == best->second; });
  return ties == 1 ? std::make_optional(best->first) : std::nullopt;
}

/// As the header of table_merge.h says it, cell by cell.
class SlowVote {
 public:
  SlowVote(ModelTable ours, const std::vector<ModelSide>& sides, bool majority)
      : merged(ours), ours_(std::move(ours)), sides_(sides), majority_(majority) {
    std::set<ModelKey> keys;
    for (const ModelSide& side : sides_) {
      for (const ModelTable* table : {&side.base, &side.theirs}) {
        for (const auto& [key, row] : table->rows) keys.insert(key);
      }
    }
    for (const ModelKey& key : keys) merge_row(key);
  }

  ModelTable merged;
  Places conflicts;

 private:
  void merge_row(const ModelKey& key) {
    const ModelRow* our_row = find(ours_, key);
    std::vector<const ModelSide*> changers;
    for (const ModelSide& side : sides_) {
      if (!same(side, find(side.base, key), find(side.theirs, key))) changers.push_back(&side);
    }
    if (changers.empty()) return;
    std::vector<const ModelSide*> keepers;
    bool we_say = true;
    bool we_removed = false;
    for (const ModelSide* side : changers) {
      if (find(side->theirs, key) != nullptr) keepers.push_back(side);
      we_say &= !same(*side, our_row, find(side->base, key));
      we_removed |= our_row == nullptr && find(side->base, key) != nullptr;
    }
    const bool contested =
        keepers.empty() ? we_say : keepers.size() < changers.size() || we_removed;
    if (keepers.empty() && our_row == nullptr) return;
    bool there = !keepers.empty();
    if (contested) {
      std::vector<bool> votes;
      for (const ModelSide* side : changers) votes.push_back(find(side->theirs, key) != nullptr);
      if (we_say) votes.push_back(our_row != nullptr);
      const auto decided = majority_ ? most(votes, false) : std::nullopt;
      if (!decided) {
        conflicts.insert({text_of(key), ""});
        return;
      }
      there = *decided;
    }
    if (!there) {
      merged.rows.erase(key);
    } else if (!keepers.empty()) {
      merge_cells(key, our_row, keepers);
    }
  }

  void merge_cells(const ModelKey& key, const ModelRow* our_row,
                   const std::vector<const ModelSide*>& keepers) {
    for (const auto& column : ours_.columns) {
      std::vector<ModelCell> votes;
      bool we_say = our_row != nullptr;
      for (const ModelSide* side : keepers) {
        const ModelRow* base = find(side->base, key);
        const ModelCell& value = find(side->theirs, key)->at(column.name);
        if (base != nullptr && base->at(column.name) == value) continue;
        votes.push_back(value);
        we_say &= base == nullptr ||
                  (our_row != nullptr && our_row->at(column.name) != base->at(column.name));
      }
      ModelCell& cell = merged.rows[key][column.name];
      if (votes.empty()) {
        // Of a row that comes back, what nobody changed is as it was.
        if (our_row == nullptr) cell = find(keepers[0]->base, key)->at(column.name);
        continue;
      }
      if (we_say) votes.push_back(our_row->at(column.name));
      const auto decided = most(votes, !majority_);
      if (decided) {
        cell = *decided;
      } else {
        conflicts.insert({text_of(key), column.name});
      }
    }
  }

  static std::string text_of(const ModelKey& key) {
    return "id = " + std::to_string(key.first) + ", part = " + key.second;
  }

  ModelTable ours_;
  const std::vector<ModelSide>& sides_;
  bool majority_;
};

class BranchVoteTest : public VersionsTest {
 protected:
  /// Labels by several people of one row, whose label was `base`, as `majority` decides.
  std::string label(const ModelCell& base, const ModelCell& ours,
                    const std::vector<ModelCell>& theirs,
                    MergePolicy policy = MergePolicy::majority) {
    Random random(1);
    ModelTable model = random_model(random, 20);
    ModelCell& cell = model.rows.begin()->second["note"];
    cell = base;
    const TableVersion base_version = fresh(model);
    cell = ours;
    const TableVersion our_version = next(base_version, model);
    std::vector<MergeSide> sides;
    MergeOptions options;
    options.times.push_back(Time{0});
    for (const ModelCell& one : theirs) {
      cell = one;
      sides.push_back({.base = base_version, .theirs = next(base_version, model)});
      options.times.push_back(Time{static_cast<int64_t>(sides.size())});
    }
    options.by_column["note"] = policy;
    const TableMerge merge = must(merge_versions(objects_, our_version, sides, options));
    if (!merge.conflicts.empty()) {
      return merge.conflicts[0].ours + " against " + merge.conflicts[0].theirs;
    }
    const auto rows = must(all_rows(*must(read_rows(objects_, merge.version))));
    return value_text(*rows->GetColumnByName("note")->chunk(0), 0);
  }
};

TEST_F(BranchVoteTest, TheMostVotesWinAndATieIsAConflict) {
  EXPECT_EQ(label("?", "?", {"dog", "dog", "cow"}), "dog");
  EXPECT_EQ(label("?", "?", {"dog", "cow", "cow"}), "cow");
  EXPECT_EQ(label("?", "?", {"dog", "cow"}), "? against dog | cow");
  // Who left the cell as it was has not labelled it.
  EXPECT_EQ(label("?", "?", {"dog", "?", "?"}), "dog");
  // Ours has a vote when it changed the cell.
  EXPECT_EQ(label("?", "cow", {"dog", "cow"}), "cow");
  EXPECT_EQ(label("?", "cow", {"dog", "?"}), "cow against dog");
  EXPECT_EQ(label("?", "cow", {"dog", "dog"}), "dog");
  // More than half is not asked for, one more than the others is.
  EXPECT_EQ(label("?", "?", {"dog", "dog", "cow", "cat"}), "dog");
  EXPECT_EQ(label("?", "?", {"dog", "dog", "cow", "cow", "cat"}),
            "? against dog (2) | cow (2) | cat");
  EXPECT_EQ(label(std::nullopt, std::nullopt, {"dog", "dog", "cow"}), "dog");
  EXPECT_EQ(label("?", "?", {std::nullopt, std::nullopt, "cow"}), "null");
}

TEST_F(BranchVoteTest, OtherPoliciesKnowSeveralBranches) {
  EXPECT_EQ(label("?", "?", {"dog", "cow"}, MergePolicy::ours), "?");
  EXPECT_EQ(label("?", "?", {"dog", "cow"}, MergePolicy::theirs), "? against dog | cow");
  EXPECT_EQ(label("?", "ant", {"dog", "dog"}, MergePolicy::theirs), "dog");
  EXPECT_EQ(label("?", "?", {"dog", "cow"}, MergePolicy::newest), "cow");
  EXPECT_EQ(label("?", "?", {"dog", "cow", "ant"}, MergePolicy::maximum), "dog");
  EXPECT_EQ(label("?", "?", {"dog", "cow", "ant"}, MergePolicy::minimum), "ant");
  EXPECT_EQ(label("?", "?", {"dog", "dog"}, MergePolicy::conflict), "dog");
}

TEST_F(BranchVoteTest, AgreesWithAVoteOfEveryCell) {
  constexpr uint64_t kSeed = 4711;
  for (uint64_t run = 0; run < test_rounds(24); ++run) {
    SCOPED_TRACE("seed " + std::to_string(kSeed + run));
    Random random(kSeed + run);
    ModelTable ours = random_model(random, run % 8 == 0 ? 20'000 : 120);
    // Few values, so that people agree.
    const auto edit = [&](ModelTable& table) {
      edit_model(table, random, 12);
      for (auto& [key, row] : table.rows) {
        if (random.below(3) == 0 && key.first < 200) {
          row["note"] = std::string(1, static_cast<char>('a' + random.below(3)));
        }
        if (random.below(9) == 0 && key.first < 200) row["flag"] = std::nullopt;
      }
    };
    // Some branches leave ours earlier than others.
    std::vector<std::pair<ModelTable, TableVersion>> line = {{ours, fresh(ours)}};
    for (int step = 0; step < 2; ++step) {
      edit(ours);
      line.emplace_back(ours, next(line.back().second, ours));
    }
    std::vector<ModelSide> model_sides;
    std::vector<MergeSide> sides;
    const uint64_t side_count = 1 + random.below(4);
    for (uint64_t i = 0; i < side_count; ++i) {
      const auto& [base, base_version] = line[random.below(2)];
      ModelTable theirs = base;
      edit(theirs);
      model_sides.push_back({.base = base, .theirs = theirs});
      sides.push_back({.base = base_version, .theirs = next(base_version, theirs)});
    }
    for (const bool majority : {false, true}) {
      MergeOptions options;
      options.policy = majority ? MergePolicy::majority : MergePolicy::conflict;
      const SlowVote expected(ours, model_sides, majority);
      const TableMerge merge = must(merge_versions(objects_, line.back().second, sides, options));
      Places places;
      for (const Conflict& conflict : merge.conflicts) {
        places.insert({conflict.key_text, conflict.column});
      }
      EXPECT_EQ(places, expected.conflicts);
      EXPECT_EQ(places.size(), merge.conflicts.size());
      EXPECT_EQ(csv_of_version(merge.version), csv_of(*expected.merged.table()));
    }
  }
}

bool has_column(const ModelTable& table, const std::string& name) {
  return std::any_of(table.columns.begin(), table.columns.end(),
                     [&](const auto& column) { return column.name == name; });
}

/// A cell of a column that some versions have and some bases lack, in a row that came out of the
/// merge; notes a conflict.
ModelCell vote_added_cell(const ModelTable& ours, const std::vector<ModelSide>& sides,
                          const ModelKey& key, const std::string& column, bool majority,
                          bool& conflict) {
  const auto cell_in = [&](const ModelTable& table) -> ModelCell {
    const ModelRow* row = find(table, key);
    return row == nullptr || !has_column(table, column) ? ModelCell() : row->at(column);
  };
  const ModelCell our_cell = cell_in(ours);
  const bool we_have_it = find(ours, key) != nullptr && has_column(ours, column);
  std::vector<ModelCell> votes;
  ModelCell unchanged;
  bool we_say = we_have_it;
  for (const ModelSide& side : sides) {
    if (find(side.theirs, key) == nullptr || !has_column(side.theirs, column)) continue;
    const bool is_new = find(side.base, key) == nullptr;
    if (!is_new && cell_in(side.base) == cell_in(side.theirs)) {
      unchanged = cell_in(side.theirs);
      continue;
    }
    votes.push_back(cell_in(side.theirs));
    we_say &= is_new || cell_in(side.base) != our_cell;
  }
  if (votes.empty()) return find(ours, key) != nullptr ? our_cell : unchanged;
  if (we_say) votes.push_back(our_cell);
  const auto decided = most(votes, !majority);
  conflict = !decided;
  return decided.value_or(our_cell);
}

TEST_F(BranchVoteTest, EachBranchMayAddColumns) {
  constexpr uint64_t kSeed = 815;
  for (uint64_t run = 0; run < test_rounds(12); ++run) {
    SCOPED_TRACE("seed " + std::to_string(kSeed + run));
    Random random(kSeed + run);
    const auto add = [&](ModelTable& table, const std::string& name) {
      table.columns.insert(table.columns.begin() + static_cast<int64_t>(random.below(3)),
                           {name, arrow::int64()});
    };
    const auto fill = [&](ModelTable& table, const std::string& name) {
      if (!has_column(table, name)) return;
      for (auto& [key, row] : table.rows) {
        const uint64_t dice = random.below(6);
        if (dice < 3) row[name] = std::to_string(dice);
        if (dice == 3) row[name] = std::nullopt;
        row[name];
      }
    };
    const std::vector<std::string> names = {"in_ours",  "in_first", "in_second",
                                            "in_sides", "in_all",   "on_the_way"};
    const auto edit = [&](ModelTable& table) {
      edit_model(table, random, 30);
      for (auto& [key, row] : table.rows) {
        if (random.below(3) == 0) row["note"] = random.below(2) == 0 ? "a" : "b";
      }
      for (const std::string& name : names) fill(table, name);
    };
    ModelTable ours = random_model(random, run == 8 ? 20'000 : 150);
    const ModelTable first_base = ours;
    const TableVersion first_version = fresh(ours);
    add(ours, "on_the_way");
    edit(ours);
    const ModelTable second_base = ours;
    const TableVersion second_version = next(first_version, ours);
    for (const char* name : {"in_ours", "in_all"}) add(ours, name);
    edit(ours);
    const TableVersion our_version = next(second_version, ours);
    std::vector<ModelSide> model_sides;
    std::vector<MergeSide> sides;
    const uint64_t side_count = 1 + run % 3;
    for (uint64_t i = 0; i < side_count; ++i) {
      const bool late = i % 2 == 1;
      ModelTable theirs = late ? second_base : first_base;
      for (const char* name : {"in_sides", "in_all"}) add(theirs, name);
      if (i == 0) add(theirs, "in_first");
      if (i == 1) add(theirs, "in_second");
      edit(theirs);
      const TableVersion& base_version = late ? second_version : first_version;
      model_sides.push_back({.base = late ? second_base : first_base, .theirs = theirs});
      sides.push_back({.base = base_version, .theirs = next(base_version, theirs)});
    }
    // Rows and the columns that all have; then each of the others by itself.
    ModelTable plain = ours;
    plain.columns = first_base.columns;
    for (const bool majority : {false, true}) {
      MergeOptions options;
      options.policy = majority ? MergePolicy::majority : MergePolicy::conflict;
      SlowVote expected(plain, model_sides, majority);
      const TableMerge merge = must(merge_versions(objects_, our_version, sides, options));
      expected.merged.columns.clear();
      for (const auto& field : merge.version.schema->fields()) {
        if (field->name() == "id" || field->name() == "part") continue;
        expected.merged.columns.push_back({field->name(), field->type()});
      }
      for (auto& [key, row] : expected.merged.rows) {
        for (const std::string& name : names) {
          bool conflict = false;
          row[name] = vote_added_cell(ours, model_sides, key, name, majority, conflict);
          if (!conflict) continue;
          expected.conflicts.insert(
              {"id = " + std::to_string(key.first) + ", part = " + key.second, name});
        }
      }
      Places places;
      for (const Conflict& conflict : merge.conflicts) {
        places.insert({conflict.key_text, conflict.column});
      }
      EXPECT_EQ(places, expected.conflicts);
      EXPECT_EQ(places.size(), merge.conflicts.size());
      EXPECT_TRUE(std::is_sorted(
          merge.conflicts.begin(), merge.conflicts.end(),
          [](const Conflict& one, const Conflict& other) { return one.key < other.key; }));
      const TableVersion merged = must(read_table_version(objects_, merge.version.id));
      EXPECT_EQ(csv_of_version(merged), csv_of(*expected.merged.table()));
      EXPECT_EQ(must(counted_version(objects_, merged)).logical_hash,
                fresh(expected.merged).logical_hash);
      for (const std::string& name : names) {
        const bool late_only = name == "in_second" && side_count < 2;
        EXPECT_EQ(merged.schema->GetFieldIndex(name) >= 0, !late_only) << name;
      }
    }
  }
}

TEST_F(BranchVoteTest, ARemovedColumnMeetsEditsOfItsCells) {
  Random random(5);
  ModelTable table = random_model(random, 30);
  const TableVersion base = fresh(table);
  ModelTable fewer = table;
  fewer.columns.pop_back();
  const TableVersion dropped = next(base, fewer);
  table.rows.begin()->second["count"] = "7777";
  const TableVersion counted = next(base, table);
  table.rows.begin()->second["note"] = "edited";
  const TableVersion edited = next(counted, table);
  for (const auto& [ours, theirs] :
       std::vector<std::pair<TableVersion, TableVersion>>{{dropped, counted}, {counted, dropped}}) {
    const TableMerge merge =
        must(merge_versions(objects_, ours, {{.base = base, .theirs = theirs}}, {}));
    EXPECT_EQ(merge.version.schema->GetFieldIndex("note"), -1);
    EXPECT_THAT(csv_of_version(merge.version), testing::HasSubstr("7777"));
  }
  for (const auto& [ours, theirs] :
       std::vector<std::pair<TableVersion, TableVersion>>{{dropped, edited}, {edited, dropped}}) {
    const auto merge = merge_versions(objects_, ours, {{.base = base, .theirs = theirs}}, {});
    ASSERT_FALSE(merge.ok());
    EXPECT_EQ(merge.error().code, ErrorCode::conflict);
    EXPECT_THAT(merge.error().what,
                testing::HasSubstr("one side removed column `note`, another changed 1 cell of it, "
                                   "first id = "));
  }
}

TEST_F(BranchVoteTest, ColumnsThatSidesWidenedApart) {
  Random random(6);
  ModelTable table = random_model(random, 40);
  const TableVersion base = fresh(table);
  const auto with = [&](const std::string& name, const std::shared_ptr<arrow::DataType>& type,
                        const std::string& value) {
    ModelTable other = table;
    for (auto& column : other.columns) {
      if (column.name == name) column.type = type;
    }
    for (auto& [key, row] : other.rows) {
      if (name == "count" && row[name]) *row[name] += ".0";
      if (name == "day" && row[name]) *row[name] += "T00:00:00";
    }
    other.rows.begin()->second[name] = value;
    other.rows.begin()->second["note"] = "edited";
    return next(base, other);
  };
  const TableVersion counts = with("count", arrow::float64(), "0.25");
  const TableVersion days =
      with("day", arrow::timestamp(arrow::TimeUnit::MICRO), "2013-01-02T11:12:13");
  table.rows.begin()->second["note"] = "edited";
  table.rows.rbegin()->second["count"] = "31";
  const TableVersion plain = next(base, table);
  const std::vector<MergeSide> sides = {{.base = base, .theirs = days},
                                        {.base = base, .theirs = plain}};
  const TableMerge merge = must(merge_versions(objects_, counts, sides, {}));
  EXPECT_TRUE(merge.conflicts.empty());
  const auto rows = must(all_rows(*must(read_rows(objects_, merge.version))));
  EXPECT_EQ(value_text(*rows->GetColumnByName("count")->chunk(0), 0), "0.25");
  EXPECT_EQ(value_text(*rows->GetColumnByName("count")->chunk(0), rows->num_rows() - 1), "31.0");
  EXPECT_THAT(value_text(*rows->GetColumnByName("day")->chunk(0), 0),
              testing::HasSubstr("11:12:13"));
}

}  // namespace
}  // namespace millgate
