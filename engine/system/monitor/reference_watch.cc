#include "system/monitor/reference_watch.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "model/measure/quality.h"
#include "system/monitor/column_drift.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

/// How a column can be compared, by DuckDB's type; nothing: it cannot.
std::optional<ValueType> comparable_type(const std::string& type) {
  if (type == "VARCHAR" || type == "BOOLEAN" || type.starts_with("ENUM")) return ValueType::text;
  if (type.ends_with("INT") || type == "INTEGER" || type == "UINTEGER" || type == "DOUBLE" ||
      type == "FLOAT" || type.starts_with("DECIMAL")) {
    return ValueType::number;
  }
  return std::nullopt;
}

struct SharedColumns {
  std::vector<Field> fields;
  std::vector<std::string> apart;  ///< In one table only, or of kinds that do not compare.
};

SharedColumns shared_columns(const ServedLog& log,
                             const std::vector<std::pair<std::string, std::string>>& logged,
                             const std::vector<std::pair<std::string, std::string>>& reference) {
  const PredictionRoles& roles = log.roles();
  const std::set<std::string> left_out = {roles.id, roles.time, roles.score, roles.label,
                                          roles.model};
  SharedColumns shared;
  for (const auto& [name, type] : reference) {
    if (left_out.contains(name)) continue;
    const std::string column = log.column_of(name);
    const auto found = std::find_if(logged.begin(), logged.end(),
                                    [&](const auto& one) { return one.first == column; });
    const auto here = comparable_type(type);
    const auto there = found == logged.end() ? std::nullopt : comparable_type(found->second);
    if (!here || !there || *here != *there) {
      shared.apart.push_back(name);
    } else {
      shared.fields.push_back({name, *here});
    }
  }
  return shared;
}

Result<Block> reference_block(Database& database, const std::vector<Field>& fields) {
  std::string sql = "select ";
  for (const Field& field : fields) {
    sql += quote_name(field.name) + "::" + sql_type_of(field.type) + " as " +
           quote_name(field.name) + ", ";
  }
  MILLGATE_ASSIGN(const auto table,
                  database.query(sql + "1 as one from " + std::string(kReferenceRows)));
  return block_from(*table, fields);
}

/// Whether the texts of a column name rows: more than half of them are there once only.
bool names_rows(const ServedColumn& column, size_t rows) {
  if (!column.is_category) return false;
  const std::set<std::string> distinct(column.texts.begin(), column.texts.end());
  return distinct.size() * 2 > rows;
}

ColumnDrift named(const std::string& name, const char* what, double importance) {
  ColumnDrift column;
  column.name = name;
  column.what = what;
  column.importance = importance;
  return column;
}

bool has_column(const std::vector<std::pair<std::string, std::string>>& columns,
                const std::string& name) {
  return std::any_of(columns.begin(), columns.end(),
                     [&](const auto& one) { return one.first == name; });
}

/// Quality on the rows of the reference that have a prediction and a label.
Result<std::vector<Evidence>> measure_reference(Database& database, const PredictionRoles& roles,
                                                const Manifest& manifest,
                                                const MonitorOptions& options) {
  const std::vector<Field> fields = {{"score", ValueType::number}, {"label", ValueType::number}};
  MILLGATE_ASSIGN(const auto table,
                  database.query("select " + quote_name(roles.score) + "::double as score, " +
                                 "try_cast(" + quote_name(roles.label) +
                                 " as double) as label from " + std::string(kReferenceRows)));
  MILLGATE_ASSIGN(const Block block, block_from(*table, fields));
  std::vector<double> score;
  std::vector<double> label;
  for (size_t row = 0; row < block.rows; ++row) {
    if (block.columns[0].valid[row] == 0 || block.columns[1].valid[row] == 0) continue;
    const double value = block.columns[1].numbers[row];
    if (!std::isfinite(block.columns[0].numbers[row]) || !std::isfinite(value)) continue;
    if (manifest.task_kind == "binary" && value != 0 && value != 1) continue;
    score.push_back(block.columns[0].numbers[row]);
    label.push_back(value);
  }
  if (label.empty()) return std::vector<Evidence>();
  return measure_quality({label, score}, {},
                         {.threshold = manifest.threshold,
                          .resamples = options.resamples,
                          .seed = options.seed,
                          .regression = manifest.task_kind == "regression",
                          .data = "reference"});
}

std::string note_of(const SharedColumns& shared) {
  std::string note =
      "compared with the reference table; how much the model uses a column is not known, so each "
      "counts the same";
  if (shared.apart.empty()) return note;
  note += "; not compared (in one table only, times, or of another kind):";
  for (const std::string& name : shared.apart) note += " " + name;
  return note;
}

}  // namespace

Manifest manifest_of_table(const ServedRows& rows, const PredictionTable& table) {
  const auto is_share = [](double value) { return value >= 0 && value <= 1; };
  const auto is_answer = [](double value) { return std::isnan(value) || value == 0 || value == 1; };
  Manifest manifest;
  const bool binary = std::all_of(rows.prediction.begin(), rows.prediction.end(), is_share) &&
                      std::all_of(rows.label.begin(), rows.label.end(), is_answer);
  manifest.task_kind = binary ? "binary" : "regression";
  manifest.threshold = table.threshold;
  return manifest;
}

Result<std::vector<Evidence>> watch_reference(const ServedLog& log, const std::string& logged,
                                              const Manifest& manifest, const ServedRows& rows,
                                              const WindowGrid& grid, const MonitorOptions& options,
                                              ModelWatch& watch) {
  Database& database = log.database();
  MILLGATE_ASSIGN(const auto have, database.describe("from served"));
  MILLGATE_ASSIGN(const auto reference, database.describe(std::string("from ") + kReferenceRows));
  const SharedColumns shared = shared_columns(log, have, reference);
  watch.note = note_of(shared);
  MILLGATE_ASSIGN(const Block before, reference_block(database, shared.fields));
  MILLGATE_ASSIGN(const Block now, log.block(logged, shared.fields));
  const std::vector<LogRows> ranges = grid.ranges(rows.event_micros);
  const DriftFrame frame{.grid = grid,
                         .windows = ranges,
                         .row_count = rows.event_micros.size(),
                         .rows_min = options.rows_min};
  const LogRows all_before{0, before.rows};
  for (size_t at = 0; at < shared.fields.size(); ++at) {
    const Field& field = shared.fields[at];
    const bool is_category = field.type == ValueType::text;
    ColumnDrift column = named(field.name, "input", 1 / static_cast<double>(shared.fields.size()));
    const ServedColumn values = served_input(field.name, before.columns[at], is_category);
    if (names_rows(values, before.rows)) {
      watch.drift.push_back(named(field.name, "input", 0));
      watch.drift.back().verdict = "cannot know";
      watch.drift.back().reason = "it names rows: nearly every one has a value of its own";
      continue;
    }
    const Profile profile = values.profile(all_before);
    MILLGATE_TRY(drift_of_column(served_input(field.name, now.columns[at], is_category), profile,
                                 frame, shared.fields.size(), column));
    column.harm.note = "the model that would be harmed is not of this project";
    watch.drift.push_back(std::move(column));
  }
  rank_columns(watch.drift);
  const PredictionRoles& roles = log.roles();
  if (!has_column(reference, roles.score)) return std::vector<Evidence>();
  MILLGATE_ASSIGN(const Block scores,
                  reference_block(database, {{roles.score, ValueType::number}}));
  ColumnDrift column = named("prediction", "prediction", 1);
  const ServedColumn predictions{.name = "prediction",
                                 .is_category = false,
                                 .numbers = rows.prediction,
                                 .texts = {},
                                 .valid = {}};
  MILLGATE_TRY(drift_of_column(
      predictions, served_input(roles.score, scores.columns[0], false).profile(all_before), frame,
      1, column));
  column.rank = column.drift.jensen_shannon;
  watch.prediction_drift = std::move(column);
  if (roles.label.empty() || !has_column(reference, roles.label)) return std::vector<Evidence>();
  return measure_reference(database, roles, manifest, options);
}

}  // namespace millgate
