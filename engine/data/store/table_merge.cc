#include "data/store/table_merge.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "data/store/added_columns.h"
#include "data/store/changes.h"
#include "data/store/column_rename.h"
#include "data/store/content_merge.h"
#include "data/store/merge_referee.h"
#include "data/store/merged_columns.h"
#include "data/store/table_diff.h"
#include "data/store/version_update.h"
#include "data/table/row_key.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

Cell cell_of(const std::shared_ptr<arrow::RecordBatch>& rows, size_t column, int64_t row) {
  return {.column = rows->column(static_cast<int>(column)).get(), .row = row};
}

/// The changes of one side and those of ours since its base, walked through by key.
class SideWalk {
 public:
  SideWalk(size_t side, Changes theirs, std::shared_ptr<const Changes> ours)
      : side_(side), theirs_(std::move(theirs)), ours_(std::move(ours)) {}

  [[nodiscard]] size_t side() const { return side_; }
  [[nodiscard]] const Changes& theirs() const { return theirs_; }
  [[nodiscard]] int64_t row() const { return static_cast<int64_t>(row_); }
  [[nodiscard]] bool at_end() const { return row_ >= theirs_.keys.size(); }
  [[nodiscard]] std::string_view key() const { return theirs_.keys[row_]; }

  /// Finds the row of ours with the key where this is.
  void look() {
    our_row_ = ours_->keys.lower_bound(key(), our_row_);
    we_changed_ = our_row_ < ours_->keys.size() && ours_->keys[our_row_] == key();
  }
  void step() { ++row_; }

  [[nodiscard]] ChangeKind kind() const { return theirs_.kinds[row_]; }
  [[nodiscard]] bool removed() const { return kind() == ChangeKind::removed; }
  [[nodiscard]] bool inserted() const { return kind() == ChangeKind::inserted; }
  [[nodiscard]] bool changed(size_t column) const {
    return inserted() || (!removed() && theirs_.cell_changed(row(), static_cast<int>(column)));
  }
  [[nodiscard]] Cell value(size_t column) const { return cell_of(theirs_.after, column, row()); }
  [[nodiscard]] Cell base(size_t column) const {
    return inserted() ? Cell{} : cell_of(theirs_.before, column, row());
  }

  /// Whether ours changed the row since the base.
  [[nodiscard]] bool we_changed() const { return we_changed_; }
  [[nodiscard]] bool we_removed() const {
    return we_changed_ && ours_->kinds[our_row_] == ChangeKind::removed;
  }
  [[nodiscard]] bool we_have_it() const { return inserted() ? we_changed_ : !we_removed(); }
  [[nodiscard]] bool we_changed(size_t column) const {
    if (!we_changed_ || we_removed()) return false;
    return ours_->kinds[our_row_] == ChangeKind::inserted ||
           ours_->cell_changed(static_cast<int64_t>(our_row_), static_cast<int>(column));
  }
  [[nodiscard]] Cell our_value(size_t column) const {
    return cell_of(ours_->after, column, static_cast<int64_t>(our_row_));
  }
  [[nodiscard]] Cell our_base(size_t column) const {
    if (ours_->kinds[our_row_] == ChangeKind::inserted) return {};
    return cell_of(ours_->before, column, static_cast<int64_t>(our_row_));
  }

 private:
  size_t side_;
  Changes theirs_;
  std::shared_ptr<const Changes> ours_;
  size_t row_ = 0;
  size_t our_row_ = 0;
  bool we_changed_ = false;
};

/// Walks through the changes of all sides.
class ChangesMerge {
 public:
  ChangesMerge(std::vector<SideWalk> walks, RowKeyEncoder encoder, const MergeOptions& options,
               TableMerge& merge, ChangesBuilder out)
      : walks_(std::move(walks)),
        encoder_(std::move(encoder)),
        referee_(options, merge),
        merge_(merge),
        out_(std::move(out)) {}

  /// What must be done to ours.
  Result<Changes> run() {
    while (gather()) {
      const int64_t before = out_.row_count();
      MILLGATE_TRY(merge_row());
      merge_.merged_row_count += out_.row_count() - before;
      for (SideWalk* one : here_) one->step();
    }
    return out_.finish();
  }

 private:
  /// The sides that changed the row with the smallest key that is left.
  bool gather() {
    here_.clear();
    for (SideWalk& walk : walks_) {
      if (walk.at_end()) continue;
      if (!here_.empty() && walk.key() > here_.front()->key()) continue;
      if (!here_.empty() && walk.key() < here_.front()->key()) here_.clear();
      here_.push_back(&walk);
    }
    for (SideWalk* one : here_) one->look();
    return !here_.empty();
  }

  [[nodiscard]] std::string_view key() const { return here_.front()->key(); }
  [[nodiscard]] std::string key_text() const {
    return encoder_.describe(*here_.front()->theirs().after, here_.front()->row());
  }

  Status merge_row() {
    const SideWalk& first = *here_.front();
    if (here_.size() == 1 && !first.we_changed()) {
      return out_.add_rows(first.theirs(), first.row(), first.row() + 1);
    }
    const bool we_have_it = first.we_have_it();
    std::vector<SideWalk*> having;
    for (SideWalk* one : here_) {
      if (!one->removed()) having.push_back(one);
    }
    const bool we_removed =
        std::any_of(here_.begin(), here_.end(), [](auto* one) { return one->we_removed(); });
    const bool all_removed = having.empty();
    const bool we_say =
        std::all_of(here_.begin(), here_.end(), [](auto* one) { return one->we_changed(); });
    if (all_removed && !we_have_it) return {};
    const bool agreed = all_removed ? !we_say : having.size() == here_.size() && !we_removed;
    bool there = !all_removed;
    if (!agreed) {
      RowBallot ballot{.ours_there = we_have_it, .ours_votes = we_say, .theirs = {}};
      for (const SideWalk* one : here_) ballot.theirs.emplace_back(one->side(), !one->removed());
      const auto decided = referee_.decide_row(std::string(key()), key_text(), ballot);
      if (!decided) return {};
      there = *decided;
    }
    if (there && having.empty()) return {};  // Ours stays as it is.
    if (there) return merge_cells(having, we_have_it);
    return we_have_it ? remove_row() : Status();
  }

  /// Ours has the row, and somebody who removed it is right.
  Status remove_row() {
    const auto remover =
        std::find_if(here_.begin(), here_.end(), [](auto* one) { return one->removed(); });
    const SideWalk& one = **remover;
    return out_.add(ChangeKind::removed, key(), [&](size_t i) {
      return ChangesBuilder::CellChange{
          .before = one.we_changed(i) ? one.our_value(i) : one.base(i), .after = one.value(i)};
    });
  }

  /// The cells of a row that all of `sides` have; ours has it, or gets it.
  Status merge_cells(const std::vector<SideWalk*>& sides, bool we_have_it) {
    const size_t column_count = sides.front()->theirs().changed.size();
    std::vector<ChangesBuilder::CellChange> cells(column_count);
    bool any = !we_have_it;
    for (size_t i = 0; i < column_count; ++i) {
      MILLGATE_ASSIGN(cells[i], merge_cell(sides, i, we_have_it));
      any |= cells[i].changed;
    }
    if (!any) return {};
    return out_.add(we_have_it ? ChangeKind::updated : ChangeKind::inserted, key(),
                    [&](size_t i) { return cells[i]; });
  }

  Result<ChangesBuilder::CellChange> merge_cell(const std::vector<SideWalk*>& sides, size_t column,
                                                bool we_have_it) {
    CellBallot ballot;
    const SideWalk* unchanged_here = nullptr;  ///< A voter since whose base ours is the same.
    const SideWalk* changed_here = nullptr;
    bool equal = true;
    for (const SideWalk* one : sides) {
      if (!one->changed(column)) continue;
      ballot.theirs.push_back(
          {.side = one->side(), .base = one->base(column), .value = one->value(column)});
      equal &= is_same_cell(ballot.theirs.front().value, ballot.theirs.back().value);
      (one->we_changed(column) ? changed_here : unchanged_here) = one;
    }
    ChangesBuilder::CellChange change{
        .before = {}, .after = sides.front()->value(column), .changed = false};
    if (!we_have_it && ballot.theirs.empty()) {
      // A row that ours removed comes back, with this cell as it was.
      change.after = sides.front()->we_removed() ? sides.front()->our_base(column) : Cell{};
      return change;
    }
    if (ballot.theirs.empty()) return change;
    ballot.column =
        sides.front()->theirs().after->schema()->field(static_cast<int>(column))->name();
    ballot.ours_votes = we_have_it && unchanged_here == nullptr && changed_here != nullptr;
    if (ballot.ours_votes) {
      ballot.ours = changed_here->our_value(column);
      ballot.our_base = changed_here->our_base(column);
    } else if (we_have_it) {
      ballot.ours = unchanged_here->base(column);
    }
    const Cell theirs = ballot.theirs.front().value;
    std::optional<Cell> taken = theirs;
    if (!equal || (ballot.ours_votes && !is_same_cell(ballot.ours, theirs))) {
      MILLGATE_ASSIGN(taken, referee_.decide(std::string(key()), key_text(), ballot));
    }
    if (!we_have_it) {
      change.after = taken.value_or(ballot.ours);
      return change;
    }
    if (!taken || is_same_cell(*taken, ballot.ours)) return change;
    return ChangesBuilder::CellChange{.before = ballot.ours, .after = *taken, .changed = true};
  }

  std::vector<SideWalk> walks_;
  RowKeyEncoder encoder_;
  MergeReferee referee_;
  TableMerge& merge_;
  ChangesBuilder out_;
  std::vector<SideWalk*> here_;
};

/// What a side calls a column of the base; nothing when it has it no more.
std::optional<std::string> name_in(const TableVersion& side,
                                   const std::vector<ColumnRename>& renames,
                                   const std::string& name) {
  std::string now = renamed_to(renames, name);
  if (side.schema->GetFieldIndex(now) < 0) return std::nullopt;
  return now;
}

Error names_conflict(std::string what, std::string hint) {
  return Error{.code = ErrorCode::conflict, .what = std::move(what), .hint = std::move(hint)};
}

/// A column whose name went on to another column: by name, cells of two columns would be merged.
Status check_names_stayed(const TableVersion& base, const TableVersion& side) {
  for (int i = 0; i < base.schema->num_fields(); ++i) {
    const std::string& name = base.schema->field(i)->name();
    const std::string& stored = base.stored_names[static_cast<size_t>(i)];
    const int same_name = side.schema->GetFieldIndex(name);
    if (same_name < 0 || side.stored_names[static_cast<size_t>(same_name)] == stored) continue;
    const auto& names = side.stored_names;
    const auto moved = std::find(names.begin(), names.end(), stored);
    if (moved == names.end()) continue;
    const std::string& now = side.schema->field(static_cast<int>(moved - names.begin()))->name();
    return names_conflict("column `" + name + "` was renamed to `" + now +
                              "`, and another column is called `" + name + "` since",
                          "give the new column a name of its own, commit, then merge");
  }
  return {};
}

/// The new names that ours takes from a side.
Result<std::vector<ColumnRename>> renames_to_take(const TableVersion& ours, const MergeSide& side) {
  const auto our_renames = column_renames(side.base, ours);
  const auto their_renames = column_renames(side.base, side.theirs);
  for (const TableVersion* version : {&ours, &side.theirs}) {
    MILLGATE_TRY(check_names_stayed(side.base, *version));
  }
  std::vector<ColumnRename> taken;
  for (const std::string& name : side.base.schema->field_names()) {
    const auto our_name = name_in(ours, our_renames, name);
    const auto their_name = name_in(side.theirs, their_renames, name);
    if (our_name == their_name) continue;
    if (!our_name || !their_name) {
      const std::string& new_name = our_name ? *our_name : *their_name;
      if (new_name == name) continue;  // Only gone on one side.
      return names_conflict(
          "one side renamed column `" + name + "` to `" + new_name + "`, the other removed it",
          "rename it on both sides, or remove it on both, commit, then merge");
    }
    if (*our_name != name && *their_name != name) {
      return names_conflict("column `" + name + "` is `" + *our_name + "` on one side and `" +
                                *their_name + "` on the other",
                            "give it one name (`millgate rename`), then merge");
    }
    if (*their_name == name) continue;
    if (ours.schema->GetFieldIndex(*their_name) >= 0) {
      return names_conflict("one side renamed column `" + name + "` to `" + *their_name +
                                "`, the other has another column of that name",
                            "give one of them another name (`millgate rename`), then merge");
    }
    taken.push_back({.before = *our_name, .after = *their_name});
  }
  return taken;
}

/// Gives each column one name on all sides, the new one where a side renamed it.
/// Errors: `conflict` when two sides say otherwise.
Status take_new_names(ObjectStore& objects, TableVersion& ours, std::vector<MergeSide>& sides) {
  for (const MergeSide& side : sides) {
    MILLGATE_ASSIGN(const auto taken, renames_to_take(ours, side));
    MILLGATE_ASSIGN(ours, rename_columns(objects, ours, taken));
  }
  for (MergeSide& side : sides) {
    for (TableVersion* version : {&side.base, &side.theirs}) {
      *version = with_renamed_columns(*version, column_renames(*version, ours));
    }
  }
  return {};
}

Status check_keys(const TableVersion& ours, const std::vector<MergeSide>& sides) {
  for (const MergeSide& side : sides) {
    if (side.base.key == ours.key && side.base.key == side.theirs.key) continue;
    return Error{.code = ErrorCode::conflict,
                 .what = "a side changed the key of the table",
                 .hint = "give both sides one `key`, commit, then merge"};
  }
  return {};
}

int64_t columns_beyond(const TableVersion& ours, const TableVersion& merged) {
  const std::vector<std::string> names = merged.schema->field_names();
  return std::count_if(names.begin(), names.end(), [&](const std::string& name) {
    return ours.schema->GetFieldIndex(name) < 0;
  });
}

Status check_policies(const MergeOptions& options, const arrow::Schema& schema) {
  for (const auto& [column, policy] : options.by_column) {
    if (schema.GetFieldIndex(column) >= 0) continue;
    return invalid_input(
        "there is a merge policy for column `" + column + "`, which the table has not",
        name_hint(column, schema.field_names()));
  }
  return {};
}

/// Whether the one side has other columns than its base, and ours has those of the base.
bool theirs_alone_changed_columns(const TableVersion& ours, const std::vector<MergeSide>& sides) {
  return sides.size() == 1 && ours.schema->Equals(*sides[0].base.schema, false) &&
         !sides[0].theirs.schema->Equals(*sides[0].base.schema, false);
}

/// Nobody's edits may go away with a column that another side removed.
Status check_dropped(const TableDiff& diff, const MergedColumns& columns,
                     const std::vector<std::string>& key) {
  for (const std::string& name : columns.dropped) {
    const int column = diff.schema->GetFieldIndex(name);
    if (column < 0) continue;
    const int64_t count = diff.changed_cells[static_cast<size_t>(column)];
    if (count == 0) continue;
    int64_t row = 0;
    while (diff.changes.kinds[static_cast<size_t>(row)] != ChangeKind::updated ||
           !diff.changes.cell_changed(row, column)) {
      ++row;
    }
    MILLGATE_ASSIGN(const RowKeyEncoder encoder, RowKeyEncoder::make(*diff.schema, key));
    return names_conflict("one side removed column `" + name + "`, another changed " +
                              std::to_string(count) + (count == 1 ? " cell" : " cells") +
                              " of it, first " + encoder.describe(*diff.changes.after, row),
                          "remove it on both sides, or bring it back in one, commit, then merge");
  }
  return {};
}

/// Sides turned round: so a merge into the side whose columns changed is one into ours.
MergeOptions turned(MergeOptions options) {
  const auto turn = [](MergePolicy& policy) {
    if (policy == MergePolicy::ours) {
      policy = MergePolicy::theirs;
    } else if (policy == MergePolicy::theirs) {
      policy = MergePolicy::ours;
    }
  };
  turn(options.policy);
  for (auto& [column, policy] : options.by_column) turn(policy);
  std::reverse(options.times.begin(), options.times.end());
  for (auto& [place, resolution] : options.resolutions) {
    if (resolution.take == Resolution::Take::value) continue;
    resolution.take = resolution.take == Resolution::Take::ours ? Resolution::Take::theirs
                                                                : Resolution::Take::ours;
  }
  return options;
}

}  // namespace

Result<MergePolicy> parse_merge_policy(const std::string& name) {
  static const std::map<std::string, MergePolicy> policies = {
      {"conflict", MergePolicy::conflict}, {"ours", MergePolicy::ours},
      {"theirs", MergePolicy::theirs},     {"newest", MergePolicy::newest},
      {"majority", MergePolicy::majority}, {"sum", MergePolicy::sum},
      {"max", MergePolicy::maximum},       {"min", MergePolicy::minimum}};
  const auto found = policies.find(name);
  if (found != policies.end()) return found->second;
  std::vector<std::string> names;
  names.reserve(policies.size());
  for (const auto& [known, policy] : policies) names.push_back(known);
  return invalid_input("there is no merge policy `" + name + "`", name_hint(name, names));
}

Result<TableMerge> merge_versions(ObjectStore& objects, const TableVersion& named_ours,
                                  const std::vector<MergeSide>& named_sides,
                                  const MergeOptions& options) {
  if (named_ours.key.empty()) {
    MILLGATE_TRY(check_keys(named_ours, named_sides));
    return merge_by_content(objects, named_ours, named_sides);
  }
  TableMerge merge;
  TableVersion ours = named_ours;
  std::vector<MergeSide> sides = named_sides;
  MILLGATE_TRY(take_new_names(objects, ours, sides));
  MILLGATE_TRY(check_keys(ours, sides));
  MILLGATE_ASSIGN(const MergedColumns columns, merged_columns(objects, ours, sides));
  MILLGATE_TRY(check_policies(options, *columns.schema));
  if (theirs_alone_changed_columns(ours, sides)) {
    // Our changes go on top of theirs, where the new columns are.
    const MergeSide turned_side{.base = sides[0].base, .theirs = ours};
    MILLGATE_ASSIGN(TableMerge swapped,
                    merge_versions(objects, sides[0].theirs, {turned_side}, turned(options)));
    for (Conflict& conflict : swapped.conflicts) std::swap(conflict.ours, conflict.theirs);
    swapped.merged_column_count = columns_beyond(ours, swapped.version);
    return swapped;
  }
  MILLGATE_ASSIGN(const TableVersion parent, with_merged_columns(objects, ours, columns));
  merge.version = parent;
  merge.merged_column_count = columns_beyond(ours, parent);
  const auto changes_since = [&](const TableVersion& base,
                                 const TableVersion& version) -> Result<Changes> {
    MILLGATE_ASSIGN(const TableDiff diff,
                    diff_versions(objects, with_merged_types(base, columns),
                                  with_merged_types(version, columns), {.rows_max = INT64_MAX}));
    MILLGATE_TRY(check_dropped(diff, columns, version.key));
    return changes_with_schema(diff.changes, parent.schema, columns.added, parent.key);
  };
  std::map<Id, std::shared_ptr<const Changes>> our_changes;
  std::vector<SideWalk> walks;
  walks.reserve(sides.size());
  for (size_t i = 0; i < sides.size(); ++i) {
    auto& since_base = our_changes[sides[i].base.id];
    if (since_base == nullptr) {
      MILLGATE_ASSIGN(Changes changes, changes_since(sides[i].base, ours));
      since_base = std::make_shared<const Changes>(std::move(changes));
    }
    MILLGATE_ASSIGN(Changes theirs, changes_since(sides[i].base, sides[i].theirs));
    walks.emplace_back(i + 1, std::move(theirs), since_base);
  }
  MILLGATE_ASSIGN(RowKeyEncoder encoder, RowKeyEncoder::make(*parent.schema, parent.key));
  MILLGATE_ASSIGN(ChangesBuilder out, ChangesBuilder::make(parent.schema, parent.key));
  ChangesMerge walk(std::move(walks), std::move(encoder), options, merge, std::move(out));
  MILLGATE_ASSIGN(Changes changes, walk.run());
  MILLGATE_ASSIGN(changes, with_whole_removed_rows(objects, parent, columns.added, changes));
  MILLGATE_ASSIGN(merge.version, apply_changes(objects, parent, changes));
  const MergedVersions versions{.ours = ours, .sides = sides, .columns = columns};
  MILLGATE_TRY(put_added_cells(objects, versions, options, changes, merge));
  return merge;
}

}  // namespace millgate
