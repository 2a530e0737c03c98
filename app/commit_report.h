/// What a commit did, shown to people and programs.
#pragma once

#include "app/session.h"
#include "system/pipeline/commit_sources.h"

namespace millgate {

/// Prints to stdout: as text, or with --json as one document.
void show_commit(const Session& session, const CommitReport& report);

}  // namespace millgate
