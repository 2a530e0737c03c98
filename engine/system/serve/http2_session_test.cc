#include "system/serve/http2_session.h"

#include <gmock/gmock.h>
#include <nghttp2/nghttp2.h>

#include <array>
#include <random>
#include <set>

namespace millgate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Http2Limits kLimits = {
    .header_bytes_max = 2'000, .body_bytes_max = 100'000, .held_bytes_max = 250'000};

/// What a client got on one stream.
struct Got {
  std::map<std::string, std::string> headers;
  std::string body;
  bool is_reset = false;
  bool is_closed = false;
};

/// nghttp2 as client, joined to the session of the server without a socket.
class Http2SessionTest : public testing::Test {
 protected:
  Http2SessionTest() {
    nghttp2_session_callbacks* callbacks = nullptr;
    ::nghttp2_session_callbacks_new(&callbacks);
    ::nghttp2_session_callbacks_set_on_header_callback(
        callbacks, [](nghttp2_session* /*session*/, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t /*flags*/,
                      void* user) {
          got(user, frame->hd.stream_id).headers[text(name, name_size)] = text(value, value_size);
          return 0;
        });
    ::nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks, [](nghttp2_session* /*session*/, uint8_t /*flags*/, int32_t id,
                      const uint8_t* bytes, size_t size, void* user) {
          got(user, id).body += text(bytes, size);
          return 0;
        });
    ::nghttp2_session_callbacks_set_on_frame_recv_callback(
        callbacks, [](nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
          auto& test = *static_cast<Http2SessionTest*>(user);
          if (frame->hd.type == NGHTTP2_GOAWAY) test.has_goaway_ = true;
          if (frame->hd.type == NGHTTP2_RST_STREAM) {
            test.got_[frame->hd.stream_id].is_reset = true;
          }
          return 0;
        });
    ::nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session* /*session*/, int32_t id, uint32_t /*code*/, void* user) {
          got(user, id).is_closed = true;
          return 0;
        });
    ::nghttp2_session_client_new(&client_, callbacks, this);
    ::nghttp2_session_callbacks_del(callbacks);
    ::nghttp2_submit_settings(client_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Http2SessionTest() override { ::nghttp2_session_del(client_); }

  static std::string text(const uint8_t* bytes, size_t size) { return {bytes, bytes + size}; }
  static Got& got(void* user, int32_t id) { return static_cast<Http2SessionTest*>(user)->got_[id]; }

  using Headers = std::vector<std::pair<std::string, std::string>>;
  /// Submits a request; the test's `sent_` keeps its body.
  int32_t ask(const std::string& method, const std::string& path, std::string body = {},
              const Headers& more = {}) {
    Headers headers = {
        {":method", method}, {":scheme", "http"}, {":authority", "here:1"}, {":path", path}};
    headers.insert(headers.end(), more.begin(), more.end());
    std::vector<nghttp2_nv> list;
    for (auto& [name, value] : headers) {
      list.push_back({bytes(name), bytes(value), name.size(), value.size(), 0});
    }
    sent_.push_back(std::make_unique<std::string>(std::move(body)));
    nghttp2_data_provider data{
        {.ptr = sent_.back().get()},
        [](nghttp2_session* /*session*/, int32_t /*id*/, uint8_t* out, size_t size, uint32_t* flags,
           nghttp2_data_source* source, void* /*user*/) -> ssize_t {
          auto& rest = *static_cast<std::string*>(source->ptr);
          const size_t count = std::min(size, rest.size());
          std::copy_n(rest.begin(), count, out);
          rest.erase(0, count);
          if (rest.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
          return static_cast<ssize_t>(count);
        }};
    return ::nghttp2_submit_request(client_, nullptr, list.data(), list.size(),
                                    sent_.back()->empty() ? nullptr : &data, nullptr);
  }
  static uint8_t* bytes(std::string& text) {
    return reinterpret_cast<uint8_t*>(text.data());  // NOLINT(*-reinterpret-cast)
  }

  /// Carries bytes between both until neither has any. False when the server gives up.
  bool carry(Http2Session& server) {
    for (bool is_moving = true; is_moving;) {
      is_moving = false;
      const uint8_t* out = nullptr;
      for (ssize_t size = 0; (size = ::nghttp2_session_mem_send(client_, &out)) > 0;) {
        is_moving = true;
        if (!server.feed({reinterpret_cast<const char*>(out),  // NOLINT(*-reinterpret-cast)
                          static_cast<size_t>(size)})) {
          return false;
        }
      }
      std::string back;
      server.take_output(back, 10'000);
      if (back.empty()) continue;
      is_moving = true;
      EXPECT_EQ(::nghttp2_session_mem_recv(client_, bytes(back), back.size()), std::ssize(back));
    }
    return true;
  }

  nghttp2_session* client_ = nullptr;
  std::map<int32_t, Got> got_;
  bool has_goaway_ = false;
  std::vector<std::unique_ptr<std::string>> sent_;
};

HttpResponse with_body(std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  return response;
}

/// Answers with what was asked.
HttpResponse echo(const Http2Request& request) {
  const HttpRequest view = request.view();
  HttpResponse response;
  response.body = std::string(view.method) + " " + std::string(view.target) + " " +
                  std::string(view.host) + " " + std::string(view.body);
  response.request_id = view.request_id;
  return response;
}

/// A server that answers at once.
struct EchoServer {
  Http2Session session;
  explicit EchoServer(const Http2Limits& limits = kLimits)
      : session(limits, [this](int32_t stream, const std::shared_ptr<const Http2Request>& request) {
          session.respond(stream, echo(*request));
        }) {}
};

TEST_F(Http2SessionTest, AnswersManyRequestsAtOnce) {
  EchoServer server;
  std::vector<int32_t> streams;
  for (int i = 0; i < 50; ++i) {
    streams.push_back(ask("POST", "/predict?n=" + std::to_string(i), "body " + std::to_string(i),
                          {{"x-request-id", "r" + std::to_string(i)}}));
  }
  ASSERT_TRUE(carry(server.session));
  for (int i = 0; i < 50; ++i) {
    const Got& got = got_.at(streams[static_cast<size_t>(i)]);
    const std::string number = std::to_string(i);
    EXPECT_EQ(got.body, "POST /predict?n=" + number + " here:1 body " + number);
    EXPECT_EQ(got.headers.at(":status"), "200");
    EXPECT_EQ(got.headers.at("x-request-id"), "r" + number);
    EXPECT_EQ(got.headers.at("content-length"), std::to_string(got.body.size()));
    EXPECT_TRUE(got.is_closed);
  }
  EXPECT_EQ(server.session.open_requests(), 0U);
}

TEST_F(Http2SessionTest, CarriesBodiesLargerThanEveryWindow) {
  EchoServer server(
      {.header_bytes_max = 2'000, .body_bytes_max = 9'000'000, .held_bytes_max = 20'000'000});
  std::string body;
  for (int i = 0; body.size() < 5'000'000; ++i) body += std::to_string(i) + ",";
  const int32_t stream = ask("POST", "/", body);
  ASSERT_TRUE(carry(server.session));
  EXPECT_EQ(got_.at(stream).body, "POST / here:1 " + body);
}

TEST_F(Http2SessionTest, GrpcGetsItsStatusInTheTrailer) {
  Http2Session* session = nullptr;
  Http2Session server(
      kLimits, [&](int32_t stream, const std::shared_ptr<const Http2Request>& request) {
        EXPECT_TRUE(request->view().is_grpc);
        if (request->view().target == "/a/Good") {
          HttpResponse response;
          response.body = "message";
          return session->respond(stream, std::move(response));
        }
        session->respond(stream, error_response(404, not_found("no `x` here", "100 % sure")));
      });
  session = &server;
  const Headers type = {{"content-type", "application/grpc+proto"}};
  const int32_t good = ask("POST", "/a/Good", "b", type);
  const int32_t bad = ask("POST", "/a/Bad", "b", type);
  ASSERT_TRUE(carry(server));
  EXPECT_EQ(got_.at(good).body, std::string("\0\0\0\0\7message", 12));
  EXPECT_EQ(got_.at(good).headers.at("grpc-status"), "0");
  EXPECT_EQ(got_.at(bad).headers.at(":status"), "200");
  EXPECT_EQ(got_.at(bad).headers.at("grpc-status"), "5");
  EXPECT_EQ(got_.at(bad).headers.at("grpc-message"), "no `x` here; 100 %25 sure");
  EXPECT_EQ(got_.at(bad).body, "");
}

TEST_F(Http2SessionTest, RefusesWhatIsOutOfBoundsAndGoesOn) {
  EchoServer server;
  std::vector<int> refused;
  server.session.on_refuse = [&](const HttpResponse& response) {
    refused.push_back(response.status);
  };
  const int32_t long_body = ask("POST", "/", std::string(150'000, 'x'));
  const int32_t endless = ask("POST", "/", std::string(250'000, 'x'));
  const int32_t long_header = ask("GET", "/", "", {{"x-long", std::string(2'000, 'y')}});
  const int32_t fine = ask("GET", "/fine");
  ASSERT_TRUE(carry(server.session));
  EXPECT_EQ(got_[long_body].headers[":status"], "413");
  EXPECT_TRUE(got_[long_body].is_closed);
  EXPECT_FALSE(got_[long_body].is_reset);
  EXPECT_EQ(got_[endless].headers[":status"], "413");
  EXPECT_TRUE(got_[endless].is_reset);
  EXPECT_EQ(got_[long_header].headers[":status"], "431");
  EXPECT_EQ(got_[fine].body, "GET /fine here:1 ");
  EXPECT_THAT(refused, testing::UnorderedElementsAre(413, 413, 431));
}

TEST_F(Http2SessionTest, BoundsWhatAllRequestsHold) {
  std::vector<int32_t> taken;
  Http2Session server(kLimits,
                      [&](int32_t stream, const auto& /*request*/) { taken.push_back(stream); });
  std::vector<int32_t> streams;
  for (int i = 0; i < 4; ++i) streams.push_back(ask("POST", "/", std::string(90'000, 'x')));
  ASSERT_TRUE(carry(server));
  EXPECT_EQ(taken.size(), 2U);
  int refused = 0;
  for (const int32_t stream : streams) {
    if (got_.count(stream) > 0 && got_[stream].headers[":status"] == "429") ++refused;
  }
  EXPECT_EQ(refused, 2);
  // What is answered holds nothing any more.
  for (const int32_t stream : taken) server.respond(stream, with_body("{}"));
  ASSERT_TRUE(carry(server));
  taken.clear();
  const int32_t again = ask("POST", "/", std::string(90'000, 'x'));
  ASSERT_TRUE(carry(server));
  EXPECT_THAT(taken, ElementsAre(again));
}

TEST_F(Http2SessionTest, AnswersNobodyWhoHasGone) {
  std::shared_ptr<const Http2Request> held;
  int32_t open = 0;
  Http2Session server(kLimits, [&](int32_t stream, std::shared_ptr<const Http2Request> request) {
    open = stream;
    held = std::move(request);
  });
  const int32_t stream = ask("POST", "/slow", "abc");
  ASSERT_TRUE(carry(server));
  ASSERT_EQ(open, stream);
  ::nghttp2_submit_rst_stream(client_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
  ASSERT_TRUE(carry(server));
  EXPECT_EQ(server.open_requests(), 0U);
  // Whoever works on it may still look at it.
  EXPECT_EQ(held->view().body, "abc");
  server.respond(open, with_body("late"));
  ASSERT_TRUE(carry(server));
  EXPECT_EQ(got_[stream].body, "");
}

TEST_F(Http2SessionTest, EndsWhenWhatHasBegunIsAnswered) {
  int32_t open = 0;
  Http2Session server(kLimits, [&](int32_t stream, const auto& /*request*/) { open = stream; });
  const int32_t first = ask("GET", "/first");
  ASSERT_TRUE(carry(server));
  server.end();
  ASSERT_TRUE(carry(server));
  EXPECT_TRUE(has_goaway_);
  EXPECT_FALSE(server.is_done());
  server.respond(open, with_body("done"));
  ASSERT_TRUE(carry(server));
  EXPECT_EQ(got_.at(first).body, "done");
  EXPECT_TRUE(server.is_done());
}

TEST_F(Http2SessionTest, RefusesRequestsThatDoNotBecomeWhole) {
  EchoServer server;
  // A body that never comes: its provider waits.
  nghttp2_data_provider never{
      {.ptr = nullptr},
      [](nghttp2_session* /*session*/, int32_t /*id*/, uint8_t* /*out*/, size_t /*size*/,
         uint32_t* /*flags*/, nghttp2_data_source* /*source*/,
         void* /*user*/) -> ssize_t { return NGHTTP2_ERR_DEFERRED; }};
  std::array<std::string, 8> texts = {":method", "POST",     ":scheme",    "http",
                                      ":path",   "/predict", ":authority", "x"};
  std::vector<nghttp2_nv> list;
  for (size_t i = 0; i < texts.size(); i += 2) {
    list.push_back({bytes(texts[i]), bytes(texts[i + 1]), texts[i].size(), texts[i + 1].size(), 0});
  }
  const int32_t stream =
      ::nghttp2_submit_request(client_, nullptr, list.data(), list.size(), &never, nullptr);
  ASSERT_TRUE(carry(server.session));
  const auto now = std::chrono::steady_clock::now();
  server.session.refuse_slow(now - std::chrono::hours(1));
  ASSERT_TRUE(carry(server.session));
  EXPECT_EQ(got_.count(stream), 0U);
  server.session.refuse_slow(now + std::chrono::hours(1));
  ASSERT_TRUE(carry(server.session));
  EXPECT_EQ(got_.at(stream).headers.at(":status"), "408");
  server.session.refuse_slow(now + std::chrono::hours(1));
  ASSERT_TRUE(carry(server.session));
  EXPECT_TRUE(got_.at(stream).is_reset);
  EXPECT_EQ(server.session.open_requests(), 0U);
}

TEST_F(Http2SessionTest, SurvivesWhateverIsSent) {
  // A conversation that is right, with bytes changed, cut out or put in.
  EchoServer model;
  ask("POST", "/predict", std::string(5'000, 'b'), {{"content-type", "application/grpc"}});
  ask("GET", "/v2", "", {{"x-request-id", "1"}});
  std::string right;
  const uint8_t* out = nullptr;
  for (ssize_t size = 0; (size = ::nghttp2_session_mem_send(client_, &out)) > 0;) {
    right += text(out, static_cast<size_t>(size));
  }
  ASSERT_TRUE(model.session.feed(right));
  std::mt19937 random(11);
  int broken = 0;
  for (int round = 0; round < 3'000; ++round) {
    std::string sent = right;
    for (int change = 0; change < 1 + round % 4; ++change) {
      const size_t place = random() % sent.size();
      const auto byte = static_cast<char>(random());
      if (random() % 3 == 0) {
        sent.erase(place, 1);
      } else if (random() % 2 == 0) {
        sent.insert(place, 1, byte);
      } else {
        sent[place] = byte;
      }
    }
    EchoServer server;
    if (!server.session.feed(sent)) ++broken;
    std::string back;
    server.session.take_output(back, 1'000'000);
    EXPECT_LT(back.size(), 100'000U);
  }
  EXPECT_GT(broken, 0);
}

}  // namespace
}  // namespace millgate
