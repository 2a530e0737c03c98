/// All that is known of one incident: what changed, since when, how bad, who was affected, what was
/// done, what to do. As one page of HTML, as Markdown, as JSON.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/query/revision_sql.h"
#include "data/store/repository.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "model/release/registry.h"
#include "system/monitor/incident.h"
#include "system/monitor/trace.h"

namespace millgate {

/// Something that happened around an incident.
struct IncidentStep {
  Time time;
  int64_t event = 0;  ///< Of the ledger; 0: the begin of the trouble itself.
  std::string what;
  std::string by = {};
  bool is_of_incident = false;  ///< Its begin, alarms and decisions; not what happened beside.
};

/// Predictions with one value of a column since the trouble began.
struct AffectedGroup {
  std::string column, value;
  int64_t served = 0;
  int64_t affected = 0;
  int64_t labelled = 0;  ///< Of the affected ones.
  int64_t wrong = 0;     ///< Of these: the decision was another than the label.
};

/// Predictions of a stretch of time.
struct ServedStretch {
  Time from;
  int64_t served = 0;
  int64_t affected = 0;
};

struct IncidentReport {
  std::string project;
  Time made;
  Incident incident;
  Time until;                            ///< When it was resolved, or now.
  int64_t served = 0, affected = 0;      ///< Predictions in the log since it began.
  std::vector<IncidentStep> steps;       ///< Oldest first.
  std::vector<ServedStretch> stretches;  ///< In order, the time before it began included.
  int64_t stretch_micros = 0;
  std::vector<AffectedGroup> groups;      ///< By the slices of the task; most affected first.
  std::vector<PredictionTrace> examples;  ///< Affected: the first, one amidst, the last.
  std::optional<Serving> live;            ///< What answers now.
  std::optional<Id> before;               ///< What a rollback goes back to.
  std::vector<std::string> notes;         ///< What cannot be known, and why.
};

/// What to count by, and what may be seen.
struct IncidentQuestion {
  int64_t number = 0;  ///< As find_incident.
  std::string project;
  bool is_binary = true;                 ///< The task: whether a decision was wrong is counted.
  std::vector<std::string> slices = {};  ///< Logged columns; those that `guard` hides are left out.
  SqlGuard guard = {};
};

/// Reads the ledger, and the prediction log from two weeks before the incident on.
/// Errors: `not_found`; `damaged`.
[[nodiscard]] Result<IncidentReport> incident_report(const Repository& repository,
                                                     const IncidentQuestion& question);

/// What somebody should type, most useful first: the command, and why.
struct IncidentAdvice {
  std::string command;
  std::string why;
};
[[nodiscard]] std::vector<IncidentAdvice> incident_advice(const IncidentReport& report);

/// One file that needs nothing else.
[[nodiscard]] std::string incident_html(const IncidentReport& report);
/// For tickets and chats: what came from people cannot become markup.
[[nodiscard]] std::string incident_markdown(const IncidentReport& report);
[[nodiscard]] nlohmann::ordered_json to_json(const IncidentReport& report);

}  // namespace millgate
