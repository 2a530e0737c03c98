#include "data/online/redis_connection.h"

#include <hiredis.h>
#include <hiredis_ssl.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <cstdlib>
#include <optional>

namespace millgate {
namespace {

constexpr int kMillisPerSecond = 1000;

timeval time_of(std::chrono::milliseconds wait) {
  return {.tv_sec = wait.count() / kMillisPerSecond,
          .tv_usec = wait.count() % kMillisPerSecond * kMillisPerSecond};
}

/// The next step that the server's word for an error suggests.
std::string hint_for(std::string_view message) {
  if (message.starts_with("NOAUTH")) return "set REDISCLI_AUTH to the password";
  if (message.starts_with("WRONGPASS") || message.starts_with("ERR AUTH")) {
    return "the password came from REDISCLI_AUTH, the user from the address: correct them there";
  }
  if (message.starts_with("NOPERM")) {
    return "the user needs the commands of hashes, transactions, EVAL, HSCAN and UNLINK on keys "
           "that begin with millgate:";
  }
  if (message.starts_with("OOM")) {
    return "what was there is kept; raise the server's `maxmemory`";
  }
  if (message.starts_with("READONLY")) return "this is a replica: give the address of its master";
  if (message.starts_with("MOVED") || message.starts_with("CROSSSLOT")) {
    return "all keys of a project lie on one node of a cluster: give the address behind MOVED";
  }
  if (message.starts_with("LOADING")) return "the server is starting: try again";
  return {};
}

/// The first error in a reply or in what it holds.
const redisReply* refusal(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_ERROR) return &reply;
  if (reply.type != REDIS_REPLY_ARRAY) return nullptr;
  for (size_t i = 0; i < reply.elements; ++i) {
    if (const redisReply* found = refusal(*reply.element[i])) return found;
  }
  return nullptr;
}

RedisReply taken(const redisReply& reply) {
  using Kind = RedisReply::Kind;
  switch (reply.type) {
    case REDIS_REPLY_INTEGER:
      return {.kind = Kind::integer, .integer = reply.integer, .text = {}, .items = {}};
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      return {.kind = Kind::text, .text = std::string(reply.str, reply.len), .items = {}};
    case REDIS_REPLY_ARRAY: {
      RedisReply list{.kind = Kind::list, .text = {}, .items = {}};
      list.items.reserve(reply.elements);
      for (size_t i = 0; i < reply.elements; ++i) list.items.push_back(taken(*reply.element[i]));
      return list;
    }
    default:
      return {};
  }
}

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};
struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
struct FreeTls {
  void operator()(SSL_CTX* tls) const { SSL_CTX_free(tls); }
};
using Context = std::unique_ptr<redisContext, FreeContext>;

}  // namespace

struct RedisConnection::State {
  Context context;
  std::string place;
  std::chrono::milliseconds wait_max;

  [[nodiscard]] Error broken(const std::string& doing) const {
    std::string why = context->errstr;
    if (context->err == REDIS_ERR_IO && errno == EAGAIN) {
      why = "no answer within " + std::to_string(wait_max.count()) + " ms";
    }
    return outside_failure("Redis at " + place + ": " + doing + ": " + why,
                           "see whether `redis-cli -u " + place + " ping` answers");
  }

  [[nodiscard]] Status start_tls(const std::string& host) const {
    const std::unique_ptr<SSL_CTX, FreeTls> tls(SSL_CTX_new(TLS_client_method()));
    if (!tls) return outside_failure("memory ran out");
    SSL_CTX_set_default_verify_paths(tls.get());
    SSL_CTX_set_verify(tls.get(), SSL_VERIFY_PEER, nullptr);
    SSL* const session = SSL_new(tls.get());
    if (session == nullptr) return outside_failure("memory ran out");
    X509_VERIFY_PARAM* const expected = SSL_get0_param(session);
    if (X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) != 1) {
      SSL_set1_host(session, host.c_str());
      SSL_set_tlsext_host_name(session, host.c_str());
    }
    if (redisInitiateSSL(context.get(), session) == REDIS_OK) return {};
    const long verdict = SSL_get_verify_result(session);
    Error error = broken("cannot start TLS");
    if (verdict != X509_V_OK) {
      error.because.emplace_back(X509_verify_cert_error_string(verdict));
      error.hint = "set SSL_CERT_FILE to the certificate that signed the server's";
    }
    return error;
  }
};

RedisConnection::RedisConnection(std::unique_ptr<State> state) : state_(std::move(state)) {}
RedisConnection::RedisConnection(RedisConnection&&) noexcept = default;
RedisConnection& RedisConnection::operator=(RedisConnection&&) noexcept = default;
RedisConnection::~RedisConnection() = default;

Result<RedisConnection> RedisConnection::open(const RedisAddress& address,
                                              std::chrono::milliseconds wait_max) {
  const timeval wait = time_of(wait_max);
  redisOptions options{};
  options.options = REDIS_OPT_SET_SOCK_CLOEXEC;
  options.connect_timeout = &wait;
  options.command_timeout = &wait;
  if (address.socket.empty()) {
    REDIS_OPTIONS_SET_TCP(&options, address.host.c_str(), address.port);
  } else {
    REDIS_OPTIONS_SET_UNIX(&options, address.socket.c_str());
  }
  auto state = std::make_unique<State>(State{.context = Context(redisConnectWithOptions(&options)),
                                             .place = address.text,
                                             .wait_max = wait_max});
  if (state->context == nullptr) return outside_failure("memory ran out");
  if (state->context->err != 0) return state->broken("cannot connect");
  if (address.is_tls) MILLGATE_TRY(state->start_tls(address.host));
  RedisConnection connection(std::move(state));
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets it while the program runs.
  if (const char* password = std::getenv("REDISCLI_AUTH"); password != nullptr) {
    const RedisCommand login = address.user.empty() ? RedisCommand{"AUTH", password}
                                                    : RedisCommand{"AUTH", address.user, password};
    MILLGATE_TRY(connection.ask(login));
  }
  if (address.database != 0) {
    MILLGATE_TRY(connection.ask({"SELECT", std::to_string(address.database)}));
  }
  return connection;
}

Result<std::vector<RedisReply>> RedisConnection::ask_all(
    const std::vector<RedisCommand>& commands) {
  redisContext* const context = state_->context.get();
  std::vector<const char*> words;
  std::vector<size_t> sizes;
  for (const RedisCommand& command : commands) {
    words.clear();
    sizes.clear();
    for (const std::string_view word : command) {
      words.push_back(word.data());
      sizes.push_back(word.size());
    }
    const int code =
        redisAppendCommandArgv(context, static_cast<int>(words.size()), words.data(), sizes.data());
    if (code != REDIS_OK) return state_->broken("send");
  }
  std::vector<RedisReply> replies;
  replies.reserve(commands.size());
  std::optional<Error> first;
  // All are taken, also behind an error: they are there and would answer the next command.
  for (const RedisCommand& command : commands) {
    void* raw = nullptr;
    errno = 0;
    if (redisGetReply(context, &raw) != REDIS_OK) return state_->broken("read the answer");
    const std::unique_ptr<redisReply, FreeReply> reply(static_cast<redisReply*>(raw));
    if (const redisReply* refused = refusal(*reply); refused != nullptr && !first) {
      const std::string message(refused->str, refused->len);
      first = outside_failure(
          "Redis at " + state_->place + " refused " + std::string(command.front()) + ": " + message,
          hint_for(message));
    }
    replies.push_back(taken(*reply));
  }
  if (first) return *first;
  return replies;
}

Result<RedisReply> RedisConnection::ask(const RedisCommand& command) {
  MILLGATE_ASSIGN(std::vector<RedisReply> replies, ask_all({command}));
  return std::move(replies.front());
}

bool RedisConnection::is_broken() const { return state_->context->err != 0; }

void RedisConnection::set_wait_max(std::chrono::milliseconds wait_max) {
  state_->wait_max = wait_max;
  redisSetTimeout(state_->context.get(), time_of(wait_max));
}

}  // namespace millgate
