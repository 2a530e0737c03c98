#include "data/store/forgotten.h"

#include <utility>

#include "ground/json.h"

namespace millgate {

Forgotten::Forgotten(std::vector<Entry> entries) : entries_(std::move(entries)) {
  for (size_t i = 0; i < entries_.size(); ++i) {
    const ForgetRecord& record = entries_[i].record;
    for (const auto& [before, after] : record.versions) {
      replaced_.insert_or_assign(before, after);
      made_by_.insert_or_assign(after, i);
    }
    removed_.insert(record.removed.begin(), record.removed.end());
  }
}

Result<Forgotten> Forgotten::load(const Ledger& ledger, const ObjectStore& objects) {
  std::vector<Entry> entries;
  MILLGATE_ASSIGN(const auto events, ledger.events(0, kForgetEvent));
  for (const Event& event : events) {
    const std::string object = "event " + std::to_string(event.number) + " of the ledger";
    MILLGATE_ASSIGN(const Json body, parse_json(event.body, object));
    MILLGATE_ASSIGN(const auto name, json_member<std::string>(body, "record", object));
    Entry entry{.id = {}, .event_number = event.number, .record = {}};
    MILLGATE_ASSIGN(entry.id, Id::parse(name));
    auto text = objects.get(entry.id);
    if (!text.ok()) {
      return std::move(text).error().inside(object + ": what it says was forgotten is unknown");
    }
    MILLGATE_ASSIGN(entry.record, parse_forget_record(*text, entry.id));
    entries.push_back(std::move(entry));
  }
  return Forgotten(std::move(entries));
}

Id Forgotten::current(const Id& version) const {
  Id at = version;
  // No longer than there are entries: each leads to a version with fewer rows.
  for (size_t step = 0; step <= replaced_.size(); ++step) {
    const auto next = replaced_.find(at);
    if (next == replaced_.end()) return at;
    at = next->second;
  }
  return at;
}

const Forgotten::Entry* Forgotten::rewriter_of(const Id& version) const {
  const auto found = made_by_.find(version);
  return found == made_by_.end() ? nullptr : &entries_[found->second];
}

}  // namespace millgate
