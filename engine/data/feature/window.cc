#include "data/feature/window.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "ground/clock.h"
#include "ground/nearest_name.h"

namespace millgate {
namespace {

struct NamedKind {
  std::string_view name;
  WindowKind kind;
};

constexpr std::array<NamedKind, 9> kKinds = {{{"count", WindowKind::count},
                                              {"sum", WindowKind::sum},
                                              {"mean", WindowKind::mean},
                                              {"min", WindowKind::min},
                                              {"max", WindowKind::max},
                                              {"distinct", WindowKind::distinct},
                                              {"last", WindowKind::last},
                                              {"decayed_sum", WindowKind::decayed_sum},
                                              {"decayed_count", WindowKind::decayed_count}}};
constexpr const char* kShape = "write it as sum(precip) over 24h, or mean(amount) over last 10";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_decayed(WindowKind kind) {
  return kind == WindowKind::decayed_sum || kind == WindowKind::decayed_count;
}

/// "sum", "precip" and "24h" of "sum(precip) over 24h".
struct Parts {
  std::string_view kind;
  std::string_view inside;
  std::string_view over;
};

Result<Parts> split(std::string_view text) {
  const size_t open = text.find('(');
  const size_t over = text.rfind(" over ");
  const size_t close = over == std::string_view::npos ? over : text.rfind(')', over);
  if (open == std::string_view::npos || close == std::string_view::npos || close < open ||
      !trimmed(text.substr(close + 1, over - close - 1)).empty()) {
    return invalid_input("`" + std::string(text) + "` is no window", kShape);
  }
  return Parts{.kind = trimmed(text.substr(0, open)),
               .inside = trimmed(text.substr(open + 1, close - open - 1)),
               .over = trimmed(text.substr(over + 6))};
}

Result<int64_t> positive_duration(std::string_view text) {
  MILLGATE_ASSIGN(const int64_t micros, parse_duration_micros(text));
  if (micros > 0) return micros;
  return invalid_input("the duration `" + std::string(text) + "` is not above 0", kShape);
}

Status read_over(std::string_view over, Window& window) {
  if (!over.starts_with("last ")) {
    MILLGATE_ASSIGN(window.span, positive_duration(over));
    return {};
  }
  const auto count = whole_number(trimmed(over.substr(5)));
  if (!count || *count < 1 || *count > kLastCountMax) {
    return invalid_input(
        "`" + std::string(over) + "` must name 1 to " + std::to_string(kLastCountMax) + " facts",
        kShape);
  }
  window.last_count = *count;
  return {};
}

/// `x`, `x, 2` of `last`, `x, 6h` of the decayed ones, `6h` of `decayed_count`.
Status read_inside(std::string_view inside, Window& window) {
  std::string_view argument = inside;
  const bool has_option = window.kind == WindowKind::last || is_decayed(window.kind);
  const size_t comma = inside.rfind(',');
  if (window.kind == WindowKind::decayed_count) {
    MILLGATE_ASSIGN(window.half_life, positive_duration(inside));
    return {};
  }
  if (has_option && comma != std::string_view::npos) {
    const std::string_view option = trimmed(inside.substr(comma + 1));
    if (window.kind == WindowKind::last) {
      const auto position = whole_number(option);
      if (position && (*position < 1 || *position > kLastCountMax)) {
        return invalid_input(
            "the position in `last` must be from 1 to " + std::to_string(kLastCountMax),
            "last(x) is the newest, last(x, 2) the one before");
      }
      if (position) window.position = *position;
      if (position) argument = trimmed(inside.substr(0, comma));
    } else {
      MILLGATE_ASSIGN(window.half_life, positive_duration(option));
      argument = trimmed(inside.substr(0, comma));
    }
  }
  if (window.kind == WindowKind::decayed_sum && window.half_life == 0) {
    return invalid_input("`decayed_sum` has no half-life", "write decayed_sum(amount, 6h) over 7d");
  }
  if (argument.empty() && window.kind != WindowKind::count) {
    return invalid_input("the window has no column to aggregate", kShape);
  }
  window.argument = argument;
  return {};
}

}  // namespace

Result<Window> parse_window(const std::string& name, const std::string& definition) {
  Window window;
  window.name = name;
  window.definition = definition;
  MILLGATE_ASSIGN(const Parts parts, split(definition));
  const auto known = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const NamedKind& one) { return one.name == parts.kind; });
  if (known == kKinds.end()) {
    std::vector<std::string> names;
    names.reserve(std::size(kKinds));
    for (const NamedKind& one : kKinds) names.emplace_back(one.name);
    const std::string kind(parts.kind);
    return invalid_input("unknown aggregate `" + kind + "`", name_hint(kind, names));
  }
  window.kind = known->kind;
  MILLGATE_TRY(read_over(parts.over, window));
  MILLGATE_TRY(read_inside(parts.inside, window));
  return window;
}

Result<std::vector<Window>> read_windows(Section section) {
  MILLGATE_ASSIGN(const auto lines, section.all_texts());
  std::vector<Window> windows;
  for (const auto& [name, definition] : lines) {
    auto window = parse_window(name, definition);
    if (!window.ok()) {
      Error error = std::move(window).error();
      return section.error_at(name, std::move(error.what), std::move(error.hint));
    }
    windows.push_back(std::move(*window));
  }
  MILLGATE_TRY(section.finish());
  return windows;
}

}  // namespace millgate
