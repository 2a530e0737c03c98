#include "system/serve/message.h"

#include "system/serve/json_text.h"

namespace millgate {

void take_headers(HttpRequest& request) {
  request.request_id = request.header("X-Request-Id");
  request.content_encoding = request.header("Content-Encoding");
  request.content_type = request.header("Content-Type");
  request.accept = request.header("Accept");
  request.authorization = request.header("Authorization");
  request.host = request.header("Host");
  request.inference_header_length = request.header("Inference-Header-Content-Length");
  const auto has = [&](std::string_view name) { return !request.header(name).empty(); };
  request.is_forwarded =
      has("Forwarded") || has("X-Forwarded-For") || has("X-Real-IP") || has("Via");
}

std::string_view to_string(Route route) {
  switch (route) {
    case Route::predict:
      return "/predict";
    case Route::infer:
      return "/v2/models/{name}/infer";
    case Route::invocations:
      return "/invocations";
    case Route::predict_v1:
      return "/v1/models/{name}:predict";
    case Route::feedback:
      return "/feedback";
    case Route::features:
      return "/features";
    case Route::push:
      return "/push";
    case Route::sketches:
      return "/sketches";
    case Route::metrics:
      return "/metrics";
    case Route::grpc_infer:
      return "/inference.GRPCInferenceService/ModelInfer";
    case Route::health:
      return "/health";
    case Route::metadata:
      return "/v2";
    case Route::rollback:
      return "/rollback";
    case Route::other:
      break;
  }
  return "other";
}

int http_status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_input:
      return 400;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::refused:
      return 403;
    case ErrorCode::overloaded:
      return 429;
    case ErrorCode::outside:
      return 503;
    case ErrorCode::damaged:
    case ErrorCode::bug:
      break;
  }
  return 500;
}

HttpResponse error_response(int status, const Error& error, std::string request_id) {
  HttpResponse response;
  response.status = status;
  response.failure = error.where.empty() ? error.what : error.where + ": " + error.what;
  std::string& body = response.body;
  body = "{\"error\":";
  append_json_text(body, response.failure);
  if (!error.hint.empty()) {
    body += ",\"hint\":";
    append_json_text(body, error.hint);
    response.failure += "; " + error.hint;
  }
  if (!request_id.empty()) {
    body += ",\"request_id\":";
    append_json_text(body, request_id);
  }
  body += '}';
  if (status == 429 || status == 503) response.retry_after_seconds = 1;
  response.request_id = std::move(request_id);
  return response;
}

}  // namespace millgate
