/// What the windows of a view take of its facts, and the facts of entities.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/feature/vector.h"
#include "data/feature/window.h"

namespace millgate {

/// What counts of an argument.
enum class FactForm {
  number,    ///< Its value.
  presence,  ///< That it is not null.
  identity,  ///< Which value it is, of any type.
};

/// An argument of one window or of several.
struct FactColumn {
  std::string argument;  ///< SQL over the view's columns.
  FactForm form = FactForm::number;
  bool operator==(const FactColumn&) const = default;
};

/// Each argument and form once, in the order of `windows`. A window that counts facts has none.
[[nodiscard]] std::vector<FactColumn> fact_columns(const std::vector<Window>& windows);
/// Where the argument of `window` is among `columns`; nothing: it has none.
[[nodiscard]] std::optional<size_t> fact_column_of(const Window& window,
                                                   const std::vector<FactColumn>& columns);

/// `micros` before `time`; the earliest time there is where that would be before it.
[[nodiscard]] int64_t earlier(int64_t time, int64_t micros);

/// How far back the windows look; nothing: as far as there are facts (`over last 10`).
[[nodiscard]] std::optional<int64_t> span_max(const std::vector<Window>& windows);

/// Facts of several entities, those of one behind each other, older ones first.
struct EntityFacts {
  struct Place {
    size_t begin = 0;
    size_t end = 0;
  };
  std::vector<Place> places;  ///< One an entity.
  std::vector<int64_t> happened;
  std::vector<int64_t> known;
  Block key;     ///< Columns as View::key.
  Block values;  ///< Columns as fact_columns.
};

}  // namespace millgate
