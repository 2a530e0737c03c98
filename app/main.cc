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
  add_init(program, session);
  add_doctor(program, session);
  add_commit(program, session);
  add_status(program, session);
  add_checkout(program, session);
  add_files(program, session);
  add_forget(program, session);
  add_gc(program, session);
  add_fsck(program, session);
  add_remote(program, session);
  add_push(program, session);
  add_pull(program, session);
  add_clone(program, session);
  add_backup(program, session);
  add_restore(program, session);
  add_git(program, session);
  add_log(program, session);
  add_show(program, session);
  add_diff(program, session);
  add_merge(program, session);
  add_conflicts(program, session);
  add_resolve(program, session);
  add_revert(program, session);
  add_cherry_pick(program, session);
  add_blame(program, session);
  add_rename(program, session);
  add_branch(program, session);
  add_switch(program, session);
  add_tag(program, session);
  add_sql(program, session);
  add_export(program, session);
  add_import(program, session);
  add_profile(program, session);
  add_datasheet(program, session);
  add_check(program, session);
  add_drift(program, session);
  add_labels(program, session);
  add_value(program, session);
  add_personal(program, session);
  add_poison(program, session);
  add_features(program, session);
  add_feature(program, session);
  add_materialise(program, session);
  add_test(program, session);
  add_tune(program, session);
  add_backtest(program, session);
  add_run(program, session);
  add_runs(program, session);
  add_compare(program, session);
  add_reproduce(program, session);
  add_gate(program, session);
  add_tradeoff(program, session);
  add_models(program, session);
  add_alias(program, session);
  add_retire(program, session);
  add_sign(program, session);
  add_release(program, session);
  add_promote(program, session);
  add_rollback(program, session);
  add_rollout(program, session);
  add_serve(program, session);
  add_token(program, session);
  add_package(program, session);
  add_predict(program, session);
  add_feedback(program, session);
  add_monitor(program, session);
  add_alarms(program, session);
  add_trace(program, session);
  add_affected(program, session);
  add_explain(program, session);
  add_report(program, session);
  add_score(program, session);
  add_ledger(program, session);
  add_functions(program, session);
  add_metrics(program, session);
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
    if (failure.get_exit_code() == 0) return program.exit(failure);  // --help
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
