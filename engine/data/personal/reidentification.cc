#include "data/personal/reidentification.h"

#include <arrow/api.h>

#include <algorithm>
#include <utility>

#include "data/table/arrow_result.h"
#include "ground/json.h"

namespace millgate {

namespace {

std::string joined(const std::vector<std::string>& columns) {
  std::string list;
  for (const std::string& column : columns) {
    list += (list.empty() ? "" : ", ") + quote_name(column);
  }
  return list;
}

/// The integers of the one row that `sql` gives; null is 0.
Result<std::vector<int64_t>> integers(Database& database, const std::string& sql) {
  MILLGATE_ASSIGN(const auto table, database.query(sql));
  std::vector<int64_t> values;
  for (const auto& column : table->columns()) {
    const auto& cells = static_cast<const arrow::Int64Array&>(*column->chunk(0));
    values.push_back(cells.IsNull(0) ? 0 : cells.Value(0));
  }
  return values;
}

Result<Anonymity> anonymity(Database& database, const AskedRows& rows,
                            const std::vector<std::string>& columns) {
  // Without columns all rows are one class.
  const std::string classes =
      columns.empty() ? "select count(*) as n from " + rows.name + " having count(*) > 0"
                      : "select count(*) as n from " + rows.name + " group by " + joined(columns);
  MILLGATE_ASSIGN(const auto found,
                  integers(database,
                           "select count(*), min(n), cast(sum(n) filter (n = 1) as bigint), "
                           "cast(sum(n) filter (n < 5) as bigint) from (" +
                               classes + ")"));
  return Anonymity{.class_count = found[0],
                   .k = found[1],
                   .unique_row_count = found[2],
                   .row_count_below_5 = found[3]};
}

Json to_json(const Anonymity& one) {
  return {{"class_count", one.class_count},
          {"k", one.k},
          {"unique_row_count", one.unique_row_count},
          {"row_count_below_5", one.row_count_below_5}};
}

}  // namespace

Result<Reidentification> reidentification(Database& database, const AskedRows& rows,
                                          const std::vector<std::string>& quasi_identifiers,
                                          const std::vector<std::string>& sensitive) {
  if (quasi_identifiers.empty()) {
    return invalid_input("no column is named by which persons could be told apart",
                         "name some by --quasi: date of birth, postcode, sex ...");
  }
  for (const auto* columns : {&quasi_identifiers, &sensitive}) {
    for (const std::string& column : *columns) MILLGATE_TRY(rows.require(column));
  }
  Reidentification risk;
  risk.quasi_identifiers = quasi_identifiers;
  risk.row_count = rows.row_count;
  MILLGATE_ASSIGN(risk.all, anonymity(database, rows, quasi_identifiers));
  for (size_t i = 0; i < quasi_identifiers.size(); ++i) {
    std::vector<std::string> others = quasi_identifiers;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    MILLGATE_ASSIGN(const Anonymity one, anonymity(database, rows, others));
    risk.without.push_back(one);
  }
  for (const std::string& column : sensitive) {
    const std::string name = quote_name(column);
    MILLGATE_ASSIGN(
        const auto found,
        integers(database,
                 "select min(l), cast(sum(n) filter (l = 1) as bigint) from (select count(*) as n, "
                 "count(distinct " +
                     name + ") + cast(count(*) > count(" + name + ") as integer) as l from " +
                     rows.name + " group by " + joined(quasi_identifiers) + ")"));
    risk.sensitive.push_back({.column = column, .l = found[0], .row_count_told = found[1]});
  }
  return risk;
}

Json to_json(const Reidentification& risk) {
  Json without = Json::object();
  for (size_t i = 0; i < risk.without.size(); ++i) {
    without[risk.quasi_identifiers[i]] = to_json(risk.without[i]);
  }
  Json sensitive = Json::array();
  for (const auto& one : risk.sensitive) {
    sensitive.push_back(
        {{"column", one.column}, {"l", one.l}, {"row_count_told", one.row_count_told}});
  }
  Json json = {{"quasi_identifiers", risk.quasi_identifiers}, {"row_count", risk.row_count}};
  json.update(to_json(risk.all));
  json["without"] = std::move(without);
  json["sensitive"] = std::move(sensitive);
  return json;
}

}  // namespace millgate
