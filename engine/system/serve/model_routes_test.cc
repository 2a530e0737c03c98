#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <random>

#include "ground/json.h"
#include "system/serve/routes.h"
#include "system/serve/test_model.h"

namespace millgate {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr const char* kArrowStream = "application/vnd.apache.arrow.stream";

/// The same two rows in every form.
constexpr const char* kRows =
    R"([{"carrier":"AA","distance":1400,"flight":12,"rainy":true,"time_hour":"2013-01-01T10:00:00Z"},
        {"carrier":"UA","distance":null,"flight":13,"rainy":false,"time_hour":"2013-01-02T11:00:00Z"}])";
constexpr const char* kLists = R"([["AA",1400,12,true,"2013-01-01T10:00:00Z"],
                                   ["UA",null,13,false,"2013-01-02T11:00:00Z"]])";
constexpr const char* kNames = R"(["carrier","distance","flight","rainy","time_hour"])";
constexpr const char* kColumns = R"({"carrier":["AA","UA"],"distance":[[1400],[null]],
    "flight":[12,13],"rainy":[true,false],
    "time_hour":["2013-01-01T10:00:00Z","2013-01-02T11:00:00Z"]})";
constexpr const char* kCsv =
    "flight,carrier,distance,rainy,time_hour\r\n"
    "12,AA,1400,true,2013-01-01T10:00:00Z\r\n"
    "13,\"UA\",,False,2013-01-02T11:00:00Z\r\n";
constexpr const char* kCsvWithoutHeader =
    "AA,1400.0,12,true,2013-01-01T10:00:00Z\nUA,NaN,13.0,false,2013-01-02T11:00:00Z\n";

std::string with(const std::string& member, const std::string& value) {
  return "{\"" + member + "\":" + value + "}";
}

template <typename Builder, typename Values>
std::shared_ptr<arrow::Array> column(const Values& values, Builder builder = Builder()) {
  for (const auto& value : values) {
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return *builder.Finish();
}

std::string arrow_stream(const std::vector<std::string>& names, const arrow::ArrayVector& arrays) {
  arrow::FieldVector fields;
  for (size_t i = 0; i < names.size(); ++i)
    fields.push_back(arrow::field(names[i], arrays[i]->type()));
  const auto schema = arrow::schema(fields);
  const auto sink = *arrow::io::BufferOutputStream::Create();
  const auto writer = *arrow::ipc::MakeStreamWriter(sink, schema);
  const auto batch = arrow::RecordBatch::Make(schema, arrays[0]->length(), arrays);
  EXPECT_TRUE(writer->WriteRecordBatch(*batch).ok());
  EXPECT_TRUE(writer->Close().ok());
  return (*sink->Finish())->ToString();
}

/// The rows as pandas makes them: floats where integers are missing, times as texts.
std::string arrow_rows() {
  using Texts = std::vector<std::optional<std::string>>;
  return arrow_stream(
      {"carrier", "distance", "flight", "rainy", "time_hour", "nothing"},
      {column<arrow::StringBuilder>(Texts{"AA", "UA"}),
       column<arrow::DoubleBuilder>(std::vector<std::optional<double>>{1400, std::nullopt}),
       column<arrow::DoubleBuilder>(std::vector<std::optional<double>>{12, 13}),
       column<arrow::BooleanBuilder>(std::vector<std::optional<bool>>{true, false}),
       column<arrow::StringBuilder>(Texts{"2013-01-01T10:00:00Z", "2013-01-02T11:00:00Z"}),
       column<arrow::Int32Builder>(std::vector<std::optional<int>>{1, 2})});
}

class ModelRoutesTest : public ::testing::Test {
 protected:
  ModelRoutesTest()
      : routes_({.models = models_,
                 .telemetry = telemetry_,
                 .clock = system_clock(),
                 .log = nullptr,
                 .objects = &project_.repository->objects(),
                 .feedback_folder = project_.folder.path("feedback"),
                 .predict_route = "/custom/predict",
                 .health_route = "/custom/health",
                 .rows_max = 100}) {
    models_.set(std::make_shared<const ServedModel>(project_.model()));
  }

  HttpResponse get(const std::string& target) {
    return routes_.answer({.method = "GET", .target = target});
  }
  HttpResponse post(const std::string& target, const std::string& body,
                    const std::string& type = "application/json", const std::string& accept = "") {
    return routes_.answer(
        {.method = "POST", .target = target, .body = body, .content_type = type, .accept = accept});
  }
  static Json json(const HttpResponse& response) { return *parse_json(response.body, "answer"); }
  static std::vector<double> probabilities(const HttpResponse& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    std::vector<double> values;
    const Json answer = json(response);
    for (const Json& row : answer["predictions"]) values.push_back(row["probability"]);
    return values;
  }
  static std::string error(const HttpResponse& response) {
    const Json answer = json(response);
    return answer["error"].get<std::string>() + " | " + answer.value("hint", std::string());
  }

  ServedProject project_;
  ModelSlot models_;
  Telemetry telemetry_;
  Routes routes_;
};

TEST_F(ModelRoutesTest, EveryFormGivesTheSameNumbers) {
  const std::vector<double> expected = probabilities(post("/predict", with("rows", kRows)));
  ASSERT_EQ(expected.size(), 2U);
  ASSERT_NE(expected[0], expected[1]);
  const std::string split =
      std::string(R"({"columns":)") + kNames + R"(,"index":[0,1],"data":)" + kLists + "}";
  const std::vector<std::string> bodies = {
      with("dataframe_split", split),
      with("dataframe_records", kRows),
      with("instances", kRows),
      with("instances", kLists),
      with("inputs", kColumns),
      with("inputs", kRows),
      R"({"params":{"a":1},"inputs":)" + std::string(kLists) + "}"};
  for (const std::string& target :
       {std::string("/invocations"), std::string("/v1/models/flights:predict"),
        std::string("/custom/predict?x=1"),
        "/v1/models/flights/versions/" + models_.get()->version() + ":predict"}) {
    for (const std::string& body : bodies) {
      EXPECT_EQ(probabilities(post(target, body)), expected) << target << body;
    }
  }
  for (const std::string target : {"/invocations", "/predict"}) {
    EXPECT_EQ(probabilities(post(target, kCsv, "text/csv")), expected);
    EXPECT_EQ(probabilities(post(target, kCsvWithoutHeader, "text/csv; header=absent")), expected);
    EXPECT_EQ(probabilities(post(target, arrow_rows(), kArrowStream, "application/json")),
              expected);
  }
}

TEST_F(ModelRoutesTest, AnswersAsItIsAsked) {
  const std::vector<double> expected = probabilities(post("/predict", with("rows", kRows)));
  const HttpResponse csv = post("/invocations", with("instances", kRows), "", "text/csv");
  EXPECT_EQ(csv.content_type, "text/csv");
  EXPECT_THAT(csv.body, HasSubstr("probability,decision,prediction_id,warnings\n"));
  EXPECT_EQ(std::count(csv.body.begin(), csv.body.end(), '\n'), 3);

  const HttpResponse stream = post("/predict", arrow_rows(), kArrowStream);
  ASSERT_EQ(stream.status, 200) << stream.body;
  EXPECT_EQ(stream.content_type, kArrowStream);
  const auto reader = *arrow::ipc::RecordBatchStreamReader::Open(
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(stream.body)));
  const auto table = *reader->ToTable();
  const auto& values =
      dynamic_cast<const arrow::DoubleArray&>(*table->GetColumnByName("probability")->chunk(0));
  EXPECT_EQ(values.Value(0), expected[0]);
  EXPECT_EQ(values.Value(1), expected[1]);
  EXPECT_EQ(*table->schema()->metadata()->Get("version"), models_.get()->version());
  EXPECT_THAT(*table->schema()->metadata()->Get("warning"), HasSubstr("`nothing` is not an input"));
  const Json answer = json(post("/predict", arrow_rows(), kArrowStream, "application/json"));
  EXPECT_THAT(answer["warnings"][0].get<std::string>(), HasSubstr("`nothing` is not an input"));
}

struct BadBody {
  std::string body;
  std::string message;
};

TEST_F(ModelRoutesTest, RefusesBadInstancesWithTheirPlace) {
  const std::vector<BadBody> bodies = {
      {"", "no body"},
      {"[1]", "the body is a list, not an object"},
      {"{}", "none of `dataframe_split`"},
      {R"({"rows":[]})", "none of `dataframe_split`"},
      {with("instances", "5"), "`instances`: expected a list, got the number 5"},
      {with("instances", "[]"), "no rows"},
      {with("inputs", "{}"), "no rows"},
      {with("instances", "[1]"), "row 0: expected a list of 5 values"},
      {with("instances", R"([["AA",1]])"), "row 0: the row has 2 values, not 5"},
      {with("instances", R"([["AA",1,1,true,"2013-01-01","more"]])"), "6 values, not 5"},
      {with("instances", R"([{"carrier":"AA"}])"), "row 0: inputs `distance`"},
      {with("instances", R"([["AA","far",1,true,"2013-01-01"]])"), "`distance`: expected a number"},
      {with("dataframe_split", "[]"), "no list `columns`"},
      {with("dataframe_split", R"({"columns":[1],"data":[]})"), "`columns` has the number 1"},
      {with("dataframe_split", R"({"columns":["carrier","carrier"],"data":[["AA","AA"]]})"),
       "given twice"},
      {with("inputs", R"({"carrier":["AA","UA"],"flight":[1]})"), "`flight` has 1 values"},
      {R"({"inputs":[],"instances":[]})", "both `instances` and `inputs`"},
  };
  for (const BadBody& bad : bodies) {
    const HttpResponse response = post("/invocations", bad.body);
    EXPECT_EQ(response.status, 400) << bad.body << response.body;
    EXPECT_THAT(error(response), HasSubstr(bad.message)) << bad.body;
  }
  std::string many = "[";
  for (int i = 0; i < 101; ++i) many += i == 0 ? "[]" : ",[]";
  EXPECT_EQ(post("/invocations", with("instances", many + "]")).status, 413);
  EXPECT_EQ(post("/invocations", "x", "application/x-npy").status, 415);
}

TEST_F(ModelRoutesTest, RefusesBadTablesWithTheirPlace) {
  const std::string head = "carrier,distance,flight,rainy,time_hour\n";
  const std::vector<BadBody> bodies = {
      {"", "no body"},
      {head, "no rows"},
      {head + "AA,1\n", "line 2 of the CSV body has 2 fields, not 5"},
      {head + "AA,far,1,true,2013-01-01\n", "line 2, column `distance`: `far` is no number"},
      {head + "AA,inf,1,true,2013-01-01\n", "`inf` is no number"},
      {head + "\nAA,1,1.5,true,2013-01-01\n", "line 3, column `flight`: `1.5` is no integer"},
      {head + "AA,1,1,7,2013-01-01\n", "`7` is no boolean"},
      {head + "AA,1,1,true,soon\n", "`soon` is no time"},
      {head + "AA,1,1,true,\"2013\n", "quote"},
      {head + "\xff,1,1,true,2013-01-01\n", "not UTF-8"},
      {"carrier,carrier\nAA,AA\n", "column `carrier` is given twice"},
      {"carrier\nAA\n", "columns `distance`, `flight`, `rainy`, `time_hour` are missing"},
  };
  for (const BadBody& bad : bodies) {
    const HttpResponse response = post("/invocations", bad.body, "text/csv");
    EXPECT_EQ(response.status, 400) << bad.body << response.body;
    EXPECT_THAT(error(response), HasSubstr(bad.message)) << bad.body;
  }
  std::string many = head;
  for (int i = 0; i < 101; ++i) many += "AA,1,1,true,2013-01-01\n";
  EXPECT_EQ(post("/invocations", many, "text/csv").status, 413);

  using Doubles = std::vector<std::optional<double>>;
  const auto numbers = [](double value) { return column<arrow::DoubleBuilder>(Doubles{value}); };
  EXPECT_THAT(error(post("/predict", arrow_stream({"carrier"}, {numbers(1)}), kArrowStream)),
              HasSubstr("column `carrier` is number, not text"));
  EXPECT_THAT(error(post("/predict", arrow_stream({"flight"}, {numbers(1.5)}), kArrowStream)),
              HasSubstr("column `flight`: row 0 is no integer"));
  EXPECT_THAT(
      error(post("/predict", arrow_stream({"distance"}, {numbers(INFINITY)}), kArrowStream)),
      HasSubstr("column `distance`: row 0 is infinite"));
  EXPECT_THAT(error(post("/predict", "x", kArrowStream)), HasSubstr("the Arrow body"));
  EXPECT_THAT(error(post("/predict", "x", "application/x-parquet")), HasSubstr("the Parquet body"));
}

TEST_F(ModelRoutesTest, ChangedTablesAreAnsweredOrRefused) {
  std::mt19937_64 random(13);
  int answered = 0;
  for (int i = 0; i < 3'000; ++i) {
    const bool is_csv = i % 2 == 0;
    std::string body = is_csv ? std::string(kCsv) : arrow_rows();
    for (uint64_t changes = 1 + random() % 2; changes > 0; --changes) {
      const size_t at = random() % body.size();
      if (random() % 4 == 0) body.erase(at, 1 + random() % 8);
      body[random() % body.size()] = static_cast<char>(random());
    }
    const HttpResponse response =
        post("/predict", body, is_csv ? "text/csv" : kArrowStream, "application/json");
    EXPECT_THAT(response.status, AnyOf(200, 400, 413)) << response.body;
    answered += response.status == 200 ? 1 : 0;
  }
  EXPECT_GT(answered, 0);
}

TEST_F(ModelRoutesTest, ExplainsWhereItIsAsked) {
  const std::vector<double> expected = probabilities(post("/predict", with("rows", kRows)));
  const HttpResponse response = post("/predict?explain=all", with("rows", kRows));
  EXPECT_EQ(probabilities(response), expected);
  const Json answer = json(response);
  const Json& told = answer["predictions"][0]["explanation"];
  // The linear model of test_model.h: coefficient times the distance from the mean, scaled.
  std::map<std::string, double> contributions;
  for (const Json& one : told["contributions"]) contributions[one["feature"]] = one["contribution"];
  EXPECT_NEAR(contributions["distance"], -0.7 * (1.4 - 1.3) / 0.7, 1e-12);
  EXPECT_NEAR(contributions["rainy"], 0.9 * (1 - 0.5) / 0.5, 1e-12);
  EXPECT_NEAR(contributions["flight"], 0.11 * (5 - 3) / 2, 1e-12);
  double sum = told["base_value"];
  for (const auto& [name, value] : contributions) sum += value;
  EXPECT_NEAR(told["score"].get<double>(), sum, 1e-12);
  EXPECT_NEAR(1 / (1 + std::exp(-sum)), expected[0], 1e-12);
  EXPECT_EQ(told["scale"], "log-odds");
  EXPECT_EQ(told["contributions"][0]["feature"], "rainy");
  EXPECT_EQ(told["reasons"][0], "rainy is 1, which raises the log-odds by 0.9");

  const Json brief = json(post("/invocations?explain=2", with("instances", kRows)));
  EXPECT_EQ(brief["predictions"][1]["explanation"]["contributions"].size(), 2U);
  const Json kserve = json(post("/v1/models/flights:explain", with("instances", kRows)));
  EXPECT_EQ(kserve["predictions"][0]["explanation"], told);
  EXPECT_FALSE(
      json(post("/predict", with("rows", kRows)))["predictions"][0].contains("explanation"));
  for (const std::string value : {"0", "-1", "x", ""}) {
    EXPECT_THAT(error(post("/predict?explain=" + value, with("rows", kRows))),
                HasSubstr("explain=4"));
  }
  EXPECT_EQ(post("/predict?explain=1", with("rows", kRows), "", "text/csv").status, 406);
  EXPECT_TRUE(Routes::is_slow({.target = "/predict?explain=1"}));
  EXPECT_TRUE(Routes::is_slow({.target = "/v1/models/flights:explain"}));
  EXPECT_FALSE(Routes::is_slow({.target = "/predict"}));
}

TEST_F(ModelRoutesTest, DescribesItselfToOtherServersClients) {
  EXPECT_EQ(json(get("/v1/models"))["models"], Json::array({"flights"}));
  const Json model = json(get("/v1/models/flights"));
  EXPECT_EQ(model["ready"], true);
  EXPECT_EQ(model["model_version_status"][0]["state"], "AVAILABLE");
  for (const std::string target : {"/ping", "/health", "/custom/health"}) {
    EXPECT_EQ(get(target).status, 200) << target;
  }
  EXPECT_EQ(get("/version").content_type, "text/plain");
  EXPECT_EQ(get("/v1/models/flight").status, 404);
  EXPECT_EQ(get("/v1/models/flights:predict").status, 405);
  EXPECT_EQ(post("/v1/models/flights:explode", "{}").status, 404);
  EXPECT_EQ(post("/v1/models/flights/versions/abc:predict", "{}").status, 404);
  EXPECT_EQ(get("/v1").status, 404);
  models_.set(nullptr);
  EXPECT_EQ(get("/ping").status, 503);
  EXPECT_EQ(json(get("/v1/models"))["models"], Json::array());
  EXPECT_EQ(post("/invocations", "{}").status, 503);
}

}  // namespace
}  // namespace millgate
