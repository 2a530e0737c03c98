#include "system/serve/sketch_keeper.h"

#include <algorithm>
#include <filesystem>
#include <new>
#include <utility>

#include "ground/durable_file.h"
#include "ground/file_lock.h"
#include "ground/json.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

/// The files of `folder`, sorted.
std::vector<std::string> sketch_files(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    std::string name = entry.path().filename().string();
    if (name.ends_with(".json")) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// A replaced file cannot hold its own lock.
std::string lock_path(const std::string& path) { return path + ".lock"; }

}  // namespace

SketchKeeper::SketchKeeper(SketchKeeperOptions options, std::string name, Descriptor lock,
                           SketchBook book)
    : options_(std::move(options)),
      name_(std::move(name)),
      lock_(std::move(lock)),
      book_(std::move(book)),
      thread_([this] { run(); }) {}

Result<std::unique_ptr<SketchKeeper>> SketchKeeper::open(SketchKeeperOptions options) {
  MILLGATE_TRY(make_folders(options.folder));
  const auto keep = [&](std::string name, Descriptor lock, SketchBook book) {
    return std::unique_ptr<SketchKeeper>(
        new SketchKeeper(std::move(options), std::move(name), std::move(lock), std::move(book)));
  };
  for (const std::string& name : sketch_files(options.folder)) {
    const std::string path = options.folder + "/" + name;
    MILLGATE_ASSIGN(std::optional<Descriptor> lock, try_lock_file(lock_path(path)));
    if (!lock) continue;  // Its server runs.
    Result<SketchBook> book = read_sketch_file(path);
    if (book.ok()) return keep(name, *std::move(lock), *std::move(book));
  }
  const std::string name = unique_name("sketches-") + ".json";
  MILLGATE_ASSIGN(Descriptor lock, lock_file(lock_path(options.folder + "/" + name)));
  return keep(name, std::move(lock), {});
}

SketchKeeper::~SketchKeeper() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void SketchKeeper::run() {
  auto written_at = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  for (bool is_last = false; !is_last;) {
    wake_.wait_for(lock, options_.collect_every, [&] { return ending_; });
    is_last = ending_;
    collect();
    const auto now = std::chrono::steady_clock::now();
    if (is_written_ || (!is_last && now - written_at < options_.write_every)) continue;
    const SketchBook book = book_;
    is_written_ = true;
    // Who answers with a new model asks for the lock, and must not wait for the disk.
    lock.unlock();
    const Status status = write(book);
    lock.lock();
    trouble_ = status.ok() ? std::string() : status.error().what;
    if (!status.ok()) is_written_ = false;
    written_at = now;
  }
}

void SketchKeeper::add(const ServedModel& model, Time now, const TalliedRows& rows) {
  try {
    ModelTallies& tallies = *model.statistics().tallies;
    if (!tallies.is_collected.load(std::memory_order_acquire)) begin_collecting(model);
    tallies.add(now, rows);
  } catch (const std::bad_alloc&) {
    return;
  }
}

void SketchKeeper::begin_collecting(const ServedModel& model) {
  const std::scoped_lock lock(mutex_);
  const std::shared_ptr<ModelTallies>& tallies = model.statistics().tallies;
  if (tallies->is_collected.load()) return;
  collected_.push_back({model.version(), tallies});
  tallies->is_collected.store(true, std::memory_order_release);
}

void SketchKeeper::collect() {
  std::erase_if(collected_, [&](const Collected& one) {
    // Nobody answers with the model any more, so nothing comes after what is taken now.
    const bool is_last = one.tallies.use_count() == 1;
    for (const auto& [minute, window] : one.tallies->take()) {
      // A file of another version of the program may have other columns.
      if (!book_.add(one.model, minute, window).ok()) {
        book_.drop(one.model);
        static_cast<void>(book_.add(one.model, minute, window));
      }
      static_cast<void>(since_start_[one.model].merge(window));
      is_written_ = false;
    }
    return is_last;
  });
}

Status SketchKeeper::write(const SketchBook& book) const {
  const std::string path = options_.folder + "/" + name_;
  return publish_bytes({.temporary_path = path + ".tmp", .final_path = path},
                       dump_json(book.to_json()));
}

SavedSketches SketchKeeper::all() {
  SavedSketches saved = read_sketches(options_.folder, name_);
  const std::scoped_lock lock(mutex_);
  collect();
  if (const Status status = saved.book.merge(book_); !status.ok()) {
    saved.notes.push_back("sketches of other servers are left out: " + status.error().what);
    saved.book = book_;
    saved.file_count = 0;
  }
  ++saved.file_count;
  return saved;
}

std::map<std::string, WindowSketch> SketchKeeper::since_start() {
  const std::scoped_lock lock(mutex_);
  collect();
  return since_start_;
}

std::string SketchKeeper::trouble() {
  const std::scoped_lock lock(mutex_);
  return trouble_;
}

}  // namespace millgate
