/// A copy of a ledger's file while others append to it.
#pragma once

#include <string>

#include "ground/error.h"

namespace millgate {

/// Makes the file `to` hold the events that `from` holds at one moment, page by page, so that two
/// copies differ only where events were added. Errors: `outside`; `damaged` for no database.
[[nodiscard]] Status copy_ledger(const std::string& from, const std::string& to);

}  // namespace millgate
