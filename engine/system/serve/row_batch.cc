#include "system/serve/row_batch.h"

#include <simdjson.h>

#include <utility>

#include "ground/nearest_name.h"
#include "system/serve/json_text.h"
#include "system/serve/json_value.h"
#include "system/serve/online_features.h"
#include "system/serve/row_reader.h"

namespace millgate {

namespace {

using simdjson::dom::element;

/// A larger batch is rare, and its memory too much to hold in every thread.
constexpr size_t kKeptRowsMax = 1024;

/// The memory of this thread's last batch.
RowBatch& thread_spare() {
  thread_local RowBatch spare;
  return spare;
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
  if (list.size() > rows_max) return too_many_rows(list.size(), rows_max);
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

void warn_of_range(const Field& input, const SeenRange& range, double value, RowBatch& batch,
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

Error in_row(Error error, size_t row) {
  error.where = "row " + std::to_string(row);
  return error;
}

Error too_many_rows(size_t rows, size_t rows_max) {
  return Error{.code = ErrorCode::refused,
               .what = "the request has " + std::to_string(rows) + " rows, at most " +
                       std::to_string(rows_max) + " are taken at once",
               .hint = "send them in several requests"};
}

Error missing_entity(const OnlineView& view, std::string_view column) {
  return invalid_input(
      "`" + std::string(column) + "` is missing: view `" + view.name + "` is read by it",
      "send it, or the inputs `" + view.name + ".` themselves");
}

Status check_complete(const ServedModel& model, const OnlineFeatures* online,
                      std::span<const uint8_t> given, std::string_view noun) {
  std::string missing;
  int count = 0;
  for (size_t i = 0; i < model.inputs().size(); ++i) {
    if (given[model.place(i)] != 0 || model.may_be_left_out(i)) continue;
    if (online != nullptr && online->plan_of(i)) continue;
    missing += (count++ == 0 ? "`" : ", `") + model.inputs()[i].name + "`";
  }
  if (count == 0) return {};
  return invalid_input(std::string(noun) + (count == 1 ? " " : "s ") + missing +
                           (count == 1 ? " is missing" : " are missing"),
                       "send every input that training always had; one that is not known is null");
}

RowBatch make_batch(const ServedModel& model, size_t rows) {
  RowBatch batch = std::exchange(thread_spare(), {});
  batch.inputs.rows = rows;
  batch.inputs.columns.resize(model.inputs().size());
  for (size_t i = 0; i < model.inputs().size(); ++i) {
    batch.inputs.columns[i].reset(model.inputs()[i].type, rows);
  }
  batch.keys.rows = rows;
  batch.keys.columns.resize(model.key_names().size());
  for (Vector& column : batch.keys.columns) column.reset(ValueType::text, rows);
  batch.row_times.assign(rows, std::nullopt);
  batch.warnings.resize(rows);
  return batch;
}

void keep_memory(RowBatch batch) {
  if (batch.rows() > kKeptRowsMax) return;
  batch.warnings.clear();
  batch.wants = {};
  batch.notes.clear();
  batch.online.clear();
  batch.is_single = false;
  thread_spare() = std::move(batch);
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
    const std::optional<SeenRange>& range = model.range(i);
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
