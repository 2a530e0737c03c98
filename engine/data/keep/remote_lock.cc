#include "data/keep/remote_lock.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "ground/clock.h"
#include "ground/durable_file.h"
#include "ground/format_version.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr const char* kFormat = "millgate remote lock";
constexpr int64_t kFormatVersion = 1;
constexpr const char* kLocks = "locks/";
constexpr const char* kAdds = "locks/adds-";
constexpr const char* kRemoves = "locks/removes-";
constexpr std::chrono::minutes kRenewedEvery{10};
constexpr int64_t kLeftBehindAfterMicros = int64_t{24} * 3600 * 1'000'000;

Time now() {
  return {std::chrono::duration_cast<std::chrono::microseconds>(
              std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

std::string text_of(const RemoteUser& user) {
  const Json json = {{"format", kFormat},          {"version", kFormatVersion},
                     {"process", user.process},    {"author", user.author},
                     {"purpose", user.purpose},    {"since", to_string(user.since)},
                     {"renewed", to_string(now())}};
  return dump_json_pretty(json) + "\n";
}

struct ToldUse {
  RemoteUser user;
  Time renewed;
};

Result<ToldUse> parse_lock(const std::string& text, const std::string& object) {
  MILLGATE_ASSIGN(const Json json, parse_json(text, object));
  MILLGATE_TRY(read_format_version(json, kFormat, {.oldest = 1, .newest = kFormatVersion}, object));
  ToldUse told;
  MILLGATE_ASSIGN(told.user.process, json_member<std::string>(json, "process", object));
  MILLGATE_ASSIGN(told.user.author, json_member<std::string>(json, "author", object));
  MILLGATE_ASSIGN(told.user.purpose, json_member<std::string>(json, "purpose", object));
  MILLGATE_ASSIGN(const auto since, json_member<std::string>(json, "since", object));
  MILLGATE_ASSIGN(told.user.since, parse_time(since));
  MILLGATE_ASSIGN(const auto renewed, json_member<std::string>(json, "renewed", object));
  MILLGATE_ASSIGN(told.renewed, parse_time(renewed));
  return told;
}

bool is_left_behind(const ToldUse& told) {
  if (now().micros - told.renewed.micros > kLeftBehindAfterMicros) return true;
  return !is_of_running_process(told.user.process).value_or(true);
}

/// Who holds the lock `name`. Nobody when it is gone, or was left behind: then it is taken away.
Result<std::optional<RemoteUser>> holder_of(FileStore& files, const std::string& name) {
  const auto text = files.read(name);
  if (!text.ok() && text.error().code == ErrorCode::not_found) return std::optional<RemoteUser>();
  if (!text.ok()) return text.error();
  MILLGATE_ASSIGN(ToldUse told, parse_lock(*text, "`" + name + "` of the remote"));
  if (!is_left_behind(told)) return std::optional<RemoteUser>(std::move(told.user));
  const Status removed = files.remove(name);
  if (!removed.ok() && removed.error().code != ErrorCode::not_found) return removed.error();
  return std::optional<RemoteUser>();
}

}  // namespace

Result<std::unique_ptr<RemoteLock>> RemoteLock::take(std::shared_ptr<FileStore> files,
                                                     RemoteUse use, const std::string& purpose,
                                                     const std::string& author) {
  RemoteUser user{.process = unique_name(""), .author = author, .purpose = purpose, .since = now()};
  std::unique_ptr<RemoteLock> lock(new RemoteLock(std::move(files), use, std::move(user)));
  MILLGATE_TRY(lock->files_->create(lock->name_, text_of(lock->user_)));
  MILLGATE_TRY(lock->give_way_to_others());
  lock->renewing_ = std::thread([raw = lock.get()] { raw->renew(); });
  return lock;
}

RemoteLock::RemoteLock(std::shared_ptr<FileStore> files, RemoteUse use, RemoteUser user)
    : files_(std::move(files)),
      use_(use),
      user_(std::move(user)),
      name_((use == RemoteUse::adds ? kAdds : kRemoves) + user_.process) {}

RemoteLock::~RemoteLock() {
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
  }
  ends_.notify_all();
  if (renewing_.joinable()) renewing_.join();
  (void)files_->remove(name_);
}

Status RemoteLock::give_way_to_others() {
  MILLGATE_ASSIGN(const auto names, files_->list(use_ == RemoteUse::adds ? kRemoves : kLocks));
  for (const std::string& name : names) {
    if (name == name_) continue;
    MILLGATE_ASSIGN(const auto other, holder_of(*files_, name));
    if (!other) continue;
    return Error{.code = ErrorCode::conflict,
                 .what = "the remote is in use: `" + other->author + "` is at work there (" +
                         other->purpose + ", since " + to_string(other->since) + ")",
                 .hint = "try again when that has ended; should its machine have died, remove `" +
                         name + "` from the remote"};
  }
  return {};
}

void RemoteLock::renew() {
  std::unique_lock lock(mutex_);
  while (!ends_.wait_for(lock, kRenewedEvery, [&] { return ended_; })) {
    (void)files_->write(name_, text_of(user_));  // The next time may succeed; a day is long.
  }
}

}  // namespace millgate
