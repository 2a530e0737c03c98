#include "model/artifact/uncertainty.h"

#include <array>
#include <cmath>
#include <utility>

#include "ground/json.h"

namespace millgate {
namespace {

constexpr std::string_view kObject = "uncertainty of the model";
constexpr auto kNames = std::to_array<std::pair<UncertaintyMethod, std::string_view>>({
    {UncertaintyMethod::absolute, "absolute"},
    {UncertaintyMethod::lac, "lac"},
    {UncertaintyMethod::lac_by_class, "lac_by_class"},
});

}  // namespace

std::string_view to_text(UncertaintyMethod method) {
  for (const auto& [one, name] : kNames) {
    if (one == method) return name;
  }
  return "";
}

Result<UncertaintyMethod> uncertainty_method_from(std::string_view text) {
  for (const auto& [method, name] : kNames) {
    if (name == text) return method;
  }
  return damaged(std::string(kObject) + ": the method `" + std::string(text) + "` is not known");
}

bool makes_intervals(UncertaintyMethod method) { return method == UncertaintyMethod::absolute; }

std::string fault_of(const Uncertainty& uncertainty) {
  // Written so that NaN fails.
  if (!(uncertainty.coverage > 0 && uncertainty.coverage < 1)) {
    return "its coverage does not lie between 0 and 1";
  }
  if (uncertainty.row_count < 1) return "it was learned from no row";
  if (makes_intervals(uncertainty.method)) {
    const bool good = std::isfinite(uncertainty.margin) && uncertainty.margin >= 0;
    return good ? "" : "its margin is no number of 0 or more";
  }
  for (const double miss : {uncertainty.miss_true, uncertainty.miss_false}) {
    if (!(miss >= 0 && miss <= 1)) return "a limit of its sets does not lie between 0 and 1";
  }
  return {};
}

Json to_json(const Uncertainty& uncertainty) {
  Json json = {{"method", to_text(uncertainty.method)},
               {"coverage", uncertainty.coverage},
               {"row_count", uncertainty.row_count}};
  if (makes_intervals(uncertainty.method)) {
    json["margin"] = uncertainty.margin;
  } else {
    json["miss_true"] = uncertainty.miss_true;
    json["miss_false"] = uncertainty.miss_false;
  }
  return json;
}

Result<Uncertainty> uncertainty_from_json(const Json& json) {
  Uncertainty uncertainty;
  MILLGATE_ASSIGN(const std::string method, json_member<std::string>(json, "method", kObject));
  MILLGATE_ASSIGN(uncertainty.method, uncertainty_method_from(method));
  MILLGATE_ASSIGN(uncertainty.coverage, json_member<double>(json, "coverage", kObject));
  MILLGATE_ASSIGN(uncertainty.row_count, json_member<int64_t>(json, "row_count", kObject));
  if (makes_intervals(uncertainty.method)) {
    MILLGATE_ASSIGN(uncertainty.margin, json_member<double>(json, "margin", kObject));
  } else {
    MILLGATE_ASSIGN(uncertainty.miss_true, json_member<double>(json, "miss_true", kObject));
    MILLGATE_ASSIGN(uncertainty.miss_false, json_member<double>(json, "miss_false", kObject));
  }
  if (const std::string fault = fault_of(uncertainty); !fault.empty()) {
    return damaged(std::string(kObject) + ": " + fault);
  }
  return uncertainty;
}

}  // namespace millgate
