#include "system/ship/browser_page.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "data/feature/evaluator_code.h"
#include "data/feature/packed_features.h"
#include "ground/base64.h"
#include "ground/json.h"
#include "model/artifact/packed_model.h"
#include "system/serve/openapi.h"
#include "system/serve/prediction_form.h"
#include "system/ship/browser_page_text.h"

namespace millgate {

/// The evaluator as it was compiled (cmake/evaluator.cmake).
extern const std::string_view kEvaluatorBase64;

namespace {

/// As a script element may hold it: `</script>` in a text would end it.
std::string script_json(const Json& json) {
  std::string text;
  for (const char c : dump_json(json)) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

Json inputs_json(const Model& model, const Json& row, uint32_t slots) {
  const Json units = model.features().save().value("units", Json::object());
  const Json& required = row["required"];
  Json inputs = Json::array();
  uint32_t slot = slots;
  for (const Field& input : model.features().inputs()) {
    Json schema = row["properties"][input.name];
    if (units.contains(input.name)) schema["x-unit"] = units[input.name];
    const Json& example = schema["examples"][0];
    // As a text: a browser's numbers do not hold every whole number.
    Json example_text;
    if (!example.is_null())
      example_text = example.is_string() ? example.get<std::string>() : example.dump();
    schema.erase("examples");
    const bool is_required =
        std::find(required.begin(), required.end(), Json(input.name)) != required.end();
    inputs.push_back({{"name", input.name},
                      {"type", std::string(to_string(input.type))},
                      {"slot", slot},
                      {"required", is_required},
                      {"example", std::move(example_text)},
                      {"schema", std::move(schema)}});
    slot += kEvaluatorSlotBytes;
  }
  return inputs;
}

Json data_of(const Model& model, const Json& row, const PackedModel& packed) {
  const Manifest& manifest = model.manifest();
  Json surround;
  if (model.uncertainty()) {
    surround = makes_intervals(model.uncertainty()->method) ? "interval" : "set";
  }
  const bool is_binary = manifest.task_kind == "binary";
  return {{"name", manifest.project},
          {"description", manifest.description},
          {"label", manifest.label},
          {"model", model.id().hex()},
          {"scorer", packed.scorer},
          {"number_name", model.number_name()},
          {"threshold", is_binary ? Json(manifest.threshold) : Json()},
          {"surround", std::move(surround)},
          {"inputs", inputs_json(model, row, packed.slots)},
          {"model_at", static_cast<uint32_t>(kEvaluatorModelAt)},
          {"model_end", packed.end},
          {"evaluator", kEvaluatorBase64},
          {"packed", base64(packed.bytes)}};
}

}  // namespace

Result<BrowserPage> make_browser_page(const ObjectStore& objects,
                                      const std::shared_ptr<const Model>& model) {
  MILLGATE_ASSIGN(const PackedModel packed, pack_model(objects, model->id()));
  // What a client of the server is told of a row, a page is told as well.
  MILLGATE_ASSIGN(const Json described,
                  parse_json(openapi_json(ServedModel(model), {}), "a model"));
  const Json data = data_of(*model, described["components"]["schemas"]["Row"], packed);
  BrowserPage page;
  page.model_bytes = static_cast<int64_t>(packed.bytes.size());
  page.scorer = packed.scorer;
  const std::string json = script_json(data);
  for (const std::string_view part : std::initializer_list<std::string_view>{
           kBrowserPageHead, kPredictionFormStyle, kBrowserPageBody, json, "</script>\n<script>",
           kPredictionFormScript, kBrowserPageScript, kBrowserPageEnd}) {
    page.html += part;
  }
  return page;
}

}  // namespace millgate
