#include <arrow/record_batch.h>
#include <arrow/table.h>

#include <algorithm>
#include <iostream>

#include "app/annotator_text.h"
#include "app/asked_key.h"
#include "app/commands.h"
#include "app/label_jump_text.h"
#include "app/personal_exit.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "data/query/sql_token.h"
#include "data/store/workspace.h"
#include "data/table/writer.h"
#include "system/monitor/wording.h"
#include "system/pipeline/label_review.h"
#include "system/pipeline/task_cells.h"

namespace millgate {

namespace {

struct Options {
  std::string rows;  ///< Empty: those of the task.
  std::string effect_of;
  std::string out;
  std::vector<std::string> probabilities;  ///< "CLASS=SQL"
  int64_t shown_max = 10;
  LabelIssueOptions issues;
  LabelReviewOptions review;
  AnnotatorQuestion annotators;
  std::string scale = "nominal";
  bool jumps = false;
  LabelJumpOptions jump_options;
};

void print_joint(const LabelIssues& issues) {
  std::vector<std::string> header = {"label"};
  const std::string by = issues.by_model ? "seems " : "by the rule ";
  for (const std::string& name : issues.classes) header.push_back(by + name);
  TextTable table(header);
  const size_t count = issues.classes.size();
  for (size_t given = 0; given < count; ++given) {
    std::vector<std::string> cells = {issues.classes[given]};
    for (size_t seems = 0; seems < count; ++seems) {
      cells.push_back(grouped(issues.found.confident[given * count + seems]));
    }
    table.add(std::move(cells));
  }
  table.print(std::cout);
}

void print_groups(const LabelIssues& issues) {
  for (const auto& [by, groups] : issues.groups) {
    TextTable table({by, "rows", "issues", "share"});
    for (const LabelIssueGroup& group : groups) {
      table.add({group.group, grouped(group.row_count), grouped(group.issue_count),
                 percent(group.share())});
    }
    std::cout << '\n';
    table.print(std::cout);
  }
}

void print_issues(const LabelIssues& issues, const std::vector<std::string>& shown, int64_t max) {
  std::vector<std::string> header = {"row"};
  header.insert(header.end(), shown.begin(), shown.end());
  header.emplace_back("label");
  if (issues.by_model) header.emplace_back("its probability");
  header.emplace_back("suggested");
  if (issues.by_model) header.emplace_back("its probability");
  if (issues.by_model && issues.by_rule) header.emplace_back("by");
  TextTable table(header);
  const auto count = std::min(issues.found.issues.size(), static_cast<size_t>(max));
  for (size_t i = 0; i < count; ++i) {
    const LabelIssue& issue = issues.found.issues[i];
    std::vector<std::string> cells = {std::to_string(issues.row_numbers[i])};
    cells.insert(cells.end(), issues.shown[i].begin(), issues.shown[i].end());
    cells.push_back(issues.classes[issue.given]);
    if (issues.by_model) cells.push_back(rounded(issue.self_confidence, 3));
    cells.push_back(issues.classes[issue.suggested]);
    if (issues.by_model) cells.push_back(rounded(issue.probability, 3));
    if (issues.by_model && issues.by_rule) cells.push_back(to_string(issues.causes[i]));
    table.add(std::move(cells));
  }
  if (count == 0) return;
  std::cout << '\n';
  table.print(std::cout);
}

void print_labels(const LabelIssues& issues, const std::vector<std::string>& shown, int64_t max) {
  const auto found = static_cast<int64_t>(issues.found.issues.size());
  std::cout << grouped(issues.labelled) << " labelled rows";
  if (issues.unlabelled > 0) std::cout << ", " << grouped(issues.unlabelled) << " without a label";
  std::cout << "; label issues: " << grouped(found) << " ("
            << percent(static_cast<double>(found) / static_cast<double>(issues.labelled)) << ')';
  if (issues.by_model) {
    std::cout << "; estimated share of wrong labels: " << percent(issues.found.wrong_share);
  }
  std::cout << '\n';
  if (issues.by_rule) {
    std::cout << grouped(issues.contradicted) << " labels contradict their rule, which says what "
              << grouped(issues.ruled) << " should be\n";
  }
  std::cout << '\n';
  print_joint(issues);
  print_groups(issues);
  print_issues(issues, shown, max);
  if (!issues.is_weak()) return;
  std::cout
      << "\nweak: the probabilities hardly tell the classes apart (coefficient of discrimination "
      << rounded(issues.discrimination, 2)
      << " of 1).\nA label that disagrees with them is then as often chance as a mistake: look "
         "at these rows,\nbut do not correct labels by them, and do not believe the estimated "
         "share.\n";
}

Status write_review(Database& database, const AskedRows& rows, const LabelIssues& issues,
                    const std::vector<std::string>& shown, const std::string& label_column,
                    const std::string& out) {
  MILLGATE_ASSIGN(const auto reader, review_rows(database, rows, issues, shown, label_column));
  MILLGATE_ASSIGN(const int64_t count, write_table_file(*reader, out));
  std::cerr << count_of(count, "row") << " written to " << out << '\n';
  return {};
}

/// What is shown of single rows, as the policy for personal data asks. `label` is SQL over them.
void show_guarded(const GuardedCells& cells, const std::vector<std::string>& shown,
                  const std::string& label, LabelIssues& issues) {
  if (cells.empty()) return;
  for (auto& row : issues.shown) cells.show_row(shown, row);
  for (auto& [by, groups] : issues.groups) {
    for (size_t i = 0; i < groups.size(); ++i) {
      groups[i].group = cells.shown_apart(by, groups[i].group, i + 1);
    }
  }
  cells.name_apart(label, issues.classes);
}

/// "CLASS=SQL" of every --probability.
Status read_probabilities(Options& options) {
  for (const std::string& text : options.probabilities) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
      return invalid_input("`" + text + "` gives no class a probability",
                           "write --probability CLASS=COLUMN, once for each class");
    }
    options.issues.probabilities.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return {};
}

/// People are told the name of the current branch, not `@`.
Status name_revision(const Workplace& place, std::string& revision) {
  if (revision != kCurrentBranch) return {};
  MILLGATE_ASSIGN(revision, place.repository->branch_name(revision));
  return {};
}

/// Labels and probabilities that somebody gives.
Result<int> judge_given(const Session& session, Options& options) {
  const bool is_judged = !options.probabilities.empty() || !options.issues.rule.empty();
  if (options.issues.label.empty() || !is_judged) {
    return invalid_input("rows of your own need their label, and its probabilities or its rule",
                         "millgate labels predicted --label class --probability cat=p_cat "
                         "--probability dog=p_dog; or --rule \"arr_delay > 15\"");
  }
  MILLGATE_TRY(read_probabilities(options));
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(
      const auto database,
      Database::open({.spill_folder = place.repository->folder("scratch"), .user_sql = true}));
  MILLGATE_ASSIGN(const auto rows,
                  open_rows(*database, *place.repository, {options.rows}, options.review.revision));
  options.issues.shown = key_of(place.project, rows[0]);
  const std::string label = options.issues.label;
  options.issues.label = with_quoted_columns(options.issues.label, rows[0]);
  options.issues.rule = with_quoted_columns(options.issues.rule, rows[0]);
  options.issues.by = options.review.by;
  MILLGATE_ASSIGN(LabelIssues issues, label_issues(*database, rows[0], options.issues));
  MILLGATE_ASSIGN(const GuardedCells cells,
                  open_cells(*place.repository, options.rows, options.review.revision));
  if (!options.out.empty()) {
    const std::string column = rows[0].find(label) != nullptr ? label : "";
    MILLGATE_TRY(
        write_review(*database, rows[0], issues, options.issues.shown, column, options.out));
    auto written = options.issues.shown;
    if (!column.empty()) written.push_back(column);
    note_clear_key(cells, written, options.out);
  }
  show_guarded(cells, options.issues.shown, options.issues.label, issues);
  if (session.json) {
    print_json(to_json(issues));
  } else {
    print_labels(issues, options.issues.shown, options.shown_max);
  }
  return kDone;
}

LabelScale scale_from(const std::string& name) {
  if (name == "ordinal") return LabelScale::ordinal;
  return name == "interval" ? LabelScale::interval : LabelScale::nominal;
}

/// Labels that several people gave to the same items.
Result<int> judge_annotators(const Session& session, Options& options) {
  AnnotatorQuestion& question = options.annotators;
  question.label = options.issues.label;
  question.scale = scale_from(options.scale);
  if (question.item.empty() || question.label.empty()) {
    return invalid_input("labels of several annotators need an item and a label",
                         "millgate labels annotations --item image --annotator who --label kind");
  }
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(
      const auto database,
      Database::open({.spill_folder = place.repository->folder("scratch"), .user_sql = true}));
  MILLGATE_ASSIGN(const auto rows,
                  open_rows(*database, *place.repository, {options.rows}, options.review.revision));
  for (const auto& [expression, name] :
       {std::pair{&question.item, "--item"}, std::pair{&question.annotator, "--annotator"},
        std::pair{&question.label, "--label"}}) {
    MILLGATE_ASSIGN(*expression, expression_over(*database, rows[0], *expression, name));
  }
  MILLGATE_ASSIGN(AnnotatorReport report, read_annotators(*database, rows[0], question));
  MILLGATE_ASSIGN(const GuardedCells cells,
                  open_cells(*place.repository, options.rows, options.review.revision));
  cells.name_apart(question.item, report.items);
  cells.name_apart(question.annotator, report.annotators);
  cells.name_apart(question.label, report.classes);
  if (!options.out.empty()) {
    MILLGATE_ASSIGN(const auto table, consensus_table(report));
    arrow::TableBatchReader reader(*table);
    MILLGATE_ASSIGN(const int64_t count, write_table_file(reader, options.out));
    std::cerr << count_of(count, "row") << " written to " << options.out << '\n';
  }
  if (session.json) {
    print_json(to_json(report));
  } else {
    print_annotators(report, options.shown_max);
  }
  return kDone;
}

/// The label rate of slices over the log of a table.
Result<int> judge_history(const Session& session, Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  LabelJumpOptions& how = options.jump_options;
  how.label = options.issues.label;
  how.by = options.review.by;
  std::string table = options.rows;
  if (const auto& task = place.project.task; table.empty() && task) table = task->table;
  if (how.label.empty() && place.project.task && place.project.task->table == table) {
    how.label = place.project.task->label;
  }
  if (table.empty() || how.label.empty()) {
    return invalid_input("jumps of the label rate need a table and its label",
                         "millgate labels visits --jumps --label \"late = 1\"");
  }
  MILLGATE_ASSIGN(LabelJumps jumps,
                  label_jumps(*place.repository, options.review.revision, table, how));
  MILLGATE_ASSIGN(const GuardedCells cells,
                  open_cells(*place.repository, sql_name(table), options.review.revision));
  for (LabelJump& one : jumps.tests) one.value = cells.shown(one.column, one.value);
  if (session.json) {
    print_json(to_json(jumps));
  } else {
    print_label_jumps(jumps, how, options.shown_max);
  }
  return jumps.jump_count() > 0 ? kAnswerIsNo : kDone;
}

/// The labels of the task, by models trained here.
Result<int> judge_task(const Session& session, Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_TRY(name_revision(place, options.review.revision));
  options.review.rule = options.issues.rule;
  options.review.progress = progress_line();
  auto review = review_labels(*place.repository, place.project, options.review);
  end_progress();
  if (!review.ok()) return review.error();
  MILLGATE_ASSIGN(const Commit commit, place.repository->resolve(options.review.revision));
  MILLGATE_ASSIGN(const GuardedCells cells,
                  cells_of_task(*place.repository, place.project, commit));
  if (!options.out.empty()) {
    MILLGATE_TRY(write_review(*review->database, review->rows, review->issues, review->key,
                              review->label_column, options.out));
    if (review->label_column.empty()) {
      std::cerr << "the label `" << place.project.task->label
                << "` is made from columns: correct those in the source, not in this file\n";
    }
    auto written = review->key;
    if (!review->label_column.empty()) written.push_back(review->label_column);
    note_clear_key(cells, written, options.out);
  }
  show_guarded(cells, review->key, place.project.task->label, review->issues);
  if (session.json) {
    print_json(to_json(review->issues));
  } else {
    print_labels(review->issues, review->key, options.shown_max);
  }
  return kDone;
}

Json to_json(const LabelFit& fit) {
  return {{"log_loss", fit.log_loss},
          {"auc", fit.auc ? Json(*fit.auc) : Json()},
          {"accuracy", fit.accuracy}};
}

Result<int> show_effect(const Session& session, Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_TRY(name_revision(place, options.review.revision));
  options.review.progress = progress_line();
  const auto effect = relabelling_effect(*place.repository, place.project, options.review.revision,
                                         options.effect_of, options.review);
  end_progress();
  if (!effect.ok()) return effect.error();
  if (session.json) {
    print_json({{"before", options.review.revision},
                {"after", options.effect_of},
                {"changed", effect->changed},
                {"row_count", effect->row_count},
                {"measured_before", to_json(effect->before)},
                {"measured_after", to_json(effect->after)},
                {"log_loss_difference", effect->difference},
                {"log_loss_difference_low", effect->difference_low},
                {"log_loss_difference_high", effect->difference_high}});
    return kDone;
  }
  std::cout << grouped(effect->changed) << " labels differ; measured on the "
            << count_of(effect->row_count, "row")
            << " whose label is the same,\nby models that did not learn from them\n\n";
  TextTable table({"labels of", "log loss", "AUC", "accuracy"});
  for (const auto& [revision, fit] : {std::pair{options.review.revision, effect->before},
                                      std::pair{options.effect_of, effect->after}}) {
    table.add({revision, rounded(fit.log_loss), fit.auc ? rounded(*fit.auc) : "-",
               percent(fit.accuracy)});
  }
  table.print(std::cout);
  std::cout << "\nlog loss changes by " << with_sign(effect->difference)
            << " (95 %: " << with_sign(effect->difference_low) << " to "
            << with_sign(effect->difference_high) << "): "
            << (effect->difference_high < 0  ? "the new labels make the model better"
                : effect->difference_low > 0 ? "the new labels make the model worse"
                                             : "no difference can be told")
            << '\n';
  return kDone;
}

Result<int> labels(const Session& session, Options& options) {
  if (!options.effect_of.empty()) return show_effect(session, options);
  if (options.jumps) return judge_history(session, options);
  if (!options.annotators.annotator.empty()) return judge_annotators(session, options);
  return options.rows.empty() ? judge_task(session, options) : judge_given(session, options);
}

}  // namespace

void add_labels(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "labels", "which labels are probably wrong, and what correcting them does to the model",
      "millgate labels --by origin --out review.csv\n"
      "  millgate commit --changes review.csv --table flights --branch relabel\n"
      "  millgate labels --effect-of relabel\n"
      "  millgate labels predicted --label kind --probability cat=p_cat --probability dog=p_dog\n"
      "  millgate labels visits --label late --rule \"arr_delay > 15\" --out review.csv\n"
      "  millgate labels annotations --item image --annotator who --label kind\n"
      "  millgate labels visits --jumps --label \"late = 1\" --by origin");
  const Parameter rows = command.add_option(
      "rows", options->rows,
      "rows with labels and probabilities of your own: a table, table@revision, a select; "
      "default: the task's rows, by models trained here");
  command.add_option("--label", options->issues.label, "SQL over these rows: the class")
      .needs(rows);
  Parameter jumps = command.add_flag(
      "--jumps", options->jumps,
      "over the log of a table: slices whose label rate jumped at a commit, among new rows or by "
      "labels that were changed; default: the task's table and label");
  command
      .add_option("--effect", options->jump_options.effect_min,
                  "with --jumps: difference of rates from which it is a jump")
      .between(0.0, 1.0)
      .shows_default()
      .needs(jumps);
  command
      .add_option("--support", options->jump_options.support_min,
                  "with --jumps: labelled rows that a slice needs on each side to be tested")
      .positive()
      .shows_default()
      .needs(jumps);
  command
      .add_option("--commits", options->jump_options.commit_count_max,
                  "with --jumps: go back over so many commits that changed the table")
      .positive()
      .shows_default()
      .needs(jumps);
  command
      .add_option("--probability", options->probabilities,
                  "CLASS=SQL over these rows: the out-of-fold probability of a class; one for each")
      .one_at_a_time()
      .needs(rows);
  command.add_option(
      "--rule", options->issues.rule,
      "SQL over the rows: what the label should be, by the columns that it is derived from; labels "
      "that contradict it come first. Default: label_rule of [task]");
  command
      .add_option("--by", options->review.by,
                  "column or condition: count issues by it (several times)")
      .one_at_a_time();
  Parameter annotator =
      command.add_option("--annotator", options->annotators.annotator,
                         "SQL over these rows: who gave the label. How far annotators agree, the "
                         "consensus, how good each is, and the items to look at first");
  annotator.needs(rows);
  command.add_option("--item", options->annotators.item, "with --annotator: SQL, what was labelled")
      .needs(annotator);
  command
      .add_option("--scale", options->scale,
                  "with --annotator: whether classes are just different, in order, or numbers")
      .one_of({"nominal", "ordinal", "interval"})
      .shows_default()
      .needs(annotator);
  command
      .add_option("--class", options->annotators.classes,
                  "with --annotator: a class, once for each, in their order; a label that is none "
                  "of them is an error")
      .one_at_a_time()
      .needs(annotator);
  command.add_option("--rev", options->review.revision, "revision to look at").shows_default();
  command.add_option("--folds", options->review.folds, "models, each for the rows of one fold")
      .between(3, 100)
      .shows_default();
  command.add_option("--rows", options->shown_max, "issues to print")
      .not_negative()
      .shows_default();
  command.add_option("--out", options->out,
                     "write all issues for review (.csv, .parquet ...); with the label corrected, "
                     "`commit --changes` takes the file");
  command.add_option("--effect-of", options->effect_of,
                     "revision with corrected labels: what they do to the model, against --rev");
  command.does([&session, options] { return labels(session, *options); });
}

}  // namespace millgate
