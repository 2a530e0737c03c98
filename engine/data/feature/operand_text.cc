#include "data/feature/operand_text.h"

#include "ground/clock.h"
#include "ground/shortest_text.h"

namespace millgate {

std::string operand_text(const Operand& operand, size_t row) {
  if (!operand.valid(row)) return "null";
  switch (operand.vector->type) {
    case ValueType::boolean:
      return Slot<int64_t>::get(operand, row) != 0 ? "true" : "false";
    case ValueType::integer:
      return std::to_string(Slot<int64_t>::get(operand, row));
    case ValueType::number:
      return shortest_text(Slot<double>::get(operand, row));
    case ValueType::text:
      return "'" + Slot<std::string>::get(operand, row) + "'";
    case ValueType::time:
      return to_string(Time{Slot<int64_t>::get(operand, row)});
    case ValueType::duration:
      return shortest_text(static_cast<double>(Slot<int64_t>::get(operand, row)) / 1e6) + " s";
    case ValueType::list: {
      const NumberList& list = Slot<NumberList>::get(operand, row);
      std::string text;
      for (size_t i = 0; i < list.size(); ++i) {
        text += i == 0 ? "[" : ", ";
        text += list.is_null(i) ? "null" : shortest_text(list.values[i]);
      }
      return text.empty() ? "[]" : text + "]";
    }
  }
  return {};
}

}  // namespace millgate
