#include "data/query/sql_names.h"

#include <algorithm>
#include <vector>

#include "data/query/sql_token.h"

namespace millgate {

std::string with_quoted_columns(const std::string& expression,
                                const std::function<bool(const std::string& name)>& is_column) {
  std::string sql;
  size_t copied = 0;
  for (const SqlToken& token : sql_tokens(expression)) {
    if (token.kind != SqlTokenKind::word || !is_column(token.name())) continue;
    sql += expression.substr(copied, token.offset - copied) + sql_name(token.text);
    copied = token.end();
  }
  return sql + expression.substr(copied);
}

bool has_name(const std::string& sql, const std::string& name) {
  const std::vector<SqlToken> tokens = sql_tokens(sql);
  return std::any_of(tokens.begin(), tokens.end(), [&](const SqlToken& token) {
    return token.is_name() && token.name() == name;
  });
}

}  // namespace millgate
