#include <filesystem>
#include <iostream>

#include "app/commands.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "app/transfer_report.h"
#include "data/keep/known_copies.h"
#include "data/keep/make_backup.h"

namespace millgate {

namespace {

struct Options {
  std::string address;
  std::string name;
  bool full = false;
  bool list = false;
};

/// A remote by its name, or an address.
Result<std::string> address_of(const Session& session, const std::string& given) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const auto remotes, read_remotes(*repository));
  const auto found = remotes.find(given);
  return found == remotes.end() ? given : found->second;
}

/// What the project is called; a backup is made also when the project file is wrong.
std::string series_name(const Session& session, const Repository& repository) {
  const auto workplace = open_workplace(session);
  if (workplace.ok() && !workplace->project.name.empty()) return workplace->project.name;
  return std::filesystem::absolute(repository.project_folder())
      .lexically_normal()
      .filename()
      .string();
}

Json to_json(const BackupReport& report) {
  Json parts = Json::array();
  for (const BackupPart& one : report.parts) {
    parts.push_back({{"part", one.name},
                     {"file_count", one.file_count},
                     {"size_bytes", one.size_bytes},
                     {"new_bytes", one.new_bytes}});
  }
  Json lost = Json::array();
  for (const Id& id : report.backup.lost) lost.push_back(id.hex());
  return {{"backup", report.backup.name},
          {"number", report.backup.number},
          {"time", to_string(report.backup.time)},
          {"event_count", report.backup.event_count},
          {"object_count", report.object_count},
          {"object_bytes", report.object_bytes},
          {"parts", parts},
          {"lost", lost}};
}

void print_report(const BackupReport& report) {
  TextTable table({"part", "files", "size", "new"});
  for (const BackupPart& one : report.parts) {
    table.add(
        {one.name, grouped(one.file_count), byte_size(one.size_bytes), byte_size(one.new_bytes)});
  }
  table.print(std::cout);
  const Backup& backup = report.backup;
  std::cout << grouped(report.object_count) << " objects travelled ("
            << byte_size(report.object_bytes) << ")\n"
            << "backup " << backup.number << " of " << backup.name << ": "
            << grouped(backup.event_count) << " events and all that they need\n";
  if (backup.lost.empty()) return;
  std::cerr << "hint: " << grouped(static_cast<int64_t>(backup.lost.size()))
            << " objects are broken here and not in the backup either; `millgate fsck` tells what "
               "they break\n";
}

Result<int> list(const Session& session, const std::string& address) {
  MILLGATE_ASSIGN(Remote remote, open_remote(address));
  MILLGATE_ASSIGN(const auto newest, list_backups(remote));
  Json json = Json::array();
  TextTable table({"backups", "newest", "made", "by", "events"});
  for (const auto& [name, number] : newest) {
    MILLGATE_ASSIGN(const Backup backup, read_backup(remote, name, number));
    json.push_back({{"backup", name},
                    {"number", number},
                    {"time", to_string(backup.time)},
                    {"author", backup.author},
                    {"event_count", backup.event_count}});
    table.add({name, std::to_string(number), to_string(backup.time), backup.author,
               grouped(backup.event_count)});
  }
  if (session.json) {
    print_json(json);
  } else {
    table.print(std::cout);
  }
  return kDone;
}

Result<int> backup(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::string address, address_of(session, options.address));
  if (options.list) return list(session, address);
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(Remote remote, open_remote(address));
  BackupOptions how;
  how.name = options.name.empty() ? series_name(session, *repository) : options.name;
  how.author = author_name();
  how.full = options.full;
  how.progress = transfer_progress("backup");
  MILLGATE_ASSIGN(const BackupReport report, make_backup(*repository, remote, how));
  end_progress();
  // It is made all the same; `forget` cannot name it then.
  (void)note_backup(*repository, address, report.backup);
  if (session.json) {
    print_json(to_json(report));
  } else {
    print_report(report);
  }
  return report.backup.lost.empty() ? kDone : kAnswerIsNo;
}

}  // namespace

void add_backup(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "backup", "keep ledger, data, models, logs and reports in another place, only what is new",
      "millgate backup /mnt/other-disk/backups");
  command.add_option("address", options->address, "a folder, s3://BUCKET/FOLDER, or a remote")
      .required();
  command.add_option("--name", options->name, "of this project's backups; default: its own name");
  command.add_flag("--full", options->full,
                   "trust nothing of the backups before: ask for every object");
  command.add_flag("--list", options->list, "tell what is there, and make none");
  command.does([&session, options] { return backup(session, *options); });
}

}  // namespace millgate
