#include "data/keep/soundness.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <set>
#include <thread>
#include <unordered_set>

#include "data/keep/object_graph.h"
#include "data/keep/stored_objects.h"

namespace millgate {

namespace {

/// Objects whose bytes do not hash to their names.
Result<std::set<Id>> find_damaged(const Repository& repository,
                                  const std::vector<StoredObject>& stored,
                                  const std::function<void(double)>& progress) {
  int64_t total_bytes = 1;
  for (const StoredObject& object : stored) total_bytes += object.size_bytes;
  std::atomic<size_t> next{0};
  std::atomic<int64_t> done_bytes{0};
  struct Findings {
    std::vector<Id> damaged;
    std::optional<Error> failed;
  };
  const auto work = [&](bool reports) {
    Findings findings;
    for (size_t i = next++; i < stored.size(); i = next++) {
      const Status status = repository.objects().verify(stored[i].id);
      if (!status.ok() && status.error().code == ErrorCode::damaged) {
        findings.damaged.push_back(stored[i].id);
      } else if (!status.ok() && status.error().code != ErrorCode::not_found) {
        findings.failed = status.error();
        break;
      }
      done_bytes += stored[i].size_bytes;
      if (reports && progress) {
        progress(static_cast<double>(done_bytes) / static_cast<double>(total_bytes));
      }
    }
    return findings;
  };
  std::vector<std::future<Findings>> threads;
  for (unsigned i = 1; i < std::thread::hardware_concurrency(); ++i) {
    threads.push_back(std::async(std::launch::async, work, false));
  }
  std::vector<Findings> all = {work(true)};
  for (auto& thread : threads) all.push_back(thread.get());
  std::set<Id> damaged;
  for (const Findings& findings : all) {
    if (findings.failed) return *findings.failed;
    damaged.insert(findings.damaged.begin(), findings.damaged.end());
  }
  return damaged;
}

std::string name_of(const Id& id, const GraphNode& node) {
  switch (node.kind) {
    case ObjectKind::commit:
      return "commit " + id.brief();
    case ObjectKind::model:
      return "model " + id.brief();
    default:
      return {};
  }
}

/// What the users of `id`, and theirs, are called: a table or folder of a commit, a model.
std::vector<std::string> breaks(const ObjectGraph& graph, const Id& id) {
  std::set<std::string> names;
  std::unordered_set<Id> seen;
  std::vector<Id> waiting = {id};
  while (!waiting.empty()) {
    const Id at = waiting.back();
    waiting.pop_back();
    const auto node = graph.nodes.find(at);
    if (node == graph.nodes.end() || !seen.insert(at).second) continue;
    for (const GraphNode::User& user : node->second.users) {
      if (user.id == Id{}) {
        // The ledger itself names it.
        names.insert((user.role == "named" ? "object " : user.role + " ") + at.brief());
        continue;
      }
      const GraphNode& by = graph.nodes.at(user.id);
      const std::string name = name_of(user.id, by);
      // A commit without its parent can still be read; only history ends there.
      if (user.role == "parent") {
        names.insert(name + " parent");
      } else if (by.kind == ObjectKind::commit) {
        names.insert(name + " " + user.role);
      } else if (!name.empty()) {
        names.insert(name);
      } else {
        waiting.push_back(user.id);
      }
    }
  }
  return {names.begin(), names.end()};
}

Status repair(Repository& repository, const FileStore& from, BrokenObject& broken) {
  auto bytes = from.read(ObjectStore::name_of(broken.id));
  if (!bytes.ok()) {
    if (bytes.error().code == ErrorCode::not_found) return {};
    return std::move(bytes).error();
  }
  if (hash_of(*bytes) != broken.id) return {};  // Damaged there as well.
  MILLGATE_TRY(repository.objects().put(*bytes));
  broken.repaired = true;
  return {};
}

}  // namespace

bool SoundnessReport::sound() const {
  return std::all_of(broken.begin(), broken.end(),
                     [](const BrokenObject& one) { return one.repaired; });
}

Result<SoundnessReport> check_soundness(Repository& repository, const SoundnessOptions& options) {
  SoundnessReport report;
  MILLGATE_TRY(repository.ledger().verify());
  MILLGATE_ASSIGN(report.event_count, repository.ledger().head());
  MILLGATE_ASSIGN(const auto stored, list_stored_objects(repository));
  report.object_count = static_cast<int64_t>(stored.size());
  for (const StoredObject& object : stored) report.size_bytes += object.size_bytes;
  MILLGATE_ASSIGN(std::set<Id> damaged, find_damaged(repository, stored, options.progress));
  MILLGATE_ASSIGN(const auto roots, ledger_references(repository.ledger()));
  std::map<Id, BrokenObject> broken;
  bool repaired_some = true;
  // A repaired object may lead to more that is missing.
  while (std::exchange(repaired_some, false)) {
    // A record that is broken is named as such; until it is repaired, so is what it led to.
    const auto forgotten = repository.forgotten();
    const ObjectGraph graph =
        walk_objects(repository.objects(), forgotten.ok() ? **forgotten : Forgotten(), roots);
    for (const auto& [id, node] : graph.nodes) {
      if (damaged.contains(id) ||
          (node.required && node.fault && node.fault->code == ErrorCode::not_found &&
           !repository.objects().has(id))) {
        BrokenObject& one = broken[id];
        one.id = id;
        one.missing = !damaged.contains(id);
        const std::vector<std::string> names = breaks(graph, id);
        one.breaks = names;
      }
    }
    for (const Id& id : damaged) broken[id].id = id;
    if (options.repair_from == nullptr) break;
    for (auto& [id, one] : broken) {
      if (one.repaired) continue;
      MILLGATE_TRY(repair(repository, *options.repair_from, one));
      repaired_some |= one.repaired;
      if (one.repaired) damaged.erase(id);
    }
  }
  for (auto& [id, one] : broken) report.broken.push_back(std::move(one));
  return report;
}

}  // namespace millgate
