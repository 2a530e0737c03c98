#include "system/serve/row_reader.h"

#include <algorithm>

#include "system/serve/json_value.h"
#include "system/serve/online_features.h"

namespace millgate {

RowReader::RowReader(const ServedModel& model, const OnlineFeatures* online, RowBatch& batch)
    : model_(model), online_(online), batch_(batch), given_(model.names().size()) {
  fields_.reserve(model_.names().size());
  if (online_ != nullptr) online_->make_wants(batch_.wants, batch_.rows());
}

Status RowReader::read(const simdjson::dom::object& object, size_t row) {
  fields_.clear();
  for (const auto& [name, value] : object) fields_.push_back({name, model_.find(name), value});
  return read(fields_, row);
}

Status RowReader::read(std::span<const FieldValue> fields, size_t row) {
  given_.assign(given_.size(), 0);
  for (const FieldValue& field : fields) {
    if (field.use == nullptr) {
      batch_.warn(row, warning_for(field.name));
      continue;
    }
    if (given_[field.use->place]++ != 0) {
      return invalid_input("`" + std::string(field.name) + "` is given twice", "send it once");
    }
    MILLGATE_TRY(read_field(field, row));
  }
  if (online_ != nullptr) MILLGATE_TRY(want(fields, row));
  return check_complete(model_, online_, given_, "input");
}

/// Inputs of views that were not given are to be read, by the entity that the row tells.
Status RowReader::want(std::span<const FieldValue> fields, size_t row) {
  const size_t input_count = model_.inputs().size();
  const size_t plan_count = online_->plans().size();
  for (size_t i = 0; i < input_count; ++i) {
    const std::optional<size_t> plan = online_->plan_of(i);
    if (given_[model_.place(i)] != 0 || !plan) continue;
    batch_.wants.inputs[row * input_count + i] = 1;
    batch_.wants.views[row * plan_count + *plan] = 1;
  }
  for (size_t plan = 0; plan < plan_count; ++plan) {
    if (batch_.wants.views[row * plan_count + plan] == 0) continue;
    MILLGATE_TRY(read_entity(fields, plan, row));
  }
  return {};
}

Status RowReader::read_entity(std::span<const FieldValue> fields, size_t plan, size_t row) {
  const OnlineView& view = online_->plans()[plan].view;
  for (size_t i = 0; i < view.entity.size(); ++i) {
    const std::string& name = view.entity[i].name;
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const FieldValue& field) { return field.name == name; });
    if (found == fields.end()) return missing_entity(view, name);
    MILLGATE_TRY(set_value(found->value, name, batch_.wants.entities[plan].columns[i], row));
  }
  return {};
}

Status RowReader::read_field(const FieldValue& field, size_t row) {
  const ColumnUse& use = *field.use;
  if (use.input) {
    MILLGATE_TRY(set_value(field.value, field.name, batch_.inputs.columns[*use.input], row));
  }
  if (use.key) {
    MILLGATE_ASSIGN(std::optional<std::string> text, scalar_text(field.value, field.name));
    Vector& column = batch_.keys.columns[*use.key];
    column.valid[row] = text.has_value() ? 1 : 0;
    if (text) column.texts[row] = std::move(*text);
  }
  if (use.row_time) return read_row_time(field, row);
  return {};
}

Status RowReader::read_row_time(const FieldValue& field, size_t row) {
  Vector time;
  time.reset(ValueType::time, 1);
  MILLGATE_TRY(set_value(field.value, field.name, time, 0));
  if (time.valid[0] != 0) batch_.row_times[row] = Time{time.integers[0]};
  return {};
}

/// The nearest name is looked for once a name, not once a row.
const std::string& RowReader::warning_for(std::string_view name) {
  const auto found = warnings_.find(name);
  if (found != warnings_.end()) return found->second;
  if (warnings_.size() < kWarningsMax) {
    return warnings_.emplace(name, unknown_field_warning(model_, name)).first->second;
  }
  static const std::string other = "more fields that are no inputs were ignored";
  return other;
}

}  // namespace millgate
