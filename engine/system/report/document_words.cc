#include "system/report/document_words.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>
#include <utility>

#include "ground/json.h"
#include "system/report/seal.h"

namespace millgate {
namespace {

/// Replaces each piece of `text` from `begin` to behind `end` by its line breaks.
void cut_out(std::string& text, std::string_view begin, std::string_view end) {
  for (size_t at = text.find(begin); at != std::string::npos; at = text.find(begin, at)) {
    const size_t close = text.find(end, at);
    const size_t stop = close == std::string::npos ? text.size() : close + end.size();
    const auto breaks = std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                                   text.begin() + static_cast<std::ptrdiff_t>(stop), '\n');
    text.replace(at, stop - at, static_cast<size_t>(breaks), '\n');
    if (breaks == 0) text.insert(at, " ");
  }
}

/// "|---:|:---|" or "| ---: |": programs that lay out tables write rules in another width.
bool is_table_rule(std::string_view text) {
  return text.find_first_not_of("|-: \t\r") == std::string_view::npos &&
         text.find('-') != std::string_view::npos && text.find('|') != std::string_view::npos;
}

void blank_table_rules(std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    if (is_table_rule(std::string_view(text).substr(at, end - at))) {
      std::fill(text.begin() + static_cast<std::ptrdiff_t>(at),
                text.begin() + static_cast<std::ptrdiff_t>(end), ' ');
    }
    at = end + 1;
  }
}

std::vector<DocumentWord> words_of_text(std::string text, DocumentForm form) {
  cut_out(text, kNotesBegin, kNotesEnd);
  cut_out(text, kSealBegin, "-->");
  if (form == DocumentForm::markdown) blank_table_rules(text);
  if (form == DocumentForm::html) cut_out(text, "<style", "</style>");
  std::vector<DocumentWord> words;
  int64_t line = 1;
  for (size_t at = 0; at < text.size();) {
    if (const char c = text[at]; c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      if (c == '\n') ++line;
      ++at;
      continue;
    }
    const size_t end = std::min(text.find_first_of(" \t\r\n", at), text.size());
    const std::string_view word = std::string_view(text).substr(at, end - at);
    if (form != DocumentForm::markdown || !is_table_rule(word)) {
      words.push_back({std::string(word), line, line});
    }
    at = end;
  }
  return words;
}

// --- JSON ------------------------------------------------------------------------------------

/// Where a reading of JSON has come to. The break behind a number is taken with it and counts
/// only when the next byte is.
struct ReadingPlace {
  int64_t line = 1;
  char last = 0;
};

/// Bytes of JSON; tells `ReadingPlace` which were taken.
class CountingBytes {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingBytes(const char* at, ReadingPlace* place) : at_(at), place_(place) {}
  reference operator*() const { return *at_; }
  CountingBytes& operator++() {
    place_->line += place_->last == '\n' ? 1 : 0;
    place_->last = *at_++;
    return *this;
  }
  CountingBytes operator++(int) {
    const CountingBytes before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingBytes& other) const { return at_ == other.at_; }
  bool operator!=(const CountingBytes& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  ReadingPlace* place_;
};

struct JsonLeaf {
  std::string path;
  std::string value;
  int64_t line = 0;
};

/// Collects the leaves of a document with the lines on which they stand.
class LeafReader {
 public:
  explicit LeafReader(const ReadingPlace& place) : place_(place) {}

  bool null() { return leaf("null"); }
  bool boolean(bool value) { return leaf(value ? "true" : "false"); }
  bool number_integer(int64_t value) { return leaf(std::to_string(value)); }
  bool number_unsigned(uint64_t value) { return leaf(std::to_string(value)); }
  bool number_float(double value, const std::string&) {
    if (value == std::floor(value) && std::abs(value) < 9007199254740992.0) {
      return leaf(std::to_string(static_cast<int64_t>(value)));
    }
    return leaf(Json(value).dump());
  }
  bool string(std::string& value) { return leaf(Json(value).dump()); }
  bool binary(std::vector<uint8_t>&) { return true; }
  bool start_object(size_t) { return enter("{}"); }
  bool start_array(size_t) {
    enter("[]");
    inside_.back().index = 0;
    return true;
  }
  bool key(std::string& name) {
    inside_.back().name = name;
    return true;
  }
  bool end_object() { return leave(); }
  bool end_array() { return leave(); }
  bool parse_error(size_t, const std::string&, const nlohmann::json::exception& fault) {
    fault_ = "line " + std::to_string(place_.line) + ": " + fault.what();
    return false;
  }

  [[nodiscard]] const std::string& fault() const { return fault_; }
  [[nodiscard]] std::vector<JsonLeaf>& leaves() { return leaves_; }

 private:
  struct Place {
    std::string name;
    int64_t index = -1;  ///< Of an array: the next item's.
    std::string empty;   ///< What stands here when nothing came.
  };

  [[nodiscard]] std::string path() const {
    std::string text;
    for (const Place& one : inside_) {
      text += '/' + (one.index < 0 ? one.name : std::to_string(one.index));
    }
    return text;
  }
  bool leaf(std::string value) {
    leaves_.push_back({path(), std::move(value), place_.line});
    passed();
    return true;
  }
  void passed() {
    if (inside_.empty()) return;
    inside_.back().empty.clear();
    if (inside_.back().index >= 0) ++inside_.back().index;
  }
  bool enter(const char* empty) {
    inside_.push_back({.name = {}, .index = -1, .empty = empty});
    return true;
  }
  bool leave() {
    const std::string empty = inside_.back().empty;
    inside_.pop_back();
    if (!empty.empty()) leaves_.push_back({path(), empty, place_.line});
    passed();
    return true;
  }

  const ReadingPlace& place_;
  std::string fault_;
  std::vector<Place> inside_;
  std::vector<JsonLeaf> leaves_;
};

bool is_outside(const std::string& path) {
  return path == "/notes" || path.starts_with("/notes/") || path.starts_with("/seal/");
}

Result<std::vector<DocumentWord>> words_of_json(std::string_view text) {
  ReadingPlace place;
  LeafReader reader(place);
  if (!nlohmann::json::sax_parse(CountingBytes(text.data(), &place),
                                 CountingBytes(text.data() + text.size(), &place), &reader)) {
    return damaged("the document is no JSON any more: " + reader.fault());
  }
  std::stable_sort(reader.leaves().begin(), reader.leaves().end(),
                   [](const JsonLeaf& a, const JsonLeaf& b) { return a.path < b.path; });
  std::vector<DocumentWord> words;
  words.reserve(reader.leaves().size() * 2);
  int64_t unit = 0;
  for (JsonLeaf& leaf : reader.leaves()) {
    if (is_outside(leaf.path)) continue;
    words.push_back({std::move(leaf.path), leaf.line, ++unit});
    words.push_back({std::move(leaf.value), leaf.line, unit});
  }
  return words;
}

// --- lines among words -----------------------------------------------------------------------

constexpr uint64_t kHashBits = (uint64_t{1} << 40) - 1;
constexpr uint64_t kBase = 0x9E3779B97F4A7C15;

uint64_t hash_of_word(std::string_view word) {  // FNV-1a
  uint64_t hash = 0xCBF29CE484222325;
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return hash;
}

/// Of a line: its words as digits of a number.
uint64_t finished(uint64_t hash) {
  hash ^= hash >> 31;
  hash *= 0xBF58476D1CE4E5B9;
  return (hash ^ hash >> 29) & kHashBits;
}

/// Hashes of any stretch of words at once.
class Stretches {
 public:
  explicit Stretches(const std::vector<DocumentWord>& words) : sum_(1, 0), power_(1, 1) {
    sum_.reserve(words.size() + 1);
    power_.reserve(words.size() + 1);
    for (const DocumentWord& word : words) {
      sum_.push_back(sum_.back() * kBase + hash_of_word(word.text));
      power_.push_back(power_.back() * kBase);
    }
  }
  [[nodiscard]] int64_t size() const { return std::ssize(sum_) - 1; }
  [[nodiscard]] LineHash of(int64_t begin, int64_t count) const {
    const auto first = static_cast<size_t>(begin);
    const size_t end = first + static_cast<size_t>(count);
    return {count, finished(sum_[end] - sum_[first] * power_[static_cast<size_t>(count)])};
  }
  [[nodiscard]] bool holds(const LineHash& line, int64_t begin, int64_t end) const {
    return begin + line.word_count <= end && of(begin, line.word_count) == line;
  }

 private:
  std::vector<uint64_t> sum_, power_;
};

/// The longest run of numbers in `places` that rises, as positions in it.
std::vector<size_t> rising(const std::vector<int64_t>& places) {
  std::vector<size_t> ends;  ///< Of the runs of each length, the one with the smallest end.
  std::vector<int64_t> before(places.size(), -1);
  for (size_t i = 0; i < places.size(); ++i) {
    const auto at =
        std::lower_bound(ends.begin(), ends.end(), places[i],
                         [&](size_t end, int64_t place) { return places[end] < place; });
    if (at != ends.begin()) before[i] = static_cast<int64_t>(*(at - 1));
    if (at == ends.end()) {
      ends.push_back(i);
    } else {
      *at = i;
    }
  }
  std::vector<size_t> run;
  if (ends.empty()) return run;
  for (auto at = static_cast<int64_t>(ends.back()); at >= 0; at = before[static_cast<size_t>(at)]) {
    run.push_back(static_cast<size_t>(at));
  }
  std::reverse(run.begin(), run.end());
  return run;
}

/// Lines [first, last) among words [begin, end), where neither end fits any more.
struct Search {
  const std::vector<LineHash>& lines;
  const Stretches& words;
  std::vector<int64_t>& found;

  /// Lines that are there once, in both, are anchors; others are looked for between them.
  void between(size_t first, size_t last, int64_t begin, int64_t end) {
    std::map<LineHash, std::vector<int64_t>> places;
    for (size_t i = first; i < last; ++i) places[lines[i]];
    std::map<int64_t, bool> counts;
    for (const auto& [line, where] : places) counts[line.word_count];
    for (const auto& [count, unused] : counts) {
      for (int64_t at = begin; at + count <= end; ++at) {
        if (const auto known = places.find(words.of(at, count)); known != places.end()) {
          known->second.push_back(at);
        }
      }
    }
    std::map<LineHash, int> repeats;
    for (size_t i = first; i < last; ++i) ++repeats[lines[i]];
    std::vector<size_t> once;
    std::vector<int64_t> at;
    for (size_t i = first; i < last; ++i) {
      const auto& where = places[lines[i]];
      if (where.size() != 1 || repeats[lines[i]] != 1) continue;
      once.push_back(i);
      at.push_back(where.front());
    }
    int64_t from = begin;
    size_t next = first;
    for (const size_t one : rising(at)) {
      if (at[one] < from) continue;
      in_turn(next, once[one], from, at[one], places);
      found[once[one]] = at[one];
      from = at[one] + lines[once[one]].word_count;
      next = once[one] + 1;
    }
    in_turn(next, last, from, end, places);
  }

  void in_turn(size_t first, size_t last, int64_t begin, int64_t end,
               const std::map<LineHash, std::vector<int64_t>>& places) {
    for (size_t i = first; i < last; ++i) {
      const std::vector<int64_t>& where = places.at(lines[i]);
      const auto at = std::lower_bound(where.begin(), where.end(), begin);
      if (at == where.end() || *at + lines[i].word_count > end) continue;
      found[i] = *at;
      begin = *at + lines[i].word_count;
    }
  }
};

}  // namespace

std::string_view to_text(DocumentForm form) {
  switch (form) {
    case DocumentForm::html:
      return "html";
    case DocumentForm::markdown:
      return "markdown";
    case DocumentForm::json:
      return "json";
  }
  return "";
}

std::string notes_place() {
  return std::string(kNotesBegin) + "the next mark, write what you like: it is kept -->\n" +
         std::string(kNotesEnd) + "\n";
}

std::string notes_of(std::string_view text) {
  const size_t begin = text.find(kNotesBegin);
  if (begin == std::string_view::npos) return {};
  const size_t from = text.find("-->", begin);
  const size_t end = text.find(kNotesEnd, begin);
  if (from == std::string_view::npos || end == std::string_view::npos || end < from) return {};
  return std::string(text.substr(from + 3, end - from - 3));
}

std::string with_notes(std::string text, const std::string& notes) {
  const size_t begin = text.find(kNotesBegin);
  if (begin == std::string::npos) return text;
  const size_t from = text.find("-->", begin) + 3;
  return text.replace(from, text.find(kNotesEnd, begin) - from, notes);
}

Result<std::vector<DocumentWord>> words_of(std::string_view text, DocumentForm form) {
  if (form == DocumentForm::json) return words_of_json(text);
  return words_of_text(std::string(text), form);
}

std::vector<LineHash> line_hashes(const std::vector<DocumentWord>& words) {
  const Stretches stretches(words);
  std::vector<LineHash> lines;
  for (int64_t at = 0; at < stretches.size();) {
    int64_t end = at;
    while (end < stretches.size() &&
           words[static_cast<size_t>(end)].unit == words[static_cast<size_t>(at)].unit) {
      ++end;
    }
    lines.push_back(stretches.of(at, end - at));
    at = end;
  }
  return lines;
}

std::vector<int64_t> find_lines(const std::vector<LineHash>& lines,
                                const std::vector<DocumentWord>& words) {
  const Stretches stretches(words);
  std::vector<int64_t> found(lines.size(), -1);
  // Most of a document is as it was, so both ends are walked first.
  size_t first = 0, last = lines.size();
  int64_t begin = 0, end = stretches.size();
  for (; first < last && stretches.holds(lines[first], begin, end); ++first) {
    found[first] = begin;
    begin += lines[first].word_count;
  }
  for (; first < last; --last) {
    const int64_t at = end - lines[last - 1].word_count;
    if (at < begin || !stretches.holds(lines[last - 1], at, end)) break;
    found[last - 1] = end = at;
  }
  if (first < last) Search{lines, stretches, found}.between(first, last, begin, end);
  return found;
}

}  // namespace millgate
