#include "ground/http_post.h"

#include <memory>

#include "ground/curl_library.h"

namespace millgate {

namespace {

struct CurlEnd {
  void operator()(CURL* handle) const { curl().easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl().slist_free_all(list); }
};

/// What a receiver answers is of no use, and may be large.
size_t drop_answer(char* /*bytes*/, size_t size, size_t count, void* /*unused*/) {
  return size * count;
}

}  // namespace

Result<int> http_post(const HttpPost& post) {
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
  for (const auto& [name, value] : post.headers) add(name + ": " + value);
  // No question before the body.
  add("Expect:");
  CURL* const sending = handle.get();
  curl().easy_setopt(sending, CURLOPT_URL, post.url.c_str());
  curl().easy_setopt(sending, CURLOPT_PROTOCOLS_STR, "http,https");
  curl().easy_setopt(sending, CURLOPT_NOSIGNAL, 1L);
  curl().easy_setopt(sending, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(post.timeout.count()));  // NOLINT(google-runtime-int)
  curl().easy_setopt(sending, CURLOPT_WRITEFUNCTION, &drop_answer);
  curl().easy_setopt(sending, CURLOPT_HTTPHEADER, list.get());
  curl().easy_setopt(sending, CURLOPT_POSTFIELDS, post.body.data());
  curl().easy_setopt(sending, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(post.body.size()));
  const CURLcode code = curl().easy_perform(sending);
  if (code != CURLE_OK) return outside_failure(curl().easy_strerror(code));
  long status = 0;  // NOLINT(google-runtime-int): libcurl's type.
  curl().easy_getinfo(sending, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

}  // namespace millgate
