/// `init --kind`: a project to begin with when there is no data file yet, with rows that are made.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace millgate {

/// A whole project of one table: it trains, passes its gate and serves as it stands.
struct ProjectTemplate {
  std::string_view kind;   ///< "binary", "multiclass", "regression", "ranking" or "time".
  std::string_view what;   ///< What it predicts, as a sentence; heads its README.
  std::string_view table;  ///< "customers".
  std::string_view path;   ///< Of its rows: "data/raw/customers.csv".
  std::string_view toml;   ///< The project file, from after its name.
  std::string (*rows)();   ///< CSV, the same on every machine.
};

/// All of them, in the order in which help lists them.
[[nodiscard]] std::span<const ProjectTemplate> project_templates();

/// The project file of a project called `name`.
[[nodiscard]] std::string project_file_of(const ProjectTemplate& one, const std::string& name);

}  // namespace millgate
