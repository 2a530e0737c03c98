#include "system/pipeline/project.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "ground/file_store.h"
#include "ground/nearest_name.h"
#include "ground/toml_text.h"
#include "model/release/class_slice.h"
#include "model/release/sign_off.h"
#include "model/release/trigger.h"
#include "system/pipeline/doctor_settings.h"
#include "system/pipeline/model_about.h"
#include "system/pipeline/project_keys.h"
#include "system/pipeline/quarantine_settings.h"

namespace millgate {

namespace {

constexpr std::string_view kFileName = "millgate.toml";
constexpr std::string_view kEnvironmentPrefix = "MILLGATE__";

Result<std::string> read_project_file(const std::string& folder) {
  auto text = read_file((std::filesystem::path(folder) / kFileName).string());
  if (text.ok() || text.error().code != ErrorCode::not_found) return text;
  return not_found("there is no " + std::string(kFileName) + " in `" + folder + "`",
                   "`millgate init DIR` makes a project");
}

/// "MILLGATE__TRAIN__SEED=2" as "train.seed=2", sorted, so that their order in the environment
/// does not matter.
std::vector<std::string> environment_overrides() {
  std::vector<std::string> overrides;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (!text.starts_with(kEnvironmentPrefix) || equals == std::string_view::npos) continue;
    std::string path;
    const std::string_view name = text.substr(0, equals).substr(kEnvironmentPrefix.size());
    for (size_t i = 0; i < name.size(); ++i) {
      if (name.substr(i, 2) == "__") {
        path += '.';
        ++i;
      } else {
        path += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
      }
    }
    overrides.push_back(path + std::string(text.substr(equals)));
  }
  std::sort(overrides.begin(), overrides.end());
  return overrides;
}

/// How messages call the project file: short when one stands in its folder.
std::string path_for_messages(const std::string& folder) {
  std::error_code failed;
  const auto here = std::filesystem::current_path(failed);
  if (!failed && std::filesystem::equivalent(folder, here, failed) && !failed) {
    return std::string(kFileName);
  }
  return (std::filesystem::path(folder) / kFileName).string();
}

std::vector<std::string> source_names(const Project& project) {
  std::vector<std::string> names;
  names.reserve(project.sources.size());
  for (const Source& source : project.sources) names.push_back(source.name);
  return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Status read_about(Section& root, Project& project) {
  MILLGATE_ASSIGN(Section section, root.section("project"));
  MILLGATE_ASSIGN(project.name, section.text("name"));
  MILLGATE_ASSIGN(project.description, section.text_or("description", ""));
  if (project.name.empty()) {
    return section.error_at("name", "the project's name is empty", "name it, for example flights");
  }
  return section.finish();
}

Status read_sources(Section& root, Project& project) {
  MILLGATE_ASSIGN(const auto sections, root.sections("source"));
  std::vector<std::string> taken;
  const auto take = [&](const Section& section, const std::string& name) -> Status {
    if (contains(taken, name)) {
      return section.error_at("name", "source `" + name + "` is there twice",
                              "give each [[source]] a name of its own");
    }
    taken.push_back(name);
    return {};
  };
  for (Section section : sections) {
    MILLGATE_ASSIGN(const std::string kind, section.one_of("kind", "table", {"table", "folder"}));
    if (kind == "folder") {
      MILLGATE_ASSIGN(FolderSource folder, read_folder_source(section));
      MILLGATE_TRY(take(folder.section, folder.name));
      project.folders.push_back(std::move(folder));
    } else {
      MILLGATE_ASSIGN(Source source, read_source(section));
      MILLGATE_TRY(take(source.section, source.name));
      project.sources.push_back(std::move(source));
    }
  }
  return {};
}

Result<PersonalPolicies> read_policies(Section& root) {
  PersonalPolicies policies;
  MILLGATE_ASSIGN(auto sections, root.sections("source"));
  for (Section& section : sections) {
    if (!section.has("personal")) continue;
    MILLGATE_ASSIGN(const std::string kind, section.text_or("kind", "table"));
    if (kind == "folder") {
      return section.error_at("personal", "a folder has no columns",
                              "[source.personal] belongs to a [[source]] of kind \"table\"");
    }
    MILLGATE_ASSIGN(const std::string name, section.text("name"));
    MILLGATE_ASSIGN(TablePolicy policy, read_personal_policy(section, name));
    policies.push_back(std::move(policy));
  }
  return policies;
}

/// What may be done with personal data is read by others and versioned in git; a call that sets it
/// aside must leave a trace, as `millgate export --override` does.
Status check_no_policy_overridden(const std::vector<std::string>& overrides) {
  for (const std::string& one : overrides) {
    const std::string path = one.substr(0, one.find('='));
    if (!path.starts_with("source.") || (path + ".").find(".personal.") == std::string::npos) {
      continue;
    }
    return invalid_input("`" + path + "` cannot be overridden",
                         "the policy for personal data stands in millgate.toml; `millgate export "
                         "--override WHY --by NAME` lets rows out against it");
  }
  return {};
}

/// Tables of checks and of the task must be sources.
Status check_table(const Project& project, const Section& section, const std::string& table) {
  const std::vector<std::string> names = source_names(project);
  if (contains(names, table)) return {};
  return section.error_at("table", "unknown table `" + table + "`",
                          names.empty() ? "there is no [[source]] yet" : name_hint(table, names));
}

Status read_rules(Section& root, Project& project) {
  MILLGATE_ASSIGN(const auto sections, root.sections("check"));
  for (const Section& section : sections) {
    MILLGATE_ASSIGN(Rule rule, read_rule(section));
    MILLGATE_TRY(check_table(project, rule.section, rule.table));
    project.rules.push_back(std::move(rule));
  }
  return {};
}

Status read_the_task(Section& root, Project& project) {
  if (!root.has("task")) return {};
  MILLGATE_ASSIGN(Section section, root.section("task"));
  MILLGATE_ASSIGN(project.threshold, section.number("threshold"));
  MILLGATE_ASSIGN(project.task, read_task(section));
  if (project.threshold && !(*project.threshold >= 0 && *project.threshold <= 1)) {
    return section.error_at("threshold", "`threshold` must lie between 0 and 1",
                            "it is a probability; leave it out to choose it by [metric.utility]");
  }
  if (project.threshold && project.task->kind != TaskKind::binary) {
    return section.error_at("threshold",
                            "`threshold` is of a binary task, and this one is " +
                                std::string(to_text(project.task->kind)),
                            project.task->kind == TaskKind::multiclass
                                ? "the most probable class is decided for"
                                : "remove it");
  }
  return check_table(project, section, project.task->table);
}

Status read_views(Section& root, Project& project) {
  MILLGATE_ASSIGN(const auto sections, root.sections("view"));
  std::vector<std::string> taken = source_names(project);
  for (const Section& section : sections) {
    MILLGATE_ASSIGN(View view, read_view(section));
    if (contains(taken, view.name)) {
      return view.section.error_at("name", "view `" + view.name + "` has the name of another table",
                                   "give it a name of its own, for example " + view.name + "_then");
    }
    taken.push_back(view.name);
    project.views.push_back(std::move(view));
  }
  return {};
}

Status read_feature_notes(Section& root, Project& project) {
  MILLGATE_ASSIGN(Section notes, root.section("feature"));
  std::vector<std::string> names;
  names.reserve(project.features.size());
  for (const FeatureDefinition& one : project.features) names.push_back(one.name);
  for (const std::string& name : notes.keys()) {
    MILLGATE_ASSIGN(Section section, notes.section(name));
    if (!contains(names, name)) {
      return section.error_at("owner", "there is no feature `" + name + "`",
                              name_hint(name, names));
    }
    FeatureNote note{.feature = name, .owner = {}, .description = {}};
    MILLGATE_ASSIGN(note.owner, section.text_or("owner", ""));
    MILLGATE_ASSIGN(note.description, section.text_or("description", ""));
    MILLGATE_TRY(section.finish());
    project.feature_notes.push_back(std::move(note));
  }
  return {};
}

Status read_features(Section& root, Project& project) {
  MILLGATE_ASSIGN(Section section, root.section("features"));
  MILLGATE_ASSIGN(const auto lines, section.all_texts());
  for (const auto& [name, expression] : lines) project.features.push_back({name, expression});
  project.feature_section = section;
  MILLGATE_TRY(section.finish());
  MILLGATE_ASSIGN(const auto calendars, root.sections("calendar"));
  for (const Section& one : calendars) {
    MILLGATE_ASSIGN(CalendarDefinition calendar, read_calendar(one));
    project.calendars.push_back(std::move(calendar));
  }
  MILLGATE_ASSIGN(const Section units, root.section("units"));
  MILLGATE_ASSIGN(project.units, read_units(units));
  MILLGATE_ASSIGN(const auto examples, root.sections("example"));
  for (const Section& one : examples) {
    MILLGATE_ASSIGN(FeatureExample example, read_example(one));
    project.examples.push_back(std::move(example));
  }
  MILLGATE_ASSIGN(const auto expectations, root.sections("expectation"));
  for (const Section& one : expectations) {
    MILLGATE_ASSIGN(ModelExpectation expectation, read_expectation(one));
    const auto same = [&](const ModelExpectation& other) { return other.name == expectation.name; };
    if (std::any_of(project.expectations.begin(), project.expectations.end(), same)) {
      return one.error_at("name", "two expectations are called `" + expectation.name + "`");
    }
    project.expectations.push_back(std::move(expectation));
  }
  return read_feature_notes(root, project);
}

/// `decided = { truth = amount }` for each class; what is not stated earns nothing.
Result<Utility> read_class_utility(Section& section, const std::vector<std::string>& classes) {
  Utility utility;
  utility.of_classes.resize(classes.size() * classes.size());
  for (size_t d = 0; d < classes.size(); ++d) {
    if (!section.has(classes[d])) continue;
    MILLGATE_ASSIGN(Section decided, section.section(classes[d]));
    for (size_t t = 0; t < classes.size(); ++t) {
      MILLGATE_ASSIGN(const auto amount, decided.number(classes[t]));
      utility.of_classes[d * classes.size() + t] = amount.value_or(0);
    }
    MILLGATE_TRY(decided.finish());
  }
  MILLGATE_TRY(section.finish());
  return utility;
}

Status read_utility(Section& root, Project& project) {
  MILLGATE_ASSIGN(Section metric, root.section("metric"));
  if (metric.has("utility") && project.task && project.task->kind == TaskKind::multiclass) {
    MILLGATE_ASSIGN(Section section, metric.section("utility"));
    const std::vector<std::string>& classes = project.task->classes;
    MILLGATE_ASSIGN(Utility utility, read_class_utility(section, classes));
    const std::vector<double>& all = utility.of_classes;
    if (std::all_of(all.begin(), all.end(), [](double one) { return one == 0; })) {
      return metric.error_at("utility", "[metric.utility] says of no decision what it earns",
                             "write what it earns to decide for a class, by what is true: `" +
                                 classes.front() + " = { " + classes.front() + " = 10, " +
                                 classes.back() + " = -5 }`");
    }
    project.utility = std::move(utility);
  } else if (metric.has("utility")) {
    MILLGATE_ASSIGN(Section section, metric.section("utility"));
    Utility utility;
    for (const auto& [key, amount] : {std::pair{"true_positive", &utility.true_positive},
                                      std::pair{"false_positive", &utility.false_positive},
                                      std::pair{"true_negative", &utility.true_negative},
                                      std::pair{"false_negative", &utility.false_negative}}) {
      MILLGATE_ASSIGN(const auto value, section.number(key));
      *amount = value.value_or(0);
    }
    MILLGATE_TRY(section.finish());
    if (project.task && project.task->kind == TaskKind::ranking) {
      return metric.error_at(
          "utility",
          "[metric.utility] is what the four outcomes of a binary task earn, and "
          "this task ranks rows",
          "require `ndcg`, `mrr` or `hit_rate_10` instead");
    }
    project.utility = utility;
  }
  return metric.finish();
}

/// A metric that cannot be measured in this project could only ever fail.
Status check_measurable(const Project& project, const Section& section, const std::string& key,
                        const std::string& metric) {
  if (metric != "utility" || project.utility) return {};
  std::string hint = "say there what a true_positive and a false_positive earn";
  if (project.task && project.task->kind == TaskKind::multiclass) {
    const std::string name = toml_text(project.task->classes.front());
    hint = "say there what to decide for a class earns, by what is true: `" + name + " = { " +
           name + " = 1 }`";
  }
  return section.error_at(key, "`utility` cannot be measured: there is no [metric.utility]", hint);
}

Status read_stakeholders(Section& root, Project& project) {
  MILLGATE_ASSIGN(const auto sections, root.sections("stakeholder"));
  for (const Section& section : sections) {
    MILLGATE_ASSIGN(Stakeholder one, read_stakeholder(section));
    for (const Stakeholder& other : project.stakeholders) {
      if (other.name != one.name) continue;
      return section.error_at("name", "stakeholder `" + one.name + "` is there twice",
                              "write one formula over both metrics, or another name");
    }
    for (const std::string& metric : one.metrics) {
      MILLGATE_TRY(check_measurable(project, section, "wants", metric));
    }
    project.stakeholders.push_back(std::move(one));
  }
  return {};
}

/// The column that a requirement's groups are of; empty where they are of several, which the gate
/// alone measures.
std::string column_of(const Requirement& requirement) {
  if (requirement.by.size() == 1) return requirement.by.front();
  return requirement.where.size() == 1 ? requirement.where.front().column : std::string();
}

Status read_gate(Section& root, Project& project) {
  MILLGATE_ASSIGN(Section gate, root.section("gate"));
  MILLGATE_ASSIGN(const std::string until, gate.text_or("warn_only_until", ""));
  if (!until.empty()) {
    const auto time = parse_time(until);
    if (!time.ok()) {
      return gate.error_at("warn_only_until", time.error().what, time.error().hint);
    }
    project.warn_only_until = *time;
  }
  return gate.finish();
}

/// What is known only here of the requirements of a gate; what they ask of a slice is also shown
/// of every run.
Status take_requirements(Project& project, const std::vector<Requirement>& requirements) {
  for (const Requirement& one : requirements) {
    MILLGATE_TRY(check_measurable(project, one.section, "metric", one.metric));
    if (project.task && is_of_class(one, project.task->classes)) continue;
    const std::string column = column_of(one);
    if (project.task && !column.empty() && !contains(project.task->slices, column)) {
      project.task->slices.push_back(column);
    }
  }
  return {};
}

Status read_requirements(Section& root, Project& project) {
  MILLGATE_ASSIGN(const auto sections, root.sections("requirement"));
  std::vector<Requirement> common;
  for (const Section& section : sections) {
    MILLGATE_ASSIGN(Requirement one, read_requirement(section));
    MILLGATE_TRY(add_requirement(common, std::move(one)));
  }
  MILLGATE_ASSIGN(project.environments, read_environments(root, common));
  // What they say is needed only where a model goes live, and read there again.
  MILLGATE_TRY(read_sign_offs(root, project.environments, project.folder));
  for (const Environment& one : project.environments) {
    MILLGATE_TRY(take_requirements(project, one.requirements));
  }
  return {};
}

}  // namespace

Result<PersonalPolicies> read_project_policies(const std::string& folder) {
  MILLGATE_ASSIGN(const std::string text, read_project_file(folder));
  MILLGATE_ASSIGN(Section root, parse_settings(text, path_for_messages(folder)));
  return read_policies(root);
}

Result<Project> read_project(const std::string& folder, const std::vector<std::string>& overrides) {
  Configuration configuration;
  MILLGATE_ASSIGN(configuration.text, read_project_file(folder));
  configuration.overrides = environment_overrides();
  configuration.overrides.insert(configuration.overrides.end(), overrides.begin(), overrides.end());
  return project_of(folder, std::move(configuration), path_for_messages(folder));
}

Result<Project> project_of(const std::string& folder, Configuration configuration,
                           const std::string& path) {
  Project project;
  project.folder = folder;
  project.configuration = std::move(configuration);
  const auto& [text, all] = project.configuration;

  MILLGATE_ASSIGN(project.root, parse_settings(text, path, all));
  project.configuration_hash = configuration_id(project.configuration);
  Section& root = project.root;
  MILLGATE_TRY(read_about(root, project));
  MILLGATE_TRY(read_sources(root, project));
  MILLGATE_ASSIGN(project.steps, read_command_steps(root));
  MILLGATE_TRY(check_no_policy_overridden(all));
  MILLGATE_ASSIGN(project.personal, read_policies(root));
  MILLGATE_TRY(read_rules(root, project));
  MILLGATE_TRY(read_the_task(root, project));
  MILLGATE_TRY(read_views(root, project));
  MILLGATE_ASSIGN(Section online, root.section("online"));
  MILLGATE_ASSIGN(project.online, read_online_settings(online, project.name));
  MILLGATE_TRY(read_features(root, project));
  MILLGATE_ASSIGN(Section train, root.section("train"));
  MILLGATE_ASSIGN(project.train, read_train_settings(train));
  // Absolute: the program begins in the first and is told of the second.
  const std::string place = std::filesystem::absolute(folder).lexically_normal().string();
  const auto set_place = [&](CommandSettings& command) {
    command.folder = place;
    command.scratch = place + "/.millgate/scratch";
  };
  set_place(project.train.command);
  for (EnsembleMember& member : project.train.ensemble.members) {
    set_place(member.settings.command);
  }
  MILLGATE_TRY(read_utility(root, project));
  MILLGATE_TRY(read_stakeholders(root, project));
  MILLGATE_TRY(read_requirements(root, project));
  MILLGATE_TRY(read_gate(root, project));
  // Who needs them reads them again; here a fault in them is found by every command.
  MILLGATE_TRY(read_quarantine_settings(root));
  MILLGATE_TRY(read_doctor_settings(root));
  MILLGATE_TRY(read_model_about(root));
  MILLGATE_TRY(read_triggers(root));
  MILLGATE_TRY(root.finish());
  MILLGATE_ASSIGN(Section again, parse_settings(text, path, all));
  MILLGATE_TRY(check_described(std::move(again)));
  return project;
}

Result<std::string> find_project_folder(const std::string& from) {
  std::error_code failed;
  std::filesystem::path folder = std::filesystem::absolute(from, failed);
  if (failed) return outside_failure("cannot tell where `" + from + "` is: " + failed.message());
  folder = folder.lexically_normal();
  for (;; folder = folder.parent_path()) {
    if (std::filesystem::exists(folder / kFileName, failed)) return folder.string();
    if (!folder.has_relative_path()) break;
  }
  return not_found(
      "there is no " + std::string(kFileName) + " in `" + from + "` or in a folder above it",
      "`millgate init DIR` makes a project");
}

}  // namespace millgate
