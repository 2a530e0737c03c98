// The run report as JSON: what the ledger keeps of a run.
#include <limits>

#include "ground/json.h"
#include "system/pipeline/run.h"

namespace millgate {

namespace {

constexpr std::string_view kObject = "run report";

/// JSON has no NaN: it comes back from null.
double number_of(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

Json calibration_to_json(const std::vector<CalibrationBin>& bins) {
  Json json = Json::array();
  for (const CalibrationBin& bin : bins) {
    json.push_back({{"mean_prediction", bin.mean_prediction},
                    {"share_positive", bin.share_positive},
                    {"row_count", bin.row_count}});
  }
  return json;
}

void read_steps(const Json& json, RunReport& report) {
  for (const Json& one : json) {
    report.steps.push_back({.name = one.at("step").get<std::string>(),
                            .key = one.at("key").get<std::string>(),
                            .reused = one.at("reused").get<bool>(),
                            .why = one.at("why").get<std::string>(),
                            .seconds = number_of(one.at("seconds"))});
  }
}

void read_numbers(const Json& json, RunReport& report) {
  report.threshold = number_of(json.at("threshold"));
  report.best_round = json.at("best_round").get<int>();
  for (const Json& loss : json.at("valid_loss")) report.valid_loss.push_back(number_of(loss));
  report.train_rows = json.at("train_rows").get<int64_t>();
  report.valid_rows = json.at("valid_rows").get<int64_t>();
  report.test_rows = json.at("test_rows").get<int64_t>();
  report.left_out_unlabelled = json.at("left_out_unlabelled").get<int64_t>();
  report.left_out_label_late = json.at("left_out_label_late").get<int64_t>();
  report.train_seconds = number_of(json.at("train_seconds"));
  if (const Json& auc = json.at("random_split_auc"); !auc.is_null()) {
    report.random_split_auc = auc.get<double>();
  }
  for (const Json& bin : json.at("calibration")) {
    report.calibration.push_back({.mean_prediction = number_of(bin.at("mean_prediction")),
                                  .share_positive = number_of(bin.at("share_positive")),
                                  .row_count = bin.at("row_count").get<int64_t>()});
  }
  const Json& counts = json.at("confusion");
  report.confusion = {.true_positive = counts.at("true_positive").get<int64_t>(),
                      .false_positive = counts.at("false_positive").get<int64_t>(),
                      .true_negative = counts.at("true_negative").get<int64_t>(),
                      .false_negative = counts.at("false_negative").get<int64_t>()};
}

/// What is younger than the first runs.
Status read_around(const Json& json, RunReport& report) {
  report.calibration_rows = json.value("calibration_rows", int64_t{0});
  report.program = json.value("program", "");
  if (const auto found = json.find("calibrated"); found != json.end()) {
    report.calibrated_by = found->at("method").get<std::string>();
    report.before_calibration = found->at("before").get<std::map<std::string, double>>();
  }
  for (const Json& one : json.value("classes", Json::array())) {
    report.class_counts.push_back({.name = one.at("class").get<std::string>(),
                                   .decided = one.at("decided").get<std::vector<int64_t>>()});
  }
  for (const Json& one : json.value("members", Json::array())) {
    MemberResult& member = report.members.emplace_back();
    member.name = one.at("name").get<std::string>();
    member.learner = one.at("learner").get<std::string>();
    member.hash = one.at("hash").get<std::string>();
    if (one.contains("weight")) member.weight = one.at("weight").get<double>();
    member.valid_loss = number_of(one.at("valid_loss"));
    member.test_loss = number_of(one.at("test_loss"));
  }
  if (const auto found = json.find("uncertainty"); found != json.end()) {
    MILLGATE_ASSIGN(report.uncertainty, uncertainty_from_json(*found));
  }
  return {};
}

Result<Time> read_time(const Json& json, const char* member) {
  return parse_time(json.at(member).get<std::string>());
}

Result<RunReport> read_report(const Json& json) {
  RunReport report;
  MILLGATE_ASSIGN(report.model, Id::parse(json.at("model").get<std::string>()));
  report.data_commit = json.at("data_commit").get<std::string>();
  report.git_commit = json.at("git_commit").get<std::string>();
  report.configuration_hash = json.at("configuration_hash").get<std::string>();
  MILLGATE_ASSIGN(report.keys.join, StepKey::load(json.at("join_key")));
  MILLGATE_ASSIGN(report.keys.train, StepKey::load(json.at("train_key")));
  report.study = json.value("study", "");  // Younger than the first runs, as is the next.
  report.joined_rows = json.value("joined_rows", "");
  report.learner = json.at("learner").get<std::string>();
  report.parameters = json.at("parameters").get<std::map<std::string, std::string>>();
  MILLGATE_ASSIGN(report.train_from, read_time(json, "train_from"));
  MILLGATE_ASSIGN(report.train_to, read_time(json, "train_to"));
  MILLGATE_ASSIGN(report.test_from, read_time(json, "test_from"));
  MILLGATE_ASSIGN(report.test_to, read_time(json, "test_to"));
  read_numbers(json, report);
  MILLGATE_TRY(read_around(json, report));
  read_steps(json.at("steps"), report);
  for (const Json& one : json.at("evidence")) {
    MILLGATE_ASSIGN(Evidence evidence, evidence_from_json(one));
    report.evidence.push_back(std::move(evidence));
  }
  return report;
}

}  // namespace

Json to_json(const std::vector<StepReport>& steps) {
  Json json = Json::array();
  for (const StepReport& step : steps) {
    json.push_back({{"step", step.name},
                    {"key", step.key},
                    {"reused", step.reused},
                    {"why", step.why},
                    {"seconds", step.seconds}});
  }
  return json;
}

Json to_json(const std::vector<MemberResult>& members) {
  Json json = Json::array();
  for (const MemberResult& member : members) {
    Json one = {{"name", member.name}, {"learner", member.learner}, {"hash", member.hash}};
    if (member.weight) one["weight"] = *member.weight;
    one["valid_loss"] = member.valid_loss;
    one["test_loss"] = member.test_loss;
    json.push_back(std::move(one));
  }
  return json;
}

Json run_report_to_json(const RunReport& report) {
  Json evidence = Json::array();
  for (const Evidence& one : report.evidence) evidence.push_back(to_json(one));
  const Confusion& counts = report.confusion;
  Json json = {
      {"model", report.model.hex()},
      {"data_commit", report.data_commit},
      {"git_commit", report.git_commit},
      {"configuration_hash", report.configuration_hash},
      {"study", report.study},
      {"learner", report.learner},
      {"parameters", report.parameters},
      {"threshold", report.threshold},
      {"train_rows", report.train_rows},
      {"valid_rows", report.valid_rows},
      {"test_rows", report.test_rows},
      {"train_from", to_string(report.train_from)},
      {"train_to", to_string(report.train_to)},
      {"test_from", to_string(report.test_from)},
      {"test_to", to_string(report.test_to)},
      {"left_out_unlabelled", report.left_out_unlabelled},
      {"left_out_label_late", report.left_out_label_late},
      {"best_round", report.best_round},
      {"valid_loss", report.valid_loss},
      {"random_split_auc", report.random_split_auc ? Json(*report.random_split_auc) : Json()},
      {"train_seconds", report.train_seconds},
      {"confusion",
       {{"true_positive", counts.true_positive},
        {"false_positive", counts.false_positive},
        {"true_negative", counts.true_negative},
        {"false_negative", counts.false_negative}}},
      {"calibration", calibration_to_json(report.calibration)},
      {"evidence", evidence},
      {"steps", to_json(report.steps)},
      {"joined_rows", report.joined_rows},
      {"join_key", report.keys.join.save()},
      {"train_key", report.keys.train.save()},
  };
  if (!report.program.empty()) json["program"] = report.program;
  if (!report.members.empty()) json["members"] = to_json(report.members);
  if (report.calibration_rows > 0) json["calibration_rows"] = report.calibration_rows;
  if (!report.calibrated_by.empty()) {
    json["calibrated"] = {{"method", report.calibrated_by}, {"before", report.before_calibration}};
  }
  if (report.uncertainty) json["uncertainty"] = to_json(*report.uncertainty);
  for (const ClassCount& one : report.class_counts) {
    json["classes"].push_back({{"class", one.name}, {"decided", one.decided}});
  }
  return json;
}

Result<RunReport> run_report_from_json(const Json& json) {
  try {
    return read_report(json);
  } catch (const nlohmann::json::exception& failure) {
    return damaged(std::string(kObject) + ": " + failure.what());
  }
}

}  // namespace millgate
