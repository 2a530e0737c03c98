#include "system/pipeline/gate_rows.h"

#include <arrow/table.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "ground/nearest_name.h"
#include "model/learn/row_values.h"

namespace millgate {

Result<std::vector<double>> predictions_of_rows(const Model& model, const Block& inputs) {
  std::vector<Prediction> predicted;
  Model::Scratch scratch;
  MILLGATE_TRY(model.predict(inputs, predicted, scratch));
  if (model.has_classes()) return std::move(scratch.values);
  std::vector<double> values;
  values.reserve(predicted.size());
  for (const Prediction& one : predicted) values.push_back(one.value);
  return values;
}

Result<GateRows> GateRows::open(const Project& project, const Model& model,
                                const arrow::Table& joined) {
  GateRows rows(joined);
  MILLGATE_ASSIGN(rows.split_, split_rows(joined, project.train));
  MILLGATE_ASSIGN(rows.all_, read_training_rows(joined));
  for (const int64_t row : rows.numbers()) {
    rows.labels_.push_back(rows.all_.labels[static_cast<size_t>(row)]);
  }
  rows.query_ = rows.all_.query_of(rows.numbers());
  MILLGATE_ASSIGN(const Block block, block_from(joined, model.features().inputs()));
  rows.inputs_ = select_rows(block, rows.numbers());
  rows.inputs_.rows = rows.numbers().size();
  MILLGATE_ASSIGN(rows.predictions_, predictions_of_rows(model, rows.inputs_));
  return rows;
}

Result<std::optional<SearchColumn>> GateRows::conditions(const std::string& column) const {
  const auto found = std::find_if(all_.available.begin(), all_.available.end(),
                                  [&](const Field& field) { return field.name == column; });
  if (found == all_.available.end() || found->type == ValueType::time ||
      found->type == ValueType::duration || found->type == ValueType::list) {
    return std::optional<SearchColumn>();
  }
  MILLGATE_ASSIGN(const Block block, block_from(*joined_, {*found}));
  const Vector values = select_rows(block, numbers()).columns.front();
  if (found->type != ValueType::number && found->type != ValueType::integer) {
    return std::optional(search_texts(column, texts_of(values)));
  }
  std::vector<double> figures;
  for (size_t i = 0; i < values.size(); ++i) {
    const double value = found->type == ValueType::number ? values.numbers[i]
                                                          : static_cast<double>(values.integers[i]);
    figures.push_back(values.valid[i] != 0 ? value : std::numeric_limits<double>::quiet_NaN());
  }
  return std::optional(search_numbers(column, figures));
}

Result<Block> GateRows::column(const std::string& name, const Section& section,
                               const std::string& key) const {
  const auto found = std::find_if(all_.available.begin(), all_.available.end(),
                                  [&](const Field& field) { return field.name == name; });
  if (found == all_.available.end()) {
    std::vector<std::string> names;
    names.reserve(all_.available.size());
    for (const Field& field : all_.available) names.push_back(field.name);
    return section.error_at(key, "there is no column `" + name + "`", name_hint(name, names));
  }
  return block_from(*joined_, {*found});
}

Result<const std::vector<std::string>*> GateRows::texts(const std::string& column,
                                                        const Section& section,
                                                        const std::string& key) {
  if (const auto known = texts_.find(column); known != texts_.end()) return &known->second;
  MILLGATE_ASSIGN(const Block all, this->column(column, section, key));
  std::vector<std::string> texts = texts_of(select_rows(all, numbers()).columns.front());
  // A map keeps its values where they are.
  return &texts_.emplace(column, std::move(texts)).first->second;
}

Result<std::vector<std::string>> GateRows::all_texts(const std::string& column,
                                                     const Section& section,
                                                     const std::string& key) const {
  MILLGATE_ASSIGN(const Block all, this->column(column, section, key));
  return texts_of(all.columns.front());
}

Result<RowSlice> GateRows::rows_of(const Requirement& requirement) {
  RowSlice slice{.name = requirement.slice, .rows = {}};
  std::vector<const std::vector<std::string>*> columns;
  for (const SliceCondition& condition : requirement.where) {
    MILLGATE_ASSIGN(const auto* texts_of_it, texts(condition.column, requirement.section, "slice"));
    columns.push_back(texts_of_it);
  }
  for (size_t row = 0; row < count(); ++row) {
    bool is_in = true;
    for (size_t c = 0; c < columns.size() && is_in; ++c) {
      is_in = (*columns[c])[row] == requirement.where[c].value;
    }
    if (is_in) slice.rows.push_back(static_cast<uint32_t>(row));
  }
  return slice;
}

}  // namespace millgate
