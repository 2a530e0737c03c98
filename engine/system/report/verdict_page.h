/// A verdict as one HTML page with plots, for whoever decides and does not read tables in a
/// terminal.
#pragma once

#include <string>

#include "model/measure/slice_search.h"
#include "model/release/gate.h"
#include "system/pipeline/weighing.h"

namespace millgate {

/// The page: what was decided, each requirement with its measurement, interval and limit on one
/// scale, how stakeholders fare and what there is to choose from, where `weighing` has any, the
/// reasons, and the slices that the search found. The same figures as `verdict_markdown`. Needs
/// nothing from elsewhere; everything is escaped.
[[nodiscard]] std::string verdict_html(const Verdict& verdict, const SliceSearch& slices,
                                       const Weighing& weighing);

}  // namespace millgate
