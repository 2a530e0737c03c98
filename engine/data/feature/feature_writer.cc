#include "data/feature/feature_writer.h"

#include "data/feature/compile.h"
#include "data/feature/unexported.h"

namespace millgate {

FeatureWriter::FeatureWriter(const SavedProgram& saved, const nlohmann::ordered_json& learned,
                             const Target& target)
    : saved_(saved), learned_(learned), target_(target) {}

Status FeatureWriter::add_feature(size_t definition) {
  const FeatureDefinition& feature = saved_.definitions[definition];
  feature_ = feature.name;
  expression_ = feature.expression;
  const ExpressionText source(feature.name, feature.expression);
  MILLGATE_ASSIGN(
      const TypedExpression expression,
      compile_expression(source, saved_.inputs, ExpressionUse::feature, saved_.context));
  if (const auto found = find_unexported(expression)) {
    return refusal("`" + found->function + "`", found->why);
  }
  std::vector<uint32_t> columns;
  columns.reserve(saved_.inputs.size());
  for (uint32_t i = 0; i < saved_.inputs.size(); ++i) columns.push_back(i);
  const size_t begin = program_.instruction_count();
  const ValueSource result = program_.add(*expression.root, columns);
  for (size_t i = begin; i < program_.instruction_count(); ++i) {
    const KernelName* const name = name_of(program_.instruction(i).kernel);
    if (name == nullptr) return bug("feature `" + feature_ + "` runs a kernel without a name");
    MILLGATE_TRY(add_instruction(i, *name));
  }
  return add_output(definition, expression, result);
}

ValueType FeatureWriter::type_of(ValueSource source) const {
  if (source.kind == ValueSource::Kind::column) return saved_.inputs[source.index].type;
  if (source.kind == ValueSource::Kind::constant) return program_.constant(source.index).type;
  return program_.instruction(source.index).type;
}

Error FeatureWriter::refusal(const std::string& what, const std::string& why) const {
  Error error = invalid_input(
      "feature `" + feature_ + "` cannot be " + target_.done + ": " + what + " " + why,
      "leave the feature out, or compute `" + expression_ + "` before the row reaches " +
          target_.place + " and give it as a column");
  error.where = feature_;
  return error;
}

}  // namespace millgate
