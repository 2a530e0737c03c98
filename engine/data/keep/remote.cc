#include "data/keep/remote.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>

#include "ground/format_version.h"
#include "ground/json.h"
#include "ground/nearest_name.h"
#include "ground/s3_file_store.h"

namespace millgate {

namespace {

constexpr const char* kFormat = "millgate ref";
constexpr int64_t kFormatVersion = 1;
constexpr const char* kRemotesFile = "/remotes.json";

/// A branch's name as one part of a path: `/` becomes `%2F`; no name holds a `%`.
std::string as_part(std::string name) {
  for (size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at)) {
    name.replace(at, 1, "%2F");
  }
  return name;
}

std::string from_part(std::string part) {
  for (size_t at = part.find("%2F"); at != std::string::npos; at = part.find("%2F", at + 1)) {
    part.replace(at, 3, "/");
  }
  return part;
}

/// "refs/branches/main/0000000012": digits, so that names sort by number.
std::string ref_name(const std::string& kind, const std::string& name, int64_t number) {
  std::array<char, 24> digits{};
  std::snprintf(digits.data(), digits.size(), "%010lld", static_cast<long long>(number));
  return "refs/" + kind + "/" + as_part(name) + "/" + digits.data();
}

std::string ref_text(const RemoteRef& ref) {
  const Json json = {{"format", kFormat},
                     {"version", kFormatVersion},
                     {"commit", ref.commit.hex()},
                     {"author", ref.author},
                     {"time", to_string(ref.time)}};
  return dump_json_pretty(json) + "\n";
}

Result<RemoteRef> parse_ref(const std::string& text, const std::string& object) {
  MILLGATE_ASSIGN(const Json json, parse_json(text, object));
  MILLGATE_TRY(read_format_version(json, kFormat, {.oldest = 1, .newest = kFormatVersion}, object));
  RemoteRef ref;
  MILLGATE_ASSIGN(const auto commit, json_member<std::string>(json, "commit", object));
  auto id = Id::parse(commit);
  if (!id.ok()) return damaged(object + " names no commit");
  ref.commit = *id;
  MILLGATE_ASSIGN(ref.author, json_member<std::string>(json, "author", object));
  MILLGATE_ASSIGN(const auto time, json_member<std::string>(json, "time", object));
  MILLGATE_ASSIGN(ref.time, parse_time(time));
  return ref;
}

Error moved_meanwhile(const std::string& what) {
  return Error{.code = ErrorCode::conflict,
               .what = what + " of the remote was moved by somebody else meanwhile",
               .hint = "`millgate pull`, then push again"};
}

}  // namespace

Result<std::map<std::string, RemoteRef>> Remote::refs(const std::string& kind) const {
  const std::string folder = "refs/" + kind + "/";
  MILLGATE_ASSIGN(const auto names, files_->list(folder));
  std::map<std::string, std::pair<int64_t, std::string>> newest;
  for (const std::string& name : names) {
    const size_t slash = name.rfind('/');
    if (slash < folder.size()) continue;
    int64_t number = 0;
    const auto read = std::from_chars(name.data() + slash + 1, name.data() + name.size(), number);
    if (read.ec != std::errc() || read.ptr != name.data() + name.size()) continue;
    auto& entry = newest[from_part(name.substr(folder.size(), slash - folder.size()))];
    if (number > entry.first) entry = {number, name};
  }
  std::map<std::string, RemoteRef> refs;
  for (const auto& [branch, entry] : newest) {
    MILLGATE_ASSIGN(const std::string text, files_->read(entry.second));
    MILLGATE_ASSIGN(RemoteRef ref, parse_ref(text, "`" + entry.second + "` of the remote"));
    ref.number = entry.first;
    refs[branch] = std::move(ref);
  }
  return refs;
}

Result<std::map<std::string, RemoteRef>> Remote::branches() const { return refs("branches"); }
Result<std::map<std::string, RemoteRef>> Remote::tags() const { return refs("tags"); }

Status Remote::move_branch(const std::string& branch, const std::optional<RemoteRef>& from,
                           RemoteRef ref) {
  ref.number = from ? from->number + 1 : 1;
  const std::string name = ref_name("branches", branch, ref.number);
  Status created = files_->create(name, ref_text(ref));
  if (!created.ok() && created.error().code == ErrorCode::conflict) {
    // Created by this very call, when the answer to a first try was lost on the way.
    const auto there = files_->read(name);
    if (there.ok() && *there == ref_text(ref)) return {};
    return moved_meanwhile("branch `" + branch + "`");
  }
  return created;
}

Status Remote::make_tag(const std::string& tag, const RemoteRef& ref) {
  return files_->create(ref_name("tags", tag, 1), ref_text(ref));
}

Result<Remote> open_remote(const std::string& url) {
  if (url.starts_with("s3://")) {
    MILLGATE_ASSIGN(S3Place place, parse_s3_place(url));
    return Remote(make_s3_file_store(std::move(place)));
  }
  if (url.find("://") != std::string::npos) {
    return invalid_input("`" + url + "` is no address of a remote",
                         "write the path of a folder, or s3://BUCKET/FOLDER");
  }
  MILLGATE_ASSIGN(auto files, open_local_file_store(url));
  return Remote(std::move(files));
}

Result<std::map<std::string, std::string>> read_remotes(const Repository& repository) {
  std::map<std::string, std::string> remotes;
  const auto text = read_file(repository.folder("") + kRemotesFile);
  if (!text.ok()) {
    if (text.error().code == ErrorCode::not_found) return remotes;
    return text.error();
  }
  MILLGATE_ASSIGN(const Json json, parse_json(*text, "the list of remotes"));
  for (const auto& [name, url] : json.items()) {
    if (!url.is_string()) return damaged("the list of remotes: `" + name + "` has no address");
    remotes[name] = url.get<std::string>();
  }
  return remotes;
}

Status write_remotes(const Repository& repository,
                     const std::map<std::string, std::string>& remotes) {
  Json json = Json::object();
  for (const auto& [name, url] : remotes) json[name] = url;
  return write_file(repository.folder("") + kRemotesFile, dump_json_pretty(json) + "\n");
}

Result<std::string> remote_address(const Repository& repository, const std::string& given) {
  MILLGATE_ASSIGN(const auto remotes, read_remotes(repository));
  const auto found = remotes.find(given);
  return found == remotes.end() ? given : found->second;
}

Result<Remote> open_remote_at(const Repository& repository, const std::string& given) {
  MILLGATE_ASSIGN(const std::string address, remote_address(repository, given));
  std::error_code unknown;
  if (address.find("://") == std::string::npos &&
      !std::filesystem::is_directory(address, unknown)) {
    return not_found("`" + given + "` is neither a remote nor a folder",
                     "`millgate remote` lists the remotes");
  }
  return open_remote(address);
}

Result<std::string> remote_url(const Repository& repository, const std::string& name) {
  MILLGATE_ASSIGN(const auto remotes, read_remotes(repository));
  if (const auto found = remotes.find(name); found != remotes.end()) return found->second;
  std::vector<std::string> names;
  names.reserve(remotes.size());
  for (const auto& [one, url] : remotes) names.push_back(one);
  return not_found("there is no remote `" + name + "`",
                   names.empty() ? "`millgate remote add " + name + " FOLDER_OR_S3_ADDRESS`"
                                 : name_hint(name, names));
}

}  // namespace millgate
