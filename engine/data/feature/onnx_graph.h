/// A graph of ONNX under construction, and its bytes. Operators of the default domain, opset 20,
/// and of ai.onnx.ml, opset 5.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millgate {

/// Element types as ONNX numbers them.
enum class OnnxType : int { integer8 = 2, integer = 7, text = 8, number = 11 };

/// A message of protocol buffers, field by field.
class OnnxMessage {
 public:
  OnnxMessage& integer(int field, int64_t value);
  OnnxMessage& text(int field, std::string_view bytes);
  OnnxMessage& message(int field, const OnnxMessage& value) { return text(field, value.bytes_); }
  /// Packed.
  OnnxMessage& integers(int field, std::span<const int64_t> values);
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void varint(uint64_t value);
  std::string bytes_;
};

/// Tensors of one dimension; those of attributes have no name.
[[nodiscard]] OnnxMessage onnx_numbers(const std::string& name, std::span<const double> values);
[[nodiscard]] OnnxMessage onnx_bytes(const std::string& name, std::span<const uint8_t> values);

/// Attributes of a node.
class OnnxAttributes {
 public:
  OnnxAttributes& integer(const std::string& name, int64_t value);
  OnnxAttributes& integers(const std::string& name, std::span<const int64_t> values);
  OnnxAttributes& texts(const std::string& name, std::span<const std::string> values);
  OnnxAttributes& tensor(const std::string& name, const OnnxMessage& value);
  [[nodiscard]] const std::vector<OnnxMessage>& all() const { return all_; }

 private:
  std::vector<OnnxMessage> all_;
};

class OnnxGraph {
 public:
  /// The name of a tensor.
  using Value = std::string;

  /// Of shape [rows, 1]. Names of inputs and outputs must differ.
  Value input(const std::string& name, OnnxType type);
  void output(const std::string& name, OnnxType type, const Value& value);

  Value node(const std::string& operation, const std::vector<Value>& inputs,
             const OnnxAttributes& attributes = {}, const std::string& domain = {});
  /// Constants of shape [values]; equal ones are kept once.
  Value numbers(std::span<const double> values);
  Value integers(std::span<const int64_t> values);
  Value text(const std::string& value);
  Value number(double value) { return numbers({&value, 1}); }
  Value missing();

  /// 0 and 1 of a boolean; the number of an integer.
  Value to_number(const Value& value);
  Value choose(const Value& condition, const Value& yes, const Value& no) {
    return node("Where", {condition, yes, no});
  }

  /// The model with `metadata`, and what people read of it.
  [[nodiscard]] std::string bytes(const std::string& name, const std::string& description,
                                  const std::map<std::string, std::string>& metadata) const;
  [[nodiscard]] int64_t node_count() const { return node_count_; }

 private:
  Value new_name();

  OnnxMessage nodes_, weights_, inputs_, outputs_;  ///< Fields of the graph.
  std::map<std::string, Value> constants_;
  int64_t node_count_ = 0;
  int64_t name_count_ = 0;
};

}  // namespace millgate
