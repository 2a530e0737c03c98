/// `[task]` and `[[view]]` of the project file: what is predicted, and what is joined to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/feature/window.h"
#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

enum class TaskKind { binary, multiclass, regression, ranking };
[[nodiscard]] std::string_view to_text(TaskKind kind);  ///< "multiclass".
/// Whether the label tells kinds of rows apart, and is no number or degree.
[[nodiscard]] bool has_classes(TaskKind kind);
/// Of what `to_text` gives. Nothing for another name.
[[nodiscard]] std::optional<TaskKind> task_kind_from(std::string_view text);

struct Task {
  std::string table;
  TaskKind kind = TaskKind::binary;
  std::string label;  ///< Expression; a null label leaves the row out of training.
  /// multiclass: the values of the label, as text, in the order of the model's probabilities.
  std::vector<std::string> classes;
  /// ranking: columns of the table; rows that are alike in all of them are ranked together.
  std::vector<std::string> group;
  std::string label_known;  ///< SQL expression: when the label could be known. Empty: at once.
  /// Columns of the table that are known when the question is asked. Empty: all, or, where the
  /// source says by `known` that its rows are known later, its key only.
  std::vector<std::string> asked_with;
  std::vector<std::string> slices;  ///< Columns by which quality is also measured.
  Section section;
};

struct View {
  std::string name;
  std::vector<std::string> entity;  ///< Columns of the same names in the task's table.
  std::string sql;
  std::string happened;  ///< Empty: that of the only source it reads.
  std::string known;     ///< Empty: that of the only source it reads.
  std::optional<int64_t> max_age_micros;
  std::vector<std::string> key;  ///< Of windows: rows that share it are versions of one fact.
  std::vector<Window> windows;   ///< [view.windows]
  Section window_section;
  Section section;
};

/// Two classes are a binary task.
inline constexpr size_t kClassesMin = 3;
inline constexpr size_t kClassesMax = 1000;

/// Errors: `invalid_input` with the place.
[[nodiscard]] Result<Task> read_task(Section section);
[[nodiscard]] Result<View> read_view(Section section);

}  // namespace millgate
