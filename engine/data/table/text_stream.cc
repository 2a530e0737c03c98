#include "data/table/text_stream.h"

#include <arrow/io/compressed.h>
#include <arrow/io/file.h>
#include <arrow/util/compression.h>
#include <arrow/util/utf8.h>

#include <algorithm>

#include "data/table/arrow_result.h"

namespace millgate {

namespace {

constexpr size_t kBlockBytes = 1 << 20;
constexpr size_t kLineBytesMax = 256 << 20;

Error unreadable(const std::string& path, const arrow::Status& status) {
  Error error = arrow_error(status, "cannot read `" + path + "`");
  if (path.ends_with(".gz")) {
    error.code = ErrorCode::invalid_input;
    error.hint = "it is truncated or no gzip file; `gzip -t` tells; get the file again";
  }
  error.where = path;
  return error;
}

Result<std::shared_ptr<arrow::io::InputStream>> open_stream(const std::string& path) {
  auto file = arrow::io::ReadableFile::Open(path);
  if (!file.ok()) return not_found("cannot open `" + path + "`: " + file.status().message());
  if (!path.ends_with(".gz")) return std::shared_ptr<arrow::io::InputStream>(*file);
  // The codec must live as long as the stream; both are kept by one pointer.
  struct Unpacked {
    std::unique_ptr<arrow::util::Codec> codec;
    std::shared_ptr<arrow::io::CompressedInputStream> stream;
  };
  auto unpacked = std::make_shared<Unpacked>();
  MILLGATE_ARROW(unpacked->codec, arrow::util::Codec::Create(arrow::Compression::GZIP), path);
  MILLGATE_ARROW(unpacked->stream,
                 arrow::io::CompressedInputStream::Make(unpacked->codec.get(), *file), path);
  auto* stream = unpacked->stream.get();
  return std::shared_ptr<arrow::io::InputStream>(std::move(unpacked), stream);
}

}  // namespace

Result<TextStream> TextStream::open(const std::string& path) {
  static const bool ready = (arrow::util::InitializeUTF8(), true);
  (void)ready;
  MILLGATE_ASSIGN(auto file, open_stream(path));
  TextStream stream(path, std::move(file));
  MILLGATE_TRY(stream.read_more());
  MILLGATE_TRY(stream.skip_byte_order_mark());
  return stream;
}

Result<TextStream> TextStream::open_at(const std::string& path, int64_t offset) {
  auto file = arrow::io::ReadableFile::Open(path);
  if (!file.ok()) return not_found("cannot open `" + path + "`: " + file.status().message());
  if (const auto moved = (*file)->Seek(offset); !moved.ok()) return unreadable(path, moved);
  TextStream stream(path, *std::move(file));
  stream.offset_ = offset;
  MILLGATE_TRY(stream.read_more());
  return stream;
}

Result<TextStream> TextStream::of(std::string name, std::string text) {
  TextStream stream(std::move(name), nullptr);
  stream.buffer_ = std::move(text);
  stream.at_end_ = true;
  MILLGATE_TRY(stream.skip_byte_order_mark());
  return stream;
}

std::string_view TextStream::rest() const { return std::string_view(buffer_).substr(begin_); }

Status TextStream::read_more() {
  const size_t kept = buffer_.size() - begin_;
  if (kept > kLineBytesMax) {
    return invalid_input("a line of `" + path_ + "` is longer than 256 MiB",
                         "a quote that is never closed looks so");
  }
  buffer_.erase(0, begin_);
  begin_ = 0;
  const size_t wanted = std::max(kBlockBytes, kept);
  buffer_.resize(kept + wanted);
  size_t filled = kept;
  while (filled < buffer_.size()) {
    const auto count =
        file_->Read(static_cast<int64_t>(buffer_.size() - filled), buffer_.data() + filled);
    if (!count.ok()) return unreadable(path_, count.status());
    if (*count == 0) {
      at_end_ = true;
      break;
    }
    filled += static_cast<size_t>(*count);
  }
  buffer_.resize(filled);
  return {};
}

Status TextStream::skip_byte_order_mark() {
  const std::string_view text = rest();
  if (text.empty()) {
    return Error{.code = ErrorCode::invalid_input,
                 .what = "`" + path_ + "` is empty",
                 .where = path_,
                 .hint = "was the file written to its end? leave it out if there is no data"};
  }
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    return Error{.code = ErrorCode::invalid_input,
                 .what = "`" + path_ + "` is UTF-16, not UTF-8",
                 .where = path_,
                 .hint = "convert it: iconv -f UTF-16 -t UTF-8 " + path_};
  }
  if (text.starts_with("\xef\xbb\xbf")) take(3);
  return {};
}

size_t invalid_utf8_at(std::string_view text) {
  if (arrow::util::ValidateUTF8(text)) return std::string_view::npos;
  // Rare, so slow: the longest valid beginning, of which a cut character is no part.
  size_t at = 0;
  while (at < text.size()) {
    size_t length = 1;
    while (length <= 4 && at + length <= text.size() &&
           !arrow::util::ValidateUTF8(text.substr(at, length))) {
      ++length;
    }
    if (length > 4 || at + length > text.size()) return at;
    at += length;
  }
  return at;
}

Error invalid_utf8_error(const std::string& path, int64_t line) {
  return Error{.code = ErrorCode::invalid_input,
               .what = "`" + path + "`: line " + std::to_string(line) + " is not UTF-8",
               .where = path + ":" + std::to_string(line),
               .hint = "convert the file, for example: iconv -f ISO-8859-1 -t UTF-8"};
}

std::string quoted_briefly(std::string_view text) {
  constexpr size_t kShown = 60;
  if (text.size() <= kShown) return "`" + std::string(text) + "`";
  size_t cut = kShown;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) --cut;
  return "`" + std::string(text.substr(0, cut)) + "...`";
}

}  // namespace millgate
