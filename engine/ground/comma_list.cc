#include "ground/comma_list.h"

namespace millgate {

std::string comma_list(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string brief_list(const std::vector<std::string>& words, size_t shown_max) {
  if (words.size() <= shown_max) return comma_list(words);
  const std::vector<std::string> first(words.begin(),
                                       words.begin() + static_cast<std::ptrdiff_t>(shown_max));
  return comma_list(first) + " and " + std::to_string(words.size() - shown_max) + " more";
}

}  // namespace millgate
