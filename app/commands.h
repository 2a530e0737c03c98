/// The list of commands; each is defined in the file of its name.
#pragma once

#include <CLI/CLI.hpp>

#include "app/session.h"

namespace millgate {

void add_init(CLI::App& program, Session& session);
void add_commit(CLI::App& program, Session& session);
void add_log(CLI::App& program, Session& session);
void add_show(CLI::App& program, Session& session);
void add_diff(CLI::App& program, Session& session);
void add_merge(CLI::App& program, Session& session);
void add_conflicts(CLI::App& program, Session& session);
void add_resolve(CLI::App& program, Session& session);
void add_revert(CLI::App& program, Session& session);
void add_cherry_pick(CLI::App& program, Session& session);
void add_blame(CLI::App& program, Session& session);
void add_branch(CLI::App& program, Session& session);
void add_tag(CLI::App& program, Session& session);
void add_sql(CLI::App& program, Session& session);
void add_profile(CLI::App& program, Session& session);
void add_check(CLI::App& program, Session& session);
void add_drift(CLI::App& program, Session& session);
void add_features(CLI::App& program, Session& session);
void add_feature(CLI::App& program, Session& session);
void add_test(CLI::App& program, Session& session);
void add_run(CLI::App& program, Session& session);
void add_runs(CLI::App& program, Session& session);
void add_gate(CLI::App& program, Session& session);
void add_release(CLI::App& program, Session& session);
void add_rollback(CLI::App& program, Session& session);
void add_serve(CLI::App& program, Session& session);
void add_predict(CLI::App& program, Session& session);
void add_feedback(CLI::App& program, Session& session);
void add_monitor(CLI::App& program, Session& session);
void add_alarms(CLI::App& program, Session& session);
void add_explain(CLI::App& program, Session& session);
void add_report(CLI::App& program, Session& session);
void add_ledger(CLI::App& program, Session& session);
void add_functions(CLI::App& program, Session& session);
void add_metrics(CLI::App& program, Session& session);

}  // namespace millgate
