#include "data/feature/unit_check.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "data/feature/unit.h"

namespace millgate {
namespace {

/// Nothing: not known, which fits everything.
using FoundUnit = std::optional<Unit>;

/// Functions whose arguments and result have one unit.
const std::set<std::string>& alike_functions() {
  static const std::set<std::string> names = {
      "+",  "-", "least", "greatest", "coalesce", "ifnull", "nullif", "clip",  "between",
      "in", "=", "<>",    "<",        "<=",       ">",      ">=",     "bucket"};
  return names;
}

/// Of those, the ones whose result is no quantity.
const std::set<std::string>& tests() {
  static const std::set<std::string> names = {"between", "in", "=",  "<>",    "<",
                                              "<=",      ">",  ">=", "bucket"};
  return names;
}

/// Functions whose result has the unit of their first argument.
bool keeps_unit(const std::string& name) {
  static const std::set<std::string> names = {
      "negate",      "abs",           "floor",          "ceil",           "round",          "trunc",
      "impute_mean", "impute_median", "cast as double", "cast as bigint", "cast as integer"};
  return names.contains(name);
}

/// Walks the tree, whose height the parser has bounded.
class UnitChecker {
 public:
  UnitChecker(const ExpressionText& source, const ExpressionContext& context)
      : source_(source), context_(context) {}

  Result<FoundUnit> unit_of(const SyntaxNode& node) const {
    if (node.kind == SyntaxKind::literal) return FoundUnit();
    if (node.kind == SyntaxKind::column) return unit_of_column(node);
    std::vector<FoundUnit> units;
    for (const auto& argument : node.arguments) {
      MILLGATE_ASSIGN(FoundUnit unit, unit_of(*argument));
      units.push_back(std::move(unit));
    }
    if (alike_functions().contains(node.name)) {
      MILLGATE_ASSIGN(FoundUnit unit, common_unit(node, units, all_of(node)));
      return tests().contains(node.name) ? FoundUnit() : std::move(unit);
    }
    if (node.name == "case" || node.name == "if") return common_unit(node, units, values_of(node));
    if (node.name == "convert") return converted(node, units);
    if (node.name == "*" || node.name == "/") return product(node, units);
    if (keeps_unit(node.name) && !units.empty()) return units.front();
    return FoundUnit();
  }

 private:
  Result<FoundUnit> unit_of_column(const SyntaxNode& node) const {
    const auto found = context_.units.find(node.name);
    if (found == context_.units.end()) return FoundUnit();
    MILLGATE_ASSIGN(Unit unit, parse_unit(found->second));
    return FoundUnit(std::move(unit));
  }

  static std::vector<size_t> all_of(const SyntaxNode& node) {
    std::vector<size_t> positions(node.arguments.size());
    for (size_t i = 0; i < positions.size(); ++i) positions[i] = i;
    return positions;
  }
  /// Of `case` and `if`: not the conditions.
  static std::vector<size_t> values_of(const SyntaxNode& node) {
    std::vector<size_t> positions;
    for (size_t i = 1; i < node.arguments.size(); i += 2) positions.push_back(i);
    if (node.arguments.size() % 2 == 1 && node.arguments.size() > 1) {
      positions.push_back(node.arguments.size() - 1);
    }
    return positions;
  }

  Result<FoundUnit> common_unit(const SyntaxNode& node, const std::vector<FoundUnit>& units,
                                const std::vector<size_t>& positions) const {
    std::optional<size_t> first;
    for (const size_t i : positions) {
      if (!units[i]) continue;
      if (!first) {
        first = i;
      } else if (!units[i]->is_same(*units[*first])) {
        return mismatch(node, *first, i, units);
      }
    }
    return first ? units[*first] : FoundUnit();
  }

  Error mismatch(const SyntaxNode& node, size_t first, size_t second,
                 const std::vector<FoundUnit>& units) const {
    const std::string a(source_.text(node.arguments[first]->span));
    const std::string b(source_.text(node.arguments[second]->span));
    const std::string what =
        "`" + a + "` is in " + units[first]->text + " and `" + b + "` in " + units[second]->text;
    const std::string hint = units[first]->is_comparable(*units[second])
                                 ? "write convert(" + b + ", '" + units[second]->text + "', '" +
                                       units[first]->text + "')"
                                 : "these are different quantities; look at [units]";
    return source_.fault(node.arguments[second]->span, what, hint);
  }

  /// `convert(x, 'mile', 'kilometre')`; that the units are literals is checked with the types.
  Result<FoundUnit> converted(const SyntaxNode& node, const std::vector<FoundUnit>& units) const {
    if (node.arguments.size() != 3 || node.arguments[1]->literal_type != ValueType::text ||
        node.arguments[2]->literal_type != ValueType::text) {
      return FoundUnit();
    }
    const Result<Unit> from = parse_unit(node.arguments[1]->text);
    const Result<Unit> to = parse_unit(node.arguments[2]->text);
    if (!from.ok() || !to.ok()) return FoundUnit();
    if (units[0] && !units[0]->is_same(*from)) {
      return source_.fault(node.arguments[1]->span,
                           "`" + std::string(source_.text(node.arguments[0]->span)) + "` is in " +
                               units[0]->text + ", not in " + from->text,
                           "write '" + units[0]->text + "', or correct [units]");
    }
    return FoundUnit(*to);
  }

  /// A factor without a unit may be a conversion, so the unit of the result is not known.
  static Result<FoundUnit> product(const SyntaxNode& node, const std::vector<FoundUnit>& units) {
    if (units.size() != 2 || !units[0] || !units[1]) return FoundUnit();
    if (units[0]->offset != 0.0 || units[1]->offset != 0.0) return FoundUnit();
    return FoundUnit(product_of(*units[0], *units[1], node.name == "*" ? 1 : -1));
  }

  const ExpressionText& source_;
  const ExpressionContext& context_;
};

}  // namespace

Status check_units(const ExpressionText& source, const SyntaxNode& syntax,
                   const ExpressionContext& context) {
  if (context.units.empty()) return {};
  const auto unit = UnitChecker(source, context).unit_of(syntax);
  return unit.ok() ? Status() : Status(unit.error());
}

}  // namespace millgate
