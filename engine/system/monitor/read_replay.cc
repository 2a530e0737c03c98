#include "system/monitor/read_replay.h"

#include <arrow/api.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "data/feature/entity_rows.h"
#include "data/feature/operand_text.h"
#include "data/feature/view_times.h"
#include "data/query/revision_sql.h"
#include "data/table/arrow_result.h"
#include "ground/json.h"
#include "model/release/model_name.h"
#include "system/monitor/replay.h"
#include "system/monitor/served_log.h"

namespace millgate {
namespace {

// The table of what was asked, in place of the task's own; no person names columns so.
constexpr const char* kTexts = "millgate replayed texts";
constexpr const char* kAsked = "millgate replayed";
constexpr const char* kNumber = "millgate number";
constexpr const char* kAt = "millgate at";

/// Reads whose cause is looked for; it costs queries for each.
constexpr int64_t kExplainedMax = 1000;
constexpr size_t kFactBytesMax = 160;

bool same_number(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

/// Bit by bit; every NaN is the same one.
bool same_value(const Vector& a, size_t row_a, const Vector& b, size_t row_b) {
  if (a.valid[row_a] != b.valid[row_b]) return false;
  if (a.valid[row_a] == 0) return true;
  switch (a.type) {
    case ValueType::number:
      return same_number(a.numbers[row_a], b.numbers[row_b]);
    case ValueType::text:
      return a.texts[row_a] == b.texts[row_b];
    case ValueType::list: {
      const NumberList& left = a.lists[row_a];
      const NumberList& right = b.lists[row_b];
      bool same = left.size() == right.size();
      for (size_t i = 0; same && i < left.size(); ++i) {
        same = left.is_null(i) == right.is_null(i) && same_number(left.values[i], right.values[i]);
      }
      return same;
    }
    default:
      return a.integers[row_a] == b.integers[row_b];
  }
}

std::string text_of(const Vector& column, size_t row) {
  return operand_text({.vector = &column, .first = row, .step = 1}, 0);
}

std::string shortened(std::string fact) {
  if (fact.size() <= kFactBytesMax) return fact;
  size_t end = kFactBytesMax;
  while (end > 0 && (static_cast<unsigned char>(fact[end]) & 0xC0) == 0x80) --end;
  return fact.substr(0, end) + "...";
}

const View* find_view(const JoinPlan& plan, const std::string& name) {
  const auto found = std::find_if(plan.views.begin(), plan.views.end(),
                                  [&](const View& view) { return view.name == name; });
  return found == plan.views.end() ? nullptr : &*found;
}

/// One logged read of one view.
struct LoggedRead {
  size_t row = 0;  ///< Of ServedRows.
  int64_t answered_micros = 0;
  std::string version;
  bool is_pushed = false;
  bool is_later = false;  ///< The row could be known only after the asked time.
  std::vector<std::optional<std::string>> entity;
};

/// The tables of one commit.
struct OpenCommit {
  Commit commit;
  std::unique_ptr<Database> database;
};

/// Why a read differs.
struct Explanation {
  SkewCause cause = SkewCause::not_known;
  std::string detail;
};

class ModelReplay {
 public:
  ModelReplay(const Repository& repository, const ServedLog& log, const JoinPlan& now,
              const FindDefinitions& trained, const ReadReplayOptions& options, const Model& model,
              std::string logged)
      : repository_(repository),
        log_(log),
        now_(now),
        options_(options),
        model_(model),
        logged_(std::move(logged)),
        trained_(trained(model)) {}

  Result<ReadReplay> run();

 private:
  /// One view: what was read of it, and what the commits give for the same questions.
  struct Comparison {
    const ReadView* view = nullptr;
    std::vector<LoggedRead> reads;
    std::vector<Field> fields;      ///< `view.field` that the model reads.
    std::vector<size_t> places;     ///< Of `fields` among the model's inputs.
    const View* defined = nullptr;  ///< By the project of now.
    const View* learned = nullptr;  ///< By the project that trained the model.
    bool is_same = false;           ///< Both are one definition.
    Result<Block> here = not_found("the project has no such view any more");  ///< By `defined`.
    Result<Block> as_trained = not_found("what the view was is not known");   ///< By `learned`.
  };

  Result<Comparison> comparison_of(const ReadView& view);
  Result<Explanation> why_differs(const Comparison& made, size_t at, size_t column,
                                  std::optional<Explanation>& by_facts);
  Status compare_view(const ReadView& view);
  Result<std::vector<LoggedRead>> reads_of(const ReadView& view);
  Result<Block> recomputed(const JoinPlan& plan, const View& view,
                           const std::vector<LoggedRead>& reads, const std::vector<Field>& fields);
  Status ask(Database& database, const View& view, const std::vector<LoggedRead>& reads);
  Result<Explanation> explain(const LoggedRead& read, const View& view, const JoinPlan& plan);
  Result<std::vector<std::string>> facts_of(Database& database, const JoinPlan& plan,
                                            const View& view, const LoggedRead& read);
  Result<OpenCommit*> opened(const std::string& revision);
  std::string definition_detail(const ReadView& read, const View* now) const;
  std::vector<std::string> features_reading(const std::string& column) const;
  [[nodiscard]] bool is_hidden(const std::string& column) const {
    return std::find(options_.hidden.begin(), options_.hidden.end(), column) !=
           options_.hidden.end();
  }

  const Repository& repository_;
  const ServedLog& log_;
  const JoinPlan& now_;
  const ReadReplayOptions& options_;
  const Model& model_;
  const std::string logged_;
  Result<JoinPlan> trained_;
  ServedRows rows_;
  Block inputs_;
  std::map<Id, OpenCommit> commits_;
  int64_t explained_ = 0;
  ReadReplay replay_;
};

Result<OpenCommit*> ModelReplay::opened(const std::string& revision) {
  MILLGATE_ASSIGN(Commit commit, repository_.resolve(revision));
  const auto found = commits_.find(commit.id);
  if (found != commits_.end()) return &found->second;
  DatabaseOptions how;
  how.spill_folder = repository_.folder("scratch");
  MILLGATE_ASSIGN(auto database, Database::open(how));
  MILLGATE_TRY(add_commit(*database, repository_, commit));
  const Id id = commit.id;
  return &commits_.emplace(id, OpenCommit{std::move(commit), std::move(database)}).first->second;
}

Result<ReadReplay> ModelReplay::run() {
  replay_.model = logged_;
  MILLGATE_ASSIGN(OpenCommit* const tip, opened(options_.log.branch));
  replay_.commit = tip->commit.id.brief();
  MILLGATE_ASSIGN(rows_, log_.rows(logged_));
  replay_.prediction_count = static_cast<int64_t>(rows_.prediction_id.size());
  const std::vector<Field>& fields = model_.features().inputs();
  for (const Field& field : fields) {
    if (log_.has_column(field.name)) continue;
    replay_.notes.push_back("the log has no column `" + field.name + "`");
    return std::move(replay_);
  }
  MILLGATE_ASSIGN(inputs_, log_.block(logged_, fields));
  if (model_.has_classes()) {
    replay_.notes.emplace_back("answers of several classes are not replayed, what they read is");
  } else {
    MILLGATE_ASSIGN(replay_.answers, replay_rows(model_, rows_, inputs_));
  }
  for (const ReadView& view : model_.manifest().views) MILLGATE_TRY(compare_view(view));
  std::stable_sort(replay_.reads.begin(), replay_.reads.end(),
                   [](const auto& a, const auto& b) { return a.event < b.event; });
  if (replay_.reads.size() > options_.reads_max) replay_.reads.resize(options_.reads_max);
  return std::move(replay_);
}

/// In the order of the rows; those that read nothing of the view are left out.
Result<std::vector<LoggedRead>> ModelReplay::reads_of(const ReadView& view) {
  std::vector<LoggedRead> reads;
  const std::vector<std::string>& columns = log_.columns();
  if (std::find(columns.begin(), columns.end(), "online.reads") == columns.end()) return reads;
  const auto member = [&](const char* name) {
    return "json_extract_string(\"online.reads\", " +
           quote_text("$.\"" + view.name + "\"." + name) + ")";
  };
  std::string sql = "select epoch_us(answered_at) as answered, " + member("version") +
                    " as version, coalesce(" + member("pushed") + ", '') as pushed, " +
                    member("state") + " as state";
  std::vector<Field> fields = {{"answered", ValueType::integer},
                               {"version", ValueType::text},
                               {"pushed", ValueType::text},
                               {"state", ValueType::text}};
  for (size_t i = 0; i < view.entity.size(); ++i) {
    const std::string logged = log_.column_of(view.entity[i]);
    if (logged.empty()) {
      replay_.notes.push_back("view `" + view.name + "`: the log does not tell `" + view.entity[i] +
                              "`, by which it was read");
      return reads;
    }
    fields.push_back({"entity" + std::to_string(i), ValueType::text});
    sql += ", " + quote_name(logged) + "::varchar as " + fields.back().name;
  }
  sql += " from served where model::varchar = " + quote_text(logged_) +
         " order by event_micros, prediction_id";
  MILLGATE_ASSIGN(const auto table, log_.database().query(sql));
  MILLGATE_ASSIGN(const Block block, block_from(*table, fields));
  for (size_t row = 0; row < block.rows; ++row) {
    if (block.columns[1].valid[row] == 0) continue;
    LoggedRead read{.row = row,
                    .answered_micros = block.columns[0].integers[row],
                    .version = block.columns[1].texts[row],
                    .is_pushed = block.columns[2].texts[row] == "true",
                    .is_later = block.columns[3].texts[row] == "later",
                    .entity = {}};
    for (size_t i = 0; i < view.entity.size(); ++i) {
      const Vector& column = block.columns[4 + i];
      read.entity.push_back(column.valid[row] != 0 ? std::optional(column.texts[row])
                                                   : std::nullopt);
    }
    reads.push_back(std::move(read));
  }
  return reads;
}

/// Makes the table of what was asked: entities in the types of the view, and times.
Status ModelReplay::ask(Database& database, const View& view,
                        const std::vector<LoggedRead>& reads) {
  arrow::FieldVector fields = {arrow::field(kNumber, arrow::int64()),
                               arrow::field(kAt, arrow::int64())};
  arrow::Int64Builder numbers;
  arrow::Int64Builder times;
  std::vector<arrow::StringBuilder> texts(view.entity.size());
  for (const LoggedRead& read : reads) {
    MILLGATE_ARROW_TRY(numbers.Append(numbers.length()), kAsked);
    MILLGATE_ARROW_TRY(times.Append(rows_.event_micros[read.row]), kAsked);
    for (size_t i = 0; i < texts.size(); ++i) {
      MILLGATE_ARROW_TRY(read.entity[i] ? texts[i].Append(*read.entity[i]) : texts[i].AppendNull(),
                         kAsked);
    }
  }
  arrow::ArrayVector arrays(2);
  MILLGATE_ARROW_TRY(numbers.Finish(&arrays[0]), kAsked);
  MILLGATE_ARROW_TRY(times.Finish(&arrays[1]), kAsked);
  MILLGATE_ASSIGN(const auto described, database.describe(view.sql));
  std::string sql = "create or replace temp table " + quote_name(kAsked) + " as select " +
                    quote_name(kNumber) + ", " + quote_name(kAt);
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto type = std::find_if(described.begin(), described.end(), [&](const auto& column) {
      return column.first == view.entity[i];
    });
    if (type == described.end()) {
      return invalid_input("view `" + view.name + "` has no column `" + view.entity[i] + "`");
    }
    fields.push_back(arrow::field(view.entity[i], arrow::utf8()));
    MILLGATE_ARROW_TRY(texts[i].Finish(&arrays.emplace_back()), kAsked);
    sql += ", try_cast(" + quote_name(view.entity[i]) + " as " + type->second + ") as " +
           quote_name(view.entity[i]);
  }
  MILLGATE_TRY(database.add_arrow(kTexts, arrow::Table::Make(arrow::schema(fields), arrays)));
  return database.execute(sql + " from " + quote_name(kTexts));
}

/// What a training set of the tip's data would have for these entities and times.
Result<Block> ModelReplay::recomputed(const JoinPlan& plan, const View& view,
                                      const std::vector<LoggedRead>& reads,
                                      const std::vector<Field>& fields) {
  MILLGATE_ASSIGN(OpenCommit* const tip, opened(options_.log.branch));
  MILLGATE_TRY(ask(*tip->database, view, reads));
  JoinPlan asking{.task = {}, .views = {view}, .sources = plan.sources};
  asking.task.table = kAsked;
  asking.task.label = quote_name(kNumber) + " = 0";
  Source& source = asking.sources.emplace_back();
  source.name = kAsked;
  source.key = {kNumber};
  source.happened = "make_timestamp(" + quote_name(kAt) + ")";
  std::vector<std::string> columns;
  columns.reserve(fields.size());
  for (const Field& field : fields) columns.push_back(field.name);
  MILLGATE_ASSIGN(const auto joined, join_as_of(*tip->database, asking, columns));
  return block_from(*joined, fields);
}

std::string ModelReplay::definition_detail(const ReadView& read, const View* now) const {
  if (now == nullptr) return "the project has no view `" + read.name + "` any more";
  const View* const then = trained_.ok() ? find_view(*trained_, read.name) : nullptr;
  if (then != nullptr && then->sql != now->sql) {
    return "view `" + read.name + "` was `" + shortened(then->sql) + "` and is `" +
           shortened(now->sql) + "`";
  }
  if (then != nullptr && then->max_age_micros != now->max_age_micros) {
    return "`max_age` of view `" + read.name + "` was another one";
  }
  return "view `" + read.name + "` was another one: version " + read.version.substr(0, 12);
}

std::vector<std::string> ModelReplay::features_reading(const std::string& column) const {
  std::vector<std::string> names;
  for (const FeatureDefinition& one : model_.features().definitions()) {
    const auto& features = model_.features().features();
    const bool reads = std::any_of(features.begin(), features.end(), [&](const Feature& feature) {
      const bool is_part = feature.name == one.name || feature.name.starts_with(one.name + "#") ||
                           feature.name.starts_with(one.name + "=");
      return is_part && std::find(feature.inputs.begin(), feature.inputs.end(), column) !=
                            feature.inputs.end();
    });
    if (reads) names.push_back(one.name);
  }
  return names;
}

/// The rows of the view about the entity that could be known at the asked time, sorted.
Result<std::vector<std::string>> ModelReplay::facts_of(Database& database, const JoinPlan& plan,
                                                       const View& view, const LoggedRead& read) {
  MILLGATE_ASSIGN(const ResolvedTask task, resolve_task(database, plan));
  MILLGATE_ASSIGN(const ResolvedView resolved, resolve_view(database, plan, task, view));
  std::string where = "true";
  for (size_t i = 0; i < view.entity.size(); ++i) {
    if (!read.entity[i]) return std::vector<std::string>();
    where += " and " + quote_name(view.entity[i]) + "::varchar = " + quote_text(*read.entity[i]);
  }
  if (resolved.has_time) {
    where +=
        " and " + resolved.known_micros + " <= " + std::to_string(rows_.event_micros[read.row]);
  }
  MILLGATE_ASSIGN(const auto table,
                  database.query("select fact::varchar as fact from (select * from (" +
                                 resolved.sql + "\n) where " + where + ") fact order by 1"));
  MILLGATE_ASSIGN(Block block, block_from(*table, {{"fact", ValueType::text}}));
  return std::move(block.columns[0].texts);
}

/// By the facts that were there when the answer was given, and those that are there now.
Result<Explanation> ModelReplay::explain(const LoggedRead& read, const View& view,
                                         const JoinPlan& plan) {
  if (read.is_later) {
    return Explanation{.cause = SkewCause::asked_of_the_past,
                       .detail = "the store had only a row that was not known at the asked time"};
  }
  const std::string moment = to_string(Time{read.answered_micros});
  const std::string branch = options_.log.branch == kCurrentBranch ? "" : options_.log.branch;
  const auto then = opened(branch + "@{" + moment + "}");
  if (!then.ok()) return Explanation{.cause = SkewCause::not_known, .detail = then.error().what};
  MILLGATE_ASSIGN(OpenCommit* const tip, opened(options_.log.branch));
  MILLGATE_ASSIGN(const auto before, facts_of(*(*then)->database, plan, view, read));
  MILLGATE_ASSIGN(const auto after, facts_of(*tip->database, plan, view, read));
  std::vector<std::string> gone;
  std::vector<std::string> come;
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                      std::back_inserter(gone));
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                      std::back_inserter(come));
  const bool hides = !options_.hidden.empty();
  const auto shown = [&](const std::string& fact) {
    return hides ? std::string("a row") : "`" + shortened(fact) + "`";
  };
  if (!gone.empty()) {
    return Explanation{.cause = SkewCause::changed_source,
                       .detail = shown(gone.back()) + " was in commit " +
                                 (*then)->commit.id.brief() + ", and is no longer so in " +
                                 tip->commit.id.brief()};
  }
  if (read.is_pushed) {
    return Explanation{.cause = SkewCause::not_committed,
                       .detail = "a pushed row was read, and no commit has it"};
  }
  if (!come.empty()) {
    return Explanation{.cause = SkewCause::late_data,
                       .detail = shown(come.back()) + " came after the answer; commit " +
                                 (*then)->commit.id.brief() + " of then has it not"};
  }
  if (!before.empty()) {
    return Explanation{.cause = SkewCause::late_data,
                       .detail = "commit " + (*then)->commit.id.brief() +
                                 " had all that is known of it, and `millgate materialise` had not "
                                 "brought it yet"};
  }
  return Explanation{.cause = SkewCause::not_known, .detail = "no commit has a row of it"};
}

Result<ModelReplay::Comparison> ModelReplay::comparison_of(const ReadView& view) {
  Comparison made;
  made.view = &view;
  MILLGATE_ASSIGN(made.reads, reads_of(view));
  if (made.reads.empty()) return made;
  for (size_t i = 0; i < model_.features().inputs().size(); ++i) {
    const Field& input = model_.features().inputs()[i];
    if (!input.name.starts_with(view.name + ".")) continue;
    made.fields.push_back(input);
    made.places.push_back(i);
  }
  made.defined = find_view(now_, view.name);
  made.learned = trained_.ok() ? find_view(*trained_, view.name) : nullptr;
  if (made.defined != nullptr) {
    MILLGATE_ASSIGN(OpenCommit* const tip, opened(options_.log.branch));
    MILLGATE_ASSIGN(const ViewDefinition definition,
                    view_definition(*tip->database, now_, *made.defined));
    made.is_same = definition.version == view.version;
    made.here = recomputed(now_, *made.defined, made.reads, made.fields);
    // A view that is not as it was may lack columns, or have them in other types.
    if (!made.here.ok() && made.is_same) return made.here.error();
  }
  if (made.is_same) {
    made.learned = made.defined;
    made.as_trained = made.here;
  } else if (made.learned != nullptr) {
    made.as_trained = recomputed(*trained_, *made.learned, made.reads, made.fields);
  }
  return made;
}

Result<Explanation> ModelReplay::why_differs(const Comparison& made, size_t at, size_t column,
                                             std::optional<Explanation>& by_facts) {
  const LoggedRead& read = made.reads[at];
  if (!made.as_trained.ok()) {
    return Explanation{.cause = SkewCause::not_known, .detail = made.as_trained.error().what};
  }
  if (!made.is_same && same_value(inputs_.columns[made.places[column]], read.row,
                                  made.as_trained->columns[column], at)) {
    return Explanation{.cause = SkewCause::changed_definition,
                       .detail = definition_detail(*made.view, made.defined)};
  }
  if (!by_facts && explained_ == kExplainedMax) {
    return Explanation{
        .cause = SkewCause::not_known,
        .detail = "only the first " + std::to_string(kExplainedMax) + " reads were looked into"};
  }
  if (!by_facts) {
    ++explained_;
    MILLGATE_ASSIGN(by_facts, explain(read, *made.learned, made.is_same ? now_ : *trained_));
  }
  return *by_facts;
}

Status ModelReplay::compare_view(const ReadView& view) {
  MILLGATE_ASSIGN(const Comparison made, comparison_of(view));
  for (size_t at = 0; at < made.reads.size(); ++at) {
    const size_t row = made.reads[at].row;
    std::optional<Explanation> by_facts;  // The same for all columns of a read.
    for (size_t i = 0; i < made.fields.size(); ++i) {
      ++replay_.read_count;
      const std::string& name = made.fields[i].name;
      const Vector& logged = inputs_.columns[made.places[i]];
      if (made.here.ok() && same_value(logged, row, made.here->columns[i], at)) continue;
      ++replay_.differing_count;
      MILLGATE_ASSIGN(const Explanation why, why_differs(made, at, i, by_facts));
      ++replay_.causes[why.cause];
      const bool hides = is_hidden(name);
      replay_.reads.push_back({.prediction_id = rows_.prediction_id[row],
                               .event = Time{rows_.event_micros[row]},
                               .column = name,
                               .features = features_reading(name),
                               .logged = hides ? "***" : text_of(logged, row),
                               .recomputed = hides            ? "***"
                                             : made.here.ok() ? text_of(made.here->columns[i], at)
                                                              : made.here.error().what,
                               .cause = why.cause,
                               .detail = why.detail});
    }
  }
  return {};
}

}  // namespace

std::string_view to_string(SkewCause cause) {
  switch (cause) {
    case SkewCause::late_data:
      return "late data";
    case SkewCause::changed_source:
      return "changed source";
    case SkewCause::changed_definition:
      return "changed definition";
    case SkewCause::not_committed:
      return "not committed";
    case SkewCause::asked_of_the_past:
      return "asked of the past";
    case SkewCause::not_known:
      break;
  }
  return "not known";
}

Result<std::vector<ReadReplay>> replay_reads(const Repository& repository, const JoinPlan& now,
                                             const FindDefinitions& trained,
                                             const ReadReplayOptions& options) {
  MILLGATE_ASSIGN(const ServedLog log, ServedLog::read(repository, options.log));
  std::vector<ReadReplay> replays;
  for (const std::string& logged : log.models()) {
    if (!options.model.empty() && options.model != logged) continue;
    ReadReplay unread;
    unread.model = logged;
    const auto id = resolve_model(repository.ledger(), logged);
    const auto model = id.ok() ? Model::load(repository.objects(), *id)
                               : Result<std::shared_ptr<const Model>>(id.error());
    if (!model.ok()) {
      unread.notes.push_back(model.error().what);
      replays.push_back(std::move(unread));
      continue;
    }
    ModelReplay one(repository, log, now, trained, options, **model, logged);
    MILLGATE_ASSIGN(ReadReplay replay, one.run());
    replays.push_back(std::move(replay));
  }
  return replays;
}

Json to_json(const ReadReplay& replay) {
  Json reads = Json::array();
  for (const SkewedRead& read : replay.reads) {
    reads.push_back({{"prediction_id", read.prediction_id},
                     {"event_at", to_string(read.event)},
                     {"column", read.column},
                     {"features", read.features},
                     {"logged", read.logged},
                     {"recomputed", read.recomputed},
                     {"cause", std::string(to_string(read.cause))},
                     {"detail", read.detail}});
  }
  Json causes = Json::object();
  for (const auto& [cause, count] : replay.causes) causes[std::string(to_string(cause))] = count;
  return {{"model", replay.model},
          {"commit", replay.commit},
          {"predictions", replay.prediction_count},
          {"replayed", replay.answers.replayed_count},
          {"answers_differing", replay.answers.differing_count},
          {"reads", replay.read_count},
          {"reads_differing", replay.differing_count},
          {"causes", causes},
          {"differences", reads},
          {"notes", replay.notes}};
}

}  // namespace millgate
