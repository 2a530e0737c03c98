#include "system/serve/parquet_bytes.h"

#include <arrow/api.h>

#include <algorithm>
#include <cstdio>

#include "data/table/arrow_result.h"
#include "data/table/parquet_bytes.h"
#include "system/serve/prediction_log.h"

namespace millgate {

namespace {

constexpr const char* kObject = "prediction log";
constexpr const char* kClassColumn = "class";

std::shared_ptr<arrow::DataType> utc_time() {
  return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
}

std::shared_ptr<arrow::DataType> arrow_type(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return arrow::boolean();
    case ValueType::integer:
      return arrow::int64();
    case ValueType::number:
      return arrow::float64();
    case ValueType::time:
      return utc_time();
    case ValueType::duration:
      return arrow::duration(arrow::TimeUnit::MICRO);
    case ValueType::list:
      return arrow::list(arrow::float64());
    case ValueType::text:
      break;
  }
  return arrow::utf8();
}

/// Columns collected one after the other.
struct TableParts {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> arrays;
};

/// Builds one column: `fill` appends every row to the builder.
template <typename Builder, typename Fill>
Status add_column(TableParts& parts, const std::string& name,
                  const std::shared_ptr<arrow::DataType>& type, const Fill& fill) {
  Builder builder(type, arrow::default_memory_pool());
  MILLGATE_ARROW_TRY(fill(builder), kObject);
  std::shared_ptr<arrow::Array> array;
  MILLGATE_ARROW_TRY(builder.Finish(&array), kObject);
  parts.fields.push_back(arrow::field(name, type));
  parts.arrays.push_back(std::move(array));
  return {};
}

/// One bit for each of `values`: whether it is not 0.
template <typename Value>
Result<std::shared_ptr<arrow::Buffer>> bits_of(const std::vector<Value>& values) {
  MILLGATE_ARROW(std::shared_ptr<arrow::Buffer> bits,
                 arrow::AllocateEmptyBitmap(static_cast<int64_t>(values.size())), kObject);
  uint8_t* const to = bits->mutable_data();
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] != 0) to[i / 8] = static_cast<uint8_t>(to[i / 8] | 1U << (i % 8));
  }
  return bits;
}

/// The memory of `values` as it is; they must outlive the buffer.
template <typename Values>
std::shared_ptr<arrow::Buffer> buffer_of(const Values& values) {
  return std::make_shared<arrow::Buffer>(std::string_view(
      // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes of plain numbers
      reinterpret_cast<const char*>(values.data()), values.size() * sizeof(*values.data())));
}

/// Adds `column`, whose memory is used as it is: it must outlive `parts`.
Status add_logged(TableParts& parts, const std::string& name, ValueType type,
                  const LoggedColumn& column) {
  // Null where there is no null: so Arrow says it.
  std::vector<std::shared_ptr<arrow::Buffer>> buffers(1);
  if (std::find(column.valid.begin(), column.valid.end(), 0) != column.valid.end()) {
    MILLGATE_ASSIGN(buffers[0], bits_of(column.valid));
  }
  std::vector<std::shared_ptr<arrow::ArrayData>> items;
  switch (type) {
    case ValueType::boolean: {
      MILLGATE_ASSIGN(std::shared_ptr<arrow::Buffer> bits, bits_of(column.integers));
      buffers.push_back(std::move(bits));
      break;
    }
    case ValueType::number:
      buffers.push_back(buffer_of(column.numbers));
      break;
    case ValueType::text:
      buffers.push_back(buffer_of(column.ends));
      buffers.push_back(buffer_of(column.bytes));
      break;
    case ValueType::list: {
      buffers.push_back(buffer_of(column.ends));
      MILLGATE_ASSIGN(auto has, bits_of(column.has));
      items.push_back(arrow::ArrayData::Make(arrow::float64(),
                                             static_cast<int64_t>(column.numbers.size()),
                                             {std::move(has), buffer_of(column.numbers)}));
      break;
    }
    case ValueType::integer:
    case ValueType::time:
    case ValueType::duration:
      buffers.push_back(buffer_of(column.integers));
      break;
  }
  const std::shared_ptr<arrow::DataType> of = arrow_type(type);
  parts.fields.push_back(arrow::field(name, of));
  parts.arrays.push_back(arrow::MakeArray(arrow::ArrayData::Make(
      of, static_cast<int64_t>(column.valid.size()), std::move(buffers), std::move(items))));
  return {};
}

/// The model's name, the same in every row.
Status add_model(TableParts& parts, const std::string& name, const LoggedRows& rows) {
  const std::string model = rows.model()->id().brief();
  return add_column<arrow::StringBuilder>(
      parts, name, arrow::utf8(), [&](arrow::StringBuilder& builder) {
        arrow::Status status = builder.Reserve(static_cast<int64_t>(rows.rows()));
        for (size_t row = 0; row < rows.rows() && status.ok(); ++row) {
          status = builder.Append(model);
        }
        return status;
      });
}

Status add_own_columns(TableParts& parts, const LoggedRows& rows) {
  const std::vector<std::string>& names = prediction_log_columns();
  MILLGATE_TRY(add_logged(parts, names[0], ValueType::text, rows.prediction_id));
  MILLGATE_TRY(add_logged(parts, names[1], ValueType::time, rows.answered_at));
  MILLGATE_TRY(add_model(parts, names[2], rows));
  MILLGATE_TRY(add_logged(parts, names[3], ValueType::text, rows.request_id));
  MILLGATE_TRY(add_logged(parts, names[4], ValueType::time, rows.row_time));
  MILLGATE_TRY(add_logged(parts, names[5], ValueType::number, rows.value));
  return add_logged(parts, names[6], ValueType::boolean, rows.decision);
}

/// The class that was decided for, and the probability of each; nothing where there are none.
Status add_classes(TableParts& parts, const Model& model, const LoggedRows& rows) {
  const std::vector<std::string>& classes = model.manifest().classes;
  if (classes.empty()) return {};
  MILLGATE_TRY(add_logged(parts, kClassColumn, ValueType::text, rows.class_name));
  for (size_t k = 0; k < classes.size(); ++k) {
    MILLGATE_TRY(add_logged(parts, kProbabilityPrefix + classes[k], ValueType::number,
                            rows.probabilities[k]));
  }
  return {};
}

/// A column that a file has only where there is something to tell, and no column of the user has
/// its name.
Status add_rare(TableParts& parts, const std::string& name, ValueType type,
                const LoggedColumn& column) {
  const bool is_taken = std::any_of(parts.fields.begin(), parts.fields.end(),
                                    [&](const auto& field) { return field->name() == name; });
  const bool has_values =
      std::find(column.valid.begin(), column.valid.end(), 1) != column.valid.end();
  if (is_taken || !has_values) return {};
  return add_logged(parts, name, type, column);
}

/// A column of the user that is called like one of the log's own gets "input." in front.
std::string logged_name(const std::string& name, const Model& model) {
  const std::vector<std::string>& own = prediction_log_columns();
  const bool is_of_classes =
      model.has_classes() && (name == kClassColumn || name.starts_with(kProbabilityPrefix));
  const bool is_own = is_of_classes || std::find(own.begin(), own.end(), name) != own.end();
  return is_own ? "input." + name : name;
}

Result<std::string> parquet_of(const TableParts& parts) {
  return parquet_bytes(*arrow::Table::Make(arrow::schema(parts.fields), parts.arrays), kObject);
}

/// Builds a column of `type` with one entry a row of `rows`: `append` adds that of one.
template <typename Builder, typename Row, typename Append>
Status add_each(TableParts& parts, const std::string& name,
                const std::shared_ptr<arrow::DataType>& type, const std::vector<Row>& rows,
                const Append& append) {
  return add_column<Builder>(parts, name, type, [&](Builder& builder) {
    for (const Row& row : rows) {
      if (arrow::Status status = append(builder, row); !status.ok()) return status;
    }
    return arrow::Status::OK();
  });
}

/// Of what came back for predictions: whose it is.
template <typename Row>
Status add_ids(TableParts& parts, const std::vector<Row>& rows) {
  return add_each<arrow::StringBuilder>(
      parts, "prediction_id", arrow::utf8(), rows,
      [](auto& builder, const Row& row) { return builder.Append(row.prediction_id); });
}

/// And when.
template <typename Row>
Status add_received(TableParts& parts, const std::vector<Row>& rows, Time at) {
  return add_each<arrow::TimestampBuilder>(
      parts, "received_at", utc_time(), rows,
      [&](auto& builder, const Row&) { return builder.Append(at.micros); });
}

/// The parts of a time in UTC (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
struct CivilTime {
  int64_t year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0;
};

CivilTime civil_time(Time time) {
  constexpr int64_t kDayMicros = 86'400'000'000;
  int64_t days = time.micros / kDayMicros;
  int64_t rest = time.micros % kDayMicros;
  if (rest < 0) {
    rest += kDayMicros;
    --days;
  }
  days += 719'468;
  const int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const auto day_of_era = static_cast<unsigned>(days - era * 146'097);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const unsigned day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted = (5 * day_of_year + 2) / 153;
  CivilTime civil;
  civil.day = day_of_year - (153 * shifted + 2) / 5 + 1;
  civil.month = shifted < 10 ? shifted + 3 : shifted - 9;
  civil.year = static_cast<int64_t>(year_of_era) + era * 400 + (civil.month <= 2 ? 1 : 0);
  civil.hour = static_cast<unsigned>(rest / 3'600'000'000);
  civil.minute = static_cast<unsigned>(rest / 60'000'000 % 60);
  civil.second = static_cast<unsigned>(rest / 1'000'000 % 60);
  civil.micros = static_cast<unsigned>(rest % 1'000'000);
  return civil;
}

}  // namespace

const std::vector<std::string>& prediction_log_columns() {
  static const std::vector<std::string> names = {
      "prediction_id", "answered_at", "model", "request_id", "row_time", "probability", "decision"};
  return names;
}

Result<std::string> predictions_parquet(const LoggedRows& rows) {
  TableParts parts;
  MILLGATE_TRY(add_own_columns(parts, rows));
  const Model& model = *rows.model();
  MILLGATE_TRY(add_classes(parts, model, rows));
  const std::vector<Field>& inputs = model.features().inputs();
  size_t key_index = 0;
  for (const std::string& key : logged_keys(model)) {
    if (key_index >= rows.keys.size() || rows.keys[key_index].valid.empty()) break;
    MILLGATE_TRY(
        add_logged(parts, logged_name(key, model), ValueType::text, rows.keys[key_index++]));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    MILLGATE_TRY(
        add_logged(parts, logged_name(inputs[i].name, model), inputs[i].type, rows.inputs[i]));
  }
  MILLGATE_TRY(add_rare(parts, "online.reads", ValueType::text, rows.online));
  MILLGATE_TRY(add_rare(parts, kRolloutColumn, ValueType::integer, rows.rollout));
  return parquet_of(parts);
}

Result<std::string> feedback_parquet(const std::vector<Feedback>& labels, Time at) {
  TableParts parts;
  MILLGATE_TRY(add_ids(parts, labels));
  MILLGATE_TRY(add_each<arrow::DoubleBuilder>(
      parts, "label", arrow::float64(), labels, [](auto& builder, const Feedback& label) {
        return label.class_name.empty() ? builder.Append(label.label) : builder.AppendNull();
      }));
  MILLGATE_TRY(add_received(parts, labels, at));
  const bool has_classes = std::any_of(labels.begin(), labels.end(), [](const Feedback& label) {
    return !label.class_name.empty();
  });
  if (has_classes) {
    MILLGATE_TRY(add_each<arrow::StringBuilder>(
        parts, kClassColumn, arrow::utf8(), labels, [](auto& builder, const Feedback& label) {
          return label.class_name.empty() ? builder.AppendNull() : builder.Append(label.class_name);
        }));
  }
  return parquet_of(parts);
}

Result<std::string> outcomes_parquet(const std::vector<PredictionOutcome>& outcomes, Time at) {
  TableParts parts;
  MILLGATE_TRY(add_ids(parts, outcomes));
  MILLGATE_TRY(add_each<arrow::DoubleBuilder>(
      parts, "earned", arrow::float64(), outcomes,
      [](auto& builder, const PredictionOutcome& one) { return builder.Append(one.earned); }));
  MILLGATE_TRY(add_received(parts, outcomes, at));
  return parquet_of(parts);
}

std::string date_text(Time time) {
  const CivilTime civil = civil_time(time);
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(civil.year), civil.month,
                civil.day);
  return text;
}

std::string compact_time_text(Time time) {
  const CivilTime civil = civil_time(time);
  char text[48];
  std::snprintf(text, sizeof text, "%04d%02u%02uT%02u%02u%02u%06uZ", static_cast<int>(civil.year),
                civil.month, civil.day, civil.hour, civil.minute, civil.second, civil.micros);
  return text;
}

}  // namespace millgate
