#include "app/remote_rows.h"

#include <arrow/api.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <set>

#include "data/feature/vector.h"
#include "ground/json.h"
#include "system/serve/client.h"

namespace millgate {

namespace {

using SteadyClock = std::chrono::steady_clock;

/// The columns that a client sends: inputs, and what the log wants to know (key, row time).
std::vector<Field> sent_fields(const arrow::Table& joined, const Model& model) {
  std::vector<Field> fields = model.features().inputs();
  std::set<std::string> known;
  for (const Field& field : fields) known.insert(field.name);
  std::vector<std::string> more = model.manifest().key;
  more.push_back(model.manifest().row_time);
  for (const std::string& name : more) {
    const auto column = joined.GetColumnByName(name);
    if (column == nullptr || !known.insert(name).second) continue;
    if (const auto type = value_type_of(*column->type())) fields.push_back({name, *type});
  }
  return fields;
}

Json value_at(const Vector& column, size_t row) {
  if (column.valid[row] == 0) return nullptr;
  switch (column.type) {
    case ValueType::boolean:
      return column.integers[row] != 0;
    case ValueType::integer:
    case ValueType::duration:
      return column.integers[row];
    case ValueType::number:
      return column.numbers[row];
    case ValueType::text:
      return column.texts[row];
    case ValueType::time:
      return to_string(Time{column.integers[row]});
    case ValueType::list: {
      const NumberList& list = column.lists[row];
      Json items = Json::array();
      for (size_t i = 0; i < list.size(); ++i) {
        items.push_back(list.is_null(i) ? Json() : Json(list.values[i]));
      }
      return items;
    }
  }
  return nullptr;
}

std::string_view oip_type(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return "BOOL";
    case ValueType::integer:
    case ValueType::duration:
      return "INT64";
    case ValueType::number:
    case ValueType::list:
      return "FP64";
    case ValueType::text:
    case ValueType::time:
      return "BYTES";
  }
  return "BYTES";
}

/// The body of one request for the rows [begin, end).
std::string plain_body(const std::vector<Field>& fields, const Block& rows, size_t begin,
                       size_t end) {
  Json list = Json::array();
  for (size_t row = begin; row < end; ++row) {
    Json object = Json::object();
    for (size_t c = 0; c < fields.size(); ++c) {
      object[fields[c].name] = value_at(rows.columns[c], row);
    }
    list.push_back(std::move(object));
  }
  return dump_json(end - begin == 1 ? list.front() : Json{{"rows", list}});
}

/// Of the longest list among the rows; 0 for other columns.
size_t list_width(const Vector& column, size_t begin, size_t end) {
  size_t width = 0;
  for (size_t row = begin; row < end && !column.lists.empty(); ++row) {
    width = std::max(width, column.lists[row].size());
  }
  return width;
}

std::string oip_body(const std::vector<Field>& fields, const Block& rows, size_t begin,
                     size_t end) {
  Json inputs = Json::array();
  for (size_t c = 0; c < fields.size(); ++c) {
    Json data = Json::array();
    Json shape = {end - begin};
    const size_t width = list_width(rows.columns[c], begin, end);
    if (fields[c].type == ValueType::list) shape.push_back(width);
    for (size_t row = begin; row < end; ++row) {
      Json value = value_at(rows.columns[c], row);
      // A tensor has no missing list; one of nulls alone means it.
      if (value.is_null() && width > 0) value = Json(std::vector<Json>(width));
      data.push_back(std::move(value));
    }
    inputs.push_back({{"name", fields[c].name},
                      {"shape", std::move(shape)},
                      {"datatype", oip_type(fields[c].type)},
                      {"data", std::move(data)}});
  }
  return dump_json({{"inputs", std::move(inputs)}});
}

/// The warning without the value of its row, so that rows with one trouble count together.
std::string trouble_of(const std::string& warning) {
  const size_t end = warning.find(" is outside the range of training");
  const size_t begin = warning.find(": ");
  if (end == std::string::npos || begin == std::string::npos || begin > end) return warning;
  return warning.substr(0, begin + 2) + "a value" + warning.substr(end);
}

void count_warnings(const Json& answer, SendReport& report) {
  const auto warnings = answer.find("warnings");
  if (warnings == answer.end() || !warnings->is_array()) return;
  for (const Json& warning : *warnings) {
    if (warning.is_string()) ++report.warnings[trouble_of(warning.get<std::string>())];
  }
}

/// By what the number of a row is called, of one kind of model or another.
constexpr std::array kNumberNames = {"probability", "value", "score"};

Answer plain_answer(const Json& answer, const std::string& model) {
  Answer row;
  row.model = answer.value("model", model);
  row.prediction_id = answer.value("prediction_id", "");
  Prediction& told = row.prediction;
  for (const char* name : kNumberNames) told.value = answer.value(name, told.value);
  told.decision = answer.value("decision", false);
  told.lower = answer.value("lower", 0.0);
  told.upper = answer.value("upper", 0.0);
  told.may_be_true = answer.value("may_be_true", false);
  told.may_be_false = answer.value("may_be_false", false);
  row.class_name = answer.value("class", "");
  if (const auto each = answer.find("probabilities"); each != answer.end()) {
    for (const auto& [name, probability] : each->items()) {
      row.probabilities[name] = probability.get<double>();
    }
  }
  return row;
}

void read_plain(const Json& body, SendReport& report) {
  const std::string model = body.value("model", "");
  const char* list = body.contains("predictions") ? "predictions" : "rows";
  if (!body.contains(list)) {
    count_warnings(body, report);
    report.answers.push_back(plain_answer(body, model));
    return;
  }
  for (const Json& one : body[list]) {
    count_warnings(one, report);
    report.answers.push_back(plain_answer(one, model));
  }
}

constexpr std::string_view kOfClass = "probability.";

void read_oip(const Json& body, size_t row_count, SendReport& report) {
  std::vector<Answer> rows(row_count);
  for (const Json& output : body.at("outputs")) {
    const std::string name = output.at("name");
    const Json& data = output.at("data");
    for (size_t row = 0; row < row_count; ++row) {
      rows[row].model = body.value("model_version", "");
      Prediction& told = rows[row].prediction;
      if (std::ranges::find(kNumberNames, name) != kNumberNames.end()) {
        told.value = data.at(row).get<double>();
      }
      if (name == "decision") told.decision = data.at(row).get<bool>();
      if (name == "lower") told.lower = data.at(row).get<double>();
      if (name == "upper") told.upper = data.at(row).get<double>();
      if (name == "may_be_true") told.may_be_true = data.at(row).get<bool>();
      if (name == "may_be_false") told.may_be_false = data.at(row).get<bool>();
      if (name == "prediction_id") rows[row].prediction_id = data.at(row).get<std::string>();
      if (name == "class") rows[row].class_name = data.at(row).get<std::string>();
      if (name.starts_with(kOfClass)) {
        rows[row].probabilities[name.substr(kOfClass.size())] = data.at(row).get<double>();
      }
    }
  }
  report.answers.insert(report.answers.end(), rows.begin(), rows.end());
}

/// Reads one answer of the server; false when it is no prediction.
bool read_answer(const HttpAnswer& answer, bool oip, size_t row_count, SendReport& report) {
  const size_t before = report.answers.size();
  try {
    const Json body = Json::parse(answer.body);
    if (answer.status == 200) {
      if (oip) {
        read_oip(body, row_count, report);
      } else {
        read_plain(body, report);
      }
    }
  } catch (const nlohmann::json::exception&) {
    report.answers.resize(before);
  }
  return report.answers.size() == before + row_count;
}

/// Not an option: what stands in a command line is read by everybody on the machine.
HttpClient::Headers token_header() {
  const char* const token = std::getenv("MILLGATE_TOKEN");
  if (token == nullptr || *token == '\0') return {};
  return {{"Authorization", std::string("Bearer ") + token}};
}

}  // namespace

Result<SendReport> send_rows(const arrow::Table& joined, const Model& model,
                             const SendOptions& options) {
  const bool oip = options.protocol == "oip";
  const std::vector<Field> fields = oip ? model.features().inputs() : sent_fields(joined, model);
  MILLGATE_ASSIGN(const Block rows, block_from(joined, fields));
  MILLGATE_ASSIGN(HttpClient client,
                  HttpClient::open(options.url, std::chrono::seconds(30), options.shown));
  const std::string target = oip ? "/v2/models/" + options.model + "/infer" : "/predict";
  const HttpClient::Headers headers = token_header();
  SendReport report;
  report.answers.reserve(rows.rows);
  const auto start = SteadyClock::now();
  const auto batch = static_cast<size_t>(std::max<int64_t>(options.batch_rows, 1));
  for (size_t begin = 0; begin < rows.rows; begin += batch) {
    const size_t end = std::min(begin + batch, rows.rows);
    const std::string body =
        oip ? oip_body(fields, rows, begin, end) : plain_body(fields, rows, begin, end);
    const auto sent = SteadyClock::now();
    const Result<HttpAnswer> answer = client.post(target, body, headers);
    if (!answer.ok() && begin == 0) return answer.error();
    const auto took = std::chrono::duration<double, std::milli>(SteadyClock::now() - sent);
    report.latency_ms.push_back(took.count());
    if (!answer.ok() || !read_answer(*answer, oip, end - begin, report)) {
      report.answers.resize(end);
      ++report.failed_request_count;
      if (report.first_failure.empty()) {
        report.first_failure =
            answer.ok() ? std::to_string(answer->status) + " " + answer->body : answer.error().what;
      }
    }
    if (options.progress && begin / batch % 256 == 0) {
      options.progress("sending rows", static_cast<double>(begin) / static_cast<double>(rows.rows));
    }
  }
  report.seconds = std::chrono::duration<double>(SteadyClock::now() - start).count();
  return report;
}

}  // namespace millgate
