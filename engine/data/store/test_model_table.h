/// For tests of this room: a table as a slow, obvious map of texts. Include in .cc files only.
#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/table/column_builder.h"
#include "data/table/test_table.h"
#include "ground/random.h"

namespace millgate {

using ModelCell = std::optional<std::string>;
using ModelKey = std::pair<int64_t, std::string>;

/// The cells of a row by the names of their columns. Copies share them until one is changed: tests
/// keep many states of a table, and under the sanitizers each cell that is copied is felt.
class ModelRow {
 public:
  ModelCell& operator[](std::string_view column) {
    if (cells_.use_count() > 1) cells_ = std::make_shared<Cells>(*cells_);
    const size_t place = place_of(column);
    if (place >= cells_->size()) cells_->resize(place + 1);
    return (*cells_)[place];
  }
  /// The column must have been set, be it to nothing.
  [[nodiscard]] const ModelCell& at(std::string_view column) const {
    return cells_->at(place_of(column));
  }
  friend bool operator==(const ModelRow& a, const ModelRow& b) { return *a.cells_ == *b.cells_; }

 private:
  using Cells = std::vector<ModelCell>;
  /// All rows of all tables keep a column at the same place.
  static size_t place_of(std::string_view column) {
    static std::vector<std::string> columns;
    const auto found = std::find(columns.begin(), columns.end(), column);
    const auto place = static_cast<size_t>(found - columns.begin());
    if (found == columns.end()) columns.emplace_back(column);
    return place;
  }

  std::shared_ptr<Cells> cells_ = std::make_shared<Cells>();
};

/// A table with the key (id, part).
struct ModelTable {
  struct Column {
    std::string name;
    std::shared_ptr<arrow::DataType> type;
  };
  std::vector<Column> columns;  ///< Without those of the key.
  std::map<ModelKey, ModelRow> rows;

  static std::vector<std::string> key() { return {"id", "part"}; }

  static ModelCell random_cell(const arrow::DataType& type, Random& random) {
    if (random.below(8) == 0) return std::nullopt;
    const auto number = static_cast<int64_t>(random.below(2000)) - 1000;
    switch (type.id()) {
      case arrow::Type::BOOL:
        return number < 0 ? "true" : "false";
      case arrow::Type::INT64:
        return std::to_string(number);
      case arrow::Type::DOUBLE: {
        if (random.below(20) == 0) return "NaN";
        return std::to_string(number) + (number % 2 == 0 ? ".5" : ".0");
      }
      case arrow::Type::DATE32:
        return "20" + std::to_string(10 + random.below(80)) + "-0" +
               std::to_string(1 + random.below(9)) + "-11";
      case arrow::Type::TIMESTAMP:
        return "2013-01-0" + std::to_string(1 + random.below(9)) + "T10:00:00" +
               (static_cast<const arrow::TimestampType&>(type).timezone().empty() ? "" : "Z");
      case arrow::Type::DECIMAL128:
        return std::to_string(number) + ".25";
      default:
        return random.below(10) == 0 ? "" : "text " + std::to_string(random.below(50));
    }
  }

  ModelRow random_row(Random& random) const {
    ModelRow row;
    for (const Column& column : columns) row[column.name] = random_cell(*column.type, random);
    return row;
  }

  /// A key between or beyond those that are there.
  static ModelKey random_key(Random& random, int64_t id_max) {
    return {static_cast<int64_t>(random.below(static_cast<uint64_t>(id_max))),
            std::string(1, static_cast<char>('a' + random.below(3)))};
  }

  std::shared_ptr<arrow::Table> table() const {
    arrow::FieldVector fields = {arrow::field("id", arrow::int64()),
                                 arrow::field("part", arrow::utf8())};
    for (const Column& column : columns) fields.push_back(arrow::field(column.name, column.type));
    std::vector<ColumnBuilder> builders;
    for (const auto& field : fields) builders.push_back(must(ColumnBuilder::make(field->type())));
    for (const auto& [key, row] : rows) {
      bool fits = builders[0].add_integer(key.first) && builders[1].add_text(key.second);
      for (size_t i = 0; i < columns.size(); ++i) {
        const ModelCell& cell = row.at(columns[i].name);
        if (cell) {
          fits = fits && builders[i + 2].add_text(*cell);
        } else {
          builders[i + 2].add_null();
        }
      }
      EXPECT_TRUE(fits);
    }
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    for (ColumnBuilder& builder : builders) arrays.push_back(must(builder.finish()));
    return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(arrays));
  }
};

/// `count` rows of every type.
inline ModelTable random_model(Random& random, int64_t count) {
  ModelTable model;
  model.columns = {{"flag", arrow::boolean()},
                   {"count", arrow::int64()},
                   {"share", arrow::float64()},
                   {"day", arrow::date32()},
                   {"at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")},
                   {"price", arrow::decimal128(12, 2)},
                   {"note", arrow::utf8()}};
  while (static_cast<int64_t>(model.rows.size()) < count) {
    const ModelKey key = ModelTable::random_key(random, count * 2);
    model.rows[key] = model.random_row(random);
  }
  return model;
}

/// Gives a column another name.
inline void rename_in_model(ModelTable& model, const std::string& before,
                            const std::string& after) {
  for (auto& column : model.columns) {
    if (column.name == before) column.name = after;
  }
  for (auto& [key, row] : model.rows) {
    ModelCell cell = row.at(before);
    row[after] = std::move(cell);
    row[before] = std::nullopt;
  }
}

/// Inserts, removes and changes cells, `count` of each, in keys of one region or all over.
inline void edit_model(ModelTable& model, Random& random, int64_t count) {
  const auto total = static_cast<uint64_t>(model.rows.size());
  const bool local = random.below(3) == 0;
  const uint64_t from = total == 0 ? 0 : random.below(total);
  for (int64_t i = 0; i < count && !model.rows.empty(); ++i) {
    const auto pick = [&] {
      const uint64_t reach = local ? std::min<uint64_t>(500, total) : total;
      const int64_t id = static_cast<int64_t>((from + random.below(reach)) * 2 % (2 * total + 1));
      auto found = model.rows.lower_bound({id, ""});
      return found == model.rows.end() ? model.rows.begin() : found;
    };
    auto row = pick();
    for (uint64_t cells = 1 + random.below(3); cells > 0; --cells) {
      const auto& column = model.columns[random.below(model.columns.size())];
      row->second[column.name] = ModelTable::random_cell(*column.type, random);
    }
    if (random.below(2) == 0) model.rows.erase(pick());
    if (random.below(2) == 0) {
      const ModelKey near = {model.rows.empty() ? 5 : pick()->first.first, "m"};
      model.rows[near] = model.random_row(random);
    }
  }
}

/// Adds one of three columns, or takes it away.
inline void change_columns(ModelTable& model, Random& random) {
  const std::string name = "c" + std::to_string(random.below(3));
  const auto found = std::find_if(model.columns.begin(), model.columns.end(),
                                  [&](const auto& column) { return column.name == name; });
  if (found != model.columns.end()) {
    model.columns.erase(found);
    return;
  }
  model.columns.push_back({name, random.below(2) == 0 ? arrow::utf8() : arrow::int64()});
  for (auto& [key, row] : model.rows) {
    row[name] = ModelTable::random_cell(*model.columns.back().type, random);
  }
}

/// Rows that go and come back, some with the columns that came meanwhile.
class ComingAndGoing {
 public:
  explicit ComingAndGoing(const ModelTable& model) {
    const auto step = static_cast<int64_t>(model.rows.size() / 12);
    int64_t place = 0;
    for (const auto& [key, row] : model.rows) {
      if (place++ % step == 0) keys_.push_back(key);
    }
  }
  void move(ModelTable& model, Random& random) const {
    for (const ModelKey& key : keys_) {
      if (random.below(2) == 0) continue;
      if (model.rows.erase(key) == 0) model.rows[key] = model.random_row(random);
    }
  }

 private:
  std::vector<ModelKey> keys_;
};

}  // namespace millgate
