#include <algorithm>
#include <iostream>

#include "app/commands.h"
#include "app/feature_usefulness.h"
#include "app/text_table.h"
#include "ground/comma_list.h"
#include "system/pipeline/feature_work.h"

namespace millgate {

namespace {

/// What is told about one feature.
struct Line {
  FeatureDefinition definition;
  std::string type;
  std::vector<std::string> inputs;
  FeatureNote note;
  std::vector<FeatureUse> uses;

  [[nodiscard]] bool is_changed() const {
    return std::any_of(uses.begin(), uses.end(),
                       [](const FeatureUse& use) { return !use.is_same; });
  }
};

std::string type_of(const FeatureProgram& program, const FeatureDefinition& definition) {
  if (definition.expression.starts_with("one_hot(")) return "one-hot";
  if (definition.expression.starts_with("hashed_words(")) return "hashed words";
  if (definition.expression.starts_with("hashed_characters(")) return "hashed characters";
  if (definition.expression.starts_with("elements(")) return "elements";
  for (const Feature& feature : program.features()) {
    if (feature.name == definition.name && feature.is_category) return "category";
  }
  return "number";
}

Result<std::vector<Line>> lines_of(const Workplace& place, const FeatureWork& work) {
  MILLGATE_ASSIGN(auto uses, feature_uses(*place.repository, place.project));
  std::vector<Line> lines;
  for (size_t i = 0; i < place.project.features.size(); ++i) {
    Line line;
    line.definition = place.project.features[i];
    line.type = type_of(work.program, line.definition);
    for (const Feature& feature : work.program.features()) {
      const bool is_ours = feature.name == line.definition.name ||
                           feature.name.starts_with(line.definition.name + "#");
      if (is_ours) line.inputs = feature.inputs;
    }
    for (const FeatureNote& note : place.project.feature_notes) {
      if (note.feature == line.definition.name) line.note = note;
    }
    line.uses = std::move(uses[i]);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string use_text(const Line& line) {
  size_t same = 0;
  bool serves = false;
  for (const FeatureUse& use : line.uses) {
    same += use.is_same ? 1 : 0;
    serves = serves || (use.is_same && use.is_serving);
  }
  return std::to_string(same) + (serves ? ", serving" : "");
}

Json to_json(const std::vector<Line>& lines) {
  Json list = Json::array();
  for (const Line& line : lines) {
    Json models = Json::array();
    for (const FeatureUse& use : line.uses) {
      models.push_back({{"model", use.model.hex()},
                        {"expression", use.expression},
                        {"is_same", use.is_same},
                        {"is_serving", use.is_serving}});
    }
    list.push_back({{"feature", line.definition.name},
                    {"expression", line.definition.expression},
                    {"type", line.type},
                    {"inputs", line.inputs},
                    {"owner", line.note.owner},
                    {"description", line.note.description},
                    {"models", models}});
  }
  return list;
}

void print_changes(const std::vector<Line>& lines) {
  for (const Line& line : lines) {
    if (!line.is_changed()) continue;
    std::cout << "\n`" << line.definition.name << "` is defined otherwise in\n";
    for (const FeatureUse& use : line.uses) {
      if (use.is_same) continue;
      std::cout << "  model " << use.model.brief() << (use.is_serving ? " (serving)" : "") << ": "
                << use.expression << '\n';
    }
  }
}

void print_lines(const std::vector<Line>& lines) {
  TextTable table({"feature", "expression", "type", "inputs", "owner", "models"});
  for (const Line& line : lines) {
    table.add({line.definition.name, line.definition.expression, line.type, comma_list(line.inputs),
               line.note.owner, use_text(line)});
  }
  table.print(std::cout);
  for (const Line& line : lines) {
    if (line.note.description.empty()) continue;
    std::cout << line.definition.name << ": " << line.note.description << '\n';
  }
  print_changes(lines);
}

Result<int> features(const Session& session, const std::string& revision) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(const FeatureWork work,
                  open_features(*place.repository, place.project, revision));
  MILLGATE_ASSIGN(const std::vector<Line> lines, lines_of(place, work));
  if (session.json) {
    print_json(to_json(lines));
  } else {
    print_lines(lines);
  }
  return kDone;
}

}  // namespace

void add_features(const Command& program, Session& session) {
  auto options = std::make_shared<UsefulFeaturesOptions>();
  auto is_useful = std::make_shared<bool>(false);
  auto no_training = std::make_shared<bool>(false);
  const Command command = program.add_command(
      "features",
      "list the features: what they read, who owns them, which models a change would touch; or "
      "judge which are worth keeping",
      "millgate features\n"
      "  millgate features --useful\n"
      "  millgate features --useful --metric auc --without arr_delay_before");
  command.add_option("--rev", options->revision, "version whose columns they read").shows_default();
  const Parameter useful = command.add_flag(
      "--useful", *is_useful,
      "judge each by held-out rows: permuted, left out, alone, by the others, over time, and cost");
  command
      .add_option("--metric", options->study.metric,
                  "auc, log_loss, brier, or rmse, mae, r2; default: log_loss, or rmse of numbers")
      .needs(useful);
  command
      .add_option("--without", options->without,
                  "judge the others without this one (several times)")
      .one_at_a_time()
      .needs(useful);
  command.add_option("--repeats", options->study.repeats, "of the permutation")
      .between(1, 100)
      .shows_default()
      .needs(useful);
  command
      .add_option("--trainings", options->study.trainings,
                  "of each feature left out; more than one tell the chance of training")
      .between(1, 100)
      .shows_default()
      .needs(useful);
  command
      .add_option("--periods", options->study.periods,
                  "of the training rows, and as many of the held-out ones")
      .between(1, 50)
      .shows_default()
      .needs(useful);
  command
      .add_option("--training-rows", options->study.training_rows_max,
                  "of more, as many are taken, evenly")
      .positive()
      .shows_default()
      .needs(useful);
  command
      .add_option("--held-out-rows", options->study.held_out_rows_max,
                  "of more, as many are taken, evenly")
      .positive()
      .shows_default()
      .needs(useful);
  command
      .add_flag("--no-training", *no_training, "leave out what needs a training for each feature")
      .needs(useful);
  command.does([&session, options, is_useful, no_training]() -> Result<int> {
    options->study.retrain = !*no_training;
    return *is_useful ? show_useful_features(session, *options)
                      : features(session, options->revision);
  });
}

}  // namespace millgate
