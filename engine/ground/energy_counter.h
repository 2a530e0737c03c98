/// How much energy the machine used while something ran, where it tells: Linux' powercap counters.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// Counts from `start` on, over all processors of the machine and, where it is counted apart, their
/// memory: everything that the machine does meanwhile, its rest included. A counter that reaches
/// its end begins again; it is read every half minute, so that this is seen however long it runs.
///
/// Read are the zones `intel-rapl:N` (AMD's processors are told under that name too) that are no
/// `psys`, which holds the others, and of their parts `dram`, which no package holds.
/// https://docs.kernel.org/power/powercap/powercap.html
///
/// One thread starts and reads it.
class EnergyCounter {
 public:
  static constexpr const char* kPowercap = "/sys/class/powercap";
  /// What is said in place of a figure.
  static constexpr const char* kSilent = "this machine does not tell";

  /// `folder`: as `kPowercap`. Errors: `not_found` ("this machine does not tell ...") without any
  /// zone; `outside` when a counter cannot be read or is no number, with what would let it be read.
  [[nodiscard]] static Result<std::unique_ptr<EnergyCounter>> start(
      const std::string& folder = kPowercap);
  ~EnergyCounter();
  EnergyCounter(const EnergyCounter&) = delete;
  EnergyCounter& operator=(const EnergyCounter&) = delete;

  /// Since the start. Errors: `outside` when a counter could not be read any more.
  [[nodiscard]] Result<double> joules();

 private:
  /// One counter.
  struct Zone {
    std::string energy_path;
    uint64_t range_microjoules = 0;  ///< Where it begins again.
    uint64_t last_microjoules = 0;
  };

  explicit EnergyCounter(std::vector<Zone> zones);
  /// Adds what was used since the last reading.
  [[nodiscard]] Status read_on();
  void watch();

  std::mutex mutex_;
  std::vector<Zone> zones_;
  uint64_t microjoules_ = 0;
  Status failed_;
  bool is_over_ = false;
  std::condition_variable over_;
  std::thread watcher_;
};

}  // namespace millgate
