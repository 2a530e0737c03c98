/// Another program, run to its end within limits.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// What is to be run, and how far it may go.
struct ProcessOrder {
  std::vector<std::string> command;  ///< The first is found along PATH, or from `folder` with a /.
  std::string folder;                ///< It begins there.
  std::map<std::string, std::string> environment = {};  ///< Beside our own, which it inherits.
  double seconds_max = 0;                               ///< 0: no limit.
  int64_t memory_bytes_max = 0;      ///< Resident, of all its processes together; 0: no limit.
  std::string measured_folder = {};  ///< Whose files may not grow beyond `folder_bytes_max`.
  int64_t folder_bytes_max = 0;      ///< 0: no limit.
  /// Called with each line of its standard output, without the end, cut at `kProcessLineMax`
  /// bytes. An error stops the program, and is what `run_process` gives back.
  std::function<Status(std::string_view line)> on_line = {};
};
inline constexpr size_t kProcessLineMax = size_t{64} * 1024;
inline constexpr size_t kProcessErrorsMax = size_t{64} * 1024;

/// How a program ended.
enum class ProcessFate : uint8_t { exited, signalled, out_of_time, out_of_memory, out_of_disk };

struct ProcessEnd {
  ProcessFate fate = ProcessFate::exited;
  int code = 0;        ///< Exit code, or the number of the signal.
  std::string errors;  ///< Its standard error: of more than kProcessErrorsMax bytes the first
                       ///< quarter and the last three.
  double seconds = 0;
  double cpu_seconds = 0;         ///< Of it and the processes that it waited for.
  int64_t memory_bytes_peak = 0;  ///< Of the largest of them.
};

/// Runs `order` and waits. The program leads a process group of its own; when it has ended, by
/// itself or because a limit was reached (first asked by SIGTERM, two seconds later killed), what
/// is left of the group is killed. So it is when this process dies, be it by kill -9: a shell waits
/// for that. A process that leaves the group is out of reach.
///
/// Its standard input is empty. Limits of memory and folder are looked at five times a second.
/// Thread-safe; `on_line` is called on the calling thread.
/// Errors: `outside` when it cannot be started; that of `on_line`, with `end` filled.
[[nodiscard]] Status run_process(const ProcessOrder& order, ProcessEnd& end);

}  // namespace millgate
