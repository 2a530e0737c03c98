#include "data/git/file_diff.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

#include "data/table/arrow_result.h"

namespace millgate {

namespace {

/// The version as the store keeps a table without a key: without the number of equal rows.
Result<TableVersion> keyless(ObjectStore& objects, const FileVersion& file) {
  const auto& schema = file.rows->schema();
  const int last = schema->num_fields() - 1;
  if (!is_number_of_equal_rows(schema->field(last)->name())) return file.version;
  MILLGATE_ARROW(const auto rows, file.rows->RemoveColumn(last), "rows of a file");
  MILLGATE_ARROW(const auto reader, arrow::RecordBatchReader::Make({rows}, rows->schema()),
                 "rows of a file");
  return write_table_version(objects, *reader, {});
}

}  // namespace

Result<FileDiff> diff_files(FileFormat format, const std::string& before, const std::string& after,
                            const FileDiffOptions& options) {
  MILLGATE_ASSIGN(FileVersions versions,
                  FileVersions::read(format, {before, after}, options.reading));
  FileDiff result;
  result.key_origin = versions.key_origin();
  result.before = versions[0].version;
  result.after = versions[1].version;
  if (versions.key_origin() == KeyOrigin::content) {
    MILLGATE_ASSIGN(result.before, keyless(versions.objects(), versions[0]));
    MILLGATE_ASSIGN(result.after, keyless(versions.objects(), versions[1]));
  }
  MILLGATE_ASSIGN(result.diff, diff_versions(versions.objects(), result.before, result.after,
                                             {.rows_max = options.rows_max}));
  return result;
}

}  // namespace millgate
