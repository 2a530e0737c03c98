#include "model/artifact/explainer.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <numeric>
#include <optional>

#include "app/commands.h"
#include "app/counterfactual_text.h"
#include "app/effect_text.h"
#include "app/joined_rows.h"
#include "app/personal_exit.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "data/feature/vector.h"
#include "data/table/arrow_result.h"
#include "data/table/writer.h"
#include "ground/random.h"
#include "model/artifact/feature_effect.h"
#include "model/release/model_name.h"
#include "system/monitor/wording.h"
#include "system/pipeline/task_cells.h"

namespace millgate {

namespace {

struct Options {
  std::string model = "serving";
  std::string revision = kCurrentBranch;
  std::string where;
  std::string rows;
  std::string out;
  std::string curve;  ///< A feature.
  bool interactions = false;
  bool change = false;
  std::vector<std::string> keep;  ///< Features that `change` leaves alone.
  double until = 0;
  std::function<bool()> has_until;  ///< Whether the call has `--until`.
  int64_t sample = 10'000;
  size_t top = 10;
  uint64_t seed = 1;
};

/// Rows with what the model says of them and why.
struct Explained {
  std::shared_ptr<const Model> model;
  std::shared_ptr<const Explainer> explainer;
  std::shared_ptr<arrow::Table> joined;
  int64_t rows_found = 0;  ///< Before the sample was drawn.
  std::vector<double> features;
  std::vector<double> contributions;
  std::vector<Prediction> predictions;
  GuardedCells cells;  ///< Of the rows before they became features.

  [[nodiscard]] size_t width() const { return model->features().features().size(); }
  [[nodiscard]] bool binary() const { return model->manifest().task_kind == "binary"; }
  [[nodiscard]] std::span<const double> of_row(size_t row) const {
    return std::span(contributions).subspan(row * width(), width());
  }
};

/// `count` rows of `table`, drawn without replacement, in their order.
Result<std::shared_ptr<arrow::Table>> sample_rows(const std::shared_ptr<arrow::Table>& table,
                                                  int64_t count, uint64_t seed) {
  if (count <= 0 || table->num_rows() <= count) return table;
  Random random = Random::stream(seed, "explained rows");
  std::vector<std::shared_ptr<arrow::Table>> parts;
  // Selection sampling (Knuth, algorithm S); neighbours become one slice.
  int64_t wanted = count, begin = -1;
  for (int64_t row = 0; row <= table->num_rows(); ++row) {
    const int64_t left = table->num_rows() - row;
    const bool taken =
        left > 0 && random.below(static_cast<uint64_t>(left)) < static_cast<uint64_t>(wanted);
    if (taken) --wanted;
    if (taken && begin < 0) begin = row;
    if (!taken && begin >= 0) {
      parts.push_back(table->Slice(begin, row - begin));
      begin = -1;
    }
  }
  MILLGATE_ARROW(std::shared_ptr<arrow::Table> drawn, arrow::ConcatenateTables(parts), "rows");
  return drawn;
}

Result<Explained> explain_rows(const Workplace& place, const Options& options) {
  Explained all;
  MILLGATE_ASSIGN(const Id id, resolve_model(place.repository->ledger(), options.model));
  MILLGATE_ASSIGN(all.model, Model::load_of_one_number(place.repository->objects(), id));
  MILLGATE_ASSIGN(all.explainer, load_explainer(place.repository->objects(), id));
  if (!options.rows.empty() && !options.where.empty()) {
    return invalid_input("`--rows` and `--where` exclude each other",
                         "explain the rows of a file, or those of a version that meet a condition");
  }
  MILLGATE_ASSIGN(all.joined,
                  options.rows.empty()
                      ? joined_rows(place, options.revision, *all.model, options.where)
                      : joined_file_rows(place, options.revision, *all.model, options.rows));
  all.rows_found = all.joined->num_rows();
  if (all.rows_found == 0) {
    return not_found("no row to explain", options.where.empty()
                                              ? "the table is empty"
                                              : "`--where` holds for no row of the task's table");
  }
  MILLGATE_ASSIGN(const Commit commit, place.repository->resolve(options.revision));
  MILLGATE_ASSIGN(all.cells, cells_of_task(*place.repository, place.project, commit));
  MILLGATE_ASSIGN(all.joined, sample_rows(all.joined, options.sample, options.seed));
  MILLGATE_ASSIGN(const Block inputs, block_from(*all.joined, all.model->features().inputs()));
  Model::Scratch scratch;
  MILLGATE_TRY(all.model->predict(inputs, all.predictions, scratch));
  all.features = std::move(scratch.features);
  all.contributions.resize(all.features.size());
  all.explainer->explain(all.features, all.contributions);
  return all;
}

/// A feature's value as a person would write it.
std::string plain_value_text(const Feature& feature, double value) {
  if (std::isnan(value)) return "(missing)";
  if (!feature.is_category) return rounded(value, 6);
  const auto code = static_cast<size_t>(value);
  return code < feature.categories.size() ? feature.categories[code] : "(unknown)";
}

/// Whether it is made from a column that the policy for personal data hides.
bool is_guarded(const Explained& all, const Feature& feature) {
  return std::any_of(feature.inputs.begin(), feature.inputs.end(),
                     [&](const std::string& input) { return all.cells.guards(input); });
}

std::string value_text(const Explained& all, const Feature& feature, double value) {
  return is_guarded(all, feature) ? "***" : plain_value_text(feature, value);
}

Json value_json(const Explained& all, const Feature& feature, double value) {
  if (std::isnan(value)) return nullptr;
  if (is_guarded(all, feature)) return "***";
  if (feature.is_category) return plain_value_text(feature, value);
  return value;
}

/// Feature numbers by falling size of `sizes`; equal ones in their order.
std::vector<size_t> order_by_size(std::span<const double> sizes) {
  std::vector<size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return std::abs(sizes[a]) > std::abs(sizes[b]); });
  return order;
}

Json to_json(const Explained& all, const std::vector<FeatureEffect>& effects,
             const std::vector<size_t>& order) {
  Json features = Json::array();
  for (const size_t i : order) {
    features.push_back({{"feature", all.model->features().features()[i].name},
                        {"mean_absolute", effects[i].mean_absolute},
                        {"lower", effects[i].lower},
                        {"upper", effects[i].upper},
                        {"mean", effects[i].mean}});
  }
  return {{"model", all.model->id().hex()},
          {"scale", to_text(all.explainer->scale())},
          {"row_count", all.predictions.size()},
          {"rows_found", all.rows_found},
          {"base_value", all.explainer->base_value()},
          {"features", features}};
}

/// What the model tells at a sum of contributions.
double told_at(const Explained& all, double sum) {
  const double score = prediction_of(all.explainer->scale(), sum);
  return all.model->calibration() ? calibrated(*all.model->calibration(), score) : score;
}

double score_of(const Explained& all, size_t row) {
  double sum = all.explainer->base_value();
  for (const double contribution : all.of_row(row)) sum += contribution;
  return sum;
}

Json row_json(const Explained& all) {
  const auto& features = all.model->features().features();
  Json contributions = Json::array();
  for (const size_t i : order_by_size(all.of_row(0))) {
    contributions.push_back({{"feature", features[i].name},
                             {"value", value_json(all, features[i], all.features[i])},
                             {"contribution", all.contributions[i]}});
  }
  Json json = {{"model", all.model->id().hex()},
               {"scale", to_text(all.explainer->scale())},
               {"base_value", all.explainer->base_value()},
               {"score", score_of(all, 0)},
               {all.binary() ? "probability" : "value", all.predictions[0].value}};
  if (all.model->calibration()) json["calibrated"] = to_text(all.model->calibration()->method);
  if (all.binary()) json["decision"] = all.predictions[0].decision;
  json["contributions"] = contributions;
  return json;
}

/// "customer_id = 17, month = 3".
std::string key_text(const Explained& all) {
  std::string text;
  for (const std::string& name : all.model->manifest().key) {
    const auto column = all.joined->GetColumnByName(name);
    if (column == nullptr) continue;
    const auto value = column->GetScalar(0);
    if (!value.ok()) continue;
    text += (text.empty() ? "" : ", ") + name + " = " + all.cells.shown(name, (*value)->ToString());
  }
  return text.empty() ? "the row" : text;
}

/// What the largest contributions do, as a sentence.
void print_words(const Explained& all) {
  const auto& features = all.model->features().features();
  std::vector<std::string> up, down;
  for (const size_t i : order_by_size(all.of_row(0))) {
    const double contribution = all.contributions[i];
    if (contribution == 0 || up.size() + down.size() == 5) break;
    (contribution > 0 ? up : down)
        .push_back("`" + features[i].name + "` = " + value_text(all, features[i], all.features[i]));
  }
  const auto list = [](const std::vector<std::string>& items) {
    std::string text;
    for (size_t i = 0; i < items.size(); ++i) {
      text += (i == 0 ? "" : i + 1 == items.size() ? " and " : ", ") + items[i];
    }
    return text;
  };
  if (up.empty() && down.empty()) {
    std::cout << "in words: no feature moves this row away from the mean\n";
    return;
  }
  std::cout << "in words: ";
  if (!up.empty()) std::cout << list(up) << (up.size() == 1 ? " raises it" : " raise it");
  if (!up.empty() && !down.empty()) std::cout << "; ";
  if (!down.empty()) std::cout << list(down) << (down.size() == 1 ? " lowers it" : " lower it");
  std::cout << '\n';
}

void print_row(const Explained& all, size_t top) {
  const auto& features = all.model->features().features();
  const std::string scale(to_text(all.explainer->scale()));
  const double base = all.explainer->base_value();
  std::cout << key_text(all) << ": " << (all.binary() ? "probability " : "value ")
            << rounded(all.predictions[0].value);
  if (all.binary()) {
    std::cout << ", decision " << (all.predictions[0].decision ? "yes" : "no") << " at threshold "
              << rounded(all.model->manifest().threshold, 3);
  }
  std::cout << "\n\n";
  TextTable table({"feature", "value", "contribution"});
  table.add({"(base value)", "", with_sign(base, 4)});
  double rest = 0;
  size_t shown = 0, left = 0;
  for (const size_t i : order_by_size(all.of_row(0))) {
    if (shown++ < top) {
      table.add({features[i].name, value_text(all, features[i], all.features[i]),
                 with_sign(all.contributions[i], 4)});
    } else {
      rest += all.contributions[i];
      ++left;
    }
  }
  if (left > 0) table.add({"(" + std::to_string(left) + " more)", "", with_sign(rest, 4)});
  const std::string before = all.model->calibration() ? " before calibration" : "";
  table.add({"(sum: " + scale + before + ")", "", with_sign(score_of(all, 0), 4)});
  table.print(std::cout);
  std::cout << "\nnothing known of the row would be " << rounded(told_at(all, base)) << '\n';
  print_words(all);
}

void print_effects(const Explained& all, const std::vector<FeatureEffect>& effects,
                   const std::vector<size_t>& order, size_t top) {
  const auto count = static_cast<int64_t>(all.predictions.size());
  std::cout << grouped(count);
  if (count < all.rows_found) std::cout << " of " << grouped(all.rows_found);
  std::cout << " rows; contributions in " << to_text(all.explainer->scale()) << ", base value "
            << rounded(all.explainer->base_value()) << "\n\n";
  TextTable table({"feature", "mean |contribution|", "95 % interval", "mean"});
  for (size_t place = 0; place < std::min(top, order.size()); ++place) {
    const FeatureEffect& effect = effects[order[place]];
    table.add({all.model->features().features()[order[place]].name, rounded(effect.mean_absolute),
               rounded(effect.lower) + " to " + rounded(effect.upper), with_sign(effect.mean, 4)});
  }
  table.print(std::cout);
  if (top < order.size()) {
    std::cout << order.size() - top << " features more; `--top " << order.size() << "` shows all\n";
  }
}

/// Key columns, prediction, base value, and one column of contributions a feature.
Result<std::shared_ptr<arrow::Table>> result_table(const Explained& all) {
  arrow::FieldVector fields;
  arrow::ChunkedArrayVector columns;
  const auto add = [&](const std::string& name, const auto& value_of_row) -> Status {
    arrow::DoubleBuilder builder;
    for (size_t row = 0; row < all.predictions.size(); ++row) {
      MILLGATE_ARROW_TRY(builder.Append(value_of_row(row)), "contributions");
    }
    MILLGATE_ARROW(const auto array, builder.Finish(), "contributions");
    fields.push_back(arrow::field(name, array->type()));
    columns.push_back(std::make_shared<arrow::ChunkedArray>(array));
    return {};
  };
  for (const std::string& name : all.model->manifest().key) {
    const int at = all.joined->schema()->GetFieldIndex(name);
    if (at < 0) continue;
    fields.push_back(all.joined->schema()->field(at));
    columns.push_back(all.joined->column(at));
  }
  MILLGATE_TRY(add(all.binary() ? "probability" : "value",
                   [&](size_t row) { return all.predictions[row].value; }));
  MILLGATE_TRY(add("base_value", [&](size_t) { return all.explainer->base_value(); }));
  for (size_t i = 0; i < all.width(); ++i) {
    MILLGATE_TRY(add("contribution." + all.model->features().features()[i].name,
                     [&](size_t row) { return all.of_row(row)[i]; }));
  }
  return arrow::Table::Make(arrow::schema(fields), columns, all.joined->num_rows());
}

Status write_out(const Workplace& place, const Explained& all, const Options& options) {
  const std::string& path = options.out;
  MILLGATE_ASSIGN(auto table, result_table(all));
  if (place.project.task) {
    MILLGATE_ASSIGN(table, guarded_table(*place.repository, place.project.task->table,
                                         options.revision, std::move(table)));
  }
  arrow::TableBatchReader reader(*table);
  MILLGATE_ASSIGN(const int64_t count, write_table_file(reader, path));
  std::cerr << "contributions of " << count_of(count, "row") << " written to " << path << '\n';
  return {};
}

bool hides(const Explained& all, const std::string& name) {
  const auto& features = all.model->features().features();
  return std::any_of(features.begin(), features.end(), [&](const Feature& feature) {
    return feature.name == name && is_guarded(all, feature);
  });
}

Result<int> change_row(const Session& session, const Explained& all, const Options& options) {
  if (all.predictions.size() != 1) {
    return invalid_input(
        "`--change` tells of one row, and these are " + std::to_string(all.predictions.size()),
        "name one with `--where`, by its key");
  }
  const ChangeWish wish{.model = *all.model,
                        .features = all.features,
                        .prediction = all.predictions[0].value,
                        .keep = options.keep,
                        .until = options.has_until() ? std::optional(options.until) : std::nullopt,
                        .value_text = [&](const Feature& feature, double value) {
                          return value_text(all, feature, value);
                        }};
  return show_changes(session, wish, options.top);
}

Result<int> explain(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(const Explained all, explain_rows(place, options));
  const EffectRows rows{
      .model = *all.model, .features = all.features, .hides_values = hides(all, options.curve)};
  if (!options.curve.empty()) return show_curve(session, rows, options.curve);
  if (options.change) return change_row(session, all, options);
  if (!options.out.empty()) MILLGATE_TRY(write_out(place, all, options));
  if (all.predictions.size() == 1 && !options.interactions) {
    if (session.json) {
      print_json(row_json(all));
    } else {
      print_row(all, options.top);
    }
    return kDone;
  }
  const std::vector<FeatureEffect> effects =
      feature_effects(all.contributions, all.width(), options.seed);
  std::vector<double> sizes;
  sizes.reserve(effects.size());
  for (const FeatureEffect& effect : effects) sizes.push_back(effect.mean_absolute);
  const std::vector<size_t> order = order_by_size(sizes);
  if (options.interactions) return show_interactions(session, rows, order);
  if (session.json) {
    print_json(to_json(all, effects, order));
  } else {
    print_effects(all, effects, order, options.top);
  }
  return kDone;
}

}  // namespace

void add_explain(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "explain", "why a row got its prediction, or what moves predictions in general",
      "millgate explain latest --where \"customer_id = 17\"");
  command.add_option("model", options->model, "id, its prefix, `latest` or `serving`")
      .shows_default();
  command.add_option("--rev", options->revision, "version of the data").shows_default();
  command.add_option("--where", options->where,
                     "rows that meet this SQL condition; one row is explained by itself");
  command.add_option("--rows", options->rows, "rows of the task's table from a file instead");
  command.add_option("--sample", options->sample, "rows drawn at most; 0: all")
      .not_negative()
      .shows_default();
  command.add_option("--seed", options->seed, "of the sample and the intervals").shows_default();
  command.add_option("--top", options->top, "features shown").positive().shows_default();
  command.add_option("--curve", options->curve,
                     "how predictions move over the values of this feature");
  command.add_flag("--interactions", options->interactions,
                   "which features work together, instead");
  command.add_flag("--change", options->change,
                   "what would have to be otherwise in one row for another answer");
  command.add_option("--keep", options->keep, "with --change: features that stay as they are");
  const Parameter until =
      command.add_option("--until", options->until, "with --change: the prediction to reach");
  options->has_until = [until] { return until.given(); };
  command.add_option("-o,--out", options->out,
                     "write each row's contributions: .parquet, .csv, .jsonl or .arrow");
  command.does([&session, options] { return explain(session, *options); });
}

}  // namespace millgate
