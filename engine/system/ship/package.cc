#include "system/ship/package.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "ground/file_store.h"
#include "ground/format_version.h"
#include "ground/json.h"
#include "model/release/refusal.h"
#include "model/release/ssh_signature.h"
#include "system/ship/bill_of_materials.h"
#include "system/ship/licence_texts.h"
#include "system/ship/systemd_unit.h"

namespace millgate {
namespace {

namespace fs = std::filesystem;
constexpr const char* kFormat = "millgate-package";
constexpr const char* kSums = "SHA256SUMS";
constexpr const char* kSignature = "SHA256SUMS.sig";
constexpr const char* kNamespace = "millgate-package";

/// A word for folders, services and images: small letters, digits and `-`.
std::string word_of(const std::string& project) {
  std::string word;
  for (const char c : project) {
    const bool capital = c >= 'A' && c <= 'Z';
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const char next = capital ? static_cast<char>(c - 'A' + 'a') : plain ? c : '-';
    if (next != '-' || (!word.empty() && word.back() != '-')) word += next;
  }
  // Longer names, and those that begin with a digit, Kubernetes does not take.
  constexpr size_t kLongest = 50;
  if (word.size() > kLongest) word.resize(kLongest);
  while (!word.empty() && word.back() == '-') word.pop_back();
  const bool begins_well = !word.empty() && word[0] >= 'a';
  return begins_well ? word : word.empty() ? "model" : "model-" + word;
}

/// Copies the objects of the model: its manifest, and the parts that it names.
Status add_objects(const ObjectStore& objects, const Id& model, FileTree& files) {
  MILLGATE_ASSIGN(std::string manifest, objects.get(model));
  MILLGATE_ASSIGN(const Json json, parse_json(manifest, "manifest of the model"));
  for (const char* part : {"features", "model", "profiles"}) {
    MILLGATE_ASSIGN(const auto hex, json_member<std::string>(json, part, "manifest of the model"));
    MILLGATE_ASSIGN(const Id id, Id::parse(hex));
    MILLGATE_ASSIGN(std::string bytes, objects.get(id));
    files.add_file("model/" + ObjectStore::name_of(id), std::move(bytes));
  }
  files.add_file("model/" + ObjectStore::name_of(model), std::move(manifest));
  return {};
}

/// Whether a feature tells what clocks show somewhere.
bool asks_for_time_zones(const FeatureProgram& features) {
  const auto& all = features.definitions();
  return std::any_of(all.begin(), all.end(), [](const FeatureDefinition& one) {
    return one.expression.find("timezone") != std::string::npos;
  });
}

/// The rules of this machine, as tzdata installs them; those with leap seconds are read by nobody.
Status add_time_zones(FileTree& files) {
  const std::string folder = "/usr/share/zoneinfo";
  std::error_code failure;
  for (fs::recursive_directory_iterator at(folder, failure), end; !failure && at != end;
       at.increment(failure)) {
    const std::string name = fs::relative(at->path(), folder).string();
    if (name == "posix" || name == "right") at.disable_recursion_pending();
    if (!at->is_regular_file()) continue;
    MILLGATE_ASSIGN(std::string bytes, read_file(at->path().string()));
    files.add_file("usr/share/zoneinfo/" + name, std::move(bytes));
  }
  if (!failure) return {};
  return outside_failure(
      "a feature asks for a time zone, and their rules cannot be read: " + failure.message(),
      "install the package tzdata");
}

std::string about_text(const Manifest& manifest, const Serving& release) {
  return dump_json(Json{{"format", kFormat},
                        {"version", 1},
                        {"name", word_of(manifest.project)},
                        {"description", manifest.description},
                        {"model", release.model.hex()},
                        {"task", manifest.task_kind},
                        {"label", manifest.label},
                        {"data_commit", manifest.data_commit},
                        {"git_commit", manifest.git_commit},
                        {"release",
                         {{"how", release.how},
                          {"since", to_string(release.since)},
                          {"by", release.by},
                          {"verdict", release.verdict},
                          {"reason", release.reason},
                          {"event", release.since_event}}}}) +
         "\n";
}

/// In the form of sha256sum, so that `sha256sum -c` reads it.
std::string sums_of(const FileTree& files) {
  std::string text;
  for (const auto& [path, entry] : files.entries()) {
    if (!entry.is_folder) text += hash_of(entry.bytes).hex() + "  " + path + "\n";
  }
  return text;
}

Result<std::map<std::string, std::string>> read_sums(const std::string& text) {
  std::map<std::string, std::string> sums;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.size() < 67 || line.compare(64, 2, "  ") != 0) {
      return damaged(std::string(kSums) +
                     " of the package has a line that is none: " + line.substr(0, 80));
    }
    sums[line.substr(66)] = line.substr(0, 64);
  }
  if (sums.empty()) return damaged(std::string(kSums) + " of the package is empty");
  return sums;
}

Result<std::string> read_part(const std::string& folder, const std::string& name) {
  auto bytes = read_file(folder + "/" + name);
  if (bytes.ok() || bytes.error().code != ErrorCode::not_found) return bytes;
  return not_found("there is no package in `" + folder + "`: it has no " + name,
                   "name the folder that was unpacked from the tar or the image");
}

/// Into memory: where a package lies may be read-only.
Result<std::shared_ptr<const Model>> load_model(const std::string& folder, const Id& id) {
  ObjectStore objects(make_memory_file_store());
  const std::string below = folder + "/model";
  std::error_code failure;
  for (fs::recursive_directory_iterator at(below + "/objects", failure), end; !failure && at != end;
       at.increment(failure)) {
    if (at->is_directory()) continue;
    MILLGATE_ASSIGN(const std::string bytes, read_file(at->path().string()));
    MILLGATE_ASSIGN(const Id held, objects.put(bytes));
    const std::string name = fs::relative(at->path(), below).string();
    if (ObjectStore::name_of(held) == name) continue;
    return damaged("the package in `" + folder + "` is damaged: model/" + name + " is changed",
                   "unpack it again; `millgate package --verify " + folder + "` names all that is");
  }
  return Model::load(objects, id);
}

}  // namespace

Status add_packed_model(const ObjectStore& objects, const Manifest& manifest,
                        const Serving& serving, FileTree& files) {
  MILLGATE_TRY(add_objects(objects, serving.model, files));
  files.add_file("model/package.json", about_text(manifest, serving));
  return {};
}

Result<Package> make_package(const ObjectStore& objects, const Serving& serving) {
  MILLGATE_ASSIGN(const auto model, Model::load(objects, serving.model));
  MILLGATE_ASSIGN(RunningProgram program, read_running_program());
  Package package;
  package.name = word_of(model->manifest().project);
  package.model = serving.model;
  package.description = model->manifest().description;
  package.release = serving;
  package.loader = program.loader;
  MILLGATE_TRY(add_packed_model(objects, model->manifest(), serving, package.files));
  if (asks_for_time_zones(model->features())) MILLGATE_TRY(add_time_zones(package.around));
  package.files.add_file("model/sbom.cdx.json", bill_of_materials(*model, program, serving));
  package.files.add_file(package.name + ".service", systemd_unit(package.name, program.loader));
  MILLGATE_TRY(add_licence_texts(program, package.files));
  package.files.add_file("bin/millgate", std::move(program.bytes), 0755);
  for (ProgramFile& library : program.libraries) {
    package.files.add_file("lib/" + library.name, std::move(library.bytes), 0755);
  }
  const std::string sums = sums_of(package.files);
  package.id = hash_of(sums);
  package.files.add_file(kSums, sums);
  return package;
}

Status sign_package(Package& package, const std::string& key) {
  const std::string& sums = package.files.entries().at(kSums).bytes;
  MILLGATE_ASSIGN(std::string signature, sign_with_key({sums, kNamespace}, key));
  package.files.add_file(kSignature, std::move(signature));
  return {};
}

Result<std::string> package_signer(const std::string& folder, const std::string& signers_path) {
  MILLGATE_ASSIGN(const std::string sums, read_part(folder, kSums));
  const auto signature = read_file(folder + "/" + kSignature);
  if (!signature.ok() && signature.error().code == ErrorCode::not_found) {
    return refused("the package in `" + folder + "` is not signed",
                   "sign it when it is made: `millgate package --sign KEY`");
  }
  if (!signature.ok()) return signature.error();
  MILLGATE_ASSIGN(std::string signer, find_signer({sums, kNamespace}, *signature, signers_path));
  if (!signer.empty()) return signer;
  return refused(
      "the signature of the package in `" + folder +
          "` is of nobody in the allowed signers, or over another package",
      "their keys stand in `" + signers_path + "`; get the package again from its maker");
}

std::string package_tar(const Package& package) {
  FileTree all;
  all.add_tree(package.name, package.files);
  return all.to_tar(package.release.since.micros / 1'000'000);
}

Result<std::vector<PackageFault>> verify_package(const std::string& folder) {
  MILLGATE_ASSIGN(const std::string text, read_part(folder, kSums));
  MILLGATE_ASSIGN(auto sums, read_sums(text));
  std::vector<PackageFault> faults;
  for (const auto& [path, hash] : sums) {
    const auto bytes = read_file(folder + "/" + path);
    if (!bytes.ok()) {
      const bool is_gone = bytes.error().code == ErrorCode::not_found;
      faults.push_back({path, is_gone ? "missing" : bytes.error().what});
    } else if (hash_of(*bytes).hex() != hash) {
      faults.push_back({path, "changed"});
    }
  }
  std::error_code failure;
  for (fs::recursive_directory_iterator at(folder, failure), end; !failure && at != end;
       at.increment(failure)) {
    if (at->is_directory()) continue;
    const std::string path = fs::relative(at->path(), folder).string();
    if (path != kSums && path != kSignature && !sums.contains(path))
      faults.push_back({path, "not listed"});
  }
  if (failure) return outside_failure("`" + folder + "` cannot be read: " + failure.message());
  std::sort(faults.begin(), faults.end(),
            [](const PackageFault& a, const PackageFault& b) { return a.path < b.path; });
  return faults;
}

Result<std::shared_ptr<const Model>> open_package(const std::string& folder) {
  MILLGATE_ASSIGN(const std::string about, read_part(folder, "model/package.json"));
  MILLGATE_ASSIGN(const Json json, parse_json(about, "package.json"));
  MILLGATE_TRY(read_format_version(json, kFormat, {.oldest = 1, .newest = 1}, "package"));
  MILLGATE_ASSIGN(const auto hex, json_member<std::string>(json, "model", "package.json"));
  MILLGATE_ASSIGN(const Id id, Id::parse(hex));
  return load_model(folder, id);
}

}  // namespace millgate
