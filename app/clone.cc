#include <filesystem>
#include <iostream>

#include "app/commands.h"
#include "app/talk.h"
#include "app/transfer_report.h"

namespace millgate {

namespace {

struct Options {
  std::string url;
  std::string folder;
};

/// The project file is code and comes by git; without one, the commands that only look at the data
/// still need to find the project.
Status make_project_file(const std::string& folder) {
  const std::string path = folder + "/millgate.toml";
  std::error_code unknown;
  if (std::filesystem::exists(path, unknown)) return {};
  const std::string name = std::filesystem::absolute(folder).lexically_normal().filename().string();
  return write_file(path,
                    "# Take the place of this file with that of the project, from git.\n"
                    "[project]\nname = \"" +
                        (name.empty() ? "clone" : name) + "\"\n");
}

Result<int> clone(const Session& session, const Options& options) {
  const bool is_folder = options.url.find("://") == std::string::npos;
  std::error_code unknown;
  if (is_folder && !std::filesystem::is_directory(options.url + "/objects", unknown)) {
    return not_found("there is no remote in `" + options.url + "`",
                     "name a folder that was pushed to");
  }
  const std::string url =
      is_folder ? std::filesystem::absolute(options.url).lexically_normal().string() : options.url;
  MILLGATE_ASSIGN(Remote remote, open_remote(url));
  MILLGATE_ASSIGN(const auto branches, remote.branches());
  if (branches.empty()) {
    return not_found("remote `" + options.url + "` holds no branch", "push to it first");
  }
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository,
                  Repository::init(options.folder, system_clock()));
  MILLGATE_TRY(write_remotes(*repository, {{"origin", url}}));
  MILLGATE_TRY(make_project_file(options.folder));
  TransferOptions how;
  how.author = author_name();
  how.progress = transfer_progress("clone");
  MILLGATE_ASSIGN(const TransferReport report, pull(*repository, remote, how));
  end_progress();
  return print_transfer(session, report, "origin");
}

}  // namespace

void add_clone(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("clone", "make a project with the data of a remote",
                          "git clone CODE flights && millgate clone s3://bucket/flights "
                          "flights");
  command.add_option("address", options->url, "a folder that was pushed to, or s3://BUCKET/FOLDER")
      .required();
  command.add_option("folder", options->folder, "where; it may hold the code already").required();
  command.does([&session, options] { return clone(session, *options); });
}

}  // namespace millgate
