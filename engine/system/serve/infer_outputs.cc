#include "system/serve/infer_outputs.h"

#include <algorithm>

#include "ground/nearest_name.h"
#include "system/serve/tensor_bytes.h"

namespace millgate {

std::vector<InferOutput> infer_outputs(const ServedModel& model) {
  std::vector<InferOutput> outputs;
  const auto add = [&](std::string name, TensorDatatype datatype, size_t class_number = 0) {
    outputs.push_back(
        {.name = std::move(name), .datatype = datatype, .class_number = class_number});
  };
  const std::vector<std::string>& classes = model.classes();
  if (!classes.empty()) {
    add("class", TensorDatatype::bytes);
    add("probability", TensorDatatype::fp64);
    for (size_t k = 0; k < classes.size(); ++k) {
      add("probability." + classes[k], TensorDatatype::fp64, k);
    }
  } else if (model.is_binary()) {
    add("probability", TensorDatatype::fp64);
    add("decision", TensorDatatype::boolean);
  } else {
    add(model.model().number_name(), TensorDatatype::fp64);
  }
  if (model.model().uncertainty()) {
    const bool binary = model.is_binary();
    const TensorDatatype datatype = binary ? TensorDatatype::boolean : TensorDatatype::fp64;
    add(binary ? "may_be_true" : "lower", datatype);
    add(binary ? "may_be_false" : "upper", datatype);
  }
  add("prediction_id", TensorDatatype::bytes);
  return outputs;
}

Result<InferOutput> find_output(const std::vector<InferOutput>& outputs, std::string_view name) {
  const auto found = std::find_if(outputs.begin(), outputs.end(),
                                  [&](const InferOutput& one) { return one.name == name; });
  if (found != outputs.end()) return *found;
  std::vector<std::string> names;
  names.reserve(outputs.size());
  for (const InferOutput& one : outputs) names.push_back(one.name);
  return invalid_input("output `" + std::string(name) + "` does not exist", name_hint(name, names));
}

void append_output_bytes(std::string& out, const InferOutput& output, const Answers& answers) {
  for (size_t row = 0; row < answers.ids.size(); ++row) {
    if (output.datatype == TensorDatatype::bytes) {
      append_tensor_text(out, infer_output_text(answers, output, row));
    } else if (output.datatype == TensorDatatype::boolean) {
      append_tensor_bool(out, infer_output_boolean(answers, output, row));
    } else {
      append_tensor_double(out, infer_output_number(answers, output, row));
    }
  }
}

bool infer_output_boolean(const Answers& answers, const InferOutput& output, size_t row) {
  const Prediction& told = answers.predictions[row];
  if (output.name == "decision") return told.decision;
  return output.name == "may_be_true" ? told.may_be_true : told.may_be_false;
}

double infer_output_number(const Answers& answers, const InferOutput& output, size_t row) {
  const Prediction& told = answers.predictions[row];
  if (output.name.starts_with("probability.")) {
    return class_probability(answers, row, output.class_number);
  }
  if (output.name == "lower") return told.lower;
  return output.name == "upper" ? told.upper : told.value;
}

const std::string& infer_output_text(const Answers& answers, const InferOutput& output,
                                     size_t row) {
  if (output.name == "class") {
    return answers.model->classes()[answers.predictions[row].class_number];
  }
  return answers.ids[row];
}

}  // namespace millgate
