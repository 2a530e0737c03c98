/// A thin skin over the SQLite library: a connection, a statement, errors as values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ground/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace millgate::sqlite {

/// One statement being run. One thread at a time; must not outlive its connection.
class Statement {
 public:
  /// Parameters are numbered from 1. Text and bytes must live until the statement is done.
  void bind(int parameter, int64_t value);
  void bind(int parameter, std::string_view text);
  void bind_bytes(int parameter, std::string_view bytes);

  /// True: there is a row to read. False: done.
  [[nodiscard]] Result<bool> step();

  /// Columns are numbered from 0; read them after a `step` that gave true.
  [[nodiscard]] int64_t integer(int column) const;
  [[nodiscard]] std::string bytes(int column) const;

 private:
  friend class Connection;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(sqlite3_stmt* statement, std::string object)
      : statement_(statement), object_(std::move(object)) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::string object_;
};

/// One connection to one file. One thread at a time.
class Connection {
 public:
  /// Opens or makes the file at `path`; `object` names it in messages ("ledger `x`"). Waits up
  /// to 30 seconds for locks of other connections.
  [[nodiscard]] static Result<Connection> open(const std::string& path, std::string object);

  [[nodiscard]] Result<Statement> prepare(std::string_view sql) const;
  /// Runs statements that give no rows, separated by `;`.
  [[nodiscard]] Status run(const char* sql) const;
  /// The first column of the first row of `sql`, which must give one; NULL is 0.
  [[nodiscard]] Result<int64_t> integer(std::string_view sql) const;
  [[nodiscard]] Result<std::string> text(std::string_view sql) const;
  /// Makes `target` hold, page by page, what this file holds now, also while others write to it.
  [[nodiscard]] Status copy_to(const Connection& target) const;
  /// Whether the last failure was a lock that another connection held.
  [[nodiscard]] bool was_busy() const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  Connection(sqlite3* connection, std::string object)
      : connection_(connection), object_(std::move(object)) {}
  std::unique_ptr<sqlite3, Close> connection_;
  std::string object_;
};

/// BEGIN IMMEDIATE ... COMMIT; rolls back unless committed. The connection must outlive it.
class Transaction {
 public:
  [[nodiscard]] static Result<Transaction> begin(const Connection& connection);
  [[nodiscard]] Status commit();

 private:
  struct Rollback {
    void operator()(const Connection* connection) const;
  };
  explicit Transaction(const Connection& connection) : open_(&connection) {}
  std::unique_ptr<const Connection, Rollback> open_;
};

}  // namespace millgate::sqlite
