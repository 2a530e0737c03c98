/// The parts of the page of browser_page.h that are the same for every model. Inside the room.
#pragma once

#include <string_view>

namespace millgate {

extern const std::string_view kBrowserPageHead;    ///< Up to the style.
extern const std::string_view kBrowserPageBody;    ///< From the end of the style to the data.
extern const std::string_view kBrowserPageScript;  ///< After kPredictionFormScript.
extern const std::string_view kBrowserPageEnd;

}  // namespace millgate
