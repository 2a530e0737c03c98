/// CSV files cut into records and fields (RFC 4180), with the line of each.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/table/text_stream.h"
#include "ground/error.h"

namespace millgate {

/// One field; `text` is without its quotes.
struct CsvField {
  std::string_view text;
  bool quoted = false;
};

/// Reads record after record. Lines end in LF, CRLF or CR; quoted fields may hold line ends.
/// One thread at a time.
class CsvRecords {
 public:
  /// Errors: as TextStream::open.
  [[nodiscard]] static Result<CsvRecords> open(const std::string& path, char delimiter);

  /// From byte `offset` on, which begins a record; lines are counted from there. Not of packed
  /// files. Errors: as TextStream::open.
  [[nodiscard]] static Result<CsvRecords> open_at(const std::string& path, char delimiter,
                                                  int64_t offset);

  /// Of text in memory; `name` stands for the path in messages. Errors: as TextStream::of.
  [[nodiscard]] static Result<CsvRecords> of(std::string name, std::string text, char delimiter);

  /// Moves to the next record; false at the end. An empty line is a record of one empty field.
  /// Errors: `invalid_input` with "file:line" for a quote that is not closed, text after a
  /// closing quote, and bytes that are not UTF-8.
  [[nodiscard]] Result<bool> next();

  /// Valid until `next`.
  [[nodiscard]] std::span<const CsvField> fields() const {
    return std::span(fields_).first(field_count_);
  }
  /// The byte of the text, from 0, at which the record begins.
  [[nodiscard]] int64_t offset() const { return stream_.offset(); }
  /// The line at which the record begins, from 1.
  [[nodiscard]] int64_t line() const { return line_; }
  /// The line at which field `index` begins; differs where quoted fields hold line ends.
  [[nodiscard]] int64_t line_of_field(size_t index) const;
  /// "path:line" of the record.
  [[nodiscard]] std::string where() const;
  [[nodiscard]] size_t record_bytes() const { return record_.size(); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  enum class Outcome { record, need_more, unclosed_quote, text_after_quote };
  CsvRecords(std::string path, char delimiter, TextStream stream);
  [[nodiscard]] Outcome parse(std::string_view text);
  [[nodiscard]] Outcome parse_quoted(std::string_view text, size_t& at);
  void parse_plain(std::string_view text, size_t& at);
  [[nodiscard]] Outcome end_of_record(std::string_view text, size_t at);
  [[nodiscard]] Error fault(Outcome outcome, std::string_view text) const;

  void add_field(std::string_view text, bool quoted);

  std::string path_;
  char delimiter_;
  TextStream stream_;
  std::vector<CsvField> fields_;  ///< The first `field_count_`; those behind wait to be used again.
  size_t field_count_ = 0;
  std::deque<std::string> unescaped_;  ///< Texts of fields that held doubled quotes.
  std::string_view record_;            ///< The bytes of the record with its line end.
  size_t taken_ = 0;                   ///< Bytes of the stream that the record uses.
  int64_t line_ = 0;
  int64_t next_line_ = 1;
  int64_t line_ends_within_ = 0;  ///< Line ends in the quoted fields of the record.
};

/// How many line ends `text` holds.
[[nodiscard]] int64_t count_line_ends(std::string_view text);

}  // namespace millgate
