#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "ground/durable_file.h"
#include "ground/file_store.h"
#include "ground/json.h"
#include "model/artifact/model_format.h"
#include "model/artifact/quantised_onnx.h"
#include "model/learn/command_job.h"
#include "model/learn/learner.h"
#include "model/learn/program_record.h"

namespace millgate {
namespace {

constexpr const char* kJobVariable = "MILLGATE_JOB";
constexpr const char* kValidLoss = "valid_loss";
constexpr uintmax_t kModelBytesMax = uintmax_t{2} * 1024 * 1024 * 1024;

/// A folder of its own for one run of a program; gone with everything in it at the end.
class WorkFolder {
 public:
  static Result<WorkFolder> make(const std::string& below) {
    WorkFolder folder;
    folder.path_ = below + "/" + unique_name("learner-");
    MILLGATE_TRY(make_folders(folder.path_));
    return folder;
  }
  WorkFolder(WorkFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  WorkFolder& operator=(WorkFolder&&) = delete;
  ~WorkFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  WorkFolder() = default;
  std::string path_;
};

std::string name_of(const CommandSettings& settings) {
  std::string name;
  for (const std::string& word : settings.command) name += (name.empty() ? "" : " ") + word;
  return "`" + name + "`";
}

std::string ending_of(const ProcessEnd& end, const CommandSettings& settings) {
  const auto gigabytes = [](int64_t bytes) {
    return std::to_string(static_cast<double>(bytes) / 1e9).substr(0, 5) + " GB";
  };
  switch (end.fate) {
    case ProcessFate::exited:
      return "exited with code " + std::to_string(end.code);
    case ProcessFate::signalled:
      return "was ended by signal " + std::to_string(end.code) + " (" + ::strsignal(end.code) + ")";
    case ProcessFate::out_of_time:
      return "was stopped: it ran longer than " +
             std::to_string(std::llround(settings.seconds_max)) + " s";
    case ProcessFate::out_of_memory:
      return "was stopped: it took more memory than " + gigabytes(settings.memory_bytes_max);
    case ProcessFate::out_of_disk:
      return "was stopped: its work folder grew beyond " + gigabytes(settings.disk_bytes_max);
  }
  return "ended";
}

std::string limit_of(ProcessFate fate) {
  switch (fate) {
    case ProcessFate::out_of_time:
      return "time";
    case ProcessFate::out_of_memory:
      return "memory_gb";
    case ProcessFate::out_of_disk:
      return "disk_gb";
    default:
      return {};
  }
}

/// The last line that says something.
std::string last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  const size_t line = text.rfind('\n');
  return std::string(line == std::string_view::npos ? text : text.substr(line + 1)).substr(0, 300);
}

/// That it failed, by the program's own last words.
Error failure_of(const CommandSettings& settings, const ProgramRecord& record,
                 const ProcessEnd& end) {
  const std::string limit = limit_of(end.fate);
  Error error = limit.empty() ? invalid_input("learner " + name_of(settings) + " " + record.ended)
                              : settings.section.error_at(
                                    "limits", "learner " + name_of(settings) + " " + record.ended);
  if (const std::string said = last_line(record.errors); !said.empty()) {
    error.because.push_back("its last words: " + said);
  }
  error.hint = limit.empty() ? "`millgate runs --failed` lists failed runs, `millgate runs "
                               "--output EVENT` shows all that it said"
                             : "raise `" + limit + "` in `limits` of [train]";
  return error;
}

Status run_program(const LearnerInput& input, const WorkFolder& folder, ProgramRecord& record) {
  const CommandSettings& settings = input.settings->command;
  ProgramLines lines(record, input.progress);
  ProcessOrder order;
  order.command = settings.command;
  order.folder = settings.folder;
  // Sets of texts have another order in each process of Python otherwise, and what is written in
  // that order (the domains of an ONNX file) is never made again.
  order.environment = {{kJobVariable, folder.path() + "/" + kJobFile}, {"PYTHONHASHSEED", "0"}};
  order.seconds_max = settings.seconds_max;
  order.memory_bytes_max = settings.memory_bytes_max;
  order.measured_folder = folder.path();
  order.folder_bytes_max = settings.disk_bytes_max;
  order.on_line = [&](std::string_view line) { return lines.add(line); };
  record.command = settings.command;
  ProcessEnd end;
  Status ran = run_process(order, end);
  record.errors = end.errors;
  record.seconds = end.seconds;
  record.cpu_seconds = end.cpu_seconds;
  record.memory_bytes_peak = end.memory_bytes_peak;
  record.ended = ran.ok() ? ending_of(end, settings) : "was stopped: " + ran.error().what;
  if (!ran.ok()) {
    Error error = ran.error();
    error.what = "learner " + name_of(settings) + ": " + error.what;
    return error;
  }
  if (end.fate == ProcessFate::exited && end.code == 0) return {};
  return failure_of(settings, record, end);
}

/// The one file that the program left in its model folder.
Result<std::string> model_file(const CommandSettings& settings, const std::string& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code failed;
  for (auto entry = std::filesystem::directory_iterator(folder, failed);
       !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
    found.push_back(entry->path());
  }
  if (failed) {
    return outside_failure("learner " + name_of(settings) +
                           ": its model folder is gone: " + failed.message());
  }
  const std::string learner = "learner " + name_of(settings);
  if (found.empty()) {
    return invalid_input(learner + " ended well and wrote no model",
                         "write one file into the `model_folder` that job.json names: LightGBM's "
                         "text, or XGBoost's JSON or UBJ");
  }
  std::sort(found.begin(), found.end());
  if (found.size() > 1) {
    return invalid_input(
        learner + " wrote several files: " + found[0].filename().string() + ", " +
            found[1].filename().string() + (found.size() > 2 ? ", ..." : ""),
        "leave the one model in the model folder, and all else in the work folder");
  }
  // A link would lead to a file that is not the program's.
  if (std::filesystem::symlink_status(found[0], failed).type() !=
      std::filesystem::file_type::regular) {
    return invalid_input(learner + ": its model " + found[0].filename().string() +
                         " is not a plain file");
  }
  if (std::filesystem::file_size(found[0], failed) > kModelBytesMax) {
    return invalid_input(learner + ": its model is larger than 2 GiB");
  }
  return found[0].string();
}

/// A letter outside of ASCII's letters and digits may have become another one on its way.
bool same_name(std::string_view a, std::string_view b) {
  const auto plain = [](char letter) {
    const bool keeps = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                       (letter >= '0' && letter <= '9');
    return keeps ? letter : '_';
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return plain(x) == plain(y); });
}

/// A model that takes the features in another order would predict nonsense in silence.
Status check_features(const LearnerInput& input, const std::string& format,
                      const std::string& bytes, const Scorer& scorer) {
  const auto& names = input.feature_names;
  if (scorer.feature_count() != names.size()) {
    return invalid_input("the model takes " + std::to_string(scorer.feature_count()) +
                             " features, the training set has " + std::to_string(names.size()),
                         "train on all columns of `train` but the last, which is the label");
  }
  MILLGATE_ASSIGN(const std::vector<std::string> told, told_feature_names(format, bytes));
  for (size_t i = 0; i < told.size() && i < names.size(); ++i) {
    if (same_name(told[i], names[i])) continue;
    return invalid_input("the model's feature " + std::to_string(i + 1) + " is `" + told[i] +
                             "`, that of the training set `" + names[i] + "`",
                         "train on the columns in the order in which they are");
  }
  return {};
}

Status check_predictions(const LearnerInput& input, const Scorer& scorer) {
  const size_t outputs = std::max<size_t>(input.classes.size(), 1);
  if (scorer.output_count() != outputs) {
    return invalid_input("the model gives " + std::to_string(scorer.output_count()) +
                             (scorer.output_count() == 1 ? " number" : " numbers") +
                             " a row, and the task needs " + std::to_string(outputs),
                         outputs == 1 ? "train with an objective of one number, such as `binary`"
                                      : "train with an objective of probabilities of classes, such "
                                        "as `multiclass` of LightGBM");
  }
  const bool are_probabilities = has_classes(input.kind);
  for (const Examples* part : {input.train, input.valid}) {
    std::vector<double> predictions(part->rows() * outputs);
    scorer.score(part->features, predictions);
    for (const double one : predictions) {
      if (!std::isfinite(one)) {
        return invalid_input("the model has no number for a row of " + std::to_string(part->rows()),
                             "it may not take missing values: fill them in [features], for example "
                             "coalesce(x, 0), or by a step of the model");
      }
      if (!are_probabilities || (one >= 0 && one <= 1)) continue;
      return invalid_input("the model predicts " + std::to_string(one) + ", and the task is " +
                               std::string(to_text(input.kind)) + ": a prediction is a probability",
                           "train with an objective of probabilities, such as `binary` of "
                           "LightGBM or `binary:logistic` of XGBoost");
    }
  }
  return {};
}

/// By `keep_bits`, weights of 8 bits in the place of floats; what is wrong is said of the
/// parameter.
Status keep_bits(const LearnerInput& input, Fitted& fitted) {
  const auto asked = input.settings->parameters.find(kKeepBits);
  if (asked == input.settings->parameters.end()) return {};
  const std::string what = std::string("`") + kKeepBits + "` = " + asked->second;
  if (fitted.format != "onnx") {
    return invalid_input(
        what + " is for ONNX models, and the program wrote one of " + fitted.format,
        "remove it from [train.parameters]");
  }
  if (asked->second != "8") {
    return invalid_input(what + ": weights of ONNX models are kept in 8 bits, or as they are",
                         "write 8, or remove it from [train.parameters]");
  }
  MILLGATE_ASSIGN(QuantisedOnnx smaller, quantise_onnx(fitted.text));
  fitted.text = std::move(smaller.bytes);
  MILLGATE_ASSIGN(fitted.scorer, load_scorer(fitted.format, fitted.text));
  return {};
}

Result<Fitted> read_model(const LearnerInput& input, const WorkFolder& folder) {
  const CommandSettings& settings = input.settings->command;
  MILLGATE_ASSIGN(const std::string path, model_file(settings, folder.path() + "/" + kModelFolder));
  Fitted fitted;
  MILLGATE_ASSIGN(fitted.text, read_file(path));
  const std::string name = std::filesystem::path(path).filename().string();
  MILLGATE_ASSIGN(fitted.format, recognise_format(fitted.text, "the file `" + name + "`"));
  MILLGATE_TRY(check_own_codes(fitted.format, fitted.text));
  MILLGATE_ASSIGN(fitted.scorer, load_scorer(fitted.format, fitted.text));
  MILLGATE_TRY(check_features(input, fitted.format, fitted.text, *fitted.scorer));
  MILLGATE_TRY(keep_bits(input, fitted));
  MILLGATE_TRY(check_predictions(input, *fitted.scorer));
  return fitted;
}

/// What is wrong with a model is the program's fault, not damage of ours.
Result<Fitted> model_of_program(const LearnerInput& input, const WorkFolder& folder) {
  auto fitted = read_model(input, folder);
  if (fitted.ok() || fitted.error().code == ErrorCode::outside) return fitted;
  Error error = fitted.error();
  error.code = ErrorCode::invalid_input;
  if (error.what.find("learner `") == std::string::npos) {
    error.what = "learner " + name_of(input.settings->command) + ": " + error.what;
  }
  return error;
}

}  // namespace

Result<Fitted> fit_command(const LearnerInput& input) {
  const CommandSettings& settings = input.settings->command;
  MILLGATE_ASSIGN(const WorkFolder folder, WorkFolder::make(settings.scratch));
  MILLGATE_TRY(write_job(input, folder.path()));
  ProgramRecord record;
  const Status ran = run_program(input, folder, record);
  auto fitted = ran.ok() ? model_of_program(input, folder) : Result<Fitted>(ran.error());
  if (input.keep_record) input.keep_record(dump_json(to_json(record)));
  if (!fitted) return fitted;
  fitted->parameters = input.settings->parameters;
  fitted->parameters["command"] = dump_json(Json(settings.command));
  if (const auto loss = record.metrics.find(kValidLoss); loss != record.metrics.end()) {
    fitted->valid_loss = loss->second.values;
    const auto best = std::min_element(fitted->valid_loss.begin(), fitted->valid_loss.end());
    fitted->best_round = static_cast<int>(best - fitted->valid_loss.begin()) + 1;
  }
  return fitted;
}

}  // namespace millgate
