#include <iostream>
#include <memory>

#include "app/commands.h"
#include "model/release/model_name.h"
#include "model/release/retirement.h"

namespace millgate {

namespace {

struct Options {
  std::string model;
  std::string reason;
  bool undo = false;
};

Result<int> retire_model(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  Ledger& ledger = repository->ledger();
  MILLGATE_ASSIGN(const Id model, resolve_model(ledger, options.model));
  MILLGATE_TRY(options.undo ? bring_back(ledger, model, options.reason, author_name())
                            : retire(ledger, model, options.reason, author_name()));
  if (session.json) {
    print_json({{"model", model.hex()}, {"retired", !options.undo}, {"reason", options.reason}});
  } else {
    std::cout << "model " << model.brief()
              << (options.undo ? " may be used again\n" : " is retired\n");
  }
  return kDone;
}

}  // namespace

void add_retire(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("retire", "see to it that a model is used no more",
                          "millgate retire v1 --reason \"trained on the old tariff\"");
  command.add_option("model", options->model, "id, version or alias").required();
  command.add_option("--reason", options->reason, "why; stays in the ledger").required();
  command.add_flag("--undo", options->undo, "let it be used again");
  command.does([&session, options] { return retire_model(session, *options); });
}

}  // namespace millgate
