/// The look of all reports.
#pragma once

#include <string_view>

namespace millgate {

/// CSS: one column of text, figures in tabular digits, light and dark by the reader's choice,
/// black on white on paper. Plots take their colours from the same variables.
extern const std::string_view kReportStyle;

}  // namespace millgate
