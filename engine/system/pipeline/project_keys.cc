#include "system/pipeline/project_keys.h"

#include <algorithm>
#include <array>

#include "ground/json.h"
#include "ground/nearest_name.h"
#include "model/learn/train_settings.h"
#include "system/pipeline/model_about.h"

namespace millgate {

namespace {

constexpr std::string_view kRequired = "required";

constexpr auto kKeys = std::to_array<ProjectKey>({
#include "system/pipeline/project_keys.inc"
});

/// Without their keys.
std::vector<ProjectSection> bare_sections() {
  return {
      {"project", false, "What the project is called, and what for.", "start.md"},
      {"source", true, "Files that become a table, or a folder of files that is kept.",
       "own-data.md"},
      {"source.about", false, "What people know of a source: texts, by any name.", "about-data.md"},
      {"source.personal", false, "What may be done with columns that hold personal data.",
       "personal-data.md"},
      {"step", true, "A program that makes files from files.", "steps.md"},
      {"step.parameters", false, "Settings of the program; a change runs it again.", "steps.md"},
      {"check", true, "What a good row meets.", "looking-at-data.md"},
      {"task", false, "What is predicted.", "own-data.md"},
      {"view", true, "What is joined as of the time of a row.", "online.md"},
      {"view.windows", false, "What happened to the entity before the row, one line each.",
       "online.md"},
      {"online", false, "The store of features by entity.", "online.md"},
      {"features", false, "One expression each; their order is that of the features.",
       "expressions.md"},
      {"feature.*", false, "What a feature means.", "expressions.md"},
      {"example", true, "What a feature must give for a row.", "expressions.md"},
      {"example.given", false, "The row: columns and values; those left out are null.",
       "expressions.md"},
      {"expectation", true, "What a model must say; `millgate test` and the gate try it.",
       "expectations.md"},
      {"expectation.given", false, "A row: columns and values.", "expectations.md"},
      {"units", false, "Units of columns; to mix them is an error.", "expressions.md"},
      {"calendar", true, "Days with a meaning.", "expressions.md"},
      {"train", false, "How a model is trained.", "own-learner.md"},
      {"train.split", false, "Which rows train, choose and measure.", "own-data.md"},
      {"train.limits", false, "What a program that trains may use.", "own-learner.md"},
      {"train.parameters", false, "Parameters of the learner; any for `command`.", "shrinking.md"},
      {"train.member", true, "One model of an ensemble.", "ensembles.md"},
      {"train.member.parameters", false, "Of the member's learner; see [train.parameters].",
       "ensembles.md"},
      {"train.tune", false, "A search for parameters.", "tuning.md"},
      {"train.search.*", false, "What is searched: one parameter each.", "tuning.md"},
      {"train.search.*.when", false, "Search it only where another has one of these values.",
       "tuning.md"},
      {"train.uncertainty", false, "Intervals, or sets of answers, that hold the truth so often.",
       "uncertainty.md"},
      {"metric.utility", false, "What each decision earns, or costs, in a currency.",
       "stakeholders.md"},
      {"metric.utility.*", false, "Of several classes: what to decide for this one earns.",
       "classes.md"},
      {"stakeholder", true, "Who wants what of the model.", "stakeholders.md"},
      {"requirement", true, "What a model must meet to go live.", "gate.md"},
      {"environment", true, "Where a model can be live, in the order in which it goes there.",
       "models.md"},
      {"environment.requirement", true, "What an environment asks for: keys of [[requirement]].",
       "models.md"},
      {"gate", false, "How the gate judges.", "gate.md"},
      {"quarantine", false, "Whose rows are looked at before a merge lets them in.",
       "looking-at-data.md"},
      {"doctor", false, "What `millgate doctor` makes of a finding.", "doctor.md"},
      {"doctor.allow", true, "Findings that are meant to be so.", "doctor.md"},
      {"model", false, "What only people can say of the models; texts of every model card.",
       "documents.md"},
      {"trigger", true, "What an incident starts by itself.", "monitoring.md"},
      {"sign_off", true, "Who must sign before a model goes live.", "models.md"},
  };
}

/// A parameter that learners share has one line, of the first.
void add_parameters(ProjectSection& section) {
  for (const LearnerParameter& one : learner_parameters()) {
    if (std::ranges::find(section.keys, one.name, &ProjectKey::key) != section.keys.end()) continue;
    section.keys.push_back({section.name, one.name, one.learner, {}, one.definition, {}});
  }
}

std::vector<ProjectSection> whole_sections() {
  std::vector<ProjectSection> sections = bare_sections();
  for (ProjectSection& section : sections) {
    const bool is_environment = section.name == "environment.requirement";
    for (const ProjectKey& key : kKeys) {
      if (key.section == (is_environment ? "requirement" : section.name)) {
        section.keys.push_back(key);
      }
    }
    if (section.name == "train.parameters") add_parameters(section);
    if (section.name != "model") continue;
    for (const ModelQuestion& one : model_questions()) {
      section.keys.push_back({section.name, one.member, "text", {}, one.asks, {}});
    }
  }
  return sections;
}

bool takes(const ProjectSection* section, const std::string& key) {
  return section != nullptr && std::ranges::any_of(section->keys, [&](const ProjectKey& one) {
           return one.key == key || one.key == "*";
         });
}

/// The section called `name`, or the one with `*` in the place of its last part.
const ProjectSection* section_at(const std::string& name) {
  const auto& all = project_sections();
  const auto found = std::ranges::find(all, name, &ProjectSection::name);
  return found == all.end() ? nullptr : &*found;
}

/// Whether `name` has sections below it and is none itself, as `train.search`.
bool is_above_sections(const std::string& name) {
  return std::ranges::any_of(project_sections(), [&](const ProjectSection& one) {
    return one.name.starts_with(name + ".");
  });
}

/// `name` is that of the section in the reference; empty for the whole file.
Status check_section(Section& section, const std::string& name) {
  const ProjectSection* own = name.empty() ? nullptr : section_at(name);
  for (const std::string& key : section.keys()) {
    if (takes(own, key)) continue;
    std::string below = name.empty() ? key : name + "." + key;
    if (section_at(below) == nullptr && !is_above_sections(below)) {
      below = name.empty() ? "*" : name + ".*";
    }
    const ProjectSection* child = section_at(below);
    if (child == nullptr && !is_above_sections(below)) {
      Error error = section.error_at(key, "the reference does not say what `" + key + "` means");
      error.code = ErrorCode::bug;
      error.hint = "this is a fault of Millgate: add it to system/pipeline/project_keys.inc";
      return error;
    }
    if (child != nullptr && child->is_repeated) {
      MILLGATE_ASSIGN(std::vector<Section> all, section.sections(key));
      for (Section& one : all) MILLGATE_TRY(check_section(one, below));
    } else {
      MILLGATE_ASSIGN(Section one, section.section(key));
      MILLGATE_TRY(check_section(one, below));
    }
  }
  return {};
}

/// Text of a table's cell.
std::string cell(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '|') safe += '\\';
    safe += c;
  }
  return safe;
}

std::string code(std::string_view text) {
  return text.empty() ? std::string() : "`" + cell(text) + "`";
}

}  // namespace

std::string ProjectSection::title() const {
  return (is_repeated ? "[[" : "[") + std::string(name) + (is_repeated ? "]]" : "]");
}

const std::vector<ProjectSection>& project_sections() {
  static const std::vector<ProjectSection> sections = whole_sections();
  return sections;
}

Result<const ProjectSection*> project_section(std::string_view name) {
  if (const ProjectSection* found = section_at(std::string(name))) return found;
  std::vector<std::string> names;
  for (const ProjectSection& one : project_sections()) names.emplace_back(one.name);
  return not_found("the project file has no section `" + std::string(name) + "`",
                   name_hint(name, names));
}

Status check_described(Section root) { return check_section(root, {}); }

std::string project_reference() {
  std::string text;
  for (const ProjectSection& section : project_sections()) {
    text += "## `" + section.title() + "`\n\n" + std::string(section.what) + " Guide: [" +
            std::string(section.guide) + "](../docs/guides/" + std::string(section.guide) +
            ").\n\n| key | type | default | meaning | example |\n|---|---|---|---|---|\n";
    for (const ProjectKey& one : section.keys) {
      text += "| " + (one.key == "*" ? "any name" : code(one.key)) + " | " + cell(one.type) +
              " | " + (one.fallback == kRequired ? "required" : code(one.fallback)) + " | " +
              cell(one.meaning) + " | " + code(one.example) + " |\n";
    }
    text += '\n';
  }
  return text;
}

Json to_json(const ProjectSection& section) {
  Json keys = Json::array();
  for (const ProjectKey& one : section.keys) {
    keys.push_back({{"key", one.key},
                    {"type", one.type},
                    {"required", one.fallback == kRequired},
                    {"default", one.fallback == kRequired ? "" : one.fallback},
                    {"meaning", one.meaning},
                    {"example", one.example}});
  }
  return {{"section", section.name},
          {"repeated", section.is_repeated},
          {"what", section.what},
          {"guide", section.guide},
          {"keys", std::move(keys)}};
}

}  // namespace millgate
