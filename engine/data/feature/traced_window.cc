#include "data/feature/traced_window.h"

#include <arrow/api.h>

#include <algorithm>

#include "data/feature/view_times.h"

namespace millgate {
namespace {

constexpr const char* kTraced = "millgate traced";

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + quote_name(name);
  return text;
}

/// The facts of the row's entity that the window holds, newest first, and how many there are.
std::string facts_sql(const ResolvedView& view, const Window& window, int64_t facts_max) {
  const std::string asked =
      "(select epoch_us(" + quote_name(kRowTimeColumn) + ") from " + quote_name(kTraced) + ")";
  std::string same;
  for (const std::string& name : view.view->entity) {
    same +=
        (same.empty() ? "" : " and ") + ("asked." + quote_name(name) + " = v." + quote_name(name));
  }
  std::string cells;
  for (const std::string& name : view.columns) {
    cells += (cells.empty() ? "" : ", ") + quote_name(name) + " := " + quote_name(name);
  }
  std::string sql = "select * from (" + timed_rows_sql(view) + ") v where " + kKnownMicros +
                    " <= " + asked + " and exists (select 1 from " + quote_name(kTraced) +
                    " asked where " + same + ")";
  if (!view.view->key.empty()) {
    sql += " qualify row_number() over (partition by " + list(view.view->key) + " order by " +
           kKnownMicros + " desc) = 1";
  }
  std::string inside = std::string(kHappenedMicros) + " <= " + asked;
  if (window.span) {
    inside += std::string(" and ") + kHappenedMicros + " > " + asked + " - " +
              std::to_string(*window.span);
  }
  const std::string order =
      std::string(" order by ") + kHappenedMicros + " desc, " + kKnownMicros + " desc";
  sql = "select * from (" + sql + ") where " + inside;
  if (!window.span) sql += order + " limit " + std::to_string(window.last_count);
  return "select count(*) over () as number, struct_pack(" + cells + ")::varchar as fact from (" +
         sql + ")" + order + " limit " + std::to_string(facts_max);
}

}  // namespace

Result<std::vector<TracedWindow>> traced_windows(Database& database, const JoinPlan& plan,
                                                 const View& view, const arrow::Table& joined,
                                                 const std::vector<std::string>& columns,
                                                 int64_t facts_max) {
  std::vector<TracedWindow> traced;
  MILLGATE_TRY(database.add_arrow(kTraced, joined.Slice(0, 1)));
  MILLGATE_ASSIGN(const ResolvedTask task, resolve_task(database, plan));
  MILLGATE_ASSIGN(const ResolvedView resolved, resolve_view(database, plan, task, view));
  for (const Window& window : view.windows) {
    const std::string name = view.name + "." + window.name;
    if (std::find(columns.begin(), columns.end(), name) == columns.end()) continue;
    MILLGATE_ASSIGN(const auto table, database.query(facts_sql(resolved, window, facts_max)));
    MILLGATE_ASSIGN(const Block block, block_from(*table, {{"number", ValueType::integer},
                                                           {"fact", ValueType::text}}));
    traced.push_back({.name = name,
                      .definition = window.definition,
                      .fact_count = block.rows > 0 ? block.columns[0].integers[0] : 0,
                      .facts = block.columns[1].texts});
  }
  return traced;
}

}  // namespace millgate
