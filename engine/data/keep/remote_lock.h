/// Of those who use a remote, many may add to it, or one may remove from it. Inside the room.
/// Format and rules: docs/formats/remote.md.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/file_store.h"

namespace millgate {

enum class RemoteUse : uint8_t {
  adds,     ///< Relies on objects that it found there, and refers to them later.
  removes,  ///< Takes away what nothing refers to.
};

/// Who is at work.
struct RemoteUser {
  std::string process;  ///< A `unique_name`.
  std::string author;
  std::string purpose;  ///< As people say it: "push", "backup of `flights`".
  Time since;           ///< By the world's clock, not that of the data.
};

/// A small file of the remote that says who is at work, until this goes. Whoever adds and whoever
/// removes looks for the other after its own file is there: of two at once at least one sees the
/// other, and gives way. Two who remove are one too many. The file is renewed while the work lasts;
/// one that was not for a day, or whose process on this machine is gone, was left behind and is
/// taken away.
class RemoteLock {
 public:
  /// Errors: `conflict` naming who is at work, what for and since when; `outside`.
  [[nodiscard]] static Result<std::unique_ptr<RemoteLock>> take(std::shared_ptr<FileStore> files,
                                                                RemoteUse use,
                                                                const std::string& purpose,
                                                                const std::string& author);
  /// Takes the file away. Where that fails it counts as left behind.
  ~RemoteLock();
  RemoteLock(const RemoteLock&) = delete;
  RemoteLock& operator=(const RemoteLock&) = delete;

 private:
  RemoteLock(std::shared_ptr<FileStore> files, RemoteUse use, RemoteUser user);
  [[nodiscard]] Status give_way_to_others();
  void renew();

  std::shared_ptr<FileStore> files_;
  RemoteUse use_;
  RemoteUser user_;
  std::string name_;
  std::mutex mutex_;
  std::condition_variable ends_;
  bool ended_ = false;
  std::thread renewing_;
};

}  // namespace millgate
