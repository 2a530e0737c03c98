#include <filesystem>
#include <iostream>

#include "app/commands.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "app/transfer_report.h"
#include "data/keep/known_copies.h"
#include "data/keep/make_backup.h"
#include "data/keep/remote_garbage.h"
#include "data/keep/retention.h"

namespace millgate {

namespace {

struct Options {
  std::string address;
  std::string name;
  bool full = false;
  bool list = false;
  Retention retention;
};

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

/// A series, the oldest first, and which of it stay.
struct Series {
  std::vector<Backup> backups;
  std::vector<bool> kept;

  [[nodiscard]] std::vector<int64_t> numbers_to_remove() const {
    std::vector<int64_t> numbers;
    for (size_t i = 0; i < backups.size(); ++i) {
      if (!kept[i]) numbers.push_back(backups[i].number);
    }
    return numbers;
  }
};

Result<Series> read_series(const Remote& remote, const std::string& name,
                           const std::vector<int64_t>& numbers, const Retention& retention) {
  Series series;
  std::vector<Time> times;
  for (const int64_t number : numbers) {
    MILLGATE_ASSIGN(Backup backup, read_backup(remote, name, number));
    times.push_back(backup.time);
    series.backups.push_back(std::move(backup));
  }
  series.kept = retention.any() ? kept_by(retention, times) : std::vector<bool>(times.size(), true);
  return series;
}

Result<int> list(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const Remote remote, open_remote_at(*repository, options.address));
  MILLGATE_ASSIGN(const auto all, list_backups(remote));
  Json json = Json::array();
  std::vector<std::string> titles = {"backups", "number", "made", "by", "events"};
  if (options.retention.any()) titles.emplace_back("rule");
  TextTable table(titles);
  for (const auto& [name, numbers] : all) {
    if (!options.name.empty() && name != options.name) continue;
    MILLGATE_ASSIGN(const Series series, read_series(remote, name, numbers, options.retention));
    for (size_t i = 0; i < series.backups.size(); ++i) {
      const Backup& backup = series.backups[i];
      json.push_back({{"backup", name},
                      {"number", backup.number},
                      {"time", to_string(backup.time)},
                      {"author", backup.author},
                      {"event_count", backup.event_count},
                      {"stays", bool{series.kept[i]}}});
      std::vector<std::string> row = {name, std::to_string(backup.number), to_string(backup.time),
                                      backup.author, grouped(backup.event_count)};
      if (options.retention.any()) row.emplace_back(series.kept[i] ? "stays" : "would go");
      table.add(std::move(row));
    }
  }
  if (session.json) {
    print_json(json);
  } else {
    table.print(std::cout);
  }
  return kDone;
}

/// After a backup: the older ones that no rule keeps, and what only they needed.
Result<std::optional<RemoteGarbageReport>> thin_out(const Repository& repository, Remote& remote,
                                                    const std::string& name,
                                                    const Retention& retention) {
  if (!retention.any()) return std::optional<RemoteGarbageReport>();
  MILLGATE_ASSIGN(const auto all, list_backups(remote));
  MILLGATE_ASSIGN(const Series series, read_series(remote, name, all.at(name), retention));
  const std::vector<int64_t> numbers = series.numbers_to_remove();
  if (numbers.empty()) return std::optional<RemoteGarbageReport>();
  RemoteGarbageOptions how;
  how.backups_to_remove[name] = numbers;
  how.author = author_name();
  auto report = collect_remote_garbage(repository, remote, how);
  if (!report.ok()) {
    return std::move(report).error().inside("the backup was made, older ones were not removed");
  }
  return std::optional<RemoteGarbageReport>(*std::move(report));
}

Result<int> backup(const Session& session, const Options& options) {
  if (options.list) return list(session, options);
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const std::string address, remote_address(*repository, options.address));
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
  MILLGATE_ASSIGN(const auto thinned, thin_out(*repository, remote, how.name, options.retention));
  if (session.json) {
    Json json = to_json(report);
    if (options.retention.any()) {
      json["removed"] = thinned ? to_json(*thinned) : to_json(RemoteGarbageReport());
    }
    print_json(json);
  } else {
    print_report(report);
    if (thinned) print_remote_garbage(*thinned, false);
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
  command.add_flag("--list", options->list,
                   "tell what is there, and what the rules below would keep; make none");
  Retention& retention = options->retention;
  const auto add_rule = [&](const char* name, int64_t& count, const char* help) {
    command.add_option(name, count, help).not_negative();
  };
  add_rule("--keep-last", retention.last, "afterwards remove older ones, but the newest N");
  add_rule("--keep-daily", retention.daily, "and the newest one of each of N days");
  add_rule("--keep-weekly", retention.weekly, "and of each of N weeks");
  add_rule("--keep-monthly", retention.monthly, "and of each of N months");
  add_rule("--keep-yearly", retention.yearly, "and of each of N years");
  command.does([&session, options] { return backup(session, *options); });
}

}  // namespace millgate
