#include "data/query/column_lineage.h"

#include <arrow/api.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "data/table/test_table.h"

namespace millgate {
namespace {

using testing::HasSubstr;

const TableSchemas& schemas() {
  static const TableSchemas tables = {
      {"people",
       arrow::schema({arrow::field("id", arrow::int64()), arrow::field("mail", arrow::utf8()),
                      arrow::field("age", arrow::int64())})},
      {"orders",
       arrow::schema({arrow::field("id", arrow::int64()), arrow::field("mail", arrow::utf8()),
                      arrow::field("amount", arrow::float64())})}};
  return tables;
}

std::string text_of(const std::set<TableColumn>& names) {
  std::string text;
  for (const TableColumn& one : names) {
    text += (text.empty() ? "" : " ") + one.table + "." + one.column;
  }
  return text;
}

/// "who = people.mail; n =; rows people.age".
std::string lineage(const std::string& sql) {
  LineageReader reader = must(LineageReader::open(schemas()));
  const ColumnLineage found = must(reader.read(sql));
  std::string text;
  for (const auto& one : found.columns) {
    text += one.name + (one.is_copy ? " = " : " of ") + text_of(one.from) + "; ";
  }
  return text + "rows " + text_of(found.rows);
}

TEST(ColumnLineage, FollowsNamesThroughTheQuery) {
  EXPECT_EQ(lineage("select mail as who, age + 1 as older, 3 as c from people"),
            "who = people.mail; older of people.age; c of ; rows ");
  EXPECT_EQ(lineage("select * from (select mail as x, id from people) where id > 2"),
            "x = people.mail; id = people.id; rows people.id");
  EXPECT_EQ(lineage("with a as (select mail m from people), b as (select upper(m) u from a) "
                    "select u from b"),
            "u of people.mail; rows ");
  EXPECT_EQ(lineage("select p::varchar as whole from people p"),
            "whole of people.age people.id people.mail; rows ");
  EXPECT_EQ(lineage("select columns('m.*') from people"), "mail = people.mail; rows ");
  EXPECT_EQ(lineage("select a from people t(i, a, b)"), "a = people.mail; rows ");
}

TEST(ColumnLineage, FollowsAPivot) {
  EXPECT_EQ(lineage("pivot people on age in (1, 2) using count(*) group by id"),
            "id = people.id; 1 of people.age; 2 of people.age; rows ");
}

TEST(ColumnLineage, GroupsAndJoinsByEqualityOnlyTellWhoIsTheSame) {
  EXPECT_EQ(lineage("select mail, count(*) as n, sum(amount) as s from orders group by mail"),
            "mail = orders.mail; n of ; s of orders.amount; rows ");
  EXPECT_EQ(lineage("select people.id, amount from people join orders using (mail)"),
            "id = people.id; amount = orders.amount; rows ");
  EXPECT_EQ(lineage("select id, (select max(amount) from orders o where o.mail = p.mail) as most "
                    "from people p"),
            "id = people.id; most of orders.amount; rows ");
  EXPECT_EQ(lineage("select id from people where mail in (select mail from orders)"),
            "id = people.id; rows ");
  EXPECT_EQ(lineage("select id, row_number() over (partition by mail order by amount) as n "
                    "from orders"),
            "id = orders.id; n of orders.amount; rows ");
}

TEST(ColumnLineage, WhatLooksAtValuesIsTold) {
  EXPECT_EQ(lineage("select count(*) as n from people where mail like '%.org'"),
            "n of ; rows people.mail");
  EXPECT_EQ(lineage("select count(*) as n from people where mail = 'a@example.org'"),
            "n of ; rows people.mail");
  EXPECT_EQ(lineage("select count(*) as n from people where mail in ('a', 'b')"),
            "n of ; rows people.mail");
  EXPECT_EQ(lineage("select count(*) as n from orders group by substr(mail, 1, 1)"),
            "n of ; rows orders.mail");
  EXPECT_EQ(lineage("select people.id from people join orders on people.mail < orders.mail"),
            "id = people.id; rows orders.mail people.mail");
  EXPECT_EQ(lineage("select id from people order by mail limit 3"),
            "id = people.id; rows people.mail");
  EXPECT_EQ(lineage("select id from people order by mail"), "id = people.id; rows ");
  EXPECT_EQ(lineage("select id, mail from people union all select id, upper(mail) from orders"),
            "id = orders.id people.id; mail of orders.mail people.mail; rows ");
  EXPECT_EQ(lineage("select count(distinct mail) as n from people"), "n of people.mail; rows ");
  EXPECT_EQ(lineage("select id from people where mail in (select upper(mail) from orders)"),
            "id = people.id; rows orders.mail people.mail");
}

TEST(ColumnLineage, WhatIsNotUnderstoodIsMadeFromEverything) {
  const std::string all = "people.age people.id people.mail";
  EXPECT_THAT(lineage("with recursive r(a) as (select id from people union all select a + 1 from r "
                      "where a < 3) select a from r"),
              HasSubstr("a of " + all));
}

TEST(ColumnLineage, WrongSqlIsAnError) {
  LineageReader reader = must(LineageReader::open(schemas()));
  EXPECT_THAT(reader.read("select nothing from people").error().what, HasSubstr("nothing"));
}

// --- beside brute force: other mails, one for one ---------------------------------------------

/// The cells of each column of the answer as texts, sorted.
std::vector<std::vector<std::string>> answer(Database& database, const std::string& sql) {
  const auto table = must(database.query("select columns(*)::varchar from (" + sql + ")"));
  std::vector<std::vector<std::string>> columns;
  for (const auto& column : table->columns()) {
    std::vector<std::string> values;
    for (int64_t row = 0; row < table->num_rows(); ++row) {
      values.push_back(column->GetScalar(row).ValueOrDie()->ToString());
    }
    std::sort(values.begin(), values.end());
    columns.push_back(std::move(values));
  }
  return columns;
}

/// Rows that meet often; the mails are five texts in the order of `names`.
void fill(Database& database, const std::array<const char*, 5>& names) {
  std::string list;
  for (const char* name : names) list += (list.empty() ? "" : ", ") + quote_text(name);
  const std::string mail = "([" + list + "])[1 + (hash(i * 7) % 5)::int] as mail";
  must(database.query("create or replace table people as select (i % 7)::bigint as id, " + mail +
                      ", (hash(i) % 5)::bigint as age from range(14) t(i)"));
  must(database.query("create or replace table orders as select (i % 5)::bigint as id, " + mail +
                      ", (hash(i + 3) % 6)::double as amount from range(11) t(i)"));
}

TEST(ColumnLineage, MailsThatAreNotToldChangeNothing) {
  const std::vector<std::string> queries = {
      "select mail, count(*) as n, min(age) as a from people group by mail",
      "select count(*) as n, max(mail) as m from people group by age",
      "select count(*) as n from people group by length(mail)",
      "select p.id, o.amount from people p join orders o on p.mail = o.mail and p.age > o.amount",
      "select p.id, o.amount from people p left join orders o using (mail) where p.age > 2",
      "select p.id from people p join orders o on p.mail > o.mail",
      "select p.id from people p join orders o on upper(p.mail) = o.mail",
      "select id, case when age > 2 then mail else 'x' end as c from people",
      "select id, exists (select 1 from orders o where o.mail = p.mail and amount > 3) as e "
      "from people p",
      "select id, exists (select 1 from orders o where o.mail < p.mail) as e from people p",
      "select age, (select count(*) from orders o where length(o.mail) < p.age) as n from people p",
      "select id from people where mail in (select mail from orders where amount > 2)",
      "select id from people where mail not in (select mail from orders where mail > 'b')",
      "select id from people where length(mail) = id",
      "select mail from people except select mail from orders where amount > 2",
      "select id from people except select length(mail) from orders",
      "select distinct mail, age from people where id < 3",
      "select count(*) as n from (select distinct length(mail) from people)",
      "select id, sum(amount) over (partition by mail order by id, amount) as s from orders",
      "select id, row_number() over (order by mail, id, age) as s from people",
      "select id, sum(amount) over (partition by substr(mail, 1, 1)) as s from orders",
      "select id, unnest(range(length(mail))) as u from people",
      "select id from people semi join orders using (mail)",
      "select id from people anti join orders on people.mail <= orders.mail",
      "select amount from people natural join orders",
      "with x as (select mail, max(id) as m from people group by mail) select a.m, length(b.mail) "
      "as c from x a join x b on a.mail = b.mail",
      "with x as (select mail as k, age from people) select age, count(*) as n from x join orders "
      "o "
      "on o.mail = x.k group by all",
      "select id from people order by mail, id limit 4",
      "select id from (select * from people order by mail, id, age) limit 3",
      "select first(id order by mail, id) as f from people group by age",
      "select mail, id from people qualify row_number() over (partition by mail order by id, age) "
      "= 1",
      "select distinct on (age) id from people order by mail, id",
      "select (select max(mail) from people) || amount as s from orders",
      "select list_transform([mail], x -> x || id) as l from people",
      "select id from people p where (select sum(amount) from orders o where o.mail = p.mail) > 4",
      "select grouping(mail) as g, mail, count(*) as n from people group by grouping sets ((mail), "
      "())",
      "select hash(p) as h from people p",
      "select id from people union select length(mail) from orders",
      "select (values (length((select min(mail) from people)))) as v from orders",
      "select count(*) filter (where mail > 'b') as n from people"};
  LineageReader reader = must(LineageReader::open(schemas()));
  const auto database = must(Database::open());
  std::array<const char*, 5> names = {"ann", "bo", "c@x", "dorothea", "e"};
  const auto by_text = [](std::string_view a, std::string_view b) { return a < b; };
  int told_count = 0;
  for (const std::string& sql : queries) {
    const ColumnLineage found = must(reader.read(sql));
    const auto has_mail = [](const std::set<TableColumn>& columns) {
      return std::any_of(columns.begin(), columns.end(),
                         [](const TableColumn& one) { return one.column == "mail"; });
    };
    std::sort(names.begin(), names.end(), by_text);
    fill(*database, names);
    const auto before = answer(*database, sql);
    ASSERT_EQ(before.size(), found.columns.size()) << sql;
    std::vector<bool> changed(before.size());
    for (int round = 0; round < 12; ++round) {
      for (int steps = 0; steps < 7; ++steps) {
        std::next_permutation(names.begin(), names.end(), by_text);
      }
      fill(*database, names);
      const auto after = answer(*database, sql);
      for (size_t i = 0; i < before.size(); ++i) {
        changed[i] = changed[i] || before[i] != after[i];
      }
    }
    for (size_t i = 0; i < before.size(); ++i) {
      const bool told = has_mail(found.columns[i].from) || has_mail(found.rows);
      told_count += told ? 1 : 0;
      EXPECT_TRUE(told || !changed[i]) << sql << " column " << found.columns[i].name;
    }
  }
  EXPECT_GT(told_count, 20);
}

}  // namespace
}  // namespace millgate
