#include "data/store/revision.h"

#include <algorithm>
#include <charconv>

#include "data/store/workspace.h"

namespace millgate {

namespace {

constexpr int64_t kBackMax = 1'000'000'000;

Error bad_revision(std::string_view text, const std::string& why) {
  return invalid_input("revision `" + std::string(text) + "`: " + why,
                       "write a branch, a tag or an id, then `@{TIME}`, then `~N`: main, "
                       "a1b2c3~2, main@{2013-04-01}~1");
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Reads "~", "~3~1" ... up to the end.
Result<int64_t> parse_back(std::string_view rest, std::string_view text) {
  int64_t back = 0;
  while (!rest.empty()) {
    if (rest[0] != '~') return bad_revision(text, "`" + std::string(rest) + "` is not understood");
    rest.remove_prefix(1);
    int64_t step = 1;
    const char* end = rest.data() + rest.size();
    const auto read = std::from_chars(rest.data(), end, step);
    if (read.ec == std::errc::result_out_of_range || step < 0 || step > kBackMax - back) {
      return bad_revision(text, "the number after `~` is too large or negative");
    }
    rest.remove_prefix(static_cast<size_t>(read.ptr - rest.data()));
    back += step;
  }
  return back;
}

}  // namespace

Result<Revision> parse_revision(std::string_view text) {
  Revision revision;
  if (text.empty()) return bad_revision(text, "there is no name");
  const size_t name_end = std::min({text.find('~'), text.find("@{"), text.size()});
  revision.name = text.substr(0, name_end);
  if (revision.name == kCurrentBranch) revision.name.clear();
  std::string_view rest = text.substr(name_end);
  if (rest.starts_with("@{")) {
    const size_t close = rest.find('}');
    if (close == std::string_view::npos) return bad_revision(text, "`@{` is never closed");
    const auto at = parse_time(rest.substr(2, close - 2));
    if (!at.ok()) {
      Error error = bad_revision(text, at.error().what);
      error.hint = at.error().hint;
      return error;
    }
    revision.at = *at;
    rest.remove_prefix(close + 1);
  }
  MILLGATE_ASSIGN(revision.back, parse_back(rest, text));
  return revision;
}

Status check_branch_name(const std::string& name) {
  const auto allowed = [](char c) {
    return is_letter_or_digit(c) || c == '.' || c == '_' || c == '/' || c == '-';
  };
  const auto hexadecimal = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  const bool plain = !name.empty() && (is_letter_or_digit(name[0]) || name[0] == '_') &&
                     std::all_of(name.begin(), name.end(), allowed);
  if (!plain) {
    return invalid_input("`" + name + "` cannot be the name of a branch or tag",
                         "use letters, digits and `._/-`, beginning with a letter");
  }
  if (name.size() >= 12 && std::all_of(name.begin(), name.end(), hexadecimal)) {
    return invalid_input("`" + name + "` cannot be the name of a branch or tag: it reads as an id",
                         "add a letter beyond f");
  }
  return {};
}

}  // namespace millgate
