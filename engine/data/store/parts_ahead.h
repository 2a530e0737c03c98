/// Parts of a table version, read before they are asked for.
#pragma once

#include <arrow/type_fwd.h>

#include <future>
#include <memory>
#include <utility>
#include <vector>

#include "data/store/version_scan.h"
#include "ground/error.h"

namespace millgate {

/// Gives the parts of a version in a fixed order. While one is worked with, another thread reads
/// the next. Memory: two parts. One thread at a time.
class PartsAhead {
 public:
  PartsAhead(std::shared_ptr<const VersionScan> scan, std::vector<size_t> parts)
      : scan_(std::move(scan)), parts_(std::move(parts)) {
    read_ahead();
  }

  [[nodiscard]] const VersionScan& scan() const { return *scan_; }

  /// The next part; there must be one. Errors: those of VersionScan::read.
  [[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> next() {
    auto read = reading_.get();
    read_ahead();
    return read;
  }

 private:
  void read_ahead() {
    if (next_ == parts_.size()) return;
    reading_ = std::async(std::launch::async,
                          [scan = scan_, part = parts_[next_++]] { return scan->read(part); });
  }

  std::shared_ptr<const VersionScan> scan_;
  std::vector<size_t> parts_;
  size_t next_ = 0;
  std::future<Result<std::shared_ptr<arrow::RecordBatch>>> reading_;
};

}  // namespace millgate
