#include "data/check/since.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "data/check/rule_judge.h"

namespace millgate {

namespace {

constexpr int kCommitsMax = 1000;

/// A rule while the search goes back.
struct Search {
  FailingRule failing;
  const Commit* since = nullptr;  ///< The oldest commit known to break it.
  bool open = true;
};

std::optional<Id> version_of(const Commit& commit, const std::string& table) {
  const auto found = commit.tables.find(table);
  return found == commit.tables.end() ? std::nullopt : std::optional<Id>(found->second);
}

bool same_tables(const Search& search, const Commit& a, const Commit& b) {
  return std::all_of(
      search.failing.reads.begin(), search.failing.reads.end(),
      [&](const auto& table) { return version_of(a, table) == version_of(b, table); });
}

/// Whether `rule` fails on the commit of `judgement`. What cannot be judged did not fail.
bool fails(RuleJudge& judgement, const Rule& rule) {
  const auto sql = judgement.find(rule);
  if (!sql.ok()) return false;
  const auto counts = judgement.count({&rule}, {*sql});
  return counts.ok() && !counts->front().passed(rule.at_least);
}

/// Judges the searches whose tables changed between `older` and its child.
Status step_back(const Repository& repository, const Commit& older, const Commit& newer,
                 std::vector<Search>& searches) {
  std::unique_ptr<RuleJudge> judgement;
  for (Search& search : searches) {
    if (!search.open) continue;
    bool failed = same_tables(search, older, newer);
    if (!failed) {
      if (judgement == nullptr) {
        MILLGATE_ASSIGN(judgement, RuleJudge::open(repository, older));
      }
      failed = fails(*judgement, *search.failing.rule);
    }
    if (failed) search.since = &older;
    search.open = failed;
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> failing_since(const Repository& repository, const Commit& commit,
                                               const std::vector<FailingRule>& failing) {
  MILLGATE_ASSIGN(const std::vector<Commit> log, repository.log(commit.id.hex(), kCommitsMax));
  std::vector<Search> searches;
  searches.reserve(failing.size());
  for (const FailingRule& one : failing) searches.push_back({one, &commit});
  for (size_t i = 1; i < log.size(); ++i) {
    const bool all_found = std::none_of(searches.begin(), searches.end(),
                                        [](const Search& search) { return search.open; });
    if (all_found) break;
    MILLGATE_TRY(step_back(repository, log[i], log[i - 1], searches));
  }
  std::vector<std::string> ids;
  ids.reserve(searches.size());
  for (const Search& search : searches) ids.push_back(search.since->id.brief());
  return ids;
}

}  // namespace millgate
