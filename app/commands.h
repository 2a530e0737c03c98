/// The list of commands; each is defined in the file of its name.
#pragma once

#include "app/command.h"
#include "app/session.h"

namespace millgate {

void add_init(const Command& program, Session& session);
void add_doctor(const Command& program, Session& session);
void add_commit(const Command& program, Session& session);
void add_status(const Command& program, Session& session);
void add_checkout(const Command& program, Session& session);
void add_files(const Command& program, Session& session);
void add_forget(const Command& program, Session& session);
void add_gc(const Command& program, Session& session);
void add_fsck(const Command& program, Session& session);
void add_remote(const Command& program, Session& session);
void add_push(const Command& program, Session& session);
void add_pull(const Command& program, Session& session);
void add_clone(const Command& program, Session& session);
void add_backup(const Command& program, Session& session);
void add_restore(const Command& program, Session& session);
void add_git(const Command& program, Session& session);
void add_log(const Command& program, Session& session);
void add_show(const Command& program, Session& session);
void add_diff(const Command& program, Session& session);
void add_merge(const Command& program, Session& session);
void add_conflicts(const Command& program, Session& session);
void add_resolve(const Command& program, Session& session);
void add_revert(const Command& program, Session& session);
void add_cherry_pick(const Command& program, Session& session);
void add_blame(const Command& program, Session& session);
void add_rename(const Command& program, Session& session);
void add_branch(const Command& program, Session& session);
void add_switch(const Command& program, Session& session);
void add_tag(const Command& program, Session& session);
void add_sql(const Command& program, Session& session);
void add_export(const Command& program, Session& session);
void add_import(const Command& program, Session& session);
void add_profile(const Command& program, Session& session);
void add_datasheet(const Command& program, Session& session);
void add_check(const Command& program, Session& session);
void add_drift(const Command& program, Session& session);
void add_labels(const Command& program, Session& session);
void add_value(const Command& program, Session& session);
void add_personal(const Command& program, Session& session);
void add_poison(const Command& program, Session& session);
void add_features(const Command& program, Session& session);
void add_feature(const Command& program, Session& session);
/// Below `feature`.
void add_feature_get(const Command& feature, Session& session);
void add_feature_push(const Command& feature, Session& session);
void add_materialise(const Command& program, Session& session);
void add_test(const Command& program, Session& session);
void add_tune(const Command& program, Session& session);
void add_backtest(const Command& program, Session& session);
void add_run(const Command& program, Session& session);
void add_runs(const Command& program, Session& session);
void add_compare(const Command& program, Session& session);
void add_shrink(const Command& program, Session& session);
void add_reproduce(const Command& program, Session& session);
void add_gate(const Command& program, Session& session);
void add_tradeoff(const Command& program, Session& session);
void add_models(const Command& program, Session& session);
void add_alias(const Command& program, Session& session);
void add_retire(const Command& program, Session& session);
void add_sign(const Command& program, Session& session);
void add_release(const Command& program, Session& session);
void add_promote(const Command& program, Session& session);
void add_rollback(const Command& program, Session& session);
void add_rollout(const Command& program, Session& session);
void add_serve(const Command& program, Session& session);
void add_token(const Command& program, Session& session);
void add_package(const Command& program, Session& session);
void add_predict(const Command& program, Session& session);
void add_feedback(const Command& program, Session& session);
void add_ask_labels(const Command& program, Session& session);
void add_monitor(const Command& program, Session& session);
void add_alarms(const Command& program, Session& session);
void add_trace(const Command& program, Session& session);
void add_replay(const Command& program, Session& session);
void add_affected(const Command& program, Session& session);
void add_explain(const Command& program, Session& session);
void add_report(const Command& program, Session& session);
void add_score(const Command& program, Session& session);
void add_ledger(const Command& program, Session& session);
void add_functions(const Command& program, Session& session);
void add_metrics(const Command& program, Session& session);
void add_settings(const Command& program, Session& session);

}  // namespace millgate
