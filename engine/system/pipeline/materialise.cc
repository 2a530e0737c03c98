#include "system/pipeline/materialise.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "data/feature/entity_rows.h"
#include "data/online/view_rows.h"
#include "ground/nearest_name.h"
#include "system/pipeline/view_work.h"

namespace millgate {
namespace {

/// One `materialise` while it goes.
struct Work {
  ViewWork views;
  std::vector<OnlineView> stored;
  Time at;
  Time now;
};

Result<std::vector<const View*>> wanted_views(const Work& work,
                                              const std::vector<std::string>& names) {
  std::vector<const View*> views;
  std::vector<std::string> all;
  all.reserve(work.views.plan.views.size());
  for (const View& view : work.views.plan.views) all.push_back(view.name);
  if (all.empty()) {
    return invalid_input("the project has no [[view]]: there is nothing to materialise",
                         "write one in millgate.toml: docs/guides/online.md");
  }
  for (const std::string& name : names) {
    if (std::find(all.begin(), all.end(), name) != all.end()) continue;
    return not_found("there is no view `" + name + "`", name_hint(name, all));
  }
  for (const View& view : work.views.plan.views) {
    const bool is_wanted =
        names.empty() || std::find(names.begin(), names.end(), view.name) != names.end();
    if (is_wanted) views.push_back(&view);
  }
  return views;
}

/// Versions of the tables that the view reads.
Result<std::map<std::string, std::string>> tables_of(const Work& work, const View& view) {
  MILLGATE_ASSIGN(const auto names, work.views.database->tables_of(view.sql));
  std::map<std::string, std::string> tables;
  for (const std::string& name : names) {
    const auto found = work.views.commit.tables.find(name);
    if (found != work.views.commit.tables.end()) tables.emplace(name, found->second.hex());
  }
  return tables;
}

std::string changed_tables(const OnlineView& before, const OnlineView& now) {
  std::string names;
  for (const auto& [table, version] : now.tables) {
    const auto found = before.tables.find(table);
    if (found != before.tables.end() && found->second == version) continue;
    names += (names.empty() ? "`" : ", `") + table + "`";
  }
  return names.empty() ? "the tables" : names;
}

/// What has to be computed of one view, and why.
struct Plan {
  std::string why;
  bool is_nothing = false;
  std::optional<Time> since;  ///< Only what became known after it.
};

Plan plan_of(const OnlineView& now, const std::optional<OnlineView>& before) {
  if (!before) return {.why = "first time", .is_nothing = false, .since = {}};
  if (before->tables != now.tables) {
    return {.why = "rows of " + changed_tables(*before, now) + " changed",
            .is_nothing = false,
            .since = {}};
  }
  if (before->windows != now.windows) {
    return {.why = "it was without its facts", .is_nothing = false, .since = {}};
  }
  if (before->as_of == now.as_of || !now.has_time) {
    return {.why = "nothing changed", .is_nothing = true, .since = {}};
  }
  if (now.as_of < before->as_of) return {.why = "time went back", .is_nothing = false, .since = {}};
  return {.why = "time went on", .is_nothing = false, .since = before->as_of};
}

Result<ViewUpdate> update_of(const Work& work, const View& view, MaterialisedView& report) {
  MILLGATE_ASSIGN(ViewDefinition definition,
                  view_definition(*work.views.database, work.views.plan, view));
  ViewUpdate update;
  OnlineView& now = update.view;
  now.name = view.name;
  now.version = std::move(definition.version);
  now.entity = std::move(definition.entity);
  now.fields = std::move(definition.fields);
  now.has_time = definition.has_time;
  now.max_age_micros = view.max_age_micros;
  now.window_count = view.windows.size();
  now.windows = view.windows;
  if (!view.windows.empty()) now.key = std::move(definition.key);
  now.as_of = work.at;
  now.written = work.now;
  now.commit = work.views.commit.id.hex();
  MILLGATE_ASSIGN(now.tables, tables_of(work, view));
  for (const OnlineView& one : work.stored) {
    if (one.name == now.name && one.version == now.version) update.before = one;
  }
  const Plan plan = plan_of(now, update.before);
  report.why = plan.why;
  if (plan.is_nothing) {
    update.is_whole = false;
    return update;
  }
  MILLGATE_ASSIGN(const EntityRows rows,
                  entity_rows(*work.views.database, work.views.plan, view, work.at, plan.since));
  report.row_count_read = static_cast<int64_t>(rows.entity.rows);
  update.is_whole = !plan.since;
  update.rows = keyed_rows(now, rows);
  return update;
}

}  // namespace

Result<std::vector<MaterialisedView>> materialise(Repository& repository, const Project& project,
                                                  OnlineStore& store,
                                                  const MaterialiseRequest& request) {
  MILLGATE_ASSIGN(ViewWork opened, open_views(repository, project, request.revision));
  Work work{.views = std::move(opened), .stored = {}, .at = {}, .now = repository.clock().now()};
  MILLGATE_ASSIGN(const auto views, wanted_views(work, request.views));
  work.at = request.as_of.value_or(work.now);
  MILLGATE_ASSIGN(work.stored, store.views());
  std::vector<MaterialisedView> reports(views.size());
  std::vector<ViewUpdate> updates;
  for (size_t i = 0; i < views.size(); ++i) {
    MILLGATE_ASSIGN(ViewUpdate update, update_of(work, *views[i], reports[i]));
    reports[i].view = update.view;
    updates.push_back(std::move(update));
  }
  MILLGATE_ASSIGN(const auto counts, store.update(std::move(updates)));
  for (size_t i = 0; i < views.size(); ++i) {
    reports[i].counts = counts[i].rows;
    reports[i].view.entity_count = counts[i].entity_count;
  }
  return reports;
}

}  // namespace millgate
