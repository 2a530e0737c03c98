#include "data/keep/garbage.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <iterator>
#include <string>

#include "data/keep/object_graph.h"
#include "data/keep/stored_objects.h"
#include "ground/durable_file.h"

namespace millgate {

namespace {

/// The disk's clock, since what is compared with it are times of files.
int64_t now_micros() {
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

Result<int64_t> written_micros(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return system_failure("read", path, errno);
  return int64_t{status.st_mtim.tv_sec} * 1'000'000 + status.st_mtim.tv_nsec / 1000;
}

/// Takes one object away unless a writer marked it meanwhile. True when it is gone.
Result<bool> remove_object(const std::string& path, const std::string& aside, int64_t before) {
  auto written = written_micros(path);
  if (!written.ok()) {
    if (written.error().code == ErrorCode::not_found) return true;
    return std::move(written).error();
  }
  if (*written >= before) return false;
  // From here on a writer does not find it and writes it anew; one that marked it just before
  // left its mark on the file that was renamed.
  if (::rename(path.c_str(), aside.c_str()) != 0) {
    if (errno == ENOENT) return true;
    return system_failure("remove", path, errno);
  }
  MILLGATE_ASSIGN(const int64_t marked, written_micros(aside));
  if (marked >= before) {
    if (::rename(aside.c_str(), path.c_str()) != 0) {
      return system_failure("put back", path, errno);
    }
    return false;
  }
  if (::unlink(aside.c_str()) != 0) return system_failure("remove", aside, errno);
  return true;
}

}  // namespace

Result<GarbageReport> collect_garbage(Repository& repository, const GarbageOptions& options) {
  const int64_t before = now_micros() - options.grace_micros;
  // First the list, then the ledger: what is referred to after this is younger than `before`, or
  // was marked.
  MILLGATE_ASSIGN(const auto stored, list_stored_objects(repository));
  MILLGATE_ASSIGN(const auto forgotten, repository.forgotten());
  MILLGATE_ASSIGN(const auto roots, ledger_references(repository.ledger()));
  const ObjectGraph graph = walk_objects(repository.objects(), *forgotten, roots);
  for (const auto& [id, node] : graph.nodes) {
    if (!node.fault) continue;
    Error error = damaged("nothing was removed: object `" + id.brief() + "` cannot be read, " +
                              "so what it needs is not known",
                          "`millgate fsck` names what is broken and repairs it from a remote");
    error.because = {node.fault->what};
    return error;
  }
  GarbageReport report;
  const std::string aside = repository.folder("scratch") + "/";
  for (const StoredObject& object : stored) {
    if (graph.nodes.contains(object.id)) {
      ++report.kept_count;
      report.kept_bytes += object.size_bytes;
      continue;
    }
    // What holds forgotten rows was to be removed at once; a writer that relies on it is refused.
    const bool is_forgotten = forgotten->is_removed(object.id);
    bool gone = is_forgotten || object.written_micros < before;
    if (is_forgotten && !options.dry_run) {
      MILLGATE_TRY(repository.objects().remove(object.id));
    } else if (gone && !options.dry_run) {
      MILLGATE_ASSIGN(gone, remove_object(object.path, aside + unique_name("gc-"), before));
      report.rescued_count += gone ? 0 : 1;
    }
    if (gone) {
      ++report.removed_count;
      report.removed_bytes += object.size_bytes;
      report.removed.push_back(object.id);
    } else {
      ++report.young_count;
      report.young_bytes += object.size_bytes;
    }
  }
  return report;
}

Result<std::vector<StoredObject>> remove_forgotten_objects(Repository& repository) {
  MILLGATE_ASSIGN(const auto forgotten, repository.forgotten());
  std::vector<StoredObject> left;
  MILLGATE_ASSIGN(const auto stored, list_stored_objects(repository));
  std::copy_if(stored.begin(), stored.end(), std::back_inserter(left),
               [&](const StoredObject& object) { return forgotten->is_removed(object.id); });
  if (left.empty()) return left;
  MILLGATE_ASSIGN(const auto roots, ledger_references(repository.ledger()));
  const ObjectGraph graph = walk_objects(repository.objects(), *forgotten, roots);
  std::erase_if(left, [&](const StoredObject& object) { return graph.nodes.contains(object.id); });
  for (const StoredObject& object : left) MILLGATE_TRY(repository.objects().remove(object.id));
  return left;
}

}  // namespace millgate
