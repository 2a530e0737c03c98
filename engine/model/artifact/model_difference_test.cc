#include "model/artifact/model_difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/file_store.h"
#include "ground/json.h"
#include "model/artifact/manifest.h"

namespace millgate {
namespace {

using testing::ElementsAre;

/// Parts of two models in one store; the manifests are all that must be readable.
class ModelDifferences : public testing::Test {
 protected:
  ModelDifferences() {
    before_.manifest.dependencies = {{"arrow", "1"}};
    before_.model_format = "lightgbm";
    before_.features = put(R"({"features":[{"name":"a","mean":0.5},{"name":"b"}]})");
    before_.model = put("tree\nTree=0\nleaf=1\nTree=1\nleaf=2\n");
    before_.profiles = put(R"({"profiles":[1,2,3]})");
    after_ = before_;
  }

  Id put(const std::string& bytes) { return *objects_.put(bytes); }

  std::vector<std::string> differences() {
    const auto found =
        model_differences(objects_, put(write_manifest(before_)), put(write_manifest(after_)));
    EXPECT_TRUE(found.ok()) << found.error().what;
    std::vector<std::string> lines;
    for (const ModelDifference& one : *found) lines.push_back(one.part + " " + one.what);
    return lines;
  }

  ObjectStore objects_{make_memory_file_store()};
  StoredManifest before_, after_;
};

TEST_F(ModelDifferences, NoneBetweenAModelAndItself) { EXPECT_THAT(differences(), ElementsAre()); }

TEST_F(ModelDifferences, NameThePlaceInJson) {
  after_.manifest.threshold = 0.25;
  after_.manifest.dependencies["arrow"] = "2";
  after_.features = put(R"({"features":[{"name":"a","mean":0.75},{"name":"b"}]})");
  after_.profiles = put(R"({"profiles":[1,2]})");
  EXPECT_THAT(differences(), ElementsAre("manifest /threshold: 0.5, then 0.25",
                                         "dependencies /arrow: \"1\", then \"2\"",
                                         "features /features/0/mean: 0.5, then 0.75",
                                         "profiles /profiles: 3 entries, then 2"));
}

TEST_F(ModelDifferences, NameTheLineAndTheTree) {
  after_.model = put("tree\nTree=0\nleaf=1\nTree=1\nleaf=3\n");
  EXPECT_THAT(differences(), ElementsAre("model line 5, Tree=1: \"leaf=2\", then \"leaf=3\""));
  after_.model = put("tree\nTree=0\nleaf=1\n");
  EXPECT_THAT(differences(), ElementsAre("model line 4, Tree=0: \"Tree=1\", then \"\""));
}

TEST_F(ModelDifferences, NameTheByteOfWhatIsNoText) {
  before_.model =
      put(std::string("\x08\x00\xff\xfe"
                      "a",
                      5));
  after_.model = put(std::string("\x08\x00\xff\xfd", 4));
  EXPECT_THAT(differences(), ElementsAre("model byte 3 of 5, then of 4"));
}

TEST_F(ModelDifferences, NameAnotherFormatAndWhatOnlyOneHas) {
  after_.model_format = "linear";
  after_.calibration = Calibration{.row_count = 10};
  const std::vector<std::string> lines = differences();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], "model /: \"lightgbm\", then \"linear\"");
  EXPECT_EQ(lines[1].substr(0, 20), "calibration /: null,");
}

TEST_F(ModelDifferences, AMissingPartIsAnError) {
  after_.model = hash_of("nowhere");
  const auto found =
      model_differences(objects_, put(write_manifest(before_)), put(write_manifest(after_)));
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace millgate
