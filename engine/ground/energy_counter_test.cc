#include "ground/energy_counter.h"

#include <gmock/gmock.h>

#include "ground/durable_file.h"
#include "ground/file_store.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

using testing::HasSubstr;

class EnergyCounterTest : public testing::Test {
 protected:
  /// A counter as Linux shows it.
  void put(const std::string& zone, const std::string& name, const std::string& microjoules,
           const std::string& range = "262143328850") {
    const std::string folder = folder_.path("powercap/" + zone);
    ASSERT_TRUE(make_folders(folder).ok());
    ASSERT_TRUE(write_file(folder + "/name", name + "\n").ok());
    ASSERT_TRUE(write_file(folder + "/energy_uj", microjoules + "\n").ok());
    ASSERT_TRUE(write_file(folder + "/max_energy_range_uj", range + "\n").ok());
  }
  Result<std::unique_ptr<EnergyCounter>> start() {
    return EnergyCounter::start(folder_.path("powercap"));
  }

  TestFolder folder_;
};

TEST_F(EnergyCounterTest, AddsPackagesAndTheirMemoryAndNothingTwice) {
  put("intel-rapl:0", "package-0", "1000000");
  put("intel-rapl:0:0", "core", "500000");
  put("intel-rapl:0:1", "dram", "100000");
  put("intel-rapl:1", "package-1", "2000000");
  put("intel-rapl:2", "psys", "9000000");
  put("intel-rapl-mmio:0", "package-0", "1000000");
  auto counter = start();
  ASSERT_TRUE(counter.ok()) << counter.error().what;
  EXPECT_DOUBLE_EQ(*(*counter)->joules(), 0);
  put("intel-rapl:0", "package-0", "4000000");
  put("intel-rapl:0:0", "core", "2500000");
  put("intel-rapl:0:1", "dram", "350000");
  put("intel-rapl:1", "package-1", "2500000");
  put("intel-rapl:2", "psys", "19000000");
  put("intel-rapl-mmio:0", "package-0", "4000000");
  EXPECT_DOUBLE_EQ(*(*counter)->joules(), 3 + 0.25 + 0.5);
}

TEST_F(EnergyCounterTest, ACounterThatBeginsAgainGoesOn) {
  put("intel-rapl:0", "package-0", "65000000", "65532610");
  auto counter = start();
  ASSERT_TRUE(counter.ok());
  put("intel-rapl:0", "package-0", "1000000", "65532610");
  EXPECT_DOUBLE_EQ(*(*counter)->joules(), 1.53261);
  put("intel-rapl:0", "package-0", "3000000", "65532610");
  EXPECT_DOUBLE_EQ(*(*counter)->joules(), 3.53261);
  put("intel-rapl:0", "package-0", "0", "65532610");
  EXPECT_DOUBLE_EQ(*(*counter)->joules(), 3.53261 + 62.53261);
}

TEST_F(EnergyCounterTest, AMachineThatDoesNotTellSaysSo) {
  const auto nothing = start();
  ASSERT_FALSE(nothing.ok());
  EXPECT_EQ(nothing.error().code, ErrorCode::not_found);
  EXPECT_THAT(nothing.error().what, HasSubstr("this machine does not tell"));
  EXPECT_THAT(nothing.error().hint, HasSubstr("measure on a machine"));
  put("intel-rapl:0", "psys", "1");
  EXPECT_EQ(start().error().code, ErrorCode::not_found);
}

TEST_F(EnergyCounterTest, WhatCannotBeReadIsNamedWithWhatWouldLetItBe) {
  put("intel-rapl:0", "package-0", "1000000");
  const std::string path = folder_.path("powercap/intel-rapl:0/energy_uj");
  auto counter = start();
  ASSERT_TRUE(counter.ok());
  // Root may read what is forbidden to others; nobody can read a folder as a file.
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  const auto later = (*counter)->joules();
  ASSERT_FALSE(later.ok());
  EXPECT_EQ(later.error().code, ErrorCode::outside);
  const auto refused = start();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::outside);
  EXPECT_THAT(refused.error().what, HasSubstr(path));
  EXPECT_THAT(refused.error().hint, HasSubstr("chmod a+r"));
  std::filesystem::remove(path);
  put("intel-rapl:0", "package-0", "lots");
  EXPECT_THAT(start().error().what, HasSubstr("`lots`"));
}

}  // namespace
}  // namespace millgate
