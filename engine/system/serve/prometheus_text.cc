#include "system/serve/prometheus_text.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace millgate {

namespace {

Error strange(std::string_view line) {
  return bug("a line of /metrics is of no known form: " + std::string(line.substr(0, 200)));
}

/// Takes `key="value"` from the front of `rest`.
bool take_label(std::string_view& rest, MetricLabels& labels) {
  const size_t equals = rest.find("=\"");
  if (equals == std::string_view::npos) return false;
  auto& [key, value] = labels.emplace_back(std::string(rest.substr(0, equals)), std::string());
  rest.remove_prefix(equals + 2);
  while (!rest.empty() && rest.front() != '"') {
    char letter = rest.front();
    rest.remove_prefix(1);
    if (letter == '\\' && !rest.empty()) {
      letter = rest.front() == 'n' ? '\n' : rest.front();
      rest.remove_prefix(1);
    }
    value += letter;
  }
  if (rest.empty()) return false;
  rest.remove_prefix(1);
  return true;
}

bool read_number(std::string_view text, double& value) {
  if (text == "+Inf") {
    value = std::numeric_limits<double>::infinity();
    return true;
  }
  const char* const end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, value);
  return fault == std::errc() && stop == end;
}

/// NAME{LABELS} VALUE of `family`.
bool read_sample(std::string_view line, const MetricFamily& family, MetricSample& sample) {
  if (!line.starts_with(family.name)) return false;
  line.remove_prefix(family.name.size());
  const size_t end = line.find_first_of("{ ");
  if (end == std::string_view::npos) return false;
  sample.suffix = line.substr(0, end);
  line.remove_prefix(end);
  if (line.front() == '{') {
    line.remove_prefix(1);
    while (!line.empty() && line.front() != '}') {
      if (!take_label(line, sample.labels)) return false;
      if (line.starts_with(',')) line.remove_prefix(1);
    }
    if (line.empty()) return false;
    line.remove_prefix(1);
  }
  return line.starts_with(' ') && read_number(line.substr(1), sample.value);
}

/// Takes the name behind "# HELP " or "# TYPE ", and what follows it.
std::pair<std::string_view, std::string_view> name_and_rest(std::string_view line) {
  line.remove_prefix(7);
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return {line, {}};
  return {line.substr(0, space), line.substr(space + 1)};
}

}  // namespace

std::string metric_label(std::string_view key, std::string_view value) {
  std::string text(key);
  text += "=\"";
  for (const char letter : value) {
    if (letter == '\n') {
      text += "\\n";
      continue;
    }
    if (letter == '"' || letter == '\\') text += '\\';
    text += letter;
  }
  return text + '"';
}

std::map<MetricLabels, ClassicHistogram> classic_histograms(const MetricFamily& family) {
  std::map<MetricLabels, ClassicHistogram> all;
  for (const MetricSample& sample : family.samples) {
    if (sample.suffix == "_count") continue;
    MetricLabels labels = sample.labels;
    if (sample.suffix == "_sum") {
      all[labels].sum = sample.value;
      continue;
    }
    // `le` stands last, and infinity is the last of its values.
    const std::string bound = labels.back().second;
    labels.pop_back();
    ClassicHistogram& histogram = all[labels];
    histogram.count = std::max(histogram.count, static_cast<uint64_t>(sample.value));
    if (bound != "+Inf") histogram.buckets.emplace_back(std::stod(bound), histogram.count);
  }
  return all;
}

Result<std::vector<MetricFamily>> read_prometheus_text(std::string_view text) {
  std::vector<MetricFamily> families;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) continue;
    if (line.starts_with("# HELP ")) {
      const auto [name, help] = name_and_rest(line);
      families.push_back(
          {.name = std::string(name), .help = std::string(help), .type = {}, .samples = {}});
      continue;
    }
    if (families.empty()) return strange(line);
    MetricFamily& family = families.back();
    if (line.starts_with("# TYPE ")) {
      const auto [name, type] = name_and_rest(line);
      if (name != family.name) return strange(line);
      family.type = type;
      continue;
    }
    MetricSample sample;
    if (!read_sample(line, family, sample)) return strange(line);
    family.samples.push_back(std::move(sample));
  }
  return families;
}

}  // namespace millgate
