#include "data/online/online_settings.h"

#include "data/online/lmdb_store.h"
#include "data/online/redis_store.h"

namespace millgate {
namespace {

/// Less holds no two versions of anything.
constexpr int64_t kSizeBytesMin = 1 << 20;

}  // namespace

Result<OnlineSettings> read_online_settings(Section section, const std::string& project) {
  OnlineSettings settings;
  MILLGATE_ASSIGN(const std::string address, section.text_or("address", ""));
  MILLGATE_ASSIGN(settings.prefix, section.text_or("prefix", project));
  MILLGATE_ASSIGN(const auto size, section.integer("size_bytes_max"));
  MILLGATE_TRY(section.finish());
  if (section.has("address")) {
    auto read = read_redis_address(address);
    if (!read.ok()) return section.error_at("address", read.error().what, read.error().hint);
    settings.address = std::move(*read);
  }
  if (settings.prefix.find_first_of("{}") != std::string::npos) {
    return section.error_at("prefix", "`prefix` has a brace, which Redis takes for a hash tag",
                            "for example: prefix = \"trips\"");
  }
  // What has no effect would mislead.
  if (settings.address && size) {
    return section.error_at("size_bytes_max", "`size_bytes_max` is not of a Redis server",
                            "set `maxmemory` in the server's configuration");
  }
  if (!settings.address && section.has("prefix")) {
    return section.error_at("prefix", "`prefix` is of a Redis server, and none is named",
                            "add for example: address = \"redis://localhost\"");
  }
  settings.size_bytes_max = size.value_or(settings.size_bytes_max);
  if (settings.size_bytes_max < kSizeBytesMin) {
    return section.error_at("size_bytes_max", "`size_bytes_max` is less than a megabyte",
                            "for example: size_bytes_max = 10_000_000_000");
  }
  return settings;
}

bool has_online_store(const OnlineSettings& settings, const std::string& folder) {
  return settings.address || has_lmdb_store(folder);
}

std::string online_place(const OnlineSettings& settings) {
  if (!settings.address) return "the folder `.millgate/online`";
  return "the keys `" + redis_key_prefix(settings.prefix) + "*` of " + settings.address->text;
}

Result<std::shared_ptr<OnlineStore>> open_online_store(const OnlineSettings& settings,
                                                       const std::string& folder) {
  if (settings.address) {
    return open_redis_store({.address = *settings.address, .prefix = settings.prefix});
  }
  return open_lmdb_store({.folder = folder, .size_bytes_max = settings.size_bytes_max});
}

}  // namespace millgate
