/// ONNX models made up for tests, written by hand: bytes of protocol buffers.
/// Include in .cc files only.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace millgate {

/// A message of protocol buffers, field by field.
class Message {
 public:
  Message& number(int field, int64_t value) {
    varint(static_cast<uint64_t>(field) << 3U);
    varint(static_cast<uint64_t>(value));
    return *this;
  }
  Message& text(int field, const std::string& value) {
    varint(static_cast<uint64_t>(field) << 3U | 2U);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& message(int field, const Message& value) { return text(field, value.bytes_); }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void varint(uint64_t value) {
    for (; value >= 128; value >>= 7U) bytes_ += static_cast<char>(value | 128U);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

inline constexpr int kOnnxFloat = 1, kOnnxText = 8, kOnnxDouble = 11, kOnnxInt64 = 7;

/// An input or output; a negative size is any.
inline Message onnx_port(const std::string& name, int type, const std::vector<int64_t>& shape) {
  Message dimensions;
  for (const int64_t size : shape) {
    dimensions.message(1, size < 0 ? Message().text(2, "N") : Message().number(1, size));
  }
  const Message tensor = Message().number(1, type).message(2, dimensions);
  return Message().text(1, name).message(2, Message().message(1, tensor));
}

inline Message onnx_node(const std::string& operation, const std::vector<std::string>& inputs,
                         const std::string& output) {
  Message node;
  for (const std::string& input : inputs) node.text(1, input);
  return node.text(2, output).text(4, operation);
}

inline Message onnx_floats(const std::string& name, const std::vector<int64_t>& shape,
                           const std::vector<float>& values) {
  Message tensor;
  for (const int64_t size : shape) tensor.number(1, size);
  std::string raw(values.size() * sizeof(float), '\0');
  std::memcpy(raw.data(), values.data(), raw.size());
  return tensor.number(2, kOnnxFloat).text(8, name).text(9, raw);
}

/// What a model is made of.
struct MadeGraph {
  std::vector<Message> nodes = {}, weights = {}, inputs = {}, outputs = {};
};

inline std::string onnx_model(const MadeGraph& graph) {
  Message body;
  for (const Message& one : graph.nodes) body.message(1, one);
  body.text(2, "made");
  for (const Message& one : graph.weights) body.message(5, one);
  for (const Message& one : graph.inputs) body.message(11, one);
  for (const Message& one : graph.outputs) body.message(12, one);
  const Message opset = Message().text(1, "").number(2, 13);
  return Message().number(1, 8).message(7, body).message(8, opset).bytes();
}

/// 1 / (1 + exp(-(x * weights + bias))) over one tensor of rows.
inline std::string onnx_logistic(const std::vector<float>& weights, float bias) {
  const auto width = static_cast<int64_t>(weights.size());
  return onnx_model(
      {.nodes = {onnx_node("MatMul", {"x", "w"}, "product"),
                 onnx_node("Add", {"product", "b"}, "sum"),
                 onnx_node("Sigmoid", {"sum"}, "probability")},
       .weights = {onnx_floats("w", {width, 1}, weights), onnx_floats("b", {1}, {bias})},
       .inputs = {onnx_port("x", kOnnxFloat, {-1, width})},
       .outputs = {onnx_port("probability", kOnnxFloat, {-1, 1})}});
}

}  // namespace millgate
