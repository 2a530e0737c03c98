#include "system/serve/grpc_message.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace millgate {

namespace {

constexpr size_t kPrefixBytes = 5;

}  // namespace

Result<std::string_view> grpc_message(std::string_view body) {
  if (body.size() < kPrefixBytes) {
    return invalid_input("the body has " + std::to_string(body.size()) +
                             " bytes, a gRPC message at least " + std::to_string(kPrefixBytes),
                         "speak to this server with a gRPC client");
  }
  if (body[0] != 0) {
    return invalid_input("the message is compressed, which this server does not read",
                         "send it as it is: set no compression");
  }
  uint32_t length = 0;
  for (size_t i = 1; i < kPrefixBytes; ++i) {
    length = length << 8U | static_cast<uint8_t>(body[i]);
  }
  if (length != body.size() - kPrefixBytes) {
    return invalid_input("the message says that it has " + std::to_string(length) +
                             " bytes, the body has " + std::to_string(body.size() - kPrefixBytes) +
                             " behind that",
                         "send one message in a call");
  }
  return body.substr(kPrefixBytes);
}

std::string grpc_body(std::string_view message) {
  std::string body(1, '\0');
  body.reserve(kPrefixBytes + message.size());
  const auto length = static_cast<uint32_t>(message.size());
  for (int shift = 24; shift >= 0; shift -= 8) body += static_cast<char>(length >> shift & 255U);
  return body.append(message);
}

int grpc_status_of(int http_status) {
  switch (http_status) {
    case 200:
      return 0;
    case 400:
    case 406:
    case 415:
      return 3;  // INVALID_ARGUMENT
    case 401:
      return 16;  // UNAUTHENTICATED
    case 403:
      return 7;  // PERMISSION_DENIED
    case 404:
      return 5;  // NOT_FOUND
    case 405:
    case 501:
      return 12;  // UNIMPLEMENTED
    case 408:
    case 504:
      return 4;  // DEADLINE_EXCEEDED
    case 409:
      return 9;  // FAILED_PRECONDITION
    case 413:
    case 429:
    case 431:
      return 8;  // RESOURCE_EXHAUSTED
    case 503:
      return 14;  // UNAVAILABLE
    default:
      return 13;  // INTERNAL
  }
}

std::string grpc_percent_encoded(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char letter : text) {
    const auto byte = static_cast<uint8_t>(letter);
    if (byte >= 0x20 && byte <= 0x7e && letter != '%') {
      out += letter;
      continue;
    }
    out += '%';
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

std::optional<int64_t> parse_grpc_timeout_micros(std::string_view text) {
  // At most eight digits, then the unit.
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  int64_t count = 0;
  const char* const end = text.data() + text.size() - 1;
  const auto [stop, fault] = std::from_chars(text.data(), end, count);
  if (fault != std::errc() || stop != end || count < 0) return std::nullopt;
  switch (*end) {
    case 'H':
      return count * 3'600'000'000;
    case 'M':
      return count * 60'000'000;
    case 'S':
      return count * 1'000'000;
    case 'm':
      return count * 1'000;
    case 'u':
      return count;
    case 'n':
      return (count + 999) / 1'000;
    default:
      return std::nullopt;
  }
}

}  // namespace millgate
