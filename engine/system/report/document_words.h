/// A document as words, so that it can be compared whatever the breaks of its lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"

namespace millgate {

enum class DocumentForm { html, markdown, json };

/// "html", "markdown", "json".
[[nodiscard]] std::string_view to_text(DocumentForm form);

struct DocumentWord {
  std::string text;
  int64_t line = 0;  ///< Of the file, from 1.
  int64_t unit = 0;  ///< Words of one line of text, or of one value of JSON, have the same.
};

/// What stands between these two is people's. Kept when the document is written anew.
inline constexpr std::string_view kNotesBegin = "<!-- notes: between this line and ";
inline constexpr std::string_view kNotesEnd = "<!-- end of notes -->";
/// An empty place for notes, with the sentence that says so.
[[nodiscard]] std::string notes_place();
/// What people wrote between the marks of `text`; empty without marks.
[[nodiscard]] std::string notes_of(std::string_view text);
/// `text` with `notes` between its marks.
[[nodiscard]] std::string with_notes(std::string text, const std::string& notes);

/// The words of `text` in order, without seal, notes, style sheet, and the rules of Markdown's
/// tables. Of JSON: for each value its path and the value, by path, without `seal` and `notes`;
/// numbers of one value are one word, however they are written.
/// Errors: `damaged` for what is no JSON, with its line.
[[nodiscard]] Result<std::vector<DocumentWord>> words_of(std::string_view text, DocumentForm form);

/// One line of a document: so many words, and a hash of them.
struct LineHash {
  int64_t word_count = 0;
  uint64_t hash = 0;  ///< Its low 40 bits.
  auto operator<=>(const LineHash&) const = default;
};

/// The lines (units) of `words`, in order.
[[nodiscard]] std::vector<LineHash> line_hashes(const std::vector<DocumentWord>& words);

/// Finds lines again among words that may be wrapped otherwise, or stand between others.
///
/// The result has for each of `lines` the number of its first word in `words`, or -1; what is
/// found stands in the order of `lines` and does not overlap.
[[nodiscard]] std::vector<int64_t> find_lines(const std::vector<LineHash>& lines,
                                              const std::vector<DocumentWord>& words);

}  // namespace millgate
