/// Rows that come from where nobody is trusted: which of them a merge lets in.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/store/changes.h"
#include "data/store/commit_merge.h"
#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/json.h"
#include "system/pipeline/project.h"
#include "system/pipeline/quarantine_settings.h"

namespace millgate {

/// The note in the event of a commit that leaves held rows on a branch.
inline constexpr const char* kHeldNote = R"({"quarantine": "held"})";
/// The note of a commit by which rows from `origins` (Mistrust) came in.
[[nodiscard]] Json let_in_note(const std::vector<std::string>& origins);

/// What a merge takes that is not trusted.
struct Mistrust {
  /// Why: "branch `quarantine/acme`", "author `acme`", each once. Empty: all is trusted.
  std::vector<std::string> origins;
  std::optional<Commit> held;  ///< The newest commit that left held rows there.
  /// Commits by which rows from there came in before, newest first.
  std::vector<Commit> earlier;
};

/// Whether what `request` takes is trusted. What counts is on which branch a commit was made and by
/// whom, whatever branch, tag or id names it now, so that another name is no way around. Commits
/// that `ours` has already are not asked.
[[nodiscard]] Result<Mistrust> mistrusted_origins(const Repository& repository,
                                                  const MergeRequest& request,
                                                  const QuarantineSettings& settings);

/// What arrives in one table.
struct ArrivedTable {
  std::string table;
  /// What the branch would become, as changes to what it holds. Without rows when `whole_reason`
  /// is given.
  Changes changes;
  std::vector<std::string> key;      ///< Columns; all of the table's, where it has no key.
  std::vector<std::string> reasons;  ///< Why each row is held; empty: it is let in.
  /// Why nothing of the table is let in, whatever its rows are.
  std::string whole_reason;
  std::vector<std::string> notes;  ///< For people: drift, what could not be looked at.
  Id before, after;                ///< Versions; `before` is zero for a new table.

  [[nodiscard]] int64_t held_count() const;
  [[nodiscard]] bool any_held() const { return !whole_reason.empty() || held_count() > 0; }
  /// Each reason with its rows, the most rows first.
  [[nodiscard]] std::vector<std::pair<std::string, int64_t>> reason_counts() const;
};

/// What a merge would bring, judged.
struct Arrivals {
  std::vector<ArrivedTable> tables;
  std::vector<std::string> folders;  ///< Whose files change: held, since rows are what is judged.
  [[nodiscard]] bool any_held() const;
};

struct ArrivalQuestion {
  Commit before;                    ///< Where the branch is.
  std::map<std::string, Id> after;  ///< Tables that would become others.
  std::vector<std::string> folders = {};
  std::optional<Commit> held = {};   ///< As Mistrust has it,
  std::vector<Commit> earlier = {};  ///< and this.
  std::function<void(const std::string& step, double share)> progress = {};
};

/// Judges the rows that arrive, each table by itself:
/// - a row that breaks a rule of severity error that every row must meet is held; rules with a
///   share, or about the table, are for the merge to judge on what is let in;
/// - where the table has a label (QuarantineSettings), arriving rows with a trigger
///   (search_triggers, hold_out_sources) are held, and all rows that arrive with a label when too
///   many are flipped. Rows that came in from there before are judged with those that arrive, up to
///   a hundred thousand, the newest first: who sends little at a time is seen by what it adds up
///   to;
/// - another distribution is told, or holds all, as the settings say;
/// - a row that would be taken out is held: who is not trusted does not delete;
/// - a table that is new or gets other columns is held as a whole. So is one without a key of which
///   a row is held.
/// Fewer than 50 rows with a label, those before counted, cannot be compared with the others: only
/// triggers that the whole table shows are found, and a note says so. Where fewer than 50 arrive,
/// rows that were held before and did not change since stay held.
///
/// Errors: those of diff_versions, of the rules, `invalid_input` for a label that is no SQL, and
/// when more than a million rows arrive in one table.
[[nodiscard]] Result<Arrivals> judge_arrivals(Repository& repository, const Project& project,
                                              const QuarantineSettings& settings,
                                              const ArrivalQuestion& question);

/// The versions with what was let in, of tables where that is anything.
[[nodiscard]] Result<std::map<std::string, Id>> let_in(Repository& repository,
                                                       const Arrivals& arrivals);

}  // namespace millgate
