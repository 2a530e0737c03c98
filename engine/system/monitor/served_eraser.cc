#include "system/monitor/served_eraser.h"

#include <arrow/io/file.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <unordered_set>
#include <utility>

#include "data/query/database.h"
#include "data/table/arrow_result.h"
#include "data/table/parquet_bytes.h"
#include "data/table/row_key.h"
#include "ground/durable_file.h"
#include "ground/file_lock.h"
#include "model/artifact/model.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

constexpr const char* kPredictions = "predictions";
/// What challengers answered unseen, under the ids of the answers that were given.
constexpr const char* kShadow = "shadow";
constexpr const char* kFeedback = "feedback";
constexpr const char* kOutcomes = "outcomes";
/// The log's own columns; one of the user that is called so is logged with "input." before it.
constexpr const char* kOwnColumns[] = {"prediction_id", "answered_at", "model",   "request_id",
                                       "row_time",      "probability", "decision"};

std::string logged_name(const std::string& column) {
  const bool own =
      std::find(std::begin(kOwnColumns), std::end(kOwnColumns), column) != std::end(kOwnColumns);
  return own ? "input." + column : column;
}

/// Nothing for a type that no text is cast to.
std::optional<std::string> sql_type_of(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return "BOOLEAN";
    case arrow::Type::INT64:
      return "BIGINT";
    case arrow::Type::DOUBLE:
      return "DOUBLE";
    case arrow::Type::STRING:
      return "VARCHAR";
    case arrow::Type::DATE32:
      return "DATE";
    case arrow::Type::TIME64:
      return "TIME";
    case arrow::Type::TIMESTAMP:
      return static_cast<const arrow::TimestampType&>(type).timezone().empty()
                 ? "TIMESTAMP"
                 : "TIMESTAMP WITH TIME ZONE";
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
      return "DECIMAL(" + std::to_string(decimal.precision()) + "," +
             std::to_string(decimal.scale()) + ")";
    }
    default:
      return std::nullopt;
  }
}

std::vector<std::string> files_below(const std::string& folder, const std::string& ending) {
  std::vector<std::string> files;
  std::error_code failed;
  for (fs::recursive_directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const std::string path = entry->path().string();
    std::error_code unknown;
    if (path.ends_with(ending) && entry->is_regular_file(unknown)) files.push_back(path);
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<std::shared_ptr<arrow::Table>> read_file_of_log(const std::string& path) {
  MILLGATE_ARROW(auto file, arrow::io::ReadableFile::Open(path), path);
  MILLGATE_ARROW(auto reader, parquet::arrow::OpenFile(file, arrow::default_memory_pool()), path);
  MILLGATE_ARROW(auto table, reader->ReadTable(), path);
  return table;
}

/// The rows that `stays` says, in a new file over the old one; no file when there is none.
Status keep_rows(const std::string& path, const std::vector<bool>& stays) {
  if (std::find(stays.begin(), stays.end(), true) == stays.end()) {
    std::error_code failed;
    fs::remove(path, failed);
    if (failed) return system_failure("remove", path, failed.value());
    return sync_path(fs::path(path).parent_path().string());
  }
  MILLGATE_ASSIGN(const auto table, read_file_of_log(path));
  std::vector<std::shared_ptr<arrow::Table>> parts;
  for (size_t begin = 0; begin < stays.size();) {
    size_t end = begin;
    while (end < stays.size() && stays[end] == stays[begin]) ++end;
    if (stays[begin]) {
      parts.push_back(table->Slice(static_cast<int64_t>(begin), static_cast<int64_t>(end - begin)));
    }
    begin = end;
  }
  MILLGATE_ARROW(const auto kept, arrow::ConcatenateTables(parts), path);
  MILLGATE_ASSIGN(const std::string bytes, parquet_bytes(*kept, path));
  return publish_bytes({.temporary_path = path + ".tmp", .final_path = path}, bytes);
}

class ServedEraser {
 public:
  ServedEraser(const Repository& repository, const ServedRowsToErase& rows)
      : repository_(repository), rows_(rows) {}

  Result<ErasedServed> run() {
    // Two who write one file anew would each bring back what the other took out.
    MILLGATE_ASSIGN(const Descriptor lock,
                    lock_file(repository_.project_folder() + "/.millgate/logs.lock"));
    MILLGATE_ASSIGN(database_, Database::open());
    MILLGATE_TRY(find_predictions());
    MILLGATE_TRY(find_told());
    if (!rows_.dry_run) MILLGATE_TRY(erase());
    std::sort(erased_.files.begin(), erased_.files.end());
    return std::move(erased_);
  }

 private:
  struct FoundFile {
    std::string path;
    std::vector<bool> stays;
  };

  [[nodiscard]] std::string log_folder(const std::string& log) const {
    return repository_.project_folder() + "/.millgate/" + log;
  }

  [[nodiscard]] std::string short_name(const std::string& path) const {
    return fs::path(path).lexically_relative(repository_.project_folder() + "/.millgate").string();
  }

  /// The table that a model predicts for; nothing when the model is lost.
  Result<std::optional<std::string>> task_table_of(const std::string& model) {
    if (const auto known = task_tables_.find(model); known != task_tables_.end()) {
      return known->second;
    }
    std::optional<std::string> table;
    MILLGATE_ASSIGN(const auto runs, repository_.ledger().events(0, "run"));
    for (const Event& run : runs) {
      const auto id = Id::parse(run.subject);
      if (!id.ok() || id->brief() != model) continue;
      const auto loaded = Model::load(repository_.objects(), *id);
      if (loaded.ok()) table = (*loaded)->manifest().task_table;
      break;
    }
    task_tables_[model] = table;
    return table;
  }

  Status find_predictions() {
    for (const char* folder : {kPredictions, kShadow}) MILLGATE_TRY(find_predictions(folder));
    return {};
  }

  Status find_predictions(const char* folder) {
    for (const std::string& path : files_below(log_folder(folder), ".parquet")) {
      const Status looked = look_at(path);
      if (looked.ok()) continue;
      std::error_code unknown;
      if (!fs::exists(path, unknown)) continue;  // Somebody took old files away.
      if (looked.error().code == ErrorCode::outside) return looked;
      erased_.unreadable.push_back(short_name(path));
    }
    return {};
  }

  Status look_at(const std::string& path) {
    const std::string from = " from read_parquet(" + quote_text(path) + ", file_row_number = true)";
    MILLGATE_ASSIGN(const auto described, database_->describe("select *" + from));
    const auto has = [&](const std::string& name) {
      return std::any_of(described.begin(), described.end(),
                         [&](const auto& column) { return column.first == name; });
    };
    MILLGATE_ASSIGN(const auto head,
                    database_->query("select any_value(model)::varchar, count(*)" + from));
    if (head->num_rows() == 0 || head->num_columns() < 2) return {};
    const std::string model = value_text(*head->column(0)->chunk(0), 0);
    MILLGATE_ASSIGN(const auto table, task_table_of(model));
    FoundFile found{.path = path, .stays = {}};
    for (const ServedKey& key : rows_.keys) {
      if (table && *table != key.task_table) continue;
      const bool named = std::all_of(key.columns.begin(), key.columns.end(),
                                     [&](const auto& name) { return has(logged_name(name)); });
      if (!named) {
        MILLGATE_ASSIGN(const int64_t count, database_->count("select count(*)" + from));
        if (table) erased_.unnamed_count += count;
        continue;
      }
      MILLGATE_TRY(match(key, from, found));
    }
    if (!found.stays.empty()) predictions_.push_back(std::move(found));
    return {};
  }

  /// Marks the rows of a file that the key names, as sent and as values of the table's type.
  Status match(const ServedKey& key, const std::string& from, FoundFile& found) {
    std::string sql = "select prediction_id::varchar";
    for (size_t i = 0; i < key.columns.size(); ++i) {
      const std::string name = quote_name(logged_name(key.columns[i]));
      const auto type = sql_type_of(*rows_.types[i]);
      sql += ", " + name + ", " + (type ? "try_cast(" + name + " as " + *type + ")" : name);
    }
    MILLGATE_ASSIGN(const auto table, database_->query(sql + from + " order by file_row_number"));
    MILLGATE_ARROW(const auto rows, table->CombineChunksToBatch(), found.path);
    std::vector<std::string> sent(key.columns.size());
    std::vector<std::string> cast(key.columns.size());
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      for (size_t i = 0; i < key.columns.size(); ++i) {
        sent[i] = value_text(*rows->column(static_cast<int>(2 * i + 1)), row);
        cast[i] = value_text(*rows->column(static_cast<int>(2 * i + 2)), row);
      }
      if (!rows_.names_row(sent) && !rows_.names_row(cast)) continue;
      if (found.stays.empty()) {
        found.stays.assign(static_cast<size_t>(rows->num_rows()), true);
      }
      if (!found.stays[static_cast<size_t>(row)]) continue;
      found.stays[static_cast<size_t>(row)] = false;
      ++erased_.prediction_count;
      ids_.insert(value_text(*rows->column(0), row));
    }
    return {};
  }

  /// What came back for the predictions that were found.
  Status find_told() {
    if (ids_.empty()) return {};
    MILLGATE_TRY(find_told(kFeedback, erased_.feedback_count));
    MILLGATE_TRY(find_told(kOutcomes, erased_.outcome_count));
    for (const auto* files : {&told_, &predictions_}) {
      for (const FoundFile& file : *files) erased_.files.push_back(short_name(file.path));
    }
    return {};
  }

  Status find_told(const char* folder, int64_t& total) {
    for (const std::string& path : files_below(log_folder(folder), ".parquet")) {
      const auto table =
          database_->query("select prediction_id::varchar from read_parquet(" + quote_text(path) +
                           ", file_row_number = true) order by file_row_number");
      std::error_code unknown;
      if (!table.ok()) {
        if (fs::exists(path, unknown)) erased_.unreadable.push_back(short_name(path));
        continue;
      }
      MILLGATE_ARROW(const auto rows, (*table)->CombineChunksToBatch(), path);
      FoundFile found{.path = path,
                      .stays = std::vector<bool>(static_cast<size_t>(rows->num_rows()), true)};
      int64_t count = 0;
      for (int64_t row = 0; row < rows->num_rows(); ++row) {
        if (!ids_.contains(value_text(*rows->column(0), row))) continue;
        found.stays[static_cast<size_t>(row)] = false;
        ++count;
      }
      total += count;
      if (count > 0) told_.push_back(std::move(found));
    }
    return {};
  }

  Status erase() {
    for (const FoundFile& file : told_) MILLGATE_TRY(keep_rows(file.path, file.stays));
    for (const FoundFile& file : predictions_) MILLGATE_TRY(keep_rows(file.path, file.stays));
    remove_broken_off();
    return {};
  }

  /// What a server that was killed had half written; nobody reads it.
  void remove_broken_off() {
    constexpr std::chrono::hours kGrace{1};
    for (const char* log : {kPredictions, kShadow, kFeedback, kOutcomes}) {
      for (const std::string& path : files_below(log_folder(log), ".parquet.tmp")) {
        std::error_code failed;
        const auto written = fs::last_write_time(path, failed);
        if (failed || fs::file_time_type::clock::now() - written < kGrace) continue;
        if (fs::remove(path, failed)) erased_.files.push_back(short_name(path));
      }
    }
  }

  const Repository& repository_;
  const ServedRowsToErase& rows_;
  std::unique_ptr<Database> database_;
  std::map<std::string, std::optional<std::string>> task_tables_;
  std::vector<FoundFile> predictions_;
  std::vector<FoundFile> told_;
  std::unordered_set<std::string> ids_;
  ErasedServed erased_;
};

}  // namespace

Result<ErasedServed> erase_served(const Repository& repository, const ServedRowsToErase& rows) {
  return ServedEraser(repository, rows).run();
}

}  // namespace millgate
