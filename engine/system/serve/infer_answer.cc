#include "system/serve/infer_answer.h"

#include "system/serve/infer_outputs.h"
#include "system/serve/json_text.h"

namespace millgate {

namespace {

void append_json_data(std::string& out, const InferOutput& output, const Answers& answers) {
  out += ",\"data\":[";
  for (size_t row = 0; row < answers.ids.size(); ++row) {
    if (row > 0) out += ',';
    if (output.datatype == TensorDatatype::bytes) {
      append_json_text(out, infer_output_text(answers, output, row));
    } else if (output.datatype == TensorDatatype::boolean) {
      out += infer_output_boolean(answers, output, row) ? "true" : "false";
    } else {
      append_json_number(out, infer_output_number(answers, output, row));
    }
  }
  out += ']';
}

/// Binary data goes to the end of `binary`.
void append_output(std::string& out, std::string& binary, const WantedOutput& wanted,
                   const Answers& answers) {
  if (out.back() == '}') out += ',';
  out += "{\"name\":";
  append_json_text(out, wanted.output.name);
  out.append(",\"datatype\":\"").append(to_string(wanted.output.datatype));
  out += "\",\"shape\":[";
  append_json_integer(out, static_cast<int64_t>(answers.ids.size()));
  out += ']';
  if (wanted.is_binary) {
    const size_t before = binary.size();
    append_output_bytes(binary, wanted.output, answers);
    out += ",\"parameters\":{\"binary_data_size\":";
    append_json_integer(out, static_cast<int64_t>(binary.size() - before));
    out += '}';
  } else {
    append_json_data(out, wanted.output, answers);
  }
  out += '}';
}

}  // namespace

std::string joined_warnings(const Answers& answers) {
  std::string text;
  size_t count = 0;
  const auto add = [&](const std::string& warning) {
    if (++count > kWarningsMax) return;
    text += (text.empty() ? "" : "\n") + warning;
  };
  for (const std::string& warning : answers.notes) add(warning);
  for (size_t row = 0; row < answers.warnings.size(); ++row) {
    for (const std::string& warning : answers.warnings[row]) {
      add("row " + std::to_string(row) + ": " + warning);
    }
  }
  if (count > kWarningsMax) text += "\nand " + std::to_string(count - kWarningsMax) + " more";
  return text;
}

InferAnswer infer_answer(const Answers& answers, const InferRequest& request) {
  InferAnswer answer;
  std::string& out = answer.body;
  out.reserve(256 + 72 * answers.ids.size());
  out = "{\"model_name\":";
  append_json_text(out, answers.model->name());
  out += ",\"model_version\":";
  append_json_text(out, answers.model->version());
  if (!request.id.empty()) {
    out += ",\"id\":";
    append_json_text(out, request.id);
  }
  out += ",\"parameters\":{\"request_id\":";
  append_json_text(out, answers.request_id);
  if (const std::string warnings = joined_warnings(answers); !warnings.empty()) {
    out += ",\"warnings\":";
    append_json_text(out, warnings);
  }
  out += "},\"outputs\":[";
  std::string binary;
  for (const WantedOutput& wanted : request.outputs) append_output(out, binary, wanted, answers);
  out += "]}";
  if (!binary.empty()) {
    answer.json_bytes = out.size();
    out += binary;
  }
  return answer;
}

}  // namespace millgate
