#include "system/serve/latency_probe.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "model/measure/latency.h"
#include "system/serve/client.h"
#include "system/serve/json_text.h"
#include "system/serve/json_value.h"

namespace millgate {

namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kData = "loopback HTTP";
/// Request bodies made beforehand; more rows are not needed to vary the load.
constexpr size_t kBodiesMax = 1'000;

/// Errors: `invalid_input` when there is no row.
Result<std::vector<std::string>> request_bodies(const Model& model, const Block& rows,
                                                size_t count_max) {
  const std::vector<Field>& inputs = model.features().inputs();
  if (rows.rows == 0 || rows.columns.size() != inputs.size()) {
    return invalid_input("latency probe of model " + model.id().brief() +
                         ": it needs rows with the columns of the model's inputs");
  }
  std::vector<std::string> bodies;
  bodies.reserve(std::min(rows.rows, count_max));
  for (size_t row = 0; row < std::min(rows.rows, count_max); ++row) {
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

/// One connection.
class Asker {
 public:
  static Result<Asker> open(const std::string& url, const std::vector<std::string>& bodies,
                            size_t first) {
    MILLGATE_ASSIGN(HttpClient client, HttpClient::open(url));
    return Asker(std::move(client), bodies, first);
  }

  /// How many milliseconds the next prediction takes.
  Result<double> ask() {
    const std::string& body = (*bodies_)[next_++ % bodies_->size()];
    const auto begin = Clock::now();
    MILLGATE_ASSIGN(const HttpAnswer answer, client_.post("/predict", body));
    const std::chrono::duration<double, std::milli> taken = Clock::now() - begin;
    if (answer.status == 200) return taken.count();
    return outside_failure("latency probe: the answer was " + std::to_string(answer.status) + ": " +
                           answer.body.substr(0, 300));
  }

 private:
  Asker(HttpClient client, const std::vector<std::string>& bodies, size_t first)
      : client_(std::move(client)), bodies_(&bodies), next_(first) {}
  HttpClient client_;
  const std::vector<std::string>* bodies_;
  size_t next_;
};

Result<std::vector<double>> ask_in_turn(Asker& asker, const LatencyProbeOptions& options) {
  std::vector<double> millis;
  millis.reserve(static_cast<size_t>(options.requests));
  for (int i = 0; i < options.warm_up + options.requests; ++i) {
    MILLGATE_ASSIGN(const double taken, asker.ask());
    if (i >= options.warm_up) millis.push_back(taken);
  }
  return millis;
}

/// What all connections together had answered.
struct Answered {
  int64_t count = 0;
  double seconds = 0;
};

Result<Answered> ask_at_once(const std::string& url, const std::vector<std::string>& bodies,
                             const LatencyProbeOptions& options) {
  const auto count = static_cast<size_t>(options.connections);
  std::vector<Asker> askers;
  askers.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const size_t first = bodies.size() * i / count;
    MILLGATE_ASSIGN(Asker asker, Asker::open(url, bodies, first));
    MILLGATE_TRY(asker.ask());  // Connected before the clock runs.
    askers.push_back(std::move(asker));
  }
  std::vector<Status> statuses(askers.size());
  std::vector<int64_t> counts(askers.size());
  const auto begin = Clock::now();
  const std::chrono::duration<double> span(options.throughput_seconds);
  std::vector<std::thread> threads;
  threads.reserve(askers.size());
  for (size_t i = 0; i < askers.size(); ++i) {
    threads.emplace_back([&, i] {
      while (statuses[i].ok() && Clock::now() - begin < span) {
        const auto taken = askers[i].ask();
        if (taken.ok())
          ++counts[i];
        else
          statuses[i] = taken.error();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Answered answered;
  answered.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  for (size_t i = 0; i < askers.size(); ++i) {
    MILLGATE_TRY(statuses[i]);
    answered.count += counts[i];
  }
  return answered;
}

}  // namespace

Status predict_first_row(const std::string& url, const Model& model, const Block& rows) {
  MILLGATE_ASSIGN(const std::vector<std::string> bodies, request_bodies(model, rows, 1));
  MILLGATE_ASSIGN(Asker asker, Asker::open(url, bodies, 0));
  MILLGATE_TRY(asker.ask());
  return {};
}

Result<LatencyProbe> measure_latency(const std::string& url, const Model& model, const Block& rows,
                                     const LatencyProbeOptions& options) {
  MILLGATE_ASSIGN(const std::vector<std::string> bodies, request_bodies(model, rows, kBodiesMax));
  MILLGATE_ASSIGN(Asker asker, Asker::open(url, bodies, 0));
  const auto counter = EnergyCounter::start(options.powercap);
  MILLGATE_ASSIGN(std::vector<double> millis, ask_in_turn(asker, options));
  const auto joules = counter.ok() ? (*counter)->joules() : Result<double>(counter.error());
  MILLGATE_ASSIGN(const Answered answered, ask_at_once(url, bodies, options));

  LatencyProbe probe;
  const auto add = [&](const char* metric, double value, int64_t count, std::string note) {
    probe.evidence.push_back({.metric = metric,
                              .value = value,
                              .lower = std::nullopt,
                              .upper = std::nullopt,
                              .slice = {},
                              .row_count = count,
                              .data = kData,
                              .inputs = {model.id().hex()},
                              .note = std::move(note)});
  };
  const auto asked = static_cast<int64_t>(millis.size());
  add("latency_ms_p50", percentile(millis, 0.50), asked, "");
  add("latency_ms_p99", percentile(millis, 0.99), asked, "");
  add("throughput_per_s", static_cast<double>(answered.count) / answered.seconds, answered.count,
      std::to_string(options.connections) + " connections, asked from the same machine");
  if (joules.ok()) {
    const int64_t sent = asked + options.warm_up;
    add("energy_joules_per_1000", *joules * 1000 / static_cast<double>(sent), sent, "");
  } else {
    const Error& error = joules.error();
    probe.unmeasured.push_back(
        {"energy_joules_per_1000", "",
         error.what + (error.hint.empty() ? std::string() : "; " + error.hint)});
  }
  return probe;
}

}  // namespace millgate
