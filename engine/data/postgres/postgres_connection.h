/// A connection to a PostgreSQL server.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// Whether `text` is the address of a PostgreSQL database: postgresql://... or postgres://...
[[nodiscard]] bool is_postgres_address(const std::string& text);

/// Where a connection leads to, without anything secret.
struct PostgresPlace {
  std::string host;  ///< A folder when the server is reached by a socket.
  std::string port;
  std::string database;
  std::string user;

  /// "database `shop` at db.example.org:5432"
  [[nodiscard]] std::string text() const;
};

/// What a server answered: rows of texts, nothing where null.
using PostgresAnswer = std::vector<std::vector<std::optional<std::string>>>;

/// One session, in one read-only transaction that sees the database as of its first question. One
/// thread at a time.
class PostgresConnection {
 public:
  /// `address` as psql takes it. What it leaves out comes from the environment (PGHOST, PGPASSWORD,
  /// PGSSLMODE ...), the service file and the password file. Waits 15 s for a server unless the
  /// address or PGCONNECT_TIMEOUT says otherwise.
  ///
  /// Errors: `invalid_input` for an address that cannot be read, or that holds a password, which
  /// would be seen by everybody who lists processes, and kept; `outside` when the library is
  /// missing, no server answers, or it refuses.
  [[nodiscard]] static Result<PostgresConnection> open(const std::string& address);

  PostgresConnection(PostgresConnection&&) noexcept;
  PostgresConnection& operator=(PostgresConnection&&) noexcept;
  ~PostgresConnection();

  [[nodiscard]] const PostgresPlace& place() const { return place_; }

  /// `sql` with `parameters` for $1, $2 ... Errors: those of `fault`.
  [[nodiscard]] Result<PostgresAnswer> ask(const std::string& sql,
                                           const std::vector<std::string>& parameters = {});

  /// A column of an answer.
  struct Column {
    std::string name;
    uint32_t type = 0;      ///< The number of the type (pg_type.oid); of a domain, that below it.
    int32_t modifier = -1;  ///< pg_attribute.atttypmod.
  };
  /// The columns of a select, without running it. Errors: as `ask`; `invalid_input` when `sql` is
  /// several statements, or gives no rows.
  [[nodiscard]] Result<std::vector<Column>> describe(const std::string& sql);

  /// Begins `copy (...) to stdout (format binary)`. Errors: as `ask`.
  [[nodiscard]] Status begin_copy(const std::string& sql);
  /// The next piece; nothing at the end. It is valid until the next call.
  /// Errors: as `ask`; `outside` when the connection is lost.
  [[nodiscard]] Result<std::optional<std::string_view>> next_piece();

 private:
  struct State;
  PostgresConnection(std::unique_ptr<State> state, PostgresPlace place);
  /// What the server said about a question: `invalid_input` for the words of the question,
  /// `not_found` for what is not there, `outside` for rights and everything else.
  [[nodiscard]] Error fault(void* answer, const std::string& sql) const;

  std::unique_ptr<State> state_;
  PostgresPlace place_;
};

}  // namespace millgate
