#include "system/monitor/label_queue.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "data/query/revision_sql.h"
#include "data/table/arrow_result.h"
#include "ground/id.h"
#include "ground/random.h"
#include "model/artifact/model.h"
#include "model/release/model_name.h"
#include "system/monitor/monitor.h"
#include "system/monitor/served_log.h"

namespace millgate {

namespace {

constexpr const char* kChosen = "chosen_for_labels";

/// A prediction that has no label.
struct Candidate {
  std::string id;
  std::vector<double> probabilities;  ///< Of each class; of regressions and rankings one number.
  std::string by;
  bool is_alike = false;  ///< One before it has the same inputs.
  double doubt = 0;
};

struct Chosen {
  const Candidate* candidate = nullptr;
  bool by_lot = false;
};

/// A number of its own for each prediction and purpose, whatever else is in the log.
Random random_of(const std::string& id, uint64_t seed, std::string_view purpose) {
  const Id digest = hash_of(id);
  uint64_t number = 0;
  for (size_t i = 0; i < 8; ++i) number = number << 8U | digest.bytes[i];
  return Random::stream(seed, purpose, number);
}

/// Over that of no knowledge at all: 0 to 1.
double relative_entropy(const std::vector<double>& probabilities) {
  double sum = 0;
  for (const double p : probabilities) {
    if (p > 0) sum -= p * std::log(p);
  }
  return sum / std::log(static_cast<double>(probabilities.size()));
}

double half_distance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) sum += std::abs(a[i] - b[i]);
  return sum / 2;
}

/// What of the log's rows is read.
class QueueReader {
 public:
  QueueReader(const Repository& repository, const ServedLog& log, const Model& model,
              const LabelQueueOptions& options)
      : repository_(repository), log_(log), model_(model), options_(options) {}

  /// In the order of their ids.
  Result<std::vector<Candidate>> candidates() {
    const std::string by = options_.by.empty() ? "''" : quote_name(log_.column_of(options_.by));
    MILLGATE_ASSIGN(
        const Block rows,
        read("select prediction_id::varchar as prediction_id, " + probabilities() + ", coalesce(" +
                 by + "::varchar, '') as by_value, row_number() over (partition by " + inputs() +
                 " order by prediction_id) > 1 as is_alike from served where model::varchar = " +
                 quote_text(log_.models().front()) +
                 " and label_value is null order by prediction_id",
             {{"by_value", ValueType::text}, {"is_alike", ValueType::boolean}}));
    const size_t first = 1 + columns().size();
    std::vector<Candidate> found(rows.rows);
    for (size_t row = 0; row < rows.rows; ++row) {
      found[row].id = rows.columns[0].texts[row];
      found[row].probabilities = probabilities_at(rows, row);
      found[row].by = rows.columns[first].texts[row];
      found[row].is_alike = rows.columns[first + 1].integers[row] != 0;
    }
    return found;
  }

  /// What challengers answered in shadow, by prediction.
  Result<std::unordered_map<std::string, std::vector<double>>> shadows() {
    MILLGATE_ASSIGN(
        const std::string shadow,
        prepare_revision_sql(log_.database(), repository_, "select * from shadow", kCurrentBranch));
    std::unordered_map<std::string, std::vector<double>> found;
    // A challenger of other classes is no other opinion on these.
    MILLGATE_ASSIGN(const auto described, log_.database().describe(shadow));
    std::set<std::string> there;
    for (const auto& [name, type] : described) there.insert(name);
    for (const std::string& name : columns()) {
      if (!there.contains(name)) return found;
    }
    MILLGATE_ASSIGN(const Block rows,
                    read("select prediction_id::varchar as prediction_id, " + probabilities() +
                             " from (" + shadow + ") order by answered_at, model",
                         {}));
    for (size_t row = 0; row < rows.rows; ++row) {
      found[rows.columns[0].texts[row]] = probabilities_at(rows, row);
    }
    return found;
  }

 private:
  /// The log's columns with what was predicted.
  [[nodiscard]] std::vector<std::string> columns() const {
    std::vector<std::string> names;
    for (const std::string& name : model_.manifest().classes) {
      names.push_back("probability." + name);
    }
    if (names.empty()) names.emplace_back("probability");
    return names;
  }
  [[nodiscard]] std::string probabilities() const {
    std::string sql;
    for (const std::string& name : columns()) {
      sql += (sql.empty() ? "" : ", ") + quote_name(name) + "::double as " + quote_name(name);
    }
    return sql;
  }
  [[nodiscard]] std::string inputs() const {
    std::string sql;
    for (const Field& input : model_.features().inputs()) {
      const std::string column = log_.column_of(input.name);
      if (column.empty()) continue;
      sql += (sql.empty() ? "" : ", ") + quote_name(column);
    }
    return sql.empty() ? "prediction_id" : sql;
  }

  Result<Block> read(const std::string& sql, const std::vector<Field>& more) {
    std::vector<Field> fields = {{"prediction_id", ValueType::text}};
    for (const std::string& name : columns()) fields.push_back({name, ValueType::number});
    fields.insert(fields.end(), more.begin(), more.end());
    MILLGATE_ASSIGN(const auto table, log_.database().query(sql));
    return block_from(*table, fields);
  }

  [[nodiscard]] std::vector<double> probabilities_at(const Block& rows, size_t row) const {
    std::vector<double> values;
    for (size_t k = 0; k < columns().size(); ++k) {
      const Vector& column = rows.columns[1 + k];
      values.push_back(column.valid[row] != 0 ? column.numbers[row] : 0);
    }
    if (model_.manifest().task_kind == "binary") values.push_back(1 - values.front());
    return values;
  }

  const Repository& repository_;
  const ServedLog& log_;
  const Model& model_;
  const LabelQueueOptions& options_;
};

/// Of each candidate. Rankings give none: a score says nothing of one row alone.
int64_t fill_doubts(const Model& model,
                    const std::unordered_map<std::string, std::vector<double>>& shadows,
                    std::vector<Candidate>& candidates) {
  int64_t shadowed = 0;
  if (model.is_ranking()) return shadowed;
  const bool is_of_probabilities = model.manifest().task_kind != "regression";
  double widest = 0;
  for (Candidate& one : candidates) {
    if (is_of_probabilities) one.doubt = relative_entropy(one.probabilities);
    const auto other = shadows.find(one.id);
    if (other == shadows.end()) continue;
    ++shadowed;
    one.doubt = std::max(one.doubt, half_distance(one.probabilities, other->second));
    widest = std::max(widest, one.doubt);
  }
  // Values have a unit: the farthest two are the doubt 1.
  if (!is_of_probabilities && widest > 0) {
    for (Candidate& one : candidates) one.doubt /= widest;
  }
  return shadowed;
}

/// How much more often a value of `by` is asked for: by the root of how rare it is, so that each
/// gets something and none everything.
std::map<std::string, double> weights_of(const std::vector<Candidate>& candidates) {
  std::map<std::string, double> weights;
  for (const Candidate& one : candidates) ++weights[one.by];
  for (auto& [value, weight] : weights) weight = 1 / std::sqrt(weight);
  return weights;
}

/// `count` candidates by lot, each as likely.
std::vector<Chosen> draw_lot(const std::vector<Candidate>& candidates, size_t count,
                             uint64_t seed) {
  std::vector<std::pair<double, const Candidate*>> drawn;
  drawn.reserve(candidates.size());
  for (const Candidate& one : candidates) {
    drawn.emplace_back(random_of(one.id, seed, "lot").uniform(), &one);
  }
  std::sort(drawn.begin(), drawn.end());
  std::vector<Chosen> chosen;
  for (size_t i = 0; i < std::min(count, drawn.size()); ++i) {
    chosen.push_back({.candidate = drawn[i].second, .by_lot = true});
  }
  return chosen;
}

/// `count` of those that are not in `lot`, in proportion to doubt and weight, without putting back:
/// the largest of log weight plus Gumbel noise (Yellott 1977; Efraimidis and Spirakis 2006).
std::vector<Chosen> draw_by_doubt(const std::vector<Candidate>& candidates,
                                  const std::vector<Chosen>& lot, size_t count, uint64_t seed) {
  const std::map<std::string, double> weights = weights_of(candidates);
  std::set<std::string> taken;
  for (const Chosen& one : lot) taken.insert(one.candidate->id);
  std::vector<std::pair<double, const Candidate*>> drawn;
  for (const Candidate& one : candidates) {
    if (one.is_alike || one.doubt <= 0 || taken.contains(one.id)) continue;
    const double uniform = random_of(one.id, seed, "doubt").uniform();
    const double gumbel = -std::log(-std::log(std::max(uniform, 0x1p-53)));
    drawn.emplace_back(-(std::log(one.doubt * weights.at(one.by)) + gumbel), &one);
  }
  std::sort(drawn.begin(), drawn.end());
  if (drawn.size() > count) drawn.resize(count);
  std::vector<Chosen> chosen;
  chosen.reserve(drawn.size());
  for (const auto& [key, candidate] : drawn) chosen.push_back({.candidate = candidate});
  std::stable_sort(chosen.begin(), chosen.end(), [](const Chosen& a, const Chosen& b) {
    return a.candidate->doubt > b.candidate->doubt;
  });
  return chosen;
}

/// With what of the log lets a person find the row.
Result<std::shared_ptr<arrow::Table>> rows_of(const ServedLog& log, const Model& model,
                                              const std::vector<Chosen>& chosen) {
  arrow::StringBuilder ids;
  arrow::StringBuilder asked_by;
  arrow::DoubleBuilder doubts;
  arrow::Int64Builder places;
  for (size_t i = 0; i < chosen.size(); ++i) {
    MILLGATE_ARROW_TRY(ids.Append(chosen[i].candidate->id), "label queue");
    MILLGATE_ARROW_TRY(asked_by.Append(chosen[i].by_lot ? "lot" : "doubt"), "label queue");
    MILLGATE_ARROW_TRY(doubts.Append(chosen[i].candidate->doubt), "label queue");
    MILLGATE_ARROW_TRY(places.Append(static_cast<int64_t>(i)), "label queue");
  }
  arrow::ArrayVector arrays(4);
  MILLGATE_ARROW_TRY(ids.Finish(arrays.data()), "label queue");
  MILLGATE_ARROW_TRY(asked_by.Finish(&arrays[1]), "label queue");
  MILLGATE_ARROW_TRY(doubts.Finish(&arrays[2]), "label queue");
  MILLGATE_ARROW_TRY(places.Finish(&arrays[3]), "label queue");
  const auto schema = arrow::schema(
      {arrow::field("prediction_id", arrow::utf8()), arrow::field("asked_by", arrow::utf8()),
       arrow::field("doubt", arrow::float64()), arrow::field("place", arrow::int64())});
  MILLGATE_TRY(log.database().add_arrow(kChosen, arrow::Table::Make(schema, arrays)));
  std::string keys;
  for (const std::string& key : model.manifest().key) {
    const std::string column = log.column_of(key);
    if (!column.empty()) keys += "s." + quote_name(column) + " as " + quote_name(key) + ", ";
  }
  const std::string predicted = model.has_classes() ? "s.\"class\"" : "s.probability";
  return log.database().query(
      "select s.prediction_id, s.answered_at, " + keys + predicted +
      " as prediction, c.doubt, c.asked_by, null::varchar as label from " + kChosen +
      " c join served s on s.prediction_id::varchar = " + "c.prediction_id order by c.place");
}

}  // namespace

Result<LabelQueue> label_queue(const Repository& repository, const LabelQueueOptions& options) {
  MonitorOptions how;
  how.from = options.from;
  how.to = options.to;
  MILLGATE_ASSIGN(const ServedLog log, ServedLog::read(repository, how));
  if (log.models().empty()) {
    return not_found("nothing was predicted in this time, so there is nothing to label",
                     "`millgate serve` fills the log");
  }
  if (!options.by.empty() && !log.has_column(options.by)) {
    return invalid_input("the prediction log has no column `" + options.by + "`",
                         "name an input, or a key that clients send");
  }
  LabelQueue queue;
  queue.model = log.models().front();
  MILLGATE_ASSIGN(const Id id, resolve_model(repository.ledger(), queue.model));
  MILLGATE_ASSIGN(const auto model, Model::load(repository.objects(), id));
  QueueReader reader(repository, log, *model, options);
  MILLGATE_ASSIGN(std::vector<Candidate> candidates, reader.candidates());
  if (candidates.empty()) {
    return not_found("every prediction of model " + queue.model + " has its label",
                     "ask again when more was predicted");
  }
  MILLGATE_ASSIGN(const auto shadows, reader.shadows());
  queue.shadowed_count = fill_doubts(*model, shadows, candidates);
  queue.unlabelled_count = static_cast<int64_t>(candidates.size());
  queue.alike_count = std::count_if(candidates.begin(), candidates.end(),
                                    [](const Candidate& one) { return one.is_alike; });
  const auto count = static_cast<size_t>(options.count);
  auto lot_count =
      static_cast<size_t>(std::llround(options.lot_share * static_cast<double>(options.count)));
  std::vector<Chosen> lot = draw_lot(candidates, lot_count, options.seed);
  std::vector<Chosen> chosen = draw_by_doubt(candidates, lot, count - lot_count, options.seed);
  // Where too few are in doubt the lot, whose first are the same, gives the rest.
  if (const size_t missing = count - lot_count - chosen.size(); missing > 0 && chosen.empty()) {
    lot = draw_lot(candidates, count, options.seed);
  }
  queue.lot_count = static_cast<int64_t>(lot.size());
  chosen.insert(chosen.end(), lot.begin(), lot.end());
  MILLGATE_ASSIGN(queue.rows, rows_of(log, *model, chosen));
  return queue;
}

}  // namespace millgate
