#include "system/serve/rollback_answer.h"

#include <gmock/gmock.h>

#include "system/serve/test_model.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;

class RollbackAnswerTest : public ::testing::Test {
 protected:
  RollbackAnswerTest() {
    project_.release_model(first_);
    project_.release_model(second_);
    access_.ledger = &project_.repository->ledger();
    request_.method = "POST";
    request_.target = "/rollback";
    request_.body = R"({"reason":"complaints","by":"ann"})";
    request_.content_type = "application/json; charset=utf-8";
    request_.host = "127.0.0.1:8080";
    request_.is_from_here = true;
  }
  ErrorCode refused_with() {
    const auto answer = answer_rollback(access_, request_);
    EXPECT_FALSE(answer.ok());
    EXPECT_EQ((*serving(project_.repository->ledger()))->model, second_);
    return answer.ok() ? ErrorCode::bug : answer.error().code;
  }

  ServedProject project_;
  Id first_ = project_.model()->id(), second_ = project_.model({.intercept = 2})->id();
  RollbackAccess access_;
  HttpRequest request_;
};

TEST_F(RollbackAnswerTest, GoesBackForWhoCallsFromThisMachine) {
  const auto answer = answer_rollback(access_, request_);
  ASSERT_TRUE(answer.ok()) << answer.error().what;
  EXPECT_EQ(answer->model, first_);
  EXPECT_EQ(answer->by, "ann (HTTP)");
  EXPECT_EQ(answer->reason, "complaints");
}

TEST_F(RollbackAnswerTest, GoesBackToANamedModel) {
  const std::string body = R"({"reason":"complaints","by":"ann","to":")" + first_.brief() + "\"}";
  request_.body = body;
  EXPECT_EQ(answer_rollback(access_, request_)->model, first_);
  request_.body = R"({"reason":"x","by":"ann","to":"nothing"})";
  EXPECT_EQ(answer_rollback(access_, request_).error().code, ErrorCode::not_found);
}

TEST_F(RollbackAnswerTest, RefusesEverybodyElse) {
  const HttpRequest good = request_;
  request_.is_from_here = false;
  EXPECT_EQ(refused_with(), ErrorCode::refused);
  request_ = good;
  request_.is_forwarded = true;
  EXPECT_EQ(refused_with(), ErrorCode::refused);
  request_ = good;
  // A page whose name was made to mean this machine.
  for (const char* host :
       {"evil.example:8080", "127.evil.example:8080", "localhost.evil.example"}) {
    request_.host = host;
    EXPECT_EQ(refused_with(), ErrorCode::refused) << host;
  }
  request_ = good;
  request_.content_type = "text/plain";
  EXPECT_EQ(refused_with(), ErrorCode::invalid_input);
  request_ = good;
  access_.ledger = nullptr;
  EXPECT_EQ(refused_with(), ErrorCode::refused);
}

TEST_F(RollbackAnswerTest, WithATokenOnlyTheTokenCounts) {
  access_.token = "secret";
  for (const char* wrong : {"", "Bearer ", "Bearer secre", "Bearer secrets", "Basic secret"}) {
    request_.authorization = wrong;
    EXPECT_EQ(refused_with(), ErrorCode::refused) << wrong;
  }
  request_.authorization = "Bearer secret";
  request_.is_from_here = false;
  request_.is_forwarded = true;
  EXPECT_TRUE(answer_rollback(access_, request_).ok());
}

TEST_F(RollbackAnswerTest, RefusesBodiesThatSayTooLittleOrTooMuch) {
  for (const char* body :
       {"", "[]", R"({"reason":"x"})", R"({"by":"ann"})", R"({"reason":"x","by":"ann","whom":"y"})",
        R"({"reason":1,"by":"ann"})", R"({"reason":" ","by":"ann"})"}) {
    request_.body = body;
    EXPECT_EQ(refused_with(), ErrorCode::invalid_input) << body;
  }
}

}  // namespace
}  // namespace millgate
