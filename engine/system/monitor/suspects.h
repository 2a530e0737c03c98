/// What changed before something went wrong: the first places to look at.
#pragma once

#include "data/store/repository.h"
#include "ground/error.h"
#include "system/monitor/monitor.h"
#include "system/monitor/served_log.h"

namespace millgate {

/// Sets `suspects` of each alarm of `report` that leads an incident: where its columns come from,
/// and what the ledger has of the two windows (a day at least) before it began, and of the one in
/// which it did: releases and rollbacks, commits of the tables that are read. That something came
/// before is no proof.
/// Errors: those of the ledger and the store; `invalid_input` for a view that is no SQL.
[[nodiscard]] Status find_suspects(const Repository& repository, const ServedLog& log,
                                   const MonitorOptions& options, MonitorReport& report);

}  // namespace millgate
