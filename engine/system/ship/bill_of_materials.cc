#include "system/ship/bill_of_materials.h"

#include <string_view>

#include "ground/id.h"
#include "ground/json.h"
#include "system/ship/known_library.h"

namespace millgate {
namespace {

Json licences_of(const KnownLibrary& known) {
  if (known.licence.find(' ') != std::string_view::npos) {
    return Json::array({{{"expression", known.licence}}});
  }
  return Json::array({{{"license", {{"id", known.licence}}}}});
}

Json hashes_of(std::string_view bytes) {
  return Json::array({{{"alg", "SHA-256"}, {"content", hash_of(bytes).hex()}}});
}

/// What follows ".so.": the version of the interface, which is all that a file tells.
std::string version_of(const std::string& name) {
  const size_t at = name.find(".so.");
  return at == std::string::npos ? "" : name.substr(at + 4);
}

Json library(const ProgramFile& file) {
  Json json = {{"type", "library"}, {"bom-ref", "lib/" + file.name}, {"name", file.name}};
  if (std::string version = version_of(file.name); !version.empty()) json["version"] = version;
  json["hashes"] = hashes_of(file.bytes);
  if (const KnownLibrary* known = find_known_library(file.name); known != nullptr) {
    json["licenses"] = licences_of(*known);
  }
  return json;
}

Json compiled_in(const KnownLibrary& known) {
  return {{"type", "library"},
          {"bom-ref", "compiled-in/" + std::string(known.name)},
          {"name", known.name},
          {"licenses", licences_of(known)}};
}

Json property(const std::string& name, const std::string& value) {
  return {{"name", "millgate:" + name}, {"value", value}};
}

Json model_component(const Model& model, const Serving& release) {
  const Manifest& manifest = model.manifest();
  Json inputs = Json::array();
  for (const Field& input : model.features().inputs()) {
    inputs.push_back({{"format", input.name + ": " + std::string(to_string(input.type))}});
  }
  const bool is_classification = manifest.task_kind == "binary" || model.has_classes();
  const std::string output = is_classification    ? "probability"
                             : model.is_ranking() ? "score"
                                                  : "number";
  Json properties = Json::array(
      {property("label", manifest.label), property("learner", manifest.learner),
       property("data_commit", manifest.data_commit), property("git_commit", manifest.git_commit),
       property("configuration", manifest.configuration_hash), property("release_how", release.how),
       property("release_verdict", release.verdict)});
  for (const auto& [name, version] : manifest.dependencies) {
    properties.push_back(property("trained_with_" + name, version));
  }
  Json parameters = {{"approach", {{"type", "supervised"}}},
                     {"task", is_classification ? "classification" : manifest.task_kind},
                     {"modelArchitecture", model.scorer().describe()},
                     {"datasets", Json::array({{{"ref", "data"}}})},
                     {"inputs", inputs},
                     {"outputs", Json::array({{{"format", output}}})}};
  return {{"type", "machine-learning-model"},
          {"bom-ref", "model"},
          {"name", manifest.project},
          {"version", model.id().hex()},
          {"description", manifest.description},
          {"hashes", Json::array({{{"alg", "SHA-256"}, {"content", model.id().hex()}}})},
          {"modelCard", {{"modelParameters", parameters}}},
          {"properties", properties}};
}

Json data_component(const Manifest& manifest) {
  return {{"type", "data"},
          {"bom-ref", "data"},
          {"name", manifest.task_table},
          {"version", manifest.data_commit},
          {"data", Json::array({{{"type", "dataset"},
                                 {"name", manifest.task_table},
                                 {"description", std::to_string(manifest.train_row_count) +
                                                     " training rows of the data commit"}}})}};
}

/// A UUID of the form that RFC 9562 leaves to applications (version 8), made of a hash.
std::string uuid_of(const Id& id) {
  std::string hex = id.hex().substr(0, 32);
  hex[12] = '8';
  hex[16] = "89ab"[id.bytes[8] % 4];
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20, 12);
}

}  // namespace

std::string bill_of_materials(const Model& model, const RunningProgram& program,
                              const Serving& release) {
  Json components =
      Json::array({model_component(model, release), data_component(model.manifest())});
  Json needed = Json::array();
  Hasher all;
  all.add(model.id().hex());
  all.add_field(program.bytes);
  for (const ProgramFile& file : program.libraries) {
    components.push_back(library(file));
    needed.push_back("lib/" + file.name);
    all.add_field(hash_of(file.bytes).hex());
  }
  for (const KnownLibrary& one : compiled_in_libraries()) {
    components.push_back(compiled_in(one));
    needed.push_back("compiled-in/" + std::string(one.name));
  }
  const Json application = {{"type", "application"},
                            {"bom-ref", "millgate"},
                            {"name", "millgate"},
                            {"hashes", hashes_of(program.bytes)},
                            {"licenses", Json::array({{{"license", {{"id", "Apache-2.0"}}}}})}};
  Json serving_needs = needed;
  serving_needs.push_back("model");
  const Json bom = {
      {"$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json"},
      {"bomFormat", "CycloneDX"},
      {"specVersion", "1.6"},
      {"serialNumber", "urn:uuid:" + uuid_of(all.finish())},
      {"version", 1},
      {"metadata", {{"timestamp", to_string(release.since)}, {"component", application}}},
      {"components", components},
      {"dependencies", Json::array({{{"ref", "millgate"}, {"dependsOn", serving_needs}},
                                    {{"ref", "model"}, {"dependsOn", Json::array({"data"})}}})}};
  return bom.dump(2) + "\n";
}

}  // namespace millgate
