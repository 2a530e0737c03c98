#include <iostream>
#include <memory>

#include "app/commands.h"
#include "app/text_table.h"
#include "data/feature/function_table.h"

namespace millgate {

namespace {

Result<int> functions(const Session& session, bool markdown) {
  if (markdown) {
    std::cout << expression_reference();
    return kDone;
  }
  Json list = Json::array();
  TextTable table({"write", "gives", "group"});
  for (const ExpressionFunction& one : expression_functions()) {
    list.push_back({{"function", one.name},
                    {"group", one.group},
                    {"usage", one.usage},
                    {"is_operator", one.is_operator},
                    {"definition", one.doc}});
    table.add({one.usage, one.doc, one.group});
  }
  if (session.json) {
    print_json(list);
  } else {
    table.print(std::cout);
  }
  return kDone;
}

}  // namespace

void add_functions(const Command& program, Session& session) {
  const Command command = program.add_command(
      "functions", "list what [features] and labels can be written with", "millgate functions");
  const auto markdown = std::make_shared<bool>(false);
  command.add_flag("--markdown", *markdown, "as the tables of docs/guides/expressions.md");
  command.does([&session, markdown] { return functions(session, *markdown); });
}

}  // namespace millgate
