#include "data/feature/packed_features.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "data/feature/c_function.h"
#include "data/feature/evaluator_code.h"
#include "data/feature/feature_writer.h"
#include "data/feature/saved_program.h"
#include "data/feature/time_unit.h"
#include "data/feature/unit.h"
#include "data/feature/vector_program.h"
#include "ground/json.h"

namespace millgate {
namespace {

/// As the struct of that name in evaluator.c.
struct PackedInstruction {
  static constexpr uint32_t kBytes = 56;

  uint32_t code = 0;
  uint32_t kind = kEvaluatorInteger;
  std::vector<uint32_t> arguments;
  uint32_t list = 0;
  uint32_t list_count = 0;
  uint32_t numbers = 0;
  double a = 0;
  double b = 0;
  bool makes_text = false;
};
constexpr uint32_t kOutputBytes = 16;
/// As MOST in evaluator.c.
constexpr size_t kArgumentsMax = 4096;

uint32_t kind_of(ValueType type) {
  if (type == ValueType::number) return kEvaluatorNumber;
  return type == ValueType::text ? kEvaluatorText : kEvaluatorInteger;
}

/// Calls that are nothing but their values.
struct PlainCall {
  std::string_view function;
  uint32_t code;
};
constexpr PlainCall kPlainCalls[] = {
    {"case", kEvaluatorCase},
    {"if", kEvaluatorCase},
    {"coalesce", kEvaluatorCoalesce},
    {"ifnull", kEvaluatorCoalesce},
    {"nullif", kEvaluatorNullif},
    {"is null", kEvaluatorIsNull},
    {"and", kEvaluatorAnd},
    {"is not null", kEvaluatorIsNotNull},
    {"or", kEvaluatorOr},
    {"between", kEvaluatorBetween},
    {"least", kEvaluatorLeast},
    {"greatest", kEvaluatorGreatest},
    {"in", kEvaluatorIn},
    {"bucket", kEvaluatorBucket},
};
constexpr PlainCall kTextMakers[] = {
    {"||", kEvaluatorJoin},
    {"concat", kEvaluatorConcat},
    {"replace", kEvaluatorReplace},
};
constexpr PlainCall kCalendarCalls[] = {
    {"in_calendar", kEvaluatorInCalendar},
    {"days_to_next", kEvaluatorDaysToNext},
    {"days_since_last", kEvaluatorDaysSinceLast},
};

template <size_t count>
const PlainCall* find_call(const PlainCall (&calls)[count], const std::string& function) {
  const auto* const found =
      std::find_if(std::begin(calls), std::end(calls),
                   [&](const PlainCall& one) { return one.function == function; });
  return found == std::end(calls) ? nullptr : found;
}

/// Packs one program, instruction by instruction.
class Packer final : public FeatureWriter {
 public:
  Packer(const SavedProgram& saved, const Json& learned, EvaluatorMemory& memory)
      : FeatureWriter(saved, learned, {.done = "computed in a page", .place = "the page"}),
        memory_(memory),
        slots_(saved.inputs.size() * 2, 0) {}

  PackedFeatures finish();

 private:
  struct Call {
    KernelName name;
    VectorProgram::InstructionView what;
  };

  Status add_instruction(size_t index, const KernelName& name) override;
  Status add_output(size_t definition, const TypedExpression& expression,
                    ValueSource source) override;
  [[nodiscard]] uint32_t slot_of(ValueSource source);
  [[nodiscard]] const std::string& literal(const Call& call, size_t argument) const {
    return program_.constant(call.what.arguments[argument].index).texts[0];
  }
  uint32_t new_slot(int64_t value, uint32_t size, bool is_known);
  uint32_t number_slot(double value);
  std::vector<uint32_t> slots_of(const Call& call, size_t first, size_t count);

  // Each fills `to` and says whether the call is its matter.
  Result<bool> by_learned(const Call& call, PackedInstruction& to);
  bool by_literal(const Call& call, PackedInstruction& to);
  bool by_values(const Call& call, PackedInstruction& to);
  bool made_text(const Call& call, PackedInstruction& to);
  bool strict(const Call& call, PackedInstruction& to);

  [[nodiscard]] uint32_t strict_code(std::string_view c_name) const;

  EvaluatorMemory& memory_;
  std::vector<int64_t> slots_;  ///< Two a slot: the value; size and whether it is known.
  std::map<uint32_t, uint32_t> constants_;
  std::map<uint32_t, uint32_t> results_;
  std::vector<std::pair<PackedInstruction, uint32_t>> instructions_;  ///< With its result's slot.
  std::vector<uint32_t> outputs_;
  uint32_t column_count_ = 0;
  std::vector<CStrictFunction> strict_functions_ = c_strict_functions();
};

uint32_t Packer::new_slot(int64_t value, uint32_t size, bool is_known) {
  slots_.push_back(value);
  slots_.push_back(static_cast<int64_t>(size) | (is_known ? int64_t{1} << 32 : 0));
  return static_cast<uint32_t>(slots_.size() / 2 - 1);
}

uint32_t Packer::number_slot(double value) {
  return new_slot(std::bit_cast<int64_t>(value), 0, true);
}

uint32_t Packer::slot_of(ValueSource source) {
  if (source.kind == ValueSource::Kind::column) return source.index;
  if (source.kind == ValueSource::Kind::result) return results_.at(source.index);
  const auto known = constants_.find(source.index);
  if (known != constants_.end()) return known->second;
  const Vector& value = program_.constant(source.index);
  const bool is_known = value.valid[0] != 0;
  uint32_t slot = 0;
  if (value.type == ValueType::number) {
    slot = new_slot(std::bit_cast<int64_t>(value.numbers[0]), 0, is_known);
  } else if (value.type == ValueType::text) {
    const std::string& text = value.texts[0];
    slot = new_slot(memory_.add_bytes(text), static_cast<uint32_t>(text.size()), is_known);
  } else {
    slot = new_slot(value.integers[0], 0, is_known);
  }
  return constants_[source.index] = slot;
}

std::vector<uint32_t> Packer::slots_of(const Call& call, size_t first, size_t count) {
  std::vector<uint32_t> slots;
  slots.reserve(count);
  for (size_t i = first; i < first + count; ++i) slots.push_back(slot_of(call.what.arguments[i]));
  return slots;
}

uint32_t Packer::strict_code(std::string_view c_name) const {
  const auto found = std::find_if(strict_functions_.begin(), strict_functions_.end(),
                                  [&](const CStrictFunction& one) { return one.c_name == c_name; });
  return kEvaluatorStrict + static_cast<uint32_t>(found - strict_functions_.begin());
}

Result<bool> Packer::by_learned(const Call& call, PackedInstruction& to) {
  const ValueSource last = call.what.arguments.back();
  if (last.kind != ValueSource::Kind::learned) return false;
  MILLGATE_ASSIGN(const Json learned,
                  json_member<Json>(learned_[last.index], "learned", "what a feature learned"));
  const std::string& name = call.name.function;
  // What a call learned has its further arguments inside.
  to.arguments = slots_of(call, 0, 1);
  if (name == "standardize" || name == "robust_scale" || name == "min_max_scale") {
    std::vector<double> numbers;
    for (const auto& [member, value] : learned.items()) numbers.push_back(value.get<double>());
    to.code = kEvaluatorScale;
    to.a = numbers[0];
    to.b = numbers[1];
    if (name == "min_max_scale") {
      to.b = numbers[1] - numbers[0];
      if (!(to.b > 0 && std::isfinite(to.b))) to.b = 1.0;
    }
    return true;
  }
  if (name == "impute_mean" || name == "impute_median") {
    to.code = kEvaluatorFilling;
    to.a = learned["value"].get<double>();
    return true;
  }
  if (name == "impute_most") {
    const auto text = learned["value"].get<std::string>();
    to.code = kEvaluatorCoalesce;
    to.arguments.push_back(
        new_slot(memory_.add_bytes(text), static_cast<uint32_t>(text.size()), true));
    return true;
  }
  if (name == "quantile_bucket") {
    const auto bounds = learned["bounds"].get<std::vector<double>>();
    to.code = kEvaluatorLearnedBucket;
    to.list = memory_.add_numbers(bounds);
    to.list_count = static_cast<uint32_t>(bounds.size());
    return true;
  }
  if (name == "frequency" || name == "target_mean") {
    std::vector<std::string> texts;
    std::vector<double> numbers;
    for (const Json& entry : learned["values"]) {
      texts.push_back(entry[0].get<std::string>());
      numbers.push_back(entry[1].get<double>());
    }
    numbers.push_back(learned["unseen"].get<double>());
    to.code = kEvaluatorValueOfText;
    to.list = memory_.add_texts(texts);
    to.list_count = static_cast<uint32_t>(texts.size());
    to.numbers = memory_.add_numbers(numbers);
    return true;
  }
  return false;
}

/// What a literal argument decides, worked out here.
bool Packer::by_literal(const Call& call, PackedInstruction& to) {
  const std::string& name = call.name.function;
  const size_t count = call.what.arguments.size();
  if (name == "date_trunc" || name == "date_diff") {
    const auto unit = find_time_unit(literal(call, 0));
    to.code = strict_code(name == "date_trunc" ? "truncate_time" : "units_between");
    to.arguments = {new_slot(static_cast<int64_t>(*unit), 0, true)};
    const std::vector<uint32_t> times = slots_of(call, 1, count - 1);
    to.arguments.insert(to.arguments.end(), times.begin(), times.end());
    return true;
  }
  if (name == "convert") {
    const auto from = parse_unit(literal(call, 1));
    const auto into = parse_unit(literal(call, 2));
    to.code = strict_code("convert_unit");
    to.arguments = slots_of(call, 0, 1);
    // As convert_kernel computes them.
    to.arguments.push_back(number_slot(from->factor / into->factor));
    to.arguments.push_back(number_slot((from->offset - into->offset) / into->factor));
    return true;
  }
  const PlainCall* const calendar = find_call(kCalendarCalls, name);
  if (calendar == nullptr) return false;
  const std::vector<int64_t>& days = saved_.context.calendars.at(literal(call, 0)).days;
  to.code = calendar->code;
  to.arguments = slots_of(call, 1, 1);
  to.list = memory_.add_integers(days);
  to.list_count = static_cast<uint32_t>(days.size());
  return true;
}

bool Packer::by_values(const Call& call, PackedInstruction& to) {
  const PlainCall* const plain = find_call(kPlainCalls, call.name.function);
  if (plain == nullptr) return false;
  to.code = plain->code;
  to.kind = kind_of(type_of(call.what.arguments[0]));
  to.arguments = slots_of(call, 0, call.what.arguments.size());
  return true;
}

bool Packer::made_text(const Call& call, PackedInstruction& to) {
  const bool is_cast = call.name.function == "cast as varchar";
  const PlainCall* const maker = find_call(kTextMakers, call.name.function);
  if (maker == nullptr && (!is_cast || call.name.types == "s")) return false;
  if (is_cast && call.name.types != "b" && call.name.types != "i") return false;
  if (maker != nullptr) {
    to.code = maker->code;
  } else {
    to.code = call.name.types == "b" ? kEvaluatorTruthText : kEvaluatorDigits;
  }
  to.makes_text = to.code != kEvaluatorTruthText;
  to.arguments = slots_of(call, 0, call.what.arguments.size());
  return true;
}

bool Packer::strict(const Call& call, PackedInstruction& to) {
  const std::string_view name = c_function_of(call.name);
  if (name.empty() || call.what.arguments.size() != call.name.types.size()) return false;
  to.code = strict_code(name);
  to.arguments = slots_of(call, 0, call.what.arguments.size());
  return true;
}

Status Packer::add_instruction(size_t index, const KernelName& name) {
  Call call{.name = name, .what = program_.instruction(index)};
  if (call.what.arguments.size() > kArgumentsMax) {
    return refusal("`" + call.name.function + "`",
                   "has more than " + std::to_string(kArgumentsMax) + " arguments");
  }
  PackedInstruction packed;
  MILLGATE_ASSIGN(bool is_packed, by_learned(call, packed));
  const bool is_learned = call.what.arguments.back().kind == ValueSource::Kind::learned;
  if (!is_packed && !is_learned) {
    is_packed = by_literal(call, packed) || by_values(call, packed) || made_text(call, packed) ||
                strict(call, packed);
  }
  if (!is_packed) {
    return refusal("`" + call.name.function + "`", "has no counterpart there");
  }
  const uint32_t slot = new_slot(0, 0, false);
  results_[static_cast<uint32_t>(index)] = slot;
  instructions_.emplace_back(std::move(packed), slot);
  return {};
}

Status Packer::add_output(size_t definition, const TypedExpression& expression,
                          ValueSource source) {
  const uint32_t slot = slot_of(source);
  if (expression.form == ExpressionForm::value) {
    const bool is_number = type_of(source) == ValueType::number;
    outputs_.insert(outputs_.end(),
                    {is_number ? kEvaluatorOfNumber : kEvaluatorOfInteger, slot, 0, 0});
    ++column_count_;
    return {};
  }
  const std::vector<std::string>& categories = *saved_.categories[definition];
  const bool is_one_hot = expression.form == ExpressionForm::one_hot;
  const auto count = static_cast<uint32_t>(categories.size());
  outputs_.insert(outputs_.end(),
                  {static_cast<uint32_t>(is_one_hot ? kEvaluatorOneHot : kEvaluatorCategory), slot,
                   memory_.add_texts(categories), count});
  column_count_ += is_one_hot ? count : 1;
  return {};
}

PackedFeatures Packer::finish() {
  PackedFeatures made;
  made.slots = memory_.add_integers(slots_);
  made.instruction_count = static_cast<uint32_t>(instructions_.size());
  made.instructions = memory_.add_zeros(instructions_.size() * PackedInstruction::kBytes);
  uint32_t at = made.instructions;
  for (const auto& [one, result] : instructions_) {
    const uint32_t arguments = memory_.add_words(one.arguments);
    const uint32_t words[] = {one.code,
                              one.kind,
                              result,
                              arguments,
                              static_cast<uint32_t>(one.arguments.size()),
                              one.list,
                              one.list_count,
                              one.numbers};
    for (const uint32_t word : words) {
      memory_.set_word(at, word);
      at += 4;
    }
    memory_.set_number(at, one.a);
    memory_.set_number(at + 8, one.b);
    if (one.makes_text) memory_.set_room(at + 16);
    at += 24;
  }
  made.outputs = memory_.add_words(outputs_);
  made.output_count = static_cast<uint32_t>(outputs_.size() * 4 / kOutputBytes);
  made.column_count = column_count_;
  return made;
}

}  // namespace

Result<PackedFeatures> pack_features(const FeatureProgram& features, EvaluatorMemory& memory) {
  if (!features.is_fitted()) return bug("features were packed before they were fitted");
  const Json json = features.save();
  MILLGATE_ASSIGN(const SavedProgram saved, read_saved_program(json));
  const Json learned = features.learned();
  Packer packer(saved, learned, memory);
  for (size_t i = 0; i < saved.definitions.size(); ++i) MILLGATE_TRY(packer.add_feature(i));
  return packer.finish();
}

}  // namespace millgate
