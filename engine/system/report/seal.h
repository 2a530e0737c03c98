/// What a document says of itself, out of sight: what it was made from, and how each line read.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/id.h"
#include "system/report/document_words.h"

namespace millgate {

enum class DocumentKind { model_card, hugging_face, annex_iv, datasheet };

/// "model card", "datasheet" ...
[[nodiscard]] std::string_view to_text(DocumentKind kind);

/// What a document is about. The same topic over the same evidence gives the same text.
struct DocumentTopic {
  DocumentKind kind = DocumentKind::model_card;
  DocumentForm form = DocumentForm::html;
  Id model;           ///< Of all but datasheets.
  std::string table;  ///< Of datasheets.
  Id commit;          ///< Of datasheets: of the data.
  Time made;          ///< What was served is told as it was known then.
};

struct Seal {
  DocumentTopic topic;
  std::string program;  ///< Version of Millgate that wrote it.
  /// Ids of what it was made from, by name: "run", "verdict", "data", "project file".
  std::map<std::string, std::string> evidence;
  std::vector<LineHash> lines;
};

/// How the comment begins that holds the seal of Markdown and HTML; JSON has a member `seal`.
inline constexpr std::string_view kSealBegin = "<!-- millgate-seal";
inline constexpr const char* kSealMember = "seal";

/// `text` with its seal at the end. `text` is of `topic.form`; JSON is an object.
[[nodiscard]] std::string sealed(const std::string& text, const DocumentTopic& topic,
                                 const std::map<std::string, std::string>& evidence);

/// Whether there is something that looks like a seal; cheap.
[[nodiscard]] bool has_seal(std::string_view text);

/// Errors: `not_found` when there is no seal; `damaged` when it cannot be read;
/// `invalid_input` for one of a newer Millgate.
[[nodiscard]] Result<Seal> read_seal(std::string_view text);

}  // namespace millgate
