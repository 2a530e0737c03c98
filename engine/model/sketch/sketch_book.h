/// Sketches of what models were asked and answered, by minute, hour and day: what a server keeps
/// and several servers put together. Format on disk: docs/formats/sketches.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "model/sketch/window_sketch.h"

namespace millgate {

enum class SketchSpan { minute, hour, day };
inline constexpr std::array<SketchSpan, 3> kSketchSpans = {SketchSpan::minute, SketchSpan::hour,
                                                           SketchSpan::day};
[[nodiscard]] std::string_view to_string(SketchSpan span);
/// Errors: `invalid_input` with the names that there are.
[[nodiscard]] Result<SketchSpan> parse_sketch_span(std::string_view name);
[[nodiscard]] int64_t micros_of(SketchSpan span);
/// How many windows of a model are kept: the newest of an hour, of two days, of three months.
[[nodiscard]] size_t windows_kept(SketchSpan span);
/// When the window (UTC) begins that `time` lies in.
[[nodiscard]] Time window_begin(SketchSpan span, Time time);

/// Windows by their begin. One thread at a time.
using SketchWindows = std::map<int64_t, WindowSketch>;

/// Bounded: of each model as many windows as windows_kept says, of the kModelsMax models that
/// answered last.
class SketchBook {
 public:
  static constexpr size_t kModelsMax = 8;

  /// Adds what `model` (brief id) answered in the minute of `time` to all windows that it lies in.
  /// Errors: `damaged` for other columns than the model had.
  [[nodiscard]] Status add(const std::string& model, Time time, const WindowSketch& rows);
  /// Adds all windows of `other`. Errors: as `add`.
  [[nodiscard]] Status merge(const SketchBook& other);

  void drop(const std::string& model) { models_.erase(model); }

  /// In the order of their names.
  [[nodiscard]] std::vector<std::string> models() const;
  /// Empty when there are none.
  [[nodiscard]] const SketchWindows& windows(const std::string& model, SketchSpan span) const;
  [[nodiscard]] bool empty() const { return models_.empty(); }

  [[nodiscard]] nlohmann::ordered_json to_json() const;
  /// Errors: `damaged` naming `object`; `invalid_input` for another version of the format.
  [[nodiscard]] static Result<SketchBook> from_json(const nlohmann::ordered_json& json,
                                                    std::string_view object);

 private:
  using BySpan = std::array<SketchWindows, kSketchSpans.size()>;
  void bound();

  std::map<std::string, BySpan> models_;
};

/// What the servers of a project wrote, put together.
struct SavedSketches {
  SketchBook book;
  size_t file_count = 0;
  std::vector<std::string> notes;  ///< Files that could not be read, and why.
};

/// All files of `folder` but the one named `except`. A missing folder is an empty book.
[[nodiscard]] SavedSketches read_sketches(const std::string& folder, std::string_view except = {});
/// Errors: `not_found`, `outside`, `damaged`, naming the path.
[[nodiscard]] Result<SketchBook> read_sketch_file(const std::string& path);

}  // namespace millgate
