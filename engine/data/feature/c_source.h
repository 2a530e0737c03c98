/// Pieces of C99 source: literals that read back exactly, names, and tables of the smallest type.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millgate {

/// Longest text that may become a literal: C99 promises 4095 characters to a string.
inline constexpr size_t kCTextBytesMax = 1000;

/// In hexadecimal, so that no bit is lost; NAN and INFINITY (math.h) by name.
[[nodiscard]] std::string c_number(double value);
/// Of type int64_t.
[[nodiscard]] std::string c_integer(int64_t value);
/// Quoted; every byte that is not a plain letter or sign in octal. At most kCTextBytesMax bytes.
[[nodiscard]] std::string c_text(std::string_view bytes);
/// A name that C takes: small letters, digits and `_`; `weather.temp` is `weather_temp`. Names
/// that are words of C, or begin with a digit, get a `_` behind or before.
[[nodiscard]] std::string c_name(std::string_view name);
/// Words that stand inside a comment without ending it.
[[nodiscard]] std::string c_comment(std::string_view text);

/// Constant tables of one file, and how many bytes they take where it runs.
class CTables {
 public:
  /// An array of the smallest unsigned type that holds all, or of int64_t.
  void add_integers(const std::string& name, std::span<const int64_t> values);
  /// An array of double, or of float where no value loses a bit.
  void add_numbers(const std::string& name, std::span<const double> values);
  /// An array of texts: `struct { const char *bytes; uint32_t size; }` named `listed_text`.
  void add_texts(const std::string& name, std::span<const std::string> texts);
  /// Something that the caller has written, of so many bytes.
  void add(std::string_view source, int64_t size_bytes);

  [[nodiscard]] const std::string& source() const { return source_; }
  [[nodiscard]] int64_t size_bytes() const { return size_bytes_; }

 private:
  void add_array(const std::string& type, const std::string& name,
                 const std::vector<std::string>& items, int64_t item_bytes);
  std::string source_;
  int64_t size_bytes_ = 0;
};

/// The smallest of uint8_t, uint16_t and uint32_t that holds `largest`, and its bytes.
struct CUnsigned {
  std::string_view type;
  int64_t size_bytes = 0;
  uint64_t largest = 0;  ///< That it holds.
};
[[nodiscard]] CUnsigned c_unsigned_for(uint64_t largest);

}  // namespace millgate
