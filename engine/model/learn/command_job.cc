#include "model/learn/command_job.h"

#include <arrow/api.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "data/feature/join.h"
#include "data/table/arrow_result.h"
#include "data/table/writer.h"
#include "ground/durable_file.h"
#include "ground/json.h"

namespace millgate {
namespace {

constexpr int kJobVersion = 1;
constexpr const char* kParts[] = {"train", "valid"};

/// Column `index` of the row-major features.
template <typename Builder, typename Value>
Result<std::shared_ptr<arrow::Array>> column_of(const Examples& examples, size_t index,
                                                size_t width) {
  Builder builder;
  MILLGATE_ARROW_TRY(builder.Reserve(static_cast<int64_t>(examples.rows())), "features");
  for (size_t row = 0; row < examples.rows(); ++row) {
    const double value = examples.features[row * width + index];
    if (std::isnan(value)) {
      builder.UnsafeAppendNull();
    } else {
      builder.UnsafeAppend(static_cast<Value>(value));
    }
  }
  MILLGATE_ARROW(std::shared_ptr<arrow::Array> array, builder.Finish(), "features");
  return array;
}

Result<std::shared_ptr<arrow::Table>> table_of(const LearnerInput& input,
                                               const Examples& examples) {
  const size_t width = input.feature_names.size();
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (size_t i = 0; i < width; ++i) {
    const bool is_code = input.is_category[i];
    fields.push_back(
        arrow::field(input.feature_names[i], is_code ? arrow::int32() : arrow::float64()));
    auto array = is_code ? column_of<arrow::Int32Builder, int32_t>(examples, i, width)
                         : column_of<arrow::DoubleBuilder, double>(examples, i, width);
    if (!array) return array.error();
    arrays.push_back(std::move(*array));
  }
  if (input.kind == TaskKind::ranking) {
    fields.push_back(arrow::field(kQueryColumn, arrow::uint32()));
    arrow::UInt32Builder queries;
    MILLGATE_ARROW_TRY(queries.AppendValues(examples.query), "groups of rows");
    MILLGATE_ARROW(arrays.emplace_back(), queries.Finish(), "groups of rows");
  }
  fields.push_back(arrow::field(kLabelColumn, arrow::float64()));
  arrow::DoubleBuilder labels;
  MILLGATE_ARROW_TRY(labels.AppendValues(examples.labels), "labels");
  MILLGATE_ARROW(arrays.emplace_back(), labels.Finish(), "labels");
  return arrow::Table::Make(arrow::schema(fields), arrays);
}

Json limits_json(const CommandSettings& settings) {
  Json json = {{"seconds", settings.seconds_max}, {"disk_bytes", settings.disk_bytes_max}};
  json["memory_bytes"] = settings.memory_bytes_max > 0 ? Json(settings.memory_bytes_max) : Json();
  return json;
}

Json job_json(const LearnerInput& input, const std::string& folder) {
  const TrainSettings& settings = *input.settings;
  Json json;
  json["format"] = "millgate-job";
  json["version"] = kJobVersion;
  json["task"] = to_text(input.kind);
  if (!input.classes.empty()) json["classes"] = input.classes;
  for (size_t i = 0; i < input.feature_names.size(); ++i) {
    json["features"].push_back(
        {{"name", input.feature_names[i]}, {"category", bool{input.is_category[i]}}});
  }
  if (input.kind == TaskKind::ranking) json["group"] = kQueryColumn;
  json["label"] = kLabelColumn;
  for (const char* part : kParts) {
    json[part] = {{"parquet", folder + "/" + part + ".parquet"},
                  {"arrow", folder + "/" + part + ".arrow"}};
  }
  json["train"]["rows"] = input.train->rows();
  json["valid"]["rows"] = input.valid->rows();
  json["parameters"] = Json::object();
  for (const auto& [name, text] : settings.parameters) {
    if (name == kKeepBits) continue;  // What is done with its model is not the program's business.
    json["parameters"][name] = parameter_json(text);
  }
  json["seed"] = settings.seed;
  json["threads"] = input.threads;
  json["limits"] = limits_json(settings.command);
  json["work_folder"] = folder;
  json["model_folder"] = folder + "/" + kModelFolder;
  return json;
}

}  // namespace

Json parameter_json(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  int64_t whole = 0;
  double number = 0;
  const char* const end = text.data() + text.size();
  if (const auto read = std::from_chars(text.data(), end, whole);
      read.ec == std::errc() && read.ptr == end) {
    return whole;
  }
  if (const auto read = std::from_chars(text.data(), end, number);
      read.ec == std::errc() && read.ptr == end && std::isfinite(number)) {
    return number;
  }
  return text;
}

Status write_job(const LearnerInput& input, const std::string& folder) {
  const auto& names = input.feature_names;
  for (const char* taken : {kLabelColumn, kQueryColumn}) {
    if (std::find(names.begin(), names.end(), taken) == names.end()) continue;
    if (taken == kQueryColumn && input.kind != TaskKind::ranking) continue;
    return invalid_input("a feature is called `" + std::string(taken) + "`, as is the " +
                             (taken == kLabelColumn ? "label" : "group") +
                             " in the files of a learner of your own",
                         "give the feature another name");
  }
  MILLGATE_TRY(make_folders(folder + "/" + kModelFolder));
  const Examples* const parts[] = {input.train, input.valid};
  for (size_t i = 0; i < std::size(parts); ++i) {
    MILLGATE_ASSIGN(const auto table, table_of(input, *parts[i]));
    for (const char* ending : {".parquet", ".arrow"}) {
      arrow::TableBatchReader rows(*table);
      MILLGATE_ASSIGN([[maybe_unused]] const int64_t count,
                      write_table_file(rows, folder + "/" + kParts[i] + ending));
    }
  }
  const std::string path = folder + "/" + kJobFile;
  return publish_bytes({.temporary_path = path + ".new", .final_path = path, .mode = 0},
                       dump_json_pretty(job_json(input, folder)) + "\n");
}

}  // namespace millgate
