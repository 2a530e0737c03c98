#include "data/online/online_reader.h"

#include <algorithm>
#include <utility>

#include "data/feature/window_facts.h"
#include "data/feature/window_sweep.h"
#include "data/online/fact_record.h"
#include "data/online/online_row.h"

namespace millgate {
namespace {

bool is_whole(const Block& entity, size_t row) {
  return std::all_of(entity.columns.begin(), entity.columns.end(),
                     [&](const Vector& column) { return column.valid[row] != 0; });
}

/// Takes the rows of one read as the store gives them.
class Reading {
 public:
  Reading(const OnlineQuestion& question, Block& out, std::vector<OnlineRead>& reads)
      : question_(question), out_(out), reads_(reads) {
    reads_.assign(question_.at.size() * question_.plans.size(), OnlineRead());
    for (const OnlinePlan& plan : question_.plans) {
      field_count_max_ = std::max(field_count_max_, plan.columns.size());
    }
    targets_.resize(field_count_max_);
  }

  Status run(const OnlineStore& store) {
    std::vector<std::string> keys;
    for (size_t row = 0; row < question_.at.size(); ++row) {
      for (size_t plan = 0; plan < question_.plans.size(); ++plan) {
        clear(plan, row);
        if (!is_whole(question_.entities[plan], row)) {
          read_of(plan, row).state = OnlineState::no_entity;
          continue;
        }
        asked_.push_back({plan, row});
        keys.push_back(entity_key(question_.plans[plan].view, question_.entities[plan], row));
      }
    }
    const size_t entity_count = keys.size();
    for (const OnlinePlan& plan : question_.plans) {
      if (plan.view.window_count > 0) keys.push_back(unseen_key(plan.view));
    }
    return store.read(keys, [&](size_t i, std::optional<std::string_view> bytes) -> Status {
      if (i < entity_count) return take(asked_[i], bytes);
      return take_unseen(keys[i], bytes);
    });
  }

 private:
  struct Asked {
    size_t plan;
    size_t row;
  };

  OnlineRead& read_of(size_t plan, size_t row) {
    return reads_[row * question_.plans.size() + plan];
  }

  void clear(size_t plan, size_t row) {
    for (const std::optional<size_t>& column : question_.plans[plan].columns) {
      if (!column) continue;
      Vector& out = out_.columns[*column];
      out.valid[row] = 0;
      if (!out.integers.empty()) out.integers[row] = 0;
      if (!out.numbers.empty()) out.numbers[row] = 0;
      if (!out.texts.empty()) out.texts[row].clear();
      if (!out.lists.empty()) out.lists[row].clear();
    }
  }

  /// Reads the row into the columns of the caller; of an expired one, its windows alone.
  Status put(const Asked& asked, std::string_view bytes, bool columns_too) {
    const OnlinePlan& plan = question_.plans[asked.plan];
    const OnlineView& view = plan.view;
    const size_t column_count = view.column_count();
    if (has_facts(bytes) == view.windows.empty()) {
      return outside_failure(
          "rows of view `" + view.name +
              "` in the online store have another form than when it was looked at",
          "ask again");
    }
    for (size_t i = 0; i < plan.columns.size(); ++i) {
      const bool is_read = plan.columns[i] && (columns_too || i >= column_count);
      targets_[i] = is_read ? &out_.columns[*plan.columns[i]] : nullptr;
    }
    if (view.windows.empty()) {
      return read_row(bytes, view.fields, RowTargets(targets_.data(), plan.columns.size()),
                      asked.row);
    }
    MILLGATE_TRY(read_row(bytes, shape_of(asked.plan).columns,
                          RowTargets(targets_.data(), column_count), asked.row));
    return put_windows(asked, bytes);
  }

  /// What rows of a view with facts hold.
  struct Shape {
    std::vector<Field> columns;
    std::vector<FactColumn> facts;
  };
  const Shape& shape_of(size_t plan) {
    shapes_.resize(question_.plans.size());
    if (!shapes_[plan]) {
      const OnlineView& view = question_.plans[plan].view;
      const auto count = static_cast<std::ptrdiff_t>(view.column_count());
      shapes_[plan] = {.columns = {view.fields.begin(), view.fields.begin() + count},
                       .facts = fact_columns(view.windows)};
    }
    return *shapes_[plan];
  }

  /// As of the asked time, by the sweep that makes training sets. Null where facts that count are
  /// not kept any more.
  Status put_windows(const Asked& asked, std::string_view bytes) {
    const OnlinePlan& plan = question_.plans[asked.plan];
    MILLGATE_ASSIGN(const auto facts, read_facts(bytes));
    const std::vector<FactColumn>& columns = shape_of(asked.plan).facts;
    if (!facts || facts->record_bytes != record_bytes(columns.size())) {
      return damaged("a row of view `" + plan.view.name + "` in the online store has no facts",
                     "run `millgate materialise`");
    }
    const int64_t at = question_.at[asked.row];
    std::vector<FactRecord> records;
    for (size_t i = 0; i < facts->records.size(); i += facts->record_bytes) {
      FactRecord one(facts->records.substr(i, facts->record_bytes));
      if (one.known > at) continue;
      records.push_back(one);
      if (one.is_pushed) read_of(asked.plan, asked.row).is_pushed = true;
    }
    std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
      return std::pair(a.happened, a.known) < std::pair(b.happened, b.known);
    });
    for (size_t i = 0; i < plan.view.windows.size(); ++i) {
      Vector* const target = targets_[plan.view.column_count() + i];
      if (target == nullptr) continue;
      const Window& window = plan.view.windows[i];
      if (facts->kept_from > earlier(at, window.span.value_or(0))) continue;
      const auto column = fact_column_of(window, columns);
      std::vector<WindowFact> of_window;
      of_window.reserve(records.size());
      // With a key, a fact outside may be a later version of one inside.
      const bool takes_all = !window.span || !plan.view.key.empty();
      for (const FactRecord& one : records) {
        if (takes_all || one.happened > earlier(at, *window.span))
          of_window.push_back(one.fact(column, columns.size()));
      }
      const auto value = sweep_window(window, of_window, std::span(&at, 1)).front();
      target->valid[asked.row] = value ? 1 : 0;
      if (!value) continue;
      if (target->type == ValueType::integer) {
        target->integers[asked.row] = static_cast<int64_t>(*value);
      } else {
        target->numbers[asked.row] = *value;
      }
    }
    return {};
  }

  Status take(const Asked& asked, std::optional<std::string_view> bytes) {
    const OnlineView& view = question_.plans[asked.plan].view;
    OnlineRead& read = read_of(asked.plan, asked.row);
    if (!bytes) return {};
    MILLGATE_ASSIGN(const RowStamp stamp, read_stamp(*bytes));
    read.state = OnlineState::present;
    read.is_pushed = stamp.is_pushed;
    if (!stamp.has_time) return put(asked, *bytes, true);
    read.happened = stamp.happened;
    read.known = stamp.known;
    const int64_t at = question_.at[asked.row];
    if (stamp.known > at) {
      read.state = OnlineState::later;
      // What was known before that may lie in a window.
      return view.windows.empty() ? Status() : put(asked, *bytes, false);
    }
    // As the join asks it.
    if (view.max_age_micros && at - stamp.happened > *view.max_age_micros) {
      read.state = OnlineState::expired;
    }
    return put(asked, *bytes, read.state == OnlineState::present);
  }

  /// The row of nobody, for all whose own is not there.
  Status take_unseen(const std::string& key, std::optional<std::string_view> bytes) {
    if (!bytes) return {};
    for (const Asked& asked : asked_) {
      if (read_of(asked.plan, asked.row).state != OnlineState::missing) continue;
      if (unseen_key(question_.plans[asked.plan].view) != key) continue;
      MILLGATE_TRY(put(asked, *bytes, true));
    }
    return {};
  }

  const OnlineQuestion& question_;
  Block& out_;
  std::vector<OnlineRead>& reads_;
  std::vector<Asked> asked_;
  std::vector<Vector*> targets_;
  std::vector<std::optional<Shape>> shapes_;  ///< By plan.
  size_t field_count_max_ = 0;
};

}  // namespace

std::string_view to_string(OnlineState state) {
  switch (state) {
    case OnlineState::present:
      return "present";
    case OnlineState::missing:
      return "missing";
    case OnlineState::expired:
      return "expired";
    case OnlineState::later:
      return "later";
    case OnlineState::no_entity:
      break;
  }
  return "no_entity";
}

Status read_online(const OnlineStore& store, const OnlineQuestion& question, Block& out,
                   std::vector<OnlineRead>& reads) {
  return Reading(question, out, reads).run(store);
}

const OnlineView* latest_view(const std::vector<OnlineView>& views, std::string_view name) {
  const OnlineView* latest = nullptr;
  for (const OnlineView& view : views) {
    if (view.name != name) continue;
    const auto when = [](const OnlineView& one) { return std::pair(one.as_of, one.written); };
    if (latest == nullptr || when(*latest) < when(view)) latest = &view;
  }
  return latest;
}

}  // namespace millgate
