#include "model/artifact/ubjson.h"

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "ground/json.h"

namespace millgate {
namespace {

constexpr int kDepthMax = 64;

class UbjsonReader {
 public:
  UbjsonReader(std::string_view bytes, std::string_view object) : bytes_(bytes), object_(object) {}

  Result<Json> read_all() {
    MILLGATE_ASSIGN(const char marker, next_marker());
    MILLGATE_ASSIGN(Json value, read_value(marker, 0));
    if (at_ != bytes_.size()) return fault("there is more after its end");
    return value;
  }

 private:
  /// What stands before the values of a list or an object.
  struct Head {
    std::optional<char> type;
    std::optional<uint64_t> count;
  };

  [[nodiscard]] Error fault(const std::string& what) const {
    Error error = damaged(std::string(object_) + ": " + what,
                          "the bytes were cut or changed; write the file again");
    error.where = "byte " + std::to_string(at_);
    return error;
  }

  [[nodiscard]] size_t left() const { return bytes_.size() - at_; }
  [[nodiscard]] char peek() const { return at_ < bytes_.size() ? bytes_[at_] : '\0'; }

  Result<char> next_marker() {
    while (peek() == 'N' && left() > 0) ++at_;  // Stands for nothing.
    if (left() == 0) return fault("it ends too early");
    return bytes_[at_++];
  }

  /// Big endian.
  template <typename Unsigned>
  Result<Unsigned> read_bits() {
    if (left() < sizeof(Unsigned)) return fault("it ends inside a number");
    Unsigned bits = 0;
    for (size_t i = 0; i < sizeof(Unsigned); ++i) {
      bits = static_cast<Unsigned>(bits << 8U | static_cast<uint8_t>(bytes_[at_++]));
    }
    return bits;
  }

  template <typename Unsigned, typename Number>
  Result<Json> read_number() {
    MILLGATE_ASSIGN(const Unsigned bits, read_bits<Unsigned>());
    return Json(std::bit_cast<Number>(bits));
  }

  Result<uint64_t> read_length() {
    MILLGATE_ASSIGN(const char marker, next_marker());
    const bool is_integer = std::string_view("iUIlL").find(marker) != std::string_view::npos;
    if (!is_integer) return fault("a length is not a whole number");
    MILLGATE_ASSIGN(const Json length, read_value(marker, 0));
    if (length.get<int64_t>() < 0) return fault("a length is negative");
    return length.get<uint64_t>();
  }

  Result<std::string> read_text() {
    MILLGATE_ASSIGN(const uint64_t length, read_length());
    if (length > left()) return fault("a text is longer than what is left");
    std::string text(bytes_.substr(at_, length));
    at_ += length;
    return text;
  }

  Result<Head> read_head() {
    Head head;
    if (peek() == '$') {
      ++at_;
      if (left() == 0) return fault("it ends too early");
      head.type = bytes_[at_++];
      // Others would take no bytes, or are not told apart by one.
      if (std::string_view("iUIlLdD").find(*head.type) == std::string_view::npos) {
        return fault("a list shares a type that is not one of numbers");
      }
      if (peek() != '#') return fault("a list with a type has no length");
    }
    if (peek() == '#') {
      ++at_;
      MILLGATE_ASSIGN(head.count, read_length());
      if (*head.count > left()) return fault("a list is longer than what is left");
    }
    return head;
  }

  Result<Json> read_member(const Head& head, int depth) {
    if (head.type) return read_value(*head.type, depth);
    MILLGATE_ASSIGN(const char marker, next_marker());
    return read_value(marker, depth);
  }

  /// Whether `end` closes what has no count; passes over it.
  bool closes(char end) {
    while (peek() == 'N' && left() > 0) ++at_;
    if (peek() != end || left() == 0) return false;
    ++at_;
    return true;
  }

  Result<Json> read_list(int depth) {
    MILLGATE_ASSIGN(const Head head, read_head());
    Json list = Json::array();
    for (uint64_t i = 0; head.count ? i < *head.count : !closes(']'); ++i) {
      MILLGATE_ASSIGN(Json value, read_member(head, depth + 1));
      list.push_back(std::move(value));
    }
    return list;
  }

  Result<Json> read_object(int depth) {
    MILLGATE_ASSIGN(const Head head, read_head());
    Json object = Json::object();
    for (uint64_t i = 0; head.count ? i < *head.count : !closes('}'); ++i) {
      MILLGATE_ASSIGN(std::string key, read_text());
      MILLGATE_ASSIGN(Json value, read_member(head, depth + 1));
      object[std::move(key)] = std::move(value);
    }
    return object;
  }

  // NOLINTNEXTLINE(misc-no-recursion): no deeper than kDepthMax.
  Result<Json> read_value(char marker, int depth) {
    if (depth > kDepthMax) return fault("lists stand in lists too deep");
    switch (marker) {
      case 'Z':
        return Json();
      case 'T':
        return Json(true);
      case 'F':
        return Json(false);
      case 'i':
        return read_number<uint8_t, int8_t>();
      case 'U':
        return read_number<uint8_t, uint8_t>();
      case 'I':
        return read_number<uint16_t, int16_t>();
      case 'l':
        return read_number<uint32_t, int32_t>();
      case 'L':
        return read_number<uint64_t, int64_t>();
      case 'd':
        return read_number<uint32_t, float>();
      case 'D':
        return read_number<uint64_t, double>();
      case 'C': {
        MILLGATE_ASSIGN(const uint8_t letter, read_bits<uint8_t>());
        return Json(std::string(1, static_cast<char>(letter)));
      }
      case 'S': {
        MILLGATE_ASSIGN(std::string text, read_text());
        return Json(std::move(text));
      }
      case '[':
        return read_list(depth);
      case '{':
        return read_object(depth);
      default:
        return fault("a value is of no known type");
    }
  }

  std::string_view bytes_;
  std::string_view object_;
  size_t at_ = 0;
};

}  // namespace

Result<Json> parse_ubjson(std::string_view bytes, std::string_view object) {
  return UbjsonReader(bytes, object).read_all();
}

}  // namespace millgate
