#include "data/table/source.h"

#include <algorithm>

#include "ground/plain_name.h"

namespace millgate {

namespace {

Status check_key(const Section& section, const std::vector<std::string>& key) {
  for (size_t i = 0; i < key.size(); ++i) {
    if (key[i].empty()) return section.error_at("key", "a column of the key has no name");
    if (std::find(key.begin(), key.begin() + static_cast<ptrdiff_t>(i), key[i]) !=
        key.begin() + static_cast<ptrdiff_t>(i)) {
      return section.error_at("key", "the key names column `" + key[i] + "` twice");
    }
  }
  return {};
}

}  // namespace

Result<Source> read_source(Section section) {
  Source source;
  MILLGATE_ASSIGN(source.name, read_plain_name(section, "a table"));
  MILLGATE_ASSIGN(source.path, section.text_or("path", ""));
  if (source.path.empty() && section.has("path")) {
    return section.error_at("path", "source `" + source.name + "` has an empty path",
                            "name a file or a pattern such as \"data/*.csv\"");
  }
  MILLGATE_ASSIGN(source.key, section.texts("key"));
  MILLGATE_TRY(check_key(section, source.key));
  MILLGATE_ASSIGN(source.happened, section.text_or("happened", ""));
  MILLGATE_ASSIGN(source.known, section.text_or("known", ""));
  if (source.happened.empty() && !source.known.empty()) {
    return section.error_at("known", "source `" + source.name + "` has `known` but no `happened`",
                            "say with `happened` when the fact itself happened");
  }
  if (section.has("null_texts")) {
    MILLGATE_ASSIGN(source.null_texts, section.texts("null_texts"));
  }
  MILLGATE_ASSIGN(source.about, read_about(section));
  // Read, with its columns, by data/personal/personal_policy.h.
  (void)section.has("personal");
  MILLGATE_TRY(section.finish());
  source.section = std::move(section);
  return source;
}

}  // namespace millgate
