#include "system/serve/feedback_store.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>

#include "ground/durable_file.h"
#include "ground/nearest_name.h"
#include "system/serve/json_value.h"
#include "system/serve/parquet_bytes.h"
#include "system/serve/prediction_id.h"

namespace millgate {

namespace {

using simdjson::dom::element;

/// What `json` is called among classes; empty: nothing that one could be called.
std::string class_text(const element& json) {
  if (json.is_string()) return std::string(json.get_string().value_unsafe());
  if (json.is_bool()) return json.get_bool().value_unsafe() ? "true" : "false";
  if (json.is_int64()) return std::to_string(json.get_int64().value_unsafe());
  return {};
}

Status read_class(const element& json, std::span<const std::string> classes, Feedback& feedback) {
  feedback.class_name = class_text(json);
  if (std::find(classes.begin(), classes.end(), feedback.class_name) != classes.end()) return {};
  return invalid_input("`label`: expected one of the classes, got " + describe_value(json),
                       name_hint(feedback.class_name, classes));
}

Status read_label(const element& label, std::span<const std::string> classes, Feedback& feedback) {
  if (!classes.empty()) return read_class(label, classes, feedback);
  bool is_true = false;
  if (label.get(is_true) == simdjson::SUCCESS) {
    feedback.label = is_true ? 1 : 0;
    return {};
  }
  if (label.get(feedback.label) == simdjson::SUCCESS) return {};
  return invalid_input("`label`: expected a number, true or false, got " + describe_value(label));
}

Status read_entry(const element& json, std::span<const std::string> classes, FeedbackBody& body) {
  simdjson::dom::object members;
  if (json.get(members) != simdjson::SUCCESS) {
    return invalid_input("expected an object, got " + describe_value(json));
  }
  std::string_view id;
  if (members["prediction_id"].get(id) != simdjson::SUCCESS || id.empty()) {
    return invalid_input("member `prediction_id` is missing or no text");
  }
  element label;
  element earned;
  const bool has_label = members["label"].get(label) == simdjson::SUCCESS;
  const bool has_earned = members["earned"].get(earned) == simdjson::SUCCESS;
  if (!has_label && !has_earned) {
    return invalid_input("members `label` and `earned` are missing; one of them is needed");
  }
  if (has_label) {
    Feedback feedback;
    feedback.prediction_id = id;
    MILLGATE_TRY(read_label(label, classes, feedback));
    body.labels.push_back(std::move(feedback));
  }
  if (has_earned) {
    PredictionOutcome outcome;
    outcome.prediction_id = id;
    if (earned.get(outcome.earned) != simdjson::SUCCESS) {
      return invalid_input("`earned`: expected a number, got " + describe_value(earned));
    }
    body.outcomes.push_back(std::move(outcome));
  }
  return {};
}

PredictionIds& file_names() {
  static PredictionIds names;
  return names;
}

/// A file of what was received at `at`.
Status publish_received(const std::string& folder, const std::string& bytes, Time at) {
  const std::string day = folder + "/" + date_text(at);
  MILLGATE_TRY(make_folders(day));
  const std::string path =
      day + "/" + compact_time_text(at) + "-" + file_names().next(at).substr(14) + ".parquet";
  return publish_bytes({.temporary_path = path + ".tmp", .final_path = path}, bytes);
}

/// Errors: `invalid_input` for no entry, or one without an id or with a value that is no finite
/// number.
template <typename Entry>
Status check_entries(const std::vector<Entry>& entries, double Entry::*value) {
  if (entries.empty()) return invalid_input("feedback: there is no entry", "send one or more");
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!entries[i].prediction_id.empty() && std::isfinite(entries[i].*value)) continue;
    return invalid_input("feedback: entry " + std::to_string(i) +
                         " has no prediction_id or no finite number");
  }
  return {};
}

}  // namespace

Status write_feedback(const std::string& folder, const std::vector<Feedback>& labels, Time at) {
  MILLGATE_TRY(check_entries(labels, &Feedback::label));
  MILLGATE_ASSIGN(const std::string bytes, feedback_parquet(labels, at));
  return publish_received(folder, bytes, at);
}

Status write_outcomes(const std::string& folder, const std::vector<PredictionOutcome>& outcomes,
                      Time at) {
  MILLGATE_TRY(check_entries(outcomes, &PredictionOutcome::earned));
  MILLGATE_ASSIGN(const std::string bytes, outcomes_parquet(outcomes, at));
  return publish_received(folder, bytes, at);
}

Result<FeedbackBody> parse_feedback(const std::string& json, std::span<const std::string> classes) {
  MILLGATE_ASSIGN(const element root, parse_body(json));
  FeedbackBody body;
  simdjson::dom::array list;
  if (root.get(list) != simdjson::SUCCESS) {
    MILLGATE_TRY(read_entry(root, classes, body));
    return body;
  }
  if (list.size() == 0) return invalid_input("feedback: the list is empty", "send one or more");
  size_t number = 0;
  for (const element entry : list) {
    Status status = read_entry(entry, classes, body);
    if (!status.ok()) {
      Error error = std::move(status).error();
      error.where = "entry " + std::to_string(number);
      error.hint = R"(send [{"prediction_id": "...", "label": 1}, ...])";
      return error;
    }
    ++number;
  }
  return body;
}

}  // namespace millgate
