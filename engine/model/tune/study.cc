#include "model/tune/study.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "ground/json.h"
#include "model/tune/pareto.h"

namespace millgate {

namespace {

constexpr const char* kStudyEvent = "study";
constexpr const char* kTrialEvent = "trial";

Tried tried_from(const Study& study, const Trial& trial, SearchPoint point, bool is_known) {
  Tried tried{.point = std::move(point),
              .state = Tried::State::pending,
              .losses = {},
              .rungs_reached = trial.outcome.rung_losses.size(),
              .rung_loss = trial.outcome.rung_losses.empty()
                               ? std::numeric_limits<double>::infinity()
                               : trial.outcome.rung_losses.back()};
  if (!is_known) return tried;
  switch (trial.state) {
    case TrialState::complete:
      tried.state = Tried::State::complete;
      tried.losses = losses_of(study, trial);
      break;
    case TrialState::pruned:
      tried.state = Tried::State::pruned;
      break;
    case TrialState::failed:
      tried.state = Tried::State::failed;
      break;
  }
  return tried;
}

}  // namespace

SearchPoint point_of_trial(const Study& study, int number, const std::map<int, Trial>& trials,
                           std::map<int, SearchPoint>& points) {
  if (const auto known = points.find(number); known != points.end()) return known->second;
  if (const auto found = trials.find(number); found != trials.end()) {
    if (auto point = point_of(study.space, found->second.parameters); point.ok()) {
      return points[number] = std::move(point).value();
    }
  }
  if (static_cast<size_t>(number) <= study.first.size()) {
    return points[number] = study.first[static_cast<size_t>(number - 1)];
  }
  const Suggestion suggestion{
      .sampler = study.sampler, .seed = study.seed, .number = number, .started_at_random = 10};
  std::vector<Tried> tried;
  // Points drawn without a look at others need none.
  const bool looks = study.sampler == Sampler::tpe && number > suggestion.started_at_random;
  for (int other = 1; looks && other < number; ++other) {
    const auto found = trials.find(other);
    const bool is_known = other <= number - study.side_by_side && found != trials.end();
    tried.push_back(tried_from(study, found == trials.end() ? Trial{} : found->second,
                               point_of_trial(study, other, trials, points), is_known));
  }
  return points[number] = suggest(study.space, suggestion, tried);
}

std::vector<double> losses_at_rung(const Study& study, int number, size_t rung,
                                   const std::map<int, Trial>& trials) {
  std::vector<double> losses;
  for (const auto& [other, trial] : trials) {
    if (other > number - study.side_by_side) break;
    if (rung < trial.outcome.rung_losses.size()) losses.push_back(trial.outcome.rung_losses[rung]);
  }
  return losses;
}

Losses losses_of(const Study& study, const Trial& trial) {
  Losses losses = trial.outcome.values;
  for (size_t k = 0; k < losses.size(); ++k) {
    if (study.objectives[k].higher_is_better) losses[k] = -losses[k];
  }
  return losses;
}

std::optional<size_t> best_trial(const Study& study, std::span<const Trial> trials) {
  std::optional<size_t> best;
  for (size_t i = 0; i < trials.size(); ++i) {
    if (trials[i].state != TrialState::complete) continue;
    if (!best || losses_of(study, trials[i])[0] < losses_of(study, trials[*best])[0]) best = i;
  }
  return best;
}

std::vector<size_t> pareto_front(const Study& study, std::span<const Trial> trials) {
  std::vector<size_t> complete;
  std::vector<Losses> losses;
  for (size_t i = 0; i < trials.size(); ++i) {
    if (trials[i].state != TrialState::complete) continue;
    complete.push_back(i);
    losses.push_back(losses_of(study, trials[i]));
  }
  const std::vector<int> ranks = pareto_ranks(losses);
  std::vector<size_t> places;
  for (size_t i = 0; i < ranks.size(); ++i) {
    if (ranks[i] == 0) places.push_back(i);
  }
  std::stable_sort(places.begin(), places.end(),
                   [&](size_t a, size_t b) { return losses[a] < losses[b]; });
  std::vector<size_t> front;
  front.reserve(places.size());
  for (const size_t place : places) front.push_back(complete[place]);
  return front;
}

Json to_json(const Study& study) {
  Json objectives = Json::array();
  for (const Objective& one : study.objectives) objectives.push_back(one.metric);
  Json first = Json::array();
  for (const SearchPoint& point : study.first) first.push_back(parameters_at(study.space, point));
  return {{"space", to_json(study.space)},
          {"metrics", objectives},
          {"sampler", study.sampler == Sampler::tpe ? "tpe" : "random"},
          {"seed", study.seed},
          {"side_by_side", study.side_by_side},
          {"rungs", study.rungs},
          {"first", first}};
}

Status record_study(Ledger& ledger, const Study& study, const Json& about,
                    const std::string& author) {
  bool is_there = false;
  const auto is_new = [&](const Ledger& now) -> Status {
    MILLGATE_ASSIGN(const auto event, now.newest(kStudyEvent, study.id.hex()));
    is_there = event.has_value();
    if (!is_there) return {};
    return Error{.code = ErrorCode::conflict, .what = "the study is recorded already"};
  };
  Json body = about;
  body["definition"] = to_json(study);
  const auto event = ledger.append(
      {.kind = kStudyEvent, .subject = study.id.hex(), .author = author, .body = dump_json(body)},
      is_new);
  if (is_there || event.ok()) return {};
  return event.error();
}

Result<bool> record_trial(Ledger& ledger, const Study& study, const Trial& trial, int64_t after,
                          const std::string& author) {
  bool is_there = false;
  const auto is_new = [&](const Ledger& now) -> Status {
    int64_t newest = after;
    MILLGATE_ASSIGN(const auto recorded, read_trials(now, study.id, newest));
    is_there = std::any_of(recorded.begin(), recorded.end(),
                           [&](const Trial& one) { return one.number == trial.number; });
    if (!is_there) return {};
    return Error{.code = ErrorCode::conflict, .what = "the trial is recorded already"};
  };
  const auto event = ledger.append({.kind = kTrialEvent,
                                    .subject = study.id.hex(),
                                    .author = author,
                                    .body = dump_json(to_json(trial))},
                                   is_new);
  if (is_there) return false;
  if (!event.ok()) return event.error();
  return true;
}

Result<std::vector<Trial>> read_trials(const Ledger& ledger, const Id& id, int64_t& after) {
  MILLGATE_ASSIGN(const auto events, ledger.events(after, kTrialEvent, id.hex()));
  std::vector<Trial> trials;
  for (const Event& event : events) {
    MILLGATE_ASSIGN(const Json body,
                    parse_json(event.body, "event " + std::to_string(event.number)));
    MILLGATE_ASSIGN(Trial trial, trial_from_json(body));
    trials.push_back(std::move(trial));
    after = std::max(after, event.number);
  }
  return trials;
}

}  // namespace millgate
