#include "data/store/merge_referee.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "data/store/member_merge.h"
#include "data/table/arrow_result.h"
#include "data/table/cell_compare.h"
#include "data/table/column_builder.h"
#include "data/table/row_key.h"
#include "data/table/type_name.h"

namespace millgate {

namespace {

bool is_null(const Cell& cell) { return cell.column == nullptr || cell.column->IsNull(cell.row); }

std::string text_of(const Cell& cell) {
  return is_null(cell) ? "null" : value_text(*cell.column, cell.row);
}

const std::shared_ptr<arrow::DataType>& type_of(const CellBallot& ballot) {
  const auto& one = ballot.theirs.front();
  for (const Cell* cell : {&ballot.ours, &one.value, &one.base}) {
    if (cell->column != nullptr) return cell->column->type();
  }
  return arrow::null();
}

/// Different values with the number of votes that each has, in the order in which they come.
using Tally = std::vector<std::pair<Cell, size_t>>;

void count_vote(const Cell& value, Tally& tally) {
  const auto known = std::find_if(tally.begin(), tally.end(), [&](const auto& entry) {
    return is_same_cell(entry.first, value);
  });
  if (known == tally.end()) {
    tally.emplace_back(value, 1);
  } else {
    ++known->second;
  }
}

Tally tally_of(const CellBallot& ballot, bool with_ours) {
  Tally tally;
  if (with_ours && ballot.ours_votes) count_vote(ballot.ours, tally);
  for (const CellBallot::Vote& vote : ballot.theirs) count_vote(vote.value, tally);
  return tally;
}

/// "dog", or of branches that differ "dog (2) | cow".
std::string text_of(const Tally& tally) {
  std::string text;
  for (const auto& [value, count] : tally) {
    text += (text.empty() ? "" : " | ") + text_of(value);
    if (count > 1 && tally.size() > 1) text += " (" + std::to_string(count) + ")";
  }
  return text;
}

/// The only entry with the most votes; nothing when there is a tie.
template <typename Entries>
auto winner(const Entries& tally) -> std::optional<typename Entries::value_type::first_type> {
  size_t most = 0;
  for (const auto& entry : tally) most = std::max(most, static_cast<size_t>(entry.second));
  std::optional<typename Entries::value_type::first_type> first;
  for (const auto& [value, count] : tally) {
    if (count != most) continue;
    if (first) return std::nullopt;
    first = value;
  }
  return first;
}

/// Whether `one` comes after `other` in the order of keys; null comes first.
Result<bool> is_greater(const std::string& column, const Cell& one, const Cell& other) {
  if (is_null(one) || is_null(other)) return !is_null(one);
  if (is_nested_type(*one.column->type())) {
    return invalid_input("column `" + column + "` is of type " + type_name(*one.column->type()) +
                             ", which has no order",
                         "choose another policy for it");
  }
  const auto schema = arrow::schema({arrow::field(column, one.column->type())});
  MILLGATE_ASSIGN(const RowKeyEncoder encoder, RowKeyEncoder::make(*schema, {column}));
  const auto order = [&](const Cell& cell) {
    std::string key;
    encoder.encode_row(*arrow::RecordBatch::Make(schema, 1, {cell.column->Slice(cell.row, 1)}), 0,
                       key);
    return key;
  };
  return order(one) > order(other);
}

}  // namespace

bool is_same_cell(const Cell& one, const Cell& other) {
  if (is_null(one) || is_null(other)) return is_null(one) == is_null(other);
  return cells_equal(*one.column, one.row, *other.column, other.row);
}

Result<std::optional<Cell>> MergeReferee::decide(const std::string& key,
                                                 const std::string& key_text,
                                                 const CellBallot& ballot) {
  if (const auto found = options_.resolutions.find({key, ballot.column});
      found != options_.resolutions.end()) {
    ++merge_.settled_count;
    return resolved(found->second, key_text, ballot);
  }
  MILLGATE_ASSIGN(const auto members, by_members(ballot));
  if (members) return members;
  const auto by_column = options_.by_column.find(ballot.column);
  MILLGATE_ASSIGN(
      const Decision decision,
      by_policy(by_column == options_.by_column.end() ? options_.policy : by_column->second,
                ballot));
  if (decision) {
    ++merge_.settled_count;
    return *decision;
  }
  const Cell& base = ballot.ours_votes ? ballot.our_base : ballot.theirs.front().base;
  merge_.conflicts.push_back({.key = key,
                              .key_text = key_text,
                              .column = ballot.column,
                              .base = text_of(base),
                              .ours = text_of(ballot.ours),
                              .theirs = text_of(tally_of(ballot, false))});
  return std::optional<Cell>();
}

std::optional<bool> MergeReferee::decide_row(const std::string& key, const std::string& key_text,
                                             const RowBallot& ballot) {
  if (const auto found = options_.resolutions.find({key, ""});
      found != options_.resolutions.end()) {
    ++merge_.settled_count;
    return ballot.ours_there == (found->second.take == Resolution::Take::ours);
  }
  std::vector<std::pair<bool, size_t>> tally = {{false, 0}, {true, 0}};
  std::vector<size_t> sides;
  for (const auto& [side, there] : ballot.theirs) {
    ++tally[there ? 1 : 0].second;
    sides.push_back(side);
  }
  const bool theirs_agree = tally[0].second == 0 || tally[1].second == 0;
  const bool theirs_there = tally[1].second > 0;
  std::optional<bool> there;
  switch (options_.policy) {
    case MergePolicy::ours:
      there = ballot.ours_there;
      break;
    case MergePolicy::theirs:
      if (theirs_agree) there = theirs_there;
      break;
    case MergePolicy::newest: {
      const size_t side = youngest(ballot.ours_votes, sides);
      there = ballot.ours_there;
      for (const auto& [one, one_there] : ballot.theirs) {
        if (one == side) there = one_there;
      }
      break;
    }
    case MergePolicy::majority:
      if (ballot.ours_votes) ++tally[ballot.ours_there ? 1 : 0].second;
      there = winner(tally);
      break;
    default:
      break;
  }
  if (there) {
    ++merge_.settled_count;
    return there;
  }
  const std::string their_text =
      theirs_agree ? (theirs_there ? "updated" : "removed") : "updated | removed";
  const char* our_text = ballot.ours_votes ? "updated" : "there";
  merge_.conflicts.push_back({.key = key,
                              .key_text = key_text,
                              .column = {},
                              .base = "there",
                              .ours = ballot.ours_there ? our_text : "removed",
                              .theirs = their_text});
  return std::nullopt;
}

size_t MergeReferee::youngest(bool ours_votes, const std::vector<size_t>& sides) const {
  const auto time_of = [&](size_t side) {
    return side < options_.times.size() ? options_.times[side] : Time{};
  };
  // Of equal times ours, then the first: as if nothing newer had come.
  size_t youngest = ours_votes ? 0 : sides.front();
  for (const size_t side : sides) {
    if (time_of(youngest) < time_of(side)) youngest = side;
  }
  return youngest;
}

Result<std::optional<Cell>> MergeReferee::resolved(const Resolution& resolution,
                                                   const std::string& key_text,
                                                   const CellBallot& ballot) {
  if (resolution.take == Resolution::Take::ours) return std::optional<Cell>();
  if (resolution.take == Resolution::Take::theirs) {
    const Tally tally = tally_of(ballot, false);
    if (tally.size() == 1) return std::make_optional(tally.front().first);
    return invalid_input("the branches say different things of " + key_text + ", column `" +
                             ballot.column + "`: " + text_of(tally),
                         "settle it with --value TEXT, or with --ours");
  }
  if (resolution.value == "null") return std::make_optional(Cell{});
  const auto& type = type_of(ballot);
  MILLGATE_ASSIGN(ColumnBuilder builder, ColumnBuilder::make(type));
  if (!builder.add_text(resolution.value)) {
    return invalid_input("`" + resolution.value + "` is no value of column `" + ballot.column +
                             "`, which is of type " + type_name(*type),
                         is_nested_type(*type) ? "write it as JSON, such as " + text_of(ballot.ours)
                                               : std::string());
  }
  MILLGATE_ASSIGN(std::shared_ptr<arrow::Array> made, builder.finish());
  return keep(std::move(made));
}

/// What all sides changed, when each changed other members of a struct or other entries of a map.
Result<std::optional<Cell>> MergeReferee::by_members(const CellBallot& ballot) {
  std::optional<Cell> merged;
  if (!options_.by_parts || is_null(ballot.ours)) return merged;
  Cell now = ballot.ours;
  for (const CellBallot::Vote& vote : ballot.theirs) {
    MILLGATE_ASSIGN(auto made, merged_members(vote.base, now, vote.value));
    if (made == nullptr) return merged;
    MILLGATE_ASSIGN(const std::optional<Cell> kept, keep(std::move(made)));
    now = *kept;
  }
  merged = now;
  return merged;
}

Result<MergeReferee::Decision> MergeReferee::by_policy(MergePolicy policy,
                                                       const CellBallot& ballot) {
  const std::optional<Cell> ours;  // Means: nothing is taken.
  switch (policy) {
    case MergePolicy::conflict:
      return Decision();
    case MergePolicy::ours:
      return Decision(ours);
    case MergePolicy::theirs: {
      const Tally tally = tally_of(ballot, false);
      return tally.size() == 1 ? Decision(tally.front().first) : Decision();
    }
    case MergePolicy::majority: {
      const std::optional<Cell> most = winner(tally_of(ballot, true));
      return most ? Decision(*most) : Decision();
    }
    case MergePolicy::newest: {
      std::vector<size_t> sides;
      sides.reserve(ballot.theirs.size());
      for (const CellBallot::Vote& vote : ballot.theirs) sides.push_back(vote.side);
      const size_t side = youngest(ballot.ours_votes, sides);
      for (const CellBallot::Vote& vote : ballot.theirs) {
        if (vote.side == side) return Decision(vote.value);
      }
      return Decision(ours);
    }
    case MergePolicy::sum: {
      MILLGATE_ASSIGN(const auto total, sum(ballot));
      return Decision(total);
    }
    case MergePolicy::maximum:
    case MergePolicy::minimum:
      break;
  }
  const bool want_greater = policy == MergePolicy::maximum;
  Cell best = ballot.ours_votes ? ballot.ours : ballot.theirs.front().value;
  for (const CellBallot::Vote& vote : ballot.theirs) {
    if (is_same_cell(vote.value, best)) continue;
    MILLGATE_ASSIGN(const bool greater, is_greater(ballot.column, vote.value, best));
    if (greater == want_greater) best = vote.value;
  }
  return Decision(best);
}

/// Ours and what each of the others added.
Result<std::optional<Cell>> MergeReferee::sum(const CellBallot& ballot) {
  const auto& type = type_of(ballot);
  if (type->id() == arrow::Type::INT64) {
    const auto value = [](const Cell& cell) {
      return is_null(cell) ? int64_t{0}
                           : static_cast<const arrow::Int64Array&>(*cell.column).Value(cell.row);
    };
    int64_t total = value(ballot.ours);
    for (const CellBallot::Vote& vote : ballot.theirs) {
      int64_t added = 0;
      if (__builtin_sub_overflow(value(vote.value), value(vote.base), &added) ||
          __builtin_add_overflow(total, added, &total)) {
        return invalid_input("the sum of column `" + ballot.column + "` passes 64 bits",
                             "choose another policy for it");
      }
    }
    arrow::Int64Builder builder;
    MILLGATE_ARROW_TRY(builder.Append(total), "a merged cell");
    MILLGATE_ARROW(std::shared_ptr<arrow::Array> made, builder.Finish(), "a merged cell");
    return keep(std::move(made));
  }
  if (type->id() != arrow::Type::DOUBLE) {
    return invalid_input(
        "column `" + ballot.column + "` is of type " + type->ToString() + ", which has no sum",
        "choose another policy for it");
  }
  const auto value = [](const Cell& cell) {
    return is_null(cell) ? 0.0
                         : static_cast<const arrow::DoubleArray&>(*cell.column).Value(cell.row);
  };
  double total = value(ballot.ours);
  for (const CellBallot::Vote& vote : ballot.theirs) total += value(vote.value) - value(vote.base);
  arrow::DoubleBuilder builder;
  MILLGATE_ARROW_TRY(builder.Append(total), "a merged cell");
  MILLGATE_ARROW(std::shared_ptr<arrow::Array> made, builder.Finish(), "a merged cell");
  return keep(std::move(made));
}

Result<std::optional<Cell>> MergeReferee::keep(std::shared_ptr<arrow::Array> made) {
  made_.push_back(std::move(made));
  return std::make_optional(Cell{.column = made_.back().get(), .row = 0});
}

}  // namespace millgate
