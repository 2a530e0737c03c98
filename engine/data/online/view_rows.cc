#include "data/online/view_rows.h"

#include "data/online/fact_record.h"
#include "data/online/online_row.h"

namespace millgate {

namespace {

/// The records of one entity.
std::string records_of(const OnlineView& view, const std::vector<FactColumn>& columns,
                       const EntityFacts& facts, EntityFacts::Place place) {
  std::string records;
  records.reserve((place.end - place.begin) * record_bytes(columns.size()));
  for (size_t fact = place.begin; fact < place.end; ++fact) {
    records += write_record(view, columns,
                            {.happened = facts.happened[fact],
                             .known = facts.known[fact],
                             .key = facts.key,
                             .values = facts.values,
                             .row = fact,
                             .number = static_cast<int64_t>(fact - place.begin)});
  }
  return records;
}

/// Of an entity of which nothing is known.
std::string unseen_row(const OnlineView& view, const FactBytes* facts) {
  Block values{.rows = 1, .columns = {}};
  const size_t count = facts == nullptr ? view.fields.size() : view.column_count();
  for (size_t i = 0; i < count; ++i) {
    values.columns.emplace_back().reset(view.fields[i].type, 1);
  }
  return write_row({}, values, 0, facts);
}

}  // namespace

std::vector<KeyedRow> keyed_rows(const OnlineView& view, const EntityRows& rows) {
  std::vector<KeyedRow> keyed;
  keyed.reserve(rows.entity.rows + 1);
  const bool has_facts = !view.windows.empty();
  const std::vector<FactColumn> columns = fact_columns(view.windows);
  FactBytes facts{
      .kept_from = rows.kept_from, .record_bytes = record_bytes(columns.size()), .records = {}};
  for (size_t row = 0; row < rows.entity.rows; ++row) {
    RowStamp stamp{.has_time = view.has_time};
    if (view.has_time) {
      stamp.happened = rows.happened[row];
      stamp.known = rows.known[row];
    }
    std::string records;
    if (has_facts) records = records_of(view, columns, rows.facts, rows.facts.places[row]);
    facts.records = records;
    keyed.push_back({entity_key(view, rows.entity, row),
                     write_row(stamp, rows.values, row, has_facts ? &facts : nullptr)});
  }
  facts.records = {};
  keyed.push_back({unseen_key(view), unseen_row(view, has_facts ? &facts : nullptr)});
  return keyed;
}

}  // namespace millgate
