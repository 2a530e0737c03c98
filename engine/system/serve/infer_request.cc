#include "system/serve/infer_request.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "ground/nearest_name.h"
#include "system/serve/infer_outputs.h"
#include "system/serve/json_value.h"
#include "system/serve/row_columns.h"
#include "system/serve/tensor_bytes.h"

namespace millgate {

namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr const char* kSpecification = "see the Open Inference Protocol, version 2";

/// A tensor as sent, before its data is read.
struct Tensor {
  std::string_view name;
  TensorDatatype datatype = TensorDatatype::bytes;
  int64_t rows = 0;
  int64_t width = 1;  ///< Values of a row; of lists another number than 1.
  array data;         ///< Unless `binary`.
  std::optional<std::string_view> binary;
};

Error in_tensor(std::string_view name, std::string what, std::string hint = {}) {
  return invalid_input("input tensor `" + std::string(name) + "`: " + std::move(what),
                       std::move(hint));
}

/// The error of a value, told to be of this tensor.
Error in_tensor(std::string_view name, Error error) {
  error.what = "input tensor `" + std::string(name) + "`: " + error.what;
  return error;
}

Result<std::string_view> text_member(const object& json, const char* key,
                                     const std::string& place) {
  std::string_view text;
  if (json[key].get(text) != simdjson::SUCCESS) {
    return invalid_input(place + ": member `" + key + "` is missing or no text", kSpecification);
  }
  return text;
}

Error wrong_shape(std::string_view name) {
  return in_tensor(name, "the shape is neither [n] nor [n, 1]",
                   "send one tensor for each input column");
}

/// Rows and width of shape [n] or [n, width].
Status read_shape(const object& json, std::string_view name, Tensor& tensor) {
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
  if (sizes.empty() || sizes.size() > 2) return wrong_shape(name);
  tensor.rows = sizes[0];
  if (sizes.size() == 2) tensor.width = sizes[1];
  return {};
}

/// Takes the data of a tensor from the front of `binary`, when it is there.
Status take_binary(const object& members, std::string_view& binary, Tensor& tensor) {
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

Result<TensorDatatype> read_datatype(const object& members, std::string_view name,
                                     const std::string& place) {
  MILLGATE_ASSIGN(const std::string_view text, text_member(members, "datatype", place));
  if (const auto datatype = parse_tensor_datatype(text)) return *datatype;
  return in_tensor(name, "unknown datatype `" + std::string(text) + "`",
                   name_hint(text, tensor_datatype_names()));
}

Result<Tensor> read_tensor(const element& json, size_t index, std::string_view& binary) {
  const std::string place = "inputs[" + std::to_string(index) + "]";
  object members;
  if (json.get(members) != simdjson::SUCCESS) {
    return invalid_input(place + ": expected an object, got " + describe_value(json));
  }
  Tensor tensor;
  MILLGATE_ASSIGN(tensor.name, text_member(members, "name", place));
  MILLGATE_ASSIGN(tensor.datatype, read_datatype(members, tensor.name, place));
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

/// What was sent, whatever the shape says.
size_t value_count(const Tensor& tensor) {
  if (tensor.binary)
    return tensor.binary->size() / std::max<size_t>(element_bytes(tensor.datatype), 1);
  size_t count = 0;
  for (const element value : tensor.data) {
    array nested;
    count += value.get(nested) == simdjson::SUCCESS ? nested.size() : 1;
  }
  return count;
}

Status read_input(const Tensor& tensor, Vector& column);

/// A tensor of shape [n, width] is a list of `width` numbers a row. Of JSON a value that is null is
/// an element that is null; a row of nulls alone is no list, but null.
Status read_lists(const Tensor& tensor, Vector& column) {
  Tensor flat = tensor;
  flat.width = 1;
  // Before room is made for what the shape promises.
  const size_t sent = value_count(tensor);
  if (__builtin_mul_overflow(tensor.rows, tensor.width, &flat.rows) ||
      sent != static_cast<size_t>(flat.rows)) {
    return in_tensor(tensor.name, "the shape says " + std::to_string(tensor.rows) + " lists of " +
                                      std::to_string(tensor.width) + " values, there are " +
                                      std::to_string(sent) + " values");
  }
  Vector items;
  items.reset(ValueType::number, static_cast<size_t>(flat.rows));
  MILLGATE_TRY(read_input(flat, items));
  const auto width = static_cast<size_t>(tensor.width);
  for (size_t row = 0; row < column.size(); ++row) {
    NumberList& list = column.lists[row];
    list.clear();
    column.valid[row] = width == 0 ? 1 : 0;
    for (size_t i = row * width; i < (row + 1) * width; ++i) {
      if (items.valid[i] == 0) {
        list.add_null();
      } else {
        list.add(items.numbers[i]);
        column.valid[row] = 1;
      }
    }
  }
  return {};
}

Status read_input(const Tensor& tensor, Vector& column) {
  if (!fits(tensor.datatype, column.type)) {
    return in_tensor(tensor.name,
                     "datatype `" + std::string(to_string(tensor.datatype)) +
                         "` does not fit the column's " + std::string(to_string(column.type)),
                     "send it as " + std::string(to_string(datatype_of(column.type))));
  }
  if (column.type == ValueType::list) return read_lists(tensor, column);
  if (tensor.width != 1) return wrong_shape(tensor.name);
  if (tensor.binary) {
    Status status = read_tensor_bytes(tensor.datatype, *tensor.binary, column);
    return status.ok() ? status : in_tensor(tensor.name, std::move(status).error());
  }
  return each_value(tensor, [&](const element& value, size_t row) {
    return set_value(value, tensor.name, column, row);
  });
}

Status read_key(const Tensor& tensor, Vector& column) {
  if (tensor.width != 1) return wrong_shape(tensor.name);
  if (tensor.binary) {
    Status status = read_tensor_bytes_as_text(tensor.datatype, *tensor.binary, column);
    return status.ok() ? status : in_tensor(tensor.name, std::move(status).error());
  }
  return each_value(tensor, [&](const element& value, size_t row) -> Status {
    MILLGATE_ASSIGN(std::optional<std::string> text, scalar_text(value, tensor.name));
    column.valid[row] = text.has_value() ? 1 : 0;
    if (text) column.texts[row] = std::move(*text);
    return {};
  });
}

Result<std::vector<Tensor>> read_tensors(const object& root, std::string_view binary) {
  array list;
  if (root["inputs"].get(list) != simdjson::SUCCESS) {
    return invalid_input("member `inputs` is missing or no list", kSpecification);
  }
  std::vector<Tensor> tensors;
  for (const element json : list) {
    MILLGATE_ASSIGN(Tensor tensor, read_tensor(json, tensors.size(), binary));
    if (!tensors.empty() && tensor.rows != tensors.front().rows) {
      return in_tensor(tensor.name, "it has " + std::to_string(tensor.rows) + " rows, `" +
                                        std::string(tensors.front().name) + "` has " +
                                        std::to_string(tensors.front().rows));
    }
    tensors.push_back(tensor);
  }
  if (!binary.empty()) {
    return invalid_input(
        "the body has " + std::to_string(binary.size()) + " bytes more than its tensors",
        "binary_data_size of each tensor says how many are its own");
  }
  return tensors;
}

/// Tensors as columns.
class TensorColumns final : public ColumnSource {
 public:
  explicit TensorColumns(std::vector<Tensor> tensors) : tensors_(std::move(tensors)) {
    for (const Tensor& tensor : tensors_) names_.emplace_back(tensor.name);
  }
  [[nodiscard]] size_t rows() const override {
    return tensors_.empty() ? 0 : static_cast<size_t>(tensors_.front().rows);
  }
  [[nodiscard]] const std::vector<std::string>& names() const override { return names_; }
  [[nodiscard]] std::string_view noun() const override { return "input tensor"; }
  [[nodiscard]] Status read(size_t index, Vector& column) const override {
    return read_input(tensors_[index], column);
  }
  [[nodiscard]] Status read_text(size_t index, Vector& column) const override {
    return read_key(tensors_[index], column);
  }

 private:
  std::vector<Tensor> tensors_;
  std::vector<std::string> names_;
};

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
  const std::string what = "output `" + std::string(name) + "`";
  const auto found = std::find_if(valid.begin(), valid.end(),
                                  [&](const InferOutput& one) { return one.name == name; });
  if (found == valid.end()) {
    std::vector<std::string> names;
    names.reserve(valid.size());
    for (const InferOutput& one : valid) names.push_back(one.name);
    return invalid_input(what + " does not exist", name_hint(name, names));
  }
  element given;
  for (const char* const other : {"classification", "shared_memory_region"}) {
    if (members["parameters"][other].get(given) == simdjson::SUCCESS) {
      return invalid_input(what + ": parameter `" + other + "` is not supported", "leave it out");
    }
  }
  bool own = false;
  if (members["parameters"]["binary_data"].get(own) == simdjson::SUCCESS) is_binary = own;
  return WantedOutput{.output = *found, .is_binary = is_binary};
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
  MILLGATE_ASSIGN(std::vector<Tensor> tensors, read_tensors(root, body.bytes.substr(length)));
  MILLGATE_ASSIGN(request.batch,
                  read_columns(model, online, TensorColumns(std::move(tensors)), rows_max));
  MILLGATE_TRY(read_outputs(model, root, request));
  return request;
}

}  // namespace millgate
