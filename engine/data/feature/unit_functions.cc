#include "data/feature/function_table.h"
#include "data/feature/unit.h"

namespace millgate {
namespace {

struct PreparedConversion : Prepared {
  PreparedConversion(Unit its_from, Unit its_to)
      : from(std::move(its_from)), to(std::move(its_to)) {}
  Unit from;
  Unit to;
};

Result<std::shared_ptr<const Prepared>> prepare_conversion(std::span<const Vector> literals,
                                                           const ExpressionContext& /*context*/) {
  MILLGATE_ASSIGN(Unit from, parse_unit(literals[0].texts.front()));
  MILLGATE_ASSIGN(Unit to, parse_unit(literals[1].texts.front()));
  if (!from.is_comparable(to)) {
    return invalid_input(from.text + " cannot be converted to " + to.text,
                         "they measure different quantities");
  }
  return std::shared_ptr<const Prepared>(
      std::make_shared<PreparedConversion>(std::move(from), std::move(to)));
}

void convert_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  const auto& conversion = prepared_as<PreparedConversion>(arguments[1]);
  const double factor = conversion.from.factor / conversion.to.factor;
  const double offset = (conversion.from.offset - conversion.to.offset) / conversion.to.factor;
  for (size_t row = 0; row < rows; ++row) {
    if (!arguments[0].valid(row)) continue;
    out.valid[row] = 1;
    out.numbers[row] = Slot<double>::get(arguments[0], row) * factor + offset;
  }
}

}  // namespace

std::vector<ExpressionFunction> unit_functions() {
  return {{.name = "convert",
           .group = "Units",
           .usage = "convert(x, 'mile', 'kilometre')",
           .doc = "x in another unit. Units of columns stand in `[units]`; a sum, comparison or "
                  "choice of different units is an error.",
           .overloads = {{.parameters = {ValueType::number, ValueType::text, ValueType::text},
                          .result = ValueType::number,
                          .kernel = convert_kernel,
                          .literals = {1, 2},
                          .prepare = prepare_conversion}}}};
}

}  // namespace millgate
