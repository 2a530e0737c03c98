#include <iostream>

#include "app/commands.h"
#include "app/served_erasure.h"
#include "app/text_table.h"
#include "app/transfer_report.h"
#include "data/keep/garbage.h"
#include "data/keep/remote_garbage.h"

namespace millgate {

namespace {

struct Options {
  std::string grace = "7d";
  std::string remote;
  bool dry_run = false;
};

Result<int> gc_remote(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(Remote remote, open_remote_at(*repository, options.remote));
  RemoteGarbageOptions how;
  how.author = author_name();
  how.dry_run = options.dry_run;
  MILLGATE_ASSIGN(const RemoteGarbageReport report,
                  collect_remote_garbage(*repository, remote, how));
  if (session.json) {
    Json json = to_json(report);
    json["dry_run"] = options.dry_run;
    print_json(json);
  } else {
    print_remote_garbage(report, options.dry_run);
  }
  return kDone;
}

Result<int> gc(const Session& session, const Options& options) {
  if (!options.remote.empty()) return gc_remote(session, options);
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  GarbageOptions how;
  MILLGATE_ASSIGN(how.grace_micros, parse_duration_micros(options.grace));
  how.dry_run = options.dry_run;
  MILLGATE_ASSIGN(const GarbageReport report, collect_garbage(*repository, how));
  // What a `forget` that broke off left in the logs.
  if (!options.dry_run) MILLGATE_TRY(erase_served_rows_of_forgets(session, *repository));
  if (session.json) {
    Json removed = Json::array();
    for (const Id& id : report.removed) removed.push_back(id.hex());
    print_json({{"kept_count", report.kept_count},
                {"kept_bytes", report.kept_bytes},
                {"young_count", report.young_count},
                {"young_bytes", report.young_bytes},
                {"removed_count", report.removed_count},
                {"removed_bytes", report.removed_bytes},
                {"removed", removed},
                {"dry_run", options.dry_run}});
    return kDone;
  }
  TextTable table({"objects", "count", "size"});
  table.add({"in use", grouped(report.kept_count), byte_size(report.kept_bytes)});
  table.add({"unused, younger than " + options.grace, grouped(report.young_count),
             byte_size(report.young_bytes)});
  table.add({options.dry_run ? "unused, would be removed" : "unused, removed",
             grouped(report.removed_count), byte_size(report.removed_bytes)});
  table.print(std::cout);
  return kDone;
}

}  // namespace

void add_gc(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "gc", "remove objects that nothing in the ledger needs, such as broken-off commits",
      "millgate gc --dry-run");
  command
      .add_option("--grace", options->grace,
                  "keep what was written more recently; longer than any command takes")
      .shows_default();
  command.add_option("--remote", options->remote,
                     "of a remote, or an address: what none of its branches, tags and backups "
                     "needs; refused while somebody pushes there");
  command.add_flag("--dry-run", options->dry_run, "only tell what would be removed");
  command.does([&session, options] { return gc(session, *options); });
}

}  // namespace millgate
