#include "data/keep/remote.h"

#include <filesystem>
#include <iostream>

#include "app/commands.h"
#include "app/text_table.h"
#include "data/store/revision.h"

namespace millgate {

namespace {

struct Options {
  std::string name;
  std::string url;
};

int print_remotes(const Session& session, const std::map<std::string, std::string>& remotes) {
  if (session.json) {
    Json json = Json::object();
    for (const auto& [name, url] : remotes) json[name] = url;
    print_json(json);
    return kDone;
  }
  TextTable table({"remote", "address"});
  for (const auto& [name, url] : remotes) table.add({name, url});
  table.print(std::cout);
  return kDone;
}

Result<int> list_remotes(const Session& session) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const auto remotes, read_remotes(*repository));
  return print_remotes(session, remotes);
}

Result<int> add(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_TRY(check_branch_name(options.name));
  if (options.name.find('/') != std::string::npos) {
    return invalid_input("the name of a remote has no `/` in it", "for example origin");
  }
  MILLGATE_ASSIGN(auto remotes, read_remotes(*repository));
  if (remotes.contains(options.name)) {
    return Error{.code = ErrorCode::conflict,
                 .what = "remote `" + options.name + "` exists already",
                 .hint = "`millgate remote remove " + options.name + "` first"};
  }
  const bool folder = options.url.find("://") == std::string::npos;
  const std::string url =
      folder ? std::filesystem::absolute(options.url).lexically_normal().string() : options.url;
  MILLGATE_TRY(open_remote(url));
  remotes[options.name] = url;
  MILLGATE_TRY(write_remotes(*repository, remotes));
  return print_remotes(session, remotes);
}

Result<int> remove(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_TRY(remote_url(*repository, options.name));
  MILLGATE_ASSIGN(auto remotes, read_remotes(*repository));
  remotes.erase(options.name);
  MILLGATE_TRY(write_remotes(*repository, remotes));
  return print_remotes(session, remotes);
}

}  // namespace

void add_remote(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "remote", "list, add or remove places that data is pushed to and pulled from",
      "millgate remote add origin s3://bucket/flights\n"
      "  A folder is a remote too. For s3:// the key comes from AWS_ACCESS_KEY_ID and\n"
      "  AWS_SECRET_ACCESS_KEY, another server than Amazon's from AWS_ENDPOINT_URL.");
  command.does([&session] { return list_remotes(session); });
  const Command adding = command.add_command("add", "give an address a name",
                                             "millgate remote add origin /mnt/shared/flights");
  adding.add_option("name", options->name, "for example origin").required();
  adding.add_option("address", options->url, "a folder, or s3://BUCKET/FOLDER").required();
  adding.does([&session, options] { return add(session, *options); });
  const Command removing = command.add_command("remove", "forget a name; nothing is deleted there",
                                               "millgate remote remove origin");
  removing.add_option("name", options->name, "a remote").required();
  removing.does([&session, options] { return remove(session, *options); });
}

}  // namespace millgate
