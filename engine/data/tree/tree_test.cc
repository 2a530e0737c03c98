#include "data/tree/tree.h"

#include <gtest/gtest.h>

#include "data/tree/leaf.h"
#include "data/tree/pack.h"
#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

class TreeTest : public testing::Test {
 protected:
  std::shared_ptr<FileStore> files_ = make_memory_file_store();
  ObjectStore objects_{files_};
};

std::vector<TreeEntry> many_entries(size_t count) {
  std::vector<TreeEntry> entries;
  for (size_t i = 0; i < count; ++i) {
    const std::string number = std::to_string(100000 + i);
    TreeEntry entry{.path = "d" + number.substr(0, 4) + "/f" + number,
                    .kind = static_cast<FileKind>(i % 3),
                    .size_bytes = 300 + i,
                    .content = hash_of(number),
                    .pieces = {}};
    entry.pieces = {{.pack = hash_of("pack " + number.substr(0, 4)),
                     .offset = static_cast<uint32_t>(8 + i * 1000),
                     .length = 300},
                    {.pack = hash_of("other"), .offset = 8, .length = static_cast<uint32_t>(i)}};
    entries.push_back(std::move(entry));
  }
  return entries;
}

void expect_equal(const TreeEntry& one, const TreeEntry& other) {
  EXPECT_EQ(one.path, other.path);
  EXPECT_EQ(one.kind, other.kind);
  EXPECT_EQ(one.size_bytes, other.size_bytes);
  EXPECT_EQ(one.content, other.content);
  ASSERT_EQ(one.pieces.size(), other.pieces.size());
  for (size_t i = 0; i < one.pieces.size(); ++i) {
    EXPECT_EQ(one.pieces[i].pack, other.pieces[i].pack);
    EXPECT_EQ(one.pieces[i].offset, other.pieces[i].offset);
    EXPECT_EQ(one.pieces[i].length, other.pieces[i].length);
  }
}

TEST_F(TreeTest, ReadsBackWhatWasWritten) {
  const auto entries = many_entries(5000);
  const auto written = write_tree(objects_, entries, nullptr);
  ASSERT_TRUE(written.ok());
  EXPECT_GT(written->leaves.size(), 1U);
  const auto tree = read_tree(objects_, written->id);
  ASSERT_TRUE(tree.ok()) << tree.error().what;
  EXPECT_EQ(tree->file_count, 5000);
  EXPECT_EQ(tree->logical_hash, written->logical_hash);
  const auto read = read_entries(objects_, *tree);
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->size(), entries.size());
  for (size_t i = 0; i < entries.size(); ++i) expect_equal((*read)[i], entries[i]);
}

TEST_F(TreeTest, OneChangedFileChangesOneLeaf) {
  auto entries = many_entries(5000);
  const Tree before = *write_tree(objects_, entries, nullptr);
  entries[2500].content = hash_of("changed");
  const Tree after = *write_tree(objects_, entries, &before);
  size_t changed = 0;
  ASSERT_EQ(before.leaves.size(), after.leaves.size());
  for (size_t i = 0; i < before.leaves.size(); ++i) {
    changed += before.leaves[i].object != after.leaves[i].object ? 1 : 0;
  }
  EXPECT_EQ(changed, 1U);
  EXPECT_NE(before.logical_hash, after.logical_hash);
}

TEST_F(TreeTest, WhereTheBytesLieIsNoPartOfTheLogicalHash) {
  auto entries = many_entries(50);
  const Tree before = *write_tree(objects_, entries, nullptr);
  for (TreeEntry& entry : entries) entry.pieces[0].pack = hash_of("elsewhere");
  const Tree after = *write_tree(objects_, entries, nullptr);
  EXPECT_NE(before.id, after.id);
  EXPECT_EQ(before.logical_hash, after.logical_hash);
}

TEST_F(TreeTest, APartIsFoundByTheLeavesThatHoldIt) {
  const auto entries = many_entries(5000);
  const Tree tree = *write_tree(objects_, entries, nullptr);
  for (const std::string part : {"d1000", "d1020", "d1049", "d1033/f103355", "d10", "x", "d"}) {
    size_t expected = 0;
    for (const TreeEntry& entry : entries) {
      expected += entry.path == part || entry.path.starts_with(part + "/") ? 1 : 0;
    }
    EXPECT_EQ(read_entries(objects_, tree, part)->size(), expected) << part;
  }
}

TEST_F(TreeTest, AnEmptyTreeAndStrangeNames) {
  EXPECT_EQ(read_entries(objects_, *write_tree(objects_, {}, nullptr))->size(), 0U);
  std::vector<TreeEntry> entries;
  for (const std::string path : {" ", "%41", "\xff\xfe/a b", "\xc3\xa9%"}) {
    entries.push_back({.path = path,
                       .kind = FileKind::plain,
                       .size_bytes = 0,
                       .content = hash_of(""),
                       .pieces = {}});
  }
  std::sort(entries.begin(), entries.end(),
            [](const TreeEntry& a, const TreeEntry& b) { return a.path < b.path; });
  for (const TreeEntry& entry : entries) {
    const Tree written = *write_tree(objects_, {entry}, nullptr);
    const auto tree = read_tree(objects_, written.id);
    ASSERT_TRUE(tree.ok()) << tree.error().what;
    EXPECT_EQ(tree->leaves[0].first_path, entry.path);
  }
  EXPECT_EQ(read_entries(objects_, *write_tree(objects_, entries, nullptr))->size(), 4U);
}

TEST_F(TreeTest, PathsThatLeadOutAreRefused) {
  for (const std::string path :
       {"", "/", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a", ".", "..", "a/.."}) {
    EXPECT_FALSE(is_tree_path(path)) << path;
    std::vector<TreeEntry> entries = {{.path = path,
                                       .kind = FileKind::plain,
                                       .size_bytes = 0,
                                       .content = hash_of(""),
                                       .pieces = {}}};
    const auto leaf = parse_leaf(leaf_bytes(entries.data(), entries.data() + 1), Id{});
    ASSERT_FALSE(leaf.ok());
    EXPECT_EQ(leaf.error().code, ErrorCode::damaged);
  }
  EXPECT_FALSE(is_tree_path(std::string_view("a\0b", 3)));
  EXPECT_TRUE(is_tree_path("a/b..c/...d"));
}

/// Changed bytes are told or give another valid object; nothing reads beyond its end (which the
/// sanitizers would tell).
template <typename Parse>
void fuzz(const std::string& bytes, Parse parse) {
  const uint64_t seed = 20260302;
  Random random(seed);
  for (int round = 0; round < 20000; ++round) {
    std::string changed = bytes;
    const uint64_t changes = 1 + random.below(4);
    for (uint64_t i = 0; i < changes && !changed.empty(); ++i) {
      const size_t at = random.below(changed.size());
      switch (random.below(3)) {
        case 0:
          changed[at] = static_cast<char>(random.next());
          break;
        case 1:
          changed.erase(at, 1 + random.below(40));
          break;
        default:
          changed.insert(at, 1 + random.below(40), static_cast<char>(random.next()));
      }
    }
    parse(changed);
  }
}

TEST_F(TreeTest, FuzzedObjectsAreToldOrWhole) {
  const auto entries = many_entries(20);
  const std::string leaf = leaf_bytes(entries.data(), entries.data() + entries.size());
  for (size_t end = 0; end < leaf.size(); ++end) {
    ASSERT_FALSE(parse_leaf(std::string_view(leaf).substr(0, end), Id{}).ok()) << end;
  }
  fuzz(leaf, [](const std::string& bytes) {
    const auto parsed = parse_leaf(bytes, Id{});
    if (!parsed.ok()) return;
    for (const TreeEntry& entry : *parsed) ASSERT_TRUE(is_tree_path(entry.path));
  });
  const Tree tree = *write_tree(objects_, entries, nullptr);
  fuzz(*objects_.get(tree.id), [](const std::string& text) { (void)parse_tree(text, Id{}).ok(); });
  PackBuilder builder;
  builder.add(hash_of("one"), "one");
  builder.add(hash_of("three"), "three");
  const std::string pack = builder.finish();
  const auto chunks = parse_pack(pack, Id{});
  ASSERT_TRUE(chunks.ok()) << chunks.error().what;
  ASSERT_EQ(chunks->size(), 2U);
  EXPECT_EQ(pack.substr((*chunks)[1].offset, (*chunks)[1].length), "three");
  fuzz(pack, [](const std::string& bytes) {
    const auto parsed = parse_pack(bytes, Id{});
    if (!parsed.ok()) return;
    for (const PackedChunk& chunk : *parsed) {
      ASSERT_LE(size_t{chunk.offset} + chunk.length, bytes.size());
    }
  });
}

}  // namespace
}  // namespace millgate
