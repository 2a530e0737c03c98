#include "data/feature/text_gram.h"

#include <algorithm>
#include <string>
#include <vector>

#include "data/feature/letter_case.h"
#include "data/feature/text_hash.h"

namespace millgate {
namespace {

bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80) != 0;
}
bool begins_code_point(char c) { return (c & 0xC0) != 0x80; }
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  size_t at = 0;
  while (at < text.size()) {
    if (!is_word_byte(text[at])) {
      ++at;
      continue;
    }
    const size_t begin = at;
    size_t code_points = 0;
    for (; at < text.size() && is_word_byte(text[at]); ++at) {
      code_points += begins_code_point(text[at]) ? 1 : 0;
    }
    if (code_points > 1) words.push_back(text.substr(begin, at - begin));
  }
  return words;
}

std::string without_runs_of_blanks(std::string_view text) {
  std::string out;
  size_t at = 0;
  while (at < text.size()) {
    const size_t begin = at;
    while (at < text.size() && is_blank(text[at])) ++at;
    if (at - begin > 1) {
      out += ' ';
    } else {
      at = begin + 1;
      out += text[begin];
    }
  }
  return out;
}

/// Where each code point begins, and the end of the text.
std::vector<size_t> code_points_of(std::string_view text) {
  std::vector<size_t> begins;
  for (size_t at = 0; at < text.size(); ++at) {
    if (begins_code_point(text[at]) || at == 0) begins.push_back(at);
  }
  begins.push_back(text.size());
  return begins;
}

/// Calls `put(first, last)` for every run of `low` to `high` of `count` things.
template <typename Put>
void each_run(size_t count, const Grams& grams, const Put& put) {
  for (auto length = static_cast<size_t>(grams.low); length <= static_cast<size_t>(grams.high);
       ++length) {
    for (size_t first = 0; first + length <= count; ++first) put(first, first + length - 1);
  }
}

}  // namespace

void count_grams(std::string_view text, const Grams& grams, std::span<double> counts) {
  std::fill(counts.begin(), counts.end(), 0.0);
  std::string lower;
  append_lower_case(text, lower);
  const auto count = [&](std::string_view gram) {
    counts[static_cast<size_t>(hash_bucket(gram, static_cast<int64_t>(counts.size())))] += 1.0;
  };
  if (grams.of_characters) {
    const std::string plain = without_runs_of_blanks(lower);
    const std::vector<size_t> begins = code_points_of(plain);
    each_run(begins.size() - 1, grams, [&](size_t first, size_t last) {
      count(std::string_view(plain).substr(begins[first], begins[last + 1] - begins[first]));
    });
    return;
  }
  const std::vector<std::string_view> words = words_of(lower);
  std::string joined;
  each_run(words.size(), grams, [&](size_t first, size_t last) {
    if (first == last) return count(words[first]);
    joined = words[first];
    for (size_t i = first + 1; i <= last; ++i) joined.append(" ").append(words[i]);
    count(joined);
  });
}

}  // namespace millgate
