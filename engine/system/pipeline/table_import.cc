#include "system/pipeline/table_import.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <filesystem>
#include <utility>

#include "data/store/version_update.h"
#include "data/table/sort.h"
#include "ground/durable_file.h"

namespace millgate {

namespace {

/// A folder in `scratch` that goes with everything in it.
class ScratchFolder {
 public:
  explicit ScratchFolder(const Repository& repository)
      : path_(repository.folder("scratch") + "/" + unique_name("commit-")) {}
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] Status make() const { return make_folders(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// "--rename T.a=b" where one column is gone and another came; else nothing.
std::string rename_hint(const TableImport& import, const arrow::Schema& kept) {
  const auto rows = import.open(nullptr, TypesBy::first_rows);
  if (!rows.ok()) return {};
  std::vector<std::string> gone;
  std::vector<std::string> came;
  const auto own = (*rows)->schema();
  for (const std::string& name : kept.field_names()) {
    if (own->GetFieldIndex(name) < 0) gone.push_back(name);
  }
  for (const std::string& name : own->field_names()) {
    if (kept.GetFieldIndex(name) < 0) came.push_back(name);
  }
  if (gone.size() != 1 || came.size() != 1) return {};
  return "`--rename " + import.table + "." + gone[0] + "=" + came[0] +
         "` if it is that column under another name";
}

Error with_schema_hint(Error error, const std::string& table, const std::string& rename) {
  if (error.code == ErrorCode::invalid_input) {
    error = std::move(error).inside("table `" + table +
                                    "` does not fit the columns of its last commit");
    const std::string accept = "`--accept-schema` takes the columns as they are now";
    if (!rename.empty()) error.hint = rename;
    error.hint = error.hint.empty() ? accept : error.hint + "; " + accept;
  }
  return error;
}

/// Whether the rows were readable by themselves, so that only the kept columns are in the way.
bool reads_without_schema(const TableImport& import) {
  auto rows = import.open(nullptr, TypesBy::all_rows);
  if (!rows.ok()) return false;
  std::shared_ptr<arrow::RecordBatch> batch;
  do {
    if (!(*rows)->ReadNext(&batch).ok()) return false;
  } while (batch != nullptr);
  return true;
}

/// One reading of the rows into objects.
class Attempt {
 public:
  Attempt(Repository& repository, const TableImport& import,
          const std::optional<TableVersion>& before, std::shared_ptr<arrow::Schema> kept)
      : repository_(repository), import_(import), before_(before), kept_(std::move(kept)) {}

  [[nodiscard]] Result<TableVersion> run() const {
    auto version = run(TypesBy::first_rows);
    if (version.ok() || !is_late_type(version.error())) return version;
    return run(TypesBy::all_rows);
  }

 private:
  [[nodiscard]] Result<TableVersion> run(TypesBy types_by) const {
    if (!import_.sorts_first || import_.key.empty()) {
      MILLGATE_ASSIGN(const auto rows, import_.open(kept_, types_by));
      auto version = write(*rows);
      if (version.ok() || !is_out_of_order(version.error())) return version;
    }
    const ScratchFolder scratch(repository_);
    MILLGATE_TRY(scratch.make());
    SortOptions sorting;
    sorting.spill_folder = scratch.path();
    MILLGATE_ASSIGN(auto rows, import_.open(kept_, types_by));
    MILLGATE_ASSIGN(rows, sort_by_key(std::move(rows), import_.key, sorting));
    return write(*rows);
  }

  [[nodiscard]] Result<TableVersion> write(arrow::RecordBatchReader& rows) const {
    ObjectStore& objects = repository_.objects();
    if (before_) return write_next_version(objects, *before_, rows, import_.key);
    return write_table_version(objects, rows, import_.key);
  }

  Repository& repository_;
  const TableImport& import_;
  const std::optional<TableVersion>& before_;
  std::shared_ptr<arrow::Schema> kept_;
};

}  // namespace

Result<TableVersion> import_rows(Repository& repository, const TableImport& import,
                                 const std::optional<TableVersion>& named_before) {
  std::optional<TableVersion> before = named_before;
  if (!import.renames.empty()) {
    if (!before) {
      return not_found("table `" + import.table + "` is new, so no column of it can be renamed",
                       "leave `--rename` out");
    }
    auto renamed = rename_columns(repository.objects(), *before, import.renames);
    if (!renamed.ok()) {
      return std::move(renamed).error().inside("cannot rename a column of table `" + import.table +
                                               "`");
    }
    before = *std::move(renamed);
  }
  const std::shared_ptr<arrow::Schema> kept =
      before && !import.accept_schema ? before->schema : nullptr;
  auto version = Attempt(repository, import, before, kept).run();
  if (version.ok()) return version;
  if (kept != nullptr && reads_without_schema(import)) {
    return with_schema_hint(std::move(version).error(), import.table, rename_hint(import, *kept));
  }
  return std::move(version).error().inside("cannot commit table `" + import.table + "`");
}

}  // namespace millgate
