#include "system/serve/rollback_drill.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "ground/durable_file.h"
#include "ground/ledger_copy.h"
#include "model/artifact/model.h"
#include "system/serve/client.h"
#include "system/serve/json_text.h"
#include "system/serve/server.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;
using Stopwatch = std::chrono::steady_clock;

/// A project of its own with the ledger's events and the objects of another, gone at the end.
class RehearsalStage {
 public:
  RehearsalStage()
      : folder_((fs::temp_directory_path() / unique_name("millgate-drill-")).string()) {}
  ~RehearsalStage() {
    repository.reset();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);  // Removes the link to the objects, and nothing behind it.
  }
  RehearsalStage(const RehearsalStage&) = delete;
  RehearsalStage& operator=(const RehearsalStage&) = delete;

  Status set_up(const Repository& real) {
    MILLGATE_ASSIGN(repository, Repository::init(folder_, real.clock()));
    repository.reset();
    const std::string hidden = folder_ + "/.millgate";
    const std::string stored = fs::absolute(real.project_folder()).string() + "/.millgate";
    std::error_code failed;
    fs::remove_all(hidden + "/objects", failed);
    if (!failed) fs::create_directory_symlink(stored + "/objects", hidden + "/objects", failed);
    for (const char* end : {"", "-wal", "-shm"}) {
      if (!failed) fs::remove(hidden + "/ledger.sqlite" + end, failed);
    }
    if (failed) return outside_failure("drill: `" + folder_ + "`: " + failed.message());
    MILLGATE_TRY(copy_ledger(stored + "/ledger.sqlite", hidden + "/ledger.sqlite"));
    MILLGATE_ASSIGN(repository, Repository::open(folder_, real.clock()));
    return {};
  }

  std::shared_ptr<Repository> repository;

 private:
  std::string folder_;
};

/// A row with every input of the model unknown.
std::string unknown_row(const Model& model) {
  std::string body = "{";
  for (const Field& input : model.features().inputs()) {
    if (body.size() > 1) body += ',';
    append_json_text(body, input.name);
    body += ":null";
  }
  return body + "}";
}

/// What the clients saw.
class Audience {
 public:
  Audience(std::string url, std::vector<std::string> bodies, int clients)
      : url_(std::move(url)), bodies_(std::move(bodies)), last_(static_cast<size_t>(clients)) {
    for (size_t i = 0; i < last_.size(); ++i) threads_.emplace_back([this, i] { ask(i); });
  }
  ~Audience() { leave(); }
  Audience(const Audience&) = delete;
  Audience& operator=(const Audience&) = delete;

  void leave() {
    leaving_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  /// Waits until every client's last answer came from `model`; whether it did before `end`.
  bool sees(const Id& model, Stopwatch::time_point end) {
    while (Stopwatch::now() < end) {
      {
        const std::scoped_lock lock(mutex_);
        const auto by_it = [&](const std::string& one) { return one == model.brief(); };
        if (std::all_of(last_.begin(), last_.end(), by_it)) return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }
  int64_t asked = 0;
  int64_t failed = 0;

 private:
  void ask(size_t number) {
    auto client = HttpClient::open(url_);
    for (size_t i = number; !leaving_ && client.ok(); ++i) {
      const auto answer = client->post("/predict", bodies_[i % bodies_.size()]);
      const std::scoped_lock lock(mutex_);
      ++asked;
      if (!answer.ok() || answer->status != 200) {
        ++failed;
        continue;
      }
      constexpr std::string_view kBefore = "{\"model\":\"";
      if (answer->body.starts_with(kBefore))
        last_[number] = answer->body.substr(kBefore.size(), 12);
    }
  }

  std::string url_;
  std::vector<std::string> bodies_;
  std::mutex mutex_;
  std::vector<std::string> last_;  ///< Who answered each client last.
  std::atomic<bool> leaving_{false};
  std::vector<std::thread> threads_;
};

Error too_late(const Id& model, std::chrono::milliseconds patience) {
  return outside_failure("drill: model " + model.brief() + " did not serve within " +
                             std::to_string(patience.count()) + " ms",
                         "`millgate serve` and /health/ready tell why it cannot");
}

}  // namespace

Result<Drill> drill_rollback(const Repository& repository, const Rollback& rollback,
                             const RollbackDrillOptions& options) {
  MILLGATE_ASSIGN(const std::optional<Serving> now,
                  serving(repository.ledger(), std::nullopt, rollback.environment));
  if (!now) return not_found("drill: nothing serves", "release a model first");
  RehearsalStage stage;
  MILLGATE_TRY(stage.set_up(repository));
  ServerOptions how;
  how.log_predictions = false;
  const ProjectToServe project{
      .name = "drill", .repository = stage.repository, .environment = rollback.environment};
  MILLGATE_ASSIGN(const auto server, Server::start({project}, how));
  MILLGATE_ASSIGN(const auto model, Model::load(stage.repository->objects(), now->model));
  Audience audience(server->url(), {unknown_row(*model)}, options.clients);
  if (!audience.sees(now->model, Stopwatch::now() + options.patience)) {
    return too_late(now->model, options.patience);
  }
  const Stopwatch::time_point begin = Stopwatch::now();
  MILLGATE_ASSIGN(const Serving back, roll_back(stage.repository->ledger(), rollback, "drill"));
  if (!audience.sees(back.model, begin + options.patience)) {
    return too_late(back.model, options.patience);
  }
  const std::chrono::duration<double> taken = Stopwatch::now() - begin;
  audience.leave();
  server->stop();
  return Drill{.from = now->model,
               .to = back.model,
               .seconds = taken.count(),
               .request_count = audience.asked,
               .failed_count = audience.failed};
}

}  // namespace millgate
