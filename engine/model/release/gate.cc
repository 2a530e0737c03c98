#include "model/release/gate.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <set>
#include <tuple>

#include "ground/json.h"
#include "ground/settings.h"

namespace millgate {

namespace {

constexpr const char* kVerdictKind = "verdict";

std::string_view to_string(Bound bound) {
  return bound == Bound::at_least ? "at_least" : "at_most";
}

/// Four digits are what a person compares; the exact value stands beside it in the evidence.
std::string rounded_text(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g", value);
  return text.data();
}

std::string name_of(const Requirement& requirement) {
  if (requirement.slice.empty()) return requirement.metric;
  return requirement.metric + "[" + requirement.slice + "]";
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
  const Evidence* worst = nullptr;
  for (const Evidence& candidate : evidence) {
    if (candidate.metric != requirement.metric || candidate.slice != requirement.slice) continue;
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
    const bool is_it = (one.metric == requirement.metric || one.metric.empty()) &&
                       one.slice == requirement.slice;
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
  std::string reason = "measured " + rounded_text(evidence.value);
  if (evidence.row_count > 0) reason += " on " + std::to_string(evidence.row_count) + " rows";
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
              " rows would be needed to tell";
  }
  if (!evidence.note.empty()) reason += "; " + evidence.note;
  return reason;
}

Judgement judge_one(const Requirement& requirement, const std::vector<Evidence>& evidence,
                    const std::vector<Unmeasured>& unmeasured) {
  Judgement judgement{.requirement = requirement, .evidence = std::nullopt, .reason = {}};
  const Evidence* found = find_evidence(requirement, evidence);
  if (found == nullptr) {
    judgement.reason = missing_reason(requirement, evidence, unmeasured);
    return judgement;
  }
  judgement.evidence = *found;
  if (std::isnan(found->value)) {
    judgement.reason = "the measurement is not a number";
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
  json["slice"] = requirement.slice;
  json["because"] = requirement.because;
  json["passed"] = judgement.passed;
  json["margin"] = judgement.evidence ? Json(judgement.margin) : Json();
  json["reason"] = judgement.reason;
  json["evidence"] = judgement.evidence ? millgate::to_json(*judgement.evidence) : Json();
  return json;
}

Json body_json(bool passed, const std::vector<Judgement>& judgements) {
  Json list = Json::array();
  for (const Judgement& judgement : judgements) list.push_back(judgement_json(judgement));
  Json body;
  body["passed"] = passed;
  body["judgements"] = std::move(list);
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
  if (bound != "at_least" && bound != "at_most") {
    return damaged(object + ": bound `" + bound + "` is neither at_least nor at_most");
  }
  requirement.bound = bound == "at_least" ? Bound::at_least : Bound::at_most;
  MILLGATE_ASSIGN(requirement.limit, json_member<double>(json, "limit", object));
  MILLGATE_ASSIGN(requirement.slice, json_member<std::string>(json, "slice", object));
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

}  // namespace

Result<Verdict> judge(Ledger& ledger, const Id& model, const std::vector<Requirement>& requirements,
                      const std::vector<Evidence>& evidence, const std::string& author,
                      const std::vector<Unmeasured>& unmeasured) {
  MILLGATE_TRY(check_requirements(requirements));
  Verdict verdict;
  verdict.model_ = model;
  verdict.passed_ = true;
  for (const Requirement& requirement : requirements) {
    verdict.judgements_.push_back(judge_one(requirement, evidence, unmeasured));
    verdict.passed_ = verdict.passed_ && verdict.judgements_.back().passed;
  }
  MILLGATE_ASSIGN(
      verdict.event_,
      ledger.append({.kind = kVerdictKind,
                     .subject = model.hex(),
                     .author = author,
                     .body = dump_json(body_json(verdict.passed_, verdict.judgements_))}));
  return verdict;
}

Result<std::optional<Verdict>> find_verdict(const Ledger& ledger, const Id& model) {
  MILLGATE_ASSIGN(const std::optional<Event> event, ledger.newest(kVerdictKind, model.hex()));
  if (!event) return std::optional<Verdict>();
  MILLGATE_ASSIGN(Verdict verdict, verdict_from_event(*event));
  return std::optional<Verdict>(std::move(verdict));
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
  bool all_passed = !list.empty();
  for (const Json& entry : list) {
    MILLGATE_ASSIGN(Judgement judgement, judgement_from_json(entry, object, nowhere));
    all_passed = all_passed && judgement.passed;
    verdict.judgements_.push_back(std::move(judgement));
  }
  if (verdict.passed_ != all_passed) {
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
  const Json body = body_json(verdict.passed(), verdict.judgements());
  json.update(body);
  return json;
}

}  // namespace millgate
