#include "data/personal/answer_policy.h"

#include <arrow/type_traits.h>

#include <algorithm>
#include <utility>

#include "data/check/asked_rows.h"
#include "data/personal/personal_guard.h"
#include "data/query/revision_sql.h"
#include "data/query/sql_token.h"
#include "data/store/table_version.h"

namespace millgate {

namespace {

/// The tables that a query may name, and the policies by these names.
struct NamedTables {
  TableSchemas schemas;
  PersonalPolicies policies;
};

class NamedTablesReader {
 public:
  NamedTablesReader(const Repository& repository, const PersonalPolicies& policies)
      : repository_(repository), policies_(policies) {}

  Result<NamedTables> read(const std::string& sql, const Commit& commit) {
    for (const auto& [name, id] : commit.tables) MILLGATE_TRY(add(name, name, commit));
    for (const SqlToken& token : sql_tokens(sql)) {
      if (token.kind != SqlTokenKind::quoted_name) continue;
      const std::string name = token.name();
      const size_t at = name.find('@');
      if (at == std::string::npos || named_.schemas.contains(name)) continue;
      const std::string revision = name.substr(name.substr(at + 1).starts_with('{') ? at : at + 1);
      const auto other = repository_.resolve(revision);
      if (other.ok()) MILLGATE_TRY(add(name, name.substr(0, at), *other));
    }
    return std::move(named_);
  }

 private:
  Status add(const std::string& name, const std::string& table, const Commit& commit) {
    const auto found = commit.tables.find(table);
    if (found == commit.tables.end()) return {};
    MILLGATE_ASSIGN(const TableVersion version,
                    read_table_version(repository_.objects(), found->second));
    named_.schemas.emplace(name, version.schema);
    if (const TablePolicy* policy = policy_of(policies_, table)) {
      MILLGATE_ASSIGN(TablePolicy renamed, policy_with_names_of(*policy, repository_, version));
      renamed.table = name;
      named_.policies.push_back(std::move(renamed));
    }
    return {};
  }

  const Repository& repository_;
  const PersonalPolicies& policies_;
  NamedTables named_;
};

bool is_plain(const TableSchemas& schemas, const TableColumn& column) {
  const auto table = schemas.find(column.table);
  const auto field =
      table == schemas.end() ? nullptr : table->second->GetFieldByName(column.column);
  if (field == nullptr) return false;
  const auto type = field->type()->id();
  return type == arrow::Type::STRING || type == arrow::Type::BOOL || arrow::is_integer(type);
}

/// The strictest of what its origins ask; a pseudonym only of values as they are.
PersonalExit exit_of(const AnswerColumn& column) {
  const bool leaves = std::all_of(
      column.from.begin(), column.from.end(),
      [](const AnswerColumn::Origin& one) { return one.policy.exit == PersonalExit::as_they_are; });
  if (leaves) return PersonalExit::as_they_are;
  return column.is_copy ? column.from.front().policy.exit : PersonalExit::masked;
}

}  // namespace

Result<std::optional<std::vector<AnswerColumn>>> answer_columns(const Repository& repository,
                                                                const PersonalPolicies& policies,
                                                                const std::string& sql,
                                                                const Commit& commit) {
  using Columns = std::optional<std::vector<AnswerColumn>>;
  MILLGATE_ASSIGN(const NamedTables named,
                  NamedTablesReader(repository, policies).read(sql, commit));
  if (named.policies.empty()) return Columns(std::in_place);
  MILLGATE_ASSIGN(LineageReader reader, LineageReader::open(named.schemas));
  const auto lineage = reader.read(sql);
  if (!lineage.ok()) {
    if (lineage.error().code == ErrorCode::invalid_input) return Columns();
    return lineage.error();
  }
  std::vector<AnswerColumn> columns;
  for (const auto& output : lineage->columns) {
    AnswerColumn column{
        .name = output.name, .is_copy = output.is_copy, .is_plain = true, .from = {}};
    for (const TableColumn& from : output.from) {
      const TablePolicy* policy = policy_of(named.policies, from.table);
      const ColumnPolicy* decided = policy == nullptr ? nullptr : policy->find(from.column);
      if (decided == nullptr || decided->text() == "allow") continue;
      column.is_plain = column.is_plain && is_plain(named.schemas, from);
      column.from.push_back({.column = from, .policy = *decided});
    }
    if (!column.from.empty()) columns.push_back(std::move(column));
  }
  return Columns(std::move(columns));
}

const TablePolicy* named_policy(const PersonalPolicies& policies, const std::string& sql) {
  for (const SqlToken& token : sql_tokens(sql)) {
    if (!token.is_name()) continue;
    const std::string name = sql_lower(token.name());
    for (const TablePolicy& policy : policies) {
      if (sql_lower(policy.table) == name.substr(0, name.find('@'))) return &policy;
    }
  }
  return nullptr;
}

bool reads_predictions(const std::string& sql) {
  const auto tokens = sql_tokens(sql);
  return std::any_of(tokens.begin(), tokens.end(), [](const SqlToken& token) {
    return token.is_name() && sql_lower(token.name()) == "predictions";
  });
}

Status guard_answer(const Repository& repository, const PersonalPolicies& policies,
                    const std::string& sql, const Commit& commit, const std::string& prefix,
                    GuardedCells& cells) {
  MILLGATE_ASSIGN(const auto columns, answer_columns(repository, policies, sql, commit));
  if (!columns) {
    if (named_policy(policies, sql) != nullptr || reads_predictions(sql)) cells.guard_all();
    return {};
  }
  std::shared_ptr<const PersonalKey> key;
  for (const AnswerColumn& column : *columns) {
    const PersonalExit exit = exit_of(column);
    if (exit == PersonalExit::hashed && key == nullptr) {
      MILLGATE_ASSIGN(PersonalKey opened, PersonalKey::open(personal_key_path(repository)));
      key = std::make_shared<const PersonalKey>(std::move(opened));
    }
    cells.guard(prefix + column.name, exit, key, column.is_plain);
  }
  return {};
}

Result<GuardedCells> cells_of_rows(const Repository& repository, const PersonalPolicies& policies,
                                   const std::string& rows, const std::string& revision) {
  GuardedCells cells;
  if (policies.empty()) return cells;
  MILLGATE_ASSIGN(const auto database, Database::open());
  MILLGATE_ASSIGN(const std::string sql,
                  prepare_revision_sql(*database, repository, select_of(rows), revision));
  // Logs can be read before the first commit.
  const auto commit = repository.resolve(revision);
  MILLGATE_TRY(
      guard_answer(repository, policies, sql, commit.ok() ? *commit : Commit{}, "", cells));
  return cells;
}

}  // namespace millgate
