/// For tests and benchmarks: the plan of a join from the text of a project file.
#pragma once

#include <string>
#include <utility>

#include "data/feature/join.h"

namespace millgate {

/// Tables, views and the task that `project` writes down; the errors of their readers.
inline Result<JoinPlan> test_plan(const std::string& project) {
  MILLGATE_ASSIGN(Section root, parse_settings(project, "millgate.toml"));
  MILLGATE_ASSIGN(Section task_section, root.section("task"));
  MILLGATE_ASSIGN(Task task, read_task(task_section));
  JoinPlan plan{.task = std::move(task), .views = {}, .sources = {}};
  MILLGATE_ASSIGN(const auto sources, root.sections("source"));
  for (const Section& section : sources) {
    MILLGATE_ASSIGN(Source source, read_source(section));
    plan.sources.push_back(std::move(source));
  }
  MILLGATE_ASSIGN(const auto views, root.sections("view"));
  for (const Section& section : views) {
    MILLGATE_ASSIGN(View view, read_view(section));
    plan.views.push_back(std::move(view));
  }
  return plan;
}

}  // namespace millgate
