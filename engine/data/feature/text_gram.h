/// Runs of words or characters of a text, counted by their hash.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace millgate {

/// Which runs are counted: of `low` to `high` words, or characters.
struct Grams {
  bool of_characters = false;
  int64_t low = 1;
  int64_t high = 1;
};

/// Sets each of `counts` to how many runs of `text` have it for their bucket (text_hash.h), as
/// scikit-learn's HashingVectorizer(norm=None, alternate_sign=False) does with ngram_range =
/// (low, high) and analyzer "word" or "char". The text is taken in small letters. A word is two or
/// more letters, digits and `_` in a row, where bytes beyond ASCII count as letters; words of a run
/// are joined by a space. Of two or more ASCII spaces in a row, characters see one.
void count_grams(std::string_view text, const Grams& grams, std::span<double> counts);

}  // namespace millgate
