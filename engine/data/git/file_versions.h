/// Files that are versions of one another, as versions of a table: git hands them over one by one,
/// outside any project, so their types and their key are found here.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/store/object_store.h"
#include "data/store/table_version.h"
#include "data/table/row_key.h"
#include "ground/error.h"

namespace millgate {

/// A format that git's drivers know.
enum class FileFormat { csv, tsv, json_lines, parquet };

/// Told by the end of the name, as in table/reader.h. Errors: `invalid_input` with those there are.
[[nodiscard]] Result<FileFormat> file_format_of(const std::string& name);
/// The ends of names that `file_format_of` knows: ".csv" ...
[[nodiscard]] const std::vector<std::string>& file_format_endings();

/// Who said what the key of the rows is.
enum class KeyOrigin {
  declared,  ///< The caller.
  found,     ///< The shortest run of columns from the first that no two rows share, in any version.
  content,   ///< There is no such: rows are told apart by all their cells.
};

/// One of the versions. Rows lie in the order of the file, columns in the order of `FileVersions`.
struct FileVersion {
  bool there = false;              ///< False for a missing or empty file: it has no rows.
  std::vector<std::string> names;  ///< The columns, in the order of the file.
  std::shared_ptr<arrow::RecordBatch> rows;
  RowKeys keys;  ///< Of each row.
  TableVersion version;
};

struct FileVersionsOptions {
  std::vector<std::string> key = {};  ///< Empty: to be found.
  std::vector<std::string> null_texts = {"", "NA"};
};

/// Several versions of one file with one key, and one type for each column. Its table versions
/// lie in a folder of its own, which goes with it.
class FileVersions {
 public:
  /// Reads `paths`, of which "/dev/null", missing and empty ones are no file. All are held in
  /// memory. Errors: as `read_table_files`; `invalid_input` when a declared key is not one
  /// (column missing, rows that share it).
  [[nodiscard]] static Result<FileVersions> read(FileFormat format,
                                                 const std::vector<std::string>& paths,
                                                 const FileVersionsOptions& options);
  FileVersions(FileVersions&&) noexcept;
  FileVersions& operator=(FileVersions&&) noexcept;
  ~FileVersions();

  [[nodiscard]] const FileVersion& operator[](size_t index) const { return files_[index]; }
  [[nodiscard]] KeyOrigin key_origin() const { return key_origin_; }
  /// The columns that tell rows apart; empty where content does.
  [[nodiscard]] const std::vector<std::string>& key() const { return key_; }
  [[nodiscard]] ObjectStore& objects() { return *objects_; }
  /// Reads the key of a row, and describes it.
  [[nodiscard]] const RowKeyEncoder& encoder() const { return *encoder_; }

 private:
  class Folder;
  FileVersions() = default;
  [[nodiscard]] Status find_key(const std::vector<std::string>& declared);
  [[nodiscard]] Status number_equal_rows();
  [[nodiscard]] Status write_versions();

  std::unique_ptr<Folder> folder_;
  std::unique_ptr<ObjectStore> objects_;
  std::vector<FileVersion> files_;
  std::vector<std::string> key_;
  KeyOrigin key_origin_ = KeyOrigin::content;
  std::optional<RowKeyEncoder> encoder_;
};

/// By content, equal rows of a version are told apart by a last column, which numbers them.
[[nodiscard]] bool is_number_of_equal_rows(const std::string& column);

}  // namespace millgate
