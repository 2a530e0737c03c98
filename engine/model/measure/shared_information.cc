#include "model/measure/shared_information.h"

#include <algorithm>
#include <cmath>

namespace millgate {

CodedColumn NumberParts::code(std::span<const double> values) const {
  CodedColumn column;
  column.count = count();
  column.codes.reserve(values.size());
  for (const double value : values) {
    const auto part = std::lower_bound(edges.begin(), edges.end(), value) - edges.begin();
    column.codes.push_back(std::isnan(value) ? column.count - 1 : static_cast<uint32_t>(part));
  }
  return column;
}

NumberParts cut_numbers(std::span<const double> values, size_t parts) {
  std::vector<double> sorted;
  sorted.reserve(values.size());
  for (const double value : values) {
    if (!std::isnan(value)) sorted.push_back(value);
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> different;
  for (const double value : sorted) {
    if (different.empty() || value != different.back()) different.push_back(value);
    if (different.size() > parts) break;
  }
  NumberParts made;
  if (different.size() <= parts) {
    // The largest needs no edge.
    if (!different.empty()) different.pop_back();
    made.edges = std::move(different);
    return made;
  }
  for (size_t part = 1; part < parts; ++part) {
    const double edge = sorted[sorted.size() * part / parts];
    const bool is_new = made.edges.empty() || edge > made.edges.back();
    if (is_new && edge < sorted.back()) made.edges.push_back(edge);
  }
  return made;
}

double SharedInformation::share_of_first() const {
  return first_entropy > 0 ? std::clamp(corrected / first_entropy, 0.0, 1.0) : 0;
}

SharedInformation shared_information(const CodedColumn& first, const CodedColumn& second) {
  std::vector<int64_t> cells(static_cast<size_t>(first.count) * second.count);
  std::vector<int64_t> rows(first.count);
  std::vector<int64_t> columns(second.count);
  for (size_t i = 0; i < first.codes.size(); ++i) {
    ++cells[static_cast<size_t>(first.codes[i]) * second.count + second.codes[i]];
    ++rows[first.codes[i]];
    ++columns[second.codes[i]];
  }
  SharedInformation shared;
  shared.row_count = static_cast<int64_t>(first.codes.size());
  if (shared.row_count == 0) return shared;
  const auto n = static_cast<double>(shared.row_count);
  for (size_t a = 0; a < rows.size(); ++a) {
    if (rows[a] == 0) continue;
    const auto of_row = static_cast<double>(rows[a]);
    shared.first_entropy -= of_row / n * std::log(of_row / n);
    for (size_t b = 0; b < columns.size(); ++b) {
      const auto both = static_cast<double>(cells[a * second.count + b]);
      if (both == 0) continue;
      shared.information +=
          both / n * std::log(both * n / (of_row * static_cast<double>(columns[b])));
    }
  }
  const auto occurring = [](const std::vector<int64_t>& counts) {
    return static_cast<int64_t>(counts.size()) - std::count(counts.begin(), counts.end(), 0);
  };
  shared.degrees_of_freedom = (occurring(rows) - 1) * (occurring(columns) - 1);
  shared.corrected =
      std::max(0.0, shared.information - static_cast<double>(shared.degrees_of_freedom) / (2 * n));
  return shared;
}

double information_given(const CodedColumn& first, const CodedColumn& second,
                         const CodedColumn& given) {
  std::vector<CodedColumn> firsts(given.count, {.codes = {}, .count = first.count});
  std::vector<CodedColumn> seconds(given.count, {.codes = {}, .count = second.count});
  for (size_t i = 0; i < given.codes.size(); ++i) {
    firsts[given.codes[i]].codes.push_back(first.codes[i]);
    seconds[given.codes[i]].codes.push_back(second.codes[i]);
  }
  // Chance is taken off the sum: a part with few rows must not be cut at 0 alone, which would
  // leave the luck of the others.
  double sum = 0;
  for (size_t part = 0; part < firsts.size(); ++part) {
    const SharedInformation shared = shared_information(firsts[part], seconds[part]);
    sum += shared.information * static_cast<double>(shared.row_count) -
           static_cast<double>(shared.degrees_of_freedom) / 2;
  }
  return given.codes.empty() ? 0 : std::max(0.0, sum / static_cast<double>(given.codes.size()));
}

}  // namespace millgate
