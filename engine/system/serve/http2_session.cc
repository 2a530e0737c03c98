#include "system/serve/http2_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>

#include "system/serve/grpc_message.h"
#include "system/serve/http_header.h"

namespace millgate {

namespace {

/// What may be on its way of one body, and of all of a connection, before it is taken.
constexpr int32_t kStreamWindow = 1 << 20;
constexpr int32_t kConnectionWindow = 4 << 20;

std::string_view text_of(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};  // NOLINT(*-reinterpret-cast)
}

char small_letter(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

std::string small_letters(std::string_view text) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(), small_letter);
  return small;
}

/// Headers as nghttp2 takes them, which copies them. HTTP/2 has names in small letters only.
class HeaderList {
 public:
  void add(std::string_view name, std::string_view value) {
    texts_.emplace_back(small_letters(name), std::string(value));
  }
  [[nodiscard]] std::vector<nghttp2_nv> get() {
    std::vector<nghttp2_nv> list;
    list.reserve(texts_.size());
    const auto bytes = [](std::string& text) {
      return reinterpret_cast<uint8_t*>(text.data());  // NOLINT(*-reinterpret-cast)
    };
    for (auto& [name, value] : texts_) {
      list.push_back({bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    return list;
  }

 private:
  std::vector<std::pair<std::string, std::string>> texts_;
};

}  // namespace

std::string_view Http2Request::header(std::string_view name) const {
  const auto is_same = [](char stored, char asked) { return stored == small_letter(asked); };
  for (const auto& [stored, value] : headers_) {
    if (std::equal(stored.begin(), stored.end(), name.begin(), name.end(), is_same)) return value;
  }
  return {};
}

bool Http2Request::is_grpc() const {
  constexpr std::string_view kType = "application/grpc";
  const std::string_view type = header("content-type");
  return type.starts_with(kType) &&
         (type.size() == kType.size() || type[kType.size()] == '+' || type[kType.size()] == ';');
}

HttpRequest Http2Request::view() const {
  HttpRequest request;
  request.method = header(":method");
  request.target = header(":path");
  request.body = body_;
  request.is_grpc = is_grpc();
  request.headers = this;
  request.find_header = [](const void* headers, std::string_view name) {
    return static_cast<const Http2Request*>(headers)->header(name);
  };
  take_headers(request);
  if (request.host.empty()) request.host = header(":authority");
  return request;
}

/// What nghttp2 calls. Each gives 0: nothing that a client sends ends more than its own request.
struct Http2Session::Callbacks {
  static Http2Session& self(void* user) { return *static_cast<Http2Session*>(user); }

  static int begin_headers(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    self(user).active_at_ = std::chrono::steady_clock::now();
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      self(user).streams_.try_emplace(frame->hd.stream_id);
    }
    return 0;
  }

  static int header(nghttp2_session* /*session*/, const nghttp2_frame* frame, const uint8_t* name,
                    size_t name_size, const uint8_t* value, size_t value_size, uint8_t /*flags*/,
                    void* user) {
    Http2Session& session = self(user);
    const auto found = session.streams_.find(frame->hd.stream_id);
    if (found == session.streams_.end() || found->second.is_answered) return 0;
    Stream& stream = found->second;
    // As SETTINGS_MAX_HEADER_LIST_SIZE counts them.
    stream.header_bytes += name_size + value_size + 32;
    if (stream.header_bytes > session.limits_.header_bytes_max) {
      session.refuse(found->first, 431,
                     invalid_input("the header is longer than " +
                                   std::to_string(session.limits_.header_bytes_max) + " bytes"));
      return 0;
    }
    stream.request->headers_.emplace_back(text_of(name, name_size), text_of(value, value_size));
    return 0;
  }

  static int data(nghttp2_session* /*session*/, uint8_t /*flags*/, int32_t id, const uint8_t* bytes,
                  size_t size, void* user) {
    Http2Session& session = self(user);
    session.active_at_ = std::chrono::steady_clock::now();
    const auto found = session.streams_.find(id);
    if (found == session.streams_.end()) return 0;
    if (found->second.is_answered) {
      found->second.dropped_bytes += size;
      session.end_endless(id, found->second);
      return 0;
    }
    std::string& body = found->second.request->body_;
    if (body.size() + size > session.limits_.body_bytes_max) {
      session.refuse(id, 413,
                     invalid_input("the body is longer than " +
                                       std::to_string(session.limits_.body_bytes_max) + " bytes",
                                   "send fewer rows in a request"));
      return 0;
    }
    if (session.held_bytes_ + size > session.limits_.held_bytes_max) {
      session.refuse_held(id);
      return 0;
    }
    body.append(text_of(bytes, size));
    session.held_bytes_ += size;
    return 0;
  }

  static int frame(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    const bool is_part = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!is_part || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    Http2Session& session = self(user);
    const auto found = session.streams_.find(frame->hd.stream_id);
    if (found == session.streams_.end()) return 0;
    Stream& stream = found->second;
    stream.is_whole = true;
    if (stream.is_answered) return 0;
    if (session.held_bytes_ > session.limits_.held_bytes_max) {
      session.refuse_held(found->first);
      return 0;
    }
    session.on_request_(found->first, stream.request);
    return 0;
  }

  static int sent(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    const bool is_part = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!is_part) return 0;
    Http2Session& session = self(user);
    session.active_at_ = std::chrono::steady_clock::now();
    const auto found = session.streams_.find(frame->hd.stream_id);
    if (found == session.streams_.end()) return 0;
    found->second.is_told = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    session.end_endless(found->first, found->second);
    return 0;
  }

  static int close(nghttp2_session* /*session*/, int32_t id, uint32_t /*code*/, void* user) {
    Http2Session& session = self(user);
    const auto found = session.streams_.find(id);
    if (found == session.streams_.end()) return 0;
    session.held_bytes_ -= found->second.request->body_.size() + found->second.data.size();
    session.streams_.erase(found);
    return 0;
  }

  static ssize_t read_body(nghttp2_session* session, int32_t id, uint8_t* out, size_t size,
                           uint32_t* flags, nghttp2_data_source* source, void* /*user*/) {
    Stream& stream = *static_cast<Stream*>(source->ptr);
    const size_t count = std::min(size, stream.data.size() - stream.sent);
    std::copy_n(stream.data.begin() + static_cast<ptrdiff_t>(stream.sent), count, out);
    stream.sent += count;
    if (stream.sent < stream.data.size()) return static_cast<ssize_t>(count);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (stream.request->is_grpc()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      HeaderList trailer;
      trailer.add("grpc-status", "0");
      const std::vector<nghttp2_nv> list = trailer.get();
      ::nghttp2_submit_trailer(session, id, list.data(), list.size());
    }
    return static_cast<ssize_t>(count);
  }
};

Http2Session::Http2Session(const Http2Limits& limits, OnRequest on_request)
    : limits_(limits), on_request_(std::move(on_request)) {
  nghttp2_session_callbacks* callbacks = nullptr;
  ::nghttp2_session_callbacks_new(&callbacks);
  ::nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Callbacks::begin_headers);
  ::nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::header);
  ::nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::data);
  ::nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::frame);
  ::nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, Callbacks::sent);
  ::nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::close);
  ::nghttp2_session_server_new(&session_, callbacks, this);
  ::nghttp2_session_callbacks_del(callbacks);
  const std::array<nghttp2_settings_entry, 3> settings = {
      {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits_.streams_max},
       {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<uint32_t>(kStreamWindow)},
       {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<uint32_t>(limits_.header_bytes_max)}}};
  ::nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  ::nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

Http2Session::~Http2Session() { ::nghttp2_session_del(session_); }

bool Http2Session::feed(std::string_view bytes) {
  const auto* const start = reinterpret_cast<const uint8_t*>(bytes.data());  // NOLINT
  const ssize_t taken = ::nghttp2_session_mem_recv(session_, start, bytes.size());
  return taken == static_cast<ssize_t>(bytes.size());
}

void Http2Session::refuse(int32_t stream, int status, const Error& error) {
  std::string& body = streams_.at(stream).request->body_;
  held_bytes_ -= body.size();
  body.clear();
  HttpResponse response = error_response(status, error);
  if (on_refuse) on_refuse(response);
  respond(stream, std::move(response));
}

void Http2Session::end_endless(int32_t stream, Stream& held) {
  // A client that is reset at once does not see the answer (curl), and a reset goes before it.
  if (!held.is_told || held.dropped_bytes <= limits_.body_bytes_max) return;
  held.dropped_bytes = 0;
  reset(stream);
}

void Http2Session::reset(int32_t stream) {
  ::nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_NO_ERROR);
}

void Http2Session::refuse_held(int32_t stream) {
  refuse(stream, 429,
         Error{.code = ErrorCode::overloaded,
               .what = "requests and answers of this connection hold more than " +
                       std::to_string(limits_.held_bytes_max) + " bytes",
               .hint = "take answers before you send more"});
}

void Http2Session::respond(int32_t stream, HttpResponse response) {
  const auto found = streams_.find(stream);
  if (found == streams_.end() || found->second.is_answered) return;
  Stream& held = found->second;
  held.is_answered = true;
  if (held.request->is_grpc()) {
    submit_grpc(stream, held, response);
  } else {
    submit(stream, held, std::move(response));
  }
  held_bytes_ += held.data.size();
}

void Http2Session::submit(int32_t stream, Stream& held, HttpResponse response) {
  HeaderList headers;
  headers.add(":status", std::to_string(response.status));
  each_header(response,
              [&](std::string_view name, std::string_view value) { headers.add(name, value); });
  if (held.request->header(":method") != "HEAD") held.data = std::move(response.body);
  nghttp2_data_provider body{{.ptr = &held}, Callbacks::read_body};
  const std::vector<nghttp2_nv> list = headers.get();
  ::nghttp2_submit_response(session_, stream, list.data(), list.size(),
                            held.data.empty() ? nullptr : &body);
}

void Http2Session::submit_grpc(int32_t stream, Stream& held, const HttpResponse& response) {
  HeaderList headers;
  headers.add(":status", "200");
  headers.add("content-type", "application/grpc");
  headers.add("grpc-accept-encoding", "identity");
  if (!response.request_id.empty()) headers.add("x-request-id", response.request_id);
  nghttp2_data_provider body{{.ptr = &held}, Callbacks::read_body};
  const bool is_fine = response.status == 200;
  if (is_fine) {
    held.data = grpc_body(response.body);
  } else {
    headers.add("grpc-status", std::to_string(grpc_status_of(response.status)));
    headers.add("grpc-message", grpc_percent_encoded(response.failure));
  }
  const std::vector<nghttp2_nv> list = headers.get();
  ::nghttp2_submit_response(session_, stream, list.data(), list.size(), is_fine ? &body : nullptr);
}

void Http2Session::take_output(std::string& out, size_t bytes_max) {
  const size_t begin = out.size();
  while (out.size() - begin < bytes_max) {
    const uint8_t* bytes = nullptr;
    const ssize_t size = ::nghttp2_session_mem_send(session_, &bytes);
    if (size <= 0) return;
    out.append(text_of(bytes, static_cast<size_t>(size)));
  }
}

void Http2Session::refuse_slow(std::chrono::steady_clock::time_point since) {
  for (auto& [id, stream] : streams_) {
    if (stream.is_whole || stream.request->begun() >= since) continue;
    if (stream.is_answered) {
      reset(id);
    } else {
      refuse(id, 408, invalid_input("the request did not come in time"));
    }
  }
}

void Http2Session::end() {
  ::nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                          ::nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                          nullptr, 0);
}

bool Http2Session::is_done() const {
  return ::nghttp2_session_want_read(session_) == 0 && ::nghttp2_session_want_write(session_) == 0;
}

}  // namespace millgate
