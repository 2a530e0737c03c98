#include "ground/json.h"
#include "model/measure/metric.h"
#include "system/monitor/monitor.h"
#include "system/report/card_limits.h"
#include "system/report/card_sections.h"
#include "system/report/model_card.h"

namespace millgate {
namespace {

std::string unit_of(const std::string& name) {
  const Metric* metric = find_metric(name);
  return metric == nullptr ? "" : std::string(metric->unit);
}

Json number_json(const CardFacts& facts, const Evidence& one) {
  return {{"metric", one.metric},
          {"value", one.value},
          {"lower", one.lower ? Json(*one.lower) : Json(nullptr)},
          {"upper", one.upper ? Json(*one.upper) : Json(nullptr)},
          {"unit", unit_of(one.metric)},
          {facts.model->is_ranking() ? "queries" : "rows", one.row_count},
          {"data", one.data},
          {"slice", one.slice},
          {"source",
           {{"event", facts.run_event.number},
            {"hash", facts.run_event.id.hex()},
            {"inputs", one.inputs}}}};
}

Json requirements_json(const CardFacts& facts) {
  if (!facts.verdict) return nullptr;
  return to_json(*facts.verdict);
}

Json history_json(const CardFacts& facts) {
  Json history = Json::array();
  for (const Serving& change : facts.history) {
    history.push_back({{"since", to_string(change.since)},
                       {"model", change.model.hex()},
                       {"how", change.how},
                       {"by", change.by},
                       {"reason", change.reason},
                       {"verdict", change.verdict},
                       {"event", change.since_event}});
    if (change.until) history.back()["until"] = to_string(*change.until);
  }
  return history;
}

Json features_json(const CardFacts& facts) {
  Json features = Json::array();
  const auto importance = facts.model->scorer().importance();
  const auto& definitions = facts.model->features().features();
  for (size_t at = 0; at < definitions.size(); ++at) {
    Json feature = {{"name", definitions[at].name},
                    {"expression", definitions[at].expression},
                    {"inputs", definitions[at].inputs},
                    {"category_count", definitions[at].categories.size()},
                    {"importance", at < importance.size() ? importance[at] : 0.0}};
    for (const Profile& profile : facts.model->feature_profiles()) {
      if (profile.name == definitions[at].name) feature["training"] = to_json(profile);
    }
    features.push_back(std::move(feature));
  }
  return features;
}

Json data_json(const CardFacts& facts) {
  Json sources = Json::array();
  for (const Source& source : facts.project->sources) {
    const auto count = facts.table_row_count.find(source.name);
    sources.push_back(
        {{"table", source.name},
         {"rows", count == facts.table_row_count.end() ? Json(nullptr) : Json(count->second)},
         {"happened", source.happened},
         {"known", source.known},
         {"about", to_json(source.about)}});
  }
  const RunReport& run = facts.run;
  return {{"commit", run.data_commit},
          {"label", facts.model->manifest().label},
          {"label_known", facts.model->manifest().label_known},
          {"train",
           {{"rows", run.train_rows},
            {"from", to_string(run.train_from)},
            {"to", to_string(run.train_to)}}},
          {"valid", {{"rows", run.valid_rows}}},
          {"calibration", {{"rows", run.calibration_rows}}},
          {"test",
           {{"rows", run.test_rows},
            {"from", to_string(run.test_from)},
            {"to", to_string(run.test_to)}}},
          {"left_out_unlabelled", run.left_out_unlabelled},
          {"left_out_label_late", run.left_out_label_late},
          {"sources", sources}};
}

Json calibration_json(const CardFacts& facts) {
  Json bins = Json::array();
  for (const CalibrationBin& bin : facts.run.calibration) {
    bins.push_back({{"mean_prediction", bin.mean_prediction},
                    {"share_positive", bin.share_positive},
                    {"rows", bin.row_count}});
  }
  return bins;
}

}  // namespace

nlohmann::ordered_json model_card_json(const CardFacts& facts) {
  const Manifest& manifest = facts.model->manifest();
  Json card = {
      {"model", facts.model->id().hex()},     {"name", manifest.project},
      {"description", manifest.description},  {"kind", manifest.task_kind},
      {"learner", facts.run.learner},         {"structure", facts.model->scorer().describe()},
      {"threshold", facts.run.threshold},     {"trained", to_string(facts.run_event.time)},
      {"trained_by", facts.run_event.author}, {"serves_now", facts.serves_now()}};
  Json quality = Json::array();
  for (const Evidence& one : facts.run.evidence) quality.push_back(number_json(facts, one));
  card["quality"] = quality;
  card["worst_group"] = worst_slice_words(facts);
  card["calibration"] = calibration_json(facts);
  const bool calibrated = !facts.run.calibrated_by.empty();
  card["calibrated"] =
      calibrated
          ? Json({{"method", facts.run.calibrated_by}, {"before", facts.run.before_calibration}})
          : Json(nullptr);
  card["uncertainty"] = facts.run.uncertainty ? to_json(*facts.run.uncertainty) : Json(nullptr);
  const Confusion& counts = facts.run.confusion;
  card["confusion"] = {{"true_positive", counts.true_positive},
                       {"false_positive", counts.false_positive},
                       {"true_negative", counts.true_negative},
                       {"false_negative", counts.false_negative}};
  if (facts.model->has_classes() || facts.model->is_ranking()) {
    card.erase("confusion");
    card.erase("threshold");
  }
  if (facts.model->has_classes()) {
    card["classes"] = Json::array();
    for (const ClassCount& one : facts.run.class_counts) {
      card["classes"].push_back({{"class", one.name}, {"decided", one.decided}});
    }
  }
  Json limits = Json::array();
  for (const CardLimit& limit : find_limits(facts)) {
    limits.push_back({{"name", limit.name}, {"text", limit.text}});
  }
  card["limits"] = limits;
  Json said = Json::object();
  Json unsaid = Json::array();
  for (const ModelQuestion& one : model_questions()) {
    const std::string answer = facts.said.answer(one.member);
    if (!answer.empty()) said[one.member] = answer;
    if (answer.empty() && one.is_common) unsaid.push_back(one.member);
  }
  card["said"] = std::move(said);
  card["unsaid"] = std::move(unsaid);
  card["verdict"] = requirements_json(facts);
  card["features"] = features_json(facts);
  card["data"] = data_json(facts);
  card["history"] = history_json(facts);
  card["reproduction"] = {{"git_commit", facts.run.git_commit},
                          {"configuration_hash", facts.run.configuration_hash},
                          {"project_changed", facts.project_changed},
                          {"parameters", facts.run.parameters},
                          {"best_round", facts.run.best_round},
                          {"dependencies", manifest.dependencies}};
  card["served"] = facts.served == nullptr ? Json(nullptr) : to_json(*facts.served);
  return card;
}

}  // namespace millgate
