/// Words and figures of an incident report, the same on the page and in Markdown.
#pragma once

#include <string>
#include <vector>

#include "system/report/incident_report.h"

namespace millgate {

/// "412 of 1,004 predictions since 2013-12-17, for 4 days, by model 0a1b2c3d4e5f, which answers
/// still."
[[nodiscard]] std::string incident_reach(const IncidentReport& report);

/// A figure with what it is: {"31 %", "of the predictions since", "412 of 1,004"}.
struct IncidentFigure {
  std::string label, figure, range;
};
/// How bad it is: what is touched, what is lost in the metric and in money, for how long.
[[nodiscard]] std::vector<IncidentFigure> incident_figures(const IncidentReport& report);

/// "wrong in 31 % of 412 labelled", or empty.
[[nodiscard]] std::string wrong_words(const AffectedGroup& group);

/// What was asked and answered in an example, the columns of the incident first.
struct ExampleWords {
  std::string asked;     ///< "distance=1014.0 carrier=\"UA\"".
  std::string answered;  ///< "0.314, decided yes; really 0".
};
[[nodiscard]] ExampleWords example_words(const IncidentReport& report,
                                         const PredictionTrace& trace);

/// "open", "acknowledged by ada: asked the sender".
[[nodiscard]] std::string standing_words(const Incident& incident);

}  // namespace millgate
