#include "data/check/rule_blame.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "data/check/broken_rows.h"
#include "data/check/rule_judge.h"

namespace millgate {

namespace {

constexpr int64_t kComparedRowsMax = 1'000'000;

/// A rule found in one commit.
struct Judged {
  std::unique_ptr<RuleJudge> judgement;
  RuleSql sql;
  RuleCounts counts;
};

Result<Judged> judge(const Repository& repository, const Commit& commit, const Rule& rule) {
  Judged judged;
  MILLGATE_ASSIGN(judged.judgement, RuleJudge::open(repository, commit));
  MILLGATE_ASSIGN(judged.sql, judged.judgement->find(rule));
  MILLGATE_ASSIGN(const auto counts, judged.judgement->count({&rule}, {judged.sql}));
  judged.counts = counts.front();
  return judged;
}

/// Remembers which states of the tables break the rule.
class RuleHistory {
 public:
  RuleHistory(const Repository& repository, const Rule& rule, const RuleSql& sql)
      : repository_(repository), rule_(rule), reads_(sql.reads), whole_(judges_table(sql.kind)) {}

  Result<bool> breaks(const Commit& commit) {
    const auto [known, is_new] = known_.try_emplace(state_of(commit), false);
    if (!is_new) return known->second;
    const auto judged = judge(repository_, commit, rule_);
    ++judgement_count_;
    if (judged.ok()) {
      known->second = !judged->counts.passed(rule_.at_least);
    } else if (judged.error().code == ErrorCode::damaged ||
               judged.error().code == ErrorCode::outside) {
      return judged.error();
    }
    return known->second;
  }
  [[nodiscard]] int64_t judgement_count() const { return judgement_count_; }

 private:
  /// The versions of the tables; of a rule about a table also the time, which freshness looks at.
  using State = std::pair<std::vector<Id>, int64_t>;
  [[nodiscard]] State state_of(const Commit& commit) const {
    State state{{}, whole_ ? commit.time.micros : 0};
    for (const std::string& table : reads_) {
      const auto found = commit.tables.find(table);
      state.first.push_back(found == commit.tables.end() ? Id{} : found->second);
    }
    return state;
  }

  const Repository& repository_;
  const Rule& rule_;
  std::vector<std::string> reads_;
  bool whole_;
  std::map<State, bool> known_;
  int64_t judgement_count_ = 0;
};

using Texts = std::vector<std::vector<std::string>>;

/// The keys of the rows that break the rule in a parent; nothing when they cannot be compared.
Result<std::optional<std::set<std::vector<std::string>>>> broken_keys(
    const Repository& repository, const Commit& commit, const Rule& rule,
    const std::vector<std::string>& key) {
  std::set<std::vector<std::string>> keys;
  const auto judged = judge(repository, commit, rule);
  if (!judged.ok()) return std::make_optional(std::move(keys));  // There was nothing to break.
  const TableVersion& table = judged->judgement->tables().at(judged->sql.table);
  if (table.key != key || judged->counts.broken > kComparedRowsMax) {
    return std::optional<std::set<std::vector<std::string>>>();
  }
  MILLGATE_ASSIGN(Texts rows,
                  judged->judgement->texts(examples_sql(judged->sql, key, kComparedRowsMax)));
  keys.insert(std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end()));
  return std::make_optional(std::move(keys));
}

/// Leaves the rows that no parent breaks the rule with.
Status find_new_rows(const Repository& repository, const Rule& rule, const Judged& judged,
                     size_t rows_max, RuleBlame& blame) {
  const TableVersion& table = judged.judgement->tables().at(judged.sql.table);
  blame.row_header = example_columns(judged.sql, table);
  blame.rows_are_new = !table.key.empty() && judged.counts.broken <= kComparedRowsMax;
  std::set<std::vector<std::string>> known;
  for (size_t i = 0; blame.rows_are_new && i < blame.commit.parents.size(); ++i) {
    MILLGATE_ASSIGN(const Commit parent, repository.read_commit(blame.commit.parents[i]));
    MILLGATE_ASSIGN(auto keys, broken_keys(repository, parent, rule, table.key));
    blame.rows_are_new = keys.has_value();
    if (keys) known.merge(*keys);
  }
  const int64_t read_max = blame.rows_are_new ? kComparedRowsMax : static_cast<int64_t>(rows_max);
  MILLGATE_ASSIGN(Texts rows,
                  judged.judgement->texts(examples_sql(judged.sql, blame.row_header, read_max)));
  if (blame.rows_are_new) {
    const auto key_size = static_cast<std::ptrdiff_t>(table.key.size());
    std::erase_if(rows, [&](const auto& row) {
      return known.contains({row.begin(), row.begin() + key_size});
    });
  }
  blame.new_row_count =
      blame.rows_are_new ? static_cast<int64_t>(rows.size()) : judged.counts.broken;
  if (rows.size() > rows_max) rows.resize(rows_max);
  blame.rows = std::move(rows);
  return {};
}

}  // namespace

Result<std::optional<RuleBlame>> blame_rule(const Repository& repository, const Commit& commit,
                                            const Rule& rule, size_t rows_max) {
  MILLGATE_ASSIGN(Judged judged, judge(repository, commit, rule));
  if (judged.counts.passed(rule.at_least)) return std::optional<RuleBlame>();
  RuleHistory history(repository, rule, judged.sql);
  Commit culprit = commit;
  bool inherited = true;
  while (inherited) {
    inherited = false;
    for (const Id& id : std::vector<Id>(culprit.parents)) {
      MILLGATE_ASSIGN(Commit parent, repository.read_commit(id));
      MILLGATE_ASSIGN(const bool broken, history.breaks(parent));
      if (!broken) continue;
      culprit = std::move(parent);
      inherited = true;
      break;
    }
  }
  if (culprit.id != commit.id) {
    MILLGATE_ASSIGN(judged, judge(repository, culprit, rule));
  }
  RuleBlame blame;
  blame.commit = std::move(culprit);
  blame.broken_count = judged.counts.broken;
  blame.judged_count = judged.counts.judged;
  blame.judgement_count = history.judgement_count();
  if (judges_table(judged.sql.kind)) {
    blame.measured = judged.counts.measured;
  } else {
    MILLGATE_TRY(find_new_rows(repository, rule, judged, rows_max, blame));
  }
  return std::make_optional(std::move(blame));
}

}  // namespace millgate
