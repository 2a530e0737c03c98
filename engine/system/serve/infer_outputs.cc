#include "system/serve/infer_outputs.h"

namespace millgate {

std::vector<std::string> infer_output_names(const ServedModel& model) {
  const bool binary = model.is_binary();
  std::vector<std::string> names = binary ? std::vector<std::string>{"probability", "decision"}
                                          : std::vector<std::string>{"value"};
  if (model.model().uncertainty()) {
    names.emplace_back(binary ? "may_be_true" : "lower");
    names.emplace_back(binary ? "may_be_false" : "upper");
  }
  names.emplace_back("prediction_id");
  return names;
}

TensorDatatype infer_output_datatype(std::string_view name) {
  if (name == "prediction_id") return TensorDatatype::bytes;
  const bool is_boolean = name == "decision" || name == "may_be_true" || name == "may_be_false";
  return is_boolean ? TensorDatatype::boolean : TensorDatatype::fp64;
}

bool infer_output_boolean(const Prediction& told, std::string_view name) {
  if (name == "decision") return told.decision;
  return name == "may_be_true" ? told.may_be_true : told.may_be_false;
}

double infer_output_number(const Prediction& told, std::string_view name) {
  if (name == "lower") return told.lower;
  return name == "upper" ? told.upper : told.value;
}

}  // namespace millgate
