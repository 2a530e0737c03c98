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

}  // namespace millgate
