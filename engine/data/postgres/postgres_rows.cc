#include "data/postgres/postgres_rows.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "data/postgres/postgres_copy.h"
#include "data/table/arrow_result.h"
#include "data/table/column_cast.h"
#include "data/table/column_type.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

constexpr int64_t kBatchBytesMax = 32 << 20;
constexpr int32_t kDigitsMax = 38;

std::string quoted(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) text.append(c == '"' ? 2 : 1, c);
  return text + "\"";
}

std::string text_at(const PostgresAnswer& answer, size_t row, size_t column) {
  return answer.at(row).at(column).value_or("");
}

int32_t number_at(const PostgresAnswer& answer, size_t row, size_t column) {
  const std::string text = text_at(answer, row, column);
  int32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// --- which rows ------------------------------------------------------------------------------

/// A select that stands in brackets must not end in a semicolon.
std::string without_end(std::string query) {
  const size_t end = query.find_last_not_of("; \t\r\n");
  query.resize(end == std::string::npos ? 0 : end + 1);
  return query;
}

Error no_such_table(PostgresConnection& connection, const std::string& table) {
  std::vector<std::string> names;
  const auto all = connection.ask(
      "select case when pg_table_is_visible(c.oid) then '' else n.nspname || '.' end || c.relname "
      "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
      "where c.relkind in ('r', 'p', 'v', 'm', 'f') "
      "and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_' "
      "order by 1 limit 1000");
  if (all.ok()) {
    for (size_t i = 0; i < all->size(); ++i) names.push_back(text_at(*all, i, 0));
  }
  return not_found(
      connection.place().text() + " has no table `" + table + "` for `" + connection.place().user +
          "`",
      names.empty() ? "it has no tables that this user sees" : name_hint(table, names));
}

Result<std::vector<std::string>> primary_key(PostgresConnection& connection,
                                             const std::string& oid) {
  MILLGATE_ASSIGN(const PostgresAnswer answer,
                  connection.ask("select a.attname from pg_index i "
                                 "cross join unnest(i.indkey) with ordinality as k(attnum, place) "
                                 "join pg_attribute a on a.attrelid = i.indrelid "
                                 "and a.attnum = k.attnum "
                                 "where i.indrelid = $1::oid and i.indisprimary "
                                 "and k.place <= i.indnkeyatts order by k.place",
                                 {oid}));
  std::vector<std::string> key;
  key.reserve(answer.size());
  for (size_t i = 0; i < answer.size(); ++i) key.push_back(text_at(answer, i, 0));
  return key;
}

// --- which types -----------------------------------------------------------------------------

/// A column as it is asked for and read.
struct Plan {
  PostgresConnection::Column column;
  PostgresType type;
  PostgresForm form = PostgresForm::refused;
  PostgresForm item = PostgresForm::refused;  ///< Of an array.
  std::shared_ptr<arrow::DataType> table_type;

  /// What makes the server send it as a text; empty: nothing.
  [[nodiscard]] const char* cast() const {
    if (form == PostgresForm::as_text) return "::text";
    return item == PostgresForm::as_text ? "::text[]" : "";
  }
};

using Types = std::map<uint32_t, PostgresType>;

/// `types` with those of `numbers`.
Status add_types(PostgresConnection& connection, const std::vector<uint32_t>& numbers,
                 Types& types) {
  std::string list = "{";
  for (const uint32_t number : numbers) {
    list += (list.size() > 1 ? "," : "") + std::to_string(number);
  }
  MILLGATE_ASSIGN(const PostgresAnswer answer,
                  connection.ask("select oid::text, format_type(oid, null), typtype, typcategory, "
                                 "typelem::text from pg_type where oid = any($1::oid[])",
                                 {list + "}"}));
  const auto number_of = [&](size_t row, size_t column) {
    uint32_t number = 0;
    const std::string text = text_at(answer, row, column);
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  };
  for (size_t i = 0; i < answer.size(); ++i) {
    PostgresType type;
    type.number = number_of(i, 0);
    type.name = text_at(answer, i, 1);
    type.kind = (text_at(answer, i, 2) + "b").front();
    type.category = (text_at(answer, i, 3) + "X").front();
    type.item = number_of(i, 4);
    types[type.number] = type;
  }
  return {};
}

/// The types of the columns, and those of the items of arrays.
Result<Types> types_of(PostgresConnection& connection,
                       const std::vector<PostgresConnection::Column>& columns) {
  Types types;
  std::vector<uint32_t> numbers;
  numbers.reserve(columns.size());
  for (const auto& column : columns) numbers.push_back(column.type);
  MILLGATE_TRY(add_types(connection, numbers, types));
  numbers.clear();
  for (const auto& [number, type] : types) {
    if (type.item != 0) numbers.push_back(type.item);
  }
  if (!numbers.empty()) MILLGATE_TRY(add_types(connection, numbers, types));
  return types;
}

/// "x::text" beside the other columns of the rows, or in the place of `*`.
Error refused_type(const Plan& plan) {
  return invalid_input("column `" + plan.column.name + "` is of type " + plan.type.name +
                           ", which tables cannot hold",
                       "name the columns in --query, and write for this one: " +
                           instead_of(plan.type, plan.column.name));
}

/// A decimal that holds all values of a numeric without precision.
Status measure(PostgresConnection& connection, const std::string& select, Plan& plan) {
  const std::string name = quoted(plan.column.name);
  // scale() of NaN and infinity is null; reading tells of them with their row.
  MILLGATE_ASSIGN(const PostgresAnswer answer,
                  connection.ask("select max(scale(" + name + ")), max(length(nullif(trunc(abs(" +
                                 name + ")), 0)::text)) from (\n" + select +
                                 "\n) as asked where scale(" + name + ") is not null"));
  const int32_t scale = number_at(answer, 0, 0);
  const int32_t whole = number_at(answer, 0, 1);
  if (scale + whole > kDigitsMax) {
    return invalid_input("column `" + plan.column.name + "` is of type " + plan.type.name +
                             " and needs " + std::to_string(whole) + " digits before and " +
                             std::to_string(scale) + " behind the point; tables hold 38 together",
                         "name the columns in --query, and write for this one: " +
                             instead_of(plan.type, plan.column.name));
  }
  plan.table_type = arrow::decimal128(kDigitsMax, scale);
  return {};
}

Result<std::vector<Plan>> plans_of(PostgresConnection& connection, const std::string& select,
                                   const std::shared_ptr<arrow::Schema>& kept) {
  MILLGATE_ASSIGN(const auto columns, connection.describe(select));
  MILLGATE_ASSIGN(const auto types, types_of(connection, columns));
  std::vector<Plan> plans;
  for (const auto& column : columns) {
    Plan plan;
    plan.column = column;
    plan.type = types.at(column.type);
    plan.form = form_of(plan.type);
    if (plan.form == PostgresForm::array) {
      plan.item = form_of(types.at(plan.type.item));
      plan.table_type = list_type_of(plan.item, column.modifier);
      if (plan.table_type == nullptr) plan.form = PostgresForm::refused;
    } else {
      plan.table_type = column_type_of(plan.form, column.modifier);
    }
    if (plan.form == PostgresForm::refused) return refused_type(plan);
    if (plan.table_type == nullptr) {
      const auto field = kept == nullptr ? nullptr : kept->GetFieldByName(column.name);
      if (field != nullptr && field->type()->id() == arrow::Type::DECIMAL128) {
        plan.table_type = field->type();
      } else {
        MILLGATE_TRY(measure(connection, select, plan));
      }
    }
    plans.push_back(std::move(plan));
  }
  return plans;
}

std::string copy_of(const std::string& select, const std::vector<Plan>& plans) {
  const bool plain = std::all_of(plans.begin(), plans.end(),
                                 [](const Plan& plan) { return *plan.cast() == '\0'; });
  std::string rows = select;
  if (!plain) {
    rows = "select ";
    for (const Plan& plan : plans) {
      rows += (rows.size() > 7 ? ", " : "") + quoted(plan.column.name) + plan.cast();
    }
    rows += " from (\n" + select + "\n) as asked";
  }
  // On lines of their own: a select may end in a comment.
  return "copy (\n" + rows + "\n) to stdout (format binary)";
}

// --- the rows --------------------------------------------------------------------------------

class PostgresRows final : public arrow::RecordBatchReader {
 public:
  PostgresRows(PostgresConnection connection, PostgresCopy copy,
               std::shared_ptr<arrow::Schema> schema, int64_t batch_rows)
      : connection_(std::move(connection)),
        copy_(std::move(copy)),
        schema_(std::move(schema)),
        batch_rows_(batch_rows) {}

  [[nodiscard]] std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    MILLGATE_ARROW_PASS(fill());
    if (copy_.batch_rows() == 0) return arrow::Status::OK();
    auto rows = copy_.finish_batch();
    if (!rows.ok()) return arrow_status(std::move(rows).error());
    *batch = *std::move(rows);
    return arrow::Status::OK();
  }

 private:
  Status fill() {
    while (!done_ && copy_.batch_rows() < batch_rows_ && copy_.batch_bytes() < kBatchBytesMax) {
      auto piece = connection_.next_piece();
      if (!piece.ok()) {
        Error error = std::move(piece).error();
        error.because.push_back("after " + std::to_string(copy_.row_count()) + " rows");
        return error;
      }
      if (!*piece) {
        done_ = true;
        if (!copy_.ended()) return damaged("the rows from PostgreSQL have no end");
        break;
      }
      if (Status added = copy_.add(**piece); !added.ok()) {
        Error error = std::move(added).error();
        error.where = connection_.place().text();
        return error;
      }
    }
    return {};
  }

  PostgresConnection connection_;
  PostgresCopy copy_;
  std::shared_ptr<arrow::Schema> schema_;
  int64_t batch_rows_;
  bool done_ = false;
};

}  // namespace

Result<PostgresRelation> find_postgres_relation(const PostgresSource& source) {
  MILLGATE_ASSIGN(PostgresConnection connection, PostgresConnection::open(source.address));
  PostgresRelation relation;
  relation.place = connection.place();
  if (!source.query.empty()) {
    relation.select = without_end(source.query);
    return relation;
  }
  const size_t dot = source.table.find('.');
  const std::string schema = dot == std::string::npos ? "" : source.table.substr(0, dot);
  const std::string table = dot == std::string::npos ? source.table : source.table.substr(dot + 1);
  MILLGATE_ASSIGN(
      const PostgresAnswer found,
      connection.ask("select n.nspname, c.oid::text from pg_class c "
                     "join pg_namespace n on n.oid = c.relnamespace "
                     "where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relname = $2 and "
                     "case when $1 = '' then pg_table_is_visible(c.oid) else n.nspname = $1 end",
                     {schema, table}));
  if (found.empty()) return no_such_table(connection, source.table);
  relation.table = text_at(found, 0, 0) + "." + table;
  relation.select = "select * from " + quoted(text_at(found, 0, 0)) + "." + quoted(table);
  MILLGATE_ASSIGN(relation.key, primary_key(connection, text_at(found, 0, 1)));
  return relation;
}

Result<std::shared_ptr<arrow::RecordBatchReader>> read_postgres_rows(const std::string& address,
                                                                     const std::string& select,
                                                                     const ReadOptions& options) {
  MILLGATE_ASSIGN(PostgresConnection connection, PostgresConnection::open(address));
  const RowsPlace place{.object = connection.place().text(), .path = {}};
  const auto& kept = options.kept_schema;
  MILLGATE_ASSIGN(const std::vector<Plan> plans, plans_of(connection, select, kept));
  arrow::FieldVector fields;
  std::vector<PostgresColumn> columns;
  for (const Plan& plan : plans) {
    fields.push_back(arrow::field(plan.column.name, plan.table_type));
    columns.emplace_back(plan.column.name, plan.form, plan.table_type, plan.item);
  }
  const auto own = arrow::schema(std::move(fields));
  MILLGATE_ASSIGN(const auto checked, table_schema_of(*own, place));
  if (kept != nullptr) {
    MILLGATE_TRY(
        check_column_names(place.object, own->field_names(), kept->field_names(), "the table"));
  }
  MILLGATE_TRY(connection.begin_copy(copy_of(select, plans)));
  auto rows = std::make_shared<PostgresRows>(
      std::move(connection), PostgresCopy(std::move(columns), own), own, options.batch_rows);
  if (kept == nullptr) return std::shared_ptr<arrow::RecordBatchReader>(std::move(rows));
  return cast_rows(std::move(rows), kept, place, [object = place.object](const auto& fault) {
    return arrow_error(fault, object);
  });
}

}  // namespace millgate
