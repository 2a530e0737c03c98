#include "system/serve/row_columns.h"

#include <algorithm>

#include "system/serve/online_features.h"

namespace millgate {

namespace {

Status read_row_times(const ColumnSource& source, size_t index, RowBatch& batch) {
  Vector column;
  column.reset(ValueType::time, batch.rows());
  MILLGATE_TRY(source.read(index, column));
  for (size_t row = 0; row < batch.rows(); ++row) {
    if (column.valid[row] != 0) batch.row_times[row] = Time{column.integers[row]};
  }
  return {};
}

/// Reads a column into everything that it is used for.
Status read_uses(const ColumnSource& source, size_t index, const ColumnUse& use, RowBatch& batch) {
  if (use.input) MILLGATE_TRY(source.read(index, batch.inputs.columns[*use.input]));
  if (use.key) MILLGATE_TRY(source.read_text(index, batch.keys.columns[*use.key]));
  if (use.row_time) return read_row_times(source, index, batch);
  return {};
}

Status read_entity(const ColumnSource& source, const OnlineView& view, Block& entity) {
  for (size_t i = 0; i < view.entity.size(); ++i) {
    const std::string& name = view.entity[i].name;
    const auto found = std::find(source.names().begin(), source.names().end(), name);
    if (found == source.names().end()) return missing_entity(view, name);
    MILLGATE_TRY(
        source.read(static_cast<size_t>(found - source.names().begin()), entity.columns[i]));
  }
  return {};
}

/// Every row wants the inputs of views that have no column.
Status want(const ServedModel& model, const OnlineFeatures& online, const ColumnSource& source,
            const std::vector<uint8_t>& given, RowBatch& batch) {
  const size_t input_count = model.inputs().size();
  const size_t plan_count = online.plans().size();
  std::vector<uint8_t> wanted(plan_count);
  online.make_wants(batch.wants, batch.rows());
  for (size_t i = 0; i < input_count; ++i) {
    const std::optional<size_t> plan = online.plan_of(i);
    if (given[model.place(i)] != 0 || !plan) continue;
    wanted[*plan] = 1;
    for (size_t row = 0; row < batch.rows(); ++row) {
      batch.wants.inputs[row * input_count + i] = 1;
      batch.wants.views[row * plan_count + *plan] = 1;
    }
  }
  for (size_t plan = 0; plan < plan_count; ++plan) {
    if (wanted[plan] == 0) continue;
    MILLGATE_TRY(read_entity(source, online.plans()[plan].view, batch.wants.entities[plan]));
  }
  return {};
}

}  // namespace

Result<RowBatch> read_columns(const ServedModel& model, const OnlineFeatures* online,
                              const ColumnSource& source, size_t rows_max) {
  if (source.rows() == 0) {
    return invalid_input("the request has no rows", "send one row or more");
  }
  if (source.rows() > rows_max) return too_many_rows(source.rows(), rows_max);
  RowBatch batch = make_batch(model, source.rows());
  std::vector<uint8_t> given(model.names().size());
  for (size_t index = 0; index < source.names().size(); ++index) {
    const std::string& name = source.names()[index];
    const ColumnUse* use = model.find(name);
    if (use == nullptr) {
      if (batch.notes.size() < kWarningsMax) {
        batch.notes.push_back(unknown_field_warning(model, name));
      }
      continue;
    }
    if (given[use->place]++ != 0) {
      return invalid_input(std::string(source.noun()) + " `" + name + "` is given twice",
                           "send it once");
    }
    MILLGATE_TRY(read_uses(source, index, *use, batch));
  }
  MILLGATE_TRY(check_complete(model, online, given, source.noun()));
  if (online != nullptr) MILLGATE_TRY(want(model, *online, source, given, batch));
  return batch;
}

}  // namespace millgate
