#include "system/serve/rollback_answer.h"

#include <string_view>

#include "ground/json.h"
#include "model/release/model_name.h"
#include "model/release/refusal.h"

namespace millgate {

namespace {

/// In a time that does not tell how much of it is right.
bool is_token(std::string_view given, std::string_view token) {
  unsigned differs = given.size() == token.size() ? 0 : 1;
  for (size_t i = 0; i < given.size(); ++i) {
    differs |=
        static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(token[i % token.size()]);
  }
  return differs == 0;
}

/// "127.0.0.1:8080" and the like. A page of the web that resolves its own name to this machine
/// calls from here too, but by its name.
bool is_local_name(std::string_view host) {
  const std::string_view name =
      host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
  const bool is_address = name.find_first_not_of("0123456789.") == std::string_view::npos;
  return name == "localhost" || name == "[::1]" || (is_address && name.starts_with("127."));
}

/// For who is not known by a token of the ledger.
Status check_access(const RollbackAccess& access, const HttpRequest& request) {
  if (has_operator_token(access, request)) return {};
  if (!access.token.empty()) {
    return refused("rollback: the token is missing or wrong",
                   "send `Authorization: Bearer TOKEN`, the one that the server was started with");
  }
  if (request.is_from_here && !request.is_forwarded && is_local_name(request.host)) return {};
  return refused("rollback: only this machine may ask for it",
                 "`millgate token give NAME --role release` makes a token to allow it by");
}

Result<std::string> text_of(const Json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end()) return std::string();
  if (found->is_string()) return found->get<std::string>();
  return invalid_input("rollback: `" + std::string(key) + "` is no text", "write it in quotes");
}

}  // namespace

bool has_operator_token(const RollbackAccess& access, const HttpRequest& request) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view given = request.authorization;
  return !access.token.empty() && given.starts_with(kScheme) &&
         is_token(given.substr(kScheme.size()), access.token);
}

Result<Serving> answer_rollback(const RollbackAccess& access, const HttpRequest& request,
                                const std::string& caller) {
  if (access.ledger == nullptr) {
    return refused("rollback: this server follows no environment",
                   "ask one that `millgate serve` started without --alias");
  }
  if (caller.empty()) MILLGATE_TRY(check_access(access, request));
  // A form of a page in somebody's browser cannot send this type without being asked first.
  if (!request.content_type.starts_with("application/json")) {
    return invalid_input("rollback: the body must be application/json",
                         R"(send {"reason": "complaints", "by": "ann"})");
  }
  const auto body = parse_json(request.body, "rollback");
  if (!body.ok() || !body->is_object()) {
    return invalid_input("rollback: the body is no JSON object",
                         R"(send {"reason": "complaints", "by": "ann"})");
  }
  for (const auto& [key, value] : body->items()) {
    if (key == "reason" || key == "by" || key == "to") continue;
    return invalid_input("rollback: unknown member `" + key.substr(0, 100) + "`",
                         "there are `reason`, `by` and `to`");
  }
  Rollback rollback{.to = std::nullopt, .reason = {}, .environment = access.environment};
  MILLGATE_ASSIGN(rollback.reason, text_of(*body, "reason"));
  MILLGATE_ASSIGN(const std::string by, text_of(*body, "by"));
  MILLGATE_ASSIGN(const std::string to, text_of(*body, "to"));
  if (is_blank(by)) {
    return invalid_input("rollback: `by` is missing", "say who asks; it stays in the ledger");
  }
  if (!to.empty()) {
    MILLGATE_ASSIGN(rollback.to, resolve_model(*access.ledger, to));
  }
  std::string through = "HTTP";
  if (!request.client_name.empty()) through += ", certificate " + std::string(request.client_name);
  if (!caller.empty()) through += ", token " + caller;
  return roll_back(*access.ledger, rollback, by + " (" + through + ")");
}

}  // namespace millgate
