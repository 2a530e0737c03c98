#include "model/release/drill.h"

#include "ground/json.h"

namespace millgate {

namespace {

constexpr const char* kDrillKind = "drill";

}  // namespace

Status record_drill(Ledger& ledger, const Drill& drill, const std::string& author) {
  const Json body = {{"what", "rollback"},
                     {"from", drill.from.hex()},
                     {"to", drill.to.hex()},
                     {"seconds", drill.seconds},
                     {"request_count", drill.request_count},
                     {"failed_count", drill.failed_count}};
  const auto event = ledger.append(
      {.kind = kDrillKind, .subject = drill.to.hex(), .author = author, .body = dump_json(body)});
  return event.ok() ? Status() : Status(event.error());
}

Result<std::optional<Drill>> newest_drill(const Ledger& ledger) {
  MILLGATE_ASSIGN(const std::optional<Event> event, ledger.newest(kDrillKind));
  if (!event) return std::optional<Drill>();
  const std::string object = "event " + std::to_string(event->number) + " (drill)";
  Drill drill;
  drill.time = event->time;
  drill.by = event->author;
  MILLGATE_ASSIGN(const Json body, parse_json(event->body, object));
  MILLGATE_ASSIGN(const auto from, json_member<std::string>(body, "from", object));
  MILLGATE_ASSIGN(const auto to, json_member<std::string>(body, "to", object));
  MILLGATE_ASSIGN(drill.from, Id::parse(from));
  MILLGATE_ASSIGN(drill.to, Id::parse(to));
  MILLGATE_ASSIGN(drill.seconds, json_member<double>(body, "seconds", object));
  MILLGATE_ASSIGN(drill.request_count, json_member<int64_t>(body, "request_count", object));
  MILLGATE_ASSIGN(drill.failed_count, json_member<int64_t>(body, "failed_count", object));
  return std::make_optional(drill);
}

}  // namespace millgate
