/// A verdict as one HTML page with plots, for whoever decides and does not read tables in a
/// terminal.
#pragma once

#include <string>
#include <vector>

#include "model/measure/slice_search.h"
#include "model/release/gate.h"
#include "system/report/fare_lines.h"

namespace millgate {

/// The page: what was decided, each requirement with its measurement, interval and limit on one
/// scale, how stakeholders fare, where `fares` has any, the reasons, and the slices that the search
/// found. The same figures as
/// `verdict_markdown`. Needs nothing from elsewhere; everything is escaped.
[[nodiscard]] std::string verdict_html(const Verdict& verdict, const SliceSearch& slices,
                                       const std::vector<FareLine>& fares);

}  // namespace millgate
