#include "system/serve/rollout_counts.h"

#include <filesystem>

#include "ground/durable_file.h"
#include "ground/file_store.h"
#include "ground/json.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "counts-";

Json to_json(const StepTotals& step) {
  return {{"answers", step.answers},
          {"errors", step.errors},
          {"slow", step.slow},
          {"left_out", step.left_out},
          {"dropped", step.dropped}};
}

using ByArm = std::array<int64_t, kArmCount>;

void add(const ByArm& from, ByArm& to) {
  for (size_t i = 0; i < kArmCount; ++i) to[i] += from[i];
}

Status add_file(const std::string& path, std::vector<StepTotals>& totals) {
  MILLGATE_ASSIGN(const std::string text, read_file(path));
  MILLGATE_ASSIGN(const Json steps, parse_json(text, path));
  if (!steps.is_array() || steps.size() != totals.size()) {
    return damaged(path + ": it does not have the steps of its roll-out",
                   "take it away; what that server counted is lost with it");
  }
  for (size_t i = 0; i < totals.size(); ++i) {
    MILLGATE_ASSIGN(const auto answers, json_member<ByArm>(steps[i], "answers", path));
    MILLGATE_ASSIGN(const auto errors, json_member<ByArm>(steps[i], "errors", path));
    MILLGATE_ASSIGN(const auto slow, json_member<ByArm>(steps[i], "slow", path));
    MILLGATE_ASSIGN(const auto left_out, json_member<int64_t>(steps[i], "left_out", path));
    MILLGATE_ASSIGN(const auto dropped, json_member<int64_t>(steps[i], "dropped", path));
    add(answers, totals[i].answers);
    add(errors, totals[i].errors);
    add(slow, totals[i].slow);
    totals[i].left_out += left_out;
    totals[i].dropped += dropped;
  }
  return {};
}

}  // namespace

RolloutCounts::RolloutCounts(size_t steps) : steps_(steps), file_(unique_name(kPrefix) + ".json") {}

void RolloutCounts::add(size_t step, Arm arm, bool is_error, bool is_slow) {
  Step& counted = steps_[step];
  const size_t i = index_of(arm);
  counted.answers[i].fetch_add(1, std::memory_order_relaxed);
  if (is_error) counted.errors[i].fetch_add(1, std::memory_order_relaxed);
  if (is_slow) counted.slow[i].fetch_add(1, std::memory_order_relaxed);
}

void RolloutCounts::add_left_out(size_t step) {
  steps_[step].left_out.fetch_add(1, std::memory_order_relaxed);
}

void RolloutCounts::add_dropped(size_t step) {
  steps_[step].dropped.fetch_add(1, std::memory_order_relaxed);
}

std::vector<StepTotals> RolloutCounts::totals() const {
  std::vector<StepTotals> totals(steps_.size());
  for (size_t i = 0; i < steps_.size(); ++i) {
    for (size_t arm = 0; arm < kArmCount; ++arm) {
      // In this order, so that no more errors are read than answers.
      totals[i].errors[arm] = steps_[i].errors[arm].load();
      totals[i].slow[arm] = steps_[i].slow[arm].load();
      totals[i].answers[arm] = steps_[i].answers[arm].load();
    }
    totals[i].left_out = steps_[i].left_out.load();
    totals[i].dropped = steps_[i].dropped.load();
  }
  return totals;
}

Status RolloutCounts::save(const std::string& folder) const {
  MILLGATE_TRY(make_folders(folder));
  Json steps = Json::array();
  for (const StepTotals& step : totals()) steps.push_back(to_json(step));
  const std::string path = folder + "/" + file_;
  return publish_bytes({.temporary_path = path + ".tmp", .final_path = path}, dump_json(steps));
}

std::string rollout_folder(const std::string& rollouts, const Rollout& rollout) {
  return rollouts + "/" + std::to_string(rollout.event) + "-" + rollout.id.brief();
}

Result<std::vector<StepTotals>> saved_totals(const std::string& folder, size_t steps) {
  std::vector<StepTotals> totals(steps);
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix) || !name.ends_with(".json")) continue;
    MILLGATE_TRY(add_file(entry.path().string(), totals));
  }
  return totals;
}

}  // namespace millgate
