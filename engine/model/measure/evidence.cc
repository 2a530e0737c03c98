#include "model/measure/evidence.h"

#include "ground/json.h"

namespace millgate {

Json to_json(const Evidence& evidence) {
  Json json;
  json["metric"] = evidence.metric;
  json["value"] = evidence.value;
  if (evidence.lower) json["lower"] = *evidence.lower;
  if (evidence.upper) json["upper"] = *evidence.upper;
  json["slice"] = evidence.slice;
  json["row_count"] = evidence.row_count;
  json["data"] = evidence.data;
  json["inputs"] = evidence.inputs;
  if (!evidence.note.empty()) json["note"] = evidence.note;
  return json;
}

Result<Evidence> evidence_from_json(const Json& json) {
  constexpr std::string_view kObject = "evidence";
  Evidence evidence;
  MILLGATE_ASSIGN(evidence.metric, json_member<std::string>(json, "metric", kObject));
  MILLGATE_ASSIGN(evidence.value, json_member<double>(json, "value", kObject));
  if (json.contains("lower")) {
    MILLGATE_ASSIGN(evidence.lower, json_member<double>(json, "lower", kObject));
  }
  if (json.contains("upper")) {
    MILLGATE_ASSIGN(evidence.upper, json_member<double>(json, "upper", kObject));
  }
  MILLGATE_ASSIGN(evidence.slice, json_member<std::string>(json, "slice", kObject));
  MILLGATE_ASSIGN(evidence.row_count, json_member<int64_t>(json, "row_count", kObject));
  MILLGATE_ASSIGN(evidence.data, json_member<std::string>(json, "data", kObject));
  MILLGATE_ASSIGN(evidence.inputs, json_member<std::vector<std::string>>(json, "inputs", kObject));
  if (json.contains("note")) {
    MILLGATE_ASSIGN(evidence.note, json_member<std::string>(json, "note", kObject));
  }
  return evidence;
}

}  // namespace millgate
