#include "data/store/object_store.h"

#include <unistd.h>

#include <cerrno>

#include "data/store/file_hash.h"
#include "ground/durable_file.h"

namespace millgate {

namespace {

Error damaged_object(const Id& id) {
  Error error = damaged("object `" + id.brief() + "` is damaged: its bytes do not hash to its name",
                        "restore the file from a backup, or import the data again");
  error.where = ObjectStore::name_of(id);
  return error;
}

Error missing_object(const Id& id) {
  Error error = not_found("object `" + id.brief() + "` is not in the store",
                          "restore it from a backup or another copy of the project");
  error.where = ObjectStore::name_of(id);
  return error;
}

}  // namespace

std::string ObjectStore::name_of(const Id& id) {
  const std::string hex = id.hex();
  return "objects/" + hex.substr(0, 2) + "/" + hex.substr(2);
}

/// Marked first, so that `gc`, which removes what is old and not referred to, keeps it. Then it is
/// read again: a damaged object is mended by whoever still has its bytes.
bool ObjectStore::is_there_for_good(const Id& id) {
  return files_->mark_fresh(name_of(id)).ok() && verify(id).ok();
}

Result<Id> ObjectStore::put(std::string_view bytes) {
  const Id id = hash_of(bytes);
  if (is_there_for_good(id)) return id;
  MILLGATE_TRY(files_->write(name_of(id), bytes));
  return id;
}

Result<Id> ObjectStore::put_file(const std::string& local_path) {
  MILLGATE_ASSIGN(const Id id, hash_of_file(local_path));
  if (is_there_for_good(id)) {
    if (::unlink(local_path.c_str()) != 0) return system_failure("remove", local_path, errno);
    return id;
  }
  MILLGATE_TRY(files_->adopt(local_path, name_of(id)));
  return id;
}

Result<std::string> ObjectStore::get(const Id& id) const {
  if (!has(id)) return missing_object(id);
  MILLGATE_ASSIGN(std::string bytes, files_->read(name_of(id)));
  if (hash_of(bytes) != id) return damaged_object(id);
  return bytes;
}

Status ObjectStore::remove(const Id& id) {
  const Status removed = files_->remove(name_of(id));
  if (!removed.ok() && removed.error().code != ErrorCode::not_found) return removed.error();
  // So that a power cut does not bring it back.
  const std::string path = files_->local_path(name_of(id));
  if (removed.ok() && !path.empty()) MILLGATE_TRY(sync_path(path.substr(0, path.rfind('/'))));
  return {};
}

bool ObjectStore::has(const Id& id) const { return files_->exists(name_of(id)); }

Result<std::string> ObjectStore::local_path(const Id& id) const {
  if (!has(id)) return missing_object(id);
  MILLGATE_ASSIGN(const uint64_t size, files_->size_bytes(name_of(id)));
  if (size == 0 && id != hash_of("")) return damaged_object(id);
  std::string path = files_->local_path(name_of(id));
  if (path.empty()) {
    return outside_failure("object `" + id.brief() + "` lies in a store without local files");
  }
  return path;
}

Result<std::string> ObjectStore::verified_path(const Id& id) const {
  MILLGATE_ASSIGN(std::string path, local_path(id));
  {
    const std::scoped_lock lock(verified_->mutex);
    if (verified_->ids.contains(id)) return path;
  }
  MILLGATE_TRY(verify(id));
  const std::scoped_lock lock(verified_->mutex);
  verified_->ids.insert(id);
  return path;
}

Status ObjectStore::verify(const Id& id) const {
  const std::string path = files_->local_path(name_of(id));
  if (path.empty()) {
    MILLGATE_TRY(get(id));
    return {};
  }
  if (!has(id)) return missing_object(id);
  MILLGATE_ASSIGN(const Id actual, hash_of_file(path));
  if (actual != id) return damaged_object(id);
  return {};
}

}  // namespace millgate
