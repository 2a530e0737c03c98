#include "system/pipeline/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/file_store.h"
#include "system/pipeline/test_pipeline.h"

namespace millgate {
namespace {

using testing::HasSubstr;

TEST(ConfigurationObject, ComesBackByteByByte) {
  ObjectStore objects(make_memory_file_store());
  const Configuration kept{.text = "# \"quotes\", \ttabs,\r\nand an Ö\n",
                           .overrides = {"train.seed=2", "a.b=\"c\""}};
  const Id id = good(keep_configuration(objects, kept));
  EXPECT_EQ(id, configuration_id(kept));
  EXPECT_EQ(good(kept_configuration(objects, id)), kept);
}

TEST(ConfigurationObject, IsNamedByTextAndOverrides) {
  const Configuration plain{.text = "a", .overrides = {}};
  EXPECT_NE(configuration_id(plain), configuration_id({.text = "a ", .overrides = {}}));
  EXPECT_NE(configuration_id(plain), configuration_id({.text = "a", .overrides = {"b=1"}}));
  EXPECT_NE(configuration_id({.text = "a", .overrides = {"b=1", "b=2"}}),
            configuration_id({.text = "a", .overrides = {"b=2", "b=1"}}));
}

TEST(ConfigurationObject, AnotherObjectIsNone) {
  ObjectStore objects(make_memory_file_store());
  const Id other = good(objects.put("{\"format\":\"millgate commit\",\"version\":1}"));
  EXPECT_THAT(error_of(kept_configuration(objects, other)).what, HasSubstr("configuration"));
  EXPECT_EQ(error_of(kept_configuration(objects, hash_of("nothing"))).code, ErrorCode::not_found);
}

}  // namespace
}  // namespace millgate
