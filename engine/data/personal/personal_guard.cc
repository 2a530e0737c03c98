#include "data/personal/personal_guard.h"

#include <arrow/api.h>

#include <map>
#include <optional>
#include <utility>

#include "data/store/column_rename.h"
#include "data/table/arrow_result.h"
#include "data/table/cell_json.h"
#include "data/table/row_key.h"
#include "data/table/type_name.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr const char* kMask = "***";

using Array = std::shared_ptr<arrow::Array>;
using Exits = std::map<std::string, PersonalExit>;

bool is_text(const arrow::DataType& type) { return type.id() == arrow::Type::STRING; }

std::string text_of(const arrow::Array& column, int64_t row) {
  if (is_text(*column.type())) return static_cast<const arrow::StringArray&>(column).GetString(row);
  if (is_nested_type(*column.type())) return dump_json(cell_json(column, row, NotFinite::text));
  return value_text(column, row);
}

Result<Array> masked_column(const arrow::Array& column) {
  if (!is_text(*column.type())) {
    MILLGATE_ARROW(auto nothing, arrow::MakeArrayOfNull(column.type(), column.length()),
                   "masked column");
    return nothing;
  }
  arrow::StringBuilder builder;
  for (int64_t row = 0; row < column.length(); ++row) {
    MILLGATE_ARROW_TRY(column.IsNull(row) ? builder.AppendNull() : builder.Append(kMask),
                       "masked column");
  }
  MILLGATE_ARROW(auto masked, builder.Finish(), "masked column");
  return masked;
}

Result<Array> hashed_column(const arrow::Array& column, const PersonalKey& key) {
  arrow::StringBuilder builder;
  std::string before;
  std::string pseudonym;
  for (int64_t row = 0; row < column.length(); ++row) {
    if (column.IsNull(row)) {
      MILLGATE_ARROW_TRY(builder.AppendNull(), "hashed column");
      continue;
    }
    std::string text = text_of(column, row);
    if (pseudonym.empty() || text != before) {
      pseudonym = key.pseudonym(text);
      before = std::move(text);
    }
    MILLGATE_ARROW_TRY(builder.Append(pseudonym), "hashed column");
  }
  MILLGATE_ARROW(auto hashed, builder.Finish(), "hashed column");
  return hashed;
}

std::shared_ptr<arrow::Field> guarded_field(const std::shared_ptr<arrow::Field>& field,
                                            const Exits& exits) {
  const auto exit = exits.find(field->name());
  const bool is_hashed = exit != exits.end() && exit->second == PersonalExit::hashed;
  return is_hashed ? field->WithType(arrow::utf8()) : field;
}

Result<std::shared_ptr<arrow::RecordBatch>> guarded(const arrow::RecordBatch& rows,
                                                    const Exits& exits, const PersonalKey* key) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (int i = 0; i < rows.num_columns(); ++i) {
    const auto& field = rows.schema()->field(i);
    const auto exit = exits.find(field->name());
    fields.push_back(guarded_field(field, exits));
    if (exit == exits.end()) {
      columns.push_back(rows.column(i));
    } else if (exit->second == PersonalExit::hashed) {
      MILLGATE_ASSIGN(Array column, hashed_column(*rows.column(i), *key));
      columns.push_back(std::move(column));
    } else {
      MILLGATE_ASSIGN(Array column, masked_column(*rows.column(i)));
      columns.push_back(std::move(column));
    }
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows.num_rows(),
                                  std::move(columns));
}

bool hashes(const TablePolicy& policy) {
  return std::any_of(policy.columns.begin(), policy.columns.end(),
                     [](const ColumnPolicy& one) { return one.exit == PersonalExit::hashed; });
}

}  // namespace

std::string personal_key_path(const Repository& repository) {
  return repository.project_folder() + "/.millgate/personal.key";
}

Result<TablePolicy> policy_with_names_of(TablePolicy policy, const Repository& repository,
                                         const TableVersion& version) {
  const auto tip = repository.resolve(kCurrentBranch);
  if (!tip.ok()) return policy;
  const auto found = tip->tables.find(policy.table);
  if (found == tip->tables.end() || found->second == version.id) return policy;
  MILLGATE_ASSIGN(const TableVersion now, read_table_version(repository.objects(), found->second));
  const std::vector<ColumnPolicy> named = policy.columns;
  for (const ColumnRename& rename : column_renames(version, now)) {
    for (const ColumnPolicy& one : named) {
      if (one.column != rename.after) continue;
      policy.columns.push_back(one);
      policy.columns.back().column = rename.before;
    }
  }
  return policy;
}

Result<std::shared_ptr<const RowChange>> guarded_rows(
    const TablePolicy& policy, const TableVersion& version,
    const std::shared_ptr<const PersonalKey>& key) {
  Exits exits;
  std::string name;
  for (const ColumnPolicy& one : policy.columns) {
    if (one.exit == PersonalExit::as_they_are) continue;
    if (version.schema->GetFieldIndex(one.column) < 0) continue;
    exits[one.column] = one.exit;
  }
  if (exits.empty()) return std::shared_ptr<const RowChange>();
  std::string text;
  auto change = std::make_shared<RowChange>();
  for (const auto& field : version.schema->fields()) {
    const auto exit = exits.find(field->name());
    if (exit == exits.end()) continue;
    const bool is_hashed = exit->second == PersonalExit::hashed;
    change->columns.push_back(field->name());
    name += field->name() + (is_hashed ? " hash " + key->fingerprint() : " mask") + "\n";
    text += (text.empty() ? "" : ", ") + field->name() + (is_hashed ? " hashed" : " masked");
  }
  if (key != nullptr && name.find(" hash ") != std::string::npos) {
    text += " (key " + key->fingerprint() + ")";
  }
  arrow::FieldVector fields;
  for (const auto& field : version.schema->fields()) fields.push_back(guarded_field(field, exits));
  change->schema = arrow::schema(std::move(fields));
  change->name = std::move(name);
  change->text = std::move(text);
  change->apply = [exits, key](const arrow::RecordBatch& rows) {
    return guarded(rows, exits, key.get());
  };
  return std::shared_ptr<const RowChange>(std::move(change));
}

RowChanges guarding(const Repository& repository, PersonalPolicies policies) {
  auto key = std::make_shared<std::shared_ptr<const PersonalKey>>();
  return [&repository, policies = std::move(policies), key](
             const std::string& table,
             const TableVersion& version) -> Result<std::shared_ptr<const RowChange>> {
    const TablePolicy* found = policy_of(policies, table);
    if (found == nullptr) return std::shared_ptr<const RowChange>();
    MILLGATE_ASSIGN(const TablePolicy policy, policy_with_names_of(*found, repository, version));
    if (*key == nullptr && hashes(policy)) {
      MILLGATE_ASSIGN(PersonalKey opened, PersonalKey::open(personal_key_path(repository)));
      *key = std::make_shared<const PersonalKey>(std::move(opened));
    }
    return guarded_rows(policy, version, *key);
  };
}

}  // namespace millgate
