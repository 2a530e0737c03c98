#include "data/feature/c_features.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "data/feature/c_function.h"
#include "data/feature/feature_writer.h"
#include "data/feature/saved_program.h"
#include "data/feature/time_unit.h"
#include "data/feature/unit.h"
#include "data/feature/vector_program.h"
#include "ground/json.h"

namespace millgate {
namespace {

constexpr std::string_view kTypes =
    "typedef PREFIX_integer int_v;\n"
    "typedef PREFIX_number num_v;\n"
    "typedef PREFIX_text text_v;\n";
constexpr std::string_view kListedText =
    "typedef struct {\n"
    "  const char *bytes;\n"
    "  uint32_t size;\n"
    "} listed_text;\n";
constexpr std::string_view kTextMax =
    "#ifndef TEXT_MAX\n"
    "#define TEXT_MAX 256 /* bytes of a text that a feature makes; at least 20 */\n"
    "#endif\n";

std::string with_prefix(std::string_view text, const std::string& prefix) {
  constexpr std::string_view kPrefix = "PREFIX";
  std::string made;
  size_t at = 0;
  for (size_t found = text.find(kPrefix); found != std::string_view::npos;
       found = text.find(kPrefix, at)) {
    made.append(text, at, found - at).append(prefix);
    at = found + kPrefix.size();
  }
  return made.append(text, at);
}

/// Names of the members, each once: `a.b` and `a_b` must not meet.
std::vector<std::string> member_names(const std::vector<Field>& inputs) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (const Field& input : inputs) {
    std::string name = c_name(input.name);
    while (!taken.insert(name).second) name += '_';
    names.push_back(std::move(name));
  }
  return names;
}

std::string_view unit_of_value(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return "0 or 1";
    case ValueType::time:
      return "microseconds since 1970-01-01 UTC";
    case ValueType::duration:
      return "microseconds";
    default:
      return to_string(type);
  }
}

/// Whether the arguments that are texts are words for the writer, not values.
bool reads_literals(const std::string& function) {
  return function == "date_trunc" || function == "date_diff" || function == "convert" ||
         function == "in_calendar" || function == "days_to_next" || function == "days_since_last";
}

/// Writes one program down, instruction by instruction.
class Writer final : public FeatureWriter {
 public:
  Writer(const SavedProgram& saved, const Json& learned, CTables& tables)
      : FeatureWriter(saved, learned, {.done = "exported to C", .place = "the device"}),
        tables_(tables),
        members_(member_names(saved.inputs)) {}

  [[nodiscard]] CFeatures finish(const std::string& prefix) const;

 private:
  using Arguments = std::vector<std::string>;
  struct Call {
    size_t index = 0;
    KernelName name;
    VectorProgram::InstructionView what;
    Arguments arguments;  ///< As C writes them, without what was learned.
    std::string result;   ///< The variable.
    std::string type;     ///< Of the variable.
  };

  Status add_instruction(size_t index, const KernelName& name) override;
  Status add_output(size_t definition, const TypedExpression& expression,
                    ValueSource source) override;
  [[nodiscard]] std::string value_of(ValueSource source);
  [[nodiscard]] const Vector& literal(const Call& call, size_t argument) const {
    return program_.constant(call.what.arguments[argument].index);
  }

  // Each returns the expression of the result; empty: not its matter.
  std::string strict_call(const Call& call);
  std::string condition(const Call& call);
  std::string fold(const Call& call);
  std::string made_text(const Call& call);
  std::string by_literal(const Call& call);
  Result<std::string> by_learned(const Call& call);

  std::string use(std::string name) {
    used_.insert(name);
    return name;
  }
  std::string call_of(const std::string& name, const Arguments& arguments) {
    std::string text = use(name) + "(";
    for (size_t i = 0; i < arguments.size(); ++i) text += (i == 0 ? "" : ", ") + arguments[i];
    return text + ")";
  }
  /// Begins with `first`, then a line for each further argument.
  std::string fold_over(const Call& call, const std::string& first, const std::string& name,
                        bool with_first_argument);
  std::string room_of(const Call& call);
  [[nodiscard]] Status check_text(const std::string& text) const;
  Result<std::string> texts_table(const std::string& name, const std::vector<std::string>& texts);

  CTables& tables_;
  std::vector<std::string> members_;
  std::set<std::string> used_;
  std::set<uint32_t> constants_;
  std::string constant_lines_;
  std::string body_;
  std::string outputs_;
  size_t column_ = 0;
  bool makes_text_ = false;
  bool lists_text_ = false;
};

std::string Writer::value_of(ValueSource source) {
  if (source.kind == ValueSource::Kind::column) return "row->" + members_[source.index];
  if (source.kind == ValueSource::Kind::result) return "r" + std::to_string(source.index);
  std::string name = "c" + std::to_string(source.index);
  if (!constants_.insert(source.index).second) return name;
  const Vector& value = program_.constant(source.index);
  std::string text;
  if (value.type == ValueType::number) {
    text = c_number(value.numbers[0]);
  } else if (value.type == ValueType::text) {
    text = c_text(value.texts[0]) + ", " + std::to_string(value.texts[0].size());
  } else {
    text = c_integer(value.integers[0]);
  }
  constant_lines_ += "  static const " + std::string(c_type_of(value.type)) + " " + name + " = {" +
                     text + ", " + (value.valid[0] != 0 ? "1" : "0") + "};\n";
  return name;
}

std::string Writer::room_of(const Call& call) {
  makes_text_ = true;
  const std::string room = "room" + std::to_string(call.index);
  constant_lines_ += "  char " + room + "[TEXT_MAX];\n";
  return room;
}

Status Writer::check_text(const std::string& text) const {
  if (text.size() <= kCTextBytesMax) return {};
  return refusal("a text of " + std::to_string(text.size()) + " bytes",
                 "is longer than " + std::to_string(kCTextBytesMax));
}

Result<std::string> Writer::texts_table(const std::string& name,
                                        const std::vector<std::string>& texts) {
  for (const std::string& text : texts) MILLGATE_TRY(check_text(text));
  lists_text_ = true;
  tables_.add_texts(name, texts);
  return name + ", " + std::to_string(texts.size());
}

std::string Writer::strict_call(const Call& call) {
  const std::string_view name = c_function_of(call.name);
  if (name.empty() || call.arguments.size() != call.name.types.size()) return {};
  return call_of(std::string(name), call.arguments);
}

std::string Writer::fold_over(const Call& call, const std::string& first, const std::string& name,
                              bool with_first_argument) {
  body_ += "  " + call.type + " " + call.result + " = " + first + ";\n";
  for (size_t i = 1; i < call.arguments.size(); ++i) {
    Arguments arguments = {call.result};
    if (with_first_argument) arguments.push_back(call.arguments[0]);
    arguments.push_back(call.arguments[i]);
    body_ += "  " + call.result + " = " + call_of(name, arguments) + ";\n";
  }
  return call.result;
}

/// Functions of any number of arguments of one kind.
std::string Writer::fold(const Call& call) {
  const std::string kind(c_kind_of(type_of(call.what.arguments[0])));
  const std::string& name = call.name.function;
  const std::string& first = call.arguments[0];
  if (name == "least" || name == "greatest") {
    return fold_over(call, first, name + "_" + kind, false);
  }
  if (name == "in") {
    const std::string none =
        first + ".known ? " + call_of("int_of", {"0"}) + " : " + call_of("no_int", {});
    return fold_over(call, none, "among_" + kind, true);
  }
  if (name == "bucket") {
    const std::string none =
        first + ".known ? " + call_of("int_of", {"0"}) + " : " + call_of("no_int", {});
    return fold_over(call, none, "count_bound", true);
  }
  return {};
}

std::string Writer::condition(const Call& call) {
  const std::string& name = call.name.function;
  const Arguments& arguments = call.arguments;
  const std::string kind(c_kind_of(type_of(call.what.arguments[0])));
  std::string text;
  if (name == "case" || name == "if") {
    for (size_t i = 0; i + 1 < arguments.size(); i += 2) {
      text += arguments[i] + ".known && " + arguments[i] + ".value ? " + arguments[i + 1] +
              "\n      : ";
    }
    return text + arguments.back();
  }
  if (name == "coalesce" || name == "ifnull") {
    for (size_t i = 0; i + 1 < arguments.size(); ++i) {
      text += arguments[i] + ".known ? " + arguments[i] + " : ";
    }
    return text + arguments.back();
  }
  if (name == "nullif") return call_of("nullif_" + kind, arguments);
  if (name == "is null") return call_of("is_known", {"!" + arguments[0] + ".known"});
  if (name == "is not null") return call_of("is_known", {arguments[0] + ".known"});
  if (name == "and") return call_of("and_bools", arguments);
  if (name == "or") return call_of("or_bools", arguments);
  if (name == "between") {
    return call_of("and_bools", {call_of("at_most_" + kind, {arguments[1], arguments[0]}),
                                 call_of("at_most_" + kind, {arguments[0], arguments[2]})});
  }
  return {};
}

std::string Writer::made_text(const Call& call) {
  const std::string& name = call.name.function;
  if (name == "cast as varchar" && call.name.types == "b") {
    return call_of("bool_text", call.arguments);
  }
  Arguments arguments = call.arguments;
  if (name == "cast as varchar" && call.name.types == "i") {
    arguments.push_back(room_of(call));
    return call_of("digits_of", arguments);
  }
  if (name == "||" || name == "replace") {
    arguments.insert(arguments.end(), {room_of(call), "&fault"});
    return call_of(name == "||" ? "join_texts" : "replace_text", arguments);
  }
  if (name != "concat") return {};
  const std::string room = room_of(call);
  body_ += "  text_v " + call.result + " = " + call_of("text_at", {"\"\"", "0"}) + ";\n";
  for (const std::string& argument : arguments) {
    body_ += "  " + call.result + " = " +
             call_of("concat_text", {call.result, argument, room, "&fault"}) + ";\n";
  }
  return call.result;
}

/// What a literal argument decides, worked out here.
std::string Writer::by_literal(const Call& call) {
  const std::string& name = call.name.function;
  if (name == "date_trunc" || name == "date_diff") {
    const auto unit = find_time_unit(literal(call, 0).texts[0]);
    Arguments arguments = call.arguments;
    arguments[0] = call_of("int_of", {std::to_string(static_cast<int>(*unit))});
    return call_of(name == "date_trunc" ? "truncate_time" : "units_between", arguments);
  }
  if (name == "convert") {
    const auto from = parse_unit(literal(call, 1).texts[0]);
    const auto to = parse_unit(literal(call, 2).texts[0]);
    // As convert_kernel computes them.
    const double factor = from->factor / to->factor;
    const double offset = (from->offset - to->offset) / to->factor;
    return call_of("convert_unit", {call.arguments[0], call_of("num_of", {c_number(factor)}),
                                    call_of("num_of", {c_number(offset)})});
  }
  if (name == "in_calendar" || name == "days_to_next" || name == "days_since_last") {
    const std::vector<int64_t>& days = saved_.context.calendars.at(literal(call, 0).texts[0]).days;
    const std::string table = "days" + std::to_string(call.index);
    std::string text = "static const int64_t " + table + "[" +
                       std::to_string(std::max<size_t>(days.size(), 1)) + "] = {";
    for (const int64_t day : days) text += "\n  " + std::to_string(day) + ",";
    tables_.add(text + (days.empty() ? "0" : "\n") + "};\n",
                static_cast<int64_t>(std::max<size_t>(days.size(), 1)) * 8);
    return call_of(name, {table, std::to_string(days.size()), call.arguments[1]});
  }
  return {};
}

Result<std::string> Writer::by_learned(const Call& call) {
  constexpr const char* kObject = "what a feature learned";
  const ValueSource last = call.what.arguments.back();
  if (last.kind != ValueSource::Kind::learned) return std::string();
  MILLGATE_ASSIGN(const Json learned, json_member<Json>(learned_[last.index], "learned", kObject));
  const std::string& name = call.name.function;
  const std::string& x = call.arguments[0];
  if (name == "standardize" || name == "robust_scale" || name == "min_max_scale") {
    std::vector<double> numbers;
    for (const auto& [member, value] : learned.items()) numbers.push_back(value.get<double>());
    double width = numbers[1];
    if (name == "min_max_scale") {
      width = numbers[1] - numbers[0];
      if (!(width > 0 && std::isfinite(width))) width = 1.0;
    }
    return call_of("learned_scale", {x, c_number(numbers[0]), c_number(width)});
  }
  if (name == "impute_mean" || name == "impute_median") {
    return call_of("learned_filling", {x, c_number(learned["value"].get<double>())});
  }
  if (name == "impute_most") {
    const auto text = learned["value"].get<std::string>();
    MILLGATE_TRY(check_text(text));
    return x + ".known ? " + x + " : " +
           call_of("text_at", {c_text(text), std::to_string(text.size())});
  }
  if (name == "quantile_bucket") {
    const auto bounds = learned["bounds"].get<std::vector<double>>();
    const std::string table = "bounds" + std::to_string(call.index);
    std::string text = "static const double " + table + "[" +
                       std::to_string(std::max<size_t>(bounds.size(), 1)) + "] = {";
    for (const double bound : bounds) text += "\n  " + c_number(bound) + ",";
    tables_.add(text + (bounds.empty() ? "0.0" : "\n") + "};\n",
                static_cast<int64_t>(std::max<size_t>(bounds.size(), 1)) * 8);
    return call_of("learned_bucket", {x, table, std::to_string(bounds.size())});
  }
  if (name == "frequency" || name == "target_mean") {
    std::vector<std::string> texts;
    std::vector<double> numbers;
    for (const Json& entry : learned["values"]) {
      texts.push_back(entry[0].get<std::string>());
      numbers.push_back(entry[1].get<double>());
    }
    const std::string number = std::to_string(call.index);
    // What was never seen stands behind the last.
    numbers.push_back(learned["unseen"].get<double>());
    MILLGATE_ASSIGN(const std::string list, texts_table("texts" + number, texts));
    tables_.add_numbers("values" + number, numbers);
    return x + ".known ? " +
           call_of("num_of",
                   {"values" + number + "[" + call_of("place_of_text", {x, list}) + "]"}) +
           " : " + call_of("no_num", {});
  }
  return std::string();
}

Status Writer::add_instruction(size_t index, const KernelName& name) {
  Call call{.index = index,
            .name = name,
            .what = program_.instruction(index),
            .arguments = {},
            .result = "r" + std::to_string(index),
            .type = {}};
  call.type = c_type_of(call.what.type);
  const bool is_learned = call.what.arguments.back().kind == ValueSource::Kind::learned;
  for (const ValueSource argument : call.what.arguments) {
    // What a call learned has its further arguments inside.
    if (is_learned && !call.arguments.empty()) break;
    const bool is_text =
        argument.kind == ValueSource::Kind::constant && type_of(argument) == ValueType::text;
    if (is_text && reads_literals(call.name.function)) {
      call.arguments.emplace_back();
      continue;
    }
    if (is_text) MILLGATE_TRY(check_text(program_.constant(argument.index).texts[0]));
    call.arguments.push_back(value_of(argument));
  }
  MILLGATE_ASSIGN(std::string text, by_learned(call));
  if (text.empty()) text = by_literal(call);
  if (text.empty()) text = condition(call);
  if (text.empty()) text = fold(call);
  if (text.empty()) text = made_text(call);
  if (text.empty()) text = strict_call(call);
  if (text.empty()) {
    return refusal("`" + call.name.function + "`", "has no counterpart in the C file");
  }
  if (text != call.result) {
    body_ += "  const " + call.type + " " + call.result + " = " + text + ";\n";
  }
  return {};
}

Status Writer::add_output(size_t definition, const TypedExpression& expression,
                          ValueSource source) {
  const FeatureDefinition& feature = saved_.definitions[definition];
  outputs_ += "  /* " + c_comment(feature.name) + " = " + c_comment(feature.expression) + " */\n";
  const std::string value = value_of(source);
  const auto cell = [](size_t column) { return "out[" + std::to_string(column) + "]"; };
  if (expression.form == ExpressionForm::value) {
    const bool is_number = type_of(source) == ValueType::number;
    outputs_ += "  " + cell(column_++) + " = " +
                call_of(is_number ? "feature_of_num" : "feature_of_int", {value}) + ";\n";
    return {};
  }
  const std::vector<std::string>& categories = *saved_.categories[definition];
  const std::string table = "categories" + std::to_string(definition);
  MILLGATE_ASSIGN(const std::string list, texts_table(table, categories));
  if (expression.form == ExpressionForm::category) {
    outputs_ += "  " + cell(column_++) + " = " + call_of("category_of", {value, list}) + ";\n";
    return {};
  }
  for (size_t i = 0; i < categories.size(); ++i) {
    outputs_ += "  " + cell(column_ + i) + " = 0.0;\n";
  }
  const std::string place = "place" + std::to_string(definition);
  outputs_ += "  {\n    const size_t " + place + " = " + value + ".known ? " +
              call_of("place_of_text", {value, list}) + " : " + std::to_string(categories.size()) +
              ";\n    if (" + place + " < " + std::to_string(categories.size()) + ") out[" +
              std::to_string(column_) + " + " + place + "] = 1.0;\n  }\n";
  column_ += categories.size();
  return {};
}

CFeatures Writer::finish(const std::string& prefix) const {
  CFeatures made;
  for (size_t i = 0; i < members_.size(); ++i) {
    const Field& input = saved_.inputs[i];
    const std::string_view type = input.type == ValueType::number ? "_number "
                                  : input.type == ValueType::text ? "_text "
                                                                  : "_integer ";
    made.row_members += "  " + prefix + std::string(type) + members_[i] + "; /* " +
                        c_comment(input.name) + ": " + std::string(unit_of_value(input.type)) +
                        " */\n";
  }
  made.makes_text = makes_text_;
  made.types = with_prefix(kTypes, prefix);
  if (lists_text_) made.types += kListedText;
  if (makes_text_) made.types += kTextMax;
  made.functions = c_functions(used_) + "static int read_features(const " + prefix +
                   "_row *row, double *out) {\n" + constant_lines_ +
                   (makes_text_ ? "  int fault = 0;\n" : "") + body_ + outputs_ +
                   (members_.empty() ? "  (void)row;\n" : "") + "  return " +
                   (makes_text_ ? "fault" : "0") + ";\n}\n";
  return made;
}

}  // namespace

Result<CFeatures> write_c_features(const FeatureProgram& features, const std::string& prefix,
                                   CTables& tables) {
  if (!features.is_fitted()) return bug("features were exported before they were fitted");
  const Json json = features.save();
  MILLGATE_ASSIGN(const SavedProgram saved, read_saved_program(json));
  const Json learned = features.learned();
  Writer writer(saved, learned, tables);
  for (size_t i = 0; i < saved.definitions.size(); ++i) MILLGATE_TRY(writer.add_feature(i));
  return writer.finish(prefix);
}

}  // namespace millgate
