/// The page on which a person tries a prediction by hand.
#pragma once

#include <string>

namespace millgate {

/// HTML that needs nothing from elsewhere: it makes its form from /openapi.json and asks /predict
/// with `?explain=all`. The same for every model.
[[nodiscard]] std::string try_page();

}  // namespace millgate
