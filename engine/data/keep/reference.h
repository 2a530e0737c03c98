/// Which objects an object needs: commit -> table versions and trees -> segments, leaves, packs;
/// model -> its parts; record of a forget -> the versions that it made.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/store/object_store.h"
#include "ground/error.h"
#include "ground/id.h"
#include "ground/ledger.h"

namespace millgate {

struct Reference {
  Id id;
  std::string role;  ///< "parent", "table flights", "folder images", "segment", "pack" ...
  /// False where a hash is named that may be that of an object or not: an object of that name is
  /// kept and travels with the other; its absence is no fault.
  bool required = true;
};

/// What kind of object something is, by its first bytes and its member `format`.
enum class ObjectKind : uint8_t { commit, table_version, tree, leaf, model, other };

/// What an object is, and what it needs.
struct ObjectFacts {
  ObjectKind kind = ObjectKind::other;
  std::vector<Reference> references;
};

/// Reads the object `id`, if it is one that can refer to others, and lists what it needs. Of one
/// that cannot (rows, packs) only the first bytes are read, and they are not proved.
/// Errors: `not_found`, `damaged`; `invalid_input` when a newer program wrote it.
[[nodiscard]] Result<ObjectFacts> facts_of(const ObjectStore& objects, const Id& id);

/// Every object that the ledger names: commits of branches and tags, models of runs and releases,
/// and any other text in an event that could be the name of an object. The former are required.
[[nodiscard]] Result<std::vector<Reference>> ledger_references(const Ledger& ledger);
/// The same of these events alone.
[[nodiscard]] Result<std::vector<Reference>> references_of(const std::vector<Event>& events);

}  // namespace millgate
