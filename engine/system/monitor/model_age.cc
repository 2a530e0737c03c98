#include "system/monitor/model_age.h"

#include <cmath>
#include <string>

#include "ground/json.h"

namespace millgate {

Result<std::optional<ModelAge>> model_age(const Ledger& ledger, const Id& model, Time last_asked) {
  MILLGATE_ASSIGN(const auto newest, ledger.newest("backtest"));
  MILLGATE_ASSIGN(const auto run, ledger.newest("run", model.hex()));
  if (!newest || !run) return std::optional<ModelAge>();
  const std::string object = "event " + std::to_string(newest->number);
  MILLGATE_ASSIGN(const Json test, parse_json(newest->body, object));
  MILLGATE_ASSIGN(const Json made, parse_json(run->body, "event " + std::to_string(run->number)));
  const auto advised = test.find("advised_windows");
  const auto ages = test.find("ages");
  const auto from = made.find("test_from");
  const bool is_limit = advised != test.end() && advised->is_number_integer() &&
                        ages != test.end() && ages->is_array() &&
                        advised->get<size_t>() < ages->size();
  if (!is_limit || from == made.end() || !from->is_string()) return std::optional<ModelAge>();
  MILLGATE_ASSIGN(const double window, json_member<double>(test, "window_seconds", object));
  MILLGATE_ASSIGN(const Time begin, parse_time(from->get<std::string>()));
  return std::optional(
      ModelAge{.micros = last_asked.micros - begin.micros,
               .limit_micros = std::llround(window * 1e6) * advised->get<int64_t>(),
               .backtest_event = newest->number});
}

}  // namespace millgate
