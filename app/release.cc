#include <iostream>

#include "app/commands.h"
#include "app/text_table.h"
#include "model/release/registry.h"

namespace millgate {

namespace {

struct Options {
  std::string model = "latest";
  std::string reason;
  std::string name;
};

Json to_json(const Serving& serving) {
  return {{"model", serving.model.hex()},
          {"since", to_string(serving.since)},
          {"by", serving.by},
          {"how", serving.how},
          {"reason", serving.reason},
          {"verdict", serving.verdict},
          {"event", serving.since_event}};
}

int print_serving(const Session& session, const Serving& serving) {
  if (session.json) {
    print_json(to_json(serving));
    return kDone;
  }
  std::cout << "model " << serving.model.brief() << " serves since " << to_string(serving.since)
            << ", by " << serving.how << " of " << serving.by;
  if (!serving.verdict.empty()) std::cout << ", verdict " << serving.verdict;
  if (!serving.reason.empty()) std::cout << ", because: " << serving.reason;
  std::cout << '\n';
  return kDone;
}

Result<int> release_model(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  Ledger& ledger = repository->ledger();
  MILLGATE_ASSIGN(const Id model, resolve_model(ledger, options.model));
  if (!options.reason.empty() || !options.name.empty()) {
    MILLGATE_ASSIGN(
        const Serving serving,
        release_by_override(ledger, model, {options.name, options.reason}, author_name()));
    return print_serving(session, serving);
  }
  MILLGATE_ASSIGN(const std::optional<Verdict> verdict, find_verdict(ledger, model));
  if (!verdict) {
    return Error{.code = ErrorCode::refused,
                 .what = "model " + model.brief() + " has no verdict",
                 .hint = "`millgate gate " + model.brief() + "` judges it"};
  }
  MILLGATE_ASSIGN(const Serving serving, release(ledger, *verdict, author_name()));
  return print_serving(session, serving);
}

Result<int> roll_back_model(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  Ledger& ledger = repository->ledger();
  std::optional<Id> to;
  if (!options.model.empty()) {
    MILLGATE_ASSIGN(to, resolve_model(ledger, options.model));
  }
  MILLGATE_ASSIGN(const Serving serving, roll_back(ledger, to, options.reason, author_name()));
  return print_serving(session, serving);
}

}  // namespace

void add_release(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command("release", "let a model go live that passed the gate",
                                              "millgate release latest");
  command.add_option("model", options->model, "id, its prefix or `latest`").shows_default();
  command.add_option("--override", options->reason, "release against the gate: why");
  command.add_option("--by", options->name, "with --override: who answers for it");
  command.does([&session, options] { return release_model(session, *options); });
}

void add_rollback(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  options->model.clear();
  const Command command =
      program.add_command("rollback", "go back to the model that served before, at once",
                          "millgate rollback --reason \"complaints about one group\"");
  command.add_option("--to", options->model, "a model that was released before");
  command.add_option("--reason", options->reason, "why; stays in the ledger").required();
  command.does([&session, options] { return roll_back_model(session, *options); });
}

}  // namespace millgate
