#include "system/serve/tracer.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <random>

namespace millgate {

namespace {

/// Beyond it a `tracestate` may be dropped as a whole (W3C Trace Context, 3.3.1.5).
constexpr size_t kStateMax = 512;

std::mt19937_64& random_source() {
  thread_local std::mt19937_64 source = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  return source;
}

template <typename Id>
Id random_id() {
  Id id{};
  for (size_t at = 0; at < id.size(); at += sizeof(uint64_t)) {
    const uint64_t part = random_source()();
    std::memcpy(id.data() + at, &part, sizeof part);
  }
  id.back() |= 1U;
  return id;
}

}  // namespace

SpanId make_span_id() { return random_id<SpanId>(); }

uint64_t unix_nanos() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::nanoseconds(now).count());
}

std::unique_ptr<RequestSpan> Tracer::begin(const HttpRequest& request) {
  const auto caller = parse_traceparent(request.header("traceparent"));
  if (caller && !caller->is_sampled) return nullptr;
  if (!caller && std::uniform_real_distribution<double>(0, 1)(random_source()) >= share_) {
    return nullptr;
  }
  auto span = std::make_unique<RequestSpan>();
  span->trace = caller ? caller->trace : random_id<TraceId>();
  span->id = make_span_id();
  if (caller) {
    span->parent = caller->parent;
    const std::string_view state = request.header("tracestate");
    if (state.size() <= kStateMax) span->state = state;
  }
  span->times.begin = unix_nanos();
  return span;
}

void Tracer::end(std::unique_ptr<RequestSpan> span, const HttpRequest& request,
                 const HttpResponse& response) {
  if (span == nullptr) return;
  span->times.end = unix_nanos();
  span->has_failed = response.status >= 500;
  const std::string method(request.method.substr(0, 20));
  const std::string route(to_string(response.route));
  span->name = method + " " + route;
  const std::string_view path = request.target.substr(0, request.target.find('?'));
  span->attributes.emplace_back("http.request.method", method);
  span->attributes.emplace_back("http.route", route);
  span->attributes.emplace_back("url.path", std::string(path.substr(0, 200)));
  span->attributes.emplace_back("http.response.status_code", int64_t{response.status});
  span->attributes.emplace_back("millgate.request_id", response.request_id);
  if (request.is_grpc) span->attributes.emplace_back("rpc.system", std::string("grpc"));
  if (!response.failure.empty()) {
    span->attributes.emplace_back("error.message", response.failure.substr(0, 500));
  }
  const std::scoped_lock lock(mutex_);
  if (ended_.size() >= spans_max_) {
    lost.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  ended_.push_back(*std::move(span));
}

std::vector<RequestSpan> Tracer::take(size_t count) {
  const std::scoped_lock lock(mutex_);
  const auto end = ended_.begin() + static_cast<ptrdiff_t>(std::min(count, ended_.size()));
  std::vector<RequestSpan> taken(std::make_move_iterator(ended_.begin()),
                                 std::make_move_iterator(end));
  ended_.erase(ended_.begin(), end);
  return taken;
}

std::string Tracer::prometheus_text() const {
  const std::string name = "millgate_otlp_spans_total";
  return "# HELP " + name + " Recorded requests by what became of them.\n# TYPE " + name +
         " counter\n" + name + "{state=\"sent\"} " + std::to_string(sent.load()) + "\n" + name +
         "{state=\"lost\"} " + std::to_string(lost.load()) + "\n";
}

void note_stage(RequestSpan& span, Stage stage, std::chrono::nanoseconds taken) {
  const uint64_t now = unix_nanos();
  const auto nanos = static_cast<uint64_t>(taken.count());
  span.stages.emplace_back(stage, SpanTimes{now - nanos, now});
}

}  // namespace millgate
