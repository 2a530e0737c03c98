#include "model/learn/dependencies.h"

namespace millgate {

namespace {

// LightGBM's C interface does not tell its version; scripts/pins fixes this one, and a test
// compares the two.
constexpr std::string_view kLightgbmVersion = "4.7.0";

}  // namespace

std::map<std::string, std::string> dependencies_of(const std::string& learner) {
  std::map<std::string, std::string> versions{{"millgate", std::string(kEngineVersion)},
                                              {"compiler", "g++ " __VERSION__}};
  if (learner == "gbdt") versions["lightgbm"] = kLightgbmVersion;
  return versions;
}

}  // namespace millgate
