#include "system/monitor/alarm_delivery.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <set>
#include <string_view>
#include <thread>

#include "ground/curl_library.h"
#include "ground/http_call.h"
#include "ground/id.h"
#include "ground/json.h"

namespace millgate {
namespace {

constexpr const char* kKind = "alarm_delivery";

struct CurlCloser {
  void operator()(CURL* handle) const { curl().easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl().slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, CurlCloser>;
using List = std::unique_ptr<curl_slist, CurlCloser>;

/// How one try ended.
struct Outcome {
  bool is_done = false;
  bool may_pass = false;  ///< Worth another try.
  std::string what;
};

struct Upload {
  std::string_view rest;
};

size_t read_upload(char* buffer, size_t size, size_t count, void* upload) {
  auto& rest = static_cast<Upload*>(upload)->rest;
  const size_t taken = std::min(size * count, rest.size());
  std::memcpy(buffer, rest.data(), taken);
  rest.remove_prefix(taken);
  return taken;
}

std::string scheme_of(const std::string& url) {
  const size_t end = url.find("://");
  std::string scheme = end == std::string::npos ? "" : url.substr(0, end);
  std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return scheme;
}

bool is_mail(const std::string& url) {
  const std::string scheme = scheme_of(url);
  return scheme == "smtp" || scheme == "smtps";
}

/// Tries to send a mail.
Outcome try_mail(const AlarmMessage& message, const DeliveryOptions& options) {
  if (const Status loaded = load_curl(); !loaded.ok()) return {false, false, loaded.error().what};
  const Handle handle(curl().easy_init());
  if (handle == nullptr) return {false, false, "libcurl cannot start"};
  CURL* sending = handle.get();
  Upload upload{message.body};
  List list;
  for (const std::string& to : options.mail.to) {
    curl_slist* longer = curl().slist_append(list.get(), ("<" + to + ">").c_str());
    if (longer == nullptr) continue;
    (void)list.release();
    list.reset(longer);
  }
  const std::string from = "<" + options.mail.from + ">";
  curl().easy_setopt(sending, CURLOPT_URL, options.url.c_str());
  curl().easy_setopt(sending, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl().easy_setopt(sending, CURLOPT_NOSIGNAL, 1L);
  curl().easy_setopt(sending, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(options.timeout_millis));  // NOLINT
  curl().easy_setopt(sending, CURLOPT_MAIL_FROM, from.c_str());
  curl().easy_setopt(sending, CURLOPT_MAIL_RCPT, list.get());
  curl().easy_setopt(sending, CURLOPT_READFUNCTION, &read_upload);
  curl().easy_setopt(sending, CURLOPT_READDATA, &upload);
  curl().easy_setopt(sending, CURLOPT_UPLOAD, 1L);
  const CURLcode code = curl().easy_perform(sending);
  if (code == CURLE_OK) return {true, false, {}};
  long status = 0;  // NOLINT(google-runtime-int): libcurl's type.
  curl().easy_getinfo(sending, CURLINFO_RESPONSE_CODE, &status);
  return {false, status < 500,
          status == 0 ? curl().easy_strerror(code) : "it answered " + std::to_string(status)};
}

Outcome try_once(const AlarmMessage& message, const DeliveryOptions& options) {
  if (is_mail(options.url)) return try_mail(message, options);
  const Result<HttpReply> reply =
      http_call({.url = options.url,
                 .body = message.body,
                 .headers = {{"Content-Type", message.content_type}},
                 .timeout = std::chrono::milliseconds(options.timeout_millis)});
  if (!reply.ok()) return {false, true, reply.error().what};
  const int status = reply->status;
  if (status >= 200 && status < 300) return {true, false, {}};
  return {false, status == 429 || status >= 500, "it answered " + std::to_string(status)};
}

Status check(const DeliveryOptions& options) {
  const std::string scheme = scheme_of(options.url);
  if (scheme != "http" && scheme != "https" && scheme != "smtp" && scheme != "smtps") {
    return invalid_input("the address to send to is no http, https, smtp or smtps URL",
                         "for example https://hooks.example.org/alarms");
  }
  if (is_mail(options.url) && (options.mail.from.empty() || options.mail.to.empty())) {
    return invalid_input("a mail needs a sender and a receiver",
                         "give --mail-from ADDRESS and --mail-to ADDRESS");
  }
  return {};
}

/// What tells receivers apart in the ledger without giving away a secret in the URL.
std::string receiver_of(const std::string& url) { return hash_of(url).brief(); }

}  // namespace

Result<std::vector<Incident>> undelivered(const Ledger& ledger,
                                          const std::vector<Incident>& standings,
                                          const std::string& url) {
  MILLGATE_ASSIGN(const auto events, ledger.events(0, kKind));
  std::set<int64_t> sent;
  for (const Event& event : events) {
    const std::string object = "alarm delivery of event " + std::to_string(event.number);
    MILLGATE_ASSIGN(const Json body, parse_json(event.body, object));
    MILLGATE_ASSIGN(const auto receiver, json_member<std::string>(body, "receiver", object));
    if (receiver != receiver_of(url)) continue;
    MILLGATE_ASSIGN(const auto numbers, json_member<std::vector<int64_t>>(body, "alarms", object));
    sent.insert(numbers.begin(), numbers.end());
  }
  std::vector<Incident> left;
  for (const Incident& one : standings) {
    if (one.state == AlarmState::open && !sent.contains(one.number)) {
      left.push_back(one);
    }
  }
  return left;
}

Status record_delivery(Ledger& ledger, const std::vector<Incident>& sent, const std::string& url,
                       const std::string& author) {
  Json numbers = Json::array();
  for (const Incident& one : sent) numbers.push_back(one.number);
  const Json body = {{"to", shown_url(url)}, {"receiver", receiver_of(url)}, {"alarms", numbers}};
  const auto event = ledger.append(
      {.kind = kKind, .subject = shown_url(url), .author = author, .body = dump_json(body)});
  return event ? Status() : Status(event.error());
}

std::string shown_url(const std::string& url) {
  const size_t begin = url.find("://");
  if (begin == std::string::npos) return {};
  std::string host = url.substr(begin + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  const size_t at = host.rfind('@');
  if (at != std::string::npos) host = host.substr(at + 1);
  return url.substr(0, begin + 3) + host;
}

Status deliver(const AlarmMessage& message, const DeliveryOptions& options) {
  MILLGATE_TRY(check(options));
  Outcome outcome;
  int64_t pause_millis = options.pause_millis;
  int made = 0;
  while (made < options.tries) {
    outcome = try_once(message, options);
    ++made;
    if (outcome.is_done) return {};
    if (!outcome.may_pass || made == options.tries) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(pause_millis));
    pause_millis *= 2;
  }
  return Error{.code = ErrorCode::outside,
               .what = "the alarms could not be sent to " + shown_url(options.url) + ": " +
                       outcome.what + " (" + std::to_string(made) +
                       (made == 1 ? " try)" : " tries)"),
               .hint = "they stay open: send them again when it can be reached"};
}

}  // namespace millgate
