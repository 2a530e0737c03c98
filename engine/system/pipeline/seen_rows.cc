#include "system/pipeline/seen_rows.h"

#include <arrow/table.h>

#include <algorithm>
#include <string>
#include <unordered_set>

#include "data/feature/vector.h"
#include "ground/json.h"
#include "model/learn/attempt.h"
#include "model/learn/row_values.h"
#include "model/learn/split.h"

namespace millgate {

namespace {

/// The settings that split the rows of the run, as its key recorded them.
Result<TrainSettings> split_settings(const Repository& repository, const Id& model) {
  MILLGATE_ASSIGN(const auto event, repository.ledger().newest("run", model.hex()));
  if (!event) {
    return not_found("no run made the model " + model.brief(),
                     "a model whose training is not known cannot be judged");
  }
  const std::string object = "event " + std::to_string(event->number);
  MILLGATE_ASSIGN(const Json body, parse_json(event->body, object));
  try {
    TrainSettings settings;
    for (const Json& part : body.at("train_key")) {
      const auto value = part.at(1).get<std::string>();
      if (part.at(0) == "seed") settings.seed = std::stoull(value);
      if (part.at(0) == "share of calibration rows") {
        settings.calibrate.emplace();  // Whichever: some rows are put aside for it.
        settings.calibrate_share = std::stod(value);
      }
      if (part.at(0) != "split") continue;
      MILLGATE_ASSIGN(const Json split, parse_json(value, object));
      settings.split_by = split.at(0).get<std::string>();
      settings.valid_micros = split.at(1).get<int64_t>();
      settings.test_micros = split.at(2).get<int64_t>();
      settings.share = split.at(3).get<double>();
    }
    return settings;
  } catch (const std::exception& failure) {
    return damaged(object + ": the key of a run: " + failure.what());
  }
}

std::vector<int64_t> rows_used(const Split& split) {
  std::vector<int64_t> used = split.train;
  used.insert(used.end(), split.valid.begin(), split.valid.end());
  used.insert(used.end(), split.calibration.begin(), split.calibration.end());
  return used;
}

/// What names a row in its table: the key, or all columns that can be read.
std::vector<Field> naming_fields(const Project& project, const std::vector<Field>& available) {
  std::vector<Field> fields;
  for (const Source& source : project.sources) {
    if (!project.task || source.name != project.task->table) continue;
    for (const Field& field : available) {
      const bool is_key =
          std::find(source.key.begin(), source.key.end(), field.name) != source.key.end();
      if (is_key) fields.push_back(field);
    }
  }
  return fields.empty() ? available : fields;
}

Result<std::vector<std::string>> names_of(const arrow::Table& table,
                                          const std::vector<Field>& fields,
                                          std::span<const int64_t> rows) {
  std::vector<std::string> names(rows.size());
  for (const Field& field : fields) {
    MILLGATE_ASSIGN(const Block block, block_from(table, {field}));
    const std::vector<std::string> texts = texts_of(select_rows(block, rows).columns.front());
    // The length before the text: "a" and "bc" are not "ab" and "c".
    for (size_t i = 0; i < names.size(); ++i) {
      names[i] += std::to_string(texts[i].size()) + ":" + texts[i];
    }
  }
  return names;
}

}  // namespace

Result<Split> split_of_run(const Repository& repository, const Id& model,
                           const arrow::Table& joined) {
  MILLGATE_ASSIGN(const TrainSettings settings, split_settings(repository, model));
  return split_rows(joined, settings);
}

Result<std::vector<uint8_t>> seen_rows(const Repository& repository, const Project& project,
                                       const Id& model, const JoinedRows& trained,
                                       const JoinedRows& judged, std::span<const int64_t> rows) {
  MILLGATE_ASSIGN(const Split split, split_of_run(repository, model, *trained.table));
  const std::vector<int64_t> used = rows_used(split);
  std::vector<uint8_t> seen;
  seen.reserve(rows.size());
  if (trained.commit == judged.commit) {
    const std::unordered_set<int64_t> known(used.begin(), used.end());
    for (const int64_t row : rows) seen.push_back(known.contains(row) ? 1 : 0);
    return seen;
  }
  MILLGATE_ASSIGN(const TrainingRows values, read_training_rows(*judged.table));
  const std::vector<Field> fields = naming_fields(project, values.available);
  MILLGATE_ASSIGN(auto names, names_of(*trained.table, fields, used));
  const std::unordered_set<std::string> known(std::make_move_iterator(names.begin()),
                                              std::make_move_iterator(names.end()));
  MILLGATE_ASSIGN(const auto asked, names_of(*judged.table, fields, rows));
  for (const std::string& name : asked) seen.push_back(known.contains(name) ? 1 : 0);
  return seen;
}

}  // namespace millgate
