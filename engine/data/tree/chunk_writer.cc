#include "data/tree/chunk_writer.h"

#include <utility>

namespace millgate {

namespace {

/// More would only cost memory: one is hashed while another waits for the disk.
constexpr size_t kWritingMax = 3;

}  // namespace

void append_span(std::vector<ChunkSpan>& spans, const ChunkSpan& next) {
  if (!spans.empty()) {
    ChunkSpan& last = spans.back();
    if (last.pack == next.pack && last.offset + last.length == next.offset) {
      last.length += next.length;
      return;
    }
  }
  spans.push_back(next);
}

ChunkWriter::ChunkWriter(ObjectStore& objects, std::vector<Id> known_packs)
    : objects_(objects), packs_(std::move(known_packs)) {}

ChunkWriter::~ChunkWriter() {
  for (const Writing& one : writing_) one.pack.wait();
}

Status ChunkWriter::load_known() {
  known_loaded_ = true;
  for (size_t number = 0; number < packs_.size(); ++number) {
    // A pack behind a network costs more to read than its chunks to store again; what cannot be
    // read saves nothing either.
    if (!objects_.local_path(packs_[number]).ok()) continue;
    const auto chunks = read_pack_index(objects_, packs_[number]);
    if (!chunks.ok()) continue;
    for (const PackedChunk& chunk : *chunks) {
      chunks_.emplace(chunk.id, ChunkSpan{.pack = static_cast<uint32_t>(number),
                                          .offset = chunk.offset,
                                          .length = chunk.length});
    }
  }
  return {};
}

Result<ChunkSpan> ChunkWriter::add(const Id& id, std::string_view bytes) {
  if (!known_loaded_) MILLGATE_TRY(load_known());
  if (const auto found = chunks_.find(id); found != chunks_.end()) return found->second;
  if (builder_.full()) MILLGATE_TRY(flush());
  const ChunkSpan span{.pack = static_cast<uint32_t>(packs_.size() + writing_.size()),
                       .offset = builder_.add(id, bytes),
                       .length = static_cast<uint32_t>(bytes.size())};
  chunks_.emplace(id, span);
  return span;
}

Status ChunkWriter::flush() {
  if (builder_.empty()) return {};
  auto bytes = std::make_unique<std::string>(builder_.finish());
  new_bytes_ += static_cast<int64_t>(bytes->size());
  auto pack =
      std::async(std::launch::async, [this, bytes = bytes.get()] { return objects_.put(*bytes); });
  writing_.push_back({.bytes = std::move(bytes), .pack = std::move(pack)});
  if (writing_.size() > kWritingMax) return wait_for_oldest();
  return {};
}

Status ChunkWriter::wait_for_oldest() {
  Result<Id> pack = writing_.front().pack.get();
  builder_.reuse(std::move(*writing_.front().bytes));
  writing_.pop_front();
  if (!pack.ok()) return std::move(pack).error();
  packs_.push_back(*pack);
  return {};
}

Status ChunkWriter::finish() {
  MILLGATE_TRY(flush());
  while (!writing_.empty()) MILLGATE_TRY(wait_for_oldest());
  return {};
}

Piece ChunkWriter::piece(const ChunkSpan& span) const {
  return {.pack = packs_[span.pack], .offset = span.offset, .length = span.length};
}

}  // namespace millgate
