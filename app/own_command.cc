#include "app/own_command.h"

#include <filesystem>

#include "ground/child_process.h"

namespace millgate {

Result<CommandSaid> run_own_command(const Project& project, const std::vector<std::string>& words) {
  std::error_code failed;
  ProcessOrder order;
  order.folder = project.folder;
  order.command = {std::filesystem::read_symlink("/proc/self/exe", failed).string(), "-C",
                   project.folder};
  order.command.insert(order.command.end(), words.begin(), words.end());
  CommandSaid said;
  order.on_line = [&](std::string_view line) {
    said.output += std::string(line) + "\n";
    return Status();
  };
  ProcessEnd end;
  MILLGATE_TRY(run_process(order, end));
  said.code = end.code;
  const std::string name = "millgate " + words.front();
  if (end.fate != ProcessFate::exited || end.code >= 3) {
    return outside_failure(name + " did not come to its end: " + end.errors);
  }
  // A request that is wrong is wrong again the next time.
  if (end.code == 2) {
    return Error{.code = ErrorCode::refused, .what = name + ": " + end.errors};
  }
  return said;
}

}  // namespace millgate
