#include "data/check/table_drift.h"
#include "ground/json.h"

namespace millgate {

namespace {

Json to_json(const TestResult& test) {
  return {{"statistic", test.statistic}, {"p_value", test.p_value}, {"exact", test.exact}};
}

Json to_json(const ShareDifference& share) {
  return {{"difference", share.difference},
          {"lower", share.lower},
          {"upper", share.upper},
          {"p_value", share.p_value}};
}

Json to_json(const std::vector<OneSidedCategory>& categories) {
  Json list = Json::array();
  for (const OneSidedCategory& one : categories) {
    list.push_back({{"value", one.value}, {"row_count", one.row_count}});
  }
  return list;
}

void add_numbers(const NumberShift& numbers, Json& json) {
  json["kolmogorov_smirnov"] = to_json(numbers.kolmogorov_smirnov);
  json["cramer_von_mises"] = to_json(numbers.cramer_von_mises);
  json["wasserstein"] = numbers.wasserstein;
  json["energy"] = numbers.energy;
  json["reference_mean"] = numbers.reference_mean;
  json["current_mean"] = numbers.current_mean;
  json["reference_deviation"] = numbers.reference_deviation;
  json["current_deviation"] = numbers.current_deviation;
}

}  // namespace

Json to_json(const ColumnShift& column) {
  Json json = {{"name", column.name},
               {"kind", to_string(column.kind)},
               {"shifted", column.shifted},
               {"reference_count", column.reference_count},
               {"current_count", column.current_count}};
  if (!column.note.empty()) json["note"] = column.note;
  if (!column.reference_range.empty()) json["reference_range"] = column.reference_range;
  if (!column.current_range.empty()) json["current_range"] = column.current_range;
  if (column.compared) {
    json["judged"] = column.judged;
    json["effect"] = column.effect;
    json["p_value"] = column.p_value;
    json["adjusted_p_value"] = column.adjusted_p_value;
    json["psi"] = column.psi;
    json["jensen_shannon"] = column.jensen_shannon;
    json["total_variation"] = column.total_variation;
    json["chi_square"] = to_json(column.homogeneity.chi_square);
    json["g"] = to_json(column.homogeneity.g);
    json["degrees_of_freedom"] = column.homogeneity.degrees_of_freedom;
  }
  if (column.numbers) add_numbers(*column.numbers, json);
  if (column.compared && column.kind == ColumnKind::category) {
    json["new_category_count"] = column.new_category_count;
    json["new_category_rows"] = column.new_category_rows;
    json["new_categories"] = to_json(column.new_categories);
    json["gone_category_count"] = column.gone_category_count;
    json["gone_categories"] = to_json(column.gone_categories);
  }
  json["missing"] = to_json(column.missing);
  json["missing"]["adjusted_p_value"] = column.missing_adjusted_p_value;
  json["missing"]["shifted"] = column.missing_shifted;
  for (const auto& [name, value] : column.other_measures) json["other_tools"][name] = value;
  return json;
}

Json to_json(const TableDrift& drift) {
  Json columns = Json::array();
  for (const ColumnShift& column : drift.columns) columns.push_back(to_json(column));
  Json relations = Json::array();
  for (const RelationShift& one : drift.relations) {
    relations.push_back({{"first", one.first},
                         {"second", one.second},
                         {"reference", one.reference},
                         {"current", one.current},
                         {"p_value", one.p_value},
                         {"adjusted_p_value", one.adjusted_p_value}});
  }
  Json json = {{"shifted", drift.shifted()},
               {"reference_rows", drift.reference_rows},
               {"current_rows", drift.current_rows},
               {"columns", columns},
               {"only_reference", drift.only_reference},
               {"only_current", drift.only_current},
               {"relations_tested", drift.relation_count},
               {"relations", relations}};
  if (drift.label_rate) {
    json["label_rate"] = to_json(*drift.label_rate);
    json["label_rate"]["reference"] = drift.reference_labels.value();
    json["label_rate"]["current"] = drift.current_labels.value();
  }
  if (drift.joint) {
    json["joint"] = to_json(*drift.joint);
    json["joint"]["row_count"] = drift.joint_rows;
    json["joint_energy"] = to_json(*drift.joint_energy);
    json["joint_energy"]["row_count"] = drift.joint_rows;
  }
  if (!drift.joint_note.empty()) json["joint_note"] = drift.joint_note;
  return json;
}

}  // namespace millgate
