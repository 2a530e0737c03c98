#include "system/pipeline/personal_use.h"

#include <arrow/type.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "data/personal/answer_policy.h"
#include "data/query/column_lineage.h"
#include "data/query/sql_token.h"
#include "data/store/table_version.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

using Columns = std::set<TableColumn>;

std::string name_of(const TableColumn& column) {
  return "`" + column.table + "." + column.column + "`";
}

Columns forbidden_columns(const Project& project) {
  Columns columns;
  for (const TablePolicy& policy : project.personal) {
    for (const ColumnPolicy& one : policy.columns) {
      if (one.is_forbidden) columns.insert({policy.table, one.column});
    }
  }
  return columns;
}

/// The first that both have.
std::optional<TableColumn> shared(const Columns& some, const Columns& forbidden) {
  for (const TableColumn& one : some) {
    if (forbidden.contains(one)) return one;
  }
  return std::nullopt;
}

Status check_columns_there(const Project& project, const TableSchemas& tables) {
  for (const TablePolicy& policy : project.personal) {
    const auto table = tables.find(policy.table);
    if (table == tables.end()) continue;
    const std::vector<std::string> names = table->second->field_names();
    for (const ColumnPolicy& one : policy.columns) {
      if (std::find(names.begin(), names.end(), one.column) != names.end()) continue;
      return policy.section.error_at(
          one.column,
          "table `" + policy.table + "` has no column `" + one.column + "` to have a policy for",
          name_hint(one.column, names));
    }
  }
  return {};
}

/// A name in an expression: "weather.wind" or "wind".
struct Mention {
  std::string view;  ///< Empty: none was written.
  std::string column;
  size_t offset = 0;
};

std::vector<Mention> mentions_in(const std::string& expression) {
  std::vector<Mention> mentions;
  const std::vector<SqlToken> tokens = sql_tokens(expression);
  const auto is_symbol = [&](size_t i, char symbol) {
    return i < tokens.size() && tokens[i].is_symbol(symbol);
  };
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (!tokens[i].is_name() || is_symbol(i + 1, '(')) continue;
    Mention one{.view = {}, .column = tokens[i].name(), .offset = tokens[i].offset};
    if (is_symbol(i + 1, '.') && i + 2 < tokens.size() && tokens[i + 2].is_name()) {
      one.view = std::exchange(one.column, tokens[i + 2].name());
      i += 2;
    }
    mentions.push_back(std::move(one));
  }
  return mentions;
}

/// One check of one project.
class PersonalUse {
 public:
  PersonalUse(const Project& project, LineageReader& reader)
      : project_(project), reader_(reader), forbidden_(forbidden_columns(project)) {}

  Status check() {
    for (const View& view : project_.views) MILLGATE_TRY(read_view_columns(view));
    for (const CalendarDefinition& one : project_.calendars) MILLGATE_TRY(check_calendar(one));
    if (!project_.task) return {};
    const Task& task = *project_.task;
    MILLGATE_TRY(check_text(task.section, "label", task.label, "the label"));
    MILLGATE_TRY(check_text(task.section, "label_known", task.label_known, "`label_known`"));
    for (const FeatureDefinition& one : project_.features) {
      MILLGATE_TRY(check_text(project_.feature_section, one.name, one.expression,
                              "feature `" + one.name + "`"));
    }
    return {};
  }

 private:
  [[nodiscard]] Error refusal(const Section& section, const std::string& key,
                              const std::string& what, const TableColumn& column,
                              std::optional<size_t> offset = std::nullopt) const {
    const TablePolicy* policy = policy_of(project_.personal, column.table);
    const Place place = policy->section.place_of(column.column);
    Error error = section.error_at(
        key, what + " " + name_of(column) + ", which [source.personal] forbids",
        "leave it out of here" +
            (place.line > 0 ? ", or change the policy in line " + std::to_string(place.line) : ""),
        offset ? std::optional<uint32_t>(static_cast<uint32_t>(*offset)) : std::nullopt);
    error.code = ErrorCode::refused;
    return error;
  }

  /// SQL that is wrong is told where it is run.
  Result<std::optional<ColumnLineage>> lineage_of(const std::string& sql) {
    auto lineage = reader_.read(sql);
    if (lineage.ok()) return std::make_optional(std::move(lineage).value());
    if (lineage.error().code == ErrorCode::invalid_input) return std::optional<ColumnLineage>();
    return std::move(lineage).error();
  }

  Status read_view_columns(const View& view) {
    MILLGATE_ASSIGN(const auto lineage, lineage_of(view.sql));
    if (!lineage) return {};
    if (const auto column = shared(lineage->rows, forbidden_)) {
      return refusal(view.section, "sql", "the rows of view `" + view.name + "` are chosen by",
                     *column);
    }
    for (const auto& one : lineage->columns) {
      if (auto column = shared(one.from, forbidden_)) {
        in_views_.emplace(sql_lower(view.name) + "." + sql_lower(one.name), *column);
      }
    }
    return check_windows(view);
  }

  /// A window's argument is SQL over the view, which may have its entity for no other use.
  Status check_windows(const View& view) {
    for (const Window& window : view.windows) {
      if (window.argument.empty()) continue;
      MILLGATE_ASSIGN(const auto lineage,
                      lineage_of("select (" + window.argument + "\n) from (" + view.sql + "\n)"));
      if (!lineage || lineage->columns.empty()) continue;
      if (const auto column = shared(lineage->columns.front().from, forbidden_)) {
        return refusal(view.window_section, window.name,
                       "window `" + window.name + "` of view `" + view.name + "` is made from",
                       *column);
      }
    }
    return {};
  }

  Status check_calendar(const CalendarDefinition& calendar) {
    MILLGATE_ASSIGN(const auto lineage, lineage_of(calendar.sql));
    if (!lineage) return {};
    Columns from = lineage->rows;
    for (const auto& one : lineage->columns) from.insert(one.from.begin(), one.from.end());
    if (const auto column = shared(from, forbidden_)) {
      return refusal(calendar.section, "sql", "calendar `" + calendar.name + "` is made from",
                     *column);
    }
    return {};
  }

  [[nodiscard]] std::optional<TableColumn> forbidden_behind(const Mention& mention) const {
    if (!mention.view.empty() && sql_lower(mention.view) != sql_lower(project_.task->table)) {
      const auto found = in_views_.find(sql_lower(mention.view) + "." + sql_lower(mention.column));
      return found == in_views_.end() ? std::nullopt : std::make_optional(found->second);
    }
    for (const TableColumn& one : forbidden_) {
      if (one.table == project_.task->table && sql_lower(one.column) == sql_lower(mention.column)) {
        return one;
      }
    }
    return std::nullopt;
  }

  Status check_text(const Section& section, const std::string& key, const std::string& expression,
                    const std::string& what) const {
    for (const Mention& mention : mentions_in(expression)) {
      const auto column = forbidden_behind(mention);
      if (!column) continue;
      const std::string through = mention.view.empty() ? "" : ", by view `" + mention.view + "`,";
      return refusal(section, key, what + " reads" + through, *column, mention.offset);
    }
    return {};
  }

  const Project& project_;
  LineageReader& reader_;
  Columns forbidden_;
  std::map<std::string, TableColumn> in_views_;  ///< "view.column", in lower case.
};

}  // namespace

Status check_personal_use(const Repository& repository, const Project& project,
                          const std::map<std::string, Id>& tables) {
  if (project.personal.empty()) return {};
  TableSchemas schemas;
  for (const auto& [name, id] : tables) {
    MILLGATE_ASSIGN(const TableVersion version, read_table_version(repository.objects(), id));
    schemas.emplace(name, version.schema);
  }
  MILLGATE_TRY(check_columns_there(project, schemas));
  if (forbidden_columns(project).empty()) return {};
  MILLGATE_ASSIGN(LineageReader reader, LineageReader::open(schemas));
  return PersonalUse(project, reader).check();
}

Status check_personal_copy(const Repository& repository, const Project& project,
                           const MadeRows& made) {
  if (project.personal.empty()) return {};
  MILLGATE_ASSIGN(const auto columns,
                  answer_columns(repository, project.personal, made.sql, made.commit));
  if (!columns) {
    // Wrong SQL is told where it is run; what also reads a log has no plan here.
    const TablePolicy* named = named_policy(project.personal, made.sql);
    if (named == nullptr) return {};
    return Error{.code = ErrorCode::refused,
                 .what = "it cannot be told which columns of `" + named->table +
                         "`, which has a policy for personal data, the new rows are made from",
                 .hint = "read tables alone, not logs, in the query; or export the rows"};
  }
  const TablePolicy* own = policy_of(project.personal, made.table);
  for (const AnswerColumn& column : *columns) {
    if (own != nullptr && own->find(column.name) != nullptr) continue;
    const AnswerColumn::Origin& from = column.from.front();
    return Error{.code = ErrorCode::refused,
                 .what = "column `" + column.name + "` of the new rows is made from " +
                         name_of(from.column) + ", whose policy is `" + from.policy.text() +
                         "`, and has no policy itself",
                 .hint = "write one for it into [source.personal] of the [[source]] `" +
                         made.table + "`, or leave the column out"};
  }
  return {};
}

}  // namespace millgate
