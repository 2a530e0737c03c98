#include "system/doctor/pin.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

namespace millgate {

namespace {

enum class FileKind { none, dockerfile, workflow, gitlab, compose, kubernetes };

bool matches(std::string_view text, const RE2& pattern) {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

FileKind kind_of(std::string_view path, std::string_view text) {
  static const RE2 kDockerfile(R"((?:^|/)(?:Dockerfile|Containerfile)[^/]*$|\.[Dd]ockerfile$)");
  static const RE2 kYaml(R"(\.ya?ml$)");
  static const RE2 kWorkflow(R"((?:^|/)\.github/workflows/[^/]+$|(?:^|/)action\.ya?ml$)");
  static const RE2 kGitlab(R"((?:^|/)[^/]*\.gitlab-ci\.ya?ml$)");
  static const RE2 kCompose(R"((?:^|/)(?:docker-)?compose[^/]*$)");
  static const RE2 kKubernetes(R"((?m)^apiVersion:(?:.|\n)*^kind:|^kind:(?:.|\n)*^apiVersion:)");
  if (matches(path, kDockerfile)) return FileKind::dockerfile;
  if (!matches(path, kYaml)) return FileKind::none;
  if (matches(path, kWorkflow)) return FileKind::workflow;
  if (matches(path, kGitlab)) return FileKind::gitlab;
  if (matches(path, kCompose)) return FileKind::compose;
  return matches(text, kKubernetes) ? FileKind::kubernetes : FileKind::none;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(std::move(line));
  }
  return lines;
}

/// "$IMAGE", "{{ .Values.image }}": what it is, is said elsewhere.
bool is_variable_alone(const std::string& reference) {
  static const RE2 kVariable(R"(^\$(?:\w+|\{[^}]*\}|\{\{[^}]*\}\})$)");
  return reference.find("{{") != std::string::npos || RE2::FullMatch(reference, kVariable);
}

bool is_pinned_image(const std::string& reference) {
  static const RE2 kDigest(R"(@sha256:[0-9a-f]{64}$)");
  return RE2::PartialMatch(reference, kDigest) || is_variable_alone(reference);
}

bool is_pinned_action(const std::string& reference) {
  static const RE2 kCommit(R"(@(?:[0-9a-f]{40}|[0-9a-f]{64})$)");
  if (reference.starts_with("./") || reference.starts_with("../")) return true;
  if (reference.starts_with("docker://")) return is_pinned_image(reference);
  return RE2::PartialMatch(reference, kCommit) || is_variable_alone(reference);
}

// --- Dockerfiles -----------------------------------------------------------------------------

/// `reference` with "$NAME" and "${NAME}" as `arguments` say them.
std::string filled_in(std::string reference, const std::map<std::string, std::string>& arguments) {
  for (const auto& [name, value] : arguments) {
    for (const std::string& form : {"${" + name + "}", "$" + name}) {
      if (const size_t at = reference.find(form); at != std::string::npos) {
        reference.replace(at, form.size(), value);
      }
    }
  }
  return reference;
}

std::vector<Unpinned> of_dockerfile(std::string_view text) {
  static const RE2 kArgument(R"(^\s*(?i:ARG)\s+(\w+)=["']?([^\s"']+))");
  static const RE2 kFrom(R"(^\s*(?i:FROM)\s+(?:--\S+\s+)*(\S+)(?:\s+(?i:AS)\s+(\S+))?)");
  static const RE2 kCopy(R"(^\s*(?i:COPY|ADD|RUN)\s.*(?:--from=|,from=)([^\s,]+))");
  static const RE2 kNumber(R"(\d+)");
  std::map<std::string, std::string> arguments;
  std::vector<std::string> stages = {"scratch"};
  std::vector<Unpinned> found;
  const auto look_at = [&](const std::string& written, int64_t line) {
    const std::string reference = filled_in(written, arguments);
    const bool is_stage = std::find(stages.begin(), stages.end(), reference) != stages.end();
    if (!is_stage && !is_pinned_image(reference)) found.push_back({reference, line, false});
  };
  int64_t number = 0;
  for (const std::string& line : lines_of(text)) {
    ++number;
    std::string name, value;
    if (RE2::PartialMatch(line, kArgument, &name, &value)) {
      arguments[name] = value;
    } else if (RE2::PartialMatch(line, kFrom, &value, &name)) {
      look_at(value, number);
      if (!name.empty()) stages.push_back(name);
    } else if (RE2::PartialMatch(line, kCopy, &value) && !RE2::FullMatch(value, kNumber)) {
      look_at(value, number);
    }
  }
  return found;
}

// --- YAML ------------------------------------------------------------------------------------

/// One line of YAML that says something: "  - image: nginx  # web" is {4, true, "image", "nginx"}.
struct YamlLine {
  int64_t number = 0;
  size_t indent = 0;  ///< Of the key, behind the dashes.
  bool is_item = false;
  std::string key;    ///< Empty: an item that is a text.
  std::string value;  ///< Without quotes and comment.
};

std::string plain_value(std::string value) {
  static const RE2 kComment(R"(\s+#.*$)");
  static const RE2 kAnchor(R"(^[&!]\S+\s*)");
  RE2::Replace(&value, kAnchor, "");
  if (!value.empty() && (value[0] == '"' || value[0] == '\'')) {
    const size_t end = value.find(value[0], 1);
    return end == std::string::npos ? value.substr(1) : value.substr(1, end - 1);
  }
  if (value.starts_with('#')) return {};
  RE2::Replace(&value, kComment, "");
  return value.substr(0, value.find_last_not_of(" \t") + 1);
}

std::vector<YamlLine> yaml_lines(std::string_view text) {
  static const RE2 kLine(R"(^(\s*)((?:-\s+)*)(?:["']?([\w.\-]+)["']?\s*:(?:\s+|$))?(.*)$)");
  static const RE2 kBlock(R"(^[|>][+\-\d]*$)");
  std::vector<YamlLine> said;
  std::optional<size_t> block;  // The indent of the key whose text is passed over.
  int64_t number = 0;
  for (const std::string& line : lines_of(text)) {
    ++number;
    const size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string::npos || line[begin] == '#') continue;
    if (block && begin > *block) continue;
    block.reset();
    YamlLine one{.number = number, .indent = 0, .is_item = false, .key = {}, .value = {}};
    std::string spaces, dashes;
    if (!RE2::FullMatch(line, kLine, &spaces, &dashes, &one.key, &one.value)) continue;
    one.is_item = !dashes.empty();
    one.indent = spaces.size() + dashes.size();
    one.value = plain_value(one.value);
    if (RE2::FullMatch(one.value, kBlock)) block = spaces.size();
    said.push_back(std::move(one));
  }
  return said;
}

/// Whether the mapping that holds `lines[at]` has the key `name` too.
bool has_sibling(const std::vector<YamlLine>& lines, size_t at, const std::string& name) {
  const size_t indent = lines[at].indent;
  const auto is_it = [&](size_t i) { return lines[i].indent == indent && lines[i].key == name; };
  for (size_t i = at + 1; i < lines.size() && lines[i].indent >= indent && !lines[i].is_item; ++i) {
    if (is_it(i)) return true;
  }
  for (size_t i = at; i > 0 && lines[i - 1].indent >= indent; --i) {
    if (is_it(i - 1)) return true;
    if (lines[i - 1].indent == indent && lines[i - 1].is_item) return false;
  }
  return false;
}

/// What stands on lines below `lines[at]`: "image:\n  name: X", "services:\n  - X".
std::vector<const YamlLine*> below(const std::vector<YamlLine>& lines, size_t at) {
  std::vector<const YamlLine*> inner;
  for (size_t i = at + 1; i < lines.size(); ++i) {
    const bool is_deeper = lines[i].indent > lines[at].indent;
    if (!is_deeper) break;
    inner.push_back(&lines[i]);
  }
  return inner;
}

std::vector<Unpinned> of_yaml(FileKind kind, std::string_view text) {
  const std::vector<YamlLine> lines = yaml_lines(text);
  std::vector<Unpinned> found;
  const auto look_at = [&](const YamlLine& line) {
    if (!line.value.empty() && line.value[0] != '{' && line.value[0] != '*' &&
        !is_pinned_image(line.value)) {
      found.push_back({line.value, line.number, false});
    }
  };
  for (size_t i = 0; i < lines.size(); ++i) {
    const YamlLine& line = lines[i];
    if (kind == FileKind::workflow && line.key == "uses") {
      if (!is_pinned_action(line.value)) found.push_back({line.value, line.number, true});
    } else if (line.key == "image" || (kind == FileKind::workflow && line.key == "container")) {
      if (kind == FileKind::compose && has_sibling(lines, i, "build")) continue;
      look_at(line);
      if (!line.value.empty() || line.key != "image") continue;
      for (const YamlLine* inner : below(lines, i)) {
        if (inner->key == "name") look_at(*inner);
      }
    } else if (kind == FileKind::gitlab && line.key == "services") {
      for (const YamlLine* inner : below(lines, i)) {
        if (inner->is_item && (inner->key.empty() || inner->key == "name")) look_at(*inner);
      }
    }
  }
  return found;
}

}  // namespace

bool is_deployment_file(std::string_view path, std::string_view text) {
  return kind_of(path, text) != FileKind::none;
}

std::vector<Unpinned> find_unpinned(std::string_view path, std::string_view text) {
  const FileKind kind = kind_of(path, text);
  if (kind == FileKind::none) return {};
  return kind == FileKind::dockerfile ? of_dockerfile(text) : of_yaml(kind, text);
}

}  // namespace millgate
