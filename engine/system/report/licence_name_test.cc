#include "system/report/licence_name.h"

#include <gtest/gtest.h>

namespace millgate {
namespace {

TEST(LicenceName, HasTheAddressOfSpdxInAnyCase) {
  EXPECT_EQ(spdx_url("CC-BY-4.0"), "https://spdx.org/licenses/CC-BY-4.0.html");
  EXPECT_EQ(spdx_url("odbl-1.0"), "https://spdx.org/licenses/ODbL-1.0.html");
  EXPECT_EQ(spdx_url("cc0"), "https://spdx.org/licenses/CC0-1.0.html");
}

TEST(LicenceName, LeavesOtherTextsAlone) {
  for (const char* text : {"", "CC-BY", "CC-BY-4.00", "https://example.org/terms", "ask us"}) {
    EXPECT_EQ(spdx_url(text), "") << text;
  }
}

}  // namespace
}  // namespace millgate
