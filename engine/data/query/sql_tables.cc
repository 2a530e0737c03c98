#include "data/query/sql_tables.h"

#include <algorithm>
#include <set>

#include "data/query/sql_token.h"
#include "ground/json.h"

namespace millgate {

namespace {

using Scope = std::set<std::string>;  // Names defined by `with`, in lower case.

std::string text_of(const Json& node, const char* key) {
  const auto found = node.find(key);
  return found != node.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Adds what `node` itself defines by `with`.
void add_definitions(const Json& node, Scope& scope) {
  if (const std::string name = text_of(node, "cte_name"); !name.empty()) {
    scope.insert(sql_lower(name));
  }
  const auto definitions = node.find("cte_map");
  if (definitions == node.end() || !definitions->is_object()) return;
  const auto map = definitions->find("map");
  if (map == definitions->end() || !map->is_array()) return;
  for (const Json& entry : *map) scope.insert(sql_lower(text_of(entry, "key")));
}

void walk(const Json& node, const Scope& outer, std::vector<std::string>& tables) {
  if (node.is_array()) {
    for (const Json& item : node) walk(item, outer, tables);
  }
  if (!node.is_object()) return;
  Scope scope = outer;
  add_definitions(node, scope);
  if (text_of(node, "type") == "BASE_TABLE") {
    const std::string name = text_of(node, "table_name");
    const std::string schema = text_of(node, "schema_name");
    const bool ours = schema.empty() || sql_lower(schema) == "main";
    const bool known = std::any_of(tables.begin(), tables.end(), [&](const std::string& table) {
      return sql_lower(table) == sql_lower(name);
    });
    if (ours && !known && !scope.contains(sql_lower(name))) tables.push_back(name);
  }
  for (const auto& member : node.items()) walk(member.value(), scope, tables);
}

}  // namespace

std::vector<std::string> tables_in_tree(const Json& tree) {
  std::vector<std::string> tables;
  walk(tree, {}, tables);
  return tables;
}

}  // namespace millgate
