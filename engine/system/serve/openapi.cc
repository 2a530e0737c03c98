#include "system/serve/openapi.h"

#include <algorithm>

#include "ground/json.h"
#include "system/serve/infer_outputs.h"
#include "system/serve/row_example.h"
#include "system/serve/tensor_datatype.h"

namespace millgate {

namespace {

constexpr const char* kJson = "application/json";
/// More would make the description longer than its reader's patience.
constexpr size_t kCategoriesMax = 50;

Json reference(const std::string& schema) { return {{"$ref", "#/components/schemas/" + schema}}; }

Json nullable(const char* type) { return {{"type", {type, "null"}}}; }

Json number_schema() { return {{"type", "number"}}; }
Json text_schema() { return {{"type", "string"}}; }
Json flag_schema() { return {{"type", "boolean"}}; }
Json list_of(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }

Json type_schema(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return nullable("boolean");
    case ValueType::integer:
      return nullable("integer");
    case ValueType::number:
      return nullable("number");
    case ValueType::time: {
      Json schema = nullable("string");
      schema["description"] = "A time in ISO 8601; without a zone UTC is meant.";
      return schema;
    }
    case ValueType::duration: {
      Json schema = nullable("string");
      schema["description"] = "A duration such as 90s or 2h 30m.";
      return schema;
    }
    case ValueType::list: {
      Json schema = nullable("array");
      schema["items"] = nullable("number");
      return schema;
    }
    case ValueType::text:
      break;
  }
  return nullable("string");
}

void add_words(Json& schema, const std::string& words) {
  const std::string before = schema.value("description", "");
  schema["description"] = before.empty() ? words : before + " " + words;
}

Json input_schema(const ServedModel& model, size_t index, const RowBatch& example) {
  const Field& input = model.inputs()[index];
  Json schema = type_schema(input.type);
  schema["x-type"] = std::string(to_string(input.type));
  if (const std::optional<SeenRange>& range = model.range(index)) {
    const Json lowest = range->lowest;
    const Json highest = range->highest;
    add_words(schema, "Training saw " + lowest.dump() + " to " + highest.dump() +
                          "; what lies outside brings a warning.");
    schema["x-training-range"] = {lowest, highest};
  }
  const std::vector<std::string> categories = frequent_values(model, index, kCategoriesMax + 1);
  if (!categories.empty()) {
    const bool is_all = categories.size() <= kCategoriesMax;
    add_words(schema, is_all ? "Another value than those of training brings a warning."
                             : "Training saw many values; these are the most frequent.");
    Json told = categories;
    if (!is_all) told.erase(kCategoriesMax);
    schema["x-categories"] = std::move(told);
  }
  if (model.may_be_left_out(index)) add_words(schema, "May be left out, and is null then.");
  schema["examples"] = Json::array({Json::parse(example_json(example, index))});
  return schema;
}

bool is_read_online(const ServedModel& model, const Field& input) {
  const auto& views = model.model().manifest().views;
  return std::any_of(views.begin(), views.end(),
                     [&](const ReadView& view) { return input.name.starts_with(view.name + "."); });
}

Json example_object(const ServedModel& model, const RowBatch& example) {
  Json row = Json::object();
  for (size_t i = 0; i < model.inputs().size(); ++i) {
    row[model.inputs()[i].name] = Json::parse(example_json(example, i));
  }
  return row;
}

Json row_schema(const ServedModel& model, const Described& server, const RowBatch& example) {
  Json properties = Json::object();
  Json required = Json::array();
  for (size_t i = 0; i < model.inputs().size(); ++i) {
    const Field& input = model.inputs()[i];
    properties[input.name] = input_schema(model, i, example);
    const bool is_online = server.reads_online && is_read_online(model, input);
    if (is_online) {
      add_words(properties[input.name], "Read from the online store where it is not sent.");
    }
    if (!model.may_be_left_out(i) && !is_online) required.push_back(input.name);
  }
  for (const std::string& name : model.names()) {
    if (properties.contains(name)) continue;
    properties[name] = {
        {"description", "No input: kept in the prediction log, or names the entity to read."}};
  }
  return {{"type", "object"},
          {"description",
           "One row. A value that is not known is null; another field is ignored "
           "with a warning."},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"examples", Json::array({example_object(model, example)})}};
}

/// What is told of each row.
Json row_answer_properties(const ServedModel& model, bool explains) {
  Json properties = {{"prediction_id", text_schema()}};
  if (!model.classes().empty()) {
    const Json probability = {{"type", "number"}, {"minimum", 0}, {"maximum", 1}};
    properties["class"] = {{"type", "string"}, {"enum", model.classes()}};
    add_words(properties["class"], "The decided class.");
    properties["probability"] = probability;
    Json each = Json::object();
    for (const std::string& name : model.classes()) each[name] = probability;
    properties["probabilities"] = {
        {"type", "object"}, {"properties", each}, {"required", model.classes()}};
  } else if (model.is_binary()) {
    properties["probability"] = {{"type", "number"}, {"minimum", 0}, {"maximum", 1}};
    properties["decision"] = flag_schema();
    add_words(properties["decision"], "Whether the probability is at least " +
                                          Json(model.model().manifest().threshold).dump() + ".");
  } else {
    properties[model.model().number_name()] = number_schema();
  }
  if (model.model().uncertainty()) {
    for (const char* name : {"may_be_true", "may_be_false"}) {
      if (model.is_binary()) properties[name] = flag_schema();
    }
    for (const char* name : {"lower", "upper"}) {
      if (!model.is_binary()) properties[name] = number_schema();
    }
  }
  properties["warnings"] = list_of(text_schema());
  if (explains) properties["explanation"] = reference("Explanation");
  return properties;
}

Json all_required_but(const Json& properties, std::string_view optional) {
  Json required = Json::array();
  for (const auto& [name, schema] : properties.items()) {
    if (name != optional) required.push_back(name);
  }
  return required;
}

Json object_schema(Json properties, std::string_view optional = "") {
  Json required = all_required_but(properties, optional);
  return {
      {"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

Json explanation_schema() {
  const Json contribution = object_schema(
      {{"feature", text_schema()}, {"value", Json::object()}, {"contribution", number_schema()}});
  return object_schema({{"scale", text_schema()},
                        {"base_value", number_schema()},
                        {"score", number_schema()},
                        {"contributions", list_of(contribution)},
                        {"reasons", list_of(text_schema())},
                        {"views", Json::object()}},
                       "views");
}

Json schemas(const ServedModel& model, const Described& server, const RowBatch& example) {
  const Json row_answer = row_answer_properties(model, server.explains);
  Json answer = {{"model", text_schema()}, {"request_id", text_schema()}};
  for (const auto& [name, schema] : row_answer.items()) answer[name] = schema;
  Json out = {
      {"Row", row_schema(model, server, example)},
      {"Rows", object_schema({{"rows",
                               {{"type", "array"},
                                {"items", reference("Row")},
                                {"minItems", 1},
                                {"maxItems", server.rows_max}}}})},
      {"Answer", object_schema(answer, "explanation")},
      {"RowAnswer", object_schema(row_answer, "explanation")},
      {"Answers", object_schema({{"model", text_schema()},
                                 {"request_id", text_schema()},
                                 {"predictions", list_of(reference("RowAnswer"))}})},
      {"Error",
       {{"type", "object"},
        {"properties",
         {{"error", text_schema()}, {"hint", text_schema()}, {"request_id", text_schema()}}},
        {"required", Json::array({"error"})}}}};
  if (server.explains) out["Explanation"] = explanation_schema();
  return out;
}

Json content(const char* media_type, Json schema) {
  return {{media_type, {{"schema", std::move(schema)}}}};
}

Json answered(Json content_of_200) {
  return {
      {"200", {{"description", "Done."}, {"content", std::move(content_of_200)}}},
      {"default",
       {{"description", "Why not: 4xx for a fault of the request, 429 and 503 with Retry-After."},
        {"content", content(kJson, reference("Error"))}}}};
}

Json get(const std::string& summary, Json content_of_200) {
  return {{"get", {{"summary", summary}, {"responses", answered(std::move(content_of_200))}}}};
}

/// A POST whose body is JSON of `schema` with one example.
Json post(const std::string& summary, Json schema, Json example, Json content_of_200) {
  Json body = content(kJson, std::move(schema));
  body[kJson]["examples"] = {{"example", {{"value", std::move(example)}}}};
  return {{"post",
           {{"summary", summary},
            {"requestBody", {{"required", true}, {"content", std::move(body)}}},
            {"responses", answered(std::move(content_of_200))}}}};
}

Json explain_parameter() {
  return {{"name", "explain"},
          {"in", "query"},
          {"description", "How many features to name that moved the prediction most, or `all`."},
          {"schema", {{"type", "string"}, {"pattern", "^([1-9][0-9]*|all)$"}}},
          {"example", "4"}};
}

/// Bodies of tables beside JSON, and answers as tables.
void add_tables(Json& operation) {
  Json& body = operation["post"]["requestBody"]["content"];
  Json& told = operation["post"]["responses"]["200"]["content"];
  body["text/csv"] = {{"schema", text_schema()}};
  told["text/csv"] = {{"schema", text_schema()}};
  for (const char* binary :
       {"application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"}) {
    body[binary] = Json::object();
  }
  told["application/vnd.apache.arrow.stream"] = Json::object();
}

Json predict_path(const Described& server, const Json& row) {
  const Json both = {{"oneOf", {reference("Rows"), reference("Row")}}};
  const Json told = {{"oneOf", {reference("Answer"), reference("Answers")}}};
  Json path = post("Predict one row or many", both, row, content(kJson, told));
  path["post"]["operationId"] = "predict";
  path["post"]["requestBody"]["content"][kJson]["examples"]["rows"] = {
      {"value", {{"rows", {row, row}}}}};
  add_tables(path);
  if (server.explains) path["post"]["parameters"] = Json::array({explain_parameter()});
  return path;
}

Json invocations_path(const Described& server, const Json& row) {
  const Json member = {{"type", "object"},
                       {"description",
                        "One of dataframe_split, dataframe_records, instances, "
                        "inputs."},
                       {"minProperties", 1}};
  Json path =
      post("Predict as MLflow and SageMaker ask", member,
           {{"dataframe_records", Json::array({row})}}, content(kJson, reference("Answers")));
  Json& examples = path["post"]["requestBody"]["content"][kJson]["examples"];
  Json columns = Json::array();
  Json values = Json::array();
  Json by_column = Json::object();
  for (const auto& [name, value] : row.items()) {
    columns.push_back(name);
    values.push_back(value);
    by_column[name] = Json::array({value});
  }
  examples["split"] = {
      {"value", {{"dataframe_split", {{"columns", columns}, {"data", Json::array({values})}}}}}};
  examples["inputs"] = {{"value", {{"inputs", by_column}}}};
  add_tables(path);
  if (server.explains) path["post"]["parameters"] = Json::array({explain_parameter()});
  return path;
}

/// Times and durations travel as texts there too; a null is one in `data`.
Json infer_body(const ServedModel& model, const Json& row) {
  Json inputs = Json::array();
  for (const Field& input : model.inputs()) {
    inputs.push_back({{"name", input.name},
                      {"datatype", std::string(to_string(datatype_of(input.type)))},
                      {"shape", Json::array({1})},
                      {"data", Json::array({row[input.name]})}});
  }
  return {{"inputs", std::move(inputs)}};
}

void add_protocol_2(Json& paths, const ServedModel& model, const Json& row) {
  const std::string path = "/v2/models/" + model.name();
  const Json tensor = object_schema({{"name", text_schema()},
                                     {"datatype", text_schema()},
                                     {"shape", list_of({{"type", "integer"}})},
                                     {"data", list_of(Json::object())}},
                                    "data");
  Json asked = object_schema({{"inputs", list_of(tensor)}});
  asked["properties"]["outputs"] = list_of(object_schema({{"name", text_schema()}}));
  const Json told = object_schema({{"model_name", text_schema()},
                                   {"model_version", text_schema()},
                                   {"outputs", list_of(tensor)}});
  const Json any = content(kJson, {{"type", "object"}});
  paths["/v2"] = get("The server, by the Open Inference Protocol", any);
  paths["/v2/health/live"] = get("Whether the program runs", any);
  paths["/v2/health/ready"] = get("Whether a model serves", any);
  paths[path] = get("Inputs and outputs as tensors", any);
  paths[path + "/ready"] = get("Whether this model serves", any);
  paths[path + "/infer"] = post("Predict by the Open Inference Protocol, JSON or binary tensors",
                                asked, infer_body(model, row), content(kJson, told));
}

void add_protocol_1(Json& paths, const ServedModel& model, const Described& server,
                    const Json& row) {
  const std::string path = "/v1/models/" + model.name();
  const Json any = content(kJson, {{"type", "object"}});
  const Json asked = object_schema({{"instances", list_of(reference("Row"))}});
  const Json rows = {{"instances", Json::array({row})}};
  paths["/v1/models"] = get("Names of the models that serve", any);
  paths[path] = get("Whether this model serves", any);
  paths[path + ":predict"] =
      post("Predict by KServe's protocol 1", asked, rows, content(kJson, reference("Answers")));
  if (!server.explains) return;
  paths[path + ":explain"] = post("Predict and tell what moved the prediction", asked, rows,
                                  content(kJson, reference("Answers")));
}

void add_online(Json& paths) {
  const Json any = content(kJson, {{"type", "object"}});
  const Json object = {{"type", "object"}};
  const auto asked = [&](const char* summary) {
    Json path = post(summary, object, Json::object(), any);
    path["post"]["requestBody"]["content"] = content(kJson, object);
    return path;
  };
  paths["/features"] = asked("Features of entities from the online store");
  Json one = get("Features of one entity, named by the query", any);
  one["get"]["parameters"] = Json::array(
      {{{"name", "view"}, {"in", "path"}, {"required", true}, {"schema", text_schema()}}});
  paths["/features/{view}"] = std::move(one);
  paths["/get-online-features"] = asked("The same as Feast's feature server asks");
  paths["/push"] = asked("Rows of a view that a stream brings");
}

Json label_path(const ServedModel& model) {
  const std::vector<std::string>& classes = model.classes();
  const Json of_number = {{"type", {"number", "boolean"}}};
  const Json of_class = {{"type", "string"}, {"enum", classes}};
  Json label = object_schema({{"prediction_id", text_schema()}});
  label["properties"]["label"] = classes.empty() ? of_number : of_class;
  label["properties"]["earned"] = {{"type", "number"}, {"description", "so far; below 0: cost"}};
  label["anyOf"] = {{{"required", {"label"}}}, {{"required", {"earned"}}}};
  const Json one = classes.empty() ? Json(1) : Json(classes.front());
  return post("What became known of predictions: labels, and what they earned", list_of(label),
              Json::array({{{"prediction_id", "of an answer"}, {"label", one}, {"earned", 12.5}}}),
              content(kJson, {{"type", "object"}}));
}

Json rollback_path() {
  const Json text = text_schema();
  const Json asked = {{"type", "object"},
                      {"properties", {{"reason", text}, {"by", text}, {"to", text}}},
                      {"required", {"reason", "by"}}};
  Json path =
      post("Back to the model before", asked, Json::object(), content(kJson, {{"type", "object"}}));
  path["post"]["requestBody"]["content"] = content(kJson, asked);
  return path;
}

Json paths_of(const ServedModel& model, const Described& server, const Json& row) {
  const Json any = content(kJson, {{"type", "object"}});
  Json paths = {{"/predict", predict_path(server, row)},
                {"/invocations", invocations_path(server, row)}};
  add_protocol_2(paths, model, row);
  add_protocol_1(paths, model, server, row);
  paths["/feedback"] = label_path(model);
  if (server.reads_online) add_online(paths);
  if (server.goes_back) paths["/rollback"] = rollback_path();
  paths["/health/live"] = get("Whether the program runs", any);
  for (const char* path : {"/health/ready", "/health", "/ping"}) {
    paths[path] = get("Whether a model serves", any);
  }
  paths["/version"] = get("The server's version", content("text/plain", text_schema()));
  paths["/metrics"] = get("Figures for Prometheus", content("text/plain", text_schema()));
  paths["/sketches"] = get("What was asked and answered, by column and window", any);
  paths["/openapi.json"] = get("This description", any);
  Json front = content(kJson, {{"type", "object"}});
  front["text/html"] = {{"schema", text_schema()}};
  paths["/"] = get("What serves; for browsers a page to try a prediction", std::move(front));
  return paths;
}

}  // namespace

std::string openapi_json(const ServedModel& model, const Described& server) {
  const RowBatch example = example_row(model);
  const Json row = example_object(model, example);
  const Manifest& manifest = model.model().manifest();
  Json info = {{"title", model.name()}, {"version", model.version()}};
  if (!manifest.description.empty()) info["description"] = manifest.description;
  info["x-label"] = manifest.label;
  info["x-task"] = manifest.task_kind;
  if (model.is_binary()) info["x-threshold"] = manifest.threshold;
  const Json out = {{"openapi", "3.1.0"},
                    {"info", std::move(info)},
                    {"servers", Json::array({{{"url", "/"}}})},
                    {"paths", paths_of(model, server, row)},
                    {"components", {{"schemas", schemas(model, server, example)}}}};
  return dump_json(out);
}

}  // namespace millgate
