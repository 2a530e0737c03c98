#include "system/serve/routes.h"

#include <gmock/gmock.h>

#include <random>

#include "ground/json.h"
#include "system/serve/tensor_bytes.h"
#include "system/serve/test_model.h"

namespace millgate {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kRow =
    R"({"carrier":"AA","distance":1400,"flight":12,"rainy":true,"time_hour":"2013-01-01T10:00:00Z"})";

/// A rate at which no second request comes in time, however slow the machine.
constexpr double kOnceAnHour = 1.0 / 3600;

class RoutesTest : public ::testing::Test {
 protected:
  RoutesTest()
      : model_(project_.model()),
        routes_({.models = models_,
                 .telemetry = telemetry_,
                 .clock = system_clock(),
                 .log = nullptr,
                 .feedback_folder = project_.folder.path("feedback"),
                 .rows_max = 100}) {
    models_.set(std::make_shared<const ServedModel>(model_));
  }

  HttpResponse get(const std::string& target) {
    return routes_.answer({.method = "GET", .target = target});
  }
  HttpResponse post(const std::string& target, const std::string& body) {
    return routes_.answer({.method = "POST", .target = target, .body = body});
  }
  static Json json(const HttpResponse& response) { return *parse_json(response.body, "answer"); }
  static std::string error(const HttpResponse& response) {
    const Json answer = json(response);
    return answer["error"].get<std::string>() + " | " + answer.value("hint", std::string());
  }
  /// kRow with one member changed, removed (value "") or added.
  static std::string row_with(const std::string& name, const std::string& value) {
    Json row = *parse_json(kRow, "row");
    if (value.empty()) {
      row.erase(name);
    } else {
      row[name] = *parse_json(value, "value");
    }
    return dump_json(row);
  }
  double probability_of(const Block& block) const {
    std::vector<Prediction> out;
    Model::Scratch scratch;
    EXPECT_TRUE(model_->predict(block, out, scratch).ok());
    return out.front().value;
  }

  ServedProject project_;
  ModelSlot models_;
  Telemetry telemetry_;
  std::shared_ptr<const Model> model_;
  Routes routes_;
};

TEST_F(RoutesTest, AClientThatAsksTooOftenIsToldWhenToAskAgain) {
  Routes routes({.models = models_,
                 .telemetry = telemetry_,
                 .clock = system_clock(),
                 .log = nullptr,
                 .feedback_folder = project_.folder.path("feedback"),
                 .client_rate = kOnceAnHour});
  const auto ask = [&](const char* address, const char* certificate = "") {
    return routes.answer({.method = "POST",
                          .target = "/predict",
                          .body = kRow,
                          .client_name = certificate,
                          .client_address = address});
  };
  EXPECT_EQ(ask("10.0.0.1").status, 200);
  const HttpResponse refused = ask("10.0.0.1");
  EXPECT_EQ(refused.status, 429);
  EXPECT_GT(refused.retry_after_seconds, 3'500);
  EXPECT_LE(refused.retry_after_seconds, 3'600);
  EXPECT_THAT(error(refused), HasSubstr("address 10.0.0.1 asks more often than"));
  EXPECT_EQ(ask("10.0.0.2").status, 200);
  EXPECT_EQ(ask("10.0.0.1", "site").status, 200);  // By its certificate it is another one,
  EXPECT_EQ(ask("10.0.0.3", "site").status, 429);  // wherever it asks from.
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(routes.answer({.method = "GET", .target = "/health/live"}).status, 200);
  }
  EXPECT_EQ(telemetry_.requests_over_rate, 2);
  EXPECT_THAT(telemetry_.prometheus_text({}, Time{0}),
              HasSubstr("\nmillgate_requests_over_rate_total 2\n"));
}

TEST_F(RoutesTest, ATokenHasARateOfItsOwn) {
  Ledger& ledger = project_.repository->ledger();
  const auto slow = give_access_token(
      ledger, {.name = "slow", .roles = {AccessRole::predict}, .requests_per_second = kOnceAnHour},
      "ann");
  const auto free =
      give_access_token(ledger, {.name = "free", .roles = {AccessRole::predict}}, "ann");
  AccessGuard guard;
  ASSERT_TRUE(slow.ok() && free.ok() && guard.follow(ledger).ok());
  Routes routes({.models = models_,
                 .telemetry = telemetry_,
                 .clock = system_clock(),
                 .log = nullptr,
                 .feedback_folder = project_.folder.path("feedback"),
                 .guard = &guard});
  const auto ask = [&](const std::string& secret) {
    const std::string sent = "Bearer " + secret;
    return routes
        .answer({.method = "POST", .target = "/predict", .body = kRow, .authorization = sent})
        .status;
  };
  EXPECT_EQ(ask(*slow), 200);
  EXPECT_EQ(ask(*slow), 429);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(*free), 200);
}

TEST_F(RoutesTest, DescribesTheModelThatServes) {
  const Json about = json(get("/openapi.json"));
  EXPECT_EQ(about["info"]["title"], "flights");
  EXPECT_EQ(about["info"]["version"], model_->id().brief());
  const Json row = about["components"]["schemas"]["Row"];
  EXPECT_EQ(row["properties"]["distance"]["x-training-range"], Json::array({100.0, 2500.0}));
  EXPECT_EQ(row["properties"]["carrier"]["x-categories"], Json::array({"UA", "AA"}));
  EXPECT_EQ(row["properties"]["flight"]["type"], Json::array({"integer", "null"}));
  EXPECT_THAT(row["required"], Contains("distance"));
  EXPECT_THAT(row["required"], Not(Contains("tail")));
  EXPECT_TRUE(row["properties"].contains("tail"));
  // This server has no objects to explain from, and no ledger to go back in.
  EXPECT_FALSE(about["paths"].contains("/rollback"));
  EXPECT_FALSE(about["paths"]["/predict"]["post"].contains("parameters"));
  const Json answer = json(post("/predict", dump_json(row["examples"][0])));
  EXPECT_EQ(answer["warnings"], Json::array());
}

TEST_F(RoutesTest, DescribesWhatMayBeLeftOutAndOtherTasks) {
  models_.set(std::make_shared<const ServedModel>(
      project_.model({.task_kind = "regression", .has_unknown_distances = true})));
  const Json schemas = json(get("/openapi.json"))["components"]["schemas"];
  EXPECT_THAT(schemas["Row"]["required"], Not(Contains("distance")));
  EXPECT_THAT(schemas["Answer"]["required"], Contains("value"));
  EXPECT_FALSE(schemas["Answer"]["properties"].contains("probability"));
}

TEST_F(RoutesTest, ShowsAPageToBrowsersOnly) {
  const HttpResponse page =
      routes_.answer({.method = "GET", .target = "/", .accept = "text/html,*/*;q=0.8"});
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(page.body, HasSubstr("<!doctype html>"));
  EXPECT_THAT(page.body, Not(HasSubstr("://")));
  EXPECT_EQ(json(get("/"))["service"], "millgate");
}

TEST_F(RoutesTest, PredictsOneRowAsTheModelDoes) {
  const HttpResponse response = post("/predict", kRow);
  ASSERT_EQ(response.status, 200) << response.body;
  Block block = test_rows(1);
  block.columns[0].texts[0] = "AA";
  block.columns[1].numbers[0] = 1400;
  block.columns[2].integers[0] = 12;
  block.columns[3].integers[0] = 1;
  block.columns[4].integers[0] = parse_time("2013-01-01T10:00:00Z")->micros;
  const Json answer = json(response);
  EXPECT_EQ(answer["model"], model_->id().brief());
  EXPECT_EQ(answer["probability"].get<double>(), probability_of(block));
  EXPECT_EQ(answer["decision"].get<bool>(), probability_of(block) >= 0.4);
  EXPECT_EQ(answer["warnings"], Json::array());
  EXPECT_EQ(answer["prediction_id"].get<std::string>().size(), 32U);
  EXPECT_EQ(answer["request_id"], response.request_id);
}

TEST_F(RoutesTest, PredictsListsOfRows) {
  const HttpResponse response =
      post("/predict", std::string(R"({"rows":[)") + kRow + "," + row_with("carrier", "null") +
                           "," + row_with("distance", "100") + "]}");
  ASSERT_EQ(response.status, 200) << response.body;
  const Json answer = json(response);
  ASSERT_EQ(answer["predictions"].size(), 3U);
  EXPECT_NE(answer["predictions"][0]["probability"], answer["predictions"][2]["probability"]);
  EXPECT_LT(answer["predictions"][0]["prediction_id"], answer["predictions"][1]["prediction_id"]);
  EXPECT_EQ(json(post("/predict", kRow))["probability"], answer["predictions"][0]["probability"]);
  EXPECT_EQ(answer["predictions"][1]["warnings"], Json::array());
}

TEST_F(RoutesTest, WarnsOfWhatTrainingNeverSaw) {
  const auto warnings = [&](const std::string& name, const std::string& value) {
    const HttpResponse response = post("/predict", row_with(name, value));
    EXPECT_EQ(response.status, 200) << response.body;
    return dump_json(json(response)["warnings"]);
  };
  EXPECT_EQ(warnings("carrier", "\"ZZ\""), R"(["carrier: `ZZ` was not seen in training"])");
  EXPECT_EQ(warnings("distance", "9000"),
            R"(["distance: 9000 is outside the range of training, 100 to 2500"])");
  EXPECT_THAT(warnings("distence", "1"), HasSubstr("did you mean `distance`?"));
  EXPECT_EQ(warnings("tail", "\"N123\""), "[]");
  EXPECT_EQ(warnings("time_hour", "\"2024-01-01T10:00:00Z\""), "[]");
}

TEST_F(RoutesTest, FindsTheRowBehindAWarning) {
  const HttpResponse response = post(
      "/predict", std::string(R"({"rows":[)") + kRow + "," + row_with("carrier", "\"ZZ\"") + "]}");
  const Json answer = json(response);
  EXPECT_EQ(answer["predictions"][0]["warnings"].size(), 0U);
  EXPECT_EQ(answer["predictions"][1]["warnings"].size(), 1U);
}

struct BadBody {
  std::string body;
  std::string message;
};

TEST_F(RoutesTest, RefusesBadInputWithItsName) {
  const std::vector<BadBody> bodies = {
      {"", "no body"},
      {"{", "not JSON"},
      {"[1]", "not an object"},
      {"nonsense", "not JSON"},
      {"{}", "inputs `carrier`, `distance`, `flight`, `rainy`, `time_hour` are missing"},
      {row_with("rainy", ""), "input `rainy` is missing"},
      {row_with("rainy", "1"), "`rainy`: expected true or false, got the number 1"},
      {row_with("distance", "\"NaN\""), "`distance`: expected a number, got the text `NaN`"},
      {R"({"distance":NaN})", "NaN and infinity are not JSON"},
      {R"({"distance":1e999})", "not JSON"},
      {row_with("distance", "[1]"), "got a list"},
      {row_with("flight", "1.5"), "`flight`: expected an integer, got the number 1.5"},
      {row_with("flight", "18446744073709551615"), "`flight`: expected an integer"},
      {row_with("carrier", "7"), "`carrier`: expected a text, got the number 7"},
      {row_with("time_hour", "\"yesterday\""), "`time_hour`"},
      {row_with("time_hour", "1357034400"), "2013-01-01T10:00:00Z"},
      {row_with("tail", "{}"), "`tail`: expected one value, got an object"},
      {R"({"carrier":"AA","carrier":"UA"})", "`carrier` is given twice"},
      {R"({"rows":[]})", "`rows` is empty"},
      {R"({"rows":[5]})", "row 0: expected an object"},
      {std::string(R"({"rows":[)") + kRow + R"(,{"carrier":"AA"}]})", "row 1: inputs"},
      {"{\"carrier\":\"\xff\xfe\"}", "not JSON"},
  };
  for (const BadBody& bad : bodies) {
    const HttpResponse response = post("/predict", bad.body);
    EXPECT_EQ(response.status, 400) << bad.body;
    EXPECT_THAT(error(response), HasSubstr(bad.message)) << bad.body;
  }
}

TEST_F(RoutesTest, AnIntegerMayBeWrittenWithAPoint) {
  EXPECT_EQ(json(post("/predict", row_with("flight", "12.0")))["probability"],
            json(post("/predict", kRow))["probability"]);
}

TEST_F(RoutesTest, BoundsTheRows) {
  std::string body = R"({"rows":[)";
  for (int i = 0; i < 101; ++i) body += (i == 0 ? "" : ",") + std::string(kRow);
  const HttpResponse response = post("/predict", body + "]}");
  EXPECT_EQ(response.status, 413);
  EXPECT_THAT(error(response), HasSubstr("101 rows, at most 100"));
}

TEST_F(RoutesTest, KeepsAGoodRequestId) {
  const auto id_of = [&](std::string_view id) {
    return routes_.answer({.method = "POST", .target = "/predict", .body = kRow, .request_id = id})
        .request_id;
  };
  EXPECT_EQ(id_of("abc-123"), "abc-123");
  EXPECT_EQ(id_of("").size(), 32U);
  EXPECT_NE(id_of("a b"), "a b");
  EXPECT_EQ(id_of(std::string(500, 'x')).size(), 32U);
}

TEST_F(RoutesTest, KnowsItsPathsAndMethods) {
  EXPECT_EQ(get("/").status, 200);
  EXPECT_EQ(get("/health/live").status, 200);
  EXPECT_EQ(get("/health/ready?verbose=1").status, 200);
  EXPECT_EQ(get("/v2").status, 200);
  EXPECT_EQ(get("/v2/health/live").status, 200);
  EXPECT_EQ(get("/v2/health/ready").status, 200);
  EXPECT_EQ(get("/metrics").content_type, "text/plain; version=0.0.4");
  EXPECT_EQ(get("/predict").status, 405);
  EXPECT_EQ(get("/predict").allow, "POST");
  EXPECT_EQ(post("/metrics", "").status, 405);
  EXPECT_EQ(post("/v2", "{}").status, 405);
  EXPECT_THAT(error(post("/predcit", "{}")), HasSubstr("did you mean `/predict`?"));
  EXPECT_EQ(get("/%2e%2e/etc").status, 404);
}

TEST_F(RoutesTest, SaysWhyItIsNotReady) {
  ModelSlot empty;
  Routes routes({.models = empty,
                 .telemetry = telemetry_,
                 .clock = system_clock(),
                 .log = nullptr,
                 .feedback_folder = project_.folder.path("feedback")});
  for (const std::string target : {"/health/ready", "/v2/health/ready", "/v2/models/flights"}) {
    const HttpResponse response = routes.answer({.method = "GET", .target = target});
    EXPECT_EQ(response.status, 503) << target;
    EXPECT_EQ(response.retry_after_seconds, 1);
    EXPECT_THAT(error(response), HasSubstr("nothing is released"));
  }
  EXPECT_EQ(routes.answer({.method = "GET", .target = "/v2/health/live"}).status, 200);
  EXPECT_EQ(routes.answer({.method = "POST", .target = "/predict", .body = kRow}).status, 503);
}

TEST_F(RoutesTest, DescribesTheModel) {
  const std::string version = model_->id().brief();
  for (const std::string& target :
       {std::string("/v2/models/flights"), "/v2/models/flights/versions/" + version,
        "/v2/models/flights/versions/" + model_->id().hex()}) {
    const HttpResponse response = get(target);
    ASSERT_EQ(response.status, 200) << target << response.body;
    EXPECT_EQ(json(response)["inputs"][1]["name"], "distance");
    EXPECT_EQ(json(response)["inputs"][1]["datatype"], "FP64");
    EXPECT_EQ(json(response)["versions"][0], version);
    EXPECT_EQ(json(get(target + "/ready"))["ready"], true);
  }
  EXPECT_THAT(error(get("/v2/models/fligths")), HasSubstr("`flights` is"));
  EXPECT_EQ(get("/v2/models/fligths").status, 404);
  EXPECT_EQ(get("/v2/models/flights/versions/abc").status, 404);
  EXPECT_THAT(error(get("/v2/models/flights/versions/abc/ready")), HasSubstr(version));
  EXPECT_EQ(get("/v2/models/flights/config").status, 404);
}

std::string infer_body(const std::string& extra = "", const std::string& shape = "[2]") {
  return R"({"id":"q1","inputs":[
    {"name":"carrier","shape":)" +
         shape + R"(,"datatype":"BYTES","data":["AA","UA"]},
    {"name":"distance","shape":[2,1],"datatype":"FP32","data":[[1400],[200.5]]},
    {"name":"flight","shape":[2],"datatype":"INT64","data":[12,13]},
    {"name":"rainy","shape":[2],"datatype":"BOOL","data":[true,null]},
    {"name":"time_hour","shape":[2],"datatype":"BYTES",
     "data":["2013-01-01T10:00:00Z","2013-01-02T10:00:00Z"]})" +
         extra + "]}";
}

TEST_F(RoutesTest, InfersWithTensors) {
  const HttpResponse response = post("/v2/models/flights/infer", infer_body());
  ASSERT_EQ(response.status, 200) << response.body;
  const Json answer = json(response);
  EXPECT_EQ(answer["model_name"], "flights");
  EXPECT_EQ(answer["id"], "q1");
  EXPECT_EQ(answer["outputs"][0]["name"], "probability");
  EXPECT_EQ(answer["outputs"][0]["datatype"], "FP64");
  EXPECT_EQ(answer["outputs"][0]["shape"], Json::array({2}));
  EXPECT_EQ(answer["outputs"][0]["data"][0], json(post("/predict", kRow))["probability"]);
  EXPECT_EQ(answer["outputs"][1]["name"], "decision");
  EXPECT_EQ(answer["outputs"][2]["data"].size(), 2U);
  EXPECT_FALSE(answer["parameters"].contains("warnings"));
}

TEST_F(RoutesTest, RefusesBadTensors) {
  const std::vector<BadBody> bodies = {
      {"{}", "`inputs` is missing"},
      {R"({"inputs":[]})", "no rows"},
      {R"({"inputs":[7]})", "inputs[0]: expected an object"},
      {R"({"inputs":[{"name":"carrier","shape":[1],"datatype":"BYTES","data":["AA"]}]})",
       "input tensors `distance`, `flight`, `rainy`, `time_hour` are missing"},
      {R"({"inputs":[{"name":"carrier","shape":[1],"datatype":"BYTS","data":["AA"]}]})",
       "did you mean `BYTES`"},
      {R"({"inputs":[{"name":"carrier","shape":[1],"datatype":"FP32","data":[1]}]})",
       "datatype `FP32` does not fit the column's text"},
      {R"({"inputs":[{"name":"carrier","shape":[1,2],"datatype":"BYTES","data":["AA","UA"]}]})",
       "neither [n] nor [n, 1]"},
      {R"({"inputs":[{"name":"carrier","shape":[-1],"datatype":"BYTES","data":["AA"]}]})",
       "shape has"},
      {R"({"inputs":[{"name":"carrier","shape":[1000000000000],"datatype":"BYTES","data":[]}]})",
       "at most 100"},
      {R"({"inputs":[{"name":"carrier","shape":[1],"datatype":"BYTES"}]})", "`data` is missing"},
      {infer_body("", "[3]"), "it has 2 rows, `carrier` has 3"},
      {R"({"inputs":[{"name":"carrier","shape":[3],"datatype":"BYTES","data":["AA","UA"]}]})",
       "the shape says 3 values, `data` has 2"},
      {infer_body(R"(,{"name":"carrier","shape":[2],"datatype":"BYTES","data":["AA","UA"]})"),
       "given twice"},
  };
  for (const BadBody& bad : bodies) {
    const HttpResponse response = post("/v2/models/flights/infer", bad.body);
    EXPECT_THAT(response.status, testing::AnyOf(400, 413)) << bad.body << response.body;
    EXPECT_THAT(error(response), HasSubstr(bad.message)) << bad.body;
  }
}

TEST_F(RoutesTest, GivesOnlyTheOutputsThatAreAskedFor) {
  std::string body = infer_body();
  body.insert(1, R"("outputs":[{"name":"decision"}],)");
  const Json answer = json(post("/v2/models/flights/infer", body));
  ASSERT_EQ(answer["outputs"].size(), 1U);
  EXPECT_EQ(answer["outputs"][0]["name"], "decision");
  body = infer_body();
  body.insert(1, R"("outputs":[{"name":"decison"}],)");
  EXPECT_THAT(error(post("/v2/models/flights/infer", body)), HasSubstr("did you mean"));
}

/// The tensors of `infer_body` with distance and carrier as binary data, and where JSON ends.
struct BinaryBody {
  std::string bytes;
  std::string json_length;
};

BinaryBody binary_body(const std::string& parameters = "", const std::string& more = "") {
  std::string carriers;
  for (const char* const carrier : {"AA", "UA"}) append_tensor_text(carriers, carrier);
  std::string distances;
  for (const double distance : {1400.0, 200.5}) append_tensor_double(distances, distance);
  const std::string json = R"({)" + parameters + R"("inputs":[
    {"name":"carrier","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":)" +
                           std::to_string(carriers.size()) + R"(}},
    {"name":"flight","shape":[2],"datatype":"INT64","data":[12,13]},
    {"name":"distance","shape":[2,1],"datatype":"FP64","parameters":{"binary_data_size":16}},
    {"name":"rainy","shape":[2],"datatype":"BOOL","data":[true,null]},
    {"name":"time_hour","shape":[2],"datatype":"BYTES",
     "data":["2013-01-01T10:00:00Z","2013-01-02T10:00:00Z"]}]})";
  return {json + carriers + distances + more, std::to_string(json.size())};
}

TEST_F(RoutesTest, InfersWithBinaryTensors) {
  const std::string target = "/v2/models/flights/infer";
  const Json expected = json(post(target, infer_body()))["outputs"];
  BinaryBody sent = binary_body();
  const HttpResponse text = routes_.answer({.method = "POST",
                                            .target = target,
                                            .body = sent.bytes,
                                            .inference_header_length = sent.json_length});
  ASSERT_EQ(text.status, 200) << text.body;
  EXPECT_EQ(text.inference_header_bytes, 0U);
  EXPECT_EQ(json(text)["outputs"][0], expected[0]);

  sent = binary_body(R"("parameters":{"binary_data_output":true},
      "outputs":[{"name":"decision","parameters":{"binary_data":false}},{"name":"probability"},
                 {"name":"prediction_id"}],)");
  const HttpResponse binary = routes_.answer({.method = "POST",
                                              .target = target,
                                              .body = sent.bytes,
                                              .inference_header_length = sent.json_length});
  ASSERT_EQ(binary.status, 200) << binary.body;
  EXPECT_EQ(binary.content_type, "application/octet-stream");
  const Json answer = *parse_json(binary.body.substr(0, binary.inference_header_bytes), "answer");
  EXPECT_EQ(answer["outputs"][0]["data"], expected[1]["data"]);
  EXPECT_EQ(answer["outputs"][1]["parameters"]["binary_data_size"], 16);
  EXPECT_EQ(answer["outputs"][2]["parameters"]["binary_data_size"], 2 * (4 + 32));
  Vector values;
  values.reset(ValueType::number, 2);
  const std::string_view data = std::string_view(binary.body).substr(binary.inference_header_bytes);
  ASSERT_EQ(data.size(), 16U + 72U);
  ASSERT_TRUE(read_tensor_bytes(TensorDatatype::fp64, data.substr(0, 16), values).ok());
  EXPECT_EQ(Json(values.numbers), expected[0]["data"]);
}

TEST_F(RoutesTest, RefusesBinaryBodiesThatDoNotAddUp) {
  const BinaryBody good = binary_body();
  struct Bad {
    std::string body, length, message;
  };
  const std::vector<Bad> bodies = {
      {good.bytes, "x", "Inference-Header-Content-Length is `x`"},
      {good.bytes, "-1", "Inference-Header-Content-Length is `-1`"},
      {good.bytes, "999999", "the body has"},
      {good.bytes, "99999999999999999999999999", "the body has"},
      {good.bytes, "0", "a body without JSON"},
      {good.bytes, "10", "not JSON"},
      {good.bytes.substr(0, good.bytes.size() - 1), good.json_length,
       "input tensor `distance`: binary_data_size is 16, but only 15 bytes are left"},
      {binary_body("", "!").bytes, good.json_length, "1 bytes more than its tensors"},
      {R"({"inputs":[{"name":"distance","shape":[1],"datatype":"FP64",
          "parameters":{"binary_data_size":-8}}]})",
       "", "binary_data_size is the number -8"},
      {R"({"inputs":[{"name":"distance","shape":[1],"datatype":"FP64",
          "parameters":{"shared_memory_region":"r"}}]})",
       "", "shared memory is not supported"},
      {R"({"outputs":[{"name":"probability","parameters":{"classification":2}}],)" +
           infer_body().substr(1),
       "", "`classification` is not supported"},
  };
  for (const Bad& bad : bodies) {
    const HttpResponse response = routes_.answer({.method = "POST",
                                                  .target = "/v2/models/flights/infer",
                                                  .body = bad.body,
                                                  .inference_header_length = bad.length});
    EXPECT_EQ(response.status, 400) << bad.message;
    EXPECT_THAT(error(response), HasSubstr(bad.message));
  }
}

TEST_F(RoutesTest, ChangedBinaryBodiesAreAnsweredOrRefused) {
  std::mt19937_64 random(11);
  const BinaryBody good = binary_body(R"("parameters":{"binary_data_output":true},)");
  int answered = 0;
  for (int i = 0; i < 5'000; ++i) {
    BinaryBody sent = good;
    for (uint64_t changes = 1 + random() % 3; changes > 0; --changes) {
      const size_t at = random() % sent.bytes.size();
      const uint64_t kind = random() % 4;
      if (kind == 0) sent.bytes.erase(at, 1 + random() % 8);
      if (kind == 1) sent.bytes.insert(at, 1, static_cast<char>(random()));
      if (kind == 2) sent.bytes[at] = static_cast<char>(random());
      if (kind == 3) sent.bytes[at] = "0123456789-{}[]\",:"[random() % 18];
    }
    if (random() % 8 == 0) sent.json_length = std::to_string(random() % sent.bytes.size());
    const HttpResponse response = routes_.answer({.method = "POST",
                                                  .target = "/v2/models/flights/infer",
                                                  .body = sent.bytes,
                                                  .inference_header_length = sent.json_length});
    EXPECT_THAT(response.status, testing::AnyOf(200, 400, 413)) << response.body;
    answered += response.status == 200 ? 1 : 0;
  }
  EXPECT_GT(answered, 0);
}

TEST_F(RoutesTest, WhatTrainingSawWithoutItMayBeLeftOut) {
  models_.set(std::make_shared<const ServedModel>(project_.model({.has_unknown_distances = true})));
  const HttpResponse left_out = post("/predict", row_with("distance", ""));
  ASSERT_EQ(left_out.status, 200) << left_out.body;
  EXPECT_EQ(json(left_out)["probability"],
            json(post("/predict", row_with("distance", "null")))["probability"]);
  EXPECT_THAT(error(post("/predict", row_with("rainy", ""))), HasSubstr("`rainy` is missing"));
  Json tensors = *parse_json(infer_body(), "body");
  tensors["inputs"].erase(1);
  const HttpResponse inferred = post("/v2/models/flights/infer", dump_json(tensors));
  ASSERT_EQ(inferred.status, 200) << inferred.body;
  EXPECT_EQ(json(inferred)["outputs"][0]["data"][0], json(left_out)["probability"]);
  const Json inputs = json(get("/v2/models/flights"))["inputs"];
  EXPECT_EQ(inputs[1]["optional"], true);
  EXPECT_FALSE(inputs[0].contains("optional"));
}

TEST_F(RoutesTest, TakesNoEncodedBodies) {
  EXPECT_EQ(
      routes_
          .answer({.method = "POST", .target = "/predict", .body = "x", .content_encoding = "gzip"})
          .status,
      415);
}

TEST_F(RoutesTest, RegressionHasValuesAndNoDecisions) {
  models_.set(std::make_shared<const ServedModel>(
      project_.model({.intercept = 3, .task_kind = "regression"})));
  const Json answer = json(post("/predict", kRow));
  EXPECT_TRUE(answer.contains("value"));
  EXPECT_FALSE(answer.contains("decision"));
  const Json inferred = json(post("/v2/models/flights/infer", infer_body()));
  EXPECT_EQ(inferred["outputs"][0]["name"], "value");
  EXPECT_EQ(inferred["outputs"].size(), 2U);
}

/// Every form of an answer tells the same of classes.
TEST_F(RoutesTest, ClassesHaveNamesAndProbabilities) {
  model_ = project_.model({.task_kind = "multiclass"});
  models_.set(std::make_shared<const ServedModel>(model_));
  const Json answer = json(post("/predict", kRow));
  EXPECT_FALSE(answer.contains("decision"));
  ASSERT_TRUE(answer.contains("probabilities")) << dump_json(answer);
  Block row = test_rows(1);
  row.columns[1].numbers[0] = 1400;
  row.columns[2].integers[0] = 12;
  row.columns[3].integers[0] = 1;
  std::vector<Prediction> told;
  Model::Scratch scratch;
  ASSERT_TRUE(model_->predict(row, told, scratch).ok());
  const std::vector<std::string>& classes = model_->manifest().classes;
  EXPECT_EQ(answer["class"], classes[told[0].class_number]);
  EXPECT_EQ(answer["probability"].get<double>(), told[0].value);
  double sum = 0;
  for (size_t k = 0; k < classes.size(); ++k) {
    EXPECT_EQ(answer["probabilities"][classes[k]].get<double>(), scratch.values[k]);
    sum += scratch.values[k];
  }
  EXPECT_NEAR(sum, 1, 1e-12);

  const Json inferred = json(post("/v2/models/flights/infer", infer_body()));
  std::map<std::string, Json> outputs;
  for (const Json& one : inferred["outputs"]) outputs[one["name"].get<std::string>()] = one;
  ASSERT_EQ(outputs.size(), 6U);
  EXPECT_EQ(outputs["class"]["datatype"], "BYTES");
  for (size_t i = 0; i < outputs["class"]["data"].size(); ++i) {
    double most = 0;
    for (const std::string& name : classes) {
      most = std::max(most, outputs["probability." + name]["data"][i].get<double>());
    }
    EXPECT_EQ(outputs["probability"]["data"][i].get<double>(), most);
    const std::string decided = outputs["class"]["data"][i];
    EXPECT_EQ(outputs["probability." + decided]["data"][i].get<double>(), most);
  }
  EXPECT_THAT(error(post("/v2/models/flights/infer",
                         infer_body(R"(],"outputs":[{"name":"probability.lat"})"))),
              HasSubstr("probability.late"));

  const HttpResponse csv = routes_.answer({.method = "POST",
                                           .target = "/invocations",
                                           .body = R"({"instances":[)" + std::string(kRow) + "]}",
                                           .accept = "text/csv"});
  EXPECT_THAT(csv.body, HasSubstr("class,probability,probability.late,probability.punctual,"
                                  "probability.early,prediction_id,warnings\n" +
                                  classes[told[0].class_number] + ","));

  const Json about = json(get("/openapi.json"));
  EXPECT_EQ(about["info"]["x-task"], "multiclass");
  const Json schema = about["components"]["schemas"]["Answer"]["properties"];
  EXPECT_EQ(schema["class"]["enum"], Json(classes)) << dump_json(about["components"]["schemas"]);
}

TEST_F(RoutesTest, FeedbackOfClassesIsOneOfThem) {
  models_.set(std::make_shared<const ServedModel>(project_.model({.task_kind = "multiclass"})));
  EXPECT_EQ(json(post("/feedback", R"([{"prediction_id":"a","label":"late"},
                                       {"prediction_id":"b","label":"early"}])"))["labels"],
            2);
  EXPECT_THAT(error(post("/feedback", R"({"prediction_id":"a","label":"lat"})")),
              HasSubstr("`late`"));
  EXPECT_EQ(post("/feedback", R"({"prediction_id":"a","label":1})").status, 400);
}

TEST_F(RoutesTest, TakesFeedback) {
  EXPECT_EQ(json(post("/feedback", R"([{"prediction_id":"a","label":1},
                                       {"prediction_id":"b","label":false}])"))["labels"],
            2);
  EXPECT_EQ(json(post("/feedback", R"({"prediction_id":"c","label":0})"))["labels"], 1);
  EXPECT_THAT(error(post("/feedback", R"([{"prediction_id":"a"}])")),
              HasSubstr("entry 0: members `label` and `earned` are missing"));
  EXPECT_EQ(post("/feedback", R"([{"label":1}])").status, 400);
  EXPECT_EQ(post("/feedback", "[]").status, 400);
  EXPECT_EQ(post("/feedback", R"([{"prediction_id":"a","label":"yes"}])").status, 400);
}

TEST_F(RoutesTest, CountsForPrometheus) {
  telemetry_.count(Route::predict, 200, 1'000'000);
  telemetry_.count(Route::predict, 400, 2'000'000);
  static_cast<void>(post("/predict", kRow));
  static_cast<void>(post("/predict", row_with("carrier", "\"ZZ\"")));
  const std::string text = get("/metrics").body;
  EXPECT_THAT(text, HasSubstr("millgate_requests_total{route=\"/predict\",status=\"200\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("millgate_requests_total{route=\"/predict\",status=\"400\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("millgate_request_duration_seconds_count{route=\"/predict\"} 2\n"));
  for (const char* stage : {"read", "predict", "write"}) {
    const std::string name = "millgate_stage_duration_seconds";
    const std::string labels = std::string("{stage=\"") + stage +
                               "\",model=\"flights\",version=\"" + model_->id().brief() + "\"";
    EXPECT_THAT(text, HasSubstr(name + "_count" + labels + "} 2\n"));
    EXPECT_THAT(text, HasSubstr(name + "_bucket" + labels + ",le=\"+Inf\"} 2\n"));
    EXPECT_THAT(text, Not(HasSubstr(name + "_sum" + labels + "} 0\n")));
  }
  for (const char* stage : {"online", "explain"}) {
    EXPECT_THAT(text, HasSubstr(std::string("_count{stage=\"") + stage + "\",model=\"flights\"," +
                                "version=\"" + model_->id().brief() + "\"} 0\n"));
  }
  EXPECT_THAT(text, HasSubstr("millgate_predictions_total 2\n"));
  EXPECT_THAT(text, HasSubstr("millgate_rows_with_warnings_total 1\n"));
  EXPECT_THAT(text, HasSubstr("millgate_model_info{model=\"flights\",version=\"" +
                              model_->id().brief() + "\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("prediction_log")));
}

}  // namespace
}  // namespace millgate
