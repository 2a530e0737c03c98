#include "data/feature/leak.h"

#include <algorithm>
#include <set>

namespace millgate {
namespace {

bool is_of_view(const JoinPlan& plan, const std::string& column) {
  return std::any_of(plan.views.begin(), plan.views.end(),
                     [&](const View& view) { return column.starts_with(view.name + "."); });
}

/// Columns of the task's table that name the row, its entities or its time.
std::set<std::string> always_known(const JoinPlan& plan, const Source& source) {
  std::set<std::string> columns(source.key.begin(), source.key.end());
  columns.insert(source.happened);
  for (const View& view : plan.views) columns.insert(view.entity.begin(), view.entity.end());
  return columns;
}

}  // namespace

std::vector<Leak> find_leaks(const JoinPlan& plan, const FeatureProgram& program) {
  const Task& task = plan.task;
  const auto source = std::find_if(plan.sources.begin(), plan.sources.end(),
                                   [&](const Source& one) { return one.name == task.table; });
  if (source == plan.sources.end()) return {};
  const bool is_known_later = !source->known.empty() && source->known != source->happened;
  if (task.asked_with.empty() && !is_known_later) return {};
  std::set<std::string> known = always_known(plan, *source);
  known.insert(task.asked_with.begin(), task.asked_with.end());
  std::vector<Leak> leaks;
  std::set<std::string> seen;
  for (const Feature& feature : program.features()) {
    for (const std::string& column : feature.inputs) {
      if (known.contains(column) || is_of_view(plan, column)) continue;
      if (!seen.insert(feature.expression + column).second) continue;
      leaks.push_back(
          {.feature = feature.name,
           .column = column,
           .reason = task.asked_with.empty()
                         ? "the rows of source `" + source->name + "` are known only at `" +
                               source->known + "`, after the question is asked"
                         : "`" + column + "` is not among what the question is asked with",
           .hint = "if it is known when the question is asked, add it to `asked_with` of [task]; "
                   "if not, take it as of an earlier time from a [[view]]"});
    }
  }
  return leaks;
}

}  // namespace millgate
