/// The ML Test Score: 28 tests in four sections (Breck, Cai, Nielsen, Salib and Sculley: The ML
/// Test Score, IEEE Big Data 2017), from what the ledger proves.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/id.h"
#include "system/pipeline/project.h"

namespace millgate {

enum class ScoreSection { data, model, infrastructure, monitoring };
inline constexpr size_t kScoreSectionCount = 4;
/// "features and data", "model development", "infrastructure", "monitoring".
[[nodiscard]] const char* to_string(ScoreSection section);

/// One of the 28.
struct ScoredTest {
  ScoreSection section = ScoreSection::data;
  int number = 0;        ///< In its section, from 1, as in the paper.
  std::string name;      ///< As in the paper.
  double points = 0;     ///< 0; 0.5: done by hand, with a record; 1: done by a machine, repeatedly.
  std::string evidence;  ///< What was done, with the events that say so. Empty without points.
  std::string next;      ///< What would earn more: a command where there is one. Empty with 1.
};

struct MlTestScore {
  std::optional<Id> model;  ///< What serves; without it, the newest.
  std::vector<ScoredTest> tests;

  [[nodiscard]] double points(ScoreSection section) const;
  /// The smallest of the four sums, 0 to 7: what is done worst counts.
  [[nodiscard]] double score() const;
  /// What the paper says of such a score.
  [[nodiscard]] std::string meaning() const;
};

/// Gives points only for what an event, or a rule that Millgate enforces on every release, shows.
/// What was done to another commit or model than those of today counts no more.
/// Errors: `damaged`; those of reading models.
[[nodiscard]] Result<MlTestScore> ml_test_score(const Repository& repository,
                                                const Project& project);

[[nodiscard]] nlohmann::ordered_json to_json(const MlTestScore& score);

}  // namespace millgate
