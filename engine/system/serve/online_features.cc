#include "system/serve/online_features.h"

#include <algorithm>

#include "system/serve/json_text.h"

namespace millgate {
namespace {

const OnlineView* find_version(const std::vector<OnlineView>& views, const ReadView& wanted) {
  for (const OnlineView& view : views) {
    if (view.name == wanted.name && view.version == wanted.version) return &view;
  }
  return nullptr;
}

void copy_value(const Vector& from, Vector& to, size_t row) {
  to.valid[row] = from.valid[row];
  if (!from.integers.empty()) to.integers[row] = from.integers[row];
  if (!from.numbers.empty()) to.numbers[row] = from.numbers[row];
  if (!from.texts.empty()) to.texts[row] = from.texts[row];
  if (!from.lists.empty()) to.lists[row] = from.lists[row];
}

std::string_view warning_of(OnlineState state) {
  switch (state) {
    case OnlineState::missing:
      return ": nothing is known of its entity";
    case OnlineState::expired:
      return ": the row of its entity is past `max_age`";
    case OnlineState::later:
      return ": the row of its entity was not known yet at the row's time";
    case OnlineState::no_entity:
      return ": a part of its entity is null";
    case OnlineState::present:
      break;
  }
  return {};
}

void append_time(std::string& out, std::string_view key, const std::optional<int64_t>& micros) {
  if (!micros) return;
  out += ",\"";
  out += key;
  out += "\":";
  append_json_text(out, to_string(Time{*micros}));
}

}  // namespace

Result<std::shared_ptr<const OnlineFeatures>> OnlineFeatures::bind(
    std::shared_ptr<const OnlineStore> store, std::shared_ptr<const ServedModel> model) {
  std::shared_ptr<OnlineFeatures> bound(new OnlineFeatures());
  MILLGATE_ASSIGN(const auto views, store->views());
  const std::vector<Field>& inputs = model->inputs();
  bound->plan_of_.resize(inputs.size());
  for (const ReadView& wanted : model->model().manifest().views) {
    const OnlineView* view = find_version(views, wanted);
    if (view == nullptr) {
      return outside_failure("view `" + wanted.name + "` is not in the online store as model " +
                                 model->version() + " was trained with it (version " +
                                 wanted.version.substr(0, 12) + ")",
                             "run `millgate materialise` with that definition, or send the inputs "
                             "of the view");
    }
    OnlinePlan plan{.view = *view, .columns = {}};
    for (const Field& field : view->fields) {
      const auto found =
          std::find(inputs.begin(), inputs.end(),
                    Field{.name = wanted.name + "." + field.name, .type = field.type});
      if (found == inputs.end()) {
        plan.columns.emplace_back();
        continue;
      }
      const auto input = static_cast<size_t>(found - inputs.begin());
      plan.columns.emplace_back(bound->inputs_.size());
      bound->inputs_.push_back(input);
      bound->plan_of_[input] = bound->plans_.size();
    }
    bound->plans_.push_back(std::move(plan));
  }
  bound->store_ = std::move(store);
  bound->model_ = std::move(model);
  return std::shared_ptr<const OnlineFeatures>(std::move(bound));
}

void OnlineFeatures::make_wants(OnlineWants& wants, size_t rows) const {
  wants.views.assign(rows * plans_.size(), 0);
  wants.inputs.assign(rows * plan_of_.size(), 0);
  wants.entities.resize(plans_.size());
  for (size_t plan = 0; plan < plans_.size(); ++plan) {
    Block& entity = wants.entities[plan];
    entity.rows = rows;
    entity.columns.resize(plans_[plan].view.entity.size());
    for (size_t i = 0; i < entity.columns.size(); ++i) {
      entity.columns[i].reset(plans_[plan].view.entity[i].type, rows);
    }
  }
}

Status OnlineFeatures::fill(RowBatch& batch, Time now, Telemetry& telemetry) const {
  const std::vector<uint8_t>& views = batch.wants.views;
  if (std::find(views.begin(), views.end(), 1) == views.end()) return {};
  Block read{.rows = batch.rows(), .columns = std::vector<Vector>(inputs_.size())};
  for (size_t i = 0; i < inputs_.size(); ++i) {
    read.columns[i].reset(model_->inputs()[inputs_[i]].type, batch.rows());
  }
  std::vector<int64_t> at;
  at.reserve(batch.row_times.size());
  for (const std::optional<Time>& time : batch.row_times) at.push_back(time.value_or(now).micros);
  std::vector<OnlineRead> reads;
  MILLGATE_TRY(read_online(*store_, {.plans = plans_, .entities = batch.wants.entities, .at = at},
                           read, reads));
  take(read, reads, batch, telemetry);
  return {};
}

void OnlineFeatures::take(const Block& read, const std::vector<OnlineRead>& reads, RowBatch& batch,
                          Telemetry& telemetry) const {
  batch.online.resize(batch.rows());
  for (size_t row = 0; row < batch.rows(); ++row) {
    for (size_t i = 0; i < inputs_.size(); ++i) {
      if (batch.wants.inputs[row * plan_of_.size() + inputs_[i]] == 0) continue;
      copy_value(read.columns[i], batch.inputs.columns[inputs_[i]], row);
    }
    for (size_t plan = 0; plan < plans_.size(); ++plan) {
      if (batch.wants.views[row * plans_.size() + plan] == 0) continue;
      const OnlineState state = reads[row * plans_.size() + plan].state;
      telemetry.online_reads[static_cast<size_t>(state)].fetch_add(1, std::memory_order_relaxed);
      if (state == OnlineState::present) continue;
      batch.warn(row, "view " + plans_[plan].view.name + std::string(warning_of(state)));
    }
    batch.online[row] = reads_json(reads, batch.wants, row);
  }
}

std::string OnlineFeatures::reads_json(const std::vector<OnlineRead>& reads,
                                       const OnlineWants& wants, size_t row) const {
  std::string out;
  for (size_t plan = 0; plan < plans_.size(); ++plan) {
    if (wants.views[row * plans_.size() + plan] == 0) continue;
    const OnlineRead& read = reads[row * plans_.size() + plan];
    out += out.empty() ? "{" : ",";
    append_json_text(out, plans_[plan].view.name);
    out += ":{\"version\":";
    append_json_text(out, plans_[plan].view.version);
    out += ",\"state\":";
    append_json_text(out, to_string(read.state));
    append_time(out, "happened", read.happened);
    append_time(out, "known", read.known);
    if (read.is_pushed) out += ",\"pushed\":true";
    out += '}';
  }
  return out.empty() ? out : out + "}";
}

}  // namespace millgate
