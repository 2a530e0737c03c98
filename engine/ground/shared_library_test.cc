#include "ground/shared_library.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>

#include "ground/test_folder.h"

namespace millgate {
namespace {

using testing::Contains;
using testing::HasSubstr;

class SharedLibraries : public testing::Test {
 protected:
  TestFolder folder_;
};

TEST_F(SharedLibraries, AreFoundWhereTheSystemHasThem) {
  const auto library = SharedLibrary::open("the mathematics", "libm.so.6");
  ASSERT_TRUE(library.ok()) << library.error().what;
  double (*function)(double) = nullptr;
  ASSERT_TRUE(library->find("cbrt", function).ok());
  EXPECT_DOUBLE_EQ(function(27), 3);
}

TEST_F(SharedLibraries, ThatLackAFunctionAreAnotherVersion) {
  const auto library = SharedLibrary::open("the mathematics", "libm.so.6");
  ASSERT_TRUE(library.ok()) << library.error().what;
  double (*function)(double) = nullptr;
  const Status found = library->find("cube_root", function);
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ErrorCode::outside);
  EXPECT_EQ(found.error().what,
            "the mathematics is another version than this millgate needs: it has no function "
            "cube_root");
  EXPECT_EQ(found.error().where, "libm.so.6");
}

TEST_F(SharedLibraries, ThatAreNowhereNameThePlaces) {
  const std::string place = folder_.path();
  const auto library = SharedLibrary::open_in({place}, "the abacus", "libabacus.so");
  ASSERT_FALSE(library.ok());
  EXPECT_EQ(library.error().code, ErrorCode::outside);
  EXPECT_EQ(library.error().what, "the abacus cannot be loaded");
  EXPECT_THAT(library.error().because, Contains("not in " + place));
  EXPECT_THAT(library.error().hint, HasSubstr("libabacus.so"));
}

TEST_F(SharedLibraries, ThatAreBrokenAreNotPassedOver) {
  const auto path = folder_.path("libm.so.6");
  std::ofstream(path) << std::string(4096, 'x');
  const auto library = SharedLibrary::open_in({folder_.path()}, "the mathematics", "libm.so.6");
  ASSERT_FALSE(library.ok());
  EXPECT_EQ(library.error().where, path);
  EXPECT_THAT(library.error().because, Contains(HasSubstr("invalid ELF header")));
}

}  // namespace
}  // namespace millgate
