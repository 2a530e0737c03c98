#include "system/pipeline/configuration.h"

#include "ground/format_version.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr const char* kFormat = "millgate configuration";
constexpr int kVersion = 1;

std::string bytes_of(const Configuration& configuration) {
  return dump_json({{"format", kFormat},
                    {"version", kVersion},
                    {"overrides", configuration.overrides},
                    {"text", configuration.text}});
}

}  // namespace

Id configuration_id(const Configuration& configuration) { return hash_of(bytes_of(configuration)); }

Result<Id> keep_configuration(ObjectStore& objects, const Configuration& configuration) {
  return objects.put(bytes_of(configuration));
}

Result<Configuration> kept_configuration(const ObjectStore& objects, const Id& id) {
  const std::string object = "configuration `" + id.brief() + "`";
  MILLGATE_ASSIGN(const std::string bytes, objects.get(id));
  MILLGATE_ASSIGN(const Json json, parse_json(bytes, object));
  MILLGATE_TRY(read_format_version(json, kFormat, {.oldest = 1, .newest = kVersion}, object));
  Configuration configuration;
  MILLGATE_ASSIGN(configuration.text, json_member<std::string>(json, "text", object));
  MILLGATE_ASSIGN(configuration.overrides,
                  json_member<std::vector<std::string>>(json, "overrides", object));
  return configuration;
}

}  // namespace millgate
