/// The name of an object: the SHA-256 of its bytes.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ground/error.h"

namespace millgate {

struct Id {
  std::array<uint8_t, 32> bytes{};

  /// 64 lower-case hexadecimal digits.
  [[nodiscard]] std::string hex() const;
  /// The first 12 digits: what people see. Revisions accept any unique prefix.
  [[nodiscard]] std::string brief() const;
  /// Errors: `invalid_input` unless `text` is exactly 64 hexadecimal digits.
  [[nodiscard]] static Result<Id> parse(std::string_view text);

  auto operator<=>(const Id&) const = default;
};

/// The SHA-256 of `bytes`.
[[nodiscard]] Id hash_of(std::string_view bytes);

/// SHA-256 of a stream. One thread at a time; `finish` may be called once.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  void add(std::string_view bytes);
  /// Adds the length first, so that a sequence of fields has one meaning only.
  void add_field(std::string_view bytes);
  [[nodiscard]] Id finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millgate

template <>
struct std::hash<millgate::Id> {
  size_t operator()(const millgate::Id& id) const noexcept {
    size_t value = 0;
    for (size_t i = 0; i < sizeof(value); ++i) value = value << 8 | id.bytes[i];
    return value;
  }
};
