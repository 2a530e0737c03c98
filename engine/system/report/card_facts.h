/// Everything a model card is made from, read once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/id.h"
#include "model/artifact/model.h"
#include "model/measure/evidence.h"
#include "model/release/gate.h"
#include "model/release/registry.h"
#include "system/monitor/monitor.h"
#include "system/pipeline/model_about.h"
#include "system/pipeline/project.h"
#include "system/pipeline/run.h"

namespace millgate {

/// Where numbers come from; the order in which the card lists them.
enum class CardSource { run, data, model, verdict, ledger, served };

/// One group of rows with its own quality.
struct SliceQuality {
  std::string column;
  std::string value;
  Evidence evidence;      ///< Of the metric by which groups are compared.
  bool is_worse = false;  ///< Its interval lies wholly on the worse side of all rows' value.
};

struct CardFacts {
  const Project* project = nullptr;
  std::shared_ptr<const Model> model;
  RunReport run;
  Event run_event;
  std::optional<Verdict> verdict;      ///< The newest about the model.
  std::vector<std::string> signed_by;  ///< "risk: ada", of the verdict.
  std::vector<Serving> history;        ///< Every change of what serves, oldest first.
  std::optional<Commit> data_commit;
  std::map<std::string, int64_t> table_row_count;  ///< At the data commit.
  const MonitorReport* served = nullptr;
  const ModelWatch* watch = nullptr;  ///< Of this model in `served`.
  std::string compared_metric;        ///< "auc", "macro_auc", "mae" or "ndcg", by the kind of task.
  std::vector<SliceQuality> slices;   ///< By column, worst first.
  ModelAbout said;                    ///< By people, in the project file of today.
  bool project_changed = false;       ///< The project file is not that of the training.

  [[nodiscard]] bool is_regression() const { return model->manifest().task_kind == "regression"; }
  /// Of yes and no, or of several classes.
  [[nodiscard]] bool has_probabilities() const { return !is_regression() && !model->is_ranking(); }
  /// What evidence counts, as a heading and behind a number: rows, or queries of a ranking.
  [[nodiscard]] const char* counted() const { return model->is_ranking() ? "Queries" : "Rows"; }
  [[nodiscard]] std::string count_text_of(int64_t count) const;
  /// Evidence of all rows, or of `slice`; null when it was not measured.
  [[nodiscard]] const Evidence* find(const std::string& metric,
                                     const std::string& slice = {}) const;
  /// What serves now is this model.
  [[nodiscard]] bool serves_now() const;
};

/// Errors: `not_found` when no run recorded `model`; `damaged`.
[[nodiscard]] Result<CardFacts> read_card_facts(const Repository& repository,
                                                const Project& project, const Id& model,
                                                const MonitorReport* served);

}  // namespace millgate
