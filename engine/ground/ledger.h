/// The append-only, hash-chained record of everything that happened in a project.
///
/// Format: docs/formats/ledger.md. Branches, tags, releases and "what served when" are folds
/// over its events and stored nowhere else.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// One thing that happened.
struct Event {
  int64_t number = 0;   ///< 1, 2, 3 ... without gaps.
  Time time;            ///< When it was appended; never before the event in front of it.
  std::string kind;     ///< "commit", "run", "verdict", "release", "rollback", "alarm" ...
  std::string subject;  ///< What it is about: a branch, a model id; indexed.
  std::string author;   ///< Who did it.
  std::string body;     ///< JSON object; its fields depend on `kind`.
  Id previous;          ///< `id` of the event in front of it; zero for the first.
  Id id;                ///< Hash over all of the above.
};

/// What a caller gives; the ledger adds number, time and hashes.
struct NewEvent {
  std::string kind;
  std::string subject;
  std::string author;
  std::string body;  ///< A JSON object as text.
};

/// Thread-safe; several processes may append at once. An append is durable when it returns.
class Ledger {
 public:
  virtual ~Ledger() = default;

  /// Appends one event. `still_right` runs inside the same transaction, after every other
  /// writer: when it returns an error, nothing is appended and that error is returned. So
  /// "move main from A to B" asks there whether main is still A.
  /// It may read the given ledger; to append there is a `bug`.
  /// Errors: those of `still_right`; `invalid_input` unless `kind` is given and `body` is a
  /// JSON object; `outside` when the disk refuses; `damaged` when the newest event is.
  using Condition = std::function<Status(const Ledger&)>;
  [[nodiscard]] virtual Result<Event> append(const NewEvent& event,
                                             const Condition& still_right = nullptr) = 0;

  /// Events after `number`, oldest first, of `kind` and `subject` unless those are empty.
  /// Here and below, the hash of each event that is given back is checked first.
  /// Errors: `damaged`, `outside`.
  [[nodiscard]] virtual Result<std::vector<Event>> events(
      int64_t after = 0, const std::string& kind = {}, const std::string& subject = {}) const = 0;
  /// The newest event of `kind` (and `subject` unless empty) not after `at`.
  [[nodiscard]] virtual Result<std::optional<Event>> newest(
      const std::string& kind, const std::string& subject = {},
      std::optional<Time> at = std::nullopt) const = 0;
  /// Number of the newest event; 0 when empty. Cheap: meant for polling.
  [[nodiscard]] virtual Result<int64_t> head() const = 0;

  /// Recomputes the chain. Errors: `damaged` naming the first event whose hash is wrong or
  /// that is missing. Events cut off at the end leave a chain that is right; whoever must
  /// notice that keeps the id of the newest event elsewhere.
  [[nodiscard]] virtual Status verify() const = 0;
};

/// Opens or makes the ledger in the SQLite file at `path` (write-ahead log, synchronous=FULL).
/// The folder must exist; `clock` must outlive the ledger. Not to be used across fork(2).
/// Errors: `outside` when it cannot be opened; `damaged` when the file is no ledger;
/// `invalid_input` when a newer program wrote it.
[[nodiscard]] Result<std::shared_ptr<Ledger>> open_ledger(const std::string& path,
                                                          const Clock& clock);

}  // namespace millgate
