#include "system/pipeline/undone_edits.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "data/store/table_diff.h"
#include "data/table/row_key.h"
#include "data/tree/tree.h"

namespace millgate {

namespace {

struct Undone {
  int64_t row_count = 0;
  std::string example;  ///< "id = 5", of the first.
};

/// Whether row `j` of what the files would change is about a cell that changed in row `i` of what
/// came. Both changes are of one row.
bool is_undone(const TableDiff& came, int64_t i, const TableDiff& would, int64_t j, bool has_key) {
  const ChangeKind there = came.changes.kinds[static_cast<size_t>(i)];
  const ChangeKind here = would.changes.kinds[static_cast<size_t>(j)];
  if (!has_key) return there != here;
  if (there != ChangeKind::updated || here != ChangeKind::updated) return true;
  for (int column = 0; column < came.schema->num_fields(); ++column) {
    if (!came.changes.cell_changed(i, column)) continue;
    const int other = would.schema->GetFieldIndex(came.schema->field(column)->name());
    if (other < 0 || would.changes.cell_changed(j, other)) return true;
  }
  return false;
}

Result<Undone> undone_rows(const TableDiff& came, const TableDiff& would,
                           const std::vector<std::string>& key) {
  Undone undone;
  std::map<std::string_view, int64_t> rows;
  for (int64_t i = 0; i < came.changes.row_count(); ++i) {
    rows.emplace(came.changes.keys[static_cast<size_t>(i)], i);
  }
  for (int64_t j = 0; j < would.changes.row_count(); ++j) {
    const auto found = rows.find(would.changes.keys[static_cast<size_t>(j)]);
    if (found == rows.end() || !is_undone(came, found->second, would, j, !key.empty())) continue;
    if (undone.row_count++ > 0 || key.empty()) continue;
    const bool removed = would.changes.kinds[static_cast<size_t>(j)] == ChangeKind::removed;
    const arrow::RecordBatch& batch = removed ? *would.changes.before : *would.changes.after;
    MILLGATE_ASSIGN(const auto encoder, RowKeyEncoder::make(*batch.schema(), key));
    undone.example = encoder.describe(batch, j);
  }
  return undone;
}

/// The first column that both sides gave another type or took away.
std::string undone_column(const TableDiff& came, const TableDiff& would) {
  for (const ColumnChange& one : came.columns) {
    const auto same = [&](const ColumnChange& other) { return other.name == one.name; };
    if (std::any_of(would.columns.begin(), would.columns.end(), same)) return one.name;
  }
  return {};
}

Error would_undo(const BranchState& before, const std::string& source, const std::string& what,
                 const FileStanding& standing) {
  Error error{.code = ErrorCode::conflict,
              .what = "the files of `" + source + "` were edited, and committing them would undo " +
                      "what came to branch `" + before.branch +
                      "` since they were taken from it: " + what,
              .hint = {}};
  const std::string take = "`millgate commit -b " + before.branch + "` takes them as they are";
  if (standing.note.commit) {
    error.hint = "merge both: `millgate switch -c mine " + standing.note.commit->brief() +
                 "`, `millgate commit -m ...`, `millgate switch " + before.branch +
                 "`, `millgate merge mine`; or " + take;
  } else {
    error.hint = take + "; `millgate diff` and `millgate log` show what came";
  }
  return error;
}

Result<std::map<std::string, TreeEntry>> entries_of(const ObjectStore& objects, const Id& id) {
  MILLGATE_ASSIGN(const Tree tree, read_tree(objects, id));
  MILLGATE_ASSIGN(auto list, read_entries(objects, tree));
  std::map<std::string, TreeEntry> entries;
  for (TreeEntry& entry : list) entries.emplace(entry.path, std::move(entry));
  return entries;
}

}  // namespace

Status check_undone_rows(const Repository& repository, const BranchState& before,
                         const std::string& table, const FileStanding& standing,
                         const TableVersion& now, const TableVersion& next) {
  if (!standing.behind || now.id == next.id) return {};
  const auto refused = [&](const std::string& what) {
    return would_undo(before, table, what, standing);
  };
  if (!standing.base) return refused("it is not known what that is");
  const ObjectStore& objects = repository.objects();
  MILLGATE_ASSIGN(const TableVersion base, read_table_version(objects, *standing.base));
  MILLGATE_ASSIGN(const TableDiff came, diff_versions(objects, base, now));
  MILLGATE_ASSIGN(const TableDiff would, diff_versions(objects, now, next));
  if (!came.any() || !would.any()) return {};
  if (came.key_changed || would.key_changed) return refused("its key is another one");
  if (const std::string column = undone_column(came, would); !column.empty()) {
    return refused("column `" + column + "`");
  }
  if (!came.complete || !would.complete) return refused("too many rows changed to tell which");
  MILLGATE_ASSIGN(const Undone undone, undone_rows(came, would, now.key));
  if (undone.row_count == 0) return {};
  return refused(std::to_string(undone.row_count) + (undone.row_count == 1 ? " row" : " rows") +
                 (undone.example.empty() ? "" : ", first " + undone.example));
}

Status check_undone_files(const Repository& repository, const BranchState& before,
                          const std::string& folder, const FileStanding& standing,
                          const FolderChanges& changes) {
  if (!standing.behind) return {};
  const ObjectStore& objects = repository.objects();
  MILLGATE_ASSIGN(const auto base, entries_of(objects, *standing.base));
  MILLGATE_ASSIGN(const auto now, entries_of(objects, before.commit->trees.at(folder)));
  const auto came = [&](const std::string& path) {
    const auto was = base.find(path);
    const auto is = now.find(path);
    if (was == base.end() || is == now.end()) return (was == base.end()) != (is == now.end());
    return was->second.content != is->second.content || was->second.kind != is->second.kind;
  };
  for (const auto* paths : {&changes.modified, &changes.removed, &changes.added}) {
    for (const std::string& path : *paths) {
      if (!came(path)) continue;
      Error error = would_undo(before, folder, "file `" + path + "`", standing);
      error.hint += "; `millgate checkout " + folder + "/" + path + "` brings that file";
      return error;
    }
  }
  return {};
}

}  // namespace millgate
