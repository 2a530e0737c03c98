#include "data/store/object_store.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

class ObjectStoreTest : public testing::Test {
 protected:
  TestFolder folder_;
  std::shared_ptr<FileStore> files_ = *open_local_file_store(folder_.path());
  ObjectStore objects_{files_};
};

TEST_F(ObjectStoreTest, GivesBackWhatWasPut) {
  const auto id = objects_.put("hello");
  ASSERT_TRUE(id.ok());
  // printf hello | sha256sum
  EXPECT_EQ(id->hex(), "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  EXPECT_EQ(ObjectStore::name_of(*id),
            "objects/2c/f24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  EXPECT_EQ(*objects_.get(*id), "hello");
  EXPECT_TRUE(objects_.has(*id));
  EXPECT_TRUE(objects_.verify(*id).ok());
  EXPECT_EQ(*objects_.put("hello"), *id);
  EXPECT_EQ(*read_file(*objects_.local_path(*id)), "hello");
  EXPECT_EQ(*objects_.get(*objects_.put("")), "");
}

TEST_F(ObjectStoreTest, MissingObjects) {
  const Id id = hash_of("nobody");
  EXPECT_FALSE(objects_.has(id));
  EXPECT_EQ(objects_.get(id).error().code, ErrorCode::not_found);
  EXPECT_EQ(objects_.verify(id).error().code, ErrorCode::not_found);
  EXPECT_EQ(objects_.local_path(id).error().code, ErrorCode::not_found);
}

TEST_F(ObjectStoreTest, EveryFlippedBitIsFound) {
  std::string bytes = "some rows of a table";
  const Id id = *objects_.put(bytes);
  const std::string path = *objects_.local_path(id);
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      std::ofstream(path, std::ios::binary) << flipped;
      ASSERT_EQ(objects_.get(id).error().code, ErrorCode::damaged) << i;
      ASSERT_EQ(objects_.verify(id).error().code, ErrorCode::damaged) << i;
    }
  }
  for (size_t size = bytes.size(); size-- > 0;) {
    std::filesystem::resize_file(path, size);
    ASSERT_EQ(objects_.get(id).error().code, ErrorCode::damaged) << size;
  }
  EXPECT_EQ(objects_.local_path(id).error().code, ErrorCode::damaged);
}

TEST_F(ObjectStoreTest, PuttingMendsADamagedObject) {
  const Id id = *objects_.put("hello");
  std::ofstream(*objects_.local_path(id), std::ios::binary) << "hellp";
  EXPECT_FALSE(objects_.get(id).ok());
  EXPECT_EQ(*objects_.put("hello"), id);
  EXPECT_EQ(*objects_.get(id), "hello");
}

TEST_F(ObjectStoreTest, FilesAreMovedIn) {
  Random random(5);
  std::string bytes;
  for (int i = 0; i < 300'000; ++i) bytes += static_cast<char>(random.below(256));
  for (int i = 0; i < 2; ++i) {  // The second time the object is there already.
    const std::string path = folder_.path("scratch");
    std::ofstream(path, std::ios::binary) << bytes;
    const auto id = objects_.put_file(path);
    ASSERT_TRUE(id.ok()) << id.error().what;
    EXPECT_EQ(*id, hash_of(bytes));
    EXPECT_EQ(*objects_.get(*id), bytes);
    EXPECT_FALSE(std::filesystem::exists(path));
  }
  EXPECT_EQ(objects_.put_file(folder_.path("none")).error().code, ErrorCode::not_found);
}

TEST_F(ObjectStoreTest, WorksInMemoryAndPassesFaultsOn) {
  auto memory = make_memory_file_store();
  ObjectStore objects(memory);
  const Id id = *objects.put("x");
  EXPECT_EQ(*objects.get(id), "x");
  EXPECT_TRUE(objects.verify(id).ok());
  EXPECT_FALSE(objects.local_path(id).ok());
  ObjectStore faulty(make_faulty_file_store(memory, [](std::string_view operation, auto&) {
    return operation == "write" ? Status(outside_failure("the disk is full")) : Status();
  }));
  EXPECT_EQ(faulty.put("y").error().what, "the disk is full");
  EXPECT_EQ(*faulty.put("x"), id);  // Nothing to write.
}

}  // namespace
}  // namespace millgate
