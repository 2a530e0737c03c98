/// What a package is made of, as a CycloneDX 1.6 document with a machine learning model in it.
#pragma once

#include <string>

#include "model/artifact/model.h"
#include "model/release/registry.h"
#include "system/ship/running_program.h"

namespace millgate {

/// JSON: the program, its libraries with their hashes and licences, the model with its task, inputs
/// and the data that it was trained on. Same contents, same bytes: its time is that of the release.
[[nodiscard]] std::string bill_of_materials(const Model& model, const RunningProgram& program,
                                            const Serving& release);

}  // namespace millgate
