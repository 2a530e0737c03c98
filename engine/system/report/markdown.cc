#include "system/report/markdown.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace millgate {
namespace {

/// What escape_html wrote, back.
std::string unescaped(std::string_view html) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNames = {
      {{"&amp;", "&"},
       {"&lt;", "<"},
       {"&gt;", ">"},
       {"&quot;", "\""},
       {"&#39;", "'"},
       {"&nbsp;", " "},
       {"&#xFFFD;", "\xEF\xBF\xBD"}}};
  std::string text;
  for (size_t at = 0; at < html.size();) {
    const auto* found = std::find_if(kNames.begin(), kNames.end(), [&](const auto& name) {
      return html.substr(at).starts_with(name.first);
    });
    if (found == kNames.end()) {
      text += html[at++];
    } else {
      text += found->second;
      at += found->first.size();
    }
  }
  return text;
}

/// A start or an end of an element, or text between.
struct Piece {
  std::string_view tag;  ///< "td", "/td"; empty: text.
  std::string_view text;
};

/// The pieces of a page that we wrote: every element is closed, no `>` stands in an attribute.
std::vector<Piece> pieces_of(std::string_view html) {
  std::vector<Piece> pieces;
  for (size_t at = 0; at < html.size();) {
    if (html[at] != '<') {
      const size_t end = std::min(html.find('<', at), html.size());
      pieces.push_back({{}, html.substr(at, end - at)});
      at = end;
      continue;
    }
    const size_t end = std::min(html.find('>', at), html.size() - 1);
    const std::string_view inside = html.substr(at + 1, end - at - 1);
    pieces.push_back({inside.substr(0, inside.find_first_of(" \n/", 1)), inside});
    at = end + 1;
  }
  return pieces;
}

/// Walks the pieces once and writes blocks.
class MarkdownWriter {
 public:
  explicit MarkdownWriter(std::string_view html) : pieces_(pieces_of(html)) {}

  std::string write() {
    for (at_ = 0; at_ < pieces_.size(); ++at_) {
      const Piece& piece = pieces_[at_];
      if (piece.tag.empty()) {
        if (!skips()) add_text(piece.text);
      } else if (piece.tag.front() == '/') {
        close(piece.tag.substr(1));
      } else {
        open(piece);
      }
    }
    end_block();
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool skips() const { return skipped_ > 0; }
  static bool is_skipped(std::string_view tag) {
    return tag == "head" || tag == "nav" || tag == "figure" || tag == "svg" || tag == "summary";
  }

  void open(const Piece& piece) {
    if (is_skipped(piece.tag)) ++skipped_;
    if (skips()) return;
    if (piece.tag == "b") mark("**");
    if (piece.tag == "code") in_code_ = true, line_ += '`';
    if (piece.tag == "br") {
      if (line_.ends_with(' ')) line_.pop_back();
      add_text(in_cell_ ? "; " : " ");
    }
    if (piece.tag == "sup") in_source_ = true;
    if (piece.tag == "pre") end_block(), in_pre_ = true;
    if (piece.tag == "li") open_item(piece.text);
    if (piece.tag == "dt") end_block(), begin_ = "- **";
    if (piece.tag == "dd") line_ += "**: ";
    if (piece.tag == "h1")
      begin_ = "# " + (trimmed().empty() ? "" : trimmed() + ": "), line_.clear();
    if (piece.tag == "h2") end_block(), begin_ = "## ";
    if (piece.tag == "h3") end_block(), begin_ = "### ";
    if (piece.tag == "p" || piece.tag == "caption") end_block();
    if (piece.tag == "div" && !in_cell_) open_division(piece.text);
    if (piece.tag == "table") end_block(), rows_.clear();
    if (piece.tag == "tr") rows_.emplace_back();
    if (piece.tag == "td" || piece.tag == "th") {
      in_cell_ = true;
      line_.clear();
      if (rows_.size() == 1)
        is_number_.push_back(piece.text.find("\"n\"") != std::string_view::npos);
    }
  }

  void close(std::string_view tag) {
    if (is_skipped(tag)) {
      --skipped_;
      return;
    }
    if (skips()) return;
    if (tag == "b") mark(in_cell_ ? "** " : "**");
    if (tag == "code") in_code_ = false, line_ += '`';
    if (tag == "sup") in_source_ = false;
    if (tag == "pre") close_code();
    if (tag == "td" || tag == "th") {
      rows_.back().push_back(trimmed());
      line_.clear();
      in_cell_ = false;
    }
    if (tag == "table") close_table();
    if (tag == "p" || tag == "li" || tag == "dd" || tag == "h1" || tag == "h2" || tag == "h3" ||
        tag == "caption") {
      end_block();
    }
    if (tag == "div" && !in_cell_) close_division();
  }

  /// Tiles are a list: "label: figure range". What kind of page it is goes before its name.
  void open_division(std::string_view tag) {
    if (in_tile_ > 0) {
      ++in_tile_;
      if (in_tile_ > 2 || line_.empty()) return;
      line_ += tag.find("\"figure\"") != std::string_view::npos ? ": " : " ";
      return;
    }
    end_block();
    if (tag.find("\"tile\"") == std::string_view::npos) {
      in_kind_ = tag.find("\"kind\"") != std::string_view::npos;
      return;
    }
    begin_ = "- ";
    in_tile_ = 1;
  }

  void close_division() {
    if (in_tile_ > 0) {
      --in_tile_;
      if (in_tile_ > 0) return;
    }
    if (!std::exchange(in_kind_, false)) end_block();
  }

  /// The list of sources holds the footnotes.
  void open_item(std::string_view tag) {
    end_block();
    const size_t source = tag.find("id=\"source-");
    if (source == std::string_view::npos) {
      begin_ = "- ";
      return;
    }
    const size_t from = source + 11;
    begin_ = "[^" + std::string(tag.substr(from, tag.find('"', from) - from)) + "]: ";
  }

  void mark(const char* with) { line_ += with; }

  void add_text(std::string_view html) {
    const std::string text = unescaped(html);
    if (in_pre_) {
      code_ += text;
    } else if (in_source_) {
      line_ += "[^" + text + "]";
    } else if (in_code_) {
      // A backtick would end it; in a table so would a bar.
      for (const char c : text) line_ += c == '`' || (in_cell_ && c == '|') ? '\'' : c;
    } else {
      line_ += escape_markdown(text);
    }
  }

  [[nodiscard]] std::string trimmed() const {
    std::string text;
    for (const char c : line_) {
      const bool is_space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
      if (is_space && (text.empty() || text.back() == ' ')) continue;
      text += is_space ? ' ' : c;
    }
    if (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
  }

  /// Items of one list stand without an empty line between them.
  void end_block() {
    const std::string text = trimmed();
    line_.clear();
    const std::string begin = std::exchange(begin_, {});
    if (text.empty()) return;
    const bool is_item = begin.starts_with('-') || begin.starts_with("[^");
    if (!out_.empty() && !(is_item && in_list_)) out_ += '\n';
    in_list_ = is_item;
    out_ += begin + text + "\n";
  }

  void close_code() {
    in_pre_ = false;
    // A fence of four holds any line of three.
    out_ += "\n````\n" + std::exchange(code_, {}) + (out_.ends_with('\n') ? "" : "\n") + "````\n";
    in_list_ = false;
  }

  void close_table() {
    if (rows_.empty()) return;
    drop_drawings();
    out_ += "\n|";
    for (const std::string& cell : rows_.front()) out_ += " " + cell + " |";
    out_ += "\n|";
    for (const bool number : is_number_) out_ += number ? "---:|" : "---|";
    out_ += '\n';
    for (size_t row = 1; row < rows_.size(); ++row) {
      out_ += '|';
      for (const std::string& cell : rows_[row]) out_ += " " + cell + " |";
      out_ += '\n';
    }
    rows_.clear();
    is_number_.clear();
    in_list_ = false;
  }

  /// A column of drawings alone is empty here; its heading goes to the nameless one behind it.
  void drop_drawings() {
    std::vector<std::string>& head = rows_.front();
    for (size_t column = head.size(); column-- > 0;) {
      const bool has_text = std::any_of(rows_.begin() + 1, rows_.end(), [&](const auto& row) {
        return column < row.size() && !row[column].empty();
      });
      const bool is_drawing = !has_text && !head[column].empty() && column + 1 < head.size() &&
                              head[column + 1].empty();
      if (!is_drawing) continue;
      head[column + 1] = head[column];
      is_number_.erase(is_number_.begin() + static_cast<std::ptrdiff_t>(column));
      for (auto& row : rows_) row.erase(row.begin() + static_cast<std::ptrdiff_t>(column));
    }
  }

  std::vector<Piece> pieces_;
  size_t at_ = 0;
  int skipped_ = 0;
  bool in_code_ = false, in_pre_ = false, in_source_ = false, in_cell_ = false, in_kind_ = false;
  bool in_list_ = false;
  int in_tile_ = 0;  ///< Divisions that are open, the tile counted.
  std::string out_, line_, begin_, code_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<bool> is_number_;
};

}  // namespace

std::string escape_markdown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == '\t') {
      out += ' ';
      continue;
    }
    if (c == '<') {
      out += "&lt;";
      continue;
    }
    if (c == '&') {
      out += "&amp;";
      continue;
    }
    if (std::string_view("\\`*_{}[]#|~>$").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string page_markdown(std::string_view page) { return MarkdownWriter(page).write(); }

}  // namespace millgate
