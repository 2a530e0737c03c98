/// One step of a run as it went.
#pragma once

#include <chrono>
#include <string>

namespace millgate {

/// What the step was, and whether it had to run.
struct StepReport {
  std::string name;     ///< "join", "tune" or "train".
  std::string key;      ///< Hash of everything it reads; brief.
  bool reused = false;  ///< Its result was there already.
  std::string why;      ///< What changed since the run before; "first run"; "nothing changed".
  double seconds = 0;
};

/// Runs from when it is made.
class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace millgate
