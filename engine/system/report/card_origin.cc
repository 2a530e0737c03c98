#include <algorithm>
#include <numeric>

#include "system/monitor/wording.h"
#include "system/report/card_sections.h"
#include "system/report/citation.h"
#include "system/report/html.h"
#include "system/report/range_strip.h"
#include "system/report/timeline_plot.h"

namespace millgate {
namespace {

const Profile* profile_of(const std::vector<Profile>& profiles, const std::string& name) {
  for (const Profile& profile : profiles) {
    if (profile.name == name) return &profile;
  }
  return nullptr;
}

std::string feature_row(const Feature& feature, double share, const Profile* profile) {
  std::string missing = "unknown";
  std::string values;
  if (profile != nullptr && profile->row_count > 0) {
    missing = percent_text(static_cast<double>(profile->null_count) /
                           static_cast<double>(profile->row_count));
    values = range_strip(*profile) + "<span class=\"quiet\">" + escape_html(range_words(*profile)) +
             "</span>";
  }
  return "<tr><td><b>" + escape_html(feature.name) + "</b><br><code>" +
         escape_html(feature.expression) + "</code></td><td>" + share_bar(share) +
         "</td><td class=\"n\">" + escape_html(percent_text(share)) + "</td><td>" + values +
         "</td><td class=\"n\">" + escape_html(missing) + "</td></tr>\n";
}

std::string source_row(const CardFacts& facts, const Source& source) {
  const auto count = facts.table_row_count.find(source.name);
  std::string about;
  for (const auto& [key, value] : source.about.texts) {
    about +=
        (about.empty() ? "" : "<br>") + element("span", key + ": ", "quiet") + escape_html(value);
  }
  if (about.empty()) {
    about = "<span class=\"warn-text\">origin, licence and labelling are not stated</span>";
  }
  std::string when = source.happened.empty() ? "timeless" : source.happened;
  if (!source.known.empty()) when += "; known at " + source.known;
  return "<tr><td><b>" + escape_html(source.name) + "</b></td><td class=\"n\">" +
         (count == facts.table_row_count.end() ? std::string("unknown")
                                               : escape_html(count_text(count->second))) +
         "</td><td><code>" + escape_html(when) + "</code></td><td>" + about + "</td></tr>\n";
}

std::string split_plot(const CardFacts& facts) {
  const RunReport& run = facts.run;
  std::vector<TimeSpan> spans;
  spans.push_back({"Train", count_of(run.train_rows, "row"), run.train_from, run.train_to, "mark"});
  if (run.test_from > run.train_to) {
    spans.push_back(
        {"Valid", count_of(run.valid_rows, "row"), run.train_to, run.test_from, "soft"});
  }
  spans.push_back({"Test", count_of(run.test_rows, "row"), run.test_from, run.test_to, "warn"});
  if (facts.watch != nullptr) {
    spans.push_back({"Served", count_of(facts.watch->row_count, "row"), facts.watch->first,
                     facts.watch->last, "good"});
  }
  return timeline_plot(spans);
}

std::string list_of(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

std::string term(const std::string& name, const std::string& html) {
  return "<dt>" + escape_html(name) + "</dt><dd>" + html + "</dd>\n";
}

}  // namespace

std::string pseudo_code(const CardFacts& facts) {
  const Manifest& manifest = facts.model->manifest();
  std::string text = "# inputs, as they are sent\n";
  for (const Field& input : facts.model->features().inputs()) {
    text += "input " + input.name + ": " + std::string(to_string(input.type)) + "\n";
  }
  text += "\n# features, the same code in training and in serving\n";
  for (const Feature& feature : facts.model->features().features()) {
    text += feature.name + " = " + feature.expression;
    if (feature.is_category) {
      text +=
          "   # one of " + count_of(static_cast<int64_t>(feature.categories.size()), "known value");
    }
    text += '\n';
  }
  text += "\n# decision\n";
  const std::string scorer = facts.model->scorer().describe();
  const auto& around = facts.model->uncertainty();
  if (facts.model->is_ranking()) {
    text += "score = " + scorer + "\nrank = place in its query by score, the highest first\n";
    return text + "query = rows of equal " + list_of(manifest.group) + "\n";
  }
  if (facts.model->has_classes()) {
    text += "probabilities of " + list_of(manifest.classes) + " = " + scorer + "\n";
    return text + (manifest.decide_by.empty()
                       ? "decision = the most probable class\n"
                       : "decision = the class of the greatest expected utility\n");
  }
  if (facts.is_regression()) {
    text += "value = " + scorer + "\n";
    if (around) text += "interval = value -+ " + figure_text(around->margin) + "\n";
    return text;
  }
  if (const auto& calibration = facts.model->calibration()) {
    text += "score = " + scorer + "\nprobability = " + std::string(to_text(calibration->method)) +
            "(score)\n";
  } else {
    text += "probability = " + scorer + "\n";
  }
  text += "yes = probability >= " + figure_text(manifest.threshold) + "\n";
  if (around) {
    const std::string score = facts.model->calibration() ? "score" : "probability";
    text += "may be true = " + score + " >= " + figure_text(1 - around->miss_true) +
            "\nmay be false = " + score + " <= " + figure_text(around->miss_false) + "\n";
  }
  return text;
}

std::string card_features(const CardFacts& facts) {
  const auto& features = facts.model->features().features();
  const std::vector<double> importance = facts.model->scorer().importance();
  std::vector<size_t> order(features.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto share = [&](size_t at) { return at < importance.size() ? importance[at] : 0; };
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return share(a) > share(b); });
  std::string html = section_heading("features", "What it looks at");
  html +=
      "<div class=\"scroll\"><table><caption>Features by their share of the model's gain, and the "
      "values they had in training (line: 1 % to 99 %, thick: middle half, dot: median)" +
      source_link(CardSource::model) +
      "</caption><tr><th>Feature</th><th>Importance</th><th class=\"n\"></th><th>Values in "
      "training</th><th class=\"n\">Missing</th></tr>\n";
  for (const size_t at : order) {
    html += feature_row(features[at], share(at),
                        profile_of(facts.model->feature_profiles(), features[at].name));
  }
  html += "</table></div>\n<h3>From a request to a decision</h3>\n";
  return html + element("pre", pseudo_code(facts)) + "\n";
}

std::string card_data(const CardFacts& facts) {
  const RunReport& run = facts.run;
  const Manifest& manifest = facts.model->manifest();
  std::string html = section_heading("data", "What it learned from");
  html += "<dl>\n";
  html += term("Label", "<code>" + escape_html(manifest.label) + "</code> in table <code>" +
                            escape_html(manifest.task_table) + "</code>");
  html += term("Label known", manifest.label_known.empty()
                                  ? "at once"
                                  : "<code>" + escape_html(manifest.label_known) + "</code>");
  html += term("Data commit",
               "<code>" + escape_html(run.data_commit.substr(0, 12)) + "</code>" +
                   (facts.data_commit ? " of " + escape_html(time_text(facts.data_commit->time)) +
                                            ": " + escape_html(facts.data_commit->message)
                                      : std::string()) +
                   source_link(CardSource::data));
  html += term("Left out", cite(count_of(run.left_out_unlabelled, "row"), "rows without a label",
                                CardSource::run) +
                               " without a label, " +
                               cite(count_of(run.left_out_label_late, "row"),
                                    "rows whose label was known too late", CardSource::run) +
                               " whose label was known only after the next part began");
  html += "</dl>\n<figure>" + split_plot(facts) + "<figcaption>The rows by when they happened" +
          (facts.watch != nullptr ? std::string(", and what it answered since") : std::string()) +
          ". Valid rows stop the training and choose the threshold; test rows are only measured.";
  html += source_link(CardSource::run) + "</figcaption></figure>\n";
  html +=
      "<div class=\"scroll\"><table><caption>Sources" + source_link(CardSource::data) +
      "</caption><tr><th>Table</th><th class=\"n\">Rows</th><th>Happened</th><th>About</th></tr>\n";
  for (const Source& source : facts.project->sources) html += source_row(facts, source);
  return html + "</table></div>\n";
}

std::string card_reproduction(const CardFacts& facts) {
  const RunReport& run = facts.run;
  std::string commands;
  if (!run.git_commit.empty()) {
    std::string commit = run.git_commit;
    const bool unclean = commit.back() == '+';
    if (unclean) commit.pop_back();
    commands += "git checkout " + commit +
                (unclean ? "   # plus changes that were not committed then" : "") + "\n";
  }
  commands += "millgate reproduce " + facts.model->id().brief() + "\n";
  commands += "millgate gate " + facts.model->id().brief() + "\n";
  std::string html = section_heading("reproduce", "How to make it again");
  html += element("pre", commands) + "\n";
  html +=
      "<p>That takes the project file and the rows of then, and compares every part byte by byte; "
      "with the libraries below it gives the same model.</p>\n<dl>\n";
  html += term("Learner", escape_html(run.learner + ", best round " + count_text(run.best_round) +
                                      ", " + figure_text(run.train_seconds) + " s") +
                              source_link(CardSource::run));
  std::string parameters;
  for (const auto& [name, value] : run.parameters) {
    parameters += (parameters.empty() ? "" : ", ") + name + " " + value;
  }
  if (!parameters.empty()) html += term("Parameters", escape_html(parameters));
  html += term("Project file",
               "<code>" + escape_html(run.configuration_hash.substr(0, 12)) + "</code>" +
                   (facts.project_changed ? " <span class=\"warn-text\">(it has changed since; "
                                            "sources and gains above are those of today)</span>"
                                          : ""));
  std::string libraries;
  for (const auto& [name, version] : facts.model->manifest().dependencies) {
    libraries += (libraries.empty() ? "" : ", ") + name + " " + version;
  }
  if (!libraries.empty()) html += term("Libraries", escape_html(libraries));
  return html + "</dl>\n";
}

}  // namespace millgate
