#include "app/transfer_report.h"

#include <iostream>

#include "app/talk.h"
#include "app/text_table.h"

namespace millgate {

namespace {

const char* name_of(TransferOutcome outcome) {
  switch (outcome) {
    case TransferOutcome::up_to_date:
      return "up to date";
    case TransferOutcome::moved:
      return "moved";
    case TransferOutcome::ahead:
      return "ahead";
    case TransferOutcome::diverged:
      break;
  }
  return "diverged";
}

std::string brief(const std::optional<Id>& id) { return id ? id->brief() : "new"; }

Json to_json(const TransferReport& report) {
  Json branches = Json::array();
  for (const BranchTransfer& one : report.branches) {
    branches.push_back({{"branch", one.branch},
                        {"outcome", name_of(one.outcome)},
                        {"from", one.from ? Json(one.from->hex()) : Json(nullptr)},
                        {"to", one.to.hex()}});
  }
  return {{"branches", branches},
          {"tags", report.tags},
          {"differing_tags", report.differing_tags},
          {"object_count", report.object_count},
          {"object_bytes", report.object_bytes}};
}

}  // namespace

int print_transfer(const Session& session, const TransferReport& report,
                   const std::string& remote_name) {
  const bool no = report.any_diverged() || !report.differing_tags.empty();
  if (session.json) {
    print_json(to_json(report));
    return no ? kAnswerIsNo : kDone;
  }
  TextTable table({"branch", "state", "from", "to"});
  for (const BranchTransfer& one : report.branches) {
    table.add({one.branch, name_of(one.outcome), brief(one.from), one.to.brief()});
  }
  table.print(std::cout);
  for (const std::string& tag : report.tags) std::cout << "new tag " << tag << '\n';
  std::cout << grouped(report.object_count) << " objects travelled ("
            << byte_size(report.object_bytes) << ")\n";
  for (const BranchTransfer& one : report.branches) {
    if (one.outcome != TransferOutcome::diverged) continue;
    std::cerr << "hint: `" << one.branch << "` here and on " << remote_name
              << " have commits that the other lacks; nothing was moved. Bring them together: "
                 "`millgate pull && millgate merge "
              << remote_name << '/' << one.branch << "`\n";
  }
  for (const std::string& tag : report.differing_tags) {
    std::cerr << "hint: tag `" << tag << "` names another commit on " << remote_name
              << "; nothing was changed\n";
  }
  return no ? kAnswerIsNo : kDone;
}

void print_remote_garbage(const RemoteGarbageReport& report, bool dry_run) {
  for (const auto& [name, numbers] : report.removed_backups) {
    std::cout << "removed backups of " << name << ':';
    for (const int64_t number : numbers) std::cout << ' ' << number;
    std::cout << '\n';
  }
  std::cout << grouped(std::ssize(report.removed)) << " objects ("
            << byte_size(report.removed_bytes) << ") that nothing there needs "
            << (dry_run ? "would be removed" : "were removed") << "; " << grouped(report.kept_count)
            << " stay\n";
}

Json to_json(const RemoteGarbageReport& report) {
  Json removed = Json::array();
  for (const Id& id : report.removed) removed.push_back(id.hex());
  return {{"kept_count", report.kept_count},
          {"removed_count", report.removed.size()},
          {"removed_bytes", report.removed_bytes},
          {"removed", removed},
          {"removed_backups", report.removed_backups}};
}

std::function<void(int64_t, int64_t)> transfer_progress(const std::string& what) {
  const auto progress = progress_line();
  if (!progress) return {};
  return [progress, what](int64_t done, int64_t total) {
    progress(what, static_cast<double>(done) / static_cast<double>(total));
  };
}

}  // namespace millgate
