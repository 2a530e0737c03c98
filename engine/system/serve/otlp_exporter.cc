#include "system/serve/otlp_exporter.h"

#include <algorithm>

#include "ground/http_call.h"
#include "ground/program_version.h"

namespace millgate {

namespace {

constexpr std::chrono::seconds kSpansEvery{1};
constexpr size_t kBatch = 512;
constexpr std::chrono::seconds kTimeout{10};
constexpr std::chrono::seconds kLastTimeout{2};
/// Between tries while a collector does not answer; doubles up to the second one.
constexpr std::chrono::seconds kFirstPause{1};
constexpr std::chrono::seconds kLongestPause{32};

bool may_pass(int status) { return status == 0 || status == 429 || status >= 500; }

}  // namespace

Result<std::unique_ptr<OtlpExporter>> OtlpExporter::start(const OtlpOptions& options,
                                                          Tracer& tracer,
                                                          std::function<std::string()> metrics) {
  if (!options.endpoint.starts_with("http://") && !options.endpoint.starts_with("https://")) {
    return invalid_input("the address of the OTLP collector is no http or https URL",
                         "for example http://127.0.0.1:4318; gRPC's port 4317 is another protocol");
  }
  std::unique_ptr<OtlpExporter> exporter(new OtlpExporter(options, tracer, std::move(metrics)));
  exporter->thread_ = std::thread([raw = exporter.get()] { raw->run(); });
  return exporter;
}

OtlpExporter::OtlpExporter(OtlpOptions options, Tracer& tracer,
                           std::function<std::string()> metrics)
    : options_(std::move(options)), tracer_(tracer), metrics_(std::move(metrics)) {
  while (options_.endpoint.ends_with('/')) options_.endpoint.pop_back();
  resource_ = options_.resource;
  resource_.emplace_back("service.version", std::string(kProgramVersion));
  resource_.emplace_back("telemetry.sdk.name", "millgate");
  resource_.emplace_back("telemetry.sdk.language", "cpp");
}

OtlpExporter::~OtlpExporter() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void OtlpExporter::run() {
  auto next_metrics = std::chrono::steady_clock::now() + options_.metrics_every;
  std::chrono::seconds pause = kFirstPause;
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, std::max(kSpansEvery, pause), [&] { return ending_; })) {
    lock.unlock();
    pause = send_spans(kTimeout) ? kFirstPause : std::min(pause * 2, kLongestPause);
    const auto now = std::chrono::steady_clock::now();
    if (now >= next_metrics) {
      send_metrics(kTimeout);
      next_metrics = now + options_.metrics_every;
    }
    lock.lock();
  }
  lock.unlock();
  send_spans(kLastTimeout);
  send_metrics(kLastTimeout);
}

bool OtlpExporter::send_spans(std::chrono::milliseconds timeout) {
  while (true) {
    if (kept_.empty()) kept_ = tracer_.take(kBatch);
    if (kept_.empty()) return true;
    const int status = send("/v1/traces", otlp_traces(resource_, kept_), timeout);
    if (may_pass(status)) return false;
    const auto count = static_cast<int64_t>(kept_.size());
    const bool is_taken = status >= 200 && status < 300;
    (is_taken ? tracer_.sent : tracer_.lost).fetch_add(count, std::memory_order_relaxed);
    kept_.clear();
  }
}

void OtlpExporter::send_metrics(std::chrono::milliseconds timeout) {
  const Result<std::string> body = otlp_metrics(resource_, metrics_(), begun_, unix_nanos());
  // Cumulative: the next one says what this one would have said.
  if (body.ok()) static_cast<void>(send("/v1/metrics", *body, timeout));
}

int OtlpExporter::send(const char* path, const std::string& body,
                       std::chrono::milliseconds timeout) const {
  HttpCall call{.url = options_.endpoint + path,
                .body = body,
                .headers = {{"Content-Type", "application/x-protobuf"}},
                .timeout = timeout};
  call.headers.insert(call.headers.end(), options_.headers.begin(), options_.headers.end());
  const Result<HttpReply> reply = http_call(call);
  return reply.ok() ? reply->status : 0;
}

}  // namespace millgate
