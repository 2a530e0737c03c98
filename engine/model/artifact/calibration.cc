#include "model/artifact/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "ground/json.h"

namespace millgate {
namespace {

constexpr std::string_view kObject = "calibration of the model";
constexpr auto kNames = std::to_array<std::pair<CalibrationMethod, std::string_view>>({
    {CalibrationMethod::isotonic, "isotonic"},
    {CalibrationMethod::platt, "platt"},
    {CalibrationMethod::temperature, "temperature"},
});

double between_points(const Calibration& calibration, double probability) {
  const auto& from = calibration.from;
  const auto& to = calibration.to;
  const auto above = std::lower_bound(from.begin(), from.end(), probability);
  if (above == from.begin()) return to.front();
  if (above == from.end()) return to.back();
  const auto at = static_cast<size_t>(above - from.begin());
  const double share = (probability - from[at - 1]) / (from[at] - from[at - 1]);
  return std::lerp(to[at - 1], to[at], share);
}

}  // namespace

std::string_view to_text(CalibrationMethod method) {
  for (const auto& [one, name] : kNames) {
    if (one == method) return name;
  }
  return "";
}

Result<CalibrationMethod> calibration_method_from(std::string_view text) {
  for (const auto& [method, name] : kNames) {
    if (name == text) return method;
  }
  return damaged(std::string(kObject) + ": the method `" + std::string(text) + "` is not known");
}

double log_odds_of(double probability) {
  constexpr double kLeast = 1e-15;
  const double p = std::clamp(probability, kLeast, 1 - kLeast);
  return std::log(p) - std::log1p(-p);
}

double calibrated(const Calibration& calibration, double probability) {
  if (calibration.method == CalibrationMethod::isotonic) {
    return between_points(calibration, probability);
  }
  const double score = calibration.slope * log_odds_of(probability) + calibration.offset;
  return 1 / (1 + std::exp(-score));
}

void calibrate_classes(const Calibration& calibration, std::span<double> probabilities) {
  double greatest = -std::numeric_limits<double>::infinity();
  for (double& one : probabilities) {
    one = calibration.slope * std::log(std::max(one, 1e-15));
    greatest = std::max(greatest, one);
  }
  double sum = 0;
  for (double& one : probabilities) {
    one = std::exp(one - greatest);
    sum += one;
  }
  for (double& one : probabilities) one /= sum;
}

std::string fault_of(const Calibration& calibration) {
  if (calibration.row_count < 1) return "it was learned from no row";
  if (calibration.method != CalibrationMethod::isotonic) {
    const bool good = std::isfinite(calibration.slope) && calibration.slope > 0 &&
                      std::isfinite(calibration.offset);
    return good ? "" : "its slope or offset is no number that it can have";
  }
  const auto& from = calibration.from;
  const auto& to = calibration.to;
  if (from.empty() || from.size() != to.size()) return "its points are none or incomplete";
  for (size_t i = 0; i < from.size(); ++i) {
    // Written so that NaN fails.
    const bool in_order = i == 0 || (from[i] > from[i - 1] && to[i] >= to[i - 1]);
    const bool inside = from[i] >= 0 && from[i] <= 1 && to[i] >= 0 && to[i] <= 1;
    if (!in_order || !inside) return "its point " + std::to_string(i) + " is out of order";
  }
  return {};
}

Json to_json(const Calibration& calibration) {
  Json json = {{"method", to_text(calibration.method)}, {"row_count", calibration.row_count}};
  if (calibration.method == CalibrationMethod::isotonic) {
    json["from"] = calibration.from;
    json["to"] = calibration.to;
  } else {
    json["slope"] = calibration.slope;
    json["offset"] = calibration.offset;
  }
  return json;
}

Result<Calibration> calibration_from_json(const Json& json) {
  Calibration calibration;
  MILLGATE_ASSIGN(const std::string method, json_member<std::string>(json, "method", kObject));
  MILLGATE_ASSIGN(calibration.method, calibration_method_from(method));
  MILLGATE_ASSIGN(calibration.row_count, json_member<int64_t>(json, "row_count", kObject));
  if (calibration.method == CalibrationMethod::isotonic) {
    MILLGATE_ASSIGN(calibration.from, json_member<std::vector<double>>(json, "from", kObject));
    MILLGATE_ASSIGN(calibration.to, json_member<std::vector<double>>(json, "to", kObject));
  } else {
    MILLGATE_ASSIGN(calibration.slope, json_member<double>(json, "slope", kObject));
    MILLGATE_ASSIGN(calibration.offset, json_member<double>(json, "offset", kObject));
  }
  if (const std::string fault = fault_of(calibration); !fault.empty()) {
    return damaged(std::string(kObject) + ": " + fault);
  }
  return calibration;
}

}  // namespace millgate
