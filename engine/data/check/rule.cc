#include "data/check/rule.h"

#include <optional>
#include <utility>

#include "data/check/rule_form.h"

namespace millgate {

Result<Rule> read_rule(Section section) {
  MILLGATE_ASSIGN(std::string table, section.text("table"));
  MILLGATE_ASSIGN(std::string text, section.text("rule"));
  MILLGATE_ASSIGN(std::string where, section.text_or("where", ""));
  MILLGATE_ASSIGN(const std::optional<double> at_least, section.number("at_least"));
  if (at_least && (*at_least < 0 || *at_least > 1)) {
    return section.error_at("at_least", "`at_least` is a share of rows, from 0 to 1",
                            "for example: at_least = 0.99");
  }
  MILLGATE_ASSIGN(const std::string severity,
                  section.one_of("severity", "error", {"error", "warning"}));
  MILLGATE_TRY(section.finish());
  Rule rule{.table = std::move(table),
            .rule = std::move(text),
            .where = std::move(where),
            .at_least = at_least.value_or(1.0),
            .severity = severity == "error" ? Severity::error : Severity::warning,
            .section = std::move(section)};
  MILLGATE_ASSIGN(const RuleForm form, parse_rule(rule));
  if (at_least && judges_table(form.kind)) {
    return rule.section.error_at("at_least",
                                 "`at_least` is a share of rows, and this rule is about the table",
                                 "take `at_least` out");
  }
  return rule;
}

}  // namespace millgate
