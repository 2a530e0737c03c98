#include "ground/file_store.h"

namespace millgate {

namespace {

using Fault = std::function<Status(std::string_view operation, const std::string& name)>;

class FaultyFileStore final : public FileStore {
 public:
  FaultyFileStore(std::shared_ptr<FileStore> inner, Fault fault)
      : inner_(std::move(inner)), fault_(std::move(fault)) {}

  Status write(const std::string& name, std::string_view bytes) override {
    MILLGATE_TRY(fault_("write", name));
    return inner_->write(name, bytes);
  }
  Status create(const std::string& name, std::string_view bytes) override {
    MILLGATE_TRY(fault_("write", name));
    return inner_->create(name, bytes);
  }
  Status adopt(const std::string& local_path, const std::string& name) override {
    MILLGATE_TRY(fault_("adopt", name));
    return inner_->adopt(local_path, name);
  }
  Result<std::string> read(const std::string& name) const override {
    MILLGATE_TRY(fault_("read", name));
    return inner_->read(name);
  }
  Status remove(const std::string& name) override {
    MILLGATE_TRY(fault_("remove", name));
    return inner_->remove(name);
  }

  Status mark_fresh(const std::string& name) override { return inner_->mark_fresh(name); }
  bool exists(const std::string& name) const override { return inner_->exists(name); }
  Result<uint64_t> size_bytes(const std::string& name) const override {
    return inner_->size_bytes(name);
  }
  Result<std::vector<std::string>> list(const std::string& prefix) const override {
    return inner_->list(prefix);
  }
  std::string local_path(const std::string& name) const override {
    return inner_->local_path(name);
  }

 private:
  const std::shared_ptr<FileStore> inner_;
  const Fault fault_;
};

}  // namespace

std::shared_ptr<FileStore> make_faulty_file_store(std::shared_ptr<FileStore> inner, Fault fault) {
  return std::make_shared<FaultyFileStore>(std::move(inner), std::move(fault));
}

}  // namespace millgate
