/// Joins 100,000 rows with two views of 1,000,000 rows beside DuckDB's own ASOF JOIN.
///
///   bench_join [FOLDER]
///
/// Both read the same Parquet files, with two threads, in turns; medians. Prints the ratios, and
/// how many rows have other values than DuckDB gives where no two rows of a view have one time.
#include <arrow/api.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "data/feature/join.h"
#include "data/feature/test_plan.h"
#include "data/query/database.h"
#include "ground/settings.h"

namespace millgate {

namespace {

constexpr int kRounds = 5;

constexpr const char* kProject = R"([[source]]
name = "asked"
path = "a"
key = ["id"]
happened = "moment"
[[source]]
name = "one"
path = "b"
happened = "occurred"
[[source]]
name = "two"
path = "c"
happened = "occurred"
[task]
table = "asked"
label = "id > 3"
[[view]]
name = "first"
entity = ["user"]
sql = "select \"user\", occurred, x, y from one"
[[view]]
name = "second"
entity = ["user"]
sql = "select \"user\", occurred, z from two"
)";

constexpr const char* kPeer =
    "select a.*, f.x, f.y, s.z from asked a asof left join one f on a.\"user\" = f.\"user\" and "
    "a.moment >= f.occurred asof left join two s on a.\"user\" = s.\"user\" and a.moment >= "
    "s.occurred "
    "order by a.id";

Status make_files(Database& database, const std::string& folder) {
  const auto write = [&](const std::string& name, const std::string& sql) {
    return database.execute("copy (" + sql + ") to '" + folder + "/" + name +
                            ".parquet' (format parquet)");
  };
  // Every row of a view has a time of its own, so that ties cannot differ.
  MILLGATE_TRY(write("asked",
                     "select i as id, (hash(i) % 50000)::bigint as \"user\", timestamptz "
                     "'2024-01-01 00:00:00Z' + to_seconds((hash(i + 1) % 8000000)::bigint) as "
                     "moment from range(100000) t(i)"));
  MILLGATE_TRY(
      write("one",
            "select (hash(i + 2) % 50000)::bigint as \"user\", timestamptz '2024-01-01 "
            "00:00:00Z' + to_milliseconds((i * 8)::bigint * 1000) as occurred, random() as x, "
            "random() as y from range(1000000) t(i)"));
  return write(
      "two",
      "select (hash(i + 3) % 50000)::bigint as \"user\", timestamptz '2024-01-01 "
      "00:00:00Z' + to_milliseconds((i * 8)::bigint * 1000 + 1) as occurred, random() as z "
      "from range(1000000) t(i)");
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + std::ssize(values) / 2, values.end());
  return values[values.size() / 2];
}

/// User and system time of all threads.
double processor_seconds() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Cost {
  std::vector<double> elapsed;
  std::vector<double> processor;

  template <typename Work>
  void measure(Work work) {
    const auto begin = std::chrono::steady_clock::now();
    const double processor_begin = processor_seconds();
    work();
    elapsed.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    processor.push_back(processor_seconds() - processor_begin);
  }
};

Status run(const std::string& folder) {
  MILLGATE_ASSIGN(const auto database, Database::open({.threads = 2}));
  MILLGATE_TRY(make_files(*database, folder));
  for (const char* name : {"asked", "one", "two"}) {
    MILLGATE_TRY(database->add_parquet(name, {folder + "/" + name + ".parquet"}, {}));
  }
  MILLGATE_ASSIGN(const JoinPlan plan, test_plan(kProject));
  const std::vector<std::string> columns = {"first.x", "first.y", "second.z"};
  Cost own;
  Cost peer;
  std::shared_ptr<arrow::Table> ours;
  for (int round = 0; round < kRounds; ++round) {
    Status status;
    own.measure([&] {
      auto table = join_as_of(*database, plan, columns);
      if (table.ok()) ours = *table;
      if (!table.ok()) status = table.error();
    });
    MILLGATE_TRY(status);
    peer.measure([&] {
      const auto table = database->query(kPeer);
      if (!table.ok()) status = table.error();
    });
    MILLGATE_TRY(status);
  }
  std::cout << "100,000 rows with two views of 1,000,000\n";
  const auto show = [](const char* what, const std::vector<double>& mine,
                       const std::vector<double>& theirs) {
    std::cout << what << std::round(median(mine) * 1000) << " ms, DuckDB "
              << std::round(median(theirs) * 1000)
              << " ms: " << std::round(median(mine) / median(theirs) * 100) / 100 << " of it\n";
  };
  show("  elapsed        ", own.elapsed, peer.elapsed);
  show("  user + system  ", own.processor, peer.processor);
  MILLGATE_TRY(database->add_arrow("ours", ours));
  MILLGATE_ASSIGN(const int64_t different,
                  database->count("select count(*) from ours o join (" + std::string(kPeer) +
                                  ") p using (id) where o.\"first.x\" is distinct from p.x or "
                                  "o.\"first.y\" is distinct from p.y or o.\"second.z\" is "
                                  "distinct from p.z"));
  std::cout << ours->num_rows() << " rows, " << different << " differ\n";
  return {};
}

}  // namespace

}  // namespace millgate

int main(int count, char** arguments) {
  const std::string folder =
      count > 1 ? arguments[1] : std::filesystem::temp_directory_path() / "millgate_bench_join";
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  const auto status = millgate::run(folder);
  if (count <= 1) std::filesystem::remove_all(folder, failed);
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << "error: " << status.error().what << '\n';
  return EXIT_FAILURE;
}
