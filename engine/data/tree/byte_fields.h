/// Fields of the binary objects of this room: written one after the other, read back with care.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// Unsigned LEB128: seven bits a byte, the lowest first, the high bit says that more follow.
void append_varint(std::string& bytes, uint64_t number);
void append_id(std::string& bytes, const Id& id);
/// Four bytes, the lowest first.
void append_u32(std::string& bytes, uint32_t number);
/// Its length as a varint, then its bytes.
void append_text(std::string& bytes, std::string_view text);

/// Reads fields in turn. Errors of all calls: `damaged`, naming the object and the byte.
class FieldReader {
 public:
  /// `object` names it in messages. Keeps a view of `bytes`.
  FieldReader(std::string_view bytes, std::string object)
      : bytes_(bytes), object_(std::move(object)) {}

  [[nodiscard]] Result<uint64_t> varint();
  [[nodiscard]] Result<uint32_t> u32();
  [[nodiscard]] Result<Id> id();
  [[nodiscard]] Result<std::string_view> raw(uint64_t size_bytes);
  [[nodiscard]] Result<std::string_view> text();
  /// A varint that counts fields of at least `size_bytes_min` each: never more than can follow.
  [[nodiscard]] Result<uint64_t> count(uint64_t size_bytes_min);
  /// Errors: also when bytes are left.
  [[nodiscard]] Status finish() const;
  [[nodiscard]] Error fault(const std::string& what) const;

 private:
  std::string_view bytes_;
  size_t at_ = 0;
  std::string object_;
};

}  // namespace millgate
