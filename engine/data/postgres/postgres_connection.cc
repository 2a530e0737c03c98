#include "data/postgres/postgres_connection.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "data/postgres/postgres_library.h"

namespace millgate {

namespace {

constexpr const char* kWaitSeconds = "15";

struct Clear {
  void operator()(PGresult* answer) const { libpq().clear(answer); }
};
using Answer = std::unique_ptr<PGresult, Clear>;

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

/// libpq's messages have several lines, the first of which says most.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const size_t begin = std::min(text.find_first_not_of(" \t", at), end);
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    at = end + 1;
  }
  return lines;
}

/// `address` up to a password in it, for messages: whatever stands behind may be part of one.
std::string without_secret(const std::string& address) {
  return address.substr(0, address.find("://") + 3) + "...";
}

/// Errors: `invalid_input` for what cannot be read and for a password.
Status check_address(const std::string& address) {
  char* raw = nullptr;
  PQconninfoOption* options = libpq().conninfoParse(address.c_str(), &raw);
  libpq().freemem(raw);
  if (options == nullptr) {
    // The message repeats the address, which may hold a password.
    return invalid_input(
        "`" + without_secret(address) + "` is no address of a PostgreSQL database",
        "write postgresql://USER@HOST:PORT/DATABASE; special characters as %40 for @");
  }
  bool has_password = false;
  for (const PQconninfoOption* one = options; one->keyword != nullptr; ++one) {
    const bool secret =
        std::strcmp(one->keyword, "password") == 0 || std::strcmp(one->keyword, "sslpassword") == 0;
    has_password = has_password || (secret && one->val != nullptr && *one->val != '\0');
  }
  libpq().conninfoFree(options);
  if (!has_password) return {};
  return invalid_input(
      "the address of the PostgreSQL database holds a password, which everybody sees who lists the "
      "processes of this machine",
      "leave it out; set PGPASSWORD, or write it into ~/.pgpass or a service file");
}

std::string text_or_empty(const char* text) { return text == nullptr ? "" : text; }

std::string field(const PGresult* answer, int code) {
  return text_or_empty(libpq().resultErrorField(answer, code));
}

/// The next step that PostgreSQL's code for an error suggests.
std::string hint_for(const std::string& code, const PostgresPlace& place) {
  if (code == "42501") {
    return "ask its owner: grant select on ... to " + place.user +
           "; grant usage on schema ... to " + place.user;
  }
  if (code == "57014")
    return "raise statement_timeout of the role, or import fewer rows by --query";
  if (code == "25006") return "write a select that changes nothing: rows are read only";
  if (code == "22021") {
    return "the database does not say in which encoding its texts are; write into --query: "
           "convert_from(convert(convert_to(COLUMN, 'SQL_ASCII'), 'LATIN1', 'UTF8'), 'SQL_ASCII'), "
           "or what "
           "they are instead of LATIN1";
  }
  if (code.starts_with("53")) return "try again when the server has more room";
  if (code == "40001") return "run the same command again: the server needed the old rows away";
  return {};
}

ErrorCode code_for(const std::string& code) {
  // Classes of codes: syntax or access rule, data, invalid catalog or schema name, read only.
  if (code == "42501") return ErrorCode::outside;
  if (code == "42P01" || code == "3D000" || code == "3F000") return ErrorCode::not_found;
  if (code.starts_with("42") || code.starts_with("22") || code.starts_with("25")) {
    return ErrorCode::invalid_input;
  }
  return ErrorCode::outside;
}

void ignore_notice(void* /*unused*/, const char* /*unused*/) {}

}  // namespace

struct PostgresConnection::State {
  PGconn* connection = nullptr;
  char* piece = nullptr;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (piece != nullptr) libpq().freemem(piece);
    libpq().finish(connection);
  }
};

bool is_postgres_address(const std::string& text) {
  return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

std::string PostgresPlace::text() const {
  return "database `" + database + "` at " + host + (host.starts_with('/') ? ", port " : ":") +
         port;
}

PostgresConnection::PostgresConnection(std::unique_ptr<State> state, PostgresPlace place)
    : state_(std::move(state)), place_(std::move(place)) {}
PostgresConnection::PostgresConnection(PostgresConnection&&) noexcept = default;
PostgresConnection& PostgresConnection::operator=(PostgresConnection&&) noexcept = default;
PostgresConnection::~PostgresConnection() = default;

Result<PostgresConnection> PostgresConnection::open(const std::string& address) {
  MILLGATE_TRY(load_libpq());
  MILLGATE_TRY(check_address(address));
  // Later ones count: the address may say how long to wait, and not in which encoding.
  const bool waits = std::getenv("PGCONNECT_TIMEOUT") == nullptr;  // NOLINT(concurrency-mt-unsafe)
  std::vector<const char*> names;
  std::vector<const char*> values;
  const auto add = [&](const char* name, const char* value) {
    names.push_back(name);
    values.push_back(value);
  };
  if (waits) add("connect_timeout", kWaitSeconds);
  add("fallback_application_name", "millgate");
  add("dbname", address.c_str());
  add("client_encoding", "UTF8");
  add(nullptr, nullptr);
  auto state = std::make_unique<State>();
  state->connection = libpq().connectdbParams(names.data(), values.data(), 1);
  if (state->connection == nullptr) return outside_failure("memory ran out");
  PGconn* const connection = state->connection;
  PostgresPlace place{.host = text_or_empty(libpq().host(connection)),
                      .port = text_or_empty(libpq().port(connection)),
                      .database = text_or_empty(libpq().db(connection)),
                      .user = text_or_empty(libpq().user(connection))};
  if (libpq().status(connection) != CONNECTION_OK) {
    Error error = outside_failure("cannot connect to " + place.text());
    error.because = lines_of(trimmed(libpq().errorMessage(connection)));
    if (libpq().connectionNeedsPassword(connection) != 0) {
      error.hint = "set PGPASSWORD, or write the password of `" + place.user + "` into ~/.pgpass";
    } else if (libpq().connectionUsedPassword(connection) != 0) {
      error.hint =
          "the password came from PGPASSWORD, ~/.pgpass or the service file: correct it there";
    } else {
      error.hint =
          "see whether `psql` reaches it with the same address; without a host in it, PGHOST "
          "or the server of this machine is meant";
    }
    return error;
  }
  libpq().setNoticeProcessor(connection, ignore_notice, nullptr);
  PostgresConnection opened(std::move(state), std::move(place));
  MILLGATE_TRY(opened.ask("begin transaction isolation level repeatable read read only"));
  return opened;
}

Error PostgresConnection::fault(void* raw, const std::string& sql) const {
  const auto* answer = static_cast<const PGresult*>(raw);
  const std::string code = answer == nullptr ? "" : field(answer, PG_DIAG_SQLSTATE);
  std::string message = answer == nullptr ? "" : field(answer, PG_DIAG_MESSAGE_PRIMARY);
  // 57P01 and like: the server says that it ends the session, and then does.
  const bool lost = code.starts_with("57P") || libpq().status(state_->connection) != CONNECTION_OK;
  if (message.empty()) {
    const auto lines = lines_of(trimmed(libpq().errorMessage(state_->connection)));
    if (!lines.empty()) message = lines.front();
  }
  Error error{
      .code = lost ? ErrorCode::outside : code_for(code),
      .what = lost ? "the connection to " + place_.text() + " was lost"
                   : place_.text() + " says: " + message,
      .hint = lost ? "nothing was committed; run the same command again" : hint_for(code, place_)};
  if (lost) error.because.push_back(message);
  const auto add = [&](int which, const char* before) {
    const std::string text = answer == nullptr || lost ? "" : field(answer, which);
    if (!text.empty()) error.because.push_back(before + text);
  };
  add(PG_DIAG_MESSAGE_DETAIL, "");
  if (error.hint.empty()) {
    error.hint = answer == nullptr ? "" : field(answer, PG_DIAG_MESSAGE_HINT);
  } else {
    add(PG_DIAG_MESSAGE_HINT, "");
  }
  add(PG_DIAG_STATEMENT_POSITION, "at character ");
  if (!error.because.empty() && error.because.back().starts_with("at character ")) {
    error.because.back() += " of: " + sql;
  }
  return error;
}

Result<PostgresAnswer> PostgresConnection::ask(const std::string& sql,
                                               const std::vector<std::string>& parameters) {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const std::string& one : parameters) values.push_back(one.c_str());
  const Answer answer(libpq().execParams(state_->connection, sql.c_str(),
                                         static_cast<int>(values.size()), nullptr, values.data(),
                                         nullptr, nullptr, 0));
  const ExecStatusType status = libpq().resultStatus(answer.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) return fault(answer.get(), sql);
  PostgresAnswer rows;
  for (int row = 0; row < libpq().ntuples(answer.get()); ++row) {
    auto& cells = rows.emplace_back();
    for (int column = 0; column < libpq().nfields(answer.get()); ++column) {
      if (libpq().getisnull(answer.get(), row, column) != 0) {
        cells.emplace_back();
      } else {
        cells.emplace_back(libpq().getvalue(answer.get(), row, column));
      }
    }
  }
  return rows;
}

Result<std::vector<PostgresConnection::Column>> PostgresConnection::describe(
    const std::string& sql) {
  const Answer prepared(libpq().prepare(state_->connection, "", sql.c_str(), 0, nullptr));
  if (libpq().resultStatus(prepared.get()) != PGRES_COMMAND_OK) return fault(prepared.get(), sql);
  const Answer described(libpq().describePrepared(state_->connection, ""));
  if (libpq().resultStatus(described.get()) != PGRES_COMMAND_OK) return fault(described.get(), sql);
  std::vector<Column> columns;
  columns.reserve(static_cast<size_t>(libpq().nfields(described.get())));
  for (int i = 0; i < libpq().nfields(described.get()); ++i) {
    columns.push_back({.name = libpq().fname(described.get(), i),
                       .type = libpq().ftype(described.get(), i),
                       .modifier = libpq().fmod(described.get(), i)});
  }
  if (columns.empty()) {
    return invalid_input("there are no columns in the rows of: " + sql,
                         "write a select with at least one column");
  }
  return columns;
}

Status PostgresConnection::begin_copy(const std::string& sql) {
  const Answer answer(libpq().exec(state_->connection, sql.c_str()));
  if (libpq().resultStatus(answer.get()) != PGRES_COPY_OUT) return fault(answer.get(), sql);
  return {};
}

Result<std::optional<std::string_view>> PostgresConnection::next_piece() {
  if (state_->piece != nullptr) libpq().freemem(std::exchange(state_->piece, nullptr));
  const int size = libpq().getCopyData(state_->connection, &state_->piece, 0);
  if (size > 0) {
    return std::optional<std::string_view>({state_->piece, static_cast<size_t>(size)});
  }
  // -1: the rows ended, which may be because the server gave up; -2: the connection broke.
  const Answer answer(libpq().getResult(state_->connection));
  if (size == -1 && libpq().resultStatus(answer.get()) == PGRES_COMMAND_OK) {
    return std::optional<std::string_view>();
  }
  return fault(answer.get(), "the copy of the rows");
}

}  // namespace millgate
