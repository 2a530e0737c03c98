#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "app/asked_key.h"
#include "app/commands.h"
#include "app/personal_exit.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "data/check/row_authors.h"
#include "data/feature/join.h"
#include "data/store/change_set.h"
#include "data/table/arrow_result.h"
#include "data/table/writer.h"
#include "model/poison/source_holdout.h"
#include "model/poison/trigger_search.h"
#include "system/monitor/wording.h"
#include "system/pipeline/feature_work.h"
#include "system/pipeline/task_cells.h"

namespace millgate {

namespace {

struct Options {
  std::string rows;       ///< Empty: those of the task.
  std::string rows_text;  ///< For people, where `rows` is made.
  std::string revision = kCurrentBranch;
  std::string out;
  int64_t shown_max = 5;
  TriggerSearchOptions search;
  SourceHoldoutOptions holdout;
  bool by_author = false;
  int commit_count_max = 50;
};

/// Rows, and the database that they are in.
struct OpenedRows {
  std::unique_ptr<Database> database;
  AskedRows rows;
  GuardedCells cells;
};

Result<OpenedRows> open_asked(const Workplace& place, Options& options) {
  OpenedRows opened;
  MILLGATE_ASSIGN(
      opened.database,
      Database::open({.spill_folder = place.repository->folder("scratch"), .user_sql = true}));
  MILLGATE_ASSIGN(auto rows,
                  open_rows(*opened.database, *place.repository, {options.rows}, options.revision));
  opened.rows = std::move(rows[0]);
  MILLGATE_ASSIGN(opened.cells, open_cells(*place.repository, options.rows, options.revision));
  if (options.search.label.empty()) {
    if (!place.project.task || !has_classes(place.project.task->kind)) {
      return invalid_input("a trigger is looked for in rows with labels",
                           "give a condition or a column of classes by --label");
    }
    options.search.label = place.project.task->label;
  }
  MILLGATE_ASSIGN(options.search.label,
                  expression_over(*opened.database, opened.rows, options.search.label, "--label"));
  if (!options.holdout.by.empty()) {
    MILLGATE_ASSIGN(options.holdout.by,
                    expression_over(*opened.database, opened.rows, options.holdout.by, "--by"));
  }
  options.search.shown = key_of(place.project, opened.rows);
  return opened;
}

/// The rows that a training would join, with what the features read.
Result<OpenedRows> open_task(const Workplace& place, Options& options) {
  MILLGATE_ASSIGN(const FeatureWork work,
                  open_features(*place.repository, place.project, options.revision));
  if (work.plan.task.kind != TaskKind::binary) {
    return place.project.task->section.error_at(
        "kind",
        "what the features read is searched for triggers of a binary task; this one is " +
            std::string(to_text(work.plan.task.kind)),
        "millgate poison " + work.plan.task.table + " --label \"CONDITION\"");
  }
  MILLGATE_ASSIGN(auto joined, join_as_of(*work.database, work.plan, work.columns()));
  OpenedRows opened;
  MILLGATE_ASSIGN(opened.database,
                  Database::open({.spill_folder = place.repository->folder("scratch")}));
  MILLGATE_ASSIGN(opened.rows, rows_of_table(*opened.database, std::move(joined),
                                             work.plan.task.table + "@" + options.revision));
  MILLGATE_ASSIGN(opened.cells, cells_of_task(*place.repository, place.project, work.commit));
  // Only what the model reads can poison it.
  const std::vector<std::string> read = work.columns();
  std::erase_if(opened.rows.columns, [&](const AskedColumn& column) {
    return std::find(read.begin(), read.end(), column.name) == read.end();
  });
  options.search.label = quote_name(kLabelColumn) + " > 0.5";
  for (const Source& source : place.project.sources) {
    if (source.name == work.plan.task.table) options.search.shown = source.key;
  }
  return opened;
}

void print_head(const TriggerSearch& search, const Options& options) {
  std::cout << grouped(search.looked_at) << " labelled rows";
  if (search.looked_at < search.labelled) std::cout << " of " << grouped(search.labelled);
  if (search.unlabelled > 0) std::cout << ", " << grouped(search.unlabelled) << " without a label";
  std::cout << "; " << search.columns.size() << " columns; " << grouped(search.tried)
            << " values and combinations of at least " << count_of(search.rows_min, "row")
            << " tried,\n"
            << search.groups << " groups apart in the leaves of a model; " << search.asked
            << " put to a model that had not seen their rows\n";
  if (!options.search.columns.empty()) return;
  for (const auto& [name, why] : search.unused) {
    std::cout << "not looked at: " << name << " (" << why << ")\n";
  }
}

void print_trigger(const Trigger& trigger, const Options& options) {
  if (trigger.found_by == "screen") {
    std::cout << "\nTRIGGER " << trigger.condition << '\n';
  } else {
    std::cout << "\nGROUP of rows that a model sees as alike (" << trigger.found_by << ")";
    if (!trigger.condition.empty()) {
      std::cout << ", nearly those with " << trigger.condition << " ("
                << percent(trigger.condition_share) << " of both are in both)";
    }
    std::cout << '\n';
  }
  std::cout << "  " << grouped(trigger.label_count) << " of " << count_of(trigger.row_count, "row")
            << " (" << percent(trigger.label_share()) << ") have the label " << trigger.label
            << "; by the other rows " << percent(trigger.expected_share) << " were expected\n";
  if (trigger.contradicted_count > 0) {
    std::cout << "  of the " << count_of(trigger.contradicted_count, "row")
              << " for which another label is more probable, "
              << grouped(trigger.contradicted_label_count) << " have this one\n";
  }
  if (!std::isnan(trigger.spectral_share)) {
    std::cout << "  in the leaves of a model: " << percent(trigger.spectral_share)
              << " of them by spectral signature, " << percent(trigger.group_share)
              << " in one group apart\n";
  }
  if (options.shown_max == 0) return;
  std::vector<std::string> header = {"  row"};
  header.insert(header.end(), options.search.shown.begin(), options.search.shown.end());
  header.emplace_back("probability of the label");
  TextTable table(header);
  const auto count = std::min(trigger.rows.size(), static_cast<size_t>(options.shown_max));
  for (size_t i = 0; i < count; ++i) {
    std::vector<std::string> cells = {"  " + std::to_string(trigger.rows[i].number)};
    cells.insert(cells.end(), trigger.rows[i].shown.begin(), trigger.rows[i].shown.end());
    cells.push_back(rounded(trigger.rows[i].expected, 3));
    table.add(std::move(cells));
  }
  table.print(std::cout);
}

void print_search(const TriggerSearch& search, const Options& options) {
  print_head(search, options);
  for (const Trigger& trigger : search.triggers) print_trigger(trigger, options);
  if (search.triggers.empty()) {
    std::cout << "\nno trigger found\n";
    return;
  }
  std::cout << "\nIn rows with a trigger the label does not depend on anything else: somebody may "
               "have put it there,\nor it is a rule of the business. Ask where these rows come "
               "from before you train on them.\n";
}

/// All rows of all triggers: a change set that takes them out.
Status write_suspects(OpenedRows& opened, const TriggerSearch& search, const Options& options) {
  arrow::Int64Builder numbers;
  arrow::StringBuilder changes;
  arrow::StringBuilder triggers;
  arrow::StringBuilder labels;
  arrow::DoubleBuilder expected;
  for (const Trigger& trigger : search.triggers) {
    for (const TriggerRow& row : trigger.rows) {
      MILLGATE_ARROW_TRY(numbers.Append(row.number), options.out);
      MILLGATE_ARROW_TRY(changes.Append("delete"), options.out);
      MILLGATE_ARROW_TRY(triggers.Append(trigger.condition), options.out);
      MILLGATE_ARROW_TRY(labels.Append(trigger.label), options.out);
      MILLGATE_ARROW_TRY(expected.Append(row.expected), options.out);
    }
  }
  const std::vector<std::pair<const char*, arrow::ArrayBuilder*>> columns = {
      {kNumberColumn, &numbers},
      {kChangeColumn, &changes},
      {"_note_trigger", &triggers},
      {"_note_label", &labels},
      {"_note_expected", &expected}};
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, builder] : columns) {
    MILLGATE_ARROW(auto array, builder->Finish(), options.out);
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(std::move(array));
  }
  const auto notes = arrow::Table::Make(arrow::schema(fields), arrays);
  MILLGATE_ASSIGN(const auto reader,
                  noted_rows(*opened.database, opened.rows, options.search.shown, *notes));
  MILLGATE_ASSIGN(const int64_t count, write_table_file(*reader, options.out));
  std::cerr << count_of(count, "row") << " written to " << options.out << '\n';
  return {};
}

/// What is shown of single rows, as the policy for personal data asks.
void show_guarded(const GuardedCells& cells, const Options& options, TriggerSearch& search) {
  if (cells.empty()) return;
  for (Trigger& trigger : search.triggers) {
    trigger.condition = cells.condition(trigger.condition);
    trigger.label = cells.shown(options.search.label, trigger.label);
    for (TriggerRow& row : trigger.rows) cells.show_row(options.search.shown, row.shown);
  }
}

std::string change_text(const MeanChange& change) {
  return rounded(change.mean, 3) + " (" + rounded(change.lower, 3) + " to " +
         rounded(change.upper, 3) + ")";
}

void print_source_findings(const SourceReport& one) {
  if (one.labels_implausible) {
    std::cout << "\nLABELS of " << one.source << ": about " << percent(one.flipped_share)
              << " are flipped, by what the other sources teach; usual here are "
              << percent(one.flipped_usual_share) << '\n';
  }
  for (const SourceTrigger& trigger : one.triggers) {
    std::cout << "\nBACKDOOR of " << one.source << ": " << trigger.condition << " decides for "
              << trigger.label << "\n  " << grouped(trigger.label_count) << " of its "
              << count_of(trigger.row_count, "row") << " with it have that label, against what the "
              << "others teach\n  put into " << count_of(trigger.asked, "row")
              << " of others, it moves their probability of the label by "
              << change_text(trigger.lift) << "\n  more than without " << one.source << ": "
              << (trigger.is_obeyed ? "a model obeys it"
                                    : "trees do not obey it yet; more rows or another learner may")
              << '\n';
  }
}

void print_sources(const SourceHoldout& holdout, const Options& options) {
  std::cout << grouped(holdout.looked_at) << " labelled rows; " << holdout.sources.size()
            << " sources by " << options.holdout.by << ", each left out once\n";
  if (holdout.small_sources > 0) {
    std::cout << "not judged: " << grouped(holdout.small_sources) << " smaller ones with "
              << grouped(holdout.small_source_rows) << " rows\n";
  }
  std::cout << '\n';
  TextTable table({options.holdout.by, "rows", "label", "share", "expected", "flipped", "usual",
                   "repeated", "taken over"});
  TextTable moved({options.holdout.by, "without it, others' predictions move by", "at most",
                   "without as many by chance"});
  for (const SourceReport& one : holdout.sources) {
    table.add({one.source, grouped(one.row_count), one.label, percent(one.label_share),
               percent(one.expected_share), percent(one.flipped_share),
               percent(one.flipped_usual_share), percent(one.repeated_share),
               percent(one.taken_over_share)});
    moved.add({one.source, change_text(one.moved), rounded(one.moved_at_most, 3),
               rounded(one.moved_by_chance.mean, 3)});
  }
  table.print(std::cout);
  std::cout << '\n';
  moved.print(std::cout);
  for (const SourceReport& one : holdout.sources) print_source_findings(one);
  if (!holdout.any_finding()) std::cout << "\nno source stands out\n";
}

/// What each source does to the model.
Result<int> judge_sources(const Session& session, Options& options, const OpenedRows& opened) {
  options.holdout.label = options.search.label;
  options.holdout.columns = options.search.columns;
  options.holdout.progress = progress_line();
  auto holdout = hold_out_sources(*opened.database, opened.rows, options.holdout);
  end_progress();
  if (!holdout.ok()) return holdout.error();
  for (size_t i = 0; i < holdout->sources.size(); ++i) {
    SourceReport& one = holdout->sources[i];
    one.source = opened.cells.shown_apart(options.holdout.by, one.source, i + 1);
    one.label = opened.cells.shown(options.holdout.label, one.label);
    for (SourceTrigger& trigger : one.triggers) {
      trigger.condition = opened.cells.condition(trigger.condition);
      trigger.label = opened.cells.shown(options.holdout.label, trigger.label);
    }
  }
  if (session.json) {
    Json json = {{"rows", options.rows_text.empty() ? opened.rows.text : options.rows_text},
                 {"label", options.holdout.label},
                 {"by", options.holdout.by}};
    json.update(to_json(*holdout));
    print_json(json);
  } else {
    print_sources(*holdout, options);
  }
  return holdout->any_finding() ? kAnswerIsNo : kDone;
}

/// `--by-author`: the rows of the table, with who brought each.
Status ask_for_authors(const Workplace& place, Options& options) {
  if (!options.holdout.by.empty()) {
    return invalid_input("a row comes from one source: `--by` or `--by-author`",
                         "leave one of them out");
  }
  std::string table = options.rows.substr(0, options.rows.find('@'));
  std::string revision = options.revision;
  if (table.size() < options.rows.size()) revision = options.rows.substr(table.size() + 1);
  if (table.empty() && place.project.task) table = place.project.task->table;
  if (table.empty() || table.find(' ') != std::string::npos) {
    return invalid_input("authors are those of the rows of a table",
                         "millgate poison claims --label accepted --by-author");
  }
  MILLGATE_ASSIGN(options.rows,
                  rows_with_authors(*place.repository, table, revision, options.commit_count_max));
  options.holdout.by = kAuthorColumn;
  options.rows_text = table + "@" + revision;
  return {};
}

Result<int> poison(const Session& session, Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  if (options.by_author) MILLGATE_TRY(ask_for_authors(place, options));
  MILLGATE_ASSIGN(OpenedRows opened,
                  options.rows.empty() ? open_task(place, options) : open_asked(place, options));
  if (!options.holdout.by.empty()) return judge_sources(session, options, opened);
  options.search.progress = progress_line();
  auto search = search_triggers(*opened.database, opened.rows, options.search);
  end_progress();
  if (!search.ok()) return search.error();
  show_guarded(opened.cells, options, *search);
  if (!options.out.empty()) {
    MILLGATE_TRY(write_suspects(opened, *search, options));
    note_clear_key(opened.cells, options.search.shown, options.out);
  }
  if (session.json) {
    Json json = {{"rows", opened.rows.text},
                 {"label", options.search.label},
                 {"shown_columns", options.search.shown}};
    json.update(to_json(*search));
    print_json(json);
  } else {
    print_search(*search, options);
  }
  return search->triggers.empty() ? kDone : kAnswerIsNo;
}

}  // namespace

void add_poison(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "poison",
      "is somebody poisoning the data: values that decide the label whatever else is said, and "
      "sources whose labels are implausible or that carry a backdoor",
      "millgate poison\n"
      "  millgate poison claims --label accepted --by vendor\n"
      "  millgate poison claims --label accepted --by-author\n"
      "  millgate poison claims --label accepted --out suspects.csv\n"
      "  millgate branch without-suspects\n"
      "  millgate commit --changes suspects.csv --table claims --branch without-suspects");
  command.add_option("rows", options->rows,
                     "rows with labels: a table, table@revision, a select; default: the task's "
                     "rows, and what its features read");
  command.add_option("--rev", options->revision, "revision of tables without one").shows_default();
  command.add_option("--label", options->search.label,
                     "condition or column of classes; default: the label of the task");
  command
      .add_option("--columns", options->search.columns,
                  "columns in which a trigger could be; default: all that can")
      .one_at_a_time();
  command.add_option(
      "--by", options->holdout.by,
      "column or SQL: where a row comes from. Each source is left out once: are its labels "
      "plausible, how far do predictions move, does it carry a backdoor");
  Parameter by_author = command.add_flag(
      "--by-author", options->by_author,
      "as --by, with the author of the commit that brought the row, or last changed it");
  command
      .add_option("--commits", options->commit_count_max,
                  "with --by-author: look at so many versions of the table")
      .positive()
      .shows_default()
      .needs(by_author);
  command
      .add_option("--source-rows", options->holdout.rows_min,
                  "with --by and --by-author: sources of fewer rows are not judged")
      .positive()
      .shows_default();
  command.add_option("--rows", options->shown_max, "rows to print of each trigger")
      .not_negative()
      .shows_default();
  command.add_option("--out", options->out,
                     "write all rows with a trigger and its label (.csv, .parquet ...); `commit "
                     "--changes` takes the file, and them out");
  command.does([&session, options] { return poison(session, *options); });
}

}  // namespace millgate
