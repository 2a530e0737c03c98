#include <cerrno>
#include <cstdio>
#include <map>
#include <mutex>

#include "ground/durable_file.h"
#include "ground/file_store.h"
#include "ground/store_name.h"

namespace millgate {

namespace {

class MemoryFileStore final : public FileStore {
 public:
  Status write(const std::string& name, std::string_view bytes) override {
    MILLGATE_TRY(check_store_name(name));
    const std::scoped_lock lock(mutex_);
    files_[name] = bytes;
    return {};
  }

  Status create(const std::string& name, std::string_view bytes) override {
    MILLGATE_TRY(check_store_name(name));
    const std::scoped_lock lock(mutex_);
    if (!files_.try_emplace(name, bytes).second) {
      return Error{.code = ErrorCode::conflict, .what = "`" + name + "` exists already"};
    }
    return {};
  }

  Status adopt(const std::string& local_path, const std::string& name) override {
    MILLGATE_TRY(check_store_name(name));
    MILLGATE_ASSIGN(const std::string bytes, read_file(local_path));
    MILLGATE_TRY(write(name, bytes));
    if (std::remove(local_path.c_str()) != 0) return system_failure("remove", local_path, errno);
    return {};
  }

  Result<std::string> read(const std::string& name) const override {
    MILLGATE_TRY(check_store_name(name));
    const std::scoped_lock lock(mutex_);
    const auto found = files_.find(name);
    if (found == files_.end()) return missing("read", name);
    return found->second;
  }

  bool exists(const std::string& name) const override {
    const std::scoped_lock lock(mutex_);
    return files_.contains(name);
  }

  Result<uint64_t> size_bytes(const std::string& name) const override {
    MILLGATE_TRY(check_store_name(name));
    const std::scoped_lock lock(mutex_);
    const auto found = files_.find(name);
    if (found == files_.end()) return missing("read", name);
    return static_cast<uint64_t>(found->second.size());
  }

  Result<std::vector<std::string>> list(const std::string& prefix) const override {
    if (const size_t slash = prefix.rfind('/'); slash != std::string::npos) {
      MILLGATE_TRY(check_store_name(prefix.substr(0, slash)));
    }
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> names;
    for (auto file = files_.lower_bound(prefix);
         file != files_.end() && file->first.starts_with(prefix); ++file) {
      names.push_back(file->first);
    }
    return names;
  }

  Status remove(const std::string& name) override {
    MILLGATE_TRY(check_store_name(name));
    const std::scoped_lock lock(mutex_);
    if (files_.erase(name) == 0) return missing("remove", name);
    return {};
  }

  Status mark_fresh(const std::string& name) override {
    return exists(name) ? Status() : Status(missing("mark", name));
  }

  std::string local_path(const std::string&) const override { return {}; }

 private:
  static Error missing(std::string_view action, const std::string& name) {
    return system_failure(action, name, ENOENT);
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::string> files_;
};

}  // namespace

std::shared_ptr<FileStore> make_memory_file_store() { return std::make_shared<MemoryFileStore>(); }

}  // namespace millgate
