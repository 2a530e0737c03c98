/// Evaluates twenty features beside DuckDB, which runs the same expressions on the same rows; then
/// functions of lists of 64 numbers, on a twentieth of the rows.
///
///   bench_feature [ROWS]
///
/// One thread each. Prints nanoseconds a row for a call of one row, for all rows at once
/// (medians of rounds that take turns) and the ratio; and how many values differ.
#include <arrow/api.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "data/feature/program.h"
#include "data/query/database.h"

namespace millgate {

namespace {

constexpr int kRounds = 5;
constexpr int kSingleRows = 20'000;

/// Features of the same rows.
struct Workload {
  std::string name;
  std::vector<FeatureDefinition> definitions;
  std::vector<Field> fields;
  std::string rows_sql;  ///< Makes the table `rows`, up to the number of rows.
  /// Relative. Sums of lists are added up in another order than DuckDB's.
  double tolerance = 0.0;
};

std::vector<FeatureDefinition> scalar_definitions() {
  return {
      {"minute", "sched // 100 * 60 + sched % 100"},
      {"hour", "hour(moment)"},
      {"month", "month(moment)"},
      {"late_hour", "hour(moment) >= 20 or hour(moment) < 5"},
      {"ratio", "distance / (air + 1)"},
      {"log_distance", "ln(distance + 1)"},
      {"root", "sqrt(abs(distance))"},
      {"wind_x", "wind * cos(angle)"},
      {"wind_y", "wind * sin(angle)"},
      {"gust", "coalesce(gust, wind)"},
      {"is_far", "distance between 1000 and 2500"},
      {"clipped", "least(greatest(distance, 100), 2000)"},
      {"grade", "case when distance < 500 then 0 when distance < 1500 then 1 else 2 end"},
      {"has_gust", "gust is not null"},
      {"carrier_big", "carrier in ('UA', 'B6', 'EV', 'DL')"},
      {"carrier_length", "length(carrier)"},
      {"starts", "starts_with(tail, 'N1')"},
      {"same", "carrier = 'UA' and distance > 800"},
      {"days", "date_diff('day', built, moment)"},
      {"product", "wind * distance - gust * air"},
  };
}

std::vector<FeatureDefinition> list_definitions() {
  return {
      {"dot", "list_dot_product(a, b)"},
      {"cosine", "list_cosine_similarity(a, b)"},
      {"far", "list_cosine_distance(a, b)"},
      {"distance", "list_distance(a, b)"},
      {"total", "list_sum(a)"},
      {"mean", "list_avg(a)"},
      {"least", "list_min(a)"},
      {"most", "list_max(a)"},
      {"count", "len(a)"},
      {"first", "a[1]"},
  };
}

constexpr const char* kRows =
    "create table rows as select (hash(i) % 2400)::bigint as sched, "
    "timestamp '2013-01-01' + to_seconds((hash(i + 1) % 31000000)::bigint) as moment, "
    "timestamp '1990-01-01' + to_seconds((hash(i + 2) % 600000000)::bigint) as built, "
    "(hash(i + 3) % 5000)::double as distance, (hash(i + 4) % 400)::double as air, "
    "(hash(i + 5) % 400)::double / 10 as wind, (hash(i + 6) % 628)::double / 100 as angle, "
    "case when hash(i + 7) % 3 = 0 then null else (hash(i + 8) % 500)::double / 10 end as gust, "
    "['UA', 'B6', 'EV', 'DL', 'AA', 'MQ'][(1 + hash(i + 9) % 6)::bigint] as carrier, "
    "'N' || (hash(i + 10) % 99999)::varchar as tail from range(";

constexpr const char* kListRows =
    "create or replace table rows as select [(hash(i * 64 + k) % 2001)::double / 1000 - 1 for k in "
    "range(64)] as a, [(hash(i * 64 + k + 7) % 2001)::double / 1000 - 1 for k in range(64)] as b "
    "from range(";

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + std::ssize(values) / 2, values.end());
  return values[values.size() / 2];
}

template <typename Work>
double seconds_of(Work work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Row `row` of `block` as a block of its own.
Block one_row(const Block& block, size_t row) {
  Block one;
  one.rows = 1;
  for (const Vector& column : block.columns) {
    one.columns.emplace_back().assign_rows(column, row, 1);
  }
  return one;
}

Status single_rows(const Workload& work, const FeatureProgram& program, const Block& block) {
  const size_t width = program.features().size();
  std::vector<Block> rows;
  for (size_t i = 0; i < 64; ++i) rows.push_back(one_row(block, i * 97 % block.rows));
  std::vector<double> out(width);
  EvaluationScratch scratch;
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    Status status;
    rounds.push_back(seconds_of([&] {
      for (int i = 0; i < kSingleRows && status.ok(); ++i) {
        status = program.evaluate(rows[static_cast<size_t>(i) % rows.size()], out, scratch);
      }
    }));
    MILLGATE_TRY(status);
  }
  std::cout << work.name << ", one row a call, " << width
            << " features: " << std::llround(median(rounds) / kSingleRows * 1e9) << " ns\n";
  return {};
}

/// How many values of ours are not those of DuckDB.
Result<size_t> differences(const Workload& work, Database& database,
                           const std::vector<double>& out) {
  std::string sql = "select ";
  for (const FeatureDefinition& one : work.definitions) {
    sql += "(" + one.expression + ")::double as " + quote_name(one.name) + ", ";
  }
  MILLGATE_ASSIGN(const auto table, database.query(sql + " from rows"));
  std::vector<Field> fields;
  for (const FeatureDefinition& one : work.definitions)
    fields.push_back({one.name, ValueType::number});
  MILLGATE_ASSIGN(const Block theirs, block_from(*table, fields));
  size_t different = 0;
  for (size_t row = 0; row < theirs.rows; ++row) {
    for (size_t i = 0; i < fields.size(); ++i) {
      const double value = out[row * fields.size() + i];
      const Vector& column = theirs.columns[i];
      const bool is_equal = column.valid[row] != 0 ? std::abs(value - column.numbers[row]) <=
                                                         work.tolerance * std::abs(value)
                                                   : std::isnan(value);
      different += is_equal ? 0 : 1;
    }
  }
  return different;
}

Status run(const Workload& work, int64_t rows) {
  MILLGATE_ASSIGN(const auto database, Database::open({.threads = 1}));
  MILLGATE_TRY(database->execute(work.rows_sql + std::to_string(rows) + ") t(i)"));
  MILLGATE_TRY(database->execute("set ieee_floating_point_ops = false"));
  MILLGATE_ASSIGN(const auto table, database->query("select * from rows"));
  MILLGATE_ASSIGN(const FeatureProgram program,
                  FeatureProgram::compile(work.definitions, work.fields));
  MILLGATE_ASSIGN(const Block block, block_from(*table, program.inputs()));
  MILLGATE_TRY(single_rows(work, program, block));
  std::string sql = "create or replace temp table made as select ";
  for (const FeatureDefinition& one : work.definitions) {
    sql += "(" + one.expression + ")::double as " + quote_name(one.name) + ", ";
  }
  std::vector<double> out(block.rows * program.features().size());
  std::vector<double> own;
  std::vector<double> peer;
  for (int round = 0; round < kRounds; ++round) {
    Status status;
    own.push_back(seconds_of([&] {
      EvaluationScratch scratch;
      status = program.evaluate(block, out, scratch);
    }));
    MILLGATE_TRY(status);
    peer.push_back(seconds_of([&] { status = database->execute(sql + " from rows"); }));
    MILLGATE_TRY(status);
  }
  std::cout << work.name << ", " << rows << " rows: " << std::round(median(own) * 1000)
            << " ms, DuckDB " << std::round(median(peer) * 1000)
            << " ms: " << std::round(median(own) / median(peer) * 100) / 100 << " of its time\n";
  MILLGATE_ASSIGN(const size_t different, differences(work, *database, out));
  std::cout << different << " of " << out.size() << " values differ\n";
  return {};
}

Status run_all(int64_t rows) {
  const Workload scalars = {.name = "columns",
                            .definitions = scalar_definitions(),
                            .fields = {{"sched", ValueType::integer},
                                       {"moment", ValueType::time},
                                       {"built", ValueType::time},
                                       {"distance", ValueType::number},
                                       {"air", ValueType::number},
                                       {"wind", ValueType::number},
                                       {"angle", ValueType::number},
                                       {"gust", ValueType::number},
                                       {"carrier", ValueType::text},
                                       {"tail", ValueType::text}},
                            .rows_sql = kRows};
  const Workload lists = {.name = "lists",
                          .definitions = list_definitions(),
                          .fields = {{"a", ValueType::list}, {"b", ValueType::list}},
                          .rows_sql = kListRows,
                          .tolerance = 1e-9};
  MILLGATE_TRY(run(scalars, rows));
  return run(lists, rows / 20);
}

}  // namespace

}  // namespace millgate

int main(int count, char** arguments) {
  const auto status = millgate::run_all(count > 1 ? std::atoll(arguments[1]) : 1'000'000);
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << "error: " << status.error().what << '\n';
  return EXIT_FAILURE;
}
