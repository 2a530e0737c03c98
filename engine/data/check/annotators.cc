#include "data/check/annotators.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "data/table/arrow_result.h"
#include "data/table/value_text.h"
#include "ground/json.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

/// With fewer labels an annotator's matrix is a guess.
constexpr size_t kLabelsForMatrix = 20;

/// Names and their numbers.
class Names {
 public:
  size_t number_of(const std::string& name) {
    const auto [found, is_new] = numbers_.emplace(name, names_.size());
    if (is_new) names_.push_back(name);
    return found->second;
  }
  [[nodiscard]] std::optional<size_t> find(const std::string& name) const {
    const auto found = numbers_.find(name);
    return found == numbers_.end() ? std::nullopt : std::make_optional(found->second);
  }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  std::map<std::string, size_t> numbers_;
  std::vector<std::string> names_;
};

/// The names of `sql`, in the order of its values.
Result<Names> values_of(Database& database, const AskedRows& rows, const std::string& sql) {
  const std::string value = "(" + sql + "\n)";
  MILLGATE_ASSIGN(
      const auto table,
      database.query("select " + expression_text_sql(sql) + " from " + rows.name + " where " +
                     value + " is not null group by " + value + " order by " + value));
  Names names;
  for (const auto& chunk : table->column(0)->chunks()) {
    const auto& texts = static_cast<const arrow::StringArray&>(*chunk);
    for (int64_t row = 0; row < texts.length(); ++row) names.number_of(texts.GetString(row));
  }
  return names;
}

Result<Names> classes_of(Database& database, const AskedRows& rows,
                         const AnnotatorQuestion& question) {
  if (question.classes.empty()) return values_of(database, rows, question.label);
  Names names;
  for (const std::string& one : question.classes) names.number_of(one);
  return names;
}

/// Reads the ratings of one table.
class Reading {
 public:
  Reading(Database& database, const AskedRows& rows, const AnnotatorQuestion& question)
      : database_(database), rows_(rows), question_(question) {}

  Result<AnnotatorReport> run() {
    MILLGATE_ASSIGN(items_, values_of(database_, rows_, question_.item));
    MILLGATE_ASSIGN(annotators_, values_of(database_, rows_, question_.annotator));
    MILLGATE_ASSIGN(classes_, classes_of(database_, rows_, question_));
    MILLGATE_TRY(read_ratings());
    AnnotatorReport& report = report_;
    report.items = items_.names();
    report.annotators = annotators_.names();
    report.classes = classes_.names();
    report.scale = question_.scale;
    report.ratings.item_count = report.items.size();
    report.ratings.annotator_count = report.annotators.size();
    report.ratings.class_count = report.classes.size();
    MILLGATE_TRY(check_comparable());
    return std::move(report_);
  }

 private:
  Status read_ratings() {
    MILLGATE_ASSIGN(const auto reader,
                    database_.stream("select " + expression_text_sql(question_.item) + ", " +
                                     expression_text_sql(question_.annotator) + ", " +
                                     expression_text_sql(question_.label) + " from " + rows_.name));
    int64_t number = 0;
    while (true) {
      std::shared_ptr<arrow::RecordBatch> batch;
      MILLGATE_ARROW_TRY(reader->ReadNext(&batch), "the rows");
      if (batch == nullptr) return {};
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        MILLGATE_TRY(take(*batch, row, ++number));
      }
    }
  }

  Status take(const arrow::RecordBatch& batch, int64_t row, int64_t number) {
    for (int column = 0; column < 3; ++column) {
      if (!batch.column(column)->IsNull(row)) continue;
      ++report_.unlabelled;
      return {};
    }
    const std::string item = text_at(batch, 0, row);
    const std::string annotator = text_at(batch, 1, row);
    const std::string label = text_at(batch, 2, row);
    const auto code = classes_.find(label);
    if (!code) {
      return invalid_input("row " + std::to_string(number) + " of `" + rows_.text +
                               "` has the label `" + label + "`, which is none of the classes",
                           name_hint(label, classes_.names()));
    }
    const Rating rating{items_.number_of(item), annotators_.number_of(annotator), *code};
    if (!seen_.emplace(std::pair(rating.item, rating.annotator), number).second) {
      return invalid_input("`" + annotator + "` labelled item `" + item + "` twice, in rows " +
                               std::to_string(seen_.at({rating.item, rating.annotator})) + " and " +
                               std::to_string(number) + " of `" + rows_.text + "`",
                           "keep one, for example by a select with `qualify row_number() over "
                           "(partition by item, annotator order by time desc) = 1`");
    }
    report_.ratings.given.push_back(rating);
    return {};
  }

  Status check_comparable() {
    if (report_.ratings.given.empty()) {
      return invalid_input("`" + rows_.text + "` has no row with item, annotator and label");
    }
    if (report_.annotators.size() < 2) {
      return invalid_input(
          "there is one annotator, `" + report_.annotators.front() + "`: nobody to agree with",
          "have a part of the items labelled by somebody else, too");
    }
    std::vector<int64_t> labels(report_.items.size());
    for (const Rating& one : report_.ratings.given) ++labels[one.item];
    report_.shared_item_count =
        std::count_if(labels.begin(), labels.end(), [](int64_t count) { return count > 1; });
    if (report_.shared_item_count > 0) return {};
    return invalid_input("no item of `" + rows_.text + "` has labels of two annotators",
                         "have a part of the items labelled by several people");
  }

  Database& database_;
  const AskedRows& rows_;
  const AnnotatorQuestion& question_;
  Names items_, annotators_, classes_;
  std::map<std::pair<size_t, size_t>, int64_t> seen_;
  AnnotatorReport report_;
};

Result<std::vector<double>> class_values(const AnnotatorReport& report) {
  std::vector<double> values;
  if (report.scale != LabelScale::interval) return values;
  for (const std::string& name : report.classes) {
    const auto value = number_from(name);
    if (!value) {
      return invalid_input("label `" + name + "` is no number, as the interval scale needs",
                           "--scale ordinal takes classes in an order, --scale nominal any");
    }
    values.push_back(*value);
  }
  return values;
}

std::vector<AnnotatorReport::Item> review_of(const AnnotatorReport& report) {
  std::vector<AnnotatorReport::Item> review(report.items.size());
  for (size_t i = 0; i < review.size(); ++i) {
    const size_t label = report.consensus.label(i);
    review[i] = {.item = i,
                 .label_count = 0,
                 .consensus = label,
                 .probability = report.consensus.probability(i, label),
                 .agreement = 0};
  }
  for (const Rating& one : report.ratings.given) {
    AnnotatorReport::Item& item = review[one.item];
    ++item.label_count;
    item.agreement += one.label == item.consensus ? 1 : 0;
  }
  std::erase_if(review, [](const AnnotatorReport::Item& one) { return one.label_count == 0; });
  for (auto& item : review) item.agreement /= static_cast<double>(item.label_count);
  // Rounded, so that two that differ by rounding errors are ordered by what people see.
  const auto rank = [](const AnnotatorReport::Item& one) {
    return std::tuple(std::round(one.probability * 1e9), one.agreement, one.item);
  };
  std::sort(review.begin(), review.end(),
            [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return review;
}

Json number_or_null(double value) { return std::isnan(value) ? Json() : Json(value); }
Json number_or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

const char* name_of(LabelScale scale) {
  return scale == LabelScale::nominal   ? "nominal"
         : scale == LabelScale::ordinal ? "ordinal"
                                        : "interval";
}

}  // namespace

std::vector<std::string> AnnotatorReport::hardly_known() const {
  std::vector<std::string> names;
  for (size_t i = 0; i < annotators.size(); ++i) {
    if (qualities[i].label_count < kLabelsForMatrix) names.push_back(annotators[i]);
  }
  return names;
}

Result<AnnotatorReport> read_annotators(Database& database, const AskedRows& rows,
                                        const AnnotatorQuestion& question) {
  MILLGATE_ASSIGN(AnnotatorReport report, Reading(database, rows, question).run());
  MILLGATE_ASSIGN(const auto values, class_values(report));
  report.pairs = pair_agreements(report.ratings);
  report.fleiss_kappa = fleiss_kappa(report.ratings);
  report.krippendorff_alpha = krippendorff_alpha(report.ratings, report.scale, values);
  report.consensus = dawid_skene(report.ratings);
  report.qualities = annotator_qualities(report.ratings, report.consensus);
  report.review = review_of(report);
  return report;
}

Result<std::shared_ptr<arrow::Table>> consensus_table(const AnnotatorReport& report) {
  arrow::StringBuilder items;
  arrow::StringBuilder labels;
  arrow::DoubleBuilder probabilities;
  arrow::Int64Builder counts;
  arrow::DoubleBuilder agreements;
  for (const AnnotatorReport::Item& one : report.review) {
    MILLGATE_ARROW_TRY(items.Append(report.items[one.item]), "consensus");
    MILLGATE_ARROW_TRY(labels.Append(report.classes[one.consensus]), "consensus");
    MILLGATE_ARROW_TRY(probabilities.Append(one.probability), "consensus");
    MILLGATE_ARROW_TRY(counts.Append(static_cast<int64_t>(one.label_count)), "consensus");
    MILLGATE_ARROW_TRY(agreements.Append(one.agreement), "consensus");
  }
  arrow::ArrayVector columns;
  for (arrow::ArrayBuilder* builder : std::initializer_list<arrow::ArrayBuilder*>{
           &items, &labels, &probabilities, &counts, &agreements}) {
    MILLGATE_ARROW(auto column, builder->Finish(), "consensus");
    columns.push_back(std::move(column));
  }
  return arrow::Table::Make(
      arrow::schema({arrow::field("item", arrow::utf8()), arrow::field("label", arrow::utf8()),
                     arrow::field("probability", arrow::float64()),
                     arrow::field("label_count", arrow::int64()),
                     arrow::field("agreement", arrow::float64())}),
      columns);
}

Json to_json(const AnnotatorReport& report) {
  const size_t k = report.classes.size();
  Json annotators = Json::array();
  for (size_t i = 0; i < report.annotators.size(); ++i) {
    const AnnotatorQuality& one = report.qualities[i];
    Json confusion = Json::array();
    for (size_t a = 0; a < k; ++a) {
      Json line = Json::array();
      for (size_t b = 0; b < k; ++b)
        line.push_back(report.consensus.confusion[(i * k + a) * k + b]);
      confusion.push_back(std::move(line));
    }
    annotators.push_back({{"annotator", report.annotators[i]},
                          {"label_count", one.label_count},
                          {"shared_count", one.shared_count},
                          {"agreement", number_or_null(one.agreement)},
                          {"accuracy", number_or_null(one.accuracy)},
                          {"skill", one.skill},
                          {"confusion", std::move(confusion)}});
  }
  Json pairs = Json::array();
  for (const PairAgreement& one : report.pairs) {
    pairs.push_back({{"first", report.annotators[one.first]},
                     {"second", report.annotators[one.second]},
                     {"item_count", one.item_count},
                     {"observed", one.observed},
                     {"kappa", number_or_null(one.kappa)}});
  }
  Json items = Json::array();
  for (const AnnotatorReport::Item& one : report.review) {
    items.push_back({{"item", report.items[one.item]},
                     {"label_count", one.label_count},
                     {"consensus", report.classes[one.consensus]},
                     {"probability", one.probability},
                     {"agreement", one.agreement}});
  }
  Json shares = Json::object();
  for (size_t i = 0; i < k; ++i) shares[report.classes[i]] = report.consensus.shares[i];
  return {{"label_count", report.ratings.given.size()},
          {"unlabelled_count", report.unlabelled},
          {"item_count", report.review.size()},
          {"shared_item_count", report.shared_item_count},
          {"classes", report.classes},
          {"scale", name_of(report.scale)},
          {"fleiss_kappa", number_or_null(report.fleiss_kappa)},
          {"krippendorff_alpha", number_or_null(report.krippendorff_alpha)},
          {"consensus_rounds", report.consensus.rounds},
          {"consensus_converged", report.consensus.converged},
          {"class_shares", std::move(shares)},
          {"annotators", std::move(annotators)},
          {"pairs", std::move(pairs)},
          {"items", std::move(items)}};
}

}  // namespace millgate
