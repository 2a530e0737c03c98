#include "data/feature/feature_properties.h"

#include <arrow/api.h>
#include <arrow/compare.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "data/feature/operand_text.h"
#include "data/feature/view_times.h"
#include "ground/json.h"
#include "ground/random.h"
#include "ground/shortest_text.h"

namespace millgate {
namespace {

constexpr size_t kMadeRows = 256;

/// Adds row `row` of `from` to `to`.
void append_row(Block& to, const Block& from, size_t row) {
  for (size_t i = 0; i < from.columns.size(); ++i) {
    to.columns[i].append({.vector = &from.columns[i], .first = row, .step = 1}, 1);
  }
  ++to.rows;
}

Block empty_like(const FeatureProgram& program) {
  Block block;
  for (const Field& input : program.inputs()) block.columns.emplace_back().reset(input.type, 0);
  return block;
}

constexpr std::array<double, 10> kNumbers = {0.0,
                                             -0.0,
                                             1.0,
                                             -1.0,
                                             1e308,
                                             -1e308,
                                             5e-324,
                                             std::numeric_limits<double>::quiet_NaN(),
                                             std::numeric_limits<double>::infinity(),
                                             -std::numeric_limits<double>::infinity()};
constexpr std::array<int64_t, 6> kIntegers = {
    0, 1, -1, 1'000'000, std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()};
constexpr std::array<const char*, 6> kTexts = {"",         " ",  "a", "\xC3\x89\xE6\x97\xA5",
                                               "\xFF\xFE", "'%_"};

/// One value of the column's type: null, extreme, or that of a real row.
void append_made_value(Vector& column, const Vector& real, Random& random) {
  Vector cell;
  cell.reset(column.type, 1);
  cell.valid[0] = random.below(4) == 0 ? 0 : 1;
  if (cell.valid[0] != 0 && real.size() > 0 && random.below(3) == 0) {
    column.append({.vector = &real, .first = random.below(real.size()), .step = 1}, 1);
    return;
  }
  if (cell.valid[0] != 0) {
    if (column.type == ValueType::number) {
      cell.numbers[0] = kNumbers[random.below(kNumbers.size())];
    } else if (column.type == ValueType::text) {
      cell.texts[0] = kTexts[random.below(kTexts.size())];
    } else if (column.type == ValueType::list) {
      for (uint64_t left = random.below(5); left > 0; --left) {
        cell.lists[0].add(kNumbers[random.below(kNumbers.size())]);
      }
      if (random.below(4) == 0) cell.lists[0].add_null();
    } else if (column.type == ValueType::boolean) {
      cell.integers[0] = static_cast<int64_t>(random.below(2));
    } else {
      cell.integers[0] = kIntegers[random.below(kIntegers.size())];
    }
  }
  column.append({.vector = &cell, .first = 0, .step = 1}, 1);
}

/// The real rows and the made ones after them.
Block with_made_rows(const FeatureProgram& program, const Block& rows, Random& random) {
  Block all = empty_like(program);
  for (size_t row = 0; row < rows.rows; ++row) append_row(all, rows, row);
  for (size_t i = 0; i < all.columns.size(); ++i) {
    for (size_t row = 0; row < kMadeRows; ++row) {
      append_made_value(all.columns[i], rows.columns[i], random);
    }
  }
  all.rows += kMadeRows;
  return all;
}

std::string row_text(const FeatureProgram& program, const Block& block, size_t row) {
  std::string text;
  for (size_t i = 0; i < block.columns.size(); ++i) {
    const Operand value{.vector = &block.columns[i], .first = row, .step = 1};
    text += (i == 0 ? "" : ", ") + program.inputs()[i].name + " = " + operand_text(value, 0);
  }
  return text;
}

/// Values of rows, one evaluation after the other.
class Trial {
 public:
  Trial(const FeatureProgram& program, const Block& rows) : program_(program), rows_(rows) {}

  Result<std::vector<double>> values(const FeatureProgram& program, const Block& block) {
    std::vector<double> out(block.rows * program.features().size());
    EvaluationScratch scratch;
    MILLGATE_TRY(program.evaluate(block, out, scratch));
    return out;
  }

  Result<std::vector<double>> values_one_by_one() {
    std::vector<double> all;
    for (size_t row = 0; row < rows_.rows; ++row) {
      Block one = empty_like(program_);
      append_row(one, rows_, row);
      MILLGATE_ASSIGN(const auto out, values(program_, one));
      all.insert(all.end(), out.begin(), out.end());
    }
    return all;
  }

  Result<std::vector<double>> values_in_another_order(Random& random) {
    std::vector<size_t> order(rows_.rows);
    std::iota(order.begin(), order.end(), size_t{0});
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
    Block shuffled = empty_like(program_);
    for (const size_t row : order) append_row(shuffled, rows_, row);
    MILLGATE_ASSIGN(const auto out, values(program_, shuffled));
    const size_t width = program_.features().size();
    std::vector<double> all(out.size());
    for (size_t i = 0; i < order.size(); ++i) {
      std::copy_n(out.begin() + static_cast<ptrdiff_t>(i * width), width,
                  all.begin() + static_cast<ptrdiff_t>(order[i] * width));
    }
    return all;
  }

  /// One outcome a feature: whether `found` has the bits of `expected` in its column.
  void compare(const std::string& property, const std::vector<double>& expected,
               const std::vector<double>& found, std::vector<PropertyOutcome>& outcomes) const {
    const size_t width = program_.features().size();
    for (size_t i = 0; i < width; ++i) {
      PropertyOutcome outcome{.subject = program_.features()[i].name,
                              .property = property,
                              .passed = true,
                              .detail = {}};
      for (size_t row = 0; row < rows_.rows && outcome.passed; ++row) {
        const double a = expected[row * width + i];
        const double b = found[row * width + i];
        if (std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b)) continue;
        outcome.passed = false;
        outcome.detail = shortest_text(a) + " and " + shortest_text(b) + " for " +
                         row_text(program_, rows_, row);
      }
      outcomes.push_back(std::move(outcome));
    }
  }

 private:
  const FeatureProgram& program_;
  const Block& rows_;
};

Status check_finite(const FeatureProgram& program, const Block& rows,
                    std::vector<PropertyOutcome>& outcomes) {
  EvaluationNotes notes;
  std::vector<double> out(rows.rows * program.features().size());
  EvaluationScratch scratch;
  MILLGATE_TRY(program.evaluate(rows, out, scratch, &notes));
  for (size_t i = 0; i < program.features().size(); ++i) {
    const int64_t count = notes.not_finite[i];
    outcomes.push_back({.subject = program.features()[i].name,
                        .property = "finite from finite",
                        .passed = count == 0,
                        .detail = count == 0 ? "" : std::to_string(count) + " rows"});
  }
  return {};
}

}  // namespace

Result<std::vector<PropertyOutcome>> check_feature_properties(const FeatureProgram& program,
                                                              const Block& rows, uint64_t seed) {
  Random random(seed);
  std::vector<PropertyOutcome> outcomes;
  const Block all = with_made_rows(program, rows, random);
  Trial trial(program, all);
  MILLGATE_ASSIGN(const auto expected, trial.values(program, all));
  MILLGATE_ASSIGN(const auto one_by_one, trial.values_one_by_one());
  trial.compare("one row equals a batch", expected, one_by_one, outcomes);
  MILLGATE_ASSIGN(const auto shuffled, trial.values_in_another_order(random));
  trial.compare("order of rows", expected, shuffled, outcomes);
  MILLGATE_ASSIGN(const Json saved, parse_json(dump_json(program.save()), "feature program"));
  MILLGATE_ASSIGN(const FeatureProgram loaded, FeatureProgram::load(saved));
  MILLGATE_ASSIGN(const auto served, trial.values(loaded, all));
  trial.compare("saved equals trained", expected, served, outcomes);
  MILLGATE_TRY(check_finite(program, rows, outcomes));
  return outcomes;
}

Result<std::vector<PropertyOutcome>> check_no_later_rows(Database& database, const JoinPlan& plan,
                                                         const std::vector<std::string>& columns) {
  MILLGATE_ASSIGN(const ResolvedTask task, resolve_task(database, plan));
  std::vector<PropertyOutcome> outcomes;
  if (task.source->happened.empty()) return outcomes;
  MILLGATE_ASSIGN(const auto middle,
                  database.query("select quantile_disc(" + task.row_time_micros +
                                 ", 0.5)::bigint from " + quote_name(task.source->name)));
  const auto moments = std::static_pointer_cast<arrow::Int64Array>(middle->column(0)->chunk(0));
  if (moments->length() == 0 || moments->IsNull(0)) return outcomes;
  const std::string moment = std::to_string(moments->Value(0));
  JoinPlan earlier = plan;
  for (size_t i = 0; i < plan.views.size(); ++i) {
    MILLGATE_ASSIGN(const ResolvedView view, resolve_view(database, plan, task, plan.views[i]));
    if (!view.has_time) continue;
    earlier.views[i].sql =
        "select * from (" + view.sql + "\n) where " + view.known_micros + " <= " + moment;
  }
  const std::string where = task.row_time_micros + " <= " + moment;
  MILLGATE_ASSIGN(const auto with, join_as_of(database, plan, columns, where));
  MILLGATE_ASSIGN(const auto without, join_as_of(database, earlier, columns, where));
  const auto equal_nans = arrow::EqualOptions::Defaults().nans_equal(true);
  for (const std::string& column : columns) {
    if (column.find('.') == std::string::npos) continue;
    const auto ours = with->GetColumnByName(column);
    const auto theirs = without->GetColumnByName(column);
    const bool is_same =
        ours != nullptr && theirs != nullptr && ours->ApproxEquals(*theirs, equal_nans.atol(0.0));
    outcomes.push_back({.subject = column,
                        .property = "later rows change nothing",
                        .passed = is_same,
                        .detail = is_same ? ""
                                          : "rows up to " + to_string(Time{moments->Value(0)}) +
                                                " change when later rows are taken away"});
  }
  return outcomes;
}

}  // namespace millgate
