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

Result<Feedback> read_entry(const element& json, std::span<const std::string> classes) {
  simdjson::dom::object members;
  if (json.get(members) != simdjson::SUCCESS) {
    return invalid_input("expected an object, got " + describe_value(json));
  }
  Feedback feedback;
  std::string_view id;
  if (members["prediction_id"].get(id) != simdjson::SUCCESS || id.empty()) {
    return invalid_input("member `prediction_id` is missing or no text");
  }
  feedback.prediction_id = id;
  element label;
  if (members["label"].get(label) != simdjson::SUCCESS) {
    return invalid_input("member `label` is missing");
  }
  if (!classes.empty()) {
    MILLGATE_TRY(read_class(label, classes, feedback));
    return feedback;
  }
  bool is_true = false;
  if (label.get(is_true) == simdjson::SUCCESS) {
    feedback.label = is_true ? 1 : 0;
  } else if (label.get(feedback.label) != simdjson::SUCCESS) {
    return invalid_input("`label`: expected a number, true or false, got " + describe_value(label));
  }
  return feedback;
}

PredictionIds& file_names() {
  static PredictionIds names;
  return names;
}

}  // namespace

Status write_feedback(const std::string& folder, const std::vector<Feedback>& labels, Time at) {
  if (labels.empty()) return invalid_input("feedback: there is no label", "send one or more");
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].prediction_id.empty() || !std::isfinite(labels[i].label)) {
      return invalid_input("feedback: entry " + std::to_string(i) +
                           " has no prediction_id or no finite label");
    }
  }
  MILLGATE_ASSIGN(const std::string bytes, feedback_parquet(labels, at));
  const std::string day = folder + "/" + date_text(at);
  MILLGATE_TRY(make_folders(day));
  const std::string path =
      day + "/" + compact_time_text(at) + "-" + file_names().next(at).substr(14) + ".parquet";
  return publish_bytes({.temporary_path = path + ".tmp", .final_path = path}, bytes);
}

Result<std::vector<Feedback>> parse_feedback(const std::string& json,
                                             std::span<const std::string> classes) {
  MILLGATE_ASSIGN(const element root, parse_body(json));
  std::vector<Feedback> labels;
  simdjson::dom::array list;
  if (root.get(list) != simdjson::SUCCESS) {
    MILLGATE_ASSIGN(Feedback feedback, read_entry(root, classes));
    labels.push_back(std::move(feedback));
    return labels;
  }
  for (const element entry : list) {
    Result<Feedback> feedback = read_entry(entry, classes);
    if (!feedback.ok()) {
      Error error = std::move(feedback).error();
      error.where = "entry " + std::to_string(labels.size());
      error.hint = R"(send [{"prediction_id": "...", "label": 1}, ...])";
      return error;
    }
    labels.push_back(*std::move(feedback));
  }
  if (labels.empty()) return invalid_input("feedback: the list is empty", "send one or more");
  return labels;
}

}  // namespace millgate
