#include "data/feature/class_label.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace millgate {
namespace {

using testing::HasSubstr;

Task task_of(const std::string& lines) {
  auto settings = parse_settings("table = \"t\"\nkind = \"multiclass\"\nlabel = \"kind\"\n" + lines,
                                 "millgate.toml");
  auto task = read_task(std::move(*settings));
  EXPECT_TRUE(task.ok()) << task.error().what;
  return *task;
}

Error error_of(const std::string& lines) {
  auto task = read_task(*parse_settings("table = \"t\"\nlabel = \"kind\"\n" + lines, "m.toml"));
  return task.ok() ? Error{} : task.error();
}

Vector texts(const std::vector<std::string>& values) {
  Vector column;
  column.reset(ValueType::text, values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    column.valid[i] = values[i].empty() ? 0 : 1;
    column.texts[i] = values[i];
  }
  return column;
}

TEST(ClassLabel, TextsBecomeTheNumbersOfTheirClasses) {
  const Task task = task_of("classes = [\"red\", \"green\", \"blue\"]");
  const auto numbers = class_numbers(task, texts({"blue", "", "red", "green"}));
  ASSERT_TRUE(numbers.ok());
  EXPECT_EQ((*numbers)[0], 2);
  EXPECT_TRUE(std::isnan((*numbers)[1]));
  EXPECT_EQ((*numbers)[2], 0);
  EXPECT_EQ((*numbers)[3], 1);
}

TEST(ClassLabel, WholeNumbersAndBooleansAreTheirTexts) {
  const Task task = task_of("classes = [\"-1\", \"0\", \"7\"]");
  Vector column;
  column.reset(ValueType::integer, 3);
  column.valid = {1, 1, 0};
  column.integers = {7, -1, 0};
  EXPECT_EQ((*class_numbers(task, column))[0], 2);
  EXPECT_EQ((*class_numbers(task, column))[1], 0);
  Vector numbers;
  numbers.reset(ValueType::number, 3);
  numbers.valid = {1, 1, 1};
  numbers.numbers = {0, std::numeric_limits<double>::quiet_NaN(), 7};
  EXPECT_EQ((*class_numbers(task, numbers))[0], 1);
  EXPECT_TRUE(std::isnan((*class_numbers(task, numbers))[1]));
  numbers.numbers[0] = 0.5;
  EXPECT_THAT(class_numbers(task, numbers).error().what, HasSubstr("it is 0.5"));
  const Task flags = task_of("classes = [\"true\", \"false\", \"maybe\"]");
  column.reset(ValueType::boolean, 2);
  column.valid = {1, 1};
  column.integers = {0, 1};
  EXPECT_EQ((*class_numbers(flags, column))[0], 1);
  column.reset(ValueType::time, 1);
  column.valid = {1};
  EXPECT_THAT(class_numbers(flags, column).error().what, HasSubstr("a time"));
}

TEST(ClassLabel, ValuesThatAreNoClassAreToldTogether) {
  const Task task = task_of("classes = [\"red\", \"green\", \"blue\"]");
  const auto fault = class_numbers(task, texts({"grean", "red", "grean", "pink"}));
  ASSERT_FALSE(fault.ok());
  EXPECT_THAT(fault.error().what, HasSubstr("`grean` (2 rows), `pink` (1 row)"));
  EXPECT_THAT(fault.error().hint, HasSubstr("`green`"));
  EXPECT_THAT(fault.error().where, HasSubstr("millgate.toml:4"));
  std::vector<std::string> many;
  for (int i = 0; i < 30; ++i) many.push_back("v" + std::to_string(i));
  EXPECT_THAT(class_numbers(task, texts(many)).error().what, HasSubstr("and 20 more"));
}

TEST(ClassLabel, ClassesOfTheTaskAreRead) {
  EXPECT_THAT(error_of("kind = \"multiclass\"").what, HasSubstr("has 0 values"));
  EXPECT_THAT(error_of("kind = \"multiclass\"\nclasses = [\"a\", \"b\"]").what,
              HasSubstr("has 2 values"));
  EXPECT_THAT(error_of("kind = \"multiclass\"\nclasses = [\"a\", \"b\", \"a\"]").what,
              HasSubstr("names value `a` twice"));
  EXPECT_THAT(error_of("classes = [\"a\", \"b\", \"c\"]").what,
              HasSubstr("`classes` are of a task of several classes"));
  EXPECT_THAT(error_of("kind = \"multiclas\"").hint, HasSubstr("multiclass"));
}

}  // namespace
}  // namespace millgate
