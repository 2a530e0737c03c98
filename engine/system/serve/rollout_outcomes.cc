#include "system/serve/rollout_outcomes.h"

#include <arrow/array.h>
#include <arrow/io/file.h>
#include <arrow/table.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "ground/durable_file.h"
#include "ground/file_store.h"
#include "ground/json.h"
#include "system/serve/parquet_bytes.h"
#include "system/serve/prediction_log.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = "/outcomes.json";
/// A file of the log is named by its first answer, and holds those of about a second.
constexpr int64_t kFileMicros = 60'000'000;

/// What really happened to the row of a prediction, told first at a time in microseconds.
struct ToldLabel {
  double value = 0;
  std::string class_name = {};  ///< Of several classes instead.
  int64_t received = 0;
};
using LabelsById = std::unordered_map<std::string, ToldLabel>;

/// What a prediction had earned by a time in microseconds.
struct ToldEarning {
  double earned = 0;
  int64_t received = 0;
};
using EarningsById = std::unordered_map<std::string, std::vector<ToldEarning>>;

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

/// Columns of a file whose names are `wanted`, each in one chunk; nothing when it has gone.
template <typename Wanted>
Result<std::shared_ptr<arrow::Table>> read_columns(const std::string& path, const Wanted& wanted) {
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
  for (int i = 0; i < schema->num_fields(); ++i) {
    if (wanted(schema->field(i)->name())) places.push_back(i);
  }
  const auto read = (*reader)->ReadTable(places);
  if (!read.ok()) return fault(read.status());
  auto combined = (*read)->CombineChunks();
  if (!combined.ok()) return fault(combined.status());
  return *std::move(combined);
}

/// Column `name` of a table of one chunk; null when it is not there, or of another type.
template <typename Array>
std::shared_ptr<Array> column(const arrow::Table& table, const std::string& name) {
  const auto found = table.GetColumnByName(name);
  return found == nullptr ? nullptr : std::dynamic_pointer_cast<Array>(found->chunk(0));
}

Error wrong_columns(const std::string& path) {
  return damaged("`" + path + "`: a column is missing or of another type", "restore the file");
}

/// Of regressions any number can be held against a prediction.
bool is_usable(const ToldLabel& label, const RolloutPlan& plan) {
  if (!label.class_name.empty()) return true;
  return plan.loss_cap > 0 ? std::isfinite(label.value) : label.value == 0 || label.value == 1;
}

/// Not a number is as bad as can be.
double bounded_loss(double loss) { return std::isnan(loss) ? 1 : std::min(loss, 1.0); }

double number_loss(double predicted, double label, const RolloutPlan& plan) {
  const double miss = std::abs(predicted - label);
  return bounded_loss(plan.loss_cap > 0 ? miss / plan.loss_cap : miss * miss);
}

/// 0: it earned the cap or more; 1: the floor or less.
double shortfall_of(double earned, const RolloutPlan& plan) {
  return (plan.earned_cap - std::clamp(earned, plan.earned_floor, plan.earned_cap)) /
         plan.earned_range();
}

Status add_labels(const std::string& path, const RolloutPlan& plan, LabelsById& labels) {
  MILLGATE_ASSIGN(const auto table, read_columns(path, [](const std::string&) { return true; }));
  if (table == nullptr || table->num_rows() == 0) return {};
  const auto ids = column<arrow::StringArray>(*table, "prediction_id");
  const auto values = column<arrow::DoubleArray>(*table, "label");
  const auto times = column<arrow::TimestampArray>(*table, "received_at");
  const auto classes = column<arrow::StringArray>(*table, "class");
  if (!ids || !values || !times) return wrong_columns(path);
  for (int64_t i = 0; i < table->num_rows(); ++i) {
    ToldLabel label{.value = values->Value(i), .class_name = {}, .received = times->Value(i)};
    if (classes && !classes->IsNull(i)) label.class_name = classes->GetString(i);
    if (label.class_name.empty() && values->IsNull(i)) continue;
    if (!is_usable(label, plan)) continue;
    const auto [place, is_new] = labels.try_emplace(ids->GetString(i), label);
    if (!is_new && label.received < place->second.received) place->second = std::move(label);
  }
  return {};
}

Status add_earnings(const std::string& path, EarningsById& earnings) {
  MILLGATE_ASSIGN(const auto table, read_columns(path, [](const std::string&) { return true; }));
  if (table == nullptr || table->num_rows() == 0) return {};
  const auto ids = column<arrow::StringArray>(*table, "prediction_id");
  const auto values = column<arrow::DoubleArray>(*table, "earned");
  const auto times = column<arrow::TimestampArray>(*table, "received_at");
  if (!ids || !values || !times) return wrong_columns(path);
  for (int64_t i = 0; i < table->num_rows(); ++i) {
    earnings[ids->GetString(i)].push_back({values->Value(i), times->Value(i)});
  }
  return {};
}

/// What was told last of a prediction up to `end`, in microseconds; 0 where nothing was.
double earned_by(const EarningsById& earnings, const std::string& id, int64_t end) {
  const auto told = earnings.find(id);
  if (told == earnings.end()) return 0;
  ToldEarning last{.earned = 0, .received = std::numeric_limits<int64_t>::min()};
  for (const ToldEarning& one : told->second) {
    if (one.received <= end && one.received >= last.received) last = one;
  }
  return last.earned;
}

/// A file of the log, by its columns.
struct AnswerFile {
  std::string path;
  std::shared_ptr<arrow::Table> table;
  std::shared_ptr<arrow::StringArray> ids;
  std::shared_ptr<arrow::TimestampArray> times;
  std::shared_ptr<arrow::DoubleArray> values;
  std::shared_ptr<arrow::Int64Array> rollouts;
  /// Of several classes, with the name of each.
  std::vector<std::pair<std::string, std::shared_ptr<arrow::DoubleArray>>> probabilities = {};
};

/// Nothing for a file that has gone, or in which nobody took part in a roll-out.
Result<std::optional<AnswerFile>> read_answers(const std::string& path,
                                               std::span<const std::string> classes) {
  std::vector<std::string> wanted = {"prediction_id", "answered_at", "probability", kRolloutColumn};
  for (const std::string& name : classes) wanted.push_back(kProbabilityPrefix + name);
  MILLGATE_ASSIGN(const auto table, read_columns(path, [&](const std::string& name) {
                    return std::find(wanted.begin(), wanted.end(), name) != wanted.end();
                  }));
  if (table == nullptr || table->num_rows() == 0) return std::optional<AnswerFile>();
  AnswerFile file{.path = path,
                  .table = table,
                  .ids = column<arrow::StringArray>(*table, "prediction_id"),
                  .times = column<arrow::TimestampArray>(*table, "answered_at"),
                  .values = column<arrow::DoubleArray>(*table, "probability"),
                  .rollouts = column<arrow::Int64Array>(*table, kRolloutColumn)};
  if (!file.ids || !file.times || !file.values) return wrong_columns(path);
  if (!file.rollouts) return std::optional<AnswerFile>();
  for (const std::string& name : classes) {
    auto values = column<arrow::DoubleArray>(*table, kProbabilityPrefix + name);
    if (!values) return wrong_columns(path);
    file.probabilities.emplace_back(name, std::move(values));
  }
  return std::optional<AnswerFile>(std::move(file));
}

/// Of several classes: half the sum over all classes, so that the worst is 1. A class that the
/// model does not know has the probability 0.
double class_loss(const AnswerFile& file, int64_t row, const std::string& label) {
  double sum = 0;
  bool is_known = false;
  for (const auto& [name, values] : file.probabilities) {
    const double miss = values->Value(row) - (name == label ? 1 : 0);
    sum += miss * miss;
    is_known = is_known || name == label;
  }
  return bounded_loss((is_known ? sum : sum + 1) / 2);
}

/// Adds the answers of files of the log up.
class OutcomeSums {
 public:
  OutcomeSums(const Rollout& rollout, Time now) : rollout_(rollout), now_(now) {
    sums_.losses.resize(rollout.steps_max());
    sums_.shortfalls.resize(rollout.steps_max());
  }

  Status read_told(const OutcomePlaces& rows) {
    for (const std::string& path : files_since(rows.feedback, rollout_.since)) {
      MILLGATE_TRY(add_labels(path, rollout_.plan, labels_));
    }
    if (rollout_.plan.earned_cap == 0) return {};
    for (const std::string& path : files_since(rows.outcomes, rollout_.since)) {
      MILLGATE_TRY(add_earnings(path, earnings_));
    }
    return {};
  }

  /// Whether answers can say anything.
  [[nodiscard]] bool reads_answers() const {
    return !labels_.empty() || rollout_.plan.earned_cap > 0;
  }

  /// Of one model: files are named by it.
  Status add_model(const std::string& folder, const Id& model, Arm arm,
                   std::span<const std::string> classes) {
    for (const std::string& path : files_since(folder, rollout_.since)) {
      const std::string name = fs::path(path).filename().string();
      if (!name.starts_with(model.brief() + "-")) continue;
      MILLGATE_ASSIGN(const std::optional<AnswerFile> file, read_answers(path, classes));
      if (file) add_file(*file, arm);
    }
    return {};
  }

  StepOutcomes take() { return std::move(sums_); }

 private:
  [[nodiscard]] bool is_shadow() const { return rollout_.plan.mode == RolloutMode::shadow; }

  /// The step in which an answer was given.
  [[nodiscard]] std::optional<size_t> step_at(int64_t micros) const {
    const auto& times = rollout_.step_times;
    const auto later =
        std::find_if(times.begin(), times.end(), [&](Time time) { return time.micros > micros; });
    if (later == times.begin()) return std::nullopt;
    if (rollout_.ended && micros > rollout_.ended->micros) return std::nullopt;
    return static_cast<size_t>(later - times.begin()) - 1;
  }

  void add_file(const AnswerFile& file, Arm arm) {
    for (int64_t row = 0; row < file.table->num_rows(); ++row) {
      if (file.rollouts->IsNull(row) || file.rollouts->Value(row) != rollout_.event) continue;
      const int64_t answered = file.times->Value(row);
      const std::optional<size_t> step = step_at(answered);
      if (!step) continue;
      const std::string id = file.ids->GetString(row);
      add_loss(file, row, id, total_of(sums_.losses[*step], arm), arm);
      add_shortfall(id, answered, total_of(sums_.shortfalls[*step], arm));
    }
  }

  static ArmTotal& total_of(ArmPair& pair, Arm arm) {
    return arm == Arm::champion ? pair.base : pair.other;
  }

  void add_loss(const AnswerFile& file, int64_t row, const std::string& id, ArmTotal& total,
                Arm arm) {
    const auto label = labels_.find(id);
    const bool has_classes = !file.probabilities.empty();
    if (label == labels_.end() || label->second.class_name.empty() == has_classes) return;
    if (is_shadow() && arm == Arm::champion && !in_shadow_.contains(id)) return;
    if (is_shadow() && arm == Arm::challenger) in_shadow_.insert(id);
    ++total.count;
    total.sum += has_classes
                     ? class_loss(file, row, label->second.class_name)
                     : number_loss(file.values->Value(row), label->second.value, rollout_.plan);
  }

  void add_shortfall(const std::string& id, int64_t answered, ArmTotal& total) {
    const RolloutPlan& plan = rollout_.plan;
    // What is answered unseen earns nothing of its own.
    if (plan.earned_cap == 0 || is_shadow()) return;
    const int64_t end = answered + plan.earned_within_micros;
    if (end > now_.micros) return;
    ++total.count;
    total.sum += shortfall_of(earned_by(earnings_, id, end), plan);
  }

  const Rollout& rollout_;
  Time now_;
  LabelsById labels_;
  EarningsById earnings_;
  std::unordered_set<std::string> in_shadow_;  ///< Labelled, and answered by the challenger.
  StepOutcomes sums_;
};

Json to_json(const StepSums& sums) {
  Json json = Json::array();
  for (const ArmPair& step : sums) {
    json.push_back({{"champion", {step.base.count, step.base.sum}},
                    {"challenger", {step.other.count, step.other.sum}}});
  }
  return json;
}

Result<StepSums> sums_from(const Json& json, size_t steps, const std::string& path) {
  StepSums sums;
  for (const Json& step : json) {
    using Totals = std::pair<int64_t, double>;
    MILLGATE_ASSIGN(const auto base, json_member<Totals>(step, "champion", path));
    MILLGATE_ASSIGN(const auto other, json_member<Totals>(step, "challenger", path));
    sums.push_back({{base.first, base.second}, {other.first, other.second}});
  }
  if (sums.size() == steps) return sums;
  return damaged(path + ": it does not have the steps of its roll-out",
                 "take it away; it is made again");
}

}  // namespace

Result<StepOutcomes> rollout_outcomes(const OutcomePlaces& rows, const Rollout& rollout,
                                      const ClassesByArm& classes, Time now) {
  OutcomeSums sums(rollout, now);
  MILLGATE_TRY(sums.read_told(rows));
  if (!sums.reads_answers()) return sums.take();
  // The challenger first: in shadow it says which answers of the champion count.
  const bool is_shadow = rollout.plan.mode == RolloutMode::shadow;
  MILLGATE_TRY(sums.add_model(is_shadow ? rows.shadow : rows.predictions, rollout.challenger,
                              Arm::challenger, classes[index_of(Arm::challenger)]));
  MILLGATE_TRY(sums.add_model(rows.predictions, rollout.champion, Arm::champion,
                              classes[index_of(Arm::champion)]));
  return sums.take();
}

Result<StepOutcomes> saved_outcomes(const std::string& folder, size_t steps) {
  const std::string path = folder + kFile;
  const auto text = read_file(path);
  if (!text.ok() && text.error().code == ErrorCode::not_found) return StepOutcomes();
  if (!text.ok()) return text.error();
  MILLGATE_ASSIGN(const Json json, parse_json(*text, path));
  MILLGATE_ASSIGN(const auto losses, json_member<Json>(json, "losses", path));
  MILLGATE_ASSIGN(const auto shortfalls, json_member<Json>(json, "shortfalls", path));
  StepOutcomes outcomes;
  MILLGATE_ASSIGN(outcomes.losses, sums_from(losses, steps, path));
  MILLGATE_ASSIGN(outcomes.shortfalls, sums_from(shortfalls, steps, path));
  return outcomes;
}

Status save_outcomes(const std::string& folder, const StepOutcomes& outcomes) {
  MILLGATE_TRY(make_folders(folder));
  const std::string path = folder + kFile;
  return publish_bytes({.temporary_path = path + ".tmp", .final_path = path},
                       dump_json(Json{{"losses", to_json(outcomes.losses)},
                                      {"shortfalls", to_json(outcomes.shortfalls)}}));
}

}  // namespace millgate
