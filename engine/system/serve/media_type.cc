#include "system/serve/media_type.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace millgate {

namespace {

struct Named {
  std::string_view name;
  BodyFormat format;
};

/// The first of a format is the one that is written.
constexpr std::array<Named, 10> kNamed = {{
    {"application/json", BodyFormat::json},
    {"text/csv", BodyFormat::csv},
    {"application/vnd.apache.arrow.stream", BodyFormat::arrow_stream},
    {"application/vnd.apache.parquet", BodyFormat::parquet},
    {"application/x-parquet", BodyFormat::parquet},
    {"application/x-www-form-urlencoded", BodyFormat::json},
    {"application/octet-stream", BodyFormat::json},
    {"text/json", BodyFormat::json},
    {"text/plain", BodyFormat::json},
    {"application/csv", BodyFormat::csv},
}};

std::string lower_trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char letter) {
    return static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
  });
  return lower;
}

std::optional<BodyFormat> format_named(std::string_view name) {
  for (const Named& named : kNamed) {
    if (named.name == name) return named.format;
  }
  if (name.ends_with("+json")) return BodyFormat::json;
  return std::nullopt;
}

/// Calls `take` with each part of `text` between `mark`s.
template <typename Take>
void each_part(std::string_view text, char mark, const Take& take) {
  while (true) {
    const size_t end = text.find(mark);
    take(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

Result<MediaType> parse_content_type(std::string_view text) {
  const std::string name = lower_trimmed(text.substr(0, text.find(';')));
  if (name.empty()) return MediaType{};
  const std::optional<BodyFormat> format = format_named(name);
  if (!format) {
    return invalid_input("content type `" + name.substr(0, 80) + "` is not supported",
                         "send application/json, text/csv, application/vnd.apache.arrow.stream or "
                         "application/vnd.apache.parquet");
  }
  MediaType type{.format = *format};
  each_part(text, ';', [&](std::string_view part) {
    if (lower_trimmed(part) == "header=absent") type.has_header = false;
  });
  return type;
}

BodyFormat parse_accept(std::string_view text, BodyFormat otherwise) {
  std::optional<BodyFormat> found;
  each_part(text, ',', [&](std::string_view part) {
    const std::string name = lower_trimmed(part.substr(0, part.find(';')));
    if (found || name == "application/octet-stream") return;
    if (name == "*/*") found = otherwise;
    if (const auto format = format_named(name)) found = format;
  });
  // Answers are small beside their bodies: nobody reads them as Parquet.
  if (found == BodyFormat::parquet) return otherwise;
  return found.value_or(otherwise);
}

std::string_view media_type_of(BodyFormat format) {
  const auto* const found = std::find_if(
      kNamed.begin(), kNamed.end(), [&](const Named& named) { return named.format == format; });
  return found->name;
}

}  // namespace millgate
