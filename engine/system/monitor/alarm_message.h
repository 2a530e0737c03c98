/// Alarms as other programs take them: JSON, CloudEvents, Slack, Alertmanager, e-mail.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system/monitor/incident.h"

namespace millgate {

enum class AlarmFormat : uint8_t {
  json,          ///< {"project": ..., "alarms": [...]}, each as `millgate alarms --json` has it.
  cloudevents,   ///< A batch of CloudEvents 1.0, one an alarm.
  slack,         ///< {"text": ...}: Slack's incoming webhooks, and those that understand them.
  alertmanager,  ///< Alerts of Prometheus' Alertmanager, API v2.
  email,         ///< A plain message (RFC 5322).
};
/// Nothing when there is no such format.
[[nodiscard]] std::optional<AlarmFormat> parse_alarm_format(std::string_view name);

/// What goes over the wire.
struct AlarmMessage {
  std::string content_type;
  std::string body;
};

/// Whom an e-mail is from and for; other formats ignore it.
struct MailAddresses {
  std::string from;
  std::vector<std::string> to;
};

/// `alarms`, at least one, of `project`, in their order. Lines of a mail end in CR LF, and no text
/// of an alarm can add a header. Same alarms, same bytes.
[[nodiscard]] AlarmMessage alarm_message(AlarmFormat format, const std::string& project,
                                         const std::vector<Incident>& alarms,
                                         const MailAddresses& mail);

}  // namespace millgate
