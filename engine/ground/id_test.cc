#include "ground/id.h"

#include <gtest/gtest.h>

#include <unordered_set>

namespace millgate {
namespace {

// FIPS 180-4 examples (NIST, "SHA-256 Example", and the test vectors of its validation suite).
TEST(Id, HashesThePublishedVectors) {
  EXPECT_EQ(hash_of("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash_of("abc").hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").hex(),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash_of(std::string(1'000'000, 'a')).hex(),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Id, HashesAStreamAsTheWhole) {
  Hasher hasher;
  for (const char* part : {"a", "", "bc"}) hasher.add(part);
  EXPECT_EQ(hasher.finish(), hash_of("abc"));
}

TEST(Id, FieldsCannotRunIntoEachOther) {
  const auto of = [](std::string_view a, std::string_view b) {
    Hasher hasher;
    hasher.add_field(a);
    hasher.add_field(b);
    return hasher.finish();
  };
  EXPECT_NE(of("ab", "c"), of("a", "bc"));
  EXPECT_NE(of("", "abc"), of("abc", ""));
  // The length is eight bytes, the lowest first.
  EXPECT_EQ(of("ab", "c"), hash_of(std::string("\2\0\0\0\0\0\0\0ab\1\0\0\0\0\0\0\0c", 19)));
}

TEST(Id, ReadsWhatItWrites) {
  const Id id = hash_of("abc");
  const auto read = Id::parse(id.hex());
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, id);
  EXPECT_EQ(id.brief(), "ba7816bf8f01");
}

TEST(Id, RefusesWhatIsNoId) {
  const std::string good = hash_of("abc").hex();
  std::string upper = good;
  upper[0] = 'B';
  for (const std::string& wrong :
       {std::string(), good.substr(1), good + "0", upper, "g" + good.substr(1)}) {
    const auto read = Id::parse(wrong);
    ASSERT_FALSE(read.ok()) << wrong;
    EXPECT_EQ(read.error().what, "`" + wrong + "` is not an id of 64 hexadecimal digits");
  }
}

TEST(Id, CanBeAKey) {
  std::unordered_set<Id> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(hash_of(std::to_string(i % 500)));
  EXPECT_EQ(ids.size(), 500U);
}

}  // namespace
}  // namespace millgate
