#include "model/release/model_name.h"

#include <gmock/gmock.h>

#include "model/release/alias.h"
#include "model/release/test_registry.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;

using ModelNameTest = RegistryTest;

TEST_F(ModelNameTest, ResolvesNames) {
  EXPECT_EQ(resolve_model(*ledger_, "serving").error().code, ErrorCode::not_found);
  EXPECT_EQ(resolve_model(*ledger_, "latest").error().code, ErrorCode::not_found);
  for (const Id& model : {a_, b_}) {
    ASSERT_TRUE(ledger_->append({"run", model.hex(), "ann", "{}"}).ok());
  }
  ASSERT_TRUE(pass_and_release(a_).ok());
  EXPECT_EQ(*resolve_model(*ledger_, "latest"), b_);
  EXPECT_EQ(*resolve_model(*ledger_, "serving"), a_);
  EXPECT_EQ(*resolve_model(*ledger_, b_.hex()), b_);
  EXPECT_EQ(*resolve_model(*ledger_, b_.brief()), b_);
  EXPECT_EQ(*resolve_model(*ledger_, b_.hex().substr(0, 4)), b_);
  EXPECT_EQ(resolve_model(*ledger_, "").error().code, ErrorCode::not_found);
  EXPECT_THAT(resolve_model(*ledger_, "lastest").error().hint, HasSubstr("latest"));
  EXPECT_EQ(resolve_model(*ledger_, hash_of("no").hex()).error().code, ErrorCode::not_found);
  EXPECT_EQ((*runs(*ledger_)).size(), 2U);
  EXPECT_EQ((*runs(*ledger_))[1].model, b_);
}

TEST_F(ModelNameTest, AnAmbiguousPrefixNamesTheCandidates) {
  std::string one(64, '1'), two(64, '1');
  two.back() = '2';
  for (const std::string& model : {one, two}) {
    ASSERT_TRUE(ledger_->append({"run", model, "ann", "{}"}).ok());
  }
  const auto answer = resolve_model(*ledger_, "11");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(answer.error().hint, HasSubstr("111111111111"));
}

TEST_F(ModelNameTest, VersionsCountModelsInTheOrderOfTheirFirstRun) {
  for (const Id& model : {b_, a_, b_, c_}) ASSERT_TRUE(trained(model).ok());
  EXPECT_EQ(*resolve_model(*ledger_, "v1"), b_);
  EXPECT_EQ(*resolve_model(*ledger_, "v2"), a_);
  EXPECT_EQ(*resolve_model(*ledger_, "v3"), c_);
  for (const char* none : {"v0", "v4", "v9999999999"}) {
    EXPECT_EQ(resolve_model(*ledger_, none).error().code, ErrorCode::not_found) << none;
  }
  EXPECT_THAT(resolve_model(*ledger_, "v4").error().hint, HasSubstr("v3"));
}

TEST_F(ModelNameTest, AnAliasAndAnEnvironmentNameAModel) {
  for (const Id& model : {a_, b_}) ASSERT_TRUE(trained(model).ok());
  ASSERT_TRUE(move_alias(*ledger_, {.name = "champion", .to = a_}, "ann").ok());
  const Environment dev{.name = "dev", .key = "dev", .open = true};
  ASSERT_TRUE(enter_open(*ledger_, b_, "ann", into(dev)).ok());
  EXPECT_EQ(*resolve_model(*ledger_, "champion"), a_);
  EXPECT_EQ(*resolve_model(*ledger_, "dev"), b_);
  EXPECT_THAT(resolve_model(*ledger_, "champoin").error().hint, HasSubstr("`champion`"));
}

TEST_F(ModelNameTest, KnowsTheWordsThatPeopleCannotGive) {
  for (const char* taken : {"latest", "serving", "v12", "fade", "abc123"}) {
    EXPECT_TRUE(is_taken_word(taken)) << taken;
  }
  for (const char* free : {"champion", "v", "v1b", "dev", "version2"}) {
    EXPECT_FALSE(is_taken_word(free)) << free;
  }
}

}  // namespace
}  // namespace millgate
