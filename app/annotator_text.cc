#include "app/annotator_text.h"

#include <algorithm>
#include <cmath>
#include <iostream>

#include "app/text_table.h"
#include "system/monitor/wording.h"

namespace millgate {

namespace {

std::string share_text(double share) { return std::isnan(share) ? "-" : percent(share); }

std::string measure_text(const std::optional<double>& value) {
  return value ? rounded(*value, 3) : "cannot be told";
}

void print_agreement(const AnnotatorReport& report) {
  std::cout << grouped(static_cast<int64_t>(report.ratings.given.size())) << " labels of "
            << grouped(static_cast<int64_t>(report.review.size())) << " items by "
            << report.annotators.size() << " annotators; " << grouped(report.shared_item_count)
            << " items have several";
  if (report.unlabelled > 0) std::cout << "; " << count_of(report.unlabelled, "row") << " left out";
  std::cout << "\n\nagreement beyond chance (1: always, 0: as by chance)\n";
  TextTable table({"measure", "value"});
  table.add({report.scale == LabelScale::nominal   ? "Krippendorff's alpha, nominal"
             : report.scale == LabelScale::ordinal ? "Krippendorff's alpha, ordinal"
                                                   : "Krippendorff's alpha, interval",
             measure_text(report.krippendorff_alpha)});
  table.add({"Fleiss' kappa", measure_text(report.fleiss_kappa)});
  table.print(std::cout);
  if (!report.krippendorff_alpha) {
    std::cout << "all labels are of one class: chance would agree as well\n";
  } else if (!report.fleiss_kappa) {
    std::cout << "Fleiss' kappa is for items that have equally many labels\n";
  }
}

/// "said cat for dog in 23 %": where he is wrong most often.
std::string confused_text(const AnnotatorReport& report, size_t annotator) {
  const size_t k = report.classes.size();
  double most = 0;
  std::string text;
  for (size_t a = 0; a < k; ++a) {
    for (size_t b = 0; b < k; ++b) {
      const double share = report.consensus.confusion[(annotator * k + a) * k + b];
      const double weight = share * report.consensus.shares[a];
      if (a == b || weight <= most || share < 0.005) continue;
      most = weight;
      text = report.classes[b] + " for " + report.classes[a] + " in " + percent(share);
    }
  }
  return text;
}

void print_qualities(const AnnotatorReport& report) {
  TextTable table({"annotator", "labels", "agrees", "accuracy", "skill", "most often says"});
  for (size_t i = 0; i < report.annotators.size(); ++i) {
    const AnnotatorQuality& one = report.qualities[i];
    table.add({report.annotators[i], grouped(static_cast<int64_t>(one.label_count)),
               share_text(one.agreement), share_text(one.accuracy), rounded(one.skill, 2),
               confused_text(report, i)});
  }
  std::cout << '\n';
  table.print(std::cout);
}

void print_pairs(const AnnotatorReport& report, int64_t shown_max) {
  std::vector<PairAgreement> pairs = report.pairs;
  std::stable_sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) {
    return a.kappa.value_or(2) < b.kappa.value_or(2);
  });
  TextTable table({"pair", "items", "same", "Cohen's kappa"});
  const auto count = std::min(pairs.size(), static_cast<size_t>(shown_max));
  for (size_t i = 0; i < count; ++i) {
    const PairAgreement& one = pairs[i];
    table.add({report.annotators[one.first] + ", " + report.annotators[one.second],
               grouped(one.item_count), percent(one.observed), measure_text(one.kappa)});
  }
  if (count == 0) return;
  std::cout << '\n';
  table.print(std::cout);
  if (count < pairs.size()) {
    std::cout << grouped(static_cast<int64_t>(pairs.size() - count)) << " pairs agree more\n";
  }
}

void print_review(const AnnotatorReport& report, int64_t shown_max) {
  TextTable table({"item", "labels", "consensus", "its probability", "labels that say so"});
  const auto count = std::min(report.review.size(), static_cast<size_t>(shown_max));
  for (size_t i = 0; i < count; ++i) {
    const AnnotatorReport::Item& one = report.review[i];
    table.add({report.items[one.item], std::to_string(one.label_count),
               report.classes[one.consensus], rounded(one.probability, 3), percent(one.agreement)});
  }
  if (count == 0) return;
  std::cout << "\nlook at these first\n";
  table.print(std::cout);
}

}  // namespace

void print_annotators(const AnnotatorReport& report, int64_t shown_max) {
  print_agreement(report);
  print_qualities(report);
  print_pairs(report, shown_max);
  print_review(report, shown_max);
  if (const auto names = report.hardly_known(); !names.empty()) {
    std::cout << '\n'
              << names.size() << " of " << report.annotators.size()
              << " annotators gave fewer than 20 labels: how good they are is a guess, and so is "
                 "a consensus that rests on them\n";
  }
  if (!report.consensus.converged) {
    std::cout << "\nthe consensus still moved after " << report.consensus.rounds
              << " rounds: read its probabilities with care\n";
  }
}

}  // namespace millgate
