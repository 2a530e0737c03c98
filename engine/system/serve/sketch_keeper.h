/// Keeps sketches of what was answered: counted by the threads that answer, collected once a
/// second, written once a minute, and gone on with after a restart.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ground/clock.h"
#include "ground/descriptor.h"
#include "ground/error.h"
#include "model/sketch/model_tallies.h"
#include "model/sketch/sketch_book.h"
#include "system/serve/served_model.h"

namespace millgate {

struct SketchKeeperOptions {
  std::string folder;  ///< One file a server; a server takes over that of one that has ended.
  std::chrono::milliseconds collect_every{1'000};
  std::chrono::milliseconds write_every{60'000};  ///< What a crash loses at most.
};

/// Any number of threads.
class SketchKeeper {
 public:
  /// Errors: `outside` when the folder cannot be made. Files that cannot be read are left alone.
  [[nodiscard]] static Result<std::unique_ptr<SketchKeeper>> open(SketchKeeperOptions options);
  ~SketchKeeper();  ///< Writes what was collected.
  SketchKeeper(const SketchKeeper&) = delete;
  SketchKeeper& operator=(const SketchKeeper&) = delete;

  /// Counts rows that `model` answered. Waits for nobody (ModelTallies). Never throws: where
  /// memory ends, rows are not counted.
  void add(const ServedModel& model, Time now, const TalliedRows& rows);

  /// What this server and the others of the project counted up to now, as far as those wrote it.
  [[nodiscard]] SavedSketches all();
  /// What this server counted since it started, by model; without quantiles.
  [[nodiscard]] std::map<std::string, WindowSketch> since_start();
  /// Why it could not be written last; empty when it could.
  [[nodiscard]] std::string trouble();

 private:
  SketchKeeper(SketchKeeperOptions options, std::string name, Descriptor lock, SketchBook book);
  struct Collected {
    std::string model;
    std::shared_ptr<ModelTallies> tallies;
  };
  void run();
  void begin_collecting(const ServedModel& model);
  /// Under the lock.
  void collect();
  [[nodiscard]] Status write(const SketchBook& book) const;

  const SketchKeeperOptions options_;
  const std::string name_;  ///< Of its file.
  const Descriptor lock_;   ///< Of that file, against other servers.
  std::mutex mutex_;        ///< Of all below.
  std::vector<Collected> collected_;
  SketchBook book_;
  std::map<std::string, WindowSketch> since_start_;
  bool is_written_ = true;
  std::string trouble_;
  std::condition_variable wake_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace millgate
