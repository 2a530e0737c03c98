#include <algorithm>
#include <unordered_map>

#include "data/tree/byte_fields.h"
#include "data/tree/leaf.h"

namespace millgate {

namespace {

constexpr std::string_view kMagic = "MGTL";
constexpr char kFormatVersion = 1;
/// Path length, a path of one byte, kind, size, content, number of pieces.
constexpr uint64_t kEntryBytesMin = 37;

Result<std::vector<Id>> parse_packs(FieldReader& reader) {
  MILLGATE_ASSIGN(const uint64_t count, reader.count(32));
  std::vector<Id> packs(count);
  for (Id& pack : packs) {
    MILLGATE_ASSIGN(pack, reader.id());
  }
  return packs;
}

Result<Piece> parse_piece(FieldReader& reader, const std::vector<Id>& packs) {
  MILLGATE_ASSIGN(const uint64_t pack, reader.varint());
  MILLGATE_ASSIGN(const uint64_t offset, reader.varint());
  MILLGATE_ASSIGN(const uint64_t length, reader.varint());
  if (pack >= packs.size()) return reader.fault("a piece lies in a pack that is not named");
  if (offset > UINT32_MAX || length > UINT32_MAX) return reader.fault("a piece is too long");
  return Piece{.pack = packs[pack],
               .offset = static_cast<uint32_t>(offset),
               .length = static_cast<uint32_t>(length)};
}

Result<TreeEntry> parse_entry(FieldReader& reader, const std::vector<Id>& packs) {
  TreeEntry entry;
  MILLGATE_ASSIGN(entry.path, reader.text());
  if (!is_tree_path(entry.path)) return reader.fault("a path leads out of the folder");
  MILLGATE_ASSIGN(const std::string_view kind, reader.raw(1));
  if (static_cast<uint8_t>(kind[0]) > 2) return reader.fault("a file is of an unknown kind");
  entry.kind = static_cast<FileKind>(kind[0]);
  MILLGATE_ASSIGN(entry.size_bytes, reader.varint());
  MILLGATE_ASSIGN(entry.content, reader.id());
  MILLGATE_ASSIGN(const uint64_t piece_count, reader.count(3));
  uint64_t size_bytes = 0;
  entry.pieces.reserve(piece_count);
  for (uint64_t i = 0; i < piece_count; ++i) {
    MILLGATE_ASSIGN(const Piece piece, parse_piece(reader, packs));
    size_bytes += piece.length;
    entry.pieces.push_back(piece);
  }
  if (size_bytes != entry.size_bytes) return reader.fault("pieces do not make up the file");
  return entry;
}

}  // namespace

bool ends_leaf(std::string_view path) {
  const Id id = hash_of(path);
  return id.bytes[0] == 0 && (id.bytes[1] & 0xC0) == 0;
}

Id logical_hash_of(const TreeEntry* first, const TreeEntry* end) {
  Hasher hasher;
  std::string field;
  for (const TreeEntry* entry = first; entry != end; ++entry) {
    field.clear();
    append_text(field, entry->path);
    field += static_cast<char>(entry->kind);
    append_varint(field, entry->size_bytes);
    append_id(field, entry->content);
    hasher.add(field);
  }
  return hasher.finish();
}

std::string leaf_bytes(const TreeEntry* first, const TreeEntry* end) {
  std::vector<Id> packs;
  std::unordered_map<Id, uint64_t> numbers;
  for (const TreeEntry* entry = first; entry != end; ++entry) {
    for (const Piece& piece : entry->pieces) {
      if (numbers.emplace(piece.pack, packs.size()).second) packs.push_back(piece.pack);
    }
  }
  std::string bytes(kMagic);
  bytes += kFormatVersion;
  append_varint(bytes, packs.size());
  for (const Id& pack : packs) append_id(bytes, pack);
  append_varint(bytes, static_cast<uint64_t>(end - first));
  for (const TreeEntry* entry = first; entry != end; ++entry) {
    append_text(bytes, entry->path);
    bytes += static_cast<char>(entry->kind);
    append_varint(bytes, entry->size_bytes);
    append_id(bytes, entry->content);
    append_varint(bytes, entry->pieces.size());
    for (const Piece& piece : entry->pieces) {
      append_varint(bytes, numbers.at(piece.pack));
      append_varint(bytes, piece.offset);
      append_varint(bytes, piece.length);
    }
  }
  return bytes;
}

Result<std::vector<TreeEntry>> parse_leaf(std::string_view bytes, const Id& id) {
  const std::string object = "leaf `" + id.brief() + "` of a tree";
  FieldReader reader(bytes, object);
  MILLGATE_ASSIGN(const std::string_view magic, reader.raw(kMagic.size()));
  if (magic != kMagic) return reader.fault("it does not begin as a leaf");
  MILLGATE_ASSIGN(const std::string_view version, reader.raw(1));
  if (version[0] != kFormatVersion) {
    return invalid_input(object + " has format version " +
                             std::to_string(static_cast<uint8_t>(version[0])) +
                             "; this program reads version 1",
                         "use a newer millgate");
  }
  MILLGATE_ASSIGN(const std::vector<Id> packs, parse_packs(reader));
  MILLGATE_ASSIGN(const uint64_t count, reader.count(kEntryBytesMin));
  std::vector<TreeEntry> entries;
  entries.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    MILLGATE_ASSIGN(TreeEntry entry, parse_entry(reader, packs));
    if (!entries.empty() && entries.back().path >= entry.path) {
      return reader.fault("its paths are not in order");
    }
    entries.push_back(std::move(entry));
  }
  MILLGATE_TRY(reader.finish());
  return entries;
}

}  // namespace millgate
