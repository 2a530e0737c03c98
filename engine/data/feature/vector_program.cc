#include "data/feature/vector_program.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace millgate {
namespace {

/// Equal for values that no kernel can tell apart: type, null and bits.
std::string bytes_of(const Vector& constant) {
  std::string bytes = {static_cast<char>(constant.type), static_cast<char>(constant.valid[0])};
  const auto append = [&](const auto& value) {
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes.append(raw, sizeof raw);
  };
  if (constant.type == ValueType::text) {
    bytes += constant.texts[0];
  } else if (constant.type == ValueType::number) {
    append(constant.numbers[0]);
  } else if (constant.type == ValueType::list) {
    const NumberList& list = constant.lists[0];
    for (size_t i = 0; i < list.size(); ++i) {
      bytes += list.is_null(i) ? '0' : '1';
      append(list.values[i]);
    }
  } else {
    append(constant.integers[0]);
  }
  return bytes;
}

}  // namespace

ValueSource VectorProgram::add(const TypedNode& node, const std::vector<uint32_t>& columns) {
  if (node.kernel == nullptr) {
    if (node.prepared != nullptr) return add_prepared(node);
    if (node.constant.size() == 1) return add_constant(node.constant);
    return {ValueSource::Kind::column, columns[node.column]};
  }
  std::vector<ValueSource> arguments;
  arguments.reserve(node.arguments.size());
  for (const auto& argument : node.arguments) arguments.push_back(add(*argument, columns));
  if (node.fitted != nullptr) return add_fitted(node, std::move(arguments));
  const bool is_constant = std::all_of(
      arguments.begin(), arguments.end(),
      [](ValueSource argument) { return argument.kind == ValueSource::Kind::constant; });
  if (is_constant) return add_constant(fold(node.kernel, node.type, arguments));
  return add_instruction(node.kernel, node.type, std::move(arguments));
}

ValueSource VectorProgram::add_constant(Vector value) {
  const auto [known, is_new] =
      known_constants_.emplace(bytes_of(value), static_cast<uint32_t>(constants_.size()));
  if (is_new) constants_.push_back({std::move(value), nullptr});
  return {ValueSource::Kind::constant, known->second};
}

/// Apart from plain literals: the same text may be prepared in several ways.
ValueSource VectorProgram::add_prepared(const TypedNode& node) {
  const auto [known, is_new] =
      known_prepared_.emplace(node.prepared_key, static_cast<uint32_t>(constants_.size()));
  if (is_new) constants_.push_back({node.constant, node.prepared});
  return {ValueSource::Kind::constant, known->second};
}

ValueSource VectorProgram::add_fitted(const TypedNode& node, std::vector<ValueSource> arguments) {
  for (const FittedCall& call : fitted_calls_) {
    if (call.kind == node.fitted && call.arguments == arguments) {
      return {ValueSource::Kind::result, call.instruction};
    }
  }
  FittedCall call{.kind = node.fitted,
                  .text = node.text,
                  .arguments = arguments,
                  .instruction = 0,
                  .learned = nullptr};
  arguments.push_back({ValueSource::Kind::learned, static_cast<uint32_t>(fitted_calls_.size())});
  const ValueSource result = add_instruction(node.kernel, node.type, std::move(arguments));
  call.instruction = result.index;
  fitted_calls_.push_back(std::move(call));
  return result;
}

ValueSource VectorProgram::add_instruction(Kernel kernel, ValueType type,
                                           std::vector<ValueSource> arguments) {
  const auto next = static_cast<uint32_t>(instructions_.size());
  const auto [known, is_new] = known_instructions_.emplace(
      InstructionKey{reinterpret_cast<uintptr_t>(kernel), type, arguments}, next);
  if (is_new) {
    instructions_.push_back({.kernel = kernel,
                             .type = type,
                             .arguments_begin = arguments_.size(),
                             .arguments_count = arguments.size()});
    arguments_.insert(arguments_.end(), arguments.begin(), arguments.end());
  }
  return {ValueSource::Kind::result, known->second};
}

/// The kernel that would run for every row runs once, so that folding changes no bit.
Vector VectorProgram::fold(Kernel kernel, ValueType type,
                           const std::vector<ValueSource>& arguments) const {
  std::vector<Operand> operands;
  for (const ValueSource argument : arguments) {
    const Constant& constant = constants_[argument.index];
    operands.push_back(
        {.vector = &constant.value, .first = 0, .step = 0, .prepared = constant.prepared.get()});
  }
  Vector result;
  result.reset(type, 1);
  kernel(operands, 1, result);
  return result;
}

VectorProgram::InstructionView VectorProgram::instruction(size_t index) const {
  const Instruction& one = instructions_[index];
  return {.kernel = one.kernel,
          .type = one.type,
          .arguments = std::span(arguments_).subspan(one.arguments_begin, one.arguments_count)};
}

Operand VectorProgram::operand(ValueSource source, const Block& block, size_t first,
                               const VectorProgramMemory& memory) const {
  switch (source.kind) {
    case ValueSource::Kind::column:
      return {.vector = &block.columns[source.index], .first = first, .step = 1};
    case ValueSource::Kind::constant:
      return {.vector = &constants_[source.index].value,
              .first = 0,
              .step = 0,
              .prepared = constants_[source.index].prepared.get()};
    case ValueSource::Kind::result:
      return {.vector = &memory.results[source.index], .first = 0, .step = 1};
    case ValueSource::Kind::learned:
      return {.vector = nullptr,
              .first = 0,
              .step = 0,
              .prepared = fitted_calls_[source.index].learned.get()};
  }
  return {};
}

void VectorProgram::run(const Block& block, size_t first, size_t rows, VectorProgramMemory& memory,
                        const Replacements& replaced, size_t until) const {
  const size_t count = std::min(until, instructions_.size());
  if (memory.results.size() < instructions_.size()) memory.results.resize(instructions_.size());
  for (size_t i = 0; i < count; ++i) {
    const Instruction& instruction = instructions_[i];
    if (const auto found = replaced.find(static_cast<uint32_t>(i)); found != replaced.end()) {
      memory.results[i].assign_rows(found->second, first, rows);
      continue;
    }
    memory.operands.clear();
    for (size_t k = 0; k < instruction.arguments_count; ++k) {
      memory.operands.push_back(
          operand(arguments_[instruction.arguments_begin + k], block, first, memory));
    }
    memory.results[i].reset(instruction.type, rows);
    instruction.kernel(memory.operands, rows, memory.results[i]);
  }
}

}  // namespace millgate
