#include "data/feature/onnx_graph.h"

#include <bit>
#include <cstring>
#include <limits>

#include "ground/program_version.h"

namespace millgate {
namespace {

static_assert(std::endian::native == std::endian::little, "raw data of tensors is little-endian");

// Fields of onnx.proto.
constexpr int kNodeInput = 1, kNodeOutput = 2, kNodeOperation = 4, kNodeAttribute = 5,
              kNodeDomain = 7;
constexpr int kGraphNode = 1, kGraphName = 2, kGraphWeight = 5, kGraphInput = 11, kGraphOutput = 12;
constexpr int kTensorShape = 1, kTensorType = 2, kTensorText = 6, kTensorName = 8, kTensorRaw = 9;
constexpr int kAttributeName = 1, kAttributeInteger = 3, kAttributeTensor = 5,
              kAttributeIntegers = 8, kAttributeTexts = 9, kAttributeType = 20;
constexpr int64_t kOpset = 20, kMlOpset = 5, kIrVersion = 9;

template <typename T>
std::string raw(std::span<const T> values) {
  std::string bytes(values.size_bytes(), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), values.size_bytes());
  return bytes;
}

OnnxMessage tensor(const std::string& name, OnnxType type, int64_t size, const std::string& data) {
  OnnxMessage message;
  message.integer(kTensorShape, size).integer(kTensorType, static_cast<int>(type));
  if (!name.empty()) message.text(kTensorName, name);
  return message.text(kTensorRaw, data);
}

OnnxMessage port(const std::string& name, OnnxType type) {
  OnnxMessage shape;
  shape.message(1, OnnxMessage().text(2, "rows")).message(1, OnnxMessage().integer(1, 1));
  OnnxMessage kind;
  kind.integer(1, static_cast<int>(type)).message(2, shape);
  return OnnxMessage().text(1, name).message(2, OnnxMessage().message(1, kind));
}

}  // namespace

void OnnxMessage::varint(uint64_t value) {
  for (; value >= 128; value >>= 7U) bytes_ += static_cast<char>(value | 128U);
  bytes_ += static_cast<char>(value);
}

OnnxMessage& OnnxMessage::integer(int field, int64_t value) {
  varint(static_cast<uint64_t>(field) << 3U);
  varint(static_cast<uint64_t>(value));
  return *this;
}

OnnxMessage& OnnxMessage::text(int field, std::string_view bytes) {
  varint(static_cast<uint64_t>(field) << 3U | 2U);
  varint(bytes.size());
  bytes_ += bytes;
  return *this;
}

OnnxMessage& OnnxMessage::integers(int field, std::span<const int64_t> values) {
  OnnxMessage packed;
  for (const int64_t value : values) packed.varint(static_cast<uint64_t>(value));
  return text(field, packed.bytes_);
}

OnnxMessage onnx_numbers(const std::string& name, std::span<const double> values) {
  return tensor(name, OnnxType::number, std::ssize(values), raw(values));
}

OnnxMessage onnx_bytes(const std::string& name, std::span<const uint8_t> values) {
  return tensor(name, OnnxType::integer8, std::ssize(values), raw(values));
}

OnnxAttributes& OnnxAttributes::integer(const std::string& name, int64_t value) {
  all_.push_back(OnnxMessage()
                     .text(kAttributeName, name)
                     .integer(kAttributeInteger, value)
                     .integer(kAttributeType, 2));
  return *this;
}

OnnxAttributes& OnnxAttributes::integers(const std::string& name, std::span<const int64_t> values) {
  all_.push_back(OnnxMessage()
                     .text(kAttributeName, name)
                     .integers(kAttributeIntegers, values)
                     .integer(kAttributeType, 7));
  return *this;
}

OnnxAttributes& OnnxAttributes::texts(const std::string& name,
                                      std::span<const std::string> values) {
  OnnxMessage message;
  message.text(kAttributeName, name);
  for (const std::string& value : values) message.text(kAttributeTexts, value);
  all_.push_back(message.integer(kAttributeType, 8));
  return *this;
}

OnnxAttributes& OnnxAttributes::tensor(const std::string& name, const OnnxMessage& value) {
  all_.push_back(OnnxMessage()
                     .text(kAttributeName, name)
                     .message(kAttributeTensor, value)
                     .integer(kAttributeType, 4));
  return *this;
}

/// No column of a project begins with a bar.
OnnxGraph::Value OnnxGraph::new_name() { return "|" + std::to_string(++name_count_); }

OnnxGraph::Value OnnxGraph::input(const std::string& name, OnnxType type) {
  inputs_.message(kGraphInput, port(name, type));
  return name;
}

void OnnxGraph::output(const std::string& name, OnnxType type, const Value& value) {
  outputs_.message(kGraphOutput, port(name, type));
  ++node_count_;
  nodes_.message(kGraphNode, OnnxMessage()
                                 .text(kNodeInput, value)
                                 .text(kNodeOutput, name)
                                 .text(kNodeOperation, "Identity"));
}

OnnxGraph::Value OnnxGraph::node(const std::string& operation, const std::vector<Value>& inputs,
                                 const OnnxAttributes& attributes, const std::string& domain) {
  const Value result = new_name();
  OnnxMessage message;
  for (const Value& one : inputs) message.text(kNodeInput, one);
  message.text(kNodeOutput, result).text(kNodeOperation, operation);
  for (const OnnxMessage& one : attributes.all()) message.message(kNodeAttribute, one);
  if (!domain.empty()) message.text(kNodeDomain, domain);
  nodes_.message(kGraphNode, message);
  ++node_count_;
  return result;
}

OnnxGraph::Value OnnxGraph::numbers(std::span<const double> values) {
  const std::string data = raw(values);
  const auto [known, is_new] = constants_.emplace("n" + data, Value());
  if (!is_new) return known->second;
  known->second = new_name();
  weights_.message(kGraphWeight, onnx_numbers(known->second, values));
  return known->second;
}

OnnxGraph::Value OnnxGraph::integers(std::span<const int64_t> values) {
  const std::string data = raw(values);
  const auto [known, is_new] = constants_.emplace("i" + data, Value());
  if (!is_new) return known->second;
  known->second = new_name();
  weights_.message(kGraphWeight,
                   tensor(known->second, OnnxType::integer, std::ssize(values), data));
  return known->second;
}

OnnxGraph::Value OnnxGraph::text(const std::string& value) {
  const auto [known, is_new] = constants_.emplace("s" + value, Value());
  if (!is_new) return known->second;
  known->second = new_name();
  weights_.message(kGraphWeight, OnnxMessage()
                                     .integer(kTensorShape, 1)
                                     .integer(kTensorType, static_cast<int>(OnnxType::text))
                                     .text(kTensorText, value)
                                     .text(kTensorName, known->second));
  return known->second;
}

OnnxGraph::Value OnnxGraph::missing() { return number(std::numeric_limits<double>::quiet_NaN()); }

OnnxGraph::Value OnnxGraph::to_number(const Value& value) {
  return node("Cast", {value}, OnnxAttributes().integer("to", static_cast<int>(OnnxType::number)));
}

std::string OnnxGraph::bytes(const std::string& name, const std::string& description,
                             const std::map<std::string, std::string>& metadata) const {
  // The fields of a message may come in any order, so those of one kind stand together.
  const std::string graph = nodes_.bytes() + OnnxMessage().text(kGraphName, name).bytes() +
                            weights_.bytes() + inputs_.bytes() + outputs_.bytes();
  OnnxMessage model;
  model.integer(1, kIrVersion).text(2, "millgate").text(3, kProgramVersion).text(6, description);
  model.text(7, graph);
  model.message(8, OnnxMessage().text(1, "").integer(2, kOpset));
  model.message(8, OnnxMessage().text(1, "ai.onnx.ml").integer(2, kMlOpset));
  for (const auto& [key, value] : metadata) {
    model.message(14, OnnxMessage().text(1, key).text(2, value));
  }
  return model.bytes();
}

}  // namespace millgate
