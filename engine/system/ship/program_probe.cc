#include "system/ship/program_probe.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>

#include "ground/child_process.h"
#include "ground/durable_file.h"
#include "ground/file_store.h"
#include "ground/json.h"
#include "model/measure/latency.h"
#include "system/ship/package.h"

namespace millgate {
namespace {

using Clock = std::chrono::steady_clock;

/// How long a server may take before it says where it listens.
constexpr double kStartSecondsMax = 60;

/// The model as in a package, and what its server writes; removed with everything in it.
class ProbeFolder {
 public:
  explicit ProbeFolder(const std::string& scratch)
      : path_(scratch + "/" + unique_name("served-")) {}
  ~ProbeFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ProbeFolder(const ProbeFolder&) = delete;
  ProbeFolder& operator=(const ProbeFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Status lay_down(const ObjectStore& objects, const Model& model, const std::string& folder) {
  Serving nowhere;
  nowhere.model = model.id();
  FileTree files;
  MILLGATE_TRY(add_packed_model(objects, model.manifest(), nowhere, files));
  for (const auto& [path, entry] : files.entries()) {
    if (!entry.is_folder) MILLGATE_TRY(write_file(folder + "/" + path, entry.bytes));
  }
  return {};
}

/// The most memory that the process has had resident at once since it became this program; what
/// the system tells of children that have ended counts the moment before, when they were we.
Result<double> memory_bytes_peak(const std::string& process) {
  std::ifstream file("/proc/" + process + "/status");
  constexpr std::string_view kName = "VmHWM:";
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kName)) return std::stod(line.substr(kName.size())) * 1024;
  }
  return outside_failure("/proc/" + process + "/status does not tell how much memory it uses");
}

/// One start of the server, and what was seen of it.
class ServedOnce {
 public:
  ServedOnce(const Model& model, const Block& rows, const ProgramProbeOptions& options)
      : model_(model), rows_(rows), options_(options) {}

  /// With `load`, all is measured; else the start alone.
  Status run(const std::string& folder, bool load) {
    ProcessOrder order;
    // The shell says its number and becomes the program.
    order.command = {"/bin/sh", "-c", "echo $$; exec \"$@\"", "sh"};
    // This very program, also when another was installed over it meanwhile.
    std::vector<std::string> words = options_.program;
    if (words.empty()) words = {"/proc/" + std::to_string(::getpid()) + "/exe"};
    for (const char* word : {"serve", "--package", ".", "--port", "0", "--json"}) {
      words.emplace_back(word);
    }
    order.command.insert(order.command.end(), words.begin(), words.end());
    order.folder = folder;
    order.seconds_max = kStartSecondsMax;
    order.on_line = [&](std::string_view line) { return take_line(std::string(line), load); };
    ProcessEnd end;
    Status ran = run_process(order, end);
    if (is_measured_) return {};
    if (!ran.ok()) return ran;
    return outside_failure("the server of model " + model_.id().brief() +
                           (end.fate == ProcessFate::out_of_time ? " did not say where it listens"
                                                                 : " ended before it answered") +
                           (end.errors.empty() ? std::string() : ": " + end.errors));
  }

  [[nodiscard]] double start_ms() const { return start_ms_; }
  [[nodiscard]] double memory() const { return memory_; }
  LatencyProbe& latency() { return latency_; }

 private:
  Status take_line(const std::string& line, bool load) {
    if (process_.empty()) {
      process_ = line;
      began_ = Clock::now();
      return {};
    }
    MILLGATE_ASSIGN(const Json told, parse_json(line, "what the server says"));
    MILLGATE_ASSIGN(const auto url, json_member<std::string>(told, "url", "what the server says"));
    MILLGATE_TRY(predict_first_row(url, model_, rows_));
    start_ms_ = std::chrono::duration<double, std::milli>(Clock::now() - began_).count();
    if (load) {
      MILLGATE_ASSIGN(latency_, measure_latency(url, model_, rows_, options_.load));
      MILLGATE_ASSIGN(memory_, memory_bytes_peak(process_));
    }
    is_measured_ = true;
    return outside_failure("all is measured");  // Ends the server.
  }

  const Model& model_;
  const Block& rows_;
  const ProgramProbeOptions& options_;
  std::string process_;
  Clock::time_point began_;
  bool is_measured_ = false;
  double start_ms_ = 0;
  double memory_ = 0;
  LatencyProbe latency_;
};

}  // namespace

Result<LatencyProbe> measure_program(const ObjectStore& objects, const Model& model,
                                     const Block& rows, const ProgramProbeOptions& options) {
  const ProbeFolder folder(options.scratch);
  MILLGATE_TRY(lay_down(objects, model, folder.path()));
  std::vector<double> starts;
  starts.reserve(static_cast<size_t>(options.starts));
  for (int i = 1; i < options.starts; ++i) {
    ServedOnce once(model, rows, options);
    MILLGATE_TRY(once.run(folder.path(), false));
    starts.push_back(once.start_ms());
  }
  ServedOnce last(model, rows, options);
  MILLGATE_TRY(last.run(folder.path(), true));
  starts.push_back(last.start_ms());
  LatencyProbe probe = std::move(last.latency());
  const auto add = [&](const char* metric, double value, const char* data, std::string note) {
    probe.evidence.push_back({.metric = metric,
                              .value = value,
                              .lower = std::nullopt,
                              .upper = std::nullopt,
                              .slice = {},
                              .row_count = 0,
                              .data = data,
                              .inputs = {model.id().hex()},
                              .note = std::move(note)});
  };
  add("start_ms", percentile(starts, 0.5), "served package",
      "the median of " + std::to_string(starts.size()) + " starts, its files in memory");
  add("memory_bytes_peak", last.memory(), "served package", "");
  add("model_size_bytes", static_cast<double>(model.size_bytes()), "model", "");
  return probe;
}

}  // namespace millgate
