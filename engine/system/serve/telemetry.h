/// What the server counts about itself, as Prometheus reads it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/online/online_reader.h"
#include "ground/clock.h"
#include "model/measure/latency.h"
#include "system/serve/message.h"
#include "system/serve/prediction_log.h"
#include "system/serve/served_model.h"

namespace millgate {

/// A histogram of /metrics: its family, its labels, and what they stand for.
struct TextHistogram {
  std::string family;
  std::vector<std::pair<std::string, std::string>> labels;
  const LatencyHistogram* counts = nullptr;
};

/// A project as /metrics tells of it.
struct MeteredProject {
  const PredictionLog* log = nullptr;                  ///< Null: nothing is logged.
  std::shared_ptr<const ServedModel> model = nullptr;  ///< Null: none is loaded.
};

/// A view of an online store, and the labels by which it is told from those of other projects.
struct MeteredView {
  std::vector<std::pair<std::string, std::string>> labels = {};
  OnlineView view;
};

/// Wait-free counters; any number of threads.
class Telemetry {
 public:
  /// One answered request; `nanos` from its last byte to its answer.
  void count(Route route, int status, int64_t nanos);

  std::atomic<int64_t> requests_in_flight{0};
  std::atomic<int64_t> slow_requests{0};  ///< Waiting or worked on, of those that take long.
  std::atomic<int64_t> connections{0};
  std::atomic<int64_t> requests_over_rate{0};  ///< Refused, since their client asks too often.
  std::atomic<int64_t> tls_failures{0};        ///< Handshakes that failed.
  std::atomic<int64_t> certificate_ends{0};    ///< Unix time in seconds; 0: there is no TLS.
  std::atomic<bool> renewal_failed{false};  ///< The certificate's files cannot be used as they are.
  std::atomic<int64_t> predictions{0};
  std::atomic<int64_t> rows_with_warnings{0};
  std::atomic<int64_t> feedback_labels{0};
  std::atomic<int64_t> feedback_outcomes{0};
  /// Reads of a view for a row, by OnlineState.
  std::array<std::atomic<int64_t>, kOnlineStateCount> online_reads{};
  std::atomic<int64_t> pushed_rows{0};
  std::atomic<int64_t> model_loads{0};
  std::atomic<int64_t> model_load_failures{0};

  /// The text of /metrics, format 0.0.4; `now` tells whether an override has ended.
  [[nodiscard]] std::string prometheus_text(std::span<const MeteredProject> projects,
                                            Time now) const;
  /// The histograms of that text, as they were counted; `projects` keeps them.
  [[nodiscard]] std::vector<TextHistogram> histograms(
      std::span<const MeteredProject> projects) const;
  /// What is added to it about online stores; `now` tells how old their rows are.
  [[nodiscard]] std::string online_text(const std::vector<MeteredView>& views, Time now) const;

 private:
  /// Statuses that are counted apart; any other counts as the last.
  static constexpr std::array<int, 18> kStatuses = {200, 400, 401, 403, 404, 405, 406, 408, 409,
                                                    413, 415, 429, 431, 501, 503, 504, 505, 500};
  std::array<std::array<std::atomic<uint64_t>, kStatuses.size()>, kRouteCount> answered_{};
  std::array<LatencyHistogram, kRouteCount> latency_;
};

}  // namespace millgate
