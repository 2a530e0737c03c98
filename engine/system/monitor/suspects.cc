#include "system/monitor/suspects.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "ground/id.h"
#include "model/artifact/model.h"
#include "model/release/registry.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

constexpr int kCommitsMax = 200;
constexpr size_t kSuspectsMax = 6;
constexpr int64_t kShortest = 24LL * 3600 * 1'000'000;

/// Everything that may have changed, read once.
class History {
 public:
  static Result<History> read(const Repository& repository, const ServedLog& log,
                              const MonitorOptions& options) {
    History history(repository, log, options);
    MILLGATE_ASSIGN(history.served_, serving_history(repository.ledger()));
    auto commits = repository.log(options.branch, kCommitsMax);
    if (commits) {
      history.commits_ = *std::move(commits);
    } else if (commits.error().code != ErrorCode::not_found) {
      return std::move(commits).error();  // A project without a commit has none to suspect.
    }
    return history;
  }

  Result<std::vector<std::string>> before(const Alarm& leader,
                                          const std::vector<std::string>& columns,
                                          const MonitorReport& report) const {
    std::vector<std::string> found;
    std::set<std::string> tables;
    MILLGATE_TRY(add_origins(leader, columns, tables, found));
    const int64_t length = std::max(2 * report.window_micros, kShortest);
    const Time from{leader.since.micros - length};
    const Time to{leader.since.micros + report.window_micros};
    add_releases(from, to, found);
    add_commits(from, to, tables, found);
    for (const ModelWatch& watch : report.models) {
      if (watch.model == leader.model && leader.since <= watch.first && report.models.size() > 1) {
        found.push_back("it shows since the first prediction of this model");
      }
    }
    if (found.size() > kSuspectsMax) found.resize(kSuspectsMax);
    return found;
  }

 private:
  History(const Repository& repository, const ServedLog& log, const MonitorOptions& options)
      : repository_(repository), log_(log), options_(options) {}

  /// "weather_then.wind" comes of the view weather_then, which reads weather.
  Status add_origins(const Alarm& leader, const std::vector<std::string>& columns,
                     std::set<std::string>& tables, std::vector<std::string>& found) const {
    std::set<std::string> told;
    for (const std::string& column : columns) {
      const size_t dot = column.find('.');
      const auto view = dot == std::string::npos ? options_.views.end()
                                                 : options_.views.find(column.substr(0, dot));
      if (view == options_.views.end()) {
        tables.insert(table_of(leader));
        continue;
      }
      MILLGATE_ASSIGN(const auto read, log_.database().tables_of(view->second));
      std::string names;
      for (const std::string& table : read) {
        tables.insert(table);
        names += (names.empty() ? "" : ", ") + table;
      }
      if (!told.insert(view->first).second) continue;
      found.push_back(column + " comes of the view " + view->first + ", which reads " + names);
    }
    return {};
  }

  [[nodiscard]] std::string table_of(const Alarm& alarm) const {
    const auto id = Id::parse(alarm.model);
    if (!id) return {};
    const auto model = Model::load(repository_.objects(), *id);
    return model ? (*model)->manifest().task_table : std::string();
  }

  void add_releases(Time from, Time to, std::vector<std::string>& found) const {
    for (const Serving& change : served_) {
      if (change.since < from || change.since > to) continue;
      found.push_back("model " + change.model.brief() + " went live at " + time_text(change.since) +
                      " by " + change.how + " of " + change.by + " (event " +
                      std::to_string(change.since_event) + ")");
    }
  }

  void add_commits(Time from, Time to, const std::set<std::string>& tables,
                   std::vector<std::string>& found) const {
    for (size_t at = 0; at < commits_.size(); ++at) {
      const Commit& commit = commits_[at];
      if (commit.time < from || commit.time > to) continue;
      std::string changed;
      for (const auto& [table, version] : commit.tables) {
        if (!tables.contains(table)) continue;
        if (at + 1 < commits_.size()) {
          const auto before = commits_[at + 1].tables.find(table);
          if (before != commits_[at + 1].tables.end() && before->second == version) continue;
        }
        changed += (changed.empty() ? "" : ", ") + table;
      }
      if (changed.empty()) continue;
      found.push_back("commit " + commit.id.brief() + " of " + commit.author + " changed " +
                      changed + " at " + time_text(commit.time) + ": " + commit.message);
    }
  }

  const Repository& repository_;
  const ServedLog& log_;
  const MonitorOptions& options_;
  std::vector<Serving> served_;
  std::vector<Commit> commits_;  ///< Newest first, by first parents.
};

}  // namespace

Status find_suspects(const Repository& repository, const ServedLog& log,
                     const MonitorOptions& options, MonitorReport& report) {
  if (report.alarms.empty()) return {};
  MILLGATE_ASSIGN(const History history, History::read(repository, log, options));
  for (Alarm& leader : report.alarms) {
    if (!leader.leads()) continue;
    std::vector<std::string> columns;
    for (const Alarm& alarm : report.alarms) {
      if (alarm.leader != leader.leader) continue;
      columns.insert(columns.end(), alarm.columns.begin(), alarm.columns.end());
    }
    MILLGATE_ASSIGN(leader.suspects, history.before(leader, columns, report));
  }
  return {};
}

}  // namespace millgate
