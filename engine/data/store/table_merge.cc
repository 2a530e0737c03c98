#include "data/store/table_merge.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "data/store/changes.h"
#include "data/store/table_diff.h"
#include "data/store/version_update.h"
#include "data/table/arrow_result.h"
#include "data/table/cell_compare.h"
#include "data/table/column_builder.h"
#include "data/table/row_key.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

using Array = std::shared_ptr<arrow::Array>;

bool is_null(const Cell& cell) { return cell.column == nullptr || cell.column->IsNull(cell.row); }

bool same(const Cell& one, const Cell& other) {
  if (is_null(one) || is_null(other)) return is_null(one) == is_null(other);
  return cells_equal(*one.column, one.row, *other.column, other.row);
}

std::string text_of(const Cell& cell) {
  return is_null(cell) ? "null" : value_text(*cell.column, cell.row);
}

/// One cell as both sides and their base have it.
struct CellTriple {
  std::string column;
  Cell base;
  Cell ours;
  Cell theirs;
};

/// Decides about cells that both sides changed.
class Referee {
 public:
  Referee(const MergeOptions& options, TableMerge& merge) : options_(options), merge_(merge) {}

  /// The cell to take instead of ours; nothing when ours stays.
  Result<std::optional<Cell>> decide(const std::string& key, const std::string& key_text,
                                     const CellTriple& cell) {
    if (const auto found = options_.resolutions.find({key, cell.column});
        found != options_.resolutions.end()) {
      ++merge_.settled_count;
      return resolved(found->second, cell);
    }
    const MergePolicy policy = policy_of(cell.column);
    if (policy == MergePolicy::conflict) {
      merge_.conflicts.push_back({.key = key,
                                  .key_text = key_text,
                                  .column = cell.column,
                                  .base = text_of(cell.base),
                                  .ours = text_of(cell.ours),
                                  .theirs = text_of(cell.theirs)});
      return std::optional<Cell>();
    }
    ++merge_.settled_count;
    return by_policy(policy, cell);
  }

  /// Whether theirs wins where one side removed the row; nothing: nobody decided.
  std::optional<bool> decide_row(const Conflict& conflict) {
    if (const auto found = options_.resolutions.find({conflict.key, ""});
        found != options_.resolutions.end()) {
      ++merge_.settled_count;
      return found->second.take == Resolution::Take::theirs;
    }
    switch (options_.policy) {
      case MergePolicy::ours:
      case MergePolicy::theirs:
      case MergePolicy::newest:
        ++merge_.settled_count;
        return takes_theirs(options_.policy);
      default:
        merge_.conflicts.push_back(conflict);
        return std::nullopt;
    }
  }

 private:
  [[nodiscard]] MergePolicy policy_of(const std::string& column) const {
    const auto found = options_.by_column.find(column);
    return found == options_.by_column.end() ? options_.policy : found->second;
  }
  [[nodiscard]] bool takes_theirs(MergePolicy policy) const {
    return policy == MergePolicy::theirs ||
           (policy == MergePolicy::newest && options_.theirs_is_newer);
  }

  Result<std::optional<Cell>> resolved(const Resolution& resolution, const CellTriple& cell) {
    if (resolution.take == Resolution::Take::ours) return std::optional<Cell>();
    if (resolution.take == Resolution::Take::theirs) return std::make_optional(cell.theirs);
    if (resolution.value == "null") return std::make_optional(Cell{});
    const auto& type = type_of(cell);
    MILLGATE_ASSIGN(ColumnBuilder builder, ColumnBuilder::make(type));
    if (!builder.add_text(resolution.value)) {
      return invalid_input("`" + resolution.value + "` is no value of column `" + cell.column +
                           "`, which is of type " + type->ToString());
    }
    MILLGATE_ASSIGN(Array made, builder.finish());
    return keep(std::move(made));
  }

  Result<std::optional<Cell>> by_policy(MergePolicy policy, const CellTriple& cell) {
    switch (policy) {
      case MergePolicy::sum:
        return sum(cell);
      case MergePolicy::maximum:
      case MergePolicy::minimum: {
        MILLGATE_ASSIGN(const bool greater, theirs_is_greater(cell));
        return greater == (policy == MergePolicy::maximum) ? std::make_optional(cell.theirs)
                                                           : std::nullopt;
      }
      default:
        return takes_theirs(policy) ? std::make_optional(cell.theirs) : std::nullopt;
    }
  }

  static const std::shared_ptr<arrow::DataType>& type_of(const CellTriple& cell) {
    for (const Cell* one : {&cell.ours, &cell.theirs}) {
      if (one->column != nullptr) return one->column->type();
    }
    return cell.base.column->type();
  }

  static Result<bool> theirs_is_greater(const CellTriple& cell) {
    if (is_null(cell.ours) || is_null(cell.theirs)) return is_null(cell.ours);
    const auto field = arrow::field(cell.column, type_of(cell));
    const auto schema = arrow::schema({field});
    MILLGATE_ASSIGN(const RowKeyEncoder encoder, RowKeyEncoder::make(*schema, {cell.column}));
    const auto order = [&](const Cell& one) {
      std::string key;
      encoder.encode_row(*arrow::RecordBatch::Make(schema, 1, {one.column->Slice(one.row, 1)}), 0,
                         key);
      return key;
    };
    return order(cell.theirs) > order(cell.ours);
  }

  Result<std::optional<Cell>> sum(const CellTriple& cell) {
    const auto& type = type_of(cell);
    if (type->id() == arrow::Type::INT64) {
      const auto value = [](const Cell& one) {
        return is_null(one) ? int64_t{0}
                            : static_cast<const arrow::Int64Array&>(*one.column).Value(one.row);
      };
      int64_t added = 0;
      int64_t total = 0;
      if (__builtin_sub_overflow(value(cell.theirs), value(cell.base), &added) ||
          __builtin_add_overflow(value(cell.ours), added, &total)) {
        return invalid_input("the sum of column `" + cell.column + "` passes 64 bits",
                             "choose another policy for it");
      }
      arrow::Int64Builder builder;
      MILLGATE_ARROW_TRY(builder.Append(total), "a merged cell");
      MILLGATE_ARROW(Array made, builder.Finish(), "a merged cell");
      return keep(std::move(made));
    }
    if (type->id() != arrow::Type::DOUBLE) {
      return invalid_input(
          "column `" + cell.column + "` is of type " + type->ToString() + ", which has no sum",
          "choose another policy for it");
    }
    const auto value = [](const Cell& one) {
      return is_null(one) ? 0.0
                          : static_cast<const arrow::DoubleArray&>(*one.column).Value(one.row);
    };
    arrow::DoubleBuilder builder;
    MILLGATE_ARROW_TRY(builder.Append(value(cell.ours) + value(cell.theirs) - value(cell.base)),
                       "a merged cell");
    MILLGATE_ARROW(Array made, builder.Finish(), "a merged cell");
    return keep(std::move(made));
  }

  Result<std::optional<Cell>> keep(Array made) {
    made_.push_back(std::move(made));
    return std::make_optional(Cell{.column = made_.back().get(), .row = 0});
  }

  const MergeOptions& options_;
  TableMerge& merge_;
  std::vector<Array> made_;  ///< Cells that neither side has.
};

/// Walks through the changes of both sides.
class ChangesMerge {
 public:
  ChangesMerge(const Changes& ours, const Changes& theirs, RowKeyEncoder encoder,
               const MergeOptions& options, TableMerge& merge, ChangesBuilder out)
      : ours_(ours),
        theirs_(theirs),
        encoder_(std::move(encoder)),
        referee_(options, merge),
        merge_(merge),
        out_(std::move(out)) {}

  /// What must be done to ours.
  Result<Changes> run() {
    size_t our_row = 0;
    for (size_t row = 0; row < theirs_.keys.size(); ++row) {
      our_row = ours_.keys.lower_bound(theirs_.keys[row], our_row);
      const bool both = our_row < ours_.keys.size() && ours_.keys[our_row] == theirs_.keys[row];
      const int64_t before = out_.row_count();
      if (both) {
        MILLGATE_TRY(merge_row(static_cast<int64_t>(our_row), static_cast<int64_t>(row)));
      } else {
        MILLGATE_TRY(
            out_.add_rows(theirs_, static_cast<int64_t>(row), static_cast<int64_t>(row) + 1));
      }
      merge_.merged_row_count += out_.row_count() - before;
    }
    return out_.finish();
  }

 private:
  [[nodiscard]] size_t column_count() const { return theirs_.changed.size(); }
  [[nodiscard]] static Cell cell(const std::shared_ptr<arrow::RecordBatch>& rows, size_t column,
                                 int64_t row) {
    return {.column = rows->column(static_cast<int>(column)).get(), .row = row};
  }

  Status merge_row(int64_t our_row, int64_t row) {
    const ChangeKind our_kind = ours_.kinds[static_cast<size_t>(our_row)];
    const ChangeKind kind = theirs_.kinds[static_cast<size_t>(row)];
    const bool we_removed = our_kind == ChangeKind::removed;
    const bool they_removed = kind == ChangeKind::removed;
    if (we_removed && they_removed) return {};
    if (we_removed || they_removed) return merge_removed(our_row, row, we_removed);
    return merge_cells(our_row, row, our_kind == ChangeKind::inserted);
  }

  /// One side removed the row that the other changed.
  Status merge_removed(int64_t our_row, int64_t row, bool we_removed) {
    Conflict conflict{.key = std::string(theirs_.keys[static_cast<size_t>(row)]),
                      .key_text = encoder_.describe(*theirs_.after, row),
                      .column = {},
                      .base = "there",
                      .ours = we_removed ? "removed" : "updated",
                      .theirs = we_removed ? "updated" : "removed"};
    const std::optional<bool> take_theirs = referee_.decide_row(conflict);
    if (!take_theirs.value_or(false)) return {};
    const std::string_view key = theirs_.keys[static_cast<size_t>(row)];
    if (we_removed) {
      return out_.add(ChangeKind::inserted, key, [&](size_t i) {
        const bool changed = theirs_.cell_changed(row, static_cast<int>(i));
        return ChangesBuilder::CellChange{
            .before = {},
            .after = changed ? cell(theirs_.after, i, row) : cell(ours_.before, i, our_row)};
      });
    }
    return out_.add(ChangeKind::removed, key, [&](size_t i) {
      const bool changed = ours_.cell_changed(our_row, static_cast<int>(i));
      return ChangesBuilder::CellChange{
          .before = changed ? cell(ours_.after, i, our_row) : cell(theirs_.before, i, row),
          .after = cell(theirs_.after, i, row)};
    });
  }

  /// Both sides have the row. When they inserted it, there is no base.
  Status merge_cells(int64_t our_row, int64_t row, bool inserted) {
    std::vector<ChangesBuilder::CellChange> cells(column_count());
    bool any = false;
    for (size_t i = 0; i < cells.size(); ++i) {
      const auto column = static_cast<int>(i);
      const bool we_changed = inserted || ours_.cell_changed(our_row, column);
      const bool they_changed = inserted || theirs_.cell_changed(row, column);
      auto& change = cells[i];
      change = {.before = {}, .after = cell(theirs_.after, i, row), .changed = false};
      if (!they_changed) continue;
      const Cell theirs = cell(theirs_.after, i, row);
      if (!we_changed) {
        change = {.before = cell(theirs_.before, i, row), .after = theirs, .changed = true};
        any = true;
        continue;
      }
      const Cell ours = cell(ours_.after, i, our_row);
      if (same(ours, theirs)) continue;
      const CellTriple triple{.column = theirs_.after->schema()->field(column)->name(),
                              .base = inserted ? Cell{} : cell(theirs_.before, i, row),
                              .ours = ours,
                              .theirs = theirs};
      MILLGATE_ASSIGN(const auto taken,
                      referee_.decide(std::string(theirs_.keys[static_cast<size_t>(row)]),
                                      encoder_.describe(*theirs_.after, row), triple));
      if (!taken || same(*taken, ours)) continue;
      change = {.before = ours, .after = *taken, .changed = true};
      any = true;
    }
    if (!any) return {};
    return out_.add(ChangeKind::updated, theirs_.keys[static_cast<size_t>(row)],
                    [&](size_t i) { return cells[i]; });
  }

  const Changes& ours_;
  const Changes& theirs_;
  RowKeyEncoder encoder_;
  Referee referee_;
  TableMerge& merge_;
  ChangesBuilder out_;
};

Error both_changed_columns() {
  return Error{.code = ErrorCode::conflict,
               .what = "both sides changed the columns of the table",
               .hint = "make the columns of one side those of the other, commit, then merge"};
}

Status check_policies(const MergeOptions& options, const arrow::Schema& schema) {
  for (const auto& [column, policy] : options.by_column) {
    if (schema.GetFieldIndex(column) >= 0) continue;
    return invalid_input(
        "there is a merge policy for column `" + column + "`, which the table has not",
        name_hint(column, schema.field_names()));
  }
  return {};
}

/// Sides turned round: so a merge into the side whose columns changed is one into ours.
MergeOptions turned(MergeOptions options) {
  const auto turn = [](MergePolicy& policy) {
    if (policy == MergePolicy::ours) {
      policy = MergePolicy::theirs;
    } else if (policy == MergePolicy::theirs) {
      policy = MergePolicy::ours;
    }
  };
  turn(options.policy);
  for (auto& [column, policy] : options.by_column) turn(policy);
  options.theirs_is_newer = !options.theirs_is_newer;
  for (auto& [place, resolution] : options.resolutions) {
    if (resolution.take == Resolution::Take::value) continue;
    resolution.take = resolution.take == Resolution::Take::ours ? Resolution::Take::theirs
                                                                : Resolution::Take::ours;
  }
  return options;
}

/// `changes` with the columns of `schema`, of which it has some: the others do not change, and
/// are null in inserted rows.
Result<Changes> with_schema(const Changes& changes, const std::shared_ptr<arrow::Schema>& schema,
                            const std::vector<std::string>& key) {
  MILLGATE_ASSIGN(ChangesBuilder out, ChangesBuilder::make(schema, key));
  std::vector<int> from;
  for (const auto& field : schema->fields()) {
    from.push_back(changes.after->schema()->GetFieldIndex(field->name()));
  }
  for (int64_t row = 0; row < changes.row_count(); ++row) {
    const auto at = static_cast<size_t>(row);
    MILLGATE_TRY(out.add(changes.kinds[at], changes.keys[at], [&](size_t i) {
      if (from[i] < 0)
        return ChangesBuilder::CellChange{.before = {}, .after = {}, .changed = false};
      return ChangesBuilder::CellChange{
          .before = {.column = changes.before->column(from[i]).get(), .row = row},
          .after = {.column = changes.after->column(from[i]).get(), .row = row},
          .changed = changes.cell_changed(row, from[i])};
    }));
  }
  return out.finish();
}

}  // namespace

Result<MergePolicy> parse_merge_policy(const std::string& name) {
  static const std::map<std::string, MergePolicy> policies = {
      {"conflict", MergePolicy::conflict}, {"ours", MergePolicy::ours},
      {"theirs", MergePolicy::theirs},     {"newest", MergePolicy::newest},
      {"sum", MergePolicy::sum},           {"max", MergePolicy::maximum},
      {"min", MergePolicy::minimum}};
  const auto found = policies.find(name);
  if (found != policies.end()) return found->second;
  std::vector<std::string> names;
  names.reserve(policies.size());
  for (const auto& [known, policy] : policies) names.push_back(known);
  return invalid_input("there is no merge policy `" + name + "`", name_hint(name, names));
}

Result<TableMerge> merge_versions(ObjectStore& objects, const TableVersion& base,
                                  const TableVersion& ours, const TableVersion& theirs,
                                  const MergeOptions& options) {
  TableMerge merge;
  merge.version = ours;
  if (base.key != ours.key || base.key != theirs.key) {
    return Error{.code = ErrorCode::conflict,
                 .what = "a side changed the key of the table",
                 .hint = "give both sides one `key`, commit, then merge"};
  }
  if (base.key.empty()) {
    return Error{.code = ErrorCode::conflict,
                 .what = "the table has no key, so its rows cannot be merged",
                 .hint = "give it a `key` in millgate.toml"};
  }
  const bool our_columns = !ours.schema->Equals(*base.schema, false);
  const bool their_columns = !theirs.schema->Equals(*base.schema, false);
  if (our_columns && their_columns && !ours.schema->Equals(*theirs.schema, false)) {
    return both_changed_columns();
  }
  MILLGATE_TRY(check_policies(options, *ours.schema));
  if (their_columns && !our_columns) {
    // Our changes go on top of theirs, where the new columns are.
    MILLGATE_ASSIGN(TableMerge swapped,
                    merge_versions(objects, base, theirs, ours, turned(options)));
    for (Conflict& conflict : swapped.conflicts) std::swap(conflict.ours, conflict.theirs);
    return swapped;
  }
  const DiffOptions all{.rows_max = INT64_MAX};
  MILLGATE_ASSIGN(TableDiff our_diff, diff_versions(objects, base, ours, all));
  MILLGATE_ASSIGN(TableDiff their_diff, diff_versions(objects, base, theirs, all));
  MILLGATE_ASSIGN(const Changes our_changes, with_schema(our_diff.changes, ours.schema, ours.key));
  MILLGATE_ASSIGN(const Changes their_changes,
                  with_schema(their_diff.changes, ours.schema, ours.key));
  MILLGATE_ASSIGN(RowKeyEncoder encoder, RowKeyEncoder::make(*ours.schema, ours.key));
  MILLGATE_ASSIGN(ChangesBuilder out, ChangesBuilder::make(ours.schema, ours.key));
  ChangesMerge walk(our_changes, their_changes, std::move(encoder), options, merge, std::move(out));
  MILLGATE_ASSIGN(const Changes changes, walk.run());
  MILLGATE_ASSIGN(merge.version, apply_changes(objects, ours, changes));
  return merge;
}

}  // namespace millgate
