/// What a view answers for each of its entities at one moment: the rows of an online store.
#pragma once

#include <arrow/type_fwd.h>

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "data/feature/join.h"
#include "data/feature/vector.h"
#include "data/feature/window_facts.h"
#include "data/query/database.h"
#include "ground/clock.h"
#include "ground/error.h"

namespace millgate {

/// What a view is made of, and the name of its definition.
struct ViewDefinition {
  std::string version;           ///< 64 hexadecimal digits; another definition has another one.
  std::vector<Field> entity;     ///< Types as the view gives them.
  std::vector<Field> fields;     ///< What features can read: columns, then windows.
  std::vector<std::string> key;  ///< Columns that tell a fact's versions from other facts.
  bool has_time = false;         ///< False: facts that always held.
};

/// The version names everything in the project file that decides a value: the SQL, the entity,
/// both times as they were resolved, the maximum age, the key, the windows and the types. It does
/// not change with the rows. Errors: `invalid_input` at the place of a bad view.
[[nodiscard]] Result<ViewDefinition> view_definition(Database& database, const JoinPlan& plan,
                                                     const View& view);

/// One row an entity of which something could be known at the asked time.
struct EntityRows {
  Block entity;                   ///< Columns as ViewDefinition::entity; never null.
  Block values;                   ///< Columns as ViewDefinition::fields, without windows.
  std::vector<int64_t> happened;  ///< Of the joined row; empty for a view without times.
  std::vector<int64_t> known;
  /// Of a view with windows: what could be known at the asked time and happened after
  /// `kept_from`, which is two of the longest window before it.
  EntityFacts facts;
  int64_t kept_from = std::numeric_limits<int64_t>::min();
};

/// The same query that joins the view to a training set, asked by every entity of the view at
/// `at`, so that the values are those of a training row of that entity and that time, bit by bit.
/// One difference: rows past `max_age` are there, because the age is that of the reader.
/// Windows are for who reads: sweep_window over the facts gives
/// what a training row of any time not before `at` less the longest window would have.
/// `since`: only entities of which something became known after it, for who has the rows of then
/// and knows that the sources did not change. Errors: as `join_as_of`.
[[nodiscard]] Result<EntityRows> entity_rows(Database& database, const JoinPlan& plan,
                                             const View& view, Time at,
                                             std::optional<Time> since = std::nullopt);

}  // namespace millgate
