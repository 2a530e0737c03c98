#include <algorithm>
#include <set>
#include <utility>

#include "data/feature/program.h"
#include "data/feature/program_state.h"
#include "ground/json.h"

namespace millgate {
namespace {

/// The values of `source` in all rows of `block`; a literal has one. Only instructions before
/// `until` run, because later ones may need what has not been learned.
Vector values_of(const VectorProgram& program, ValueSource source, const Block& block,
                 const Replacements& replaced, size_t until) {
  VectorProgramMemory memory;
  Vector all;
  if (source.kind == ValueSource::Kind::constant) {
    all.append(program.operand(source, block, 0, memory), 1);
    return all;
  }
  if (source.kind == ValueSource::Kind::column) return block.columns[source.index];
  for (size_t first = 0; first < block.rows; first += VectorProgram::kRowsMax) {
    const size_t rows = std::min(VectorProgram::kRowsMax, block.rows - first);
    program.run(block, first, rows, memory, replaced, until);
    all.append(program.operand(source, block, first, memory), rows);
  }
  return all;
}

}  // namespace

Status FeatureProgram::fit_calls(const Block& training, const FitLabels& labels) {
  VectorProgram& program = state_->program;
  for (size_t i = 0; i < program.fitted_calls().size(); ++i) {
    const FittedCall& call = program.fitted_calls()[i];
    std::vector<Vector> arguments;
    arguments.reserve(call.arguments.size());
    for (const ValueSource source : call.arguments) {
      arguments.push_back(
          values_of(program, source, training, state_->training_values, call.instruction));
    }
    Result<FitResult> learned = call.kind->learn(arguments, labels);
    if (!learned.ok()) {
      return std::move(learned).error().inside("`" + call.text + "` cannot be learned");
    }
    if (learned->training_values) {
      state_->training_values[call.instruction] = *std::move(learned->training_values);
    }
    program.set_learned(i, std::move(learned->fitted));
  }
  return {};
}

Status FeatureProgram::fit_categories(const Block& training) {
  for (size_t i = 0; i < state_->outputs.size(); ++i) {
    const FeatureOutput& output = state_->outputs[i];
    if (!output.needs_categories()) continue;
    const Vector texts =
        values_of(state_->program, output.source, training, state_->training_values, SIZE_MAX);
    std::set<std::string> found;
    for (size_t row = 0; row < texts.size(); ++row) {
      if (texts.valid[row] != 0) found.insert(texts.texts[row]);
    }
    const FeatureDefinition& definition = state_->definitions[i];
    if (output.form == ExpressionForm::one_hot && (found.empty() || found.size() > kOneHotMax)) {
      Error error =
          found.empty()
              ? invalid_input("`" + definition.expression + "` has no value in any training row",
                              "check its columns with `millgate profile`")
              : invalid_input("`" + definition.expression + "` has " +
                                  std::to_string(found.size()) + " categories; " +
                                  std::to_string(kOneHotMax) + " columns are the most",
                              "use category(x), target_mean(x) or hashed_words(x, 64)");
      error.where = definition.name;
      return error;
    }
    state_->set_categories(i, {found.begin(), found.end()});
  }
  return {};
}

Status FeatureProgram::fit(const Block& training, const FitLabels& labels) {
  MILLGATE_TRY(state_->check_block(training));
  state_->training_values.clear();
  state_->training_rows = training.rows;
  MILLGATE_TRY(fit_calls(training, labels));
  MILLGATE_TRY(fit_categories(training));
  state_->lay_out_columns();
  state_->is_fitted = true;
  return {};
}

nlohmann::ordered_json FeatureProgram::learned() const {
  Json all = Json::array();
  for (const FittedCall& call : state_->program.fitted_calls()) {
    Json entry = {{"call", call.text}};
    if (call.learned != nullptr) entry["learned"] = call.learned->save();
    all.push_back(std::move(entry));
  }
  return all;
}

}  // namespace millgate
