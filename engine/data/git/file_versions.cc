#include "data/git/file_versions.h"

#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <unordered_map>
#include <utility>

#include "data/table/arrow_result.h"
#include "data/table/sort.h"
#include "data/table/table_file.h"
#include "data/table/type_name.h"
#include "ground/durable_file.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

constexpr const char* kNumberColumn = "number among equal rows\x1f";
/// Longer keys are hardly meant as names of rows.
constexpr size_t kFoundKeyColumnsMax = 4;

std::unique_ptr<TableFile> table_file(FileFormat format, const std::string& path,
                                      const ReadOptions& options) {
  switch (format) {
    case FileFormat::csv:
      return make_csv_file(path, ',', options);
    case FileFormat::tsv:
      return make_csv_file(path, '\t', options);
    case FileFormat::json_lines:
      return make_json_lines_file(path, options);
    case FileFormat::parquet:
      return make_parquet_file(path, options);
  }
  return nullptr;
}

bool is_there(const std::string& path) {
  std::error_code failed;
  return path != "/dev/null" && std::filesystem::is_regular_file(path, failed) &&
         std::filesystem::file_size(path, failed) > 0 && !failed;
}

/// The columns of all files with types that fit all of them, in the order of their appearance.
class ColumnUnion {
 public:
  void add(const std::vector<ColumnGuess>& columns) {
    for (const ColumnGuess& column : columns) {
      const auto [place, is_new] = places_.try_emplace(column.name, all_.size());
      if (is_new) {
        all_.push_back(column);
      } else {
        all_[place->second].guess.merge(column.guess);
      }
    }
  }

  /// Those that are among `names`.
  [[nodiscard]] std::shared_ptr<arrow::Schema> schema(const std::vector<std::string>& names) const {
    arrow::FieldVector fields;
    for (const ColumnGuess& column : all_) {
      if (std::find(names.begin(), names.end(), column.name) == names.end()) continue;
      fields.push_back(arrow::field(column.name, column.guess.type()));
    }
    return arrow::schema(std::move(fields));
  }

 private:
  std::vector<ColumnGuess> all_;
  std::map<std::string, size_t> places_;
};

Result<std::shared_ptr<arrow::RecordBatch>> rows_of(const TableFile& file,
                                                    const std::shared_ptr<arrow::Schema>& schema) {
  MILLGATE_ASSIGN(const auto reader, file.open(schema));
  MILLGATE_ARROW(const auto table, reader->ToTable(), "rows of a file");
  MILLGATE_ARROW(auto rows, table->CombineChunksToBatch(), "rows of a file");
  return rows;
}

/// The first row that has the key of another; nothing when there is none.
std::optional<int64_t> repeated_row(const RowKeys& keys) {
  std::vector<std::pair<std::string_view, size_t>> sorted(keys.size());
  for (size_t row = 0; row < keys.size(); ++row) sorted[row] = {keys[row], row};
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i].first == sorted[i - 1].first) return static_cast<int64_t>(sorted[i].second);
  }
  return std::nullopt;
}

/// A number that was measured names no row, and neither does a missing value, a list or a struct.
bool can_name_rows(const arrow::RecordBatch& rows, const std::string& column) {
  const auto values = rows.GetColumnByName(column);
  return values != nullptr && values->type_id() != arrow::Type::DOUBLE &&
         !is_nested_type(*values->type()) && values->null_count() == 0;
}

}  // namespace

class FileVersions::Folder {
 public:
  static Result<std::unique_ptr<Folder>> make() {
    std::error_code failed;
    const std::filesystem::path parent = std::filesystem::temp_directory_path(failed);
    std::string path = (failed ? std::filesystem::path("/tmp") : parent) / "millgate-git-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return system_failure("make", path, errno);
    return std::make_unique<Folder>(path);
  }
  explicit Folder(std::string path) : path_(std::move(path)) {}
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

FileVersions::FileVersions(FileVersions&&) noexcept = default;
FileVersions& FileVersions::operator=(FileVersions&&) noexcept = default;
FileVersions::~FileVersions() = default;

const std::vector<std::string>& file_format_endings() {
  static const std::vector<std::string> endings = {".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"};
  return endings;
}

Result<FileFormat> file_format_of(const std::string& name) {
  if (name.ends_with(".csv")) return FileFormat::csv;
  if (name.ends_with(".tsv")) return FileFormat::tsv;
  if (name.ends_with(".jsonl") || name.ends_with(".ndjson")) return FileFormat::json_lines;
  if (name.ends_with(".parquet")) return FileFormat::parquet;
  return invalid_input("`" + name + "` is in no format that is known by rows",
                       "known by their names: .csv, .tsv, .jsonl, .ndjson, .parquet");
}

bool is_number_of_equal_rows(const std::string& column) { return column == kNumberColumn; }

Result<FileVersions> FileVersions::read(FileFormat format, const std::vector<std::string>& paths,
                                        const FileVersionsOptions& options) {
  FileVersions versions;
  MILLGATE_ASSIGN(versions.folder_, Folder::make());
  MILLGATE_ASSIGN(auto store, open_local_file_store(versions.folder_->path()));
  versions.objects_ = std::make_unique<ObjectStore>(std::move(store));
  ReadOptions reading;
  reading.null_texts = options.null_texts;
  std::vector<std::unique_ptr<TableFile>> readers;
  ColumnUnion columns;
  for (const std::string& path : paths) {
    FileVersion file;
    file.there = is_there(path);
    readers.push_back(table_file(format, path, reading));
    if (file.there) {
      MILLGATE_ASSIGN(const auto guesses, readers.back()->guess_columns());
      for (const ColumnGuess& column : guesses) file.names.push_back(column.name);
      columns.add(guesses);
    }
    versions.files_.push_back(std::move(file));
  }
  const auto any = std::find_if(versions.files_.begin(), versions.files_.end(),
                                [](const FileVersion& file) { return file.there; });
  if (any == versions.files_.end()) return invalid_input("there is no file with rows");
  for (size_t i = 0; i < paths.size(); ++i) {
    FileVersion& file = versions.files_[i];
    // A missing file takes nothing away: it has the columns that all others have.
    if (!file.there) {
      file.names = any->names;
      for (const FileVersion& other : versions.files_) {
        if (!other.there) continue;
        std::erase_if(file.names, [&](const std::string& name) {
          return std::find(other.names.begin(), other.names.end(), name) == other.names.end();
        });
      }
    }
    const auto schema = columns.schema(file.names);
    if (schema->num_fields() == 0) return invalid_input("the versions have no column in common");
    if (file.there) {
      MILLGATE_ASSIGN(file.rows, rows_of(*readers[i], schema));
    } else {
      MILLGATE_ARROW(file.rows, arrow::RecordBatch::MakeEmpty(schema), "rows of a file");
    }
  }
  MILLGATE_TRY(versions.find_key(options.key));
  MILLGATE_TRY(versions.write_versions());
  return versions;
}

Status FileVersions::find_key(const std::vector<std::string>& declared) {
  const auto encode = [&](const std::vector<std::string>& key) -> Status {
    for (FileVersion& file : files_) {
      MILLGATE_ASSIGN(const RowKeyEncoder encoder, RowKeyEncoder::make(*file.rows->schema(), key));
      file.keys.clear();
      encoder.encode(*file.rows, file.keys);
    }
    MILLGATE_ASSIGN(encoder_, RowKeyEncoder::make(*files_[0].rows->schema(), key));
    return {};
  };
  if (!declared.empty()) {
    MILLGATE_TRY(encode(declared));
    for (const FileVersion& file : files_) {
      const std::optional<int64_t> row = repeated_row(file.keys);
      if (!row) continue;
      MILLGATE_ASSIGN(const RowKeyEncoder encoder,
                      RowKeyEncoder::make(*file.rows->schema(), declared));
      return invalid_input(
          "two rows of one version have the key " + encoder.describe(*file.rows, *row),
          "correct the rows, or the key");
    }
    key_ = declared;
    key_origin_ = KeyOrigin::declared;
    return {};
  }
  const auto first =
      std::find_if(files_.begin(), files_.end(), [](const auto& file) { return file.there; });
  std::vector<std::string> key;
  for (const std::string& name : first->names) {
    const bool fits = std::all_of(files_.begin(), files_.end(), [&](const FileVersion& file) {
      return can_name_rows(*file.rows, name);
    });
    if (!fits || key.size() == kFoundKeyColumnsMax) break;
    key.push_back(name);
    MILLGATE_TRY(encode(key));
    if (std::all_of(files_.begin(), files_.end(),
                    [](const FileVersion& file) { return !repeated_row(file.keys); })) {
      key_ = std::move(key);
      key_origin_ = KeyOrigin::found;
      return {};
    }
  }
  for (const auto& field : first->rows->schema()->fields()) {
    if (!is_nested_type(*field->type())) continue;
    return Error{.code = ErrorCode::conflict,
                 .what = "the rows have no key, and column `" + field->name() + "` is of type " +
                         type_name(*field->type()) + ", by which rows cannot be told apart",
                 .hint = "name the key of the source in millgate.toml"};
  }
  MILLGATE_TRY(number_equal_rows());
  std::vector<std::string> all = files_[0].rows->schema()->field_names();
  for (const FileVersion& file : files_) {
    if (file.rows->schema()->field_names() == all) continue;
    return Error{.code = ErrorCode::conflict,
                 .what = "the rows have no key, and the versions have different columns",
                 .hint = "name the key of the source in millgate.toml"};
  }
  return encode(all);
}

Status FileVersions::number_equal_rows() {
  for (FileVersion& file : files_) {
    RowKeys contents;
    MILLGATE_ASSIGN(const RowKeyEncoder encoder,
                    RowKeyEncoder::make(*file.rows->schema(), file.rows->schema()->field_names()));
    encoder.encode(*file.rows, contents);
    std::unordered_map<std::string_view, int64_t> counts;
    arrow::Int64Builder numbers;
    for (size_t row = 0; row < contents.size(); ++row) {
      MILLGATE_ARROW_TRY(numbers.Append(counts[contents[row]]++), "rows of a file");
    }
    MILLGATE_ARROW(auto column, numbers.Finish(), "rows of a file");
    MILLGATE_ARROW(file.rows,
                   file.rows->AddColumn(file.rows->num_columns(),
                                        arrow::field(kNumberColumn, arrow::int64()), column),
                   "rows of a file");
  }
  return {};
}

Status FileVersions::write_versions() {
  const std::vector<std::string> key =
      key_origin_ == KeyOrigin::content ? files_[0].rows->schema()->field_names() : key_;
  for (FileVersion& file : files_) {
    MILLGATE_ARROW(auto rows, arrow::RecordBatchReader::Make({file.rows}, file.rows->schema()),
                   "rows of a file");
    SortOptions sorting;
    sorting.spill_folder = folder_->path();
    MILLGATE_ASSIGN(const auto sorted, sort_by_key(std::move(rows), key, sorting));
    MILLGATE_ASSIGN(file.version, write_table_version(*objects_, *sorted, key));
  }
  return {};
}

}  // namespace millgate
