/// Who is right about cells and rows that several sides of a merge changed. For table_merge.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/store/changes.h"
#include "data/store/table_merge.h"
#include "ground/error.h"

namespace millgate {

/// A null cell equals a null cell; NaN equals NaN.
[[nodiscard]] bool is_same_cell(const Cell& one, const Cell& other);

/// A cell that at least two sides changed, not all to one value.
struct CellBallot {
  struct Vote {
    size_t side = 0;  ///< As in MergeOptions::ages.
    Cell base;        ///< What the side changed.
    Cell value;
  };
  std::string column;
  Cell ours;               ///< As it stands; no column when we do not have the row.
  bool ours_votes = true;  ///< Whether ours is a change too, and not what all others changed.
  Cell our_base;           ///< With `ours_votes`.
  std::vector<Vote> theirs;
};

/// A row that some sides removed and others changed.
struct RowBallot {
  bool ours_there = true;
  bool ours_votes = true;
  std::vector<std::pair<size_t, bool>> theirs;  ///< Side, and whether the row is there.
};

/// Decides by resolutions, then by the members of structs and entries of maps (member_merge.h),
/// then by policies; what is left is put into the conflicts of the merge. Cells that it makes live
/// as long as it does.
class MergeReferee {
 public:
  /// Both must outlive this.
  MergeReferee(const MergeOptions& options, TableMerge& merge) : options_(options), merge_(merge) {}

  /// The cell to take; nothing when ours stays.
  [[nodiscard]] Result<std::optional<Cell>> decide(const std::string& key,
                                                   const std::string& key_text,
                                                   const CellBallot& ballot);
  /// Whether the row is there; nothing when nobody decided.
  [[nodiscard]] std::optional<bool> decide_row(const std::string& key, const std::string& key_text,
                                               const RowBallot& ballot);

 private:
  [[nodiscard]] size_t youngest(bool ours_votes, const std::vector<size_t>& sides) const;
  [[nodiscard]] Result<std::optional<Cell>> resolved(const Resolution& resolution,
                                                     const std::string& key_text,
                                                     const CellBallot& ballot);
  [[nodiscard]] Result<std::optional<Cell>> by_members(const CellBallot& ballot);
  /// The cell, if the policy knows one; an inner nothing when it is ours.
  using Decision = std::optional<std::optional<Cell>>;
  [[nodiscard]] Result<Decision> by_policy(MergePolicy policy, const CellBallot& ballot);
  [[nodiscard]] Result<std::optional<Cell>> sum(const CellBallot& ballot);
  [[nodiscard]] Result<std::optional<Cell>> keep(std::shared_ptr<arrow::Array> made);

  const MergeOptions& options_;
  TableMerge& merge_;
  std::vector<std::shared_ptr<arrow::Array>> made_;  ///< Cells that no side has.
};

}  // namespace millgate
