#include "ground/id.h"

#include <openssl/evp.h>

namespace millgate {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string Id::hex() const {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string Id::brief() const { return hex().substr(0, 12); }

Result<Id> Id::parse(std::string_view text) {
  Id id;
  bool good = text.size() == 2 * id.bytes.size();
  for (size_t i = 0; good && i < id.bytes.size(); ++i) {
    const int high = hex_digit(text[2 * i]);
    const int low = hex_digit(text[2 * i + 1]);
    good = high >= 0 && low >= 0;
    id.bytes[i] = static_cast<uint8_t>(high << 4 | low);
  }
  if (!good) {
    return invalid_input("`" + std::string(text) + "` is not an id of 64 hexadecimal digits");
  }
  return id;
}

struct Hasher::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Hasher::Hasher() : state_(std::make_unique<State>()) {
  EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr);
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::add(std::string_view bytes) {
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

void Hasher::add_field(std::string_view bytes) {
  std::array<char, 8> length{};
  for (size_t i = 0; i < length.size(); ++i) {
    length[i] = static_cast<char>(bytes.size() >> (8 * i) & 0xff);
  }
  add({length.data(), length.size()});
  add(bytes);
}

Id Hasher::finish() {
  Id id;
  unsigned int size = 0;
  EVP_DigestFinal_ex(state_->context, id.bytes.data(), &size);
  return id;
}

Id hash_of(std::string_view bytes) {
  Hasher hasher;
  hasher.add(bytes);
  return hasher.finish();
}

}  // namespace millgate
