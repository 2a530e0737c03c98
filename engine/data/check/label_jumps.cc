#include "data/check/label_jumps.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "data/query/database.h"
#include "data/query/sql_error.h"
#include "data/store/table_version.h"
#include "data/table/arrow_result.h"
#include "ground/json.h"
#include "ground/nearest_name.h"
#include "model/measure/false_discovery.h"
#include "model/measure/paired_change.h"

namespace millgate {

namespace {

/// The labels of one slice around a commit.
struct SliceCounts {
  std::string value;
  RowShare added, old;
  RowShare stayed_before, stayed_after;
  int64_t up = 0, down = 0;
};

/// The version of the table at a commit; nothing when it is not there.
std::optional<Id> version_at(const Commit& commit, const std::string& table) {
  const auto found = commit.tables.find(table);
  return found == commit.tables.end() ? std::nullopt : std::make_optional(found->second);
}

bool has_column(const TableVersion& version, const std::string& name) {
  return version.schema->GetFieldIndex(name) >= 0;
}

/// Two versions of the table in one database, row by row beside each other.
class VersionPair {
 public:
  VersionPair(const Repository& repository, const LabelJumpOptions& options,
              const TableVersion& before, const TableVersion& after)
      : repository_(repository), options_(options), before_(before), after_(after) {}

  /// Errors: `invalid_input` when a version lacks a column of the label.
  Status open(const std::vector<std::string>& columns) {
    columns_ = columns;
    MILLGATE_ASSIGN(database_, Database::open({.spill_folder = repository_.folder("scratch"),
                                               .user_sql = true}));
    MILLGATE_TRY(database_->add_table("version before", repository_.objects(), before_));
    MILLGATE_TRY(database_->add_table("version after", repository_.objects(), after_));
    for (const char* version : {"\"version after\"", "\"version before\""}) {
      MILLGATE_TRY(check_sql(version));
    }
    const bool has_key = !after_.key.empty() && before_.key == after_.key;
    return database_->execute("create table pairs as " + (has_key ? by_key() : by_content()));
  }

  Status check_labels() {
    MILLGATE_ASSIGN(const int64_t wrong,
                    database_->count("select count(*) from pairs where new_label not in (0, 1) or "
                                     "old_label not in (0, 1)"));
    if (wrong == 0) return {};
    return invalid_input("the label `" + options_.label + "` is neither 0 nor 1 in " +
                             std::to_string(wrong) + " rows",
                         "write a condition, such as `arr_delay > 15`");
  }

  /// Of all rows for no column.
  Result<std::vector<SliceCounts>> counts(std::optional<size_t> column) {
    std::string value = "''";
    if (column) {
      const std::string name = "slice_" + std::to_string(*column);
      value = "coalesce(new_" + name + ", old_" + name + ", 'null')";
    }
    MILLGATE_ASSIGN(
        const auto rows,
        database_->query(
            "select " + value +
            " as slice, "
            "count(*) filter (is_new and not is_old and new_label is not null)::bigint, "
            "coalesce(sum(new_label) filter (is_new and not is_old), 0)::bigint, "
            "count(old_label)::bigint, coalesce(sum(old_label), 0)::bigint, "
            "count(*) filter (new_label is not null and old_label is not null)::bigint, "
            "coalesce(sum(old_label) filter (new_label is not null), 0)::bigint, "
            "count(*) filter (new_label > old_label)::bigint, "
            "count(*) filter (new_label < old_label)::bigint "
            "from pairs group by slice order by slice"));
    std::vector<SliceCounts> found;
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      std::vector<int64_t> numbers;
      for (int i = 1; i < rows->num_columns(); ++i) {
        MILLGATE_ARROW(const auto cell, rows->column(i)->GetScalar(row), "counts of labels");
        numbers.push_back(static_cast<const arrow::Int64Scalar&>(*cell).value);
      }
      MILLGATE_ARROW(const auto slice, rows->column(0)->GetScalar(row), "counts of labels");
      SliceCounts one{.value = slice->ToString(),
                      .added = {numbers[1], numbers[0]},
                      .old = {numbers[3], numbers[2]},
                      .stayed_before = {numbers[5], numbers[4]},
                      .stayed_after = {numbers[5] + numbers[6] - numbers[7], numbers[4]},
                      .up = numbers[6],
                      .down = numbers[7]};
      found.push_back(std::move(one));
    }
    return found;
  }

 private:
  /// The label by itself, so that a fault has its place in the words of the caller.
  Status check_sql(const std::string& version) {
    const std::string before = "select (";
    auto bound = database_->describe(before + options_.label + "\n) from " + version);
    if (bound.ok()) return {};
    const auto found = database_->error_offset();
    const size_t offset = found && *found > before.size() ? *found - before.size() : 0;
    return at_sql_place(std::move(bound).error(), options_.label,
                        std::min(offset, options_.label.size()), 1);
  }

  /// Label and slices of one version, after `also`.
  [[nodiscard]] std::string side(const std::string& from, const std::string& also) const {
    std::string sql = "select " + also + "cast((" + options_.label + "\n) as double) as label";
    for (size_t i = 0; i < columns_.size(); ++i) {
      sql += ", cast(" + quote_name(columns_[i]) + " as varchar) as slice_" + std::to_string(i);
    }
    return sql + " from " + from;
  }

  [[nodiscard]] std::string pair_columns(const std::string& after,
                                         const std::string& before) const {
    std::string sql = after + "label as new_label, " + before + "label as old_label";
    for (size_t i = 0; i < columns_.size(); ++i) {
      const std::string name = "slice_" + std::to_string(i);
      sql += ", " + after + name + " as new_" + name + ", " + before + name + " as old_" + name;
    }
    return sql;
  }

  [[nodiscard]] std::string by_key() const {
    std::string keys;
    std::string equal;
    for (size_t i = 0; i < after_.key.size(); ++i) {
      const std::string name = "key_" + std::to_string(i);
      keys += quote_name(after_.key[i]) + " as " + name + ", ";
      equal += (equal.empty() ? "a." : " and a.") + name + " is not distinct from b." + name;
    }
    keys += "true as there, ";
    return "select a.there is not null as is_new, b.there is not null as is_old, " +
           pair_columns("a.", "b.") + " from (" + side("\"version after\"", keys) +
           ") as a full outer join (" + side("\"version before\"", keys) + ") as b on " + equal;
  }

  [[nodiscard]] std::string by_content() const {
    const auto only = [&](bool is_new, const std::string& from) {
      std::string sql = is_new ? "select true as is_new, false as is_old, "
                               : "select false as is_new, true as is_old, ";
      sql += (is_new ? "label" : "null::double") + std::string(" as new_label, ") +
             (is_new ? "null::double" : "label") + " as old_label";
      for (size_t i = 0; i < columns_.size(); ++i) {
        const std::string name = "slice_" + std::to_string(i);
        sql += ", " + (is_new ? name : "null::varchar") + " as new_" + name + ", " +
               (is_new ? "null::varchar" : name) + " as old_" + name;
      }
      return sql + " from (" + side(from, "") + ")";
    };
    std::string shared;
    for (const auto& field : after_.schema->fields()) {
      if (!has_column(before_, field->name())) continue;
      shared += (shared.empty() ? "" : ", ") + quote_name(field->name());
    }
    return only(true, "(select " + shared + " from \"version after\" except all select " + shared +
                          " from \"version before\")") +
           " union all " + only(false, "\"version before\"");
  }

  const Repository& repository_;
  const LabelJumpOptions& options_;
  const TableVersion& before_;
  const TableVersion& after_;
  std::vector<std::string> columns_;
  std::unique_ptr<Database> database_;
};

class Walk {
 public:
  Walk(const Repository& repository, const LabelJumpOptions& options, std::string table)
      : repository_(repository), options_(options) {
    found_.table = std::move(table);
  }

  Result<LabelJumps> run(const std::string& revision) {
    MILLGATE_ASSIGN(Commit at, repository_.resolve(revision));
    if (!version_at(at, found_.table)) {
      std::vector<std::string> names;
      names.reserve(at.tables.size());
      for (const auto& [name, version] : at.tables) names.push_back(name);
      return not_found("table `" + found_.table + "` is not in commit " + at.id.brief(),
                       name_hint(found_.table, names));
    }
    MILLGATE_TRY(check_columns(at));
    while (!at.parents.empty() && found_.commit_count < options_.commit_count_max &&
           found_.stopped_at.empty()) {
      MILLGATE_ASSIGN(Commit parent, repository_.read_commit(at.parents.front()));
      const auto before = version_at(parent, found_.table);
      if (!before) break;
      if (before != version_at(at, found_.table)) MILLGATE_TRY(compare(parent, at));
      at = std::move(parent);
    }
    judge();
    return std::move(found_);
  }

 private:
  Status check_columns(const Commit& commit) const {
    MILLGATE_ASSIGN(const TableVersion version,
                    read_table_version(repository_.objects(), commit.tables.at(found_.table)));
    for (const std::string& column : options_.by) {
      if (has_column(version, column)) continue;
      return invalid_input("table `" + found_.table + "` has no column `" + column + "`",
                           name_hint(column, version.schema->field_names()));
    }
    return {};
  }

  /// Columns that both versions have and that may be slices.
  [[nodiscard]] std::vector<std::string> slices_of(const TableVersion& before,
                                                   const TableVersion& after) const {
    std::vector<std::string> columns;
    for (const auto& field : after.schema->fields()) {
      const auto kind = field->type()->id();
      const bool is_asked = options_.by.empty()
                                ? kind == arrow::Type::STRING || kind == arrow::Type::BOOL
                                : std::find(options_.by.begin(), options_.by.end(),
                                            field->name()) != options_.by.end();
      if (is_asked && has_column(before, field->name())) columns.push_back(field->name());
    }
    return columns;
  }

  Status compare(const Commit& parent, const Commit& commit) {
    MILLGATE_ASSIGN(const TableVersion before,
                    read_table_version(repository_.objects(), parent.tables.at(found_.table)));
    MILLGATE_ASSIGN(const TableVersion after,
                    read_table_version(repository_.objects(), commit.tables.at(found_.table)));
    const std::vector<std::string> columns = slices_of(before, after);
    VersionPair pair(repository_, options_, before, after);
    if (Status opened = pair.open(columns); !opened.ok()) {
      if (opened.error().code != ErrorCode::invalid_input || found_.commit_count == 0) {
        return opened;
      }
      found_.stopped_at = parent.id.brief();
      return {};
    }
    ++found_.commit_count;
    MILLGATE_TRY(pair.check_labels());
    MILLGATE_ASSIGN(const auto all, pair.counts(std::nullopt));
    for (const SliceCounts& one : all) add_tests(commit, "", one);
    for (size_t i = 0; i < columns.size(); ++i) {
      MILLGATE_ASSIGN(const auto slices, pair.counts(i));
      if (static_cast<int64_t>(slices.size()) > options_.slice_count_max) continue;
      for (const SliceCounts& one : slices) add_tests(commit, columns[i], one);
    }
    return {};
  }

  void add_tests(const Commit& commit, const std::string& column, const SliceCounts& counts) {
    LabelJump test;
    test.commit = commit;
    test.column = column;
    test.value = counts.value;
    if (counts.added.all > 0 && counts.old.all > 0) {
      test.kind = LabelJumpKind::new_rows;
      test.before = counts.old;
      test.after = counts.added;
      test.difference = share_difference(counts.old, counts.added);
      add(test);
    }
    if (counts.up + counts.down > 0) {
      test.kind = LabelJumpKind::relabelled;
      test.before = counts.stayed_before;
      test.after = counts.stayed_after;
      test.difference = share_difference(test.before, test.after);
      test.difference.p_value = mcnemar_p(counts.up, counts.down);
      add(test);
    }
  }

  void add(const LabelJump& test) {
    if (std::min(test.before.all, test.after.all) < options_.support_min) {
      ++found_.without_support;
    } else {
      found_.tests.push_back(test);
    }
  }

  void judge() {
    std::vector<double> p_values;
    p_values.reserve(found_.tests.size());
    for (const LabelJump& one : found_.tests) p_values.push_back(one.difference.p_value);
    const auto adjusted = adjusted_p_values(p_values, FalseDiscovery::benjamini_hochberg);
    for (size_t i = 0; i < found_.tests.size(); ++i) {
      LabelJump& one = found_.tests[i];
      one.adjusted_p = adjusted[i];
      one.is_jump = one.adjusted_p <= options_.false_share_max &&
                    std::abs(one.difference.difference) >= options_.effect_min;
    }
    std::stable_sort(found_.tests.begin(), found_.tests.end(),
                     [](const LabelJump& a, const LabelJump& b) {
                       if (a.is_jump != b.is_jump) return a.is_jump;
                       return std::abs(a.difference.difference) > std::abs(b.difference.difference);
                     });
  }

  const Repository& repository_;
  const LabelJumpOptions& options_;
  LabelJumps found_;
};

Json to_json(const RowShare& share) {
  return {{"positive", share.part}, {"row_count", share.all}, {"rate", share.value()}};
}

}  // namespace

size_t LabelJumps::jump_count() const {
  return static_cast<size_t>(
      std::count_if(tests.begin(), tests.end(), [](const LabelJump& one) { return one.is_jump; }));
}

Result<LabelJumps> label_jumps(const Repository& repository, const std::string& revision,
                               const std::string& table, const LabelJumpOptions& options) {
  return Walk(repository, options, table).run(revision);
}

Json to_json(const LabelJumps& jumps) {
  Json tests = Json::array();
  for (const LabelJump& one : jumps.tests) {
    tests.push_back({{"commit", one.commit.id.hex()},
                     {"kind", one.kind == LabelJumpKind::new_rows ? "new_rows" : "relabelled"},
                     {"column", one.column.empty() ? Json() : Json(one.column)},
                     {"value", one.column.empty() ? Json() : Json(one.value)},
                     {"before", to_json(one.before)},
                     {"after", to_json(one.after)},
                     {"difference", one.difference.difference},
                     {"lower", one.difference.lower},
                     {"upper", one.difference.upper},
                     {"p_value", one.difference.p_value},
                     {"adjusted_p_value", one.adjusted_p},
                     {"is_jump", one.is_jump}});
  }
  return {{"table", jumps.table},
          {"commit_count", jumps.commit_count},
          {"jump_count", jumps.jump_count()},
          {"without_support", jumps.without_support},
          {"stopped_at", jumps.stopped_at.empty() ? Json() : Json(jumps.stopped_at)},
          {"tests", std::move(tests)}};
}

}  // namespace millgate
