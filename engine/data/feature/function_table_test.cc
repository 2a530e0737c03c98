#include "data/feature/function_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "ground/file_store.h"
#include "ground/source_folder.h"

namespace millgate {
namespace {

TEST(FunctionTable, NamesAreUniqueAndEveryFunctionIsExplained) {
  std::set<std::string> names;
  for (const ExpressionFunction& function : expression_functions()) {
    EXPECT_TRUE(names.insert(function.name).second) << function.name;
    EXPECT_EQ(find_expression_function(function.name), &function);
    EXPECT_FALSE(function.group.empty() || function.usage.empty()) << function.name;
    EXPECT_TRUE(function.doc.ends_with('.')) << function.name << " is one sentence";
    // `category` and its like are the whole expression; the type check knows what they take.
    const bool is_whole = std::set<std::string>{"category", "one_hot", "hashed_words",
                                                "hashed_characters", "elements"}
                              .contains(function.name);
    EXPECT_EQ(function.overloads.empty(), is_whole) << function.name;
  }
  EXPECT_EQ(find_expression_function("no such function"), nullptr);
}

TEST(FunctionTable, TheGuideShowsAllOfThemAsTheyAre) {
  const auto page = read_file(std::string(kSourceFolder) + "/docs/guides/expressions.md");
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(*page, testing::HasSubstr(expression_reference()))
      << "put the output of `millgate functions --markdown` at the end of the guide";
}

}  // namespace
}  // namespace millgate
