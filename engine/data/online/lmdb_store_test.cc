#include "data/online/lmdb_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "data/online/test_store.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

class LmdbStoreTest : public ::testing::Test {
 protected:
  void open(int64_t size_bytes_max) {
    auto opened =
        open_lmdb_store({.folder = folder_.path() + "/online", .size_bytes_max = size_bytes_max});
    ASSERT_TRUE(opened.ok()) << opened.error().what;
    store_ = *opened;
  }

  TestFolder folder_;
  std::shared_ptr<OnlineStore> store_;
};

TEST_F(LmdbStoreTest, AFullStoreKeepsWhatItHad) {
  open(256 * 1024);
  const OnlineView view = test_view();
  ASSERT_TRUE(update(*store_, view, {at("JFK", 1, 1)}).ok());
  std::vector<TestRow> many;
  for (int i = 0; i < 20'000; ++i) many.push_back(at("airport " + std::to_string(i), 2, 2));
  many.push_back(at("JFK", 2, 2));
  const auto full = update(*store_, view, many);
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code, ErrorCode::outside);
  EXPECT_NE(full.error().what.find("full"), std::string::npos) << full.error().what;
  EXPECT_EQ(wind_of(*store_, view, "JFK"), 1);
  EXPECT_EQ(stored(*store_, view)->entity_count, 1);
  ASSERT_TRUE(update(*store_, view, {at("JFK", 3, 3)}).ok());
  EXPECT_EQ(wind_of(*store_, view, "JFK"), 3);
}

TEST_F(LmdbStoreTest, SaysWhatIsNoStore) {
  const std::string file = folder_.path() + "/file";
  ASSERT_TRUE(std::filesystem::exists(folder_.path()));
  std::ofstream(file) << "not a folder";
  const auto opened = open_lmdb_store({.folder = file});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::outside);
  const std::string other = folder_.path() + "/other";
  std::filesystem::create_directories(other);
  std::ofstream(other + "/data.mdb") << std::string(100'000, 'x');
  const auto wrong = open_lmdb_store({.folder = other});
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::damaged) << wrong.error().what;
}

}  // namespace
}  // namespace millgate
