#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include "app/commands.h"
#include "app/going_live.h"
#include "model/release/model_name.h"
#include "model/release/sign_off.h"

namespace millgate {

namespace {

struct Options {
  std::string model = "latest";
  std::string environment;
  std::string role;
  std::string key;
  std::string signature;  ///< A file.
  bool statement = false;
};

Result<SignOffRule> rule_of(const SignOffRules& rules, const Environment& environment,
                            const std::string& role) {
  const std::vector<SignOffRule> asked = rules.of(environment.key);
  if (asked.empty()) {
    return not_found("environment `" + environment.name + "` asks for no sign-off",
                     "add a [[sign_off]] to millgate.toml");
  }
  std::string roles;
  for (const SignOffRule& one : asked) roles += (roles.empty() ? "" : ", ") + one.role;
  if (role.empty() && asked.size() > 1) {
    return invalid_input("several sign-offs are asked for", "say which with --role: " + roles);
  }
  const auto found = std::find_if(asked.begin(), asked.end(), [&](const SignOffRule& one) {
    return role.empty() || one.role == role;
  });
  if (found != asked.end()) return *found;
  return not_found("environment `" + environment.name + "` asks for no sign-off `" + role + "`",
                   "it asks for: " + roles);
}

Result<std::string> file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) {
    return not_found("signature `" + path + "` cannot be read",
                     "name the file that `ssh-keygen -Y sign` wrote");
  }
  return text.str();
}

Result<int> sign(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(Workplace place, open_workplace(session));
  Ledger& ledger = place.repository->ledger();
  MILLGATE_ASSIGN(const Environment environment,
                  find_environment(place.project.environments, options.environment));
  MILLGATE_ASSIGN(const SignOffRules rules, sign_off_rules(place.project));
  MILLGATE_ASSIGN(const SignOffRule rule, rule_of(rules, environment, options.role));
  MILLGATE_ASSIGN(const Id model, resolve_model(ledger, options.model));
  MILLGATE_ASSIGN(const std::optional<Verdict> verdict,
                  find_verdict(ledger, model, environment.key));
  if (!verdict) {
    return Error{.code = ErrorCode::refused,
                 .what = "model " + model.brief() + " has no verdict; there is nothing to sign",
                 .hint = "`millgate gate " + model.brief() + "` judges it"};
  }
  const std::string statement = sign_off_statement(rules, rule, *verdict);
  if (options.statement) {
    std::cout << statement;
    return kDone;
  }
  if (options.key.empty() == options.signature.empty()) {
    return invalid_input("sign: give --key or --signature",
                         "--key FILE signs here; --statement prints what is signed elsewhere, and "
                         "--signature FILE brings it back");
  }
  MILLGATE_ASSIGN(const std::string signature, options.key.empty()
                                                   ? file_text(options.signature)
                                                   : sign_statement(statement, options.key));
  MILLGATE_ASSIGN(const SignOff given,
                  record_sign_off(ledger, rules, rule, *verdict, signature, author_name()));
  if (session.json) {
    print_json({{"model", model.hex()},
                {"verdict", verdict->name()},
                {"role", given.role},
                {"principal", given.principal},
                {"since", to_string(given.since)}});
  } else {
    std::cout << given.principal << " signed verdict " << verdict->name() << " on model "
              << model.brief() << " for " << given.role << '\n';
  }
  return kDone;
}

}  // namespace

void add_sign(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("sign", "answer for a verdict with your SSH key",
                          "millgate sign latest --role risk --key ~/.ssh/id_ed25519");
  command.add_option("model", options->model, "id, version, alias or `latest`").shows_default();
  command.add_option("--env", options->environment, "for this environment; default: the last");
  command.add_option("--role", options->role, "a [[sign_off]]; not needed where there is one");
  command.add_option("--key", options->key, "file of the key; a public one is signed by the agent");
  command.add_flag("--statement", options->statement, "print what is signed, and nothing else");
  command.add_option("--signature", options->signature,
                     "a file of `ssh-keygen -Y sign -n millgate-sign-off` over the statement");
  command.does([&session, options] { return sign(session, *options); });
}

}  // namespace millgate
