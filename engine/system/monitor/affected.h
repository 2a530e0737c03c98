/// Forward from data: which models may have learned from a row, a table or a commit, and what they
/// answered.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/clock.h"
#include "ground/error.h"

namespace millgate {

/// What somebody asks about. One of: a row (`table` and `key`), a table (`table` alone), a commit.
struct AffectedQuestion {
  std::string table;
  std::vector<std::string> key;         ///< Values in the order of the table's key.
  std::string commit;                   ///< A revision.
  std::optional<Time> from;             ///< Predictions answered from then on; nothing: all.
  std::optional<Time> to;               ///< Predictions answered before.
  std::string branch = kCurrentBranch;  ///< Whose table is asked for.
};

/// A model that may carry it.
struct AffectedModel {
  std::string model;  ///< Hex id.
  int64_t version = 0;
  Time trained = {};
  std::string data_commit = {};
  std::string why = {};  ///< In words: "its commit holds the row".
  std::vector<std::string> live =
      {};                        ///< Environments in which it is live now; "production" for "".
  int64_t prediction_count = 0;  ///< That it answered in the asked time.
  std::optional<Time> first = {};
  std::optional<Time> last = {};
};

struct Affected {
  std::string about;                         ///< The question in words.
  std::vector<AffectedModel> models;         ///< Oldest first.
  int64_t model_count = 0;                   ///< Models that were looked at.
  int64_t row_prediction_count = 0;          ///< Predictions that were asked about the row itself.
  std::vector<std::string> row_predictions;  ///< At most 20 ids of them, newest first.
  std::vector<std::string> notes;            ///< What could not be looked into.
};

/// A model is affected by a commit when it learned from it or from one that descends from it; by a
/// table when its rows were joined from it; by a row when that table, as its commit had it, holds
/// the row. (That the row was among those that it learned from, and not held out, is not asked.)
/// Errors: `not_found` for the commit or table; `invalid_input` for a question about nothing or two
/// things, or a key that does not fit.
[[nodiscard]] Result<Affected> find_affected(const Repository& repository,
                                             const AffectedQuestion& question);

[[nodiscard]] nlohmann::ordered_json to_json(const Affected& affected);

}  // namespace millgate
