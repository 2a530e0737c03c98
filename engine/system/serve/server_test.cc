#include "system/serve/server.h"

#include <arpa/inet.h>
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gmock/gmock.h>
#include <parquet/arrow/reader.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "ground/json.h"
#include "system/serve/client.h"
#include "system/serve/http_listener.h"
#include "system/serve/latency_probe.h"
#include "system/serve/test_model.h"

namespace millgate {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string row_json(const Block& rows, size_t row) {
  Json json;
  json["carrier"] = rows.columns[0].texts[row];
  json["distance"] = rows.columns[1].numbers[row];
  json["flight"] = rows.columns[2].integers[row];
  json["rainy"] = rows.columns[3].integers[row] != 0;
  json["time_hour"] = to_string(Time{rows.columns[4].integers[row]});
  return dump_json(json);
}

/// A socket without any knowledge of HTTP.
class RawSocket {
 public:
  explicit RawSocket(uint16_t port) : number_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    void* pointer = &address;
    connected_ = ::connect(number_, static_cast<sockaddr*>(pointer), sizeof address) == 0;
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(number_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~RawSocket() { ::close(number_); }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  void send(const std::string& bytes) const {
    static_cast<void>(::send(number_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  void end_sending() const { ::shutdown(number_, SHUT_WR); }
  /// Everything until the server closes.
  std::string receive_all() const {
    std::string all;
    char bytes[4096];
    ssize_t count = 0;
    while ((count = ::recv(number_, bytes, sizeof bytes, 0)) > 0) {
      all.append(bytes, static_cast<size_t>(count));
    }
    return count == 0 ? all : all + "<no end>";
  }
  /// Until `text` has come.
  std::string receive_until(const std::string& text) const {
    std::string all;
    char byte = 0;
    while (all.find(text) == std::string::npos && ::recv(number_, &byte, 1, 0) == 1) all += byte;
    return all;
  }

 private:
  int number_;
  bool connected_ = false;
};

std::string post_text(const std::string& body, const std::string& headers = "") {
  return "POST /predict HTTP/1.1\r\nHost: x\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class ServerTest : public ::testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    options.reload_every = milliseconds(5);
    if (options.threads == 0) options.threads = 2;
    auto started = Server::start(project_.repository, options);
    ASSERT_TRUE(started.ok()) << started.error().what;
    server_ = *std::move(started);
  }
  void release_and_start(const ServerOptions& options = {}) {
    model_ = project_.model();
    project_.release_model(model_->id());
    start(options);
  }
  HttpClient client() const { return *HttpClient::open(server_->url()); }
  std::set<std::string> logged_ids() const {
    std::set<std::string> ids;
    const std::string folder = project_.repository->folder("predictions");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      const auto file = arrow::io::ReadableFile::Open(entry.path().string()).ValueOrDie();
      const auto reader = parquet::arrow::OpenFile(file, arrow::default_memory_pool()).ValueOrDie();
      const std::shared_ptr<arrow::Table> table = reader->ReadTable().ValueOrDie();
      for (const auto& chunk : table->GetColumnByName("prediction_id")->chunks()) {
        const auto& texts = dynamic_cast<const arrow::StringArray&>(*chunk);
        for (int64_t i = 0; i < texts.length(); ++i) ids.insert(texts.GetString(i));
      }
    }
    return ids;
  }
  /// Until `wanted` says so, at most ten seconds.
  template <typename Wanted>
  static bool wait_until(const Wanted& wanted) {
    for (int i = 0; i < 2'000; ++i) {
      if (wanted()) return true;
      std::this_thread::sleep_for(milliseconds(5));
    }
    return false;
  }

  ServedProject project_;
  std::shared_ptr<const Model> model_;
  Block rows_ = test_rows(200);
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersEqualBatchPredictionsBitByBit) {
  release_and_start();
  std::vector<Prediction> batch;
  Model::Scratch scratch;
  ASSERT_TRUE(model_->predict(rows_, batch, scratch).ok());
  HttpClient http = client();
  for (size_t row = 0; row < rows_.rows; ++row) {
    const auto answer = http.post("/predict", row_json(rows_, row));
    ASSERT_TRUE(answer.ok()) << answer.error().what;
    ASSERT_EQ(answer->status, 200) << answer->body;
    const Json json = *parse_json(answer->body, "answer");
    EXPECT_EQ(json["probability"].get<double>(), batch[row].value);
    EXPECT_EQ(json["decision"].get<bool>(), batch[row].decision);
  }
}

TEST_F(ServerTest, FollowsTheLedgerFromNothingOn) {
  start();
  HttpClient http = client();
  EXPECT_EQ(http.get("/health/ready")->status, 503);
  EXPECT_THAT(http.get("/v2/health/ready")->body, HasSubstr("nothing is released"));
  EXPECT_EQ(http.post("/predict", row_json(rows_, 0))->status, 503);
  const Id id = project_.model()->id();
  project_.release_model(id);
  EXPECT_TRUE(wait_until([&] { return http.get("/health/ready")->status == 200; }));
  EXPECT_THAT(server_->serving_text(), HasSubstr(id.brief()));
  EXPECT_EQ(http.post("/predict", row_json(rows_, 0))->status, 200);
}

TEST_F(ServerTest, AModelThatCannotBeLoadedDoesNotReplaceOneThatServes) {
  release_and_start();
  HttpClient http = client();
  project_.release_model(hash_of("no such object"));
  EXPECT_TRUE(wait_until([&] {
    return http.get("/health/ready")->body.find("cannot be loaded") != std::string::npos;
  }));
  EXPECT_EQ(http.post("/predict", row_json(rows_, 0))->status, 200);
  ASSERT_TRUE(
      roll_back(project_.repository->ledger(), {.to = model_->id(), .reason = "damaged"}, "ann")
          .ok());
  EXPECT_TRUE(wait_until([&] {
    return http.get("/health/ready")->body.find("cannot be loaded") == std::string::npos;
  }));
}

TEST_F(ServerTest, SwapsModelsUnderLoadWithoutALostRequest) {
  release_and_start();
  const Id first = model_->id();
  const Id second = project_.model({.intercept = 2})->id();
  std::atomic<bool> ending{false};
  std::atomic<int> answered{0};
  std::mutex mutex;
  std::set<std::string> failures, versions, ids;
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&, i] {
      HttpClient http = client();
      for (size_t row = static_cast<size_t>(i); !ending; row = (row + 1) % rows_.rows) {
        const auto answer = http.post("/predict", row_json(rows_, row));
        const std::scoped_lock lock(mutex);
        if (!answer.ok() || answer->status != 200) {
          failures.insert(answer.ok() ? answer->body : answer.error().what);
          continue;
        }
        const Json json = *parse_json(answer->body, "answer");
        versions.insert(json["model"].get<std::string>());
        ids.insert(json["prediction_id"].get<std::string>());
        ++answered;
      }
    });
  }
  project_.release_model(second);
  EXPECT_TRUE(wait_until([&] { return server_->serving_text().ends_with(second.brief()); }));
  for (int i = 0; i < 10; ++i) {
    const int before = answered;
    const Id to = i % 2 == 0 ? first : second;
    ASSERT_TRUE(roll_back(project_.repository->ledger(), {.to = to, .reason = "try"}, "ann").ok());
    EXPECT_TRUE(wait_until(
        [&] { return server_->serving_text().ends_with(to.brief()) && answered > before + 20; }));
  }
  ending = true;
  for (std::thread& thread : clients) thread.join();
  server_->stop();
  EXPECT_TRUE(failures.empty()) << *failures.begin();
  EXPECT_EQ(versions, (std::set<std::string>{first.brief(), second.brief()}));
  EXPECT_EQ(ids.size(), static_cast<size_t>(answered));
  EXPECT_EQ(logged_ids(), ids);
}

TEST_F(ServerTest, GoesBackWhenItIsAskedTo) {
  release_and_start();
  const Id first = model_->id();
  const Id second = project_.model({.intercept = 2})->id();
  project_.release_model(second);
  ASSERT_TRUE(wait_until([&] { return server_->serving_text().ends_with(second.brief()); }));
  HttpClient http = client();
  const auto answer = http.post("/rollback", R"({"reason":"complaints","by":"ann"})");
  ASSERT_TRUE(answer.ok()) << answer.error().what;
  EXPECT_EQ(answer->status, 200) << answer->body;
  EXPECT_THAT(answer->body, HasSubstr(first.hex()));
  EXPECT_TRUE(wait_until([&] { return server_->serving_text().ends_with(first.brief()); }));
  EXPECT_THAT(http.get("/health/ready")->body, HasSubstr("ann (HTTP)"));
  EXPECT_EQ(http.post("/rollback", R"({"reason":"again","by":"ann"})")->status, 404);
  EXPECT_EQ(http.get("/rollback")->status, 405);
  const HttpClient::Headers through_proxy = {{"X-Forwarded-For", "10.0.0.1"}};
  EXPECT_EQ(http.post("/rollback", R"({"reason":"x","by":"eve"})", through_proxy)->status, 403);
}

TEST_F(ServerTest, AnswersMalformedRequests) {
  release_and_start();
  const std::vector<std::pair<std::string, std::string>> requests = {
      {"nonsense\r\n\r\n", " 400 "},
      {"GET / HTTP/9.9\r\n\r\n", " 505 "},
      {"GET / HTTP/1.1\r\nBad Header: 1\r\n\r\n", " 400 "},
      {"POST /predict HTTP/1.1\r\nContent-Length: abc\r\n\r\n", " 400 "},
      {"POST /predict HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", " 400 "},
      {"POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", " 400 "},
      {std::string("\0\1\2\3\r\n\r\n", 8), " 400 "},
  };
  for (const auto& [request, status] : requests) {
    const RawSocket socket(server_->port());
    socket.send(request);
    const std::string answer = socket.receive_all();
    EXPECT_THAT(answer, HasSubstr(status)) << request;
    EXPECT_THAT(answer, HasSubstr("{\"error\":")) << request;
    EXPECT_THAT(answer, HasSubstr("Connection: close")) << request;
  }
  EXPECT_EQ(client().post("/predict", row_json(rows_, 0))->status, 200);
}

TEST_F(ServerTest, BoundsHeadersAndBodies) {
  release_and_start({.body_bytes_max = 2'000, .header_bytes_max = 1'000});
  const RawSocket header(server_->port());
  header.send("GET /health/live HTTP/1.1\r\nX-Long: " + std::string(5'000, 'x') + "\r\n\r\n");
  EXPECT_THAT(header.receive_all(), HasSubstr(" 431 "));
  const RawSocket body(server_->port());
  body.send(post_text(std::string(100'000, ' ')));
  EXPECT_THAT(body.receive_all(), HasSubstr(" 413 "));
  const RawSocket chunked(server_->port());
  chunked.send("POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 5; ++i) chunked.send("200\r\n" + std::string(512, ' ') + "\r\n");
  EXPECT_THAT(chunked.receive_all(), HasSubstr(" 413 "));
  EXPECT_EQ(client().post("/predict", row_json(rows_, 0))->status, 200);
}

TEST_F(ServerTest, DoesNotWaitForSlowClients) {
  release_and_start({.header_timeout = milliseconds(150),
                     .body_timeout = milliseconds(150),
                     .idle_timeout = milliseconds(150)});
  const RawSocket slow_header(server_->port());
  slow_header.send("POST /predict HT");
  EXPECT_THAT(slow_header.receive_all(), HasSubstr(" 408 "));
  const RawSocket slow_body(server_->port());
  slow_body.send("POST /predict HTTP/1.1\r\nContent-Length: 50\r\n\r\n{");
  EXPECT_THAT(slow_body.receive_all(), HasSubstr(" 408 "));
  const RawSocket drips(server_->port());
  std::thread dripping([&] {
    for (int i = 0; i < 40; ++i) {
      drips.send("X");
      std::this_thread::sleep_for(milliseconds(20));
    }
  });
  EXPECT_THAT(drips.receive_all(), AnyOf(HasSubstr(" 408 "), HasSubstr(" 400 ")));
  dripping.join();
  const RawSocket idle(server_->port());
  EXPECT_EQ(idle.receive_all(), "");
}

TEST_F(ServerTest, AnswersClientsThatStopSending) {
  release_and_start();
  const RawSocket whole(server_->port());
  whole.send(post_text(row_json(rows_, 0)));
  whole.end_sending();
  EXPECT_THAT(whole.receive_all(), HasSubstr("\"probability\""));
  const RawSocket half(server_->port());
  half.send("POST /predict HTTP/1.1\r\nContent-Length: 50\r\n\r\n{");
  half.end_sending();
  EXPECT_THAT(half.receive_all(), HasSubstr("ends in the middle"));
}

TEST_F(ServerTest, PipelinesAndKeepsConnections) {
  release_and_start();
  const RawSocket socket(server_->port());
  const std::string one = post_text(row_json(rows_, 1), "X-Request-Id: one\r\n");
  const std::string two = post_text(row_json(rows_, 2), "X-Request-Id: two\r\n");
  const std::string last =
      "GET /health/live HTTP/1.1\r\nX-Request-Id: last\r\nConnection: close\r\n\r\n";
  socket.send(one + two.substr(0, 50));
  std::this_thread::sleep_for(milliseconds(20));
  socket.send(two.substr(50) + last);
  const std::string all = socket.receive_all();
  const size_t at_one = all.find("X-Request-Id: one");
  const size_t at_two = all.find("X-Request-Id: two");
  const size_t at_last = all.find("X-Request-Id: last");
  ASSERT_NE(at_last, std::string::npos) << all;
  EXPECT_LT(at_one, at_two);
  EXPECT_LT(at_two, at_last);
}

TEST_F(ServerTest, SpeaksHttp10AndChunksAndContinue) {
  release_and_start();
  const RawSocket old(server_->port());
  old.send("GET /health/live HTTP/1.0\r\n\r\n");
  EXPECT_THAT(old.receive_all(), HasSubstr("{\"live\":true}"));
  const RawSocket chunked(server_->port());
  const std::string body = row_json(rows_, 0);
  char size[16];
  std::snprintf(size, sizeof size, "%zx", body.size());
  chunked.send("POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" +
               std::string(size) + "\r\n" + body + "\r\n0\r\n\r\n");
  EXPECT_THAT(chunked.receive_all(), HasSubstr("\"probability\""));
  const RawSocket polite(server_->port());
  const std::string text = post_text(body, "Expect: 100-continue\r\nConnection: close\r\n");
  polite.send(text.substr(0, text.size() - body.size()));
  EXPECT_THAT(polite.receive_until("\r\n\r\n"), HasSubstr("100 Continue"));
  polite.send(body);
  EXPECT_THAT(polite.receive_all(), HasSubstr("\"probability\""));
}

TEST_F(ServerTest, BoundsConnectionsAndRequests) {
  release_and_start({.connections_max = 2});
  HttpClient one = client(), two = client();
  ASSERT_EQ(one.get("/health/live")->status, 200);
  ASSERT_EQ(two.get("/health/live")->status, 200);
  const RawSocket third(server_->port());
  const std::string answer = third.receive_all();
  EXPECT_THAT(answer, HasSubstr(" 503 "));
  EXPECT_THAT(answer, HasSubstr("Retry-After: 1"));
  server_->stop();

  start({.requests_max = 1});
  const RawSocket busy(server_->port());
  // Told to go on, it is counted: nobody else's request can take its place.
  busy.send("POST /predict HTTP/1.1\r\nContent-Length: 50\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(busy.receive_until("\r\n\r\n"), HasSubstr("100 Continue"));
  EXPECT_EQ(client().get("/health/live")->status, 429);
}

TEST_F(ServerTest, StopFinishesWhatItAccepted) {
  release_and_start();
  const std::string text = post_text(row_json(rows_, 0));
  const RawSocket half_sent(server_->port());
  half_sent.send(text.substr(0, text.size() - 5));
  const RawSocket idle(server_->port());
  idle.send("GET /health/live HTTP/1.1\r\n\r\n");
  idle.receive_until("true}");
  std::thread stopping([&] { server_->stop(); });
  std::this_thread::sleep_for(milliseconds(100));
  half_sent.send(text.substr(text.size() - 5));
  const std::string answer = half_sent.receive_all();
  EXPECT_THAT(answer, HasSubstr("\"probability\""));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  EXPECT_EQ(idle.receive_all(), "");
  stopping.join();
  EXPECT_FALSE(client().get("/health/live").ok());
  EXPECT_EQ(logged_ids().size(), 1U);
  server_->stop();
}

TEST_F(ServerTest, StopDoesNotWaitForever) {
  release_and_start({.stop_timeout = milliseconds(200)});
  const RawSocket never(server_->port());
  never.send("POST /predict HTTP/1.1\r\nContent-Length: 50\r\n\r\n{");
  std::this_thread::sleep_for(milliseconds(50));
  const auto begin = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(3'000));
}

TEST_F(ServerTest, StopUnderLoadLosesNoAnswer) {
  release_and_start();
  std::mutex mutex;
  std::set<std::string> ids;
  std::vector<std::thread> clients;
  std::atomic<int> answered{0};
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      HttpClient http = client();
      while (true) {
        const auto answer = http.post("/predict", row_json(rows_, 3));
        if (!answer.ok()) {
          // Cut off between requests, never in an answer.
          EXPECT_THAT(answer.error().what, Not(HasSubstr("in the middle")));
          return;
        }
        const std::scoped_lock lock(mutex);
        ids.insert((*parse_json(answer->body, "answer"))["prediction_id"].get<std::string>());
        ++answered;
      }
    });
  }
  EXPECT_TRUE(wait_until([&] { return answered > 200; }));
  server_->stop();
  for (std::thread& thread : clients) thread.join();
  const std::set<std::string> logged = logged_ids();
  for (const std::string& id : ids) EXPECT_EQ(logged.count(id), 1U) << id;
}

/// A listener whose answers wait until they are let go.
class SlowListener {
 public:
  explicit SlowListener(int slow_requests_max) {
    ServerOptions options;
    options.slow_requests_max = slow_requests_max;
    const auto answer = [this](const HttpRequest&) {
      ++answered_;
      while (!let_go_) std::this_thread::sleep_for(milliseconds(1));
      HttpResponse response;
      response.body = "{}";
      return response;
    };
    listener_ = *HttpListener::start(
        options, {.answer = answer, .is_slow = [](const HttpRequest&) { return true; }}, telemetry);
  }
  ~SlowListener() { let_go_ = true; }
  [[nodiscard]] uint16_t port() const { return listener_->port(); }
  void let_go() { let_go_ = true; }
  [[nodiscard]] int answered() const { return answered_; }

  Telemetry telemetry;

 private:
  std::atomic<bool> let_go_{false};
  std::atomic<int> answered_{0};
  std::unique_ptr<HttpListener> listener_;
};

TEST_F(ServerTest, RefusesEarlyWhatWouldWaitLong) {
  SlowListener slow(2);
  const RawSocket first(slow.port());
  first.send(post_text("{}"));
  ASSERT_TRUE(wait_until([&] { return slow.answered() == 1; }));
  const RawSocket second(slow.port());
  second.send(post_text("{}"));
  ASSERT_TRUE(wait_until([&] { return slow.telemetry.slow_requests == 2; }));
  const RawSocket third(slow.port());
  third.send(post_text("{}"));
  EXPECT_THAT(third.receive_until("}"),
              AllOf(HasSubstr(" 429 "), HasSubstr("\r\nRetry-After: 1\r\n"),
                    HasSubstr("at its bound of 2 requests that take long")));
  slow.let_go();
  EXPECT_THAT(first.receive_until("{}"), HasSubstr(" 200 "));
  EXPECT_THAT(second.receive_until("{}"), HasSubstr(" 200 "));
  third.send(post_text("{}"));
  EXPECT_THAT(third.receive_until("{}"), HasSubstr(" 200 "));
  EXPECT_EQ(slow.telemetry.slow_requests, 0);
}

TEST_F(ServerTest, DoesNothingForWhoHasGivenUp) {
  SlowListener slow(8);
  const RawSocket first(slow.port());
  first.send(post_text("{}"));
  ASSERT_TRUE(wait_until([&] { return slow.answered() == 1; }));
  const RawSocket brief(slow.port());
  brief.send(post_text("{}", "X-Request-Timeout: 20ms\r\n"));
  const RawSocket patient(slow.port());
  patient.send(post_text("{}", "X-Request-Timeout: 1h\r\n"));
  ASSERT_TRUE(wait_until([&] { return slow.telemetry.slow_requests == 3; }));
  std::this_thread::sleep_for(milliseconds(30));
  slow.let_go();
  EXPECT_THAT(brief.receive_until("}"), HasSubstr(" 504 "));
  EXPECT_THAT(patient.receive_until("{}"), HasSubstr(" 200 "));
  EXPECT_EQ(slow.answered(), 2);
}

TEST_F(ServerTest, CountsPatienceFromTheFirstByte) {
  release_and_start();
  const std::string row = row_json(rows_, 0);
  const RawSocket slow(server_->port());
  const std::string text = post_text(row, "X-Request-Timeout: 50ms\r\n");
  slow.send(text.substr(0, 20));
  std::this_thread::sleep_for(milliseconds(80));
  slow.send(text.substr(20));
  EXPECT_THAT(slow.receive_until("}"), HasSubstr(" 504 "));
  slow.send(post_text(row, "X-Request-Timeout: 1h\r\n"));
  EXPECT_THAT(slow.receive_until("}"), HasSubstr(" 200 "));
  slow.send(post_text(row, "X-Request-Timeout: soon\r\n"));
  EXPECT_THAT(slow.receive_until("}"), HasSubstr(" 400 "));
}

TEST_F(ServerTest, RefusesAddressesThatItCannotUse) {
  EXPECT_EQ(Server::start(project_.repository, {.address = "nowhere"}).error().code,
            ErrorCode::invalid_input);
  start();
  const auto taken = Server::start(project_.repository, {.port = server_->port()});
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().code, ErrorCode::outside);
  EXPECT_THAT(taken.error().what, HasSubstr(std::to_string(server_->port())));
}

TEST_F(ServerTest, ListensAtASocketThatWasHandedOver) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  void* const pointer = &address;
  ASSERT_EQ(::bind(socket, static_cast<sockaddr*>(pointer), sizeof address), 0);
  const auto refused = Server::start(project_.repository, {.listening_socket = ::dup(socket)});
  ASSERT_FALSE(refused.ok()) << "it does not listen yet";
  EXPECT_THAT(refused.error().what, HasSubstr("no listening TCP socket"));
  ASSERT_EQ(::listen(socket, 16), 0);
  release_and_start({.listening_socket = ::dup(socket)});
  const uint16_t port = server_->port();
  EXPECT_EQ(client().get("/health/live")->status, 200);
  server_->stop();
  // Nobody serves, but the socket lives: who connects waits for the next server.
  const RawSocket waiting(port);
  ASSERT_TRUE(waiting.connected());
  waiting.send("GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  start({.listening_socket = ::dup(socket)});
  EXPECT_THAT(waiting.receive_all(), HasSubstr("200 OK"));
  ::close(socket);
}

TEST_F(ServerTest, FeedbackIsKept) {
  release_and_start();
  EXPECT_EQ(client().post("/feedback", R"([{"prediction_id":"a","label":1}])")->status, 200);
  const std::string folder = project_.repository->folder("feedback");
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  EXPECT_EQ(files, 1);
}

TEST(HttpClientTest, NamesWhatIsWrong) {
  for (const std::string url :
       {"ftp://x", "x:80", "https://", "http://", "http://x:", "http://x:99999a"}) {
    EXPECT_EQ(HttpClient::open(url).error().code, ErrorCode::invalid_input) << url;
  }
  HttpClient nobody = *HttpClient::open("http://127.0.0.1:1", milliseconds(500));
  EXPECT_EQ(nobody.get("/").error().code, ErrorCode::outside);
}

TEST_F(ServerTest, TheClientConnectsAgain) {
  release_and_start({.idle_timeout = milliseconds(40)});
  HttpClient http = client();
  ASSERT_EQ(http.get("/health/live")->status, 200);
  std::this_thread::sleep_for(milliseconds(200));
  const auto answer = http.get("/health/live");
  ASSERT_TRUE(answer.ok()) << answer.error().what;
  EXPECT_EQ(answer->status, 200);
}

TEST_F(ServerTest, MeasuresLatency) {
  release_and_start();
  const LatencyProbeOptions load{.requests = 200,
                                 .warm_up = 20,
                                 .connections = 3,
                                 .throughput_seconds = 0.1,
                                 .powercap = project_.folder.path("no-powercap")};
  const auto began = std::chrono::steady_clock::now();
  const auto probe = measure_latency(server_->url(), *model_, rows_, load);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  ASSERT_TRUE(probe.ok()) << probe.error().what;
  const std::vector<Evidence>& evidence = probe->evidence;
  ASSERT_EQ(evidence.size(), 3U);
  EXPECT_EQ(evidence[0].metric, "latency_ms_p50");
  EXPECT_EQ(evidence[0].data, "loopback HTTP");
  EXPECT_EQ(evidence[0].row_count, 200);
  EXPECT_GT(evidence[0].value, 0);
  EXPECT_GE(evidence[1].value, evidence[0].value);
  EXPECT_EQ(evidence[2].metric, "throughput_per_s");
  EXPECT_THAT(evidence[2].note, HasSubstr("3 connections"));
  // What was counted was answered: beside it one request a connection, and those in turn.
  const auto asked = static_cast<double>(evidence[2].row_count);
  EXPECT_THAT(client().get("/metrics")->body,
              HasSubstr("millgate_predictions_total " +
                        std::to_string(evidence[2].row_count + 3 + 220) + "\n"));
  EXPECT_GE(evidence[2].value, asked / took.count());
  EXPECT_LE(evidence[2].value, asked / load.throughput_seconds);
  ASSERT_EQ(probe->unmeasured.size(), 1U);
  EXPECT_EQ(probe->unmeasured[0].metric, "energy_joules_per_1000");
  EXPECT_THAT(probe->unmeasured[0].why, HasSubstr("this machine does not tell"));
  EXPECT_EQ(measure_latency(server_->url(), *model_, Block()).error().code,
            ErrorCode::invalid_input);
}

TEST_F(ServerTest, MeasuresEnergyWhereTheMachineTellsIt) {
  release_and_start();
  const std::string folder = project_.folder.path("powercap/intel-rapl:0");
  ASSERT_TRUE(write_file(folder + "/name", "package-0\n").ok());
  ASSERT_TRUE(write_file(folder + "/max_energy_range_uj", "262143328850\n").ok());
  // Whole at any moment, and not synced: that takes as long as all requests where a disk is busy.
  const auto count = [&](int joules) {
    std::ofstream(folder + "/next") << joules << "000000\n";
    std::filesystem::rename(folder + "/next", folder + "/energy_uj");
  };
  count(0);
  // A joule every few milliseconds, until everything is answered. The counter does not run over:
  // seen only before and after, a whole number of rounds would look like none.
  std::atomic<bool> is_over = false;
  int used = 0;
  std::thread machine([&] {
    while (!is_over) {
      count(++used);
      std::this_thread::sleep_for(milliseconds(2));
    }
  });
  const auto probe = measure_latency(server_->url(), *model_, rows_,
                                     {.requests = 2'000,
                                      .warm_up = 500,
                                      .throughput_seconds = 0.05,
                                      .powercap = project_.folder.path("powercap")});
  is_over = true;
  machine.join();
  ASSERT_TRUE(probe.ok()) << probe.error().what;
  EXPECT_TRUE(probe->unmeasured.empty());
  ASSERT_EQ(probe->evidence.size(), 4U);
  const Evidence& energy = probe->evidence[3];
  EXPECT_EQ(energy.metric, "energy_joules_per_1000");
  EXPECT_EQ(energy.row_count, 2'500);
  EXPECT_GT(energy.value, 0);
  EXPECT_LE(energy.value, used * 1000.0 / 2'500);
}

}  // namespace
}  // namespace millgate
