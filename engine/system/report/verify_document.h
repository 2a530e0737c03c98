/// Whether a document still says what its evidence says.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system/report/document.h"

namespace millgate {

enum class DocumentFault {
  altered,  ///< The text is not that which Millgate wrote.
  stale,    ///< It was right, and the evidence says otherwise now.
  missing,  ///< The evidence has come to say more.
  added,    ///< A row or a value that the evidence does not have, among those that it has.
  gone,     ///< What the document is about is not here any more.
  retired,  ///< The model is not to be used any more.
};
[[nodiscard]] std::string_view to_text(DocumentFault fault);

struct DocumentFinding {
  DocumentFault fault = DocumentFault::altered;
  int64_t line = 0;  ///< Of the file; where nothing stands there, of what stands before. 0: all.
  std::string document;  ///< The words that differ, as the document has them; may be empty.
  std::string evidence;  ///< What should stand there; may be empty.
  std::string context;   ///< The line, or the sentence, without markup.
};

struct DocumentCheck {
  Seal seal;
  int64_t line_count = 0;                 ///< That the evidence gives.
  int64_t figure_count = 0;               ///< Words with a digit in them.
  int64_t prose_count = 0;                ///< Words that people have added, outside of the notes.
  std::vector<DocumentFinding> findings;  ///< By line.
  std::vector<std::string> remarks;       ///< What explains them, one sentence each.

  [[nodiscard]] bool sound() const { return findings.empty(); }
};

/// Compares what `document` says, `written` when its seal was made, with `expected`, the words that
/// it would have today. Errors: `damaged` for JSON that is none.
[[nodiscard]] Result<DocumentCheck> compare_document(std::string_view document, Seal seal,
                                                     const std::vector<DocumentWord>& expected);

/// Where the first word stands that people wrote into `document` outside of its notes, or altered:
/// the line. 0: there is none. Errors: those of read_seal and of words_of.
[[nodiscard]] Result<int64_t> first_line_of_people(std::string_view document);

/// Writes documents anew and compares; those of one topic are written once. Changes nothing.
class DocumentVerifier {
 public:
  /// Both must outlive it.
  DocumentVerifier(Repository& repository, const Project& project)
      : repository_(repository), project_(project) {}

  /// `text` is the file. What is gone is a finding, no error.
  /// Errors: those of read_seal; those of compose_document but `not_found`.
  [[nodiscard]] Result<DocumentCheck> verify(std::string_view text);

 private:
  Repository& repository_;
  const Project& project_;
  struct Composed {
    std::vector<DocumentWord> words;
    std::map<std::string, std::string> evidence;
  };
  std::map<std::string, Composed> composed_;
};

[[nodiscard]] nlohmann::ordered_json to_json(const DocumentCheck& check);

}  // namespace millgate
