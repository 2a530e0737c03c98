#include "app/feature_usefulness.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iostream>

#include "app/talk.h"
#include "app/text_table.h"
#include "ground/clock.h"
#include "ground/comma_list.h"

namespace millgate {

namespace {

/// People must not overlook these two.
std::string advice_text(FeatureAdvice advice) {
  std::string text(to_string(advice));
  if (advice != FeatureAdvice::leak && advice != FeatureAdvice::suspect) return text;
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  return text;
}

std::string interval_text(const std::optional<MetricLoss>& loss) {
  if (!loss) return "";
  if (!loss->lower) return with_sign(loss->value);
  return with_sign(loss->value) + " (" + with_sign(*loss->lower, 2) + " .. " +
         with_sign(*loss->upper, 2) + ")";
}

std::string time_text(double nanoseconds) {
  return nanoseconds < 1000 ? rounded(nanoseconds, 2) + " ns"
                            : rounded(nanoseconds / 1000, 2) + " us";
}

const char* strength_name(const Usefulness& of) { return of.regression ? "R2" : "AUC"; }

std::string rows_text(int64_t taken, int64_t all) {
  return taken == all ? grouped(all) : grouped(taken) + " of " + grouped(all);
}

std::string day(int64_t micros) { return to_string(Time{micros}).substr(0, 10); }

void print_head(const Usefulness& of) {
  std::cout << of.metric << " " << rounded(of.value);
  if (!std::isnan(of.strength))
    std::cout << ", " << strength_name(of) << " " << rounded(of.strength);
  std::cout << " on " << rows_text(of.held_out_rows, of.held_out_rows_of)
            << " held-out rows; trained on " << rows_text(of.training_rows, of.training_rows_of)
            << '\n';
  std::cout << of.metric << " is worse by " << interval_text(of.gain)
            << " where every row is predicted as the mean label";
  if (!of.gain.is_above_zero())
    std::cout << ":\nthe model is not clearly better, so it says little of its features";
  std::cout << "\n";
  std::cout << "permuted, left out: by how much " << of.metric
            << " gets worse (95 % interval); alone: " << strength_name(of) << "\n\n";
}

void print_features(const Usefulness& of) {
  TextTable table({"feature", "advice", "permuted", "left out", "alone", "nearest", "missing"});
  for (const UsefulFeature& one : of.features) {
    if (one.advice == FeatureAdvice::leak) {
      table.add({one.name, advice_text(one.advice), "", "", "", "", ""});
      continue;
    }
    table.add({one.name, advice_text(one.advice), interval_text(one.permuted),
               interval_text(one.left_out), std::isnan(one.alone) ? "" : rounded(one.alone, 3),
               one.nearest.empty() ? "" : one.nearest + " (" + percent(one.told_share) + ")",
               percent(one.missing_share)});
  }
  table.print(std::cout);
  std::cout << '\n';
  for (const UsefulFeature& one : of.features) {
    std::cout << one.name << ": " << one.reason << '\n';
  }
}

void print_groups(const Usefulness& of) {
  if (of.groups.empty()) return;
  std::cout << "\nfeatures that carry each other, taken away together\n";
  TextTable table({"group", "permuted", "left out"});
  for (const FeatureGroup& group : of.groups) {
    table.add(
        {comma_list(group.features), interval_text(group.permuted), interval_text(group.left_out)});
  }
  table.print(std::cout);
}

void print_periods(const Usefulness& of) {
  if (of.periods.empty()) return;
  std::cout
      << "\nwhat each says of the label, in thousandths of a nat; how far its values are from "
         "those trained on\n";
  std::vector<std::string> header = {"feature"};
  for (const StudyPeriod& one : of.periods) {
    header.push_back((one.is_held_out ? "held out from " : "from ") + day(one.from_micros));
  }
  TextTable table(header);
  for (const UsefulFeature& one : of.features) {
    if (one.periods.empty()) continue;
    std::vector<std::string> cells = {one.name};
    for (const FeatureInPeriod& in : one.periods) {
      cells.push_back(rounded(1000 * in.information, 3) + "; " + rounded(in.distance, 2));
    }
    table.add(std::move(cells));
  }
  table.print(std::cout);
}

void print_costs(const UsefulFeatures& found) {
  TextTable table({"feature", "time a row", "from"});
  for (size_t i = 0; i < found.sources.size(); ++i) {
    const UsefulFeature& one = found.usefulness.features[i];
    const bool is_timed = one.advice != FeatureAdvice::leak;
    table.add({one.name, is_timed ? time_text(one.nanoseconds_per_row) : "",
               comma_list(found.sources[i])});
  }
  std::cout << '\n';
  table.print(std::cout);
}

void print_notes(const Usefulness& of) {
  if (of.without_dropped) {
    std::cout << "\ntrained without " << comma_list(of.dropped) << ": " << of.metric << " worse by "
              << interval_text(of.without_dropped) << ", "
              << (of.without_dropped->is_above_zero() ? "so do not drop them all at once"
                  : of.without_dropped->is_below_zero()
                      ? "which is better: drop them"
                      : "no difference that can be told: drop them")
              << '\n';
  }
  std::vector<std::string> suspects;
  for (const UsefulFeature& one : of.features) {
    if (one.advice == FeatureAdvice::suspect) suspects.push_back(one.name);
  }
  if (!suspects.empty()) {
    std::cout << "\nBeside a feature that knows the answer nothing else seems useful: judge the "
                 "others without it,\nby --without "
              << suspects.front() << '\n';
  }
  std::cout
      << "\nOf features that go together each seems useless while the others stay: read the "
         "groups before you\ndrop several. \"Permuted\" is of this one model, \"left out\" of "
         "what is trained without it.\n";
}

void print_useful(const UsefulFeatures& found) {
  print_head(found.usefulness);
  print_features(found.usefulness);
  print_groups(found.usefulness);
  print_periods(found.usefulness);
  print_costs(found);
  print_notes(found.usefulness);
}

}  // namespace

Result<int> show_useful_features(const Session& session, UsefulFeaturesOptions& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  options.study.progress = progress_line();
  const auto found = useful_features(*place.repository, place.project, options);
  end_progress();
  if (!found.ok()) return found.error();
  if (!session.json) {
    print_useful(*found);
    return kDone;
  }
  Json json = to_json(found->usefulness);
  for (size_t i = 0; i < found->sources.size(); ++i) {
    json["features"][i]["sources"] = found->sources[i];
  }
  print_json(json);
  return kDone;
}

}  // namespace millgate
