#include "system/pipeline/run_steps.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <thread>
#include <utility>

#include "ground/child_process.h"
#include "ground/durable_file.h"
#include "ground/file_lock.h"
#include "ground/json.h"
#include "ground/nearest_name.h"
#include "ground/shortest_text.h"
#include "system/pipeline/step_files.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

constexpr const char* kStepEvent = "step";
/// Results of a step whose files stay in the cache.
constexpr size_t kKeptResults = 5;
/// Lines of what a failed command said that its error tells.
constexpr size_t kToldLines = 10;

/// A time that a step ran, as the ledger keeps it.
struct Record {
  StepKey key;
  FileHashes writes;
  std::set<std::string> changes;  ///< Files that its command names and changes by the way.
};

/// Of each step, the newest last.
using Records = std::map<std::string, std::vector<Record>>;

Result<Records> read_records(const Ledger& ledger) {
  Records records;
  MILLGATE_ASSIGN(const auto events, ledger.events(0, kStepEvent));
  for (const Event& event : events) {
    const std::string object = "event " + std::to_string(event.number);
    MILLGATE_ASSIGN(const Json body, parse_json(event.body, object));
    MILLGATE_ASSIGN(const Json key, json_member<Json>(body, "key", object));
    Record record;
    MILLGATE_ASSIGN(record.key, StepKey::load(key));
    MILLGATE_ASSIGN(record.writes, json_member<FileHashes>(body, "writes", object));
    MILLGATE_ASSIGN(record.changes, json_member<std::set<std::string>>(body, "changes", object));
    records[event.subject].push_back(std::move(record));
  }
  return records;
}

/// What is to be done about a step.
struct Decision {
  enum class Action : uint8_t { reuse, bring_back, run };
  Action action = Action::run;
  std::string why;
  StepKey key;
  FilesRead read;
  std::set<std::string> changes;  ///< As in the newest record.
  FileHashes made_before;         ///< To bring back, or there already.
};

/// In words, the first path at which `there` is not what was `written`.
std::string changed_output(const FileHashes& written, const FileHashes& there) {
  for (const auto& [path, sha256] : written) {
    const auto found = there.find(path);
    if (found == there.end()) return "`" + path + "` is gone";
    if (found->second != sha256) return "`" + path + "` was changed";
  }
  for (const auto& [path, sha256] : there) {
    if (!written.contains(path)) return "`" + path + "` was added";
  }
  return {};
}

/// A command that runs, and what is known when it has.
struct Running {
  size_t step = 0;
  Decision decision;
  std::thread thread;
  std::optional<Status> status;  ///< Set when it has ended.
  ProcessEnd end;
  std::vector<std::string> last_lines;  ///< Of what it said.
};

/// "ended with exit code 3", "was ended by signal 9 (Killed)".
std::string in_words(const ProcessEnd& end, const CommandStep& step) {
  switch (end.fate) {
    case ProcessFate::exited:
      return "ended with exit code " + std::to_string(end.code);
    case ProcessFate::signalled:
      return "was ended by signal " + std::to_string(end.code) + " (" + ::strsignal(end.code) + ")";
    default:
      return "took longer than " + shortest_text(step.seconds_max) + " s, its limit, and was ended";
  }
}

/// The last lines of `text`, at most kToldLines.
std::vector<std::string> last_lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  if (lines.size() > kToldLines) lines.erase(lines.begin(), lines.end() - kToldLines);
  return lines;
}

/// The steps of a project while they are planned or run.
class StepRun {
 public:
  StepRun(const Repository& repository, const Project& project, const StepOptions& options)
      : repository_(repository),
        project_(project),
        steps_(project.steps),
        options_(options),
        cache_(repository.folder("cache") + "/files.json"),
        kept_(repository.folder("cache") + "/step-files"),
        before_(steps_before(project.steps)) {}

  Status open() {
    MILLGATE_ASSIGN(records_, read_records(repository_.ledger()));
    return choose();
  }

  Result<std::vector<StepReport>> plan() {
    std::vector<StepReport> reports;
    std::vector<bool> will_run(steps_.size());
    // Before the steps that read what they write, whatever the order of the project file.
    for (const size_t i : in_order()) {
      StepReport report{
          .name = steps_[i].name, .key = "", .reused = false, .why = "", .seconds = 0};
      for (const size_t earlier : before_[i]) {
        if (will_run[earlier]) {
          report.why += (report.why.empty() ? "waits for `" : ", `") + steps_[earlier].name + "`";
        }
      }
      if (report.why.empty()) {
        MILLGATE_ASSIGN(const Decision decision, decide(i));
        report.key = decision.key.id().brief();
        report.reused = decision.action != Decision::Action::run;
        report.why = decision.why;
      }
      will_run[i] = !report.reused;
      reports.push_back(std::move(report));
    }
    return reports;
  }

  Result<std::vector<StepReport>> run(Repository& repository) {
    MILLGATE_TRY(recover());
    const size_t workers = options_.workers > 0 ? static_cast<size_t>(options_.workers)
                                                : std::max(1U, std::thread::hardware_concurrency());
    Status failed;
    for (;;) {
      while (failed.ok() && running_.size() < workers) {
        const std::optional<size_t> next = ready();
        if (!next) break;
        failed = begin(*next, repository);
      }
      if (running_.empty()) break;
      const Status status = finish(wait_for_one(), repository);
      if (failed.ok()) failed = status;
    }
    MILLGATE_TRY(failed);
    MILLGATE_TRY(cache_.save());
    MILLGATE_TRY(tidy());
    std::vector<StepReport> reports;
    for (const size_t i : in_order()) reports.push_back(*done_[i]);
    return reports;
  }

 private:
  /// Fills `chosen_` and `done_`.
  Status choose() {
    done_.resize(steps_.size());
    chosen_.assign(steps_.size(), options_.only.empty());
    std::vector<size_t> open;
    for (const std::string& name : options_.only) {
      const auto found = std::find_if(steps_.begin(), steps_.end(),
                                      [&](const CommandStep& step) { return step.name == name; });
      if (found == steps_.end()) {
        std::vector<std::string> names;
        names.reserve(steps_.size());
        for (const CommandStep& step : steps_) names.push_back(step.name);
        return not_found("there is no step `" + name + "`", name_hint(name, names));
      }
      open.push_back(static_cast<size_t>(found - steps_.begin()));
    }
    while (!open.empty()) {
      const size_t step = open.back();
      open.pop_back();
      if (chosen_[step]) continue;
      chosen_[step] = true;
      open.insert(open.end(), before_[step].begin(), before_[step].end());
    }
    return {};
  }

  /// The chosen steps, each after those that it waits for; else as in the project file.
  std::vector<size_t> in_order() const {
    std::vector<size_t> order;
    std::vector<bool> placed(steps_.size());
    for (bool moved = true; moved;) {
      moved = false;
      for (size_t i = 0; i < steps_.size() && !moved; ++i) {
        if (placed[i] || !chosen_[i]) continue;
        moved = std::all_of(before_[i].begin(), before_[i].end(),
                            [&](size_t earlier) { return placed[earlier]; });
        if (moved) {
          placed[i] = true;
          order.push_back(i);
        }
      }
    }
    return order;
  }

  Result<Decision> decide(size_t index) {
    const CommandStep& step = steps_[index];
    Decision decision;
    const auto found = records_.find(step.name);
    if (found != records_.end()) decision.changes = found->second.back().changes;
    MILLGATE_ASSIGN(decision.read, files_read(project_.folder, step, decision.changes, cache_));
    decision.key = key_of(step, decision.read.all_but_changed(decision.read));
    if (options_.force) {
      decision.why = "forced";
      return decision;
    }
    if (found == records_.end()) {
      decision.why = "first run";
      return decision;
    }
    const Record& newest = found->second.back();
    const Record* same = nullptr;
    for (auto record = found->second.rbegin(); record != found->second.rend(); ++record) {
      if (record->key.id() != decision.key.id()) continue;
      same = &*record;
      break;
    }
    decision.why = decision.key.difference_from(newest.key);
    if (same == nullptr) return decision;
    MILLGATE_ASSIGN(const auto there, files_written(project_.folder, step, cache_));
    decision.made_before = same->writes;
    const std::string changed = changed_output(same->writes, there.there);
    if (changed.empty()) {
      decision.action = Decision::Action::reuse;
      return decision;
    }
    if (same == &newest) decision.why = changed;
    if (!kept_.has(same->writes)) return decision;
    decision.action = Decision::Action::bring_back;
    return decision;
  }

  std::string folder_of(const CommandStep& step) const {
    return repository_.folder("steps") + "/" + step.name;
  }

  /// Moves what `step` writes from one folder to another, as far as it is there.
  Status move_files(const CommandStep& step, const std::string& from, const std::string& to) const {
    for (const std::string& path : step.writes) {
      std::error_code failed;
      const fs::path source = fs::path(from) / path;
      if (!fs::exists(source, failed)) continue;
      const fs::path target = fs::path(to) / path;
      fs::create_directories(target.parent_path(), failed);
      if (!failed) fs::remove_all(target, failed);
      if (!failed) fs::rename(source, target, failed);
      if (failed) {
        return outside_failure("cannot move `" + source.string() + "` to `" + target.string() +
                               "`: " + failed.message());
      }
    }
    return {};
  }

  /// Whether `step` made all that lies where it writes: only that can be made again.
  Result<bool> is_made_by(const CommandStep& step) {
    MILLGATE_ASSIGN(const FilesWritten files, files_written(project_.folder, step, cache_));
    if (files.there.empty()) return true;
    const std::vector<Record>& made = records_[step.name];
    return std::any_of(made.begin(), made.end(), [&](const Record& record) {
      return std::all_of(files.there.begin(), files.there.end(), [&](const auto& file) {
        const auto found = record.writes.find(file.first);
        return found != record.writes.end() && found->second == file.second;
      });
    });
  }

  /// Clears the place where `step` writes. What lies there and was not made by it, stays in
  /// `.millgate/steps/NAME/replaced`.
  Status set_aside(const CommandStep& step) {
    const std::string before = folder_of(step) + "/before";
    MILLGATE_ASSIGN(const bool is_its_own, is_made_by(step));
    std::error_code failed;
    if (!is_its_own) {
      const std::string replaced = folder_of(step) + "/replaced";
      fs::remove_all(replaced, failed);
      for (const std::string& path : step.writes) {
        const fs::path kept = fs::path(replaced) / path;
        fs::create_directories(kept.parent_path(), failed);
        if (!failed && fs::exists(fs::path(project_.folder) / path, failed)) {
          fs::copy(fs::path(project_.folder) / path, kept, fs::copy_options::recursive, failed);
        }
        if (failed) {
          return outside_failure("cannot keep `" + path + "`, which step `" + step.name +
                                 "` would replace: " + failed.message());
        }
      }
    }
    fs::create_directories(before, failed);
    MILLGATE_TRY(move_files(step, project_.folder, before));
    for (const std::string& path : step.writes) {
      fs::create_directories((fs::path(project_.folder) / path).parent_path(), failed);
    }
    return {};
  }

  /// What a step that failed, or that was broken off, had written goes away; what was there before
  /// comes back.
  Status put_back(const CommandStep& step) const {
    std::error_code failed;
    fs::remove_all(folder_of(step) + "/failed", failed);
    MILLGATE_TRY(move_files(step, project_.folder, folder_of(step) + "/failed"));
    MILLGATE_TRY(move_files(step, folder_of(step) + "/before", project_.folder));
    fs::remove_all(folder_of(step) + "/before", failed);
    return {};
  }

  /// After a run that was killed.
  Status recover() const {
    for (const CommandStep& step : steps_) {
      std::error_code none;
      if (fs::exists(folder_of(step) + "/before", none)) MILLGATE_TRY(put_back(step));
    }
    return {};
  }

  /// A chosen step that nothing was done about yet and that waits for none.
  std::optional<size_t> ready() const {
    for (size_t i = 0; i < steps_.size(); ++i) {
      const bool is_running = std::any_of(running_.begin(), running_.end(),
                                          [&](const auto& running) { return running->step == i; });
      if (!chosen_[i] || done_[i] || is_running) continue;
      if (std::all_of(before_[i].begin(), before_[i].end(),
                      [&](size_t earlier) { return done_[earlier].has_value(); })) {
        return i;
      }
    }
    return std::nullopt;
  }

  void tell(const CommandStep& step, double share) const {
    if (options_.progress) options_.progress(step.name, share);
  }

  Status begin(size_t index, Repository& repository) {
    const CommandStep& step = steps_[index];
    MILLGATE_ASSIGN(Decision decision, decide(index));
    if (decision.action != Decision::Action::run) {
      if (decision.action == Decision::Action::bring_back) {
        MILLGATE_TRY(bring_back(step, decision));
      }
      // What was made from other files last is no longer what is there.
      if (records_[step.name].back().key.id() != decision.key.id()) {
        MILLGATE_TRY(record(
            step,
            {.key = decision.key, .writes = decision.made_before, .changes = decision.changes},
            {{"why", decision.why}, {"reused", true}}, repository));
      }
      done_[index] = StepReport{.name = step.name,
                                .key = decision.key.id().brief(),
                                .reused = true,
                                .why = decision.why,
                                .seconds = 0};
      return {};
    }
    MILLGATE_TRY(set_aside(step));
    tell(step, 0);
    auto running = std::make_unique<Running>();
    running->step = index;
    running->decision = std::move(decision);
    Running& one = *running;
    running_.push_back(std::move(running));
    // The thread lives until the command has ended, which would die with it.
    one.thread = std::thread([this, &one] {
      Status status = run_command(one);
      const std::lock_guard lock(mutex_);
      one.status = std::move(status);
      ended_.notify_one();
    });
    return {};
  }

  Status bring_back(const CommandStep& step, const Decision& decision) {
    MILLGATE_TRY(set_aside(step));
    if (Status status = kept_.bring_back(project_.folder, decision.made_before); !status.ok()) {
      MILLGATE_TRY(put_back(step));
      return status;
    }
    std::error_code none;
    fs::remove_all(folder_of(step) + "/before", none);
    return {};
  }

  /// In a thread of its own.
  Status run_command(Running& running) const {
    const CommandStep& step = steps_[running.step];
    const std::string log_path = folder_of(step) + "/log";
    std::ofstream log(log_path, std::ios::trunc);
    std::string last;
    ProcessOrder order;
    order.command = step.command;
    order.folder = project_.folder;
    order.seconds_max = step.seconds_max;
    order.on_line = [&](std::string_view line) -> Status {
      last = line;
      if (log << line << '\n') return {};
      return system_failure("write", log_path, errno);
    };
    Json all = Json::object();
    for (const auto& [name, value] : step.parameters) {
      order.environment[CommandStep::variable_of(name)] = value;
      all[name] = value;
    }
    order.environment["MILLGATE_PARAMETERS"] = dump_json(all);
    order.environment["MILLGATE_STEP"] = step.name;
    const Status status = run_process(order, running.end);
    log << running.end.errors;
    running.last_lines = last_lines_of(running.end.errors.empty() ? last : running.end.errors);
    return status;
  }

  std::unique_ptr<Running> wait_for_one() {
    std::unique_lock lock(mutex_);
    auto found = running_.end();
    ended_.wait(lock, [&] {
      found = std::find_if(running_.begin(), running_.end(),
                           [](const auto& one) { return one->status.has_value(); });
      return found != running_.end();
    });
    std::unique_ptr<Running> one = std::move(*found);
    running_.erase(found);
    lock.unlock();
    one->thread.join();
    return one;
  }

  Error step_error(const CommandStep& step, const Running& running, const std::string& what,
                   const std::string& hint = {}) const {
    Error error = step.section.error_at(
        "command", "step `" + step.name + "` " + what,
        hint.empty() ? "all that it said: .millgate/steps/" + step.name + "/log" : hint);
    for (const std::string& line : running.last_lines) error.because.push_back(line);
    return error;
  }

  /// Appends the event that says so.
  Status record(const CommandStep& step, Record record, Json body, Repository& repository) {
    body["key"] = record.key.save();
    body["writes"] = record.writes;
    body["changes"] = record.changes;
    MILLGATE_TRY(repository.ledger().append({.kind = kStepEvent,
                                             .subject = step.name,
                                             .author = options_.author,
                                             .body = dump_json(body)}));
    records_[step.name].push_back(std::move(record));
    return {};
  }

  /// The command ended well, and made what it should from what it was to read.
  Result<Record> outcome(const CommandStep& step, const Running& running) {
    if (!running.status->ok()) {
      return step_error(step, running, "could not run: " + running.status->error().what);
    }
    if (running.end.fate != ProcessFate::exited || running.end.code != 0) {
      return step_error(step, running, in_words(running.end, step));
    }
    MILLGATE_ASSIGN(FilesWritten written, files_written(project_.folder, step, cache_));
    if (!written.missing.empty()) {
      std::string missing;
      for (const std::string& path : written.missing) {
        missing += (missing.empty() ? "`" : ", `") + path + "`";
      }
      return step_error(step, running, "ended well and did not write " + missing);
    }
    const Decision& decision = running.decision;
    MILLGATE_ASSIGN(const FilesRead read,
                    files_read(project_.folder, step, decision.changes, cache_));
    if (read.listed != decision.read.listed) {
      return step_error(step, running,
                        "read files that changed while it ran: " +
                            changed_output(decision.read.listed, read.listed),
                        "run again; what it wrote was not taken");
    }
    Record record{.key = key_of(step, decision.read.all_but_changed(read)),
                  .writes = std::move(written.there),
                  .changes = decision.changes};
    record.changes.merge(decision.read.changed_names(read));
    return record;
  }

  Status finish(const std::unique_ptr<Running>& running, Repository& repository) {
    const CommandStep& step = steps_[running->step];
    auto made = outcome(step, *running);
    if (!made.ok()) {
      MILLGATE_TRY(put_back(step));
      return made.error();
    }
    const ProcessEnd& end = running->end;
    const Decision& decision = running->decision;
    MILLGATE_TRY(kept_.keep(project_.folder, made->writes));
    const std::string key = made->key.id().brief();
    MILLGATE_TRY(record(step, *std::move(made),
                        {{"why", decision.why},
                         {"seconds", end.seconds},
                         {"cpu_seconds", end.cpu_seconds},
                         {"memory_bytes", end.memory_bytes_peak}},
                        repository));
    std::error_code none;
    fs::remove_all(folder_of(step) + "/before", none);
    done_[running->step] = StepReport{.name = step.name,
                                      .key = key,
                                      .reused = false,
                                      .why = decision.why,
                                      .seconds = end.seconds};
    tell(step, 1);
    return {};
  }

  /// Files of results that are old go from the cache.
  Status tidy() const {
    std::vector<FileHashes> wanted;
    for (const auto& [name, records] : records_) {
      const size_t from = records.size() - std::min(records.size(), kKeptResults);
      for (size_t i = from; i < records.size(); ++i) wanted.push_back(records[i].writes);
    }
    return kept_.forget_all_but(wanted);
  }

  const Repository& repository_;
  const Project& project_;
  const std::vector<CommandStep>& steps_;
  const StepOptions& options_;
  HashCache cache_;
  KeptFiles kept_;
  std::vector<std::vector<size_t>> before_;
  Records records_;
  std::vector<bool> chosen_;
  std::vector<std::optional<StepReport>> done_;
  std::vector<std::unique_ptr<Running>> running_;
  std::mutex mutex_;  ///< Guards `status` of those that run.
  std::condition_variable ended_;
};

}  // namespace

Result<std::vector<StepReport>> plan_steps(const Repository& repository, const Project& project,
                                           const StepOptions& options) {
  StepRun run(repository, project, options);
  MILLGATE_TRY(run.open());
  return run.plan();
}

Result<std::vector<StepReport>> run_steps(Repository& repository, const Project& project,
                                          const StepOptions& options) {
  if (project.steps.empty() && options.only.empty()) return std::vector<StepReport>();
  MILLGATE_ASSIGN(const Descriptor lock, lock_file(repository.folder("steps") + "/lock"));
  StepRun run(repository, project, options);
  MILLGATE_TRY(run.open());
  return run.run(repository);
}

Result<std::optional<CommitReport>> commit_step_files(Repository& repository,
                                                      const Project& project,
                                                      const std::string& author) {
  std::set<std::string> writers;
  const auto is_made = [&](const auto& source) {
    bool found = false;
    for (const CommandStep& step : project.steps) {
      if (!reads_from(source.path, step)) continue;
      writers.insert(step.name);
      found = true;
    }
    return found;
  };
  Project made = project;
  std::erase_if(made.sources, [&](const Source& source) { return !is_made(source); });
  std::erase_if(made.folders, [&](const FolderSource& source) { return !is_made(source); });
  if (writers.empty()) return std::optional<CommitReport>();
  CommitOptions options;
  options.author = author;
  for (const std::string& name : writers) {
    options.message += (options.message.empty() ? "made by " : ", ") + name;
  }
  MILLGATE_ASSIGN(CommitReport report, commit_sources(repository, made, options));
  return std::optional(std::move(report));
}

}  // namespace millgate
