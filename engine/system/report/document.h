/// Documents that are written from evidence: model cards and datasheets, in any form.
#pragma once

#include <map>
#include <string>

#include "data/store/repository.h"
#include "ground/error.h"
#include "system/pipeline/project.h"
#include "system/report/seal.h"

namespace millgate {

struct Document {
  std::string text;                             ///< Without a seal.
  std::map<std::string, std::string> evidence;  ///< As Seal::evidence.
};

/// Writes what `topic` asks for. Changes nothing in the ledger.
/// Errors: `not_found` when the model or the table's commit is not here; those of reading.
[[nodiscard]] Result<Document> compose_document(Repository& repository, const Project& project,
                                                const DocumentTopic& topic);

/// The same with its seal, and with the notes of `before`, the file that it takes the place of.
[[nodiscard]] Result<std::string> sealed_document(Repository& repository, const Project& project,
                                                  const DocumentTopic& topic,
                                                  const std::string& before = {});

/// The command that writes such a document into `file`.
[[nodiscard]] std::string command_for(const DocumentTopic& topic, const std::string& file);

}  // namespace millgate
