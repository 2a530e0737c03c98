/// `forget`: takes a person's rows out of every version of a table. Why so:
/// docs/decisions/forgetting.md.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "data/keep/stored_objects.h"
#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

struct ForgetRequest {
  std::string table;
  std::vector<std::string> columns;         ///< Whose values name the rows.
  std::set<std::vector<std::string>> rows;  ///< As texts, in the order of `columns`.
  std::string author;
  std::string reason;  ///< May be empty; stays in the ledger for good.
  bool dry_run = false;
  /// The rows are known to be somewhere else, as in the log of predictions: then it is no error
  /// that no version holds them.
  bool held_elsewhere = false;
  /// Objects that nothing refers to and that are younger may be of a command that is at work: they
  /// are told, not removed.
  int64_t grace_micros = int64_t{3600} * 1'000'000;
};

/// A version that held the rows.
struct ForgottenVersion {
  Id before;
  Id after;               ///< Zero with `dry_run`.
  int64_t row_count = 0;  ///< Rows of it that go. 0: only older states of them lay in its objects.
  std::vector<Id> commits;  ///< That have it, the oldest first.
};

/// A model whose rows for training, validation and test were taken from a version that held the
/// rows.
struct ForgottenModel {
  Id id;
  Id data_commit;
  int64_t row_count = 0;  ///< Rows of the table that go.
  bool released = false;  ///< At some time.
  bool serving = false;   ///< Now.
};

struct ForgetReport {
  int64_t event_number = 0;  ///< 0: nothing was appended.
  int64_t known_since = 0;   ///< Event that forgot all of these rows before; 0: none.
  int64_t commit_count = 0;  ///< Looked at.
  int64_t version_count = 0;
  int64_t unsearched_count = 0;  ///< Versions without the columns that name the rows.
  std::vector<ForgottenVersion> versions;
  std::vector<ForgottenModel> models;
  std::vector<std::string> origin_files;  ///< Of the user, that the table was read from.
  std::vector<StoredObject> removed;      ///< With `dry_run`: would be, as far as that is known.
  int64_t removed_bytes = 0;
  std::vector<std::string> removed_files;  ///< Of `cache` and `scratch`.
  /// Young objects that nothing refers to and that hold the rows: the same command finds them
  /// again.
  std::vector<Id> left;
};

/// Every version of `table` that any commit of the ledger's history has, current ids, in the order
/// of their commits, the oldest first. Errors: `not_found` with the nearest name; `damaged`.
[[nodiscard]] Result<std::vector<Id>> versions_of_table(const Repository& repository,
                                                        const std::string& table);

/// Rewrites each version that holds the rows, appends one event that says which version stands for
/// which, and removes the objects that held them; then what lies in `cache` and in `scratch`. What
/// broke off before the event did nothing; what broke off after it is finished by the next call
/// with the same rows, and by `gc`.
///
/// Other commands may work meanwhile: a commit that wins the race is looked at too, one that loses
/// it is refused if it would bring a row back.
/// Errors: `not_found` for the table (nearest name), and for rows that nobody ever held;
/// `conflict` while a merge waits; `damaged`, `outside`.
[[nodiscard]] Result<ForgetReport> forget_rows(Repository& repository,
                                               const ForgetRequest& request);

}  // namespace millgate
