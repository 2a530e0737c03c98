#include "model/release/stakeholder.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "data/feature/program.h"
#include "ground/json.h"
#include "ground/nearest_name.h"
#include "model/measure/metric.h"

namespace millgate {
namespace {

/// Metrics that a model and its test rows give.
bool is_wantable(const Metric& metric) { return has_series(metric.name) || is_of_program(metric); }

std::vector<Field> metric_fields() {
  std::vector<Field> fields;
  for (const Metric& metric : all_metrics()) {
    fields.push_back({.name = std::string(metric.name), .type = ValueType::number});
  }
  return fields;
}

Status read_wants(Section& section, Stakeholder& one) {
  MILLGATE_ASSIGN(one.wants, section.text("wants"));
  auto formula =
      FeatureProgram::compile({{.name = "wants", .expression = one.wants}}, metric_fields());
  if (!formula.ok()) {
    std::string what = formula.error().what;
    // What the feature language calls columns are metrics here.
    constexpr std::string_view kUnknown = "unknown column";
    if (what.starts_with(kUnknown)) what.replace(0, kUnknown.size(), "unknown metric");
    Error error = section.error_at("wants", std::move(what), formula.error().hint);
    if (!formula.error().excerpt.empty()) error.excerpt = formula.error().excerpt;
    return error;
  }
  if (!formula->is_fitted() || formula->inputs().empty()) {
    return section.error_at(
        "wants",
        "`" + one.wants + "` " +
            (formula->inputs().empty() ? "reads no metric"
                                       : "learns from rows, and there are none"),
        "write a metric, or arithmetic over metrics; `millgate metrics` lists "
        "them");
  }
  for (const Field& field : formula->inputs()) {
    if (!is_wantable(*find_metric(field.name))) {
      return section.error_at(
          "wants", "`" + field.name + "` is not measured where models are held side by side",
          "write a [[requirement]] on it");
    }
    one.metrics.push_back(field.name);
  }
  one.formula = std::make_shared<const FeatureProgram>(*std::move(formula));
  return {};
}

Status read_direction(Section& section, Stakeholder& one) {
  const Metric* metric = find_metric(one.wants);
  MILLGATE_ASSIGN(
      const std::string better,
      section.one_of("better", metric == nullptr || metric->higher_is_better ? "higher" : "lower",
                     {"higher", "lower"}));
  if (metric == nullptr && !section.has("better")) {
    return section.error_at("wants", "nothing says whether more of `" + one.wants + "` is better",
                            "add `better = \"higher\"` or `better = \"lower\"`");
  }
  one.higher_is_better = better == "higher";
  return {};
}

Status read_rows(Section& section, Stakeholder& one) {
  MILLGATE_ASSIGN(one.by, read_group_columns(section));
  MILLGATE_ASSIGN(const std::vector<std::string> conditions, section.texts("slice"));
  MILLGATE_ASSIGN(one.where, read_conditions(section, conditions));
  const auto gap = std::find_if(one.metrics.begin(), one.metrics.end(),
                                [](const auto& name) { return find_metric(name)->is_gap; });
  if (gap != one.metrics.end() && one.by.empty()) {
    return section.error_at("wants", "`" + *gap + "` compares groups, and `by` is missing",
                            "add `by = \"column\"`, or `by = [\"column\", \"other\"]` for their "
                            "combinations");
  }
  if (gap == one.metrics.end() && !one.by.empty()) {
    return section.error_at("by", "`by` is for gaps, and `" + one.wants + "` has none",
                            "for one group write `slice = \"" + one.by.front() + "=value\"`");
  }
  const bool has_rows = std::any_of(one.metrics.begin(), one.metrics.end(), [](const auto& name) {
    return has_series(name) && !find_metric(name)->is_gap;
  });
  if (!one.where.empty() && !has_rows) {
    return section.error_at("slice",
                            "`" + one.wants + "` is over all rows and cannot have a `slice`",
                            "remove `slice`");
  }
  return {};
}

Status read_limits(Section& section, Stakeholder& one) {
  MILLGATE_ASSIGN(one.at_least, section.number("at_least"));
  MILLGATE_ASSIGN(one.at_most, section.number("at_most"));
  if (one.at_least && one.at_most && *one.at_least > *one.at_most) {
    return section.error_at("at_most", "no value is both at least and at most what they ask",
                            "change one of the two limits");
  }
  MILLGATE_ASSIGN(const auto weight, section.number("weight"));
  one.weight = weight.value_or(1);
  if (one.weight > 0) return {};
  return section.error_at("weight", "`weight` is not above 0",
                          "write 2 for somebody who counts twice; leave out who does not count");
}

}  // namespace

bool Stakeholder::accepts(double value) const {
  return !std::isnan(value) && !(at_least && value < *at_least) && !(at_most && value > *at_most);
}

Result<Stakeholder> read_stakeholder(Section section) {
  Stakeholder one;
  one.section = section;
  MILLGATE_ASSIGN(one.name, section.text("name"));
  MILLGATE_TRY(read_wants(section, one));
  MILLGATE_TRY(read_direction(section, one));
  MILLGATE_TRY(read_rows(section, one));
  MILLGATE_TRY(read_limits(section, one));
  MILLGATE_TRY(section.finish());
  return one;
}

Result<MetricSeries> satisfaction(const Stakeholder& stakeholder,
                                  std::span<const MetricSeries> series) {
  // One row for the values, then one a resample. The columns of a program are sorted, as metrics.
  Block block;
  block.rows = 1 + series.front().resampled.size();
  for (const MetricSeries& one : series) {
    Vector column;
    column.reset(ValueType::number, block.rows);
    std::fill(column.valid.begin(), column.valid.end(), 1);
    column.numbers[0] = one.value;
    std::copy(one.resampled.begin(), one.resampled.end(), column.numbers.begin() + 1);
    block.columns.push_back(std::move(column));
  }
  std::vector<double> values(block.rows);
  EvaluationScratch scratch;
  MILLGATE_TRY(stakeholder.formula->evaluate(block, values, scratch));
  return MetricSeries{.value = values.front(), .resampled = {values.begin() + 1, values.end()}};
}

Json to_json(const std::vector<Stakeholder>& stakeholders) {
  Json json = Json::array();
  for (const Stakeholder& one : stakeholders) {
    Json of_one = {{"name", one.name},
                   {"wants", one.wants},
                   {"better", one.higher_is_better ? "higher" : "lower"},
                   {"weight", one.weight}};
    if (one.at_least) of_one["at_least"] = *one.at_least;
    if (one.at_most) of_one["at_most"] = *one.at_most;
    if (!one.by.empty()) of_one["by"] = one.by;
    for (const SliceCondition& condition : one.where) {
      of_one["slice"].push_back({{"column", condition.column}, {"value", condition.value}});
    }
    json.push_back(std::move(of_one));
  }
  return json;
}

Result<std::vector<Stakeholder>> stakeholders_from_json(const Json& json,
                                                        const std::string& object) {
  const auto limit = [](const Json& entry, const char* key) {
    const auto found = entry.find(key);
    return found != entry.end() && found->is_number() ? std::optional(found->get<double>())
                                                      : std::nullopt;
  };
  std::vector<Stakeholder> stakeholders;
  for (const Json& entry : json) {
    Stakeholder one;
    MILLGATE_ASSIGN(one.name, json_member<std::string>(entry, "name", object));
    MILLGATE_ASSIGN(one.wants, json_member<std::string>(entry, "wants", object));
    MILLGATE_ASSIGN(const auto better, json_member<std::string>(entry, "better", object));
    one.higher_is_better = better == "higher";
    MILLGATE_ASSIGN(one.weight, json_member<double>(entry, "weight", object));
    one.at_least = limit(entry, "at_least");
    one.at_most = limit(entry, "at_most");
    if (entry.contains("by")) {
      MILLGATE_ASSIGN(one.by, json_member<std::vector<std::string>>(entry, "by", object));
    }
    if (entry.contains("slice")) {
      for (const Json& condition : entry["slice"]) {
        SliceCondition where;
        MILLGATE_ASSIGN(where.column, json_member<std::string>(condition, "column", object));
        MILLGATE_ASSIGN(where.value, json_member<std::string>(condition, "value", object));
        one.where.push_back(std::move(where));
      }
    }
    stakeholders.push_back(std::move(one));
  }
  return stakeholders;
}

}  // namespace millgate
