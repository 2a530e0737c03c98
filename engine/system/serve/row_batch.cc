#include "system/serve/row_batch.h"

#include <simdjson.h>

#include <map>

#include "ground/nearest_name.h"
#include "system/serve/json_text.h"
#include "system/serve/json_value.h"
#include "system/serve/online_features.h"

namespace millgate {

namespace {

using simdjson::dom::element;

/// Reads rows one after the other into a batch.
class RowReader {
 public:
  RowReader(const ServedModel& model, const OnlineFeatures* online, RowBatch& batch)
      : model_(model), online_(online), batch_(batch), given_(model.names().size()) {
    if (online_ != nullptr) online_->make_wants(batch_.wants, batch_.rows());
  }

  Status read(const simdjson::dom::object& object, size_t row) {
    given_.assign(given_.size(), 0);
    for (const auto& [name, value] : object) {
      const ColumnUse* use = model_.find(name);
      if (use == nullptr) {
        batch_.warn(row, warning_for(name));
        continue;
      }
      if (given_[use->place]++ != 0) {
        return invalid_input("`" + std::string(name) + "` is given twice", "send it once");
      }
      MILLGATE_TRY(read_field(*use, name, value, row));
    }
    if (online_ != nullptr) MILLGATE_TRY(want(object, row));
    return check_complete();
  }

 private:
  /// Inputs of views that were not given are to be read, by the entity that the row tells.
  Status want(const simdjson::dom::object& object, size_t row) {
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
      MILLGATE_TRY(read_entity(object, plan, row));
    }
    return {};
  }

  Status read_entity(const simdjson::dom::object& object, size_t plan, size_t row) {
    const OnlineView& view = online_->plans()[plan].view;
    for (size_t i = 0; i < view.entity.size(); ++i) {
      const std::string& name = view.entity[i].name;
      element value;
      if (object.at_key(name).get(value) != simdjson::SUCCESS) {
        return invalid_input("`" + name + "` is missing: view `" + view.name + "` is read by it",
                             "send it, or the inputs `" + view.name + ".` themselves");
      }
      MILLGATE_TRY(set_value(value, name, batch_.wants.entities[plan].columns[i], row));
    }
    return {};
  }

  Status read_field(const ColumnUse& use, std::string_view name, const element& value, size_t row) {
    if (use.input) MILLGATE_TRY(set_value(value, name, batch_.inputs.columns[*use.input], row));
    if (use.key) {
      MILLGATE_ASSIGN(std::optional<std::string> text, scalar_text(value, name));
      Vector& column = batch_.keys.columns[*use.key];
      column.valid[row] = text.has_value() ? 1 : 0;
      if (text) column.texts[row] = std::move(*text);
    }
    if (use.row_time) return read_row_time(name, value, row);
    return {};
  }

  Status read_row_time(std::string_view name, const element& value, size_t row) {
    Vector time;
    time.reset(ValueType::time, 1);
    MILLGATE_TRY(set_value(value, name, time, 0));
    if (time.valid[0] != 0) batch_.row_times[row] = Time{time.integers[0]};
    return {};
  }

  Status check_complete() const {
    std::string missing;
    int count = 0;
    for (size_t i = 0; i < model_.inputs().size(); ++i) {
      if (given_[model_.place(i)] != 0 || model_.may_be_left_out(i)) continue;
      if (online_ != nullptr && online_->plan_of(i)) continue;
      missing += (count++ == 0 ? "`" : ", `") + model_.inputs()[i].name + "`";
    }
    if (count == 0) return {};
    return invalid_input(
        (count == 1 ? "input " : "inputs ") + missing +
            (count == 1 ? " is missing" : " are missing"),
        "send every input that training always had; one that is not known is null");
  }

  /// The nearest name is looked for once a name, not once a row.
  const std::string& warning_for(std::string_view name) {
    const auto found = warnings_.find(name);
    if (found != warnings_.end()) return found->second;
    if (warnings_.size() < kWarningsMax) {
      return warnings_.emplace(name, unknown_field_warning(model_, name)).first->second;
    }
    static const std::string other = "more fields that are no inputs were ignored";
    return other;
  }

  const ServedModel& model_;
  const OnlineFeatures* online_;
  RowBatch& batch_;
  std::vector<uint8_t> given_;
  std::map<std::string, std::string, std::less<>> warnings_;
};

Error in_row(Error error, size_t row) {
  error.where = "row " + std::to_string(row);
  return error;
}

Result<RowBatch> read_single(const ServedModel& model, const OnlineFeatures* online,
                             const simdjson::dom::object& object) {
  RowBatch batch = make_batch(model, 1);
  batch.is_single = true;
  MILLGATE_TRY(RowReader(model, online, batch).read(object, 0));
  return batch;
}

Result<RowBatch> read_list(const ServedModel& model, const OnlineFeatures* online,
                           const simdjson::dom::array& list, size_t rows_max) {
  // simdjson counts at most 2^24 - 1, far beyond any `rows_max` that fits in memory.
  if (list.size() > rows_max) {
    return Error{.code = ErrorCode::refused,
                 .what = "the request has " + std::to_string(list.size()) + " rows, at most " +
                         std::to_string(rows_max) + " are taken at once",
                 .hint = "send them in several requests"};
  }
  if (list.size() == 0) return invalid_input("`rows` is empty", "send one row or more");
  RowBatch batch = make_batch(model, list.size());
  RowReader reader(model, online, batch);
  size_t row = 0;
  for (const element entry : list) {
    simdjson::dom::object object;
    if (entry.get(object) != simdjson::SUCCESS) {
      return in_row(invalid_input("expected an object, got " + describe_value(entry)), row);
    }
    if (Status status = reader.read(object, row); !status.ok()) {
      return in_row(std::move(status).error(), row);
    }
    ++row;
  }
  return batch;
}

void warn_of_range(const Field& input, const TrainingRange& range, double value, RowBatch& batch,
                   size_t row) {
  std::string text = input.name + ": ";
  append_json_number(text, value);
  text += " is outside the range of training, ";
  append_json_number(text, range.lowest);
  text += " to ";
  append_json_number(text, range.highest);
  batch.warn(row, std::move(text));
}

}  // namespace

RowBatch make_batch(const ServedModel& model, size_t rows) {
  RowBatch batch;
  batch.inputs.rows = rows;
  batch.inputs.columns.resize(model.inputs().size());
  for (size_t i = 0; i < model.inputs().size(); ++i) {
    batch.inputs.columns[i].reset(model.inputs()[i].type, rows);
  }
  batch.keys.rows = rows;
  batch.keys.columns.resize(model.key_names().size());
  for (Vector& column : batch.keys.columns) column.reset(ValueType::text, rows);
  batch.row_times.resize(rows);
  batch.warnings.resize(rows);
  return batch;
}

Result<RowBatch> read_rows(const ServedModel& model, const OnlineFeatures* online,
                           std::string_view body, size_t rows_max) {
  MILLGATE_ASSIGN(const element root, parse_body(body));
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) {
    return invalid_input("the body is " + describe_value(root) + ", not an object",
                         "send {\"column\": value, ...} or {\"rows\": [{...}, ...]}");
  }
  element rows;
  simdjson::dom::array list;
  const bool is_list =
      object["rows"].get(rows) == simdjson::SUCCESS && rows.get(list) == simdjson::SUCCESS;
  MILLGATE_ASSIGN(RowBatch batch, is_list ? read_list(model, online, list, rows_max)
                                          : read_single(model, online, object));
  return batch;
}

void warn_of_ranges(const ServedModel& model, RowBatch& batch) {
  for (size_t i = 0; i < model.inputs().size(); ++i) {
    const std::optional<TrainingRange>& range = model.range(i);
    if (!range) continue;
    const Vector& column = batch.inputs.columns[i];
    for (size_t row = 0; row < batch.rows(); ++row) {
      if (column.valid[row] == 0) continue;
      const double value = column.type == ValueType::number
                               ? column.numbers[row]
                               : static_cast<double>(column.integers[row]);
      if (value < range->lowest || value > range->highest) {
        warn_of_range(model.inputs()[i], *range, value, batch, row);
      }
    }
  }
}

std::string unknown_field_warning(const ServedModel& model, std::string_view name) {
  constexpr size_t kNameMax = 64;
  if (name.size() > kNameMax) return "a field with a very long name was ignored";
  std::string text = "`" + std::string(name) + "` is not an input of the model and was ignored";
  if (const auto nearest = nearest_name(name, model.names())) {
    text += "; did you mean `" + *nearest + "`?";
  }
  return text;
}

}  // namespace millgate
