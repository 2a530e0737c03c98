#include "system/monitor/alarm_groups.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <numeric>
#include <string>
#include <string_view>

#include "system/monitor/wording.h"

namespace millgate {
namespace {

/// Rows that an input fault must touch to explain what all rows lose.
constexpr double kCauseShareMin = 0.05;

bool is_input_fault(const Alarm& alarm) {
  return alarm.kind == "unit" || alarm.kind == "missing" || alarm.kind == "category" ||
         (alarm.kind == "skew" && alarm.subject != "probability");
}

bool is_drift_of_inputs(const Alarm& alarm) {
  return alarm.kind == "drift" && alarm.subject != "prediction";
}

bool is_loss(const Alarm& alarm) {
  return alarm.kind == "quality" || alarm.kind == "requirement" ||
         (alarm.kind == "drift" && alarm.subject == "prediction");
}

/// A requirement of some rows only: "recall_gap [by origin]".
bool is_of_groups(const Alarm& alarm) {
  return alarm.kind == "requirement" && alarm.subject.find('[') != std::string::npos;
}

bool may_explain(const Alarm& cause) {
  if (is_drift_of_inputs(cause)) return !cause.harm.is_none();
  if (!is_input_fault(cause)) return false;
  return cause.harm.is_sure() || cause.served_rows == 0 ||
         static_cast<double>(cause.affected_rows) >=
             kCauseShareMin * static_cast<double>(cause.served_rows);
}

/// Sets of alarms that were joined, each named by one of its members.
class Groups {
 public:
  Groups(std::vector<Alarm>& alarms, const MonitorReport& report)
      : alarms_(alarms), report_(report), parent_(alarms.size()) {
    std::iota(parent_.begin(), parent_.end(), size_t{0});
  }

  void join_same_trouble();
  void join_faults();
  void join_losses();
  void join_age();
  void join_money();
  void sort();

 private:
  size_t root(size_t at) const {
    while (parent_[at] != at) at = parent_[at];
    return at;
  }
  void join(size_t a, size_t b) { parent_[root(a)] = root(b); }
  [[nodiscard]] bool are_near(const Alarm& a, const Alarm& b) const {
    return std::abs(a.since.micros - b.since.micros) <= report_.window_micros;
  }
  /// The gravest that `is_one` takes; the size of the list where there is none.
  template <typename IsOne>
  size_t gravest(IsOne is_one) const {
    size_t found = alarms_.size();
    for (size_t at = 0; at < alarms_.size(); ++at) {
      if (!is_one(alarms_[at])) continue;
      if (found == alarms_.size() || alarms_[at].severity > alarms_[found].severity) found = at;
    }
    return found;
  }

  std::vector<Alarm>& alarms_;
  const MonitorReport& report_;
  std::vector<size_t> parent_;
};

void Groups::join_same_trouble() {
  for (size_t a = 0; a < alarms_.size(); ++a) {
    for (size_t b = a + 1; b < alarms_.size(); ++b) {
      const Alarm& one = alarms_[a];
      const Alarm& other = alarms_[b];
      if (one.kind != other.kind || one.model == other.model) continue;
      const bool is_same = one.subject == other.subject &&
                           (is_input_fault(one) || is_loss(one) || one.kind == "labels");
      if (is_same || (is_drift_of_inputs(one) && are_near(one, other))) join(b, a);
    }
  }
}

void Groups::join_faults() {
  for (size_t a = 0; a < alarms_.size(); ++a) {
    for (size_t b = a + 1; b < alarms_.size(); ++b) {
      const Alarm& one = alarms_[a];
      const Alarm& other = alarms_[b];
      if (one.model != other.model || one.since != other.since) continue;
      if (is_input_fault(one) && is_input_fault(other)) join(b, a);
    }
  }
}

void Groups::join_losses() {
  for (size_t at = 0; at < alarms_.size(); ++at) {
    Alarm& loss = alarms_[at];
    if (!is_loss(loss)) continue;
    const auto is_time = [&](const Alarm& cause) {
      if (cause.model != loss.model) return false;
      return is_of_groups(loss) ? are_near(cause, loss)
                                : cause.since.micros <= loss.since.micros + report_.window_micros;
    };
    size_t why = gravest([&](const Alarm& one) { return may_explain(one) && is_time(one); });
    const bool has_cause = why != alarms_.size();
    if (!has_cause) {
      why = gravest([&](const Alarm& one) { return is_loss(one) && is_time(one); });
      if (why == alarms_.size() || why == at || !is_loss(alarms_[why])) continue;
    }
    join(at, why);
    if (!has_cause) continue;
    const Alarm& cause = alarms_[why];
    loss.suspected_cause = cause.what + ", since " + time_text(cause.since);
    if (is_input_fault(cause)) loss.next_step = cause.next_step;
    for (const std::string& column : cause.columns) {
      if (std::find(loss.columns.begin(), loss.columns.end(), column) == loss.columns.end()) {
        loss.columns.push_back(column);
      }
    }
  }
}

/// An old model loses by its age: the remedy is the same.
void Groups::join_age() {
  for (size_t at = 0; at < alarms_.size(); ++at) {
    if (alarms_[at].kind != "age") continue;
    const size_t found = gravest([&](const Alarm& one) {
      return one.model == alarms_[at].model && (is_loss(one) || is_drift_of_inputs(one));
    });
    if (found != alarms_.size()) join(at, found);
  }
}

/// All models earn together, so money has no model: the columns tell, or that quality fell too.
void Groups::join_money() {
  for (size_t at = 0; at < alarms_.size(); ++at) {
    const Alarm& money = alarms_[at];
    if (money.kind != "money") continue;
    const auto has_column = [&](const Alarm& one) {
      return std::any_of(
          money.columns.begin(), money.columns.end(), [&](const std::string& column) {
            return std::find(one.columns.begin(), one.columns.end(), column) != one.columns.end();
          });
    };
    const size_t found = gravest([&](const Alarm& one) {
      if (one.kind == "money" || one.since.micros > money.since.micros + report_.window_micros)
        return false;
      return (report_.business->quality_fell && is_loss(one)) || has_column(one);
    });
    if (found != alarms_.size()) join(at, found);
  }
}

void Groups::sort() {
  std::map<size_t, size_t> leaders;  // By root.
  for (size_t at = 0; at < alarms_.size(); ++at) {
    const auto [leader, is_first] = leaders.emplace(root(at), at);
    if (!is_first && alarms_[at].severity > alarms_[leader->second].severity) leader->second = at;
  }
  std::map<std::string, double> severity;  // Of the leader, by its key.
  std::map<std::string, size_t> order;     // In which they were found.
  for (size_t at = 0; at < alarms_.size(); ++at) {
    const Alarm& leader = alarms_[leaders.at(root(at))];
    alarms_[at].leader = leader.key;
    severity[leader.key] = leader.severity;
    order.emplace(leader.key, at);
  }
  std::stable_sort(alarms_.begin(), alarms_.end(), [&](const Alarm& a, const Alarm& b) {
    if (a.leader != b.leader) {
      const double of_a = severity.at(a.leader);
      const double of_b = severity.at(b.leader);
      return of_a != of_b ? of_a > of_b : order.at(a.leader) < order.at(b.leader);
    }
    if (a.leads() != b.leads()) return a.leads();
    return a.severity > b.severity;
  });
}

}  // namespace

void group_alarms(std::vector<Alarm>& alarms, const MonitorReport& report) {
  Groups groups(alarms, report);
  groups.join_same_trouble();
  groups.join_faults();
  groups.join_losses();
  groups.join_age();
  groups.join_money();
  groups.sort();
}

}  // namespace millgate
