#include "ground/ledger_schema.h"

#include <chrono>
#include <thread>

namespace millgate {

namespace {

/// "MLGT", so that file(1) and other programs can tell what the file is.
constexpr int64_t kApplicationId = 0x4d4c4754;

constexpr std::chrono::seconds kModeTimeout{30};
constexpr std::chrono::milliseconds kModeRetry{20};

// The triggers keep honest programs from mistakes; against others there is the chain.
constexpr const char* kSchema = R"sql(
CREATE TABLE events (
  number INTEGER PRIMARY KEY,
  time_micros INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (length(kind) > 0),
  subject TEXT NOT NULL,
  author TEXT NOT NULL,
  body TEXT NOT NULL,
  previous BLOB NOT NULL CHECK (length(previous) = 32),
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 32)
) STRICT;
CREATE INDEX events_of_kind ON events (kind, number);
CREATE INDEX events_of_subject ON events (subject, kind, number);
CREATE TRIGGER events_follow BEFORE INSERT ON events
WHEN new.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM events)
  OR new.previous IS NOT coalesce((SELECT id FROM events ORDER BY number DESC LIMIT 1),
                                  zeroblob(32))
BEGIN SELECT raise(ABORT, 'a new event must follow the newest one'); END;
CREATE TRIGGER events_stay BEFORE UPDATE ON events
BEGIN SELECT raise(ABORT, 'the ledger only grows: an event cannot be changed'); END;
CREATE TRIGGER events_remain BEFORE DELETE ON events
BEGIN SELECT raise(ABORT, 'the ledger only grows: an event cannot be removed'); END;
PRAGMA application_id = 1296844628;
PRAGMA user_version = 1;
)sql";
static_assert(kApplicationId == 1296844628 && kLedgerFormatVersion == 1);

/// The change to a write-ahead log needs the file alone, and SQLite gives up at once where
/// waiting could lock two processes for ever: so the wait is here.
Status use_write_ahead_log(const sqlite::Connection& connection) {
  const auto give_up_at = std::chrono::steady_clock::now() + kModeTimeout;
  while (true) {
    auto mode = connection.text("PRAGMA journal_mode = WAL");
    if (mode.ok() && *mode == "wal") return {};
    if (mode.ok()) {
      return outside_failure(
          "the ledger needs a write-ahead log, but SQLite offers `" + *mode + "` here",
          "keep the project on a local disk");
    }
    if (!connection.was_busy() || std::chrono::steady_clock::now() > give_up_at) {
      return std::move(mode).error();
    }
    std::this_thread::sleep_for(kModeRetry);
  }
}

Status check_format(const sqlite::Connection& connection, const std::string& object) {
  MILLGATE_ASSIGN(const int64_t application, connection.integer("PRAGMA application_id"));
  if (application != kApplicationId) {
    return damaged(object + " is a SQLite file of another program",
                   "give the path of a ledger, or bring the file back from a backup");
  }
  MILLGATE_ASSIGN(const int64_t version, connection.integer("PRAGMA user_version"));
  if (version == kLedgerFormatVersion) return {};
  return invalid_input(object + " has format version " + std::to_string(version) +
                           "; this program reads version " + std::to_string(kLedgerFormatVersion),
                       "use a newer millgate");
}

Result<bool> is_new(const sqlite::Connection& connection) {
  MILLGATE_ASSIGN(const int64_t objects, connection.integer("SELECT count(*) FROM sqlite_schema"));
  MILLGATE_ASSIGN(const int64_t application, connection.integer("PRAGMA application_id"));
  return objects == 0 && application == 0;
}

}  // namespace

Status prepare_ledger(const sqlite::Connection& connection, const std::string& object) {
  // Looked at before anything is set: a file of another program must stay as it is.
  MILLGATE_ASSIGN(bool fresh, is_new(connection));
  if (!fresh) MILLGATE_TRY(check_format(connection, object));
  MILLGATE_TRY(use_write_ahead_log(connection));
  MILLGATE_TRY(connection.run("PRAGMA synchronous = FULL"));
  if (!fresh) return {};
  MILLGATE_ASSIGN(auto transaction, sqlite::Transaction::begin(connection));
  MILLGATE_ASSIGN(fresh, is_new(connection));  // Another process may have been faster.
  if (fresh) MILLGATE_TRY(connection.run(kSchema));
  MILLGATE_TRY(transaction.commit());
  return check_format(connection, object);
}

}  // namespace millgate
