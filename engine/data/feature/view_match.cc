#include "data/feature/view_match.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/table/arrow_result.h"

namespace millgate {
namespace {

constexpr int64_t kNone = -1;

/// A column of a query's answer that is never null.
Result<std::span<const int64_t>> integers(const arrow::Array& column) {
  if (column.type_id() != arrow::Type::INT64 || column.null_count() != 0) {
    return bug("a query about matching rows gave " + column.type()->ToString());
  }
  const auto& array = static_cast<const arrow::Int64Array&>(column);
  return std::span(array.raw_values(), static_cast<size_t>(array.length()));
}

/// A row that asks, and the best row of the view that became known after the one before it asked.
struct Slot {
  int64_t time = 0;
  int64_t position = 0;
  int64_t happened = 0;
  int64_t known = 0;
  int64_t place = kNone;  ///< Among the rows that were kept.
  bool tied = false;      ///< Another row has the same times.

  [[nodiscard]] bool is_better_than(const Slot& other) const {
    if (place == kNone || other.place == kNone) return other.place == kNone;
    return happened != other.happened ? happened > other.happened : known >= other.known;
  }
};

/// The rows that ask, by entity and time.
class Slots {
 public:
  static Result<Slots> read(Database& database, int64_t row_count) {
    const std::string order = std::string(kAskedEntity) + ", " + std::string(kAskedTime);
    MILLGATE_ASSIGN(const auto table,
                    database.query("select " + order + ", " + std::string(kAskedPosition) +
                                   " from " + std::string(kAskedRows)));
    Slots slots;
    slots.begin_.assign(static_cast<size_t>(row_count) + 2, 0);
    slots.slots_.resize(static_cast<size_t>(table->num_rows()));
    if (slots.slots_.empty()) return slots;
    MILLGATE_ASSIGN(const auto entity, integers(*table->column(0)->chunk(0)));
    MILLGATE_ASSIGN(const auto time, integers(*table->column(1)->chunk(0)));
    MILLGATE_ASSIGN(const auto position, integers(*table->column(2)->chunk(0)));
    slots.sort(entity, time, position);
    return slots;
  }

  [[nodiscard]] bool empty() const { return slots_.empty(); }
  [[nodiscard]] std::pair<int64_t, int64_t> first_and_last_time() const {
    const auto [first, last] = std::minmax_element(
        slots_.begin(), slots_.end(), [](const Slot& a, const Slot& b) { return a.time < b.time; });
    return {first->time, last->time};
  }

  /// Of rows with the same times the later one stays.
  void put(int64_t entity, const Slot& row) {
    const std::span<Slot> ours = of(static_cast<size_t>(entity));
    const auto first =
        std::lower_bound(ours.begin(), ours.end(), row.known,
                         [](const Slot& slot, int64_t known) { return slot.time < known; });
    if (first == ours.end() || !row.is_better_than(*first)) return;
    first->tied =
        first->place != kNone && first->happened == row.happened && first->known == row.known;
    first->happened = row.happened;
    first->known = row.known;
    first->place = row.place;
  }
  /// What a row could know, later ones can as well.
  void spread() {
    for (size_t entity = 0; entity + 1 < begin_.size(); ++entity) {
      const std::span<Slot> ours = of(entity);
      for (size_t i = 1; i < ours.size(); ++i) {
        if (ours[i].is_better_than(ours[i - 1])) continue;
        ours[i].happened = ours[i - 1].happened;
        ours[i].known = ours[i - 1].known;
        ours[i].place = ours[i - 1].place;
        ours[i].tied = ours[i - 1].tied;
      }
    }
  }
  void forget_older_than(int64_t max_age) {
    for (Slot& slot : slots_) {
      int64_t age = 0;
      const bool is_far = __builtin_sub_overflow(slot.time, slot.happened, &age);
      if (is_far ? slot.time > slot.happened : age > max_age) slot.place = kNone;
    }
  }
  [[nodiscard]] bool any_tied() const {
    return std::any_of(slots_.begin(), slots_.end(),
                       [](const Slot& slot) { return slot.place != kNone && slot.tied; });
  }
  [[nodiscard]] std::span<Slot> all() { return slots_; }

 private:
  [[nodiscard]] std::span<Slot> of(size_t entity) {
    return std::span(slots_).subspan(begin_[entity], begin_[entity + 1] - begin_[entity]);
  }
  void sort(std::span<const int64_t> entity, std::span<const int64_t> time,
            std::span<const int64_t> position) {
    for (const int64_t one : entity) ++begin_[static_cast<size_t>(one) + 2];
    for (size_t i = 2; i < begin_.size(); ++i) begin_[i] += begin_[i - 1];
    for (size_t i = 0; i < entity.size(); ++i) {
      Slot& slot = slots_[begin_[static_cast<size_t>(entity[i]) + 1]++];
      slot.time = time[i];
      slot.position = position[i];
    }
    begin_.pop_back();
    for (size_t i = 0; i + 1 < begin_.size(); ++i) {
      const std::span<Slot> ours = of(i);
      std::sort(ours.begin(), ours.end(),
                [](const Slot& a, const Slot& b) { return a.time < b.time; });
    }
  }

  std::vector<Slot> slots_;
  std::vector<size_t> begin_;  ///< Of each entity; one more at the end.
};

/// Rows of the view that may be given to somebody.
class KeptRows {
 public:
  KeptRows(std::shared_ptr<arrow::Schema> schema, int64_t bytes_max)
      : schema_(std::move(schema)), bytes_max_(bytes_max), tidy_at_bytes_(bytes_max) {}

  /// The place of the first row of a batch that is added next.
  [[nodiscard]] int64_t next_place() const { return row_count_; }
  void add(std::shared_ptr<arrow::RecordBatch> batch) {
    row_count_ += batch->num_rows();
    size_bytes_ += arrow::util::TotalBufferSize(*batch);
    batches_.push_back(std::move(batch));
  }
  /// Lets go of rows that are in no slot, where that is worth it.
  Status tidy(std::span<Slot> slots) {
    if (size_bytes_ < tidy_at_bytes_) return {};
    std::vector<int64_t> places;
    places.reserve(slots.size());
    for (Slot& slot : slots) {
      if (slot.place == kNone) continue;
      places.push_back(slot.place);
      slot.place = static_cast<int64_t>(places.size()) - 1;
    }
    MILLGATE_ASSIGN(const auto kept, taken(places));
    MILLGATE_ARROW(auto batch, kept->CombineChunksToBatch(), "matching rows");
    batches_.clear();
    row_count_ = 0;
    size_bytes_ = 0;
    add(std::move(batch));
    tidy_at_bytes_ = std::max(bytes_max_, 2 * size_bytes_);
    return {};
  }
  /// One row a place, nulls for kNone.
  [[nodiscard]] Result<std::shared_ptr<arrow::Table>> taken(
      const std::vector<int64_t>& places) const {
    arrow::Int64Builder builder;
    MILLGATE_ARROW_TRY(builder.Reserve(static_cast<int64_t>(places.size())), "matching rows");
    for (const int64_t place : places) {
      if (place == kNone) {
        builder.UnsafeAppendNull();
      } else {
        builder.UnsafeAppend(place);
      }
    }
    MILLGATE_ARROW(const auto indices, builder.Finish(), "matching rows");
    MILLGATE_ARROW(const auto table, arrow::Table::FromRecordBatches(schema_, batches_),
                   "matching rows");
    MILLGATE_ARROW(const auto rows, arrow::compute::Take(table, indices), "matching rows");
    return rows.table();
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  arrow::RecordBatchVector batches_;
  int64_t row_count_ = 0;
  int64_t size_bytes_ = 0;
  int64_t bytes_max_;
  int64_t tidy_at_bytes_;
};

/// Whether ties are to be broken by the order in which the rows come.
enum class RowOrder { any, by_columns };

/// Entity, time of knowing and, where it is another one, of happening; then the wanted columns.
std::string candidates_sql(const JoinedView& joined, const Slots& slots, RowOrder row_order) {
  const ResolvedView& view = joined.resolved;
  const bool has_two_times = view.known_micros != view.happened_micros;
  std::string condition = "false";
  if (!slots.empty()) {
    const auto [first, last] = slots.first_and_last_time();
    condition = std::string(kKnownMicros) + " <= " + std::to_string(last);
    int64_t oldest = 0;
    const std::optional<int64_t>& max_age = view.view->max_age_micros;
    if (max_age && !__builtin_sub_overflow(first, *max_age, &oldest)) {
      condition += std::string(" and ") + kHappenedMicros + " >= " + std::to_string(oldest);
    }
  }
  std::string sql = "select e." + std::string(kAskedEntity) + ", v." + kKnownMicros + ", v." +
                    (has_two_times ? kHappenedMicros : kKnownMicros);
  for (const std::string& column : joined.columns) {
    sql += ", v." + quote_name(column) + " as " + quote_name(joined.joined_name(column));
  }
  sql += " from (select * from (" + timed_rows_sql(view) + ") where " + condition + ") v join " +
         std::string(kAskedEntities) + " e on " + same_entity_sql(*view.view, "v", "e");
  if (row_order == RowOrder::any) return sql;
  std::string order;
  for (const std::string& column : view.columns) {
    order += (order.empty() ? "v." : ", v.") + quote_name(column) + " asc nulls first";
  }
  return sql + " order by " + order;
}

constexpr int kKeyColumns = 3;

/// Puts all rows of the view into `slots`, and gives those that were kept.
Result<KeptRows> match_rows(Database& database, const JoinedView& view, RowOrder row_order,
                            int64_t kept_bytes_max, Slots& slots) {
  MILLGATE_ASSIGN(const auto stream, database.stream(candidates_sql(view, slots, row_order)));
  arrow::FieldVector fields = stream->schema()->fields();
  fields.erase(fields.begin(), fields.begin() + kKeyColumns);
  const auto schema = arrow::schema(std::move(fields));
  KeptRows kept(schema, kept_bytes_max);
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    MILLGATE_ARROW_TRY(stream->ReadNext(&batch), "view `" + view.resolved.view->name + "`");
    if (batch == nullptr) break;
    MILLGATE_ASSIGN(const auto entity, integers(*batch->column(0)));
    MILLGATE_ASSIGN(const auto known, integers(*batch->column(1)));
    MILLGATE_ASSIGN(const auto happened, integers(*batch->column(2)));
    const int64_t place = kept.next_place();
    for (size_t i = 0; i < entity.size(); ++i) {
      slots.put(
          entity[i],
          {.happened = happened[i], .known = known[i], .place = place + static_cast<int64_t>(i)});
    }
    auto columns = batch->columns();
    columns.erase(columns.begin(), columns.begin() + kKeyColumns);
    kept.add(arrow::RecordBatch::Make(schema, batch->num_rows(), std::move(columns)));
    MILLGATE_TRY(kept.tidy(slots.all()));
  }
  slots.spread();
  if (const auto& max_age = view.resolved.view->max_age_micros) slots.forget_older_than(*max_age);
  return kept;
}

/// The times of what was matched, one value a row.
Result<std::shared_ptr<arrow::Array>> times_of(std::span<const Slot> slots, int64_t row_count,
                                               int64_t Slot::*time) {
  std::vector<int64_t> values(static_cast<size_t>(row_count));
  std::vector<bool> is_matched(values.size(), false);
  for (const Slot& slot : slots) {
    const auto position = static_cast<size_t>(slot.position);
    is_matched[position] = slot.place != kNone;
    values[position] = slot.*time;
  }
  arrow::Int64Builder builder;
  MILLGATE_ARROW_TRY(builder.AppendValues(values, is_matched), "times");
  MILLGATE_ARROW(auto array, builder.Finish(), "times");
  return array;
}

}  // namespace

Result<std::shared_ptr<arrow::Table>> matched_columns(Database& database, const JoinedView& view,
                                                      AskingRows& asked, int64_t kept_bytes_max) {
  MILLGATE_TRY(asked.ask_of(*view.resolved.view));
  MILLGATE_ASSIGN(Slots slots, Slots::read(database, asked.row_count()));
  const Slots unmatched = slots;
  MILLGATE_ASSIGN(KeptRows kept, match_rows(database, view, RowOrder::any, kept_bytes_max, slots));
  if (slots.any_tied()) {  // Seldom, so that the rows are sorted only then.
    slots = unmatched;
    MILLGATE_ASSIGN(kept, match_rows(database, view, RowOrder::by_columns, kept_bytes_max, slots));
  }
  std::vector<int64_t> places(static_cast<size_t>(asked.row_count()), kNone);
  for (const Slot& slot : slots.all()) places[static_cast<size_t>(slot.position)] = slot.place;
  MILLGATE_ASSIGN(auto table, kept.taken(places));
  MILLGATE_ARROW(table, table->CombineChunks(), "matching rows");
  arrow::FieldVector fields = table->schema()->fields();
  arrow::ChunkedArrayVector columns = table->columns();
  if (view.with_times) {
    for (const auto& [name, time] : {std::pair(view.happened_name(), &Slot::happened),
                                     std::pair(view.known_name(), &Slot::known)}) {
      MILLGATE_ASSIGN(auto array, times_of(slots.all(), asked.row_count(), time));
      fields.push_back(arrow::field(name, arrow::int64()));
      columns.push_back(std::make_shared<arrow::ChunkedArray>(std::move(array)));
    }
  }
  return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(columns),
                            asked.row_count());
}

}  // namespace millgate
