/// One fact of an entity as bytes. Format: docs/formats/online-store.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/feature/vector.h"
#include "data/feature/window_facts.h"
#include "data/feature/window_sweep.h"
#include "data/online/online_view.h"

namespace millgate {

inline constexpr size_t kRecordHeadBytes = 3 * sizeof(int64_t) + 1;

/// The bytes of a record of facts with so many columns.
[[nodiscard]] size_t record_bytes(size_t column_count);

/// A row of `values`, which are as fact_columns, and of `key`, which is as View::key.
struct FactSource {
  int64_t happened = 0;
  int64_t known = 0;
  bool is_pushed = false;
  const Block& key;
  const Block& values;
  size_t row = 0;
  /// Tells facts of a view without a key apart. A pushed fact is told by what it says, so that one
  /// that is sent twice is there once.
  int64_t number = 0;
};

/// `columns` are those of the view's windows.
[[nodiscard]] std::string write_record(const OnlineView& view,
                                       const std::vector<FactColumn>& columns,
                                       const FactSource& fact);

/// A record that is read; it must have record_bytes.
struct FactRecord {
  explicit FactRecord(std::string_view record);

  std::string_view bytes;
  int64_t happened = 0;
  int64_t known = 0;
  int64_t key = 0;
  bool is_pushed = false;

  /// As a window takes it whose argument is `column` of `column_count`; nothing: it has none.
  [[nodiscard]] WindowFact fact(std::optional<size_t> column, size_t column_count) const;
};

}  // namespace millgate
