#include "model/learn/program_record.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ground/format_version.h"
#include "ground/json.h"

namespace millgate {
namespace {

constexpr const char* kFormat = "millgate-program-record";
constexpr const char* kObject = "program record";

/// Whether a line is meant as a report: other JSON is output like any other.
bool is_report(std::string_view line) {
  const auto has_key = [&](std::string_view key) {
    const size_t at = line.find(key);
    return at != std::string_view::npos;
  };
  const size_t begin = line.find_first_not_of(" \t");
  return begin != std::string_view::npos && line[begin] == '{' &&
         (has_key("\"metrics\"") || has_key("\"progress\""));
}

/// Python writes NaN and Infinity, which are no JSON: outside of texts they become null here, so
/// that the metric can be named.
std::string without_nan(std::string_view line) {
  std::string text;
  bool in_text = false;
  for (size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '"' && (at == 0 || line[at - 1] != '\\')) in_text = !in_text;
    std::string_view word;
    for (const std::string_view one : {"-Infinity", "Infinity", "NaN"}) {
      if (!in_text && line.substr(at).starts_with(one)) word = one;
    }
    if (word.empty()) {
      text += line[at];
    } else {
      text += "null";
      at += word.size() - 1;
    }
  }
  return text;
}

}  // namespace

Error ProgramLines::fault(const std::string& what) const {
  Error error = invalid_input("the program's report: " + what,
                              "a report is one line, for example {\"metrics\": {\"valid_loss\": "
                              "0.41}, \"step\": 10} or {\"progress\": 0.5}");
  error.where = "line " + std::to_string(number_) + " of its output";
  return error;
}

void ProgramLines::keep(std::string_view line) {
  if (record_.output.size() >= kOutputMax) return;
  record_.output += line.substr(0, kOutputMax - record_.output.size());
  record_.output += '\n';
  if (record_.output.size() >= kOutputMax) record_.output += "[what follows was left out]\n";
}

Status ProgramLines::add(std::string_view line) {
  ++number_;
  if (!is_report(line)) {
    keep(line);
    return {};
  }
  if (line.size() >= kProcessLineMax) {
    return fault("it is longer than " + std::to_string(kProcessLineMax) + " bytes");
  }
  const auto report = parse_json(without_nan(line), "the program's report");
  if (!report) return fault("it is no JSON: " + std::string(line.substr(0, 100)));
  if (const auto progress = report->find("progress"); progress != report->end()) {
    if (!progress->is_number()) return fault("`progress` is no number between 0 and 1");
    if (progress_) progress_(std::clamp(progress->get<double>(), 0.0, 1.0));
  }
  return report->contains("metrics") ? add_metrics(*report) : Status();
}

Status ProgramLines::add_metrics(const Json& report) {
  const Json& metrics = report.at("metrics");
  if (!metrics.is_object()) return fault("`metrics` is no object of names and numbers");
  const auto step = report.find("step");
  if (step != report.end() && !step->is_number_integer()) return fault("`step` is no whole number");
  for (const auto& [name, value] : metrics.items()) {
    const std::string at = step == report.end() ? "" : " at step " + step->dump();
    if (!value.is_number() || !std::isfinite(value.get<double>())) {
      return fault("metric `" + name + "`" + at + " is not a finite number");
    }
    if (++logged_ > kLoggedMax) {
      return fault("more than " + std::to_string(kLoggedMax) + " values of metrics");
    }
    LoggedMetric& logged = record_.metrics[name];
    logged.values.push_back(value.get<double>());
    logged.steps.push_back(step == report.end() ? static_cast<int64_t>(logged.values.size())
                                                : step->get<int64_t>());
  }
  return {};
}

Json to_json(const ProgramRecord& record) {
  Json json;
  json["format"] = kFormat;
  json["version"] = 1;
  json["command"] = record.command;
  json["ended"] = record.ended;
  json["seconds"] = record.seconds;
  json["cpu_seconds"] = record.cpu_seconds;
  json["memory_bytes_peak"] = record.memory_bytes_peak;
  json["metrics"] = Json::object();
  for (const auto& [name, logged] : record.metrics) {
    json["metrics"][name] = {{"steps", logged.steps}, {"values", logged.values}};
  }
  json["output"] = record.output;
  json["errors"] = record.errors;
  return json;
}

Result<ProgramRecord> program_record_from_json(const Json& json) {
  MILLGATE_TRY(read_format_version(json, kFormat, {.oldest = 1, .newest = 1}, kObject));
  try {
    ProgramRecord record;
    record.command = json.at("command").get<std::vector<std::string>>();
    record.ended = json.at("ended").get<std::string>();
    record.seconds = json.at("seconds").get<double>();
    record.cpu_seconds = json.at("cpu_seconds").get<double>();
    record.memory_bytes_peak = json.at("memory_bytes_peak").get<int64_t>();
    for (const auto& [name, one] : json.at("metrics").items()) {
      record.metrics[name] = {.steps = one.at("steps").get<std::vector<int64_t>>(),
                              .values = one.at("values").get<std::vector<double>>()};
    }
    record.output = json.at("output").get<std::string>();
    record.errors = json.at("errors").get<std::string>();
    return record;
  } catch (const nlohmann::json::exception& failure) {
    return damaged(std::string(kObject) + ": " + failure.what());
  }
}

}  // namespace millgate
