#include "data/feature/onnx_features.h"

#include <cmath>
#include <map>
#include <numbers>
#include <utility>

#include "data/feature/c_function.h"
#include "data/feature/feature_writer.h"
#include "data/feature/saved_program.h"
#include "data/feature/time_unit.h"
#include "data/feature/unit.h"
#include "data/feature/vector_program.h"
#include "ground/json.h"

namespace millgate {
namespace {

using Value = OnnxGraph::Value;
using Values = std::vector<Value>;

constexpr double kHourMicros = 3600e6, kMinuteMicros = 60e6, kSecondMicros = 1e6;
constexpr double kDayMicros = 24 * kHourMicros;

/// Writes one program down, instruction by instruction.
class OnnxWriter final : public FeatureWriter {
 public:
  OnnxWriter(const SavedProgram& saved, const Json& learned, OnnxGraph& graph)
      : FeatureWriter(saved, learned, {.done = "exported to ONNX", .place = "the model"}),
        graph_(graph) {}

  void add_inputs();
  [[nodiscard]] Values& features() { return features_; }

 private:
  struct Call {
    std::string function;
    std::string types;
    VectorProgram::InstructionView what;
    Values arguments;
  };

  Status add_instruction(size_t index, const KernelName& name) override;
  Status add_output(size_t definition, const TypedExpression& expression,
                    ValueSource source) override;
  [[nodiscard]] Value value_of(ValueSource source);
  [[nodiscard]] bool is_text(const Call& call, size_t argument) const {
    return type_of(call.what.arguments[argument]) == ValueType::text;
  }
  [[nodiscard]] const Vector& literal(const Call& call, size_t argument) const {
    return program_.constant(call.what.arguments[argument].index);
  }

  // Each returns the result; empty: not its matter.
  Value arithmetic(const Call& call);
  Value comparison(const Call& call);
  Value condition(const Call& call);
  Value fold(const Call& call);
  Value cast(const Call& call);
  Value of_time(const Call& call);
  Value by_literal(const Call& call);
  Value of_texts(const Call& call);
  Result<Value> by_learned(const Call& call);

  Value apply(const char* operation, const Values& inputs) {
    return graph_.node(operation, inputs);
  }
  Value number(double value) { return graph_.number(value); }
  Value is_missing(const Value& value, bool text) {
    return text ? apply("Equal", {value, graph_.text("")}) : apply("IsNaN", {value});
  }
  /// `value`, missing where `when`.
  Value unless(const Value& when, const Value& value) {
    return graph_.choose(when, graph_.missing(), value);
  }
  /// The truth of `condition` as a number, missing where an argument is.
  Value truth(const Value& condition, const Values& arguments, bool text);
  Value equal(const Value& a, const Value& b, bool text) {
    return truth(apply("Equal", {a, b}), {a, b}, text);
  }
  Value either(const Value& a, const Value& b);
  Value both(const Value& a, const Value& b);
  Value rest(const Value& a, const Value& b) {
    return graph_.node("Mod", {a, b}, OnnxAttributes().integer("fmod", 1));
  }
  /// What is left over the next smaller multiple of `width`, never negative.
  Value rest_above(const Value& value, double width);
  Value whole_parts(const Value& value, double width);
  Value day_number(const Value& time) { return whole_parts(time, kDayMicros); }
  struct Civil {
    Value year, month, day;
  };
  Civil civil_of(const Value& time);
  Value unit_number(TimeUnit unit, const Value& time);
  Value code_of(const Value& text, const std::vector<std::string>& texts);

  OnnxGraph& graph_;
  std::vector<Value> results_;
  Values features_;
};

void OnnxWriter::add_inputs() {
  for (const Field& input : saved_.inputs) {
    graph_.input(input.name, input.type == ValueType::text ? OnnxType::text : OnnxType::number);
  }
}

Value OnnxWriter::value_of(ValueSource source) {
  if (source.kind == ValueSource::Kind::column) return saved_.inputs[source.index].name;
  if (source.kind == ValueSource::Kind::result) return results_[source.index];
  const Vector& value = program_.constant(source.index);
  if (value.type == ValueType::text) return graph_.text(value.valid[0] != 0 ? value.texts[0] : "");
  if (value.valid[0] == 0) return graph_.missing();
  return number(value.type == ValueType::number ? value.numbers[0]
                                                : static_cast<double>(value.integers[0]));
}

Value OnnxWriter::truth(const Value& condition, const Values& arguments, bool text) {
  Value result = graph_.to_number(condition);
  for (const Value& one : arguments) result = unless(is_missing(one, text), result);
  return result;
}

/// Of 0, 1 and missing, as SQL has them: what is missing counts only where it decides.
Value OnnxWriter::either(const Value& a, const Value& b) {
  const Value one = number(1);
  return graph_.choose(apply("Or", {apply("Equal", {a, one}), apply("Equal", {b, one})}), one,
                       apply("Mul", {a, b}));
}

Value OnnxWriter::both(const Value& a, const Value& b) {
  const Value zero = number(0);
  return graph_.choose(apply("Or", {apply("Equal", {a, zero}), apply("Equal", {b, zero})}), zero,
                       apply("Mul", {a, b}));
}

Value OnnxWriter::rest_above(const Value& value, double width) {
  const Value over = rest(value, number(width));
  return graph_.choose(apply("Less", {over, number(0)}), apply("Add", {over, number(width)}), over);
}

Value OnnxWriter::whole_parts(const Value& value, double width) {
  return apply("Div", {apply("Sub", {value, rest_above(value, width)}), number(width)});
}

/// Hinnant's civil_from_days, in numbers that are whole.
OnnxWriter::Civil OnnxWriter::civil_of(const Value& time) {
  const auto add = [&](const Value& a, double b) { return apply("Add", {a, number(b)}); };
  const auto times = [&](const Value& a, double b) { return apply("Mul", {a, number(b)}); };
  const auto minus = [&](const Value& a, const Value& b) { return apply("Sub", {a, b}); };
  const Value shifted = add(day_number(time), 719468);
  const Value era = whole_parts(shifted, 146097);
  const Value of_era = rest_above(shifted, 146097);
  const Value corrected =
      minus(apply("Add", {minus(of_era, whole_parts(of_era, 1460)), whole_parts(of_era, 36524)}),
            whole_parts(of_era, 146096));
  const Value year_of_era = whole_parts(corrected, 365);
  const Value day_of_year =
      minus(of_era, minus(apply("Add", {times(year_of_era, 365), whole_parts(year_of_era, 4)}),
                          whole_parts(year_of_era, 100)));
  const Value shifted_month = whole_parts(add(times(day_of_year, 5), 2), 153);
  Civil civil;
  civil.day = add(minus(day_of_year, whole_parts(add(times(shifted_month, 153), 2), 5)), 1);
  const Value is_early = apply("Less", {shifted_month, number(10)});
  civil.month = graph_.choose(is_early, add(shifted_month, 3), add(shifted_month, -9));
  const Value year = apply("Add", {year_of_era, times(era, 400)});
  civil.year = graph_.choose(is_early, year, add(year, 1));
  return civil;
}

Value OnnxWriter::arithmetic(const Call& call) {
  static const std::map<std::string, const char*> kSame = {
      {"+", "Add"},     {"-", "Sub"},       {"*", "Mul"},     {"negate", "Neg"},
      {"abs", "Abs"},   {"floor", "Floor"}, {"ceil", "Ceil"}, {"exp", "Exp"},
      {"sqrt", "Sqrt"}, {"sin", "Sin"},     {"cos", "Cos"},   {"sign", "Sign"}};
  const Values& a = call.arguments;
  const std::string& name = call.function;
  if (const auto same = kSame.find(name); same != kSame.end()) return apply(same->second, a);
  const Value zero = number(0);
  if (name == "/") return unless(apply("Equal", {a[1], zero}), apply("Div", a));
  if (name == "%") return unless(apply("Equal", {a[1], zero}), rest(a[0], a[1]));
  if (name == "//") {
    return unless(apply("Equal", {a[1], zero}),
                  apply("Div", {apply("Sub", {a[0], rest(a[0], a[1])}), a[1]}));
  }
  if (name == "ln" || name == "log10" || name == "log2") {
    Value log = apply("Log", {a[0]});
    if (name != "ln") {
      log = apply("Div", {log, number(name == "log2" ? std::numbers::ln2 : std::numbers::ln10)});
    }
    return unless(apply("LessOrEqual", {a[0], zero}), log);
  }
  if (name == "pow") {
    return unless(apply("Or", {is_missing(a[0], false), is_missing(a[1], false)}), apply("Pow", a));
  }
  const auto toward_zero = [&](const Value& x) {
    return apply("Mul", {apply("Sign", {x}), apply("Floor", {apply("Abs", {x})})});
  };
  if (name == "trunc") return toward_zero(a[0]);
  if (name == "round" && a.size() == 1) {
    // Halves away from zero; Round of ONNX takes them to the even number.
    const Value size = apply("Abs", {a[0]});
    const Value whole = apply("Floor", {size});
    const Value up = apply("GreaterOrEqual", {apply("Sub", {size, whole}), number(0.5)});
    return apply("Mul", {apply("Sign", {a[0]}), apply("Add", {whole, graph_.to_number(up)})});
  }
  if (name == "cyclic_sin" || name == "cyclic_cos") {
    const Value angle = apply("Div", {apply("Mul", {number(2 * std::numbers::pi), a[0]}), a[1]});
    return unless(apply("Equal", {a[1], zero}),
                  apply(name == "cyclic_sin" ? "Sin" : "Cos", {angle}));
  }
  if (name == "clip") {
    const Value raised = graph_.choose(apply("Less", {a[0], a[1]}), a[1], a[0]);
    const Value kept = graph_.choose(apply("Greater", {raised, a[2]}), a[2], raised);
    return unless(apply("IsNaN", {apply("Add", {apply("Add", {a[0], a[1]}), a[2]})}), kept);
  }
  return {};
}

Value OnnxWriter::comparison(const Call& call) {
  static const std::map<std::string, const char*> kSame = {{"=", "Equal"},
                                                           {"<", "Less"},
                                                           {"<=", "LessOrEqual"},
                                                           {">", "Greater"},
                                                           {">=", "GreaterOrEqual"}};
  const Values& a = call.arguments;
  if (call.function == "not") return apply("Sub", {number(1), a[0]});
  const bool is_equality = call.function == "=" || call.function == "<>";
  const bool text = call.types == "ss";
  if (text && !is_equality) return {};
  if (call.function == "<>") return apply("Sub", {number(1), equal(a[0], a[1], text)});
  const auto same = kSame.find(call.function);
  if (same == kSame.end()) return {};
  return truth(apply(same->second, a), a, text);
}

Value OnnxWriter::condition(const Call& call) {
  const Values& a = call.arguments;
  const std::string& name = call.function;
  if (name == "case" || name == "if") {
    Value result = a.back();
    for (size_t i = (a.size() - 1) / 2; i-- > 0;) {
      result = graph_.choose(apply("Equal", {a[2 * i], number(1)}), a[2 * i + 1], result);
    }
    return result;
  }
  if (name == "coalesce" || name == "ifnull") {
    Value result = a.back();
    for (size_t i = a.size() - 1; i-- > 0;) {
      result = graph_.choose(is_missing(a[i], is_text(call, i)), result, a[i]);
    }
    return result;
  }
  if (name == "nullif") {
    const Value none = is_text(call, 0) ? graph_.text("") : graph_.missing();
    return graph_.choose(apply("Equal", {a[0], a[1]}), none, a[0]);
  }
  if (name == "is null") return graph_.to_number(is_missing(a[0], is_text(call, 0)));
  if (name == "is not null") {
    return graph_.to_number(apply("Not", {is_missing(a[0], is_text(call, 0))}));
  }
  if (name == "and") return both(a[0], a[1]);
  if (name == "or") return either(a[0], a[1]);
  if (name == "between" && !is_text(call, 0)) {
    return both(truth(apply("LessOrEqual", {a[1], a[0]}), {a[0], a[1]}, false),
                truth(apply("LessOrEqual", {a[0], a[2]}), {a[0], a[2]}, false));
  }
  return {};
}

/// Functions of any number of arguments of one kind.
Value OnnxWriter::fold(const Call& call) {
  const Values& a = call.arguments;
  const std::string& name = call.function;
  if (name == "in") {
    Value result = equal(a[0], a[1], is_text(call, 0));
    for (size_t i = 2; i < a.size(); ++i) {
      result = either(result, equal(a[0], a[i], is_text(call, 0)));
    }
    return result;
  }
  if ((name == "least" || name == "greatest") && !is_text(call, 0)) {
    Value best = a[0];
    for (size_t i = 1; i < a.size(); ++i) {
      const Value better = apply(name == "least" ? "Min" : "Max", {best, a[i]});
      best = graph_.choose(is_missing(best, false), a[i],
                           graph_.choose(is_missing(a[i], false), best, better));
    }
    return best;
  }
  if (name == "bucket") {
    Value count = apply("Mul", {a[0], number(0)});
    count = graph_.choose(apply("IsInf", {a[0]}), number(0), count);
    for (size_t i = 1; i < a.size(); ++i) {
      count =
          apply("Add", {count, truth(apply("GreaterOrEqual", {a[0], a[i]}), {a[0], a[i]}, false)});
    }
    return count;
  }
  return {};
}

Value OnnxWriter::cast(const Call& call) {
  const Values& a = call.arguments;
  if (call.function == "cast as double") return a[0];
  if (call.function == "cast as varchar" && call.types == "s") return a[0];
  if (call.function == "cast as boolean" && call.types != "s") {
    return truth(apply("Not", {apply("Equal", {a[0], number(0)})}), {a[0]}, false);
  }
  const bool is_small = call.function == "cast as integer";
  if ((!is_small && call.function != "cast as bigint") || call.types == "s") return {};
  const Value whole = call.types == "n" ? apply("Round", {a[0]}) : a[0];
  const double low = is_small ? -2147483648.0 : -9223372036854775808.0;
  const double high = is_small ? 2147483647.0 : 9223372036854774784.0;
  return unless(
      apply("Or", {apply("Less", {whole, number(low)}), apply("Greater", {whole, number(high)})}),
      whole);
}

Value OnnxWriter::unit_number(TimeUnit unit, const Value& time) {
  switch (unit) {
    case TimeUnit::second:
      return whole_parts(time, kSecondMicros);
    case TimeUnit::minute:
      return whole_parts(time, kMinuteMicros);
    case TimeUnit::hour:
      return whole_parts(time, kHourMicros);
    case TimeUnit::day:
      return day_number(time);
    case TimeUnit::month: {
      const Civil civil = civil_of(time);
      return apply("Add", {apply("Mul", {civil.year, number(12)}), civil.month});
    }
    case TimeUnit::year:
      return civil_of(time).year;
    default:
      return {};
  }
}

Value OnnxWriter::of_time(const Call& call) {
  if (call.types != "t") return {};
  const std::string& name = call.function;
  const Value& time = call.arguments[0];
  const auto part_of_day = [&](double width, double count) {
    return rest_above(whole_parts(rest_above(time, kDayMicros), width), count);
  };
  if (name == "hour") return part_of_day(kHourMicros, 24);
  if (name == "minute") return part_of_day(kMinuteMicros, 60);
  if (name == "second") return part_of_day(kSecondMicros, 60);
  if (name == "epoch") return apply("Div", {time, number(kSecondMicros)});
  if (name == "cast as date") return apply("Sub", {time, rest_above(time, kDayMicros)});
  if (name == "year") return civil_of(time).year;
  if (name == "month") return civil_of(time).month;
  if (name == "day") return civil_of(time).day;
  if (name == "quarter") {
    return apply("Add",
                 {whole_parts(apply("Sub", {civil_of(time).month, number(1)}), 3), number(1)});
  }
  // Day 0 was a Thursday.
  if (name == "weekday") {
    return rest_above(apply("Add", {day_number(time), number(4)}), 7);
  }
  if (name == "isodow") {
    return apply("Add", {rest_above(apply("Add", {day_number(time), number(3)}), 7), number(1)});
  }
  return {};
}

/// What a literal argument decides, worked out here.
Value OnnxWriter::by_literal(const Call& call) {
  const Values& a = call.arguments;
  if (call.function == "date_diff") {
    const auto unit = find_time_unit(literal(call, 0).texts[0]);
    const Value from = unit_number(*unit, a[1]);
    return from.empty() ? Value() : apply("Sub", {unit_number(*unit, a[2]), from});
  }
  if (call.function == "convert") {
    const auto from = parse_unit(literal(call, 1).texts[0]);
    const auto to = parse_unit(literal(call, 2).texts[0]);
    // As convert_kernel computes them.
    return apply("Add", {apply("Mul", {a[0], number(from->factor / to->factor)}),
                         number((from->offset - to->offset) / to->factor)});
  }
  return {};
}

Value OnnxWriter::of_texts(const Call& call) {
  const Values& a = call.arguments;
  if (call.function == "||" && call.types == "ss") {
    const Value none = apply("Or", {is_missing(a[0], true), is_missing(a[1], true)});
    return graph_.choose(none, graph_.text(""), apply("StringConcat", a));
  }
  if (call.function != "concat") return {};
  Value all = a[0];
  for (size_t i = 1; i < a.size(); ++i) all = apply("StringConcat", {all, a[i]});
  return all;
}

/// The place of a text in `texts`, -1 where it is none of them.
Value OnnxWriter::code_of(const Value& text, const std::vector<std::string>& texts) {
  std::vector<int64_t> codes(texts.size());
  for (size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<int64_t>(i);
  return graph_.node("LabelEncoder", {text},
                     OnnxAttributes()
                         .texts("keys_strings", texts)
                         .integers("values_int64s", codes)
                         .integer("default_int64", -1),
                     "ai.onnx.ml");
}

Result<Value> OnnxWriter::by_learned(const Call& call) {
  const ValueSource last = call.what.arguments.back();
  if (last.kind != ValueSource::Kind::learned) return Value();
  MILLGATE_ASSIGN(const Json learned,
                  json_member<Json>(learned_[last.index], "learned", "what a feature learned"));
  const std::string& name = call.function;
  const Value& x = call.arguments[0];
  if (name == "standardize" || name == "robust_scale" || name == "min_max_scale") {
    std::vector<double> numbers;
    for (const auto& [member, value] : learned.items()) numbers.push_back(value.get<double>());
    double width = numbers[1];
    if (name == "min_max_scale") {
      width = numbers[1] - numbers[0];
      if (!(width > 0 && std::isfinite(width))) width = 1.0;
    }
    return apply("Div", {apply("Sub", {x, number(numbers[0])}), number(width)});
  }
  if (name == "impute_mean" || name == "impute_median") {
    return graph_.choose(is_missing(x, false), number(learned["value"].get<double>()), x);
  }
  if (name == "impute_most") {
    return graph_.choose(is_missing(x, true), graph_.text(learned["value"].get<std::string>()), x);
  }
  if (name == "quantile_bucket") {
    Value count = graph_.choose(is_missing(x, false), graph_.missing(), number(0));
    for (const Json& bound : learned["bounds"]) {
      const Value above = apply("GreaterOrEqual", {x, number(bound.get<double>())});
      count = apply("Add", {count, graph_.to_number(above)});
    }
    return count;
  }
  if (name == "frequency" || name == "target_mean") {
    std::vector<std::string> texts;
    std::vector<double> numbers;
    for (const Json& entry : learned["values"]) {
      texts.push_back(entry[0].get<std::string>());
      numbers.push_back(entry[1].get<double>());
    }
    const double unseen = learned["unseen"].get<double>();
    // Place -1 is the last: what was never seen.
    numbers.push_back(unseen);
    if (texts.empty()) return unless(is_missing(x, true), number(unseen));
    const Value found = apply("Gather", {graph_.numbers(numbers), code_of(x, texts)});
    return unless(is_missing(x, true), found);
  }
  return Value();
}

Status OnnxWriter::add_instruction(size_t index, const KernelName& name) {
  Call call{.function = name.function,
            .types = name.types,
            .what = program_.instruction(index),
            .arguments = {}};
  const bool is_learned = call.what.arguments.back().kind == ValueSource::Kind::learned;
  for (const ValueSource argument : call.what.arguments) {
    // What a call learned has its further arguments inside.
    if (is_learned && !call.arguments.empty()) break;
    // Words for the writer are no values.
    const bool is_word = argument.kind == ValueSource::Kind::constant &&
                         type_of(argument) == ValueType::text &&
                         (call.function == "date_diff" || call.function == "convert");
    call.arguments.push_back(is_word ? Value() : value_of(argument));
  }
  MILLGATE_ASSIGN(Value result, by_learned(call));
  if (!is_learned) {
    for (const auto part : {&OnnxWriter::by_literal, &OnnxWriter::condition, &OnnxWriter::fold,
                            &OnnxWriter::comparison, &OnnxWriter::cast, &OnnxWriter::of_time,
                            &OnnxWriter::of_texts, &OnnxWriter::arithmetic}) {
      if (result.empty()) result = (this->*part)(call);
    }
  }
  if (result.empty()) {
    return refusal("`" + call.function + "`", "has no counterpart there");
  }
  results_.push_back(std::move(result));
  return {};
}

Status OnnxWriter::add_output(size_t definition, const TypedExpression& expression,
                              ValueSource source) {
  // A constant has no rows of its own, so each feature takes those of the inputs later.
  const Value value = value_of(source);
  if (expression.form == ExpressionForm::value) {
    if (source.kind == ValueSource::Kind::constant) {
      return refusal("a constant", "has no rows");
    }
    features_.push_back(value);
    return {};
  }
  const std::vector<std::string>& categories = *saved_.categories[definition];
  for (const std::string& category : categories) {
    if (category.empty()) {
      return refusal("the empty text as a category", "cannot be told from a missing one");
    }
  }
  if (categories.empty()) return refusal("a category without values", "has no code");
  const Value code = graph_.to_number(code_of(value, categories));
  if (expression.form == ExpressionForm::category) {
    features_.push_back(unless(apply("Less", {code, number(0)}), code));
    return {};
  }
  for (size_t i = 0; i < categories.size(); ++i) {
    features_.push_back(graph_.to_number(apply("Equal", {code, number(static_cast<double>(i))})));
  }
  return {};
}

}  // namespace

Result<std::vector<OnnxGraph::Value>> write_onnx_features(const FeatureProgram& features,
                                                          OnnxGraph& graph) {
  if (!features.is_fitted()) return bug("features were exported before they were fitted");
  const Json json = features.save();
  MILLGATE_ASSIGN(const SavedProgram saved, read_saved_program(json));
  const Json learned = features.learned();
  OnnxWriter writer(saved, learned, graph);
  writer.add_inputs();
  for (size_t i = 0; i < saved.definitions.size(); ++i) MILLGATE_TRY(writer.add_feature(i));
  return std::move(writer.features());
}

}  // namespace millgate
