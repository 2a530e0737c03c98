/// All that was ever forgotten in a project: a fold over the `forget` events of its ledger.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "data/store/forget_record.h"
#include "data/store/object_store.h"
#include "ground/error.h"
#include "ground/id.h"
#include "ground/ledger.h"

namespace millgate {

/// Kind of the event: subject the table, body {"record": id of a ForgetRecord, ...}.
inline constexpr const char* kForgetEvent = "forget";

/// Commits keep the ids of the table versions that they were made with; who reads one asks here
/// which version is meant by now. Immutable; thread-safe.
class Forgotten {
 public:
  Forgotten() = default;
  struct Entry {
    Id id;                     ///< Of the record.
    int64_t event_number = 0;  ///< That appended it.
    ForgetRecord record;
  };
  explicit Forgotten(std::vector<Entry> entries);
  /// Errors: `damaged`, `not_found` for a record; `invalid_input` when a newer program wrote one.
  [[nodiscard]] static Result<Forgotten> load(const Ledger& ledger, const ObjectStore& objects);

  /// The version to read in the place of `version`: itself unless it was rewritten.
  [[nodiscard]] Id current(const Id& version) const;
  /// Must not stay anywhere, whatever names it.
  [[nodiscard]] bool is_removed(const Id& object) const { return removed_.contains(object); }
  [[nodiscard]] const std::unordered_set<Id>& removed() const { return removed_; }

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  /// Of the newest event that this holds; 0 when there is none.
  [[nodiscard]] int64_t event_number() const {
    return entries_.empty() ? 0 : entries_.back().event_number;
  }
  /// The entry that rewrote what is now `version`; null when none did.
  [[nodiscard]] const Entry* rewriter_of(const Id& version) const;

 private:
  std::vector<Entry> entries_;
  std::unordered_map<Id, Id> replaced_;
  std::unordered_map<Id, size_t> made_by_;  ///< New version -> entry.
  std::unordered_set<Id> removed_;
};

}  // namespace millgate
