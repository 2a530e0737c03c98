#include "data/table/csv_record.h"

#include <bit>
#include <cstring>

namespace millgate {

namespace {

/// `byte` in each byte of a word.
constexpr uint64_t everywhere(char byte) {
  return 0x0101010101010101 * static_cast<uint64_t>(static_cast<unsigned char>(byte));
}

/// The place of the first of three bytes in `text` from `at` on; its size when there is none.
/// Eight bytes at once: fields are short, so that less costs more than it saves.
size_t find_any(std::string_view text, size_t at, char a, char b, char c) {
  const auto zeros = [](uint64_t word) {  // The lowest bit that is set is that of the first zero.
    return (word - everywhere(1)) & ~word & everywhere('\x80');
  };
  static_assert(std::endian::native == std::endian::little);
  for (; at + sizeof(uint64_t) <= text.size(); at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    const uint64_t found =
        zeros(word ^ everywhere(a)) | zeros(word ^ everywhere(b)) | zeros(word ^ everywhere(c));
    if (found != 0) return at + static_cast<size_t>(std::countr_zero(found)) / 8;
  }
  while (at < text.size() && text[at] != a && text[at] != b && text[at] != c) ++at;
  return at;
}

}  // namespace

int64_t count_line_ends(std::string_view text) {
  int64_t count = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool lone_return = text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n');
    if (text[i] == '\n' || lone_return) ++count;
  }
  return count;
}

CsvRecords::CsvRecords(std::string path, char delimiter, TextStream stream)
    : path_(std::move(path)), delimiter_(delimiter), stream_(std::move(stream)) {}

Result<CsvRecords> CsvRecords::open(const std::string& path, char delimiter) {
  MILLGATE_ASSIGN(TextStream stream, TextStream::open(path));
  return CsvRecords(path, delimiter, std::move(stream));
}

Result<CsvRecords> CsvRecords::open_at(const std::string& path, char delimiter, int64_t offset) {
  MILLGATE_ASSIGN(TextStream stream, TextStream::open_at(path, offset));
  return CsvRecords(path, delimiter, std::move(stream));
}

Result<CsvRecords> CsvRecords::of(std::string name, std::string text, char delimiter) {
  MILLGATE_ASSIGN(TextStream stream, TextStream::of(name, std::move(text)));
  return CsvRecords(std::move(name), delimiter, std::move(stream));
}

Result<bool> CsvRecords::next() {
  stream_.take(taken_);
  taken_ = 0;
  line_ = next_line_;
  while (true) {
    const std::string_view text = stream_.rest();
    if (text.empty() && stream_.at_end()) return false;
    const Outcome outcome = text.empty() ? Outcome::need_more : parse(text);
    if (outcome == Outcome::record) break;
    if (outcome != Outcome::need_more) return fault(outcome, text);
    MILLGATE_TRY(stream_.read_more());
  }
  if (const size_t bad = invalid_utf8_at(record_); bad != std::string_view::npos) {
    return invalid_utf8_error(path_, line_ + count_line_ends(record_.substr(0, bad)));
  }
  next_line_ = line_ + line_ends_within_ + 1;
  return true;
}

inline void CsvRecords::add_field(std::string_view text, bool quoted) {
  if (field_count_ == fields_.size()) fields_.emplace_back();
  fields_[field_count_++] = {.text = text, .quoted = quoted};
}

CsvRecords::Outcome CsvRecords::parse(std::string_view text) {
  field_count_ = 0;
  if (!unescaped_.empty()) unescaped_.clear();
  line_ends_within_ = 0;
  size_t at = 0;
  while (true) {
    if (at < text.size() && text[at] == '"') {
      const Outcome outcome = parse_quoted(text, at);
      if (outcome != Outcome::record) return outcome;
    } else {
      parse_plain(text, at);
    }
    if (at == text.size() || text[at] != delimiter_) return end_of_record(text, at);
    ++at;
  }
}

void CsvRecords::parse_plain(std::string_view text, size_t& at) {
  const size_t begin = at;
  at = find_any(text, at, delimiter_, '\n', '\r');
  add_field(text.substr(begin, at - begin), false);
}

/// Leaves `at` behind the closing quote.
CsvRecords::Outcome CsvRecords::parse_quoted(std::string_view text, size_t& at) {
  const size_t begin = at + 1;
  bool doubled = false;
  bool has_line_ends = false;
  size_t end = begin;
  while (true) {
    end = find_any(text, end, '"', '\n', '\r');
    if (end == text.size()) {
      return stream_.at_end() ? Outcome::unclosed_quote : Outcome::need_more;
    }
    if (text[end] != '"') {
      has_line_ends = true;
      ++end;
      continue;
    }
    // Whether this quote closes the field depends on the byte behind it.
    if (end + 1 == text.size() && !stream_.at_end()) return Outcome::need_more;
    if (end + 1 == text.size() || text[end + 1] != '"') break;
    doubled = true;
    end += 2;
  }
  at = end + 1;
  if (at < text.size() && text[at] != delimiter_ && text[at] != '\n' && text[at] != '\r') {
    add_field({}, false);
    return Outcome::text_after_quote;
  }
  std::string_view inner = text.substr(begin, end - begin);
  if (has_line_ends) line_ends_within_ += count_line_ends(inner);
  if (doubled) {
    std::string& copy = unescaped_.emplace_back();
    for (size_t i = 0; i < inner.size(); ++i) {
      copy += inner[i];
      if (inner[i] == '"') ++i;
    }
    inner = copy;
  }
  add_field(inner, true);
  return Outcome::record;
}

CsvRecords::Outcome CsvRecords::end_of_record(std::string_view text, size_t at) {
  if (at == text.size() && !stream_.at_end()) return Outcome::need_more;
  if (at < text.size() && text[at] == '\r') {
    if (at + 1 == text.size() && !stream_.at_end()) return Outcome::need_more;
    ++at;
    if (at < text.size() && text[at] == '\n') ++at;
  } else if (at < text.size()) {
    ++at;
  }
  taken_ = at;
  record_ = text.substr(0, at);
  return Outcome::record;
}

Error CsvRecords::fault(Outcome outcome, std::string_view text) const {
  // The fields before the fault were read: count the lines up to the end of the last one.
  const CsvField* last = field_count_ == 0 ? nullptr : &fields_[field_count_ - 1];
  const bool known = last != nullptr && last->text.data() >= text.data() &&
                     last->text.data() <= text.data() + text.size();
  const size_t read = known ? static_cast<size_t>(last->text.data() - text.data()) : 0;
  const std::string line = std::to_string(line_ + count_line_ends(text.substr(0, read)));
  const bool unclosed = outcome == Outcome::unclosed_quote;
  return Error{.code = ErrorCode::invalid_input,
               .what = "`" + path_ + "`: " +
                       (unclosed ? "the quote opened in line " + line + " is never closed"
                                 : "line " + line + " has text after a closing quote"),
               .where = path_ + ":" + line,
               .hint = unclosed
                           ? "was the file written to its end?"
                           : "inside a quoted field a quote is written twice: \"a \"\"b\"\" c\""};
}

int64_t CsvRecords::line_of_field(size_t index) const {
  // Doubled quotes were copied away; then the nearest field before that was not tells enough.
  for (size_t i = index + 1; i-- > 0;) {
    const char* begin = fields_[i].text.data();
    if (begin < record_.data() || begin > record_.data() + record_.size()) continue;
    return line_ + count_line_ends(record_.substr(0, static_cast<size_t>(begin - record_.data())));
  }
  return line_;
}

std::string CsvRecords::where() const { return path_ + ":" + std::to_string(line_); }

}  // namespace millgate
