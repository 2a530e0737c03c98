#include "ground/ledger.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "ground/json.h"
#include "ground/ledger_schema.h"
#include "ground/sqlite.h"

namespace millgate {

namespace {

constexpr int64_t kVerifyPage = 1000;
constexpr const char* kColumns =
    "SELECT number, time_micros, kind, subject, author, body, previous, id FROM events ";

std::string_view view_of(const Id& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

/// The id that `event` must have. Specified in docs/formats/ledger.md.
Id id_of(const Event& event) {
  Hasher hasher;
  hasher.add_field("millgate event 1");
  hasher.add_field(std::to_string(event.number));
  hasher.add_field(std::to_string(event.time.micros));
  hasher.add_field(event.kind);
  hasher.add_field(event.subject);
  hasher.add_field(event.author);
  hasher.add_field(event.body);
  hasher.add_field(view_of(event.previous));
  return hasher.finish();
}

class SqliteLedger final : public Ledger {
 public:
  SqliteLedger(std::string object, const Clock& clock, sqlite::Connection writer,
               sqlite::Connection reader)
      : object_(std::move(object)),
        clock_(clock),
        writer_(std::move(writer)),
        reader_(std::move(reader)) {}

  Result<Event> append(const NewEvent& given, const Condition& still_right) override {
    MILLGATE_TRY(check_new(given));
    if (appending_.load() == std::this_thread::get_id()) {
      return bug(object_ + ": append inside the condition of another append");
    }
    const std::scoped_lock lock(writer_mutex_);
    MILLGATE_ASSIGN(auto transaction, sqlite::Transaction::begin(writer_));
    if (still_right) {
      appending_ = std::this_thread::get_id();
      const Status answer = still_right(*this);
      appending_ = std::thread::id();
      if (!answer.ok()) return answer.error();
    }
    MILLGATE_ASSIGN(const Event event, successor(given));
    MILLGATE_TRY(insert(event));
    MILLGATE_TRY(transaction.commit());
    return event;
  }

  Result<std::vector<Event>> events(int64_t after, const std::string& kind,
                                    const std::string& subject) const override {
    const std::scoped_lock lock(reader_mutex_);
    MILLGATE_ASSIGN(auto statement,
                    reader_.prepare(query_for(kind, subject, "number > ?3") + "ORDER BY number"));
    statement.bind(1, kind);
    statement.bind(2, subject);
    statement.bind(3, after);
    return all_events(statement);
  }

  Result<std::optional<Event>> newest(const std::string& kind, const std::string& subject,
                                      std::optional<Time> at) const override {
    const std::scoped_lock lock(reader_mutex_);
    MILLGATE_ASSIGN(auto statement,
                    reader_.prepare(query_for(kind, subject, at ? "time_micros <= ?3" : "true") +
                                    "ORDER BY number DESC LIMIT 1"));
    statement.bind(1, kind);
    statement.bind(2, subject);
    if (at) statement.bind(3, at->micros);
    MILLGATE_ASSIGN(const bool found, statement.step());
    if (!found) return std::optional<Event>();
    MILLGATE_ASSIGN(Event event, read_event(statement));
    return std::optional<Event>(std::move(event));
  }

  Result<int64_t> head() const override {
    const std::scoped_lock lock(reader_mutex_);
    return reader_.integer("SELECT max(number) FROM events");
  }

  Status verify() const override {
    Event last;
    // In pages, so that others read on meanwhile; what was checked cannot change.
    for (bool more = true; more;) {
      MILLGATE_ASSIGN(const std::vector<Event> page, page_after(last.number));
      for (const Event& event : page) {
        MILLGATE_TRY(check_follows(last, event));
        last = event;
      }
      more = !page.empty();
    }
    return {};
  }

 private:
  static Status check_new(const NewEvent& given) {
    if (given.kind.empty()) return invalid_input("an event of the ledger needs a kind");
    const auto body = parse_json(given.body, "the body of the event `" + given.kind + "`");
    if (!body.ok() || !body->is_object()) {
      return invalid_input("the body of the event `" + given.kind + "` is not a JSON object");
    }
    return {};
  }

  /// Kinds and subjects are bound as ?1 and ?2 even where an empty one leaves the filter out.
  static std::string query_for(const std::string& kind, const std::string& subject,
                               const std::string& range) {
    return kColumns + ("WHERE " + range) + (kind.empty() ? " AND ?1 = ''" : " AND kind = ?1") +
           (subject.empty() ? " AND ?2 = ''" : " AND subject = ?2") + " ";
  }

  /// `given` as the event after the newest one. Runs inside the transaction of `writer_`.
  Result<Event> successor(const NewEvent& given) const {
    Event event{.number = 1,
                .time = clock_.now(),
                .kind = given.kind,
                .subject = given.subject,
                .author = given.author,
                .body = given.body,
                .previous = {},
                .id = {}};
    MILLGATE_ASSIGN(auto statement,
                    writer_.prepare(std::string(kColumns) + "ORDER BY number DESC LIMIT 1"));
    MILLGATE_ASSIGN(const bool found, statement.step());
    if (found) {
      // Checked again: a chain must not go on from a damaged event as if all were well.
      MILLGATE_ASSIGN(const Event last, read_event(statement));
      event.number = last.number + 1;
      event.time = std::max(event.time, last.time);
      event.previous = last.id;
    }
    event.id = id_of(event);
    return event;
  }

  Status insert(const Event& event) const {
    MILLGATE_ASSIGN(auto statement,
                    writer_.prepare("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
    statement.bind(1, event.number);
    statement.bind(2, event.time.micros);
    statement.bind(3, event.kind);
    statement.bind(4, event.subject);
    statement.bind(5, event.author);
    statement.bind(6, event.body);
    statement.bind_bytes(7, view_of(event.previous));
    statement.bind_bytes(8, view_of(event.id));
    MILLGATE_TRY(statement.step());
    return {};
  }

  Result<std::vector<Event>> page_after(int64_t number) const {
    const std::scoped_lock lock(reader_mutex_);
    MILLGATE_ASSIGN(auto statement, reader_.prepare(std::string(kColumns) +
                                                    "WHERE number > ?1 ORDER BY number LIMIT ?2"));
    statement.bind(1, number);
    statement.bind(2, kVerifyPage);
    return all_events(statement);
  }

  Result<std::vector<Event>> all_events(sqlite::Statement& statement) const {
    std::vector<Event> found;
    while (true) {
      MILLGATE_ASSIGN(const bool more, statement.step());
      if (!more) return found;
      MILLGATE_ASSIGN(Event event, read_event(statement));
      found.push_back(std::move(event));
    }
  }

  /// The row on which `statement` stands, checked against its hash.
  Result<Event> read_event(const sqlite::Statement& statement) const {
    Event event{.number = statement.integer(0),
                .time = Time{statement.integer(1)},
                .kind = statement.bytes(2),
                .subject = statement.bytes(3),
                .author = statement.bytes(4),
                .body = statement.bytes(5),
                .previous = {},
                .id = {}};
    const std::string previous = statement.bytes(6);
    const std::string id = statement.bytes(7);
    const bool whole =
        previous.size() == event.previous.bytes.size() && id.size() == previous.size();
    if (whole) {
      std::copy(previous.begin(), previous.end(), event.previous.bytes.begin());
      std::copy(id.begin(), id.end(), event.id.bytes.begin());
    }
    if (!whole || id_of(event) != event.id) {
      return chain_damage(event.number, "was changed after it was written");
    }
    return event;
  }

  Status check_follows(const Event& last, const Event& event) const {
    if (event.number != last.number + 1) return chain_damage(last.number + 1, "is missing");
    if (event.previous != last.id) {
      return chain_damage(event.number, "does not hold the hash of the event in front of it");
    }
    if (event.time < last.time) {
      return chain_damage(event.number, "is older than the event in front of it");
    }
    return {};
  }

  Error chain_damage(int64_t number, std::string_view fault) const {
    return damaged(object_ + ": event " + std::to_string(number) + " " + std::string(fault),
                   "bring the file back from a backup; what came before the event is intact");
  }

  const std::string object_;
  const Clock& clock_;
  // Two connections, so that a reader never waits for the disk of a writer, and so that a
  // condition can read while its own append holds the writer.
  std::mutex writer_mutex_;
  const sqlite::Connection writer_;
  mutable std::mutex reader_mutex_;
  const sqlite::Connection reader_;
  std::atomic<std::thread::id> appending_{};  ///< The thread that is inside a condition.
};

}  // namespace

Result<std::shared_ptr<Ledger>> open_ledger(const std::string& path, const Clock& clock) {
  const std::string object = "ledger `" + path + "`";
  MILLGATE_ASSIGN(auto writer, sqlite::Connection::open(path, object));
  MILLGATE_TRY(prepare_ledger(writer, object));
  MILLGATE_ASSIGN(auto reader, sqlite::Connection::open(path, object));
  MILLGATE_TRY(reader.run("PRAGMA query_only = ON"));
  return std::shared_ptr<Ledger>(
      std::make_shared<SqliteLedger>(object, clock, std::move(writer), std::move(reader)));
}

}  // namespace millgate
