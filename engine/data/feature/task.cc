#include "data/feature/task.h"

#include <algorithm>
#include <utility>

#include "ground/plain_name.h"

namespace millgate {
namespace {

Result<std::string> filled_text(Section& section, const std::string& key, const char* example) {
  MILLGATE_ASSIGN(std::string value, section.text(key));
  if (value.find_first_not_of(" \t\r\n") == std::string::npos) {
    return section.error_at(key, "`" + key + "` is empty", std::string("for example: ") + example);
  }
  return value;
}

Status check_unique(const Section& section, const std::string& key,
                    const std::vector<std::string>& names, const char* what = "column") {
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (std::find(names.begin(), name, *name) != name) {
      return section.error_at(key, "`" + key + "` names " + what + " `" + *name + "` twice");
    }
  }
  return {};
}

Result<std::vector<std::string>> read_group(Section& section, TaskKind kind) {
  MILLGATE_ASSIGN(std::vector<std::string> group, section.texts("group"));
  if (kind != TaskKind::ranking && !group.empty()) {
    return section.error_at("group", "`group` is of a ranking task",
                            "write kind = \"ranking\", or remove it");
  }
  if (kind == TaskKind::ranking && group.empty()) {
    return section.error_at("kind", "a ranking task has no `group`",
                            "name the columns that say which rows are ranked together, for "
                            "example: group = \"query_id\"");
  }
  MILLGATE_TRY(check_unique(section, "group", group));
  return group;
}

Result<std::vector<std::string>> read_classes(Section& section, TaskKind kind) {
  MILLGATE_ASSIGN(const std::vector<std::string> classes, section.texts("classes"));
  if (kind != TaskKind::multiclass) {
    if (classes.empty()) return classes;
    return section.error_at("classes", "`classes` are of a task of several classes",
                            "write kind = \"multiclass\", or remove them");
  }
  MILLGATE_TRY(check_unique(section, "classes", classes, "value"));
  if (classes.size() >= kClassesMin && classes.size() <= kClassesMax) return classes;
  return section.error_at(
      "classes",
      "`classes` has " + std::to_string(classes.size()) +
          " values, and a task of several classes " + std::to_string(kClassesMin) + " to " +
          std::to_string(kClassesMax),
      "list the values of the label, for example: classes = [\"low\", \"middle\", \"high\"]; "
      "of two, write a condition and kind = \"binary\"");
}

}  // namespace

std::string_view to_text(TaskKind kind) {
  switch (kind) {
    case TaskKind::binary:
      return "binary";
    case TaskKind::multiclass:
      return "multiclass";
    case TaskKind::regression:
      return "regression";
    case TaskKind::ranking:
      return "ranking";
  }
  return "binary";
}

bool has_classes(TaskKind kind) { return kind == TaskKind::binary || kind == TaskKind::multiclass; }

std::optional<TaskKind> task_kind_from(std::string_view text) {
  for (const TaskKind kind :
       {TaskKind::binary, TaskKind::multiclass, TaskKind::regression, TaskKind::ranking}) {
    if (text == to_text(kind)) return kind;
  }
  return std::nullopt;
}

Result<Task> read_task(Section section) {
  Task task;
  MILLGATE_ASSIGN(task.table, filled_text(section, "table", "table = \"flights\""));
  MILLGATE_ASSIGN(
      const std::string kind,
      section.one_of("kind", "binary", {"binary", "multiclass", "regression", "ranking"}));
  task.kind = *task_kind_from(kind);
  MILLGATE_ASSIGN(task.label, filled_text(section, "label", "label = \"arr_delay > 15\""));
  MILLGATE_ASSIGN(task.classes, read_classes(section, task.kind));
  MILLGATE_ASSIGN(task.group, read_group(section, task.kind));
  MILLGATE_ASSIGN(task.label_known, section.text_or("label_known", ""));
  // Read where labels are judged (system/pipeline/label_review.h); no model learns it.
  MILLGATE_TRY(section.text_or("label_rule", ""));
  MILLGATE_ASSIGN(task.asked_with, section.texts("asked_with"));
  MILLGATE_TRY(check_unique(section, "asked_with", task.asked_with));
  MILLGATE_ASSIGN(task.slices, section.texts("slices"));
  MILLGATE_TRY(check_unique(section, "slices", task.slices));
  MILLGATE_TRY(section.finish());
  task.section = std::move(section);
  return task;
}

Result<View> read_view(Section section) {
  View view;
  MILLGATE_ASSIGN(view.name, read_plain_name(section, "a view"));
  MILLGATE_ASSIGN(view.entity, section.texts("entity"));
  if (view.entity.empty()) {
    return section.error_at("entity", "view `" + view.name + "` has no entity",
                            "name the columns that join it to the task's table, for example: "
                            "entity = [\"origin\"]");
  }
  MILLGATE_TRY(check_unique(section, "entity", view.entity));
  MILLGATE_ASSIGN(view.sql, filled_text(section, "sql",
                                        "sql = \"select origin, time_hour, temp from weather\""));
  MILLGATE_ASSIGN(view.happened, section.text_or("happened", ""));
  MILLGATE_ASSIGN(view.known, section.text_or("known", ""));
  MILLGATE_ASSIGN(view.max_age_micros, section.duration_micros("max_age"));
  MILLGATE_ASSIGN(view.key, section.texts("key"));
  MILLGATE_TRY(check_unique(section, "key", view.key));
  MILLGATE_ASSIGN(view.window_section, section.section("windows"));
  MILLGATE_ASSIGN(view.windows, read_windows(view.window_section));
  MILLGATE_TRY(section.finish());
  view.section = std::move(section);
  return view;
}

}  // namespace millgate
