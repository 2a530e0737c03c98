/// A roll-out as requests meet it: which of two models answers.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "model/release/rollout.h"
#include "system/serve/message.h"
#include "system/serve/rollout_counts.h"
#include "system/serve/served_model.h"

namespace millgate {

struct RowBatch;
class ShadowWorker;

/// Whether `key` belongs to the first `percent` of the traffic of the roll-out `id`. A key that
/// belongs to a share belongs to every greater one, so a growing share takes nobody's model away.
/// The same on every server.
[[nodiscard]] bool is_in_share(const Id& id, std::string_view key, double percent);

/// The text of `column` in all rows, where they have one and the same. Key columns and inputs.
[[nodiscard]] std::optional<std::string> common_text(const ServedModel& model,
                                                     const RowBatch& batch,
                                                     std::string_view column);

/// Immutable but for its counts; thread-safe.
class LiveRollout {
 public:
  /// `shadow` is null where nothing answers unseen; it outlives this.
  LiveRollout(Rollout rollout, std::shared_ptr<const ServedModel> challenger,
              std::shared_ptr<RolloutCounts> counts, ShadowWorker* shadow);

  [[nodiscard]] const Rollout& rollout() const { return rollout_; }
  [[nodiscard]] const std::shared_ptr<const ServedModel>& challenger() const { return challenger_; }
  [[nodiscard]] const std::shared_ptr<RolloutCounts>& counts() const { return counts_; }
  /// Null unless challengers answer unseen.
  [[nodiscard]] ShadowWorker* shadow() const { return shadow_; }

  /// Whether rows must be read before it can be said who answers.
  [[nodiscard]] bool reads_rows() const;
  /// Who answers; in shadow, whether the challenger answers as well. Nothing: the request takes no
  /// part. `batch` may be null where `reads_rows` says no.
  [[nodiscard]] std::optional<Arm> arm_of(const HttpRequest& request, std::string_view request_id,
                                          const ServedModel& model, const RowBatch* batch) const;
  void count(Arm arm, bool is_error, double seconds) const;
  void count_left_out() const { counts_->add_left_out(rollout_.step); }
  void count_dropped() const { counts_->add_dropped(rollout_.step); }

 private:
  Rollout rollout_;
  RequestField sticky_;
  RequestField only_;
  std::string only_value_;
  std::shared_ptr<const ServedModel> challenger_;
  std::shared_ptr<RolloutCounts> counts_;
  ShadowWorker* shadow_;
};

}  // namespace millgate
