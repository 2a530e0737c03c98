#include "system/serve/served_model.h"

#include <algorithm>
#include <utility>

#include "model/sketch/model_tallies.h"
#include "system/serve/logged_rows.h"

namespace millgate {

namespace {

/// Only numbers have a range that means something tomorrow: times always move on.
bool has_range(ValueType type) { return type == ValueType::integer || type == ValueType::number; }

const Profile* profile_of(const Model& model, const Field& input) {
  for (const Profile& profile : model.input_profiles()) {
    if (profile.name == input.name) return &profile;
  }
  return nullptr;
}

std::optional<SeenRange> range_of(const Model& model, const Field& input) {
  if (!has_range(input.type)) return std::nullopt;
  const Profile* const profile = profile_of(model, input);
  if (profile == nullptr || profile->is_category || profile->quantiles.empty()) {
    return std::nullopt;
  }
  return SeenRange{profile->quantiles.front(), profile->quantiles.back()};
}

/// Inputs of views are never left out: they are read by entity or sent. Else a store that is away
/// would go unnoticed.
bool is_of_view(const Manifest& manifest, const Field& input) {
  return std::any_of(manifest.views.begin(), manifest.views.end(),
                     [&](const ReadView& view) { return input.name.starts_with(view.name + "."); });
}

}  // namespace

ServedModel::ServedModel(std::shared_ptr<const Model> model, std::optional<Serving> live,
                         std::shared_ptr<const LiveRollout> rollout,
                         std::shared_ptr<ModelStatistics> statistics, const std::string& called)
    : model_(std::move(model)),
      live_(std::move(live)),
      rollout_(std::move(rollout)),
      statistics_(statistics ? std::move(statistics) : std::make_shared<ModelStatistics>()),
      name_(called.empty() ? model_->manifest().project : called) {
  const Manifest& manifest = model_->manifest();
  version_ = model_->id().brief();
  is_binary_ = manifest.task_kind == "binary";
  for (size_t i = 0; i < inputs().size(); ++i) {
    uses_[inputs()[i].name].input = i;
    ranges_.push_back(range_of(*model_, inputs()[i]));
    const Profile* const profile = profile_of(*model_, inputs()[i]);
    const bool was_null = profile != nullptr && profile->null_count > 0;
    may_be_left_out_.push_back(was_null && !is_of_view(manifest, inputs()[i]) ? 1 : 0);
  }
  for (const std::string& key : logged_keys(*model_)) {
    uses_[key].key = key_names_.size();
    key_names_.push_back(key);
  }
  if (!manifest.row_time.empty()) uses_[manifest.row_time].row_time = true;
  for (const auto& [name, use] : uses_) names_.push_back(name);
  std::sort(names_.begin(), names_.end());
  for (size_t i = 0; i < names_.size(); ++i) uses_[names_[i]].place = i;
  for (const Field& input : inputs()) places_.push_back(uses_[input.name].place);
  if (statistics_->tallies == nullptr) {
    statistics_->tallies = std::make_shared<ModelTallies>(TallyLayout::of(*model_, ranges_));
  }
}

const ColumnUse* ServedModel::find(std::string_view name) const {
  const auto found = uses_.find(name);
  return found == uses_.end() ? nullptr : &found->second;
}

void ModelSlot::set(std::shared_ptr<const ServedModel> model) {
  model_.store(std::move(model));
  is_asleep_.store(false);
  set_trouble({});
}

bool ModelSlot::put_to_sleep(const std::atomic<int>& users) {
  is_asleep_.store(true);
  if (users.load() > 0) {
    is_asleep_.store(false);
    return false;
  }
  model_.store(nullptr);
  return true;
}

void ModelSlot::set_trouble(std::string trouble) {
  const std::scoped_lock lock(mutex_);
  trouble_ = std::move(trouble);
}

std::string ModelSlot::trouble() const {
  const std::scoped_lock lock(mutex_);
  return trouble_;
}

}  // namespace millgate
