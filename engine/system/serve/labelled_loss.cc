#include "system/serve/labelled_loss.h"

#include <arrow/array.h>
#include <arrow/io/file.h>
#include <arrow/table.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "ground/durable_file.h"
#include "ground/file_store.h"
#include "ground/json.h"
#include "system/serve/parquet_bytes.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = "/losses.json";
/// A file of the log is named by its first answer, and holds those of about a second.
constexpr int64_t kFileMicros = 60'000'000;

/// Of a prediction: its first label, and when that came.
struct Label {
  double value = 0;
  int64_t received = 0;
};
using Labels = std::unordered_map<std::string, Label>;

/// The files below `folder`, of days from that of `since` on. Files go away by `forget` meanwhile.
std::vector<std::string> files_since(const std::string& folder, Time since) {
  std::vector<std::string> found;
  std::error_code failed;
  for (const auto& day : fs::directory_iterator(folder, failed)) {
    if (day.path().filename().string() < date_text(Time{since.micros - kFileMicros})) continue;
    for (const auto& file : fs::directory_iterator(day.path(), failed)) {
      if (file.path().extension() == ".parquet") found.push_back(file.path().string());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// Columns `names` of a file, each in one chunk; nothing when it has gone.
Result<std::shared_ptr<arrow::Table>> read_columns(const std::string& path,
                                                   const std::vector<std::string>& names) {
  const auto fault = [&](const arrow::Status& status) {
    return damaged("`" + path + "`: " + status.message(), "take the file away, or restore it");
  };
  const auto file = arrow::io::ReadableFile::Open(path);
  if (!file.ok()) {
    std::error_code unknown;
    if (!fs::exists(path, unknown)) return std::shared_ptr<arrow::Table>();
    return outside_failure("cannot read `" + path + "`: " + file.status().message(),
                           "look at its rights");
  }
  const auto reader = parquet::arrow::OpenFile(*file, arrow::default_memory_pool());
  if (!reader.ok()) return fault(reader.status());
  std::shared_ptr<arrow::Schema> schema;
  if (const arrow::Status status = (*reader)->GetSchema(&schema); !status.ok()) {
    return fault(status);
  }
  std::vector<int> places;
  for (const std::string& name : names) {
    places.push_back(schema->GetFieldIndex(name));
    if (places.back() < 0) return damaged("`" + path + "`: column `" + name + "` is missing");
  }
  const auto read = (*reader)->ReadTable(places);
  if (!read.ok()) return fault(read.status());
  auto combined = (*read)->CombineChunks();
  if (!combined.ok()) return fault(combined.status());
  return *std::move(combined);
}

/// Column `name` of a table of one chunk; null when it is of another type.
template <typename Array>
std::shared_ptr<Array> column(const arrow::Table& table, const char* name) {
  const auto found = table.GetColumnByName(name);
  return found == nullptr ? nullptr : std::dynamic_pointer_cast<Array>(found->chunk(0));
}

Error wrong_types(const std::string& path) {
  return damaged("`" + path + "`: a column is of another type", "restore the file");
}

/// Whether a label can be held against a prediction: of a regression any number can.
bool is_usable(double label, const RolloutPlan& plan) {
  return plan.loss_cap > 0 ? std::isfinite(label) : label == 0 || label == 1;
}

double loss_of(double predicted, double label, const RolloutPlan& plan) {
  const double miss = std::abs(predicted - label);
  const double loss = plan.loss_cap > 0 ? miss / plan.loss_cap : miss * miss;
  return std::isnan(loss) ? 1 : std::min(loss, 1.0);
}

Status add_labels(const std::string& path, const RolloutPlan& plan, Labels& labels) {
  MILLGATE_ASSIGN(const auto table, read_columns(path, {"prediction_id", "label", "received_at"}));
  if (table == nullptr || table->num_rows() == 0) return {};
  const auto ids = column<arrow::StringArray>(*table, "prediction_id");
  const auto values = column<arrow::DoubleArray>(*table, "label");
  const auto times = column<arrow::TimestampArray>(*table, "received_at");
  if (!ids || !values || !times) return wrong_types(path);
  for (int64_t i = 0; i < table->num_rows(); ++i) {
    const Label label{.value = values->Value(i), .received = times->Value(i)};
    if (!is_usable(label.value, plan)) continue;
    const auto [place, is_new] = labels.try_emplace(ids->GetString(i), label);
    if (!is_new && label.received < place->second.received) place->second = label;
  }
  return {};
}

/// Adds the labelled predictions of files of the log up.
struct LossSum {
  const Rollout& rollout;
  const Labels& labels;
  StepLosses losses = {};
  std::unordered_set<std::string> in_shadow = {};  ///< Labelled, and answered by the challenger.

  [[nodiscard]] bool is_shadow() const { return rollout.plan.mode == RolloutMode::shadow; }

  /// The step in which an answer was given.
  [[nodiscard]] std::optional<size_t> step_at(int64_t micros) const {
    const auto& times = rollout.step_times;
    const auto later =
        std::find_if(times.begin(), times.end(), [&](Time time) { return time.micros > micros; });
    if (later == times.begin()) return std::nullopt;
    if (rollout.ended && micros > rollout.ended->micros) return std::nullopt;
    return static_cast<size_t>(later - times.begin()) - 1;
  }

  Status add_file(const std::string& path, Arm arm) {
    MILLGATE_ASSIGN(const auto table,
                    read_columns(path, {"prediction_id", "answered_at", "probability"}));
    if (table == nullptr || table->num_rows() == 0) return {};
    const auto ids = column<arrow::StringArray>(*table, "prediction_id");
    const auto times = column<arrow::TimestampArray>(*table, "answered_at");
    const auto values = column<arrow::DoubleArray>(*table, "probability");
    if (!ids || !times || !values) return wrong_types(path);
    for (int64_t i = 0; i < table->num_rows(); ++i) {
      const std::optional<size_t> step = step_at(times->Value(i));
      if (!step) continue;
      const auto label = labels.find(ids->GetString(i));
      if (label == labels.end()) continue;
      if (is_shadow() && arm == Arm::champion && !in_shadow.contains(label->first)) continue;
      if (is_shadow() && arm == Arm::challenger) in_shadow.insert(label->first);
      ArmTotal& total = arm == Arm::champion ? losses[*step].base : losses[*step].other;
      ++total.count;
      total.sum += loss_of(values->Value(i), label->second.value, rollout.plan);
    }
    return {};
  }

  /// Of one model: files are named by it.
  Status add_model(const std::string& folder, const Id& model, Arm arm) {
    for (const std::string& path : files_since(folder, rollout.since)) {
      const std::string name = fs::path(path).filename().string();
      if (name.starts_with(model.brief() + "-")) MILLGATE_TRY(add_file(path, arm));
    }
    return {};
  }
};

}  // namespace

Result<StepLosses> labelled_losses(const LabelPlaces& rows, const Rollout& rollout) {
  Labels labels;
  if (!rollout.plan.only.empty()) return StepLosses();
  for (const std::string& path : files_since(rows.feedback, rollout.since)) {
    MILLGATE_TRY(add_labels(path, rollout.plan, labels));
  }
  LossSum sum{.rollout = rollout, .labels = labels};
  sum.losses.resize(rollout.plan.shares.size());
  if (labels.empty()) return sum.losses;
  // The challenger first: in shadow it says which answers of the champion count.
  MILLGATE_TRY(sum.add_model(sum.is_shadow() ? rows.shadow : rows.predictions, rollout.challenger,
                             Arm::challenger));
  MILLGATE_TRY(sum.add_model(rows.predictions, rollout.champion, Arm::champion));
  return std::move(sum.losses);
}

Result<StepLosses> saved_losses(const std::string& folder, size_t steps) {
  const std::string path = folder + kFile;
  const auto text = read_file(path);
  if (!text.ok() && text.error().code == ErrorCode::not_found) return StepLosses();
  if (!text.ok()) return text.error();
  MILLGATE_ASSIGN(const Json json, parse_json(*text, path));
  StepLosses losses;
  for (const Json& step : json) {
    using Totals = std::pair<int64_t, double>;
    MILLGATE_ASSIGN(const auto base, json_member<Totals>(step, "champion", path));
    MILLGATE_ASSIGN(const auto other, json_member<Totals>(step, "challenger", path));
    losses.push_back({{base.first, base.second}, {other.first, other.second}});
  }
  if (!losses.empty() && losses.size() != steps) {
    return damaged(path + ": it does not have the steps of its roll-out",
                   "take it away; it is made again");
  }
  return losses;
}

Status save_losses(const std::string& folder, const StepLosses& losses) {
  Json json = Json::array();
  for (const ArmPair& step : losses) {
    json.push_back({{"champion", {step.base.count, step.base.sum}},
                    {"challenger", {step.other.count, step.other.sum}}});
  }
  MILLGATE_TRY(make_folders(folder));
  const std::string path = folder + kFile;
  return publish_bytes({.temporary_path = path + ".tmp", .final_path = path}, dump_json(json));
}

}  // namespace millgate
