/// The whole project file, `millgate.toml`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/check/rule.h"
#include "data/feature/expression_sources.h"
#include "data/feature/feature_example.h"
#include "data/feature/join.h"
#include "data/feature/program.h"
#include "data/feature/task.h"
#include "data/online/online_settings.h"
#include "data/personal/personal_policy.h"
#include "data/table/source.h"
#include "data/tree/folder_source.h"
#include "ground/error.h"
#include "ground/id.h"
#include "model/learn/trainer.h"
#include "model/measure/quality.h"
#include "model/release/environment.h"
#include "model/release/stakeholder.h"
#include "system/pipeline/command_step.h"
#include "system/pipeline/configuration.h"
#include "system/pipeline/expectation.h"

namespace millgate {

/// A `[feature.NAME]`: who answers for a feature, and what it means.
struct FeatureNote {
  std::string feature;
  std::string owner;
  std::string description;
};

struct Project {
  std::string folder;
  std::string name;
  std::string description;
  std::vector<Source> sources;        ///< [[source]] of kind "table", the default.
  std::vector<FolderSource> folders;  ///< [[source]] of kind "folder".
  std::vector<CommandStep> steps;     ///< [[step]], in the order of the file.
  PersonalPolicies personal;          ///< [source.personal]; no override changes them.
  std::vector<Rule> rules;
  std::optional<Task> task;
  std::vector<View> views;
  OnlineSettings online;  ///< [online]
  std::vector<FeatureDefinition> features;
  Section feature_section;  ///< [features]
  std::vector<CalendarDefinition> calendars;
  UnitDefinitions units;
  std::vector<FeatureExample> examples;
  std::vector<FeatureNote> feature_notes;
  TrainSettings train;
  std::optional<Utility> utility;              ///< [metric.utility]
  std::optional<double> threshold;             ///< [task] threshold
  std::vector<Stakeholder> stakeholders;       ///< [[stakeholder]]
  std::vector<ModelExpectation> expectations;  ///< [[expectation]]
  std::vector<Environment> environments;       ///< [[environment]], with what each gate asks for.
  std::optional<Time> warn_only_until;         ///< [gate]: until then failures only warn.
  Section root;
  Configuration configuration;  ///< What all of this was read from.
  Id configuration_hash;        ///< `configuration_id` of it.
};

/// Reads `folder`/millgate.toml with `overrides` ("train.seed=2") and those of the environment
/// (MILLGATE__TRAIN__SEED=2). Every key must be known.
/// Errors: `not_found` with the hint to run `millgate init`; `invalid_input` with the place.
[[nodiscard]] Result<Project> read_project(const std::string& folder,
                                           const std::vector<std::string>& overrides = {});

/// A project as it was, from a configuration that was kept. `path` is for messages only: errors say
/// that it is the project file as it was then. Errors: `invalid_input` where this program no longer
/// takes what the file says.
[[nodiscard]] Result<Project> project_of(const std::string& folder, Configuration configuration,
                                         const std::string& path);

/// What the project file in `folder` says of personal data, also where other parts of it are wrong:
/// who only looks at rows needs no more. Errors: as read_project.
[[nodiscard]] Result<PersonalPolicies> read_project_policies(const std::string& folder);

/// The folder at or above `from` that holds a millgate.toml. Errors: `not_found`.
[[nodiscard]] Result<std::string> find_project_folder(const std::string& from);

}  // namespace millgate
