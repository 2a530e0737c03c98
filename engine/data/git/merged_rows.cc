#include "data/git/merged_rows.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "data/store/table_diff.h"

namespace millgate {

namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Which row of a file has a key. The keys must outlive it.
class RowPlaces {
 public:
  explicit RowPlaces(const RowKeys& keys) {
    for (size_t row = 0; row < keys.size(); ++row) places_.emplace(keys[row], row);
  }
  [[nodiscard]] std::optional<size_t> find(std::string_view key) const {
    const auto found = places_.find(key);
    return found == places_.end() ? std::nullopt : std::make_optional(found->second);
  }

 private:
  std::unordered_map<std::string_view, size_t> places_;
};

bool keys_rise(const RowKeys& keys) {
  for (size_t row = 1; row < keys.size(); ++row) {
    if (keys[row] <= keys[row - 1]) return false;
  }
  return true;
}

/// Puts `name` behind the column that it stands behind in `from`.
void insert_column(std::vector<std::string>& columns, const std::vector<std::string>& from,
                   const std::string& name) {
  auto place = columns.begin();
  for (const std::string& other : from) {
    if (other == name) break;
    const auto found = std::find(columns.begin(), columns.end(), other);
    if (found != columns.end()) place = found + 1;
  }
  columns.insert(place, name);
}

class RowsMerge {
 public:
  RowsMerge(FileVersions& versions, const Rewrote& rewrote)
      : versions_(versions),
        rewrote_(rewrote),
        base_(versions[0]),
        ours_(versions[1]),
        theirs_(versions[2]),
        base_places_(base_.keys),
        our_places_(ours_.keys),
        their_places_(theirs_.keys) {}

  Result<MergedRows> run() {
    MILLGATE_TRY(check_added_columns());
    if (versions_.key_origin() == KeyOrigin::content) MILLGATE_TRY(check_content());
    // A merged file is made of cells of both files as they are written there.
    MergeOptions options;
    options.by_parts = false;
    MILLGATE_ASSIGN(TableMerge merge,
                    merge_versions(versions_.objects(), ours_.version,
                                   {{.base = base_.version, .theirs = theirs_.version}}, options));
    MILLGATE_ASSIGN(const TableDiff diff, diff_versions(versions_.objects(), ours_.version,
                                                        merge.version, {.rows_max = INT64_MAX}));
    merged_.conflicts = std::move(merge.conflicts);
    set_columns(merge.version.schema->field_names());
    note(diff.changes);
    put_rows();
    return std::move(merged_);
  }

 private:
  [[nodiscard]] Status check_added_columns() const {
    if (!base_.there) return {};
    for (const std::string& name : ours_.names) {
      if (has(base_.names, name) || !has(theirs_.names, name)) continue;
      return Error{.code = ErrorCode::conflict,
                   .what = "both sides added column `" + name + "`",
                   .hint = "take it out of one side, then merge"};
    }
    return {};
  }

  /// Without a key a changed row is one that went and one that came. When both sides took away the
  /// same row, and one put in what the other did not, the two may have changed it.
  [[nodiscard]] Status check_content() const {
    const auto came = [&](const RowKeys& keys, const RowPlaces& others) {
      for (size_t row = 0; row < keys.size(); ++row) {
        if (!base_places_.find(keys[row]) && !others.find(keys[row])) return true;
      }
      return false;
    };
    for (size_t row = 0; row < base_.keys.size(); ++row) {
      if (our_places_.find(base_.keys[row]) || their_places_.find(base_.keys[row])) continue;
      if (!came(ours_.keys, their_places_) && !came(theirs_.keys, our_places_)) return {};
      return Error{.code = ErrorCode::conflict,
                   .what = "the rows have no key, and both sides changed or removed the same one",
                   .hint = "name the key of the source in millgate.toml"};
    }
    return {};
  }

  void set_columns(const std::vector<std::string>& merged) {
    const bool as_base = ours_.names == base_.names && base_.there;
    const std::vector<std::string>& first = as_base ? theirs_.names : ours_.names;
    const std::vector<std::string>& second = as_base ? ours_.names : theirs_.names;
    for (const std::string& name : first) {
      if (has(merged, name)) merged_.columns.push_back(name);
    }
    for (const std::string& name : second) {
      if (has(merged, name) && !has(merged_.columns, name)) {
        insert_column(merged_.columns, second, name);
      }
    }
  }

  /// What the merge does to ours, by key, and where it could not decide.
  void note(const Changes& changes) {
    for (int64_t row = 0; row < changes.row_count(); ++row) {
      const auto at = static_cast<size_t>(row);
      const std::string key(changes.keys[at]);
      if (changes.kinds[at] == ChangeKind::removed) removed_.insert(key);
      if (changes.kinds[at] != ChangeKind::updated) continue;
      std::set<std::string>& cells = taken_[key];
      for (int i = 0; i < changes.after->num_columns(); ++i) {
        if (changes.cell_changed(row, i)) cells.insert(changes.after->schema()->field(i)->name());
      }
    }
    for (const Conflict& conflict : merged_.conflicts) {
      open_[conflict.key].insert(conflict.column);
    }
  }

  void put_rows() {
    const bool sorted = keys_rise(ours_.keys) && keys_rise(theirs_.keys);
    std::vector<size_t> stay;
    for (size_t row = 0; row < ours_.keys.size(); ++row) {
      if (!removed_.contains(std::string(ours_.keys[row]))) stay.push_back(row);
    }
    const std::vector<std::vector<size_t>> inserted =
        sorted ? inserted_by_key(stay) : inserted_by_place(stay);
    for (size_t i = 0; i <= stay.size(); ++i) {
      if (i > 0) merged_.rows.push_back(row_of(ours_.keys[stay[i - 1]]));
      for (const size_t row : inserted[i]) merged_.rows.push_back(row_of(theirs_.keys[row]));
    }
  }

  /// Whether a row of theirs comes into the merged file, where ours has it not.
  [[nodiscard]] bool comes_in(size_t row) const {
    const std::string key(theirs_.keys[row]);
    return !our_places_.find(key) && (!base_places_.find(key) || open_.contains(key));
  }

  /// Rows of theirs to put behind the first i rows of `stay`.
  [[nodiscard]] std::vector<std::vector<size_t>> inserted_by_key(
      const std::vector<size_t>& stay) const {
    std::vector<std::vector<size_t>> inserted(stay.size() + 1);
    size_t place = 0;
    for (size_t row = 0; row < theirs_.keys.size(); ++row) {
      if (!comes_in(row)) continue;
      while (place < stay.size() && ours_.keys[stay[place]] < theirs_.keys[row]) ++place;
      inserted[place].push_back(row);
    }
    return inserted;
  }

  [[nodiscard]] std::vector<std::vector<size_t>> inserted_by_place(
      const std::vector<size_t>& stay) const {
    std::unordered_map<size_t, size_t> place_of;
    for (size_t i = 0; i < stay.size(); ++i) place_of.emplace(stay[i], i + 1);
    // Rows that came in ours at the same place stand before those of theirs.
    const auto behind_ours = [&](size_t place) {
      while (place < stay.size() && !base_places_.find(ours_.keys[stay[place]]) &&
             !their_places_.find(ours_.keys[stay[place]])) {
        ++place;
      }
      return place;
    };
    std::vector<std::vector<size_t>> inserted(stay.size() + 1);
    size_t place = 0;
    for (size_t row = 0; row < theirs_.keys.size(); ++row) {
      const auto ours = our_places_.find(theirs_.keys[row]);
      if (ours) {
        const auto found = place_of.find(*ours);
        if (found != place_of.end()) place = found->second;
      } else if (comes_in(row)) {
        inserted[behind_ours(place)].push_back(row);
      }
    }
    return inserted;
  }

  [[nodiscard]] MergedRow row_of(std::string_view key_view) const {
    const std::string key(key_view);
    MergedRow row{.base = base_places_.find(key),
                  .ours = our_places_.find(key),
                  .theirs = their_places_.find(key),
                  .takes_theirs = {},
                  .conflicts = {},
                  .is_removal_conflict = false};
    row.takes_theirs.resize(merged_.columns.size(), !row.ours.has_value());
    const auto open = open_.find(key);
    row.is_removal_conflict = open != open_.end() && open->second.contains("");
    if (!row.ours || !row.theirs) return row;
    if (open != open_.end()) row.conflicts.resize(merged_.columns.size());
    const auto taken = taken_.find(key);
    for (size_t i = 0; i < merged_.columns.size(); ++i) {
      const std::string& column = merged_.columns[i];
      const bool in_conflict = open != open_.end() && open->second.contains(column);
      if (in_conflict) row.conflicts[i] = true;
      if (in_conflict || !has(theirs_.names, column)) continue;
      row.takes_theirs[i] = !has(ours_.names, column) ||
                            (taken != taken_.end() && taken->second.contains(column)) ||
                            (rewrote_ && row.base && has(base_.names, column) &&
                             rewrote_(*row.base, *row.ours, *row.theirs, column));
    }
    return row;
  }

  FileVersions& versions_;
  const Rewrote& rewrote_;
  const FileVersion& base_;
  const FileVersion& ours_;
  const FileVersion& theirs_;
  RowPlaces base_places_;
  RowPlaces our_places_;
  RowPlaces their_places_;
  MergedRows merged_;
  std::set<std::string> removed_;                       ///< Keys.
  std::map<std::string, std::set<std::string>> taken_;  ///< Key -> columns with their cells.
  std::map<std::string, std::set<std::string>> open_;   ///< Key -> columns in conflict.
};

}  // namespace

Result<MergedRows> merge_rows(FileVersions& versions, const Rewrote& rewrote) {
  return RowsMerge(versions, rewrote).run();
}

}  // namespace millgate
