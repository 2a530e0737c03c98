/// The memory of the browser's evaluator as it is filled for one model: 32-bit addresses, little
/// endian (model/artifact/evaluator.c).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millgate {

/// Bytes from kEvaluatorModelAt on. Each `add` gives the address of what it put there, which is a
/// multiple of 8.
class EvaluatorMemory {
 public:
  uint32_t add_numbers(std::span<const double> values);
  uint32_t add_integers(std::span<const int64_t> values);
  uint32_t add_words(std::span<const uint32_t> values);
  /// An array of `listed_text` and the texts behind it.
  uint32_t add_texts(std::span<const std::string> texts);
  uint32_t add_bytes(std::string_view bytes);
  uint32_t add_zeros(size_t size_bytes);
  /// Writes `value` over 4 bytes (or 8) at an address given before.
  void set_word(uint32_t address, uint32_t value);
  void set_number(uint32_t address, double value);
  void set_integer(uint32_t address, int64_t value);
  /// Writes at `address`, in the end, where a room of kEvaluatorTextBytesMax bytes begins.
  void set_room(uint32_t address) { rooms_.push_back(address); }

  /// What is to be copied to kEvaluatorModelAt.
  [[nodiscard]] std::string finish();
  /// The first address behind everything, rooms too, after `finish`.
  [[nodiscard]] uint32_t end() const { return end_; }

 private:
  std::string bytes_;
  std::vector<uint32_t> rooms_;
  uint32_t end_ = 0;
};

}  // namespace millgate
