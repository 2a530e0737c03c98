#include "system/pipeline/project_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "system/pipeline/project.h"
#include "system/pipeline/test_pipeline.h"

namespace millgate {
namespace {

using testing::HasSubstr;

constexpr const char* kTables = R"toml([project]
name = "flights"

[[source]]
name = "flights"
path = "raw/*.csv"
happened = "time_hour"

[source.about]

[source.personal]

[[source]]
name = "weather"
path = "weather.parquet"

[[step]]
name = "one"
command = "make"
writes = "made/made.csv"

[step.parameters]

[[check]]
table = "flights"
rule = "distance > 0"

[[view]]
name = "weather_then"
entity = ["origin"]
sql = "select origin, at, temp from weather"

[view.windows]

[online]

[features]
distance = "distance"

[feature.distance]

[[example]]
feature = "distance"
expect = 1

[example.given]

[[expectation]]
name = "one"
prediction_at_least = 0.1

[expectation.given]

[[expectation]]
name = "other"
change = "distance = 1"

[units]

[[calendar]]
name = "days"
sql = "select at from weather"

[[environment]]
name = "test"

[[environment.requirement]]
metric = "log_loss"
at_most = 1

[[environment]]
name = "try"

[[environment]]
name = "production"

[gate]

[quarantine]

[doctor]

[[doctor.allow]]
id = "secret"
because = "made"

[model]

[[trigger]]
name = "old"
when = "age"
do = "retrain"

[[sign_off]]
role = "sales"
by = "ben@example.org"
)toml";

constexpr const char* kBinary = R"toml(
[task]
table = "flights"
label = "arr_delay > 15"

[metric.utility]

[[stakeholder]]
name = "everybody"
wants = "auc"
better = "higher"

[[requirement]]
metric = "auc"
at_least = 0.5
)toml";

constexpr const char* kGroups = R"toml(
[task]
table = "flights"
label = "arr_delay > 15"

[[stakeholder]]
name = "everybody"
wants = "recall_gap"
by = "carrier"

[[requirement]]
metric = "recall_gap"
by = "carrier"
at_most = 0.5
)toml";

constexpr const char* kRival = R"toml(
[task]
table = "flights"
label = "arr_delay > 15"

[[requirement]]
metric = "auc"
better_by = 0

[[requirement]]
metric = "accuracy"
not_worse_by = 0

[[environment]]
name = "test"

[[environment.requirement]]
metric = "auc"
better_by = 0

[[environment.requirement]]
metric = "accuracy"
not_worse_by = 0

[[environment.requirement]]
metric = "recall_gap"
by = "carrier"
at_most = 0.5

[[environment.requirement]]
metric = "precision"
at_least = 0.1

[[environment]]
name = "production"
)toml";

constexpr const char* kSearch = R"toml(
[train]

[train.split]

[train.tune]

[train.search.num_leaves]
from = 2
to = 9

[train.search.data_sample_strategy]
any_of = ["bagging", "goss"]

[train.search.top_rate]
from = 0.1
to = 0.5

[train.search.top_rate.when]

[train.uncertainty]
)toml";

/// Whole files; a key is at home in one of them at least.
std::vector<std::string> files() {
  const std::string tables = kTables;
  const std::string binary = tables + kBinary;
  const std::string task = "\n[task]\ntable = \"flights\"\n";
  return {
      binary + kSearch,
      binary + "\n[train]\n[train.parameters]\n[train.uncertainty]\n[train.split]\n",
      binary + "\n[train.split]\nvalid = \"1d\"\ntest = \"1d\"\n",
      binary + "\n[train]\ncalibrate = \"platt\"\n[train.split]\n",
      binary + "\n[train]\nlearner = \"linear\"\n[train.parameters]\n",
      binary +
          "\n[train]\nlearner = \"command\"\ncommand = \"train\"\n[train.limits]\n"
          "[train.parameters]\n",
      binary +
          "\n[train]\nlearner = \"ensemble\"\n[[train.member]]\nname = \"one\"\n"
          "[[train.member]]\nname = \"other\"\n",
      binary +
          "\n[train]\nlearner = \"ensemble\"\ncombine = \"stack\"\n[[train.member]]\n"
          "name = \"one\"\n[train.member.parameters]\n[[train.member]]\nname = \"other\"\n"
          "learner = \"command\"\ncommand = \"train\"\n",
      tables + kGroups,
      tables + task + "kind = \"regression\"\nlabel = \"arr_delay\"\n[train.uncertainty]\n",
      tables + task +
          "kind = \"multiclass\"\nlabel = \"carrier\"\nclasses = [\"a\", \"b\", \"c\"]\n"
          "[metric.utility.a]\nb = -1\n[metric.utility.b]\na = -1\n",
      tables + task + "kind = \"ranking\"\nlabel = \"arr_delay\"\ngroup = \"origin\"\n",
      "[project]\nname = \"files\"\n[[source]]\nname = \"images\"\nkind = \"folder\"\npath = "
      "\"in\"\n",
      "[project]\nname = \"files\"\n[[source]]\nname = \"flights\"\n" + std::string(kRival),
      "[project]\nname = \"files\"\n[online]\naddress = \"redis://127.0.0.1:6379\"\n",
  };
}

bool is_header_of(const std::string& line, const ProjectSection& section) {
  if (line == section.title()) return true;
  const size_t star = section.name.find('*');
  if (star == std::string_view::npos) return false;
  const std::string before = "[" + std::string(section.name.substr(0, star));
  const std::string after = std::string(section.name.substr(star + 1)) + "]";
  if (!line.starts_with(before) || !line.ends_with(after)) return false;
  const std::string name = line.substr(before.size(), line.size() - before.size() - after.size());
  return !name.empty() && name.find('.') == std::string::npos;
}

/// `file` with `line` in the section's `nth` place, instead of one of the same key. Empty when
/// there is no such place.
std::string with_line(const std::string& file, const ProjectSection& section,
                      const std::string& line, size_t nth) {
  const std::string key = line.substr(0, line.find('=') + 1);
  std::string out;
  std::string text;
  size_t seen = 0;
  bool is_inside = false;
  bool is_there = false;
  for (std::istringstream lines(file); std::getline(lines, text);) {
    if (text.starts_with("[")) {
      is_inside = is_header_of(text, section) && seen++ == nth;
      is_there |= is_inside;
      out += text + "\n" + (is_inside ? line + "\n" : "");
    } else if (!is_inside || !text.starts_with(key)) {
      out += text + "\n";
    }
  }
  return is_there ? out : std::string();
}

/// Empty when some file with the line is a project; else why the last of them is none.
std::string refusal_of(const ProjectSection& section, const std::string& line) {
  std::string why = "there is no such section in the files of this test";
  for (const std::string& file : files()) {
    for (size_t nth = 0; nth < 4; ++nth) {
      const std::string text = with_line(file, section, line, nth);
      if (text.empty()) break;
      const auto project = project_of(".", {.text = text, .overrides = {}}, "millgate.toml");
      if (project.ok()) return {};
      why = project.error().what + " at " + project.error().where;
    }
  }
  return why;
}

TEST(ProjectKeys, EveryExampleAndDefaultIsTaken) {
  for (const std::string& file : files()) {
    const auto project = project_of(".", {.text = file, .overrides = {}}, "millgate.toml");
    EXPECT_TRUE(project.ok()) << project.error().what << " " << project.error().where;
  }
  for (const ProjectSection& section : project_sections()) {
    for (const ProjectKey& one : section.keys) {
      const std::string key(one.key);
      const bool is_text = section.name == "model";
      const std::string example = is_text ? "\"x\"" : std::string(one.example);
      if (section.name == "train.parameters" && key != "*") continue;  // train_settings_test
      const std::string line = key == "*" ? example : key + " = " + example;
      EXPECT_EQ(refusal_of(section, line), "") << section.title() << " " << line;
      if (one.fallback.empty() || one.fallback == "required") continue;
      const std::string by_default = key + " = " + std::string(one.fallback);
      EXPECT_EQ(refusal_of(section, by_default), "") << section.title() << " " << by_default;
    }
  }
}

TEST(ProjectKeys, WhatIsRequiredIsMissed) {
  for (const ProjectSection& section : project_sections()) {
    for (const ProjectKey& one : section.keys) {
      if (one.fallback != "required") continue;
      const std::string key(one.key);
      // A slip in the key, in whatever file has it, is a fault.
      size_t tried = 0;
      for (std::string file : files()) {
        std::string out;
        std::string text;
        bool is_inside = false;
        bool is_found = false;
        for (std::istringstream lines(file); std::getline(lines, text);) {
          if (text.starts_with("[")) is_inside = is_header_of(text, section);
          if (is_inside && text.starts_with(key + " =")) {
            is_found = true;
            continue;
          }
          out += text + "\n";
        }
        if (!is_found) continue;
        ++tried;
        EXPECT_FALSE(project_of(".", {.text = out, .overrides = {}}, "millgate.toml").ok())
            << section.title() << " " << key;
      }
      EXPECT_GT(tried, 0U) << section.title() << " " << key;
    }
  }
}

TEST(ProjectKeys, HasNoKeyTwiceAndNoTextIsEmpty) {
  std::set<std::string> seen;
  for (const ProjectSection& section : project_sections()) {
    EXPECT_FALSE(section.keys.empty()) << section.title();
    EXPECT_FALSE(section.what.empty() || section.guide.empty()) << section.title();
    for (const ProjectKey& one : section.keys) {
      EXPECT_TRUE(seen.insert(section.title() + std::string(one.key)).second) << one.key;
      EXPECT_FALSE(one.type.empty() || one.meaning.empty()) << section.title() << one.key;
    }
  }
}

TEST(ProjectKeys, RefusesAKeyThatNobodyDescribed) {
  const auto section = parse_settings("[task]\ntable = \"a\"\nlabl = \"b\"\n", "x.toml");
  ASSERT_TRUE(section.ok());
  const Status status = check_described(*section);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::bug);
  EXPECT_THAT(status.error().what, HasSubstr("labl"));
  EXPECT_EQ(status.error().where, "x.toml:3:8");
}

TEST(ProjectKeys, NamesTheNearestSection) {
  const auto wrong = project_section("train.splt");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().hint, "did you mean `train.split`?");
  EXPECT_EQ(project_section("requirement").value()->title(), "[[requirement]]");
}

}  // namespace
}  // namespace millgate
