#include <memory>
#include <optional>

#include "app/commands.h"
#include "app/going_live.h"
#include "model/release/model_name.h"

namespace millgate {

namespace {

struct Options {
  std::string model;
  std::string reason;
  std::string environment;
};

Result<int> roll_back_model(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  Ledger& ledger = repository->ledger();
  Rollback rollback{.to = std::nullopt, .reason = options.reason, .environment = {}};
  MILLGATE_ASSIGN(rollback.environment, environment_key(session, options.environment));
  if (!options.model.empty()) {
    MILLGATE_ASSIGN(rollback.to, resolve_model(ledger, options.model));
  }
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
  command.add_option("--reason", options->reason, "why; stays in the ledger").required();
  command.does([&session, options] { return roll_back_model(session, *options); });
}

}  // namespace millgate
