#include "system/report/verdict_text.h"

#include <set>
#include <string_view>

#include "ground/json.h"
#include "model/measure/metric.h"
#include "model/measure/rounded_text.h"
#include "system/report/fare_lines.h"
#include "system/report/front_plot.h"
#include "system/report/html.h"
#include "system/report/markdown.h"

namespace millgate {

namespace {

/// XML forbids more control characters than HTML, and knows the same five entities.
std::string escape_xml(std::string_view text) { return escape_html(text); }

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + escape_xml(value) + "\"";
}

bool is_failure(const Judgement& one) {
  return !one.passed && one.requirement.level == Level::must;
}

bool is_warning(const Judgement& one) {
  return !one.passed && one.requirement.level == Level::should;
}

std::string_view outcome_word(const Judgement& one) {
  return one.passed ? "passed" : is_failure(one) ? "failed" : "warning";
}

struct Counts {
  size_t failed = 0, warned = 0;
};

Counts count(const Verdict& verdict) {
  Counts counts;
  for (const Judgement& one : verdict.judgements()) {
    counts.failed += is_failure(one) ? 1 : 0;
    counts.warned += is_warning(one) ? 1 : 0;
  }
  return counts;
}

std::string interval_text(const Judgement& one) {
  if (!one.evidence || !one.evidence->lower || !one.evidence->upper) return {};
  return rounded_text(*one.evidence->lower) + " to " + rounded_text(*one.evidence->upper);
}

Json result_json(const Judgement& one, const Verdict& verdict) {
  Json result;
  result["ruleId"] = one.requirement.metric;
  result["kind"] = one.passed ? "pass" : "fail";
  // A result that is no failure has no level (SARIF 2.1.0, 3.27.10).
  result["level"] = one.passed ? "none" : is_failure(one) ? "error" : "warning";
  result["message"]["text"] = requirement_text(one.requirement) + ": " + one.reason;
  Json place;
  place["physicalLocation"]["artifactLocation"]["uri"] = "millgate.toml";
  result["locations"] = Json::array({place});
  // The same requirement on another model is the same result.
  result["partialFingerprints"]["requirement/v1"] =
      hash_of(requirement_text(one.requirement)).hex();
  Json& properties = result["properties"];
  properties["model"] = verdict.model().hex();
  properties["slice"] = one.requirement.slice;
  if (one.evidence) {
    properties["measured"] = one.evidence->value;
    properties["margin"] = one.margin;
    properties["row_count"] = one.evidence->row_count;
  }
  return result;
}

/// Losses and what is unacceptable stand out.
std::string fares_markdown(const std::vector<FareLine>& fares) {
  if (fares.empty()) return {};
  std::string text =
      "\n| stakeholder | wants | serving | this model | change | |\n"
      "|---|---|---:|---:|---:|---|\n";
  for (const FareLine& one : fares) {
    text += "| " + escape_markdown(one.stakeholder) + " | " + escape_markdown(one.wants) + " | " +
            one.serving + " | " + one.model + " | " + one.change + " | " +
            (is_bad(one) ? "**" + one.outcome + "**" : one.outcome) + " |\n";
  }
  return text;
}

/// "stakeholder.sales": what they get of the model and how that differs; "front.models".
std::string junit_properties(const Weighing& weighing) {
  if (weighing.stakeholders.empty()) return {};
  std::string properties;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (value.empty()) return;
    properties += "      <property" + attribute("name", name) + attribute("value", value) + "/>\n";
  };
  for (const FareLine& one : fare_lines(weighing.models, weighing.stakeholders)) {
    add("stakeholder." + one.stakeholder, one.wants + ": " + one.model + ", of what serves " +
                                              one.serving +
                                              (one.change.empty() ? "" : ", change " + one.change) +
                                              (one.outcome.empty() ? "" : ", " + one.outcome));
  }
  add("front.models", front_names(weighing.models, false));
  add("front.thresholds", front_names(weighing.thresholds, true));
  return properties.empty() ? properties
                            : "    <properties>\n" + properties + "    </properties>\n";
}

}  // namespace

std::string requirement_text(const Requirement& requirement) {
  std::string text = requirement.metric;
  if (!requirement.slice.empty()) text += " [" + requirement.slice + "]";
  const std::string limit = rounded_text(requirement.limit);
  const std::string rival = is_against_serving(requirement) ? " than what serves" : "";
  switch (requirement.bound) {
    case Bound::at_least:
      return text + " >= " + limit;
    case Bound::at_most:
      return text + " <= " + limit;
    case Bound::better_by:
      return text + " better by " + limit + rival;
    case Bound::not_worse_by:
      return text + " not worse by " + limit + rival;
  }
  return text;
}

std::string verdict_junit(const Verdict& verdict, const Weighing& weighing) {
  const Counts counts = count(verdict);
  const std::string numbers = attribute("tests", std::to_string(verdict.judgements().size())) +
                              attribute("failures", std::to_string(counts.failed)) +
                              attribute("errors", "0") +
                              attribute("skipped", std::to_string(counts.warned));
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" +
      attribute("name", "millgate gate") + numbers + ">\n  <testsuite" +
      attribute("name", "verdict " + verdict.name() + " on model " + verdict.model().brief()) +
      numbers + attribute("timestamp", to_string(verdict.event().time)) + attribute("time", "0") +
      ">\n" + junit_properties(weighing);
  for (const Judgement& one : verdict.judgements()) {
    xml += "    <testcase" + attribute("classname", "gate") +
           attribute("name", requirement_text(one.requirement)) + attribute("time", "0");
    if (one.passed) {
      xml += ">\n      <system-out>" + escape_xml(one.reason) + "</system-out>\n    </testcase>\n";
    } else if (is_failure(one)) {
      xml += ">\n      <failure" + attribute("type", "requirement") +
             attribute("message", one.reason) + "/>\n    </testcase>\n";
    } else {
      xml += ">\n      <skipped" + attribute("message", "warning: " + one.reason) +
             "/>\n    </testcase>\n";
    }
  }
  return xml + "  </testsuite>\n</testsuites>\n";
}

std::string verdict_sarif(const Verdict& verdict, const Weighing& weighing) {
  Json rules = Json::array();
  Json results = Json::array();
  std::set<std::string> known;
  for (const Judgement& one : verdict.judgements()) {
    results.push_back(result_json(one, verdict));
    if (!known.insert(one.requirement.metric).second) continue;
    Json rule;
    rule["id"] = one.requirement.metric;
    const Metric* metric = find_metric(one.requirement.metric);
    rule["shortDescription"]["text"] =
        metric != nullptr ? std::string(metric->definition) : one.requirement.metric;
    rules.push_back(std::move(rule));
  }
  Json driver;
  driver["name"] = "millgate gate";
  driver["rules"] = std::move(rules);
  Json run;
  run["tool"]["driver"] = std::move(driver);
  run["results"] = std::move(results);
  run["properties"] = {
      {"verdict", verdict.name()}, {"model", verdict.model().hex()}, {"passed", verdict.passed()}};
  if (!weighing.stakeholders.empty()) run["properties"]["tradeoff"] = to_json(weighing);
  Json sarif;
  sarif["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json";
  sarif["version"] = "2.1.0";
  sarif["runs"] = Json::array({std::move(run)});
  return sarif.dump(2) + "\n";
}

std::string verdict_markdown(const Verdict& verdict, const Weighing& weighing) {
  const Counts counts = count(verdict);
  const size_t all = verdict.judgements().size();
  std::string text = "### Gate: ";
  if (verdict.warns_only()) {
    text += "passed with a warning";
  } else {
    text += verdict.passed() ? "passed" : "refused";
  }
  text += "\n\nModel `" + verdict.model().brief() + "`, verdict `" + verdict.name() +
          "`: " + std::to_string(all - counts.failed - counts.warned) + " of " +
          std::to_string(all) +
          " requirements met.\n\n| requirement | measured | 95 % interval | margin | |\n"
          "|---|---:|---:|---:|---|\n";
  for (const Judgement& one : verdict.judgements()) {
    text += "| " + escape_markdown(requirement_text(one.requirement)) + " | " +
            (one.evidence ? rounded_text(one.evidence->value) : "not measured") + " | " +
            interval_text(one) + " | " + (one.evidence ? rounded_text(one.margin) : "") + " | " +
            (one.passed ? "" : "**") + std::string(outcome_word(one)) + (one.passed ? "" : "**") +
            " |\n";
  }
  for (const Judgement& one : verdict.judgements()) {
    if (one.passed) continue;
    text += "\n- " + escape_markdown(requirement_text(one.requirement)) + ": " +
            escape_markdown(one.reason);
    if (!one.requirement.because.empty()) {
      text += " (asked for because: " + escape_markdown(one.requirement.because) + ")";
    }
  }
  if (counts.failed + counts.warned > 0) text += '\n';
  return text + fares_markdown(fare_lines(weighing.models, weighing.stakeholders)) +
         front_markdown(weighing);
}

}  // namespace millgate
