#include "system/serve/live_rollout.h"

#include <utility>

#include "ground/shortest_text.h"
#include "system/serve/row_batch.h"

namespace millgate {

namespace {

std::optional<std::string> text_at(const Vector& column, size_t row) {
  if (column.valid[row] == 0) return std::nullopt;
  if (column.type == ValueType::text) return column.texts[row];
  if (column.type == ValueType::list) return std::nullopt;
  if (column.type == ValueType::number) return shortest_text(column.numbers[row]);
  return std::to_string(column.integers[row]);
}

}  // namespace

bool is_in_share(const Id& id, std::string_view key, double percent) {
  std::string salted = id.hex();
  salted += key;
  const Id digest = hash_of(salted);
  uint64_t number = 0;
  for (size_t i = 0; i < 8; ++i) number = number << 8U | digest.bytes[i];
  // 53 bits: what a double holds; below 1 always, so that 100 % are all.
  return static_cast<double>(number >> 11U) * 0x1p-53 * 100 < percent;
}

std::optional<std::string> common_text(const ServedModel& model, const RowBatch& batch,
                                       std::string_view column) {
  const ColumnUse* const use = model.find(column);
  if (use == nullptr || (!use->input && !use->key)) return std::nullopt;
  const Vector& values =
      use->input ? batch.inputs.columns[*use->input] : batch.keys.columns[*use->key];
  std::optional<std::string> common;
  for (size_t row = 0; row < batch.rows(); ++row) {
    std::optional<std::string> text = text_at(values, row);
    if (!text || (common && *common != *text)) return std::nullopt;
    common = std::move(text);
  }
  return common;
}

LiveRollout::LiveRollout(Rollout rollout, std::shared_ptr<const ServedModel> challenger,
                         std::shared_ptr<RolloutCounts> counts, ShadowWorker* shadow)
    : rollout_(std::move(rollout)),
      challenger_(std::move(challenger)),
      counts_(std::move(counts)),
      shadow_(rollout_.plan.mode == RolloutMode::shadow ? shadow : nullptr) {
  // Plans are checked where they enter the ledger and where they leave it.
  const std::string& only = rollout_.plan.only;
  const size_t equals = only.find('=');
  if (auto field = parse_request_field(rollout_.plan.sticky); field.ok()) sticky_ = *field;
  if (auto field = parse_request_field(only.substr(0, equals)); field.ok()) only_ = *field;
  if (equals != std::string::npos) only_value_ = only.substr(equals + 1);
}

bool LiveRollout::reads_rows() const {
  const auto is_column = [](const RequestField& field) {
    return !field.name.empty() && !field.is_header;
  };
  return is_column(sticky_) || is_column(only_);
}

std::optional<Arm> LiveRollout::arm_of(const HttpRequest& request, std::string_view request_id,
                                       const ServedModel& model, const RowBatch* batch) const {
  const auto value_of = [&](const RequestField& field) -> std::optional<std::string> {
    if (!field.is_header) {
      return batch == nullptr ? std::nullopt : common_text(model, *batch, field.name);
    }
    const std::string_view value = request.header(field.name);
    return value.empty() ? std::nullopt : std::optional<std::string>(value);
  };
  if (!only_.name.empty() && value_of(only_) != only_value_) return std::nullopt;
  std::optional<std::string> key(request_id);
  if (!sticky_.name.empty()) key = value_of(sticky_);
  if (!key) return std::nullopt;
  return is_in_share(rollout_.id, *key, rollout_.share()) ? Arm::challenger : Arm::champion;
}

void LiveRollout::count(Arm arm, bool is_error, double seconds) const {
  counts_->add(rollout_.step, arm, is_error, seconds * 1'000 > rollout_.plan.slow_ms);
}

}  // namespace millgate
