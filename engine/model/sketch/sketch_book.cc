#include "model/sketch/sketch_book.h"

#include <algorithm>
#include <filesystem>

#include "ground/file_store.h"
#include "ground/format_version.h"
#include "ground/json.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

constexpr const char* kFormat = "millgate-sketches";
constexpr const char* kEnding = ".json";

size_t place_of(SketchSpan span) { return static_cast<size_t>(span); }

/// Windows of one span, as {"2013-01-01T10:00:00Z": {...}, ...}.
Json windows_json(const SketchWindows& windows) {
  Json json = Json::object();
  for (const auto& [begin, window] : windows) json[to_string(Time{begin})] = to_json(window);
  return json;
}

Result<SketchWindows> windows_from_json(const Json& json, std::string_view object) {
  SketchWindows windows;
  for (const auto& [begin, window] : json.items()) {
    const Result<Time> time = parse_time(begin);
    if (!time.ok()) return damaged(std::string(object) + ": `" + begin + "` is no time");
    MILLGATE_ASSIGN(windows[time->micros], window_sketch_from_json(window, object));
  }
  return windows;
}

}  // namespace

std::string_view to_string(SketchSpan span) {
  constexpr std::array<std::string_view, 3> kNames = {"minute", "hour", "day"};
  return kNames[place_of(span)];
}

Result<SketchSpan> parse_sketch_span(std::string_view name) {
  for (const SketchSpan span : kSketchSpans) {
    if (to_string(span) == name) return span;
  }
  return invalid_input("there are no windows of a `" + std::string(name.substr(0, 100)) + "`",
                       "minute, hour and day are kept");
}

int64_t micros_of(SketchSpan span) {
  constexpr std::array<int64_t, 3> kSeconds = {60, 3'600, 86'400};
  return kSeconds[place_of(span)] * 1'000'000;
}

size_t windows_kept(SketchSpan span) {
  constexpr std::array<size_t, 3> kKept = {60, 48, 90};
  return kKept[place_of(span)];
}

Time window_begin(SketchSpan span, Time time) {
  const int64_t length = micros_of(span);
  const int64_t into = ((time.micros % length) + length) % length;
  return Time{time.micros - into};
}

Status SketchBook::add(const std::string& model, Time time, const WindowSketch& rows) {
  if (rows.rows == 0) return {};
  for (const SketchSpan span : kSketchSpans) {
    MILLGATE_TRY(models_[model][place_of(span)][window_begin(span, time).micros].merge(rows));
  }
  bound();
  return {};
}

Status SketchBook::merge(const SketchBook& other) {
  for (const auto& [model, spans] : other.models_) {
    BySpan& mine = models_[model];
    for (size_t span = 0; span < spans.size(); ++span) {
      for (const auto& [begin, window] : spans[span]) {
        MILLGATE_TRY(mine[span][begin].merge(window));
      }
    }
  }
  bound();
  return {};
}

void SketchBook::bound() {
  for (auto& [model, spans] : models_) {
    for (const SketchSpan span : kSketchSpans) {
      SketchWindows& windows = spans[place_of(span)];
      while (windows.size() > windows_kept(span)) windows.erase(windows.begin());
    }
  }
  const auto last_day = [](const auto& one) {
    const SketchWindows& days = one.second[place_of(SketchSpan::day)];
    return days.empty() ? INT64_MIN : days.rbegin()->first;
  };
  while (models_.size() > kModelsMax) {
    models_.erase(
        std::min_element(models_.begin(), models_.end(),
                         [&](const auto& a, const auto& b) { return last_day(a) < last_day(b); }));
  }
}

std::vector<std::string> SketchBook::models() const {
  std::vector<std::string> names;
  names.reserve(models_.size());
  for (const auto& [model, spans] : models_) names.push_back(model);
  return names;
}

const SketchWindows& SketchBook::windows(const std::string& model, SketchSpan span) const {
  static const SketchWindows kNone;
  const auto found = models_.find(model);
  return found == models_.end() ? kNone : found->second[place_of(span)];
}

Json SketchBook::to_json() const {
  Json models = Json::object();
  for (const auto& [model, spans] : models_) {
    for (const SketchSpan span : kSketchSpans) {
      models[model][std::string(to_string(span))] = windows_json(spans[place_of(span)]);
    }
  }
  return {{"format", kFormat}, {"version", 1}, {"models", std::move(models)}};
}

Result<SketchBook> SketchBook::from_json(const Json& json, std::string_view object) {
  MILLGATE_TRY(read_format_version(json, kFormat, {}, object));
  MILLGATE_ASSIGN(const Json models, json_member<Json>(json, "models", object));
  SketchBook book;
  for (const auto& [model, spans] : models.items()) {
    for (const SketchSpan span : kSketchSpans) {
      const std::string name(to_string(span));
      MILLGATE_ASSIGN(const Json windows, json_member<Json>(spans, name.c_str(), object));
      MILLGATE_ASSIGN(book.models_[model][place_of(span)], windows_from_json(windows, object));
    }
  }
  book.bound();
  return book;
}

Result<SketchBook> read_sketch_file(const std::string& path) {
  MILLGATE_ASSIGN(const std::string text, read_file(path));
  MILLGATE_ASSIGN(const Json json, parse_json(text, path));
  return SketchBook::from_json(json, path);
}

SavedSketches read_sketches(const std::string& folder, std::string_view except) {
  SavedSketches saved;
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    std::string name = entry.path().filename().string();
    if (name.ends_with(kEnding) && name != except) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    const Result<SketchBook> book = read_sketch_file(folder + "/" + name);
    const Status status = book.ok() ? saved.book.merge(*book) : Status(book.error());
    if (status.ok()) {
      ++saved.file_count;
    } else {
      saved.notes.push_back("sketches of one server are left out: " + status.error().what);
    }
  }
  return saved;
}

}  // namespace millgate
