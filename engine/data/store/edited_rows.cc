#include "data/store/edited_rows.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <string>

#include "data/table/arrow_result.h"

namespace millgate {

namespace {

/// One column of the result as slices of the segment's column and of the changes.
class Pieces {
 public:
  Pieces(const std::shared_ptr<arrow::Array>& base, const std::shared_ptr<arrow::Array>& changed)
      : base_(base), changed_(changed) {}

  void keep_until(int64_t row) {
    if (row > next_) slices_.push_back(base_->Slice(next_, row - next_));
    next_ = std::max(next_, row);
  }
  void skip() { ++next_; }
  void add_change(int64_t row) {
    if (run_end_ == row && !slices_.empty() && last_is_change_at_ == slices_.size()) {
      ++run_end_;
      slices_.back() = changed_->Slice(run_begin_, run_end_ - run_begin_);
      return;
    }
    run_begin_ = row;
    run_end_ = row + 1;
    slices_.push_back(changed_->Slice(row, 1));
    last_is_change_at_ = slices_.size();
  }
  Result<std::shared_ptr<arrow::Array>> finish() {
    if (slices_.empty() && next_ == 0) return base_;
    keep_until(base_->length());
    if (slices_.size() == 1) return slices_[0];
    if (slices_.empty()) return base_->Slice(0, 0);
    MILLGATE_ARROW(auto column, arrow::Concatenate(slices_), "changed rows");
    return column;
  }

 private:
  const std::shared_ptr<arrow::Array>& base_;
  const std::shared_ptr<arrow::Array>& changed_;
  std::vector<std::shared_ptr<arrow::Array>> slices_;
  int64_t next_ = 0;  ///< The next row of the segment.
  int64_t run_begin_ = 0;
  int64_t run_end_ = -1;
  size_t last_is_change_at_ = 0;
};

Result<std::shared_ptr<arrow::Array>> edited_column(const std::shared_ptr<arrow::Array>& base,
                                                    const Changes& changes,
                                                    const std::vector<Edit>& edits, int column) {
  const auto after = changes.after->column(column);
  Pieces pieces(base, after);
  for (const Edit& edit : edits) {
    switch (changes.kinds[static_cast<size_t>(edit.change)]) {
      case ChangeKind::inserted:
        pieces.keep_until(edit.row);
        pieces.add_change(edit.change);
        break;
      case ChangeKind::removed:
        pieces.keep_until(edit.row);
        pieces.skip();
        break;
      case ChangeKind::updated:
        if (!changes.cell_changed(edit.change, column)) break;
        pieces.keep_until(edit.row);
        pieces.add_change(edit.change);
        pieces.skip();
        break;
    }
  }
  return pieces.finish();
}

Error does_not_fit(const RowKeyEncoder& encoder, const Changes& changes, int64_t row) {
  Error error = damaged("a delta does not fit the segment that it changes",
                        "restore the table from a backup, or import the data again");
  (void)encoder;
  error.because = {"row " + std::to_string(row) + " of the changes is " +
                   (changes.kinds[static_cast<size_t>(row)] == ChangeKind::inserted
                        ? "there already"
                        : "not there")};
  return error;
}

}  // namespace

Result<std::vector<Edit>> place_edits(const arrow::RecordBatch& base, const RowKeyEncoder& encoder,
                                      const Changes& changes, int64_t begin, int64_t end) {
  std::vector<Edit> edits;
  edits.reserve(static_cast<size_t>(end - begin));
  std::string probe;
  const auto key_at = [&](int64_t row) -> const std::string& {
    probe.clear();
    encoder.encode_row(base, row, probe);
    return probe;
  };
  int64_t from = 0;
  for (int64_t change = begin; change < end; ++change) {
    const std::string_view key = changes.keys[static_cast<size_t>(change)];
    int64_t low = from;
    int64_t high = base.num_rows();
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      if (key_at(middle) < key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    const bool there = low < base.num_rows() && key_at(low) == key;
    const bool inserted = changes.kinds[static_cast<size_t>(change)] == ChangeKind::inserted;
    if (there == inserted) return does_not_fit(encoder, changes, change);
    edits.push_back({.change = change, .row = low});
    from = there ? low + 1 : low;
  }
  return edits;
}

Result<std::shared_ptr<arrow::RecordBatch>> edited_rows(const arrow::RecordBatch& base,
                                                        const Changes& changes,
                                                        const std::vector<Edit>& edits,
                                                        const std::vector<int>& columns) {
  int64_t row_count = base.num_rows();
  for (const Edit& edit : edits) {
    const ChangeKind kind = changes.kinds[static_cast<size_t>(edit.change)];
    if (kind == ChangeKind::inserted) ++row_count;
    if (kind == ChangeKind::removed) --row_count;
  }
  arrow::FieldVector fields;
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto base_column = base.column(static_cast<int>(i));
    MILLGATE_ASSIGN(auto column, edited_column(base_column, changes, edits, columns[i]));
    fields.push_back(base.schema()->field(static_cast<int>(i)));
    arrays.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), row_count, std::move(arrays));
}

}  // namespace millgate
