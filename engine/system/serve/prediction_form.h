/// The look and the parts that pages with a form for one row share.
#pragma once

#include <string_view>

namespace millgate {

/// CSS: light and dark by the reader's choice, one column on a narrow screen.
extern const std::string_view kPredictionFormStyle;

/// JavaScript: `at(id)`, `make(tag, text, kind)`, `short(value)`, `fault(text)` for the element
/// `trouble`; `fieldOf(name, schema, value)`, a label with its input from a property of the schema
/// `Row` (openapi.h), perhaps with `x-unit`, noted in `inputs`; `showScale(into, answer)`, which
/// draws a probability.
extern const std::string_view kPredictionFormScript;

}  // namespace millgate
