#include "data/keep/history.h"

#include <vector>

namespace millgate {

Result<std::unordered_set<Id>> history_of(const Repository& repository, const Id& tip) {
  std::unordered_set<Id> history;
  std::vector<Id> waiting = {tip};
  while (!waiting.empty()) {
    const Id id = waiting.back();
    waiting.pop_back();
    if (history.contains(id) || !repository.objects().has(id)) continue;
    history.insert(id);
    MILLGATE_ASSIGN(const Commit commit, repository.read_commit(id));
    waiting.insert(waiting.end(), commit.parents.begin(), commit.parents.end());
  }
  return history;
}

}  // namespace millgate
