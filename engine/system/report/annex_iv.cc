#include "system/report/annex_iv.h"

#include <utility>

#include "ground/json.h"
#include "model/measure/metric.h"
#include "system/monitor/wording.h"
#include "system/report/card_limits.h"
#include "system/report/card_sections.h"
#include "system/report/citation.h"
#include "system/report/html.h"
#include "system/report/range_strip.h"
#include "system/report/sheet_section.h"
#include "system/report/verdict_text.h"

namespace millgate {
namespace {

constexpr const char* kModelPlace = "[model] of millgate.toml";

/// Something that the annex asks for and nobody has said.
struct AnnexGap {
  std::string point;  ///< "1(a)"
  std::string what;
  std::string who;
  std::string where;
};

/// Writes the sections, and notes what is missing on the way.
class AnnexWriter {
 public:
  explicit AnnexWriter(const CardFacts& facts) : facts_(facts), run_(facts.run) {}

  std::vector<SheetSection> sections() {
    std::vector<SheetSection> all = {general(),   development(), control(),
                                     metrics(),   risks(),       changes(),
                                     standards(), declaration(), after_release()};
    return all;
  }
  [[nodiscard]] const std::vector<AnnexGap>& gaps() const { return gaps_; }

 private:
  /// What people say by `[model]`.
  void ask(SheetSection& section, const std::string& point, const char* member) {
    const ModelQuestion& question = model_question(member);
    const std::string text = facts_.said.answer(member);
    section.facts.push_back({.term = point + " " + question.title,
                             .text = text,
                             .member = member,
                             .ask = text.empty() ? question.asks : ""});
    if (!text.empty()) return;
    gaps_.push_back({point, std::string(question.title) + ": " + question.asks, question.who,
                     "`" + std::string(member) + "` in " + kModelPlace});
  }
  static void tell(SheetSection& section, const std::string& term, std::string text) {
    section.facts.push_back({.term = term, .text = std::move(text), .member = {}, .ask = {}});
  }

  SheetSection general() {
    SheetSection section{.anchor = "general", .title = "1. General description"};
    const Manifest& manifest = facts_.model->manifest();
    if (!manifest.description.empty()) tell(section, "1(a) Question", manifest.description);
    ask(section, "1(a)", "uses");
    ask(section, "1(a)", "not_for");
    ask(section, "1(a)", "provider");
    ask(section, "1(a)", "contact");
    tell(section, "1(a) Version",
         "model " + facts_.model->id().hex() + " of " + time_text(facts_.run_event.time) +
             (facts_.serves_now() ? ", which serves now" : ", which does not serve now"));
    ask(section, "1(b)", "interaction");
    std::string libraries;
    for (const auto& [name, version] : manifest.dependencies) {
      libraries += (libraries.empty() ? "" : ", ") + name + " " + version;
    }
    tell(section, "1(c) Software that trained it", libraries);
    ask(section, "1(d)", "delivery");
    ask(section, "1(e)", "hardware");
    ask(section, "1(f)", "product");
    ask(section, "1(g)", "interface");
    ask(section, "1(h)", "users");
    return section;
  }

  SheetSection development() {
    SheetSection section{.anchor = "development", .title = "2. Elements and development"};
    std::string parameters;
    for (const auto& [name, value] : run_.parameters) {
      parameters += (parameters.empty() ? "" : ", ") + name + " " + value;
    }
    tell(section, "2(a) Method",
         run_.learner + ", trained by event " + count_text(run_.event_number) + " of the ledger" +
             (run_.git_commit.empty() ? "" : " from code of git commit " + run_.git_commit) +
             (parameters.empty() ? "" : "; parameters: " + parameters));
    tell(section, "2(a) Third parties",
         run_.program.empty() ? "no model that was trained before is part of it"
                              : "a program of the project trained it; what it did is kept as " +
                                    run_.program.substr(0, 12));
    ask(section, "2(b)", "design");
    tell(section, "2(b) Label", facts_.model->manifest().label);
    tell(section, "2(b) Logic", "the steps from inputs to an answer stand below");
    tell(section, "2(c) Structure",
         facts_.model->scorer().describe() + "; " + count_of(facts_.model->size_bytes(), "byte"));
    tell(section, "2(c) Resources",
         figure_text(run_.train_seconds) + " s of training on " + count_of(run_.train_rows, "row"));
    add_data(section);
    ask(section, "2(e)", "oversight");
    tell(section, "2(e) Means to read an answer",
         "`millgate explain` gives what each feature adds to a prediction, the server with "
         "`explain`");
    ask(section, "2(f)", "changes");
    add_tests(section);
    ask(section, "2(h)", "security");
    section.code = pseudo_code(facts_);
    return section;
  }

  void add_data(SheetSection& section) {
    SheetTable table{.caption = "2(d) Data; `millgate datasheet TABLE` tells more of each",
                     .header = {"Table", "Rows", "From", "Prepared", "Labelled by"},
                     .is_number = {false, true, false, false, false},
                     .rows = {}};
    for (const Source& source : facts_.project->sources) {
      const auto count = facts_.table_row_count.find(source.name);
      std::vector<SheetCell> row = {
          {source.name},
          {count == facts_.table_row_count.end() ? "unknown" : count_text(count->second)}};
      for (const char* member : {"from", "prepared", "labelled_by"}) {
        std::string answer;
        for (const auto& [name, text] : source.about.texts) {
          if (name == member) answer = text;
        }
        if (answer.empty()) {
          gaps_.push_back({"2(d)", "`" + std::string(member) + "` of table " + source.name,
                           "whoever made the data",
                           "[source.about] of " + source.name + " in millgate.toml"});
          answer = "not said";
        }
        row.push_back({answer});
      }
      table.rows.push_back(std::move(row));
    }
    section.tables.push_back(std::move(table));
    tell(section, "2(d) Rows",
         count_of(run_.train_rows, "row") + " trained it, of " + time_text(run_.train_from) +
             " to " + time_text(run_.train_to) + "; data commit " + run_.data_commit.substr(0, 12) +
             "; left out: " + count_of(run_.left_out_unlabelled, "row") + " without a label");
  }

  void add_tests(SheetSection& section) {
    tell(section, "2(g) Test data",
         count_of(run_.test_rows, "row") + " that it never saw, of " + time_text(run_.test_from) +
             " to " + time_text(run_.test_to));
    SheetTable table{.caption = "2(g) Measured on them",
                     .header = {"Metric", "Value", "95 % interval", facts_.counted()},
                     .is_number = {false, true, true, true},
                     .rows = {}};
    for (const Evidence& one : run_.evidence) {
      if (!one.slice.empty()) continue;
      table.rows.push_back({{one.metric},
                            {figure_text(one.value)},
                            {interval_text(one)},
                            {count_text(one.row_count)}});
    }
    section.tables.push_back(std::move(table));
    if (!facts_.verdict) {
      gaps_.push_back({"2(g)", "a verdict over the model", "data science",
                       "millgate gate " + facts_.model->id().brief()});
      return;
    }
    SheetTable judged{.caption = "2(g) Verdict " + facts_.verdict->name() + " of " +
                                 time_text(facts_.verdict->event().time) + ", by " +
                                 facts_.verdict->event().author,
                      .header = {"Requirement", "Measured", "Outcome"},
                      .is_number = {false, true, false},
                      .rows = {}};
    for (const Judgement& one : facts_.verdict->judgements()) {
      judged.rows.push_back({{requirement_text(one.requirement)},
                             {one.evidence ? value_text(*one.evidence) : "not measured"},
                             {one.passed ? "holds" : "fails"}});
    }
    section.tables.push_back(std::move(judged));
    if (facts_.signed_by.empty()) {
      gaps_.push_back({"2(g)", "a signature of a responsible person over the verdict",
                       "whoever [[sign_off]] names", "millgate sign"});
    } else {
      std::string names;
      for (const std::string& name : facts_.signed_by) names += (names.empty() ? "" : "; ") + name;
      tell(section, "2(g) Signed by", names);
    }
  }

  SheetSection control() {
    SheetSection section{.anchor = "control", .title = "3. Monitoring, functioning and control"};
    tell(section, "3 For whom it is worse", worst_slice_words(facts_));
    for (const CardLimit& limit : find_limits(facts_)) section.remarks.push_back(limit.text);
    if (facts_.slices.empty()) {
      gaps_.push_back({"3", "accuracy for groups of persons", "data science",
                       "`slices` in [task] of millgate.toml, then millgate run"});
    }
    ask(section, "3", "risks");
    SheetTable table{.caption = "3 Inputs, and the features made of them as they were in training",
                     .header = {"Input or feature", "Type", "Values in training"},
                     .is_number = {false, false, false},
                     .rows = {}};
    for (const Field& input : facts_.model->features().inputs()) {
      table.rows.push_back({{input.name}, {std::string(to_string(input.type))}, {""}});
    }
    for (const Profile& profile : facts_.model->feature_profiles()) {
      table.rows.push_back({{profile.name}, {"feature"}, {range_words(profile)}});
    }
    section.tables.push_back(std::move(table));
    if (facts_.watch != nullptr) {
      tell(section, "3 Served",
           count_of(facts_.watch->row_count, "row") + " from " + time_text(facts_.watch->first) +
               " to " + time_text(facts_.watch->last));
    }
    return section;
  }

  SheetSection metrics() {
    SheetSection section{.anchor = "metrics", .title = "4. Appropriateness of the metrics"};
    ask(section, "4", "metrics_why");
    if (!facts_.verdict) return section;
    for (const Judgement& one : facts_.verdict->judgements()) {
      const Metric* metric = find_metric(one.requirement.metric);
      if (metric == nullptr) continue;
      section.remarks.push_back(std::string(metric->name) + ": " + std::string(metric->definition) +
                                (one.requirement.because.empty()
                                     ? ""
                                     : " Asked for because: " + one.requirement.because));
    }
    return section;
  }

  SheetSection risks() {
    SheetSection section{.anchor = "risks", .title = "5. Risk management"};
    ask(section, "5", "risk_management");
    return section;
  }

  SheetSection changes() {
    SheetSection section{.anchor = "changes", .title = "6. Changes through the lifecycle"};
    if (facts_.history.empty()) {
      section.remarks.emplace_back("Nothing was released yet.");
      return section;
    }
    SheetTable table{.caption = "6 Every release and rollback, from the ledger",
                     .header = {"Since", "Model", "How", "By", "Why", "Event"},
                     .is_number = {false, false, false, false, false, true},
                     .rows = {}};
    for (const Serving& change : facts_.history) {
      table.rows.push_back({{time_text(change.since)},
                            {change.model.brief()},
                            {change.how},
                            {change.by},
                            {change.reason.empty() ? "verdict " + change.verdict : change.reason},
                            {count_text(change.since_event)}});
    }
    section.tables.push_back(std::move(table));
    return section;
  }

  SheetSection standards() {
    SheetSection section{.anchor = "standards", .title = "7. Harmonised standards"};
    ask(section, "7", "standards");
    return section;
  }

  SheetSection declaration() {
    SheetSection section{.anchor = "declaration", .title = "8. EU declaration of conformity"};
    ask(section, "8", "declaration");
    return section;
  }

  SheetSection after_release() {
    SheetSection section{.anchor = "post-market", .title = "9. After release"};
    ask(section, "9", "monitoring");
    tell(section, "9 What is there",
         "each answer is logged; `millgate monitor` measures drift, quality and alarms over the "
         "log");
    return section;
  }

  const CardFacts& facts_;
  const RunReport& run_;
  std::vector<AnnexGap> gaps_;
};

SheetSection gap_section(const std::vector<AnnexGap>& gaps) {
  SheetSection section{.anchor = "gaps", .title = "What is missing"};
  if (gaps.empty()) {
    section.remarks.emplace_back("Each point has an answer. Whether it is enough, people decide.");
    return section;
  }
  SheetTable table{.caption = count_of(std::ssize(gaps), "gap"),
                   .header = {"Point", "What", "Who will know", "Where to write it"},
                   .is_number = {false, false, false, false},
                   .rows = {}};
  for (const AnnexGap& gap : gaps) {
    table.rows.push_back({{gap.point},
                          {gap.what, with_code(gap.what)},
                          {gap.who},
                          {gap.where, with_code(gap.where)}});
  }
  section.tables.push_back(std::move(table));
  return section;
}

constexpr const char* kNoClaim =
    "An outline by Annex IV of Regulation (EU) 2024/1689, filled with what is known here. It is no "
    "claim of conformity: whether the Act applies, and whether what stands here is enough, is for "
    "the provider to judge (Articles 6, 11 and 43).";

/// The gaps first.
std::vector<SheetSection> annex_sections(const CardFacts& facts, std::vector<AnnexGap>& gaps) {
  AnnexWriter writer(facts);
  std::vector<SheetSection> sections = writer.sections();
  gaps = writer.gaps();
  sections.insert(sections.begin(), gap_section(gaps));
  return sections;
}

}  // namespace

std::string annex_iv_html(const CardFacts& facts) {
  const Manifest& manifest = facts.model->manifest();
  std::vector<AnnexGap> gaps;
  const auto sections = annex_sections(facts, gaps);
  std::string body = "<header>\n" + element("div", "Technical documentation", "kind") + "\n" +
                     element("h1", manifest.project) + "\n" + element("p", kNoClaim, "lede") +
                     "\n</header>\n" + contents_html(sections);
  for (const SheetSection& section : sections) body += section_html(section);
  return html_page("Technical documentation: " + manifest.project, body);
}

Json annex_iv_json(const CardFacts& facts) {
  std::vector<AnnexGap> gaps;
  const auto sections = annex_sections(facts, gaps);
  Json json = {{"model", facts.model->id().hex()},
               {"name", facts.model->manifest().project},
               {"claim", kNoClaim},
               {"gaps", Json::array()},
               {"sections", Json::array()}};
  for (const AnnexGap& gap : gaps) {
    json["gaps"].push_back(
        {{"point", gap.point}, {"what", gap.what}, {"who", gap.who}, {"where", gap.where}});
  }
  for (size_t i = 1; i < sections.size(); ++i) json["sections"].push_back(to_json(sections[i]));
  return json;
}

}  // namespace millgate
