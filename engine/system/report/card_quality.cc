#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "model/measure/metric.h"
#include "system/monitor/wording.h"
#include "system/report/calibration_plot.h"
#include "system/report/card_sections.h"
#include "system/report/citation.h"
#include "system/report/dot_plot.h"
#include "system/report/html.h"

namespace millgate {
namespace {

std::string paragraph(const std::string& html, const std::string& css_class = {}) {
  return css_class.empty() ? "<p>" + html + "</p>\n"
                           : "<p class=\"" + css_class + "\">" + html + "</p>\n";
}

std::string tile(const std::string& label, const std::string& figure, const std::string& range) {
  return "<div class=\"tile\"><div class=\"label\">" + escape_html(label) +
         "</div><div class=\"figure\">" + figure + "</div><div class=\"range\">" + range +
         "</div></div>\n";
}

std::string metric_tile(const CardFacts& facts, const std::string& metric,
                        const std::string& label) {
  const Evidence* one = facts.find(metric);
  if (one == nullptr) return {};
  const std::string interval = interval_text(*one);
  return tile(
      label, cite(facts, figure_text(one->value), *one),
      escape_html((interval.empty() ? "" : interval + ", ") + facts.count_text_of(one->row_count)));
}

/// The state of the model in one box: may it serve, does it serve.
std::string state_banner(const CardFacts& facts) {
  std::string css_class = "warn";
  std::string text = "No gate has judged this model yet.";
  if (facts.verdict) {
    const auto& judgements = facts.verdict->judgements();
    const auto failed = std::count_if(
        judgements.begin(), judgements.end(),
        [](const Judgement& one) { return !one.passed && one.requirement.level == Level::must; });
    const auto unmet = std::count_if(judgements.begin(), judgements.end(),
                                     [](const Judgement& one) { return !one.passed; });
    if (!facts.verdict->warns_only()) css_class = facts.verdict->passed() ? "good" : "bad";
    text = facts.verdict->passed()
               ? "It passed the gate: " +
                     (unmet == 0 ? "all " : count_text(std::ssize(judgements) - unmet) + " of ") +
                     count_of(static_cast<int64_t>(judgements.size()), "requirement") +
                     (judgements.size() == 1 ? " holds." : " hold.") +
                     (facts.verdict->warns_only() ? " The gate only warned." : "")
               : "The gate refused it: " + count_text(failed) + " of " +
                     count_of(static_cast<int64_t>(judgements.size()), "requirement") +
                     (failed == 1 ? " does" : " do") + " not hold.";
  }
  std::string html = "<div class=\"banner " + css_class + "\"><p><b>" + escape_html(text) + "</b>" +
                     (facts.verdict ? source_link(CardSource::verdict) : "") + "</p>";
  if (facts.serves_now()) {
    const Serving& now = facts.history.back();
    html += "<p>It serves since " + escape_html(time_text(now.since)) + ", by " +
            escape_html(now.how) + " of " + escape_html(now.by) + "." +
            source_link(CardSource::ledger) + "</p>";
    if (now.how == "override") {
      html +=
          "<p class=\"bad-text\">Released against the gate: " + escape_html(now.reason) + "</p>";
    }
  } else {
    html += "<p>It does not serve now.</p>";
  }
  return html + "</div>\n";
}

std::string words_of_auc(const CardFacts& facts) {
  const Evidence* auc = facts.find("auc");
  if (auc == nullptr) return {};
  const double hundred = std::round(auc->value * 100);
  return "Of two rows, one where it happened and one where it did not, the model gives the first "
         "the higher probability in " +
         cite(facts, figure_text(hundred) + " of 100 cases", *auc) +
         "; a coin would in 50, a perfect model in 100.";
}

std::string words_of_decision(const CardFacts& facts) {
  const Evidence* positive = facts.find("positive_rate");
  const Evidence* precision = facts.find("precision");
  const Evidence* recall = facts.find("recall");
  if (positive == nullptr || precision == nullptr || recall == nullptr) return {};
  return "At its threshold of " +
         cite(figure_text(facts.run.threshold), "threshold of the decision", CardSource::model) +
         " it says yes for " + cite(facts, percent_text(positive->value), *positive) +
         " of the rows. Of those, it is right for " +
         cite(facts, percent_text(precision->value), *precision) +
         "; of all that happened it finds " + cite(facts, percent_text(recall->value), *recall) +
         ".";
}

std::string words_of_calibration(const CardFacts& facts) {
  const Evidence* error = facts.find("calibration_error");
  if (error == nullptr) return {};
  const double points = error->value * 100;
  return "Its probabilities are off by " +
         cite(facts, figure_text(points) + " percentage points", *error) +
         " on average: when it says 30 %, expect about " +
         escape_html(figure_text(std::max(0.0, 30 - points)) + " to " + figure_text(30 + points) +
                     " %") +
         ".";
}

std::string words_of_utility(const CardFacts& facts) {
  const Evidence* utility = facts.find("utility");
  if (utility == nullptr) return {};
  return "With the gains and costs of the project file its decisions earn " +
         cite(facts, value_text(*utility), *utility) + " per 1,000 rows.";
}

std::string words_of_calibrating(const CardFacts& facts) {
  const RunReport& run = facts.run;
  const auto before = run.before_calibration.find("calibration_error");
  if (run.calibrated_by.empty() || before == run.before_calibration.end()) return {};
  return "Its probabilities are those of the learner, calibrated (" +
         escape_html(run.calibrated_by) + ") on " +
         cite(count_of(run.calibration_rows, "row"), "calibration rows", CardSource::run) +
         " that it was not trained on; without that they would be off by " +
         cite(figure_text(before->second * 100) + " percentage points",
              "calibration_error before calibration", CardSource::run) +
         ".";
}

/// How often intervals or sets hold the truth, beside what was promised.
std::string words_of_coverage(const CardFacts& facts) {
  const Evidence* coverage = facts.find("coverage");
  if (!facts.run.uncertainty || coverage == nullptr) return {};
  const Uncertainty& around = *facts.run.uncertainty;
  const bool intervals = makes_intervals(around.method);
  const Evidence* size = facts.find(intervals ? "interval_width" : "set_size");
  std::string words =
      std::string(intervals ? "Each value comes with an interval"
                            : "Each row gets a set of answers") +
      ", which is to hold the truth for " +
      cite(percent_text(around.coverage), "coverage that was asked for", CardSource::run) +
      " of rows like those it was learned from; of the test rows it held the truth of " +
      cite(facts, percent_text(coverage->value), *coverage) + ".";
  if (size == nullptr) return words;
  return words + (intervals ? " The intervals are " : " The sets have ") +
         cite(facts, figure_text(size->value), *size) +
         (intervals ? " wide in the mean." : " answers in the mean.");
}

std::string word_list(const std::vector<std::string>& all) {
  std::string list;
  for (const std::string& words : all) {
    if (!words.empty()) list += "<li>" + words + "</li>\n";
  }
  return list.empty() ? list : "<ul>\n" + list + "</ul>\n";
}

std::string metric_table(const CardFacts& facts) {
  std::string html =
      "<table><caption>All rows of the test, " +
      escape_html(time_text(facts.run.test_from) + " to " + time_text(facts.run.test_to)) +
      source_link(CardSource::run) +
      "</caption><tr><th>Metric</th><th class=\"n\">Value</th><th class=\"n\">95 % interval</th>"
      "<th class=\"n\">" +
      facts.counted() + "</th><th>What it is</th></tr>\n";
  for (const Metric& metric : all_metrics()) {
    const Evidence* one = facts.find(std::string(metric.name));
    if (one == nullptr) continue;
    const std::string unit = metric.unit == "1" ? "" : " " + std::string(metric.unit);
    html += "<tr><td class=\"nowrap\">" + escape_html(metric.name) + "</td><td class=\"n\">" +
            explain(facts, figure_text(one->value) + unit, *one) + "</td><td class=\"n\">" +
            escape_html(interval_text(*one)) + "</td><td class=\"n\">" +
            (one->row_count > 0 ? escape_html(count_text(one->row_count)) : "") +
            "</td><td class=\"quiet\">" + escape_html(metric.definition) + "</td></tr>\n";
  }
  return "<div class=\"scroll\">" + html + "</table></div>\n";
}

std::string confusion_cell(int64_t count, int64_t all, const std::string& css_class,
                           const std::string& words) {
  const double share = all == 0 ? 0 : static_cast<double>(count) / static_cast<double>(all);
  return "<td class=\"" + css_class + "\"><b>" + escape_html(count_text(count)) + "</b>" +
         escape_html(percent_text(share)) + "<br><span class=\"quiet\">" + escape_html(words) +
         "</span></td>";
}

std::string confusion_table(const CardFacts& facts) {
  const Confusion& counts = facts.run.confusion;
  const int64_t all =
      counts.true_positive + counts.false_positive + counts.true_negative + counts.false_negative;
  if (all == 0) return {};
  const auto& utility = facts.project->utility;
  const auto worth = [&](double each) {
    return utility ? ", worth " + figure_text(each) + " each" : std::string();
  };
  const Utility each = utility.value_or(Utility{});
  std::string html =
      "<div><h3>Decisions at the threshold " + escape_html(figure_text(facts.run.threshold)) +
      source_link(CardSource::run) +
      "</h3>\n<table class=\"confusion\"><tr><th></th><th>it says yes</th><th>it says no</th></tr>";
  html +=
      "<tr><th>it happened</th>" +
      confusion_cell(counts.true_positive, all, "right", "found" + worth(each.true_positive)) +
      confusion_cell(counts.false_negative, all, "wrong", "missed" + worth(each.false_negative)) +
      "</tr>";
  html += "<tr><th>it did not</th>" +
          confusion_cell(counts.false_positive, all, "wrong",
                         "false alarm" + worth(each.false_positive)) +
          confusion_cell(counts.true_negative, all, "right",
                         "rightly quiet" + worth(each.true_negative)) +
          "</tr></table>\n";
  return html + "<p class=\"quiet\">" + escape_html(count_of(all, "test row")) + "</p></div>\n";
}

/// How good it is at each class.
std::string class_table(const CardFacts& facts) {
  constexpr std::array<const char*, 4> kMetrics = {"recall", "precision", "f1", "auc"};
  std::string html = "<div><h3>Class by class" + source_link(CardSource::run) +
                     "</h3><div class=\"scroll\"><table><tr><th>Class</th>" +
                     element("th", "Test rows", "n");
  for (const char* metric : kMetrics) html += element("th", metric, "n");
  html += "</tr>\n";
  for (const ClassCount& one : facts.run.class_counts) {
    const int64_t rows = std::accumulate(one.decided.begin(), one.decided.end(), int64_t{0});
    html += "<tr>" + element("td", one.name) + element("td", count_text(rows), "n");
    for (const char* metric : kMetrics) {
      const Evidence* found = facts.find(metric, "class=" + one.name);
      html += "<td class=\"n\">" +
              (found == nullptr ? std::string() : explain(facts, value_text(*found), *found)) +
              "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</table></div></div>\n";
}

/// What each class was taken for.
std::string class_decisions(const CardFacts& facts) {
  std::string html = "<div><h3>Labelled and decided" + source_link(CardSource::run) +
                     "</h3><div class=\"scroll\"><table><tr><th>labelled, decided for</th>";
  for (const ClassCount& one : facts.run.class_counts) html += element("th", one.name, "n");
  html += "</tr>\n";
  for (const ClassCount& one : facts.run.class_counts) {
    html += "<tr>" + element("td", one.name);
    for (const int64_t rows : one.decided) html += element("td", count_text(rows), "n");
    html += "</tr>\n";
  }
  return html + "</table></div></div>\n";
}

/// What a drawing shows, for who cannot see it and for forms without drawings.
std::string as_table(const std::string& caption, const std::string& rows) {
  return "<details><summary>The same as a table</summary><div class=\"scroll\"><table>" +
         element("caption", caption) + rows + "</table></div></details>\n";
}

std::string slice_table(const CardFacts& facts, const std::string& column) {
  std::string rows = "<tr>" + element("th", column) + element("th", facts.compared_metric, "n") +
                     element("th", "95 % interval", "n") + element("th", facts.counted(), "n") +
                     "<th></th></tr>\n";
  for (const SliceQuality& slice : facts.slices) {
    if (slice.column != column) continue;
    rows += "<tr>" + element("td", slice.value) +
            element("td", figure_text(slice.evidence.value), "n") +
            element("td", interval_text(slice.evidence), "n") +
            element("td", count_text(slice.evidence.row_count), "n") +
            element("td", slice.is_worse ? "worse" : "") + "</tr>\n";
  }
  return as_table(facts.compared_metric + " by " + column, rows);
}

std::string calibration_table(const CardFacts& facts) {
  std::string rows = "<tr>" + element("th", "Predicted", "n") + element("th", "Happened", "n") +
                     element("th", "Test rows", "n") + "</tr>\n";
  for (const CalibrationBin& bin : facts.run.calibration) {
    rows += "<tr>" + element("td", percent_text(bin.mean_prediction), "n") +
            element("td", percent_text(bin.share_positive), "n") +
            element("td", count_text(bin.row_count), "n") + "</tr>\n";
  }
  return as_table("Predicted probability and what happened", rows);
}

std::string slice_group(const CardFacts& facts, const std::string& column) {
  const Evidence* all = facts.find(facts.compared_metric);
  std::vector<DotRow> rows;
  for (const SliceQuality& slice : facts.slices) {
    if (slice.column != column) continue;
    rows.push_back({slice.value, slice.evidence.value, slice.evidence.lower, slice.evidence.upper,
                    slice.evidence.row_count, slice.is_worse});
  }
  std::string html = "<h3>By " + escape_html(column) + source_link(CardSource::run) +
                     "</h3>\n<figure>" +
                     dot_plot(rows, {facts.compared_metric, all != nullptr ? all->value : 0}) +
                     "</figure>\n" + slice_table(facts, column);
  std::string gaps;
  for (const Metric& metric : all_metrics()) {
    if (!metric.is_gap) continue;
    const Evidence* gap = facts.find(std::string(metric.name), "by " + column);
    if (gap == nullptr) continue;
    gaps += (gaps.empty() ? "" : ", ") + escape_html(metric.name) + " " +
            explain(facts, value_text(*gap), *gap);
  }
  if (!gaps.empty()) html += paragraph("Largest differences between groups: " + gaps, "quiet");
  return html;
}

}  // namespace

std::string section_heading(const std::string& anchor, const std::string& title) {
  return "<h2 id=\"" + escape_html(anchor) + "\">" + escape_html(title) + "</h2>\n";
}

std::string card_header(const CardFacts& facts) {
  const Manifest& manifest = facts.model->manifest();
  std::string html = "<header>\n" + element("div", "Model card", "kind") + "\n" +
                     element("h1", manifest.project) + "\n";
  if (!manifest.description.empty()) {
    html += paragraph(escape_html(manifest.description), "lede");
  }
  html += paragraph("Model <code>" + escape_html(facts.model->id().brief()) + "</code>, " +
                        escape_html(facts.model->scorer().describe()) + ", trained " +
                        escape_html(time_text(facts.run_event.time)) + " by " +
                        escape_html(facts.run_event.author.empty() ? "an unnamed author"
                                                                   : facts.run_event.author) +
                        source_link(CardSource::run),
                    "quiet");
  html += state_banner(facts);
  std::string tiles;
  for (const auto& [metric, label] :
       {std::pair<const char*, const char*>{"auc", "AUC on unseen rows"},
        {"macro_auc", "Mean AUC of the classes"},
        {"macro_f1", "Mean F1 of the classes"},
        {"ndcg", "NDCG on unseen queries"},
        {"mrr", "Mean reciprocal rank"},
        {"log_loss", "Log loss"},
        {"calibration_error", "Calibration error"},
        {"utility", "Utility per 1,000 rows"},
        {"rmse", "Root mean square error"},
        {"mae", "Mean absolute error"},
        {"r2", "Variance explained (R²)"}}) {
    tiles += metric_tile(facts, metric, label);
  }
  return html + "<div class=\"tiles\">\n" + tiles + "</div>\n</header>\n";
}

std::string card_quality(const CardFacts& facts) {
  std::string html = section_heading("quality", "How good it is");
  html += paragraph(
      "Measured on rows that it never saw: " +
      cite(count_of(facts.run.test_rows, "row"),
           "test rows of run event " + count_text(facts.run.event_number), CardSource::run) +
      " from " + escape_html(time_text(facts.run.test_from)) + " to " +
      escape_html(time_text(facts.run.test_to)) + ", " +
      (facts.run.test_from > facts.run.train_to ? "all of them later than the rows it learned from."
                                                : "split off at random.") +
      " Intervals hold 95 % of bootstrap resamples.");
  if (facts.has_probabilities()) {
    html +=
        word_list({words_of_auc(facts), words_of_calibration(facts), words_of_calibrating(facts),
                   words_of_decision(facts), words_of_coverage(facts), words_of_utility(facts)});
    html += "<div class=\"pair\">\n";
    if (!facts.run.calibration.empty()) {
      html += "<div><h3>Do the probabilities mean what they say?" + source_link(CardSource::run) +
              "</h3><figure>" + calibration_plot(facts.run.calibration) +
              "<figcaption>Test rows in " +
              escape_html(count_of(static_cast<int64_t>(facts.run.calibration.size()), "group")) +
              " of equal size by predicted probability. On the dashed line the prediction is what "
              "happened; bars are 95 % intervals (Wilson).</figcaption></figure>" +
              calibration_table(facts) + "</div>\n";
    }
    html += confusion_table(facts) + "</div>\n";
    if (facts.model->has_classes()) html += class_table(facts) + class_decisions(facts);
  } else {
    html += word_list({words_of_coverage(facts)});
  }
  return html + metric_table(facts);
}

std::string worst_slice_words(const CardFacts& facts) {
  const Evidence* all = facts.find(facts.compared_metric);
  if (facts.slices.empty() || all == nullptr) {
    return "No groups were named in the project file ([task] slices), so it is not known for whom "
           "the model is worse.";
  }
  const SliceQuality* worst = nullptr;
  double most = 0;
  for (const SliceQuality& slice : facts.slices) {
    const double off = std::abs(slice.evidence.value - all->value);
    if (!slice.is_worse || off <= most) continue;
    most = off;
    worst = &slice;
  }
  if (worst == nullptr) {
    return "For none of the " + count_of(static_cast<int64_t>(facts.slices.size()), "group") +
           " measured is it worse beyond chance than for all rows (" + facts.compared_metric + " " +
           figure_text(all->value) + ").";
  }
  return "It is worst for " + worst->column + " = " + worst->value + ": " + facts.compared_metric +
         " " + value_text(worst->evidence) + " over " +
         facts.count_text_of(worst->evidence.row_count) + ", against " + figure_text(all->value) +
         " over all rows.";
}

std::string card_slices(const CardFacts& facts) {
  std::string html = section_heading("groups", "For whom it is worse");
  html += paragraph("<b>" + escape_html(worst_slice_words(facts)) + "</b>" +
                    source_link(CardSource::run));
  std::vector<std::string> columns;
  for (const SliceQuality& slice : facts.slices) {
    if (std::find(columns.begin(), columns.end(), slice.column) == columns.end()) {
      columns.push_back(slice.column);
    }
  }
  for (const std::string& column : columns) html += slice_group(facts, column);
  if (!columns.empty()) {
    html += paragraph(
        "The dashed line is the value over all rows. Groups whose whole interval "
        "lies on the worse side of it are marked; with many groups, one in forty is "
        "marked by chance alone. Groups with fewer than 30 rows are not measured.",
        "quiet");
  }
  return html;
}

}  // namespace millgate
