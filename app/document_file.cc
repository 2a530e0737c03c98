#include "app/document_file.h"

#include <filesystem>

#include "ground/file_store.h"
#include "system/report/verify_document.h"

namespace millgate {

namespace {

Status check_ours(const std::string& file, const std::string& before) {
  const auto line = first_line_of_people(before);
  if (line.ok() && *line == 0) return {};
  Error error =
      invalid_input("`" + file + "` " +
                        (line.ok() ? "has text of people in line " + std::to_string(*line)
                                   : "exists already, and Millgate did not write it"),
                    (line.ok() ? "text between the marks for notes is kept; " : std::string()) +
                        "`--force` writes over the file");
  error.code = ErrorCode::conflict;
  return error;
}

}  // namespace

Status write_document_file(const Workplace& place, const DocumentTopic& topic,
                           const std::string& file, bool force) {
  std::string before;
  std::error_code unknown;
  if (std::filesystem::is_regular_file(file, unknown)) {
    MILLGATE_ASSIGN(before, read_file(file));
    if (!force) MILLGATE_TRY(check_ours(file, before));
  }
  MILLGATE_ASSIGN(const std::string text,
                  sealed_document(*place.repository, place.project, topic, before));
  return write_file(file, text);
}

}  // namespace millgate
