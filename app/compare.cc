#include <algorithm>
#include <iostream>
#include <set>

#include "app/commands.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "model/measure/metric.h"
#include "model/release/model_name.h"
#include "system/pipeline/paired_runs.h"
#include "system/pipeline/run.h"
#include "system/pipeline/run_difference.h"

namespace millgate {

namespace {

struct Options {
  std::vector<std::string> models;
  int resamples = 200;
};

/// The base beside another run.
struct Compared {
  RunReport base, other;
  RunComparison read;
  PairedRuns paired;
};

/// What each run measured on its own test rows.
struct MeasuredPair {
  std::string metric;
  const Evidence* base = nullptr;
  const Evidence* other = nullptr;
};

const Evidence* find_overall(const RunReport& report, std::string_view metric) {
  for (const Evidence& one : report.evidence) {
    if (one.metric == metric && one.slice.empty()) return &one;
  }
  return nullptr;
}

std::vector<MeasuredPair> measured_pairs(const Compared& all) {
  std::vector<MeasuredPair> pairs;
  for (const Metric& metric : all_metrics()) {
    MeasuredPair pair{.metric = std::string(metric.name), .base = nullptr, .other = nullptr};
    pair.base = find_overall(all.base, metric.name);
    pair.other = find_overall(all.other, metric.name);
    if (pair.base != nullptr || pair.other != nullptr) pairs.push_back(std::move(pair));
  }
  return pairs;
}

/// Rounds at which learning curves are told: few, and closer where losses fall fast.
std::vector<size_t> told_rounds(size_t longest) {
  std::vector<size_t> rounds;
  for (size_t decade = 1; decade <= longest; decade *= 10) {
    for (const size_t step : {1U, 2U, 5U}) {
      if (decade * step <= longest) rounds.push_back(decade * step);
    }
  }
  if (!rounds.empty() && rounds.back() != longest) rounds.push_back(longest);
  return rounds;
}

Json curve_json(const RunReport& report) {
  return {{"best_round", report.best_round}, {"valid_loss", report.valid_loss}};
}

Json table_json(const RunTableChange& table) {
  Json cells = Json::object();
  for (const auto& [column, count] : table.changed_cells) cells[column] = count;
  return {{"table", table.table},
          {"added", table.added},
          {"dropped", table.dropped},
          {"inserted", table.inserted_count},
          {"updated", table.updated_count},
          {"removed", table.removed_count},
          {"changed_cells", cells},
          {"columns_added", table.columns_added},
          {"columns_removed", table.columns_removed}};
}

Json paired_json(const PairedRuns& paired) {
  Json values = Json::array();
  for (const PairedValue& one : paired.values) {
    values.push_back({{"metric", one.metric},
                      {"slice", one.slice},
                      {"row_count", one.row_count},
                      {"base", one.base},
                      {"other", one.other},
                      {"change", one.change},
                      {"lower", one.lower ? Json(*one.lower) : Json()},
                      {"upper", one.upper ? Json(*one.upper) : Json()},
                      {"is_better", one.is_better},
                      {"is_worse", one.is_worse}});
  }
  return {{"data_commit", paired.data_commit},
          {"rows", paired.rows},
          {"row_count", paired.row_count},
          {"why_not", paired.why_not},
          {"values", values}};
}

Json to_json(const Compared& all) {
  Json tables = Json::array();
  for (const RunTableChange& table : all.read.tables) tables.push_back(table_json(table));
  Json differences = Json::array();
  for (const RunDifference& one : all.read.differences) {
    differences.push_back({{"what", one.what}, {"base", one.before}, {"other", one.after}});
  }
  Json measured = Json::array();
  for (const MeasuredPair& one : measured_pairs(all)) {
    measured.push_back({{"metric", one.metric},
                        {"base", one.base == nullptr ? Json() : millgate::to_json(*one.base)},
                        {"other", one.other == nullptr ? Json() : millgate::to_json(*one.other)}});
  }
  return {{"base", all.base.model.hex()},
          {"other", all.other.model.hex()},
          {"tables", tables},
          {"differences", differences},
          {"same_rows", paired_json(all.paired)},
          {"measured", measured},
          {"curves", {{"base", curve_json(all.base)}, {"other", curve_json(all.other)}}}};
}

std::string table_text(const RunTableChange& table) {
  std::string text = "rows of " + table.table + ": ";
  if (table.added) return text + "read by the second alone";
  if (table.dropped) return text + "read by the first alone";
  text += grouped(table.inserted_count) + " more, " + grouped(table.removed_count) + " gone, " +
          grouped(table.updated_count) + " changed";
  std::string columns;
  for (const auto& [column, count] : table.changed_cells) {
    columns += (columns.empty() ? " (" : ", ") + column + " in " + grouped(count);
  }
  if (!columns.empty()) text += columns + ")";
  for (const std::string& column : table.columns_added) text += "; column " + column + " new";
  for (const std::string& column : table.columns_removed) text += "; column " + column + " gone";
  return text;
}

void print_differences(const Compared& all) {
  if (!all.read.any()) {
    std::cout << "nothing that they read differs\n";
    return;
  }
  TextTable table({"differs", all.base.model.brief(), all.other.model.brief()});
  for (const RunDifference& one : all.read.differences) {
    table.add({one.what, one.before.empty() ? "-" : brief_text(one.before),
               one.after.empty() ? "-" : brief_text(one.after)});
  }
  if (!table.empty()) table.print(std::cout);
  for (const RunTableChange& one : all.read.tables) std::cout << table_text(one) << '\n';
}

std::string interval(const std::optional<double>& lower, const std::optional<double>& upper) {
  return lower && upper ? with_sign(*lower, 2) + " to " + with_sign(*upper, 2) : "";
}

const char* verdict_of(const PairedValue& one) {
  if (one.is_better) return "better";
  return one.is_worse ? "worse" : "";
}

void print_paired(const Compared& all) {
  if (!all.paired.why_not.empty()) {
    std::cout << "\nnot on the same rows: " << all.paired.why_not << '\n';
    return;
  }
  std::cout << "\non the same " << grouped(all.paired.row_count) << " rows of commit "
            << all.paired.data_commit.substr(0, 12) << ", " << all.paired.rows << ":\n\n";
  TextTable overall(
      {"metric", all.base.model.brief(), all.other.model.brief(), "change", "95 % interval", ""});
  TextTable sliced({"slice", "metric", "rows", all.base.model.brief(), all.other.model.brief(),
                    "change", "95 % interval", ""});
  for (const PairedValue& one : all.paired.values) {
    if (one.slice.empty()) {
      overall.add({one.metric, rounded(one.base), rounded(one.other), with_sign(one.change),
                   interval(one.lower, one.upper), verdict_of(one)});
    } else {
      sliced.add({one.slice, one.metric, grouped(one.row_count), rounded(one.base),
                  rounded(one.other), with_sign(one.change), interval(one.lower, one.upper),
                  verdict_of(one)});
    }
  }
  overall.print(std::cout);
  if (!sliced.empty()) {
    std::cout << '\n';
    sliced.print(std::cout);
  }
}

std::string value_text(const Evidence* one) { return one == nullptr ? "" : rounded(one->value); }

void print_measured(const Compared& all) {
  std::cout << "\neach on its own test rows (" << grouped(all.base.test_rows) << " and "
            << grouped(all.other.test_rows) << "):\n\n";
  TextTable table({"metric", all.base.model.brief(), all.other.model.brief(), "change"});
  for (const MeasuredPair& one : measured_pairs(all)) {
    const bool both = one.base != nullptr && one.other != nullptr;
    table.add({one.metric, value_text(one.base), value_text(one.other),
               both ? with_sign(one.other->value - one.base->value) : ""});
  }
  table.print(std::cout);
}

void print_curves(const Compared& all) {
  const auto& before = all.base.valid_loss;
  const auto& after = all.other.valid_loss;
  if (before.empty() && after.empty()) return;
  std::cout << "\nloss on validation rows by round (best: "
            << (before.empty() ? "-" : std::to_string(all.base.best_round)) << " and "
            << (after.empty() ? "-" : std::to_string(all.other.best_round)) << "):\n\n";
  TextTable table({"round", all.base.model.brief(), all.other.model.brief()});
  const auto at = [](const std::vector<double>& curve, size_t round) {
    return round <= curve.size() ? rounded(curve[round - 1]) : std::string();
  };
  for (const size_t round : told_rounds(std::max(before.size(), after.size()))) {
    table.add({std::to_string(round), at(before, round), at(after, round)});
  }
  table.print(std::cout);
}

Result<Compared> compare_two(const Workplace& place, const Id& base, const Id& other,
                             const Options& options) {
  const Repository& repository = *place.repository;
  Compared all;
  MILLGATE_ASSIGN(all.base, read_run(repository, base));
  MILLGATE_ASSIGN(all.other, read_run(repository, other));
  MILLGATE_ASSIGN(all.read, compare_runs(repository, base, other));
  PairOptions how;
  how.resamples = options.resamples;
  if (place.project.task) how.slices = place.project.task->slices;
  MILLGATE_ASSIGN(all.paired, pair_runs(repository, place.project, base, other, how));
  return all;
}

Result<int> compare(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  if (options.models.size() < 2) {
    return invalid_input(
        "`compare` needs two models or more",
        "`millgate runs` lists them, for example: millgate compare serving latest");
  }
  std::vector<Id> ids;
  for (const std::string& name : options.models) {
    MILLGATE_ASSIGN(const Id id, resolve_model(place.repository->ledger(), name));
    ids.push_back(id);
  }
  Json list = Json::array();
  for (size_t i = 1; i < ids.size(); ++i) {
    MILLGATE_ASSIGN(const Compared all, compare_two(place, ids.front(), ids[i], options));
    if (session.json) {
      list.push_back(to_json(all));
      continue;
    }
    if (i > 1) std::cout << "\n----\n";
    print_differences(all);
    print_paired(all);
    print_measured(all);
    print_curves(all);
  }
  if (session.json) print_json({{"comparisons", list}});
  return kDone;
}

}  // namespace

void add_compare(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "compare", "what differs between runs, and what that did to the metrics, on the same rows",
      "millgate compare serving latest");
  command.add_option("models", options->models,
                     "ids, their prefixes, `latest` or `serving`; the first is the base");
  command.add_option("--resamples", options->resamples, "of the rows, for the intervals")
      .positive()
      .shows_default();
  command.does([&session, options] { return compare(session, *options); });
}

}  // namespace millgate
