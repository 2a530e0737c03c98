#include "system/pipeline/column_mention.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "data/check/rule_form.h"
#include "data/query/sql_token.h"
#include "system/pipeline/label_review.h"

namespace millgate {

namespace {

/// Looks for one column of one table.
class ColumnMentions {
 public:
  ColumnMentions(const Project& project, const std::string& table, const std::string& before,
                 const std::string& after)
      : project_(project), table_(table), before_(before), after_(after) {}

  Status check() const {
    MILLGATE_TRY(check_sources());
    MILLGATE_TRY(check_rules());
    if (project_.task && project_.task->table == table_) {
      MILLGATE_TRY(check_task(*project_.task));
    }
    return check_views();
  }

 private:
  [[nodiscard]] bool is_it(const std::string& name) const {
    return sql_lower(name) == sql_lower(before_);
  }

  [[nodiscard]] Error found_at(const Section& section, const std::string& key,
                               std::optional<uint32_t> offset = std::nullopt) const {
    return section.error_at(
        key, "the project file still calls the column `" + before_ + "` of table `" + table_ + "`",
        "write `" + after_ + "` here, then rename", offset);
  }

  Status check_names(const std::vector<std::string>& names, const Section& section,
                     const std::string& key) const {
    const auto it = [&](const std::string& name) { return is_it(name); };
    if (std::none_of(names.begin(), names.end(), it)) return {};
    return found_at(section, key);
  }

  /// A name behind the name of something else and a point is none of ours.
  Status check_expression(const std::string& text, const Section& section,
                          const std::string& key) const {
    const std::vector<SqlToken> tokens = sql_tokens(text);
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (!tokens[i].is_name() || !is_it(tokens[i].name())) continue;
      const bool is_call = i + 1 < tokens.size() && tokens[i + 1].is_symbol('(');
      const bool of_another = i >= 2 && tokens[i - 1].is_symbol('.') &&
                              sql_lower(tokens[i - 2].name()) != sql_lower(table_);
      if (is_call || of_another) continue;
      return found_at(section, key, static_cast<uint32_t>(tokens[i].offset));
    }
    return {};
  }

  Status check_sources() const {
    for (const Source& source : project_.sources) {
      if (source.name != table_) continue;
      MILLGATE_TRY(check_names(source.key, source.section, "key"));
      MILLGATE_TRY(check_expression(source.happened, source.section, "happened"));
      MILLGATE_TRY(check_expression(source.known, source.section, "known"));
    }
    const TablePolicy* policy = policy_of(project_.personal, table_);
    if (policy != nullptr && policy->find(before_) != nullptr) {
      return found_at(policy->section, before_);
    }
    return {};
  }

  Status check_rules() const {
    for (const Rule& rule : project_.rules) {
      MILLGATE_ASSIGN(const RuleForm form, parse_rule(rule));
      if (rule.table == table_) {
        if (form.kind == RuleKind::condition || form.kind == RuleKind::aggregate) {
          MILLGATE_TRY(check_expression(rule.rule, rule.section, "rule"));
        } else {
          MILLGATE_TRY(check_rule_names(form.columns, rule));
        }
        MILLGATE_TRY(check_expression(rule.where, rule.section, "where"));
      }
      const bool ours =
          form.kind == RuleKind::reference ? form.other_table.name == table_ : rule.table == table_;
      if (ours) MILLGATE_TRY(check_rule_names(form.other_columns, rule));
    }
    return {};
  }

  Status check_rule_names(const std::vector<NameInRule>& names, const Rule& rule) const {
    for (const NameInRule& one : names) {
      if (is_it(one.name)) return found_at(rule.section, "rule", one.offset);
    }
    return {};
  }

  Status check_task(const Task& task) const {
    MILLGATE_TRY(check_expression(task.label, task.section, "label"));
    MILLGATE_TRY(check_expression(task.label_known, task.section, "label_known"));
    MILLGATE_ASSIGN(const std::string rule, label_rule_of(task));
    MILLGATE_TRY(check_expression(rule, task.section, "label_rule"));
    MILLGATE_TRY(check_names(task.asked_with, task.section, "asked_with"));
    MILLGATE_TRY(check_names(task.slices, task.section, "slices"));
    for (const FeatureDefinition& feature : project_.features) {
      MILLGATE_TRY(check_expression(feature.expression, project_.feature_section, feature.name));
    }
    for (const View& view : project_.views) {
      MILLGATE_TRY(check_names(view.entity, view.section, "entity"));
    }
    return {};
  }

  /// A view that reads the table and names the column names it of this table, as far as a word
  /// tells.
  Status check_views() const {
    for (const View& view : project_.views) {
      const std::vector<SqlToken> tokens = sql_tokens(view.sql);
      const bool reads = std::any_of(tokens.begin(), tokens.end(), [&](const SqlToken& token) {
        return token.is_name() && sql_lower(token.name()) == sql_lower(table_);
      });
      if (!reads) continue;
      for (const SqlToken& token : tokens) {
        if (!token.is_name() || !is_it(token.name())) continue;
        return found_at(view.section, "sql", static_cast<uint32_t>(token.offset));
      }
    }
    return {};
  }

  const Project& project_;
  const std::string& table_;
  const std::string& before_;
  const std::string& after_;
};

}  // namespace

Status check_column_unnamed(const Project& project, const std::string& table,
                            const std::string& before, const std::string& after) {
  return ColumnMentions(project, table, before, after).check();
}

}  // namespace millgate
