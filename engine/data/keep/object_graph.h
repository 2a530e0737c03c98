/// Everything that the ledger, or some commits, need: walked once, with who needs what.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/keep/reference.h"
#include "data/store/forgotten.h"
#include "data/store/object_store.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// One object that is needed.
struct GraphNode {
  ObjectKind kind = ObjectKind::other;
  bool required = false;  ///< By at least one.
  struct User {
    Id id;             ///< Zero: the ledger.
    std::string role;  ///< As what it is needed.
  };
  std::vector<User> users;
  /// Why it could not be read while walking: then what it needs in turn is not known.
  std::optional<Error> fault;
};

/// Memory: about 200 bytes for each object and reference.
struct ObjectGraph {
  std::unordered_map<Id, GraphNode> nodes;
  [[nodiscard]] bool has_fault() const;
};

/// Walks from `roots`. Objects that are only named, not required, and are not there, are left out.
/// Faults of objects are kept in the graph, not returned. `leave_out` (may be empty): objects that
/// are not walked, nor listed. A reference to a version that was rewritten is one to what it is by
/// now.
[[nodiscard]] ObjectGraph walk_objects(const ObjectStore& objects, const Forgotten& forgotten,
                                       const std::vector<Reference>& roots,
                                       const std::function<bool(const Id&)>& leave_out = {});
/// The same where `look` says what an object is and needs (see facts_of).
using LookAtObject = std::function<Result<ObjectFacts>(const Id&)>;
[[nodiscard]] ObjectGraph walk_objects(const LookAtObject& look, const Forgotten& forgotten,
                                       const std::vector<Reference>& roots,
                                       const std::function<bool(const Id&)>& leave_out = {});

}  // namespace millgate
