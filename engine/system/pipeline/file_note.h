/// What the files of a source were when they last agreed with a commit, and which commit that was.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "data/store/repository.h"
#include "ground/error.h"

namespace millgate {

/// The part of git's index for one source. The workspace keeps it (Workspace::carried_files), so
/// that a branch may move under files that lie there, by a merge, a pull or a switch, and they are
/// still known for what they are: an old state of what the branch has, and no change of anybody's.
struct FileNote {
  /// The files made this commit's version of the source, or were written from it. Nothing: it is
  /// not known.
  std::optional<Id> commit;
  /// The origin of a table (system/pipeline/source_origin.h), `tree` of a folder; of a table
  /// without files neither. `about`: what the project file said.
  std::unique_ptr<nlohmann::ordered_json> files;
  /// The same of files that a commit was about to be made from, as JSON; empty: none was. Whether
  /// it was made is known to the history alone: its process may have been killed right after.
  std::string committing;

  FileNote();
  FileNote(std::optional<Id> at, nlohmann::ordered_json what);
  FileNote(const FileNote& other);
  FileNote& operator=(const FileNote& other);
  FileNote(FileNote&&) noexcept = default;
  FileNote& operator=(FileNote&&) noexcept = default;
  ~FileNote();

  /// Of a folder. Nothing where it is not known.
  [[nodiscard]] std::optional<Id> tree() const;
  /// As Workspace::carried_files has it.
  [[nodiscard]] std::string text() const;
  /// Never fails: a text that says nothing of the files is a note of files that are not known.
  [[nodiscard]] static FileNote parse(const std::string& text);
};

/// The commit whose version of the table `source` is made of files as `files` says (an origin) and
/// of nothing else: `from`, or the one before it that brought them. Nothing where what `from` says
/// of the table is something else, and where edits came with the files in one commit.
/// Looks at ten thousand commits at most. Errors: `not_found`, `damaged`, `outside`.
[[nodiscard]] Result<std::optional<Id>> commit_of_files(const Repository& repository,
                                                        const Commit& from,
                                                        const std::string& source,
                                                        const nlohmann::ordered_json& files);

/// The same for the newest of `tip` and the commits before it that says so.
[[nodiscard]] Result<std::optional<Id>> find_commit_of_files(const Repository& repository,
                                                             const Commit& tip,
                                                             const std::string& source,
                                                             const nlohmann::ordered_json& files);

/// `note`, or where the commit that was about to be made is `tip` or one of those before it, what
/// that makes of it. Errors: as commit_of_files.
[[nodiscard]] Result<FileNote> settled_note(const Repository& repository, const Commit& tip,
                                            const std::string& source, FileNote note);

/// Whether `tip`, or one of the ten thousand commits before it, says `about` of the source.
[[nodiscard]] Result<bool> was_said_of(const Repository& repository, const Commit& tip,
                                       const std::string& source,
                                       const nlohmann::ordered_json& about);

}  // namespace millgate
