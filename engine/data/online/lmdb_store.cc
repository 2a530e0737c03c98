#include "data/online/lmdb_store.h"

#include <lmdb.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>

#include "data/online/online_row.h"

namespace millgate {
namespace {

constexpr const char* kViews = "views";
constexpr const char* kRows = "rows";
/// Readers at once over all processes.
constexpr unsigned kReadersMax = 1024;

MDB_val value_of(std::string_view bytes) {
  return {.mv_size = bytes.size(), .mv_data = const_cast<char*>(bytes.data())};
}

std::string_view view_of(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

/// A transaction that ends without effect unless it is committed.
class Transaction {
 public:
  explicit Transaction(MDB_txn* txn) : txn_(txn) {}
  ~Transaction() {
    if (txn_ != nullptr) mdb_txn_abort(txn_);
  }
  Transaction(Transaction&& other) noexcept : txn_(std::exchange(other.txn_, nullptr)) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  Transaction& operator=(Transaction&&) = delete;

  [[nodiscard]] MDB_txn* get() const { return txn_; }
  int commit() { return mdb_txn_commit(std::exchange(txn_, nullptr)); }

 private:
  MDB_txn* txn_;
};

class Cursor {
 public:
  Cursor() = default;
  ~Cursor() {
    if (cursor_ != nullptr) mdb_cursor_close(cursor_);
  }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  int open(const Transaction& txn, MDB_dbi table) {
    return mdb_cursor_open(txn.get(), table, &cursor_);
  }
  [[nodiscard]] MDB_cursor* get() const { return cursor_; }

 private:
  MDB_cursor* cursor_ = nullptr;
};

/// Of rows with one key, the newest; of equally new ones, the last. Rows with facts all have their
/// part, older ones first.
void keep_newest(std::vector<KeyedRow>& rows, const std::vector<RowStamp>& stamps) {
  std::vector<size_t> order(rows.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (rows[a].key != rows[b].key) return rows[a].key < rows[b].key;
    return stamps[b].is_newer_than(stamps[a]);
  });
  std::vector<KeyedRow> kept;
  for (size_t i = 0; i < order.size(); ++i) {
    const bool is_last = i + 1 == order.size() || rows[order[i + 1]].key != rows[order[i]].key;
    if (is_last || has_facts(rows[order[i]].row)) kept.push_back(std::move(rows[order[i]]));
  }
  rows = std::move(kept);
}

class LmdbStore final : public OnlineStore {
 public:
  static Result<std::shared_ptr<OnlineStore>> open(const LmdbStoreOptions& options);
  ~LmdbStore() override;

  Result<std::vector<OnlineView>> views() const override;
  Status read(std::span<const std::string> keys, const Visit& visit) const override;
  Result<std::vector<UpdateCounts>> update(std::vector<ViewUpdate> updates) override;
  Result<RowCounts> push(std::vector<KeyedRow> rows) override;
  Status drop(const std::vector<OnlineView>& views) override;

 private:
  explicit LmdbStore(LmdbStoreOptions options) : options_(std::move(options)) {}

  Status start();
  Error failure(int code, const std::string& doing) const;
  Status check(int code, const std::string& doing) const {
    return code == MDB_SUCCESS ? Status() : Status(failure(code, doing));
  }
  /// A transaction that reads; it must be given back.
  Result<MDB_txn*> borrow_reader() const;
  void give_back(MDB_txn* reader) const;
  Result<Transaction> begin_write() const;
  Status commit(Transaction& txn, const std::string& doing) const;

  Status check_unchanged(const Transaction& txn, const ViewUpdate& update) const;
  Status put_row(const Transaction& txn, const KeyedRow& row, RowCounts& counts) const;
  Status put_merged(const Transaction& txn, const KeyedRow& row, std::string_view there,
                    RowCounts& counts) const;
  Status remove_others(const Transaction& txn, const ViewUpdate& update, RowCounts& counts) const;
  Result<UpdateCounts> update_view(const Transaction& txn, ViewUpdate& update) const;
  /// Calls `each(key, row)` for every row of `view`; true: remove it.
  template <typename Each>
  Status sweep(const Transaction& txn, const OnlineView& view, Each each) const;

  LmdbStoreOptions options_;
  MDB_env* env_ = nullptr;
  MDB_dbi views_ = 0;
  MDB_dbi rows_ = 0;
  mutable std::mutex pool_;
  mutable std::vector<MDB_txn*> readers_;  ///< At rest.
};

Error LmdbStore::failure(int code, const std::string& doing) const {
  const std::string what = "online store " + options_.folder + ": " + doing + ": ";
  if (code == MDB_MAP_FULL) {
    return outside_failure(
        what + "it is full at " + std::to_string(options_.size_bytes_max) + " bytes",
        "what was there is kept; raise `size_bytes_max` under [online]");
  }
  if (code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND || code == MDB_INVALID ||
      code == MDB_VERSION_MISMATCH || code == MDB_PANIC) {
    return damaged(what + mdb_strerror(code),
                   "remove the folder and run `millgate materialise`: it can be made again");
  }
  if (code == MDB_MAP_RESIZED) {
    return outside_failure(
        what + "another process made it larger than the `size_bytes_max` of this one",
        "start this one again");
  }
  if (code == MDB_READERS_FULL) {
    return Error{.code = ErrorCode::overloaded, .what = what + "too many readers at once"};
  }
  return outside_failure(what + mdb_strerror(code), "what was there is kept");
}

Status LmdbStore::start() {
  std::error_code trouble;
  std::filesystem::create_directories(options_.folder, trouble);
  if (trouble) {
    return outside_failure("online store " + options_.folder + ": " + trouble.message());
  }
  MILLGATE_TRY(check(mdb_env_create(&env_), "open"));
  MILLGATE_TRY(
      check(mdb_env_set_mapsize(env_, static_cast<size_t>(options_.size_bytes_max)), "open"));
  MILLGATE_TRY(check(mdb_env_set_maxdbs(env_, 2), "open"));
  MILLGATE_TRY(check(mdb_env_set_maxreaders(env_, kReadersMax), "open"));
  MILLGATE_TRY(
      check(mdb_env_open(env_, options_.folder.c_str(), MDB_NOTLS | MDB_NORDAHEAD, 0644), "open"));
  // Places of readers that were killed.
  int dead = 0;
  MILLGATE_TRY(check(mdb_reader_check(env_, &dead), "open"));
  MILLGATE_ASSIGN(Transaction txn, begin_write());
  MILLGATE_TRY(check(mdb_dbi_open(txn.get(), kViews, MDB_CREATE, &views_), "open"));
  MILLGATE_TRY(check(mdb_dbi_open(txn.get(), kRows, MDB_CREATE, &rows_), "open"));
  return commit(txn, "open");
}

LmdbStore::~LmdbStore() {
  for (MDB_txn* reader : readers_) mdb_txn_abort(reader);
  if (env_ != nullptr) mdb_env_close(env_);
}

Result<Transaction> LmdbStore::begin_write() const {
  MDB_txn* txn = nullptr;
  MILLGATE_TRY(check(mdb_txn_begin(env_, nullptr, 0, &txn), "begin to write"));
  return Transaction(txn);
}

Status LmdbStore::commit(Transaction& txn, const std::string& doing) const {
  return check(txn.commit(), doing);
}

Result<MDB_txn*> LmdbStore::borrow_reader() const {
  MDB_txn* reader = nullptr;
  {
    const std::scoped_lock lock(pool_);
    if (!readers_.empty()) {
      reader = readers_.back();
      readers_.pop_back();
    }
  }
  const int code =
      reader != nullptr ? mdb_txn_renew(reader) : mdb_txn_begin(env_, nullptr, MDB_RDONLY, &reader);
  if (code == MDB_SUCCESS) return reader;
  if (reader != nullptr) mdb_txn_abort(reader);
  return failure(code, "begin to read");
}

void LmdbStore::give_back(MDB_txn* reader) const {
  mdb_txn_reset(reader);
  const std::scoped_lock lock(pool_);
  readers_.push_back(reader);
}

Status LmdbStore::read(std::span<const std::string> keys, const Visit& visit) const {
  MILLGATE_ASSIGN(MDB_txn* const reader, borrow_reader());
  Status status;
  for (size_t i = 0; i < keys.size() && status.ok(); ++i) {
    MDB_val key = value_of(keys[i]);
    MDB_val row{};
    const int code = mdb_get(reader, rows_, &key, &row);
    if (code != MDB_SUCCESS && code != MDB_NOTFOUND) {
      status = failure(code, "read");
    } else {
      status = visit(i, code == MDB_SUCCESS ? std::optional(view_of(row)) : std::nullopt);
    }
  }
  give_back(reader);
  return status;
}

Result<std::vector<OnlineView>> LmdbStore::views() const {
  MILLGATE_ASSIGN(MDB_txn* const reader, borrow_reader());
  const Transaction ended(reader);  // Not given back: cursors would have to be closed before.
  Cursor cursor;
  MILLGATE_TRY(check(cursor.open(ended, views_), "read"));
  std::vector<OnlineView> views;
  MDB_val key{};
  MDB_val bytes{};
  int code = mdb_cursor_get(cursor.get(), &key, &bytes, MDB_FIRST);
  for (; code == MDB_SUCCESS; code = mdb_cursor_get(cursor.get(), &key, &bytes, MDB_NEXT)) {
    MILLGATE_ASSIGN(OnlineView view, read_online_view(view_of(bytes)));
    views.push_back(std::move(view));
  }
  if (code != MDB_NOTFOUND) return failure(code, "read");
  return views;
}

Status LmdbStore::check_unchanged(const Transaction& txn, const ViewUpdate& update) const {
  const std::string name = view_key(update.view);
  MDB_val key = value_of(name);
  MDB_val bytes{};
  const int code = mdb_get(txn.get(), views_, &key, &bytes);
  if (code != MDB_SUCCESS && code != MDB_NOTFOUND) return failure(code, "read");
  const std::string before = update.before ? write_online_view(*update.before) : std::string();
  const std::string_view now = code == MDB_SUCCESS ? view_of(bytes) : std::string_view();
  if (now == before) return {};
  return materialised_meanwhile(update.view);
}

/// Unless what is there is newer. At equal times the row that comes wins: it is the correction.
Status LmdbStore::put_row(const Transaction& txn, const KeyedRow& row, RowCounts& counts) const {
  MDB_val key = value_of(row.key);
  MDB_val there{};
  const int code = mdb_get(txn.get(), rows_, &key, &there);
  if (code != MDB_SUCCESS && code != MDB_NOTFOUND) return failure(code, "read");
  if (code == MDB_SUCCESS) {
    if (view_of(there) == row.row) return ++counts.unchanged, Status();
    if (has_facts(view_of(there)) && has_facts(row.row)) {
      return put_merged(txn, row, view_of(there), counts);
    }
    MILLGATE_ASSIGN(const RowStamp old, read_stamp(view_of(there)));
    MILLGATE_ASSIGN(const RowStamp coming, read_stamp(row.row));
    // What `materialise` wrote before is replaced by what it says now, also by older rows: the
    // source may have been corrected.
    const bool may_stay = old.is_pushed || coming.is_pushed;
    if (may_stay && old.is_newer_than(coming)) return ++counts.kept, Status();
  }
  MDB_val bytes = value_of(row.row);
  MILLGATE_TRY(check(mdb_put(txn.get(), rows_, &key, &bytes, 0), "write"));
  if (code == MDB_NOTFOUND) ++counts.added;
  return ++counts.written, Status();
}

Status LmdbStore::put_merged(const Transaction& txn, const KeyedRow& row, std::string_view there,
                             RowCounts& counts) const {
  MILLGATE_ASSIGN(const std::string merged, merged_row(there, row.row));
  if (merged == there) return ++counts.unchanged, Status();
  MDB_val key = value_of(row.key);
  MDB_val bytes = value_of(merged);
  return ++counts.written, check(mdb_put(txn.get(), rows_, &key, &bytes, 0), "write");
}

template <typename Each>
Status LmdbStore::sweep(const Transaction& txn, const OnlineView& view, Each each) const {
  Cursor cursor;
  MILLGATE_TRY(check(cursor.open(txn, rows_), "read"));
  const std::string prefix = key_prefix(view);
  MDB_val key = value_of(prefix);
  MDB_val row{};
  int code = mdb_cursor_get(cursor.get(), &key, &row, MDB_SET_RANGE);
  while (code == MDB_SUCCESS && view_of(key).starts_with(prefix)) {
    MILLGATE_ASSIGN(const bool remove, each(view_of(key), view_of(row)));
    if (remove) MILLGATE_TRY(check(mdb_cursor_del(cursor.get(), 0), "write"));
    code = mdb_cursor_get(cursor.get(), &key, &row, MDB_NEXT);
  }
  return code == MDB_SUCCESS || code == MDB_NOTFOUND ? Status() : Status(failure(code, "read"));
}

Status LmdbStore::remove_others(const Transaction& txn, const ViewUpdate& update,
                                RowCounts& counts) const {
  size_t next = 0;  // Both are in the order of their keys.
  std::vector<KeyedRow> pushed;
  MILLGATE_TRY(
      sweep(txn, update.view, [&](std::string_view key, std::string_view row) -> Result<bool> {
        while (next < update.rows.size() && update.rows[next].key < key) ++next;
        if (next < update.rows.size() && update.rows[next].key == key) return false;
        MILLGATE_ASSIGN(auto part, pushed_part(row));
        ++(part ? counts.kept : counts.removed);
        const bool is_removed = !part;
        if (part && *part != row) pushed.push_back({std::string(key), std::move(*part)});
        return is_removed;
      }));
  for (const KeyedRow& row : pushed) {
    MDB_val key = value_of(row.key);
    MDB_val bytes = value_of(row.row);
    MILLGATE_TRY(check(mdb_put(txn.get(), rows_, &key, &bytes, 0), "write"));
  }
  return {};
}

Result<UpdateCounts> LmdbStore::update_view(const Transaction& txn, ViewUpdate& update) const {
  MILLGATE_TRY(check_unchanged(txn, update));
  std::sort(update.rows.begin(), update.rows.end(),
            [](const KeyedRow& a, const KeyedRow& b) { return a.key < b.key; });
  RowCounts counts;
  RowCounts uncounted;  // Nobody is the entity that was never seen.
  const std::string unseen = unseen_key(update.view);
  for (const KeyedRow& row : update.rows) {
    MILLGATE_TRY(put_row(txn, row, row.key == unseen ? uncounted : counts));
  }
  if (update.is_whole) MILLGATE_TRY(remove_others(txn, update, counts));
  update.view.entity_count =
      (update.before ? update.before->entity_count : 0) + counts.added - counts.removed;
  const std::string name = view_key(update.view);
  const std::string text = write_online_view(update.view);
  MDB_val key = value_of(name);
  MDB_val bytes = value_of(text);
  MILLGATE_TRY(check(mdb_put(txn.get(), views_, &key, &bytes, 0), "write"));
  return UpdateCounts{.rows = counts, .entity_count = update.view.entity_count};
}

Result<std::vector<UpdateCounts>> LmdbStore::update(std::vector<ViewUpdate> updates) {
  MILLGATE_ASSIGN(Transaction txn, begin_write());
  std::vector<UpdateCounts> counts;
  for (ViewUpdate& update : updates) {
    MILLGATE_ASSIGN(const UpdateCounts of_view, update_view(txn, update));
    counts.push_back(of_view);
  }
  MILLGATE_TRY(commit(txn, "write"));
  return counts;
}

Result<RowCounts> LmdbStore::push(std::vector<KeyedRow> rows) {
  std::vector<RowStamp> stamps;
  for (const KeyedRow& row : rows) {
    MILLGATE_ASSIGN(const RowStamp stamp, read_stamp(row.row));
    stamps.push_back(stamp);
  }
  RowCounts counts;
  counts.kept = static_cast<int64_t>(rows.size());
  keep_newest(rows, stamps);
  counts.kept -= static_cast<int64_t>(rows.size());
  MILLGATE_ASSIGN(Transaction txn, begin_write());
  for (const KeyedRow& row : rows) MILLGATE_TRY(put_row(txn, row, counts));
  MILLGATE_TRY(commit(txn, "write"));
  return counts;
}

Status LmdbStore::drop(const std::vector<OnlineView>& views) {
  MILLGATE_ASSIGN(Transaction txn, begin_write());
  for (const OnlineView& view : views) {
    MILLGATE_TRY(
        sweep(txn, view, [](std::string_view, std::string_view) -> Result<bool> { return true; }));
    const std::string name = view_key(view);
    MDB_val key = value_of(name);
    const int code = mdb_del(txn.get(), views_, &key, nullptr);
    if (code != MDB_SUCCESS && code != MDB_NOTFOUND) return failure(code, "write");
  }
  return commit(txn, "write");
}

Result<std::shared_ptr<OnlineStore>> LmdbStore::open(const LmdbStoreOptions& options) {
  // LMDB may not be opened twice by one process: closing one would end the locks of both.
  static std::mutex opening;
  static std::map<std::string, std::weak_ptr<OnlineStore>> opened;
  std::error_code trouble;
  const std::string place = std::filesystem::weakly_canonical(options.folder, trouble).string();
  const std::scoped_lock lock(opening);
  if (auto there = opened[place].lock()) return there;
  std::shared_ptr<LmdbStore> store(new LmdbStore(options));
  MILLGATE_TRY(store->start());
  opened[place] = store;
  return std::shared_ptr<OnlineStore>(std::move(store));
}

}  // namespace

Result<std::shared_ptr<OnlineStore>> open_lmdb_store(const LmdbStoreOptions& options) {
  return LmdbStore::open(options);
}

bool has_lmdb_store(const std::string& folder) {
  return std::filesystem::exists(folder + "/data.mdb");
}

}  // namespace millgate
