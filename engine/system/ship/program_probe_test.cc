#include "system/ship/program_probe.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <sstream>

#include "ground/file_store.h"
#include "system/serve/server.h"
#include "system/serve/test_model.h"
#include "system/ship/package.h"

namespace millgate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The tests are no millgate, so a script stands for its start: it may look at the folder, and
/// tells where a server in this process listens.
class ProgramProbe : public ::testing::Test {
 protected:
  ProgramProbe() {
    options_.scratch = project_.repository->folder("scratch");
    options_.load = {.requests = 30,
                     .warm_up = 3,
                     .connections = 2,
                     .throughput_seconds = 0.02,
                     .powercap = project_.folder.path("none")};
  }
  Result<LatencyProbe> measure(const std::string& script) {
    options_.program = {"/bin/sh", "-c", script, "millgate"};
    return measure_program(project_.repository->objects(), *model_, test_rows(20), options_);
  }
  std::string say_where() {
    return "echo '{\"url\":\"" + server_->url() + "\",\"serving\":\"x\"}'; exec sleep 60";
  }

  ServedProject project_;
  std::shared_ptr<const Model> model_ = project_.model();
  std::unique_ptr<Server> server_ =
      *Server::start_fixed(model_, project_.folder.path("state"), {.threads = 2});
  ProgramProbeOptions options_;
};

TEST_F(ProgramProbe, StartsWhatAPackageHoldsAndMeasuresIt) {
  const std::string notes = project_.folder.path("notes");
  const auto probe = measure("sleep 0.2; echo $$ \"$@\" >>" + notes + "; cp -r . " + notes +
                             "-$$; " + say_where());
  ASSERT_TRUE(probe.ok()) << probe.error().what;
  std::vector<std::string> metrics;
  metrics.reserve(probe->evidence.size());
  for (const Evidence& one : probe->evidence) metrics.push_back(one.metric);
  ASSERT_THAT(metrics, ElementsAre("latency_ms_p50", "latency_ms_p99", "throughput_per_s",
                                   "start_ms", "memory_bytes_peak", "model_size_bytes"));
  const Evidence& start = probe->evidence[3];
  EXPECT_GE(start.value, 200);
  EXPECT_LT(start.value, 5'000);
  EXPECT_THAT(start.note, HasSubstr("3 starts"));
  // Of the script, which is small, and not of this process, which holds Arrow and the model.
  EXPECT_GT(probe->evidence[4].value, 100e3);
  EXPECT_LT(probe->evidence[4].value, 20e6);
  EXPECT_EQ(probe->evidence[5].value, static_cast<double>(model_->size_bytes()));

  std::istringstream lines(*read_file(notes));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const std::string process = line.substr(0, line.find(' '));
    EXPECT_EQ(line.substr(process.size()), " serve --package . --port 0 --json");
    EXPECT_FALSE(std::filesystem::exists("/proc/" + process))
        << "process " << process << " is left";
    const auto packed = open_package(notes + "-" + process);
    ASSERT_TRUE(packed.ok()) << packed.error().what;
    EXPECT_EQ((*packed)->id(), model_->id());
  }
  EXPECT_EQ(count, 3);
  EXPECT_TRUE(std::filesystem::is_empty(options_.scratch));
}

TEST_F(ProgramProbe, SaysWhyThereIsNoFigure) {
  const struct {
    std::string script, says;
  } cases[] = {
      {"echo 'no room in the inn' >&2; exit 3", "ended before it answered: no room in the inn"},
      {"echo nonsense; exec sleep 60", "what the server says"},
      {"echo '{\"url\":\"http://127.0.0.1:1\"}'; exec sleep 60", "127.0.0.1"},
  };
  for (const auto& one : cases) {
    const auto probe = measure(one.script);
    ASSERT_FALSE(probe.ok()) << one.script;
    EXPECT_THAT(probe.error().what, HasSubstr(one.says));
    EXPECT_TRUE(std::filesystem::is_empty(options_.scratch));
  }
  options_.program = {"/no/such/program"};
  const auto probe =
      measure_program(project_.repository->objects(), *model_, test_rows(1), options_);
  EXPECT_EQ(probe.error().code, ErrorCode::outside);
  const auto rowless = measure_program(project_.repository->objects(), *model_, Block(), options_);
  EXPECT_FALSE(rowless.ok());
}

}  // namespace
}  // namespace millgate
