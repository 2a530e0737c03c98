#include "system/serve/inference.h"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "ground/nearest_name.h"
#include "system/serve/json_text.h"
#include "system/serve/json_value.h"
#include "system/serve/live_json.h"

namespace millgate {

namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::array<std::string_view, 12> kDatatypes = {"BOOL",   "UINT8", "UINT16", "UINT32",
                                                         "UINT64", "INT8",  "INT16",  "INT32",
                                                         "INT64",  "FP16",  "FP32",   "FP64"};

std::string_view datatype_of(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return "BOOL";
    case ValueType::integer:
      return "INT64";
    case ValueType::number:
      return "FP64";
    case ValueType::text:
    case ValueType::time:
    case ValueType::duration:
      break;
  }
  return "BYTES";
}

bool is_integer_datatype(std::string_view datatype) {
  return datatype.starts_with("INT") || datatype.starts_with("UINT");
}

bool fits(std::string_view datatype, ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return datatype == "BOOL";
    case ValueType::integer:
      return is_integer_datatype(datatype);
    case ValueType::number:
      return is_integer_datatype(datatype) || datatype.starts_with("FP");
    default:
      return datatype == "BYTES";
  }
}

bool is_known_datatype(std::string_view datatype) {
  return datatype == "BYTES" ||
         std::find(kDatatypes.begin(), kDatatypes.end(), datatype) != kDatatypes.end();
}

std::vector<std::string> output_names(const ServedModel& model) {
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

std::string_view output_datatype(std::string_view name) {
  if (name == "prediction_id") return "BYTES";
  const bool is_boolean = name == "decision" || name == "may_be_true" || name == "may_be_false";
  return is_boolean ? "BOOL" : "FP64";
}

/// A tensor as sent, before its data is read.
struct Tensor {
  std::string_view name;
  std::string_view datatype;
  int64_t rows = 0;
  array data;
};

Error in_tensor(std::string_view name, std::string what, std::string hint = {}) {
  return invalid_input("input tensor `" + std::string(name) + "`: " + std::move(what),
                       std::move(hint));
}

Result<std::string_view> text_member(const object& json, const char* key,
                                     const std::string& place) {
  std::string_view text;
  if (json[key].get(text) != simdjson::SUCCESS) {
    return invalid_input(place + ": member `" + key + "` is missing or no text",
                         "see the Open Inference Protocol, version 2");
  }
  return text;
}

/// The rows of shape [n] or [n, 1].
Result<int64_t> read_shape(const object& json, std::string_view name) {
  array shape;
  if (json["shape"].get(shape) != simdjson::SUCCESS) {
    return in_tensor(name, "member `shape` is missing or no list", "write \"shape\": [n]");
  }
  std::vector<int64_t> sizes;
  for (const element size : shape) {
    int64_t value = 0;
    if (size.get(value) != simdjson::SUCCESS || value < 0) {
      return in_tensor(name, "shape has " + describe_value(size) + " in it",
                       "write \"shape\": [n]");
    }
    sizes.push_back(value);
  }
  if (sizes.empty() || sizes.size() > 2 || (sizes.size() == 2 && sizes[1] != 1)) {
    return in_tensor(name, "the shape is neither [n] nor [n, 1]",
                     "send one tensor for each input column");
  }
  return sizes[0];
}

Result<Tensor> read_tensor(const element& json, size_t index) {
  const std::string place = "inputs[" + std::to_string(index) + "]";
  object members;
  if (json.get(members) != simdjson::SUCCESS) {
    return invalid_input(place + ": expected an object, got " + describe_value(json));
  }
  Tensor tensor;
  MILLGATE_ASSIGN(tensor.name, text_member(members, "name", place));
  MILLGATE_ASSIGN(tensor.datatype, text_member(members, "datatype", place));
  MILLGATE_ASSIGN(tensor.rows, read_shape(members, tensor.name));
  if (members["data"].get(tensor.data) != simdjson::SUCCESS) {
    return in_tensor(tensor.name, "member `data` is missing or no list",
                     "binary data is not supported: send JSON (binary_data=False)");
  }
  return tensor;
}

/// Calls `set` with every value of `data`, which may be nested one level for [n, 1].
/// Errors: of `set`; when there are not `rows` values.
template <typename Set>
Status each_value(const Tensor& tensor, const Set& set) {
  int64_t row = 0;
  const auto take = [&](const element& value) -> Status {
    if (row < tensor.rows) MILLGATE_TRY(set(value, static_cast<size_t>(row)));
    ++row;
    return {};
  };
  for (const element value : tensor.data) {
    array nested;
    if (value.get(nested) != simdjson::SUCCESS) {
      MILLGATE_TRY(take(value));
      continue;
    }
    for (const element inner : nested) MILLGATE_TRY(take(inner));
  }
  if (row == tensor.rows) return {};
  return in_tensor(tensor.name, "the shape says " + std::to_string(tensor.rows) +
                                    " values, `data` has " + std::to_string(row));
}

Status read_input(const Tensor& tensor, Vector& column) {
  if (!fits(tensor.datatype, column.type)) {
    return in_tensor(tensor.name,
                     "datatype `" + std::string(tensor.datatype) + "` does not fit the column's " +
                         std::string(to_string(column.type)),
                     "send it as " + std::string(datatype_of(column.type)));
  }
  return each_value(tensor, [&](const element& value, size_t row) {
    return set_value(value, tensor.name, column, row);
  });
}

Status read_key(const Tensor& tensor, Vector& column) {
  return each_value(tensor, [&](const element& value, size_t row) -> Status {
    MILLGATE_ASSIGN(std::optional<std::string> text, scalar_text(value, tensor.name));
    column.valid[row] = text.has_value() ? 1 : 0;
    if (text) column.texts[row] = std::move(*text);
    return {};
  });
}

Status read_row_times(const Tensor& tensor, std::vector<std::optional<Time>>& times) {
  Vector column;
  column.reset(ValueType::time, times.size());
  MILLGATE_TRY(read_input(tensor, column));
  for (size_t row = 0; row < times.size(); ++row) {
    if (column.valid[row] != 0) times[row] = Time{column.integers[row]};
  }
  return {};
}

Result<std::vector<Tensor>> read_tensors(const object& root, size_t rows_max) {
  array list;
  if (root["inputs"].get(list) != simdjson::SUCCESS) {
    return invalid_input("member `inputs` is missing or no list",
                         "see the Open Inference Protocol, version 2");
  }
  std::vector<Tensor> tensors;
  for (const element json : list) {
    MILLGATE_ASSIGN(Tensor tensor, read_tensor(json, tensors.size()));
    if (!is_known_datatype(tensor.datatype)) {
      std::vector<std::string> names(kDatatypes.begin(), kDatatypes.end());
      names.emplace_back("BYTES");
      return in_tensor(tensor.name, "unknown datatype `" + std::string(tensor.datatype) + "`",
                       name_hint(tensor.datatype, names));
    }
    if (!tensors.empty() && tensor.rows != tensors.front().rows) {
      return in_tensor(tensor.name, "it has " + std::to_string(tensor.rows) + " rows, `" +
                                        std::string(tensors.front().name) + "` has " +
                                        std::to_string(tensors.front().rows));
    }
    tensors.push_back(tensor);
  }
  if (tensors.empty() || tensors.front().rows == 0) {
    return invalid_input("the request has no rows", "send one row or more");
  }
  if (static_cast<uint64_t>(tensors.front().rows) > rows_max) {
    return Error{.code = ErrorCode::refused,
                 .what = "the request has " + std::to_string(tensors.front().rows) +
                         " rows, at most " + std::to_string(rows_max) + " are taken at once",
                 .hint = "send them in several requests"};
  }
  return tensors;
}

Status read_columns(const ServedModel& model, const std::vector<Tensor>& tensors,
                    InferRequest& request) {
  RowBatch& batch = request.batch;
  std::vector<std::string> missing;
  for (const Field& input : model.inputs()) missing.push_back(input.name);
  std::vector<std::string_view> seen;
  for (const Tensor& tensor : tensors) {
    const ColumnUse* use = model.find(tensor.name);
    if (use == nullptr) {
      if (request.warnings.size() < kWarningsMax) {
        request.warnings.push_back(unknown_field_warning(model, tensor.name));
      }
      continue;
    }
    if (std::find(seen.begin(), seen.end(), tensor.name) != seen.end()) {
      return in_tensor(tensor.name, "it is given twice", "send it once");
    }
    seen.push_back(tensor.name);
    if (use->input) MILLGATE_TRY(read_input(tensor, batch.inputs.columns[*use->input]));
    if (use->key) MILLGATE_TRY(read_key(tensor, batch.keys.columns[*use->key]));
    if (use->row_time) MILLGATE_TRY(read_row_times(tensor, batch.row_times));
    std::erase(missing, tensor.name);
  }
  if (missing.empty()) return {};
  std::string names;
  for (const std::string& name : missing) names += (names.empty() ? "`" : ", `") + name + "`";
  return invalid_input((missing.size() == 1 ? "input tensor " : "input tensors ") + names +
                           (missing.size() == 1 ? " is missing" : " are missing"),
                       "send every input; a value that is not known is null");
}

Status read_outputs(const ServedModel& model, const object& root, InferRequest& request) {
  element given;
  if (root["outputs"].get(given) != simdjson::SUCCESS) return {};
  array list;
  if (given.get(list) != simdjson::SUCCESS) {
    return invalid_input("member `outputs` is no list");
  }
  const std::vector<std::string> valid = output_names(model);
  for (const element json : list) {
    object members;
    if (json.get(members) != simdjson::SUCCESS) {
      return invalid_input("outputs: expected an object, got " + describe_value(json));
    }
    MILLGATE_ASSIGN(const std::string_view name, text_member(members, "name", "outputs"));
    bool binary = false;
    if (members["parameters"]["binary_data"].get(binary) == simdjson::SUCCESS && binary) {
      return invalid_input("output `" + std::string(name) + "`: binary data is not supported",
                           "ask for JSON (binary_data=False)");
    }
    if (std::find(valid.begin(), valid.end(), name) == valid.end()) {
      return invalid_input("output `" + std::string(name) + "` does not exist",
                           name_hint(name, valid));
    }
    request.outputs.emplace_back(name);
  }
  return {};
}

void append_tensor_head(std::string& out, std::string_view name, std::string_view datatype,
                        size_t rows) {
  if (out.back() == '}') out += ',';
  out += "{\"name\":";
  append_json_text(out, name);
  out += ",\"datatype\":\"";
  out += datatype;
  out += "\",\"shape\":[";
  append_json_integer(out, static_cast<int64_t>(rows));
  out += "],\"data\":[";
}

void append_output(std::string& out, const std::string& name, const Answers& answers) {
  const size_t rows = answers.ids.size();
  append_tensor_head(out, name, output_datatype(name), rows);
  for (size_t row = 0; row < rows; ++row) {
    if (row > 0) out += ',';
    const Prediction& told = answers.predictions[row];
    if (name == "prediction_id") {
      append_json_text(out, answers.ids[row]);
    } else if (output_datatype(name) == "BOOL") {
      const bool yes = name == "decision"      ? told.decision
                       : name == "may_be_true" ? told.may_be_true
                                               : told.may_be_false;
      out += yes ? "true" : "false";
    } else {
      append_json_number(out, name == "lower"   ? told.lower
                              : name == "upper" ? told.upper
                                                : told.value);
    }
  }
  out += "]}";
}

std::string joined_warnings(const Answers& answers, const InferRequest& request) {
  std::string text;
  size_t count = 0;
  const auto add = [&](const std::string& warning) {
    if (++count > kWarningsMax) return;
    text += (text.empty() ? "" : "\n") + warning;
  };
  for (const std::string& warning : request.warnings) add(warning);
  for (size_t row = 0; row < answers.warnings.size(); ++row) {
    for (const std::string& warning : answers.warnings[row]) {
      add("row " + std::to_string(row) + ": " + warning);
    }
  }
  if (count > kWarningsMax) text += "\nand " + std::to_string(count - kWarningsMax) + " more";
  return text;
}

void append_metadata_tensor(std::string& out, std::string_view name, std::string_view datatype) {
  if (out.back() == '}') out += ',';
  out += "{\"name\":";
  append_json_text(out, name);
  out += ",\"datatype\":\"";
  out += datatype;
  out += "\",\"shape\":[-1]}";
}

}  // namespace

Result<InferRequest> read_infer(const ServedModel& model, std::string_view body, size_t rows_max) {
  MILLGATE_ASSIGN(const element json, parse_body(body));
  object root;
  if (json.get(root) != simdjson::SUCCESS) {
    return invalid_input("the body is " + describe_value(json) + ", not an object",
                         "see the Open Inference Protocol, version 2");
  }
  InferRequest request;
  std::string_view id;
  if (root["id"].get(id) == simdjson::SUCCESS) request.id = id;
  MILLGATE_ASSIGN(const std::vector<Tensor> tensors, read_tensors(root, rows_max));
  request.batch = make_batch(model, static_cast<size_t>(tensors.front().rows));
  MILLGATE_TRY(read_columns(model, tensors, request));
  MILLGATE_TRY(read_outputs(model, root, request));
  warn_of_ranges(model, request.batch);
  return request;
}

std::string infer_json(const Answers& answers, const InferRequest& request) {
  std::string out;
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
  if (const std::string warnings = joined_warnings(answers, request); !warnings.empty()) {
    out += ",\"warnings\":";
    append_json_text(out, warnings);
  }
  out += "},\"outputs\":[";
  const auto names = request.outputs.empty() ? output_names(*answers.model) : request.outputs;
  for (const std::string& name : names) append_output(out, name, answers);
  out += "]}";
  return out;
}

std::string model_metadata_json(const ServedModel& model, Time now) {
  std::string out = "{\"name\":";
  append_json_text(out, model.name());
  out += ",\"versions\":[";
  append_json_text(out, model.version());
  out += "],\"platform\":\"millgate\",\"inputs\":[";
  for (const Field& input : model.inputs()) {
    append_metadata_tensor(out, input.name, datatype_of(input.type));
  }
  out += "],\"outputs\":[";
  for (const std::string& name : output_names(model)) {
    append_metadata_tensor(out, name, output_datatype(name));
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
