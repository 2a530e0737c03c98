#include "system/monitor/table_skew.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "data/store/table_version.h"
#include "system/monitor/cell_conversion.h"
#include "system/monitor/log_file.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

constexpr size_t kExamplesMax = 3;

/// Columns of the table that the model reads, with their DuckDB types.
struct ComparedColumn {
  std::string name;
  bool is_number = false;
};

using ColumnTypes = std::map<std::string, std::string>;

std::string why_not(const Manifest& manifest, const ServedLog& log, const ColumnTypes& types) {
  if (manifest.key.empty()) return "the rows of `" + manifest.task_table + "` have no key";
  for (const std::string& key : manifest.key) {
    if (!log.has_column(key)) return "key column `" + key + "` was never sent";
    if (!types.contains(key)) return "the table has no key column `" + key + "` any more";
  }
  return {};
}

std::string key_text(const std::vector<std::string>& key, const std::string& from) {
  std::string text = "concat_ws(' '";
  for (const std::string& name : key) text += ", " + from + quote_name(name) + "::varchar";
  return text + ")";
}

/// The logged rows whose key is in the table, with both values of every compared column.
Status make_matched(const ServedLog& log, const std::string& table, const Manifest& manifest,
                    const std::string& logged, const ColumnTypes& types,
                    const std::vector<ComparedColumn>& columns) {
  std::string select = "select p.event_micros, " + key_text(manifest.key, "t.") + " as row_key";
  for (size_t at = 0; at < columns.size(); ++at) {
    const std::string name = quote_name(columns[at].name);
    const std::string sent = "p." + quote_name(log.column_of(columns[at].name));
    const std::string type = columns[at].is_number ? "double" : types.at(columns[at].name);
    const std::string number = std::to_string(at);
    // A logged value that the table's type cannot hold is compared as a text, not dropped.
    select += ", try_cast(" + sent + " as " + type + ") as sent" + number + ", t." + name +
              "::" + type + " as stored" + number + ", " + sent + "::varchar as raw" + number;
  }
  std::string on;
  for (const std::string& key : manifest.key) {
    const std::string sent = "try_cast(p." + quote_name(log.column_of(key));
    on += (on.empty() ? "" : " and ") + sent + " as " + types.at(key) + ") = t." + quote_name(key);
  }
  return log.database().execute("create or replace temp table matched as " + select +
                                " from served p join " + quote_name(table) + " t on " + on +
                                " where p.model::varchar = " + quote_text(logged));
}

/// The rows in which column `at` differs, in order of time.
Result<Block> differing_rows(Database& database, size_t at, bool is_number) {
  const std::string number = std::to_string(at);
  const std::string value = is_number ? "" : "::varchar";
  const ValueType type = is_number ? ValueType::number : ValueType::text;
  MILLGATE_ASSIGN(
      const auto table,
      database.query("select event_micros, row_key, sent" + number + value + " as sent, stored" +
                     number + value + " as stored, coalesce(raw" + number +
                     ", 'null') as raw, coalesce(stored" + number +
                     "::varchar, 'null') as kept from matched where sent" + number +
                     " is distinct from stored" + number + " or (sent" + number +
                     " is null) <> (raw" + number + " is null) order by event_micros, row_key"));
  return block_from(*table, {{"event_micros", ValueType::integer},
                             {"row_key", ValueType::text},
                             {"sent", type},
                             {"stored", type},
                             {"raw", ValueType::text},
                             {"kept", ValueType::text}});
}

void find_factor(const Block& differing, TableSkewColumn& column) {
  std::vector<double> stored;
  std::vector<double> sent;
  std::vector<double> ratios;
  for (size_t row = 0; row < differing.rows; ++row) {
    if (differing.columns[2].valid[row] == 0 || differing.columns[3].valid[row] == 0) continue;
    sent.push_back(differing.columns[2].numbers[row]);
    stored.push_back(differing.columns[3].numbers[row]);
    if (stored.back() != 0 && std::isfinite(sent.back())) {
      ratios.push_back(sent.back() / stored.back());
    }
  }
  if (!ratios.empty()) {
    const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
    std::nth_element(ratios.begin(), middle, ratios.end());
    const double factor = *middle;
    column.median_ratio = factor;
    const auto same = std::count_if(ratios.begin(), ratios.end(), [&](double ratio) {
      return std::abs(ratio - factor) <= 0.001 * std::abs(factor);
    });
    column.ratio_share = static_cast<double>(same) / static_cast<double>(differing.rows);
  }
  column.suspicion = name_conversion(stored, sent);
}

Result<TableSkewColumn> compare_column(Database& database, const ComparedColumn& compared,
                                       size_t at, int64_t matched_count, const WindowGrid& grid) {
  TableSkewColumn column;
  column.name = compared.name;
  column.compared_count = matched_count;
  MILLGATE_ASSIGN(const Block differing, differing_rows(database, at, compared.is_number));
  column.differing_count = static_cast<int64_t>(differing.rows);
  if (differing.rows == 0) return column;
  column.differing_share = static_cast<double>(differing.rows) / static_cast<double>(matched_count);
  const int64_t first = differing.columns[0].integers.front();
  column.since = grid.from(static_cast<size_t>((first - grid.begin_micros) / grid.length_micros));
  if (compared.is_number) find_factor(differing, column);
  for (size_t row = 0; row < std::min(differing.rows, kExamplesMax); ++row) {
    column.examples.push_back(differing.columns[1].texts[row] + ": logged " +
                              differing.columns[4].texts[row] + ", table " +
                              differing.columns[5].texts[row]);
  }
  return column;
}

}  // namespace

Result<TableSkew> compare_with_table(const Repository& repository, const ServedLog& log,
                                     const std::string& logged, const Model& model,
                                     const WindowGrid& grid, const std::string& branch) {
  TableSkew skew;
  const Manifest& manifest = model.manifest();
  auto commit = repository.resolve(branch);
  if (!commit) {
    skew.note = "cannot know: " + commit.error().what;
    return skew;
  }
  skew.commit = commit->id.brief();
  const auto found = commit->tables.find(manifest.task_table);
  if (found == commit->tables.end()) {
    skew.note =
        "cannot know: commit " + skew.commit + " has no table `" + manifest.task_table + "`";
    return skew;
  }
  Database& database = log.database();
  // Most models are compared with the same table, which is added once.
  const std::string table = "compared " + found->second.brief();
  MILLGATE_ASSIGN(const bool added, database.has_table(table));
  if (!added) {
    MILLGATE_ASSIGN(const TableVersion version,
                    read_table_version(repository.objects(), found->second));
    MILLGATE_TRY(database.add_table(table, repository.objects(), version));
  }
  MILLGATE_ASSIGN(const auto described, database.describe("select * from " + quote_name(table)));
  const ColumnTypes types(described.begin(), described.end());
  if (const std::string reason = why_not(manifest, log, types); !reason.empty()) {
    skew.note = "cannot know: " + reason;
    return skew;
  }
  std::vector<ComparedColumn> columns;
  for (const Field& field : model.features().inputs()) {
    const bool is_key =
        std::find(manifest.key.begin(), manifest.key.end(), field.name) != manifest.key.end();
    const auto type = types.find(field.name);
    if (is_key || type == types.end() || !log.has_column(field.name)) continue;
    columns.push_back({field.name, is_number_type(type->second)});
  }
  MILLGATE_TRY(make_matched(log, table, manifest, logged, types, columns));
  std::string whole_key = "model::varchar = " + quote_text(logged);
  for (const std::string& key : manifest.key)
    whole_key += " and " + quote_name(log.column_of(key)) + " is not null";
  MILLGATE_ASSIGN(skew.logged_count,
                  database.count("select count(*) from served where " + whole_key));
  MILLGATE_ASSIGN(skew.matched_count, database.count("select count(*) from matched"));
  if (skew.matched_count == 0) {
    skew.note = "cannot know: none of " + count_of(skew.logged_count, "logged row") +
                " with a whole key is in `" + manifest.task_table + "` of commit " + skew.commit +
                " yet";
    return skew;
  }
  for (size_t at = 0; at < columns.size(); ++at) {
    MILLGATE_ASSIGN(TableSkewColumn column,
                    compare_column(database, columns[at], at, skew.matched_count, grid));
    skew.columns.push_back(std::move(column));
  }
  std::stable_sort(skew.columns.begin(), skew.columns.end(), [](const auto& a, const auto& b) {
    return a.differing_count > b.differing_count;
  });
  return skew;
}

}  // namespace millgate
