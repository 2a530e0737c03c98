#include "data/feature/evaluator_memory.h"

#include <bit>
#include <cassert>
#include <cstring>

#include "data/feature/evaluator_code.h"

namespace millgate {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they stand");

template <typename Value>
std::string_view bytes_of(std::span<const Value> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

}  // namespace

uint32_t EvaluatorMemory::add_bytes(std::string_view bytes) {
  const auto address = static_cast<uint32_t>(kEvaluatorModelAt + bytes_.size());
  bytes_ += bytes;
  bytes_.resize((bytes_.size() + 7) / 8 * 8, '\0');
  return address;
}

uint32_t EvaluatorMemory::add_zeros(size_t size_bytes) {
  return add_bytes(std::string(size_bytes, '\0'));
}

uint32_t EvaluatorMemory::add_numbers(std::span<const double> values) {
  return add_bytes(bytes_of(values));
}

uint32_t EvaluatorMemory::add_integers(std::span<const int64_t> values) {
  return add_bytes(bytes_of(values));
}

uint32_t EvaluatorMemory::add_words(std::span<const uint32_t> values) {
  return add_bytes(bytes_of(values));
}

uint32_t EvaluatorMemory::add_texts(std::span<const std::string> texts) {
  const uint32_t list = add_zeros(texts.size() * 8);
  std::string all;
  for (const std::string& text : texts) all += text;
  uint32_t at = add_bytes(all);
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto size = static_cast<uint32_t>(texts[i].size());
    const auto entry = static_cast<uint32_t>(list + 8 * i);
    set_word(entry, at);
    set_word(entry + 4, size);
    at += size;
  }
  return list;
}

void EvaluatorMemory::set_word(uint32_t address, uint32_t value) {
  assert(address - kEvaluatorModelAt + sizeof value <= bytes_.size());
  std::memcpy(bytes_.data() + (address - kEvaluatorModelAt), &value, sizeof value);
}

void EvaluatorMemory::set_integer(uint32_t address, int64_t value) {
  assert(address - kEvaluatorModelAt + sizeof value <= bytes_.size());
  std::memcpy(bytes_.data() + (address - kEvaluatorModelAt), &value, sizeof value);
}

void EvaluatorMemory::set_number(uint32_t address, double value) {
  set_integer(address, std::bit_cast<int64_t>(value));
}

std::string EvaluatorMemory::finish() {
  end_ = static_cast<uint32_t>(kEvaluatorModelAt + bytes_.size());
  for (const uint32_t address : rooms_) {
    set_word(address, end_);
    end_ += kEvaluatorTextBytesMax;
  }
  return bytes_;
}

}  // namespace millgate
