#include <algorithm>
#include <cmath>
#include <iostream>

#include "app/commands.h"
#include "app/joined_rows.h"
#include "app/model_drift_text.h"
#include "app/personal_exit.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "data/check/table_drift.h"
#include "ground/comma_list.h"
#include "model/release/model_name.h"
#include "model/study/sample_classifier.h"
#include "system/monitor/wording.h"
#include "system/pipeline/model_drift.h"

namespace millgate {

namespace {

struct Options {
  std::string reference;
  std::string current;
  std::string revision = kCurrentBranch;
  std::string correction = "bh";
  bool exit_code = false;
  bool no_label = false;
  bool classify = false;
  std::string model;  ///< Empty: none.
  TableDriftOptions drift;
  SampleClassifierOptions classifier;
};

/// What drift is held against.
struct Judge {
  Id id;
  std::shared_ptr<const Model> model;
};

/// What was found about one pair.
struct Compared {
  TableDrift drift;
  std::optional<SampleClassifier> classifier;
  bool told_apart = false;      ///< By the classifier: clearly, and far enough.
  std::string classifier_note;  ///< Why there is none; empty otherwise.
  std::optional<ModelDrift> model;
};

/// One pair of rows to compare, and what it is called.
struct Pair {
  std::string name;
  std::string reference;
  std::string current;
};

/// "main~1 main" means every table of both commits; anything else means rows.
Result<std::vector<Pair>> pairs_of(const Repository& repository, const Options& options) {
  const std::vector<Pair> rows = {{"", options.reference, options.current}};
  if (const auto commit = repository.resolve(options.revision); commit.ok()) {
    if (commit->tables.contains(options.reference) || commit->tables.contains(options.current)) {
      return rows;
    }
  }
  const auto reference = repository.resolve(options.reference);
  const auto current = repository.resolve(options.current);
  if (!reference.ok() || !current.ok()) return rows;
  std::vector<Pair> pairs;
  for (const auto& [table, version] : reference->tables) {
    const auto other = current->tables.find(table);
    if (other == current->tables.end() || other->second == version) continue;
    pairs.push_back({table, quote_name(table + "@" + reference->id.hex()),
                     quote_name(table + "@" + current->id.hex())});
  }
  return pairs;
}

/// The label of the project's task, where both sides have its columns.
Result<std::string> label_of(const Workplace& place, Database& database, const AskedRows& reference,
                             const AskedRows& current) {
  if (!place.project.task || place.project.task->kind != TaskKind::binary) return std::string();
  const std::string label = with_quoted_columns(place.project.task->label, reference);
  for (const AskedRows* side : {&reference, &current}) {
    const auto described =
        database.describe("select cast((" + label + "\n) as boolean) from " + side->name);
    if (!described.ok()) return std::string();
  }
  return label;
}

std::string p_text(double p) {
  if (p < 1e-4) return "< 0.0001";
  return rounded(p, 2);
}

std::string change_of(const ColumnShift& column) {
  if (column.numbers) {
    return "mean " + rounded(column.numbers->reference_mean) + " -> " +
           rounded(column.numbers->current_mean) + ", moved by " +
           rounded(column.numbers->wasserstein, 3);
  }
  if (column.new_category_count > 0 && column.new_category_rows > 0) {
    return grouped(column.new_category_count) + " new: " + column.new_categories.front().value +
           (column.new_category_count > 1 ? ", ..." : "") + " (" +
           percent(static_cast<double>(column.new_category_rows) /
                   static_cast<double>(column.current_count)) +
           ")";
  }
  if (column.gone_category_count > 0) {
    return grouped(column.gone_category_count) + " gone: " + column.gone_categories.front().value +
           (column.gone_category_count > 1 ? ", ..." : "");
  }
  return "";
}

std::string verdict_of(const ColumnShift& column) {
  if (column.shifted) return "SHIFTED";
  if (!column.compared) return "";
  if (!column.judged) return "too few to judge";
  return column.significant ? "slight" : "same";
}

void print_columns(const TableDrift& drift) {
  TextTable table({"column", "kind", "effect", "PSI", "p (adjusted)", "change", ""});
  for (const ColumnShift& column : drift.columns) {
    if (!column.compared) continue;
    table.add({column.name, to_string(column.kind), rounded(column.effect, 3),
               rounded(column.psi, 3), column.judged ? p_text(column.adjusted_p_value) : "",
               change_of(column), verdict_of(column)});
  }
  table.print(std::cout);
  for (const ColumnShift& column : drift.columns) {
    if (column.note.empty()) continue;
    std::cout << column.name << ": " << column.note;
    if (!column.reference_range.empty() && !column.current_range.empty()) {
      std::cout << " (" << column.reference_range << ", then " << column.current_range << ')';
    }
    std::cout << '\n';
  }
}

void print_missing(const TableDrift& drift) {
  TextTable table({"missing values", "difference", "95 % interval", "p (adjusted)"});
  for (const ColumnShift& column : drift.columns) {
    if (!column.missing_shifted) continue;
    table.add({column.name, with_sign(column.missing.difference),
               with_sign(column.missing.lower) + " .. " + with_sign(column.missing.upper),
               p_text(column.missing_adjusted_p_value)});
  }
  if (table.empty()) return;
  std::cout << '\n';
  table.print(std::cout);
}

void print_relations(const TableDrift& drift) {
  if (drift.relations.empty()) return;
  constexpr size_t kShown = 10;
  std::cout << "\nrelations that changed (Spearman's correlation; "
            << grouped(static_cast<int64_t>(drift.relations.size())) << " of "
            << grouped(drift.relation_count) << " pairs)\n";
  TextTable table({"columns", "before", "now", "p (adjusted)"});
  for (size_t i = 0; i < std::min(kShown, drift.relations.size()); ++i) {
    const RelationShift& one = drift.relations[i];
    table.add({one.first + ", " + one.second, with_sign(one.reference), with_sign(one.current),
               p_text(one.adjusted_p_value)});
  }
  table.print(std::cout);
}

void print_classifier(const Compared& compared) {
  if (!compared.classifier_note.empty()) {
    std::cout << "a model that tells the samples apart: " << compared.classifier_note << '\n';
  }
  if (!compared.classifier) return;
  const SampleClassifier& found = *compared.classifier;
  std::cout << "\na model tells rows before from rows now with an AUC of " << rounded(found.auc, 3)
            << " (" << rounded(found.lower, 3) << " .. " << rounded(found.upper, 3)
            << "; 0.5 is not at all), effect " << rounded(found.effect(), 3) << ", p "
            << (found.p_value < 1e-4 ? "" : "= ") << p_text(found.p_value) << ",\non "
            << grouped(found.reference_rows) << " and " << count_of(found.current_rows, "row")
            << ": " << (compared.told_apart ? "TOLD APART" : "not told apart") << '\n';
  constexpr size_t kShown = 10;
  TextTable table({"by", "AUC lost without its values", "95 % interval"});
  for (const TellingColumn& one : found.columns) {
    if (!compared.told_apart || !one.loss.is_above_zero()) continue;
    if (&one - found.columns.data() >= static_cast<ptrdiff_t>(kShown)) break;
    table.add({one.name, rounded(one.loss.value, 3),
               with_sign(*one.loss.lower) + " .. " + with_sign(*one.loss.upper)});
  }
  if (!table.empty()) table.print(std::cout);
}

void print_drift(const Pair& pair, const Compared& compared) {
  const TableDrift& drift = compared.drift;
  constexpr size_t kShown = 20;
  if (!pair.name.empty()) std::cout << "table " << pair.name << '\n';
  std::cout << count_of(drift.reference_rows, "row") << " before, " << grouped(drift.current_rows)
            << " now\n";
  print_columns(drift);
  if (!drift.only_reference.empty()) {
    std::cout << "columns that are gone: " << brief_list(drift.only_reference, kShown) << '\n';
  }
  if (!drift.only_current.empty()) {
    std::cout << "columns that are new: " << brief_list(drift.only_current, kShown) << '\n';
  }
  print_missing(drift);
  print_relations(drift);
  if (drift.label_rate) {
    std::cout << "\nlabel rate " << percent(drift.reference_labels.value()) << " -> "
              << percent(drift.current_labels.value()) << ", difference "
              << with_sign(drift.label_rate->difference) << " ("
              << with_sign(drift.label_rate->lower) << " .. " << with_sign(drift.label_rate->upper)
              << ")\n";
  }
  if (drift.joint) {
    std::cout << "rows as a whole: maximum mean discrepancy " << rounded(drift.joint->statistic, 3)
              << ", p = " << rounded(drift.joint->p_value, 2) << "; energy distance "
              << rounded(drift.joint_energy->statistic, 3)
              << ", p = " << rounded(drift.joint_energy->p_value, 2) << "; on "
              << count_of(drift.joint_rows, "row") << '\n';
  } else if (!drift.joint_note.empty()) {
    std::cout << "rows as a whole: " << drift.joint_note << '\n';
  }
  print_classifier(compared);
  int64_t shifted = 0;
  int64_t compared_count = 0;
  for (const ColumnShift& column : drift.columns) {
    shifted += column.shifted ? 1 : 0;
    compared_count += column.compared ? 1 : 0;
  }
  std::cout << '\n'
            << grouped(shifted) << " of " << grouped(compared_count) << " columns shifted\n";
}

/// Clear, and as far apart as a single column would have to be. A sample too small for a model, or
/// one without columns for it, is no error: the columns have been compared.
Status classify(Database& database, const std::vector<AskedRows>& sides, const Options& options,
                Compared& compared) {
  SampleClassifierOptions how = options.classifier;
  how.seed = options.drift.seed;
  how.progress = progress_line();
  auto found = tell_samples_apart(database, sides[0], sides[1], how);
  end_progress();
  if (!found.ok()) {
    if (found.error().code != ErrorCode::invalid_input || !how.columns.empty())
      return found.error();
    compared.classifier_note = found.error().what;
    return {};
  }
  compared.told_apart = found->p_value < options.drift.false_discovery_rate &&
                        found->effect() >= options.drift.effect_min;
  compared.classifier = std::move(*found);
  return {};
}

/// Categories as the policy for personal data asks.
Status show_guarded(const Repository& repository, const Options& options, const Pair& pair,
                    TableDrift& drift) {
  const auto show = [&](const std::string& rows,
                        std::vector<OneSidedCategory> ColumnShift::*found) -> Status {
    MILLGATE_ASSIGN(const GuardedCells cells, open_cells(repository, rows, options.revision));
    if (cells.empty()) return {};
    for (ColumnShift& column : drift.columns) {
      for (OneSidedCategory& one : column.*found) one.value = cells.shown(column.name, one.value);
    }
    return {};
  };
  MILLGATE_TRY(show(pair.current, &ColumnShift::new_categories));
  return show(pair.reference, &ColumnShift::gone_categories);
}

/// Rows of the task's table as the model sees them.
Result<std::shared_ptr<arrow::Table>> seen_by(const Workplace& place, Database& database,
                                              const AskedRows& rows, const Model& model,
                                              const std::string& revision) {
  MILLGATE_ASSIGN(std::shared_ptr<arrow::Table> table,
                  database.query("select * from " + rows.name));
  return joined_given_rows(place, revision, model, std::move(table));
}

Result<Compared> compare_pair(const Workplace& place, const Options& options, const Pair& pair,
                              const Judge& judge) {
  MILLGATE_ASSIGN(
      const auto database,
      Database::open({.spill_folder = place.repository->folder("scratch"), .user_sql = true}));
  MILLGATE_ASSIGN(
      const std::vector<AskedRows> sides,
      open_rows(*database, *place.repository, {pair.reference, pair.current}, options.revision));
  TableDriftOptions how = options.drift;
  if (how.label.empty() && !options.no_label) {
    MILLGATE_ASSIGN(how.label, label_of(place, *database, sides[0], sides[1]));
  }
  Compared compared;
  MILLGATE_ASSIGN(compared.drift, compare_rows(*database, sides[0], sides[1], how));
  MILLGATE_TRY(show_guarded(*place.repository, options, pair, compared.drift));
  if (options.classify) MILLGATE_TRY(classify(*database, sides, options, compared));
  const bool is_of_task = place.project.task && place.project.task->table == pair.name;
  if (judge.model && (pair.name.empty() || is_of_task)) {
    MILLGATE_ASSIGN(const auto before,
                    seen_by(place, *database, sides[0], *judge.model, options.revision));
    MILLGATE_ASSIGN(const auto now,
                    seen_by(place, *database, sides[1], *judge.model, options.revision));
    MILLGATE_ASSIGN(compared.model,
                    weigh_drift(*place.repository, place.project, *judge.model, *before, *now));
  }
  return compared;
}

Result<int> drift(const Session& session, Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  options.drift.correction = options.correction == "by"     ? FalseDiscovery::benjamini_yekutieli
                             : options.correction == "none" ? FalseDiscovery::none
                                                            : FalseDiscovery::benjamini_hochberg;
  MILLGATE_ASSIGN(const std::vector<Pair> pairs, pairs_of(*place.repository, options));
  Judge judge;
  if (!options.model.empty()) {
    MILLGATE_ASSIGN(judge.id, resolve_model(place.repository->ledger(), options.model));
    MILLGATE_ASSIGN(judge.model, Model::load_of_one_number(place.repository->objects(), judge.id));
  }
  Json tables = Json::array();
  bool shifted = false;
  for (const Pair& pair : pairs) {
    MILLGATE_ASSIGN(const Compared found, compare_pair(place, options, pair, judge));
    shifted = shifted || found.drift.shifted() || found.told_apart;
    Json json = to_json(found.drift);
    json["table"] = pair.name;
    if (options.classify) {
      json["classifier"] = found.classifier ? to_json(*found.classifier) : Json();
      json["classifier_note"] = found.classifier_note;
      json["told_apart"] = found.told_apart;
    }
    if (found.model) json["model"] = to_json(*found.model);
    if (session.json) {
      tables.push_back(std::move(json));
    } else {
      if (&pair != &pairs.front()) std::cout << '\n';
      print_drift(pair, found);
      if (found.model) {
        print_model_drift(*found.model, judge.id, options.drift.effect_min, std::cout);
      }
    }
  }
  if (session.json) {
    print_json({{"reference", options.reference},
                {"current", options.current},
                {"shifted", shifted},
                {"tables", tables}});
  } else if (pairs.empty()) {
    std::cout << "no table differs between " << options.reference << " and " << options.current
              << '\n';
  }
  return options.exit_code && shifted ? kAnswerIsNo : kDone;
}

}  // namespace

void add_drift(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "drift", "how the distribution of some rows differs from that of others",
      "millgate drift flights@main~1 flights@main\n"
      "  millgate drift \"from flights where month = 1\" \"from flights where month = 7\"\n"
      "  millgate drift main~1 main\n"
      "  millgate drift \"from flights where month = 1\" \"from flights where month = 7\" "
      "--model serving");
  command
      .add_option("reference", options->reference,
                  "rows before: a table, table@revision, a select, or a revision of all tables")
      .required();
  command.add_option("current", options->current, "rows now, in the same way").required();
  command.add_option("--rev", options->revision, "revision of tables without one").shows_default();
  command
      .add_option("--effect", options->drift.effect_min,
                  "distance from which a difference counts: KS for numbers, total variation for "
                  "categories")
      .between(0.0, 1.0)
      .shows_default();
  command
      .add_option("--fdr", options->drift.false_discovery_rate,
                  "share of false discoveries that is accepted")
      .between(0.0, 1.0)
      .shows_default();
  command
      .add_option("--correction", options->correction,
                  "for many columns: bh (Benjamini-Hochberg), by (Benjamini-Yekutieli), none")
      .one_of({"bh", "by", "none"})
      .shows_default();
  command.add_option("--label", options->drift.label,
                     "condition whose rate is compared; default: the label of the task");
  command.add_flag("--no-label", options->no_label, "compare no rate of labels");
  command.add_option(
      "--model", options->model,
      "also weigh what the drift of each feature does to the loss of this model, and "
      "to what it earns; rows of the table of [task]");
  command.add_flag("--joint", options->drift.joint,
                   "also test the rows as a whole (maximum mean discrepancy, energy distance)");
  const Parameter classifier = command.add_flag(
      "--classifier", options->classify,
      "also train a model to tell the rows apart: how well it does, and by which columns");
  command
      .add_option("--classifier-columns", options->classifier.columns,
                  "columns that it learns from; default: all that can (several times)")
      .one_at_a_time()
      .needs(classifier);
  command
      .add_option("--classifier-rows", options->classifier.rows_max,
                  "of more rows of a side, every n-th is taken")
      .positive()
      .shows_default()
      .needs(classifier);
  command.add_option("--seed", options->drift.seed, "of the joint test and of the classifier")
      .shows_default();
  command.add_flag("--other-tools", options->drift.other_definitions,
                   "also measures as Evidently, NannyML and TFDV define them (in --json)");
  command.add_flag("--exit-code", options->exit_code, "exit with 1 when something shifted");
  command.does([&session, options] { return drift(session, *options); });
}

}  // namespace millgate
