#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "app/commands.h"
#include "app/session.h"
#include "app/talk.h"
#include "ground/nearest_name.h"
#include "ground/program_version.h"

namespace {

constexpr const char* kExitCodes =
    "Exit codes:\n"
    "  0 done   1 done, and the answer is no   2 the request is wrong\n"
    "  3 something outside failed (disk, network)   4 a fault of millgate\n"
    "Each command explains itself: millgate COMMAND --help";

void add_commands(const millgate::Command& program, millgate::Session& session) {
  using namespace millgate;
  const Command project = program.in_group("A project");
  add_init(project, session);
  add_settings(project, session);
  add_doctor(project, session);
  add_backup(project, session);
  add_restore(project, session);
  const Command versions = program.in_group("Versions of data");
  add_commit(versions, session);
  add_status(versions, session);
  add_log(versions, session);
  add_show(versions, session);
  add_diff(versions, session);
  add_blame(versions, session);
  add_branch(versions, session);
  add_switch(versions, session);
  add_tag(versions, session);
  add_merge(versions, session);
  add_conflicts(versions, session);
  add_resolve(versions, session);
  add_revert(versions, session);
  add_cherry_pick(versions, session);
  add_rename(versions, session);
  add_sql(versions, session);
  add_checkout(versions, session);
  add_files(versions, session);
  add_import(versions, session);
  add_export(versions, session);
  add_forget(versions, session);
  add_gc(versions, session);
  add_fsck(versions, session);
  add_git(versions, session);
  const Command places = program.in_group("Other places");
  add_clone(places, session);
  add_push(places, session);
  add_pull(places, session);
  add_remote(places, session);
  const Command trust = program.in_group("Data that can be trusted");
  add_profile(trust, session);
  add_check(trust, session);
  add_drift(trust, session);
  add_labels(trust, session);
  add_value(trust, session);
  add_personal(trust, session);
  add_poison(trust, session);
  add_datasheet(trust, session);
  const Command features = program.in_group("Building features");
  add_features(features, session);
  add_feature(features, session);
  add_test(features, session);
  add_materialise(features, session);
  add_functions(features, session);
  const Command models = program.in_group("Training models");
  add_run(models, session);
  add_runs(models, session);
  add_compare(models, session);
  add_shrink(models, session);
  add_tune(models, session);
  add_backtest(models, session);
  add_reproduce(models, session);
  add_explain(models, session);
  const Command gate = program.in_group("The gate");
  add_metrics(gate, session);
  add_gate(gate, session);
  add_tradeoff(gate, session);
  add_sign(gate, session);
  add_models(gate, session);
  add_alias(gate, session);
  add_retire(gate, session);
  add_report(gate, session);
  add_score(gate, session);
  const Command live = program.in_group("Going live");
  add_release(live, session);
  add_promote(live, session);
  add_rollback(live, session);
  add_rollout(live, session);
  add_serve(live, session);
  add_token(live, session);
  add_package(live, session);
  add_predict(live, session);
  add_feedback(live, session);
  add_ask_labels(live, session);
  const Command watched = program.in_group("Watching");
  add_monitor(watched, session);
  add_alarms(watched, session);
  add_trace(watched, session);
  add_replay(watched, session);
  add_affected(watched, session);
  add_ledger(watched, session);
}

std::vector<std::string> names_of(const CLI::App& program) {
  std::vector<std::string> names;
  for (const CLI::App* command : program.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

/// What is wrong with the words of the call: the command line library knows the fault, but not
/// the nearest right command.
millgate::Error wrong_call(const CLI::App& program, const CLI::ParseError& failure) {
  const std::vector<CLI::App*> typed = program.get_subcommands();
  const std::vector<std::string> rest = program.remaining();
  if (typed.empty() && !rest.empty()) {
    return millgate::invalid_input("there is no command `" + rest.front() + "`",
                                   millgate::name_hint(rest.front(), names_of(program)));
  }
  const std::string command = typed.empty() ? "millgate" : "millgate " + typed.front()->get_name();
  return millgate::invalid_input(failure.what(), "`" + command + " --help` explains it");
}

}  // namespace

int main(int argc, char** argv) {
  // Writes that cannot be done are errors with a message, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  millgate::Session session;
  CLI::App program(
      "Millgate takes a model from raw data and written requirements to a served, "
      "watched and explainable one, and back.",
      "millgate");
  program.require_subcommand(1);
  program.fallthrough();
  program.footer(kExitCodes);
  program.set_version_flag("--version", "millgate " + std::string(millgate::kProgramVersion),
                           "print which version this is");
  program.add_flag("--json", session.json, "print one JSON document instead of text");
  program.add_option("-C,--project", session.folder, "folder of the project")
      ->capture_default_str();
  program
      .add_option("--set", session.overrides, "a setting instead of the project file's: a.b=value")
      ->allow_extra_args(false);
  add_commands(millgate::Command(program, session), session);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& failure) {
    const bool is_known = !program.get_subcommands().empty() || program.remaining().empty();
    if (failure.get_exit_code() == 0 && is_known) return program.exit(failure);  // --help
    millgate::print_error(wrong_call(program, failure), session.json);
    return 2;
  }
  if (const millgate::Status clock = millgate::check_system_clock(); !clock.ok()) {
    millgate::print_error(clock.error(), session.json);
    return millgate::exit_code(clock.error().code);
  }
  const millgate::Result<int> answer = session.action();
  millgate::end_progress();
  if (!answer.ok()) {
    millgate::print_error(answer.error(), session.json);
    return millgate::exit_code(answer.error().code);
  }
  std::cout.flush();
  if (!std::cout && !millgate::reader_left()) {
    std::cerr << "error: the output could not be written\n";
    return 3;
  }
  return *answer;
}
