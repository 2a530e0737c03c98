#include "data/online/view_rows.h"

#include "data/online/online_row.h"

namespace millgate {

std::vector<KeyedRow> keyed_rows(const OnlineView& view, const EntityRows& rows) {
  std::vector<KeyedRow> keyed;
  keyed.reserve(rows.entity.rows + 1);
  for (size_t row = 0; row < rows.entity.rows; ++row) {
    RowStamp stamp{.has_time = view.has_time};
    if (view.has_time) {
      stamp.happened = rows.happened[row];
      stamp.known = rows.known[row];
    }
    keyed.push_back({entity_key(view, rows.entity, row), write_row(stamp, rows.values, row)});
  }
  keyed.push_back({unseen_key(view), write_row({}, rows.unseen, 0)});
  return keyed;
}

}  // namespace millgate
