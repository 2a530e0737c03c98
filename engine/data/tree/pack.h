/// Packs: objects that hold many chunks, so that thousands of small files are a few writes.
/// Format: docs/formats/tree.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/store/object_store.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// A pack is closed by the chunk that makes it this long.
inline constexpr size_t kPackBytes = size_t{16} << 20;

/// One chunk inside a pack.
struct PackedChunk {
  Id id;  ///< SHA-256 of its bytes.
  uint32_t offset = 0;
  uint32_t length = 0;
};

/// Collects chunks into the bytes of one pack.
class PackBuilder {
 public:
  PackBuilder();
  /// The offset at which `bytes` now lie. `id` is their hash.
  uint32_t add(const Id& id, std::string_view bytes);
  [[nodiscard]] bool empty() const { return chunks_.empty(); }
  [[nodiscard]] bool full() const { return bytes_.size() >= kPackBytes; }
  /// The finished object; the builder is empty again.
  [[nodiscard]] std::string finish();
  /// Takes back the memory of a finished object that is no longer needed: fresh memory costs more
  /// than what is copied into it.
  void reuse(std::string finished) { spare_.push_back(std::move(finished)); }

 private:
  std::string bytes_;
  std::vector<PackedChunk> chunks_;
  std::vector<std::string> spare_;
};

/// The chunks of a finished pack. Errors: `damaged`; `invalid_input` when a newer program wrote it.
[[nodiscard]] Result<std::vector<PackedChunk>> parse_pack(std::string_view bytes, const Id& id);

/// The same from the store; of a pack in a local folder only its end is read, and its hash is not
/// checked: a wrong entry shows when a file is checked against its own hash.
[[nodiscard]] Result<std::vector<PackedChunk>> read_pack_index(const ObjectStore& objects,
                                                               const Id& pack);

}  // namespace millgate
