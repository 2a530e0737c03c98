#include "system/pipeline/quarantine.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "data/check/asked_rows.h"
#include "data/check/rule_form.h"
#include "data/check/rule_sql.h"
#include "data/check/table_drift.h"
#include "data/query/database.h"
#include "data/query/sql_token.h"
#include "data/store/table_diff.h"
#include "data/store/version_update.h"
#include "data/table/arrow_result.h"
#include "ground/json.h"
#include "model/poison/source_holdout.h"
#include "model/poison/trigger_search.h"

namespace millgate {

namespace {

constexpr int64_t kJudgedRowsMin = 50;
constexpr int64_t kEarlierRowsMax = 100'000;
/// A trigger that the trusted rows have more of is theirs.
constexpr double kArrivingShare = 0.5;
constexpr const char* kArriving = "millgate arriving";
constexpr const char* kRow = "millgate row";
constexpr const char* kEarlier = "millgate earlier";
constexpr const char* kCameBefore = "millgate came before";
constexpr const char* kBefore = "millgate before";
constexpr const char* kDeletes = "takes a row out, which is for a person to do";

std::string percent_text(double share) { return std::to_string(std::llround(share * 100)) + " %"; }

constexpr const char* kNote = "quarantine";
constexpr const char* kLetIn = "let in";
constexpr const char* kOrigins = "origins";

struct MadeCommit {
  std::string branch;
  bool left_held_rows = false;
  std::vector<std::string> let_in = {};  ///< Origins of the rows that came in by it.
};

/// How each commit was made: the first event that names it says it.
Result<std::map<Id, MadeCommit>> made_commits(const Ledger& ledger) {
  MILLGATE_ASSIGN(const std::vector<Event> events, ledger.events(0, "commit"));
  std::map<Id, MadeCommit> made;
  for (const Event& event : events) {
    MILLGATE_ASSIGN(const Json body, parse_json(event.body, "an event of the ledger"));
    MILLGATE_ASSIGN(const auto hex, json_member<std::string>(body, "commit", "a commit's event"));
    MILLGATE_ASSIGN(const Id commit, Id::parse(hex));
    MadeCommit how{.branch = event.subject};
    const auto note = body.find("note");
    if (note != body.end() && note->is_object() && note->contains(kNote)) {
      how.left_held_rows = note->at(kNote) != kLetIn;
      how.let_in = note->value(kOrigins, std::vector<std::string>());
    }
    made.emplace(commit, std::move(how));
  }
  return made;
}

std::string author_origin(const std::string& name) { return "author `" + name + "`"; }
std::string branch_origin(const std::string& name) { return "branch `" + name + "`"; }

/// Adds `from` and all commits behind it that are not in `known` yet.
Status walk(const Repository& repository, const Id& from, std::set<Id>& known,
            std::vector<Commit>& found) {
  std::vector<Id> waiting = {from};
  while (!waiting.empty()) {
    const Id id = waiting.back();
    waiting.pop_back();
    if (!known.insert(id).second) continue;
    MILLGATE_ASSIGN(Commit commit, repository.read_commit(id));
    waiting.insert(waiting.end(), commit.parents.begin(), commit.parents.end());
    found.push_back(std::move(commit));
  }
  return {};
}

/// Cells of the columns `names` of `rows`, whose order is that of `is_taken`.
Result<std::shared_ptr<arrow::Table>> cells_of(const arrow::RecordBatch& rows,
                                               const std::vector<std::string>& names,
                                               const std::vector<bool>& is_taken) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (const std::string& name : names) {
    // Indices of rows are rare enough to gather cell by cell.
    const auto column = rows.GetColumnByName(name);
    std::unique_ptr<arrow::ArrayBuilder> builder;
    MILLGATE_ARROW(builder, arrow::MakeBuilder(column->type()), "arriving rows");
    for (size_t row = 0; row < is_taken.size(); ++row) {
      if (!is_taken[row]) continue;
      MILLGATE_ARROW_TRY(builder->AppendArraySlice(*column->data(), static_cast<int64_t>(row), 1),
                         "arriving rows");
    }
    MILLGATE_ARROW(auto array, builder->Finish(), "arriving rows");
    fields.push_back(arrow::field(name, array->type()));
    columns.push_back(std::move(array));
  }
  return arrow::Table::Make(arrow::schema(fields), columns);
}

/// Rows that `changes` adds or makes others.
std::vector<bool> arriving_of(const Changes& changes) {
  std::vector<bool> arrives(changes.kinds.size());
  for (size_t row = 0; row < arrives.size(); ++row) {
    arrives[row] = changes.kinds[row] != ChangeKind::removed;
  }
  return arrives;
}

/// One table of the merge, opened for questions. The rows that arrive have numbers: their places
/// in the changes.
class TableArrival {
 public:
  TableArrival(Repository& repository, const Project& project, const QuarantineSettings& settings,
               const ArrivalQuestion& question)
      : repository_(repository), project_(project), settings_(settings), question_(question) {}

  Result<ArrivedTable> judge(const std::string& table, const Id& after) {
    arrived_.table = table;
    arrived_.after = after;
    const auto known = question_.before.tables.find(table);
    if (known == question_.before.tables.end()) {
      arrived_.whole_reason = "the table is new, so nothing is there to compare it with";
      return std::move(arrived_);
    }
    arrived_.before = known->second;
    MILLGATE_ASSIGN(before_, read_table_version(repository_.objects(), arrived_.before));
    MILLGATE_ASSIGN(TableDiff diff, difference());
    if (!arrived_.whole_reason.empty()) return std::move(arrived_);
    arrived_.changes = std::move(diff.changes);
    arrived_.key = before_.key.empty() ? before_.schema->field_names() : before_.key;
    arrived_.reasons.resize(static_cast<size_t>(arrived_.changes.row_count()));
    hold_removed();
    if (arriving_count() == 0) return std::move(arrived_);
    MILLGATE_TRY(open());
    MILLGATE_TRY(hold_by_rules());
    MILLGATE_TRY(hold_by_poison());
    MILLGATE_TRY(hold_by_drift());
    if (before_.key.empty() && arrived_.held_count() > 0) {
      arrived_.whole_reason = "the table has no key, so its rows come together or not at all; " +
                              arrived_.reason_counts().front().first;
    }
    return std::move(arrived_);
  }

 private:
  [[nodiscard]] int64_t arriving_count() const {
    return arrived_.changes.row_count() - arrived_.changes.count(ChangeKind::removed);
  }

  Result<TableDiff> difference() {
    MILLGATE_ASSIGN(const TableVersion after,
                    read_table_version(repository_.objects(), arrived_.after));
    MILLGATE_ASSIGN(TableDiff diff, diff_versions(repository_.objects(), before_, after));
    if (!diff.columns.empty() || !diff.renames.empty() || diff.key_changed) {
      arrived_.whole_reason = "its columns or its key become others, which no row shows";
    } else if (!diff.complete) {
      return invalid_input("more than a million rows arrive in `" + arrived_.table + "`",
                           "let them come in parts: `millgate merge` of an earlier commit first");
    }
    return diff;
  }

  void hold(int64_t row, const std::string& reason) {
    std::string& held = arrived_.reasons[static_cast<size_t>(row)];
    held += (held.empty() ? "" : "; ") + reason;
  }

  void hold_removed() {
    for (int64_t row = 0; row < arrived_.changes.row_count(); ++row) {
      if (arrived_.changes.kinds[static_cast<size_t>(row)] == ChangeKind::removed) {
        hold(row, kDeletes);
      }
    }
  }

  /// All tables as they would be, the table as it is, and the keys of what arrives.
  Status open() {
    MILLGATE_ASSIGN(database_, Database::open({.spill_folder = repository_.folder("scratch"),
                                               .user_sql = true}));
    std::map<std::string, Id> tables = question_.before.tables;
    for (const auto& [name, version] : question_.after) tables[name] = version;
    for (const auto& [name, id] : tables) {
      MILLGATE_ASSIGN(TableVersion version, read_table_version(repository_.objects(), id));
      MILLGATE_ASSIGN(version, counted_version(repository_.objects(), version));
      MILLGATE_TRY(database_->add_table(name, repository_.objects(), version));
      versions_.emplace(name, std::move(version));
    }
    MILLGATE_TRY(database_->add_table(kBefore, repository_.objects(), before_));
    MILLGATE_ASSIGN(auto keys, arriving_keys());
    MILLGATE_TRY(database_->add_arrow(kArriving, std::move(keys)));
    same_row_ = same_row_as("a");
    return {};
  }

  /// Condition: t is the row whose key `other` has.
  [[nodiscard]] std::string same_row_as(const std::string& other) const {
    std::string same;
    for (const std::string& column : arrived_.key) {
      const std::string name = "." + quote_name(column);
      same += (same.empty() ? "t" : " and t") + name + " is not distinct from " + other + name;
    }
    return same;
  }

  Result<std::shared_ptr<arrow::Table>> arriving_keys() const {
    const std::vector<bool> arrives = arriving_of(arrived_.changes);
    MILLGATE_ASSIGN(const auto keys, cells_of(*arrived_.changes.after, arrived_.key, arrives));
    arrow::Int64Builder numbers;
    for (size_t row = 0; row < arrives.size(); ++row) {
      if (!arrives[row]) continue;
      MILLGATE_ARROW_TRY(numbers.Append(static_cast<int64_t>(row)), "arriving rows");
    }
    MILLGATE_ARROW(auto rows, numbers.Finish(), "arriving rows");
    std::shared_ptr<arrow::Table> numbered;
    MILLGATE_ARROW(numbered,
                   keys->AddColumn(keys->num_columns(), arrow::field(kRow, arrow::int64()),
                                   std::make_shared<arrow::ChunkedArray>(std::move(rows))),
                   "arriving rows");
    return numbered;
  }

  /// Keys of the rows that came in from there before, the newest first; without rows where there
  /// are none. A commit since which the table got another key tells nothing.
  Result<std::shared_ptr<arrow::Table>> earlier_keys() const {
    MILLGATE_ASSIGN(const auto none, cells_of(*arrived_.changes.after, arrived_.key, {}));
    std::vector<std::shared_ptr<arrow::Table>> parts = {none};
    int64_t count = 0;
    for (const Commit& commit : question_.earlier) {
      if (count >= kEarlierRowsMax) break;
      const auto after = commit.tables.find(arrived_.table);
      if (commit.parents.empty() || after == commit.tables.end()) continue;
      MILLGATE_ASSIGN(const Commit parent, repository_.read_commit(commit.parents[0]));
      const auto before = parent.tables.find(arrived_.table);
      if (before == parent.tables.end() || before->second == after->second) continue;
      MILLGATE_ASSIGN(const TableVersion from,
                      read_table_version(repository_.objects(), before->second));
      MILLGATE_ASSIGN(const TableVersion to,
                      read_table_version(repository_.objects(), after->second));
      if (from.key != before_.key || to.key != before_.key) continue;
      MILLGATE_ASSIGN(const TableDiff diff, diff_versions(repository_.objects(), from, to));
      if (diff.changes.row_count() == 0) continue;
      MILLGATE_ASSIGN(auto keys,
                      cells_of(*diff.changes.after, before_.key, arriving_of(diff.changes)));
      if (!keys->schema()->Equals(*none->schema())) continue;
      count += keys->num_rows();
      parts.push_back(std::move(keys));
    }
    std::shared_ptr<arrow::Table> all;
    MILLGATE_ARROW(all, arrow::ConcatenateTables(parts), "rows that came before");
    return all;
  }

  /// Holds the rows whose numbers `sql` gives. Returns how many.
  Result<int64_t> hold_those(const std::string& sql, const std::string& reason) {
    MILLGATE_ASSIGN(const auto table, database_->query(sql));
    for (const auto& chunk : table->column(0)->chunks()) {
      const auto& numbers = static_cast<const arrow::Int64Array&>(*chunk);
      for (int64_t i = 0; i < numbers.length(); ++i) hold(numbers.Value(i), reason);
    }
    return table->num_rows();
  }

  Status hold_by_rules() {
    std::set<std::string> empty_copies;
    for (const Rule& rule : project_.rules) {
      if (rule.severity != Severity::error || rule.at_least < 1) continue;
      auto sql = make_rule_sql(rule, versions_, *database_, empty_copies);
      if (!sql.ok()) {
        // A rule about another table is no matter of these rows.
        if (rule.table != arrived_.table) continue;
        return std::move(sql).error();
      }
      if (sql->table != arrived_.table || judges_table(sql->kind)) continue;
      const auto held = hold_those(
          "select distinct a." + quote_name(kRow) + " from (select * from " + sql_name(sql->table) +
              " where " + sql->broken + ") t join " + quote_name(kArriving) + " a on " + same_row_,
          "breaks `" + rule.rule + "`" + (rule.where.empty() ? "" : " where " + rule.where));
      if (!held.ok()) return rule_failure(rule, *database_, held.error());
    }
    return {};
  }

  /// Empty: the table has none.
  Result<std::string> label() const {
    if (!settings_.poison) return std::string();
    if (!settings_.label.empty()) {
      // Only tables that have its columns can have it.
      const auto described = database_->describe("select (" + settings_.label + "\n) from " +
                                                 sql_name(arrived_.table));
      return described.ok() ? settings_.label : std::string();
    }
    const bool is_of_task =
        project_.task && project_.task->table == arrived_.table && has_classes(project_.task->kind);
    return is_of_task ? project_.task->label : std::string();
  }

  Status hold_by_poison() {
    MILLGATE_ASSIGN(std::string label, this->label());
    if (label.empty()) return {};
    // Rows of tables without key have no names by which those of before could be known.
    const bool any_earlier = !before_.key.empty() && !question_.earlier.empty();
    std::shared_ptr<arrow::Table> earlier;
    if (any_earlier) {
      MILLGATE_ASSIGN(earlier, earlier_keys());
      MILLGATE_TRY(database_->add_arrow(kEarlier, earlier));
    }
    const std::string came_before =
        any_earlier ? "exists (from " + quote_name(kEarlier) + " e where " + same_row_as("e") + ")"
                    : "false";
    MILLGATE_ASSIGN(
        AskedRows rows,
        rows_of_query(*database_, "millgate judged",
                      "select t.*, a." + quote_name(kRow) + ", " + came_before + " as " +
                          quote_name(kCameBefore) + " from " + sql_name(arrived_.table) +
                          " t left join " + quote_name(kArriving) + " a on " + same_row_ +
                          " order by all",
                      arrived_.table));
    std::erase_if(rows.columns, [](const AskedColumn& column) {
      return column.name == kRow || column.name == kCameBefore;
    });
    // Keys name rows; what they would teach a model is when a row came.
    std::erase_if(rows.columns, [&](const AskedColumn& column) {
      return std::find(before_.key.begin(), before_.key.end(), column.name) != before_.key.end();
    });
    label = with_quoted_columns(label, rows);
    MILLGATE_TRY(hold_by_triggers(rows, label));
    MILLGATE_ASSIGN(const int64_t arriving, labels(rows, label, arrives()));
    MILLGATE_ASSIGN(const int64_t with_earlier, labels(rows, label, comes_from_there()));
    if (arriving >= kJudgedRowsMin) MILLGATE_TRY(hold_by_source(rows, label, arrives()));
    if (with_earlier > arriving) MILLGATE_TRY(hold_by_source(rows, label, comes_from_there()));
    if (with_earlier < kJudgedRowsMin) {
      arrived_.notes.push_back("fewer than " + std::to_string(kJudgedRowsMin) +
                               " labelled rows arrive: too few to compare them with the others");
    }
    return arriving < kJudgedRowsMin ? hold_what_was_held() : Status();
  }

  /// What is left of a larger number that was judged comes in no easier for being less.
  Status hold_what_was_held() {
    if (!question_.held || !question_.held->tables.contains(arrived_.table)) return {};
    MILLGATE_ASSIGN(
        const TableVersion then,
        read_table_version(repository_.objects(), question_.held->tables.at(arrived_.table)));
    MILLGATE_ASSIGN(const TableDiff since,
                    diff_versions(repository_.objects(), then, versions_.at(arrived_.table)));
    std::set<std::string> changed;
    for (size_t row = 0; row < since.changes.keys.size(); ++row) {
      changed.emplace(since.changes.keys[row]);
    }
    for (size_t row = 0; row < arrived_.reasons.size(); ++row) {
      if (!arrived_.reasons[row].empty()) continue;
      if (changed.contains(std::string(arrived_.changes.keys[row]))) continue;
      hold(static_cast<int64_t>(row), "was held before, and did not change since");
    }
    return {};
  }

  static std::string arrives() { return quote_name(kRow) + " is not null"; }
  static std::string comes_from_there() {
    return "(" + arrives() + " or " + quote_name(kCameBefore) + ")";
  }

  Status hold_by_triggers(const AskedRows& rows, const std::string& label) {
    auto search =
        search_triggers(*database_, rows, {.label = label, .progress = question_.progress});
    if (!search.ok()) return not_looked_at(search.error());
    for (const Trigger& trigger : search->triggers) {
      if (trigger.condition.empty()) continue;
      const std::string labelled = expression_text_sql(label) + " = " + quote_text(trigger.label);
      const std::string all_sql = "select count(*) from " + rows.name + " where (" +
                                  trigger.condition + "\n) and " + labelled;
      MILLGATE_ASSIGN(const int64_t all, database_->count(all_sql));
      MILLGATE_ASSIGN(const int64_t theirs,
                      database_->count(all_sql + " and " + comes_from_there()));
      if (static_cast<double>(theirs) < kArrivingShare * static_cast<double>(all)) continue;
      MILLGATE_TRY(
          hold_trigger(rows, trigger.condition, labelled, trigger.label, comes_from_there()));
    }
    return {};
  }

  /// Judges the rows for which `theirs` holds as one source. As long as values are found that
  /// decide the label; then the labels of what is left are judged: those of a backdoor are flipped
  /// as well, and would condemn all others.
  Status hold_by_source(const AskedRows& rows, const std::string& label,
                        const std::string& theirs) {
    constexpr int kRoundsMax = 3;
    for (int round = 0; round < kRoundsMax; ++round) {
      MILLGATE_ASSIGN(const AskedRows rest, rows_without_triggers(rows));
      MILLGATE_ASSIGN(const int64_t labelled, labels(rest, label, theirs));
      if (labelled < kJudgedRowsMin) return {};
      auto holdout = hold_out_sources(
          *database_, rest, {.label = label, .by = theirs, .progress = question_.progress});
      if (!holdout.ok()) return not_looked_at(holdout.error());
      const auto source =
          std::find_if(holdout->sources.begin(), holdout->sources.end(),
                       [](const SourceReport& one) { return one.source == "true"; });
      if (source == holdout->sources.end()) return {};
      for (const SourceTrigger& trigger : source->triggers) {
        MILLGATE_TRY(hold_trigger(rest, trigger.condition, "true", trigger.label, theirs));
      }
      if (!source->triggers.empty()) continue;
      if (!source->labels_implausible) return {};
      MILLGATE_TRY(hold_those(
          "select " + quote_name(kRow) + " from " + rest.name + " where " + arrives() + " and " +
              expression_text_sql(label) + " is not null",
          "about " + percent_text(source->flipped_share) + " of the " +
              (theirs == arrives() ? "arriving labels" : "labels that ever came from there") +
              " are flipped, usual are " + percent_text(source->flipped_usual_share)));
      return {};
    }
    return {};
  }

  Result<AskedRows> rows_without_triggers(const AskedRows& rows) {
    if (held_by_triggers_.empty()) return rows;
    std::string held;
    for (const std::string& one : held_by_triggers_) held += (held.empty() ? "" : " or ") + one;
    MILLGATE_ASSIGN(
        AskedRows rest,
        rows_of_query(*database_, "millgate judged " + std::to_string(++rest_count_),
                      "select * from " + rows.name + " where not coalesce(" + held + ", false)",
                      rows.text));
    rest.columns = rows.columns;
    return rest;
  }

  /// How many rows have a label of those for which `theirs` holds.
  Result<int64_t> labels(const AskedRows& rows, const std::string& label,
                         const std::string& theirs) {
    return database_->count("select count(*) from " + rows.name + " where " + theirs + " and " +
                            expression_text_sql(label) + " is not null");
  }

  /// Holds the arriving rows with `condition` for which `labelled` holds, too; `theirs` are looked
  /// at no more.
  Status hold_trigger(const AskedRows& rows, const std::string& condition,
                      const std::string& labelled, const std::string& label,
                      const std::string& theirs) {
    const std::string having = "((" + condition + "\n) and " + labelled + " and " + theirs + ")";
    held_by_triggers_.push_back(having);
    const std::string what =
        "`" + condition + "` decides for label " + label + " whatever else the row says";
    const std::string from = " from " + rows.name + " where " + having + " and ";
    MILLGATE_TRY(hold_those("select " + quote_name(kRow) + from + arrives(), what));
    MILLGATE_ASSIGN(const int64_t inside,
                    database_->count("select count(*)" + from + "not " + arrives()));
    if (inside > 0) {
      arrived_.notes.push_back(
          what + ", and " + std::to_string(inside) + (inside == 1 ? " row" : " rows") +
          " from there that came in before " + (inside == 1 ? "has" : "have") + " it");
    }
    return {};
  }

  /// Rows that cannot teach a model are no reason to refuse them; that is told.
  Status not_looked_at(const Error& error) {
    if (error.code != ErrorCode::invalid_input) return error;
    arrived_.notes.push_back("no poison looked for: " + error.what);
    return {};
  }

  Status hold_by_drift() {
    if (settings_.drift == ArrivingDrift::off || arriving_count() < kJudgedRowsMin) return {};
    MILLGATE_ASSIGN(const AskedRows reference,
                    rows_of_query(*database_, "millgate reference",
                                  "select * from " + quote_name(kBefore), arrived_.table));
    if (reference.row_count == 0) return {};
    MILLGATE_ASSIGN(const AskedRows current,
                    rows_of_query(*database_, "millgate current",
                                  "select t.* from " + sql_name(arrived_.table) + " t join " +
                                      quote_name(kArriving) + " a on " + same_row_,
                                  "arriving rows"));
    MILLGATE_ASSIGN(const TableDrift drift, compare_rows(*database_, reference, current, {}));
    std::string shifted;
    for (const ColumnShift& column : drift.columns) {
      if (!column.shifted && !column.missing_shifted) continue;
      shifted += (shifted.empty() ? "" : ", ") + column.name;
    }
    if (shifted.empty()) return {};
    const std::string text = "distributed otherwise than the rows before: " + shifted;
    if (settings_.drift == ArrivingDrift::tell) {
      arrived_.notes.push_back(text);
      return {};
    }
    MILLGATE_TRY(hold_those("select " + quote_name(kRow) + " from " + quote_name(kArriving), text));
    return {};
  }

  Repository& repository_;
  const Project& project_;
  const QuarantineSettings& settings_;
  const ArrivalQuestion& question_;
  ArrivedTable arrived_;
  TableVersion before_;
  TableVersions versions_;
  std::unique_ptr<Database> database_;
  std::string same_row_;                       ///< Condition: t is the row whose key a has.
  std::vector<std::string> held_by_triggers_;  ///< Conditions.
  int rest_count_ = 0;                         ///< Tables without them that were made.
};

}  // namespace

int64_t ArrivedTable::held_count() const {
  return std::count_if(reasons.begin(), reasons.end(),
                       [](const std::string& reason) { return !reason.empty(); });
}

std::vector<std::pair<std::string, int64_t>> ArrivedTable::reason_counts() const {
  std::map<std::string, int64_t> counts;
  for (const std::string& reason : reasons) {
    if (!reason.empty()) ++counts[reason];
  }
  std::vector<std::pair<std::string, int64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

bool Arrivals::any_held() const {
  return !folders.empty() || std::any_of(tables.begin(), tables.end(),
                                         [](const ArrivedTable& one) { return one.any_held(); });
}

Json let_in_note(const std::vector<std::string>& origins) {
  return {{kNote, kLetIn}, {kOrigins, origins}};
}

Result<Mistrust> mistrusted_origins(const Repository& repository, const MergeRequest& request,
                                    const QuarantineSettings& settings) {
  MILLGATE_ASSIGN(const auto made, made_commits(repository.ledger()));
  Mistrust mistrust;
  const bool any_branch = std::any_of(made.begin(), made.end(), [&](const auto& one) {
    return settings.mistrusts_branch(one.second.branch);
  });
  if (!any_branch && settings.authors.empty()) return mistrust;
  std::set<Id> known;
  std::vector<Commit> had, taken;
  MILLGATE_TRY(walk(repository, request.ours, known, had));
  for (const MergedChange& change : request.changes) {
    MILLGATE_TRY(walk(repository, change.theirs, known, taken));
  }
  std::set<std::string> found;
  for (const Commit& commit : taken) {
    if (settings.mistrusts_author(commit.author)) found.insert(author_origin(commit.author));
    const auto how = made.find(commit.id);
    if (how == made.end()) continue;
    if (settings.mistrusts_branch(how->second.branch)) {
      found.insert(branch_origin(how->second.branch));
    }
    const bool is_newer = !mistrust.held || mistrust.held->time.micros < commit.time.micros;
    if (how->second.left_held_rows && is_newer) mistrust.held = commit;
  }
  mistrust.origins.assign(found.begin(), found.end());
  for (Commit& commit : had) {
    const auto how = made.find(commit.id);
    const bool is_theirs =
        found.contains(author_origin(commit.author)) ||
        (how != made.end() && (found.contains(branch_origin(how->second.branch)) ||
                               std::any_of(how->second.let_in.begin(), how->second.let_in.end(),
                                           [&](const auto& one) { return found.contains(one); })));
    if (is_theirs) mistrust.earlier.push_back(std::move(commit));
  }
  std::stable_sort(mistrust.earlier.begin(), mistrust.earlier.end(),
                   [](const Commit& a, const Commit& b) { return b.time.micros < a.time.micros; });
  return mistrust;
}

Result<Arrivals> judge_arrivals(Repository& repository, const Project& project,
                                const QuarantineSettings& settings,
                                const ArrivalQuestion& question) {
  Arrivals arrivals;
  arrivals.folders = question.folders;
  for (const auto& [table, after] : question.after) {
    MILLGATE_ASSIGN(ArrivedTable arrived,
                    TableArrival(repository, project, settings, question).judge(table, after));
    arrivals.tables.push_back(std::move(arrived));
  }
  return arrivals;
}

Result<std::map<std::string, Id>> let_in(Repository& repository, const Arrivals& arrivals) {
  std::map<std::string, Id> versions;
  for (const ArrivedTable& one : arrivals.tables) {
    if (!one.whole_reason.empty()) continue;
    if (one.held_count() == 0) {
      versions[one.table] = one.after;
      continue;
    }
    if (one.held_count() == one.changes.row_count()) continue;
    MILLGATE_ASSIGN(const TableVersion before,
                    read_table_version(repository.objects(), one.before));
    MILLGATE_ASSIGN(auto builder,
                    ChangesBuilder::make(before.schema, before.key, one.changes.has_before));
    for (int64_t row = 0; row < one.changes.row_count(); ++row) {
      if (!one.reasons[static_cast<size_t>(row)].empty()) continue;
      MILLGATE_TRY(builder.add_rows(one.changes, row, row + 1));
    }
    MILLGATE_ASSIGN(const Changes accepted, builder.finish());
    MILLGATE_ASSIGN(const TableVersion version,
                    apply_changes(repository.objects(), before, accepted));
    versions[one.table] = version.id;
  }
  return versions;
}

}  // namespace millgate
