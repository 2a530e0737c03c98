#include "data/keep/stored_objects.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "ground/durable_file.h"

namespace millgate {

namespace fs = std::filesystem;

Result<std::vector<StoredObject>> list_stored_objects(const Repository& repository) {
  const std::string root = repository.folder("objects");
  std::vector<StoredObject> objects;
  std::error_code failed;
  for (fs::directory_iterator shards(root, failed); !failed && shards != fs::directory_iterator();
       shards.increment(failed)) {
    std::error_code below;
    for (fs::directory_iterator files(shards->path(), below);
         !below && files != fs::directory_iterator(); files.increment(below)) {
      const std::string path = files->path().string();
      const auto id =
          Id::parse(shards->path().filename().string() + files->path().filename().string());
      struct stat status {};
      // What another process removes meanwhile is left out.
      if (!id.ok() || ::stat(path.c_str(), &status) != 0) continue;
      objects.push_back({.id = *id,
                         .path = path,
                         .size_bytes = status.st_size,
                         .written_micros = int64_t{status.st_mtim.tv_sec} * 1'000'000 +
                                           status.st_mtim.tv_nsec / 1000});
    }
  }
  if (failed) return system_failure("list", root, failed.value());
  std::sort(objects.begin(), objects.end(),
            [](const StoredObject& a, const StoredObject& b) { return a.id < b.id; });
  return objects;
}

}  // namespace millgate
