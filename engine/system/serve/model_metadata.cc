#include "system/serve/model_metadata.h"

#include "system/serve/infer_outputs.h"
#include "system/serve/json_text.h"
#include "system/serve/live_json.h"

namespace millgate {

namespace {

void append_tensor(std::string& out, std::string_view name, TensorDatatype datatype,
                   const std::vector<int64_t>& shape, bool is_optional) {
  if (out.back() == '}') out += ',';
  out += "{\"name\":";
  append_json_text(out, name);
  out.append(",\"datatype\":\"").append(to_string(datatype)).append("\",\"shape\":[");
  for (size_t i = 0; i < shape.size(); ++i) out += (i > 0 ? "," : "") + std::to_string(shape[i]);
  out += ']';
  if (is_optional) out += ",\"optional\":true";
  out += '}';
}

}  // namespace

std::vector<int64_t> input_shape(const Field& input) {
  if (input.type == ValueType::list) return {-1, -1};
  return {-1};
}

std::string model_metadata_json(const ServedModel& model, Time now) {
  std::string out = "{\"name\":";
  append_json_text(out, model.name());
  out += ",\"versions\":[";
  append_json_text(out, model.version());
  out += "],\"platform\":\"" + std::string(kModelPlatform) + "\",\"inputs\":[";
  for (size_t i = 0; i < model.inputs().size(); ++i) {
    const Field& input = model.inputs()[i];
    append_tensor(out, input.name, datatype_of(input.type), input_shape(input),
                  model.may_be_left_out(i));
  }
  out += "],\"outputs\":[";
  for (const InferOutput& output : infer_outputs(model)) {
    append_tensor(out, output.name, output.datatype, {-1}, false);
  }
  out += ']';
  if (model.live()) {
    out += ",\"parameters\":";
    append_live_json(out, *model.live(), now);
  }
  out += '}';
  return out;
}

std::string model_statistics_json(const ServedModels& models) {
  const auto number = [](uint64_t value) { return std::to_string(value); };
  std::string out = "{\"model_stats\":[";
  for (const auto& model : models) {
    ModelStatistics& counted = model->statistics();
    if (out.back() == '}') out += ',';
    out += "{\"name\":";
    append_json_text(out, model->name());
    out += ",\"version\":";
    append_json_text(out, model->version());
    out += ",\"last_inference\":" + number(counted.last_inference_ms) +
           ",\"inference_count\":" + number(counted.rows) +
           ",\"execution_count\":" + number(counted.success.count()) + ",\"inference_stats\":{";
    for (const DurationSum& sum : duration_sums(counted)) {
      if (out.back() == '}') out += ',';
      out.append("\"").append(sum.name).append("\":{\"count\":");
      out += number(sum.count) + ",\"ns\":" + number(sum.nanos) + "}";
    }
    out += "},\"batch_stats\":[]}";
  }
  return out + "]}";
}

std::string repository_index_json(const ServedModels& models) {
  std::string out = "[";
  for (const auto& model : models) {
    if (out.back() == '}') out += ',';
    out += "{\"name\":";
    append_json_text(out, model->name());
    out += ",\"version\":";
    append_json_text(out, model->version());
    out += R"(,"state":"READY","reason":""})";
  }
  return out + "]";
}

}  // namespace millgate
