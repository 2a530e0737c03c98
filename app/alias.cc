#include "model/release/alias.h"

#include <iostream>
#include <memory>

#include "app/commands.h"
#include "app/text_table.h"
#include "model/release/model_name.h"

namespace millgate {

namespace {

struct Options {
  std::string name;
  std::string model;
  std::string reason;
  bool remove = false;
};

Json alias_json(const Alias& alias) {
  return {{"alias", alias.name}, {"model", alias.model.hex()}, {"since", to_string(alias.since)},
          {"by", alias.by},      {"reason", alias.reason},     {"event", alias.event}};
}

Result<int> list_aliases(const Session& session, const Ledger& ledger) {
  MILLGATE_ASSIGN(const std::vector<Alias> all, aliases(ledger));
  Json list = Json::array();
  TextTable table({"alias", "model", "since", "by", "why"});
  for (const Alias& one : all) {
    list.push_back(alias_json(one));
    table.add({one.name, one.model.brief(), to_string(one.since), one.by, one.reason});
  }
  if (session.json) {
    print_json(list);
  } else if (all.empty()) {
    std::cerr << "no aliases yet; `millgate alias champion MODEL` gives one\n";
  } else {
    table.print(std::cout);
  }
  return kDone;
}

Result<int> show_alias(const Session& session, const Ledger& ledger, const std::string& name) {
  MILLGATE_ASSIGN(const std::optional<Alias> found, find_alias(ledger, name));
  if (!found) {
    return not_found("there is no alias `" + name + "`",
                     "`millgate alias " + name + " MODEL` gives it to a model");
  }
  if (session.json) {
    print_json(alias_json(*found));
  } else {
    std::cout << found->name << " names model " << found->model.brief() << " since "
              << to_string(found->since) << ", by " << found->by
              << (found->reason.empty() ? "" : ", because: " + found->reason) << '\n';
  }
  return kDone;
}

Result<int> alias(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  Ledger& ledger = repository->ledger();
  if (options.name.empty()) return list_aliases(session, ledger);
  if (options.model.empty() && !options.remove) return show_alias(session, ledger, options.name);
  if (!options.model.empty() && options.remove) {
    return invalid_input("alias `" + options.name + "`: both a model and --remove are given",
                         "give one of them");
  }
  MILLGATE_ASSIGN(const std::optional<Alias> before, find_alias(ledger, options.name));
  AliasMove move{.name = options.name,
                 .to = std::nullopt,
                 .reason = options.reason,
                 .seen = before ? before->event : 0};
  if (!options.remove) {
    MILLGATE_ASSIGN(move.to, resolve_model(ledger, options.model));
  }
  MILLGATE_TRY(move_alias(ledger, move, author_name()));
  if (!options.remove) return show_alias(session, ledger, options.name);
  if (session.json) {
    print_json({{"alias", options.name}, {"model", nullptr}});
  } else {
    std::cout << options.name << " names no model any more\n";
  }
  return kDone;
}

}  // namespace

void add_alias(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("alias", "list the names of models, or give one to a model",
                          "millgate alias champion v3 --reason \"best on the new season\"");
  command.add_option("name", options->name, "for example champion; without it, all are listed");
  command.add_option("model", options->model, "the model that has it from now on");
  command.add_option("--reason", options->reason, "why; stays in the ledger");
  command.add_flag("--remove", options->remove, "take the name away");
  command.does([&session, options] { return alias(session, *options); });
}

}  // namespace millgate
