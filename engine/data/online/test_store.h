/// For tests of this room: a view and its rows.
#pragma once

#include <string>
#include <vector>

#include "data/online/online_row.h"
#include "data/online/online_store.h"
#include "ground/id.h"

namespace millgate {

/// A view with the entity `origin` and the fields `wind` and `sky`.
[[nodiscard]] inline OnlineView test_view(const std::string& name = "weather") {
  OnlineView view;
  view.name = name;
  view.version = hash_of(name).hex();
  view.entity = {{"origin", ValueType::text}};
  view.fields = {{"wind", ValueType::number}, {"sky", ValueType::text}};
  view.has_time = true;
  view.commit = "abc";
  return view;
}

/// One row to be stored.
struct TestRow {
  std::string origin;
  double wind = 0;
  RowStamp stamp = {};
};

[[nodiscard]] inline KeyedRow keyed(const OnlineView& view, const TestRow& row) {
  Block entity{.rows = 1, .columns = std::vector<Vector>(1)};
  entity.columns[0].reset(ValueType::text, 1);
  entity.columns[0].valid[0] = 1;
  entity.columns[0].texts[0] = row.origin;
  Block values{.rows = 1, .columns = std::vector<Vector>(2)};
  values.columns[0].reset(ValueType::number, 1);
  values.columns[0].valid[0] = 1;
  values.columns[0].numbers[0] = row.wind;
  values.columns[1].reset(ValueType::text, 1);
  return {entity_key(view, entity, 0), write_row(row.stamp, values, 0)};
}

/// The wind that the store has for `origin`; nothing where it has no row.
[[nodiscard]] inline std::optional<double> wind_of(const OnlineStore& store, const OnlineView& view,
                                                   const std::string& origin) {
  const std::vector<std::string> keys = {keyed(view, {.origin = origin}).key};
  std::optional<double> wind;
  Vector out;
  out.reset(ValueType::number, 1);
  const Status status =
      store.read(keys, [&](size_t, std::optional<std::string_view> row) -> Status {
        if (!row) return Status();
        Vector* const targets[] = {&out, nullptr};
        MILLGATE_TRY(read_row(*row, view.fields, targets, 0));
        wind = out.numbers[0];
        return Status();
      });
  return status.ok() ? wind : std::nullopt;
}

/// A row that happened and was known at these microseconds.
[[nodiscard]] inline TestRow at(const std::string& origin, double wind, int64_t happened,
                                int64_t known = 0) {
  return {.origin = origin,
          .wind = wind,
          .stamp = {.has_time = true, .is_pushed = false, .happened = happened, .known = known}};
}

[[nodiscard]] inline std::optional<OnlineView> stored(const OnlineStore& store,
                                                      const OnlineView& view) {
  const auto views = store.views();
  if (!views.ok()) return std::nullopt;
  for (const OnlineView& one : *views) {
    if (one.version == view.version) return one;
  }
  return std::nullopt;
}

/// Makes the rows of `view` these.
inline Result<std::vector<UpdateCounts>> update(OnlineStore& store, const OnlineView& view,
                                                const std::vector<TestRow>& rows) {
  ViewUpdate update{.view = view, .before = stored(store, view), .rows = {}};
  for (const TestRow& row : rows) update.rows.push_back(keyed(view, row));
  return store.update({std::move(update)});
}

inline Result<RowCounts> push(OnlineStore& store, const OnlineView& view,
                              const std::vector<TestRow>& rows) {
  std::vector<KeyedRow> list;
  for (TestRow row : rows) {
    row.stamp.has_time = row.stamp.is_pushed = true;
    list.push_back(keyed(view, row));
  }
  return store.push(std::move(list));
}

}  // namespace millgate
