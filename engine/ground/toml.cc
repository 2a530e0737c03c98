#include "ground/toml.h"

namespace millgate {

namespace {

/// The parser's message on one line, without saying in which of its own functions it was.
std::string plain_description(std::string_view description) {
  if (const size_t colon = description.find(": ");
      description.starts_with("Error while ") && colon != std::string_view::npos) {
    description.remove_prefix(colon + 2);
  }
  std::string plain;
  for (const char c : description) {
    if (c == '\n') {
      plain += "\\n";
    } else if (c != '\r') {
      plain += c;
    }
  }
  return plain;
}

bool breaks_assertion(std::string_view text) {
  try {
    (void)toml::parse(text);
  } catch (const BrokenTomlAssertion&) {
    return true;
  } catch (const toml::parse_error&) {
  }
  return false;
}

/// A broken assertion does not say where. But the parser reads from left to right, so it is the
/// last character of the shortest beginning of `text` that breaks it.
TomlFault locate_broken_assertion(std::string_view text) {
  size_t good = 0;
  size_t bad = text.size();
  while (bad - good > 1) {
    const size_t middle = good + (bad - good) / 2;
    (breaks_assertion(text.substr(0, middle)) ? bad : good) = middle;
  }
  const char found = text[good];
  const std::string saw =
      found == '\n' || found == '\r' ? "the end of the line" : "`" + std::string(1, found) + "`";
  const SourceText source("", std::string(text));
  return {.what = "expected a key or a value, saw " + saw, .place = source.place_at(good)};
}

}  // namespace

void report_broken_toml_assertion() { throw BrokenTomlAssertion(); }

std::variant<toml::table, TomlFault> parse_toml(std::string_view text) {
  // The parser reads ahead in blocks, and so would not know where the bad byte is.
  const SourceText source("", std::string(text));
  if (const Place invalid = source.first_invalid_utf8(); invalid.line != 0) {
    return TomlFault{.what = "the text is not UTF-8", .place = invalid};
  }
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& fault) {
    const toml::source_position& begin = fault.source().begin;
    return TomlFault{
        .what = plain_description(fault.description()),
        .place = {static_cast<uint32_t>(begin.line), static_cast<uint32_t>(begin.column)}};
  } catch (const BrokenTomlAssertion&) {
    return locate_broken_assertion(text);
  }
}

}  // namespace millgate
