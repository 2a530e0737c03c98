#include "data/tree/tree.h"

#include <algorithm>
#include <unordered_set>

#include "data/tree/leaf.h"
#include "ground/format_version.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr const char* kFormat = "millgate tree";
constexpr int64_t kFormatVersion = 1;
constexpr std::string_view kHexDigits = "0123456789ABCDEF";

/// A path as JSON can hold it: bytes that are not printable ASCII, and `%`, as `%XX`.
std::string escaped(std::string_view path) {
  std::string text;
  for (const char c : path) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte > 0x20 && byte < 0x7F && c != '%') {
      text += c;
    } else {
      text += '%';
      text += kHexDigits[byte >> 4];
      text += kHexDigits[byte & 15];
    }
  }
  return text;
}

Result<std::string> unescaped(std::string_view text, const std::string& object) {
  std::string path;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      path += text[i];
      continue;
    }
    const size_t high = i + 2 < text.size() ? kHexDigits.find(text[i + 1]) : std::string::npos;
    const size_t low = i + 2 < text.size() ? kHexDigits.find(text[i + 2]) : std::string::npos;
    if (high == std::string::npos || low == std::string::npos) {
      return damaged(object + ": a `%` in a path is not followed by two digits");
    }
    path += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return path;
}

/// Over the leaves in turn.
Id logical_hash_of(const std::vector<TreeLeaf>& leaves) {
  Hasher hasher;
  for (const TreeLeaf& leaf : leaves) {
    hasher.add({reinterpret_cast<const char*>(leaf.logical_hash.bytes.data()),
                leaf.logical_hash.bytes.size()});
  }
  return hasher.finish();
}

std::string tree_text(const Tree& tree) {
  Json json;
  json["format"] = kFormat;
  json["version"] = kFormatVersion;
  json["file_count"] = tree.file_count;
  json["size_bytes"] = tree.size_bytes;
  json["logical_hash"] = tree.logical_hash.hex();
  json["leaves"] = Json::array();
  for (const TreeLeaf& leaf : tree.leaves) {
    json["leaves"].push_back({{"object", leaf.object.hex()},
                              {"first", escaped(leaf.first_path)},
                              {"file_count", leaf.file_count},
                              {"size_bytes", leaf.size_bytes},
                              {"logical_hash", leaf.logical_hash.hex()}});
  }
  return dump_json_pretty(json) + "\n";
}

Result<TreeLeaf> parse_tree_leaf(const Json& json, const std::string& object) {
  TreeLeaf leaf;
  MILLGATE_ASSIGN(const auto hex, json_member<std::string>(json, "object", object));
  MILLGATE_ASSIGN(leaf.object, Id::parse(hex));
  MILLGATE_ASSIGN(const auto first, json_member<std::string>(json, "first", object));
  MILLGATE_ASSIGN(leaf.first_path, unescaped(first, object));
  MILLGATE_ASSIGN(leaf.file_count, json_member<int64_t>(json, "file_count", object));
  MILLGATE_ASSIGN(leaf.size_bytes, json_member<int64_t>(json, "size_bytes", object));
  MILLGATE_ASSIGN(const auto logical, json_member<std::string>(json, "logical_hash", object));
  MILLGATE_ASSIGN(leaf.logical_hash, Id::parse(logical));
  return leaf;
}

Result<Tree> parse_members(const Json& json, const std::string& object) {
  MILLGATE_TRY(read_format_version(json, kFormat, {.oldest = 1, .newest = kFormatVersion}, object));
  Tree tree;
  MILLGATE_ASSIGN(tree.file_count, json_member<int64_t>(json, "file_count", object));
  MILLGATE_ASSIGN(tree.size_bytes, json_member<int64_t>(json, "size_bytes", object));
  MILLGATE_ASSIGN(const auto logical, json_member<std::string>(json, "logical_hash", object));
  MILLGATE_ASSIGN(tree.logical_hash, Id::parse(logical));
  MILLGATE_ASSIGN(const Json leaves, json_member<Json>(json, "leaves", object));
  int64_t file_count = 0;
  for (const Json& entry : leaves) {
    MILLGATE_ASSIGN(TreeLeaf leaf, parse_tree_leaf(entry, object));
    file_count += leaf.file_count;
    tree.leaves.push_back(std::move(leaf));
  }
  if (file_count != tree.file_count || logical_hash_of(tree.leaves) != tree.logical_hash) {
    return damaged(object + " contradicts its leaves");
  }
  return tree;
}

bool lies_in(std::string_view path, std::string_view part) {
  return part.empty() || path == part ||
         (path.starts_with(part) && path.size() > part.size() && path[part.size()] == '/');
}

}  // namespace

bool is_tree_path(std::string_view path) {
  if (path.empty() || path.find('\0') != std::string_view::npos) return false;
  while (true) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

Result<Tree> write_tree(ObjectStore& objects, const std::vector<TreeEntry>& entries,
                        const Tree* known) {
  std::unordered_set<Id> known_leaves;
  if (known != nullptr) {
    for (const TreeLeaf& leaf : known->leaves) known_leaves.insert(leaf.object);
  }
  Tree tree;
  const TreeEntry* const end = entries.data() + entries.size();
  for (const TreeEntry* first = entries.data(); first != end;) {
    const TreeEntry* next = first;
    TreeLeaf leaf;
    for (bool ended = false; !ended && next != end; ++next) {
      leaf.size_bytes += static_cast<int64_t>(next->size_bytes);
      ended = ends_leaf(next->path);
    }
    leaf.first_path = first->path;
    leaf.file_count = next - first;
    leaf.logical_hash = logical_hash_of(first, next);
    const std::string bytes = leaf_bytes(first, next);
    leaf.object = hash_of(bytes);
    if (!known_leaves.contains(leaf.object)) MILLGATE_TRY(objects.put(bytes));
    tree.file_count += leaf.file_count;
    tree.size_bytes += leaf.size_bytes;
    tree.leaves.push_back(std::move(leaf));
    first = next;
  }
  tree.logical_hash = logical_hash_of(tree.leaves);
  MILLGATE_ASSIGN(tree.id, objects.put(tree_text(tree)));
  return tree;
}

Result<Tree> parse_tree(std::string_view text, const Id& id) {
  const std::string object = "tree `" + id.brief() + "`";
  MILLGATE_ASSIGN(const Json json, parse_json(text, object));
  auto tree = parse_members(json, object);
  if (!tree.ok()) {
    // A wrong id or type inside an object is damage, not a wrong request; a newer format is.
    Error error = std::move(tree).error();
    if (!error.what.starts_with(object)) error.code = ErrorCode::damaged;
    if (error.where.empty()) error.where = ObjectStore::name_of(id);
    return error;
  }
  tree->id = id;
  return tree;
}

Result<Tree> read_tree(const ObjectStore& objects, const Id& id) {
  MILLGATE_ASSIGN(const std::string text, objects.get(id));
  return parse_tree(text, id);
}

Result<std::vector<TreeEntry>> read_leaf(const ObjectStore& objects, const TreeLeaf& leaf) {
  MILLGATE_ASSIGN(const std::string bytes, objects.get(leaf.object));
  return parse_leaf(bytes, leaf.object);
}

Result<std::vector<TreeEntry>> read_entries(const ObjectStore& objects, const Tree& tree,
                                            std::string_view part) {
  std::vector<TreeEntry> entries;
  if (part.empty()) entries.reserve(static_cast<size_t>(tree.file_count));
  const std::string below_end = std::string(part) + "0";  // "0" is the byte after "/".
  for (size_t i = 0; i < tree.leaves.size(); ++i) {
    if (!part.empty()) {
      const bool ends_before = i + 1 < tree.leaves.size() && tree.leaves[i + 1].first_path <= part;
      if (ends_before || tree.leaves[i].first_path >= below_end) continue;
    }
    MILLGATE_ASSIGN(std::vector<TreeEntry> leaf, read_leaf(objects, tree.leaves[i]));
    for (TreeEntry& entry : leaf) {
      if (lies_in(entry.path, part)) entries.push_back(std::move(entry));
    }
  }
  return entries;
}

}  // namespace millgate
