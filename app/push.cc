#include "app/commands.h"
#include "app/served_erasure.h"
#include "app/talk.h"
#include "app/transfer_report.h"

namespace millgate {

namespace {

struct Options {
  std::string remote = "origin";
  std::vector<std::string> branches;
};

using Transfer = Result<TransferReport> (*)(Repository&, Remote&, const TransferOptions&);

Result<int> transfer(const Session& session, const Options& options, const std::string& what,
                     Transfer work) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const std::string url, remote_url(*repository, options.remote));
  MILLGATE_ASSIGN(Remote remote, open_remote(url));
  TransferOptions how;
  how.branches = options.branches;
  how.remote_name = options.remote;
  how.author = author_name();
  how.progress = transfer_progress(what);
  MILLGATE_ASSIGN(const auto known, repository->forgotten());
  MILLGATE_ASSIGN(const TransferReport report, work(*repository, remote, how));
  end_progress();
  MILLGATE_ASSIGN(const auto forgotten, repository->forgotten());
  if (forgotten->event_number() != known->event_number()) {
    // What was forgotten elsewhere may have been served here.
    MILLGATE_TRY(erase_served_rows_of_forgets(session, *repository));
  }
  return print_transfer(session, report, options.remote);
}

void add_transfer(const Command& program, Session& session, const std::string& name,
                  const std::string& summary, const std::string& example, Transfer work) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(name, summary, example);
  command.add_option("remote", options->remote, "name of a remote").shows_default();
  command.add_option("branch", options->branches, "only these; without them, all");
  command.does([&session, options, name, work] { return transfer(session, *options, name, work); });
}

}  // namespace

void add_push(const Command& program, Session& session) {
  add_transfer(program, session, "push", "send branches and tags with all that they need",
               "millgate push origin main", push);
}

void add_pull(const Command& program, Session& session) {
  add_transfer(program, session, "pull", "get branches and tags with all that they need",
               "millgate pull origin main", pull);
}

}  // namespace millgate
