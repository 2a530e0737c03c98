#include "data/store/merged_columns.h"

#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "data/store/column_plan.h"
#include "data/store/table_diff.h"
#include "data/store/version_update.h"

namespace millgate {

namespace {

bool has(const TableVersion& version, const std::string& name) {
  return version.schema->GetFieldIndex(name) >= 0;
}

/// The versions that are merged: ours, then each of theirs.
std::vector<const TableVersion*> merged_versions(const TableVersion& ours,
                                                 const std::vector<MergeSide>& sides) {
  std::vector<const TableVersion*> versions = {&ours};
  for (const MergeSide& side : sides) versions.push_back(&side.theirs);
  return versions;
}

/// Whether every value of the column in `version` is one of `type`.
Result<bool> fits(const ObjectStore& objects, const TableVersion& version, const std::string& name,
                  const arrow::DataType& type) {
  const int column = version.schema->GetFieldIndex(name);
  if (column < 0 || version.schema->field(column)->type()->Equals(type)) return true;
  // What a version was made of without its rows being read is not known of its values either.
  MILLGATE_ASSIGN(const TableVersion counted, counted_version(objects, version));
  return widens(counted, column, type);
}

Error types_differ(const std::string& name, bool is_added, const arrow::DataType& one,
                   const arrow::DataType& other) {
  const std::string types = one.ToString() + (is_added ? " and as " : " on one side and ") +
                            other.ToString() + (is_added ? "" : " on another");
  return Error{.code = ErrorCode::conflict,
               .what = is_added ? "both sides added the column `" + name + "`, as " + types
                                : "column `" + name + "` is " + types,
               .hint =
                   "give it one type on both sides, or another name on one "
                   "(`millgate rename`), then merge"};
}

/// The type of the column in what comes out: one that holds the values of all versions.
Result<std::shared_ptr<arrow::DataType>> merged_type(const ObjectStore& objects,
                                                     const TableVersion& ours,
                                                     const std::vector<MergeSide>& sides,
                                                     const std::string& name, bool is_added) {
  std::vector<std::shared_ptr<arrow::DataType>> types;
  std::vector<const TableVersion*> versions = merged_versions(ours, sides);
  for (const TableVersion* version : versions) {
    const auto field = version->schema->GetFieldByName(name);
    if (field == nullptr) continue;
    const bool known = std::any_of(types.begin(), types.end(),
                                   [&](const auto& type) { return type->Equals(*field->type()); });
    if (!known) types.push_back(field->type());
  }
  if (types.size() == 1) return types[0];
  for (const MergeSide& side : sides) versions.push_back(&side.base);
  for (const auto& type : types) {
    bool fits_all = true;
    for (size_t i = 0; fits_all && i < versions.size(); ++i) {
      MILLGATE_ASSIGN(fits_all, fits(objects, *versions[i], name, *type));
    }
    if (fits_all) return type;
  }
  return types_differ(name, is_added, *types[0], *types[1]);
}

/// Whether ours or a side has no more what its base has.
bool is_dropped(const TableVersion& ours, const std::vector<MergeSide>& sides,
                const std::string& name) {
  return std::any_of(sides.begin(), sides.end(), [&](const MergeSide& side) {
    return has(side.base, name) && !(has(ours, name) && has(side.theirs, name));
  });
}

bool is_added(const TableVersion& ours, const std::vector<MergeSide>& sides,
              const std::string& name) {
  return std::any_of(sides.begin(), sides.end(), [&](const MergeSide& side) {
    return !has(side.base, name) && (has(ours, name) || has(side.theirs, name));
  });
}

}  // namespace

Result<MergedColumns> merged_columns(const ObjectStore& objects, const TableVersion& ours,
                                     const std::vector<MergeSide>& sides) {
  std::vector<std::string> names;
  const auto note = [&](const TableVersion& version) {
    for (const std::string& name : version.schema->field_names()) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  };
  for (const TableVersion* version : merged_versions(ours, sides)) note(*version);
  MergedColumns merged;
  arrow::FieldVector fields;
  for (const std::string& name : names) {
    if (is_dropped(ours, sides, name)) {
      merged.dropped.push_back(name);
      continue;
    }
    const bool added = is_added(ours, sides, name);
    MILLGATE_ASSIGN(const auto type, merged_type(objects, ours, sides, name, added));
    fields.push_back(arrow::field(name, type));
    if (added) merged.added.push_back(name);
  }
  merged.schema = arrow::schema(std::move(fields));
  return merged;
}

TableVersion with_merged_types(const TableVersion& version, const MergedColumns& merged) {
  arrow::FieldVector fields = version.schema->fields();
  bool changes = false;
  for (auto& field : fields) {
    const auto now = merged.schema->GetFieldByName(field->name());
    if (now == nullptr || now->type()->Equals(*field->type())) continue;
    field = field->WithType(now->type());
    changes = true;
  }
  return changes ? version_with_columns(version, arrow::schema(std::move(fields))) : version;
}

Result<TableVersion> with_merged_columns(ObjectStore& objects, const TableVersion& ours,
                                         const MergedColumns& merged) {
  arrow::FieldVector fields;
  for (const auto& field : ours.schema->fields()) {
    const auto now = merged.schema->GetFieldByName(field->name());
    if (now != nullptr) fields.push_back(field->WithType(now->type()));
  }
  const auto schema = arrow::schema(std::move(fields));
  if (schema->Equals(*ours.schema, false)) return ours;
  MILLGATE_ASSIGN(const auto rows, read_rows(objects, version_with_columns(ours, schema)));
  return write_next_version(objects, ours, *rows, ours.key);
}

}  // namespace millgate
