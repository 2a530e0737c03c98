#include "data/personal/personal_key.h"

#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "ground/durable_file.h"
#include "ground/file_store.h"
#include "ground/id.h"

namespace millgate {

namespace {

constexpr const char* kVariable = "MILLGATE_PERSONAL_KEY";
constexpr size_t kSecretBytesMin = 32;
constexpr size_t kBlockBytes = 64;
constexpr unsigned kOwnerOnly = 0600;

std::string_view bytes_of(const Id& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

Result<std::string> random_secret() {
  std::array<unsigned char, 32> bytes{};
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count = ::getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return outside_failure("the system gives no random numbers");
    filled += static_cast<size_t>(count);
  }
  Id id;
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  return id.hex();
}

Status make_file(const std::string& path) {
  MILLGATE_ASSIGN(const std::string secret, random_secret());
  const std::string whole = path + "." + unique_name("new-");
  MILLGATE_TRY(publish_bytes(
      {.temporary_path = whole + ".part", .final_path = whole, .mode = kOwnerOnly}, secret + "\n"));
  Status made = publish_new_file(whole, path);
  if (!made.ok() && made.error().code != ErrorCode::conflict) return made;
  return {};
}

Result<std::string> secret_in(const std::string& path) {
  MILLGATE_ASSIGN(std::string secret, read_file(path));
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  if (secret.size() >= kSecretBytesMin) return secret;
  return damaged("`" + path + "` holds no key: it has fewer than 32 characters",
                 "bring back the key that was there; a new one would give other pseudonyms");
}

}  // namespace

std::string hmac_sha256_hex(std::string_view key, std::string_view text) {
  std::string block(key.size() > kBlockBytes ? bytes_of(hash_of(key)) : key);
  block.resize(kBlockBytes, '\0');
  std::string inner = block;
  std::string outer = block;
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
  const Id first = hash_of(inner + std::string(text));
  return hash_of(outer + std::string(bytes_of(first))).hex();
}

Result<PersonalKey> PersonalKey::open(const std::string& path) {
  const char* given = std::getenv(kVariable);
  if (given != nullptr && *given != '\0') {
    std::string secret = given;
    if (secret.size() >= kSecretBytesMin) return PersonalKey(std::move(secret));
    return invalid_input(std::string(kVariable) + " is shorter than 32 bytes",
                         "a short secret can be found by trying: `openssl rand -hex 32` makes one");
  }
  auto secret = secret_in(path);
  if (!secret.ok() && secret.error().code == ErrorCode::not_found) {
    MILLGATE_TRY(make_file(path));
    secret = secret_in(path);
  }
  if (!secret.ok()) return std::move(secret).error();
  return PersonalKey(std::move(secret).value());
}

std::string PersonalKey::fingerprint() const {
  // A text that no cell is hashed as: a pseudonym of it is never written.
  return pseudonym("millgate: fingerprint of this key").substr(0, 12);
}

}  // namespace millgate
