#include "system/serve/predictor.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "model/measure/distinct_sketch.h"
#include "system/serve/json_text.h"
#include "system/serve/sketch_keeper.h"

namespace millgate {

namespace {

/// Buffers of this thread for one model.
struct OwnedScratch {
  Id owner;
  Model::Scratch scratch;
};

/// Of this thread: for the model asked for last and the one before, begun anew for any other. A
/// roll-out has two models that take turns.
Model::Scratch& thread_scratch(const Model& model) {
  thread_local OwnedScratch newest;
  thread_local OwnedScratch other;
  if (newest.owner != model.id()) {
    std::swap(newest, other);
    if (newest.owner != model.id()) newest = {.owner = model.id(), .scratch = {}};
  }
  return newest.scratch;
}

/// Of this thread, all 0.
EvaluationNotes& thread_notes(const Model& model) {
  thread_local EvaluationNotes notes;
  notes.unknown_category.assign(model.features().features().size(), 0);
  notes.not_finite.assign(model.features().features().size(), 0);
  return notes;
}

bool has_notes(const EvaluationNotes& notes) {
  const auto counted = [](int64_t count) { return count > 0; };
  return std::any_of(notes.unknown_category.begin(), notes.unknown_category.end(), counted) ||
         std::any_of(notes.not_finite.begin(), notes.not_finite.end(), counted);
}

Block one_row(const Block& block, size_t row) {
  Block one;
  one.rows = 1;
  for (const Vector& column : block.columns) {
    Vector value;
    value.reset(column.type, 1);
    value.valid[0] = column.valid[row];
    if (!column.integers.empty()) value.integers[0] = column.integers[row];
    if (!column.numbers.empty()) value.numbers[0] = column.numbers[row];
    if (!column.texts.empty()) value.texts[0] = column.texts[row];
    if (!column.lists.empty()) value.lists[0] = column.lists[row];
    one.columns.push_back(std::move(value));
  }
  return one;
}

/// "carrier: `ZZ` was not seen in training", when the feature reads one text; else by its name.
std::string unknown_category_text(const ServedModel& model, const Feature& feature,
                                  const Block& row) {
  if (feature.inputs.size() == 1) {
    const ColumnUse* use = model.find(feature.inputs.front());
    if (use != nullptr && use->input) {
      const Vector& column = row.columns[*use->input];
      if (column.type == ValueType::text) {
        return feature.inputs.front() + ": `" + column.texts[0] + "` was not seen in training";
      }
    }
  }
  return "feature " + feature.name + ": its value was not seen in training";
}

/// Finds the rows behind the notes of a batch: each one is evaluated alone once more. Only
/// requests with something to warn about pay for it.
Status warn_of_notes(const ServedModel& model, RowBatch& batch, Model::Scratch& scratch) {
  const std::vector<Feature>& features = model.model().features().features();
  std::vector<Prediction> ignored;
  for (size_t row = 0; row < batch.rows(); ++row) {
    const Block one = one_row(batch.inputs, row);
    EvaluationNotes& notes = thread_notes(model.model());
    MILLGATE_TRY(model.model().predict(one, ignored, scratch, &notes));
    for (size_t i = 0; i < features.size(); ++i) {
      if (notes.unknown_category[i] > 0) {
        batch.warn(row, unknown_category_text(model, features[i], one));
      }
      if (notes.not_finite[i] > 0) {
        batch.warn(row, "feature " + features[i].name + ": its value is not finite");
      }
    }
  }
  return {};
}

void append_warnings(std::string& out, const std::vector<std::string>& warnings) {
  out += "\"warnings\":[";
  for (size_t i = 0; i < warnings.size(); ++i) {
    if (i > 0) out += ',';
    append_json_text(out, warnings[i]);
  }
  out += ']';
}

/// The interval, or the set, where the model gives one.
void append_around(std::string& out, const Answers& answers, size_t row) {
  if (!answers.model->model().uncertainty()) return;
  const Prediction& prediction = answers.predictions[row];
  if (answers.model->is_binary()) {
    out += prediction.may_be_true ? ",\"may_be_true\":true" : ",\"may_be_true\":false";
    out += prediction.may_be_false ? ",\"may_be_false\":true" : ",\"may_be_false\":false";
    return;
  }
  out += ",\"lower\":";
  append_json_number(out, prediction.lower);
  out += ",\"upper\":";
  append_json_number(out, prediction.upper);
}

/// The class that was decided for, and the probability of each.
void append_classes(std::string& out, const Answers& answers, size_t row) {
  const std::vector<std::string>& classes = answers.model->classes();
  const Prediction& told = answers.predictions[row];
  out += ",\"class\":";
  append_json_text(out, classes[told.class_number]);
  out += ",\"probability\":";
  append_json_number(out, told.value);
  out += ",\"probabilities\":{";
  for (size_t k = 0; k < classes.size(); ++k) {
    if (k > 0) out += ',';
    append_json_text(out, classes[k]);
    out += ':';
    append_json_number(out, class_probability(answers, row, k));
  }
  out += '}';
}

void append_row(std::string& out, const Answers& answers, size_t row) {
  out += "\"prediction_id\":";
  append_json_text(out, answers.ids[row]);
  if (!answers.model->classes().empty()) {
    append_classes(out, answers, row);
  } else if (answers.model->is_binary()) {
    out += ",\"probability\":";
    append_json_number(out, answers.predictions[row].value);
    out += answers.predictions[row].decision ? ",\"decision\":true" : ",\"decision\":false";
  } else {
    out += ",\"";
    out += answers.model->model().number_name();
    out += "\":";
    append_json_number(out, answers.predictions[row].value);
  }
  append_around(out, answers, row);
  out += ',';
  append_warnings(out, answers.warnings[row]);
  if (answers.explanations) append_explanation(out, *answers.model, *answers.explanations, row);
}

/// By the name of its first prediction, which says nothing of what was asked.
bool is_in_sample(const Answers& answers, double share) {
  if (share >= 1 || answers.ids.empty()) return share >= 1;
  return std::ldexp(static_cast<double>(sketch_hash(answers.ids[0])), -64) < share;
}

}  // namespace

Status check_finite(const std::vector<Prediction>& predictions) {
  for (const Prediction& prediction : predictions) {
    const bool is_finite = std::isfinite(prediction.value) && std::isfinite(prediction.lower) &&
                           std::isfinite(prediction.upper);
    if (!is_finite) return bug("the model's prediction is not a number");
  }
  return {};
}

Result<Answers> answer_rows(std::shared_ptr<const ServedModel> model, RowBatch batch,
                            std::string request_id, const PredictionContext& context) {
  Answers answers;
  answers.is_single = batch.is_single;
  answers.request_id = std::move(request_id);
  Model::Scratch& scratch = thread_scratch(model->model());
  EvaluationNotes& notes = thread_notes(model->model());
  MILLGATE_TRY(model->model().predict(batch.inputs, answers.predictions, scratch, &notes));
  MILLGATE_TRY(check_finite(answers.predictions));
  const Time now = context.clock.now();
  if (context.sketches != nullptr) {
    context.sketches->add(*model, now,
                          {.inputs = batch.inputs,
                           .features = scratch.features,
                           .notes = notes,
                           .predictions = answers.predictions});
  }
  if (model->model().has_classes()) answers.probabilities = scratch.values;
  if (has_notes(notes)) MILLGATE_TRY(warn_of_notes(*model, batch, scratch));
  answers.warnings = std::move(batch.warnings);
  answers.notes = std::move(batch.notes);

  answers.answered_at = now;
  answers.ids.reserve(batch.rows());
  for (size_t row = 0; row < batch.rows(); ++row) answers.ids.push_back(context.ids.next(now));
  if (context.log != nullptr && is_in_sample(answers, context.log_share)) {
    context.log->add({.model = model->shared(),
                      .request_id = answers.request_id,
                      .answered_at = now,
                      .prediction_ids = answers.ids,
                      .row_times = batch.row_times,
                      .predictions = answers.predictions,
                      .keys = batch.keys,
                      .inputs = batch.inputs,
                      .online = batch.online,
                      .probabilities = answers.probabilities,
                      .rollout = context.rollout});
  }
  keep_memory(std::move(batch));
  answers.model = std::move(model);
  return answers;
}

double class_probability(const Answers& answers, size_t row, size_t number) {
  return answers.probabilities[row * answers.model->classes().size() + number];
}

std::string answers_json(const Answers& answers) {
  std::string out;
  out.reserve(96 + 128 * answers.ids.size());
  out = "{\"model\":";
  append_json_text(out, answers.model->version());
  out += ",\"request_id\":";
  append_json_text(out, answers.request_id);
  out += ',';
  if (!answers.notes.empty()) {
    append_warnings(out, answers.notes);
    out += ',';
  }
  if (answers.is_single) {
    append_row(out, answers, 0);
  } else {
    out += "\"predictions\":[";
    for (size_t row = 0; row < answers.ids.size(); ++row) {
      out += row == 0 ? "{" : ",{";
      append_row(out, answers, row);
      out += '}';
    }
    out += ']';
  }
  out += '}';
  return out;
}

}  // namespace millgate
