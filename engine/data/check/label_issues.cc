#include "data/check/label_issues.h"

#include <arrow/api.h>

#include <algorithm>
#include <map>

#include "data/table/arrow_result.h"
#include "ground/json.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

/// The labelled rows.
struct ReadRows {
  std::vector<size_t> labels;
  std::vector<double> probabilities;
  std::vector<int64_t> numbers;                     ///< Among all rows, from 1.
  std::vector<std::vector<std::string>> by, shown;  ///< Column by column.
  int64_t all = 0;
};

class Reading {
 public:
  Reading(Database& database, const AskedRows& rows, const LabelIssueOptions& options)
      : database_(database), rows_(rows), options_(options) {
    for (const auto& [name, sql] : options.probabilities) codes_.emplace(name, codes_.size());
  }

  Result<ReadRows> run() {
    std::string select = expression_text_sql(options_.label);
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
  Status take(const arrow::RecordBatch& batch, int64_t row) {
    const std::string label = text_at(batch, 0, row);
    const auto code = codes_.find(label);
    if (code == codes_.end()) {
      std::vector<std::string> names;
      names.reserve(codes_.size());
      for (const auto& [name, number] : codes_) names.push_back(name);
      return invalid_input("row " + std::to_string(read_.all) + " of `" + rows_.text +
                               "` has the label `" + label + "`, for which no probability is given",
                           name_hint(label, names));
    }
    read_.labels.push_back(code->second);
    read_.numbers.push_back(read_.all);
    int next = 1;
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
  for (const Value& value : values) MILLGATE_ARROW_TRY(builder.Append(value), "label issues");
  MILLGATE_ARROW(auto column, builder.Finish(), "label issues");
  columns.push_back(std::move(column));
  return {};
}

Result<std::shared_ptr<arrow::Table>> issue_table(const LabelIssues& issues) {
  std::vector<std::string> given;
  std::vector<std::string> suggested;
  std::vector<double> confidence;
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
  return arrow::Table::Make(
      arrow::schema({arrow::field(kNumberColumn, arrow::int64()),
                     arrow::field("_note_given", arrow::utf8()),
                     arrow::field("_note_suggested", arrow::utf8()),
                     arrow::field("_note_self_confidence", arrow::float64())}),
      columns);
}

}  // namespace

Result<LabelIssues> label_issues(Database& database, const AskedRows& rows,
                                 const LabelIssueOptions& options) {
  MILLGATE_ASSIGN(const ReadRows read, Reading(database, rows, options).run());
  if (read.labels.empty()) {
    return invalid_input("`" + rows.text + "` has no row with a label",
                         "the label is: " + options.label);
  }
  const size_t classes = options.probabilities.size();
  LabelIssues issues;
  auto found = confident_learning(read.labels, read.probabilities, classes);
  if (!found.ok()) return std::move(found).error().inside("labels of `" + rows.text + "`");
  issues.found = std::move(*found);
  for (const auto& [name, sql] : options.probabilities) issues.classes.push_back(name);
  issues.labelled = static_cast<int64_t>(read.labels.size());
  issues.unlabelled = read.all - issues.labelled;
  issues.discrimination = discrimination(read, classes);
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
                     {"probability", issue.probability}});
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
          {"thresholds", issues.found.thresholds},
          {"confident_joint", std::move(confident)},
          {"estimated_joint", std::move(joint)},
          {"wrong_share", issues.found.wrong_share},
          {"discrimination", issues.discrimination},
          {"is_weak", issues.is_weak()},
          {"issues", std::move(named)},
          {"groups", std::move(groups)}};
}

}  // namespace millgate
