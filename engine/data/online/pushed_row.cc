#include "data/online/pushed_row.h"

#include <algorithm>
#include <optional>

#include "data/feature/window_facts.h"
#include "data/online/fact_record.h"

namespace millgate {
namespace {

std::optional<size_t> place_of(const std::vector<Field>& fields, const std::string& name) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& field) { return field.name == name; });
  if (found == fields.end()) return std::nullopt;
  return static_cast<size_t>(found - fields.begin());
}

/// Columns of `values`, which are as `fields`.
Block chosen(const std::vector<Field>& fields, const Block& values,
             const std::vector<std::string>& names) {
  Block block{.rows = values.rows, .columns = {}};
  for (const std::string& name : names) {
    block.columns.push_back(values.columns[*place_of(fields, name)]);
  }
  return block;
}

}  // namespace

std::vector<Field> pushed_fields(const OnlineView& view) {
  const size_t count = view.windows.empty() ? view.fields.size() : view.column_count();
  return {view.fields.begin(), view.fields.begin() + static_cast<std::ptrdiff_t>(count)};
}

Status check_pushable(const OnlineView& view) {
  if (view.windows.size() != view.window_count) {
    return invalid_input("view `" + view.name +
                             "` was materialised by an older program, without "
                             "the facts of its windows",
                         "run `millgate materialise` once");
  }
  const std::vector<Field> columns = pushed_fields(view);
  for (const Window& window : view.windows) {
    if (window.argument.empty() || place_of(columns, window.argument)) continue;
    return invalid_input("window `" + window.name + "` of view `" + view.name + "` is over `" +
                             window.argument +
                             "`, which is no column: a pushed row does not say it",
                         "make it a column in the view's SQL, and let the window name that");
  }
  for (const std::string& name : view.key) {
    if (place_of(columns, name)) continue;
    return invalid_input(
        "`" + name + "` of the key of view `" + view.name + "` is no column that can be pushed",
        "cast it to text or a number in the view's SQL");
  }
  return {};
}

std::string write_pushed_row(const OnlineView& view, const RowStamp& stamp, const Block& values,
                             size_t row, Time now) {
  if (view.windows.empty()) return write_row(stamp, values, row);
  const std::vector<Field> fields = pushed_fields(view);
  const std::vector<FactColumn> columns = fact_columns(view.windows);
  std::vector<std::string> arguments;
  arguments.reserve(columns.size());
  for (const FactColumn& column : columns) arguments.push_back(column.argument);
  const Block key = chosen(fields, values, view.key);
  const Block of_windows = chosen(fields, values, arguments);
  const std::string record = write_record(view, columns,
                                          {.happened = stamp.happened,
                                           .known = stamp.known,
                                           .is_pushed = true,
                                           .key = key,
                                           .values = of_windows,
                                           .row = row});
  FactBytes facts{.record_bytes = record.size(), .records = record};
  if (const auto longest = span_max(view.windows)) {
    facts.kept_from = earlier(earlier(std::min(stamp.known, now.micros), *longest), *longest);
  }
  return write_row(stamp, values, row, &facts);
}

}  // namespace millgate
