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

constexpr const char* kFact = "millgate fact";
constexpr const char* kFactsThen = "millgate facts then";
constexpr const char* kFactsNow = "millgate facts now";
/// When facts of a view without times could be known.
constexpr const char* kAlways = "(-9223372036854775807)::bigint";
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

/// One value that differs, before its words are looked for.
struct Difference {
  size_t comparison = 0;  ///< Of the views of the model.
  size_t at = 0;          ///< Of its reads.
  size_t column = 0;      ///< Of its fields.
  SkewCause cause = SkewCause::not_known;
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
  Result<std::vector<LoggedRead>> reads_of(const ReadView& view);
  Result<Block> recomputed(const JoinPlan& plan, const View& view,
                           const std::vector<LoggedRead>& reads, const std::vector<Field>& fields);
  Status ask(Database& database, const View& view, const std::vector<LoggedRead>& reads);
  [[nodiscard]] const JoinPlan& learned_plan(const Comparison& made) const {
    return made.is_same ? now_ : *trained_;
  }

  Status compare(size_t comparison);
  Status find_causes(const Comparison& made, const std::vector<size_t>& differing,
                     std::vector<SkewCause>& causes);
  Status find_causes_since(OpenCommit& then, const Comparison& made,
                           const std::vector<size_t>& answered, std::vector<SkewCause>& causes);
  Result<std::string> facts_sql(Database& database, const JoinPlan& plan, const View& view,
                                const std::vector<LoggedRead>& reads);

  Result<SkewedRead> told(const Difference& difference);
  Result<std::string> detail_of(const Comparison& made, const Difference& difference);
  Result<std::string> detail_of_facts(const Comparison& made, const Difference& difference);
  Result<std::vector<std::string>> facts_of(Database& database, const Comparison& made,
                                            const LoggedRead& read);
  Result<OpenCommit> open(Commit commit);
  Result<OpenCommit*> tip_at(int64_t micros);
  Result<size_t> moves_until(int64_t micros);
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
  OpenCommit tip_;
  OpenCommit then_;                            ///< The one that was opened last by `tip_at`.
  std::optional<std::vector<int64_t>> moves_;  ///< When the branch was moved, ascending.
  std::vector<Comparison> comparisons_;
  std::vector<Difference> differences_;
  ReadReplay replay_;
};

Result<OpenCommit> ModelReplay::open(Commit commit) {
  DatabaseOptions how;
  how.spill_folder = repository_.folder("scratch");
  MILLGATE_ASSIGN(auto database, Database::open(how));
  MILLGATE_TRY(add_commit(*database, repository_, commit));
  return OpenCommit{std::move(commit), std::move(database)};
}

/// So many times the branch was moved up to then: the tip is the same while this is.
Result<size_t> ModelReplay::moves_until(int64_t micros) {
  if (!moves_) {
    moves_.emplace();
    const auto branch = repository_.branch_name(options_.log.branch);
    for (const char* kind : {"commit", "branch"}) {
      if (!branch.ok()) break;  // A tag or an id: no time finds a tip of it.
      MILLGATE_ASSIGN(const auto events, repository_.ledger().events(0, kind, *branch));
      for (const Event& event : events) moves_->push_back(event.time.micros);
    }
    std::sort(moves_->begin(), moves_->end());
  }
  return static_cast<size_t>(std::upper_bound(moves_->begin(), moves_->end(), micros) -
                             moves_->begin());
}

/// The commit that was the tip then. Errors: there was none.
Result<OpenCommit*> ModelReplay::tip_at(int64_t micros) {
  const std::string branch = options_.log.branch == kCurrentBranch ? "" : options_.log.branch;
  MILLGATE_ASSIGN(Commit commit,
                  repository_.resolve(branch + "@{" + to_string(Time{micros}) + "}"));
  if (commit.id == tip_.commit.id) return &tip_;
  if (then_.database == nullptr || then_.commit.id != commit.id) {
    MILLGATE_ASSIGN(then_, open(std::move(commit)));
  }
  return &then_;
}

Result<ReadReplay> ModelReplay::run() {
  replay_.model = logged_;
  MILLGATE_ASSIGN(Commit commit, repository_.resolve(options_.log.branch));
  MILLGATE_ASSIGN(tip_, open(std::move(commit)));
  replay_.commit = tip_.commit.id.brief();
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
  for (const ReadView& view : model_.manifest().views) {
    MILLGATE_ASSIGN(Comparison made, comparison_of(view));
    comparisons_.push_back(std::move(made));
    MILLGATE_TRY(compare(comparisons_.size() - 1));
  }
  const auto event_of = [&](const Difference& one) {
    return rows_.event_micros[comparisons_[one.comparison].reads[one.at].row];
  };
  std::stable_sort(
      differences_.begin(), differences_.end(),
      [&](const Difference& a, const Difference& b) { return event_of(a) < event_of(b); });
  if (differences_.size() > options_.reads_max) differences_.resize(options_.reads_max);
  for (const Difference& difference : differences_) {
    MILLGATE_ASSIGN(SkewedRead read, told(difference));
    replay_.reads.push_back(std::move(read));
  }
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
  MILLGATE_TRY(ask(*tip_.database, view, reads));
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
  MILLGATE_ASSIGN(const auto joined, join_as_of(*tip_.database, asking, columns));
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

/// The facts that a view holds of the entities of `reads`, which are then in kAsked: `entity0`,
/// `entity1` ..., `known` and `fact`, all of it as text but `known`.
Result<std::string> ModelReplay::facts_sql(Database& database, const JoinPlan& plan,
                                           const View& view, const std::vector<LoggedRead>& reads) {
  MILLGATE_ASSIGN(const ResolvedTask task, resolve_task(database, plan));
  MILLGATE_ASSIGN(const ResolvedView resolved, resolve_view(database, plan, task, view));
  MILLGATE_TRY(ask(database, view, reads));
  const std::string fact = quote_name(kFact);
  const std::string known = resolved.has_time ? resolved.known_micros : kAlways;
  std::string columns;
  std::string equal;
  for (size_t i = 0; i < view.entity.size(); ++i) {
    const std::string name = "." + quote_name(view.entity[i]);
    columns += fact + name + "::varchar as entity" + std::to_string(i) + ", ";
    equal += (i == 0 ? "asked" : " and asked") + name + " = " + fact + name;
  }
  return "select " + columns + known + " as known, " + fact + "::varchar as fact from (" +
         resolved.sql + "\n) " + fact + " where " + known +
         " is not null and exists (select 1 from " + quote_name(kAsked) + " asked where " + equal +
         ")";
}

/// The causes of `differing` reads, found by the facts of then and of now: queries for each commit
/// that was the tip, not for each read.
Status ModelReplay::find_causes(const Comparison& made, const std::vector<size_t>& differing,
                                std::vector<SkewCause>& causes) {
  std::map<size_t, std::vector<size_t>> by_moves;
  for (const size_t at : differing) {
    if (made.reads[at].is_later) {
      causes[at] = SkewCause::asked_of_the_past;
      continue;
    }
    MILLGATE_ASSIGN(const size_t moves, moves_until(made.reads[at].answered_micros));
    by_moves[moves].push_back(at);
  }
  for (const auto& [moves, answered] : by_moves) {
    const auto then = tip_at(made.reads[answered.front()].answered_micros);
    if (then.ok()) MILLGATE_TRY(find_causes_since(**then, made, answered, causes));
  }
  return {};
}

/// A fact that is gone since counts before all else, then that a row was pushed, then what came.
Status ModelReplay::find_causes_since(OpenCommit& then, const Comparison& made,
                                      const std::vector<size_t>& answered,
                                      std::vector<SkewCause>& causes) {
  std::vector<LoggedRead> reads;
  reads.reserve(answered.size());
  for (const size_t at : answered) reads.push_back(made.reads[at]);
  const View& view = *made.learned;
  std::string entities;
  for (size_t i = 0; i < view.entity.size(); ++i) entities += "entity" + std::to_string(i) + ", ";
  const auto hashed = [&](const std::string& facts) {
    return "select " + entities + "known, md5(fact) as fact from (" + facts + ")";
  };
  const auto before = facts_sql(*then.database, learned_plan(made), view, reads);
  if (!before.ok()) return {};  // The tables of then do not fit the view: not known.
  MILLGATE_ASSIGN(const auto facts, then.database->query(hashed(*before)));
  MILLGATE_TRY(tip_.database->add_arrow(kFactsThen, facts));
  MILLGATE_ASSIGN(const std::string after,
                  facts_sql(*tip_.database, learned_plan(made), view, reads));
  MILLGATE_TRY(tip_.database->execute("create or replace temp table " + quote_name(kFactsNow) +
                                      " as " + hashed(after)));
  const std::string then_rows = "from " + quote_name(kFactsThen);
  const std::string now_rows = "from " + quote_name(kFactsNow);
  const auto first = [&](const std::string& rows) {
    return "(select " + entities + "min(known) as known from (" + rows + ") group by all)";
  };
  std::string sql = "select asked." + quote_name(kNumber) + " as number";
  std::string joins;
  for (const auto& [name, rows] :
       {std::pair<std::string, std::string>{"gone", then_rows + " except all " + now_rows},
        {"come", now_rows + " except all " + then_rows},
        {"held", then_rows}}) {
    sql += ", coalesce(" + name + ".known <= asked." + quote_name(kAt) + ", false) as " + name;
    joins += " left join " + first(rows) + " " + name + " on ";
    for (size_t i = 0; i < view.entity.size(); ++i) {
      joins += (i == 0 ? "" : " and ") + name + ".entity" + std::to_string(i) + " = asked." +
               quote_name(view.entity[i]) + "::varchar";
    }
  }
  MILLGATE_ASSIGN(const auto found, tip_.database->query(sql + " from " + quote_name(kAsked) +
                                                         " asked" + joins + " order by number"));
  MILLGATE_ASSIGN(const Block block, block_from(*found, {{"gone", ValueType::boolean},
                                                         {"come", ValueType::boolean},
                                                         {"held", ValueType::boolean}}));
  for (size_t i = 0; i < answered.size(); ++i) {
    const auto is = [&](size_t column) { return block.columns[column].integers[i] != 0; };
    if (is(0)) {
      causes[answered[i]] = SkewCause::changed_source;
    } else if (reads[i].is_pushed) {
      causes[answered[i]] = SkewCause::not_committed;
    } else if (is(1) || is(2)) {
      causes[answered[i]] = SkewCause::late_data;
    }
  }
  return {};
}

/// The facts of the view about the entity that could be known at the asked time, sorted.
Result<std::vector<std::string>> ModelReplay::facts_of(Database& database, const Comparison& made,
                                                       const LoggedRead& read) {
  MILLGATE_ASSIGN(const std::string facts,
                  facts_sql(database, learned_plan(made), *made.learned, {read}));
  MILLGATE_ASSIGN(const auto table,
                  database.query("select fact from (" + facts + ") where known <= " +
                                 std::to_string(rows_.event_micros[read.row]) + " order by 1"));
  MILLGATE_ASSIGN(Block block, block_from(*table, {{"fact", ValueType::text}}));
  return std::move(block.columns[0].texts);
}

Result<std::string> ModelReplay::detail_of(const Comparison& made, const Difference& difference) {
  switch (difference.cause) {
    case SkewCause::changed_definition:
      return definition_detail(*made.view, made.defined);
    case SkewCause::asked_of_the_past:
      return std::string("the store had only a row that was not known at the asked time");
    case SkewCause::not_committed:
      return std::string("a pushed row was read, and no commit has it");
    default:
      return made.as_trained.ok() ? detail_of_facts(made, difference)
                                  : made.as_trained.error().what;
  }
}

/// Names a fact that makes the difference.
Result<std::string> ModelReplay::detail_of_facts(const Comparison& made,
                                                 const Difference& difference) {
  const LoggedRead& read = made.reads[difference.at];
  const auto then = tip_at(read.answered_micros);
  if (!then.ok()) return then.error().what;
  const auto before = facts_of(*(*then)->database, made, read);
  if (!before.ok()) return before.error().what;
  MILLGATE_ASSIGN(const auto after, facts_of(*tip_.database, made, read));
  const std::string commit = "commit " + (*then)->commit.id.brief();
  const auto shown_newest = [&](const auto& all, const auto& others) {
    std::vector<std::string> alone;
    std::set_difference(all.begin(), all.end(), others.begin(), others.end(),
                        std::back_inserter(alone));
    if (alone.empty()) return std::string();
    return options_.hidden.empty() ? "`" + shortened(alone.back()) + "`" : std::string("a row");
  };
  if (difference.cause == SkewCause::changed_source) {
    return shown_newest(*before, after) + " was in " + commit + ", and is no longer so in " +
           tip_.commit.id.brief();
  }
  if (difference.cause != SkewCause::late_data) return std::string("no commit has a row of it");
  const std::string come = shown_newest(after, *before);
  if (!come.empty()) return come + " came after the answer; " + commit + " of then has it not";
  return commit + " had all that is known of it, and `millgate materialise` had not brought it yet";
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
    MILLGATE_ASSIGN(const ViewDefinition definition,
                    view_definition(*tip_.database, now_, *made.defined));
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

Status ModelReplay::compare(size_t comparison) {
  const Comparison& made = comparisons_[comparison];
  std::vector<Difference> found;
  std::vector<size_t> by_facts;  // Reads; the cause is the same for all columns of one.
  for (size_t at = 0; at < made.reads.size(); ++at) {
    const size_t row = made.reads[at].row;
    for (size_t i = 0; i < made.fields.size(); ++i) {
      ++replay_.read_count;
      const Vector& logged = inputs_.columns[made.places[i]];
      if (made.here.ok() && same_value(logged, row, made.here->columns[i], at)) continue;
      Difference& one =
          found.emplace_back(Difference{.comparison = comparison, .at = at, .column = i});
      if (!made.as_trained.ok()) continue;
      if (!made.is_same && same_value(logged, row, made.as_trained->columns[i], at)) {
        one.cause = SkewCause::changed_definition;
      } else if (by_facts.empty() || by_facts.back() != at) {
        by_facts.push_back(at);
      }
    }
  }
  std::vector<SkewCause> causes(made.reads.size(), SkewCause::not_known);
  if (!by_facts.empty()) MILLGATE_TRY(find_causes(made, by_facts, causes));
  for (Difference& one : found) {
    if (one.cause == SkewCause::not_known) one.cause = causes[one.at];
    ++replay_.causes[one.cause];
  }
  replay_.differing_count += std::ssize(found);
  differences_.insert(differences_.end(), found.begin(), found.end());
  return {};
}

Result<SkewedRead> ModelReplay::told(const Difference& difference) {
  const Comparison& made = comparisons_[difference.comparison];
  const size_t row = made.reads[difference.at].row;
  const std::string& name = made.fields[difference.column].name;
  SkewedRead read{.prediction_id = rows_.prediction_id[row],
                  .event = Time{rows_.event_micros[row]},
                  .column = name,
                  .features = features_reading(name),
                  .logged = "***",
                  .recomputed = "***",
                  .cause = difference.cause,
                  .detail = {}};
  MILLGATE_ASSIGN(read.detail, detail_of(made, difference));
  if (is_hidden(name)) return read;
  read.logged = text_of(inputs_.columns[made.places[difference.column]], row);
  read.recomputed = made.here.ok() ? text_of(made.here->columns[difference.column], difference.at)
                                   : made.here.error().what;
  return read;
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
