#include "system/report/verify_document.h"

#include <algorithm>
#include <set>
#include <utility>

#include "ground/json.h"
#include "ground/program_version.h"
#include "model/release/retirement.h"

namespace millgate {
namespace {

/// Lines that share less of their words are not taken for the same.
constexpr double kAlike = 0.3;
/// Words of a context that are shown on each side of a difference.
constexpr int64_t kContextWords = 12;

/// Words [begin, end) of a document.
struct Span {
  int64_t begin = 0;
  int64_t end = 0;
};

std::vector<Span> spans_of(const std::vector<LineHash>& lines) {
  std::vector<Span> spans;
  spans.reserve(lines.size());
  int64_t at = 0;
  for (const LineHash& line : lines) {
    spans.push_back({at, at + line.word_count});
    at += line.word_count;
  }
  return spans;
}

/// Share of words that two spans have in common.
double likeness(const std::vector<DocumentWord>& a, Span in_a, const std::vector<DocumentWord>& b,
                Span in_b) {
  std::multiset<std::string_view> left;
  for (int64_t i = in_a.begin; i < in_a.end; ++i) left.insert(a[static_cast<size_t>(i)].text);
  int64_t shared = 0;
  for (int64_t i = in_b.begin; i < in_b.end; ++i) {
    const auto found = left.find(b[static_cast<size_t>(i)].text);
    if (found == left.end()) continue;
    left.erase(found);
    ++shared;
  }
  const int64_t longer = std::max(in_a.end - in_a.begin, in_b.end - in_b.begin);
  return longer == 0 ? 0 : static_cast<double>(shared) / static_cast<double>(longer);
}

std::string text_of(const std::vector<DocumentWord>& words, Span span) {
  std::string text;
  for (int64_t i = span.begin; i < span.end; ++i) {
    text += (text.empty() ? "" : " ") + words[static_cast<size_t>(i)].text;
  }
  return text;
}

/// Without elements; also where the text begins or ends inside of one.
std::string without_markup(const std::string& html) {
  std::string text;
  bool inside = html.find('>') < html.find('<');
  for (const char c : html) {
    if (c == '<') {
      inside = true;
      if (!text.empty() && text.back() != ' ') text += ' ';
    } else if (c == '>') {
      inside = false;
    } else if (!inside) {
      text += c;
    }
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

/// One comparison.
class Comparison {
 public:
  Comparison(std::vector<DocumentWord> document, const std::vector<DocumentWord>& expected,
             const Seal& seal)
      : document_(std::move(document)), expected_(expected), form_(seal.topic.form) {
    const std::vector<LineHash> lines = line_hashes(expected_);
    spans_ = spans_of(lines);
    found_ = find_lines(lines, document_);
    sealed_found_ = find_lines(seal.lines, document_);
    sealed_ = std::set<LineHash>(seal.lines.begin(), seal.lines.end());
    seal_ = &seal;
    taken_.assign(document_.size(), false);
    expected_lines_ = lines;
    for (size_t i = 0; i < found_.size(); ++i) {
      if (found_[i] >= 0) take({found_[i], found_[i] + lines[i].word_count});
    }
  }

  std::vector<DocumentFinding> findings() {
    for (size_t i = 0; i < found_.size();) {
      if (found_[i] >= 0) {
        ++i;
        continue;
      }
      size_t last = i;
      while (last < found_.size() && found_[last] < 0) ++last;
      judge_gap(i, last);
      i = last;
    }
    judge_said_no_more();
    judge_added();
    std::stable_sort(findings_.begin(), findings_.end(),
                     [](const auto& a, const auto& b) { return a.line < b.line; });
    return std::move(findings_);
  }

  [[nodiscard]] int64_t free_words() const {
    return std::count(taken_.begin(), taken_.end(), false);
  }

 private:
  void take(Span span) { std::fill(taken_.begin() + span.begin, taken_.begin() + span.end, true); }
  [[nodiscard]] int64_t line_at(int64_t word) const {
    if (document_.empty()) return 0;
    const int64_t last = std::ssize(document_) - 1;
    return document_[static_cast<size_t>(std::clamp<int64_t>(word, 0, last))].line;
  }

  /// Lines of the document between two words, none of which is taken.
  [[nodiscard]] std::vector<Span> candidates(Span gap) const {
    std::vector<Span> lines;
    for (int64_t i = gap.begin; i < gap.end; ++i) {
      if (taken_[static_cast<size_t>(i)]) continue;
      const int64_t unit = document_[static_cast<size_t>(i)].unit;
      if (!lines.empty() && lines.back().end == i &&
          document_[static_cast<size_t>(i - 1)].unit == unit) {
        ++lines.back().end;
      } else {
        lines.push_back({i, i + 1});
      }
    }
    return lines;
  }

  /// Where the document says what line `i` of the evidence should say.
  [[nodiscard]] std::optional<Span> counterpart(size_t i, Span gap, bool alone) const {
    const std::vector<Span> lines = candidates(gap);
    std::optional<Span> best;
    double most = kAlike;
    for (const Span line : lines) {
      const bool other_place =
          form_ == DocumentForm::json && document_[static_cast<size_t>(line.begin)].text !=
                                             expected_[static_cast<size_t>(spans_[i].begin)].text;
      if (other_place) continue;
      const double alike = likeness(document_, line, expected_, spans_[i]);
      if (alike < most) continue;
      most = alike;
      best = line;
    }
    // One line in the place of one; or one that was wrapped otherwise and altered, in pieces.
    if (alone && !lines.empty() && form_ != DocumentForm::json) {
      const Span whole = {lines.front().begin, lines.back().end};
      const double alike = likeness(document_, whole, expected_, spans_[i]);
      if ((!best && lines.size() == 1) || alike > most) return whole;
    }
    return best;
  }

  /// Lines [first, last) of the evidence, which the document does not have.
  void judge_gap(size_t first, size_t last) {
    Span gap = {0, std::ssize(document_)};
    if (first > 0) gap.begin = found_[first - 1] + expected_lines_[first - 1].word_count;
    if (last < found_.size()) gap.end = found_[last];
    for (size_t i = first; i < last; ++i) {
      const std::optional<Span> here = counterpart(i, gap, last - first == 1);
      const bool was_said = sealed_.contains(expected_lines_[i]);
      DocumentFinding finding{.fault = DocumentFault::altered,
                              .line = line_at(here ? here->begin : gap.begin - 1),
                              .document = {},
                              .evidence = {},
                              .context = {}};
      if (!was_said) {
        finding.fault = !here                 ? DocumentFault::missing
                        : is_as_sealed(*here) ? DocumentFault::stale
                                              : DocumentFault::altered;
      }
      describe(finding, here.value_or(Span{}), spans_[i]);
      if (here) take(*here);
      findings_.push_back(std::move(finding));
    }
  }

  [[nodiscard]] bool is_as_sealed(Span span) const {
    for (size_t i = 0; i < sealed_found_.size(); ++i) {
      if (sealed_found_[i] >= 0 && sealed_found_[i] <= span.begin &&
          span.end <= sealed_found_[i] + seal_->lines[i].word_count) {
        return true;
      }
    }
    return false;
  }

  /// What was said when the seal was made, is still in the document, and has no evidence now.
  void judge_said_no_more() {
    for (size_t i = 0; i < sealed_found_.size(); ++i) {
      if (sealed_found_[i] < 0) continue;
      const Span span = {sealed_found_[i], sealed_found_[i] + seal_->lines[i].word_count};
      if (std::any_of(taken_.begin() + span.begin, taken_.begin() + span.end,
                      [](bool taken) { return taken; })) {
        continue;
      }
      DocumentFinding finding{.fault = DocumentFault::stale,
                              .line = line_at(span.begin),
                              .document = {},
                              .evidence = {},
                              .context = {}};
      describe(finding, span, {});
      take(span);
      findings_.push_back(std::move(finding));
    }
  }

  /// People may write between lines, but a row of a table and a value of JSON pass for evidence.
  void judge_added() {
    for (const Span line : candidates({0, std::ssize(document_)})) {
      const std::string text = text_of(document_, line);
      const bool is_row =
          form_ == DocumentForm::json ||
          (form_ == DocumentForm::html && text.find("<td") != std::string::npos) ||
          (form_ == DocumentForm::markdown && text.starts_with('|') && is_beside_row(line));
      if (!is_row) continue;
      DocumentFinding finding{.fault = DocumentFault::added,
                              .line = line_at(line.begin),
                              .document = {},
                              .evidence = {},
                              .context = {}};
      describe(finding, line, {});
      take(line);
      findings_.push_back(std::move(finding));
    }
  }

  /// The line before or behind is a row of a table of the evidence.
  [[nodiscard]] bool is_beside_row(Span line) const {
    const int64_t number = line_at(line.begin);
    const auto is_row = [&](int64_t word, int64_t wanted) {
      if (word < 0 || word >= std::ssize(document_)) return false;
      const DocumentWord& one = document_[static_cast<size_t>(word)];
      return taken_[static_cast<size_t>(word)] && one.text.find('|') != std::string::npos &&
             std::abs(one.line - wanted) <= 2;
    };
    return is_row(line.begin - 1, number) || is_row(line.end, line_at(line.end - 1));
  }

  /// The words that differ, and what stands about them.
  void describe(DocumentFinding& finding, Span said, Span asked) const {
    int64_t front = 0;
    const int64_t said_count = said.end - said.begin, asked_count = asked.end - asked.begin;
    const auto said_word = [&](int64_t i) -> const std::string& {
      return document_[static_cast<size_t>(said.begin + i)].text;
    };
    const auto asked_word = [&](int64_t i) -> const std::string& {
      return expected_[static_cast<size_t>(asked.begin + i)].text;
    };
    while (front < std::min(said_count, asked_count) && said_word(front) == asked_word(front)) {
      ++front;
    }
    int64_t back = 0;
    while (back < std::min(said_count, asked_count) - front &&
           said_word(said_count - 1 - back) == asked_word(asked_count - 1 - back)) {
      ++back;
    }
    finding.document = text_of(document_, {said.begin + front, said.end - back});
    finding.evidence = text_of(expected_, {asked.begin + front, asked.end - back});
    if (said_count > front && asked_count > 0) finding.line = line_at(said.begin + front);
    finding.context = said_count > 0
                          ? text_of(document_, near(said, said.begin + front, said.end - back))
                          : text_of(expected_, asked);
    if (form_ == DocumentForm::html) strip(finding);
  }

  [[nodiscard]] static Span near(Span all, int64_t from, int64_t to) {
    return {std::max(all.begin, from - kContextWords), std::min(all.end, to + kContextWords)};
  }

  /// Markup stays only where nothing else differs.
  static void strip(DocumentFinding& finding) {
    const std::string said = without_markup(finding.document);
    const std::string asked = without_markup(finding.evidence);
    if (said != asked) {
      finding.document = said;
      finding.evidence = asked;
    }
    finding.context = without_markup(finding.context);
  }

  std::vector<DocumentWord> document_;
  const std::vector<DocumentWord>& expected_;
  DocumentForm form_;
  const Seal* seal_ = nullptr;
  std::vector<LineHash> expected_lines_;
  std::vector<Span> spans_;            ///< Of the expected lines.
  std::vector<int64_t> found_;         ///< Of the expected lines, in the document.
  std::vector<int64_t> sealed_found_;  ///< Of the sealed lines, in the document.
  std::set<LineHash> sealed_;
  std::vector<bool> taken_;  ///< Words of the document that are accounted for.
  std::vector<DocumentFinding> findings_;
};

bool is_figure(const DocumentWord& word) {
  return word.text.find_first_of("0123456789") != std::string::npos;
}

std::string key_of(const DocumentTopic& topic) {
  return std::string(to_text(topic.kind)) + " " + std::string(to_text(topic.form)) + " " +
         topic.model.hex() + " " + topic.commit.hex() + " " + to_string(topic.made) + " " +
         topic.table;
}

DocumentFinding about_all(DocumentFault fault, std::string context) {
  return {.fault = fault, .line = 0, .document = {}, .evidence = {}, .context = std::move(context)};
}

/// What became other than it was when the document was written.
std::vector<std::string> changes_of(const Seal& seal,
                                    const std::map<std::string, std::string>& now) {
  std::vector<std::string> remarks;
  for (const auto& [name, id] : now) {
    const auto then = seal.evidence.find(name);
    if (then != seal.evidence.end() && then->second == id) continue;
    remarks.push_back(name + ": " + id.substr(0, 12) + " now, " +
                      (then == seal.evidence.end() ? "none" : then->second.substr(0, 12)) +
                      " when the document was written");
  }
  if (seal.program != kProgramVersion) {
    remarks.push_back("millgate " + seal.program + " wrote the document; " +
                      std::string(kProgramVersion) + " may say the same in other words");
  }
  return remarks;
}

}  // namespace

std::string_view to_text(DocumentFault fault) {
  switch (fault) {
    case DocumentFault::altered:
      return "altered";
    case DocumentFault::stale:
      return "stale";
    case DocumentFault::missing:
      return "missing";
    case DocumentFault::added:
      return "added";
    case DocumentFault::gone:
      return "gone";
    case DocumentFault::retired:
      return "retired";
  }
  return "";
}

Result<DocumentCheck> compare_document(std::string_view document, Seal seal,
                                       const std::vector<DocumentWord>& expected) {
  const DocumentForm form = seal.topic.form;
  MILLGATE_ASSIGN(std::vector<DocumentWord> said, words_of(document, form));
  DocumentCheck check{.seal = std::move(seal),
                      .line_count = std::ssize(line_hashes(expected)),
                      .figure_count = std::count_if(expected.begin(), expected.end(), is_figure),
                      .prose_count = 0,
                      .findings = {},
                      .remarks = {}};
  Comparison comparison(std::move(said), expected, check.seal);
  check.findings = comparison.findings();
  check.prose_count = comparison.free_words();
  return check;
}

Result<int64_t> first_line_of_people(std::string_view document) {
  MILLGATE_ASSIGN(const Seal seal, read_seal(document));
  MILLGATE_ASSIGN(const std::vector<DocumentWord> words, words_of(document, seal.topic.form));
  const std::vector<int64_t> found = find_lines(seal.lines, words);
  int64_t end = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i] < 0) continue;
    if (found[i] > end) break;
    end = found[i] + seal.lines[i].word_count;
  }
  return end == std::ssize(words) ? 0 : words[static_cast<size_t>(end)].line;
}

Result<DocumentCheck> DocumentVerifier::verify(std::string_view text) {
  MILLGATE_ASSIGN(Seal seal, read_seal(text));
  const std::string key = key_of(seal.topic);
  auto known = composed_.find(key);
  if (known == composed_.end()) {
    auto composed = compose_document(repository_, project_, seal.topic);
    if (!composed.ok()) {
      if (composed.error().code != ErrorCode::not_found) return composed.error();
      DocumentCheck check{.seal = std::move(seal), .findings = {}, .remarks = {}};
      check.findings.push_back(about_all(DocumentFault::gone, composed.error().what));
      return check;
    }
    MILLGATE_ASSIGN(std::vector<DocumentWord> words, words_of(composed->text, seal.topic.form));
    known = composed_.emplace(key, Composed{std::move(words), composed->evidence}).first;
  }
  MILLGATE_ASSIGN(DocumentCheck check,
                  compare_document(text, std::move(seal), known->second.words));
  check.remarks = changes_of(check.seal, known->second.evidence);
  if (check.seal.topic.kind == DocumentKind::datasheet) return check;
  MILLGATE_ASSIGN(const auto retired, retirement(repository_.ledger(), check.seal.topic.model));
  if (retired) {
    check.findings.insert(check.findings.begin(),
                          about_all(DocumentFault::retired,
                                    "model " + check.seal.topic.model.brief() + " was retired by " +
                                        retired->by + ": " + retired->reason));
  }
  if (const std::string data = known->second.evidence.at("data"); !repository_.resolve(data).ok()) {
    check.findings.insert(check.findings.begin(),
                          about_all(DocumentFault::gone, "data commit " + data.substr(0, 12) +
                                                             " is no longer in the store"));
  }
  return check;
}

Json to_json(const DocumentCheck& check) {
  const DocumentTopic& topic = check.seal.topic;
  Json json = {{"document", to_text(topic.kind)}, {"form", to_text(topic.form)}};
  if (topic.kind == DocumentKind::datasheet) {
    json["table"] = topic.table;
    json["commit"] = topic.commit.hex();
  } else {
    json["model"] = topic.model.hex();
  }
  json["made"] = to_string(topic.made);
  json["program"] = check.seal.program;
  json["sound"] = check.sound();
  json["line_count"] = check.line_count;
  json["figure_count"] = check.figure_count;
  json["prose_count"] = check.prose_count;
  json["findings"] = Json::array();
  for (const DocumentFinding& one : check.findings) {
    json["findings"].push_back({{"fault", to_text(one.fault)},
                                {"line", one.line > 0 ? Json(one.line) : Json()},
                                {"document", one.document},
                                {"evidence", one.evidence},
                                {"context", one.context}});
  }
  json["remarks"] = check.remarks;
  return json;
}

}  // namespace millgate
