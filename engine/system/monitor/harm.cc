#include "system/monitor/harm.h"

#include <algorithm>
#include <cmath>

#include "ground/json.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

constexpr double kNoHarmShare = 0.02;
constexpr double kGraveShare = 0.25;

Json range_json(const HarmRange& range) {
  return {{"change", range.change}, {"lower", range.lower}, {"upper", range.upper}};
}

Result<HarmRange> range_from_json(const Json& json, const std::string& object) {
  HarmRange range;
  MILLGATE_ASSIGN(range.change, json_member<double>(json, "change", object));
  MILLGATE_ASSIGN(range.lower, json_member<double>(json, "lower", object));
  MILLGATE_ASSIGN(range.upper, json_member<double>(json, "upper", object));
  return range;
}

/// What there was to lose of the metric.
double stake(const AlarmHarm& harm) {
  return harm.metric == "auc" ? harm.was - 0.5 : std::abs(harm.was);
}

double share_of(const AlarmHarm& harm, double worse) {
  const double all = stake(harm);
  if (all > 0) return worse / all;
  return worse > 0 ? 1 : 0;
}

}  // namespace

bool AlarmHarm::is_sure() const {
  return is_known() && (worse.lower > 0 || (earned && earned->upper < 0));
}

bool AlarmHarm::is_none() const {
  return is_known() && !is_sure() && share_of(*this, worse.upper) <= kNoHarmShare;
}

double AlarmHarm::share() const { return share_of(*this, worse.change); }

double weighed_severity(double severity, const AlarmHarm& harm) {
  if (!harm.is_known()) return severity;
  if (harm.is_none()) return std::min(severity, 0.15);
  if (!harm.is_sure()) return std::min(severity, 0.4);
  return 0.4 + 0.55 * std::clamp(harm.share() / kGraveShare, 0.0, 1.0);
}

std::string harm_text(const AlarmHarm& harm) {
  if (!harm.is_known()) {
    return "cannot be known" + (harm.note.empty() ? std::string() : ": " + harm.note);
  }
  std::string text;
  if (harm.is_none()) {
    text = "none that matters: " + harm.metric + " worse by at most " +
           figure_text(std::max(harm.worse.upper, 0.0)) + " of " + figure_text(harm.was);
  } else {
    text = harm.metric + (harm.worse.change < 0 ? " better by " : " worse by ") +
           figure_text(std::abs(harm.worse.change));
    const bool better = harm.worse.change < 0;
    const double near = better ? -harm.worse.upper : harm.worse.lower;
    const double far = better ? -harm.worse.lower : harm.worse.upper;
    text +=
        " (" + figure_text(near) + " to " + figure_text(far) + "), was " + figure_text(harm.was);
  }
  if (!harm.is_measured && !harm.feature.empty())
    text += ", estimated by the shift of `" + harm.feature + "`";
  if (harm.earned) {
    const bool more = harm.earned->change > 0;
    const double near = more ? harm.earned->lower : -harm.earned->upper;
    const double far = more ? harm.earned->upper : -harm.earned->lower;
    text += "; earns " + figure_text(std::abs(harm.earned->change)) + (more ? " more" : " less") +
            " per 1,000 predictions (" + figure_text(near) + " to " + figure_text(far) + ")";
  }
  return text;
}

Json to_json(const AlarmHarm& harm) {
  if (!harm.is_known()) return {{"metric", nullptr}, {"note", harm.note}};
  return {{"metric", harm.metric},
          {"is_measured", harm.is_measured},
          {"feature", harm.feature},
          {"was", harm.was},
          {"worse", range_json(harm.worse)},
          {"share", harm.share()},
          {"is_sure", harm.is_sure()},
          {"earned_per_1000", harm.earned ? range_json(*harm.earned) : Json(nullptr)},
          {"note", harm.note}};
}

Result<AlarmHarm> harm_from_json(const Json& json, const std::string& object) {
  AlarmHarm harm;
  MILLGATE_ASSIGN(harm.note, json_member<std::string>(json, "note", object));
  if (!json.contains("metric") || json["metric"].is_null()) return harm;
  MILLGATE_ASSIGN(harm.metric, json_member<std::string>(json, "metric", object));
  MILLGATE_ASSIGN(harm.is_measured, json_member<bool>(json, "is_measured", object));
  MILLGATE_ASSIGN(harm.feature, json_member<std::string>(json, "feature", object));
  MILLGATE_ASSIGN(harm.was, json_member<double>(json, "was", object));
  MILLGATE_ASSIGN(const Json worse, json_member<Json>(json, "worse", object));
  MILLGATE_ASSIGN(harm.worse, range_from_json(worse, object));
  MILLGATE_ASSIGN(const Json earned, json_member<Json>(json, "earned_per_1000", object));
  if (!earned.is_null()) {
    MILLGATE_ASSIGN(harm.earned, range_from_json(earned, object));
  }
  return harm;
}

}  // namespace millgate
