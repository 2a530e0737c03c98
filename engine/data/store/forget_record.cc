#include "data/store/forget_record.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "ground/durable_file.h"
#include "ground/format_version.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr const char* kFormat = "millgate forget";
constexpr int64_t kFormatVersion = 1;
constexpr size_t kSaltBytes = 16;

Json ids_json(const std::set<Id>& ids) {
  Json json = Json::array();
  for (const Id& id : ids) json.push_back(id.hex());
  return json;
}

Result<std::set<Id>> ids_member(const Json& json, const char* member, const std::string& object) {
  MILLGATE_ASSIGN(const auto texts, json_member<std::vector<std::string>>(json, member, object));
  std::set<Id> ids;
  for (const std::string& text : texts) {
    MILLGATE_ASSIGN(const Id id, Id::parse(text));
    ids.insert(id);
  }
  return ids;
}

}  // namespace

Id forgotten_row_hash(std::string_view salt, const std::vector<std::string>& texts) {
  Hasher hasher;
  hasher.add_field("millgate forget 1");
  hasher.add_field(salt);
  for (const std::string& text : texts) hasher.add_field(text);
  return hasher.finish();
}

Result<std::string> new_forget_salt() {
  constexpr const char* kDigits = "0123456789abcdef";
  std::array<unsigned char, kSaltBytes> bytes{};
  if (::getentropy(bytes.data(), bytes.size()) != 0) {
    return system_failure("get random bytes from", "the system", errno);
  }
  std::string salt;
  for (const unsigned char byte : bytes) {
    salt += kDigits[byte >> 4];
    salt += kDigits[byte & 15];
  }
  return salt;
}

std::string forget_record_text(const ForgetRecord& record) {
  Json versions = Json::object();
  for (const auto& [before, after] : record.versions) versions[before.hex()] = after.hex();
  return dump_json_pretty({{"format", kFormat},
                           {"version", kFormatVersion},
                           {"table", record.table},
                           {"columns", record.columns},
                           {"salt", record.salt},
                           {"rows", ids_json(record.rows)},
                           {"versions", versions},
                           {"removed", ids_json(record.removed)}}) +
         "\n";
}

Result<ForgetRecord> parse_forget_record(std::string_view text, const Id& id) {
  const std::string object = "forget record `" + id.brief() + "`";
  MILLGATE_ASSIGN(const Json json, parse_json(text, object));
  MILLGATE_TRY(read_format_version(json, kFormat, {.oldest = 1, .newest = kFormatVersion}, object));
  ForgetRecord record;
  MILLGATE_ASSIGN(record.table, json_member<std::string>(json, "table", object));
  MILLGATE_ASSIGN(record.columns, json_member<std::vector<std::string>>(json, "columns", object));
  MILLGATE_ASSIGN(record.salt, json_member<std::string>(json, "salt", object));
  MILLGATE_ASSIGN(record.rows, ids_member(json, "rows", object));
  MILLGATE_ASSIGN(record.removed, ids_member(json, "removed", object));
  MILLGATE_ASSIGN(const Json versions, json_member<Json>(json, "versions", object));
  for (const auto& [before, after] : versions.items()) {
    if (!after.is_string()) return damaged(object + ": version " + before + " has no successor");
    MILLGATE_ASSIGN(const Id from, Id::parse(before));
    MILLGATE_ASSIGN(record.versions[from], Id::parse(after.get<std::string>()));
  }
  return record;
}

}  // namespace millgate
