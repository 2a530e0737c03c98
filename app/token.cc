#include <iostream>
#include <memory>

#include "app/commands.h"
#include "app/text_table.h"
#include "ground/shortest_text.h"
#include "system/serve/access_token.h"

namespace millgate {

namespace {

struct Options {
  std::string name;
  std::vector<std::string> roles;
  std::string lasts;
  double rate = 0;
};

Json token_json(const AccessToken& token) {
  Json json = {{"token", token.name}, {"roles", Json::array()}, {"sha256", token.digest.hex()}};
  for (const AccessRole role : token.roles) json["roles"].push_back(std::string(to_string(role)));
  json["since"] = to_string(token.since);
  json["by"] = token.by;
  json["until"] = token.until ? Json(to_string(*token.until)) : Json();
  json["requests_per_second"] =
      token.requests_per_second > 0 ? Json(token.requests_per_second) : Json();
  json["ended"] = token.has_ended(system_clock().now());
  return json;
}

std::string roles_text(const AccessToken& token) {
  std::string text;
  for (const AccessRole role : token.roles) {
    text += (text.empty() ? "" : ", ") + std::string(to_string(role));
  }
  return text;
}

std::string until_text(const AccessToken& token) {
  if (!token.until) return "always";
  return to_string(*token.until) + (token.has_ended(system_clock().now()) ? " (ended)" : "");
}

Result<int> list_tokens(const Session& session) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const AccessTokens all, access_tokens(repository->ledger()));
  Json list = Json::array();
  TextTable table({"token", "may", "a second", "until", "since", "by"});
  for (const AccessToken& one : all.tokens) {
    list.push_back(token_json(one));
    table.add({one.name, roles_text(one),
               one.requests_per_second > 0 ? shortest_text(one.requests_per_second) : "",
               until_text(one), to_string(one.since), one.by});
  }
  if (session.json) {
    print_json({{"wanted", all.are_wanted}, {"tokens", list}});
  } else if (!all.tokens.empty()) {
    table.print(std::cout);
  } else {
    std::cerr << (all.are_wanted ? "no tokens are left: servers answer nobody but supervisors\n"
                                 : "no tokens: servers answer whoever reaches them; "
                                   "`millgate token give NAME --role predict` makes one\n");
  }
  return kDone;
}

Result<int> give_token(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  NewAccessToken token{.name = options.name, .roles = {}, .requests_per_second = options.rate};
  for (const std::string& name : options.roles) {
    MILLGATE_ASSIGN(const AccessRole role, parse_access_role(name));
    token.roles.push_back(role);
  }
  if (!options.lasts.empty()) {
    MILLGATE_ASSIGN(const int64_t micros, parse_duration_micros(options.lasts));
    token.until = Time{system_clock().now().micros + micros};
  }
  MILLGATE_ASSIGN(const AccessTokens before, access_tokens(repository->ledger()));
  MILLGATE_ASSIGN(const std::string secret,
                  give_access_token(repository->ledger(), token, author_name()));
  if (session.json) {
    print_json({{"token", options.name}, {"secret", secret}});
  } else {
    std::cout << secret << '\n';
  }
  std::cerr << "note: it is shown this once and kept nowhere; send it as `Authorization: Bearer`\n";
  if (!before.are_wanted) {
    std::cerr << "note: servers of this project answer nobody without a token from now on\n";
  }
  return kDone;
}

Result<int> remove_token(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_TRY(take_access_token(repository->ledger(), options.name, author_name()));
  if (session.json) {
    print_json({{"token", options.name}, {"removed", true}});
  } else {
    std::cout << "token " << options.name << " is good for nothing any more\n";
  }
  return kDone;
}

}  // namespace

void add_token(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command token = program.add_command(
      "token", "who may ask a server, and for what: list, give and take away tokens",
      "millgate token give booking-site --role predict --for 90d");
  token.does([&session] { return list_tokens(session); });
  const Command give = token.add_command("give", "make a token and print it, once",
                                         "millgate token give grafana --role observe");
  give.add_option("name", options->name, "who holds it; stays in the ledger").required();
  give.add_option("--role", options->roles, "predict, observe, push or release; may be repeated")
      .required()
      .one_at_a_time();
  give.add_option("--for", options->lasts, "how long it is good, for example 90d; default: always");
  give.add_option("--rate", options->rate,
                  "requests in a second that it is good for; default: as `serve --client-rate`")
      .positive();
  give.does([&session, options] { return give_token(session, *options); });
  const Command remove = token.add_command("remove", "take a token away; servers refuse it at once",
                                           "millgate token remove grafana");
  remove.add_option("name", options->name, "who held it").required();
  remove.does([&session, options] { return remove_token(session, *options); });
}

}  // namespace millgate
