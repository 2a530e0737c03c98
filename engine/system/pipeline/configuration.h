/// The project file as it was read, kept so that what was done by it can be done again.
/// Format: docs/formats/configuration.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/store/object_store.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

struct Configuration {
  std::string text;                    ///< Of `millgate.toml`, byte by byte.
  std::vector<std::string> overrides;  ///< "train.seed=2", in the order in which they were laid on.
  bool operator==(const Configuration&) const = default;
};

/// The id under which `keep_configuration` stores it.
[[nodiscard]] Id configuration_id(const Configuration& configuration);
/// Stores it as an object. Errors: those of the store.
[[nodiscard]] Result<Id> keep_configuration(ObjectStore& objects,
                                            const Configuration& configuration);
/// Errors: `not_found`; `damaged`.
[[nodiscard]] Result<Configuration> kept_configuration(const ObjectStore& objects, const Id& id);

}  // namespace millgate
