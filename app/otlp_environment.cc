#include "app/otlp_environment.h"

#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>

#include "system/serve/request_path.h"

namespace millgate {

namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// Appends what `name` says: "a=1,b=2", values percent-encoded. It may hold secrets.
Status take_pairs(const char* name, std::vector<std::pair<std::string, std::string>>& pairs) {
  const std::string text = variable(name);
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    const size_t equals = part.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      return invalid_input(std::string(name) + " is no list of name=value",
                           "write them as a=1,b=2");
    }
    pairs.emplace_back(std::string(part.substr(0, equals)),
                       percent_decoded(part.substr(equals + 1)));
  }
  return {};
}

/// Reads the number in `name`, if there is any, between `low` and `high`.
template <typename Number>
Status take_number(const char* name, Number low, Number high, Number& value) {
  const std::string text = variable(name);
  if (text.empty()) return {};
  Number read{};
  const char* const end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, read);
  if (fault != std::errc() || stop != end || !(read >= low && read <= high)) {
    return invalid_input(
        std::string(name) + " is `" + text + "`",
        "write a number between " + std::to_string(low) + " and " + std::to_string(high));
  }
  value = read;
  return {};
}

}  // namespace

Status take_otlp_environment(OtlpOptions& options, bool share_is_given) {
  if (options.endpoint.empty()) options.endpoint = variable("OTEL_EXPORTER_OTLP_ENDPOINT");
  if (variable("OTEL_SDK_DISABLED") == "true") options.endpoint.clear();
  if (options.endpoint.empty()) return {};
  const std::string protocol = variable("OTEL_EXPORTER_OTLP_PROTOCOL");
  if (!protocol.empty() && protocol != "http/protobuf") {
    return invalid_input(
        "OTEL_EXPORTER_OTLP_PROTOCOL is `" + protocol +
            "`; spans and metrics are sent as http/protobuf",
        "name the collector's port for that, by habit 4318, and unset the protocol");
  }
  MILLGATE_TRY(take_pairs("OTEL_EXPORTER_OTLP_HEADERS", options.headers));
  const std::string service = variable("OTEL_SERVICE_NAME");
  options.resource.emplace_back("service.name", service.empty() ? "millgate" : service);
  MILLGATE_TRY(take_pairs("OTEL_RESOURCE_ATTRIBUTES", options.resource));
  if (!share_is_given) {
    MILLGATE_TRY(take_number("OTEL_TRACES_SAMPLER_ARG", 0.0, 1.0, options.trace_share));
  }
  constexpr int64_t kDayMillis = 86'400'000;
  int64_t millis = options.metrics_every.count();
  MILLGATE_TRY(take_number("OTEL_METRIC_EXPORT_INTERVAL", int64_t{100}, kDayMillis, millis));
  options.metrics_every = std::chrono::milliseconds(millis);
  return {};
}

}  // namespace millgate
