#include <iostream>
#include <memory>
#include <optional>

#include "app/commands.h"
#include "app/going_live.h"
#include "app/text_table.h"
#include "model/release/drill.h"
#include "model/release/model_name.h"
#include "system/serve/rollback_drill.h"

namespace millgate {

namespace {

struct Options {
  std::string model;
  std::string reason;
  std::string environment;
  bool drill = false;
};

/// Beside what serves; the time goes into the ledger.
Result<int> rehearse(const Session& session, Repository& repository, Rollback rollback) {
  if (rollback.reason.empty()) rollback.reason = "drill";
  MILLGATE_ASSIGN(const Drill drill, drill_rollback(repository, rollback));
  MILLGATE_TRY(record_drill(repository.ledger(), drill, author_name()));
  if (session.json) {
    print_json({{"from", drill.from.hex()},
                {"to", drill.to.hex()},
                {"seconds", drill.seconds},
                {"request_count", drill.request_count},
                {"failed_count", drill.failed_count},
                {"passed", drill.passed()}});
  } else {
    std::cout << "drill: from model " << drill.from.brief() << " back to " << drill.to.brief()
              << " in " << rounded(drill.seconds, 2) << " s; " << drill.failed_count << " of "
              << grouped(drill.request_count) << " requests failed; what serves was not touched\n";
  }
  return drill.passed() ? kDone : kAnswerIsNo;
}

Result<int> roll_back_model(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  Ledger& ledger = repository->ledger();
  Rollback rollback{.to = std::nullopt, .reason = options.reason};
  MILLGATE_ASSIGN(rollback.environment, environment_key(session, options.environment));
  if (!options.model.empty()) {
    MILLGATE_ASSIGN(rollback.to, resolve_model(ledger, options.model));
  }
  if (options.drill) return rehearse(session, *repository, rollback);
  MILLGATE_ASSIGN(const Serving now, roll_back(ledger, rollback, author_name()));
  return print_serving(session, now);
}

}  // namespace

void add_rollback(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("rollback", "go back to the model that served before, at once",
                          "millgate rollback --reason \"complaints about one group\"");
  command.add_option("--to", options->model, "a model that was released before");
  command.add_option("--env", options->environment, "in this environment; default: the last");
  command.add_option("--reason", options->reason,
                     "why; stays in the ledger; not needed for a drill");
  command.add_flag("--drill", options->drill, "try it beside what serves, and record its time");
  command.does([&session, options] { return roll_back_model(session, *options); });
}

}  // namespace millgate
