#include "model/release/practice.h"

#include "ground/json.h"

namespace millgate {

namespace {

constexpr const char* kPracticeKind = "practice";

}  // namespace

Status record_practice(Ledger& ledger, const Practice& practice, const std::string& author) {
  const Json body = {{"subject", practice.subject},
                     {"passed", practice.passed},
                     {"detail", practice.detail},
                     {"automated", practice.automated}};
  const auto event = ledger.append(
      {.kind = kPracticeKind, .subject = practice.name, .author = author, .body = dump_json(body)});
  return event.ok() ? Status() : Status(event.error());
}

Result<std::vector<Practice>> practices(const Ledger& ledger, const std::string& name) {
  MILLGATE_ASSIGN(const std::vector<Event> events, ledger.events(0, kPracticeKind, name));
  std::vector<Practice> found;
  for (const Event& event : events) {
    const std::string object = "event " + std::to_string(event.number) + " (practice)";
    Practice one{.name = event.subject, .subject = {}, .detail = {}};
    one.event = event.number;
    one.time = event.time;
    one.by = event.author;
    MILLGATE_ASSIGN(const Json body, parse_json(event.body, object));
    MILLGATE_ASSIGN(one.subject, json_member<std::string>(body, "subject", object));
    MILLGATE_ASSIGN(one.passed, json_member<bool>(body, "passed", object));
    MILLGATE_ASSIGN(one.detail, json_member<std::string>(body, "detail", object));
    MILLGATE_ASSIGN(one.automated, json_member<bool>(body, "automated", object));
    found.push_back(std::move(one));
  }
  return found;
}

}  // namespace millgate
