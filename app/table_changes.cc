#include "app/table_changes.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "app/about_text.h"
#include "app/text_table.h"
#include "data/table/cell_json.h"
#include "data/table/changed_part.h"
#include "data/table/row_key.h"
#include "data/table/type_name.h"
#include "system/monitor/wording.h"

namespace millgate {

namespace {

/// More changed parts of a cell than this are told as two whole values.
constexpr size_t kPartsMax = 8;

/// The cells of a row that came or went are shown as far as this.
constexpr size_t kCellsBytesMax = 60;

/// A list of numbers may be longer than a screen.
std::string brief_value(const std::shared_ptr<arrow::Array>& column, int64_t row) {
  if (column == nullptr) return "";
  std::string text = value_text(*column, row);
  return is_nested_type(*column->type()) ? brief_text(text) : text;
}

const arrow::RecordBatch& side_of(const Changes& changes, int64_t row) {
  const bool removed = changes.kinds[static_cast<size_t>(row)] == ChangeKind::removed;
  return removed ? *changes.before : *changes.after;
}

/// The indices of the columns of the key, in its order: so `blame` and `resolve` take them.
std::vector<int> key_columns(const DiffedTable& table) {
  std::vector<int> columns;
  for (const std::string& name : table.after.key) {
    const int index = table.diff.schema->GetFieldIndex(name);
    if (index >= 0) columns.push_back(index);
  }
  return columns;
}

std::vector<int> other_columns(const DiffedTable& table) {
  std::vector<int> columns;
  for (int i = 0; i < table.diff.schema->num_fields(); ++i) {
    if (!is_key(table, i)) columns.push_back(i);
  }
  return columns;
}

/// "a = 1, b = 2", cut when it is longer than `bytes_max`.
std::string row_text(const DiffedTable& table, int64_t row, const std::vector<int>& columns,
                     size_t bytes_max) {
  const arrow::RecordBatch& rows = side_of(table.diff.changes, row);
  std::string text;
  for (const int i : columns) {
    if (!text.empty()) text += ", ";
    text += rows.schema()->field(i)->name() + " = " + value_text(*rows.column(i), row);
    if (text.size() > bytes_max) return text.substr(0, bytes_max) + " ...";
  }
  return text;
}

/// What changed inside of a list, struct or map; empty when it is told as a whole.
std::vector<ChangedPart> parts_of(const Changes& changes, int64_t row, int column) {
  return changed_parts(changes.before->column(column), row, changes.after->column(column), row,
                       kPartsMax)
      .value_or(std::vector<ChangedPart>());
}

Json part_json(const std::shared_ptr<arrow::Array>& column, int64_t row) {
  return cell_json(*column, row, NotFinite::text);
}

void print_rows(const DiffedTable& table, const std::string& more_hint) {
  const Changes& changes = table.diff.changes;
  if (changes.row_count() == 0) return;
  TextTable lines({"change", "row", "column", "before", "after"});
  const std::vector<int> keys = key_columns(table);
  const std::vector<int> others = other_columns(table);
  for (int64_t row = 0; row < changes.row_count(); ++row) {
    const ChangeKind kind = changes.kinds[static_cast<size_t>(row)];
    const std::string key = row_text(table, row, keys, std::string::npos);
    if (kind != ChangeKind::updated) {
      const std::string cells = row_text(table, row, others, kCellsBytesMax);
      const bool removed = kind == ChangeKind::removed;
      lines.add({name_of(kind), key, "", removed ? cells : "", removed ? "" : cells});
      continue;
    }
    for (int i = 0; i < changes.after->num_columns(); ++i) {
      if (!changes.cell_changed(row, i)) continue;
      const std::string& name = table.diff.schema->field(i)->name();
      const auto parts = parts_of(changes, row, i);
      for (const ChangedPart& part : parts) {
        lines.add({name_of(kind), key, name + part.path, brief_value(part.before, part.before_row),
                   brief_value(part.after, part.after_row)});
      }
      if (!parts.empty()) continue;
      lines.add({name_of(kind), key, name, brief_value(changes.before->column(i), row),
                 brief_value(changes.after->column(i), row)});
    }
  }
  lines.print(std::cout);
  const int64_t more = table.diff.row_count() - changes.row_count();
  if (more > 0) std::cout << grouped(more) << " more changed rows; " << more_hint << '\n';
}

const ColumnStatistics* statistics_of(const TableVersion& version, const std::string& name) {
  if (version.digests.empty()) return nullptr;
  for (const ColumnStatistics& column : version.columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

std::string from_to(const std::string& before, const std::string& after) {
  return before == after ? after : before + " -> " + after;
}

const ColumnMove* move_of(const DiffedTable& table, const std::string& name) {
  for (const ColumnMove& move : table.moves) {
    if (move.name == name) return &move;
  }
  return nullptr;
}

/// Two significant digits that are not less than `bound`.
double rounded_up(double bound) {
  if (bound <= 0) return 0;
  const double unit = std::pow(10, std::floor(std::log10(bound)) - 1);
  constexpr double kTiny = 1e-9;  // 0.25 has a double that is not above it.
  return std::ceil(bound / unit - kTiny) * unit;
}

/// How far the distribution moved: "<= 0.003" where it cannot be more, "0.29, SHIFTED" measured.
std::string effect_text(const ColumnMove* move) {
  if (move == nullptr) return "";
  if (!move->measured) return "<= " + rounded(rounded_up(move->effect_at_most), 2);
  const ColumnShift& shift = *move->measured;
  if (!shift.compared) return shift.shifted ? "SHIFTED" : "not tested";
  std::string text = rounded(shift.effect, 3);
  if (shift.shifted) text += ", SHIFTED";
  if (shift.missing_shifted) text += ", missing SHIFTED";
  return text;
}

void print_columns(const DiffedTable& table) {
  std::vector<std::string> header = {"column", "changed cells", "missing", "minimum", "maximum"};
  if (!table.moves.empty()) header.emplace_back("effect");
  TextTable lines(std::move(header));
  for (size_t i = 0; i < table.diff.changed_cells.size(); ++i) {
    const std::string& name = table.diff.schema->field(static_cast<int>(i))->name();
    const ColumnStatistics* before = statistics_of(table.before, name);
    const ColumnStatistics* after = statistics_of(table.after, name);
    const ColumnMove* move = move_of(table, name);
    const bool known = before != nullptr && after != nullptr;
    const bool moved =
        (known && (before->null_count != after->null_count || before->minimum != after->minimum ||
                   before->maximum != after->maximum)) ||
        (move != nullptr && move->measured);
    if (table.diff.changed_cells[i] == 0 && !moved) continue;
    std::vector<std::string> line = {
        name, grouped(table.diff.changed_cells[i]),
        known ? from_to(grouped(before->null_count), grouped(after->null_count)) : "?",
        known ? from_to(before->minimum, after->minimum) : "?",
        known ? from_to(before->maximum, after->maximum) : "?"};
    if (!table.moves.empty()) line.push_back(effect_text(move));
    lines.add(std::move(line));
  }
  if (!lines.empty()) lines.print(std::cout);
}

Json moves_json(const DiffedTable& table) {
  Json moves = Json::array();
  for (const ColumnMove& move : table.moves) {
    Json json = {{"column", move.name}, {"effect_at_most", move.effect_at_most}};
    if (move.measured) json["drift"] = to_json(*move.measured);
    moves.push_back(std::move(json));
  }
  return moves;
}

/// An object with room for `member_count` members, which are copied when it must grow.
Json roomy_object(size_t member_count) {
  Json::object_t object;
  object.reserve(member_count);
  return object;
}

/// Members are set and moved one by one: an initializer list copies what it is given, and there may
/// be a million rows.
Json rows_json(const DiffedTable& table) {
  const Changes& changes = table.diff.changes;
  const std::vector<int> keys = key_columns(table);
  const std::vector<int> others = other_columns(table);
  Json rows = Json::array();
  for (int64_t row = 0; row < changes.row_count(); ++row) {
    const ChangeKind kind = changes.kinds[static_cast<size_t>(row)];
    const arrow::RecordBatch& side = side_of(changes, row);
    Json key = roomy_object(keys.size());
    for (const int i : keys) key[side.schema()->field(i)->name()] = part_json(side.column(i), row);
    Json cells = roomy_object(kind == ChangeKind::updated ? 0 : others.size());
    for (const int i : others) {
      const std::string& name = table.diff.schema->field(i)->name();
      if (kind != ChangeKind::updated) {
        cells[name] = part_json(side.column(i), row);
      } else if (changes.cell_changed(row, i)) {
        Json& cell = cells[name] = roomy_object(2);
        cell["before"] = part_json(changes.before->column(i), row);
        cell["after"] = part_json(changes.after->column(i), row);
        for (const ChangedPart& part : parts_of(changes, row, i)) {
          Json& one = cell["parts"].emplace_back(Json{{"path", part.path}});
          if (part.before != nullptr) one["before"] = part_json(part.before, part.before_row);
          if (part.after != nullptr) one["after"] = part_json(part.after, part.after_row);
        }
      }
    }
    Json& json = rows.emplace_back(roomy_object(3));
    json["change"] = name_of(kind);
    json["key"] = std::move(key);
    json["cells"] = std::move(cells);
  }
  return rows;
}

}  // namespace

const char* name_of(ChangeKind kind) {
  if (kind == ChangeKind::inserted) return "inserted";
  return kind == ChangeKind::updated ? "updated" : "removed";
}

bool is_key(const DiffedTable& table, int column) {
  const auto& key = table.after.key;
  return std::find(key.begin(), key.end(), table.diff.schema->field(column)->name()) != key.end();
}

void print_changes(const DiffedTable& table, const ChangesText& text) {
  std::cout << text.noun << ' ' << table.name << ": ";
  if (table.added || table.dropped) {
    std::cout << (table.added ? "new, " : "gone, with ")
              << count_of((table.added ? table.after : table.before).row_count, "row") << '\n';
    print_about_changes(table.about);
    return;
  }
  const TableDiff& diff = table.diff;
  std::cout << grouped(table.before.row_count) << " -> " << count_of(table.after.row_count, "row")
            << ": " << grouped(diff.inserted_count) << " inserted, " << grouped(diff.updated_count)
            << " updated, " << grouped(diff.removed_count) << " removed\n";
  if (diff.key_changed) std::cout << "  the key changed, so rows were not compared\n";
  for (const ColumnRename& rename : diff.renames) {
    std::cout << "  column `" << rename.before << "` is called `" << rename.after << "` now\n";
  }
  for (const ColumnChange& column : diff.columns) {
    std::cout << "  column `" << column.name << "` ";
    if (column.type_before.empty()) {
      std::cout << "is new: " << column.type_after << '\n';
    } else if (column.type_after.empty()) {
      std::cout << "is gone: " << column.type_before << '\n';
    } else {
      std::cout << "was " << column.type_before << ", is " << column.type_after << '\n';
    }
  }
  print_about_changes(table.about);
  print_columns(table);
  print_rows(table, text.more_hint);
}

Json changes_json(const DiffedTable& table) {
  const TableDiff& diff = table.diff;
  Json columns = Json::array();
  for (const ColumnChange& column : diff.columns) {
    columns.push_back({{"column", column.name},
                       {"type_before", column.type_before},
                       {"type_after", column.type_after}});
  }
  Json renames = Json::array();
  for (const ColumnRename& rename : diff.renames) {
    renames.push_back({{"before", rename.before}, {"after", rename.after}});
  }
  Json cells = Json::object();
  for (size_t i = 0; i < diff.changed_cells.size(); ++i) {
    if (diff.changed_cells[i] == 0) continue;
    cells[diff.schema->field(static_cast<int>(i))->name()] = diff.changed_cells[i];
  }
  return {{"table", table.name},
          {"change", table.added     ? "added"
                     : table.dropped ? "dropped"
                                     : "changed"},
          {"row_count_before", table.before.row_count},
          {"row_count", table.after.row_count},
          {"inserted_count", diff.inserted_count},
          {"updated_count", diff.updated_count},
          {"removed_count", diff.removed_count},
          {"key_changed", diff.key_changed},
          {"about", about_json(table.about)},
          {"schema", columns},
          {"renamed", renames},
          {"changed_cells", cells},
          {"distributions", moves_json(table)},
          {"rows", rows_json(table)},
          {"complete", diff.complete}};
}

}  // namespace millgate
