#include "ground/aws_signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "ground/id.h"

namespace millgate {

namespace {

constexpr std::string_view kUpperDigits = "0123456789ABCDEF";
constexpr const char* kAlgorithm = "AWS4-HMAC-SHA256";

std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  ::HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes.data(), &size);
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

std::string hex_of(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<uint8_t>(c) >> 4];
    text += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return text;
}

/// "20130524T000000Z".
std::string amazon_time(Time now) {
  std::string text = to_string(Time{now.micros - now.micros % 1'000'000});
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

}  // namespace

std::string uri_encoded(std::string_view text, bool keep_slash) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' || (keep_slash && c == '/');
    if (plain) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kUpperDigits[static_cast<uint8_t>(c) >> 4];
      encoded += kUpperDigits[static_cast<uint8_t>(c) & 15];
    }
  }
  return encoded;
}

std::string encoded_query(std::vector<std::pair<std::string, std::string>> query) {
  for (auto& [name, value] : query) {
    name = uri_encoded(name, false);
    value = uri_encoded(value, false);
  }
  std::sort(query.begin(), query.end());
  std::string text;
  for (const auto& [name, value] : query) text += (text.empty() ? "" : "&") + name + "=" + value;
  return text;
}

std::map<std::string, std::string> signed_headers(const AwsRequest& request, const AwsKey& key,
                                                  Time now) {
  std::map<std::string, std::string> headers = request.headers;
  headers["x-amz-date"] = amazon_time(now);
  headers["x-amz-content-sha256"] = request.payload_sha256;
  if (!key.session_token.empty()) headers["x-amz-security-token"] = key.session_token;
  headers["host"] = request.host;
  std::string lines;
  std::string names;
  for (const auto& [name, value] : headers) {
    lines += name + ":" + value + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string canonical = request.method + "\n" + request.path + "\n" +
                                encoded_query(request.query) + "\n" + lines + "\n" + names + "\n" +
                                request.payload_sha256;
  const std::string date = headers["x-amz-date"].substr(0, 8);
  const std::string scope = date + "/" + key.region + "/s3/aws4_request";
  const std::string to_sign = std::string(kAlgorithm) + "\n" + headers["x-amz-date"] + "\n" +
                              scope + "\n" + hash_of(canonical).hex();
  std::string signing = hmac("AWS4" + key.secret, date);
  for (const std::string_view part :
       {std::string_view(key.region), std::string_view("s3"), std::string_view("aws4_request")}) {
    signing = hmac(signing, part);
  }
  headers["authorization"] = std::string(kAlgorithm) + " Credential=" + key.id + "/" + scope +
                             ",SignedHeaders=" + names +
                             ",Signature=" + hex_of(hmac(signing, to_sign));
  headers.erase("host");
  return headers;
}

}  // namespace millgate
