/// Expressions as one flat list of vector instructions over registers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "data/feature/fitted_function.h"
#include "data/feature/kernel.h"
#include "data/feature/typed_expression.h"
#include "data/feature/vector.h"

namespace millgate {

/// Where a value comes from.
struct ValueSource {
  enum class Kind : uint8_t { column, constant, result, learned };
  Kind kind = Kind::column;
  uint32_t index = 0;
  auto operator<=>(const ValueSource&) const = default;
};

/// One fitted call: what it takes, and what it learned.
struct FittedCall {
  const FittedKind* kind = nullptr;
  std::string text;                                  ///< As in the first expression that has it.
  std::vector<ValueSource> arguments;                ///< Without what it learned.
  uint32_t instruction = 0;                          ///< That computes it.
  std::shared_ptr<const LearnedParameters> learned;  ///< Null before it is fitted.
};

/// Values that take the place of what instructions compute, for all rows of a block.
using Replacements = std::map<uint32_t, Vector>;

/// Registers and operands of one run, reused from run to run.
struct VectorProgramMemory {
  std::vector<Vector> results;
  std::vector<Operand> operands;
};

/// Instructions in the order in which they run; each fills a register of its own. The same
/// computation in two expressions runs once, and constants are computed when they are added.
/// Immutable after the last `add`; then thread-safe with one memory a thread.
class VectorProgram {
 public:
  /// Rows of one run: registers of this size stay in the cache.
  static constexpr size_t kRowsMax = 1024;

  /// Adds an expression; `columns` maps the columns it was checked against to those of blocks.
  [[nodiscard]] ValueSource add(const TypedNode& node, const std::vector<uint32_t>& columns);

  /// Computes rows [first, first + rows) of `block`, rows <= kRowsMax. Instructions from `until`
  /// on do not run; those with a replacement take its rows.
  void run(const Block& block, size_t first, size_t rows, VectorProgramMemory& memory,
           const Replacements& replaced = {}, size_t until = SIZE_MAX) const;

  /// The values of `source` after a run with the same `block`, `first` and `memory`.
  [[nodiscard]] Operand operand(ValueSource source, const Block& block, size_t first,
                                const VectorProgramMemory& memory) const;

  [[nodiscard]] size_t instruction_count() const { return instructions_.size(); }

  /// What one instruction does, for who writes the program down in another language.
  struct InstructionView {
    Kernel kernel = nullptr;
    ValueType type = ValueType::number;  ///< Of its result.
    std::span<const ValueSource> arguments;
  };
  [[nodiscard]] InstructionView instruction(size_t index) const;
  /// One value: what a source of kind `constant` stands for.
  [[nodiscard]] const Vector& constant(size_t index) const { return constants_[index].value; }

  /// LearnedParameters calls in the order of their instructions, so that each needs earlier ones
  /// only.
  [[nodiscard]] const std::vector<FittedCall>& fitted_calls() const { return fitted_calls_; }
  void set_learned(size_t call, std::shared_ptr<const LearnedParameters> learned) {
    fitted_calls_[call].learned = std::move(learned);
  }

 private:
  struct Instruction {
    Kernel kernel = nullptr;
    ValueType type = ValueType::number;
    size_t arguments_begin = 0;  ///< In `arguments_`.
    size_t arguments_count = 0;
  };
  using InstructionKey = std::tuple<uintptr_t, ValueType, std::vector<ValueSource>>;
  struct Constant {
    Vector value;  ///< One value.
    std::shared_ptr<const Prepared> prepared;
  };

  [[nodiscard]] ValueSource add_constant(Vector value);
  [[nodiscard]] ValueSource add_prepared(const TypedNode& node);
  [[nodiscard]] ValueSource add_fitted(const TypedNode& node, std::vector<ValueSource> arguments);
  [[nodiscard]] ValueSource add_instruction(Kernel kernel, ValueType type,
                                            std::vector<ValueSource> arguments);
  [[nodiscard]] Vector fold(Kernel kernel, ValueType type,
                            const std::vector<ValueSource>& arguments) const;

  std::vector<Instruction> instructions_;
  std::vector<ValueSource> arguments_;
  std::vector<Constant> constants_;
  std::vector<FittedCall> fitted_calls_;
  std::map<InstructionKey, uint32_t> known_instructions_;
  std::map<std::string, uint32_t> known_constants_;
  std::map<std::string, uint32_t> known_prepared_;
};

}  // namespace millgate
