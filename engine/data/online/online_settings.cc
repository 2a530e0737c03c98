#include "data/online/online_settings.h"

#include "data/online/lmdb_store.h"

namespace millgate {
namespace {

/// Less holds no two versions of anything.
constexpr int64_t kSizeBytesMin = 1 << 20;

}  // namespace

Result<OnlineSettings> read_online_settings(Section section) {
  OnlineSettings settings;
  MILLGATE_ASSIGN(const auto size, section.integer("size_bytes_max"));
  settings.size_bytes_max = size.value_or(settings.size_bytes_max);
  if (settings.size_bytes_max < kSizeBytesMin) {
    return section.error_at("size_bytes_max", "`size_bytes_max` is less than a megabyte",
                            "for example: size_bytes_max = 10_000_000_000");
  }
  MILLGATE_TRY(section.finish());
  return settings;
}

Result<std::shared_ptr<OnlineStore>> open_online_store(const OnlineSettings& settings,
                                                       const std::string& folder) {
  return open_lmdb_store({.folder = folder, .size_bytes_max = settings.size_bytes_max});
}

}  // namespace millgate
