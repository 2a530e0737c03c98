#include "system/serve/latency_probe.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "ground/durable_file.h"
#include "model/measure/latency.h"
#include "system/serve/client.h"
#include "system/serve/json_text.h"
#include "system/serve/json_value.h"
#include "system/serve/server.h"

namespace millgate {

namespace {

constexpr const char* kData = "loopback HTTP";
/// Request bodies made beforehand; more rows are not needed to vary the load.
constexpr size_t kBodiesMax = 1'000;

std::vector<std::string> request_bodies(const std::vector<Field>& inputs, const Block& rows) {
  std::vector<std::string> bodies;
  for (size_t row = 0; row < std::min(rows.rows, kBodiesMax); ++row) {
    std::string body = "{";
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (i > 0) body += ',';
      append_json_text(body, inputs[i].name);
      body += ':';
      append_json_value(body, rows.columns[i], row);
    }
    bodies.push_back(body + "}");
  }
  return bodies;
}

/// What one connection sends and what it measured.
struct Worker {
  std::string url;
  const std::vector<std::string>& bodies;
  size_t first_body = 0;
  int warm_up = 0;
  int requests = 0;
  std::vector<double> millis;
  int64_t sent = 0;

  Status run();
};

Status Worker::run() {
  MILLGATE_ASSIGN(HttpClient client, HttpClient::open(url));
  for (int i = 0; i < warm_up + requests; ++i) {
    const std::string& body = bodies[(first_body + static_cast<size_t>(i)) % bodies.size()];
    const auto begin = std::chrono::steady_clock::now();
    MILLGATE_ASSIGN(const HttpAnswer answer, client.post("/predict", body));
    const std::chrono::duration<double, std::milli> taken =
        std::chrono::steady_clock::now() - begin;
    if (answer.status != 200) {
      return outside_failure("latency probe: the answer was " + std::to_string(answer.status) +
                             ": " + answer.body.substr(0, 300));
    }
    ++sent;
    if (i >= warm_up) millis.push_back(taken.count());
  }
  return {};
}

/// Of all workers.
struct Answered {
  std::vector<double> millis;
  int64_t sent = 0;
};

Result<Answered> run_workers(const std::string& url, const std::vector<std::string>& bodies,
                             const LatencyProbeOptions& options) {
  const int count = std::max(1, options.connections);
  std::vector<Worker> workers;
  workers.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    workers.push_back({.url = url,
                       .bodies = bodies,
                       .first_body = static_cast<size_t>(i) * bodies.size() / 2,
                       .warm_up = options.warm_up / count,
                       .requests = std::max(1, options.requests / count),
                       .millis = {},
                       .sent = 0});
  }
  std::vector<Status> statuses(workers.size());
  std::vector<std::thread> threads;
  threads.reserve(workers.size());
  for (size_t i = 0; i < workers.size(); ++i) {
    threads.emplace_back([&, i] { statuses[i] = workers[i].run(); });
  }
  for (std::thread& thread : threads) thread.join();
  Answered answered;
  for (size_t i = 0; i < workers.size(); ++i) {
    MILLGATE_TRY(statuses[i]);
    const std::vector<double>& millis = workers[i].millis;
    answered.millis.insert(answered.millis.end(), millis.begin(), millis.end());
    answered.sent += workers[i].sent;
  }
  return answered;
}

/// A folder for the log of the probe, removed with everything in it.
class ProbeFolder {
 public:
  ProbeFolder()
      : path_((std::filesystem::temp_directory_path() / unique_name("millgate-probe-")).string()) {}
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

}  // namespace

Result<LatencyProbe> measure_latency(std::shared_ptr<const Model> model, const Block& rows,
                                     const LatencyProbeOptions& options) {
  const std::vector<Field>& inputs = model->features().inputs();
  if (rows.rows == 0 || rows.columns.size() != inputs.size()) {
    return invalid_input("latency probe of model " + model->id().brief() +
                         ": it needs rows with the columns of the model's inputs");
  }
  const std::vector<std::string> bodies = request_bodies(inputs, rows);
  const ProbeFolder folder;
  ServerOptions server_options;
  server_options.threads = std::max(1, options.connections);
  MILLGATE_ASSIGN(const auto server, Server::start_fixed(model, folder.path(), server_options));
  const auto counter = EnergyCounter::start(options.powercap);
  MILLGATE_ASSIGN(Answered answered, run_workers(server->url(), bodies, options));
  const auto joules = counter.ok() ? (*counter)->joules() : Result<double>(counter.error());
  server->stop();

  const auto evidence = [&](const char* metric, double value, const char* data, size_t count) {
    return Evidence{.metric = metric,
                    .value = value,
                    .lower = std::nullopt,
                    .upper = std::nullopt,
                    .slice = {},
                    .row_count = static_cast<int64_t>(count),
                    .data = data,
                    .inputs = {model->id().hex()}};
  };
  std::vector<double>& millis = answered.millis;
  LatencyProbe probe;
  probe.evidence = {
      evidence("latency_ms_p50", percentile(millis, 0.50), kData, millis.size()),
      evidence("latency_ms_p99", percentile(millis, 0.99), kData, millis.size()),
      evidence("model_size_bytes", static_cast<double>(model->size_bytes()), "model", 0)};
  if (joules.ok()) {
    const auto sent = static_cast<double>(answered.sent);
    probe.evidence.push_back(evidence("energy_joules_per_1000", *joules * 1000 / sent, kData,
                                      static_cast<size_t>(answered.sent)));
  } else {
    const Error& error = joules.error();
    probe.unmeasured.push_back(
        {"energy_joules_per_1000", "",
         error.what + (error.hint.empty() ? std::string() : "; " + error.hint)});
  }
  return probe;
}

}  // namespace millgate
