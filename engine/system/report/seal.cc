#include "system/report/seal.h"

#include <array>
#include <charconv>
#include <utility>

#include "ground/json.h"
#include "ground/program_version.h"

namespace millgate {
namespace {

constexpr const char* kFormat = "1";
constexpr const char* kEvidence = "from.";  ///< Before the name of a piece of evidence.

constexpr std::array kKinds = {std::pair{DocumentKind::model_card, "model_card"},
                               std::pair{DocumentKind::hugging_face, "hugging_face"},
                               std::pair{DocumentKind::annex_iv, "annex_iv"},
                               std::pair{DocumentKind::datasheet, "datasheet"}};
constexpr std::array kForms = {DocumentForm::html, DocumentForm::markdown, DocumentForm::json};

/// One word that cannot end a comment, whatever a table is called.
std::string as_word(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:+/-";
  std::string word;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      word += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    word += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return word;
}

std::string from_word(std::string_view word) {
  std::string text;
  for (size_t at = 0; at < word.size(); ++at) {
    unsigned byte = 0;
    const char* digits = word.data() + at + 1;
    if (word[at] == '%' && at + 2 < word.size() &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      text += static_cast<char>(byte);
      at += 2;
    } else {
      text += word[at];
    }
  }
  return text;
}

std::string hex_of(uint64_t value) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), value, 16).ptr;
  return {digits.begin(), end};
}

std::string text_of(const std::vector<LineHash>& lines, size_t width) {
  std::string text;
  size_t column = 0;
  for (const LineHash& line : lines) {
    const std::string word = std::to_string(line.word_count) + "-" + hex_of(line.hash);
    const bool breaks = column + word.size() > width;
    if (!text.empty()) text += breaks ? '\n' : ' ';
    column = breaks ? word.size() : column + word.size() + 1;
    text += word;
  }
  return text;
}

Error bad_seal(const std::string& why) {
  return damaged("the seal of the document cannot be read: " + why,
                 "write the document anew: `millgate report`, `millgate datasheet`");
}

Result<std::vector<LineHash>> read_lines(std::string_view text) {
  std::vector<LineHash> lines;
  for (size_t at = text.find_first_not_of(" \t\r\n"); at != std::string_view::npos;
       at = text.find_first_not_of(" \t\r\n", at)) {
    const size_t end = std::min(text.find_first_of(" \t\r\n", at), text.size());
    LineHash line;
    const char* stop = text.data() + end;
    auto read = std::from_chars(text.data() + at, stop, line.word_count);
    if (read.ec == std::errc() && read.ptr != stop && *read.ptr == '-') {
      read = std::from_chars(read.ptr + 1, stop, line.hash, 16);
    }
    if (read.ec != std::errc() || read.ptr != stop || line.word_count < 1) {
      return bad_seal("`" + std::string(text.substr(at, std::min<size_t>(end - at, 40))) +
                      "` is no hash of a line");
    }
    lines.push_back(line);
    at = end;
  }
  return lines;
}

using Members = std::vector<std::pair<std::string, std::string>>;

Members members_of(const DocumentTopic& topic, const std::map<std::string, std::string>& evidence) {
  Members members = {{"format", kFormat}};
  for (const auto& [kind, name] : kKinds) {
    if (kind == topic.kind) members.emplace_back("document", name);
  }
  members.emplace_back("form", to_text(topic.form));
  if (topic.kind == DocumentKind::datasheet) {
    members.emplace_back("table", topic.table);
    members.emplace_back("commit", topic.commit.hex());
  } else {
    members.emplace_back("model", topic.model.hex());
  }
  members.emplace_back("made", to_string(topic.made));
  members.emplace_back("program", kProgramVersion);
  for (const auto& [name, id] : evidence) members.emplace_back(kEvidence + name, id);
  return members;
}

Result<Seal> seal_of(const std::map<std::string, std::string>& members) {
  const auto member = [&](const char* name) {
    const auto found = members.find(name);
    return found == members.end() ? std::string() : found->second;
  };
  if (member("format") != kFormat) {
    return invalid_input("the seal of the document has format `" + member("format") + "`",
                         "this program reads format 1; a newer one wrote the document");
  }
  Seal seal;
  bool known = false;
  for (const auto& [kind, name] : kKinds) {
    if (member("document") != name) continue;
    seal.topic.kind = kind;
    known = true;
  }
  if (!known) return bad_seal("there is no document `" + member("document") + "`");
  known = false;
  for (const DocumentForm form : kForms) {
    if (member("form") != to_text(form)) continue;
    seal.topic.form = form;
    known = true;
  }
  if (!known) return bad_seal("there is no form `" + member("form") + "`");
  const bool of_table = seal.topic.kind == DocumentKind::datasheet;
  const auto id = Id::parse(member(of_table ? "commit" : "model"));
  if (!id.ok()) return bad_seal(id.error().what);
  (of_table ? seal.topic.commit : seal.topic.model) = *id;
  seal.topic.table = member("table");
  const auto made = parse_time(member("made"));
  if (!made.ok()) return bad_seal(made.error().what);
  seal.topic.made = *made;
  seal.program = member("program");
  for (const auto& [name, value] : members) {
    if (name.starts_with(kEvidence)) seal.evidence[name.substr(5)] = value;
  }
  MILLGATE_ASSIGN(seal.lines, read_lines(member("lines")));
  return seal;
}

/// Members of the comment: words `name=value`, and from `lines=` on all the rest.
std::map<std::string, std::string> read_comment(std::string_view text) {
  std::map<std::string, std::string> members;
  for (size_t at = text.find_first_not_of(" \t\r\n"); at != std::string_view::npos;
       at = text.find_first_not_of(" \t\r\n", at)) {
    const size_t end = std::min(text.find_first_of(" \t\r\n", at), text.size());
    const std::string_view word = text.substr(at, end - at);
    const size_t equals = std::min(word.find('='), word.size());
    const std::string name = from_word(word.substr(0, equals));
    if (name == "lines") {
      members[name] = text.substr(at + equals + 1);
      break;
    }
    members[name] = from_word(word.substr(std::min(equals + 1, word.size())));
    at = end;
  }
  return members;
}

}  // namespace

std::string_view to_text(DocumentKind kind) {
  switch (kind) {
    case DocumentKind::model_card:
      return "model card";
    case DocumentKind::hugging_face:
      return "model card for Hugging Face";
    case DocumentKind::annex_iv:
      return "technical documentation";
    case DocumentKind::datasheet:
      return "datasheet";
  }
  return "";
}

std::string sealed(const std::string& text, const DocumentTopic& topic,
                   const std::map<std::string, std::string>& evidence) {
  const auto words = words_of(text, topic.form);
  const std::vector<LineHash> lines = words.ok() ? line_hashes(*words) : std::vector<LineHash>();
  const Members members = members_of(topic, evidence);
  if (topic.form == DocumentForm::json) {
    Json json = Json::parse(text);
    Json seal = Json::object();
    for (const auto& [name, value] : members) seal[name] = value;
    seal["lines"] = text_of(lines, std::string::npos);
    json[kSealMember] = std::move(seal);
    return dump_json_pretty(json) + "\n";
  }
  std::string comment = std::string(kSealBegin) + "\n";
  for (const auto& [name, value] : members) comment += as_word(name) + "=" + as_word(value) + "\n";
  return text + comment + "lines=\n" + text_of(lines, 100) + " -->\n";
}

bool has_seal(std::string_view text) {
  if (text.find(kSealBegin) != std::string_view::npos) return true;
  return text.find("\"seal\"") != std::string_view::npos &&
         text.find("\"document\"") != std::string_view::npos;
}

Result<Seal> read_seal(std::string_view text) {
  std::map<std::string, std::string> members;
  if (const size_t begin = text.find(kSealBegin); begin != std::string_view::npos) {
    const size_t from = begin + kSealBegin.size();
    const size_t end = text.find("-->", from);
    if (end == std::string_view::npos) return bad_seal("its end is cut off");
    return seal_of(read_comment(text.substr(from, end - from)));
  }
  const Json json = Json::parse(text, nullptr, false);
  const auto found = json.is_object() ? json.find(kSealMember) : json.end();
  if (!json.is_object() || found == json.end() || !found->is_object()) {
    return not_found("the document has no seal: Millgate did not write it, or its end was cut off",
                     "`millgate report` and `millgate datasheet` write documents with a seal");
  }
  for (const auto& [name, value] : found->items()) {
    if (value.is_string()) members[name] = value.get<std::string>();
  }
  return seal_of(members);
}

}  // namespace millgate
