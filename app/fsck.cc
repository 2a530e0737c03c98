#include <filesystem>
#include <iostream>

#include "app/commands.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "data/keep/remote.h"
#include "data/keep/soundness.h"

namespace millgate {

namespace {

constexpr size_t kBreaksShown = 10;

/// Where good copies are: a remote by name or address, or another project's folder.
Result<std::shared_ptr<FileStore>> open_copies(const Repository& repository,
                                               const std::string& path) {
  MILLGATE_ASSIGN(const auto remotes, read_remotes(repository));
  const auto named = remotes.find(path);
  const std::string address = named == remotes.end() ? path : named->second;
  if (named != remotes.end() || path.starts_with("s3://")) {
    MILLGATE_ASSIGN(Remote remote, open_remote(address));
    return remote.shared_files();
  }
  for (const std::string& folder : {path, path + "/.millgate"}) {
    if (std::filesystem::is_directory(folder + "/objects")) return open_local_file_store(folder);
  }
  return not_found("there are no objects in `" + path + "`",
                   "name a remote, a folder that was pushed to, or another copy of the project");
}

void print_report(const SoundnessReport& report) {
  for (const BrokenObject& one : report.broken) {
    std::cout << "object " << one.id.brief() << (one.missing ? " is missing" : " is damaged")
              << (one.repaired ? ", repaired" : "") << '\n';
    for (size_t i = 0; i < one.breaks.size() && i < kBreaksShown; ++i) {
      std::cout << "  breaks " << one.breaks[i] << '\n';
    }
    if (one.breaks.empty()) std::cout << "  nothing that can be read needs it\n";
    if (one.breaks.size() > kBreaksShown) {
      std::cout << "  and " << grouped(static_cast<int64_t>(one.breaks.size() - kBreaksShown))
                << " more\n";
    }
  }
  std::cout << grouped(report.object_count) << " objects (" << byte_size(report.size_bytes)
            << ") and " << grouped(report.event_count) << " events: "
            << (report.broken.empty() ? "all whole"
                                      : grouped(static_cast<int64_t>(report.broken.size())) +
                                            (report.sound() ? " repaired" : " broken"))
            << '\n';
}

Json to_json(const SoundnessReport& report) {
  Json broken = Json::array();
  for (const BrokenObject& one : report.broken) {
    broken.push_back({{"object", one.id.hex()},
                      {"missing", one.missing},
                      {"repaired", one.repaired},
                      {"breaks", one.breaks}});
  }
  return {{"object_count", report.object_count},
          {"size_bytes", report.size_bytes},
          {"event_count", report.event_count},
          {"sound", report.sound()},
          {"broken", broken}};
}

Result<int> fsck(const Session& session, const std::string& repair_from) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  SoundnessOptions how;
  const auto progress = progress_line();
  how.progress = [&](double share) {
    if (progress) progress("reading", share);
  };
  if (!repair_from.empty()) {
    MILLGATE_ASSIGN(how.repair_from, open_copies(*repository, repair_from));
  }
  MILLGATE_ASSIGN(const SoundnessReport report, check_soundness(*repository, how));
  end_progress();
  if (session.json) {
    print_json(to_json(report));
  } else {
    print_report(report);
  }
  return report.sound() ? kDone : kAnswerIsNo;
}

}  // namespace

void add_fsck(const Command& program, Session& session) {
  auto repair_from = std::make_shared<std::string>();
  const Command command = program.add_command(
      "fsck", "prove every object and the ledger, and tell what a broken one breaks",
      "millgate fsck --repair-from origin");
  command.add_option("--repair-from", *repair_from,
                     "a remote or a folder from which broken objects are taken");
  command.does([&session, repair_from] { return fsck(session, *repair_from); });
}

}  // namespace millgate
