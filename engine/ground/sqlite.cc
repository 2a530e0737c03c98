#include "ground/sqlite.h"

#include <sqlite3.h>

#include <cerrno>
#include <system_error>

namespace millgate::sqlite {

namespace {

constexpr int kBusyTimeoutMs = 30'000;

/// The last failure of `connection`, told in the words of the user's world.
Error failure(sqlite3* connection, const std::string& object) {
  const int code = sqlite3_errcode(connection) & 0xff;
  const int system_error = sqlite3_system_errno(connection);
  Error error = outside_failure(object + ": " + sqlite3_errmsg(connection));
  // SQLite reports a limit on file sizes as a general I/O error.
  if (code == SQLITE_IOERR && system_error != 0) {
    error.because.push_back(std::generic_category().message(system_error));
  }
  switch (code) {
    case SQLITE_FULL:
      error.hint = "free some space on that disk and try again; nothing was changed";
      break;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      error.hint =
          "its folder must exist and be writable, also to read, because readers leave "
          "a mark beside the file";
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      error.hint = "another program has held its lock for 30 seconds; see which: fuser FILE";
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      error.code = ErrorCode::damaged;
      error.hint = "bring the file back from a backup";
      break;
    default:
      break;
  }
  return error;
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void Statement::bind(int parameter, int64_t value) {
  sqlite3_bind_int64(statement_.get(), parameter, value);
}

void Statement::bind(int parameter, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), parameter, text.empty() ? "" : text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind_bytes(int parameter, std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), parameter, bytes.empty() ? "" : bytes.data(), bytes.size(),
                      SQLITE_STATIC);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failure(sqlite3_db_handle(statement_.get()), object_);
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data), static_cast<size_t>(size)};
}

void Connection::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

Result<Connection> Connection::open(const std::string& path, std::string object) {
  sqlite3* opened = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &opened, flags, nullptr);
  Connection connection(opened, std::move(object));
  if (opened == nullptr) return outside_failure(connection.object_ + ": out of memory");
  if (code != SQLITE_OK) return failure(opened, connection.object_);
  sqlite3_extended_result_codes(opened, 1);
  sqlite3_busy_timeout(opened, kBusyTimeoutMs);
  return connection;
}

Result<Statement> Connection::prepare(std::string_view sql) const {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                      &prepared, nullptr);
  if (code != SQLITE_OK) return failure(connection_.get(), object_);
  return Statement(prepared, object_);
}

Status Connection::run(const char* sql) const {
  if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return failure(connection_.get(), object_);
}

Result<int64_t> Connection::integer(std::string_view sql) const {
  MILLGATE_ASSIGN(Statement statement, prepare(sql));
  MILLGATE_ASSIGN(const bool found, statement.step());
  if (!found) return bug(object_ + ": no row from " + std::string(sql));
  return statement.integer(0);
}

Result<std::string> Connection::text(std::string_view sql) const {
  MILLGATE_ASSIGN(Statement statement, prepare(sql));
  MILLGATE_ASSIGN(const bool found, statement.step());
  if (!found) return bug(object_ + ": no row from " + std::string(sql));
  return statement.bytes(0);
}

Status Connection::copy_to(const Connection& target) const {
  sqlite3_backup* copy =
      sqlite3_backup_init(target.connection_.get(), "main", connection_.get(), "main");
  if (copy == nullptr) return failure(target.connection_.get(), target.object_);
  sqlite3_backup_step(copy, -1);
  if (sqlite3_backup_finish(copy) != SQLITE_OK) {
    return failure(target.connection_.get(), target.object_);
  }
  return {};
}

bool Connection::was_busy() const {
  return (sqlite3_errcode(connection_.get()) & 0xff) == SQLITE_BUSY;
}

Result<Transaction> Transaction::begin(const Connection& connection) {
  MILLGATE_TRY(connection.run("BEGIN IMMEDIATE"));
  return Transaction(connection);
}

Status Transaction::commit() {
  MILLGATE_TRY(open_->run("COMMIT"));
  (void)open_.release();
  return {};
}

void Transaction::Rollback::operator()(const Connection* connection) const {
  // Fails when SQLite has rolled back by itself, as it does on a full disk.
  (void)connection->run("ROLLBACK");
}

}  // namespace millgate::sqlite
