/// Stores chunks: each once, many in a pack, packs written while the next ones are collected.
#pragma once

#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/store/object_store.h"
#include "data/tree/pack.h"
#include "data/tree/tree.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// Where a chunk lies; the pack's name is known only when it has been written.
struct ChunkSpan {
  uint32_t pack = 0;  ///< Number for `ChunkWriter::pack`.
  uint32_t offset = 0;
  uint32_t length = 0;
};

/// Appends `next`, or lengthens the last span when `next` follows it directly.
void append_span(std::vector<ChunkSpan>& spans, const ChunkSpan& next);

/// One thread at a time; writes packs in threads of its own, so that hashing and the disk overlap.
/// The same chunks in the same order give the same packs. Memory: a few packs.
class ChunkWriter {
 public:
  /// `known_packs`: their chunks are not stored again, where they lie in local files. They are
  /// read when the first chunk comes.
  ChunkWriter(ObjectStore& objects, std::vector<Id> known_packs);
  ~ChunkWriter();
  ChunkWriter(const ChunkWriter&) = delete;
  ChunkWriter& operator=(const ChunkWriter&) = delete;

  /// Stores `bytes`, whose hash is `id`, unless it is known. Errors: `outside` of an earlier pack.
  [[nodiscard]] Result<ChunkSpan> add(const Id& id, std::string_view bytes);
  /// Writes what is left and waits for all packs. Errors: `outside`.
  [[nodiscard]] Status finish();

  /// After `finish`. A number below the size of `known_packs` is one of those.
  [[nodiscard]] Piece piece(const ChunkSpan& span) const;
  /// Of new packs.
  [[nodiscard]] int64_t new_bytes() const { return new_bytes_; }

 private:
  [[nodiscard]] Status load_known();
  [[nodiscard]] Status flush();
  [[nodiscard]] Status wait_for_oldest();

  ObjectStore& objects_;
  std::vector<Id> packs_;
  bool known_loaded_ = false;
  std::unordered_map<Id, ChunkSpan> chunks_;
  PackBuilder builder_;
  /// A pack on its way to the store.
  struct Writing {
    std::unique_ptr<std::string> bytes;
    std::future<Result<Id>> pack;
  };
  std::deque<Writing> writing_;
  int64_t new_bytes_ = 0;
};

}  // namespace millgate
