/// What drift does to a model, for people.
#pragma once

#include <ostream>

#include "ground/id.h"
#include "system/pipeline/model_drift.h"

namespace millgate {

/// The features that harm or help, or moved by `effect_min` or more; the worst first, ten at most.
void print_model_drift(const ModelDrift& drift, const Id& model, double effect_min,
                       std::ostream& out);

}  // namespace millgate
