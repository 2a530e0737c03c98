#include "ground/s3_file_store.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "ground/curl_library.h"
#include "ground/id.h"
#include "ground/store_name.h"

namespace millgate {

namespace {

constexpr int kTries = 3;

struct CloseHandle {
  void operator()(CURL* handle) const { curl().easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, CloseHandle>;

struct FreeList {
  void operator()(curl_slist* list) const { curl().slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

struct Response {
  long status = 0;
  std::string body;
  uint64_t length = 0;  ///< Content-Length, for HEAD.
};

struct Request {
  std::string method;
  std::string name;  ///< In the bucket; empty: the bucket itself.
  std::vector<std::pair<std::string, std::string>> query = {};
  std::map<std::string, std::string> headers = {};
  std::string_view payload = {};
};

size_t take_body(char* bytes, size_t size, size_t count, void* into) {
  static_cast<std::string*>(into)->append(bytes, size * count);
  return size * count;
}

struct Upload {
  std::string_view rest;
};

size_t give_body(char* into, size_t size, size_t count, void* from) {
  auto& upload = *static_cast<Upload*>(from);
  const size_t given = std::min(size * count, upload.rest.size());
  std::copy_n(upload.rest.data(), given, into);
  upload.rest.remove_prefix(given);
  return given;
}

/// The text of the first element `tag` from `from` on; nothing at the end.
std::optional<std::string> element(std::string_view xml, const std::string& tag, size_t& from) {
  const size_t begin = xml.find("<" + tag + ">", from);
  if (begin == std::string_view::npos) return std::nullopt;
  const size_t text = begin + tag.size() + 2;
  const size_t end = xml.find("</" + tag + ">", text);
  if (end == std::string_view::npos) return std::nullopt;
  from = end;
  std::string value(xml.substr(text, end - text));
  for (const auto& [escape, c] :
       {std::pair{"&lt;", "<"}, std::pair{"&gt;", ">"}, std::pair{"&quot;", "\""},
        std::pair{"&apos;", "'"}, std::pair{"&amp;", "&"}}) {
    for (size_t at = value.find(escape); at != std::string::npos; at = value.find(escape, at + 1)) {
      value.replace(at, std::string_view(escape).size(), c);
    }
  }
  return value;
}

class S3FileStore final : public FileStore {
 public:
  explicit S3FileStore(S3Place place) : place_(std::move(place)) {
    const size_t scheme = place_.endpoint.find("://");
    host_ = place_.endpoint.substr(scheme == std::string::npos ? 0 : scheme + 3);
  }

  Status write(const std::string& name, std::string_view bytes) override {
    MILLGATE_TRY(check_store_name(name));
    MILLGATE_ASSIGN(const Response response,
                    send({.method = "PUT", .name = full(name), .payload = bytes}));
    return response.status < 300 ? Status() : Status(failure("write", name, response));
  }

  Status create(const std::string& name, std::string_view bytes) override {
    MILLGATE_TRY(check_store_name(name));
    MILLGATE_ASSIGN(const Response response, send({.method = "PUT",
                                                   .name = full(name),
                                                   .headers = {{"if-none-match", "*"}},
                                                   .payload = bytes}));
    if (response.status == 409 || response.status == 412) return exists_already(name);
    return response.status < 300 ? Status() : Status(failure("write", name, response));
  }

  Status adopt(const std::string& local_path, const std::string& name) override {
    MILLGATE_ASSIGN(const std::string bytes, read_file(local_path));
    MILLGATE_TRY(write(name, bytes));
    if (std::remove(local_path.c_str()) != 0) {
      return outside_failure("cannot remove `" + local_path + "`");
    }
    return {};
  }

  Result<std::string> read(const std::string& name) const override {
    MILLGATE_TRY(check_store_name(name));
    MILLGATE_ASSIGN(Response response, send({.method = "GET", .name = full(name)}));
    if (response.status >= 300) return failure("read", name, response);
    return std::move(response.body);
  }

  bool exists(const std::string& name) const override { return size_bytes(name).ok(); }

  Result<uint64_t> size_bytes(const std::string& name) const override {
    MILLGATE_TRY(check_store_name(name));
    MILLGATE_ASSIGN(const Response response, send({.method = "HEAD", .name = full(name)}));
    if (response.status >= 300) return failure("read", name, response);
    return response.length;
  }

  Result<std::vector<std::string>> list(const std::string& prefix) const override {
    std::vector<std::string> names;
    std::string token;
    do {
      Request request{
          .method = "GET", .name = "", .query = {{"list-type", "2"}, {"prefix", full(prefix)}}};
      if (!token.empty()) request.query.emplace_back("continuation-token", token);
      MILLGATE_ASSIGN(const Response response, send(request));
      if (response.status >= 300) return failure("list", prefix, response);
      size_t at = 0;
      while (const auto key = element(response.body, "Key", at)) {
        names.push_back(key->substr(full("").size()));
      }
      at = 0;
      token = element(response.body, "NextContinuationToken", at).value_or("");
    } while (!token.empty());
    std::sort(names.begin(), names.end());
    return names;
  }

  Status remove(const std::string& name) override {
    MILLGATE_TRY(size_bytes(name));  // S3 itself does not tell whether there was one.
    MILLGATE_ASSIGN(const Response response, send({.method = "DELETE", .name = full(name)}));
    return response.status < 300 ? Status() : Status(failure("remove", name, response));
  }

  Status mark_fresh(const std::string& name) override {
    MILLGATE_TRY(size_bytes(name));
    return {};
  }

  std::string local_path(const std::string&) const override { return {}; }

 private:
  [[nodiscard]] std::string full(const std::string& name) const {
    return place_.prefix.empty() ? name : place_.prefix + "/" + name;
  }

  [[nodiscard]] std::string shown(const std::string& name) const {
    return "s3://" + place_.bucket + "/" + full(name);
  }

  Error failure(const std::string& action, const std::string& name,
                const Response& response) const {
    size_t at = 0;
    const std::string code = element(response.body, "Code", at).value_or("");
    Error error =
        outside_failure("cannot " + action + " `" + shown(name) + "`: the server says " +
                        std::to_string(response.status) + (code.empty() ? "" : " " + code));
    if (response.status == 404 && code != "NoSuchBucket") error.code = ErrorCode::not_found;
    if (response.status == 404 && code == "NoSuchBucket") {
      error.hint = "make the bucket `" + place_.bucket + "` first";
    }
    if (response.status == 403) {
      error.hint = "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the clock of this machine";
    }
    return error;
  }

  Error exists_already(const std::string& name) const {
    return Error{.code = ErrorCode::conflict, .what = "`" + shown(name) + "` exists already"};
  }

  /// Sends until it is answered, three times at most.
  Result<Response> send(const Request& request) const {
    MILLGATE_TRY(load_curl());
    for (int attempt = 1;; ++attempt) {
      Handle handle = take_handle();
      auto response = send_once(handle.get(), request);
      give_back(std::move(handle));
      const bool again = !response.ok() || response->status >= 500 || response->status == 429;
      if (!again || attempt == kTries) return response;
      std::this_thread::sleep_for(std::chrono::milliseconds(200 << attempt));
    }
  }

  Result<Response> send_once(CURL* handle, const Request& request) const {
    const std::string path =
        "/" + place_.bucket + (request.name.empty() ? "" : "/" + uri_encoded(request.name, true));
    const AwsRequest signing{.method = request.method,
                             .host = host_,
                             .path = path,
                             .query = request.query,
                             .headers = request.headers,
                             .payload_sha256 = hash_of(request.payload).hex()};
    // The server judges the signature by the time of the machine, not by that of the project.
    const Time now{std::chrono::duration_cast<std::chrono::microseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count()};
    HeaderList headers;
    for (const auto& [name, value] : signed_headers(signing, place_.key, now)) {
      headers.reset(curl().slist_append(headers.release(), (name + ": " + value).c_str()));
    }
    headers.reset(curl().slist_append(headers.release(), "Expect:"));
    const std::string query = encoded_query(request.query);
    const std::string url = place_.endpoint + path + (query.empty() ? "" : "?" + query);
    Response response;
    Upload upload{.rest = request.payload};
    curl().easy_reset(handle);
    curl().easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl().easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl().easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    curl().easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl().easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, 10L);
    curl().easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl().easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, 60L);
    curl().easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl().easy_setopt(handle, CURLOPT_WRITEDATA, &response.body);
    if (request.method == "HEAD") {
      curl().easy_setopt(handle, CURLOPT_NOBODY, 1L);
    } else if (request.method == "PUT") {
      curl().easy_setopt(handle, CURLOPT_UPLOAD, 1L);
      curl().easy_setopt(handle, CURLOPT_READFUNCTION, give_body);
      curl().easy_setopt(handle, CURLOPT_READDATA, &upload);
      curl().easy_setopt(handle, CURLOPT_INFILESIZE_LARGE,
                         static_cast<curl_off_t>(request.payload.size()));
    } else {
      curl().easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    const CURLcode code = curl().easy_perform(handle);
    if (code != CURLE_OK) {
      return outside_failure(
          "cannot reach `" + place_.endpoint + "`: " + curl().easy_strerror(code),
          "check the address and whether the server runs");
    }
    curl().easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &response.status);
    curl_off_t length = 0;
    curl().easy_getinfo(handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    response.length = static_cast<uint64_t>(std::max<curl_off_t>(length, 0));
    return response;
  }

  /// Handles keep their connections open, so they are used again.
  Handle take_handle() const {
    const std::scoped_lock lock(mutex_);
    if (idle_.empty()) return Handle(curl().easy_init());
    Handle handle = std::move(idle_.back());
    idle_.pop_back();
    return handle;
  }

  void give_back(Handle handle) const {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(handle));
  }

  const S3Place place_;
  std::string host_;
  mutable std::mutex mutex_;
  mutable std::vector<Handle> idle_;
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::shared_ptr<FileStore> make_s3_file_store(S3Place place) {
  return std::make_shared<S3FileStore>(std::move(place));
}

Result<S3Place> parse_s3_place(const std::string& url) {
  constexpr std::string_view kScheme = "s3://";
  S3Place place;
  std::string rest = url.starts_with(kScheme) ? url.substr(kScheme.size()) : "";
  while (rest.ends_with('/')) rest.pop_back();
  const size_t slash = rest.find('/');
  place.bucket = rest.substr(0, slash);
  if (slash != std::string::npos) place.prefix = rest.substr(slash + 1);
  if (place.bucket.empty()) {
    return invalid_input("`" + url + "` names no bucket",
                         "write s3://BUCKET or s3://BUCKET/FOLDER");
  }
  place.key.id = environment("AWS_ACCESS_KEY_ID");
  place.key.secret = environment("AWS_SECRET_ACCESS_KEY");
  place.key.session_token = environment("AWS_SESSION_TOKEN");
  if (const std::string region = environment("AWS_REGION"); !region.empty()) {
    place.key.region = region;
  }
  if (place.key.id.empty() || place.key.secret.empty()) {
    return invalid_input("`" + url + "` cannot be reached without a key",
                         "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  }
  place.endpoint = environment("AWS_ENDPOINT_URL");
  while (place.endpoint.ends_with('/')) place.endpoint.pop_back();
  if (place.endpoint.empty()) {
    place.endpoint = "https://s3." + place.key.region + ".amazonaws.com";
  }
  return place;
}

}  // namespace millgate
