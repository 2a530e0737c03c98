#include "system/pipeline/expectation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "data/feature/compile.h"
#include "data/feature/feature_example.h"
#include "data/feature/operand_text.h"
#include "data/feature/whole_column.h"
#include "ground/nearest_name.h"
#include "ground/shortest_text.h"
#include "model/artifact/model.h"
#include "model/learn/row_values.h"

namespace millgate {
namespace {

struct ReactionName {
  Reaction reaction;
  const char* name;
};
constexpr ReactionName kReactions[] = {{Reaction::same, "same"},
                                       {Reaction::rises, "rises"},
                                       {Reaction::falls, "falls"},
                                       {Reaction::not_lower, "not_lower"},
                                       {Reaction::not_higher, "not_higher"}};

/// What a rise that did not happen counts as, so that it is beyond what is allowed.
constexpr double kNoReaction = 1e-300;

const char* name_of_reaction(Reaction reaction) {
  for (const ReactionName& one : kReactions) {
    if (one.reaction == reaction) return one.name;
  }
  return "";
}

/// How far beyond what is allowed a prediction went; 0 or less: it holds.
double excess_of(const ModelExpectation& expectation, double before, double after) {
  const double rise = after - before;
  switch (expectation.reaction) {
    case Reaction::same:
      return std::abs(rise) - expectation.tolerance;
    case Reaction::not_lower:
      return -rise - expectation.tolerance;
    case Reaction::not_higher:
      return rise - expectation.tolerance;
    case Reaction::rises:
      return rise > expectation.tolerance ? 0 : expectation.tolerance - rise + kNoReaction;
    case Reaction::falls:
      return -rise > expectation.tolerance ? 0 : expectation.tolerance + rise + kNoReaction;
  }
  return 0;
}

double excess_of_bounds(const ModelExpectation& expectation, double prediction) {
  double excess = 0;
  if (expectation.at_least) excess = std::max(excess, *expectation.at_least - prediction);
  if (expectation.at_most) excess = std::max(excess, prediction - *expectation.at_most);
  return excess;
}

/// What the model says of rows: a number each, and of several classes the decided one.
struct SaidRows {
  std::vector<double> numbers;
  std::vector<std::string> decided;
};

Result<SaidRows> ask(const Model& model, const Block& rows, std::optional<size_t> class_number) {
  SaidRows said;
  Model::Scratch scratch;
  std::vector<Prediction> predictions;
  MILLGATE_TRY(model.predict(rows, predictions, scratch));
  said.numbers.reserve(rows.rows);
  const std::vector<std::string>& classes = model.manifest().classes;
  for (size_t row = 0; row < rows.rows; ++row) {
    if (!classes.empty()) said.decided.push_back(classes[predictions[row].class_number]);
    said.numbers.push_back(class_number ? scratch.values[row * classes.size() + *class_number]
                                        : predictions[row].value);
  }
  return said;
}

/// The number of the class that is meant. Errors: at `class`.
Result<std::optional<size_t>> class_number_of(const ModelExpectation& expectation,
                                              const Model& model) {
  const std::vector<std::string>& classes = model.manifest().classes;
  const std::string& name = expectation.class_name;
  if (name.empty()) {
    const bool compares = expectation.change && expectation.reaction == Reaction::same;
    if (classes.empty() || compares) return std::optional<size_t>();
    return expectation.section.error_at("class", "of several classes one must be meant",
                                        "for example class = \"" + classes.front() + "\"");
  }
  const auto found = std::find(classes.begin(), classes.end(), name);
  if (found != classes.end()) return std::optional<size_t>(found - classes.begin());
  return expectation.section.error_at(
      "class", "the model knows no class `" + name + "`",
      classes.empty() ? "its task is " + model.manifest().task_kind : name_hint(name, classes));
}

/// The rows for which `where` is true.
Result<Block> rows_where(const ModelExpectation& expectation, const std::vector<Field>& fields,
                         const Block& rows) {
  if (expectation.where.empty()) return rows;
  const ExpressionText source("where", expectation.where);
  auto expression = compile_expression(source, fields, ExpressionUse::value);
  if (!expression) {
    return expectation.section.error_at("where", expression.error().what, expression.error().hint);
  }
  std::vector<uint32_t> same(fields.size());
  std::iota(same.begin(), same.end(), 0U);
  const Vector truth = whole_column(*expression, same, rows);
  if (truth.type != ValueType::boolean) {
    return expectation.section.error_at("where",
                                        "`" + expectation.where +
                                            "` is neither true nor "
                                            "false",
                                        "compare something, for example fee > 10");
  }
  std::vector<int64_t> chosen;
  for (size_t row = 0; row < rows.rows; ++row) {
    if (truth.valid[row] != 0 && truth.integers[row] != 0) {
      chosen.push_back(static_cast<int64_t>(row));
    }
  }
  Block some = select_rows(rows, chosen);
  some.rows = chosen.size();
  return some;
}

std::string row_text(const Block& rows, const std::vector<Field>& fields, size_t row) {
  std::string text;
  for (size_t i = 0; i < fields.size(); ++i) {
    const Operand value{.vector = &rows.columns[i], .first = 0, .step = 1};
    text += (text.empty() ? "" : ", ") + fields[i].name + " = " + operand_text(value, row);
  }
  return text;
}

std::string expected_text(const ModelExpectation& expectation) {
  std::string text;
  if (!expectation.class_name.empty()) text = "class `" + expectation.class_name + "`, ";
  if (expectation.change) {
    text += expectation.change->column + " = " + expectation.change->expression + ": " +
            name_of_reaction(expectation.reaction);
    if (expectation.tolerance > 0) text += " within " + shortest_text(expectation.tolerance);
    return text;
  }
  if (expectation.at_least) text += "at least " + shortest_text(*expectation.at_least);
  if (expectation.at_least && expectation.at_most) text += ", ";
  if (expectation.at_most) text += "at most " + shortest_text(*expectation.at_most);
  return text;
}

/// Whether the model reads the column that is changed. Errors: where the table has no such column.
Result<bool> is_read(const ModelExpectation& expectation, const std::vector<Field>& fields,
                     const std::vector<std::string>& columns) {
  const std::string& changed = expectation.change->column;
  const auto reads = [&](const Field& field) { return field.name == changed; };
  if (std::any_of(fields.begin(), fields.end(), reads)) return true;
  if (std::find(columns.begin(), columns.end(), changed) != columns.end()) return false;
  return expectation.section.error_at("change", "there is no column `" + changed + "`",
                                      name_hint(changed, columns));
}

struct BrokenRow {
  double excess = 0;
  size_t row = 0;
};

/// Holds `before` against `after`, or against the bounds, and keeps the worst.
void judge_rows(const ModelExpectation& expectation, const Block& rows,
                const std::vector<Field>& fields, const SaidRows& before, const SaidRows& after,
                ExpectationOutcome& outcome) {
  constexpr size_t kShownMax = 3;
  const bool by_class =
      expectation.change && expectation.class_name.empty() && !before.decided.empty();
  std::vector<BrokenRow> broken;
  for (size_t row = 0; row < rows.rows; ++row) {
    double excess = 0;
    if (by_class) {
      excess = before.decided[row] == after.decided[row] ? 0 : before.numbers[row];
    } else if (expectation.change) {
      excess = excess_of(expectation, before.numbers[row], after.numbers[row]);
    } else {
      excess = excess_of_bounds(expectation, before.numbers[row]);
    }
    if (excess > 0) broken.push_back({excess, row});
  }
  outcome.row_count = static_cast<int64_t>(rows.rows);
  outcome.broken_count = std::ssize(broken);
  const auto held = static_cast<double>(rows.rows - broken.size());
  outcome.passed = rows.rows > 0 && held >= expectation.share * static_cast<double>(rows.rows);
  std::stable_sort(broken.begin(), broken.end(), [](const BrokenRow& one, const BrokenRow& other) {
    return one.excess > other.excess;
  });
  broken.resize(std::min(broken.size(), kShownMax));
  outcome.counter_examples.reserve(broken.size());
  for (const auto& [excess, row] : broken) {
    CounterExample& shown = outcome.counter_examples.emplace_back();
    shown.row = row_text(rows, fields, row);
    shown.prediction = before.numbers[row];
    if (expectation.change) shown.changed = after.numbers[row];
    if (by_class) {
      shown.decided = before.decided[row];
      shown.then_decided = after.decided[row];
    }
  }
}

Status read_what(Section& section, ModelExpectation& expectation) {
  if (section.has("change")) {
    MILLGATE_ASSIGN(const std::string text, section.text("change"));
    auto change = read_input_change(text);
    if (!change) return section.error_at("change", change.error().what, change.error().hint);
    expectation.change = *std::move(change);
    std::vector<std::string> names;
    for (const ReactionName& one : kReactions) names.emplace_back(one.name);
    MILLGATE_ASSIGN(const std::string reaction, section.one_of("expect", "same", names));
    for (const ReactionName& one : kReactions) {
      if (reaction == one.name) expectation.reaction = one.reaction;
    }
    MILLGATE_ASSIGN(const auto tolerance, section.number("tolerance"));
    expectation.tolerance = tolerance.value_or(0);
    if (expectation.tolerance < 0) {
      return section.error_at("tolerance", "`tolerance` is below 0");
    }
  }
  for (const char* key : {"expect", "tolerance"}) {
    if (!expectation.change && section.has(key)) {
      return section.error_at(key, std::string("`") + key + "` goes with `change`",
                              "say what is changed, for example change = \"fee = fee * 2\"");
    }
  }
  MILLGATE_ASSIGN(expectation.at_least, section.number("prediction_at_least"));
  MILLGATE_ASSIGN(expectation.at_most, section.number("prediction_at_most"));
  const bool has_bounds = expectation.at_least || expectation.at_most;
  if (has_bounds == expectation.change.has_value()) {
    return section.error_at(
        has_bounds ? "change" : "name",
        "`" + expectation.name + "` expects " + (has_bounds ? "two things" : "nothing"),
        "either `change` and `expect`, or `prediction_at_least` and `prediction_at_most`");
  }
  if (expectation.at_least && expectation.at_most && *expectation.at_least > *expectation.at_most) {
    return section.error_at("prediction_at_least", "no prediction can be at least " +
                                                       shortest_text(*expectation.at_least) +
                                                       " and at most " +
                                                       shortest_text(*expectation.at_most));
  }
  return {};
}

}  // namespace

Result<ModelExpectation> read_expectation(Section section) {
  ModelExpectation expectation;
  MILLGATE_ASSIGN(expectation.name, section.text("name"));
  MILLGATE_TRY(read_what(section, expectation));
  MILLGATE_ASSIGN(expectation.class_name, section.text_or("class", ""));
  MILLGATE_ASSIGN(expectation.where, section.text_or("where", ""));
  if (section.has("given")) {
    MILLGATE_ASSIGN(expectation.given, section.section("given"));
    if (!expectation.where.empty()) {
      return section.error_at("where",
                              "`given` is one row, and `where` chooses among those of the "
                              "data",
                              "remove one of the two");
    }
  }
  MILLGATE_ASSIGN(const auto share, section.number("at_least"));
  expectation.share = share.value_or(1);
  if (!(expectation.share > 0 && expectation.share <= 1)) {
    return section.error_at("at_least", "`at_least` must lie between 0 and 1",
                            "it is the share of rows that must hold; without it, all");
  }
  MILLGATE_TRY(section.finish());
  expectation.section = std::move(section);
  return expectation;
}

Result<ExpectationOutcome> try_expectation(const ModelExpectation& expectation, const Model& model,
                                           const Block& rows,
                                           const std::vector<std::string>& columns) {
  const std::vector<Field>& fields = model.features().inputs();
  ExpectationOutcome outcome{.name = expectation.name,
                             .line = expectation.section.place_of("name").line,
                             .expected = expected_text(expectation),
                             .note = {},
                             .counter_examples = {}};
  MILLGATE_ASSIGN(const auto class_number, class_number_of(expectation, model));
  if (expectation.change) {
    MILLGATE_ASSIGN(const bool reads, is_read(expectation, fields, columns));
    if (!reads) {
      outcome.passed =
          expectation.reaction != Reaction::rises && expectation.reaction != Reaction::falls;
      outcome.note = "the model does not read `" + expectation.change->column + "`";
      return outcome;
    }
  }
  Result<Block> chosen = expectation.given ? read_given_row(*expectation.given, fields)
                                           : rows_where(expectation, fields, rows);
  MILLGATE_ASSIGN(const Block tried, std::move(chosen));
  if (tried.rows == 0) {
    outcome.note = "no row meets `where`";
    return outcome;
  }
  MILLGATE_ASSIGN(const SaidRows before, ask(model, tried, class_number));
  SaidRows after;
  if (expectation.change) {
    auto changed = change_input(tried, fields, *expectation.change);
    if (!changed) {
      return expectation.section.error_at("change", changed.error().what, changed.error().hint);
    }
    MILLGATE_ASSIGN(after, ask(model, *changed, class_number));
  }
  judge_rows(expectation, tried, fields, before, after, outcome);
  return outcome;
}

}  // namespace millgate
