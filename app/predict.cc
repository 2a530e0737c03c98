#include <arrow/api.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <iostream>
#include <map>
#include <numeric>

#include "app/commands.h"
#include "app/joined_rows.h"
#include "app/personal_exit.h"
#include "app/remote_rows.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "data/table/arrow_result.h"
#include "data/table/writer.h"
#include "model/learn/attempt.h"
#include "model/measure/latency.h"
#include "model/release/model_name.h"
#include "system/monitor/wording.h"

namespace millgate {

namespace {

struct Options {
  std::string model = "serving";
  std::string revision = kCurrentBranch;
  std::string where;
  std::string rows;
  std::string out;
  int64_t limit = 0;
  SendOptions send;
};

Result<std::vector<Prediction>> predict_here(const arrow::Table& joined, const Model& model,
                                             Model::Scratch& scratch) {
  MILLGATE_ASSIGN(const Block block, block_from(joined, model.features().inputs()));
  std::vector<Prediction> predictions;
  MILLGATE_TRY(model.predict(block, predictions, scratch));
  return predictions;
}

/// The decided class by name, then the probability of each class.
Status add_classes(const Model& model, const std::vector<Prediction>& predictions,
                   const std::vector<double>& probabilities,
                   const std::function<void(std::string, std::shared_ptr<arrow::Array>)>& add) {
  const std::vector<std::string>& classes = model.manifest().classes;
  arrow::StringBuilder names;
  for (const Prediction& one : predictions) {
    MILLGATE_ARROW_TRY(names.Append(classes[one.class_number]), "predictions");
  }
  MILLGATE_ARROW(const auto decided, names.Finish(), "predictions");
  add("class", decided);
  for (size_t k = 0; k < classes.size(); ++k) {
    arrow::DoubleBuilder numbers;
    for (size_t row = 0; row < predictions.size(); ++row) {
      MILLGATE_ARROW_TRY(numbers.Append(probabilities[row * classes.size() + k]), "predictions");
    }
    MILLGATE_ARROW(const auto array, numbers.Finish(), "predictions");
    add("probability." + classes[k], array);
  }
  return {};
}

Result<std::shared_ptr<arrow::Array>> numbers_of(const std::vector<Prediction>& predictions,
                                                 double Prediction::*which) {
  arrow::DoubleBuilder builder;
  for (const Prediction& one : predictions) {
    MILLGATE_ARROW_TRY(builder.Append(one.*which), "predictions");
  }
  MILLGATE_ARROW(auto array, builder.Finish(), "predictions");
  return array;
}

Result<std::shared_ptr<arrow::Array>> booleans_of(const std::vector<Prediction>& predictions,
                                                  bool Prediction::*which) {
  arrow::BooleanBuilder builder;
  for (const Prediction& one : predictions) {
    MILLGATE_ARROW_TRY(builder.Append(one.*which), "predictions");
  }
  MILLGATE_ARROW(auto array, builder.Finish(), "predictions");
  return array;
}

/// The place of each row among those of its query, from 1 on: the highest score first, of equal
/// ones the earlier row.
Result<std::shared_ptr<arrow::Array>> ranks_of(const arrow::Table& joined,
                                               const std::vector<Prediction>& predictions) {
  MILLGATE_ASSIGN(const std::vector<uint32_t> query, read_query(joined));
  std::vector<size_t> order(query.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return query[a] != query[b] ? query[a] < query[b] : predictions[a].value > predictions[b].value;
  });
  std::vector<int64_t> ranks(query.size());
  for (size_t i = 0; i < order.size(); ++i) {
    const bool is_first = i == 0 || query[order[i]] != query[order[i - 1]];
    ranks[order[i]] = is_first ? 1 : ranks[order[i - 1]] + 1;
  }
  arrow::Int64Builder builder;
  MILLGATE_ARROW_TRY(builder.AppendValues(ranks), "ranks");
  MILLGATE_ARROW(auto array, builder.Finish(), "ranks");
  return array;
}

/// The key, of a ranking the query too, then what was predicted.
Result<std::shared_ptr<arrow::Table>> result_table(const arrow::Table& joined, const Model& model,
                                                   const std::vector<Prediction>& predictions,
                                                   const std::vector<double>& probabilities) {
  arrow::StringBuilder models;
  for (size_t row = 0; row < predictions.size(); ++row) {
    MILLGATE_ARROW_TRY(models.Append(model.id().brief()), "predictions");
  }
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::ChunkedArray>> columns;
  std::vector<std::string> names = model.manifest().key;
  for (const std::string& name : model.manifest().group) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  for (const std::string& name : names) {
    const int at = joined.schema()->GetFieldIndex(name);
    if (at < 0) continue;
    fields.push_back(joined.schema()->field(at));
    columns.push_back(joined.column(at));
  }
  const auto add = [&](const std::string& name, const std::shared_ptr<arrow::Array>& array) {
    fields.push_back(arrow::field(name, array->type()));
    columns.push_back(std::make_shared<arrow::ChunkedArray>(array));
  };
  const auto add_numbers = [&](const char* name, double Prediction::*which) -> Status {
    MILLGATE_ASSIGN(const auto array, numbers_of(predictions, which));
    add(name, array);
    return {};
  };
  const auto add_booleans = [&](const char* name, bool Prediction::*which) -> Status {
    MILLGATE_ASSIGN(const auto array, booleans_of(predictions, which));
    add(name, array);
    return {};
  };
  const bool binary = model.manifest().task_kind == "binary";
  const bool surrounded = model.uncertainty().has_value();
  MILLGATE_ARROW(const auto ids, models.Finish(), "predictions");
  add("model", ids);
  if (model.has_classes()) {
    MILLGATE_TRY(add_classes(model, predictions, probabilities, add));
    return arrow::Table::Make(arrow::schema(fields), columns, joined.num_rows());
  }
  MILLGATE_TRY(add_numbers(model.number_name(), &Prediction::value));
  if (model.is_ranking()) {
    MILLGATE_ASSIGN(const auto ranks, ranks_of(joined, predictions));
    add("rank", ranks);
  }
  if (binary) MILLGATE_TRY(add_booleans("decision", &Prediction::decision));
  if (surrounded && binary) {
    MILLGATE_TRY(add_booleans("may_be_true", &Prediction::may_be_true));
    MILLGATE_TRY(add_booleans("may_be_false", &Prediction::may_be_false));
  } else if (surrounded) {
    MILLGATE_TRY(add_numbers("lower", &Prediction::lower));
    MILLGATE_TRY(add_numbers("upper", &Prediction::upper));
  }
  return arrow::Table::Make(arrow::schema(fields), columns, joined.num_rows());
}

Result<int> print_batch(const Session& session, const Options& options, const Workplace& place,
                        const arrow::Table& joined, const Model& model) {
  Model::Scratch scratch;
  MILLGATE_ASSIGN(const std::vector<Prediction> predictions, predict_here(joined, model, scratch));
  MILLGATE_ASSIGN(auto table, result_table(joined, model, predictions, scratch.values));
  if (place.project.task) {
    MILLGATE_ASSIGN(table, guarded_table(*place.repository, place.project.task->table,
                                         options.revision, std::move(table)));
  }
  arrow::TableBatchReader reader(*table);
  if (!options.out.empty()) {
    MILLGATE_ASSIGN(const int64_t count, write_table_file(reader, options.out));
    if (session.json) {
      print_json({{"model", model.id().hex()}, {"row_count", count}, {"out", options.out}});
    } else {
      std::cerr << grouped(count) << " predictions of model " << model.id().brief()
                << " written to " << options.out << '\n';
    }
    return kDone;
  }
  std::string text;
  MILLGATE_TRY(write_csv_text(reader, text));
  std::cout << text;
  return kDone;
}

bool same_bits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

bool same_bits(const Prediction& a, const Prediction& b) {
  return same_bits(a.value, b.value) && a.decision == b.decision && same_bits(a.lower, b.lower) &&
         same_bits(a.upper, b.upper) && a.may_be_true == b.may_be_true &&
         a.may_be_false == b.may_be_false;
}

/// What a model says here of the same rows.
struct Own {
  std::shared_ptr<const Model> model;
  std::vector<Prediction> predictions;
  std::vector<double> probabilities;  ///< Of several classes.

  [[nodiscard]] bool equals(const Answer& answer, size_t row) const {
    const std::vector<std::string>& classes = model->manifest().classes;
    if (classes.empty()) return same_bits(predictions[row], answer.prediction);
    if (answer.class_name != classes[predictions[row].class_number]) return false;
    for (size_t k = 0; k < classes.size(); ++k) {
      const auto told = answer.probabilities.find(classes[k]);
      if (told == answer.probabilities.end() ||
          !same_bits(told->second, probabilities[row * classes.size() + k])) {
        return false;
      }
    }
    return true;
  }
};

/// How many answers equal, bit by bit, the batch prediction of the model that gave them.
Result<int64_t> count_equal(const Repository& repository, const arrow::Table& joined,
                            const std::vector<Answer>& answers) {
  std::map<std::string, Own> by_model;
  int64_t equal = 0;
  for (size_t row = 0; row < answers.size(); ++row) {
    const Answer& answer = answers[row];
    if (answer.model.empty()) continue;
    auto found = by_model.find(answer.model);
    if (found == by_model.end()) {
      MILLGATE_ASSIGN(const Id id, resolve_model(repository.ledger(), answer.model));
      Own own;
      MILLGATE_ASSIGN(own.model, Model::load(repository.objects(), id));
      Model::Scratch scratch;
      MILLGATE_ASSIGN(own.predictions, predict_here(joined, *own.model, scratch));
      if (own.model->has_classes()) own.probabilities = std::move(scratch.values);
      found = by_model.emplace(answer.model, std::move(own)).first;
    }
    if (found->second.equals(answer, row)) ++equal;
  }
  return equal;
}

Json to_json(SendReport& report, int64_t equal, const std::map<std::string, int64_t>& models) {
  return {{"row_count", report.answers.size()},
          {"request_count", report.latency_ms.size()},
          {"failed_request_count", report.failed_request_count},
          {"equal_count", equal},
          {"seconds", report.seconds},
          {"latency_ms_p50", percentile(report.latency_ms, 0.5)},
          {"latency_ms_p99", percentile(report.latency_ms, 0.99)},
          {"models", models},
          {"warnings", report.warnings}};
}

void print_sent(SendReport& report, int64_t equal, const std::map<std::string, int64_t>& models) {
  std::cout << count_of(std::ssize(report.answers), "row") << " in "
            << grouped(static_cast<int64_t>(report.latency_ms.size())) << " requests, "
            << rounded(report.seconds, 3) << " s, " << grouped(report.failed_request_count)
            << " failed\n";
  std::cout << "latency ms: p50 " << rounded(percentile(report.latency_ms, 0.5), 3) << ", p90 "
            << rounded(percentile(report.latency_ms, 0.9), 3) << ", p99 "
            << rounded(percentile(report.latency_ms, 0.99), 3) << ", largest "
            << rounded(percentile(report.latency_ms, 1.0), 3) << '\n';
  for (const auto& [model, count] : models) {
    std::cout << "model " << (model.empty() ? "(none)" : model) << ": " << count_of(count, "row")
              << '\n';
  }
  std::cout << "equal to the batch prediction bit by bit: " << grouped(equal) << " of "
            << grouped(static_cast<int64_t>(report.answers.size())) << '\n';
  for (const auto& [text, count] : report.warnings) {
    std::cout << "warning in " << count_of(count, "row") << ": " << text << '\n';
  }
  if (!report.first_failure.empty()) {
    std::cout << "first failure: " << report.first_failure << '\n';
  }
}

Result<int> send(const Session& session, const Options& options, const Workplace& place,
                 const arrow::Table& joined, const Model& model) {
  SendOptions how = options.send;
  how.model = place.project.name;
  how.progress = progress_line();
  MILLGATE_ASSIGN(SendReport report, send_rows(joined, model, how));
  end_progress();
  MILLGATE_ASSIGN(const int64_t equal, count_equal(*place.repository, joined, report.answers));
  std::map<std::string, int64_t> models;
  for (const Answer& answer : report.answers) ++models[answer.model];
  if (session.json) {
    print_json(to_json(report, equal, models));
  } else {
    print_sent(report, equal, models);
  }
  const bool good =
      report.failed_request_count == 0 && equal == static_cast<int64_t>(report.answers.size());
  return good ? kDone : kAnswerIsNo;
}

Result<int> predict(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(const Id id, resolve_model(place.repository->ledger(), options.model));
  MILLGATE_ASSIGN(const auto model, Model::load(place.repository->objects(), id));
  MILLGATE_ASSIGN(std::shared_ptr<arrow::Table> joined,
                  options.rows.empty()
                      ? joined_rows(place, options.revision, *model, options.where)
                      : joined_file_rows(place, options.revision, *model, options.rows));
  if (options.limit > 0) joined = joined->Slice(0, options.limit);
  if (!options.send.url.empty()) return send(session, options, place, *joined, *model);
  return print_batch(session, options, place, *joined, *model);
}

}  // namespace

void add_predict(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "predict", "predict rows here, or send them to a server and compare",
      "millgate predict --rows june.parquet --url http://127.0.0.1:8080 --batch 64");
  command.add_option("model", options->model, "id, its prefix, `latest` or `serving`")
      .shows_default();
  command.add_option("--rev", options->revision, "version of the data").shows_default();
  command.add_option("--where", options->where, "only rows that meet this SQL condition");
  command.add_option("--rows", options->rows, "rows of the task's table from a file instead");
  command.add_option("--limit", options->limit, "only the first so many rows");
  command.add_option("-o,--out", options->out, "write .parquet, .csv, .jsonl or .arrow");
  const Parameter url =
      command.add_option("--url", options->send.url, "send the rows to this server");
  Parameter key =
      command.add_option("--tls-key", options->send.shown.key, "PEM file: the key of --tls-cert");
  Parameter certificate =
      command.add_option("--tls-cert", options->send.shown.certificate,
                         "PEM file: show this certificate to a server that wants one");
  certificate.needs(url).needs(key);
  key.needs(certificate);
  command.add_option("--batch", options->send.batch_rows, "rows a request").shows_default();
  command.add_option("--protocol", options->send.protocol, "plain, or oip (Open Inference v2)")
      .one_of({"plain", "oip"})
      .shows_default();
  command.does([&session, options] { return predict(session, *options); });
}

}  // namespace millgate
