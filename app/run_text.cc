#include "app/run_text.h"

#include <algorithm>
#include <iostream>
#include <set>

#include "app/talk.h"
#include "app/text_table.h"

namespace millgate {

namespace {

std::string interval(const Evidence& one) {
  return one.lower && one.upper ? rounded(*one.lower, 3) + " to " + rounded(*one.upper, 3) : "";
}

const std::set<std::string_view> shown_of_slices = {"auc", "recall", "macro_auc", "macro_f1",
                                                    "ndcg"};

const Evidence* find_evidence(const RunReport& report, std::string_view metric,
                              std::string_view slice) {
  for (const Evidence& one : report.evidence) {
    if (one.metric == metric && one.slice == slice) return &one;
  }
  return nullptr;
}

const Evidence* find_overall(const RunReport& report, std::string_view metric) {
  return find_evidence(report, metric, "");
}

/// Over all rows, then the slices.
void print_evidence(const RunReport& report) {
  const Evidence* ranked = find_overall(report, "ndcg");
  const char* counted = ranked == nullptr ? "rows" : "queries";
  TextTable overall({"metric", "value", "95 % interval", counted, "of"});
  TextTable sliced({"metric", "slice", "value", "95 % interval", counted});
  for (const Evidence& one : report.evidence) {
    if (one.slice.empty()) {
      overall.add(
          {one.metric, rounded(one.value), interval(one), grouped(one.row_count), one.data});
    } else if (one.slice.starts_with("class=") && !report.class_counts.empty()) {
      continue;  // In a table of their own.
    } else if (shown_of_slices.contains(one.metric) || one.slice.starts_with("by ")) {
      sliced.add(
          {one.metric, one.slice, rounded(one.value), interval(one), grouped(one.row_count)});
    }
  }
  std::cout << '\n';
  overall.print(std::cout);
  if (ranked != nullptr && !ranked->note.empty()) std::cout << "note: " << ranked->note << '\n';
  if (!sliced.empty()) {
    std::cout << '\n';
    sliced.print(std::cout);
  }
}

/// How good the model is at each class.
void print_each_class(const RunReport& report) {
  TextTable table({"class", "rows", "recall", "precision", "f1", "auc"});
  for (const ClassCount& one : report.class_counts) {
    int64_t rows = 0;
    for (const int64_t decided : one.decided) rows += decided;
    std::vector<std::string> cells = {one.name, grouped(rows)};
    for (const char* metric : {"recall", "precision", "f1", "auc"}) {
      const Evidence* found = find_evidence(report, metric, "class=" + one.name);
      cells.push_back(found == nullptr ? "" : rounded(found->value));
    }
    table.add(cells);
  }
  table.print(std::cout);
  std::cout << '\n';
}

/// What each class was taken for, where a table of it fits on a screen; else the most frequent
/// mistakes.
void print_classes(const RunReport& report) {
  const std::vector<ClassCount>& classes = report.class_counts;
  constexpr size_t kColumnsMax = 12;
  if (classes.empty()) return;
  print_each_class(report);
  if (classes.size() <= kColumnsMax) {
    std::vector<std::string> head = {"labelled \\ decided"};
    head.reserve(classes.size() + 1);
    for (const ClassCount& one : classes) head.push_back(one.name);
    TextTable table(head);
    for (const ClassCount& one : classes) {
      std::vector<std::string> cells = {one.name};
      cells.reserve(classes.size() + 1);
      for (const int64_t rows : one.decided) cells.push_back(grouped(rows));
      table.add(cells);
    }
    table.print(std::cout);
    return;
  }
  struct Mistake {
    int64_t rows;
    std::string label, decided;
  };
  std::vector<Mistake> mistakes;
  for (size_t a = 0; a < classes.size(); ++a) {
    for (size_t b = 0; b < classes.size(); ++b) {
      if (a == b || classes[a].decided[b] == 0) continue;
      mistakes.push_back({classes[a].decided[b], classes[a].name, classes[b].name});
    }
  }
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const Mistake& a, const Mistake& b) { return a.rows > b.rows; });
  if (mistakes.size() > kColumnsMax) mistakes.resize(kColumnsMax);
  TextTable table({"labelled", "decided", "rows"});
  for (const Mistake& one : mistakes) table.add({one.label, one.decided, grouped(one.rows)});
  std::cout << "the most frequent mistakes:\n";
  table.print(std::cout);
}

/// The members of an ensemble, each by itself.
void print_members(const RunReport& report) {
  if (report.members.empty()) return;
  std::cout << '\n';
  TextTable table({"member", "learner", "weight", "loss on valid", "on test"});
  for (const MemberResult& member : report.members) {
    table.add({member.name, member.learner, member.weight ? rounded(*member.weight, 3) : "",
               rounded(member.valid_loss), rounded(member.test_loss)});
  }
  table.print(std::cout);
  const auto parameter = report.parameters.find("combine");
  std::cout << "losses are those of each alone; together by `"
            << (parameter == report.parameters.end() ? "" : parameter->second)
            << "`: " << (report.valid_loss.empty() ? "" : rounded(report.valid_loss.back()))
            << " on valid\n";
}

/// What calibration did, and how often the truth was held.
void print_around(const RunReport& report) {
  if (!report.calibrated_by.empty()) {
    std::cout << "calibrated by " << report.calibrated_by << ":";
    const char* comma = " ";
    for (const auto& [metric, before] : report.before_calibration) {
      const Evidence* after = find_overall(report, metric);
      if (after == nullptr) continue;
      std::cout << comma << metric << ' ' << rounded(before) << " before, " << rounded(after->value)
                << " after";
      comma = "; ";
    }
    std::cout << '\n';
    const auto before = report.before_calibration.find("brier");
    const Evidence* after = find_overall(report, "brier");
    if (before != report.before_calibration.end() && after != nullptr &&
        after->value > before->second) {
      std::cout << "warning: calibration made the probabilities worse: "
                << grouped(report.calibration_rows)
                << " calibration rows are too few for it, or there was nothing to mend\n";
    }
  }
  const Evidence* coverage = find_overall(report, "coverage");
  if (!report.uncertainty || coverage == nullptr) return;
  const bool intervals = makes_intervals(report.uncertainty->method);
  const Evidence* size = find_overall(report, intervals ? "interval_width" : "set_size");
  std::cout << (intervals ? "intervals" : "sets") << " by " << to_text(report.uncertainty->method)
            << " for " << rounded(100 * report.uncertainty->coverage, 3) << " %: they held "
            << rounded(100 * coverage->value, 3) << " % of the test rows";
  if (size != nullptr) {
    std::cout << (intervals ? ", mean width " : ", with ") << rounded(size->value, 3)
              << (intervals ? "" : " answers in the mean");
  }
  std::cout << '\n';
  if (coverage->upper && *coverage->upper < report.uncertainty->coverage) {
    std::cout << "warning: that is less than promised, beyond chance: the test rows are not like "
                 "the calibration rows before them\n";
  }
}

}  // namespace

Json to_json(const RunReport& report) {
  Json evidence = Json::array();
  for (const Evidence& one : report.evidence) evidence.push_back(millgate::to_json(one));
  Json json = {{"model", report.model.hex()},
               {"event", report.event_number},
               {"data_commit", report.data_commit},
               {"steps", to_json(report.steps)},
               {"threshold", report.threshold},
               {"train_rows", report.train_rows},
               {"valid_rows", report.valid_rows},
               {"calibration_rows", report.calibration_rows},
               {"test_rows", report.test_rows},
               {"left_out_unlabelled", report.left_out_unlabelled},
               {"left_out_label_late", report.left_out_label_late},
               {"evidence", evidence}};
  if (!report.calibrated_by.empty()) {
    json["calibrated"] = {{"method", report.calibrated_by}, {"before", report.before_calibration}};
  }
  if (report.uncertainty) json["uncertainty"] = millgate::to_json(*report.uncertainty);
  for (const ClassCount& one : report.class_counts) {
    json["classes"].push_back({{"class", one.name}, {"decided", one.decided}});
  }
  if (!report.members.empty()) json["members"] = millgate::to_json(report.members);
  if (report.random_split_auc) json["random_split_auc"] = *report.random_split_auc;
  return json;
}

void print_steps(const std::vector<StepReport>& steps) {
  TextTable table({"step", "", "seconds", "why"});
  for (const StepReport& step : steps) {
    table.add({step.name, step.reused ? "reused" : "ran", rounded(step.seconds, 2), step.why});
  }
  table.print(std::cout);
}

void print_report(const RunReport& report) {
  print_steps(report.steps);
  std::cout << "\nrows: " << grouped(report.train_rows) << " train, " << grouped(report.valid_rows)
            << " validate, "
            << (report.calibration_rows > 0 ? grouped(report.calibration_rows) + " calibrate, "
                                            : "")
            << grouped(report.test_rows) << " test; left out "
            << grouped(report.left_out_unlabelled) << " without label, "
            << grouped(report.left_out_label_late) << " whose label came too late\n";
  print_evidence(report);
  std::cout << '\n';
  print_classes(report);
  const Confusion& counts = report.confusion;
  if (find_overall(report, "recall") != nullptr) {
    std::cout << "at threshold " << rounded(report.threshold, 3) << ": "
              << grouped(counts.true_positive) << " true and " << grouped(counts.false_positive)
              << " false alarms, " << grouped(counts.false_negative) << " missed, "
              << grouped(counts.true_negative) << " rightly let be\n";
  }
  print_members(report);
  print_around(report);
  const Evidence* auc = find_overall(report, "auc");
  if (report.random_split_auc && auc != nullptr && *report.random_split_auc > auc->value) {
    std::cout << "warning: a random split would claim AUC " << rounded(*report.random_split_auc, 3)
              << ", which flatters the model by "
              << with_sign(*report.random_split_auc - auc->value, 2)
              << ": rows of the same days would stand on both sides\n";
  }
  std::cout << "model " << report.model.brief() << " from commit "
            << report.data_commit.substr(0, 12) << '\n';
}

}  // namespace millgate
