/// What a server read from the online store, computed anew from the commits: where the two differ,
/// and why.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/feature/join.h"
#include "data/store/repository.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "model/artifact/model.h"
#include "system/monitor/monitor.h"

namespace millgate {

/// Why a value that was read is not the one that the commits give.
enum class SkewCause {
  late_data,           ///< A fact could be known then by its own times, but was not there yet.
  changed_source,      ///< A fact that was there was edited or removed since.
  changed_definition,  ///< The project's view is another one than the model was trained with.
  not_committed,       ///< A row that was pushed, which no commit has.
  asked_of_the_past,   ///< The store holds the newest row of an entity, and that came later.
  not_known,
};
[[nodiscard]] std::string_view to_string(SkewCause cause);  ///< "late data".

/// One value of one prediction.
struct SkewedRead {
  std::string prediction_id;
  Time event;                         ///< The row's time, else when it was answered.
  std::string column;                 ///< `view.field`.
  std::vector<std::string> features;  ///< Of the model, that read it.
  std::string logged, recomputed;     ///< As a person reads them.
  SkewCause cause = SkewCause::not_known;
  std::string detail;  ///< The fact or the definition that makes the difference, in words.
};

/// What one model read.
struct ReadReplay {
  std::string model;   ///< Brief id.
  std::string commit;  ///< Brief id of what was recomputed from.
  ReplaySkew answers;  ///< The logged inputs through the model once more.
  int64_t prediction_count = 0;
  int64_t read_count = 0;       ///< Values that were read and compared.
  int64_t differing_count = 0;  ///< Not equal bit by bit.
  std::map<SkewCause, int64_t> causes;
  std::vector<SkewedRead> reads;   ///< The first `reads_max` that differ, by event time.
  std::vector<std::string> notes;  ///< What could not be compared, and why.
};

struct ReadReplayOptions {
  MonitorOptions log;               ///< Which part of the log; `branch` names the commits.
  std::string model;                ///< Brief id as logged; empty: every model of the log.
  size_t reads_max = 20;            ///< Differences that are told one by one.
  std::vector<std::string> hidden;  ///< Columns whose values are not told.
};

/// Definitions that a model was trained with. Errors: nothing is known of them.
using FindDefinitions = std::function<Result<JoinPlan>(const Model&)>;

/// Joins the entity of every logged read with the views as of its time, with the data of the
/// branch's tip and the definitions of `now`, as a training set of today would, and compares all
/// values bit by bit. Where they differ, definitions of then (`trained`) and the commit that was
/// the tip when the answer was given tell why.
/// Errors: those of the log; `invalid_input` for a bad view; `not_found` for the branch.
[[nodiscard]] Result<std::vector<ReadReplay>> replay_reads(const Repository& repository,
                                                           const JoinPlan& now,
                                                           const FindDefinitions& trained,
                                                           const ReadReplayOptions& options);

[[nodiscard]] nlohmann::ordered_json to_json(const ReadReplay& replay);

}  // namespace millgate
