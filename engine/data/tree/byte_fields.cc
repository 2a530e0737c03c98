#include "data/tree/byte_fields.h"

#include <algorithm>

namespace millgate {

void append_varint(std::string& bytes, uint64_t number) {
  while (number >= 0x80) {
    bytes += static_cast<char>(number | 0x80);
    number >>= 7;
  }
  bytes += static_cast<char>(number);
}

void append_id(std::string& bytes, const Id& id) { bytes.append(id.bytes.begin(), id.bytes.end()); }

void append_u32(std::string& bytes, uint32_t number) {
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(number >> (8 * i));
}

void append_text(std::string& bytes, std::string_view text) {
  append_varint(bytes, text.size());
  bytes += text;
}

Result<uint64_t> FieldReader::varint() {
  uint64_t number = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (at_ == bytes_.size()) return fault("it ends inside a number");
    const auto byte = static_cast<uint8_t>(bytes_[at_++]);
    const uint64_t part = byte & 0x7F;
    if (shift == 63 && part > 1) break;
    number |= part << shift;
    if ((byte & 0x80) == 0) {
      // One number has one spelling, so that equal contents are equal bytes.
      if (byte == 0 && shift > 0) return fault("a number is longer than it must be");
      return number;
    }
  }
  return fault("a number is too large");
}

Result<uint32_t> FieldReader::u32() {
  MILLGATE_ASSIGN(const std::string_view four, raw(4));
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) number |= uint32_t{static_cast<uint8_t>(four[i])} << (8 * i);
  return number;
}

Result<Id> FieldReader::id() {
  MILLGATE_ASSIGN(const std::string_view field, raw(32));
  Id id;
  std::copy(field.begin(), field.end(), id.bytes.begin());
  return id;
}

Result<std::string_view> FieldReader::raw(uint64_t size_bytes) {
  if (size_bytes > bytes_.size() - at_) return fault("it ends inside a field");
  const std::string_view field = bytes_.substr(at_, size_bytes);
  at_ += size_bytes;
  return field;
}

Result<std::string_view> FieldReader::text() {
  MILLGATE_ASSIGN(const uint64_t size_bytes, varint());
  return raw(size_bytes);
}

Result<uint64_t> FieldReader::count(uint64_t size_bytes_min) {
  MILLGATE_ASSIGN(const uint64_t number, varint());
  if (number > (bytes_.size() - at_) / size_bytes_min) return fault("it counts more than it holds");
  return number;
}

Status FieldReader::finish() const {
  if (at_ != bytes_.size()) return fault("bytes follow its end");
  return {};
}

Error FieldReader::fault(const std::string& what) const {
  return damaged(object_ + " is damaged at byte " + std::to_string(at_) + ": " + what);
}

}  // namespace millgate
