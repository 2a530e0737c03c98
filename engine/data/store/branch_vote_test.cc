/// Merges of several branches at once, beside one that looks at every cell.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "data/store/table_merge.h"
#include "data/store/test_versions.h"
#include "data/store/version_update.h"

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

bool same(const ModelRow* one, const ModelRow* other) {
  return one == nullptr || other == nullptr ? one == other : *one == *other;
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
      if (!same(find(side.base, key), find(side.theirs, key))) changers.push_back(&side);
    }
    if (changers.empty()) return;
    std::vector<const ModelSide*> keepers;
    bool we_say = true;
    bool we_removed = false;
    for (const ModelSide* side : changers) {
      if (find(side->theirs, key) != nullptr) keepers.push_back(side);
      we_say &= !same(our_row, find(side->base, key));
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
  for (uint64_t run = 0; run < 24; ++run) {
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

TEST_F(BranchVoteTest, OtherColumnsAreMergedByThemselves) {
  Random random(5);
  const ModelTable base = random_model(random, 30);
  ModelTable wider = base;
  wider.columns.push_back({"extra", arrow::int64()});
  for (auto& [key, row] : wider.rows) row["extra"] = "1";
  const TableVersion base_version = fresh(base);
  const MergeSide plain{.base = base_version, .theirs = base_version};
  const MergeSide other{.base = base_version, .theirs = next(base_version, wider)};
  const auto merge = merge_versions(objects_, base_version, {plain, other}, {});
  ASSERT_FALSE(merge.ok());
  EXPECT_EQ(merge.error().code, ErrorCode::conflict);
  EXPECT_THAT(merge.error().hint, testing::HasSubstr("by itself"));
}

}  // namespace
}  // namespace millgate
