#include "data/query/sql_token.h"

#include <gtest/gtest.h>

#include "data/query/database.h"

namespace millgate {
namespace {

std::vector<std::string> texts(std::string_view sql) {
  std::vector<std::string> out;
  for (const SqlToken& token : sql_tokens(sql)) out.emplace_back(token.text);
  return out;
}

using Texts = std::vector<std::string>;

TEST(SqlToken, TellsStringsNamesAndCommentsApart) {
  EXPECT_EQ(
      texts("select a1, 'it''s' from \"odd \"\"name\"\"\" -- tail, 'x\nwhere /* a /* b */ c */ x"),
      (Texts{"select", "a1", ",", "'it''s'", "from", "\"odd \"\"name\"\"\"", "where", "x"}));
  EXPECT_EQ(texts("E'a\\'b' $$it's$$ $t$ $$ $t$ 1.5e3"),
            (Texts{"E'a\\'b'", "$$it's$$", "$t$ $$ $t$", "1.5e3"}));
  EXPECT_EQ(texts(""), Texts{});
  EXPECT_EQ(texts("  -- only a comment"), Texts{});
}

TEST(SqlToken, KnowsWhereItStands) {
  const std::string sql = "a /* é */ 'b'";
  const auto tokens = sql_tokens(sql);
  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_EQ(sql.substr(tokens[1].offset, tokens[1].text.size()), "'b'");
}

TEST(SqlToken, MarksWhatNeverEnds) {
  for (const std::string sql :
       {"select 'abc", "\"abc", "x /* y", "/* a /* b */", "$$ abc", "E'\\'"}) {
    const auto tokens = sql_tokens(sql);
    ASSERT_FALSE(tokens.empty()) << sql;
    EXPECT_EQ(tokens.back().kind, SqlTokenKind::unfinished) << sql;
    EXPECT_EQ(tokens.back().end(), sql.size()) << sql;
  }
}

TEST(SqlToken, NamesLoseTheirQuotes) {
  EXPECT_EQ(sql_tokens("\"a \"\"b\"\" c\"").front().name(), "a \"b\" c");
  EXPECT_EQ(sql_tokens("Plain").front().name(), "Plain");
  EXPECT_TRUE(sql_tokens("SeLect").front().is_word("select"));
  EXPECT_FALSE(sql_tokens("\"select\"").front().is_word("select"));
}

TEST(SqlToken, QuotesOnlyWhereNeeded) {
  EXPECT_EQ(sql_name("sched_dep_time"), "sched_dep_time");
  EXPECT_EQ(sql_name("select"), "\"select\"");
  EXPECT_EQ(sql_name("left"), "\"left\"");  // A kind of join: `left is null` is no SQL.
  EXPECT_EQ(sql_name("ORDER"), "\"ORDER\"");
  EXPECT_EQ(sql_name("two words"), "\"two words\"");
  EXPECT_EQ(sql_name("1st"), "\"1st\"");
  EXPECT_EQ(sql_name("größe"), "\"größe\"");
  EXPECT_EQ(sql_name(""), "\"\"");
  EXPECT_EQ(quote_name("a\"; drop table x; --"), "\"a\"\"; drop table x; --\"");
  EXPECT_EQ(quote_text("it's"), "'it''s'");
}

}  // namespace
}  // namespace millgate
