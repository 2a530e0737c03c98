/// Rows of one request, read and checked, ready to be predicted.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/feature/vector.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "system/serve/served_model.h"

namespace millgate {

class OnlineFeatures;
struct OnlineView;

/// At most so many warnings are told about one row or one request; more would help nobody.
inline constexpr size_t kWarningsMax = 16;

/// What rows want to be read from the online store; empty lists: nothing.
struct OnlineWants {
  std::vector<Block> entities;  ///< One a plan of OnlineFeatures, with one row a row of the batch.
  std::vector<uint8_t> views;   ///< 1: the row wants something of the plan; rows outermost.
  std::vector<uint8_t> inputs;  ///< 1: the row did not give the input; rows outermost.
};

/// All lists but `notes` have one entry a row.
struct RowBatch {
  Block inputs;  ///< Columns as ServedModel::inputs().
  Block keys;    ///< Texts; columns as ServedModel::key_names().
  std::vector<std::optional<Time>> row_times;
  std::vector<std::vector<std::string>> warnings;
  OnlineWants wants;
  std::vector<std::string> notes;   ///< Warnings about the request as a whole; at most a few.
  std::vector<std::string> online;  ///< For the log: what was read, as JSON; empty without.
  bool is_single = false;           ///< One object was sent, not a list of rows.

  [[nodiscard]] size_t rows() const { return inputs.rows; }
  void warn(size_t row, std::string text) {
    if (warnings[row].size() < kWarningsMax) warnings[row].push_back(std::move(text));
  }
};

/// A batch of `rows` rows of nulls, in memory that this thread kept where there is any.
[[nodiscard]] RowBatch make_batch(const ServedModel& model, size_t rows);
/// Keeps the memory of a batch that is done with, for this thread's next one.
void keep_memory(RowBatch batch);

/// With `online`, an input of a view need not be given: the columns of the view's entity must be
/// then, and `wants` tells what to read. Null: nothing is read.
///
/// Reads {"column": value, ...} or {"rows": [{...}, ...]}. Every input must be given, as null
/// where it is missing, but those that may be left out (ServedModel). Key columns and the row's
/// time may be given; any other field is ignored with a warning that names the nearest one.
/// Errors: `invalid_input` naming the row and the field; `refused` for more than `rows_max` rows.
[[nodiscard]] Result<RowBatch> read_rows(const ServedModel& model, const OnlineFeatures* online,
                                         std::string_view body, size_t rows_max);

/// `given` tells by ServedModel::place what was sent; `noun` is what a column is called.
/// Errors: `invalid_input` naming every input that had to be sent and was not.
[[nodiscard]] Status check_complete(const ServedModel& model, const OnlineFeatures* online,
                                    std::span<const uint8_t> given, std::string_view noun);
/// `error` told to be in row `row` of the request.
[[nodiscard]] Error in_row(Error error, size_t row);
[[nodiscard]] Error too_many_rows(size_t rows, size_t rows_max);
/// Of a row that wants to be read from `view`, and does not say of which entity it is.
[[nodiscard]] Error missing_entity(const OnlineView& view, std::string_view column);

/// Warns of every number outside the range that training saw.
void warn_of_ranges(const ServedModel& model, RowBatch& batch);

/// "`carier` is not an input of the model and was ignored; did you mean `carrier`?"
[[nodiscard]] std::string unknown_field_warning(const ServedModel& model, std::string_view name);

}  // namespace millgate
