#include "data/delta/delta_part.h"

#include <arrow/buffer.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "data/delta/delta_statistics.h"
#include "data/table/arrow_result.h"
#include "data/table/writer.h"
#include "ground/durable_file.h"
#include "ground/id.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr const char* kRowsTag = "millgate.rows";
constexpr const char* kColumnsTag = "millgate.columns";

/// What the deltas change in a part, into a hash.
Status add_changes(const Changes& changes, int64_t begin, int64_t end, Hasher& hasher) {
  for (int64_t row = begin; row < end; ++row) {
    const auto index = static_cast<size_t>(row);
    std::string flags(1, static_cast<char>(changes.kinds[index]));
    if (changes.kinds[index] == ChangeKind::updated) {
      for (const auto& column : changes.changed) flags += column[index] ? '1' : '0';
    }
    hasher.add_field(flags);
    hasher.add_field(changes.keys[index]);
  }
  const auto after = changes.after->Slice(begin, end - begin);
  MILLGATE_ARROW(const auto bytes,
                 arrow::ipc::SerializeRecordBatch(*after, arrow::ipc::IpcWriteOptions::Defaults()),
                 "changed rows");
  hasher.add_field(std::string_view(*bytes));
  return {};
}

/// Whether the object of the part's segment is its rows, under their names and in their types.
bool is_stored_as_it_is(const VersionScan& scan, size_t part) {
  const TableVersion& version = scan.version();
  const auto [begin, end] = scan.changes_in(part);
  return !version.segments.empty() && begin == end && version.segments[part].added.empty() &&
         version.widened_names.empty() && version.stored_names == version.schema->field_names();
}

/// Removes a file of the scratch folder unless it was moved away.
class ScratchFile {
 public:
  explicit ScratchFile(std::string path) : path_(std::move(path)) {}
  ~ScratchFile() { ::unlink(path_.c_str()); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Status write_rows(const arrow::RecordBatch& rows, const std::string& path) {
  MILLGATE_ARROW(const auto table, arrow::Table::FromRecordBatches(rows.schema(), {rows.Slice(0)}),
                 "rows to write");
  arrow::TableBatchReader reader(*table);
  MILLGATE_TRY(write_table_file(reader, path));
  return {};
}

}  // namespace

Result<DeltaPart> describe_part(const ExportedVersion& exported, size_t part) {
  const VersionScan& scan = exported.scan;
  const TableVersion& version = scan.version();
  DeltaPart described;
  Hasher hasher;
  if (!version.segments.empty()) {
    const Segment& segment = version.segments[part];
    hasher.add_field(segment.object.hex());
    for (const AddedColumns& added : segment.added) {
      hasher.add_field(added.object.hex());
      for (const std::string& name : added.names) hasher.add_field(name);
    }
  }
  const auto [begin, end] = scan.changes_in(part);
  if (begin < end) MILLGATE_TRY(add_changes(scan.changes(), begin, end, hasher));
  if (exported.change != nullptr) hasher.add_field(exported.change->name);
  const arrow::Schema& schema =
      exported.change == nullptr ? *version.schema : *exported.change->schema;
  described.rows = hasher.finish().hex();
  for (size_t i = 0; i < version.stored_names.size(); ++i) {
    const auto& field = schema.field(static_cast<int>(i));
    described.columns.push_back(
        dump_json(Json{field->name(), field->type()->ToString(), version.stored_names[i]}));
  }
  return described;
}

DeltaPartFiles::DeltaPartFiles(const std::map<std::string, DeltaFile>& files) {
  for (const auto& [path, file] : files) {
    const auto rows = file.tags.find(kRowsTag);
    by_rows_.emplace(rows == file.tags.end() ? std::string() : rows->second, file);
  }
}

bool DeltaPartFiles::keep(const DeltaPart& part) {
  const auto [begin, end] = by_rows_.equal_range(part.rows);
  for (auto file = begin; file != end; ++file) {
    const auto tag = file->second.tags.find(kColumnsTag);
    const Json columns =
        tag == file->second.tags.end() ? Json::array() : Json::parse(tag->second, nullptr, false);
    const bool has_all =
        std::all_of(part.columns.begin(), part.columns.end(), [&](const std::string& column) {
          return std::find(columns.begin(), columns.end(), Json(column)) != columns.end();
        });
    if (!has_all) continue;
    by_rows_.erase(file);
    return true;
  }
  return false;
}

std::vector<DeltaFile> DeltaPartFiles::left() const {
  std::vector<DeltaFile> files;
  files.reserve(by_rows_.size());
  for (const auto& [rows, file] : by_rows_) files.push_back(file);
  return files;
}

Result<std::optional<WrittenPart>> write_delta_part(const Repository& repository,
                                                    const ExportedVersion& version, size_t part,
                                                    const DeltaPart& what,
                                                    const std::set<std::string>& taken,
                                                    FileStore& files) {
  const VersionScan& scan = version.scan;
  MILLGATE_ASSIGN(auto rows, scan.read(part));
  if (version.change != nullptr) {
    MILLGATE_ASSIGN(rows, version.change->apply(*rows));
  }
  if (rows->num_rows() == 0) return std::optional<WrittenPart>();
  const ScratchFile scratch(repository.folder("scratch") + "/" + unique_name("delta-") +
                            ".parquet");
  if (version.change == nullptr && is_stored_as_it_is(scan, part)) {
    MILLGATE_ASSIGN(const std::string object,
                    repository.objects().local_path(scan.version().segments[part].object));
    std::error_code failed;
    std::filesystem::copy_file(object, scratch.path(), failed);
    if (failed) return system_failure("write", scratch.path(), failed.value());
  } else {
    MILLGATE_TRY(write_rows(*rows, scratch.path()));
  }
  MILLGATE_ASSIGN(const std::string bytes, read_file(scratch.path()));
  WrittenPart written;
  // Of a table without a key two parts may be equal, and each needs a file.
  const std::string stem = "part-" + hash_of(bytes).hex().substr(0, 32);
  written.file.path = stem + ".parquet";
  for (int number = 2; taken.contains(written.file.path); ++number) {
    written.file.path = stem + "-" + std::to_string(number) + ".parquet";
  }
  written.file.size_bytes = static_cast<int64_t>(bytes.size());
  written.file.tags[kRowsTag] = what.rows;
  written.file.tags[kColumnsTag] = dump_json(Json(what.columns));
  MILLGATE_ASSIGN(written.file.statistics, delta_statistics(*rows));
  written.is_new = !files.exists(written.file.path);
  if (written.is_new) MILLGATE_TRY(files.adopt(scratch.path(), written.file.path));
  return std::make_optional(std::move(written));
}

}  // namespace millgate
