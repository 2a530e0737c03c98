#include "model/tune/trial.h"

#include <limits>
#include <string>

#include "ground/json.h"

namespace millgate {

namespace {

/// JSON has no NaN: it comes back from null.
std::vector<double> numbers_of(const Json& json) {
  std::vector<double> numbers;
  for (const Json& one : json) {
    numbers.push_back(one.is_null() ? std::numeric_limits<double>::quiet_NaN() : one.get<double>());
  }
  return numbers;
}

Result<TrialState> state_of(const std::string& text) {
  for (const TrialState state : {TrialState::complete, TrialState::pruned, TrialState::failed}) {
    if (text == to_text(state)) return state;
  }
  return damaged("trial: unknown state `" + text + "`");
}

Result<Trial> read_trial(const Json& json) {
  Trial trial;
  trial.number = json.at("number").get<int>();
  MILLGATE_ASSIGN(trial.state, state_of(json.at("state").get<std::string>()));
  trial.parameters = json.at("parameters").get<std::map<std::string, std::string>>();
  trial.outcome.values = numbers_of(json.at("values"));
  trial.outcome.rung_losses = numbers_of(json.at("rung_losses"));
  trial.outcome.is_pruned = trial.state == TrialState::pruned;
  trial.outcome.best_round = json.at("best_round").get<int>();
  trial.outcome.in_bag = numbers_of(json.at("in_bag"));
  trial.outcome.out_of_bag = numbers_of(json.at("out_of_bag"));
  trial.error = json.at("error").get<std::string>();
  trial.seconds = json.at("seconds").get<double>();
  return trial;
}

}  // namespace

std::string_view to_text(TrialState state) {
  switch (state) {
    case TrialState::complete:
      return "complete";
    case TrialState::pruned:
      return "pruned";
    case TrialState::failed:
      return "failed";
  }
  return "";
}

Json to_json(const Trial& trial) {
  return {{"number", trial.number},
          {"state", to_text(trial.state)},
          {"parameters", trial.parameters},
          {"values", trial.outcome.values},
          {"rung_losses", trial.outcome.rung_losses},
          {"best_round", trial.outcome.best_round},
          {"in_bag", trial.outcome.in_bag},
          {"out_of_bag", trial.outcome.out_of_bag},
          {"error", trial.error},
          {"seconds", trial.seconds}};
}

Result<Trial> trial_from_json(const Json& json) {
  try {
    return read_trial(json);
  } catch (const nlohmann::json::exception& failure) {
    return damaged(std::string("trial: ") + failure.what());
  }
}

}  // namespace millgate
