#include "system/serve/model_metadata.h"

#include "system/serve/infer_outputs.h"
#include "system/serve/json_text.h"
#include "system/serve/live_json.h"

namespace millgate {

namespace {

void append_tensor(std::string& out, std::string_view name, TensorDatatype datatype,
                   std::string_view shape, bool is_optional) {
  if (out.back() == '}') out += ',';
  out += "{\"name\":";
  append_json_text(out, name);
  out.append(",\"datatype\":\"").append(to_string(datatype)).append("\",\"shape\":").append(shape);
  if (is_optional) out += ",\"optional\":true";
  out += '}';
}

}  // namespace

std::string model_metadata_json(const ServedModel& model, Time now) {
  std::string out = "{\"name\":";
  append_json_text(out, model.name());
  out += ",\"versions\":[";
  append_json_text(out, model.version());
  out += "],\"platform\":\"millgate\",\"inputs\":[";
  for (size_t i = 0; i < model.inputs().size(); ++i) {
    const Field& input = model.inputs()[i];
    append_tensor(out, input.name, datatype_of(input.type),
                  input.type == ValueType::list ? "[-1,-1]" : "[-1]", model.may_be_left_out(i));
  }
  out += "],\"outputs\":[";
  for (const InferOutput& output : infer_outputs(model)) {
    append_tensor(out, output.name, output.datatype, "[-1]", false);
  }
  out += ']';
  if (model.live()) {
    out += ",\"parameters\":";
    append_live_json(out, *model.live(), now);
  }
  out += '}';
  return out;
}

}  // namespace millgate
