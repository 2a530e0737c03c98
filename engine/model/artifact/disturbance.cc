#include "model/artifact/disturbance.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include "ground/nearest_name.h"
#include "ground/random.h"
#include "model/artifact/model.h"

namespace millgate {
namespace {

constexpr double kShare = 0.1;         ///< Of the values that are disturbed.
constexpr double kMove = 0.1;          ///< Of noise and adversary, in standard deviations.
constexpr double kExtreme = 10;        ///< Times the smallest or largest value.
constexpr int kAdversaryMovesMax = 3;  ///< Numbers of one row.

constexpr std::pair<DisturbanceKind, std::string_view> kKinds[] = {
    {DisturbanceKind::noise, "noise"},        {DisturbanceKind::missing, "missing"},
    {DisturbanceKind::swapped, "swapped"},    {DisturbanceKind::new_category, "new category"},
    {DisturbanceKind::extreme, "extreme"},    {DisturbanceKind::rounding, "rounding"},
    {DisturbanceKind::adversary, "adversary"}};

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const auto& [kind, name] : kKinds) names.emplace_back(name);
  return names;
}

bool is_number(ValueType type) { return type == ValueType::number || type == ValueType::integer; }
bool is_category(ValueType type) { return type == ValueType::text || type == ValueType::boolean; }

/// Whether values of `type` can be disturbed so.
bool fits(DisturbanceKind kind, ValueType type) {
  switch (kind) {
    case DisturbanceKind::noise:
    case DisturbanceKind::extreme:
    case DisturbanceKind::adversary:
    case DisturbanceKind::rounding:
      return is_number(type);
    case DisturbanceKind::swapped:
      return is_category(type);
    case DisturbanceKind::new_category:
      return type == ValueType::text;
    case DisturbanceKind::missing:
    case DisturbanceKind::change:
      return true;
  }
  return false;
}

double number_at(const Vector& column, size_t row) {
  return column.type == ValueType::number ? column.numbers[row]
                                          : static_cast<double>(column.integers[row]);
}

/// Integers are rounded and stay within their type.
void set_number(Vector& column, size_t row, double value) {
  if (column.type == ValueType::number) {
    column.numbers[row] = value;
  } else if (std::abs(value) < 0x1p63) {
    column.integers[row] = std::llround(value);
  }
}

bool has_number(const Vector& column, size_t row) {
  return column.valid[row] != 0 && std::isfinite(number_at(column, row));
}

struct Spread {
  double lowest = std::numeric_limits<double>::infinity();
  double highest = -std::numeric_limits<double>::infinity();
  double deviation = 0;  ///< Standard deviation of the sample; 0 for fewer than two values.
};

Spread spread_of(const Vector& column) {
  Spread spread;
  double mean = 0;
  double squares = 0;
  double count = 0;
  for (size_t row = 0; row < column.size(); ++row) {
    if (!has_number(column, row)) continue;
    const double value = number_at(column, row);
    spread.lowest = std::min(spread.lowest, value);
    spread.highest = std::max(spread.highest, value);
    count += 1;  // Welford
    const double off = value - mean;
    mean += off / count;
    squares += off * (value - mean);
  }
  if (count > 1) spread.deviation = std::sqrt(squares / (count - 1));
  return spread;
}

/// Another row's value.
void swap_value(Vector& column, const Vector& from, size_t row, Random& random) {
  const auto other = static_cast<size_t>(random.below(from.size()));
  column.valid[row] = from.valid[other];
  if (column.type == ValueType::text) {
    column.texts[row] = from.texts[other];
  } else {
    column.integers[row] = from.integers[other];
  }
}

void disturb_value(Vector& column, const Vector& from, size_t row, DisturbanceKind kind,
                   const Spread& spread, Random& random) {
  switch (kind) {
    case DisturbanceKind::missing: {
      column.valid[row] = 0;
      if (!column.numbers.empty()) column.numbers[row] = 0;
      if (!column.integers.empty()) column.integers[row] = 0;
      if (!column.texts.empty()) column.texts[row].clear();
      if (!column.lists.empty()) column.lists[row].clear();
      return;
    }
    case DisturbanceKind::swapped:
      return swap_value(column, from, row, random);
    case DisturbanceKind::new_category:
      if (column.valid[row] != 0) column.texts[row] += " (not seen before)";
      return;
    case DisturbanceKind::noise:
      if (!has_number(column, row)) return;
      return set_number(column, row,
                        number_at(column, row) + kMove * spread.deviation * random.normal());
    case DisturbanceKind::extreme:
      if (!has_number(column, row)) return;
      return set_number(column, row,
                        kExtreme * (random.below(2) == 0 ? spread.lowest : spread.highest));
    case DisturbanceKind::rounding:
      if (!has_number(column, row)) return;
      return set_number(column, row,
                        static_cast<double>(static_cast<float>(number_at(column, row))));
    case DisturbanceKind::adversary:
    case DisturbanceKind::change:
      return;
  }
}

void disturb_column(Vector& column, const Disturbance& how, Random random) {
  const bool is_everywhere = !how.column.empty() || how.kind == DisturbanceKind::noise ||
                             how.kind == DisturbanceKind::rounding;
  const Vector from = column;
  const Spread spread = is_number(column.type) ? spread_of(column) : Spread();
  for (size_t row = 0; row < column.size(); ++row) {
    if (is_everywhere || random.uniform() < kShare) {
      disturb_value(column, from, row, how.kind, spread, random);
    }
  }
}

/// How far predictions are from the labels; larger is worse. In the same order as the loss of each
/// row, log loss or squared error.
Result<std::vector<double>> harm_of(const Model& model, const Block& inputs,
                                    std::span<const double> labels, Model::Scratch& scratch) {
  std::vector<Prediction> told;
  MILLGATE_TRY(model.predict(inputs, told, scratch));
  std::vector<double> harm(told.size());
  for (size_t row = 0; row < told.size(); ++row) {
    harm[row] = std::abs(told[row].value - labels[row]);
  }
  return harm;
}

/// One try of the adversary: all rows with column `column` moved by `move`.
struct Move {
  size_t column = 0;
  double by = 0;
};

/// The best move of every row, if any hurts more than what was.
Result<bool> move_rows(const Model& model, Block& block, std::span<const double> labels,
                       const std::vector<Move>& moves, std::vector<std::vector<uint8_t>>& is_moved,
                       Model::Scratch& scratch) {
  MILLGATE_ASSIGN(std::vector<double> worst, harm_of(model, block, labels, scratch));
  std::vector<int> chosen(block.rows, -1);
  for (size_t m = 0; m < moves.size(); ++m) {
    const Move& move = moves[m];
    Block tried = block;
    Vector& column = tried.columns[move.column];
    for (size_t row = 0; row < block.rows; ++row) {
      if (is_moved[move.column][row] != 0 || !has_number(column, row)) continue;
      set_number(column, row, number_at(column, row) + move.by);
    }
    MILLGATE_ASSIGN(const std::vector<double> harm, harm_of(model, tried, labels, scratch));
    for (size_t row = 0; row < block.rows; ++row) {
      if (is_moved[move.column][row] != 0 || !(harm[row] > worst[row])) continue;
      worst[row] = harm[row];
      chosen[row] = static_cast<int>(m);
    }
  }
  bool any = false;
  for (size_t row = 0; row < block.rows; ++row) {
    if (chosen[row] < 0) continue;
    const Move& move = moves[static_cast<size_t>(chosen[row])];
    Vector& column = block.columns[move.column];
    set_number(column, row, number_at(column, row) + move.by);
    is_moved[move.column][row] = 1;
    any = true;
  }
  return any;
}

Result<Block> attacked(const Model& model, Block block, std::span<const double> labels) {
  std::vector<Move> moves;
  for (size_t c = 0; c < block.columns.size(); ++c) {
    if (!is_number(block.columns[c].type)) continue;
    const double reach = kMove * spread_of(block.columns[c]).deviation;
    if (reach > 0) moves.insert(moves.end(), {{c, reach}, {c, -reach}});
  }
  std::vector<std::vector<uint8_t>> is_moved(block.columns.size(),
                                             std::vector<uint8_t>(block.rows, 0));
  Model::Scratch scratch;
  for (int i = 0; i < kAdversaryMovesMax; ++i) {
    MILLGATE_ASSIGN(const bool any, move_rows(model, block, labels, moves, is_moved, scratch));
    if (!any) break;
  }
  return block;
}

Status check_column(const Model& model, const Disturbance& how) {
  const std::vector<Field>& inputs = model.features().inputs();
  if (how.column.empty()) {
    const bool any = std::any_of(inputs.begin(), inputs.end(),
                                 [&](const Field& one) { return fits(how.kind, one.type); });
    return any ? Status() : invalid_input("the model reads no column whose values could be so");
  }
  std::vector<std::string> names;
  for (const Field& one : inputs) {
    if (one.name == how.column && fits(how.kind, one.type)) return {};
    if (one.name == how.column) {
      return invalid_input("column `" + one.name + "` is of type " +
                           std::string(to_string(one.type)) + ", whose values cannot be so");
    }
    names.push_back(one.name);
  }
  return invalid_input("the model reads no column `" + how.column + "`",
                       name_hint(how.column, names));
}

}  // namespace

Result<Disturbance> read_disturbance(std::string_view text) {
  if (text.find('=') != std::string_view::npos) {
    MILLGATE_ASSIGN(InputChange change, read_input_change(text));
    return Disturbance{
        .kind = DisturbanceKind::change, .column = change.column, .change = std::move(change)};
  }
  constexpr std::string_view kOf = " of ";
  const size_t of = text.find(kOf);
  const std::string_view name = text.substr(0, of);
  const auto* found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                   [&](const auto& one) { return one.second == name; });
  const bool takes_column = found != std::end(kKinds) && found->first != DisturbanceKind::adversary;
  if (found == std::end(kKinds) || (of != std::string_view::npos && !takes_column)) {
    return invalid_input(
        "`" + std::string(text) + "` is no way to disturb inputs",
        name_hint(name, kind_names()) + "; or write a change, for example `wind = wind * 1.609`");
  }
  return Disturbance{.kind = found->first,
                     .column = of == std::string_view::npos
                                   ? std::string()
                                   : std::string(text.substr(of + kOf.size())),
                     .change = std::nullopt};
}

Result<Block> disturbed(const Model& model, const Block& inputs, std::span<const double> labels,
                        const Disturbance& disturbance, uint64_t seed) {
  const std::vector<Field>& fields = model.features().inputs();
  if (disturbance.change) return change_input(inputs, fields, *disturbance.change);
  MILLGATE_TRY(check_column(model, disturbance));
  if (disturbance.kind == DisturbanceKind::adversary) {
    if (model.is_ranking()) {
      return invalid_input(
          "an adversary is searched by the losses of single rows, and a ranking "
          "has none",
          "ask how it does under \"noise\", for example");
    }
    return attacked(model, inputs, labels);
  }
  Block block = inputs;
  for (size_t c = 0; c < fields.size(); ++c) {
    const bool is_meant = disturbance.column.empty() || disturbance.column == fields[c].name;
    if (is_meant && fits(disturbance.kind, fields[c].type)) {
      disturb_column(block.columns[c], disturbance, Random::stream(seed, "disturbance", c));
    }
  }
  return block;
}

}  // namespace millgate
