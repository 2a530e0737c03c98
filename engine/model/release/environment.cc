#include "model/release/environment.h"

#include <utility>

#include "ground/nearest_name.h"
#include "ground/plain_name.h"
#include "model/release/model_name.h"

namespace millgate {

namespace {

std::vector<std::string> names_of(const std::vector<Environment>& environments) {
  std::vector<std::string> names;
  names.reserve(environments.size());
  for (const Environment& one : environments) names.push_back(one.name);
  return names;
}

Status check_name(const Section& section, const std::vector<Environment>& earlier,
                  const std::string& name) {
  if (is_taken_word(name)) {
    return section.error_at("name", "an environment cannot be called `" + name + "`",
                            "it would be taken for the id or the version of a model");
  }
  for (const Environment& one : earlier) {
    if (one.name == name) {
      return section.error_at("name", "environment `" + name + "` is there twice",
                              "give it a name of its own");
    }
  }
  return {};
}

Result<Environment> read_environment(Section section, const std::vector<Environment>& earlier,
                                     const std::vector<Requirement>& common, bool is_last) {
  Environment one;
  MILLGATE_ASSIGN(one.name, read_plain_name(section, "an environment"));
  MILLGATE_TRY(check_name(section, earlier, one.name));
  one.key = is_last ? std::string() : one.name;
  if (!earlier.empty()) one.before = earlier.back().name;
  MILLGATE_ASSIGN(one.open, section.boolean_or("open", false));
  MILLGATE_ASSIGN(const std::vector<Section> asked, section.sections("requirement"));
  if (one.open && (is_last || !asked.empty())) {
    return section.error_at(
        "open",
        is_last
            ? "the last environment `" + one.name + "` is where models serve, and cannot be open"
            : "environment `" + one.name + "` is open and has requirements; it cannot be both",
        "remove `open`");
  }
  if (is_last || (asked.empty() && !one.open)) one.requirements = common;
  for (const Section& stated : asked) {
    MILLGATE_ASSIGN(Requirement requirement, read_requirement(stated));
    MILLGATE_TRY(add_requirement(one.requirements, std::move(requirement)));
  }
  MILLGATE_TRY(section.finish());
  return one;
}

}  // namespace

Result<std::vector<Environment>> read_environments(Section& root,
                                                   const std::vector<Requirement>& common) {
  MILLGATE_ASSIGN(const std::vector<Section> sections, root.sections("environment"));
  std::vector<Environment> environments;
  for (const Section& section : sections) {
    MILLGATE_ASSIGN(Environment one, read_environment(section, environments, common,
                                                      environments.size() + 1 == sections.size()));
    environments.push_back(std::move(one));
  }
  if (environments.empty()) {
    Environment only;
    only.requirements = common;
    environments.push_back(std::move(only));
  }
  return environments;
}

Result<Environment> find_environment(const std::vector<Environment>& environments,
                                     std::string_view name) {
  if (name.empty()) return environments.back();
  for (const Environment& one : environments) {
    if (one.name == name) return one;
  }
  return not_found("there is no environment `" + std::string(name) + "`",
                   name_hint(name, names_of(environments)));
}

}  // namespace millgate
