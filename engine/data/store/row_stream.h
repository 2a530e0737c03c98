/// Sorted rows taken range by range.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "data/table/row_key.h"
#include "data/table/sort.h"
#include "ground/error.h"

namespace millgate {

/// One thread at a time. For .cc files of this room.
class RowStream {
 public:
  /// Called with each batch as it is read.
  using Listener = std::function<void(const arrow::RecordBatch&)>;
  RowStream(arrow::RecordBatchReader& rows, RowKeyEncoder encoder, Listener listener)
      : rows_(rows), encoder_(std::move(encoder)), listener_(std::move(listener)) {}

  struct Taken {
    std::shared_ptr<arrow::RecordBatch> rows;
    bool more = false;  ///< Further rows before `end` are left: these are as many as memory bears.
  };
  /// The next rows as one batch: those with keys before `end` (all, without one), but at most
  /// 256 Ki rows and about 64 MB; none when there are no further rows before `end`.
  /// Errors: those of the rows and of RisingKeys.
  [[nodiscard]] Result<Taken> take(std::optional<std::string_view> end);

 private:
  [[nodiscard]] Status load();

  arrow::RecordBatchReader& rows_;
  RowKeyEncoder encoder_;
  Listener listener_;
  RisingKeys order_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  RowKeys keys_;
  size_t next_ = 0;
  bool done_ = false;
};

}  // namespace millgate
