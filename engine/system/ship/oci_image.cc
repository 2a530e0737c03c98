#include "system/ship/oci_image.h"

#include <utility>
#include <vector>

#include "ground/file_store.h"
#include "ground/json.h"

namespace millgate {
namespace {

constexpr uint32_t kUser = 65532;  ///< "nonroot" of most images without a shell.
constexpr const char* kState = "/var/lib/millgate";
constexpr const char* kLayerType = "application/vnd.oci.image.layer.v1.tar";
constexpr const char* kConfigType = "application/vnd.oci.image.config.v1+json";
constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";

std::string digest_of(const Id& id) { return "sha256:" + id.hex(); }

/// Writes blobs and tells them as descriptors.
class Blobs {
 public:
  explicit Blobs(std::string folder) : folder_(std::move(folder)) {}
  Result<Json> add(const char* type, const std::string& bytes) {
    const Id id = hash_of(bytes);
    MILLGATE_TRY(write_file(folder_ + "/blobs/sha256/" + id.hex(), bytes));
    return Json{{"mediaType", type}, {"digest", digest_of(id)}, {"size", bytes.size()}};
  }

 private:
  std::string folder_;
};

/// What is the same for every model of this program, and the rest.
struct Layers {
  FileTree program;
  FileTree model;
};

Layers layers_of(const Package& package) {
  Layers layers;
  const std::string folder = "opt/" + package.name + "/";
  for (const auto& [path, entry] : package.files.entries()) {
    const bool is_program =
        path.starts_with("bin/") || path.starts_with("lib/") || path.starts_with("licences/");
    if (entry.is_folder) continue;
    (is_program ? layers.program : layers.model).add_file(folder + path, entry.bytes, entry.mode);
  }
  for (const auto& [path, entry] : package.around.entries()) {
    if (!entry.is_folder) layers.model.add_file(path, entry.bytes, entry.mode);
  }
  layers.program.add_file("etc/passwd",
                          "root:x:0:0:root:/root:/sbin/nologin\n"
                          "nonroot:x:65532:65532:nonroot:/var/lib/millgate:/sbin/nologin\n");
  layers.program.add_file("etc/group", "root:x:0:\nnonroot:x:65532:\n");
  layers.program.add_folder("tmp", 01777);
  layers.program.add_folder(kState + 1, 0750, kUser);
  return layers;
}

std::vector<std::string> start_words(const Package& package) {
  const std::string folder = "/opt/" + package.name;
  return {folder + "/lib/" + package.loader, "--library-path", folder + "/lib",
          folder + "/bin/millgate"};
}

Json config_of(const Package& package, const std::vector<std::string>& layer_digests,
               const Json& labels) {
  const std::string created = to_string(package.release.since);
  std::vector<std::string> entry = start_words(package);
  std::vector<std::string> probe = entry;
  probe.insert(probe.begin(), "CMD");
  for (const char* word : {"package", "--probe", "http://127.0.0.1:8080"}) probe.emplace_back(word);
  for (const std::string& word :
       {std::string("serve"), std::string("--package"), "/opt/" + package.name,
        std::string("--state"), std::string(kState)}) {
    entry.push_back(word);
  }
  Json history = Json::array();
  for (const char* what : {"program", "model"}) {
    history.push_back(
        {{"created", created}, {"created_by", std::string("millgate package: ") + what}});
  }
  constexpr int64_t kSecond = 1'000'000'000;  // Docker's unit.
  return {
      {"created", created},
      {"architecture", "amd64"},
      {"os", "linux"},
      {"config",
       {{"User", "65532:65532"},
        {"ExposedPorts", {{"8080/tcp", Json::object()}}},
        {"Entrypoint", entry},
        {"Cmd", Json::array({"--address", "0.0.0.0", "--port", "8080", "--open"})},
        {"WorkingDir", kState},
        {"Volumes", {{kState, Json::object()}}},
        {"StopSignal", "SIGTERM"},
        {"Labels", labels},
        {"Healthcheck", {{"Test", probe}, {"Interval", 10 * kSecond}, {"Timeout", 2 * kSecond}}}}},
      {"rootfs", {{"type", "layers"}, {"diff_ids", layer_digests}}},
      {"history", history}};
}

}  // namespace

Result<OciImage> write_oci_image(const Package& package, const std::string& folder) {
  MILLGATE_TRY(check_empty_folder(folder));
  const int64_t time = package.release.since.micros / 1'000'000;
  const Json labels = {{"org.opencontainers.image.title", package.name},
                       {"org.opencontainers.image.description", package.description},
                       {"org.opencontainers.image.version", package.model.brief()},
                       {"org.opencontainers.image.revision", package.model.hex()},
                       {"org.opencontainers.image.created", to_string(package.release.since)},
                       {"millgate.package", package.id.hex()},
                       {"millgate.verdict", package.release.verdict}};
  const Layers layers = layers_of(package);
  Blobs blobs(folder);
  Json descriptors = Json::array();
  std::vector<std::string> digests;
  for (const FileTree* tree : {&layers.program, &layers.model}) {
    MILLGATE_ASSIGN(Json descriptor, blobs.add(kLayerType, tree->to_tar(time)));
    digests.push_back(descriptor["digest"].get<std::string>());
    descriptors.push_back(std::move(descriptor));
  }
  MILLGATE_ASSIGN(const Json config,
                  blobs.add(kConfigType, dump_json(config_of(package, digests, labels))));
  const std::string manifest = dump_json(Json{{"schemaVersion", 2},
                                              {"mediaType", kManifestType},
                                              {"config", config},
                                              {"layers", descriptors},
                                              {"annotations", labels}});
  MILLGATE_ASSIGN(Json entry, blobs.add(kManifestType, manifest));
  const OciImage image{.manifest = hash_of(manifest),
                       .tag = package.model.brief(),
                       .unpacked_bytes = layers.program.size_bytes() + layers.model.size_bytes(),
                       .layer_count = 2};
  entry["annotations"] = {{"org.opencontainers.image.ref.name", image.tag}};
  MILLGATE_TRY(
      write_file(folder + "/oci-layout", dump_json(Json{{"imageLayoutVersion", "1.0.0"}})));
  // Last: a layout without its index is none.
  MILLGATE_TRY(write_file(folder + "/index.json",
                          dump_json(Json{{"schemaVersion", 2},
                                         {"mediaType", "application/vnd.oci.image.index.v1+json"},
                                         {"manifests", Json::array({entry})}})));
  return image;
}

}  // namespace millgate
