#include "system/serve/grpc_infer.h"

#include <gmock/gmock.h>

#include <cstring>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <random>

#include "ground/json.h"
#include "system/serve/grpc_message.h"
#include "system/serve/routes.h"
#include "system/serve/test_model.h"

namespace millgate {
namespace {

using protozero::pbf_reader;
using protozero::pbf_writer;
using ::testing::HasSubstr;

const std::string kInfer = "/inference.GRPCInferenceService/ModelInfer";

template <typename T>
std::string raw(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

std::string raw_text(const std::string& text) {
  return raw<uint32_t>({static_cast<uint32_t>(text.size())}) + text;
}

/// A tensor of two rows; `add` puts its contents in, if there are any.
template <typename Add>
void add_tensor(pbf_writer& message, const std::string& name, const std::string& datatype,
                const Add& add, std::vector<int64_t> shape = {2}) {
  pbf_writer tensor(message, 5);
  tensor.add_string(1, name);
  tensor.add_string(2, datatype);
  tensor.add_packed_int64(3, shape.begin(), shape.end());
  pbf_writer contents(tensor, 5);
  add(contents);
}

/// Two rows; typed contents as the protocol's table has them.
std::string typed_request(const std::string& model = "flights", const std::string& version = "") {
  std::string out;
  pbf_writer message(out);
  message.add_string(1, model);
  if (!version.empty()) message.add_string(2, version);
  message.add_string(3, "mine");
  add_tensor(message, "carrier", "BYTES", [](pbf_writer& contents) {
    contents.add_bytes(8, "AA");
    contents.add_bytes(8, "UA");
  });
  add_tensor(message, "distance", "FP32", [](pbf_writer& contents) {
    const std::vector<float> values = {1400, 200.5};
    contents.add_packed_float(6, values.begin(), values.end());
  });
  add_tensor(message, "flight", "INT16", [](pbf_writer& contents) {
    // Not packed, as protocol buffers of version 2 send it.
    contents.add_int32(2, 12);
    contents.add_int32(2, 13);
  });
  add_tensor(message, "rainy", "BOOL", [](pbf_writer& contents) {
    const std::vector<bool> values = {true, false};
    contents.add_packed_bool(1, values.begin(), values.end());
  });
  add_tensor(message, "time_hour", "BYTES", [](pbf_writer& contents) {
    contents.add_bytes(8, "2013-01-01T10:00:00Z");
    contents.add_bytes(8, "2013-01-02T10:00:00Z");
  });
  return out;
}

/// The same rows as raw contents.
std::string raw_request() {
  std::string out;
  pbf_writer message(out);
  message.add_string(1, "flights");
  const auto nothing = [](pbf_writer& /*contents*/) {};
  for (const auto& [name, datatype] :
       std::vector<std::pair<std::string, std::string>>{{"carrier", "BYTES"},
                                                        {"distance", "FP64"},
                                                        {"flight", "INT64"},
                                                        {"rainy", "BOOL"},
                                                        {"time_hour", "BYTES"}}) {
    add_tensor(message, name, datatype, nothing, {2, 1});
  }
  message.add_bytes(7, raw_text("AA") + raw_text("UA"));
  message.add_bytes(7, raw<double>({1400, 200.5}));
  message.add_bytes(7, raw<int64_t>({12, 13}));
  message.add_bytes(7, std::string("\1\0", 2));
  message.add_bytes(7, raw_text("2013-01-01T10:00:00Z") + raw_text("2013-01-02T10:00:00Z"));
  return out;
}

constexpr const char* kRows = R"({"rows":[
    {"carrier":"AA","distance":1400,"flight":12,"rainy":true,"time_hour":"2013-01-01T10:00:00Z"},
    {"carrier":"UA","distance":200.5,"flight":13,"rainy":false,
     "time_hour":"2013-01-02T10:00:00Z"}]})";

class GrpcInferTest : public ::testing::Test {
 protected:
  GrpcInferTest()
      : routes_({.models = models_,
                 .telemetry = telemetry_,
                 .clock = system_clock(),
                 .log = nullptr,
                 .feedback_folder = project_.folder.path("feedback"),
                 .rows_max = 100}) {
    models_.set(std::make_shared<const ServedModel>(project_.model()));
  }

  HttpResponse call(const std::string& method, const std::string& message) {
    return routes_.answer(
        {.method = "POST", .target = method, .body = grpc_body(message), .is_grpc = true});
  }
  /// Of POST /predict for the same rows.
  std::vector<double> plain_probabilities() {
    const HttpResponse response =
        routes_.answer({.method = "POST", .target = "/predict", .body = kRows});
    const Json answer = *parse_json(response.body, "answer");
    std::vector<double> out;
    for (const Json& row : answer.at("predictions")) {
      out.push_back(row.at("probability").get<double>());
    }
    return out;
  }

  ServedProject project_;
  ModelSlot models_;
  Telemetry telemetry_;
  Routes routes_;
};

/// Outputs of a ModelInferResponse by their names, numbers and texts as they came.
struct Told {
  std::string model;
  std::string id;
  std::vector<std::string> names;
  std::map<std::string, std::vector<double>> numbers;
  std::map<std::string, size_t> texts;
  std::vector<std::string> raw;
  std::string parameters;
};

void read_contents(pbf_reader contents, Told& told) {
  while (contents.next()) {
    switch (contents.tag()) {
      case 7:
        for (const double value : contents.get_packed_double()) {
          told.numbers[told.names.back()].push_back(value);
        }
        break;
      default:
        ++told.texts[told.names.back()];
        contents.skip();
    }
  }
}

void read_tensor(pbf_reader tensor, Told& told) {
  while (tensor.next()) {
    switch (tensor.tag()) {
      case 1:
        told.names.push_back(tensor.get_string());
        break;
      case 5:
        read_contents(tensor.get_message(), told);
        break;
      default:
        tensor.skip();
    }
  }
}

Told read_answer(const std::string& body) {
  Told told;
  pbf_reader message(body);
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        told.model = message.get_string();
        break;
      case 3:
        told.id = message.get_string();
        break;
      case 4:
        told.parameters += message.get_string();
        break;
      case 5:
        read_tensor(message.get_message(), told);
        break;
      case 6:
        told.raw.push_back(message.get_bytes());
        break;
      default:
        message.skip();
    }
  }
  return told;
}

TEST_F(GrpcInferTest, TypedContentsGiveTheNumbersOfEveryRoute) {
  const HttpResponse response = call(kInfer, typed_request());
  ASSERT_EQ(response.status, 200) << response.failure;
  const Told told = read_answer(response.body);
  EXPECT_EQ(told.model, "flights");
  EXPECT_EQ(told.id, "mine");
  EXPECT_THAT(told.names, testing::ElementsAre("probability", "decision", "prediction_id"));
  EXPECT_EQ(told.numbers.at("probability"), plain_probabilities());
  EXPECT_EQ(told.texts.at("prediction_id"), 2U);
  EXPECT_THAT(told.parameters, HasSubstr(response.request_id));
  EXPECT_TRUE(told.raw.empty());
}

TEST_F(GrpcInferTest, RawContentsAreAnsweredRaw) {
  const HttpResponse response = call(kInfer, raw_request());
  ASSERT_EQ(response.status, 200) << response.failure;
  const Told told = read_answer(response.body);
  ASSERT_EQ(told.raw.size(), 3U);
  EXPECT_EQ(told.raw[0], raw<double>(plain_probabilities()));
  EXPECT_EQ(told.raw[1].size(), 2U);
  EXPECT_TRUE(told.numbers.empty());
}

TEST_F(GrpcInferTest, GivesTheOutputsThatAreAskedFor) {
  std::string request = typed_request();
  pbf_writer message(request);
  pbf_writer(message, 6).add_string(1, "decision");
  const HttpResponse response = call(kInfer, request);
  ASSERT_EQ(response.status, 200) << response.failure;
  EXPECT_THAT(read_answer(response.body).names, testing::ElementsAre("decision"));
  pbf_writer(message, 6).add_string(1, "probabilty");
  EXPECT_THAT(call(kInfer, request).failure, HasSubstr("did you mean `probability`"));
}

TEST_F(GrpcInferTest, RefusesWithTheNameOfTheTensor) {
  struct Wrong {
    const char* datatype;
    std::function<void(pbf_writer&)> add;
    std::vector<int64_t> shape;
    const char* part;
  };
  const std::vector<float> two = {1, 2};
  const std::vector<Wrong> cases = {
      {"FP64",
       [&](pbf_writer& c) { c.add_packed_float(6, two.begin(), two.end()); },
       {2},
       "fp64_contents"},
      {"FP16",
       [&](pbf_writer& c) { c.add_packed_float(6, two.begin(), two.end()); },
       {2},
       "raw_input_contents"},
      {"FP32", [&](pbf_writer& c) { c.add_packed_float(6, two.begin(), two.end()); }, {3}, "rows"},
      {"FP32", [](pbf_writer& c) { c.add_float(6, 1); }, {2}, "the shape says 2 values"},
      {"FP32", [](pbf_writer& /*c*/) {}, {2}, "the shape says 2 values"},
      {"FP33", [](pbf_writer& c) { c.add_float(6, 1); }, {2}, "unknown datatype"},
      {"FP32", [](pbf_writer& c) { c.add_float(6, 1); }, {-2}, "shape has -2"},
      {"FP32", [](pbf_writer& c) { c.add_float(6, 1); }, {2, 1, 1}, "neither [n] nor [n, 1]"},
  };
  for (const Wrong& wrong : cases) {
    std::string request;
    pbf_writer message(request);
    message.add_string(1, "flights");
    add_tensor(message, "carrier", "BYTES", [](pbf_writer& c) {
      c.add_bytes(8, "AA");
      c.add_bytes(8, "UA");
    });
    add_tensor(message, "distance", wrong.datatype, wrong.add, wrong.shape);
    const HttpResponse response = call(kInfer, request);
    EXPECT_EQ(response.status, 400) << wrong.part;
    EXPECT_THAT(response.failure, HasSubstr("`distance`"));
    EXPECT_THAT(response.failure, HasSubstr(wrong.part));
  }
  // One column is missing.
  std::string request;
  pbf_writer message(request);
  message.add_string(1, "flights");
  add_tensor(message, "carrier", "BYTES", [](pbf_writer& c) {
    c.add_bytes(8, "AA");
    c.add_bytes(8, "UA");
  });
  EXPECT_THAT(call(kInfer, request).failure, HasSubstr("`distance`"));
}

TEST_F(GrpcInferTest, RawContentsAreOneForEachTensor) {
  std::string request = raw_request();
  pbf_writer(request).add_bytes(7, "more");
  EXPECT_THAT(call(kInfer, request).failure, HasSubstr("5 inputs and 6 raw_input_contents"));
  request = typed_request();
  pbf_writer message(request);
  for (int i = 0; i < 5; ++i) message.add_bytes(7, "12345678");
  EXPECT_THAT(call(kInfer, request).failure, HasSubstr("contents, and raw contents too"));
}

TEST_F(GrpcInferTest, ModelsAndVersionsAreThoseThatServe) {
  EXPECT_EQ(call(kInfer, typed_request("flight")).status, 404);
  EXPECT_EQ(call(kInfer, typed_request("flights", "1")).status, 404);
  const std::string version = models_.get()->version();
  EXPECT_EQ(call(kInfer, typed_request("flights", version)).status, 200);
  const auto is_ready = [&](const std::string& name) {
    std::string message;
    pbf_writer(message).add_string(1, name);
    const HttpResponse response = call("/inference.GRPCInferenceService/ModelReady", message);
    EXPECT_EQ(response.status, 200);
    return !response.body.empty();
  };
  EXPECT_TRUE(is_ready("flights"));
  EXPECT_FALSE(is_ready("flight"));
  EXPECT_EQ(call("/inference.GRPCInferenceService/ModelInfers", "").status, 501);
  EXPECT_EQ(call("/other.Service/ModelInfer", "").status, 501);
  EXPECT_EQ(call("/grpc.health.v1.Health/Check", "").body, std::string("\x08\x01"));
  models_.set(nullptr);
  EXPECT_EQ(call("/grpc.health.v1.Health/Check", "").body, std::string("\x08\x02"));
  EXPECT_EQ(call(kInfer, typed_request()).status, 503);
}

TEST_F(GrpcInferTest, AnswersWhateverIsSent) {
  std::mt19937 random(5);
  int fine = 0;
  for (int round = 0; round < 2'000; ++round) {
    std::string message = round % 2 == 0 ? typed_request() : raw_request();
    for (int change = 0; change <= round % 3; ++change) {
      const size_t place = random() % message.size();
      if (random() % 3 == 0) {
        message.resize(place);
        if (message.empty()) break;
      } else {
        message[place] = static_cast<char>(random());
      }
    }
    const HttpResponse response = call(kInfer, message);
    EXPECT_TRUE(response.status == 200 || response.status == 400 || response.status == 404 ||
                response.status == 413)
        << response.status << " " << response.failure;
    if (response.status == 200) ++fine;
  }
  EXPECT_LT(fine, 1'000);
}

}  // namespace
}  // namespace millgate
