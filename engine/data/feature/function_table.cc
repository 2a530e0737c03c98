#include "data/feature/function_table.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace millgate {
namespace {

std::vector<ExpressionFunction> collect() {
  std::vector<ExpressionFunction> all;
  for (auto group :
       {arithmetic_functions, comparison_functions, condition_functions, number_functions,
        text_functions, pattern_functions, list_functions, cast_functions, time_functions,
        calendar_functions, unit_functions, scaling_functions, encoding_functions}) {
    for (ExpressionFunction& function : group()) all.push_back(std::move(function));
  }
  return all;
}

/// `|` ends a cell of a Markdown table, also inside code.
std::string table_cell(const std::string& text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

/// "`a < b`, `a > b`" from "a < b, a > b": commas between brackets belong to a usage.
std::string usages_as_code(const std::string& usage) {
  std::string code = "`";
  int depth = 0;
  for (size_t i = 0; i < usage.size(); ++i) {
    const bool opens = usage[i] == '(' || usage[i] == '[';
    const bool closes = usage[i] == ')' || usage[i] == ']';
    depth += opens ? 1 : closes ? -1 : 0;
    if (usage[i] == ',' && depth == 0) {
      code += "`, `";
      ++i;  // The space after the comma.
    } else {
      code += usage[i];
    }
  }
  return code + "`";
}

}  // namespace

const std::vector<ExpressionFunction>& expression_functions() {
  static const std::vector<ExpressionFunction> functions = collect();
  return functions;
}

const ExpressionFunction* find_expression_function(std::string_view name) {
  static const std::unordered_map<std::string_view, const ExpressionFunction*> index = [] {
    std::unordered_map<std::string_view, const ExpressionFunction*> by_name;
    for (const ExpressionFunction& function : expression_functions()) {
      by_name.emplace(function.name, &function);
    }
    return by_name;
  }();
  const auto found = index.find(name);
  return found == index.end() ? nullptr : found->second;
}

std::string expression_reference() {
  std::string page;
  std::string group;
  for (const ExpressionFunction& function : expression_functions()) {
    if (function.group != group) {
      group = function.group;
      page += (page.empty() ? "" : "\n") + ("### " + group) + "\n\n| write | gives |\n|---|---|\n";
    }
    page += "| " + table_cell(usages_as_code(function.usage)) + " | " + table_cell(function.doc) +
            " |\n";
  }
  return page;
}

}  // namespace millgate
