#include "data/keep/object_transfer.h"

#include <algorithm>
#include <future>
#include <string>
#include <utility>

namespace millgate {

namespace {

/// Errors: `not_found` and `damaged` are about the remote.
Status fetch_object(ObjectStore& objects, const FileStore& files, const Id& id,
                    TransferCount& count) {
  if (objects.claim(id)) {
    count.add(0, false);
    return {};
  }
  auto bytes = files.read(ObjectStore::name_of(id));
  if (!bytes.ok()) {
    return std::move(bytes).error().inside("object `" + id.brief() +
                                           "` could not be got from the remote");
  }
  if (hash_of(*bytes) != id) {
    return damaged("object `" + id.brief() +
                       "` is damaged on the remote: its bytes do not hash to "
                       "its name",
                   "push it again from a project that has it whole");
  }
  MILLGATE_TRY(objects.put(*bytes));
  count.add(bytes->size(), true);
  return {};
}

bool is_about_object(const Error& error) {
  return error.code == ErrorCode::not_found || error.code == ErrorCode::damaged;
}

/// One wave of objects: gets them, and forgets those that may be missing.
class Wave {
 public:
  explicit Wave(const FetchOptions& options) : options_(&options) {}

  void add(const Reference& reference) {
    ids_.push_back(reference.id);
    if (!reference.required) named_.insert(reference.id);
  }
  [[nodiscard]] bool empty() const { return ids_.empty(); }

  /// Those that are here afterwards.
  Result<std::vector<Id>> fetch(ObjectStore& objects, const FileStore& files,
                                TransferCount& count) {
    count.expect(ids_.size());
    std::mutex mutex;
    std::unordered_set<Id> absent;
    MILLGATE_TRY(for_each_at_once(ids_, options_->at_once, [&](const Id& id) -> Status {
      Status fetched = fetch_object(objects, files, id, count);
      if (fetched.ok() || !is_about_object(fetched.error())) return fetched;
      const std::scoped_lock lock(mutex);
      if (fetched.error().code != ErrorCode::not_found || !named_.contains(id)) {
        if (!options_->lose) return fetched;
        options_->lose(id, fetched.error());
      }
      absent.insert(id);
      return {};
    }));
    std::erase_if(ids_, [&](const Id& id) { return absent.contains(id); });
    return std::move(ids_);
  }

 private:
  const FetchOptions* options_;
  std::vector<Id> ids_;
  std::unordered_set<Id> named_;
};

}  // namespace

Status for_each_at_once(const std::vector<Id>& ids, unsigned at_once,
                        const std::function<Status(const Id&)>& work) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::optional<Error> failed;
  const auto run = [&] {
    for (size_t i = next++; i < ids.size(); i = next++) {
      Status status = work(ids[i]);
      if (status.ok()) continue;
      next = ids.size();
      const std::scoped_lock lock(mutex);
      if (!failed) failed = std::move(status).error();
    }
  };
  std::vector<std::future<void>> threads;
  threads.reserve(at_once);
  for (size_t i = 1; i < std::min<size_t>(at_once, ids.size()); ++i) {
    threads.push_back(std::async(std::launch::async, run));
  }
  run();
  for (auto& thread : threads) thread.get();
  if (failed) return *std::move(failed);
  return {};
}

void TransferCount::add(size_t size_bytes, bool travelled) {
  const std::scoped_lock lock(mutex_);
  ++done_;
  if (travelled) {
    ++object_count_;
    object_bytes_ += static_cast<int64_t>(size_bytes);
  }
  if (progress_) progress_(done_, total_);
}

Status send_object(FileStore& files, const Id& id, std::string_view bytes, TransferCount& count) {
  const std::string name = ObjectStore::name_of(id);
  const auto there = files.size_bytes(name);
  if (there.ok() && *there == bytes.size()) {
    count.add(0, false);
    return {};
  }
  if (!there.ok() && there.error().code != ErrorCode::not_found) return there.error();
  MILLGATE_TRY(files.write(name, bytes));
  if (!files.local_path(name).empty()) {
    MILLGATE_ASSIGN(const std::string arrived, files.read(name));
    if (hash_of(arrived) != id) {
      return damaged(
          "object `" + id.brief() + "` arrived damaged at `" + files.local_path(name) + "`",
          "send it again; if it happens again, that disk is failing");
    }
  }
  count.add(bytes.size(), true);
  return {};
}

Status fetch_closure(ObjectStore& objects, const FileStore& files, const Forgotten& forgotten,
                     const std::vector<Reference>& roots, const std::unordered_set<Id>& known,
                     const FetchOptions& options, TransferCount& count) {
  std::unordered_set<Id> seen = known;
  const auto take = [&](Wave& wave, Reference reference) {
    reference.id = forgotten.current(reference.id);
    if (!reference.required && !options.named_too) return;
    if (seen.insert(reference.id).second) wave.add(reference);
  };
  Wave wave(options);
  for (const Reference& root : roots) take(wave, root);
  while (!wave.empty()) {
    MILLGATE_ASSIGN(const std::vector<Id> here, wave.fetch(objects, files, count));
    wave = Wave(options);
    for (const Id& id : here) {
      MILLGATE_ASSIGN(const ObjectFacts facts, facts_of(objects, id));
      for (const Reference& reference : facts.references) take(wave, reference);
    }
  }
  return {};
}

}  // namespace millgate
