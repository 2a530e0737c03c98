#include <filesystem>
#include <iostream>

#include "app/commands.h"
#include "app/served_erasure.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "app/transfer_report.h"
#include "data/keep/restore.h"

namespace millgate {

namespace {

struct Options {
  std::string address;
  std::string folder;
  std::string name;
  int64_t number = 0;
};

Json forgets_json(const RestoreReport& report) {
  Json forgets = Json::array();
  for (const RestoredForget& one : report.forgets) {
    forgets.push_back(
        {{"event", one.event_number}, {"table", one.table}, {"row_count", one.row_count}});
  }
  return forgets;
}

Json to_json(const RestoreReport& report) {
  Json parts = Json::array();
  for (const auto& [name, count] : report.parts) {
    parts.push_back({{"part", name}, {"file_count", count}});
  }
  Json lost = Json::array();
  for (const Id& id : report.lost) lost.push_back(id.hex());
  return {{"backup", report.backup.name},
          {"number", report.backup.number},
          {"time", to_string(report.backup.time)},
          {"event_count", report.backup.event_count},
          {"object_count", report.object_count},
          {"object_bytes", report.object_bytes},
          {"parts", parts},
          {"left", report.left},
          {"forgets", forgets_json(report)},
          {"lost", lost},
          {"lost_parts", report.lost_parts},
          {"whole", report.whole()}};
}

void print_report(const RestoreReport& report, const std::string& folder) {
  TextTable table({"part", "files"});
  for (const auto& [name, count] : report.parts) table.add({name, grouped(count)});
  table.print(std::cout);
  const Backup& backup = report.backup;
  std::cout << grouped(report.object_count) << " objects travelled ("
            << byte_size(report.object_bytes) << ")\n"
            << "backup " << backup.number << " of " << backup.name << ", made "
            << to_string(backup.time) << ", is in " << folder << ": " << grouped(backup.event_count)
            << " events, " << (report.whole() ? "all whole" : "not whole") << '\n';
  for (const RestoredForget& one : report.forgets) {
    std::cout << "forgotten after that backup, and left out: " << grouped(one.row_count)
              << (one.row_count == 1 ? " row" : " rows") << " of table " << one.table << " (event "
              << one.event_number << ")\n";
  }
  for (const std::string& name : report.left) {
    std::cerr << "hint: `" << name << "` was there already and was left as it is\n";
  }
  for (const std::string& part : report.lost_parts) std::cerr << "hint: " << part << '\n';
  if (!report.lost.empty()) {
    std::cerr << "hint: " << grouped(static_cast<int64_t>(report.lost.size()))
              << " objects are lost; `millgate fsck` tells what they break\n";
  }
}

Result<int> restore(const Session& session, const Options& options) {
  std::error_code unknown;
  const bool is_folder = options.address.find("://") == std::string::npos;
  if (is_folder && !std::filesystem::is_directory(options.address + "/backups", unknown)) {
    return not_found("there are no backups in `" + options.address + "`",
                     "name a folder that `millgate backup` was given");
  }
  MILLGATE_ASSIGN(Remote remote, open_remote(options.address));
  RestoreOptions how;
  how.name = options.name;
  how.number = options.number;
  how.author = author_name();
  how.progress = transfer_progress("restore");
  MILLGATE_ASSIGN(const RestoreReport report,
                  restore_backup(remote, options.folder, system_clock(), how));
  end_progress();
  // The logs in the backup are as they were.
  MILLGATE_ASSIGN(const auto repository, Repository::open(options.folder, system_clock()));
  Session there = session;
  there.folder = options.folder;
  MILLGATE_ASSIGN(const ErasedServed served, erase_served_rows_of_forgets(there, *repository));
  if (session.json) {
    Json json = to_json(report);
    json["served"] = to_json(served);
    print_json(json);
  } else {
    print_report(report, options.folder);
    if (served.any()) {
      std::cout << "removed from the logs of the server: " << text_of(served) << '\n';
    }
  }
  return report.whole() ? kDone : kAnswerIsNo;
}

}  // namespace

void add_restore(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command("restore", "bring a project back from its backup",
                                              "millgate restore /mnt/other-disk/backups flights");
  command.add_option("address", options->address, "where `backup` was told to keep it").required();
  command.add_option("folder", options->folder, "where the project shall be").required();
  command.add_option("--name", options->name, "which project's, where there are several");
  command.add_option("--number", options->number, "which backup; default: the newest").positive();
  command.does([&session, options] { return restore(session, *options); });
}

}  // namespace millgate
