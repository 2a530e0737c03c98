#include "model/artifact/quantised_onnx.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "data/feature/onnx_graph.h"

namespace millgate {
namespace {

// Fields of onnx.proto.
constexpr int kModelGraph = 7, kModelOpset = 8;
constexpr int kOpsetDomain = 1, kOpsetVersion = 2;
constexpr int kGraphNode = 1, kGraphWeight = 5, kGraphInput = 11;
constexpr int kNodeInput = 1, kNodeOutput = 2, kNodeOperation = 4, kNodeAttribute = 5,
              kNodeDomain = 7;
constexpr int kAttributeName = 1, kAttributeInteger = 3, kAttributeType = 20;
constexpr int kTensorShape = 1, kTensorType = 2, kTensorFloats = 4, kTensorName = 8, kTensorRaw = 9;
constexpr int kPortName = 1;
constexpr uint64_t kFloat = 1, kInteger8 = 3;
constexpr uint64_t kChannelsSince = 13;  ///< The opset.
constexpr float kLargest = 127;

/// One field of a message of protocol buffers.
struct ProtoField {
  int number = 0;
  std::string_view whole;    ///< With its tag.
  std::string_view payload;  ///< Of a text, a message or packed numbers; or the bytes of a number.
  uint64_t value = 0;        ///< Of a whole number.
};

Error no_model() {
  return Error{.code = ErrorCode::damaged,
               .what = "the ONNX model is no message of protocol buffers",
               .hint = "export it anew"};
}

std::optional<uint64_t> take_varint(std::string_view& bytes) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 127U) << shift;
    if (byte < 128) return value;
  }
  return std::nullopt;
}

Result<std::vector<ProtoField>> fields_of_message(std::string_view bytes) {
  std::vector<ProtoField> fields;
  while (!bytes.empty()) {
    const char* begin = bytes.data();
    const auto tag = take_varint(bytes);
    if (!tag || *tag >> 3U == 0 || *tag >> 3U > 536'870'911) return no_model();
    ProtoField field;
    field.number = static_cast<int>(*tag >> 3U);
    size_t length = 0;
    switch (*tag & 7U) {
      case 0: {
        const auto value = take_varint(bytes);
        if (!value) return no_model();
        field.value = *value;
        break;
      }
      case 1:
        length = 8;
        break;
      case 2: {
        const auto told = take_varint(bytes);
        if (!told || *told > bytes.size()) return no_model();
        length = *told;
        break;
      }
      case 5:
        length = 4;
        break;
      default:
        return no_model();
    }
    if (length > bytes.size()) return no_model();
    field.payload = bytes.substr(0, length);
    bytes.remove_prefix(length);
    field.whole = {begin, static_cast<size_t>(bytes.data() - begin)};
    fields.push_back(field);
  }
  return fields;
}

struct Tensor {
  std::string name;
  std::vector<int64_t> shape;
  uint64_t type = 0;
  std::string raw;  ///< Little-endian.

  [[nodiscard]] std::vector<float> floats() const {
    std::vector<float> values(raw.size() / sizeof(float));
    if (!values.empty()) std::memcpy(values.data(), raw.data(), values.size() * sizeof(float));
    return values;
  }
};

Result<Tensor> read_tensor(std::string_view bytes) {
  MILLGATE_ASSIGN(const auto fields, fields_of_message(bytes));
  Tensor tensor;
  for (const ProtoField& one : fields) {
    if (one.number == kTensorType) tensor.type = one.value;
    if (one.number == kTensorName) tensor.name = one.payload;
    // Numbers of a list may stand in one field or in several.
    if (one.number == kTensorRaw || one.number == kTensorFloats) tensor.raw += one.payload;
    if (one.number != kTensorShape) continue;
    std::string_view packed = one.payload;
    if (packed.empty()) tensor.shape.push_back(static_cast<int64_t>(one.value));
    while (!packed.empty()) {
      const auto size = take_varint(packed);
      if (!size) return no_model();
      tensor.shape.push_back(static_cast<int64_t>(*size));
    }
  }
  return tensor;
}

struct Operation {
  std::string name;
  std::string domain;
  std::vector<std::string> inputs;
  std::map<std::string, int64_t> integers;
};

Result<Operation> read_operation(std::string_view bytes) {
  MILLGATE_ASSIGN(const auto fields, fields_of_message(bytes));
  Operation operation;
  for (const ProtoField& one : fields) {
    if (one.number == kNodeOperation) operation.name = one.payload;
    if (one.number == kNodeDomain) operation.domain = one.payload;
    if (one.number == kNodeInput) operation.inputs.emplace_back(one.payload);
    if (one.number != kNodeAttribute) continue;
    MILLGATE_ASSIGN(const auto parts, fields_of_message(one.payload));
    std::string name;
    std::optional<int64_t> value;
    for (const ProtoField& part : parts) {
      if (part.number == kAttributeName) name = part.payload;
      if (part.number == kAttributeInteger) value = static_cast<int64_t>(part.value);
    }
    if (value) operation.integers[name] = *value;
  }
  return operation;
}

/// Which dimension of the operation's second input counts its outputs.
std::optional<size_t> channel_axis(const Operation& operation) {
  if (!operation.domain.empty() || operation.inputs.size() < 2) return std::nullopt;
  if (operation.name == "MatMul") return 1;
  if (operation.name == "Conv") return 0;
  if (operation.name != "Gemm") return std::nullopt;
  const auto transposed = operation.integers.find("transB");
  return transposed != operation.integers.end() && transposed->second != 0 ? 0 : 1;
}

/// The parts of the graph that decide what becomes smaller.
struct Graph {
  std::vector<ProtoField> fields;
  std::map<std::string, size_t> axes;  ///< Of second inputs, by name.
  std::set<std::string> taken;         ///< Names of inputs: who asks may give other weights.
  bool has_trees = false;
};

Result<Graph> read_graph(std::string_view bytes) {
  Graph graph;
  MILLGATE_ASSIGN(graph.fields, fields_of_message(bytes));
  for (const ProtoField& one : graph.fields) {
    if (one.number == kGraphInput) {
      MILLGATE_ASSIGN(const auto port, fields_of_message(one.payload));
      for (const ProtoField& part : port) {
        if (part.number == kPortName) graph.taken.emplace(part.payload);
      }
    }
    if (one.number != kGraphNode) continue;
    MILLGATE_ASSIGN(const Operation operation, read_operation(one.payload));
    graph.has_trees |= operation.name.starts_with("TreeEnsemble");
    // Where two operations use one tensor, the first says what its channels are.
    if (const auto axis = channel_axis(operation)) graph.axes.emplace(operation.inputs[1], *axis);
  }
  return graph;
}

/// A tensor in 8 bits, and its scales.
struct Quantised {
  std::string weights;
  std::vector<float> scales;
};

std::optional<Quantised> quantise(const Tensor& tensor, size_t axis) {
  if (tensor.type != kFloat || tensor.shape.size() < 2 || axis >= tensor.shape.size()) {
    return std::nullopt;
  }
  const std::vector<float> values = tensor.floats();
  size_t count = 1;
  for (const int64_t size : tensor.shape) {
    if (size <= 0 || static_cast<uint64_t>(size) > values.size()) return std::nullopt;
    count *= static_cast<size_t>(size);
    if (count > values.size()) return std::nullopt;
  }
  if (count != values.size()) return std::nullopt;
  if (!std::all_of(values.begin(), values.end(), [](float one) { return std::isfinite(one); })) {
    return std::nullopt;
  }
  const auto channels = static_cast<size_t>(tensor.shape[axis]);
  size_t inner = 1;
  for (size_t i = axis + 1; i < tensor.shape.size(); ++i) {
    inner *= static_cast<size_t>(tensor.shape[i]);
  }
  const auto channel_of = [&](size_t at) { return at / inner % channels; };
  Quantised quantised;
  quantised.scales.resize(channels);
  for (size_t i = 0; i < count; ++i) {
    float& largest = quantised.scales[channel_of(i)];
    largest = std::max(largest, std::fabs(values[i]));
  }
  for (float& one : quantised.scales) {
    one /= kLargest;
    if (!(one > 0)) one = 1;  // Also of a channel whose scale is too small for a float.
  }
  quantised.weights.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const float scaled = std::nearbyint(values[i] / quantised.scales[channel_of(i)]);
    const float bounded = std::clamp(scaled, -kLargest, kLargest);
    quantised.weights[i] = static_cast<char>(static_cast<int8_t>(bounded));
  }
  return quantised;
}

OnnxMessage tensor_message(const std::string& name, uint64_t type,
                           const std::vector<int64_t>& shape, std::string_view raw) {
  OnnxMessage message;
  message.integers(kTensorShape, shape).integer(kTensorType, static_cast<int64_t>(type));
  return message.text(kTensorName, name).text(kTensorRaw, raw);
}

/// The fields that stand in the place of a tensor: its numbers, its scales, and what puts them
/// together under its old name.
struct Replacement {
  std::string node;
  std::string weights;
  [[nodiscard]] size_t size() const { return node.size() + weights.size(); }
};

Replacement replacement_of(const Tensor& tensor, const Quantised& quantised, size_t axis) {
  const std::string numbers = tensor.name + "|int8";
  const std::string scales = tensor.name + "|scale";
  const std::string_view raw(reinterpret_cast<const char*>(quantised.scales.data()),
                             quantised.scales.size() * sizeof(float));
  const auto channels = static_cast<int64_t>(quantised.scales.size());
  Replacement replacement;
  replacement.weights = OnnxMessage()
                            .message(kGraphWeight, tensor_message(numbers, kInteger8, tensor.shape,
                                                                  quantised.weights))
                            .message(kGraphWeight, tensor_message(scales, kFloat, {channels}, raw))
                            .bytes();
  OnnxMessage attribute;
  attribute.text(kAttributeName, "axis").integer(kAttributeInteger, static_cast<int64_t>(axis));
  attribute.integer(kAttributeType, 2);
  OnnxMessage node;
  node.text(kNodeInput, numbers).text(kNodeInput, scales).text(kNodeOutput, tensor.name);
  node.text(kNodeOperation, "DequantizeLinear").message(kNodeAttribute, attribute);
  replacement.node = OnnxMessage().message(kGraphNode, node).bytes();
  return replacement;
}

Status check_opset(const std::vector<ProtoField>& model) {
  for (const ProtoField& one : model) {
    if (one.number != kModelOpset) continue;
    MILLGATE_ASSIGN(const auto opset, fields_of_message(one.payload));
    std::string_view domain;
    uint64_t version = 0;
    for (const ProtoField& part : opset) {
      if (part.number == kOpsetDomain) domain = part.payload;
      if (part.number == kOpsetVersion) version = part.value;
    }
    if (!domain.empty() && domain != "ai.onnx") continue;
    if (version >= kChannelsSince) return {};
    return invalid_input("the ONNX model is of opset " + std::to_string(version) +
                             ", and weights of 8 bits by channel need opset 13",
                         "export it with a newer opset");
  }
  return {};
}

Error nothing_to_quantise(bool has_trees) {
  if (has_trees) {
    return invalid_input(
        "the ONNX model is of trees, which have no weights of 8 bits: its operators keep "
        "thresholds "
        "and leaves as floats, and a threshold that moves sends rows another way",
        "fewer trees or leaves make it smaller: let the program that trains it do so");
  }
  return invalid_input("the ONNX model has no weights that take fewer bytes in 8 bits",
                       "those of MatMul, Gemm and Conv with more than a few numbers would");
}

}  // namespace

Result<QuantisedOnnx> quantise_onnx(std::string_view bytes) {
  MILLGATE_ASSIGN(const auto model, fields_of_message(bytes));
  MILLGATE_TRY(check_opset(model));
  QuantisedOnnx result;
  bool has_trees = false;
  for (const ProtoField& field : model) {
    if (field.number != kModelGraph) {
      result.bytes += field.whole;
      continue;
    }
    MILLGATE_ASSIGN(const Graph graph, read_graph(field.payload));
    has_trees |= graph.has_trees;
    // What is dequantised stands before every use of it.
    std::string first;
    std::string rest;
    for (const ProtoField& one : graph.fields) {
      if (one.number == kGraphWeight) {
        MILLGATE_ASSIGN(const Tensor tensor, read_tensor(one.payload));
        const auto axis = graph.axes.find(tensor.name);
        const bool is_ours = axis != graph.axes.end() && !graph.taken.contains(tensor.name);
        const auto quantised = is_ours ? quantise(tensor, axis->second) : std::nullopt;
        if (quantised) {
          const Replacement smaller = replacement_of(tensor, *quantised, axis->second);
          if (smaller.size() < one.whole.size()) {
            first += smaller.node;
            rest += smaller.weights;
            ++result.weight_count;
            continue;
          }
        }
      }
      rest += one.whole;
    }
    result.bytes += OnnxMessage().text(kModelGraph, first + rest).bytes();
  }
  if (result.weight_count == 0) return nothing_to_quantise(has_trees);
  return result;
}

}  // namespace millgate
