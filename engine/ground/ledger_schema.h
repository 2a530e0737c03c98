/// The tables of the ledger: made, checked and upgraded here and nowhere else.
#pragma once

#include <string>

#include "ground/error.h"
#include "ground/sqlite.h"

namespace millgate {

/// The version of the format in docs/formats/ledger.md that this program reads and writes.
inline constexpr int64_t kLedgerFormatVersion = 1;

/// Sets the modes of a connection for writing and makes the tables in a new file.
/// Errors: `damaged` when it is another program's file, `invalid_input` when a newer
/// millgate wrote it, `outside`.
[[nodiscard]] Status prepare_ledger(const sqlite::Connection& connection,
                                    const std::string& object);

}  // namespace millgate
