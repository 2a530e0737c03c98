/// Objects that travel between a project and a remote. Inside the room.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "data/keep/reference.h"
#include "data/store/forgotten.h"
#include "data/store/object_store.h"
#include "ground/error.h"
#include "ground/file_store.h"
#include "ground/id.h"

namespace millgate {

/// Runs `work` over `ids`, `at_once` at a time, until one fails.
[[nodiscard]] Status for_each_at_once(const std::vector<Id>& ids, unsigned at_once,
                                      const std::function<Status(const Id&)>& work);

/// Counts what travels. Any thread may count.
class TransferCount {
 public:
  /// `progress` (may be empty): objects done, and expected so far.
  explicit TransferCount(std::function<void(int64_t done, int64_t total)> progress)
      : progress_(std::move(progress)) {}
  void expect(size_t count) { total_ += static_cast<int64_t>(count); }
  void add(size_t size_bytes, bool travelled);
  /// Of those that travelled; when no thread counts any more.
  [[nodiscard]] int64_t object_count() const { return object_count_; }
  [[nodiscard]] int64_t object_bytes() const { return object_bytes_; }

 private:
  std::function<void(int64_t, int64_t)> progress_;
  std::mutex mutex_;
  int64_t done_ = 0;
  int64_t object_count_ = 0;
  int64_t object_bytes_ = 0;
  std::atomic<int64_t> total_ = 0;
};

/// Writes the object whose proved bytes are `bytes`, unless one of that size is there; in a folder
/// it is read back. Errors: `damaged`, `outside`.
[[nodiscard]] Status send_object(FileStore& files, const Id& id, std::string_view bytes,
                                 TransferCount& count);

struct FetchOptions {
  unsigned at_once = 8;
  /// Also objects that are only named, where the remote has them.
  bool named_too = false;
  /// Takes an object that the remote lacks or has damaged, and what it needs, as lost, where it
  /// may be empty: then that is an error. Not called by two threads at once.
  std::function<void(const Id&, const Error&)> lose = {};
};

/// Gets what `roots` name, and everything that those need but `known` objects and what they need;
/// of versions that were rewritten what they are by now. Each is proved.
/// Errors: `not_found`, `damaged`, `outside`.
[[nodiscard]] Status fetch_closure(ObjectStore& objects, const FileStore& files,
                                   const Forgotten& forgotten, const std::vector<Reference>& roots,
                                   const std::unordered_set<Id>& known, const FetchOptions& options,
                                   TransferCount& count);

}  // namespace millgate
