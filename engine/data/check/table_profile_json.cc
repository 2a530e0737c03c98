#include <cmath>

#include "data/check/table_profile.h"
#include "ground/clock.h"
#include "ground/json.h"

namespace millgate {

namespace {

Json counts_json(const std::vector<std::pair<std::string, int64_t>>& counts) {
  Json list = Json::array();
  for (const auto& [value, count] : counts) {
    list.push_back({{"value", value}, {"row_count", count}});
  }
  return list;
}

/// A number, or a time as text.
Json value_json(const ColumnProfile& column, double value) {
  if (column.column().kind != ColumnKind::time) return value;
  return to_string(Time{static_cast<int64_t>(value)});
}

void add_numbers(const ColumnProfile& column, Json& json) {
  const std::vector<double> shares = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
  const std::vector<double> quantiles = column.quantiles(shares);
  json["minimum"] = value_json(column, column.minimum());
  json["maximum"] = value_json(column, column.maximum());
  json["mean"] = value_json(column, column.mean());
  if (column.column().kind == ColumnKind::number) {
    json["standard_deviation"] = column.standard_deviation();
    json["zero_count"] = column.zero_count();
    json["negative_count"] = column.negative_count();
  }
  for (size_t i = 0; i < shares.size(); ++i) {
    json["quantiles"]["p" + std::to_string(static_cast<int>(std::lround(100 * shares[i])))] =
        value_json(column, quantiles[i]);
  }
  json["rank_error"] = column.rank_error();
  json["histogram"] = {{"edges", column.histogram_edges()}, {"counts", column.histogram()}};
  if (column.column().kind == ColumnKind::time) {
    json["gaps"] = Json::array();
    for (const TimeGap& gap : column.gaps()) {
      json["gaps"].push_back(
          {{"from", to_string(Time{gap.from_micros})}, {"to", to_string(Time{gap.to_micros})}});
    }
  }
}

void add_texts(const ColumnProfile& column, Json& json) {
  json["length_min"] = column.length_min();
  json["length_mean"] = column.length_mean();
  json["length_max"] = column.length_max();
  json["empty_count"] = column.empty_count();
  json["padded_count"] = column.padded_count();
  json["patterns"] = counts_json(column.patterns(5));
}

Json column_json(const ColumnProfile& column) {
  Json json = {{"name", column.column().name},
               {"type", column.column().type},
               {"kind", to_string(column.column().kind)},
               {"row_count", column.row_count()},
               {"null_count", column.null_count()},
               {"not_finite_count", column.not_finite_count()},
               {"distinct_count", static_cast<int64_t>(std::llround(column.distinct_count()))},
               {"exact", column.exact()}};
  if (!column.exact()) json["distinct_error"] = DistinctSketch::kStandardError;
  if (column.value_count() == 0) return json;
  if (column.is_text()) {
    add_texts(column, json);
  } else {
    add_numbers(column, json);
  }
  json["most_frequent"] = counts_json(column.most_frequent(10));
  json["frequency_error"] = column.frequency_error();
  return json;
}

/// Null where the measure does not apply.
Json figure(double value) { return std::isnan(value) ? Json(nullptr) : Json(value); }

}  // namespace

Json to_json(const TableProfile& profile) {
  const std::vector<Association> associations = profile.associations();
  Json columns = Json::array();
  for (const ColumnProfile& column : profile.columns()) columns.push_back(column_json(column));
  Json pairs = Json::array();
  for (const Association& one : associations) {
    pairs.push_back({{"first", one.first},
                     {"second", one.second},
                     {"pearson", figure(one.pearson)},
                     {"spearman", figure(one.spearman)},
                     {"cramers_v", figure(one.cramers_v)},
                     {"correlation_ratio", figure(one.correlation_ratio)},
                     {"mutual_information", one.mutual_information}});
  }
  Json remarks = Json::array();
  for (const Remark& one : profile.remarks(associations)) {
    remarks.push_back({{"column", one.column}, {"kind", one.kind}, {"what", one.what}});
  }
  return {{"row_count", profile.row_count()},
          {"duplicate_count", static_cast<int64_t>(std::llround(profile.duplicate_count()))},
          {"duplicates_exact", profile.duplicates_exact()},
          {"columns", columns},
          {"association_rows", profile.sampled_rows()},
          {"associations", pairs},
          {"remarks", remarks}};
}

}  // namespace millgate
