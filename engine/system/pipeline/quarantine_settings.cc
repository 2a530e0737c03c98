#include "system/pipeline/quarantine_settings.h"

#include <algorithm>
#include <string_view>

#include "system/pipeline/project.h"

namespace millgate {

namespace {

/// Whether `name` is like `pattern`, in which each `*` stands for any characters.
bool is_like(std::string_view name, std::string_view pattern) {
  size_t at = 0, in_pattern = 0;
  size_t star = std::string_view::npos, after_star = 0;
  while (at < name.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      star = in_pattern++;
      after_star = at;
    } else if (in_pattern < pattern.size() && pattern[in_pattern] == name[at]) {
      ++in_pattern;
      ++at;
    } else if (star != std::string_view::npos) {
      // The star takes one more character.
      in_pattern = star + 1;
      at = ++after_star;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in_pattern) == std::string_view::npos;
}

bool is_like_any(const std::string& name, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return is_like(name, pattern); });
}

}  // namespace

bool QuarantineSettings::mistrusts_branch(const std::string& name) const {
  return is_like_any(name, branches);
}

bool QuarantineSettings::mistrusts_author(const std::string& name) const {
  return is_like_any(name, authors);
}

bool QuarantineSettings::protects_branch(const std::string& name) const {
  return is_like_any(name, protects);
}

Status check_author(const Project& project, const std::string& branch, const std::string& author) {
  Section root = project.root;
  MILLGATE_ASSIGN(const QuarantineSettings settings, read_quarantine_settings(root));
  if (!settings.mistrusts_author(author) || !settings.protects_branch(branch)) return {};
  const std::string own = "quarantine/" + author;
  return Error{.code = ErrorCode::refused,
               .what = "rows of author `" + author +
                       "` are not trusted ([quarantine] authors), and " + "come into branch `" +
                       branch + "` by a merge only, which looks at them",
               .hint = "commit on a branch of your own: `millgate branch " + own +
                       "`, then `commit -b " + own + "`"};
}

Result<QuarantineSettings> read_quarantine_settings(Section& root) {
  QuarantineSettings settings;
  MILLGATE_ASSIGN(Section section, root.section("quarantine"));
  if (section.has("branches")) {
    MILLGATE_ASSIGN(settings.branches, section.texts("branches"));
  }
  MILLGATE_ASSIGN(settings.authors, section.texts("authors"));
  if (section.has("protects")) {
    MILLGATE_ASSIGN(settings.protects, section.texts("protects"));
  }
  MILLGATE_ASSIGN(settings.label, section.text_or("label", ""));
  MILLGATE_ASSIGN(settings.poison, section.boolean_or("poison", true));
  MILLGATE_ASSIGN(const std::string drift,
                  section.one_of("drift", "tell", {"tell", "hold", "off"}));
  settings.drift = drift == "hold"  ? ArrivingDrift::hold
                   : drift == "off" ? ArrivingDrift::off
                                    : ArrivingDrift::tell;
  MILLGATE_TRY(section.finish());
  return settings;
}

}  // namespace millgate
