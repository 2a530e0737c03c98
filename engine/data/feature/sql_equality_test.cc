/// The language is a subset of SQL: random expressions give what DuckDB gives.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "data/feature/compile.h"
#include "data/feature/program.h"
#include "data/feature/text_hash.h"
#include "data/query/database.h"
#include "ground/random.h"

namespace millgate {
namespace {

/// One expression in both languages. DuckDB stops a query where a value has no answer, so that
/// whatever may do so is wrapped in its `try`; its own spelling is used for functions that it
/// does not have.
struct Pair {
  std::string ours;
  std::string theirs;
};

/// Makes expressions of a type from the columns of `rows` in MakeRows.
class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  Pair make(ValueType type, int depth) {
    if (depth <= 0 || random_.below(8) == 0) return leaf(type);
    switch (random_.below(8)) {
      case 0:
        return choice(type, depth - 1);
      default:
        switch (type) {
          case ValueType::boolean:
            return boolean(depth - 1);
          case ValueType::integer:
            return integer(depth - 1);
          case ValueType::number:
            return number(depth - 1);
          case ValueType::text:
            return text(depth - 1);
          case ValueType::list:
            return list(depth - 1);
          default:
            return time(depth - 1);
        }
    }
  }

  ValueType any_type() {
    constexpr ValueType kTypes[] = {ValueType::boolean, ValueType::integer, ValueType::number,
                                    ValueType::text, ValueType::time};
    return kTypes[random_.below(5)];
  }

 private:
  static Pair same(const std::string& text) { return {text, text}; }
  template <typename... Parts>
  static Pair join(const Parts&... parts) {
    Pair all;
    (add(all, parts), ...);
    return all;
  }
  static void add(Pair& all, const Pair& part) {
    all.ours += part.ours;
    all.theirs += part.theirs;
  }
  static void add(Pair& all, const char* part) { add(all, Pair{part, part}); }
  static void add(Pair& all, const std::string& part) { add(all, Pair{part, part}); }
  static Pair tried(Pair pair) { return {pair.ours, "try(" + pair.theirs + ")"}; }

  std::string one_of(std::initializer_list<const char*> texts) {
    return *(texts.begin() + random_.below(texts.size()));
  }

  Pair leaf(ValueType type) {
    switch (type) {
      case ValueType::boolean:
        return same(one_of({"p", "q", "true", "false"}));
      case ValueType::integer: {
        if (random_.below(2) == 0) return same(one_of({"a", "b"}));
        const std::string value = one_of({"0", "1", "2", "7", "24", "1000"});
        return {value, value + "::bigint"};
      }
      case ValueType::number: {
        if (random_.below(2) == 0) return same(one_of({"x", "y"}));
        const std::string value = one_of({"0.0", "1.0", "0.5", "2.5", "100.25", "1e10", "1e-3"});
        return {value, value + "::double"};
      }
      case ValueType::text:
        return same(one_of({"s", "u", "'a'", "''", "'ab'", "'É'", "'%b_'", "'x,y,z'"}));
      case ValueType::list: {
        if (random_.below(4) > 0) return same(one_of({"l", "k"}));
        const std::string value = one_of({"[1.0, 2.5]", "[0.0, null, -3.5]", "[0.5]"});
        return {value, value + "::double[]"};
      }
      default: {
        if (random_.below(2) == 0) return same(one_of({"m", "n"}));
        return same(one_of({"timestamp '2013-03-10 07:00:00'", "timestamp '1969-12-31 23:59:59'",
                            "timestamp '2024-02-29 12:30:15'"}));
      }
    }
  }

  Pair choice(ValueType type, int depth) {
    const Pair a = make(type, depth);
    const Pair b = make(type, depth);
    const Pair condition = make(ValueType::boolean, depth);
    if (type == ValueType::list) {  // Which are not compared.
      if (random_.below(2) == 0) return join("coalesce(", a, ", ", b, ")");
      return join("case when ", condition, " then ", a, " else ", b, " end");
    }
    switch (random_.below(6)) {
      case 0:
        return join("case when ", condition, " then ", a, " else ", b, " end");
      case 1:
        return join("case when ", condition, " then ", a, " when p then ", b, " end");
      case 2:
        return join("coalesce(", a, ", ", b, ")");
      case 3:
        return join("nullif(", a, ", ", b, ")");
      case 4:
        return join("if(", condition, ", ", a, ", ", b, ")");
      default:
        return join(one_of({"least(", "greatest("}), a, ", ", b, ")");
    }
  }

  Pair boolean(int depth) {
    switch (random_.below(12)) {
      case 10:
        return join("(", make(ValueType::list, depth), one_of({" is null)", " is not null)"}));
      case 11:
        return join("list_contains(", make(ValueType::list, depth), ", ",
                    make(ValueType::number, depth), ")");
      case 0:
        return join("(", make(ValueType::boolean, depth), one_of({" and ", " or "}),
                    make(ValueType::boolean, depth), ")");
      case 1:
        return join("(not ", make(ValueType::boolean, depth), ")");
      case 2: {
        const ValueType type = any_type();
        return join("(", make(type, depth), one_of({" is null", " is not null"}), ")");
      }
      case 3: {
        const ValueType type = any_type();
        return join("(", make(type, depth), " ", one_of({"between ", "not between "}),
                    make(type, depth), " and ", make(type, depth), ")");
      }
      case 4: {
        const ValueType type = any_type();
        return join("(", make(type, depth), " ", one_of({"in (", "not in ("}), make(type, depth),
                    ", ", make(type, depth), "))");
      }
      case 5:
        return join("(", make(ValueType::text, depth), one_of({" like ", " ilike ", " not like "}),
                    one_of({"'%'", "'a%'", "'%b'", "'_b%'", "'%é%'", "''", "'%_,%'", "'a_c'"}),
                    ")");
      case 6:
        return join(one_of({"contains(", "starts_with(", "ends_with("}),
                    make(ValueType::text, depth), ", ", make(ValueType::text, depth), ")");
      case 7:
        return join(one_of({"regexp_matches(", "regexp_full_match("}), make(ValueType::text, depth),
                    ", ", one_of({"'a'", "'^a.*b$'", "'[A-Zé]+'", "'(a|b){2}'", "'\\d+'", "'a.b'"}),
                    ")");
      case 8:
        return join(one_of({"isnan(", "isinf(", "isfinite("}), make(ValueType::number, depth), ")");
      default: {
        const ValueType type = any_type();
        return join("(", make(type, depth), one_of({" = ", " <> ", " < ", " <= ", " > ", " >= "}),
                    make(type, depth), ")");
      }
    }
  }

  Pair integer(int depth) {
    switch (random_.below(14)) {
      case 13:
        return join("len(", make(ValueType::list, depth), ")");
      case 0:
        return tried(join("(", make(ValueType::integer, depth), one_of({" + ", " - ", " * "}),
                          make(ValueType::integer, depth), ")"));
      case 1:
        return tried(join("(", make(ValueType::integer, depth), one_of({" // ", " % "}),
                          make(ValueType::integer, depth), ")"));
      case 2:
        return tried(join("(-", make(ValueType::integer, depth), ")"));
      case 3:
        return tried(join(one_of({"abs(", "round("}), make(ValueType::integer, depth), ")"));
      case 4:
        return join("length(", make(ValueType::text, depth), ")");
      case 5:
        return join(one_of({"year(", "month(", "day(", "isodow(", "week(", "quarter(", "hour(",
                            "minute(", "second("}),
                    make(ValueType::time, depth), ")");
      case 6: {
        const Pair at = make(ValueType::time, depth);
        if (random_.below(2) == 0) {
          return {"day_of_year(" + at.ours + ")", "dayofyear(" + at.theirs + ")"};
        }
        return {"weekday(" + at.ours + ")", "dayofweek(" + at.theirs + ")"};
      }
      case 7:
        return join("date_diff('",
                    one_of({"second", "minute", "hour", "day", "month", "quarter", "year"}), "', ",
                    make(ValueType::time, depth), ", ", make(ValueType::time, depth), ")");
      case 8: {
        const Pair x = make(ValueType::number, depth);
        return {"cast(" + x.ours + " as bigint)", "try_cast(" + x.theirs + " as bigint)"};
      }
      case 9:
        return join("strpos(", make(ValueType::text, depth), ", ", make(ValueType::text, depth),
                    ")");
      case 10: {
        const Pair p = make(ValueType::boolean, depth);
        return {"(" + p.ours + ")::bigint", "(" + p.theirs + ")::bigint"};
      }
      case 11: {
        const Pair x = make(ValueType::number, depth);
        return {"sign(" + x.ours + ")", "sign(" + x.theirs + ")::bigint"};
      }
      default: {
        const Pair x = make(ValueType::number, depth);
        return {"bucket(" + x.ours + ", 0, 1.5, 100)", "bucket3((" + x.theirs + "), 0, 1.5, 100)"};
      }
    }
  }

  Pair number(int depth) {
    switch (random_.below(15)) {
      case 11:
        return join("(", make(ValueType::list, depth), ")[", make(ValueType::integer, depth), "]");
      case 12:
        return join(one_of({"list_sum(", "list_avg(", "list_min(", "list_max("}),
                    make(ValueType::list, depth), ")");
      case 13: {
        const Pair l = make(ValueType::list, depth);
        return {"list_norm(" + l.ours + ")", "sqrt(dot(" + l.theirs + ", " + l.theirs + "))"};
      }
      case 14:
        return two_lists(depth);
      case 0:
        return join("(", make(ValueType::number, depth), one_of({" + ", " - ", " * "}),
                    make(ValueType::number, depth), ")");
      case 1:
        return join("(", make(ValueType::number, depth), one_of({" / ", " % "}),
                    make(ValueType::number, depth), ")");
      case 2:
        return join("(", make(ValueType::integer, depth), " / ", make(ValueType::integer, depth),
                    ")");
      case 3:
        return tried(join(one_of({"sqrt(", "ln(", "log10(", "log2(", "exp(", "sin(", "cos(", "tan(",
                                  "asin(", "acos(", "atan(", "cbrt("}),
                          make(ValueType::number, depth), ")"));
      case 4:
        return join(one_of({"abs(", "floor(", "ceil(", "round(", "trunc("}),
                    make(ValueType::number, depth), ")");
      case 5:
        return tried(join(one_of({"pow(", "atan2("}), make(ValueType::number, depth), ", ",
                          make(ValueType::number, depth), ")"));
      case 6: {
        const Pair x = make(ValueType::number, depth);
        return {"clip(" + x.ours + ", -1, 2.5)", "clip((" + x.theirs + "), -1, 2.5)"};
      }
      case 7: {
        const Pair x = make(ValueType::number, depth);
        return {"cyclic_sin(" + x.ours + ", 24)", "try(cyclic_sin(" + x.theirs + ", 24))"};
      }
      case 8: {
        const Pair s = make(ValueType::text, depth);
        return {"cast(" + s.ours + " as double)", "try_cast(" + s.theirs + " as double)"};
      }
      case 9:
        return join("epoch(", make(ValueType::time, depth), ")");
      default: {
        const Pair a = make(ValueType::integer, depth);
        return {"(" + a.ours + ")::double", "(" + a.theirs + ")::double"};
      }
    }
  }

  Pair list(int depth) {
    const Pair a = make(ValueType::number, depth);
    const Pair b = make(ValueType::number, depth);
    return {"[" + a.ours + ", " + b.ours + "]", "[" + a.theirs + ", " + b.theirs + "]::double[]"};
  }

  Pair two_lists(int depth) {
    const Pair a = make(ValueType::list, depth);
    const Pair b = make(ValueType::list, depth);
    const Pair both = join("(", a, ", ", b, ")");
    switch (random_.below(4)) {
      case 0:
        return {"list_dot_product" + both.ours, "dot" + both.theirs};
      case 1:
        return {"list_distance" + both.ours, "distance" + both.theirs};
      case 2:
        return {"list_cosine_similarity" + both.ours, "cosine" + both.theirs};
      default:
        return {"list_cosine_distance" + both.ours, "(1 - cosine" + both.theirs + ")"};
    }
  }

  Pair text(int depth) {
    const std::string count = one_of({"0", "1", "2", "-1", "-2", "5"});
    switch (random_.below(10)) {
      case 0:
        return join("(", make(ValueType::text, depth), " || ", make(ValueType::text, depth), ")");
      case 1:
        return join("concat(", make(ValueType::text, depth), ", ", make(ValueType::text, depth),
                    ")");
      case 2:
        return join(one_of({"lower(", "upper(", "trim(", "ltrim(", "rtrim("}),
                    make(ValueType::text, depth), ")");
      case 3:
        return join(one_of({"left(", "right("}), make(ValueType::text, depth), ", ", count, ")");
      case 4:
        return join("substring(", make(ValueType::text, depth), ", ", count, ")");
      case 5:
        return join("substring(", make(ValueType::text, depth), ", ", count, ", ",
                    one_of({"0", "1", "2", "-1", "10"}), ")");
      case 6:
        return join("replace(", make(ValueType::text, depth), ", ", make(ValueType::text, depth),
                    ", ", make(ValueType::text, depth), ")");
      case 7:
        return join("regexp_replace(", make(ValueType::text, depth), ", ",
                    one_of({"'a'", "'(b)'", "'[^a-z]'"}), ", ", one_of({"''", "'z'", "'<\\0>'"}),
                    one_of({")", ", 'g')"}));
      case 8:
        return join("regexp_extract(", make(ValueType::text, depth), ", ",
                    one_of({"'(a)(b)?', 2)", "'[a-z]+')", "'b.', 0)"}));
      default: {
        const Pair a = make(ValueType::integer, depth);
        return {"cast(" + a.ours + " as varchar)", "cast(" + a.theirs + " as varchar)"};
      }
    }
  }

  Pair time(int depth) {
    switch (random_.below(4)) {
      case 0:
        return join("date_trunc('",
                    one_of({"second", "minute", "hour", "day", "week", "month", "quarter", "year"}),
                    "', ", make(ValueType::time, depth), ")");
      case 1:
        return join("(", make(ValueType::time, depth), one_of({" + ", " - "}), "interval '",
                    one_of({"90 minutes", "3 days", "1 second"}), "')");
      case 2: {
        const Pair at = make(ValueType::time, depth);
        const std::string zone =
            one_of({"'America/New_York'", "'Europe/Paris'", "'Asia/Kolkata'", "'UTC'"});
        return {"timezone(" + zone + ", " + at.ours + ")",
                "timezone(" + zone + ", timezone('UTC', " + at.theirs + "))"};
      }
      default: {
        const Pair at = make(ValueType::time, depth);
        return {"(" + at.ours + ")::date", "(" + at.theirs + ")::date::timestamp"};
      }
    }
  }

  Random random_;
};

class SqlEquality : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = Database::open({.threads = 1});
    ASSERT_TRUE(opened.ok()) << opened.error().what;
    database_ = std::move(*opened);
    // A quotient by 0 is null, as it was in DuckDB until 1.1: an infinite feature helps nobody.
    run("set ieee_floating_point_ops = false");
    run("create macro clip(x, low, high) as case when x is null then null when isnan(x) then x "
        "else least(greatest(x, low), high) end");
    run("create macro cyclic_sin(x, period) as sin(2.0::double * pi() * x / period)");
    run("create macro bucket3(x, a, b, c) as case when x is null then null else "
        "(x >= a)::bigint + (x >= b)::bigint + (x >= c)::bigint end");
    // DuckDB 1.5 stops for a null in any list of a batch, whichever row it evaluates.
    run("create macro clean(l) as list_filter(l, lambda x: x is not null)");
    run("create macro has_null(l, m) as len(clean(l)) < len(l) or len(clean(m)) < len(m)");
    run("create macro dot(l, m) as case when has_null(l, m) then null else "
        "try(list_dot_product(clean(l), clean(m))) end");
    run("create macro distance(l, m) as case when has_null(l, m) then null else "
        "try(list_distance(clean(l), clean(m))) end");
    run("create macro plain_cosine(l, m) as case when has_null(l, m) then null else "
        "try(list_cosine_similarity(clean(l), clean(m))) end");
    // A list of zeros has no direction, and after an overflow it is not known: NaN, as DuckDB 2.0
    // says; 1.5 says -1.
    run("create macro cosine(l, m) as case when plain_cosine(l, m) is null then null when "
        "coalesce(isnan(dot(l, m) / sqrt(dot(l, l) * dot(m, m))), dot(l, m) = 0) then "
        "'nan'::double "
        "else plain_cosine(l, m) end");
    // What is taken out of `try` to be computed once is no longer tried.
    run("set disabled_optimizers = 'common_subexpressions'");
    run("create table rows(a bigint, b bigint, x double, y double, s varchar, u varchar, "
        "p boolean, q boolean, m timestamp, n timestamp, l double[], k double[])");
  }

  void run(const std::string& sql) {
    const Status status = database_->execute(sql);
    ASSERT_TRUE(status.ok()) << status.error().what << "\n" << sql.substr(0, 2000);
  }

  void make_rows(Random& random, int count) {
    const auto pick = [&](std::vector<std::string> values) {
      return values[random.below(values.size())];
    };
    const std::function<std::string()> integer = [&] {
      return pick({"null", "0", "1", "-1", "7", "9223372036854775807", "-9223372036854775808",
                   std::to_string(random.below(1000)), "-" + std::to_string(random.below(100))});
    };
    const std::function<std::string()> number = [&] {
      return pick({"null", "0.0", "-0.0", "1.5", "'nan'::double", "'infinity'::double",
                   "'-infinity'::double", "1e308", "-1e-300", "0.5",
                   std::to_string(random.uniform() * 200 - 100)});
    };
    const std::function<std::string()> text = [&] {
      return pick({"null", "''", "'a'", "'ab'", "'aBc'", "'  a b '", "'É é'", "'12'", "' -3.5 '",
                   "'x,y,,z'", "'1e5'", "'ß日本'", "'a'||chr(10)||'b'", "'100%'"});
    };
    const std::function<std::string()> boolean = [&] { return pick({"null", "true", "false"}); };
    const std::function<std::string()> time = [&] {
      return pick({"null", "make_timestamp(" +
                               std::to_string(static_cast<int64_t>(random.below(4'000'000'000)) *
                                                  1'000'000 -
                                              1'500'000'000'000'000) +
                               "::bigint)"});
    };
    // Of at most three elements: DuckDB sums longer ones in an order of its own.
    const std::function<std::string()> list = [&] {
      if (random.below(8) == 0) return std::string("null");
      std::string items;
      for (uint64_t left = random.below(4); left > 0; --left) {
        items += (items.empty() ? "" : ", ") + number() + "::double";
      }
      return "[" + items + "]";
    };
    for (int i = 0; i < count; ++i) {
      run("insert into rows values (" + integer() + ", " + integer() + ", " + number() + ", " +
          number() + ", " + text() + ", " + text() + ", " + boolean() + ", " + boolean() + ", " +
          time() + ", " + time() + ", " + list() + ", " + list() + ")");
    }
  }

  std::unique_ptr<Database> database_;
};

/// What our language can show of any type: a text by its hash, a time by its seconds.
std::string shown(const std::string& expression, ValueType type) {
  if (type == ValueType::text) return "hash_bucket(" + expression + ", 2147483647)";
  if (type == ValueType::time) return "epoch(" + expression + ")";
  return expression;
}

bool agree(const Vector& ours, const Vector& theirs, size_t row, ValueType type) {
  if (ours.valid[row] != theirs.valid[row]) return false;
  if (ours.valid[row] == 0) return true;
  if (type == ValueType::text) {
    return ours.integers[row] == hash_bucket(theirs.texts[row], 2147483647);
  }
  if (type == ValueType::time) {
    return ours.numbers[row] == static_cast<double>(theirs.integers[row]) / 1e6;
  }
  if (type == ValueType::number) {
    return same(ours.numbers[row], theirs.numbers[row]);
  }
  return ours.integers[row] == theirs.integers[row];
}

/// DuckDB gives a null of no type another one.
std::string sql_type(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return "boolean";
    case ValueType::integer:
      return "bigint";
    case ValueType::number:
      return "double";
    case ValueType::text:
      return "varchar";
    default:
      return "timestamp";
  }
}

std::string cell(const Vector& vector, size_t row) {
  if (vector.valid[row] == 0) return "null";
  if (vector.type == ValueType::text) return "'" + vector.texts[row] + "'";
  if (vector.type == ValueType::number) return std::to_string(vector.numbers[row]);
  return std::to_string(vector.integers[row]);
}

TEST_F(SqlEquality, EmbeddingsGiveWhatDuckDBGivesButForTheOrderOfSums) {
  Random random(5);
  for (const size_t dimensions : {7U, 8U, 9U, 384U, 1001U}) {
    std::string lists[2];
    for (std::string& list : lists) {
      for (size_t i = 0; i < dimensions; ++i) {
        list += (i == 0 ? "[" : ", ") + std::to_string(random.normal());
      }
      list += "]::double[]";
    }
    const auto table = database_->query("select " + lists[0] + " as l, " + lists[1] + " as k");
    ASSERT_TRUE(table.ok()) << table.error().what;
    for (const char* expression :
         {"list_dot_product(l, k)", "list_cosine_similarity(l, k)", "list_cosine_distance(l, k)",
          "list_distance(l, k)", "list_sum(l)", "list_avg(l)"}) {
      const auto ours = evaluate_expression(expression, **table);
      ASSERT_TRUE(ours.ok()) << ours.error().what;
      const auto answer =
          database_->query("select " + std::string(expression) + " as v from (select " + lists[0] +
                           " as l, " + lists[1] + " as k)");
      ASSERT_TRUE(answer.ok()) << answer.error().what;
      const auto theirs = block_from(**answer, {{"v", ValueType::number}});
      ASSERT_TRUE(theirs.ok());
      EXPECT_NEAR(ours->numbers[0], theirs->columns[0].numbers[0],
                  1e-14 * static_cast<double>(dimensions))
          << expression << " of " << dimensions;
    }
  }
}

TEST_F(SqlEquality, RandomExpressionsGiveWhatDuckDBGives) {
  const uint64_t seed = 20130101;
  Random random(seed);
  make_rows(random, 60);
  const auto table = database_->query("select * from rows");
  ASSERT_TRUE(table.ok()) << table.error().what;
  Generator generator(seed);
  constexpr int kExpressions = 4000;
  int shown_failures = 0;
  for (int i = 0; i < kExpressions && shown_failures < 20; ++i) {
    const ValueType type = generator.any_type();
    const Pair pair = generator.make(type, 3);
    const auto ours = evaluate_expression(shown(pair.ours, type), **table);
    ASSERT_TRUE(ours.ok()) << "seed " << seed << ": " << pair.ours << "\n"
                           << ours.error().what << "\n"
                           << ours.error().excerpt;
    const auto answer =
        database_->query("select (" + pair.theirs + ")::" + sql_type(type) + " as v from rows");
    ASSERT_TRUE(answer.ok()) << "seed " << seed << ": " << pair.theirs << "\n"
                             << answer.error().what;
    const auto theirs = block_from(**answer, {{"v", type}});
    ASSERT_TRUE(theirs.ok()) << theirs.error().what << " " << pair.theirs;
    for (size_t row = 0; row < ours->size(); ++row) {
      if (agree(*ours, theirs->columns[0], row, type)) continue;
      ++shown_failures;
      ADD_FAILURE() << "seed " << seed << ", row " << row << ": " << pair.ours
                    << "\nDuckDB: " << pair.theirs << "\nours " << cell(*ours, row) << ", DuckDB "
                    << cell(theirs->columns[0], row);
      break;
    }
  }
}

}  // namespace
}  // namespace millgate
