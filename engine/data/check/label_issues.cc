#include "data/check/label_issues.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "data/table/arrow_result.h"
#include "ground/json.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

constexpr size_t kSaysNothing = std::numeric_limits<size_t>::max();

/// The labelled rows.
struct ReadRows {
  std::vector<std::string> classes;
  std::vector<size_t> labels;
  std::vector<size_t> by_rule;  ///< Class; kSaysNothing.
  std::vector<double> probabilities;
  std::vector<int64_t> numbers;                     ///< Among all rows, from 1.
  std::vector<std::vector<std::string>> by, shown;  ///< Column by column.
  int64_t all = 0;
};

class Reading {
 public:
  Reading(Database& database, const AskedRows& rows, const LabelIssueOptions& options)
      : database_(database), rows_(rows), options_(options) {
    for (const auto& [name, sql] : options.probabilities) add_class(name);
  }

  Result<ReadRows> run() {
    MILLGATE_ASSIGN(std::string rule, rule_sql());
    if (options_.probabilities.empty()) MILLGATE_TRY(find_classes(rule));
    std::string select = expression_text_sql(options_.label) + ", " + rule;
    for (const auto& [name, sql] : options_.probabilities) {
      select += ", cast((" + sql + "\n) as double)";
    }
    for (const std::string& group : options_.by) select += ", " + expression_text_sql(group);
    for (const std::string& name : options_.shown)
      select += ", " + expression_text_sql(quote_name(name));
    read_.by.resize(options_.by.size());
    read_.shown.resize(options_.shown.size());
    MILLGATE_ASSIGN(const auto reader,
                    database_.stream("select " + select + " from " + rows_.name));
    while (true) {
      std::shared_ptr<arrow::RecordBatch> batch;
      MILLGATE_ARROW_TRY(reader->ReadNext(&batch), "the rows");
      if (batch == nullptr) return std::move(read_);
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        ++read_.all;
        if (batch->column(0)->IsNull(row)) continue;
        MILLGATE_TRY(take(*batch, row));
      }
    }
  }

 private:
  void add_class(const std::string& name) {
    codes_.emplace(name, codes_.size());
    read_.classes.push_back(name);
  }

  /// What the rule says, in the type of the label, as a text.
  Result<std::string> rule_sql() {
    if (options_.rule.empty()) return std::string("cast(null as varchar)");
    MILLGATE_ASSIGN(const auto columns,
                    database_.describe("select (" + options_.label + "\n) from " + rows_.name));
    return expression_text_sql("cast((" + options_.rule + "\n) as " + columns.front().second + ")");
  }

  Status find_classes(const std::string& rule) {
    std::set<std::string> names;
    for (const std::string& text : {expression_text_sql(options_.label), rule}) {
      MILLGATE_ASSIGN(
          const auto table,
          database_.query("select distinct " + text + " as c from " + rows_.name + " where " +
                          expression_text_sql(options_.label) + " is not null limit 102"));
      arrow::TableBatchReader reader(*table);
      std::shared_ptr<arrow::RecordBatch> batch;
      while (reader.ReadNext(&batch).ok() && batch != nullptr) {
        for (int64_t row = 0; row < batch->num_rows(); ++row) {
          if (!batch->column(0)->IsNull(row)) names.insert(text_at(*batch, 0, row));
        }
      }
    }
    constexpr size_t kClassesMax = 100;
    if (names.size() > kClassesMax) {
      return invalid_input("the label or its rule has more than 100 different values",
                           "a rule gives a class: a condition, or `case when ... end`");
    }
    for (const std::string& name : names) add_class(name);
    return {};
  }

  Result<size_t> code_of(const std::string& name, const char* whose) const {
    const auto code = codes_.find(name);
    if (code != codes_.end()) return code->second;
    return invalid_input("row " + std::to_string(read_.all) + " of `" + rows_.text + "` has " +
                             whose + " `" + name + "`, for which no probability is given",
                         name_hint(name, read_.classes));
  }

  Status take(const arrow::RecordBatch& batch, int64_t row) {
    MILLGATE_ASSIGN(const size_t label, code_of(text_at(batch, 0, row), "the label"));
    size_t by_rule = kSaysNothing;
    if (!batch.column(1)->IsNull(row)) {
      MILLGATE_ASSIGN(by_rule, code_of(text_at(batch, 1, row), "by the rule the label"));
    }
    read_.labels.push_back(label);
    read_.by_rule.push_back(by_rule);
    read_.numbers.push_back(read_.all);
    int next = 2;
    for (const auto& [name, sql] : options_.probabilities) {
      const auto& values = static_cast<const arrow::DoubleArray&>(*batch.column(next++));
      if (values.IsNull(row)) {
        return invalid_input("row " + std::to_string(read_.all) + " of `" + rows_.text +
                                 "` has a label and no probability of `" + name + "`",
                             "leave such rows out: from ... where ... is not null");
      }
      read_.probabilities.push_back(values.Value(row));
    }
    for (auto* columns : {&read_.by, &read_.shown}) {
      for (std::vector<std::string>& column : *columns) {
        column.push_back(text_at(batch, next++, row));
      }
    }
    return {};
  }

  Database& database_;
  const AskedRows& rows_;
  const LabelIssueOptions& options_;
  std::map<std::string, size_t> codes_;
  ReadRows read_;
};

double discrimination(const ReadRows& rows, size_t classes) {
  double sum = 0;
  double counted = 0;
  for (size_t k = 0; k < classes; ++k) {
    double inside = 0;
    double outside = 0;
    double count = 0;
    for (size_t row = 0; row < rows.labels.size(); ++row) {
      const double p = rows.probabilities[row * classes + k];
      (rows.labels[row] == k ? inside : outside) += p;
      count += rows.labels[row] == k ? 1 : 0;
    }
    const double others = static_cast<double>(rows.labels.size()) - count;
    if (count == 0 || others == 0) continue;
    sum += inside / count - outside / others;
    ++counted;
  }
  return counted == 0 ? 0 : sum / counted;
}

std::vector<LabelIssueGroup> count_groups(const std::vector<std::string>& group_of,
                                          const std::vector<LabelIssue>& issues) {
  std::map<std::string, LabelIssueGroup> groups;
  for (const std::string& group : group_of) {
    LabelIssueGroup& one = groups[group];
    one.group = group;
    ++one.row_count;
  }
  for (const LabelIssue& issue : issues) ++groups[group_of[issue.row]].issue_count;
  std::vector<LabelIssueGroup> sorted;
  sorted.reserve(groups.size());
  for (const auto& [name, group] : groups) sorted.push_back(group);
  std::stable_sort(
      sorted.begin(), sorted.end(),
      [](const LabelIssueGroup& a, const LabelIssueGroup& b) { return a.share() > b.share(); });
  return sorted;
}

template <typename Builder, typename Value>
Status append_column(const std::vector<Value>& values, arrow::ArrayVector& columns) {
  Builder builder;
  for (const Value& value : values) {
    if constexpr (std::is_same_v<Value, double>) {
      if (std::isnan(value)) {
        MILLGATE_ARROW_TRY(builder.AppendNull(), "label issues");
        continue;
      }
    }
    MILLGATE_ARROW_TRY(builder.Append(value), "label issues");
  }
  MILLGATE_ARROW(auto column, builder.Finish(), "label issues");
  columns.push_back(std::move(column));
  return {};
}

Result<std::shared_ptr<arrow::Table>> issue_table(const LabelIssues& issues) {
  std::vector<std::string> given;
  std::vector<std::string> suggested;
  std::vector<double> confidence;
  std::vector<std::string> why;
  why.reserve(issues.causes.size());
  for (const LabelIssueCause cause : issues.causes) why.push_back(to_string(cause));
  for (const LabelIssue& issue : issues.found.issues) {
    given.push_back(issues.classes[issue.given]);
    suggested.push_back(issues.classes[issue.suggested]);
    confidence.push_back(issue.self_confidence);
  }
  arrow::ArrayVector columns;
  MILLGATE_TRY(append_column<arrow::Int64Builder>(issues.row_numbers, columns));
  MILLGATE_TRY(append_column<arrow::StringBuilder>(given, columns));
  MILLGATE_TRY(append_column<arrow::StringBuilder>(suggested, columns));
  MILLGATE_TRY(append_column<arrow::DoubleBuilder>(confidence, columns));
  MILLGATE_TRY(append_column<arrow::StringBuilder>(why, columns));
  return arrow::Table::Make(arrow::schema({arrow::field(kNumberColumn, arrow::int64()),
                                           arrow::field("_note_given", arrow::utf8()),
                                           arrow::field("_note_suggested", arrow::utf8()),
                                           arrow::field("_note_self_confidence", arrow::float64()),
                                           arrow::field("_note_why", arrow::utf8())}),
                            columns);
}

/// Without probabilities: labels by what the rule says.
ConfidentLearning counted_by_rule(const ReadRows& read, const LabelIssues& issues) {
  const size_t classes = read.classes.size();
  ConfidentLearning counted;
  counted.confident.resize(classes * classes);
  for (size_t row = 0; row < read.labels.size(); ++row) {
    if (read.by_rule[row] == kSaysNothing) continue;
    ++counted.confident[read.labels[row] * classes + read.by_rule[row]];
  }
  counted.joint.assign(counted.confident.begin(), counted.confident.end());
  counted.wrong_share = issues.ruled == 0 ? 0
                                          : static_cast<double>(issues.contradicted) /
                                                static_cast<double>(issues.ruled);
  return counted;
}

void count_ruled(const ReadRows& read, LabelIssues& issues) {
  for (size_t row = 0; row < read.labels.size(); ++row) {
    if (read.by_rule[row] == kSaysNothing) continue;
    ++issues.ruled;
    if (read.by_rule[row] != read.labels[row]) ++issues.contradicted;
  }
}

/// Puts the labels that contradict the rule before those that the probabilities speak against.
void rank_with_rule(const ReadRows& read, LabelIssues& issues) {
  const size_t classes = read.classes.size();
  const auto probability = [&](size_t row, size_t of) {
    return issues.by_model ? read.probabilities[row * classes + of]
                           : std::numeric_limits<double>::quiet_NaN();
  };
  const auto contradicts = [&](size_t row) {
    return read.by_rule[row] != kSaysNothing && read.by_rule[row] != read.labels[row];
  };
  std::set<size_t> by_model;
  std::vector<LabelIssue> others;
  for (const LabelIssue& issue : issues.found.issues) {
    by_model.insert(issue.row);
    if (!contradicts(issue.row)) others.push_back(issue);
  }
  std::vector<LabelIssue> ranked;
  for (size_t row = 0; row < read.labels.size(); ++row) {
    if (!contradicts(row)) continue;
    ranked.push_back({.row = row,
                      .given = read.labels[row],
                      .suggested = read.by_rule[row],
                      .self_confidence = probability(row, read.labels[row]),
                      .probability = probability(row, read.by_rule[row])});
  }
  if (issues.by_model) {
    std::stable_sort(ranked.begin(), ranked.end(), [](const LabelIssue& a, const LabelIssue& b) {
      return a.self_confidence < b.self_confidence;
    });
  }
  issues.causes.clear();
  for (const LabelIssue& issue : ranked) {
    issues.causes.push_back(by_model.contains(issue.row) ? LabelIssueCause::rule_and_model
                                                         : LabelIssueCause::rule);
  }
  ranked.insert(ranked.end(), others.begin(), others.end());
  issues.causes.resize(ranked.size(), LabelIssueCause::model);
  issues.found.issues = std::move(ranked);
}

}  // namespace

std::string to_string(LabelIssueCause cause) {
  if (cause == LabelIssueCause::rule) return "rule";
  return cause == LabelIssueCause::model ? "model" : "rule and model";
}

Result<LabelIssues> label_issues(Database& database, const AskedRows& rows,
                                 const LabelIssueOptions& options) {
  if (options.probabilities.empty() && options.rule.empty()) {
    return invalid_input("nothing can speak against the labels of `" + rows.text + "`",
                         "give the probability of each class, or the rule that they follow");
  }
  MILLGATE_ASSIGN(const ReadRows read, Reading(database, rows, options).run());
  if (read.labels.empty()) {
    return invalid_input("`" + rows.text + "` has no row with a label",
                         "the label is: " + options.label);
  }
  const size_t classes = read.classes.size();
  LabelIssues issues;
  issues.classes = read.classes;
  issues.by_model = !options.probabilities.empty();
  issues.by_rule = !options.rule.empty();
  count_ruled(read, issues);
  if (issues.by_model) {
    auto found = confident_learning(read.labels, read.probabilities, classes);
    if (!found.ok()) return std::move(found).error().inside("labels of `" + rows.text + "`");
    issues.found = std::move(*found);
    issues.discrimination = discrimination(read, classes);
  } else {
    issues.found = counted_by_rule(read, issues);
  }
  rank_with_rule(read, issues);
  issues.labelled = static_cast<int64_t>(read.labels.size());
  issues.unlabelled = read.all - issues.labelled;
  for (const LabelIssue& issue : issues.found.issues) {
    issues.row_numbers.push_back(read.numbers[issue.row]);
    std::vector<std::string> cells;
    cells.reserve(read.shown.size());
    for (const auto& column : read.shown) cells.push_back(column[issue.row]);
    issues.shown.push_back(std::move(cells));
  }
  for (size_t i = 0; i < options.by.size(); ++i) {
    issues.groups.emplace_back(options.by[i], count_groups(read.by[i], issues.found.issues));
  }
  return issues;
}

Result<std::shared_ptr<arrow::RecordBatchReader>> review_rows(Database& database,
                                                              const AskedRows& rows,
                                                              const LabelIssues& issues,
                                                              const std::vector<std::string>& shown,
                                                              const std::string& label_column) {
  MILLGATE_ASSIGN(const auto table, issue_table(issues));
  std::vector<std::string> columns = shown;
  if (!label_column.empty()) columns.push_back(label_column);
  return noted_rows(database, rows, columns, *table);
}

nlohmann::ordered_json to_json(const LabelIssues& issues) {
  const size_t count = issues.classes.size();
  Json confident = Json::array();
  Json joint = Json::array();
  for (size_t given = 0; given < count; ++given) {
    Json counts = Json::array();
    Json estimated = Json::array();
    for (size_t seems = 0; seems < count; ++seems) {
      counts.push_back(issues.found.confident[given * count + seems]);
      estimated.push_back(issues.found.joint[given * count + seems]);
    }
    confident.push_back(std::move(counts));
    joint.push_back(std::move(estimated));
  }
  Json named = Json::array();
  for (size_t i = 0; i < issues.found.issues.size(); ++i) {
    const LabelIssue& issue = issues.found.issues[i];
    named.push_back({{"row", issues.row_numbers[i]},
                     {"shown", issues.shown[i]},
                     {"given", issues.classes[issue.given]},
                     {"suggested", issues.classes[issue.suggested]},
                     {"self_confidence", issue.self_confidence},
                     {"probability", issue.probability},
                     {"why", to_string(issues.causes[i])}});
  }
  Json groups = Json::array();
  for (const auto& [by, members] : issues.groups) {
    Json list = Json::array();
    for (const LabelIssueGroup& group : members) {
      list.push_back({{"group", group.group},
                      {"row_count", group.row_count},
                      {"issue_count", group.issue_count}});
    }
    groups.push_back({{"by", by}, {"groups", std::move(list)}});
  }
  return {{"classes", issues.classes},
          {"labelled", issues.labelled},
          {"unlabelled", issues.unlabelled},
          {"ruled", issues.by_rule ? Json(issues.ruled) : Json()},
          {"contradicted", issues.by_rule ? Json(issues.contradicted) : Json()},
          {"thresholds", issues.found.thresholds},
          {"confident_joint", std::move(confident)},
          {"estimated_joint", std::move(joint)},
          {"wrong_share", issues.found.wrong_share},
          {"discrimination", issues.by_model ? Json(issues.discrimination) : Json()},
          {"is_weak", issues.is_weak()},
          {"issues", std::move(named)},
          {"groups", std::move(groups)}};
}

}  // namespace millgate
