#include "system/serve/parquet_bytes.h"

#include <arrow/api.h>

#include <algorithm>
#include <cstdio>

#include "data/table/arrow_result.h"
#include "data/table/parquet_bytes.h"

namespace millgate {

namespace {

constexpr const char* kObject = "prediction log";

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

using Records = std::vector<PredictionRecord>;

template <typename Builder, typename Append>
Status add_input(TableParts& parts, const std::string& name, ValueType type, const Records& records,
                 size_t index, bool is_key, const Append& append) {
  return add_column<Builder>(parts, name, arrow_type(type), [&](Builder& builder) {
    for (const PredictionRecord& record : records) {
      const Block& block = is_key ? record.keys : record.inputs;
      const Vector& column = block.columns[index];
      for (size_t row = 0; row < block.rows; ++row) {
        arrow::Status status =
            column.valid[row] == 0 ? builder.AppendNull() : append(builder, column, row);
        if (!status.ok()) return status;
      }
    }
    return arrow::Status::OK();
  });
}

Status add_values(TableParts& parts, const std::string& name, ValueType type,
                  const Records& records, size_t index, bool is_key) {
  const auto integer = [](auto& builder, const Vector& column, size_t row) {
    return builder.Append(column.integers[row]);
  };
  switch (type) {
    case ValueType::boolean:
      return add_input<arrow::BooleanBuilder>(parts, name, type, records, index, is_key,
                                              [](auto& builder, const Vector& column, size_t row) {
                                                return builder.Append(column.integers[row] != 0);
                                              });
    case ValueType::integer:
      return add_input<arrow::Int64Builder>(parts, name, type, records, index, is_key, integer);
    case ValueType::time:
      return add_input<arrow::TimestampBuilder>(parts, name, type, records, index, is_key, integer);
    case ValueType::duration:
      return add_input<arrow::DurationBuilder>(parts, name, type, records, index, is_key, integer);
    case ValueType::number:
      return add_input<arrow::DoubleBuilder>(parts, name, type, records, index, is_key,
                                             [](auto& builder, const Vector& column, size_t row) {
                                               return builder.Append(column.numbers[row]);
                                             });
    case ValueType::text:
      break;
  }
  return add_input<arrow::StringBuilder>(parts, name, type, records, index, is_key,
                                         [](auto& builder, const Vector& column, size_t row) {
                                           return builder.Append(column.texts[row]);
                                         });
}

/// Appends `value(record, row)` for every row of every record.
template <typename Builder, typename Value>
auto each_row(const Records& records, const Value& value) {
  return [&records, value](Builder& builder) {
    for (const PredictionRecord& record : records) {
      for (size_t row = 0; row < record.prediction_ids.size(); ++row) {
        if (arrow::Status status = value(builder, record, row); !status.ok()) return status;
      }
    }
    return arrow::Status::OK();
  };
}

Status add_own_columns(TableParts& parts, const Records& records) {
  using Record = PredictionRecord;
  const std::vector<std::string>& names = prediction_log_columns();
  const std::string model = records.front().model->id().brief();
  MILLGATE_TRY(add_column<arrow::StringBuilder>(
      parts, names[0], arrow::utf8(),
      each_row<arrow::StringBuilder>(records, [](auto& builder, const Record& record, size_t row) {
        return builder.Append(record.prediction_ids[row]);
      })));
  MILLGATE_TRY(add_column<arrow::TimestampBuilder>(
      parts, names[1], utc_time(),
      each_row<arrow::TimestampBuilder>(records, [](auto& builder, const Record& record, size_t) {
        return builder.Append(record.answered_at.micros);
      })));
  MILLGATE_TRY(add_column<arrow::StringBuilder>(
      parts, names[2], arrow::utf8(),
      each_row<arrow::StringBuilder>(
          records, [&](auto& builder, const Record&, size_t) { return builder.Append(model); })));
  MILLGATE_TRY(add_column<arrow::StringBuilder>(
      parts, names[3], arrow::utf8(),
      each_row<arrow::StringBuilder>(records, [](auto& builder, const Record& record, size_t) {
        return builder.Append(record.request_id);
      })));
  MILLGATE_TRY(add_column<arrow::TimestampBuilder>(
      parts, names[4], utc_time(),
      each_row<arrow::TimestampBuilder>(
          records, [](auto& builder, const Record& record, size_t row) {
            const std::optional<Time>& time = record.row_times[row];
            return time ? builder.Append(time->micros) : builder.AppendNull();
          })));
  MILLGATE_TRY(add_column<arrow::DoubleBuilder>(
      parts, names[5], arrow::float64(),
      each_row<arrow::DoubleBuilder>(records, [](auto& builder, const Record& record, size_t row) {
        return builder.Append(record.predictions[row].value);
      })));
  return add_column<arrow::BooleanBuilder>(
      parts, names[6], arrow::boolean(),
      each_row<arrow::BooleanBuilder>(records, [](auto& builder, const Record& record, size_t row) {
        return builder.Append(record.predictions[row].decision);
      }));
}

/// What was read from the online store; no column when nothing was, or a column of the user has
/// this name.
Status add_online_reads(TableParts& parts, const Records& records) {
  constexpr const char* kName = "online.reads";
  const bool is_taken = std::any_of(parts.fields.begin(), parts.fields.end(),
                                    [](const auto& field) { return field->name() == kName; });
  const bool is_read = std::any_of(records.begin(), records.end(),
                                   [](const PredictionRecord& one) { return !one.online.empty(); });
  if (is_taken || !is_read) return {};
  return add_column<arrow::StringBuilder>(
      parts, kName, arrow::utf8(),
      each_row<arrow::StringBuilder>(
          records, [](auto& builder, const PredictionRecord& record, size_t row) {
            const bool has = row < record.online.size() && !record.online[row].empty();
            return has ? builder.Append(record.online[row]) : builder.AppendNull();
          }));
}

/// A column of the user that is called like one of the log's own gets "input." in front.
std::string logged_name(const std::string& name) {
  const std::vector<std::string>& own = prediction_log_columns();
  return std::find(own.begin(), own.end(), name) == own.end() ? name : "input." + name;
}

Result<std::string> parquet_of(const TableParts& parts) {
  return parquet_bytes(*arrow::Table::Make(arrow::schema(parts.fields), parts.arrays), kObject);
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

Result<std::string> predictions_parquet(const Records& records) {
  TableParts parts;
  MILLGATE_TRY(add_own_columns(parts, records));
  const Model& model = *records.front().model;
  const std::vector<Field>& inputs = model.features().inputs();
  size_t key_index = 0;
  for (const std::string& key : model.manifest().key) {
    const auto is_same = [&](const Field& input) { return input.name == key; };
    if (std::any_of(inputs.begin(), inputs.end(), is_same)) continue;
    if (key_index >= records.front().keys.columns.size()) break;
    MILLGATE_TRY(add_values(parts, logged_name(key), ValueType::text, records, key_index++, true));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    MILLGATE_TRY(add_values(parts, logged_name(inputs[i].name), inputs[i].type, records, i, false));
  }
  MILLGATE_TRY(add_online_reads(parts, records));
  return parquet_of(parts);
}

Result<std::string> feedback_parquet(const std::vector<Feedback>& labels, Time at) {
  TableParts parts;
  const auto each = [&](const auto& append) {
    return [&labels, append](auto& builder) {
      for (const Feedback& label : labels) {
        if (arrow::Status status = append(builder, label); !status.ok()) return status;
      }
      return arrow::Status::OK();
    };
  };
  MILLGATE_TRY(add_column<arrow::StringBuilder>(parts, "prediction_id", arrow::utf8(),
                                                each([](auto& builder, const Feedback& label) {
                                                  return builder.Append(label.prediction_id);
                                                })));
  MILLGATE_TRY(add_column<arrow::DoubleBuilder>(
      parts, "label", arrow::float64(),
      each([](auto& builder, const Feedback& label) { return builder.Append(label.label); })));
  MILLGATE_TRY(add_column<arrow::TimestampBuilder>(
      parts, "received_at", utc_time(),
      each([&](auto& builder, const Feedback&) { return builder.Append(at.micros); })));
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
