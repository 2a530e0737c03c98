#include "system/serve/instances.h"

#include <array>
#include <vector>

#include "system/serve/json_value.h"
#include "system/serve/row_reader.h"

namespace millgate {

namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::array<const char*, 4> kMembers = {"dataframe_split", "dataframe_records",
                                                 "instances", "inputs"};

/// What to read rows into.
struct Target {
  const ServedModel& model;
  const OnlineFeatures* online;
  size_t rows_max;
};

Error no_list(std::string_view member, const element& got) {
  return invalid_input("`" + std::string(member) + "`: expected a list, got " +
                       describe_value(got));
}

Result<RowBatch> begin_rows(const Target& target, size_t rows) {
  if (rows == 0) return invalid_input("the request has no rows", "send one row or more");
  if (rows > target.rows_max) return too_many_rows(rows, target.rows_max);
  return make_batch(target.model, rows);
}

std::vector<FieldValue> fields_named(const ServedModel& model,
                                     const std::vector<std::string_view>& names) {
  std::vector<FieldValue> fields;
  fields.reserve(names.size());
  for (const std::string_view name : names) {
    fields.push_back({.name = name, .use = model.find(name), .value = {}});
  }
  return fields;
}

std::vector<FieldValue> fields_of_inputs(const ServedModel& model) {
  std::vector<std::string_view> names;
  for (const Field& input : model.inputs()) names.push_back(input.name);
  return fields_named(model, names);
}

/// The values of a row without names go to `fields` in their order.
Status take_values(const element& row, std::vector<FieldValue>& fields) {
  array values;
  if (row.get(values) != simdjson::SUCCESS) {
    if (fields.size() == 1) {
      fields[0].value = row;
      return {};
    }
    return invalid_input("expected a list of " + std::to_string(fields.size()) + " values, got " +
                             describe_value(row),
                         "or send an object with the names of the inputs");
  }
  size_t index = 0;
  for (const element value : values) {
    if (index < fields.size()) fields[index].value = value;
    ++index;
  }
  if (index == fields.size()) return {};
  std::string names;
  for (const FieldValue& field : fields)
    names += (names.empty() ? "" : ", ") + std::string(field.name);
  if (names.size() > 200) names = names.substr(0, 200) + "...";
  return invalid_input(
      "the row has " + std::to_string(index) + " values, not " + std::to_string(fields.size()),
      "in this order: " + names);
}

/// Rows as objects or as lists in the order of `fields`.
Result<RowBatch> read_list(const Target& target, const array& list,
                           std::vector<FieldValue> fields) {
  MILLGATE_ASSIGN(RowBatch batch, begin_rows(target, list.size()));
  RowReader reader(target.model, target.online, batch);
  size_t row = 0;
  for (const element entry : list) {
    object members;
    Status status;
    if (entry.get(members) == simdjson::SUCCESS) {
      status = reader.read(members, row);
    } else {
      status = take_values(entry, fields);
      if (status.ok()) status = reader.read(fields, row);
    }
    if (!status.ok()) return in_row(std::move(status).error(), row);
    ++row;
  }
  return batch;
}

Result<RowBatch> read_split(const Target& target, const element& member) {
  array columns;
  array data;
  if (member["columns"].get(columns) != simdjson::SUCCESS ||
      member["data"].get(data) != simdjson::SUCCESS) {
    return invalid_input("`dataframe_split` has no list `columns` and list `data`",
                         "write it as pandas does: frame.to_dict(orient=\"split\")");
  }
  std::vector<std::string_view> names;
  for (const element json : columns) {
    std::string_view name;
    if (json.get(name) != simdjson::SUCCESS) {
      return invalid_input("`columns` has " + describe_value(json) + " in it, no name");
    }
    names.push_back(name);
  }
  return read_list(target, data, fields_named(target.model, names));
}

/// A value that stands alone in a list, as tensors of shape [n, 1] have them, is taken out of it.
element unwrapped(const element& value) {
  array list;
  if (value.get(list) != simdjson::SUCCESS || list.size() != 1) return value;
  return list.at(0).value_unsafe();
}

/// Columns by name, or one row of values by name.
Result<RowBatch> read_inputs(const Target& target, const object& members) {
  std::vector<std::string_view> names;
  std::vector<std::vector<element>> columns;
  for (const auto& [name, value] : members) {
    names.push_back(name);
    std::vector<element>& column = columns.emplace_back();
    array list;
    if (value.get(list) != simdjson::SUCCESS) {
      column.push_back(value);
    } else {
      for (const element entry : list) column.push_back(unwrapped(entry));
    }
    if (column.size() != columns.front().size()) {
      return invalid_input("`inputs`: `" + std::string(name) + "` has " +
                           std::to_string(column.size()) + " values, `" +
                           std::string(names.front()) + "` has " +
                           std::to_string(columns.front().size()));
    }
  }
  MILLGATE_ASSIGN(RowBatch batch, begin_rows(target, columns.empty() ? 0 : columns.front().size()));
  RowReader reader(target.model, target.online, batch);
  std::vector<FieldValue> fields = fields_named(target.model, names);
  for (size_t row = 0; row < batch.rows(); ++row) {
    for (size_t i = 0; i < fields.size(); ++i) fields[i].value = columns[i][row];
    Status status = reader.read(fields, row);
    if (!status.ok()) return in_row(std::move(status).error(), row);
  }
  return batch;
}

Result<RowBatch> read_member(const Target& target, std::string_view name, const element& member) {
  if (name == "dataframe_split") return read_split(target, member);
  object columns;
  if (name == "inputs" && member.get(columns) == simdjson::SUCCESS) {
    return read_inputs(target, columns);
  }
  array list;
  if (member.get(list) != simdjson::SUCCESS) return no_list(name, member);
  return read_list(target, list, fields_of_inputs(target.model));
}

}  // namespace

Result<RowBatch> read_instances(const ServedModel& model, const OnlineFeatures* online,
                                std::string_view body, size_t rows_max) {
  MILLGATE_ASSIGN(const element root, parse_body(body));
  object members;
  if (root.get(members) != simdjson::SUCCESS) {
    return invalid_input("the body is " + describe_value(root) + ", not an object",
                         "send {\"instances\": [{\"column\": value, ...}, ...]}");
  }
  const char* found = nullptr;
  element value;
  for (const char* const name : kMembers) {
    element member;
    if (members[name].get(member) != simdjson::SUCCESS) continue;
    if (found != nullptr) {
      return invalid_input("both `" + std::string(found) + "` and `" + name + "` are given",
                           "send one of them");
    }
    found = name;
    value = member;
  }
  if (found == nullptr) {
    return invalid_input(
        "the body has none of `dataframe_split`, `dataframe_records`, `instances` and `inputs`",
        "send {\"instances\": [{\"column\": value, ...}, ...]}, or use POST /predict");
  }
  return read_member({model, online, rows_max}, found, value);
}

}  // namespace millgate
