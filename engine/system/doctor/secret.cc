#include "system/doctor/secret.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>
#include <memory>
#include <utility>

namespace millgate {

namespace {

/// A pattern whose first group is the secret.
struct Pattern {
  const char* kind;
  const char* expression;
};

/// By their published forms. A prefix of its own makes such a key certain.
constexpr std::array kMakers = {
    Pattern{"AWS access key", R"(\b((?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\b)"},
    Pattern{"GitHub token", R"(\b(gh[pousr]_[0-9A-Za-z]{36}|github_pat_[0-9A-Za-z_]{82})\b)"},
    Pattern{"GitLab token", R"(\b(gl(?:pat|ptt|rt|cbt)-[0-9A-Za-z_\-]{20,})\b)"},
    Pattern{"Slack token", R"(\b(xox[abeprs]-[0-9A-Za-z\-]{20,})\b)"},
    Pattern{"Slack webhook", R"((hooks\.slack\.com/services/T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/\w{20,}))"},
    Pattern{"Google API key", R"(\b(AIza[0-9A-Za-z_\-]{35})\b)"},
    Pattern{"Stripe key", R"(\b([sr]k_live_[0-9A-Za-z]{16,})\b)"},
    Pattern{"Hugging Face token", R"(\b(hf_[A-Za-z]{34})\b)"},
    Pattern{"npm token", R"(\b(npm_[0-9A-Za-z]{36})\b)"},
    Pattern{"PyPI token", R"(\b(pypi-AgE[0-9A-Za-z_\-]{50,})\b)"},
    Pattern{"Azure storage key", R"(AccountKey=([A-Za-z0-9+/]{86}==))"},
    Pattern{"JSON web token", R"(\b(eyJ[\w\-]{10,}\.eyJ[\w\-]{10,}\.[\w\-]{10,}))"},
    // The head alone stands in many texts about keys; a key has a body.
    Pattern{"private key", R"((-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----))"
                           R"((?:\s|\\n|[\w\-]+: [^\n]*\n)*[A-Za-z0-9+/]{40})"},
};

/// "postgres://ada:PASSWORD@db".
constexpr const char* kUrl =
    R"(\b[a-zA-Z][a-zA-Z0-9+.\-]{1,20}://[^\s:/@'"<>]{0,64}:([^\s:/@'"<>]{3,128})@[\w\[])";

/// `db_password = "..."`, `API_KEY: ...`, `"token": "..."`; the name, then the value.
constexpr const char* kAssignment =
    R"((?i)([\w.\-]{0,40}(?:secret|token|passw(?:or)?d|api_?key|)"
    R"(access_?key|auth_?key|credential)[\w.\-]{0,20})["']?\s*)"
    R"((?:=>|:=|=|:)\s*(["']?)([\w+/=.~!@#%^&*\-]{12,200})(["';,\s]|$))";

/// Names beside which a random value is no secret.
constexpr const char* kPublicName =
    R"((?i)public|_id$|_name$|token_?type|tokeni[sz]er|tokens$|version|hash|digest|checksum|sha\d)";

struct Patterns {
  std::vector<std::pair<const char*, std::unique_ptr<RE2>>> makers;
  RE2 url{kUrl};
  RE2 assignment{kAssignment};
  RE2 public_name{kPublicName};
  Patterns() {
    makers.reserve(kMakers.size());
    for (const Pattern& one : kMakers) {
      makers.emplace_back(one.kind, std::make_unique<RE2>(one.expression));
    }
  }
};

const Patterns& patterns() {
  static const Patterns kPatterns;
  return kPatterns;
}

bool is_placeholder(std::string_view value) {
  static const RE2 kPlaceholder(
      R"((?i)^\W|example$|\$|\{|<|\*\*|\.\.\.|xxx|^(?:pass(?:word|wd)?|pw|secret|token|user|test|)"
      R"(change_?me|redacted)\d*$|your[_\-]|placeholder|dummy)");
  return RE2::PartialMatch(re2::StringPiece(value.data(), value.size()), kPlaceholder);
}

/// Bits a character, from how often each occurs.
double entropy(std::string_view value) {
  std::map<char, int> counts;
  for (const char c : value) ++counts[c];
  double bits = 0;
  for (const auto& [c, count] : counts) {
    const double share = static_cast<double>(count) / static_cast<double>(value.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

char kind_of(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (std::isdigit(byte) != 0) return '0';
  if (std::isupper(byte) != 0) return 'A';
  if (std::islower(byte) != 0) return 'a';
  return '-';
}

/// Random characters change between digits, capitals and small letters again and again; words, even
/// with a number behind them, do not. A capital that begins a word is not counted.
bool looks_random(std::string_view value) {
  int changes = 0;
  bool has_digit = false;
  bool has_letter = false;
  for (size_t i = 0; i < value.size(); ++i) {
    const char now = kind_of(value[i]);
    has_digit |= now == '0';
    has_letter |= now == 'a' || now == 'A';
    if (i == 0 || now == '-') continue;
    const char before = kind_of(value[i - 1]);
    const bool begins_word = before == 'A' && now == 'a';
    if (before != '-' && before != now && !begins_word) ++changes;
  }
  return has_digit && has_letter && changes * 5 >= static_cast<int>(value.size()) &&
         entropy(value) >= 3;
}

std::string shown(std::string_view value) {
  return std::string(value.substr(0, 4)) + "... (" + std::to_string(value.size()) + " characters)";
}

std::string_view line_at(std::string_view text, size_t at) {
  const size_t before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  const size_t begin = before == std::string_view::npos ? 0 : before + 1;
  return text.substr(begin, std::min(text.find('\n', at), text.size()) - begin);
}

bool is_allowed(std::string_view line) {
  static constexpr std::array<std::string_view, 3> kMarks = {"millgate:allow", "gitleaks:allow",
                                                             "pragma: allowlist secret"};
  return std::any_of(kMarks.begin(), kMarks.end(), [&](std::string_view mark) {
    return line.find(mark) != std::string_view::npos;
  });
}

/// Where a secret stands, for the order and for what two patterns find at once.
struct Hit {
  size_t at = 0;
  const char* kind = nullptr;
  std::string_view value;
};

/// Every match of `pattern`, with its groups.
template <typename Take>
void each_match(std::string_view text, const RE2& pattern, const Take& take) {
  std::array<re2::StringPiece, 5> groups;
  const re2::StringPiece whole(text.data(), text.size());
  const int count = std::min(pattern.NumberOfCapturingGroups() + 1, 5);
  size_t at = 0;
  while (at <= text.size() &&
         pattern.Match(whole, at, text.size(), RE2::UNANCHORED, groups.data(), count)) {
    take(groups);
    const size_t end = static_cast<size_t>(groups[0].data() - text.data()) + groups[0].size();
    at = std::max(end, at + 1);
  }
}

std::vector<Hit> find_hits(std::string_view text) {
  std::vector<Hit> hits;
  const auto add = [&](const char* kind, const re2::StringPiece& value) {
    hits.push_back({static_cast<size_t>(value.data() - text.data()), kind,
                    std::string_view(value.data(), value.size())});
  };
  for (const auto& [kind, pattern] : patterns().makers) {
    each_match(text, *pattern, [&](const auto& groups) {
      // Makers show keys of this form in their manuals.
      if (!groups[1].ends_with("EXAMPLE")) add(kind, groups[1]);
    });
  }
  each_match(text, patterns().url, [&](const auto& groups) {
    if (!is_placeholder({groups[1].data(), groups[1].size()})) add("password in a URL", groups[1]);
  });
  each_match(text, patterns().assignment, [&](const auto& groups) {
    const std::string_view value(groups[3].data(), groups[3].size());
    if (is_placeholder(value) || RE2::PartialMatch(groups[1], patterns().public_name)) return;
    if (looks_random(value)) add("random value of a secret name", groups[3]);
  });
  std::stable_sort(hits.begin(), hits.end(),
                   [](const Hit& one, const Hit& other) { return one.at < other.at; });
  return hits;
}

}  // namespace

std::vector<Secret> find_secrets(std::string_view text) {
  std::vector<Secret> secrets;
  size_t counted_to = 0;
  int64_t line = 1;
  size_t taken_to = 0;
  for (const Hit& hit : find_hits(text)) {
    if (hit.at < taken_to || is_allowed(line_at(text, hit.at))) continue;
    line += std::count(text.begin() + static_cast<std::ptrdiff_t>(counted_to),
                       text.begin() + static_cast<std::ptrdiff_t>(hit.at), '\n');
    counted_to = hit.at;
    taken_to = hit.at + hit.value.size();
    secrets.push_back({hit.kind, line, shown(hit.value)});
  }
  return secrets;
}

}  // namespace millgate
