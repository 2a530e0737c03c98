#include "ground/http_call.h"

#include <algorithm>
#include <memory>

#include "ground/curl_library.h"

namespace millgate {

namespace {

struct CurlEnd {
  void operator()(CURL* handle) const { curl().easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl().slist_free_all(list); }
};

/// What is kept of an answer, and how much of it.
struct Kept {
  std::string body;
  size_t bytes_max = 0;
};

size_t take_answer(char* bytes, size_t size, size_t count, void* into) {
  auto& kept = *static_cast<Kept*>(into);
  const size_t room = kept.bytes_max - kept.body.size();
  kept.body.append(bytes, std::min(room, size * count));
  return size * count;
}

}  // namespace

Result<HttpReply> http_call(const HttpCall& call) {
  MILLGATE_TRY(load_curl());
  const std::unique_ptr<CURL, CurlEnd> handle(curl().easy_init());
  if (handle == nullptr) return outside_failure("libcurl cannot start");
  std::unique_ptr<curl_slist, CurlEnd> list;
  const auto add = [&](const std::string& line) {
    curl_slist* const longer = curl().slist_append(list.get(), line.c_str());
    if (longer == nullptr) return;
    (void)list.release();
    list.reset(longer);
  };
  for (const auto& [name, value] : call.headers) add(name + ": " + value);
  // No question before the body.
  add("Expect:");
  CURL* const sending = handle.get();
  curl().easy_setopt(sending, CURLOPT_URL, call.url.c_str());
  curl().easy_setopt(sending, CURLOPT_PROTOCOLS_STR, "http,https");
  curl().easy_setopt(sending, CURLOPT_NOSIGNAL, 1L);
  curl().easy_setopt(sending, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(call.timeout.count()));  // NOLINT(google-runtime-int)
  Kept kept{.body = {}, .bytes_max = call.answer_bytes_max};
  curl().easy_setopt(sending, CURLOPT_WRITEFUNCTION, &take_answer);
  curl().easy_setopt(sending, CURLOPT_WRITEDATA, &kept);
  curl().easy_setopt(sending, CURLOPT_HTTPHEADER, list.get());
  if (!call.body.empty()) {
    curl().easy_setopt(sending, CURLOPT_POSTFIELDS, call.body.data());
    curl().easy_setopt(sending, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(call.body.size()));
  }
  const CURLcode code = curl().easy_perform(sending);
  if (code != CURLE_OK) return outside_failure(curl().easy_strerror(code));
  long status = 0;  // NOLINT(google-runtime-int): libcurl's type.
  curl().easy_getinfo(sending, CURLINFO_RESPONSE_CODE, &status);
  return HttpReply{.status = static_cast<int>(status), .body = std::move(kept.body)};
}

}  // namespace millgate
