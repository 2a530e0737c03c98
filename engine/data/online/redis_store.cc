#include "data/online/redis_store.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <mutex>
#include <unordered_map>

#include "data/online/online_row.h"
#include "data/online/redis_connection.h"
#include "ground/durable_file.h"

namespace millgate {
namespace {

using std::chrono::steady_clock;

/// For a read: who asks is a request that is being served.
constexpr std::chrono::milliseconds kReadWait{1000};
/// For a transaction of many rows.
constexpr std::chrono::milliseconds kWriteWait{60'000};
/// After a failed connection others fail at once for so long, instead of waiting one after the
/// other.
constexpr std::chrono::milliseconds kPause{200};
constexpr size_t kRowsAtOnce = 1000;
constexpr int kAttemptsMax = 100;
/// What was written beside and never came to appear is gone then.
constexpr std::string_view kStageSeconds = "3600";
/// The field of every view's rows that says that they are there. No entity's begins with it.
constexpr std::string_view kMark = "v";

/// What both scripts know of rows: see online_row.cc, whose `merged_row` and `pushed_part` these
/// are.
constexpr std::string_view kRowScript = R"(
local function compare(a, a_at, b, b_at)
  for o = 7, 0, -1 do
    local x, y = a:byte(a_at + o), b:byte(b_at + o)
    if o == 7 then x, y = (x + 128) % 256, (y + 128) % 256 end
    if x ~= y then return x - y end
  end
  return 0
end
local function newer(a, a_at, b)
  local order = compare(a, a_at, b, 3)
  if order == 0 then order = compare(a, a_at + 8, b, 11) end
  return order > 0
end
local function pushed(row) return row:byte(2) % 4 >= 2 end
local function has_facts(row) return row:byte(1) == 2 end
local function facts_end(row)
  local a, b, c, d = row:byte(29, 32)
  return 32 + a + 256 * (b + 256 * (c + 256 * d))
end
local function with_facts(row, from, facts)
  local size, bytes = #facts, ''
  for _ = 1, 4 do
    bytes = bytes .. string.char(size % 256)
    size = math.floor(size / 256)
  end
  return row:sub(1, 18) .. from .. row:sub(27, 28) .. bytes .. facts .. row:sub(facts_end(row) + 1)
end
local function records(row, wanted)
  local size, kept = row:byte(27) + 256 * row:byte(28), {}
  for at = 33, facts_end(row), size do
    if wanted(at, row:sub(at, at + size - 1)) then kept[#kept + 1] = row:sub(at, at + size - 1) end
  end
  return kept
end
)";

/// Writes rows unless what is there is newer; see `put_row` of the LMDB store.
/// KEYS: rows, counts. ARGV: the view's digits, or nothing for a push; then field and row, in
/// turns. Gives written, unchanged, added, kept; nothing when the view is not there.
const std::string& put_script() {
  static const std::string script = std::string(kRowScript) + R"(
local function merged(old, row)
  local from, facts = row:sub(19, 26), nil
  if pushed(row) then
    if compare(old, 19, row, 19) > 0 then from = old:sub(19, 26) end
    local there = {}
    local function wanted(of)
      return function(at, record)
        if compare(of, at, from, 1) <= 0 or there[record] then return false end
        return true
      end
    end
    local held = records(old, wanted(old))
    for _, record in ipairs(held) do there[record] = true end
    facts = table.concat(held) .. table.concat(records(row, wanted(row)))
  else
    facts = row:sub(33, facts_end(row)) .. table.concat(records(old, function(at)
      return old:byte(at + 24) == 1 and newer(old, at, row)
    end))
  end
  local stays = (pushed(old) or pushed(row)) and newer(old, 3, row)
  return with_facts(stays and old or row, from, facts)
end
if redis.call('HEXISTS', KEYS[1], 'v') == 0 then return false end
local written, unchanged, added, kept = 0, 0, 0, 0
for i = 2, #ARGV, 2 do
  local field, row = ARGV[i], ARGV[i + 1]
  local counted = field ~= 'u' and 1 or 0
  local old = redis.call('HGET', KEYS[1], field)
  local is_merged = old and has_facts(old) and has_facts(row)
  if is_merged then row = merged(old, row) end
  if old == row then
    unchanged = unchanged + counted
  elseif old and not is_merged and (pushed(old) or pushed(row)) and newer(old, 3, row) then
    kept = kept + counted
  else
    redis.call('HSET', KEYS[1], field, row)
    written = written + counted
    if not old then added = added + counted end
  end
end
if ARGV[1] ~= '' then redis.call('HINCRBY', KEYS[2], ARGV[1], added) end
return {written, unchanged, added, kept}
)";
  return script;
}

/// Removes rows unless they were pushed. KEYS and ARGV as above, fields alone. Gives removed, kept.
const std::string& remove_script() {
  static const std::string script = std::string(kRowScript) + R"(
local removed, kept = 0, 0
for i = 2, #ARGV do
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  if old then
    if pushed(old) then
      kept = kept + 1
      if has_facts(old) then
        local facts = records(old, function(at) return old:byte(at + 24) == 1 end)
        redis.call('HSET', KEYS[1], ARGV[i], with_facts(old, old:sub(19, 26), table.concat(facts)))
      end
    else
      redis.call('HDEL', KEYS[1], ARGV[i])
      removed = removed + 1
    end
  end
end
redis.call('HINCRBY', KEYS[2], ARGV[1], 0 - removed)
return {removed, kept}
)";
  return script;
}

/// What an EXEC gave for one of its commands, added to what the view has so far.
using Outcome = void (*)(const RedisReply& reply, UpdateCounts& counts);

void add_put(const RedisReply& reply, UpdateCounts& counts) {
  if (reply.items.size() != 4) return;
  counts.rows.written += reply.items[0].integer;
  counts.rows.unchanged += reply.items[1].integer;
  counts.rows.added += reply.items[2].integer;
  counts.rows.kept += reply.items[3].integer;
}

void add_removed(const RedisReply& reply, UpdateCounts& counts) {
  if (reply.items.size() != 2) return;
  counts.rows.removed += reply.items[0].integer;
  counts.rows.kept += reply.items[1].integer;
}

void set_entity_count(const RedisReply& reply, UpdateCounts& counts) {
  std::from_chars(reply.text.data(), reply.text.data() + reply.text.size(), counts.entity_count);
}

/// A view of an update, as it goes to the server.
struct Prepared {
  ViewUpdate* update = nullptr;
  std::string staged;                   ///< Key that its rows were written to; empty: changes.
  std::vector<const KeyedRow*> rows;    ///< To be put.
  std::vector<std::string> candidates;  ///< Fields that did not come.
  RowCounts counted;                    ///< Known before the transaction.
};

/// Commands that have been queued in a transaction, by what their replies mean.
struct Queued {
  size_t view = 0;
  Outcome outcome = nullptr;
};

class RedisStore final : public OnlineStore {
 public:
  explicit RedisStore(const RedisStoreOptions& options)
      : address_(options.address), keys_(redis_key_prefix(options.prefix)) {}

  Result<std::vector<OnlineView>> views() const override;
  Status read(std::span<const std::string> keys, const Visit& visit) const override;
  Result<std::vector<UpdateCounts>> update(std::vector<ViewUpdate> updates) override;
  Result<RowCounts> push(std::vector<KeyedRow> rows) override;
  Status drop(const std::vector<OnlineView>& views) override;

 private:
  std::string rows_key(std::string_view digits) const {
    return keys_ + "rows:" + std::string(digits);
  }
  std::string views_key() const { return keys_ + "views"; }
  std::string counts_key() const { return keys_ + "counts"; }

  Result<RedisConnection> connect() const;
  /// Runs `work` on a connection; once more on a new one when the old one had been closed
  /// meanwhile. `work` may be done twice.
  template <typename Work>
  auto with_connection(Work work) const -> decltype(work(std::declval<RedisConnection&>()));

  Result<std::vector<OnlineView>> views_by(RedisConnection& connection) const;
  Status check_keeps_rows(RedisConnection& connection) const;
  Status check_unchanged(RedisConnection& connection, const std::vector<Prepared>& views) const;
  Status stage(RedisConnection& connection, Prepared& view) const;
  Status compare(RedisConnection& connection, Prepared& view) const;
  Status queue(RedisConnection& connection, size_t index, const Prepared& view,
               std::vector<Queued>& queued) const;
  /// Nothing: somebody else changed the list of views meanwhile.
  Result<std::optional<std::vector<UpdateCounts>>> commit(RedisConnection& connection,
                                                          const std::vector<Prepared>& views) const;
  Result<std::vector<UpdateCounts>> commit_prepared(RedisConnection& connection,
                                                    const std::vector<Prepared>& views) const;
  Error lost() const;

  RedisAddress address_;
  std::string keys_;  ///< What all keys begin with.
  mutable std::mutex pool_;
  mutable std::vector<RedisConnection> idle_;
  mutable std::optional<Error> down_;  ///< Why the last connection failed.
  mutable steady_clock::time_point down_until_;
};

Error RedisStore::lost() const {
  return outside_failure(
      "Redis at " + address_.text + " does not have the view's rows any more",
      "run `millgate materialise`; a server that shall keep them over a restart needs "
      "`appendonly yes`");
}

Result<RedisConnection> RedisStore::connect() const {
  {
    const std::scoped_lock lock(pool_);
    if (down_ && steady_clock::now() < down_until_) return *down_;
  }
  auto opened = RedisConnection::open(address_, kReadWait);
  const std::scoped_lock lock(pool_);
  down_.reset();
  if (!opened.ok()) {
    down_ = opened.error();
    down_until_ = steady_clock::now() + kPause;
  }
  return opened;
}

template <typename Work>
auto RedisStore::with_connection(Work work) const
    -> decltype(work(std::declval<RedisConnection&>())) {
  std::optional<RedisConnection> connection;
  {
    const std::scoped_lock lock(pool_);
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (connection) {
    auto done = work(*connection);
    if (done.ok() || !connection->is_broken()) {
      const std::scoped_lock lock(pool_);
      idle_.push_back(std::move(*connection));
      return done;
    }
    // The others are of the same server that went away.
    const std::scoped_lock lock(pool_);
    idle_.clear();
  }
  MILLGATE_ASSIGN(connection, connect());
  auto done = work(*connection);
  if (!connection->is_broken()) {
    const std::scoped_lock lock(pool_);
    idle_.push_back(std::move(*connection));
  }
  return done;
}

Result<std::vector<OnlineView>> RedisStore::views_by(RedisConnection& connection) const {
  MILLGATE_ASSIGN(const std::vector<RedisReply> replies,
                  connection.ask_all({{"HVALS", views_key()}, {"HGETALL", counts_key()}}));
  std::map<std::string, int64_t> counts;
  const std::vector<RedisReply>& pairs = replies[1].items;
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
    UpdateCounts count;
    set_entity_count(pairs[i + 1], count);
    counts[pairs[i].text] = count.entity_count;
  }
  std::vector<OnlineView> views;
  for (const RedisReply& bytes : replies[0].items) {
    MILLGATE_ASSIGN(OnlineView view, read_online_view(bytes.text));
    const std::string digits = key_prefix(view);
    MILLGATE_ASSIGN(const RedisReply there, connection.ask({"HEXISTS", rows_key(digits), kMark}));
    if (there.integer == 0) continue;
    view.entity_count = counts[digits];
    views.push_back(std::move(view));
  }
  std::sort(views.begin(), views.end(),
            [](const OnlineView& a, const OnlineView& b) { return view_key(a) < view_key(b); });
  return views;
}

Result<std::vector<OnlineView>> RedisStore::views() const {
  return with_connection([&](RedisConnection& connection) { return views_by(connection); });
}

Status RedisStore::read(std::span<const std::string> keys, const Visit& visit) const {
  // The fields that are asked of each view, and where its answer is.
  std::map<std::string_view, std::vector<size_t>> by_view;
  for (size_t i = 0; i < keys.size(); ++i) {
    by_view[std::string_view(keys[i]).substr(0, kViewDigits)].push_back(i);
  }
  std::vector<std::string> row_keys;
  row_keys.reserve(by_view.size());
  std::vector<RedisCommand> commands;
  const bool is_transaction = by_view.size() > 1;
  if (is_transaction) commands.push_back({"MULTI"});
  for (const auto& [digits, asked] : by_view) {
    row_keys.push_back(rows_key(digits));
    RedisCommand command = {"HMGET", row_keys.back(), kMark};
    for (const size_t i : asked) command.push_back(std::string_view(keys[i]).substr(kViewDigits));
    commands.push_back(std::move(command));
  }
  if (is_transaction) commands.push_back({"EXEC"});
  MILLGATE_ASSIGN(
      std::vector<RedisReply> replies,
      with_connection([&](RedisConnection& connection) { return connection.ask_all(commands); }));
  if (is_transaction) replies = std::move(replies.back().items);
  std::vector<const RedisReply*> rows(keys.size());
  size_t view = 0;
  for (const auto& [digits, asked] : by_view) {
    const std::vector<RedisReply>& items = replies[view++].items;
    if (items.size() != asked.size() + 1 || items[0].kind != RedisReply::Kind::text) return lost();
    for (size_t i = 0; i < asked.size(); ++i) rows[asked[i]] = &items[i + 1];
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    const bool is_there = rows[i]->kind == RedisReply::Kind::text;
    MILLGATE_TRY(
        visit(i, is_there ? std::optional<std::string_view>(rows[i]->text) : std::nullopt));
  }
  return {};
}

/// A server that wins memory by removing keys would make entities look unknown.
Status RedisStore::check_keeps_rows(RedisConnection& connection) const {
  const auto info = connection.ask({"INFO", "memory"});
  if (!info.ok())
    return connection.is_broken() ? Status(info.error()) : Status();  // May be denied.
  const auto value = [&](const std::string& name) {
    const size_t at = info->text.find("\n" + name + ":");
    if (at == std::string::npos) return std::string();
    const size_t begin = at + name.size() + 2;
    return info->text.substr(begin, info->text.find_first_of("\r\n", begin) - begin);
  };
  const std::string policy = value("maxmemory_policy");
  if (value("maxmemory") == "0" || !policy.starts_with("allkeys")) return {};
  return outside_failure("Redis at " + address_.text + " removes keys when its memory is full (" +
                             policy + "): entities would lose their features",
                         "set its `maxmemory-policy` to noeviction or a volatile one");
}

Status RedisStore::check_unchanged(RedisConnection& connection,
                                   const std::vector<Prepared>& views) const {
  MILLGATE_ASSIGN(const std::vector<OnlineView> there, views_by(connection));
  for (const Prepared& view : views) {
    const std::string field = view_key(view.update->view);
    const auto found = std::find_if(there.begin(), there.end(),
                                    [&](const OnlineView& one) { return view_key(one) == field; });
    const bool is_same = found == there.end()
                             ? !view.update->before
                             : view.update->before && *view.update->before == *found;
    if (!is_same) return materialised_meanwhile(view.update->view);
  }
  return {};
}

/// Writes all rows beside, under a name that nobody reads.
Status RedisStore::stage(RedisConnection& connection, Prepared& view) const {
  const std::string digits = key_prefix(view.update->view);
  view.staged = unique_name(rows_key(digits) + ":new");
  MILLGATE_TRY(connection.ask({"HSET", view.staged, kMark, "1"}));
  const std::vector<KeyedRow>& rows = view.update->rows;
  for (size_t begin = 0; begin < rows.size(); begin += kRowsAtOnce) {
    RedisCommand command = {"HSET", view.staged};
    for (size_t i = begin; i < std::min(rows.size(), begin + kRowsAtOnce); ++i) {
      command.push_back(std::string_view(rows[i].key).substr(kViewDigits));
      command.push_back(rows[i].row);
    }
    MILLGATE_TRY(connection.ask_all({command, {"EXPIRE", view.staged, kStageSeconds}}));
  }
  MILLGATE_ASSIGN(const RedisReply size, connection.ask({"HLEN", view.staged}));
  const std::string unseen = unseen_key(view.update->view);
  const bool has_unseen =
      std::any_of(rows.begin(), rows.end(), [&](const KeyedRow& row) { return row.key == unseen; });
  view.counted.written = view.counted.added = size.integer - 1 - (has_unseen ? 1 : 0);
  return {};
}

/// Leaves what differs from the rows that are there. What is pushed meanwhile is compared once more
/// by the server.
Status RedisStore::compare(RedisConnection& connection, Prepared& view) const {
  for (const KeyedRow& row : view.update->rows) view.rows.push_back(&row);
  if (!view.update->is_whole) return {};
  const std::string key = rows_key(key_prefix(view.update->view));
  std::unordered_map<std::string, std::string> there;
  std::string cursor = "0";
  do {
    MILLGATE_ASSIGN(RedisReply page, connection.ask({"HSCAN", key, cursor, "COUNT", "1000"}));
    if (page.items.size() != 2)
      return damaged("Redis at " + address_.text + ": HSCAN gave no page");
    cursor = page.items[0].text;
    std::vector<RedisReply>& pairs = page.items[1].items;
    for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
      there.insert_or_assign(std::move(pairs[i].text), std::move(pairs[i + 1].text));
    }
  } while (cursor != "0");
  there.erase(std::string(kMark));
  std::erase_if(view.rows, [&](const KeyedRow* row) {
    const std::string field = row->key.substr(kViewDigits);
    const auto found = there.find(field);
    if (found == there.end()) return false;
    const bool is_same = found->second == row->row;
    if (is_same && row->key != unseen_key(view.update->view)) ++view.counted.unchanged;
    there.erase(found);
    return is_same;
  });
  for (const auto& [field, row] : there) view.candidates.push_back(field);
  return {};
}

/// Queues what makes one view's rows those of its update.
Status RedisStore::queue(RedisConnection& connection, size_t index, const Prepared& view,
                         std::vector<Queued>& queued) const {
  const OnlineView& about = view.update->view;
  const std::string digits = key_prefix(about);
  const std::string rows = rows_key(digits);
  const std::string counts = counts_key();
  const auto add = [&](const RedisCommand& command, Outcome outcome = nullptr) -> Status {
    queued.push_back({.view = index, .outcome = outcome});
    const auto reply = connection.ask(command);
    return reply.ok() ? Status() : Status(reply.error());
  };
  if (!view.staged.empty()) {
    const std::string count = std::to_string(view.counted.added);
    MILLGATE_TRY(add({"RENAME", view.staged, rows}));
    MILLGATE_TRY(add({"PERSIST", rows}));
    MILLGATE_TRY(add({"HSET", counts, digits, count}));
  }
  const auto in_parts = [&](std::string_view script, size_t size, Outcome outcome,
                            const auto& put) -> Status {
    for (size_t begin = 0; begin < size; begin += kRowsAtOnce) {
      RedisCommand command = {"EVAL", script, "2", rows, counts, digits};
      for (size_t i = begin; i < std::min(size, begin + kRowsAtOnce); ++i) put(i, command);
      MILLGATE_TRY(add(command, outcome));
    }
    return {};
  };
  MILLGATE_TRY(
      in_parts(put_script(), view.rows.size(), add_put, [&](size_t i, RedisCommand& command) {
        command.push_back(std::string_view(view.rows[i]->key).substr(kViewDigits));
        command.push_back(view.rows[i]->row);
      }));
  MILLGATE_TRY(
      in_parts(remove_script(), view.candidates.size(), add_removed,
               [&](size_t i, RedisCommand& command) { command.push_back(view.candidates[i]); }));
  const std::string field = view_key(about);
  const std::string text = write_online_view(about);
  MILLGATE_TRY(add({"HSET", views_key(), field, text}));
  return add({"HGET", counts, digits}, set_entity_count);
}

Result<std::optional<std::vector<UpdateCounts>>> RedisStore::commit(
    RedisConnection& connection, const std::vector<Prepared>& views) const {
  MILLGATE_TRY(connection.ask({"WATCH", views_key()}));
  MILLGATE_TRY(check_unchanged(connection, views));
  MILLGATE_TRY(connection.ask({"MULTI"}));
  std::vector<Queued> queued;
  for (size_t i = 0; i < views.size(); ++i) {
    MILLGATE_TRY(queue(connection, i, views[i], queued));
  }
  MILLGATE_ASSIGN(const RedisReply done, connection.ask({"EXEC"}));
  if (done.kind == RedisReply::Kind::nothing) return std::optional<std::vector<UpdateCounts>>();
  if (done.items.size() != queued.size()) return lost();
  std::vector<UpdateCounts> counts;
  counts.reserve(views.size());
  for (const Prepared& view : views) counts.push_back({.rows = view.counted});
  for (size_t i = 0; i < queued.size(); ++i) {
    if (queued[i].outcome != nullptr) queued[i].outcome(done.items[i], counts[queued[i].view]);
  }
  return std::optional(std::move(counts));
}

Result<std::vector<UpdateCounts>> RedisStore::commit_prepared(
    RedisConnection& connection, const std::vector<Prepared>& views) const {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    MILLGATE_ASSIGN(std::optional<std::vector<UpdateCounts>> counts, commit(connection, views));
    if (counts) return std::move(*counts);
  }
  return Error{.code = ErrorCode::conflict,
               .what = "other views are materialised at Redis " + address_.text + " all the time",
               .hint = "run `millgate materialise` again"};
}

Result<std::vector<UpdateCounts>> RedisStore::update(std::vector<ViewUpdate> updates) {
  // A connection of its own: what fails half-way is given up with it.
  MILLGATE_ASSIGN(RedisConnection connection, connect());
  connection.set_wait_max(kWriteWait);
  MILLGATE_TRY(check_keeps_rows(connection));
  std::vector<Prepared> views;
  Status prepared;
  for (size_t i = 0; i < updates.size() && prepared.ok(); ++i) {
    views.emplace_back().update = &updates[i];
    prepared = updates[i].before ? compare(connection, views[i]) : stage(connection, views[i]);
  }
  auto counts = prepared.ok() ? commit_prepared(connection, views)
                              : Result<std::vector<UpdateCounts>>(prepared.error());
  if (counts.ok()) return counts;
  // Else they would take room for an hour. A new connection: this one may be in a transaction.
  std::vector<RedisCommand> leftovers;
  for (const Prepared& view : views) {
    if (!view.staged.empty()) leftovers.push_back({"UNLINK", view.staged});
  }
  if (auto cleaner = connect(); cleaner.ok() && !leftovers.empty()) {
    static_cast<void>(cleaner->ask_all(leftovers));
  }
  return counts;
}

Result<RowCounts> RedisStore::push(std::vector<KeyedRow> rows) {
  std::map<std::string_view, std::vector<const KeyedRow*>> by_view;
  for (const KeyedRow& row : rows) {
    MILLGATE_TRY(read_stamp(row.row));
    by_view[std::string_view(row.key).substr(0, kViewDigits)].push_back(&row);
  }
  if (by_view.empty()) return RowCounts();
  const std::string counts_at = counts_key();
  std::vector<std::string> row_keys;
  row_keys.reserve(by_view.size());
  std::vector<RedisCommand> commands = {{"MULTI"}};
  for (const auto& [digits, of_view] : by_view) {
    row_keys.push_back(rows_key(digits));
    for (size_t begin = 0; begin < of_view.size(); begin += kRowsAtOnce) {
      RedisCommand command = {"EVAL", put_script(), "2", row_keys.back(), counts_at, ""};
      for (size_t i = begin; i < std::min(of_view.size(), begin + kRowsAtOnce); ++i) {
        command.push_back(std::string_view(of_view[i]->key).substr(kViewDigits));
        command.push_back(of_view[i]->row);
      }
      commands.push_back(std::move(command));
    }
  }
  commands.push_back({"EXEC"});
  MILLGATE_ASSIGN(
      const std::vector<RedisReply> replies,
      with_connection([&](RedisConnection& connection) { return connection.ask_all(commands); }));
  UpdateCounts counts;
  for (const RedisReply& reply : replies.back().items) {
    if (reply.kind != RedisReply::Kind::list) return lost();
    add_put(reply, counts);
  }
  return counts.rows;
}

Status RedisStore::drop(const std::vector<OnlineView>& views) {
  if (views.empty()) return {};
  const std::string views_at = views_key();
  const std::string counts_at = counts_key();
  std::vector<std::string> row_keys;
  std::vector<std::string> digits;
  std::vector<std::string> fields;
  for (const OnlineView& view : views) {
    digits.push_back(key_prefix(view));
    row_keys.push_back(rows_key(digits.back()));
    fields.push_back(view_key(view));
  }
  RedisCommand rows = {"UNLINK"};
  RedisCommand names = {"HDEL", views_at};
  RedisCommand counts = {"HDEL", counts_at};
  rows.insert(rows.end(), row_keys.begin(), row_keys.end());
  names.insert(names.end(), fields.begin(), fields.end());
  counts.insert(counts.end(), digits.begin(), digits.end());
  const auto done = with_connection([&](RedisConnection& connection) {
    return connection.ask_all({{"MULTI"}, rows, names, counts, {"EXEC"}});
  });
  return done.ok() ? Status() : Status(done.error());
}

}  // namespace

std::string redis_key_prefix(const std::string& prefix) { return "millgate:{" + prefix + "}:"; }

std::shared_ptr<OnlineStore> open_redis_store(const RedisStoreOptions& options) {
  return std::make_shared<RedisStore>(options);
}

}  // namespace millgate
