#include "system/report/hugging_face.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ground/json.h"
#include "model/measure/metric.h"
#include "system/monitor/wording.h"
#include "system/report/citation.h"
#include "system/report/markdown.h"
#include "system/report/model_card.h"

namespace millgate {
namespace {

constexpr std::string_view kDatasets = "https://huggingface.co/datasets/";

/// Metrics that the Hub knows by another name.
std::string hub_name(const std::string& metric) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kNames = {
      {{"auc", "roc_auc"},
       {"brier", "brier_score"},
       {"matthews", "matthews_correlation"},
       {"r2", "r_squared"}}};
  for (const auto& [ours, theirs] : kNames) {
    if (metric == ours) return std::string(theirs);
  }
  return metric;
}

/// Every text of YAML may be written as one of JSON.
std::string quoted(const std::string& text) { return dump_json(Json(text)); }

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

/// Licences that the Hub knows by SPDX's name in small letters.
bool is_hub_licence(const std::string& name) {
  constexpr std::array<std::string_view, 29> kLicences = {"apache-2.0",
                                                          "mit",
                                                          "bsd-2-clause",
                                                          "bsd-3-clause",
                                                          "bsl-1.0",
                                                          "cc0-1.0",
                                                          "cc-by-2.0",
                                                          "cc-by-3.0",
                                                          "cc-by-4.0",
                                                          "cc-by-sa-3.0",
                                                          "cc-by-sa-4.0",
                                                          "cc-by-nc-2.0",
                                                          "cc-by-nc-3.0",
                                                          "cc-by-nc-4.0",
                                                          "cc-by-nd-4.0",
                                                          "cc-by-nc-nd-4.0",
                                                          "afl-3.0",
                                                          "artistic-2.0",
                                                          "cc-by-nc-sa-4.0",
                                                          "ecl-2.0",
                                                          "epl-1.0",
                                                          "epl-2.0",
                                                          "isc",
                                                          "ms-pl",
                                                          "mpl-2.0",
                                                          "osl-3.0",
                                                          "unlicense",
                                                          "zlib",
                                                          "wtfpl"};
  return std::find(kLicences.begin(), kLicences.end(), name) != kLicences.end();
}

std::string licence_lines(const CardFacts& facts) {
  const std::string said = facts.said.answer("licence");
  if (said.empty()) return {};
  const std::string name = lower(said);
  if (is_hub_licence(name)) return "license: " + name + "\n";
  return "license: other\nlicense_name: " + quoted(said) + "\n";
}

std::string list_lines(const std::string& name, const std::vector<std::string>& items) {
  if (items.empty()) return {};
  std::string lines = name + ":\n";
  for (const std::string& item : items) lines += "- " + quoted(item) + "\n";
  return lines;
}

/// Sources that say they come from the Hub.
std::vector<std::string> hub_datasets(const CardFacts& facts) {
  std::vector<std::string> names;
  for (const Source& source : facts.project->sources) {
    for (const auto& [member, text] : source.about.texts) {
      if (member != "url" || !text.starts_with(kDatasets)) continue;
      std::string name = text.substr(kDatasets.size());
      name = name.substr(0, name.find_first_of("?#"));
      while (name.ends_with('/')) name.pop_back();
      if (!name.empty()) names.push_back(std::move(name));
    }
  }
  return names;
}

std::string pretty(const CardFacts& facts, const Evidence& one) {
  std::string name = one.metric;
  if (const std::string interval = interval_text(one); !interval.empty()) {
    name += ", 95 % " + interval;
  }
  return name + ", " + facts.count_text_of(one.row_count);
}

/// As the Hub calls it; a score by which rows are ranked is a number.
std::string task_of(const CardFacts& facts) {
  return facts.has_probabilities() ? "tabular-classification" : "tabular-regression";
}

/// One result: the test rows, or a slice of them.
std::string result_lines(const CardFacts& facts, const std::string& slice,
                         const std::vector<const Evidence*>& measured) {
  const Manifest& manifest = facts.model->manifest();
  const std::string task = task_of(facts);
  std::string lines =
      "  - task:\n      type: " + task + "\n      name: " + quoted(manifest.label) +
      "\n    dataset:\n      type: " + quoted(manifest.task_table) +
      "\n      name: " + quoted(manifest.task_table + (slice.empty() ? "" : ", " + slice));
  if (!slice.empty()) lines += "\n      config: " + quoted(slice);
  lines +=
      "\n      split: test\n      revision: " + quoted(facts.run.data_commit) + "\n    metrics:\n";
  for (const Evidence* one : measured) {
    lines += "    - type: " + hub_name(one->metric) + "\n      value: " + Json(one->value).dump() +
             "\n      name: " + quoted(pretty(facts, *one)) + "\n      verified: false\n";
  }
  return lines;
}

std::string model_index(const CardFacts& facts) {
  std::vector<const Evidence*> all;
  for (const Evidence& one : facts.run.evidence) {
    if (one.slice.empty() && one.row_count > 0) all.push_back(&one);
  }
  std::string lines =
      "model-index:\n- name: " + quoted(facts.model->manifest().project) + "\n  results:\n";
  lines += result_lines(facts, "", all);
  for (const SliceQuality& slice : facts.slices) {
    lines += result_lines(facts, slice.column + "=" + slice.value, {&slice.evidence});
  }
  return lines;
}

std::vector<std::string> metric_names(const CardFacts& facts) {
  std::vector<std::string> names;
  for (const Evidence& one : facts.run.evidence) {
    if (one.slice.empty() && one.row_count > 0) names.push_back(hub_name(one.metric));
  }
  return names;
}

}  // namespace

std::string hugging_face_card(const CardFacts& facts) {
  const bool is_trees = facts.model->scorer().describe().find("tree") != std::string::npos;
  std::string header = "---\n" + licence_lines(facts) + "library_name: millgate\n";
  header += list_lines("tags", {"tabular", facts.model->manifest().task_kind,
                                is_trees ? "decision-trees" : facts.run.learner});
  header += "pipeline_tag: " + task_of(facts) + "\n";
  header += list_lines("datasets", hub_datasets(facts));
  header += list_lines("metrics", metric_names(facts));
  return header + model_index(facts) + "---\n\n" + page_markdown(model_card_html(facts));
}

}  // namespace millgate
