/// Sends a message about alarms: HTTP POST, or SMTP.
#pragma once

#include <string>
#include <vector>

#include "ground/error.h"
#include "ground/ledger.h"
#include "system/monitor/alarm_message.h"

namespace millgate {

struct DeliveryOptions {
  /// http, https, smtp or smtps. It may hold a secret (Slack's do; user:password@): it is never
  /// part of an error or of the ledger.
  std::string url = {};
  MailAddresses mail = {};          ///< For smtp.
  int tries = 4;                    ///< Of what may go away by itself.
  int64_t pause_millis = 500;       ///< Before the second try; doubles.
  int64_t timeout_millis = 10'000;  ///< Of one try.
};

/// Delivers. Tries again where the receiver cannot be reached, is busy (429) or at fault (5xx; 4xx
/// of SMTP). HTTP redirects are not followed: the message would go to somebody else.
/// Errors: `outside` with the host and what it answered; `invalid_input` for another scheme or a
/// mail without addresses.
[[nodiscard]] Status deliver(const AlarmMessage& message, const DeliveryOptions& options);

/// Those of `standings` that are open and were not sent to `url` yet, in their order.
/// Errors: those of the ledger; `damaged`.
[[nodiscard]] Result<std::vector<Incident>> undelivered(const Ledger& ledger,
                                                        const std::vector<Incident>& standings,
                                                        const std::string& url);

/// Records that `sent` were sent to `url`, which goes into the ledger as scheme, host and a hash.
[[nodiscard]] Status record_delivery(Ledger& ledger, const std::vector<Incident>& sent,
                                     const std::string& url, const std::string& author);

/// Scheme and host of `url`, for people: "https://hooks.slack.com". Empty when it is no URL.
[[nodiscard]] std::string shown_url(const std::string& url);

}  // namespace millgate
