/// A model with what its requests need to be read quickly, and the place where it hangs.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/artifact/model.h"
#include "model/release/registry.h"
#include "model/sketch/row_tally.h"
#include "system/serve/model_statistics.h"

namespace millgate {

/// What a field of a request is for. A column can be several of these at once, or none: one that
/// only says which entity a row is about.
struct ColumnUse {
  std::optional<size_t> input;  ///< Index in features().inputs().
  std::optional<size_t> key;    ///< Index in ServedModel::key_names().
  bool row_time = false;
  size_t place = 0;  ///< Index in ServedModel::names().
};

/// Hashes names of any kind of text alike, so that a lookup makes no string.
struct NameHash {
  using is_transparent = void;
  size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
};

class LiveRollout;

/// Immutable; thread-safe.
class ServedModel {
 public:
  /// `live`: how it came to serve; nothing where it is only measured. `rollout`: of a challenger
  /// beside it; null: there is none. `statistics`: goes on with these; null: begins anew. `called`:
  /// what clients call it; empty: as the project was called when it was trained.
  explicit ServedModel(std::shared_ptr<const Model> model, std::optional<Serving> live = {},
                       std::shared_ptr<const LiveRollout> rollout = nullptr,
                       std::shared_ptr<ModelStatistics> statistics = nullptr,
                       const std::string& called = {});

  [[nodiscard]] const Model& model() const { return *model_; }
  [[nodiscard]] const std::shared_ptr<const Model>& shared() const { return model_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::optional<Serving>& live() const { return live_; }
  [[nodiscard]] const LiveRollout* rollout() const { return rollout_.get(); }
  /// Counted by who answers with it.
  [[nodiscard]] ModelStatistics& statistics() const { return *statistics_; }
  [[nodiscard]] const std::shared_ptr<ModelStatistics>& shared_statistics() const {
    return statistics_;
  }
  /// The model's brief id.
  [[nodiscard]] const std::string& version() const { return version_; }
  [[nodiscard]] bool is_binary() const { return is_binary_; }
  /// Names of the classes that are told apart; empty: it tells one number.
  [[nodiscard]] const std::vector<std::string>& classes() const {
    return model_->manifest().classes;
  }
  [[nodiscard]] const std::vector<Field>& inputs() const { return model_->features().inputs(); }
  /// Columns of the key, and of a ranking's group, that are no inputs: taken as text, for the log
  /// only.
  [[nodiscard]] const std::vector<std::string>& key_names() const { return key_names_; }
  /// Null when nothing is known by that name.
  [[nodiscard]] const ColumnUse* find(std::string_view name) const;
  /// Every name that a request may send, sorted.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// Of input `index` in names().
  [[nodiscard]] size_t place(size_t index) const { return places_[index]; }
  /// Whether a request need not send input `index`: training saw rows without
  /// it, and no view holds it. It is null then.
  [[nodiscard]] bool may_be_left_out(size_t index) const { return may_be_left_out_[index] != 0; }
  /// Of input `index`; nothing for texts, times and models without profiles.
  [[nodiscard]] const std::optional<SeenRange>& range(size_t index) const { return ranges_[index]; }

 private:
  std::shared_ptr<const Model> model_;
  std::optional<Serving> live_;
  std::shared_ptr<const LiveRollout> rollout_;
  std::shared_ptr<ModelStatistics> statistics_;
  std::string name_;
  std::string version_;
  bool is_binary_ = true;
  std::vector<std::string> key_names_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, ColumnUse, NameHash, std::equal_to<>> uses_;
  std::vector<size_t> places_;
  std::vector<std::optional<SeenRange>> ranges_;
  std::vector<uint8_t> may_be_left_out_;
};

/// Of several projects; none is null.
using ServedModels = std::vector<std::shared_ptr<const ServedModel>>;

/// What serves at this moment, swapped atomically: who got the old model keeps it until done.
/// Thread-safe.
class ModelSlot {
 public:
  /// Null when nothing serves.
  [[nodiscard]] std::shared_ptr<const ServedModel> get() const { return model_.load(); }
  void set(std::shared_ptr<const ServedModel> model);
  /// Lets its memory go, unless `users` counts somebody; whoever asks for it next has it loaded
  /// again. Whether it did. Who counts himself in `users` before he asks whether it sleeps finds it
  /// awake, or asleep and not about to fall asleep.
  bool put_to_sleep(const std::atomic<int>& users);
  [[nodiscard]] bool is_asleep() const { return is_asleep_.load(); }
  /// Whether a request would be answered, at once or after its model was loaded again.
  [[nodiscard]] bool is_ready() const { return is_asleep() || get() != nullptr; }
  /// Notes why there is no model, or why a newer one could not replace it.
  void set_trouble(std::string trouble);
  /// Empty when all is well.
  [[nodiscard]] std::string trouble() const;

 private:
  std::atomic<std::shared_ptr<const ServedModel>> model_;
  std::atomic<bool> is_asleep_{false};
  mutable std::mutex mutex_;
  std::string trouble_ = "nothing is released; release a model with `millgate release MODEL`";
};

}  // namespace millgate
