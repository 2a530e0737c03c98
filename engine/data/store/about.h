/// `about` of tables and folders as commits keep it: origin, licence, labelling, column by column.
/// Compared by member, as rows are by cell; merged by about_merge.h.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"

namespace millgate {

/// What a commit says about the table or folder `source`: an object of texts, and in `columns` one
/// of such objects by column. Empty when it says nothing.
/// Errors: `damaged`.
[[nodiscard]] Result<nlohmann::ordered_json> about_in(const Commit& commit,
                                                      const std::string& source);

/// One member that differs.
struct AboutChange {
  std::vector<std::string> path;  ///< {"licence"}, {"columns", "fee", "unit"}
  std::optional<std::string> before;
  std::optional<std::string> after;

  /// `licence`, `columns.fee.unit`; a part that is no plain word stands in quotes.
  [[nodiscard]] std::string name() const;
};

/// In the order of their names; the order of members inside an object means nothing.
[[nodiscard]] std::vector<AboutChange> about_changes(const nlohmann::ordered_json& before,
                                                     const nlohmann::ordered_json& after);

/// `about` with one member as `after` says.
void apply_about_change(nlohmann::ordered_json& about, const AboutChange& change);

}  // namespace millgate
