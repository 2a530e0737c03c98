#include <iostream>

#include "app/commands.h"
#include "app/text_table.h"
#include "model/measure/metric.h"

namespace millgate {

namespace {

Result<int> metrics(const Session& session) {
  Json list = Json::array();
  TextTable table({"metric", "unit", "better", "definition"});
  for (const Metric& one : all_metrics()) {
    list.push_back({{"metric", one.name},
                    {"unit", one.unit},
                    {"higher_is_better", one.higher_is_better},
                    {"is_gap", one.is_gap},
                    {"definition", one.definition}});
    table.add({std::string(one.name), std::string(one.unit),
               one.higher_is_better ? "higher" : "lower", std::string(one.definition)});
  }
  if (session.json) {
    print_json(list);
  } else {
    table.print(std::cout);
  }
  return kDone;
}

}  // namespace

void add_metrics(const Command& program, Session& session) {
  const Command command = program.add_command(
      "metrics", "list what requirements can be written about", "millgate metrics");
  command.does([&session] { return metrics(session); });
}

}  // namespace millgate
