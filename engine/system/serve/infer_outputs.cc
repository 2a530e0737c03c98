#include "system/serve/infer_outputs.h"

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
