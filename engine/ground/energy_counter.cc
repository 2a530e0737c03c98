#include "ground/energy_counter.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <utility>

#include "ground/file_store.h"

namespace millgate {

namespace {

/// The smallest counters, 65 kJ, hold for four minutes at 250 W.
constexpr auto kBetweenReadings = std::chrono::seconds(30);
constexpr std::string_view kZonePrefix = "intel-rapl:";

Result<std::string> line_of(const std::string& path) {
  MILLGATE_ASSIGN(std::string text, read_file(path));
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

Result<uint64_t> number_in(const std::string& path) {
  auto text = line_of(path);
  if (!text.ok()) {
    return Error{
        .code = ErrorCode::outside,
        .what = "the energy counter " + path + " cannot be read",
        .because = {text.error().what},
        .hint = "since Linux 5.10 only root may, unless somebody lets others: `chmod a+r " + path +
                "`, for as long as the machine runs"};
  }
  uint64_t number = 0;
  const char* const end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) {
    return outside_failure("the energy counter " + path + " holds `" + *text +
                           "`, which is no whole number");
  }
  return number;
}

/// `intel-rapl:0` has no part of another, `intel-rapl:0:1` is one.
bool is_part(std::string_view zone) {
  return zone.substr(kZonePrefix.size()).find(':') != std::string_view::npos;
}

/// The folders of the counters that add up to what the machine uses, sorted.
Result<std::vector<std::string>> counted_zones(const std::string& folder) {
  std::vector<std::string> zones;
  std::error_code failed;
  for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end;
       at.increment(failed)) {
    const std::string zone = at->path().filename().string();
    if (zone.rfind(kZonePrefix, 0) != 0) continue;
    MILLGATE_ASSIGN(const std::string name, line_of(at->path().string() + "/name"));
    if (is_part(zone) ? name == "dram" : name != "psys") zones.push_back(at->path().string());
  }
  std::sort(zones.begin(), zones.end());
  return zones;
}

}  // namespace

Result<std::unique_ptr<EnergyCounter>> EnergyCounter::start(const std::string& folder) {
  MILLGATE_ASSIGN(const std::vector<std::string> found, counted_zones(folder));
  if (found.empty()) {
    return not_found(std::string(kSilent) + " how much energy it uses: " + folder +
                         " has no counter `" + std::string(kZonePrefix) + "N`",
                     "measure on a machine with Linux and such counters; virtual machines seldom "
                     "have them");
  }
  std::vector<Zone> zones;
  zones.reserve(found.size());
  for (const std::string& path : found) {
    Zone zone{.energy_path = path + "/energy_uj"};
    MILLGATE_ASSIGN(zone.range_microjoules, number_in(path + "/max_energy_range_uj"));
    MILLGATE_ASSIGN(zone.last_microjoules, number_in(zone.energy_path));
    zones.push_back(std::move(zone));
  }
  return std::unique_ptr<EnergyCounter>(new EnergyCounter(std::move(zones)));
}

EnergyCounter::EnergyCounter(std::vector<Zone> zones)
    : zones_(std::move(zones)), watcher_([this] { watch(); }) {}

EnergyCounter::~EnergyCounter() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_over_ = true;
  }
  over_.notify_all();
  watcher_.join();
}

Result<double> EnergyCounter::joules() {
  const std::lock_guard<std::mutex> lock(mutex_);
  MILLGATE_TRY(failed_);
  MILLGATE_TRY(read_on());
  return static_cast<double>(microjoules_) * 1e-6;
}

Status EnergyCounter::read_on() {
  for (Zone& zone : zones_) {
    MILLGATE_ASSIGN(const uint64_t now, number_in(zone.energy_path));
    microjoules_ += now >= zone.last_microjoules
                        ? now - zone.last_microjoules
                        : zone.range_microjoules - zone.last_microjoules + now;
    zone.last_microjoules = now;
  }
  return {};
}

void EnergyCounter::watch() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!over_.wait_for(lock, kBetweenReadings, [this] { return is_over_; })) {
    failed_ = read_on();
    if (!failed_.ok()) return;
  }
}

}  // namespace millgate
