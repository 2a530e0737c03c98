#include "system/serve/call.h"

#include "ground/nearest_name.h"

namespace millgate {

HttpResponse json_reply(const Call& call, std::string body) {
  HttpResponse response;
  response.route = call.route;
  response.body = std::move(body);
  return response;
}

HttpResponse failure_reply(const Call& call, int status, const Error& error) {
  HttpResponse response = error_response(status, error, call.request_id);
  response.route = call.route;
  return response;
}

HttpResponse failure_reply(const Call& call, const Error& error) {
  const int status = error.code == ErrorCode::refused ? 413 : http_status_of(error.code);
  return failure_reply(call, status, error);
}

std::optional<HttpResponse> refuse_method(const Call& call, std::string_view allowed) {
  const std::string_view method = call.request.method;
  if (method == allowed) return std::nullopt;
  HttpResponse response = failure_reply(
      call, 405,
      invalid_input("method " + std::string(method.substr(0, 40)) + " does not exist here",
                    "use " + std::string(allowed)));
  response.allow = allowed;
  return response;
}

std::optional<HttpResponse> refuse_encoding(const Call& call) {
  const std::string_view encoding = call.request.content_encoding;
  if (encoding.empty() || encoding == "identity") return std::nullopt;
  return failure_reply(call, 415,
                       invalid_input("content encoding `" + std::string(encoding.substr(0, 40)) +
                                         "` is not supported",
                                     "send the body as it is"));
}

HttpResponse unknown_path_reply(const Call& call) {
  std::string text;
  for (const std::string& part : call.path) text += "/" + part;
  if (text.size() > 200) text = text.substr(0, 200) + "...";
  const std::vector<std::string> names = {"/predict",
                                          "/invocations",
                                          "/ping",
                                          "/version",
                                          "/feedback",
                                          "/metrics",
                                          "/features",
                                          "/push",
                                          "/rollback",
                                          "/rollout",
                                          "/get-online-features",
                                          "/health",
                                          "/health/live",
                                          "/health/ready",
                                          "/v1/models",
                                          "/v2",
                                          "/v2/health/live",
                                          "/v2/health/ready",
                                          "/v2/models",
                                          "/openapi.json"};
  return failure_reply(call,
                       not_found("path `" + text + "` does not exist", name_hint(text, names)));
}

}  // namespace millgate
