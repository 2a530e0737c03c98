/// Files that hold a model card or a datasheet.
#pragma once

#include <string>

#include "app/session.h"
#include "system/report/document.h"

namespace millgate {

/// Writes the document with its seal; the notes that people wrote into the file before stay.
/// Errors: `conflict` when there is a file that people wrote, or wrote into, and `force` is not
/// given; those of composing.
[[nodiscard]] Status write_document_file(const Workplace& place, const DocumentTopic& topic,
                                         const std::string& file, bool force);

}  // namespace millgate
