#include "system/serve/infer_request.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "system/serve/infer_outputs.h"
#include "system/serve/infer_tensor.h"
#include "system/serve/json_value.h"

namespace millgate {

namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr const char* kSpecification = "see the Open Inference Protocol, version 2";

Result<std::string_view> text_member(const object& json, const char* key,
                                     const std::string& place) {
  std::string_view text;
  if (json[key].get(text) != simdjson::SUCCESS) {
    return invalid_input(place + ": member `" + key + "` is missing or no text", kSpecification);
  }
  return text;
}

/// Rows and width of shape [n] or [n, width].
Status read_shape(const object& json, std::string_view name, InferTensor& tensor) {
  array shape;
  if (json["shape"].get(shape) != simdjson::SUCCESS) {
    return in_tensor(name, "member `shape` is missing or no list", "write \"shape\": [n]");
  }
  std::vector<int64_t> sizes;
  for (const element size : shape) {
    int64_t value = 0;
    if (size.get(value) != simdjson::SUCCESS) {
      return in_tensor(name, "shape has " + describe_value(size) + " in it",
                       "write \"shape\": [n]");
    }
    sizes.push_back(value);
  }
  return set_shape(tensor, sizes);
}

/// Takes the data of a tensor from the front of `binary`, when it is there.
Status take_binary(const object& members, std::string_view& binary, InferTensor& tensor) {
  element size;
  if (members["parameters"]["binary_data_size"].get(size) != simdjson::SUCCESS) return {};
  uint64_t bytes = 0;
  if (size.get(bytes) != simdjson::SUCCESS) {
    return in_tensor(tensor.name, "binary_data_size is " + describe_value(size));
  }
  if (bytes > binary.size()) {
    return in_tensor(tensor.name,
                     "binary_data_size is " + std::to_string(bytes) + ", but only " +
                         std::to_string(binary.size()) + " bytes are left in the body",
                     "Inference-Header-Content-Length says how long the JSON before them is");
  }
  tensor.binary = binary.substr(0, bytes);
  binary.remove_prefix(bytes);
  return {};
}

Result<InferTensor> read_tensor(const element& json, size_t index, std::string_view& binary) {
  const std::string place = "inputs[" + std::to_string(index) + "]";
  object members;
  if (json.get(members) != simdjson::SUCCESS) {
    return invalid_input(place + ": expected an object, got " + describe_value(json));
  }
  InferTensor tensor;
  MILLGATE_ASSIGN(tensor.name, text_member(members, "name", place));
  MILLGATE_ASSIGN(const std::string_view datatype, text_member(members, "datatype", place));
  MILLGATE_TRY(set_datatype(tensor, datatype));
  MILLGATE_TRY(read_shape(members, tensor.name, tensor));
  MILLGATE_TRY(take_binary(members, binary, tensor));
  if (tensor.binary) return tensor;
  if (members["data"].get(tensor.data) == simdjson::SUCCESS) return tensor;
  element region;
  if (members["parameters"]["shared_memory_region"].get(region) == simdjson::SUCCESS) {
    return in_tensor(tensor.name, "shared memory is not supported",
                     "send the data in the body, as JSON or binary");
  }
  return in_tensor(tensor.name, "member `data` is missing or no list",
                   "send `data`, or binary data with `binary_data_size`");
}

Result<std::vector<InferTensor>> read_tensors(const object& root, std::string_view binary) {
  array list;
  if (root["inputs"].get(list) != simdjson::SUCCESS) {
    return invalid_input("member `inputs` is missing or no list", kSpecification);
  }
  std::vector<InferTensor> tensors;
  for (const element json : list) {
    MILLGATE_ASSIGN(InferTensor tensor, read_tensor(json, tensors.size(), binary));
    tensors.push_back(tensor);
  }
  MILLGATE_TRY(check_equal_rows(tensors));
  if (!binary.empty()) {
    return invalid_input(
        "the body has " + std::to_string(binary.size()) + " bytes more than its tensors",
        "binary_data_size of each tensor says how many are its own");
  }
  return tensors;
}

/// Whether member `key` of `members`'s parameters is there and true.
bool is_set(const object& members, const char* key) {
  bool value = false;
  return members["parameters"][key].get(value) == simdjson::SUCCESS && value;
}

Result<WantedOutput> read_output(const element& json, const std::vector<InferOutput>& valid,
                                 bool is_binary) {
  object members;
  if (json.get(members) != simdjson::SUCCESS) {
    return invalid_input("outputs: expected an object, got " + describe_value(json));
  }
  MILLGATE_ASSIGN(const std::string_view name, text_member(members, "name", "outputs"));
  MILLGATE_ASSIGN(const InferOutput output, find_output(valid, name));
  element given;
  for (const char* const other : {"classification", "shared_memory_region"}) {
    if (members["parameters"][other].get(given) == simdjson::SUCCESS) {
      return invalid_input(
          "output `" + output.name + "`: parameter `" + other + "` is not supported",
          "leave it out");
    }
  }
  bool own = false;
  if (members["parameters"]["binary_data"].get(own) == simdjson::SUCCESS) is_binary = own;
  return WantedOutput{.output = output, .is_binary = is_binary};
}

Status read_outputs(const ServedModel& model, const object& root, InferRequest& request) {
  const std::vector<InferOutput> valid = infer_outputs(model);
  const bool is_binary = is_set(root, "binary_data_output");
  element given;
  if (root["outputs"].get(given) == simdjson::SUCCESS) {
    array list;
    if (given.get(list) != simdjson::SUCCESS) {
      return invalid_input("member `outputs` is no list");
    }
    for (const element json : list) {
      MILLGATE_ASSIGN(WantedOutput output, read_output(json, valid, is_binary));
      request.outputs.push_back(std::move(output));
    }
  }
  if (!request.outputs.empty()) return {};
  for (const InferOutput& output : valid) request.outputs.push_back({output, is_binary});
  return {};
}

/// How many bytes of the body are JSON.
Result<size_t> json_length(const InferBody& body) {
  if (body.json_length.empty()) return body.bytes.size();
  size_t length = 0;
  const char* const end = body.json_length.data() + body.json_length.size();
  const auto [stop, fault] = std::from_chars(body.json_length.data(), end, length);
  if (fault != std::errc() || stop != end || length > body.bytes.size()) {
    return invalid_input("Inference-Header-Content-Length is `" +
                             std::string(body.json_length.substr(0, 40)) + "`, the body has " +
                             std::to_string(body.bytes.size()) + " bytes",
                         "it is the number of bytes of JSON before the binary data");
  }
  if (length == 0) {
    return invalid_input("a body without JSON does not say which tensors it holds",
                         "send the JSON of the request before the binary data");
  }
  return length;
}

}  // namespace

Result<InferRequest> read_infer(const ServedModel& model, const OnlineFeatures* online,
                                const InferBody& body, size_t rows_max) {
  MILLGATE_ASSIGN(const size_t length, json_length(body));
  MILLGATE_ASSIGN(const element json, parse_body(body.bytes.substr(0, length)));
  object root;
  if (json.get(root) != simdjson::SUCCESS) {
    return invalid_input("the body is " + describe_value(json) + ", not an object", kSpecification);
  }
  InferRequest request;
  std::string_view id;
  if (root["id"].get(id) == simdjson::SUCCESS) request.id = id;
  MILLGATE_ASSIGN(std::vector<InferTensor> tensors, read_tensors(root, body.bytes.substr(length)));
  MILLGATE_ASSIGN(request.batch,
                  read_columns(model, online, TensorColumns(std::move(tensors)), rows_max));
  MILLGATE_TRY(read_outputs(model, root, request));
  return request;
}

}  // namespace millgate
