#include "data/git/file_merge.h"

#include <arrow/record_batch.h>

#include <map>
#include <memory>
#include <utility>

#include "data/git/merged_rows.h"
#include "data/git/parquet_rows.h"
#include "data/git/row_text.h"

namespace millgate {

namespace {

/// The three files as text; those that are not there are null.
struct RowTexts {
  std::unique_ptr<RowText> base;
  std::unique_ptr<RowText> ours;
  std::unique_ptr<RowText> theirs;
};

Result<RowTexts> read_texts(FileFormat format, const FilePaths& paths,
                            const FileVersions& versions) {
  RowTexts texts;
  const std::vector<std::pair<std::unique_ptr<RowText>*, const std::string*>> all = {
      {&texts.base, &paths.base}, {&texts.ours, &paths.ours}, {&texts.theirs, &paths.theirs}};
  for (size_t i = 0; i < all.size(); ++i) {
    if (!versions[i].there) continue;
    MILLGATE_ASSIGN(*all[i].first, read_row_text(format, *all[i].second));
    // Both readers must mean the same rows, or cells would be taken from the wrong one.
    if ((*all[i].first)->row_count() != versions[i].keys.size()) {
      return invalid_input("`" + *all[i].second + "` has lines that are no rows");
    }
  }
  return texts;
}

/// Writes the lines of the merged file.
class MergedText {
 public:
  MergedText(const MergedRows& merged, const RowTexts& texts, const FileMergeOptions& options)
      : merged_(merged), texts_(texts), options_(options) {}

  std::string write() {
    const RowText& ours = *texts_.ours;
    out_ = header();
    for (const MergedRow& row : merged_.rows) {
      if (!row.has_conflict()) {
        out_ += line(row, row.takes_theirs);
        continue;
      }
      put_marker('<', " ours");
      if (row.ours) out_ += line(row, row.takes_theirs);
      if (options_.shows_base) {
        put_marker('|', " base");
        if (row.base) out_ += texts_.base->line(*row.base, merged_.columns, {});
      }
      put_marker('=', "");
      if (row.theirs) out_ += line(row, with_conflicts(row));
      put_marker('>', " theirs");
    }
    if (!ours.ends_with_line_end() && out_.ends_with(ours.line_end())) {
      out_.resize(out_.size() - ours.line_end().size());
    }
    return std::move(out_);
  }

 private:
  /// Our header; names of columns that theirs added stand as they are written there.
  [[nodiscard]] std::string header() const { return texts_.ours->header(merged_.columns); }

  void put_marker(char letter, const std::string& label) {
    out_ += std::string(options_.marker_length, letter) + label + texts_.ours->line_end();
  }

  static std::vector<bool> with_conflicts(const MergedRow& row) {
    std::vector<bool> takes_theirs = row.takes_theirs;
    if (!row.ours) takes_theirs.assign(takes_theirs.size(), true);
    for (size_t i = 0; i < row.conflicts.size(); ++i) {
      if (row.conflicts[i]) takes_theirs[i] = true;
    }
    return takes_theirs;
  }

  /// Our line with the cells that theirs gives; their cells in the manner of our file without one.
  [[nodiscard]] std::string line(const MergedRow& row,
                                 const std::vector<bool>& takes_theirs) const {
    std::map<std::string, CellText> cells;
    if (row.ours) {
      for (size_t i = 0; i < takes_theirs.size(); ++i) {
        if (!takes_theirs[i] || !row.theirs) continue;
        cells[merged_.columns[i]] = texts_.theirs->cell(*row.theirs, merged_.columns[i]);
      }
      return texts_.ours->line(*row.ours, merged_.columns, cells);
    }
    std::string text = texts_.theirs->line(*row.theirs, merged_.columns, {});
    text.resize(text.size() - texts_.theirs->line_end().size());
    return text + texts_.ours->line_end();
  }

  const MergedRows& merged_;
  const RowTexts& texts_;
  const FileMergeOptions& options_;
  std::string out_;
};

}  // namespace

Result<FileMerge> merge_files(FileFormat format, const FilePaths& paths,
                              const FileMergeOptions& options) {
  MILLGATE_ASSIGN(
      FileVersions versions,
      FileVersions::read(format, {paths.base, paths.ours, paths.theirs}, options.reading));
  if (!versions[1].there || !versions[2].there) {
    return Error{.code = ErrorCode::conflict,
                 .what = "one side emptied the file",
                 .hint = "decide which side is right"};
  }
  FileMerge merge;
  merge.key_origin = versions.key_origin();
  merge.key = versions.key();
  if (format == FileFormat::parquet) {
    MILLGATE_ASSIGN(MergedRows merged, merge_rows(versions, {}));
    MILLGATE_ASSIGN(merge.bytes, merged_parquet(merged, paths.ours, paths.theirs));
    merge.conflicts = std::move(merged.conflicts);
    return merge;
  }
  MILLGATE_ASSIGN(const RowTexts texts, read_texts(format, paths, versions));
  const Rewrote rewrote = [&](size_t base, size_t ours, size_t theirs, const std::string& column) {
    const CellText before = texts.base->cell(base, column);
    return texts.ours->cell(ours, column) == before && texts.theirs->cell(theirs, column) != before;
  };
  MILLGATE_ASSIGN(MergedRows merged, merge_rows(versions, rewrote));
  merge.bytes = MergedText(merged, texts, options).write();
  merge.conflicts = std::move(merged.conflicts);
  return merge;
}

}  // namespace millgate
