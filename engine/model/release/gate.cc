#include "model/release/gate.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include "ground/json.h"
#include "ground/settings.h"
#include "model/measure/metric.h"
#include "model/measure/rounded_text.h"

namespace millgate {

namespace {

constexpr const char* kVerdictKind = "verdict";

constexpr std::pair<Bound, std::string_view> kBoundNames[] = {
    {Bound::at_least, "at_least"},
    {Bound::at_most, "at_most"},
    {Bound::better_by, "better_by"},
    {Bound::not_worse_by, "not_worse_by"}};

std::string_view to_string(Bound bound) {
  return std::find_if(std::begin(kBoundNames), std::end(kBoundNames),
                      [&](const auto& one) { return one.first == bound; })
      ->second;
}

double margin_of(const Requirement& requirement, double value) {
  return requirement.bound == Bound::at_least ? value - requirement.limit
                                              : requirement.limit - value;
}

Status check_requirements(const std::vector<Requirement>& requirements) {
  if (requirements.empty()) {
    return Error{.code = ErrorCode::refused,
                 .what = "gate: no requirement is stated, so nothing can be passed",
                 .hint = "add a [[requirement]] to millgate.toml"};
  }
  std::set<std::tuple<std::string, Bound, std::string>> seen;
  for (const Requirement& requirement : requirements) {
    if (!std::isfinite(requirement.limit)) {
      return invalid_input("requirement on `" + name_of(requirement) +
                           "`: the limit is not a finite number");
    }
    if (!seen.emplace(requirement.metric, requirement.bound, requirement.slice).second) {
      return requirement.section.error_at("metric",
                                          "requirement `" + name_of(requirement) + "` " +
                                              std::string(to_string(requirement.bound)) +
                                              " is stated twice",
                                          "keep the stricter one");
    }
  }
  return {};
}

/// The measurement that counts: the worst that fits; a value that is no number is the worst.
const Evidence* find_evidence(const Requirement& requirement,
                              const std::vector<Evidence>& evidence) {
  const bool is_against = is_comparison(requirement.bound);
  const std::string metric = is_against ? advantage_metric(requirement.metric) : requirement.metric;
  const Evidence* worst = nullptr;
  for (const Evidence& candidate : evidence) {
    if (candidate.metric != metric || candidate.slice != requirement.slice) continue;
    if (std::isnan(candidate.value)) return &candidate;
    if (worst == nullptr ||
        margin_of(requirement, candidate.value) < margin_of(requirement, worst->value)) {
      worst = &candidate;
    }
  }
  return worst;
}

/// Why nothing fits: it could not be measured, was measured for other groups, or not at all.
std::string missing_reason(const Requirement& requirement, const std::vector<Evidence>& evidence,
                           const std::vector<Unmeasured>& unmeasured) {
  for (const Unmeasured& one : unmeasured) {
    const bool is_it =
        (one.metric == requirement.metric || one.metric.empty()) && one.slice == requirement.slice;
    if (is_it) return "not measured: " + one.why;
  }
  std::string others;
  int count = 0;
  for (const Evidence& candidate : evidence) {
    if (candidate.metric != requirement.metric || ++count > 6) continue;
    if (!others.empty()) others += ", ";
    others += candidate.slice.empty() ? "all rows" : candidate.slice;
  }
  if (others.empty()) return "nobody measured it; no evidence is not a pass";
  return "nobody measured it for " +
         (requirement.slice.empty() ? std::string("all rows") : requirement.slice) +
         "; it was measured for " + others;
}

/// Rows after which the interval, which narrows with their root, would leave out the limit.
int64_t rows_to_tell(const Judgement& judgement, double better_end) {
  const Evidence& evidence = *judgement.evidence;
  const double wide = std::abs(better_end - evidence.value) / std::abs(judgement.margin);
  return static_cast<int64_t>(std::ceil(static_cast<double>(evidence.row_count) * wide * wide));
}

std::string measured_reason(const Judgement& judgement) {
  const Evidence& evidence = *judgement.evidence;
  const std::string unit = counted_in(evidence.metric);
  std::string reason = "measured " + rounded_text(evidence.value);
  if (evidence.row_count > 0) reason += " on " + std::to_string(evidence.row_count) + " " + unit;
  if (!evidence.data.empty()) reason += " (" + evidence.data + ")";
  const auto& worse_end =
      judgement.requirement.bound == Bound::at_least ? evidence.lower : evidence.upper;
  if (judgement.passed && worse_end && margin_of(judgement.requirement, *worse_end) < 0) {
    reason += "; the 95 % interval reaches " + rounded_text(*worse_end) + ", beyond the limit";
  }
  const auto& better_end =
      judgement.requirement.bound == Bound::at_least ? evidence.upper : evidence.lower;
  if (!judgement.passed && better_end && margin_of(judgement.requirement, *better_end) >= 0) {
    reason += "; the 95 % interval reaches " + rounded_text(*better_end) +
              ", within the limit: about " + std::to_string(rows_to_tell(judgement, *better_end)) +
              " " + unit + " would be needed to tell";
  }
  if (!evidence.note.empty()) reason += "; " + evidence.note;
  return reason;
}

/// How far the lower end of the advantage is above what is asked for.
void judge_advantage(Judgement& judgement) {
  const Evidence& evidence = *judgement.evidence;
  const Requirement& requirement = judgement.requirement;
  const bool is_better = requirement.bound == Bound::better_by;
  const double asked = is_better ? requirement.limit : -requirement.limit;
  const double lower = evidence.lower.value_or(-std::numeric_limits<double>::infinity());
  judgement.margin = lower - asked;
  judgement.passed = is_better ? judgement.margin > 0 : judgement.margin >= 0;
  judgement.reason = evidence.note;
  if (!judgement.passed && evidence.value > asked && std::isfinite(lower)) {
    const double wide = (evidence.value - lower) / (evidence.value - asked);
    const double rows = std::ceil(static_cast<double>(evidence.row_count) * wide * wide);
    judgement.reason += "; about " + std::to_string(static_cast<int64_t>(rows)) + " " +
                        counted_in(requirement.metric) + " would be needed to tell";
  }
}

Judgement judge_one(const Requirement& requirement, const std::vector<Evidence>& evidence,
                    const JudgeOptions& options) {
  Judgement judgement{.requirement = requirement, .evidence = std::nullopt, .reason = {}};
  if (is_against_serving(requirement) && options.nothing_serves) {
    judgement.passed = true;
    judgement.reason = "nothing serves yet that it could be held against";
    return judgement;
  }
  const Evidence* found = find_evidence(requirement, evidence);
  if (found == nullptr) {
    judgement.reason = missing_reason(requirement, evidence, options.unmeasured);
    return judgement;
  }
  judgement.evidence = *found;
  if (std::isnan(found->value)) {
    judgement.reason = "the measurement is not a number";
    return judgement;
  }
  if (is_comparison(requirement.bound)) {
    judge_advantage(judgement);
    return judgement;
  }
  judgement.margin = margin_of(requirement, found->value);
  judgement.passed = judgement.margin >= 0;
  judgement.reason = measured_reason(judgement);
  return judgement;
}

Json judgement_json(const Judgement& judgement) {
  const Requirement& requirement = judgement.requirement;
  Json json;
  json["metric"] = requirement.metric;
  json["bound"] = to_string(requirement.bound);
  json["limit"] = requirement.limit;
  json["level"] = requirement.level == Level::must ? "must" : "should";
  json["slice"] = requirement.slice;
  if (!requirement.circumstance.empty()) json["circumstance"] = requirement.circumstance;
  json["because"] = requirement.because;
  json["passed"] = judgement.passed;
  json["margin"] = judgement.evidence ? Json(judgement.margin) : Json();
  json["reason"] = judgement.reason;
  json["evidence"] = judgement.evidence ? millgate::to_json(*judgement.evidence) : Json();
  return json;
}

Json body_json(const Verdict& verdict) {
  Json list = Json::array();
  for (const Judgement& judgement : verdict.judgements()) list.push_back(judgement_json(judgement));
  Json body;
  body["passed"] = verdict.passed();
  if (verdict.warns_only()) body["warns_only"] = true;
  if (!verdict.environment().empty()) body["environment"] = verdict.environment();
  body["judgements"] = std::move(list);
  if (!verdict.tradeoff().empty()) body["tradeoff"] = Json::parse(verdict.tradeoff());
  return body;
}

Result<Judgement> judgement_from_json(const Json& json, const std::string& object,
                                      const Section& nowhere) {
  Judgement judgement{.requirement = {.metric = {}, .slice = {}, .because = {}, .section = nowhere},
                      .evidence = std::nullopt,
                      .reason = {}};
  Requirement& requirement = judgement.requirement;
  MILLGATE_ASSIGN(requirement.metric, json_member<std::string>(json, "metric", object));
  MILLGATE_ASSIGN(const auto bound, json_member<std::string>(json, "bound", object));
  const auto* named = std::find_if(std::begin(kBoundNames), std::end(kBoundNames),
                                   [&](const auto& one) { return one.second == bound; });
  if (named == std::end(kBoundNames)) {
    return damaged(object + ": bound `" + bound + "` is none that is known");
  }
  requirement.bound = named->first;
  // Verdicts of before there were levels have none.
  requirement.level = json.value("level", "must") == "should" ? Level::should : Level::must;
  MILLGATE_ASSIGN(requirement.limit, json_member<double>(json, "limit", object));
  MILLGATE_ASSIGN(requirement.slice, json_member<std::string>(json, "slice", object));
  requirement.circumstance = json.value("circumstance", "");
  MILLGATE_ASSIGN(requirement.because, json_member<std::string>(json, "because", object));
  MILLGATE_ASSIGN(judgement.passed, json_member<bool>(json, "passed", object));
  MILLGATE_ASSIGN(judgement.reason, json_member<std::string>(json, "reason", object));
  if (const auto margin = json.find("margin"); margin != json.end() && margin->is_number()) {
    judgement.margin = margin->get<double>();
  }
  if (const auto found = json.find("evidence"); found != json.end() && found->is_object()) {
    MILLGATE_ASSIGN(judgement.evidence, evidence_from_json(*found));
  }
  return judgement;
}

bool meets_musts(const std::vector<Judgement>& judgements) {
  return !judgements.empty() &&
         std::all_of(judgements.begin(), judgements.end(), [](const Judgement& one) {
           return one.passed || one.requirement.level == Level::should;
         });
}

}  // namespace

std::string advantage_metric(const std::string& metric) { return "advantage:" + metric; }

Result<Verdict> judge(Ledger& ledger, const Id& model, const std::vector<Requirement>& requirements,
                      const std::vector<Evidence>& evidence, const std::string& author,
                      const JudgeOptions& options) {
  MILLGATE_TRY(check_requirements(requirements));
  Verdict verdict;
  verdict.model_ = model;
  verdict.environment_ = options.environment;
  verdict.tradeoff_ = options.tradeoff;
  for (const Requirement& requirement : requirements) {
    verdict.judgements_.push_back(judge_one(requirement, evidence, options));
  }
  const bool meets = meets_musts(verdict.judgements_);
  verdict.warns_only_ = options.warn_only && !meets;
  verdict.passed_ = meets || options.warn_only;
  MILLGATE_ASSIGN(verdict.event_, ledger.append({.kind = kVerdictKind,
                                                 .subject = model.hex(),
                                                 .author = author,
                                                 .body = dump_json(body_json(verdict))}));
  return verdict;
}

Result<std::optional<Verdict>> find_verdict(const Ledger& ledger, const Id& model,
                                            const std::string& environment) {
  MILLGATE_ASSIGN(const std::vector<Event> events, ledger.events(0, kVerdictKind, model.hex()));
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    MILLGATE_ASSIGN(Verdict verdict, verdict_from_event(*event));
    if (verdict.environment() == environment) {
      return std::optional<Verdict>(std::move(verdict));
    }
  }
  return std::optional<Verdict>();
}

Result<Verdict> verdict_from_event(const Event& event) {
  const std::string object = "verdict " + event.id.brief();
  if (event.kind != kVerdictKind) {
    return damaged(object + ": the event is a `" + event.kind + "`, not a verdict");
  }
  Verdict verdict;
  verdict.event_ = event;
  MILLGATE_ASSIGN(verdict.model_, Id::parse(event.subject));
  MILLGATE_ASSIGN(const Json body, parse_json(event.body, object));
  MILLGATE_ASSIGN(verdict.passed_, json_member<bool>(body, "passed", object));
  MILLGATE_ASSIGN(const Json list, json_member<Json>(body, "judgements", object));
  MILLGATE_ASSIGN(const Section nowhere, parse_settings("", "ledger"));
  verdict.warns_only_ = body.value("warns_only", false);
  verdict.environment_ = body.value("environment", std::string());
  if (const auto found = body.find("tradeoff"); found != body.end()) {
    verdict.tradeoff_ = dump_json(*found);
  }
  for (const Json& entry : list) {
    MILLGATE_ASSIGN(Judgement judgement, judgement_from_json(entry, object, nowhere));
    verdict.judgements_.push_back(std::move(judgement));
  }
  const bool should_pass =
      meets_musts(verdict.judgements_) || (verdict.warns_only_ && !list.empty());
  if (verdict.passed_ != should_pass) {
    return damaged(object + ": it says passed = " + (verdict.passed_ ? "true" : "false") +
                   ", its judgements say otherwise");
  }
  return verdict;
}

nlohmann::ordered_json to_json(const Verdict& verdict) {
  Json json;
  json["verdict"] = verdict.name();
  json["model"] = verdict.model().hex();
  json["event"] = verdict.event().number;
  json["time"] = to_string(verdict.event().time);
  json["author"] = verdict.event().author;
  json.update(body_json(verdict));
  return json;
}

}  // namespace millgate
