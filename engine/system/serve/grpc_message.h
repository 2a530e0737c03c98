/// gRPC over HTTP/2: how a message lies in a body, and its status codes.
///
/// Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ground/error.h"

namespace millgate {

/// The one message of `body`: a byte that says whether it is packed, four bytes of its length,
/// then itself. Errors: `invalid_input` for a body that is no message, that holds several, or one
/// that is packed.
[[nodiscard]] Result<std::string_view> grpc_message(std::string_view body);
/// `message` as a body.
[[nodiscard]] std::string grpc_body(std::string_view message);

/// The code of gRPC that says what an HTTP status says: 0 for 200, 3 (INVALID_ARGUMENT) for 400.
[[nodiscard]] int grpc_status_of(int http_status);
/// As `grpc-message` is written: percent-encoded UTF-8.
[[nodiscard]] std::string grpc_percent_encoded(std::string_view text);
/// "100m" -> 100'000 microseconds; less than one is one. Nothing for what is no timeout.
[[nodiscard]] std::optional<int64_t> parse_grpc_timeout_micros(std::string_view text);

}  // namespace millgate
