/// What every export of features does before it writes them its own way. Inside the room.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "data/feature/c_function.h"
#include "data/feature/saved_program.h"
#include "data/feature/vector_program.h"
#include "ground/error.h"

namespace millgate {

/// Takes one program apart, instruction by instruction. `saved` and `learned` outlive it.
class FeatureWriter {
 public:
  FeatureWriter(const FeatureWriter&) = delete;
  FeatureWriter& operator=(const FeatureWriter&) = delete;

  /// Writes what computes the feature `definition`. Errors: `invalid_input` for what the export has
  /// no counterpart of.
  Status add_feature(size_t definition);

 protected:
  /// How a refusal names the export.
  struct Target {
    const char* done;   ///< "exported to C".
    const char* place;  ///< "the device".
  };
  /// `learned`: as FeatureProgram::learned.
  FeatureWriter(const SavedProgram& saved, const nlohmann::ordered_json& learned,
                const Target& target);
  ~FeatureWriter() = default;

  /// `name`: of what instruction `index` of `program_` computes.
  virtual Status add_instruction(size_t index, const KernelName& name) = 0;
  virtual Status add_output(size_t definition, const TypedExpression& expression,
                            ValueSource source) = 0;
  [[nodiscard]] ValueType type_of(ValueSource source) const;
  /// "feature `x` cannot be exported to C: WHAT WHY", of the feature that is being added.
  [[nodiscard]] Error refusal(const std::string& what, const std::string& why) const;

  const SavedProgram& saved_;
  const nlohmann::ordered_json& learned_;
  VectorProgram program_;

 private:
  const Target target_;
  std::string feature_;  ///< Whose instructions are written.
  std::string expression_;
};

}  // namespace millgate
